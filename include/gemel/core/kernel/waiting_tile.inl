// A tile whose gradient is known and whose update is in progress, for packed_tiles.inl and tiles_in_place.inl. The
// helpers of the update are in update.inl and update_*.inl.

namespace gemel::kernel::GEMEL_SET {

/// The columns of a tile of a gradient, whose parameters are updated while the next tile's gradient is computed. The
/// update of a column has two stages: `begin` updates the state and computes the roots, and `end`, one column later,
/// computes the quotients and updates the parameters. So no instruction waits for a root that was started just before.
template <class Rule, Scalar S>
struct WaitingTile {
  using Step = InterleavedStep<Rule>;
  static constexpr Index height = panel_height<S>;

  const Update<Rule, S>* block;
  Index ld;                               ///< the columns of the parameters are ld values apart
  Index columns = 0;                      ///< how many columns wait
  Index offset = 0;                       ///< of their parameters in the block
  S* gradient = values;                   ///< of the columns that wait
  S* next = values + height * tile_cols;  ///< room for the next tile's

  // The column that has begun but not ended. At first and after `finish` it is `nowhere`.
  const S* numerator = next;
  S* w = nowhere;

  alignas(64) S values[2 * height * tile_cols] = {};
  alignas(64) S root[height];
  alignas(64) S nowhere[height] = {};

  GEMEL_TARGET WaitingTile(const Update<Rule, S>& u, Index distance) : block(&u), ld(distance) {
    for (S& value : root) value = 1;
  }
  /// Prefetches the cache line of the parameters at `at`, and those of their state.
  GEMEL_INLINE void fetch(Index at) const {
    __builtin_prefetch(block->w + at);
    GEMEL_UNROLL for (int k = 0; k < Step::arrays; ++k) __builtin_prefetch(block->state[k] + at);
  }
  /// Called when the cursor has passed all columns.
  template <class Cursor>
  GEMEL_INLINE void pass(const Cursor& cursor) {
    numerator = cursor.last_numerator;
    w = cursor.last_w;
    columns = 0;
  }
  /// From now on the tile with these sums waits. Its parameters begin `first` values after the block's first. Before
  /// the call, no column may wait.
  template <int N>
  GEMEL_INLINE void accept(const typename PacketOf<S>::type (&sum)[N][tile_rows], Index first) {
    S* g = next;
    GEMEL_UNROLL for (int j = 0; j < N; ++j) {
      GEMEL_UNROLL for (int i = 0; i < tile_rows; ++i, g += PacketOf<S>::size) store(g, sum[j][i]);
    }
    S* const passed = gradient;
    gradient = next;
    next = passed;
    offset = first;
    columns = N;
  }

  WaitingTile(const WaitingTile&) = delete;
  WaitingTile& operator=(const WaitingTile&) = delete;
};

/// The position of the update in a waiting tile, in local variables.
template <class Rule, Scalar S>
struct UpdateCursor {
  using P = typename PacketOf<S>::type;
  using Step = InterleavedStep<Rule>;
  const Rule* rule;
  S* root;
  S* numerator;  // of the column that begins
  S* w;          // its parameters
  S* state[Step::arrays + 1];
  const S* last_numerator;  // of the column that ends
  S* last_w;

  GEMEL_INLINE explicit UpdateCursor(WaitingTile<Rule, S>& tile)
      : rule(&tile.block->rule),
        root(tile.root),
        numerator(tile.gradient),
        w(tile.block->w + tile.offset),
        last_numerator(tile.numerator),
        last_w(tile.w) {
    GEMEL_UNROLL for (int k = 0; k < Step::arrays; ++k) state[k] = tile.block->state[k] + tile.offset;
  }

  /// Ends the update of packet i of the column before.
  GEMEL_INLINE void end(int packet) const {
    if constexpr (Step::arrays > 0) {
      const int i = packet * PacketOf<S>::size;
      const Rule& constants = in_memory();
      const P direction = Step::template direction<P, S>(constants, load(last_numerator + i), load(root + i));
      store(last_w + i, Step::template apply<P, S>(constants, direction, load(last_w + i)));
    }
  }
  /// Begins the update of packet i. BesideProducts: whether the call is between the multiplications of a gradient.
  template <bool BesideProducts>
  GEMEL_INLINE void begin(int packet) const {
    const int i = packet * PacketOf<S>::size;
    const Rule& constants = in_memory();
    const P g = load(numerator + i);
    if constexpr (Step::arrays == 0) {
      store(w + i, Step::template apply<P, S>(constants, g, load(w + i)));
    } else {
      InMemory<S> packets[Step::arrays];
      GEMEL_UNROLL for (int k = 0; k < Step::arrays; ++k) packets[k].at = state[k] + i;
      P denominator = Step::template radicand<P, S>(constants, g, packets);
      denominator = BesideProducts ? sqrt_beside_products(denominator) : sqrt(denominator);
      store(root + i, denominator);
      // Not before the root is stored, so that fewer registers are needed at a time.
      if constexpr (!Step::gradient_is_numerator) {
        S* to = numerator + i;
        GEMEL_OPAQUE_POINTER(to);
        store(to, Step::template numerator<P, S>(constants, load(to), packets));
      }
    }
  }

  /// Moves on to the next column.
  GEMEL_INLINE void next(Index ld) {
    last_numerator = numerator;
    last_w = w;
    numerator += panel_height<S>;
    w += ld;
    GEMEL_UNROLL for (int k = 0; k < Step::arrays; ++k) state[k] += ld;
  }

 private:
  /// The rule's constants, which are read from memory at each use: in registers they would displace sums.
  GEMEL_INLINE const Rule& in_memory() const {
    const Rule* constants = rule;
    GEMEL_OPAQUE_POINTER(constants);
    return *constants;
  }
};

/// Prefetches the parameters of the columns that wait, and their state.
template <class Rule, Scalar S>
GEMEL_NOINLINE void fetch_parameters(const WaitingTile<Rule, S>& waiting) {
  const WaitingTile<Rule, S>* tile = &waiting;
  GEMEL_OPAQUE_POINTER(tile);  // otherwise GCC decides that the function has no effect, and removes the call
  Index at = tile->offset;
  for (Index q = tile->columns; q > 0; --q, at += tile->ld) {
    for (Index i = 0; i < panel_height<S>; i += 64 / static_cast<Index>(sizeof(S))) tile->fetch(at + i);
  }
}

/// Updates the columns that wait, up to the end of the last one.
template <class Rule, Scalar S>
GEMEL_NOINLINE void update_columns(WaitingTile<Rule, S>& waiting) {
  UpdateCursor<Rule, S> cursor(waiting);
  for (Index q = waiting.columns; q > 0; --q) {
    GEMEL_UNROLL for (int i = 0; i < tile_rows; ++i) {
      cursor.end(i);
      cursor.template begin<false>(i);
    }
    cursor.next(waiting.ld);
  }
  waiting.pass(cursor);
}

/// Updates everything that waits.
template <class Rule, Scalar S>
GEMEL_NOINLINE void finish(WaitingTile<Rule, S>& waiting) {
  update_columns(waiting);
  const UpdateCursor<Rule, S> cursor(waiting);
  GEMEL_UNROLL for (int i = 0; i < tile_rows; ++i) cursor.end(i);
  waiting.w = waiting.nowhere;
}

}  // namespace gemel::kernel::GEMEL_SET
