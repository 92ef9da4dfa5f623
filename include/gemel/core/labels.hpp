#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <ranges>
#include <span>
#include <sstream>
#include <type_traits>
#include <vector>

#include "gemel/core/error.hpp"
#include "gemel/core/types.hpp"

namespace gemel {

/// What labels are given as.
template <class T>
concept Number = std::is_arithmetic_v<T>;

template <class Range>
concept NumberRange = std::ranges::input_range<Range> && Number<std::ranges::range_value_t<Range>>;

/// Says of labels that they hold 1 for a dissimilar pair: `Labels{y, OneIsDissimilar}`.
struct OneIsDissimilarTag {
  explicit OneIsDissimilarTag() = default;
};
inline constexpr OneIsDissimilarTag OneIsDissimilar{};

/// One label a pair: **1 = similar, 0 = dissimilar**. Both conventions are in use (Hadsell, Chopra and LeCun write 1
/// for dissimilar), so this is the one place of the library that states it; `Labels{y, OneIsDissimilar}` turns the
/// other.
///
/// They come from any range, list or Eigen vector of numbers or bools. Throws ValueError, which names the first pair
/// whose label is neither 0 nor 1.
class Labels {
 public:
  Labels() = default;

  template <NumberRange Range>
  Labels(Range&& values) {
    append(values, true);
  }
  template <NumberRange Range>
  Labels(Range&& values, OneIsDissimilarTag) {
    append(values, false);
  }
  template <Number T>
  Labels(std::initializer_list<T> values) {
    append(values, true);
  }
  template <Number T>
  Labels(std::initializer_list<T> values, OneIsDissimilarTag) {
    append(values, false);
  }

  Index size() const { return length(similar_); }
  bool similar(Index i) const { return similar_[static_cast<std::size_t>(i)] != 0; }
  bool operator[](Index i) const { return similar(i); }

  /// 1 or 0, 1 = similar.
  std::span<const std::uint8_t> span() const { return similar_; }

  friend bool operator==(const Labels&, const Labels&) = default;

 private:
  template <class Range>
  void append(Range&& values, bool one_is_similar) {
    for (const auto value : values) {
      if (!(value == 0 || value == 1)) {
        std::ostringstream text;
        text.precision(
            std::numeric_limits<decltype(+value)>::max_digits10);  // 1.0000001 is not 1, and must not look it
        text << "the label is " << +value << ", but a label must be 0 or 1";
        throw ValueError(text.str(), {.pair = size()});
      }
      similar_.push_back((value == 1) == one_is_similar);
    }
  }

  std::vector<std::uint8_t> similar_;
};

}  // namespace gemel
