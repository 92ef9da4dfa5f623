#pragma once

#include "gemel/core/compiler.hpp"

namespace gemel {

/// The library whose version of an optimizer's formulas is used. The two versions differ in the weight decay and in
/// where epsilon and the learning rate enter. The default values of the options are Keras' in both dialects.
enum class Dialect {
  Keras,   ///< As in Keras 3.
  PyTorch  ///< As in torch.optim.
};

namespace detail {

/// The constant, rounded to float. Keras on TensorFlow rounds some of an optimizer's constants to float even if the
/// parameters are double. Gemel does the same to reach Keras' numbers: 0.9 in place of 0.9f changes them by 1e-6.
inline double as_keras_rounds(double constant) { return static_cast<double>(static_cast<float>(constant)); }

}  // namespace detail

}  // namespace gemel
