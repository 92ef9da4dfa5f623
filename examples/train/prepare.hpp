#pragma once

#include <algorithm>
#include <numeric>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "choices.hpp"
#include "gemel/core/error.hpp"
#include "gemel/core/random.hpp"
#include "gemel/data/all_pairs.hpp"
#include "gemel/data/classes.hpp"
#include "gemel/data/consecutive_pairs.hpp"
#include "gemel/data/pairs.hpp"
#include "gemel/data/samples.hpp"
#include "gemel/data/split.hpp"
#include "load.hpp"
#include "options.hpp"
#include "scaling.hpp"

namespace train {

/// The three parts of the data, scaled alike: the network learns from the first, the threshold is set on the second,
/// the figures come from the third.
struct Parts {
  LabelledSamples training;
  LabelledSamples validation;
  LabelledSamples test;
  std::vector<std::string> class_names;  ///< by the value of a class
  std::string scaling;
  std::string class_origin;        ///< as Loaded's
  std::vector<std::string> notes;  ///< as Loaded's
};

namespace detail {

inline std::vector<Index> pick(std::span<const Index> from, std::span<const Index> positions) {
  std::vector<Index> picked;
  for (const Index i : positions) picked.push_back(from[static_cast<std::size_t>(i)]);
  return picked;
}

/// Splits off a random share of the samples, or of the classes; two classes at least, or there are no dissimilar pairs.
inline gemel::Split split_off(const gemel::Classes& classes, Split by, double fraction, gemel::Rng& rng) {
  if (by == Split::Samples) return split_samples(classes, fraction, rng);
  if (classes.count() < 4) {
    throw gemel::ValueError("--split classes needs at least two classes on either side of a split, but there are " +
                            std::to_string(classes.count()) + " to divide");
  }
  return split_classes(classes, std::max(fraction, 2 / static_cast<double>(classes.count())), rng);
}

/// Splits off the last samples, or the classes of the highest numbers.
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

}  // namespace detail

/// Reads, splits and scales what the options ask for.
inline Parts prepare(const Options& options, gemel::Rng& rng) {
  const Loaded loaded = load(options);
  const LabelledSamples& all = loaded.training;

  std::vector<Index> training(static_cast<std::size_t>(all.samples.size())), test;
  std::iota(training.begin(), training.end(), Index{0});
  if (!loaded.test) {
    gemel::Split split = detail::split_off(all.classes, options.split, options.test_fraction, rng);
    training = std::move(split.train);
    test = std::move(split.test);
  }
  const gemel::Classes remaining = all.classes.select(training);
  const gemel::Split split = options.validation.count > 0
                                 ? detail::split_last(remaining, options.split, options.validation.count)
                                 : detail::split_off(remaining, options.split, options.validation.fraction, rng);
  const std::vector<Index> validation = detail::pick(training, split.test);
  training = detail::pick(training, split.train);

  const Scaling scaling = find_scaling(options.scale, all.samples.matrix(), training);
  const auto scaled = [&](const LabelledSamples& part) {
    return LabelledSamples{scaling.apply(part.samples), part.classes};
  };
  const LabelledSamples known = scaled(all);
  const auto select = [&known](std::span<const Index> indices) {
    return LabelledSamples{known.samples.select(indices), known.classes.select(indices)};
  };
  return {select(training), select(validation), loaded.test ? scaled(*loaded.test) : select(test), loaded.class_names,
          scaling.description, loaded.origin, loaded.notes};
}

/// Pairs to learn from.
inline AnyPairs training_pairs(const Options& options, const LabelledSamples& part, gemel::Rng& rng) {
  if (part.classes.count() < 2) {
    throw gemel::ValueError("the " + std::to_string(part.samples.size()) +
                            " training samples are of one class only: there are no dissimilar pairs to learn from");
  }
  if (options.pairs == TrainingPairs::Consecutive) return {consecutive_pairs(part.samples, part.classes, rng)};
  return {gemel::PairSampler<float>{part.samples, part.classes, {.pairs_per_sample = options.pairs_per_sample}}};
}

/// Pairs to measure on, and which they are.
struct MeasuringPairs {
  gemel::Pairs<float> pairs;
  std::string description;
};

/// Of many samples all pairs would be too many: then it is a balanced draw. `name` says of which part in errors.
inline MeasuringPairs measuring_pairs(const Options& options, const LabelledSamples& part, const std::string& name,
                                      gemel::Rng& rng) {
  constexpr Index most_samples = 1500;  // 1.1 million pairs
  constexpr gemel::PairSamplerOptions draw{.pairs_per_sample = 8};
  const auto make = [&]() -> MeasuringPairs {
    if (options.test_pairs == TestPairs::Consecutive) {
      return {consecutive_pairs(part.samples, part.classes, rng), "consecutive, half of them similar"};
    }
    if (part.samples.size() <= most_samples) return {all_pairs(part.samples, part.classes), "all there are"};
    return {gemel::PairSampler<float>{part.samples, part.classes, draw}.pairs(rng.bits()),
            "drawn, half of them similar"};
  };
  MeasuringPairs measuring = make();
  const gemel::Labels labels = measuring.pairs.labels();
  const Index similar = std::count(labels.span().begin(), labels.span().end(), 1);
  if (similar == 0 || similar == labels.size()) {
    throw gemel::ValueError("the " + std::to_string(part.samples.size()) + " " + name + " samples give no " +
                            (similar == 0 ? "similar" : "dissimilar") + " pair: hold out more of them");
  }
  return measuring;
}

}  // namespace train
