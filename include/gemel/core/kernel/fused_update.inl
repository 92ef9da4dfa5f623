// Computes the gradient of a block of parameters and updates the parameters in the same pass. Only the gradient of the
// last few tiles is ever stored. Their parameters are updated packet by packet, between the multiplications for the
// next tile's gradient: the divider computes roots and quotients while the multipliers are busy. The gradient's helpers
// are in gradient.inl and tile.inl, those of the update in update.inl and update_*.inl.

namespace gemel::kernel::GEMEL_SET {

/// A ring buffer of columns, each one column of a tile (tile_rows packets), whose gradient is known and whose update is
/// in progress. The update is a pipeline of four stages, and each turn moves all columns on by one: the newest column
/// updates its state, the column before it computes its roots, the one before that its quotients, and the oldest is
/// applied to the parameters. So no instruction waits for a root or a quotient that was started just before, and the
/// processor can execute the next multiplications early. Dummy columns pad both ends.
template <class Rule, Scalar S>
struct UpdateQueue {
  using Step = InterleavedStep<Rule>;
  static constexpr Index height = tile_rows * PacketOf<S>::size;
  static constexpr Index capacity = 16;
  static constexpr Index lag = Step::arrays > 0 ? 3 : 0;  // number of turns between a column's first stage and its last

  struct Column {
    alignas(64) S numerator[height];    // first the gradient, then the numerator, at last the quotient
    alignas(64) S denominator[height];  // first the radicand, then its root
    S* w;
    S* state[Step::arrays + 1];
  };

  const Update<Rule, S>* block;
  Index turn = 0, end = 0;  // the next column to start its update, and the end of the queue; both only grow
  Column columns[capacity];
  alignas(64) S dummy[height];  // the parameters and the state of all dummy columns

  GEMEL_TARGET explicit UpdateQueue(const Update<Rule, S>& u) : block(&u) {
    for (S& value : dummy) value = 1;
    push_dummies();
    turn = lag;  // NOLINT(cppcoreguidelines-prefer-member-initializer): the dummies must exist first
  }
  GEMEL_TARGET void push_dummies() {
    for (Index q = 0; q < lag; ++q) {
      Column& column = next();
      for (S& value : column.numerator) value = 0;
      for (S& value : column.denominator) value = 1;
      column.w = dummy;
      for (S*& state : column.state) state = dummy;
    }
  }
  /// Sets the pointers to a column's parameters and to their state.
  GEMEL_INLINE void place(Column& column, Index offset) const {
    column.w = block->w + offset;
    GEMEL_UNROLL for (int k = 0; k < Step::arrays; ++k) column.state[k] = block->state[k] + offset;
  }
  GEMEL_INLINE Column& at(Index i) { return columns[static_cast<std::size_t>(i) % capacity]; }
  GEMEL_INLINE Column& next() { return at(end++); }
  GEMEL_INLINE Index waiting() const { return end - turn; }
  GEMEL_INLINE Index room() const { return capacity - (end - turn + lag); }
};

/// One turn: the columns in the four stages, from the newest to the oldest.
template <class Rule, Scalar S>
struct Turn {
  using Queue = UpdateQueue<Rule, S>;
  using Column = typename Queue::Column;
  using Step = typename Queue::Step;
  const Update<Rule, S>* block;
  Column *first, *second, *third, *last;

  GEMEL_INLINE explicit Turn(Queue& queue)
      : block(queue.block),
        first(&queue.at(queue.turn)),
        second(&queue.at(queue.turn - 1)),
        third(&queue.at(queue.turn - 2)),
        last(&queue.at(queue.turn - Queue::lag)) {
    ++queue.turn;
  }

