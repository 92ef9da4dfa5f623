#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <new>
#include <span>
#include <utility>
#include <vector>

#include "gemel/core/error.hpp"
#include "gemel/core/random.hpp"
#include "gemel/core/stop.hpp"
#include "gemel/core/team.hpp"
#include "gemel/core/types.hpp"
#include "gemel/data/classes.hpp"
#include "gemel/data/neighbours.hpp"
#include "gemel/data/pair_source.hpp"
#include "gemel/data/sample_lists.hpp"
#include "gemel/data/samples.hpp"

namespace gemel {

/// What two samples are to each other: a similar or a dissimilar pair, or no pair at all.
enum class Relation {
  Similar,     ///< a pair labelled similar
  Dissimilar,  ///< a pair labelled dissimilar
  Skip         ///< no pair
};

/// Options of ClassBatches.
struct ClassBatchesOptions {
  Index classes = 10;  ///< Number of classes per batch, at least 1.
  Index samples = 20;  ///< Number of samples per class, at least 1; a smaller class gives all of its samples.
  /// Number of batches per epoch; 0: as many as would use each sample once, n / (classes * samples), rounded up.
  Index batches = 0;
  /// The relation of two samples, given their numbers, the smaller one first. It is a function of these numbers only,
  /// which several threads may call. Empty: samples of a class are similar, all others dissimilar.
  std::function<Relation(Index, Index)> relation = {};
  Neighbours neighbours = {};  ///< Neighbours of the samples, which are added to the batches; empty: none.
};

/// A PairSource whose batches are made of classes: it draws P classes and K different samples of each, and a batch has
/// all pairs of its samples. So each sample is embedded once and is in pairs of both kinds. Sampling P x K like this is
/// usual for losses over a batch (Hermans, Beyer, Leibe: In defense of the triplet loss for person re-identification,
/// 2017).
///
/// Not all pairs need to count. A skilled forgery, for example, is dissimilar to the genuine signatures of the signer
/// whom it imitates, but two forgeries tell nothing about each other:
///
///   const auto relation = [signer, forged](Index a, Index b) {  // std::vector<int>: one number per sample
///     const auto i = static_cast<std::size_t>(a), j = static_cast<std::size_t>(b);
///     if (forged[i] && forged[j]) return Relation::Skip;
///     return signer[i] == signer[j] && !forged[i] && !forged[j] ? Relation::Similar : Relation::Dissimilar;
///   };
///   ClassBatches<float> source{x, signer, {.classes = 10, .samples = 20, .relation = relation}};
///
/// If the samples' neighbours are known, batches contain more of the pairs that are hard to tell apart. Of each of the
/// P classes, one drawn sample and one of its neighbours are chosen; that neighbour joins the batch, together with K -
/// 1 other samples of its class. If its class is in the batch already, the sample's next neighbour is tried.
///
/// Each batch is a function of (seed, epoch, k) and of the table of neighbours when the epoch starts. The table is
/// saved and restored with a training. fit's options batch_size and shuffle have no effect on these batches;
/// batch_size is still that of the validation. After the first epoch, nothing is allocated.
template <Scalar S>
class ClassBatches {
 public:
  /// @{
  /// Copies share the samples and the neighbours. A move copies too, for the reason given at Samples.
  ClassBatches(const ClassBatches&) = default;
  ClassBatches& operator=(const ClassBatches&) = default;
  /// @}

