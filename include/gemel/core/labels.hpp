#pragma once

#include <cstddef>
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

/// A type for label values.
template <class T>
concept Number = std::is_arithmetic_v<T>;

/// A range of label values.
template <class Range>
concept NumberRange = std::ranges::input_range<Range> && Number<std::ranges::range_value_t<Range>>;

/// The type of OneIsDissimilar.
struct OneIsDissimilarTag {
  explicit OneIsDissimilarTag() = default;
};
/// Says that values follow the opposite convention, 1 = dissimilar: `Labels{y, OneIsDissimilar}`.
inline constexpr OneIsDissimilarTag OneIsDissimilar{};

/// One label per pair: **1 = similar, 0 = dissimilar**. The whole library follows this convention. The literature uses
/// both (Hadsell, Chopra and LeCun write 1 for dissimilar); `Labels{y, OneIsDissimilar}` converts the opposite one.
class Labels {
 public:
  /// No labels.
  Labels() = default;

  /// @{
  /// Takes any range, list or Eigen vector of numbers or bools. Throws ValueError if a value is neither 0 nor 1; the
  /// error names the first such pair.
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
  /// @}

  /// The number of pairs.
  Index size() const { return length(similar_); }

  /// @{
  /// Whether pair i is similar.
  bool similar(Index i) const { return similar_[static_cast<std::size_t>(i)] != 0; }
  bool operator[](Index i) const { return similar(i); }
  /// @}

  /// The label of each pair: 1 = similar, 0 = dissimilar.
  std::span<const std::uint8_t> span() const { return similar_; }

  /// Whether all labels are equal.
  friend bool operator==(const Labels&, const Labels&) = default;

 private:
  template <class Range>
  void append(Range&& values, bool one_is_similar) {
    for (const auto value : values) {
      if (!(value == 0 || value == 1)) {
        std::ostringstream text;
        text.precision(std::numeric_limits<decltype(+value)>::max_digits10);  // so that 1.0000001 is not printed as 1
        text << "the label is " << +value << ", but a label must be 0 or 1";
        throw ValueError(text.str(), {.pair = size()});
      }
      similar_.push_back((value == 1) == one_is_similar);
    }
  }

  std::vector<std::uint8_t> similar_;
};

}  // namespace gemel
