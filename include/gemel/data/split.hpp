#pragma once

#include <algorithm>
#include <cmath>
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

// round(n fraction), and neither none nor all. `what` are being split.
inline Index held_out(Index n, double fraction, const std::string& what) {
  if (!(fraction > 0 && fraction < 1)) {
    throw ValueError({"the fraction held out is ", fraction, ", but it must be in (0, 1)"});
  }
  if (n < 2) throw ValueError({"a split needs at least two ", what, ", but there are ", n});
  return std::clamp<Index>(static_cast<Index>(std::llround(static_cast<double>(n) * fraction)), 1, n - 1);
}

inline std::vector<Index> random_order(Index n, Rng& rng) {
  std::vector<Index> order(static_cast<std::size_t>(n));
  std::iota(order.begin(), order.end(), Index{0});
  shuffle(order, rng);
  return order;
}

}  // namespace detail

/// Splits n samples at random: round(n fraction) are held out, at least one, and not all.
/// Throws ValueError where the fraction is not in (0, 1), or n < 2.
inline Split split_samples(Index n, double fraction, Rng& rng) {
  const Index held = detail::held_out(n, fraction, "samples");
  const std::vector<Index> order = detail::random_order(n, rng);
  Split split{{order.begin() + held, order.end()}, {order.begin(), order.begin() + held}};
  std::sort(split.train.begin(), split.train.end());
  std::sort(split.test.begin(), split.test.end());
  return split;
}

/// The same, stratified: of every class the fraction is held out, to within one sample.
inline Split split_samples(const Classes& classes, double fraction, Rng& rng) {
  const Index held = detail::held_out(classes.size(), fraction, "samples");
  Split split;
  Index passed = 0;  // samples of the classes so far
  for (Index c = 0; c < classes.count(); ++c) {
    const std::span<const Index> members = classes.members(c);
    passed += length(members);
    // Held out so far, floor(passed held / n), keeps to the line: every class has its share to within one.
    const Index target = passed * held / classes.size();
    for (const Index i : detail::random_order(length(members), rng)) {
      auto& side = length(split.test) < target ? split.test : split.train;
      side.push_back(members[static_cast<std::size_t>(i)]);
    }
  }
  std::sort(split.train.begin(), split.train.end());
  std::sort(split.test.begin(), split.test.end());
  return split;
}

/// Splits by class: round(classes fraction) whole classes, drawn at random, are held out, at least one, and not all:
/// none of the people, things or digits of the test was ever seen in training. Throws ValueError where the fraction is
/// not in (0, 1), or there is one class only.
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
