#pragma once

#include <algorithm>
#include <span>

#include "gemel/core/columns.hpp"
#include "gemel/core/kernel.hpp"
#include "gemel/core/reduce.hpp"
#include "gemel/core/types.hpp"

namespace gemel::detail {

// The passes of Dense. They depend on the scalar only, not on the layer's sizes and activation, so that a program
// compiles them once for all of its layers.

/// y = W x + b, or the ReLU of it; W is y.rows() x x.rows(), and b follows it. If `largest_y` or `largest_x` is not
/// null, sets it to the largest magnitude.
template <Scalar S>
void dense_product(const S* w, bool relu, ColumnList<S> x, Columns<S> y, S* largest_y, S* largest_x) {
  if (largest_y) *largest_y = 0;
  if (largest_x) *largest_x = 0;
  const Index in = x.rows(), out = y.rows();
  for_each_run(x, [&](Index first, Index count, const S* const* columns) {
    S of_x = 0, of_y = 0;
    kernel::kernels<S>().product({.rows = out,
                                  .depth = in,
                                  .cols = count,
                                  .a = w,
                                  .lda = out,
                                  .b = columns,
                                  .bias = w + out * in,
                                  .y = y.data() + first * out,
                                  .ldy = out,
                                  .relu = relu,
                                  .max_abs_y = largest_y ? &of_y : nullptr,
                                  .max_abs_b = largest_x ? &of_x : nullptr});
    if (largest_y) *largest_y = larger(*largest_y, of_y);
    if (largest_x) *largest_x = larger(*largest_x, of_x);
  });
}

/// dx = W^T dz, where W is dz.rows() x dx.rows(); for `keep` and the result, see MeasuringLayer.
template <Scalar S>
S dense_transposed_product(const S* w, ColumnList<S> dz, const S* const* keep, Columns<S> dx) {
  S largest_dx = 0;
  const Index in = dx.rows(), out = dz.rows();
  for_each_run(dz, [&](Index first, Index count, const S* const* columns) {
    S largest = 0;
    kernel::kernels<S>().product({.rows = in,
                                  .depth = out,
                                  .cols = count,
                                  .a = w,
                                  .lda = out,
                                  .b = columns,
                                  .bias = nullptr,
                                  .y = dx.data() + first * in,
                                  .ldy = in,
                                  .relu = false,
                                  .transposed = true,
                                  .keep = keep ? keep + first : nullptr,
                                  .max_abs_y = &largest});
    largest_dx = larger(largest_dx, largest);
  });
  return largest_dx;
}

/// dz = dy where y > 0, and 0 elsewhere, in place of dy.
template <Scalar S>
void dense_mask(ColumnList<S> y, Columns<S> dy) {
  for (Index j = 0; j < dy.cols();) {  // contiguous columns in one call
    const Index begin = j;
    do ++j;
    while (j < dy.cols() && y[j] == y[j - 1] + dy.rows());
    kernel::kernels<S>().relu_backward(y[begin], dy.col(begin).data(), (j - begin) * dy.rows());
  }
}

/// As Dense::add_gradient.
template <Scalar S>
void dense_add_gradient(ColumnList<S> x, ColumnList<S> dz, Index first, std::span<S> g) {
  const Index in = x.rows(), out = dz.rows(), begin = first / out, end = begin + length(g) / out;
  for_each_run(x, [&](Index x_first, Index x_count, const S* const* x_columns) {
    for_each_run(dz.middle(x_first, x_count), [&](Index dz_first, Index dz_count, const S* const* dz_columns) {
      const Index columns = std::min(end, in) - begin;
      if (columns > 0) {
        kernel::kernels<S>().add_gradient({.rows = out,
                                           .cols = columns,
                                           .depth = dz_count,
                                           .d = dz_columns,
                                           .x = x_columns + dz_first,
                                           .first = begin,
                                           .g = g.data()});
      }
      if (end > in) kernel::kernels<S>().add_sum(dz_columns, out, dz_count, &g.back() + 1 - out);
    });
  });
}

/// As Dense::fused_update.
template <class Rule, Scalar S>
void dense_fused_update(ColumnList<S> x, ColumnList<S> dz, Index first, const kernel::Update<Rule, S>& block) {
  const Index in = x.rows(), out = dz.rows(), begin = first / out, end = begin + block.n / out;
  const auto bias = block.part(block.n - out, out, nullptr);
  kernel::update_kernels<Rule, S>().fused_update({.rows = out,
                                                  .cols = std::min(end, in) - begin,
                                                  .depth = dz.cols(),
                                                  .d = dz.pointers(),
                                                  .x = x.pointers(),
                                                  .first = begin,
                                                  .g = nullptr},
                                                 block, end > in ? &bias : nullptr);
}

}  // namespace gemel::detail
