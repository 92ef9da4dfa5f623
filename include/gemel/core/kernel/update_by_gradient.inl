// A block's gradient and its update at once: the gradient is never stored but for the last tiles, whose parameters are
// updated packet by packet between the steps of the next tile, while the multipliers are busy.

namespace gemel::kernel::GEMEL_SET {

template <class Rule>
struct InterleavedStep;
template <Scalar S>
struct InterleavedStep<SGDRule<S>> : PlainStep {};
template <Scalar S>
struct InterleavedStep<RMSpropRule<S>> : RMSpropStep<false, false, false> {};
template <Scalar S>
struct InterleavedStep<AdamRule<S>> : AdamStep<false> {};

/// Columns of tiles, tile_rows packets each, whose parameters wait for their update.
template <class Rule, Scalar S>
struct Waiting {
  static constexpr Index height = tile_rows * PacketOf<S>::size;
  static constexpr Index capacity = 32;

  struct Part {
    alignas(64) S g[height];
    Index offset;  // of its first parameter
  };

  const Update<Rule, S>& block;
  Index begin = 0, end = 0;  // how many were taken, and how many came
  Part parts[capacity];

  GEMEL_INLINE explicit Waiting(const Update<Rule, S>& u) : block(u) {}
  GEMEL_INLINE Part& at(Index i) { return parts[i % capacity]; }
};

/// Updates packet i of a part.
template <class Rule, Scalar S>
GEMEL_INLINE void take_packet(const Update<Rule, S>& u, const S* g, Index offset, int i) {
  using Step = InterleavedStep<Rule>;
  using P = typename PacketOf<S>::type;
  const Update<Rule, S>* block = &u;
  GEMEL_FORGET(block);  // the rule's constants stay in memory: in registers they would push out sums
  const Index at = offset + i * PacketOf<S>::size;
  P state[Update<Rule, S>::arrays];
  GEMEL_UNROLL for (int k = 0; k < Step::arrays; ++k) state[k] = load(block->state[k] + at);
  P w = load(block->w + at);
  Step::template take<P, S>(block->rule, load(g + i * PacketOf<S>::size), w, state);
  store(block->w + at, w);
  GEMEL_UNROLL for (int k = 0; k < Step::arrays; ++k) store(block->state[k] + at, state[k]);
}

template <class Rule, Scalar S>
GEMEL_CALL void take_all(Waiting<Rule, S>& waiting) {
  for (; waiting.begin < waiting.end; ++waiting.begin) {
    auto& part = waiting.at(waiting.begin);
    GEMEL_UNROLL for (int i = 0; i < tile_rows; ++i) take_packet(waiting.block, part.g, part.offset, i);
  }
}

/// A whole tile's gradient, which then waits; meanwhile the updates of those that do.
template <class Rule, Scalar S>
GEMEL_INLINE void interleaved_tile(const Gradient<S>& p, Index row, Index col, Waiting<Rule, S>& waiting) {
  using P = typename PacketOf<S>::type;
  constexpr int M = tile_rows, N = tile_cols;
  constexpr typename PacketOf<S>::Mask all{};
  P sum[N][M];
  GEMEL_UNROLL for (int j = 0; j < N; ++j) { GEMEL_UNROLL for (int i = 0; i < M; ++i) sum[j][i] = broadcast(S{0}); }
  const Index first = p.first + col;
  Index k = 0;
  // An update costs the divider as much time as two or three columns cost the multipliers: so they are spread out.
  const Index wait = (waiting.end - waiting.begin) * M;
  const Index pace = wait == 0 || p.depth < 2 * wait ? 1 : p.depth < 3 * wait ? 2 : 3;
  for (; waiting.begin < waiting.end && k + pace * M <= p.depth; ++waiting.begin) {
    const auto& part = waiting.at(waiting.begin);
    GEMEL_UNROLL for (int i = 0; i < M; ++i) {
      for (const Index next = k + pace; k < next; ++k) {
        add_column<false, M, N, S>(sum, p.d[k] + row, p.x[k] + first, all);
      }
      // The sums come before the update; else Clang puts them off, and spills.
      GEMEL_UNROLL for (int j = 0; j < N; ++j) { GEMEL_UNROLL for (int r = 0; r < M; ++r) GEMEL_SETTLE(sum[j][r]); }
      take_packet(waiting.block, part.g, part.offset, i);
    }
  }
  for (; k < p.depth; ++k) add_column<false, M, N, S>(sum, p.d[k] + row, p.x[k] + first, all);
  GEMEL_UNROLL for (int j = 0; j < N; ++j) {
    auto& part = waiting.at(waiting.end++);
    part.offset = (col + j) * p.rows + row;
    GEMEL_UNROLL for (int i = 0; i < M; ++i) store(part.g + i * PacketOf<S>::size, sum[j][i]);
  }
}

template <class Rule, Scalar S>
GEMEL_CALL void interleaved_columns(const Gradient<S>& p, Index rows, Index col, Waiting<Rule, S>& waiting) {
  for (Index row = 0; row < rows; row += Waiting<Rule, S>::height) {
    if (waiting.end - waiting.begin + tile_cols > Waiting<Rule, S>::capacity) take_all(waiting);
    interleaved_tile(p, row, col, waiting);
  }
}

/// What is left of rows or columns: the gradient of a few columns, then their update.
template <class Rule, Scalar S>
GEMEL_CALL void update_rest(const Gradient<S>& p, Index row, Index rows, Index col, Index cols,
                            const Update<Rule, S>& u) {
  constexpr Index most = 256;
  S g[tile_cols * most];
  for (; rows > 0; row += most, rows -= most) {
    const Index height = rows < most ? rows : most;
    for (Index i = 0; i < height * cols; ++i) g[i] = 0;
    const S* d[64];
    for (Index k = 0; k < p.depth; k += 64) {
      const Index depth = p.depth - k < 64 ? p.depth - k : 64;
      for (Index q = 0; q < depth; ++q) d[q] = p.d[k + q] + row;
      add_gradient(Gradient<S>{height, cols, depth, d, p.x + k, p.first + col, g});
    }
    for (Index j = 0; j < cols; ++j) update(u.part((col + j) * p.rows + row, height, g + j * height));
  }
}

/// Computes the gradient of rows x cols parameters u.w as add_gradient does (p.g is not used) and updates them.
template <class Rule, Scalar S>
GEMEL_TARGET inline void update_by_gradient(const Gradient<S>& p, const Update<Rule, S>& u) {
  constexpr Index height = tile_rows * PacketOf<S>::size;
  const Index rows = interleaving ? p.rows / height * height : 0;
  const Index cols = p.cols / tile_cols * tile_cols;
  Waiting<Rule, S> waiting(u);
  if (rows > 0) {
    for (Index col = 0; col < cols; col += tile_cols) interleaved_columns(p, rows, col, waiting);
  }
  take_all(waiting);
  for (Index col = 0; col < p.cols; col += tile_cols) {
    const bool whole = col < cols;
    const Index row = whole ? rows : 0;
    update_rest(p, row, p.rows - row, col, whole ? Index{tile_cols} : p.cols - col, u);
  }
}

/// The same for a bias.
template <class Rule, Scalar S>
GEMEL_TARGET inline void update_by_sum(const S* const* d, Index depth, const Update<Rule, S>& u) {
  constexpr Index most = 256;
  S g[most];
  const S* below[96];
  for (Index row = 0; row < u.n; row += most) {
    const Index height = u.n - row < most ? u.n - row : most;
    for (Index i = 0; i < height; ++i) g[i] = 0;
    for (Index k = 0; k < depth; k += 96) {
      const Index count = depth - k < 96 ? depth - k : 96;
      for (Index q = 0; q < count; ++q) below[q] = d[k + q] + row;
      add_sum(below, height, count, g);
    }
    update(u.part(row, height, g));
  }
}

}  // namespace gemel::kernel::GEMEL_SET
