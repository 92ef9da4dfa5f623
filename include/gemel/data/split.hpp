#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "gemel/core/error.hpp"
#include "gemel/core/random.hpp"
#include "gemel/core/tolerant_rounding.hpp"
#include "gemel/core/types.hpp"
#include "gemel/data/classes.hpp"

namespace gemel {

// Each function splits into two sides, given the fraction to hold out, or into one part per fraction; the fractions add
// up to 1:
//
//   const Split split = split_samples(classes, 0.25, rng);                              // split.train, split.test
//   const auto [train, validation, test] = split_samples(classes, {0.6, 0.2, 0.2}, rng);
//
// If the number of parts is known at run time only, the fractions are a vector (or another span of doubles), and the
// result is a vector of parts. The samples of each part are in ascending order.

/// The numbers of the samples on the two sides of a split, ascending: `x.select(split.train)`.
struct Split {
  std::vector<Index> train;  ///< Samples to train with.
  std::vector<Index> test;   ///< Samples held out.
};

/// The numbers of the samples of each part, ascending.
using SplitParts = std::vector<std::vector<Index>>;

namespace detail {

// The number of items to hold out: round(n fraction), halves up, but at least one and not all. `what` is the plural of
// the items in error messages.
inline Index held_out(Index n, double fraction, const std::string& what) {
  if (!(fraction > 0 && fraction < 1)) {
    throw ValueError({"the fraction held out is ", fraction, ", but it must be in (0, 1)"});
  }
  if (n < 2) throw ValueError({"a split needs at least two ", what, ", but there are ", n});
  const auto all = static_cast<double>(n);
  return std::clamp<Index>(tolerant_floor(all * fraction + 0.5, all), 1, n - 1);
}

inline std::vector<Index> random_order(Index n, Rng& rng) {
  std::vector<Index> order(static_cast<std::size_t>(n));
  std::iota(order.begin(), order.end(), Index{0});
  shuffle(order, rng);
  return order;
}

// Throws ValueError unless there are at least two fractions, each in (0, 1), and they add up to 1. The tolerance allows
// for fractions given as floats, whose sum is off by some 1e-7.
inline void check_fractions(std::span<const double> fractions) {
  if (fractions.size() < 2) {
    throw ValueError({"a split into parts needs two fractions or more, but there are ", fractions.size(),
                      "; the fraction that is held out is given as a number, not as a list"});
  }
  double sum = 0;
  for (std::size_t p = 0; p < fractions.size(); ++p) {
    if (!(fractions[p] > 0 && fractions[p] < 1)) {
      throw ValueError({"the fraction of part ", p, " is ", fractions[p], ", but it must be in (0, 1)"});
    }
    sum += fractions[p];
  }
  if (!(std::abs(sum - 1) < 1e-6)) {
    throw ValueError({"the fractions of the parts must add up to 1, but they add up to ", sum});
  }
}

// The number of items in each part: a part reaches from round(n times the sum of the fractions before it) to the same
// with its own fraction, halves up, but has at least one item. `what` is the plural of the items in error messages.
inline std::vector<Index> part_sizes(Index n, std::span<const double> fractions, const std::string& what) {
  check_fractions(fractions);
  const Index parts = length(fractions);
  if (n < parts) {
    throw ValueError({"a split into ", parts, " parts needs at least as many ", what, ", but there are ", n});
  }
  const auto all = static_cast<double>(n);
  std::vector<Index> sizes;
  double passed = 0;
  Index begin = 0;
  for (Index p = 0; p < parts; ++p) {
    passed += fractions[static_cast<std::size_t>(p)];
    const Index after = parts - 1 - p;
    const Index end = after == 0 ? n : std::clamp(tolerant_floor(all * passed + 0.5, all), begin + 1, n - after);
    sizes.push_back(end - begin);
    begin = end;
  }
  return sizes;
}

// Throws ValueError if a part of a stratified split is empty.
inline void check_filled(const SplitParts& parts, std::span<const double> fractions) {
  for (std::size_t p = 0; p < parts.size(); ++p) {
    if (!parts[p].empty()) continue;
    throw ValueError({"part ", p, ", of fraction ", fractions[p],
                      ", would be without a sample, since small classes are not in all parts: split into fewer parts, "
                      "make this fraction larger, or give more samples"});
  }
}

template <class Parts>
void sort_parts(Parts& parts) {
  for (std::vector<Index>& part : parts) std::sort(part.begin(), part.end());
}

template <std::size_t N>
std::array<std::vector<Index>, N> as_array(SplitParts&& parts) {
  std::array<std::vector<Index>, N> array;
  std::move(parts.begin(), parts.end(), array.begin());
  return array;
}

// The samples of whole classes: the first part has those of the first sizes[0] classes in this order, and so on.
inline SplitParts parts_of_whole(const Classes& classes, std::span<const Index> order, std::span<const Index> sizes) {
  SplitParts parts(sizes.size());
  std::size_t next = 0;
  for (std::size_t p = 0; p < sizes.size(); ++p) {
    for (Index i = 0; i < sizes[p]; ++i) {
      const std::span<const Index> members = classes.members(order[next++]);
      parts[p].insert(parts[p].end(), members.begin(), members.end());
    }
  }
  sort_parts(parts);
  return parts;
}

// Splits by whole classes, drawn at random. `what` is the plural of the classes in error messages.
inline Split split_whole(const Classes& classes, double fraction, const std::string& what, Rng& rng) {
  const Index held = held_out(classes.count(), fraction, what);
  const std::vector<Index> order = random_order(classes.count(), rng);
  SplitParts parts = parts_of_whole(classes, order, std::array{held, classes.count() - held});
  return {std::move(parts[1]), std::move(parts[0])};
}
inline SplitParts split_whole(const Classes& classes, std::span<const double> fractions, const std::string& what,
                              Rng& rng) {
  const std::vector<Index> sizes = part_sizes(classes.count(), fractions, what);
  return parts_of_whole(classes, random_order(classes.count(), rng), sizes);
}

// Decides, class by class, how many samples each part gets, so that the parts reach their sizes as closely as whole
// samples, and the minimum of two per class, allow. The remainder of a class goes to the parts that are furthest
// behind.
class Stratifier {
 public:
  // Takes the intended sizes of the parts, and their sum.
  Stratifier(std::vector<Index> sizes, Index n) : sizes_(std::move(sizes)), n_(n), given_(sizes_.size()) {}

