#pragma once

#include <limits>

#include "gemel/core/types.hpp"

namespace gemel {

/// The people (classes) that the two samples of a pair come from. Any numbers may identify people, as long as the same
/// person always has the same number.
struct PairIdentity {
  Index first;   ///< Person of the first sample.
  Index second;  ///< Person of the second sample, or `unknown`.

  /// The second person of a dissimilar pair if that person is unknown: a forger, for instance, who is nobody else in
  /// the data.
  static constexpr Index unknown = std::numeric_limits<Index>::min();

  /// Whether both members are equal.
  friend bool operator==(const PairIdentity&, const PairIdentity&) = default;
};

}  // namespace gemel
