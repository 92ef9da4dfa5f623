// Computes the gradient of a block of parameters and updates the parameters in the same pass. Only the gradient of the
// last tile is ever stored, until its parameters are updated during the next tile (waiting_tile.inl). The tiles read
// the batch in one of two ways, of which `packs_batch` chooses one for each instruction set: from a copy in contiguous
// memory (packed_tiles.inl), or from where it is (tiles_in_place.inl).

namespace gemel::kernel::GEMEL_SET {

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

/// Updates a bias from `row` on, whose gradient is the sum of the columns d (see add_sum).
template <class Rule, Scalar S>
GEMEL_NOINLINE void update_bias(const S* const* d, Index depth, Index row, const Update<Rule, S>& u) {
  constexpr Index max_height = 256, run = 96;
  S g[max_height];
  const S* columns[run];
  for (; row < u.n; row += max_height) {
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

/// Computes the gradient of the p.rows x p.cols parameters u.w as add_gradient does, and updates them; the members g of
/// the arguments are not used. If `bias` is not null, also updates the p.rows elements of the bias, whose gradient is
/// the sum of the columns p.d (see add_sum).
template <class Rule, Scalar S>
GEMEL_TARGET inline void fused_update(const Gradient<S>& p, const Update<Rule, S>& u, const Update<Rule, S>* bias) {
  TiledPart done;
  if constexpr (interleaving) {
    const Index rows = p.rows / panel_height<S> * panel_height<S>;
    // With fewer than 4 columns and parameters that exceed the cache, most of the time is spent on reading the
    // parameters, which is fastest in the order of their addresses.
    if (rows > 0 && (p.depth >= 4 || p.rows * p.cols <= cache_size<S>)) {
      if constexpr (packs_batch) {
        done = update_packed_tiles(p, rows, u, bias);
      } else {
        done = update_tiles_in_place(p, rows, u);
      }
    }
  }
  if (done.rows < p.rows) update_rest(p, done.rows, 0, done.cols, u);
  if (done.cols < p.cols) update_rest(p, 0, done.cols, p.cols - done.cols, u);
  if (bias) update_bias(p.d, p.depth, packs_batch ? done.rows : 0, *bias);  // packed tiles include the bias
}

}  // namespace gemel::kernel::GEMEL_SET