  // The number of samples for each part, of a class with `size` samples.
  std::vector<Index> operator()(Index size) {
    passed_ += size;
    const Index parts = length(sizes_);
    const Index served = size < 4 ? parts : std::min(parts, size / 2);
    std::vector<std::size_t> order = by_lack();
    order.resize(static_cast<std::size_t>(served));
    std::int64_t all = 0;
    for (const std::size_t p : order) all += sizes_[p];

    std::vector<Index> counts(sizes_.size());
    Index left = size;
    for (const std::size_t p : order) {
      counts[p] = static_cast<Index>(size * std::int64_t{sizes_[p]} / all);
      given_[p] += counts[p];
      left -= counts[p];
    }
    // Within one sample of the share: a part whose share is a whole number gets no more.
    for (const std::size_t p : by_lack()) {
      const bool serves = std::find(order.begin(), order.end(), p) != order.end();
      if (left == 0 || !serves || size * std::int64_t{sizes_[p]} % all == 0) continue;
      ++counts[p];
      ++given_[p];
      --left;
    }
    if (size >= 4) {
      for (const std::size_t p : order) {
        for (; counts[p] < 2; ++counts[p], ++given_[p]) {
          const auto most = std::max_element(counts.begin(), counts.end());
          --*most;
          --given_[static_cast<std::size_t>(most - counts.begin())];
        }
      }
    }
    return counts;
  }

 private:
  // The parts, ordered by how much they lack of their fraction of the classes so far, the most first.
  std::vector<std::size_t> by_lack() const {
    std::vector<std::size_t> order(sizes_.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    const auto lack = [this](std::size_t p) {
      return std::int64_t{passed_} * sizes_[p] - std::int64_t{given_[p]} * n_;
    };
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return lack(a) > lack(b); });
    return order;
  }

  std::vector<Index> sizes_;
  Index n_;
  std::vector<Index> given_;  // samples given to each part so far
  Index passed_ = 0;          // samples in the classes so far
};

}  // namespace detail

/// Splits n samples at random: round(n fraction) are held out, halves rounded up, but at least one and not all. Throws
/// ValueError unless the fraction is in (0, 1) and n >= 2.
inline Split split_samples(Index n, double fraction, Rng& rng) {
  const Index held = detail::held_out(n, fraction, "samples");
  const std::vector<Index> order = detail::random_order(n, rng);
  Split split{{order.begin() + held, order.end()}, {order.begin(), order.begin() + held}};
  std::sort(split.train.begin(), split.train.end());
  std::sort(split.test.begin(), split.test.end());
  return split;
}

/// Splits n samples at random into one part per fraction. Each part ends at round(n times the sum of the fractions so
/// far), halves rounded up, and has at least one sample. Throws ValueError if there are fewer than two fractions, one
/// is not in (0, 1), they do not add up to 1 (up to rounding), or there are fewer samples than parts.
inline SplitParts split_samples(Index n, std::span<const double> fractions, Rng& rng) {
  const std::vector<Index> sizes = detail::part_sizes(n, fractions, "samples");
  const std::vector<Index> order = detail::random_order(n, rng);
  SplitParts parts;
  auto begin = order.begin();
  for (const Index size : sizes) {
    parts.emplace_back(begin, begin + size);
    begin += size;
  }
  detail::sort_parts(parts);
  return parts;
}
/// The same, with the fractions in braces and an array of parts.
template <std::size_t N>
requires(N > 1) std::array<std::vector<Index>, N> split_samples(Index n, const double (&fractions)[N], Rng& rng) {
  return detail::as_array<N>(split_samples(n, std::span<const double>(fractions), rng));
}

