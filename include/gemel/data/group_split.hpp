#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include "gemel/core/error.hpp"
#include "gemel/core/random.hpp"
#include "gemel/core/types.hpp"
#include "gemel/data/classes.hpp"
#include "gemel/data/split.hpp"

namespace gemel {

// A group is a set of samples with something in common besides their class: words of one speaker, forms of one writer,
// pictures of one day. If both the training and the test have samples of the same group, the network already knows the
// group, and the test promises better results than new groups will have. The functions below therefore keep each group
// on one side of the split, like scikit-learn's GroupShuffleSplit.

/// Splits by group: holds out round(number of groups * fraction) whole groups, drawn at random. Halves are rounded up,
/// and each side has at least one group. All groups are equally likely, whatever their size, so one large group may
/// make up most of a side. `groups` has the group of each sample. Throws ValueError unless the fraction is in (0, 1)
/// and there are at least two groups.
inline Split split_groups(const Classes& groups, double fraction, Rng& rng) {
  return detail::split_whole(groups, fraction, "groups", rng);
}

/// Splits by group into one part per fraction, where the fractions are of the number of groups. The groups are drawn at
/// random, and each part has at least one group. Throws ValueError if there are fewer than two fractions, a fraction is
/// not in (0, 1), the fractions do not add up to 1 (up to rounding), or there are fewer groups than parts.
inline SplitParts split_groups(const Classes& groups, std::span<const double> fractions, Rng& rng) {
  return detail::split_whole(groups, fractions, "groups", rng);
}
/// As above, but takes the fractions in braces and returns an array of parts.
template <std::size_t N>
requires(N > 1) std::array<std::vector<Index>, N> split_groups(const Classes& groups, const double (&fractions)[N],
                                                               Rng& rng) {
  return detail::as_array<N>(split_groups(groups, std::span<const double>(fractions), rng));
}

/// The class and the group of each sample: `{.groups = speakers, .classes = words}`. The members have names because
/// swapping two unnamed arguments would compile and give another split.
struct GroupedClasses {
  Classes groups;   ///< What a sample comes from: its speaker, writer or day.
  Classes classes;  ///< What a sample is.
};

namespace detail {

// Measures how far a division into parts of whole groups is from giving every part its fraction of every class. The
// measure is Pearson's chi-squared, the sum of (count - share)^2 / share over parts and classes, plus one for each
// class that has fewer than two samples in a part, and so no similar pair there.
class GroupBalance {
 public:
  GroupBalance(const GroupedClasses& samples, std::span<const double> fractions)
      : samples_(&samples), fractions_(fractions), of_group_(static_cast<std::size_t>(samples.groups.count())) {
    for (Index g = 0; g < samples.groups.count(); ++g) {
      std::vector<Index> classes;
      for (const Index i : samples.groups.members(g)) classes.push_back(samples.classes.of(i));
      std::sort(classes.begin(), classes.end());
      auto& counts = of_group_[static_cast<std::size_t>(g)];
      for (const Index c : classes) {
        if (counts.empty() || counts.back().first != c) counts.emplace_back(c, 0);
        ++counts.back().second;
      }
    }
  }

  // The measure of the division that puts the first sizes[0] groups of `order` into part 0, the next sizes[1] into part
  // 1, and so on. Only explicit calls of fma fuse products with sums, so that every compiler chooses the same division.
  double deviation(std::span<const Index> order, std::span<const Index> sizes) const {
    double sum = 0;
    std::size_t next = 0;
    std::vector<Index> counts;
    for (std::size_t p = 0; p < sizes.size(); ++p) {
      counts.assign(static_cast<std::size_t>(samples_->classes.count()), 0);
      for (Index i = 0; i < sizes[p]; ++i) {
        for (const auto& [c, count] : of_group_[static_cast<std::size_t>(order[next])]) {
          counts[static_cast<std::size_t>(c)] += count;
        }
        ++next;
      }
      for (Index c = 0; c < samples_->classes.count(); ++c) {
        const auto size = static_cast<double>(samples_->classes.members(c).size());
        const Index count = counts[static_cast<std::size_t>(c)];
        const double share = fractions_[p] * size, more = std::fma(-fractions_[p], size, static_cast<double>(count));
        sum = std::fma(more / share, more, sum + (count < 2 ? 1 : 0));
      }
    }
    return sum;
  }

 private:
  const GroupedClasses* samples_;
  std::span<const double> fractions_;
  std::vector<std::vector<std::pair<Index, Index>>> of_group_;  // for each group, its classes and their counts
};

// The division with the smallest deviation among a hundred random ones.
inline SplitParts split_balanced(const GroupedClasses& samples, std::span<const double> fractions,
                                 std::span<const Index> sizes, Rng& rng) {
  constexpr int draws = 100;
  const GroupBalance balance(samples, fractions);
  std::vector<Index> best;
  double min_deviation = 0;
  for (int draw = 0; draw < draws; ++draw) {
    std::vector<Index> order = random_order(samples.groups.count(), rng);
    const double deviation = balance.deviation(order, sizes);
    if (draw == 0 || deviation < min_deviation) {
      min_deviation = deviation;
      best = std::move(order);
    }
  }
  return parts_of_whole(samples.groups, best, sizes);
}

inline void check_sizes(const GroupedClasses& samples) {
  if (samples.groups.size() == samples.classes.size()) return;
  throw ShapeError({"each sample has a group and a class, but the groups are of ", samples.groups.size(),
                    " samples, and the classes of ", samples.classes.size()});
}

}  // namespace detail

/// Splits by group, stratified by class as far as whole groups allow. It draws a hundred random divisions and takes the
/// one whose sides come closest to having their fraction of every class, and at least two samples of each class, so
/// that the class has similar pairs there. A class need not be on both sides: if all its samples are of one group, it
/// is on one side only. Throws like the split by group, and ShapeError unless groups and classes are of the same number
/// of samples.
inline Split split_groups(const GroupedClasses& samples, double fraction, Rng& rng) {
  detail::check_sizes(samples);
  const Index held = detail::held_out(samples.groups.count(), fraction, "groups");
  SplitParts parts = detail::split_balanced(samples, std::array{1 - fraction, fraction},
                                            std::array{samples.groups.count() - held, held}, rng);
  return {std::move(parts[0]), std::move(parts[1])};
}
/// As above, but splits into one part per fraction, where the fractions are of the number of groups. Throws like the
/// split of n samples into parts, and ShapeError as above.
inline SplitParts split_groups(const GroupedClasses& samples, std::span<const double> fractions, Rng& rng) {
  detail::check_sizes(samples);
  return detail::split_balanced(samples, fractions, detail::part_sizes(samples.groups.count(), fractions, "groups"),
                                rng);
}
/// As above, but takes the fractions in braces and returns an array of parts.
template <std::size_t N>
requires(N > 1) std::array<std::vector<Index>, N> split_groups(const GroupedClasses& samples,
                                                               const double (&fractions)[N], Rng& rng) {
  return detail::as_array<N>(split_groups(samples, std::span<const double>(fractions), rng));
}

}  // namespace gemel
