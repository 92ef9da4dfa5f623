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

// Each function below has two forms. Given the fraction to hold out, it splits into two sides. Given several fractions,
// which add up to 1, it splits into one part per fraction:
//
//   const Split split = split_samples(classes, 0.25, rng);                              // split.train, split.test
//   const auto [train, validation, test] = split_samples(classes, {0.6, 0.2, 0.2}, rng);
//
// If the number of parts is known only at run time, pass the fractions as a vector (or another span of doubles); the
// result is then a vector of parts. The samples of each part are in ascending order.

/// The indices of the samples on the two sides of a split, ascending. `x.select(split.train)` selects the samples.
struct Split {
  std::vector<Index> train;  ///< Indices of the samples to train with.
  std::vector<Index> test;   ///< Indices of the samples held out.
};

/// The indices of the samples of each part, ascending.
using SplitParts = std::vector<std::vector<Index>>;

namespace detail {

// The number of items to hold out: round(n * fraction), with halves rounded up, but at least one and at most n - 1.
// `what` names the items, in the plural, in error messages. Throws ValueError unless the fraction is in (0, 1) and
// n >= 2.
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

// Throws ValueError unless there are at least two fractions, each is in (0, 1), and they add up to 1. The tolerance
// allows for fractions given as floats, whose sum may be off by about 1e-7.
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

// The number of items in each part. If the items are laid out in one row, part p ends at round(n * (sum of the
// fractions up to p)), with halves rounded up, but each part has at least one item. `what` names the items, in the
// plural, in error messages.
inline std::vector<Index> part_sizes(Index n, std::span<const double> fractions, const std::string& what) {
  check_fractions(fractions);
  const Index parts = length(fractions);
  if (n < parts) {
    throw ValueError({"a split into ", parts, " parts needs at least as many ", what, ", but there are ", n});
  }
  const auto all = static_cast<double>(n);
  std::vector<Index> sizes;
  double sum = 0;
  Index begin = 0;
  for (Index p = 0; p < parts; ++p) {
    sum += fractions[static_cast<std::size_t>(p)];
    const Index after = parts - 1 - p;
    const Index end = after == 0 ? n : std::clamp(tolerant_floor(all * sum + 0.5, all), begin + 1, n - after);
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

// The parts of a split by whole classes: part 0 has the samples of the first sizes[0] classes of `order`, part 1 those
// of the next sizes[1], and so on.
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

// Splits by whole classes, drawn at random. `what` names the classes, in the plural, in error messages.
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

// Decides, class by class, how many samples of the class each part gets. The parts come as close to their intended
// sizes as whole samples and the minimum of two samples per class allow. The remainder of a class, after each part has
// its share rounded down, goes to the parts that are furthest behind.
class Stratifier {
 public:
  // `sizes` are the intended sizes of the parts, and n is their sum.
  Stratifier(std::vector<Index> sizes, Index n) : sizes_(std::move(sizes)), n_(n), given_(sizes_.size()) {}

  // The number of samples that each part gets of the next class, which has `size` samples.
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
    // A part whose share is a whole number gets no more, so that every count is within one sample of its share.
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
          const auto largest = std::max_element(counts.begin(), counts.end());
          --*largest;
          --given_[static_cast<std::size_t>(largest - counts.begin())];
        }
      }
    }
    return counts;
  }

 private:
  // The indices of the parts, ordered by how many samples they lack of their share of the classes so far; the part that
  // lacks most comes first.
  std::vector<std::size_t> by_lack() const {
    std::vector<std::pair<std::int64_t, Index>> excess;  // what a part has beyond its share, and its index
    for (std::size_t p = 0; p < sizes_.size(); ++p) {
      excess.emplace_back(std::int64_t{given_[p]} * n_ - std::int64_t{passed_} * sizes_[p], static_cast<Index>(p));
    }
    std::sort(excess.begin(), excess.end());
    std::vector<std::size_t> order;
    order.reserve(excess.size());
    for (const auto& part : excess) order.push_back(static_cast<std::size_t>(part.second));
    return order;
  }

  std::vector<Index> sizes_;
  Index n_;
  std::vector<Index> given_;  // samples given to each part so far
  Index passed_ = 0;          // samples in the classes so far
};

}  // namespace detail

/// Splits n samples at random: holds out round(n * fraction) of them. Halves are rounded up, and each side has at least
/// one sample. Throws ValueError unless the fraction is in (0, 1) and n >= 2.
inline Split split_samples(Index n, double fraction, Rng& rng) {
  const Index held = detail::held_out(n, fraction, "samples");
  const std::vector<Index> order = detail::random_order(n, rng);
  Split split{{order.begin() + held, order.end()}, {order.begin(), order.begin() + held}};
  std::sort(split.train.begin(), split.train.end());
  std::sort(split.test.begin(), split.test.end());
  return split;
}

