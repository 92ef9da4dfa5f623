#pragma once

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "gemel/core/error.hpp"
#include "gemel/core/format.hpp"
#include "gemel/core/random.hpp"
#include "gemel/core/tolerant_rounding.hpp"
#include "gemel/data/classes.hpp"
#include "gemel/data/group_split.hpp"
#include "gemel/data/split.hpp"
#include "options.hpp"

namespace train {

/// Groups of samples: what they have in common besides their class.
struct Groups {
  gemel::Classes training;
  std::optional<gemel::Classes> test;  ///< only if there is a test file; equal values are the same group
  std::vector<std::string> names;      ///< indexed by the value of a group
};

/// The indices of the samples of each part, in ascending order.
struct Division {
  std::vector<Index> training;
  std::vector<Index> validation;
  std::vector<Index> test;  ///< empty if there is a test file
};

// How classes are divided among training, validation and test.
//
// In each part a class has at least two samples or none, because a single sample makes no similar pair. So --split
// samples divides a class among all three parts if it has six samples or more (or more than six if --test-fraction
// would leave fewer than four), and between the training and one other part if it has four or five. Smaller classes are
// used for the training only.
//
// For some classes, their share of a part may be less than two samples. Then only some of these classes are used for
// that part, with two samples each. They are drawn at random: as many as make up the share of all of them together, but
// at least eight if there are that many. Eight classes of two samples make 112 dissimilar pairs, which are enough to
// measure a false accept rate of 1 %.
//
// --split classes holds out whole classes that have two samples or more. Each part has at least three classes if there
// are three for each, and at least two in any case. Two classes make only one pair of classes, which says little about
// how often other classes are confused.
//
// --group holds out whole groups. It divides the classes only as well as the groups allow, so a part may have any
// number of samples of a class. A part has at least two groups if there are enough: with one group (a speaker), no pair
// of the part would be of two speakers, although the network will meet such pairs.

namespace detail {

constexpr Index divisible = 4;  // the smallest number of samples of a class that can be divided between two parts

inline std::vector<Index> pick(std::span<const Index> from, std::span<const Index> positions) {
  std::vector<Index> picked;
  for (const Index i : positions) picked.push_back(from[static_cast<std::size_t>(i)]);
  return picked;
}

inline Index size_of(const gemel::Classes& classes, Index c) { return gemel::length(classes.members(c)); }

/// The classes with at least `min_size` samples.
inline std::vector<Index> of_size(const gemel::Classes& classes, Index min_size) {
  std::vector<Index> large;
  for (Index c = 0; c < classes.count(); ++c) {
    if (size_of(classes, c) >= min_size) large.push_back(c);
  }
  return large;
}

/// The smallest size of a class that is still divisible after the test has taken its fraction.
inline Index smallest_for_three(double test_fraction) {
  const double size = static_cast<double>(divisible) / (1 - test_fraction);
  return std::max<Index>(divisible + 2, gemel::detail::tolerant_ceil(size, size));
}

/// Keeps `count` of the classes, drawn at random.
inline void keep_some(std::vector<Index>& classes, Index count, gemel::Rng& rng) {
  if (count >= gemel::length(classes)) return;
  shuffle(classes, rng);
  classes.resize(static_cast<std::size_t>(count));
}

/// The candidates that are used for a part, which has this fraction of all samples; see above.
inline std::vector<Index> serving(const gemel::Classes& classes, const std::vector<Index>& candidates, double fraction,
                                  gemel::Rng& rng) {
  constexpr Index min_classes = 8;
  const auto share = [&](Index c) { return static_cast<double>(size_of(classes, c)) * fraction; };
  std::vector<Index> serve, small;
  for (const Index c : candidates) (share(c) < 2 ? small : serve).push_back(c);
  double share_of_small = 0;
  for (Index c = 0; c < classes.count(); ++c) {
    if (share(c) < 2) share_of_small += share(c);
  }
  keep_some(small, std::max<Index>(std::llround(share_of_small / 2), min_classes - gemel::length(serve)), rng);
  serve.insert(serve.end(), small.begin(), small.end());
  return serve;
}

/// Splits off the fraction of the candidates' samples, as Split::test. All other samples are Split::train.
inline gemel::Split split_off_samples(const gemel::Classes& classes, const std::vector<Index>& candidates,
                                      double fraction, gemel::Rng& rng) {
  std::vector<char> serves(static_cast<std::size_t>(classes.count()), 0);
  for (const Index c : serving(classes, candidates, fraction, rng)) serves[static_cast<std::size_t>(c)] = 1;
  std::vector<Index> divided;
  gemel::Split split;
  for (Index i = 0; i < classes.size(); ++i) {
    (serves[static_cast<std::size_t>(classes.of(i))] ? divided : split.train).push_back(i);
  }
  const gemel::Split within = split_samples(classes.select(divided), fraction, rng);
  split.test = pick(divided, within.test);
  const std::vector<Index> kept = pick(divided, within.train);
  split.train.insert(split.train.end(), kept.begin(), kept.end());
  std::sort(split.train.begin(), split.train.end());
  return split;
}

/// The smallest number of classes of a part, where whole classes are divided among so many parts.
inline Index least_classes(const gemel::Classes& classes, Index parts) {
  return gemel::length(of_size(classes, 2)) >= 3 * parts ? 3 : 2;
}

/// Splits off the fraction of the classes that have two samples or more: at least `least_count` classes, so that at
/// least `kept` of them remain.
inline gemel::Split split_off_classes(const gemel::Classes& classes, double fraction, Index least_count, Index kept,
                                      gemel::Rng& rng) {
  const std::vector<Index> candidates = of_size(classes, 2);
  const auto all = static_cast<double>(candidates.size());
  const double least = static_cast<double>(least_count) / all, most = (all - static_cast<double>(kept)) / all;
  std::vector<Index> divided;
  gemel::Split split;
  for (Index i = 0; i < classes.size(); ++i) {
    (size_of(classes, classes.of(i)) >= 2 ? divided : split.train).push_back(i);
  }
  const gemel::Split within = split_classes(classes.select(divided), std::clamp(fraction, least, most), rng);
  split.test = pick(divided, within.test);
  const std::vector<Index> rest = pick(divided, within.train);
  split.train.insert(split.train.end(), rest.begin(), rest.end());
  std::sort(split.train.begin(), split.train.end());
  return split;
}

/// Splits off the last `count` samples, or the `count` classes with the highest indices.
inline gemel::Split split_last(const gemel::Classes& classes, Split by, Index count) {
  const Index all = by == Split::Classes ? classes.count() : classes.size();
  if (count >= all) {
    throw gemel::ValueError("--validation last:" + std::to_string(count) + " leaves nothing to train on: there are " +
                            std::to_string(all) + (by == Split::Classes ? " classes" : " samples") +
                            " besides those of the test");
  }
  gemel::Split split;
  for (Index i = 0; i < classes.size(); ++i) {
    const Index place = by == Split::Classes ? classes.of(i) : i;
    (place < all - count ? split.train : split.test).push_back(i);
  }
  return split;
}

/// Which parts are drawn at random.
struct RandomParts {
  bool test;
  bool validation;

