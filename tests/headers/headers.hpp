#pragma once

#include "everything.hpp"

// One translation unit trains this model, the other one uses it.
using Model = gemel::Siamese<gemel::Network<float, gemel::Dense<5, 7, gemel::ReLU>, gemel::Dense<7, 3, gemel::Tanh>>>;

// It passes pointers, because the alignment of an Eigen matrix that owns its memory depends on the compiler's flags.
void distances_seen_by_two(const Model& model, const float* a, const float* b, gemel::Index n, float* d);