/// Stratified split into two sides: of every class its share of the round(n fraction) samples is held out, to within
/// one sample. A class of four samples or more has at least two on either side, where they form similar pairs. So more
/// or fewer than round(n fraction) samples are held out if the classes are small: classes of four have two on either
/// side, and with such classes only, a fraction of 0.2 holds out half of the samples. Smaller classes have just their
/// share, which is one sample or none unless the fraction is large, so that no similar pair of theirs is held out.
/// Neither side is empty. Throws as the split of n samples.
inline Split split_samples(const Classes& classes, double fraction, Rng& rng) {
  const Index n = classes.size();
  const Index held = detail::held_out(n, fraction, "samples");
  Split split;
  Index passed = 0;  // samples of the classes so far
  for (Index c = 0; c < classes.count(); ++c) {
    const std::span<const Index> members = classes.members(c);
    const Index size = length(members);
    passed += size;
    // Held out so far, floor(passed held / n), keeps to the line: every class has its share to within one.
    const auto quota = [&](std::int64_t part) { return part * held / n; };  // 64 bits, whatever an Index has
    auto count = static_cast<Index>(
        std::clamp(quota(passed) - length(split.test), quota(size), (std::int64_t{size} * held + n - 1) / n));
    if (size >= 4) count = std::clamp<Index>(count, 2, size - 2);
    const std::vector<Index> order = detail::random_order(size, rng);
    for (Index i = 0; i < size; ++i) {
      auto& side = i < count ? split.test : split.train;
      side.push_back(members[static_cast<std::size_t>(order[static_cast<std::size_t>(i)])]);
    }
  }
  std::sort(split.train.begin(), split.train.end());
  std::sort(split.test.begin(), split.test.end());
  return split;
}

/// Stratified split into one part per fraction.
///
/// - If the smallest fraction of a class is three samples or more, every part has its fraction of that class to within
///   two samples (within one of the class's share of the part's size, which is itself rounded).
/// - A class with at least two samples per part has at least two in each part, where they form similar pairs.
/// - A smaller class of four samples or more is in as many parts as it can give two samples: in those that lack most so
///   far. So with small classes, parts have more or less than their fractions.
/// - A class of fewer than four samples has just its share of the parts' sizes, to within one sample: one sample or
///   none of a small part, and so no similar pair.
///
/// Throws as the split of n samples, and ValueError if a part would be empty, which can happen if the classes are few
/// and small.
inline SplitParts split_samples(const Classes& classes, std::span<const double> fractions, Rng& rng) {
  const Index n = classes.size();
  detail::Stratifier counts_of_parts(detail::part_sizes(n, fractions, "samples"), n);
  SplitParts parts(fractions.size());
  // The classes are in random order, since the parts of a small class depend on the classes before it.
  for (const Index c : detail::random_order(classes.count(), rng)) {
    const std::span<const Index> members = classes.members(c);
    const std::vector<Index> counts = counts_of_parts(length(members));
    const std::vector<Index> order = detail::random_order(length(members), rng);
    auto next = order.begin();
    for (std::size_t p = 0; p < parts.size(); ++p) {
      for (Index i = 0; i < counts[p]; ++i) parts[p].push_back(members[static_cast<std::size_t>(*next++)]);
    }
  }
  detail::check_filled(parts, fractions);
  detail::sort_parts(parts);
  return parts;
}
/// The same, with the fractions in braces and an array of parts.
template <std::size_t N>
requires(N > 1) std::array<std::vector<Index>, N> split_samples(const Classes& classes, const double (&fractions)[N],
                                                                Rng& rng) {
  return detail::as_array<N>(split_samples(classes, std::span<const double>(fractions), rng));
}

/// Splits by class: round(classes fraction) whole classes, drawn at random, are held out, halves rounded up, but at
/// least one and not all. So no person, thing or digit of the test was seen in training. Throws ValueError unless the
/// fraction is in (0, 1) and there are at least two classes.
inline Split split_classes(const Classes& classes, double fraction, Rng& rng) {
  return detail::split_whole(classes, fraction, "classes", rng);
}

/// Splits by class into one part per fraction of the number of classes. The classes are drawn at random, and each part
/// has at least one. Throws ValueError if there are fewer than two fractions, one is not in (0, 1), they do not add up
/// to 1 (up to rounding), or there are fewer classes than parts.
inline SplitParts split_classes(const Classes& classes, std::span<const double> fractions, Rng& rng) {
  return detail::split_whole(classes, fractions, "classes", rng);
}
/// The same, with the fractions in braces and an array of parts.
template <std::size_t N>
requires(N > 1) std::array<std::vector<Index>, N> split_classes(const Classes& classes, const double (&fractions)[N],
                                                                Rng& rng) {
  return detail::as_array<N>(split_classes(classes, std::span<const double>(fractions), rng));
}

}  // namespace gemel
