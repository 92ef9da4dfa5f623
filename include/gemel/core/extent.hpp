#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>

#include "gemel/core/error.hpp"
#include "gemel/core/types.hpp"

namespace gemel {

/// A size that is known at compile time (N > 0) or only at run time (N = Dynamic). It converts to Index. An Extent with
/// N > 0 stores nothing.
template <Index N>
class Extent {
  static_assert(N > 0, "gemel: a size must be positive, or Dynamic");

 public:
  /// The size N.
  constexpr Extent() = default;

  /// The size N. Throws ShapeError unless n equals N.
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
  /// The size n. Throws ShapeError unless n is positive.
  constexpr Extent(Index n) : n_(n) {
    if (n <= 0) throw ShapeError({"a size must be positive, but ", n, " was given"});
  }

  /// The size.
  constexpr operator Index() const { return n_; }

 private:
  Index n_;
};

namespace detail {

/// An upper bound on the number of values in one object: samples, a layer, a file. With a 64-bit Index it is 2^48,
/// which is more than any machine can store, and its product with the number of columns in a block still fits an Index.
/// With a 32-bit Index it is the largest number of doubles whose size in bytes fits an Index.
inline constexpr Index max_values = static_cast<Index>(std::min<std::int64_t>(
    std::int64_t{1} << 48, std::numeric_limits<Index>::max() / static_cast<Index>(sizeof(double))));

/// Whether two static or dynamic sizes may be equal: they are equal, or at least one is Dynamic.
template <Index A, Index B>
inline constexpr bool extents_may_agree = A == Dynamic || B == Dynamic || A == B;

}  // namespace detail
}  // namespace gemel
