#pragma once

#include "gemel/core/types.hpp"

namespace gemel {

/// The people (classes) that the two samples of a pair come from. Any numbers may identify people, as long as the same
/// person always has the same number.
struct PairIdentity {
  Index first;   ///< Person of the first sample.
  Index second;  ///< Person of the second sample.
  /// Whether both members are equal.
  friend bool operator==(const PairIdentity&, const PairIdentity&) = default;
};

}  // namespace gemel
