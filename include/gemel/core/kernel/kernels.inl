// One instruction set's kernels: included once a set, with GEMEL_SET its namespace and GEMEL_TARGET its attribute. The
// groups below use those above them.

#include "gemel/core/kernel/transpose.inl"

#include "gemel/core/kernel/product.inl"

#include "gemel/core/kernel/gradient.inl"
#include "gemel/core/kernel/sums.inl"
#include "gemel/core/kernel/update.inl"

#include "gemel/core/kernel/distances.inl"
#include "gemel/core/kernel/fused_update.inl"
#include "gemel/core/kernel/scaling.inl"

namespace gemel::kernel::GEMEL_SET {

/// The kernel f as others call it.
template <auto f, class... Arguments>
GEMEL_TARGET auto entry(Arguments... arguments) {
  [[maybe_unused]] const ClearWideRegisters at_the_end;
  return f(arguments...);
}

template <Scalar S>
inline constexpr Kernels<S> table{entry<product<S>>,           entry<add_gradient<S>>,
                                  entry<add_sum<S>>,           entry<relu_backward<S>>,
                                  entry<max_abs<S>>,           entry<squared_distance<S>>,
                                  entry<squared_distances<S>>, entry<square_roots<S>>,
                                  entry<absolute_distance<S>>, entry<dot<S>>,
                                  entry<add_differences<S>>,   entry<scale<S>>};

template <class Rule, Scalar S>
inline constexpr UpdateKernels<Rule, S> update_table{entry<static_cast<void (*)(const Update<Rule, S>&)>(update)>,
                                                     entry<fused_update<Rule, S>>, entry<fused_update_by_sum<Rule, S>>};

}  // namespace gemel::kernel::GEMEL_SET
