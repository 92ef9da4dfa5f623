#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <ranges>
#include <span>
#include <utility>
#include <vector>

#include "gemel/core/error.hpp"
#include "gemel/core/types.hpp"

namespace gemel {

/// A range of integers: the class values of samples.
template <class Range>
concept IntegerRange = std::ranges::input_range<Range> && std::integral<std::ranges::range_value_t<Range>>;

/// The class of each sample, given as an integer value: for example the person who signed, or the digit. The distinct
/// values in ascending order are the classes 0, 1, ….
class Classes {
 public:
  /// @{
  /// Takes one value per sample from any range, list or Eigen vector of integers. Throws ValueError for a value of 2^63
  /// or more.
  template <IntegerRange Range>
  Classes(Range&& values) {
    for (const auto value : values) {
      labels_.push_back(static_cast<std::int64_t>(value));
      if (value > 0 && labels_.back() < 0) {
        throw ValueError({"sample ", size() - 1, " is of class ", +value, ", but a class is a number below 2^63"});
      }
    }
    group();
  }
  template <std::integral T>
  Classes(std::initializer_list<T> values) : Classes(std::span<const T>(values.begin(), values.size())) {}
  /// @}

  /// The number of samples.
  Index size() const { return length(labels_); }

  /// The number of classes.
  Index count() const { return length(values_); }

  /// The class of sample i, as an index in 0, …, count() - 1.
  Index of(Index i) const { return of_[static_cast<std::size_t>(i)]; }

  /// Whether samples i and j are of the same class.
  bool same(Index i, Index j) const { return of(i) == of(j); }

  /// The integer value of class c.
  std::int64_t value(Index c) const { return values_[static_cast<std::size_t>(c)]; }

  /// The indices of the samples of class c, ascending.
  std::span<const Index> members(Index c) const {
    const auto [begin, end] = bounds(c);
    return {members_.data() + begin, static_cast<std::size_t>(end - begin)};
  }

  /// The index of the i-th sample that is not of class c, for i in 0, …, size() - members(c).size() - 1. The samples
  /// are counted class by class, not in their own order.
  Index non_member(Index c, Index i) const {
    const auto [begin, end] = bounds(c);
    return members_[static_cast<std::size_t>(i < begin ? i : i + end - begin)];
  }

  /// The classes of the samples with these indices, in this order, with the same values. The classes of the result are
  /// numbered anew. Throws ValueError if an index is not that of a sample.
  Classes select(std::span<const Index> indices) const {
    std::vector<std::int64_t> labels;
    labels.reserve(indices.size());
    for (const Index i : indices) {
      if (i < 0 || i >= size()) {
        throw ValueError({"sample ", i, " was selected, but there are ", size()});
      }
      labels.push_back(labels_[static_cast<std::size_t>(i)]);
    }
    return Classes{labels};
  }

 private:
  void group() {
    values_ = labels_;
    std::sort(values_.begin(), values_.end());
    values_.erase(std::unique(values_.begin(), values_.end()), values_.end());

    std::vector<std::size_t> next(values_.size() + 1);
    for (const std::int64_t label : labels_) {
      const auto index = std::lower_bound(values_.begin(), values_.end(), label) - values_.begin();
      of_.push_back(index);
      ++next[static_cast<std::size_t>(index) + 1];
    }
    for (std::size_t c = 1; c < next.size(); ++c) next[c] += next[c - 1];
    begins_.assign(next.begin(), next.end());
    members_.resize(of_.size());
    for (Index i = 0; i < size(); ++i) members_[next[static_cast<std::size_t>(of(i))]++] = i;
  }
  std::pair<Index, Index> bounds(Index c) const {
    return {begins_[static_cast<std::size_t>(c)], begins_[static_cast<std::size_t>(c) + 1]};
  }

  std::vector<std::int64_t> labels_;  // the value of each sample's class
  std::vector<std::int64_t> values_;  // the value of each class
  std::vector<Index> of_;             // the class of each sample
  std::vector<Index> members_;        // the indices of the samples, class by class
  std::vector<Index> begins_;         // where each class begins in members_, then where the last one ends
};

}  // namespace gemel
