#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <span>
#include <string>
#include <vector>

#include "gemel/core/error.hpp"
#include "gemel/core/random.hpp"
#include "gemel/core/types.hpp"
#include "gemel/data/classes.hpp"

namespace gemel {

/// The numbers of the samples to train with and of those held out, ascending: `x.select(split.train)`.
struct Split {
  std::vector<Index> train;
  std::vector<Index> test;
};

namespace detail {

// round(n fraction), halves up, and neither none nor all. `what` are being split. The product is rounded too: 0.29 of
// 50 are 14.5, but it comes out less. 1e-9 n is beyond what rounding takes away, and makes up for it.
inline Index held_out(Index n, double fraction, const std::string& what) {
  if (!(fraction > 0 && fraction < 1)) {
    throw ValueError({"the fraction held out is ", fraction, ", but it must be in (0, 1)"});
  }
  if (n < 2) throw ValueError({"a split needs at least two ", what, ", but there are ", n});
  const auto all = static_cast<double>(n);
  return std::clamp<Index>(static_cast<Index>(std::floor(all * fraction + 0.5 + 1e-9 * all)), 1, n - 1);
}

inline std::vector<Index> random_order(Index n, Rng& rng) {
  std::vector<Index> order(static_cast<std::size_t>(n));
  std::iota(order.begin(), order.end(), Index{0});
  shuffle(order, rng);
  return order;
}

}  // namespace detail

/// Splits n samples at random: round(n fraction) are held out, halves rounded up, at least one, and not all.
/// Throws ValueError where the fraction is not in (0, 1), or n < 2.
inline Split split_samples(Index n, double fraction, Rng& rng) {
  const Index held = detail::held_out(n, fraction, "samples");
  const std::vector<Index> order = detail::random_order(n, rng);
  Split split{{order.begin() + held, order.end()}, {order.begin(), order.begin() + held}};
  std::sort(split.train.begin(), split.train.end());
  std::sort(split.test.begin(), split.test.end());
  return split;
}

/// The same, stratified: of every class the fraction is held out, to within one sample. Of a class of four samples or
/// more, two at least are on either side, where they make similar pairs; so more, or fewer, than round(n fraction) are
/// held out where the classes are small. Smaller classes have their share alone, which may be one sample, or none.
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
    const auto share = [&](std::int64_t part) { return part * held / n; };  // 64 bits, whatever an Index has
    auto count = static_cast<Index>(
        std::clamp(share(passed) - length(split.test), share(size), (std::int64_t{size} * held + n - 1) / n));
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

/// Splits by class: round(classes fraction) whole classes, drawn at random, are held out, halves rounded up, at least
/// one, and not all: none of the people, things or digits of the test was ever seen in training. Throws ValueError
/// where the fraction is not in (0, 1), or there is one class only.
inline Split split_classes(const Classes& classes, double fraction, Rng& rng) {
  const Index held = detail::held_out(classes.count(), fraction, "classes");
  const std::vector<Index> order = detail::random_order(classes.count(), rng);
  Split split;
  for (Index i = 0; i < classes.count(); ++i) {
    auto& side = i < held ? split.test : split.train;
    const std::span<const Index> members = classes.members(order[static_cast<std::size_t>(i)]);
    side.insert(side.end(), members.begin(), members.end());
  }
  std::sort(split.train.begin(), split.train.end());
  std::sort(split.test.begin(), split.test.end());
  return split;
}

}  // namespace gemel