  Index count() const { return Index{test} + Index{validation}; }
};

/// Throws ValueError if the classes are too few or too small.
inline void check_divisible(const gemel::Classes& classes, const Options& options, RandomParts drawn) {
  using gemel::length;
  const bool both = drawn.count() == 2;
  const Index with_pairs = length(of_size(classes, 2)), needed = 2 * drawn.count() + 2;
  const char* part = drawn.test ? "the test" : "the validation";
  if (options.split == Split::Classes) {
    if (with_pairs >= needed) return;
    throw gemel::ValueError({"--split classes needs two classes for the training, and two for ",
                             both ? "each of test and validation" : part,
                             ", all of two samples or more, but there are ", with_pairs, ", not ", needed,
                             ": give more classes, or use --split samples"});
  }
  const Index three = smallest_for_three(options.test_fraction);
  const Index for_two = length(of_size(classes, divisible)), for_three = length(of_size(classes, three));
  if (both ? for_two + for_three >= 4 : for_two >= 2) return;
  std::string remedy = ": give more samples";
  if (both && for_two >= 2)
    remedy +=
        options.images.empty() ? ", or a file to test on with --test-data" : ", or files to test on with --test-images";
  if (with_pairs >= needed) remedy += ", or hold out whole classes with --split classes";
  if (both) {
    throw gemel::ValueError({"there are too few samples to divide: the test and the validation need two classes of ",
                             three, " samples or more, or four of ", divisible, " or more; the classes with ", three,
                             " or more are ", for_three, ", those with ", divisible, " to ", three - 1, " are ",
                             for_two, remedy});
  }
  throw gemel::ValueError({"there are too few samples to divide: ", part, " needs two classes of ", divisible,
                           " samples or more, half of which stay to learn from, but there are ", for_two, remedy});
}

/// The classes that may be used for the test. Of those that can be divided only once, some are left for the validation.
inline std::vector<Index> candidates_for_test(const gemel::Classes& classes, const Options& options, RandomParts drawn,
                                              gemel::Rng& rng) {
  std::vector<Index> candidates = of_size(classes, divisible);
  if (!drawn.validation) return candidates;
  const Index three = smallest_for_three(options.test_fraction);
  const auto small = std::stable_partition(candidates.begin(), candidates.end(),
                                           [&](Index c) { return size_of(classes, c) >= three; });
  std::vector<Index> once(small, candidates.end());
  candidates.erase(small, candidates.end());
  const double validation = (1 - options.test_fraction) * options.validation.fraction;
  const Index all = gemel::length(once), least = std::min<Index>(8, all / 2);
  const double part = static_cast<double>(all) * options.test_fraction / (options.test_fraction + validation);
  keep_some(once, std::clamp<Index>(std::llround(part), least, all - least), rng);
  candidates.insert(candidates.end(), once.begin(), once.end());
  return candidates;
}

/// The training and the drawn parts, for error messages.
inline std::string drawn_parts(RandomParts drawn) {
  return drawn.count() == 2 ? "training, validation and test"
         : drawn.test       ? "training and test"
                            : "training and validation";
}

/// Divides whole groups, so that no group is in two parts.
inline Division divide_groups(const gemel::GroupedClasses& samples, const std::vector<std::string>& names,
                              const Options& options, RandomParts drawn, gemel::Rng& rng) {
  const gemel::Classes& groups = samples.groups;
  if (groups.count() < drawn.count() + 1) {
    throw gemel::ValueError({"there are too few groups to divide, ", groups.count(), ": ", drawn_parts(drawn),
                             " need one each; give more groups",
                             drawn.test ? ", or a file to test on with --test-data" : ""});
  }
  // All numbers below are shares of the groups.
  const double least =
      static_cast<double>(groups.count() >= 2 * (drawn.count() + 1) ? 2 : 1) / static_cast<double>(groups.count());
  const auto between = [](double share, double low, double high) { return std::max(low, std::min(share, high)); };
  const double others = static_cast<double>(drawn.count()) * least;
  const double test = drawn.test ? between(options.test_fraction, least, 1 - others) : 0;
  const double validation =
      drawn.validation ? between((1 - test) * options.validation.fraction, least, 1 - test - least) : 0;
  std::vector<double> fractions{1 - test - validation};
  if (drawn.validation) fractions.push_back(validation);
  if (drawn.test) fractions.push_back(test);

  Division parts;
  if (drawn.count() == 0) {
    parts.training.resize(static_cast<std::size_t>(groups.size()));
    std::iota(parts.training.begin(), parts.training.end(), Index{0});
  } else {
    gemel::SplitParts split = split_groups(samples, fractions, rng);
    parts.training = std::move(split.front());
    if (drawn.validation) parts.validation = std::move(split[1]);
    if (drawn.test) parts.test = std::move(split.back());
  }
  if (drawn.validation) return parts;

  const gemel::Split last =
      split_last(samples.classes.select(parts.training), Split::Samples, options.validation.count);
  parts.validation = pick(parts.training, last.test);
  parts.training = pick(parts.training, last.train);
  std::vector<char> in_training(static_cast<std::size_t>(groups.count()), 0);
  for (const Index i : parts.training) in_training[static_cast<std::size_t>(groups.of(i))] = 1;
  for (const Index i : parts.validation) {
    if (in_training[static_cast<std::size_t>(groups.of(i))] == 0) continue;
    throw gemel::ValueError({"--validation last:", options.validation.count, " divides the group '",
                             names[static_cast<std::size_t>(groups.value(groups.of(i)))],
                             "' of --group: give a number that ends where a group does, or a share, which holds out "
                             "whole groups"});
  }
  return parts;
}

}  // namespace detail

/// Divides the samples according to the options. `own_test`: whether there is a test file. Throws ValueError if there
/// are too few samples.
inline Division divide(const gemel::Classes& classes, const Options& options, bool own_test, gemel::Rng& rng,
                       const std::optional<Groups>& groups = {}) {
  const bool by_class = options.split == Split::Classes;
  const detail::RandomParts drawn{.test = !own_test, .validation = options.validation.count == 0};
  if (groups)
    return detail::divide_groups({.groups = groups->training, .classes = classes}, groups->names, options, drawn, rng);
  if (drawn.count() > 0) detail::check_divisible(classes, options, drawn);

  const Index least = detail::least_classes(classes, drawn.count() + 1);
  Division parts;
  parts.training.resize(static_cast<std::size_t>(classes.size()));
  std::iota(parts.training.begin(), parts.training.end(), Index{0});
  const auto move_to = [&parts](std::vector<Index>& part, const gemel::Split& split) {
    part = detail::pick(parts.training, split.test);
    parts.training = detail::pick(parts.training, split.train);
  };
  if (drawn.test) {
    move_to(parts.test,
            by_class ? detail::split_off_classes(classes, options.test_fraction, least, least * drawn.count(), rng)
                     : detail::split_off_samples(classes, detail::candidates_for_test(classes, options, drawn, rng),
                                                 options.test_fraction, rng));
  }
  const gemel::Classes rest = classes.select(parts.training);
  const double fraction = options.validation.fraction;
  if (!drawn.validation) {
    move_to(parts.validation, detail::split_last(rest, options.split, options.validation.count));
  } else if (by_class) {
    move_to(parts.validation, detail::split_off_classes(rest, fraction, least, least, rng));
  } else {
    move_to(parts.validation, detail::split_off_samples(rest, detail::of_size(rest, detail::divisible), fraction, rng));
  }
  return parts;
}

}  // namespace train
