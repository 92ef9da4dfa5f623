#pragma once

// For programs of many source files. By default each source file that trains a model or computes distances compiles the
// kernels, which takes a compiler 10 to 20 seconds. A source file that includes this header does not compile them. Then
// exactly one source file of the program must include core/kernel_instances.hpp, which compiles them for all others.
// The results and the speed stay the same. The order of this header among others does not matter.

#include "gemel/core/kernel/interface.hpp"
#include "gemel/core/kernel/update.hpp"

namespace gemel::kernel {

extern template const Kernels<float>& kernels<float>();
extern template const Kernels<double>& kernels<double>();
extern template const NearestKernels<float>& nearest_kernels<float>();
extern template const NearestKernels<double>& nearest_kernels<double>();
extern template auto warp_kernel<float>() -> void (*)(const Warp<float>&);
extern template auto warp_kernel<double>() -> void (*)(const Warp<double>&);
extern template auto scale_kernel<float>() -> void (*)(const Scaling<float>&);
extern template auto scale_kernel<double>() -> void (*)(const Scaling<double>&);
extern template auto normal_kernel<float>() -> void (*)(const NormalNoise<float>&);
extern template auto normal_kernel<double>() -> void (*)(const NormalNoise<double>&);
extern template const UpdateKernels<SGDRule<float>, float>& update_kernels<SGDRule<float>, float>();
extern template const UpdateKernels<SGDRule<double>, double>& update_kernels<SGDRule<double>, double>();
extern template const UpdateKernels<RMSpropRule<float>, float>& update_kernels<RMSpropRule<float>, float>();
extern template const UpdateKernels<RMSpropRule<double>, double>& update_kernels<RMSpropRule<double>, double>();
extern template const UpdateKernels<AdamRule<float>, float>& update_kernels<AdamRule<float>, float>();
extern template const UpdateKernels<AdamRule<double>, double>& update_kernels<AdamRule<double>, double>();

}  // namespace gemel::kernel