  /// Processes one packet of each column. BesideProducts: whether the call is between the multiplications of a
  /// gradient.
  template <bool BesideProducts>
  GEMEL_INLINE void take(int packet) const {
    using P = typename PacketOf<S>::type;
    const int i = packet * PacketOf<S>::size;
    const Rule* rule = &block->rule;
    GEMEL_OPAQUE_POINTER(rule);  // keeps the constants in memory: in registers they would displace sums
    store(last->w + i, Step::template apply<P, S>(*rule, load(last->numerator + i), load(last->w + i)));
    if constexpr (Queue::lag > 0) {
      store(third->numerator + i,
            Step::template direction<P, S>(*rule, load(third->numerator + i), load(third->denominator + i)));
      const P radicand = load(second->denominator + i);
      store(second->denominator + i, BesideProducts ? sqrt_beside_products(radicand) : sqrt(radicand));
      P state[Step::arrays];
      GEMEL_UNROLL for (int k = 0; k < Step::arrays; ++k) state[k] = load(first->state[k] + i);
      P g = load(first->numerator + i);
      store(first->denominator + i, Step::template radicand<P, S>(*rule, g, state));
      store(first->numerator + i, g);
      GEMEL_UNROLL for (int k = 0; k < Step::arrays; ++k) store(first->state[k] + i, state[k]);
    }
  }
};

/// Processes all waiting columns.
template <class Rule, Scalar S>
GEMEL_NOINLINE void take_all(UpdateQueue<Rule, S>& queue) {
  while (queue.waiting() > 0) {
    const Turn<Rule, S> turn(queue);
    GEMEL_UNROLL for (int i = 0; i < tile_rows; ++i) turn.template take<false>(i);
  }
}

/// Prefetches the parameters and the state of the newest columns.
template <class Rule, Scalar S>
GEMEL_NOINLINE void fetch_newest(UpdateQueue<Rule, S>& queue, Index columns) {
  using Queue = UpdateQueue<Rule, S>;
  for (Index q = queue.end - columns; q < queue.end; ++q) {
    const auto* column = &queue.at(q);
    GEMEL_OPAQUE_POINTER(column);  // otherwise GCC decides that the function has no effect, and removes the call
    for (Index i = 0; i < Queue::height; i += 64 / static_cast<Index>(sizeof(S))) {
      __builtin_prefetch(column->w + i, 1);
      for (int k = 0; k < Queue::Step::arrays; ++k) __builtin_prefetch(column->state[k] + i, 1);
    }
  }
}

/// Computes the gradient of a whole tile and appends its columns to the queue. Meanwhile it updates columns that wait.
template <class Rule, Scalar S>
GEMEL_INLINE void interleaved_tile(const Gradient<S>& p, Index row, Index col, const S* const* x, Index first,
                                   UpdateQueue<Rule, S>& queue) {
  using P = typename PacketOf<S>::type;
  constexpr int M = tile_rows, N = tile_cols;
  constexpr typename PacketOf<S>::Mask all{};
  P sum[N][M];
  GEMEL_UNROLL for (int j = 0; j < N; ++j) { GEMEL_UNROLL for (int i = 0; i < M; ++i) sum[j][i] = broadcast(S{0}); }
  Index k = 0;
  // The update of a packet keeps the divider busy for as long as two or three columns of the batch keep the multipliers
  // busy, so up to three columns are multiplied per update.
  const Index wait = queue.waiting() * M;
  const Index pace = wait == 0 || p.depth < 2 * wait ? 1 : p.depth < 3 * wait ? 2 : 3;
  while (queue.waiting() > 0 && k + pace * M <= p.depth) {
    const Turn<Rule, S> turn(queue);
    GEMEL_UNROLL for (int i = 0; i < M; ++i) {
      for (const Index next = k + pace; k < next; ++k) {
        add_column<false, M, N, S>(sum, p.d[k] + row, x[k] + first, all);
      }
      // The sums must be computed before the update: Clang would postpone them, and spill registers.
      GEMEL_UNROLL for (int j = 0; j < N; ++j) {
        GEMEL_UNROLL for (int r = 0; r < M; ++r) GEMEL_OPAQUE_PACKET(sum[j][r]);
      }
      turn.template take<true>(i);
    }
  }
  for (; k < p.depth; ++k) add_column<false, M, N, S>(sum, p.d[k] + row, x[k] + first, all);
  GEMEL_UNROLL for (int j = 0; j < N; ++j) {
    auto& column = queue.next();
    queue.place(column, (col + j) * p.rows + row);
    GEMEL_UNROLL for (int i = 0; i < M; ++i) store(column.numerator + i * PacketOf<S>::size, sum[j][i]);
  }
}

/// Computes the tiles of the columns col, …, end - 1 in the panel of rows that begins at `row`. Their rows of X begin
/// at x_k[first].
template <class Rule, Scalar S>
GEMEL_NOINLINE void interleaved_panel(const Gradient<S>& p, Index row, Index col, Index end, const S* const* x,
                                      Index first, UpdateQueue<Rule, S>& queue) {
  const bool out_of_cache = p.rows * p.cols > cache_size<S>;
  for (; col < end; col += tile_cols, first += tile_cols) {
    if (queue.room() < tile_cols) take_all(queue);
    interleaved_tile(p, row, col, x, first, queue);
    if (out_of_cache) fetch_newest(queue, tile_cols);
  }
}

/// A copy of the rows of X that some tiles need: tile after tile, and within a tile one column of the batch after the
/// other. Without the copy, each panel would load these rows from memory again, with one cache line per column.
template <Scalar S>
struct PackedRows {
  static constexpr Index max_depth = 1024;  // the largest number of columns of the batch
  static constexpr Index capacity = (Index{48} << 10) / static_cast<Index>(sizeof(S));
  const S* x[max_depth];
  S values[capacity];

