#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <unordered_set>
#include <vector>

#include "choices.hpp"
#include "columns.hpp"
#include "divide.hpp"
#include "gemel/core/error.hpp"
#include "gemel/core/format.hpp"
#include "gemel/core/random.hpp"
#include "gemel/data/all_pairs.hpp"
#include "gemel/data/any_pair_source.hpp"
#include "gemel/data/augmented.hpp"
#include "gemel/data/class_batches.hpp"
#include "gemel/data/classes.hpp"
#include "gemel/data/consecutive_pairs.hpp"
#include "gemel/data/image_warp.hpp"
#include "gemel/data/pair_sampler.hpp"
#include "gemel/data/pairs.hpp"
#include "gemel/data/samples.hpp"
#include "load.hpp"
#include "options.hpp"
#include "scaling.hpp"
#include "seen.hpp"
#include "source.hpp"

namespace train {

/// The three parts of the data, not scaled: the network learns from `training`, the threshold is set on `validation`,
/// and the figures are measured on `test`.
struct Parts {
  LabelledSamples training;
  LabelledSamples validation;
  LabelledSamples test;
  std::vector<std::string> class_names;  ///< indexed by the value of a class
  Scaling scaling;                       ///< fitted to `training`; finite for all parts
  std::string class_origin;              ///< Loaded::origin
  Columns columns = {};                  ///< of a CSV file
  Seen seen = {};                        ///< the test samples that are in another part too
  std::vector<std::string> notes;        ///< what the user should know about the data, with advice
};

namespace detail {

inline const std::string& name_of(Index c, const gemel::Classes& classes, const std::vector<std::string>& names) {
  return names[static_cast<std::size_t>(classes.value(c))];
}

/// Adds a note if some classes are too small to be held out.
inline void note_small_classes(const gemel::Classes& classes, const Options& options, Parts& parts) {
  const Index min_size = options.split == Split::Classes ? 2 : divisible;
  const Index small = classes.count() - gemel::length(of_size(classes, min_size));
  if (small == 0) return;
  parts.notes.push_back(
      gemel::format({"no sample is held out of the classes with fewer than ", min_size, " samples (", small, " of ",
                     classes.count(), "); give more samples of such a class, to measure on it too"}));
}

/// Adds a note if a part of whole groups has one group only, and a note if a part that was drawn has no similar pair of
/// a class that has such pairs among all samples.
inline void note_group_part(const gemel::Classes& all, const gemel::Classes& part, Index groups, bool drawn,
                            const char* name, std::vector<std::string>& notes) {
  if (groups == 1) {
    notes.push_back(gemel::format({"the ", name,
                                   " has one group only, so it has no pairs of two groups, although the network "
                                   "will meet such pairs: give more groups"}));
  }
  std::unordered_set<std::int64_t> with_pairs;
  for (const Index c : of_size(part, 2)) with_pairs.insert(part.value(c));
  Index without = 0;
  for (const Index c : of_size(all, 2)) without += !with_pairs.contains(all.value(c));
  if (!drawn || without == 0) return;
  notes.push_back(gemel::format({"the ", name, " has no similar pair of ", without, " of the ", all.count(),
                                 " classes, since whole groups are held out: give more groups that have them, to "
                                 "measure on these too"}));
}

inline void note_groups(const Groups& groups, const gemel::Classes& classes, const Division& division,
                        const Options& options, Parts& parts) {
  const auto count = [&](const std::vector<Index>& part) { return groups.training.select(part).count(); };
  note_group_part(classes, parts.validation.classes, count(division.validation), options.validation.count == 0,
                  "validation", parts.notes);
  note_group_part(classes, parts.test.classes, groups.test ? groups.test->count() : count(division.test), !groups.test,
                  "test", parts.notes);
  if (!groups.test) return;
  const std::string seen = describe_seen(groups.training, *groups.test);
  if (!seen.empty()) parts.notes.push_back(seen);
}

}  // namespace detail

/// Reads the data, divides it and fits the scaling, according to the options.
inline Parts prepare(const Options& options, gemel::Rng& rng) {
  const Loaded loaded = load(options);
  const LabelledSamples& all = loaded.training;
  const Division division = divide(all.classes, options, loaded.test.has_value(), rng, loaded.groups);
  const auto select = [&all](std::span<const Index> indices) {
    return LabelledSamples{all.samples.select(indices), all.classes.select(indices)};
  };
  Parts parts{.training = select(division.training),
              .validation = select(division.validation),
              .test = loaded.test ? *loaded.test : select(division.test),
              .class_names = loaded.class_names,
              .scaling = find_scaling(options.scale, all.samples.select(division.training)),
              .class_origin = loaded.origin,
              .columns = loaded.columns,
              .notes = loaded.notes};
  parts.scaling.check(all.samples, "--data");
  if (loaded.test) parts.scaling.check(loaded.test->samples, "--test-data");
  parts.seen = count_seen(parts.training.samples, parts.validation.samples, parts.test.samples);
  // Sizes of classes do not matter if the last samples or whole groups are held out.
  if (options.validation.count == 0 && !loaded.groups) detail::note_small_classes(all.classes, options, parts);
  if (loaded.groups) detail::note_groups(*loaded.groups, all.classes, division, options, parts);
  if (parts.seen.anywhere > 0) parts.notes.push_back(parts.seen.describe());
  return parts;
}

namespace detail {

/// Advice for an error about a part of the data with too few samples.
inline std::string how_to_enlarge(const Options& options, const std::string& part) {
  if (part == "training") {
    if (options.validation.count > 0) return "hold out others with --validation";
    return options.group.empty() ? "give more samples" : "give more groups";
  }
  if (!options.group.empty() && part == "validation") return "hold out more groups with --validation";
  if (part == "validation") return "hold out more of them with --validation";
  const bool own = !options.test_data.empty() || !options.test_images.empty();
  if (own) return "give more samples to test on";
  return options.group.empty() ? "hold out more of them with --test-fraction"
                               : "hold out more groups with --test-fraction";
}

/// Throws ValueError if a part allows no similar or no dissimilar pair. `consecutive` is the option that asks for
/// consecutive pairs, or null: with them, every class must have two samples or more. `name` is the part's name.
inline void check_pairs(const Options& options, const LabelledSamples& part, const std::string& name,
                        const std::vector<std::string>& names, const char* consecutive) {
  const gemel::Classes& classes = part.classes;
  const std::string enlarge = how_to_enlarge(options, name);
  if (classes.count() < 2) {
    throw gemel::ValueError({"the ", name, "'s samples (", classes.size(), ") are of one class only, '",
                             name_of(0, classes, names), "', so they make no dissimilar pair: ", enlarge});
  }
  if (of_size(classes, 2).empty()) {
    throw gemel::ValueError({"the ", name, "'s samples (", classes.size(),
                             ") are each of another class, so they make no similar pair: ", enlarge});
  }
  if (consecutive == nullptr) return;
  for (Index c = 0; c < classes.count(); ++c) {
    if (size_of(classes, c) > 1) continue;
    throw gemel::ValueError({consecutive, " consecutive needs two samples or more of every class, but '",
                             name_of(c, classes, names), "' has one in the ", name, ": give more, or leave it out"});
  }
}

}  // namespace detail

/// Pairs to learn from, and how their samples are augmented, if they are.
struct LearningPairs {
  gemel::AnyPairSource<float> pairs;
  Index batch_size;       ///< of fit
  Index pairs_per_epoch;  ///< if batches are composed of classes, those of one epoch; other epochs may have others
  Index steps_per_epoch;
  std::optional<gemel::ImageWarp> warp = {};