  /// Batches of the samples x (features x n), given the class of each. Throws ShapeError if there is not one class or
  /// one column of neighbours per sample; ValueError if an option is out of range, there are fewer classes than a batch
  /// needs, a batch would have no pair or more than 2^16 samples, or, without a relation, if there would be no similar
  /// or no dissimilar pairs.
  [[gnu::cold]] ClassBatches(Samples<S> x, Classes classes, ClassBatchesOptions options = {}) : x_(std::move(x)) {
    const Index n = x_.size();
    if (classes.size() != n) {
      throw ShapeError({"there are ", n, " samples, but ", classes.size(), " class labels: one per sample is needed"});
    }
    check(classes, options);
    // Equal to n / (classes * samples), rounded up, but the product could overflow.
    batches_ = options.batches > 0 ? options.batches : rounded_up(rounded_up(n, options.classes), options.samples);

    std::vector<Index> sizes;
    for (Index c = 0; c < classes.count(); ++c) sizes.push_back(std::min(options.samples, length(classes.members(c))));
    std::ranges::sort(sizes, std::greater{});
    const Index used = options.neighbours ? std::min(classes.count() - options.classes, options.classes) : 0;
    for (Index i = 0; i < options.classes + used; ++i) max_samples_ += sizes[static_cast<std::size_t>(i)];
    constexpr Index most = Index{1} << 16;  // a batch then has fewer than 2^31 pairs
    if (max_samples_ > most) {
      throw ValueError({"a batch could have ", max_samples_, " samples, but all pairs of more than ", most,
                        " are too many: lower classes or samples"});
    }
    if (max_samples_ < 2) throw ValueError("a batch would have one sample, but a pair needs two: raise classes");
    constexpr Index most_in_all = std::numeric_limits<std::int32_t>::max();
    if (batches_ > most_in_all / max_samples_) {
      throw ValueError({"batches is ", batches_, ", but with up to ", max_samples_, " samples per batch it can be ",
                        most_in_all / max_samples_, " at most: an epoch has less than 2^31 samples"});
    }
    shared_ = std::make_shared<const Shared>(Shared{std::move(classes), std::move(options)});
  }

  /// The number of features per sample.
  Index features() const { return x_.features(); }

  /// Draws the samples of an epoch's batches; required by the PairSource concept (data/pair_source.hpp). A stopped
  /// epoch has no batches.
  void start_epoch(std::uint64_t seed, Index epoch, Index /*batch_size*/, bool /*shuffle*/,
                   const StopFlag* stop = nullptr) {
    if (restored_) neighbours().refresh(*restored_);
    restored_ = nullptr;
    const std::shared_ptr<const Neighbours::Table> table = neighbours().table();
    const std::uint64_t epoch_seed = mix(seed, static_cast<std::uint64_t>(epoch));
    lists_.clear();
    lists_.reserve(batches_, batches_ * max_samples_);
    in_batch_.assign(static_cast<std::size_t>(shared_->classes.count()), -1);
    taken_.assign(static_cast<std::size_t>(x_.size()), 0);
    draw_ = 0;
    for (Index k = 0; k < batches_; ++k) {
      if (stop_requested(stop)) return lists_.clear();
      Rng rng{epoch_seed, static_cast<std::uint64_t>(k)};
      draw(k, rng, table.get());
      lists_.end_batch();
    }
  }
  /// The number of batches of the epoch.
  Index batches() const { return batches_; }

  /// Sets `out` to batch k. Throws ValueError if no epoch has begun, if there is no such batch, if none of its pairs
  /// counts, or if they do not fit into memory.
  void batch(Index k, Batch<S>& out) const {
    const std::span<const Index> samples = lists_.batch(k);
    out.clear();
    const auto n = static_cast<std::size_t>(max_samples_), pairs = n * (n - 1) / 2;
    try {
      out.samples.reserve(n);
      out.pairs.reserve(pairs);
      out.similar.reserve(pairs);
    } catch (const std::bad_alloc&) {
      throw ValueError(
          {"a batch of ", n, " samples has ", pairs, " pairs, more than memory holds: lower classes or samples"});
    }
    out.samples.assign(samples.begin(), samples.end());
    const auto add_pairs = [&](const auto& relation) {
      for (std::size_t i = 0; i < samples.size(); ++i) {
        for (std::size_t j = i + 1; j < samples.size(); ++j) {
          const Relation found = relation(samples[i], samples[j]);
          if (found == Relation::Skip) continue;
          out.pairs.push_back({static_cast<Index>(i), static_cast<Index>(j)});
          out.similar.push_back(found == Relation::Similar);
        }
      }
    };
    if (const auto& own = shared_->options.relation) {
      add_pairs([&own](Index a, Index b) { return own(std::min(a, b), std::max(a, b)); });
    } else {
      add_pairs([&classes = shared_->classes](Index a, Index b) {
        return classes.same(a, b) ? Relation::Similar : Relation::Dissimilar;
      });
    }
    if (!out.pairs.empty()) return;
    throw ValueError({"no pair of its ", samples.size(),
                      " samples counts, so there is nothing to learn from: raise classes or samples, or let the "
                      "relation skip fewer pairs"},
                     {.batch = k});
  }
  /// A pointer to the features of sample j of batch k. Throws ValueError if no epoch has begun, if there is no such
  /// batch, or if it has no such sample. The buffer is not used.
  const S* column(Index k, Index j, S* /*buffer*/) const { return x_.column(lists_.sample(k, j)); }

