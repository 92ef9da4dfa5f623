#pragma once

#include "gemel/core/compiler.hpp"

namespace gemel {

/// Whose reading of an optimizer's formula: the two differ in where epsilon and the learning rate stand, and in weight
/// decay. Defaults of the options are Keras' under both.
enum class Dialect { Keras, PyTorch };

namespace detail {

/// Keras on TensorFlow makes a float of some constants of an optimizer, where the parameters are double too. Whoever is
/// to reach its numbers has to do the same: 0.9 for 0.9f moves them by 1e-6.
inline double as_keras_rounds(double constant) { return static_cast<double>(static_cast<float>(constant)); }

}  // namespace detail

}  // namespace gemel
