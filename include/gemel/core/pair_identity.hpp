#pragma once

#include "gemel/core/types.hpp"

namespace gemel {

/// The persons (classes) that the two samples of a pair come from: any numbers, equal for the same person.
struct PairIdentity {
  Index first;   ///< Person of the first sample.
  Index second;  ///< Person of the second sample.
  /// Whether both numbers are equal.
  friend bool operator==(const PairIdentity&, const PairIdentity&) = default;
};

}  // namespace gemel
