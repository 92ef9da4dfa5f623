#pragma once

#include "everything.hpp"

// What one translation unit trains, the other one uses.
using Model = gemel::Siamese<gemel::Network<float, gemel::Dense<5, 7, gemel::ReLU>, gemel::Dense<7, 3, gemel::Tanh>>>;

gemel::VectorX<float> distances_seen_by_two(const Model& model, const gemel::MatrixX<float>& a,
                                            const gemel::MatrixX<float>& b);
