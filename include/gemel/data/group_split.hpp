#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <map>
#include <span>
#include <utility>
#include <vector>

#include "gemel/core/error.hpp"
#include "gemel/core/random.hpp"
#include "gemel/core/types.hpp"
#include "gemel/data/classes.hpp"
#include "gemel/data/split.hpp"

namespace gemel {

// Samples that have something in common besides their class (words of one speaker, forms of one writer, pictures of one
// day) are a group. If a group is both in training and in test, the network already knows it, and the test's figures
// are better than those of new speakers will be. So whole groups are held out, as by scikit-learn's GroupShuffleSplit.

/// Splits by group: round(groups fraction) whole groups, drawn at random, are held out, halves rounded up, but at least
/// one and not all. All groups are equally likely, whatever their size, so that one large group may be most of a side.
/// Throws ValueError unless the fraction is in (0, 1) and there are at least two groups.
inline Split split_groups(const Classes& groups, double fraction, Rng& rng) {
  return detail::split_whole(groups, fraction, "groups", rng);
}

/// Splits by group into one part per fraction of the number of groups. The groups are drawn at random, and each part
/// has at least one. Throws ValueError if there are fewer than two fractions, one is not in (0, 1), they do not add up
/// to 1 (up to rounding), or there are fewer groups than parts.
inline SplitParts split_groups(const Classes& groups, std::span<const double> fractions, Rng& rng) {
  return detail::split_whole(groups, fractions, "groups", rng);
}
/// The same, with the fractions in braces and an array of parts.
template <std::size_t N>
requires(N > 1) std::array<std::vector<Index>, N> split_groups(const Classes& groups, const double (&fractions)[N],
                                                               Rng& rng) {
  return detail::as_array<N>(split_groups(groups, std::span<const double>(fractions), rng));
}

/// The class and the group of each sample: `{.groups = speakers, .classes = words}`. They have names because swapping
/// them would silently give another split.
struct GroupedClasses {
  Classes groups;   ///< What a sample comes from: its speaker, writer or day.
  Classes classes;  ///< What a sample is.
};

namespace detail {

// Measures how far a division by whole groups is from giving every part its fraction of every class: Pearson's
// chi-squared, which is the sum of (count - share)^2 / share over parts and classes, plus one for each part and class
// that form no similar pair.
class GroupBalance {
 public:
  GroupBalance(const GroupedClasses& samples, std::span<const double> fractions)
      : samples_(&samples), fractions_(fractions), of_group_(static_cast<std::size_t>(samples.groups.count())) {
    for (Index g = 0; g < samples.groups.count(); ++g) {
      std::map<Index, Index> counts;
      for (const Index i : samples.groups.members(g)) ++counts[samples.classes.of(i)];
      of_group_[static_cast<std::size_t>(g)].assign(counts.begin(), counts.end());
    }
  }

  // The measure for the first sizes[0] groups of this order in the first part, and so on. Products are fused with sums
  // only by explicit fma, so that every compiler finds the same order to be the best.
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
  std::vector<std::vector<std::pair<Index, Index>>> of_group_;  // of each group: class and count
};

// The best of a hundred random divisions.
inline SplitParts split_balanced(const GroupedClasses& samples, std::span<const double> fractions,
                                 std::span<const Index> sizes, Rng& rng) {
  constexpr int draws = 100;
  const GroupBalance balance(samples, fractions);
  std::vector<Index> best;
  double least = 0;
  for (int draw = 0; draw < draws; ++draw) {
    std::vector<Index> order = random_order(samples.groups.count(), rng);
    const double deviation = balance.deviation(order, sizes);
    if (draw == 0 || deviation < least) {
      least = deviation;
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

/// Splits by group, stratified as well as whole groups allow: of a hundred random divisions, the one whose parts come
/// closest to having their fraction of every class, and at least two samples of it, which form similar pairs. No class
/// is guaranteed to be on both sides: a class of a single group is on one side only. Throws as the split by group, and
/// ShapeError unless groups and classes are of the same number of samples.
inline Split split_groups(const GroupedClasses& samples, double fraction, Rng& rng) {
  detail::check_sizes(samples);
  const Index held = detail::held_out(samples.groups.count(), fraction, "groups");
  SplitParts parts = detail::split_balanced(samples, std::array{1 - fraction, fraction},
                                            std::array{samples.groups.count() - held, held}, rng);
  return {std::move(parts[0]), std::move(parts[1])};
}
/// The same, into one part per fraction.
inline SplitParts split_groups(const GroupedClasses& samples, std::span<const double> fractions, Rng& rng) {
  detail::check_sizes(samples);
  return detail::split_balanced(samples, fractions, detail::part_sizes(samples.groups.count(), fractions, "groups"),
                                rng);
}
/// The same, with the fractions in braces and an array of parts.
template <std::size_t N>
requires(N > 1) std::array<std::vector<Index>, N> split_groups(const GroupedClasses& samples,
                                                               const double (&fractions)[N], Rng& rng) {
  return detail::as_array<N>(split_groups(samples, std::span<const double>(fractions), rng));
}

}  // namespace gemel
