// One instruction set's kernels: included once a set, with GEMEL_SET its namespace and GEMEL_TARGET its attribute. The
// groups below use those above them.

#include "gemel/core/kernel/transpose.inl"

#include "gemel/core/kernel/product.inl"

#include "gemel/core/kernel/gradient.inl"
#include "gemel/core/kernel/sums.inl"
#include "gemel/core/kernel/update.inl"

#include "gemel/core/kernel/distances.inl"
#include "gemel/core/kernel/update_by_gradient.inl"

namespace gemel::kernel::GEMEL_SET {

template <Scalar S>
inline constexpr Kernels<S> table{
    product<S>,          add_gradient<S>,      add_sum<S>,      relu_backward<S>,     peak<S>,
    squared_distance<S>, squared_distances<S>, square_roots<S>, absolute_distance<S>, dot<S>,
    add_differences<S>};

template <class Rule, Scalar S>
inline constexpr UpdateKernels<Rule, S> update_table{update, update_by_gradient<Rule, S>, update_by_sum<Rule, S>};

}  // namespace gemel::kernel::GEMEL_SET
