#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>

#include "gemel/core/error.hpp"
#include "gemel/core/types.hpp"

namespace gemel {

/// A size known at compile time, or `Dynamic`: known at run time. It converts to Index; a static one takes no space.
/// Throws ShapeError where a value that is given is not the static one, or a dynamic one is not positive.
template <Index N>
class Extent {
  static_assert(N > 0, "gemel: a size must be positive, or Dynamic");

 public:
  constexpr Extent() = default;
  constexpr Extent(Index n) {
    if (n != N) {
      throw ShapeError({"the size is ", N, " by its type, but ", n, " was given"});
    }
  }
  constexpr operator Index() const { return N; }
};

template <>
class Extent<Dynamic> {
 public:
  constexpr Extent(Index n) : n_(n) {
    if (n <= 0) throw ShapeError({"a size must be positive, but ", n, " was given"});
  }
  constexpr operator Index() const { return n_; }

 private:
  Index n_;
};

namespace detail {

/// More values than any machine holds, and few enough that as many times the columns of a block fit an Index; where an
/// Index has 32 bits, as many as it can count the bytes of.
inline constexpr Index max_values = static_cast<Index>(std::min<std::int64_t>(
    std::int64_t{1} << 48, std::numeric_limits<Index>::max() / static_cast<Index>(sizeof(double))));

/// The one rule for two sizes that meet: either is dynamic, or they agree.
template <Index A, Index B>
inline constexpr bool extents_may_agree = A == Dynamic || B == Dynamic || A == B;

}  // namespace detail
}  // namespace gemel
