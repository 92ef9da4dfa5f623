#pragma once

// The kernels: products, gradients, sums and updates. A packet is a register's worth of floats or doubles. The kernels
// are written once, in terms of packets, and compiled once per instruction set, in functions with a target attribute.
// So a program that was built without -march runs at the machine's full speed, and translation units that were built
// with different flags share the kernels for AVX2 and AVX-512.
//
// Each element of a product or gradient is one chain of multiply-adds over the depth, in order, whatever the packet's
// width, the tile or the thread. So all instruction sets with a fused multiply-add give the same bits: AVX2, AVX-512
// and NEON. Portable kernels without a fused multiply-add round each product, so their results differ in the last bits.
// Whether they have one depends on the architecture and, on x86-64, on the flags of the translation unit. Sums run in
// 16 lanes (8 of double), which are then added in a fixed tree.
//
// The folder core/kernel/, a part of the room core, contains
//   interface.hpp  the arguments of the kernels, and the functions that return the kernels
//   sets.hpp       compiles the kernels of each instruction set; a program that links them does not include it
//   packet/        the packets of each instruction set; requirements.inl lists what they must offer
//   kernels.inl    includes all kernels, for one instruction set; each of the other .inl files has a group of kernels,
//                  or what several groups use (tile.inl, transpose.inl, update.inl)
//   update.hpp     the optimizers' update rules, in the form that the kernels take

#include "gemel/core/kernel/interface.hpp"

#if defined(GEMEL_COMPILED)  // by the CMake target gemel::compiled, which links the kernels
#include "gemel/core/kernel_extern.hpp"
#else
#include "gemel/core/kernel/sets.hpp"
#endif
