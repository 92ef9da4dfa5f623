// Instantiates every kernel of every instruction set, so that run.sh can read their assembly.
#include "gemel/core/kernel.hpp"

namespace gemel::kernel {

template const Kernels<float>& kernels<float>();
template const NearestKernels<float>& nearest_kernels<float>();
#ifndef FEW
template const Kernels<double>& kernels<double>();
template const NearestKernels<double>& nearest_kernels<double>();
template auto warp_kernel<float>() -> void (*)(const Warp<float>&);
template auto warp_kernel<double>() -> void (*)(const Warp<double>&);
template const UpdateKernels<SGDRule<float>, float>& update_kernels<SGDRule<float>, float>();
template const UpdateKernels<SGDRule<double>, double>& update_kernels<SGDRule<double>, double>();
template const UpdateKernels<RMSpropRule<float>, float>& update_kernels<RMSpropRule<float>, float>();
template const UpdateKernels<RMSpropRule<double>, double>& update_kernels<RMSpropRule<double>, double>();
template const UpdateKernels<AdamRule<float>, float>& update_kernels<AdamRule<float>, float>();
template const UpdateKernels<AdamRule<double>, double>& update_kernels<AdamRule<double>, double>();
#endif

}  // namespace gemel::kernel
