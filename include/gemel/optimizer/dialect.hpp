#pragma once

#include "gemel/core/compiler.hpp"

namespace gemel {

/// Whose version of an optimizer's formula is used. The two differ in where epsilon and the learning rate stand and in
/// weight decay. The options' defaults are Keras' in both.
enum class Dialect {
  Keras,   ///< As in Keras 3.
  PyTorch  ///< As in torch.optim.
};

namespace detail {

/// Keras on TensorFlow rounds some of an optimizer's constants to float even if the parameters are double. To reach the
/// same numbers, Gemel does so too: 0.9 in place of 0.9f changes them by 1e-6.
inline double as_keras_rounds(double constant) { return static_cast<double>(static_cast<float>(constant)); }

}  // namespace detail

}  // namespace gemel