  /// The table of neighbours that the next epoch will use, for a checkpoint; empty without neighbours.
  std::vector<double> save() const {
    const auto table = restored_ ? restored_ : neighbours().table();
    if (!table) return {};
    std::vector<double> saved{static_cast<double>(batches_), static_cast<double>(table->rows())};
    saved.reserve(saved.size() + static_cast<std::size_t>(table->size()));
    for (const Index neighbour : table->reshaped()) saved.push_back(static_cast<double>(neighbour));
    return saved;
  }
  /// Takes over what `save` has returned. The next start_epoch refreshes the neighbours with it, even if they were
  /// refreshed in between. Throws ValueError if there were neighbours then but are none now or the other way round, or
  /// if an epoch had another number of batches; FormatError if it is not a table for these samples.
  [[gnu::cold]] void restore(std::span<const double> saved) {
    if (saved.empty() != !neighbours()) {
      throw ValueError({"the training to be resumed had ", saved.empty() ? "no" : "a",
                        " table of neighbours, but now there is ", saved.empty() ? "one" : "none",
                        ": give ClassBatches the same options"});
    }
    if (saved.empty()) return;
    const auto is_index = [](double value, Index bound) {
      return value >= 0 && value < static_cast<double>(bound) && value == std::floor(value);
    };
    const Index n = x_.size(), entries = length(saved) - 2, per_sample = entries / n;
    if (entries < n || entries % n != 0 || saved[1] != static_cast<double>(per_sample) ||
        !std::ranges::all_of(saved.subspan(2), [&](double value) { return is_index(value, n); })) {
      throw FormatError({"the saved state of ClassBatches is not a table of neighbours of ", n, " samples"});
    }
    if (saved[0] != static_cast<double>(batches_)) {
      throw ValueError({"in the training to be resumed, an epoch had ", saved[0],
                        " batches, but with this pair source it has ", batches_, ": give the same options"});
    }
    auto table = std::make_shared<Neighbours::Table>(entries / n, n);
    for (Index i = 0; i < entries; ++i) {
      table->data()[i] = static_cast<Index>(saved[static_cast<std::size_t>(i) + 2]);
    }
    restored_ = std::move(table);
  }

 private:
  struct Shared {
    Classes classes;
    ClassBatchesOptions options;
  };

  /// A class of a batch, and the positions of its samples in the batch.
  struct Drawn {
    Index c;
    detail::Range samples;
  };

  static Index rounded_up(Index a, Index b) { return a / b + (a % b != 0); }

  static void check(const Classes& classes, const ClassBatchesOptions& options) {
    const auto at_least = [](const char* name, Index value, Index lowest) {
      if (value < lowest) throw ValueError({name, " is ", value, ", but it must be at least ", lowest});
    };
    at_least("classes", options.classes, 1);
    at_least("samples", options.samples, 1);
    at_least("batches", options.batches, 0);
    if (options.classes > classes.count()) {
      throw ValueError({"classes is ", options.classes, ", but there are ", classes.count(),
                        ", and the classes of a batch are all different: lower it"});
    }
    if (options.neighbours && options.neighbours.table()->cols() != classes.size()) {
      throw ShapeError({"there are ", classes.size(), " samples, but a table of neighbours of ",
                        options.neighbours.table()->cols(), " (k x n: one sample per column)"});
    }
    if (options.relation) return;
    if (classes.count() < 2) {
      throw ValueError({"all samples are of class ", classes.value(0), ": dissimilar pairs need at least two classes"});
    }
    if (options.classes < 2 && !options.neighbours) {
      throw ValueError("classes is 1, but dissimilar pairs need at least two classes in a batch");
    }
    if (options.samples < 2) throw ValueError("samples is 1, but similar pairs need at least two samples of a class");
    for (Index c = 0; c < classes.count(); ++c) {
      if (classes.members(c).size() > 1) return;
    }
    throw ValueError("no class has two samples, so there are no similar pairs: give more samples of a class");
  }

