// A queue of parameters whose gradient is known and whose update is in progress, for tiles_in_place.inl. The helpers of
// the update are in update.inl and update_*.inl.

namespace gemel::kernel::GEMEL_SET {

/// A ring buffer of columns, each one column of a tile (tile_rows packets), whose gradient is known and whose update is
/// in progress. The update is a pipeline of four stages, and each turn moves all columns on by one: the newest column
/// updates its state, the column before it computes its roots, the one before that its quotients, and the oldest is
/// applied to the parameters. So no instruction waits for a root or a quotient that was started just before, and the
/// processor can execute the next multiplications early. Dummy columns pad both ends.
template <class Rule, Scalar S>
struct UpdateQueue {
  using Step = InterleavedStep<Rule>;
  static constexpr Index height = panel_height<S>;
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
      const P g = load(first->numerator + i);
      store(first->denominator + i, Step::template radicand<P, S>(*rule, g, state));
      store(first->numerator + i, Step::template numerator<P, S>(*rule, g, state));
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

/// Updates everything that is left in the queue.
template <class Rule, Scalar S>
GEMEL_NOINLINE void finish(UpdateQueue<Rule, S>& queue) {
  take_all(queue);
  queue.push_dummies();
  take_all(queue);
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

}  // namespace gemel::kernel::GEMEL_SET