  Source source() const { return warp ? Source{gemel::Augmented{pairs, *warp}} : Source{pairs}; }
};

namespace detail {

/// The number of pairs of an epoch. If a class is smaller than its share of a batch, epochs differ, and it is that of
/// the first one.
inline Index pairs_of_an_epoch(gemel::ClassBatches<float> source, const gemel::Classes& classes, const Options& options,
                               Index classes_per_batch) {
  const Index samples = classes_per_batch * options.batch_samples;
  if (gemel::length(of_size(classes, options.batch_samples)) == classes.count()) {
    return source.batches() * (samples * (samples - 1) / 2);
  }
  source.start_epoch(options.seed, 0, 1, true);
  Index pairs = 0;
  gemel::Batch<float> batch;
  for (Index k = 0; k < source.batches(); ++k) {
    source.batch(k, batch);
    pairs += batch.size();
  }
  return pairs;
}

/// The batches that are composed of classes. They need no batch size; the one here is that of the validation pairs.
inline LearningPairs composed_pairs(const Options& options, const LabelledSamples& part, bool default_classes) {
  constexpr Index validation_batch = 4096;
  // An epoch that uses each sample once would be short. It is also short if there are so few samples that many batches
  // would be nearly the same.
  constexpr Index least_batches = 100, samples_per_batch = 12;
  constexpr Index most_samples = 4096;  // 8.4 million pairs
  const Index all = part.classes.count();
  if (!default_classes && options.batch_classes > all) {
    throw gemel::ValueError({"--batch-classes is ", options.batch_classes, ", but the training samples are of ", all,
                             " classes: give ", all, " at most"});
  }
  const Index classes = std::min(options.batch_classes, all);
  if (classes > most_samples / options.batch_samples) {
    throw gemel::ValueError({"--batch-classes ", classes, " and --batch-samples ", options.batch_samples, " make ",
                             classes * options.batch_samples, " samples in a batch, but at most ", most_samples,
                             " are allowed, since all their pairs are compared: lower one of them"});
  }
  const Index samples = classes * options.batch_samples;
  const auto quotient = [n = part.samples.size()](Index divisor) { return (n + divisor - 1) / divisor; };
  const Index batches = std::max(quotient(samples), std::min(least_batches, quotient(samples_per_batch)));
  const gemel::ClassBatches<float> source{
      part.samples, part.classes, {.classes = classes, .samples = options.batch_samples, .batches = batches}};
  return {source, validation_batch, pairs_of_an_epoch(source, part.classes, options, classes), batches};
}

/// The pairs, not augmented.
inline LearningPairs plain_pairs(const Options& options, const Parts& parts, bool default_classes, gemel::Rng& rng) {
  const LabelledSamples& part = parts.training;
  const bool consecutive = options.pairs == TrainingPairs::Consecutive;
  check_pairs(options, part, "training", parts.class_names, consecutive ? "--pairs" : nullptr);
  if (options.pairs == TrainingPairs::Classes) return composed_pairs(options, part, default_classes);
  const auto learn_from = [&options](auto pairs) {
    return LearningPairs{pairs, options.batch, pairs.size(), (pairs.size() + options.batch - 1) / options.batch};
  };
  if (consecutive) return learn_from(consecutive_pairs(part.samples, part.classes, rng));
  const Index max_pairs = std::numeric_limits<std::int32_t>::max() / part.samples.size();  // the limit of PairSampler
  if (options.pairs_per_sample > max_pairs) {
    throw gemel::ValueError({"--pairs-per-sample ", options.pairs_per_sample, " is too many for ", part.samples.size(),
                             " training samples: give ", max_pairs, " at most"});
  }
  return learn_from(
      gemel::PairSampler<float>{part.samples, part.classes, {.pairs_per_sample = options.pairs_per_sample}});
}

}  // namespace detail

/// The training pairs that the options ask for. `default_classes`: whether --batch-classes has its default, which is
/// lowered if there are fewer classes. Throws ValueError if the samples do not allow them.
inline LearningPairs training_pairs(const Options& options, const Parts& parts, bool default_classes, gemel::Rng& rng) {
  LearningPairs pairs = detail::plain_pairs(options, parts, default_classes, rng);
  if (!options.augment) return pairs;
  const ImageSize size = *options.augment;
  const Index features = parts.training.samples.features();
  if (size.width * size.height != features) {
    throw gemel::ValueError({"--augment says that a sample is an image of ", size.width, " x ", size.height, ", so ",
                             size.width * size.height, " pixels, but the samples have ", features, " features"});
  }
  pairs.warp = make_warp(size);
  return pairs;
}

/// Pairs to measure on, and a description of how they were chosen.
struct MeasuringPairs {
  gemel::Pairs<float> pairs;
  std::string description;
};

/// The pairs of a part that are measured: consecutive pairs with --test-pairs consecutive, otherwise all pairs, or a
/// balanced draw of them if the part has more than 1500 samples. `name` is the part's name in errors. Throws ValueError
/// if the samples do not allow such pairs.
inline MeasuringPairs measuring_pairs(const Options& options, const LabelledSamples& part, const std::string& name,
                                      const std::vector<std::string>& class_names, gemel::Rng& rng) {
  constexpr Index max_samples = 1500;  // 1.1 million pairs
  constexpr gemel::PairSamplerOptions draw{.pairs_per_sample = 8};
  const bool consecutive = options.test_pairs == TestPairs::Consecutive;
  detail::check_pairs(options, part, name, class_names, consecutive ? "--test-pairs" : nullptr);
  if (consecutive) return {consecutive_pairs(part.samples, part.classes, rng), "consecutive, half of them similar"};
  if (part.samples.size() <= max_samples) return {all_pairs(part.samples, part.classes), "all there are"};
  return {gemel::PairSampler<float>{part.samples, part.classes, draw}.pairs(rng.bits()), "drawn, half of them similar"};
}

}  // namespace train