  const Neighbours& neighbours() const { return shared_->options.neighbours; }

  /// Draws the samples of batch k.
  void draw(Index k, Rng& rng, const Neighbours::Table* table) {
    const auto& [classes, options] = *shared_;
    drawn_.clear();
    draw_distinct(rng, classes.count(), options.classes, [this](Index c) { drawn_.push_back({c, {}}); });
    for (Drawn& each : drawn_) {
      in_batch_[static_cast<std::size_t>(each.c)] = k;
      each.samples.first = length(lists_.written());
      add_members(rng, each.c, options.samples);
      each.samples.last = length(lists_.written());
    }
    if (!table) return;
    for (const auto& [drawn_class, range] : drawn_) {
      const Index chosen = lists_.written()[static_cast<std::size_t>(range.first + rng.below(range.size()))];
      const Index neighbour = find_neighbour(k, rng, table->col(chosen));
      if (neighbour < 0) continue;
      const Index c = classes.of(neighbour);
      in_batch_[static_cast<std::size_t>(c)] = k;
      lists_.add(neighbour);
      add_members(rng, c, options.samples - 1, neighbour);
    }
  }

  /// A neighbour from a sample's list whose class is not in batch k; -1 if there is none.
  template <class List>
  Index find_neighbour(Index k, Rng& rng, const List& list) const {
    const Index start = rng.below(list.size());
    for (Index i = 0; i < list.size(); ++i) {
      const Index neighbour = list[(start + i) % list.size()];
      if (in_batch_[static_cast<std::size_t>(shared_->classes.of(neighbour))] != k) return neighbour;
    }
    return -1;
  }

  /// Adds `count` different samples of class c to the batch, or all if there are no more, but not the sample `except`.
  void add_members(Rng& rng, Index c, Index count, Index except = -1) {
    const std::span<const Index> members = shared_->classes.members(c);
    const Index available = length(members) - (except < 0 ? 0 : 1);
    draw_distinct(rng, available, std::min(count, available), [&](Index i) {
      // Since the members ascend, those from `except` on move up by one.
      const auto at = static_cast<std::size_t>(i);
      lists_.add(except < 0 || members[at] < except ? members[at] : members[at + 1]);
    });
  }

  /// Calls take(i) for `count` different numbers i below n; all sets of numbers are equally likely (Floyd; in Bentley:
  /// Programming pearls: a sample of brilliance, 1987).
  template <class Take>
  void draw_distinct(Rng& rng, Index n, Index count, const Take& take) {
    ++draw_;
    for (Index last = n - count; last < n; ++last) {
      Index i = count < n ? rng.below(last + 1) : last;  // all numbers need no random ones
      if (taken_[static_cast<std::size_t>(i)] == draw_) i = last;
      taken_[static_cast<std::size_t>(i)] = draw_;
      take(i);
    }
  }

  Samples<S> x_;
  Index batches_ = 0;
  Index max_samples_ = 0;  // per batch
  std::shared_ptr<const Shared> shared_ = {};
  std::shared_ptr<const Neighbours::Table> restored_ = {};  // for the next epoch; null: the current table
  detail::SampleLists lists_ = {};                          // of the epoch
  // Memory for start_epoch.
  std::vector<Drawn> drawn_ = {};
  std::vector<Index> in_batch_ = {};  // the last batch that each class is in
  std::vector<Index> taken_ = {};     // the last draw that has taken each number
  Index draw_ = 0;                    // number of draws so far
};

}  // namespace gemel
