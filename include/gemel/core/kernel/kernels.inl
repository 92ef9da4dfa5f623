// One instruction set's kernels: included once a set, with GEMEL_SET its namespace and GEMEL_TARGET its attribute.

#include "gemel/core/kernel/gradient.inl"
#include "gemel/core/kernel/product.inl"
#include "gemel/core/kernel/sums.inl"
#include "gemel/core/kernel/transpose.inl"
#include "gemel/core/kernel/update.inl"

namespace gemel::kernel::GEMEL_SET {

template <Scalar S>
inline constexpr Kernels<S> table{product<S>,        add_gradient<S>,     transpose<S>,         relu_backward<S>, peak<S>,
                                  sum_of_squares<S>, squared_distance<S>, absolute_distance<S>, dot<S>,
                                  sgd<S>,            rmsprop<S>,          adam<S>};

}  // namespace gemel::kernel::GEMEL_SET
