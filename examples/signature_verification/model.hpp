#pragma once

#include <cstdint>

#include "gemel/core/types.hpp"
#include "gemel/network/any_model.hpp"
#include "gemel/network/ensemble.hpp"

namespace signature_verification {

using gemel::Index;
using Model = gemel::AnyModel<float>;
using Ensemble = gemel::Ensemble<Model>;

/// Options of learning.
struct LearnOptions {
  std::uint64_t seed = 1;
  Index networks = 3;
  Index threads = 1;
};

}  // namespace signature_verification
