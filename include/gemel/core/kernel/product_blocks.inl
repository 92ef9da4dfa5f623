// The product y = f(bias + A b) as a whole: in one, or in blocks. product.inl has the tiles; the other helpers are in
// tile.inl, transpose.inl and largest.inl.

namespace gemel::kernel::GEMEL_SET {

/// Computes the first columns of a block whose rows fill a tile, and copies the block's A to p.panel on the way. Takes
/// as many columns as leave registers for the copy. Returns the first column that remains.
template <Scalar S>
GEMEL_NOINLINE Index product_with_copy(const ProductBlock<S>& p) {
  constexpr int cols = tile_cols < 4 ? tile_cols : 4;
  if (p.largest_b) include_columns(p.b, p.depth, cols, *p.largest_b);
  product_tile<tile_rows, cols, false, true>(p, 0, 0, typename PacketOf<S>::Mask{});
  return cols;
}

/// Computes the product in blocks. A panel, which is some rows of A over a part of the depth, is copied or transposed
/// into contiguous memory and multiplied by enough columns to repay that. Between two parts of the depth the sums are
/// kept in y. (Goto and van de Geijn, Anatomy of high-performance matrix multiplication, 2008.)
template <Scalar S>
GEMEL_NOINLINE void product_in_blocks(const ProductBlock<S>& p) {
  constexpr Index height = tile_rows * PacketOf<S>::size, block_depth = 256;
  constexpr Index block_cols = Index{80} * tile_cols;
  alignas(64) S panel[height * block_depth];
  const S* b[block_cols];
  for (Index col = 0; col < p.cols; col += block_cols) {
    for (Index k = 0; k < p.depth; k += block_depth) {
      const bool is_first = k == 0, is_last = k + block_depth >= p.depth;
      ProductBlock<S> block = p;
      block.depth = is_last ? p.depth - k : block_depth;
      block.cols = p.cols - col < block_cols ? p.cols - col : block_cols;
      block.b = b;
      block.relu = p.relu && is_last;
      block.keep = p.keep && is_last ? p.keep + col : nullptr;
      block.largest_y = is_last ? p.largest_y : nullptr;
      move_pointers(p.b + col, block.cols, k, b);
      // The columns that are left after the whole tiles, except that two are better left with a whole tile.
      const Index rest = block.cols % tile_cols == 2 ? tile_cols + 2 : block.cols % tile_cols;
      for (Index row = 0; row < p.rows; row += height) {
        block.rows = p.rows - row < height ? p.rows - row : height;
        block.first_row = row;
        block.y = p.y + col * p.ldy + row;
        if (!is_first) {
          block.bias = block.y;
          block.ldbias = p.ldy;
        } else if (p.bias) {
          block.bias = p.bias + col * p.ldbias + row;
        }
        Index done = 0;
        if (p.transposed) {
          if (copies_panels && block.rows == height) {  // other sets have taller panels, whose lines share sets
            transpose_panel(p.a + row * p.lda + k, p.lda, block.depth, panel);
          } else {
            transpose(p.a + row * p.lda + k, p.lda, block.depth, block.rows, panel, height);
          }
        } else if (block.rows == height && rest >= 4 && block.cols >= 4) {
          block.a = p.a + k * p.lda + row;
          block.lda = p.lda;
          block.panel = panel;
          done = product_with_copy(block);
        } else {
          copy_panel(p.a + k * p.lda + row, p.lda, block.rows, block.depth, panel);
        }
        block.a = panel;
        block.lda = height;
        product_in_one(block, done);
        block.largest_b = nullptr;  // it has seen all columns
      }
    }
  }
}

template <Scalar S>
GEMEL_TARGET inline void product(const Product<S>& p) {
  LargestInLanes<S> largest_y, largest_b;
  const ProductBlock<S> all{p, p.max_abs_y ? &largest_y : nullptr, p.max_abs_b ? &largest_b : nullptr};
  const bool blocks_pay = copies_panels ? p.cols >= 8 && p.rows >= panel_height<S> && p.rows * p.depth >= 1024
                                        : p.rows * p.depth > cache_size<S> && p.cols > tile_cols;
  p.transposed || blocks_pay ? product_in_blocks(all) : product_in_one(all, 0);
  if (p.max_abs_y) *p.max_abs_y = largest_y.largest();
  if (p.max_abs_b) *p.max_abs_b = largest_b.largest();
}

}  // namespace gemel::kernel::GEMEL_SET