/// Splits n samples at random into one part per fraction. Parts 0 to p have round(n * (sum of the fractions up to p))
/// samples together, with halves rounded up, but each part has at least one. Throws ValueError if there are fewer than
/// two fractions, a fraction is not in (0, 1), the fractions do not add up to 1 (up to rounding), or there are fewer
/// samples than parts.
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
/// As above, but takes the fractions in braces and returns an array of parts.
template <std::size_t N>
requires(N > 1) std::array<std::vector<Index>, N> split_samples(Index n, const double (&fractions)[N], Rng& rng) {
  return detail::as_array<N>(split_samples(n, std::span<const double>(fractions), rng));
}

/// Stratified split of n samples into two sides. Of the round(n * fraction) samples that are held out, every class
/// contributes its share, to within one sample. But a class of four samples or more has at least two samples, and so a
/// similar pair, on either side. Therefore classes with a small share can change the number of samples held out: if all
/// classes have four samples, any fraction holds out two of each, which is half. A class of fewer than four samples
/// contributes only its share; unless the fraction is large, that is at most one sample, and so no similar pair.
/// Neither side is empty. Throws like the split of n samples.
inline Split split_samples(const Classes& classes, double fraction, Rng& rng) {
  const Index n = classes.size();
  const Index held = detail::held_out(n, fraction, "samples");
  Split split;
  Index passed = 0;  // number of samples in the classes up to c
  for (Index c = 0; c < classes.count(); ++c) {
    const std::span<const Index> members = classes.members(c);
    const Index size = length(members);
    passed += size;
    // After each class, floor(passed * held / n) samples should be held out; then every class has its share to within
    // one sample.
    const auto quota = [&](std::int64_t part) { return part * held / n; };  // in 64 bits, even if Index is smaller
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
/// - If a class's smallest share is three samples or more, every part has its fraction of that class to within two
///   samples: one for rounding the class's share, and one because the size of the part is itself rounded.
/// - A class with at least two samples per part has at least two, and so a similar pair, in each part.
/// - A smaller class of four samples or more gives two samples or more to as many parts as it can: to those that lack
///   most so far. Therefore small classes can make parts larger or smaller than their fractions.
/// - A class of fewer than four samples gives each part only the class's share, to within one sample. In a small part,
///   that is at most one sample, and so no similar pair.
///
/// Throws like the split of n samples, and ValueError if a part would be empty, which can happen if there are few
/// classes and they are small.
inline SplitParts split_samples(const Classes& classes, std::span<const double> fractions, Rng& rng) {
  const Index n = classes.size();
  detail::Stratifier counts_of_parts(detail::part_sizes(n, fractions, "samples"), n);
  SplitParts parts(fractions.size());
  // The classes come in random order, because the parts that a small class goes to depend on the classes before it.
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
/// As above, but takes the fractions in braces and returns an array of parts.
template <std::size_t N>
requires(N > 1) std::array<std::vector<Index>, N> split_samples(const Classes& classes, const double (&fractions)[N],
                                                                Rng& rng) {
  return detail::as_array<N>(split_samples(classes, std::span<const double>(fractions), rng));
}

/// Splits by class: holds out round(number of classes * fraction) whole classes, drawn at random, so that training sees
/// no class of the test. Halves are rounded up, and each side has at least one class. Throws ValueError unless the
/// fraction is in (0, 1) and there are at least two classes.
inline Split split_classes(const Classes& classes, double fraction, Rng& rng) {
  return detail::split_whole(classes, fraction, "classes", rng);
}

/// Splits by class into one part per fraction, where the fractions are of the number of classes. The classes are drawn
/// at random, and each part has at least one class. Throws ValueError if there are fewer than two fractions, a fraction
/// is not in (0, 1), the fractions do not add up to 1 (up to rounding), or there are fewer classes than parts.
inline SplitParts split_classes(const Classes& classes, std::span<const double> fractions, Rng& rng) {
  return detail::split_whole(classes, fractions, "classes", rng);
}
/// As above, but takes the fractions in braces and returns an array of parts.
template <std::size_t N>
requires(N > 1) std::array<std::vector<Index>, N> split_classes(const Classes& classes, const double (&fractions)[N],
                                                                Rng& rng) {
  return detail::as_array<N>(split_classes(classes, std::span<const double>(fractions), rng));
}

}  // namespace gemel
