#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>

#include "gemel/core/error.hpp"
#include "gemel/core/types.hpp"

namespace gemel {

/// A size known at compile time (N > 0), or at run time (N = Dynamic). It converts to Index; a static size takes no
/// space.
template <Index N>
class Extent {
  static_assert(N > 0, "gemel: a size must be positive, or Dynamic");

 public:
  /// The static size.
  constexpr Extent() = default;

  /// Throws ShapeError unless n is the static size.
  constexpr Extent(Index n) {
    if (n != N) {
      throw ShapeError({"the size is ", N, " by its type, but ", n, " was given"});
    }
  }

  /// The size.
  constexpr operator Index() const { return N; }
};

/// A size known at run time.
template <>
class Extent<Dynamic> {
 public:
  /// Throws ShapeError unless n is positive.
  constexpr Extent(Index n) : n_(n) {
    if (n <= 0) throw ShapeError({"a size must be positive, but ", n, " was given"});
  }

  /// The size.
  constexpr operator Index() const { return n_; }

 private:
  Index n_;
};

namespace detail {

/// An upper bound for the number of values in one object: more than any machine holds, but so few that their product
/// with the columns of a block fits an Index. With a 32-bit Index: as many doubles as it can count the bytes of.
inline constexpr Index max_values = static_cast<Index>(std::min<std::int64_t>(
    std::int64_t{1} << 48, std::numeric_limits<Index>::max() / static_cast<Index>(sizeof(double))));

/// Whether two sizes may be equal: at least one is Dynamic, or they are equal.
template <Index A, Index B>
inline constexpr bool extents_may_agree = A == Dynamic || B == Dynamic || A == B;

}  // namespace detail
}  // namespace gemel
