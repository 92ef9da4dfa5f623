// All kernels of one instruction set. This file is included once per set, after the set's packets; GEMEL_SET is the
// namespace of the set, and GEMEL_TARGET its target attribute. The includes below are in groups: each file uses helpers
// only from files in the groups above its own.

#include "gemel/core/kernel/packet/requirements.inl"

#include "gemel/core/kernel/largest.inl"
#include "gemel/core/kernel/tile.inl"
#include "gemel/core/kernel/transpose.inl"

#include "gemel/core/kernel/elementwise.inl"
#include "gemel/core/kernel/gradient.inl"
#include "gemel/core/kernel/normal.inl"
#include "gemel/core/kernel/product.inl"
#include "gemel/core/kernel/scaling.inl"
#include "gemel/core/kernel/sums.inl"
#include "gemel/core/kernel/update.inl"
#include "gemel/core/kernel/warp.inl"

#include "gemel/core/kernel/distances.inl"
#include "gemel/core/kernel/product_blocks.inl"
#include "gemel/core/kernel/update_adam.inl"
#include "gemel/core/kernel/update_rmsprop.inl"
#include "gemel/core/kernel/update_sgd.inl"

#include "gemel/core/kernel/nearest.inl"
#include "gemel/core/kernel/waiting_tile.inl"

#include "gemel/core/kernel/packed_tiles.inl"
#include "gemel/core/kernel/tiles_in_place.inl"

#include "gemel/core/kernel/fused_update.inl"

namespace gemel::kernel::GEMEL_SET {

struct ClearWideRegistersAtTheEnd {
  GEMEL_INLINE ~ClearWideRegistersAtTheEnd() { clear_wide_registers(); }  // below -O2 GCC does not add the instruction
};

/// The function that the tables point to: calls kernel f, then clears the wide registers.
template <auto f, class... Arguments>
GEMEL_TARGET auto entry(Arguments... arguments) {
  [[maybe_unused]] const ClearWideRegistersAtTheEnd clear;
  return f(arguments...);
}

template <Scalar S>
inline constexpr Kernels<S> table{.product = entry<product<S>>,
                                  .add_gradient = entry<add_gradient<S>>,
                                  .add_sum = entry<add_sum<S>>,
                                  .relu_backward = entry<relu_backward<S>>,
                                  .square_roots = entry<square_roots<S>>,
                                  .dot = entry<dot<S>>,
                                  .squared_distance = entry<squared_distance<S>>,
                                  .absolute_distance = entry<absolute_distance<S>>,
                                  .squared_distances = entry<squared_distances<S>>,
                                  .add_differences = entry<add_differences<S>>,
                                  .set_differences = entry<set_differences<S>>,
                                  .max_abs = entry<max_abs<S>>};

template <Scalar S>
inline constexpr NearestKernels<S> nearest_table{.squared_distances_to = entry<squared_distances_to<S>>,
                                                 .screen = entry<screen<S>>};

template <Scalar S>
inline constexpr void (*warp_entry)(const Warp<S>&) = entry<warp<S>>;
template <Scalar S>
inline constexpr void (*scale_entry)(const Scaling<S>&) = entry<scale<S>>;
template <Scalar S>
inline constexpr void (*normal_entry)(const NormalNoise<S>&) = entry<add_normal<S>>;

template <class Rule, Scalar S>
inline constexpr UpdateKernels<Rule, S> update_table{
    .update = entry<static_cast<void (*)(const Update<Rule, S>&)>(update)>,
    .fused_update = entry<fused_update<Rule, S>>};

}  // namespace gemel::kernel::GEMEL_SET
