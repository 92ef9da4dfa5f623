#pragma once

#include <optional>

namespace gemel {

/// How a training step clips the gradient before the update; Keras' names. At most one may be set.
struct Clipping {
  std::optional<double> clipvalue = {};        ///< each element to [-clipvalue, clipvalue]
  std::optional<double> clipnorm = {};         ///< each variable (W, b of each layer) by its own Euclidean norm
  std::optional<double> global_clipnorm = {};  ///< all variables by the norm of the whole gradient

  bool any() const { return clipvalue || clipnorm || global_clipnorm; }
};

}  // namespace gemel
