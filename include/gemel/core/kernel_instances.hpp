#pragma once

// Compiles all kernels. For one source file of a program whose other source files include core/kernel_extern.hpp. The
// portable kernels depend on this file's flags (see core/kernel.hpp).

#include "gemel/core/kernel/sets.hpp"
#include "gemel/core/kernel_extern.hpp"

namespace gemel::kernel {

template const Kernels<float>& kernels<float>();
template const Kernels<double>& kernels<double>();
template const NearestKernels<float>& nearest_kernels<float>();
template const NearestKernels<double>& nearest_kernels<double>();
template auto warp_kernel<float>() -> void (*)(const Warp<float>&);
template auto warp_kernel<double>() -> void (*)(const Warp<double>&);
template auto scale_kernel<float>() -> void (*)(const Scaling<float>&);
template auto scale_kernel<double>() -> void (*)(const Scaling<double>&);
template auto normal_kernel<float>() -> void (*)(const NormalNoise<float>&);
template auto normal_kernel<double>() -> void (*)(const NormalNoise<double>&);
template const UpdateKernels<SGDRule<float>, float>& update_kernels<SGDRule<float>, float>();
template const UpdateKernels<SGDRule<double>, double>& update_kernels<SGDRule<double>, double>();
template const UpdateKernels<RMSpropRule<float>, float>& update_kernels<RMSpropRule<float>, float>();
template const UpdateKernels<RMSpropRule<double>, double>& update_kernels<RMSpropRule<double>, double>();
template const UpdateKernels<AdamRule<float>, float>& update_kernels<AdamRule<float>, float>();
template const UpdateKernels<AdamRule<double>, double>& update_kernels<AdamRule<double>, double>();

}  // namespace gemel::kernel
