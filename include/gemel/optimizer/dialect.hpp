#pragma once

#include "gemel/core/compiler.hpp"

namespace gemel {

/// Whose reading of an optimizer's formula: the two differ in where epsilon and the learning rate stand, and in weight
/// decay. Defaults of the options are Keras' under both.
enum class Dialect { Keras, PyTorch };

}  // namespace gemel