  /// Whether packing takes less time than it saves.
  static bool pays(const Gradient<S>& p, Index panels) {
    return panels >= 4 && p.depth >= 128 && p.depth <= max_depth && p.depth * tile_cols <= capacity;
  }
  /// The number of tiles that fit if the batch has `depth` columns.
  static Index tiles(Index depth) { return capacity / (depth * tile_cols); }

  /// Packs the rows of `count` tiles, beginning at row `first`. The rows of tile t begin at x_k[t * depth * tile_cols].
  GEMEL_INLINE void pack(const Gradient<S>& p, Index first, Index count) {
    constexpr Index ahead = 8;  // how many columns ahead to prefetch
    const Index stride = p.depth * tile_cols;
    for (Index k = 0; k < p.depth; ++k) {
      S* to = values + k * tile_cols;
      x[k] = to;
      const S* from = p.x[k] + first;
      if (k + ahead < p.depth) {
        const S* later = p.x[k + ahead] + first;
        for (Index i = 0; i < count * tile_cols; i += 64 / static_cast<Index>(sizeof(S))) __builtin_prefetch(later + i);
      }
      for (Index t = 0; t < count; ++t, to += stride, from += tile_cols) {
        GEMEL_UNROLL for (int j = 0; j < tile_cols; ++j) to[j] = from[j];
      }
    }
  }
};

/// Computes the gradient of the columns col, …, col + cols - 1 from row `row` on, part by part, and then updates each
/// part. For rows and columns that do not fill a tile.
template <class Rule, Scalar S>
GEMEL_NOINLINE void update_rest(const Gradient<S>& p, Index row, Index col, Index cols, const Update<Rule, S>& u) {
  constexpr Index capacity = 2048, run = 64;
  S g[capacity];
  while (row < p.rows) {
    const Index height = p.rows - row < capacity / tile_cols ? p.rows - row : capacity / tile_cols;
    const Index width = capacity / height / tile_cols * tile_cols;  // columns at a time
    for (Index begin = 0; begin < cols; begin += width) {
      const Index count = cols - begin < width ? cols - begin : width;
      for (Index i = 0; i < height * count; ++i) g[i] = 0;
      const S* d[run];
      for (Index k = 0; k < p.depth; k += run) {
        const Index depth = p.depth - k < run ? p.depth - k : run;
        move_pointers(p.d + k, depth, row, d);
        add_gradient(Gradient<S>{height, count, depth, d, p.x + k, p.first + col + begin, g});
      }
      const Index first = (col + begin) * p.rows + row;
      if (height == p.rows) {
        update(u.part(first, height * count, g));
      } else {
        for (Index j = 0; j < count; ++j) update(u.part(first + j * p.rows, height, g + j * height));
      }
    }
    row += height;
  }
}

/// Updates the first `cols` columns: the first `rows` rows in whole tiles, then the remaining rows.
template <class Rule, Scalar S>
GEMEL_NOINLINE void update_tiles(const Gradient<S>& p, Index rows, Index cols, const Update<Rule, S>& u) {
  constexpr Index height = tile_rows * PacketOf<S>::size;
  UpdateQueue<Rule, S> queue(u);
  if (PackedRows<S>::pays(p, rows / height)) {
    PackedRows<S> packed;
    const Index block = PackedRows<S>::tiles(p.depth) * tile_cols;
    for (Index begin = 0; begin < cols; begin += block) {
      const Index end = begin + block < cols ? begin + block : cols;
      packed.pack(p, p.first + begin, (end - begin) / tile_cols);
      for (Index col = begin; col < end; col += tile_cols) {
        for (Index row = 0; row < rows; row += height) {
          interleaved_panel(p, row, col, col + tile_cols, packed.x, (col - begin) * p.depth, queue);
        }
      }
      if (rows < p.rows) update_rest(p, rows, begin, end - begin, u);
    }
  } else {
    // So few columns at a time that their rows of X stay in the cache for all panels.
    constexpr Index block = Index{8} * tile_cols;
    for (Index col = 0; col < cols; col += block) {
      const Index end = col + block < cols ? col + block : cols;
      for (Index row = 0; row < rows; row += height) interleaved_panel(p, row, col, end, p.x, p.first + col, queue);
      if (rows < p.rows) update_rest(p, rows, col, end - col, u);
    }
  }
  take_all(queue);
  queue.push_dummies();
  take_all(queue);
}

/// Computes the gradient of the p.rows x p.cols parameters u.w as add_gradient does, and updates them. p.g and u.g are
/// not used.
template <class Rule, Scalar S>
GEMEL_TARGET inline void fused_update(const Gradient<S>& p, const Update<Rule, S>& u) {
  if constexpr (interleaving) {
    constexpr Index height = tile_rows * PacketOf<S>::size;
    const Index rows = p.rows / height * height, cols = p.cols / tile_cols * tile_cols;
    // With fewer than 4 columns and parameters that exceed the cache, most of the time is spent on reading the
    // parameters, which is fastest in the order of their addresses.
    if (rows > 0 && (p.depth >= 4 || p.rows * p.cols <= cache_size<S>)) {
      update_tiles(p, rows, cols, u);
      return update_rest(p, 0, cols, p.cols - cols, u);
    }
  }
  update_rest(p, 0, 0, p.cols, u);
}

/// As above, but for a bias, whose gradient is the sum of the columns d (see add_sum).
template <class Rule, Scalar S>
GEMEL_TARGET inline void fused_bias_update(const S* const* d, Index depth, const Update<Rule, S>& u) {
  constexpr Index max_height = 256, run = 96;
  S g[max_height];
  const S* columns[run];
  for (Index row = 0; row < u.n; row += max_height) {
    const Index height = u.n - row < max_height ? u.n - row : max_height;
    for (Index i = 0; i < height; ++i) g[i] = 0;
    for (Index k = 0; k < depth; k += run) {
      const Index count = depth - k < run ? depth - k : run;
      move_pointers(d + k, count, row, columns);
      add_sum(columns, height, count, g);
    }
    update(u.part(row, height, g));
  }
}

}  // namespace gemel::kernel::GEMEL_SET
