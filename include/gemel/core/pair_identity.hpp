#pragma once

#include "gemel/core/types.hpp"

namespace gemel {

/// Whose samples the two of a pair are: any numbers, equal for the same person (class).
struct PairIdentity {
  Index first;
  Index second;
  friend bool operator==(const PairIdentity&, const PairIdentity&) = default;
};

}  // namespace gemel
