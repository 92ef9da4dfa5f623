#pragma once

#include "everything.hpp"

// What one translation unit trains, the other one uses.
using Model = gemel::Siamese<gemel::Network<float, gemel::Dense<5, 7, gemel::ReLU>, gemel::Dense<7, 3, gemel::Tanh>>>;

// Plain memory: an Eigen matrix that owns its own may not cross, since its alignment follows the flags.
void distances_seen_by_two(const Model& model, const float* a, const float* b, gemel::Index n, float* d);
