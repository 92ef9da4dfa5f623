#include "gemel/training/resumption.hpp"

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "catch.hpp"
#include "gemel/gemel.hpp"
#include "mentions.hpp"

namespace gemel::test::resumption {

namespace {

using Net = Network<float, Dense<6, 8, ReLU>, Dropout<8>, GaussianNoise<8>, Dense<8, 4>>;
using Model = Siamese<Net>;
using Optimizer =  // hides the concept
    AnyOptimizer<float>;

// A training after an epoch, as a user would keep it.
struct Kept {
  Model model;
  Optimizer optimizer;
  TrainingSnapshot snapshot;
};

Model new_model() {
  Rng rng{5};
  return Model{Net{rng, {}, Dropout<8>{}, GaussianNoise<8>{0.1}, {}}};
}

auto keep_in(std::vector<Kept>& all) {
  return OnCheckpoint{[&all](auto& state, const TrainingSnapshot& snapshot) {
    all.push_back({state.model, state.optimizer, snapshot});
  }};
}

template <class Range>
std::vector<std::uint64_t> bits(const Range& values) {
  std::vector<std::uint64_t> all;
  for (const auto value : values) all.push_back(std::bit_cast<std::uint64_t>(static_cast<double>(value)));
  return all;
}

void check_same(const History& a, const History& b) {
  CHECK(bits(a.loss) == bits(b.loss));
  CHECK(bits(a.validation_loss) == bits(b.validation_loss));
  CHECK(bits(a.learning_rate) == bits(b.learning_rate));
  CHECK(a.seconds.size() == b.seconds.size());
  CHECK(a.warnings == b.warnings);
  CHECK(a.stopped == b.stopped);
  REQUIRE(a.metrics.size() == b.metrics.size());
  for (std::size_t i = 0; i < a.metrics.size(); ++i) {
    CHECK(a.metrics[i].name == b.metrics[i].name);
    CHECK(a.metrics[i].more_is_better == b.metrics[i].more_is_better);
    CHECK(bits(a.metrics[i].values) == bits(b.metrics[i].values));
  }
}

void check_same(Optimizer& a, Optimizer& b) {
  const OptimizerState<float> first = a.state(), second = b.state();
  CHECK(*first.step == *second.step);
  CHECK(a.learning_rate() == b.learning_rate());
  REQUIRE(first.arrays.size() == second.arrays.size());
  for (std::size_t i = 0; i < first.arrays.size(); ++i) {
    CHECK(bits(first.arrays[i].values) == bits(second.arrays[i].values));
  }
}

/// Checks that a training equals itself after an interruption at the end of each epoch. `run(model, optimizer, options,
/// start, keep)` calls fit with new callbacks and returns the history; `start` is an Rng or a snapshot. Returns the
/// history and the number of snapshots.
template <class Run>
std::pair<History, Index> check_resumes(const Optimizer& fresh, FitOptions<float> options, const Run& run) {
  Model model = new_model();
  Optimizer optimizer = fresh;
  std::vector<Kept> epochs;
  Rng rng{9};
  options.threads = 1;
  const History whole = run(model, optimizer, options, rng, keep_in(epochs));
  REQUIRE_FALSE(epochs.empty());
  for (std::size_t k = 0; k < epochs.size(); ++k) {
    for (const Index threads : {1, 2, 3}) {
      CAPTURE(k, threads);
      CHECK(epochs[k].snapshot.epoch == static_cast<Index>(k) + 1);
      Kept kept = epochs[k];
      options.threads = threads;
      std::vector<Kept> later;
      const TrainingSnapshot& from = kept.snapshot;
      const History resumed = run(kept.model, kept.optimizer, options, from, keep_in(later));
      CHECK(bits(kept.model.parameters()) == bits(model.parameters()));
      check_same(kept.optimizer, optimizer);
      check_same(resumed, whole);
      REQUIRE(later.size() == epochs.size() - 1 - k);  // a resumed training can be resumed again
      for (std::size_t i = 0; i < later.size(); ++i) {
        const TrainingSnapshot &a = later[i].snapshot, &b = epochs[k + 1 + i].snapshot;
        CHECK((a.seed == b.seed && a.epoch == b.epoch && a.steps == b.steps && a.batches == b.batches));
        CHECK((a.stopped == b.stopped && a.learning_rate == b.learning_rate && a.rate_scale == b.rate_scale));
        CHECK((a.callbacks == b.callbacks && a.source == b.source));
      }
    }
  }
  return {whole, length(epochs)};
}

MatrixX<float> features(Index n, std::uint64_t seed = 3) {
  Rng rng{seed};
  return uniform<float>(6, n, rng);
}

Classes classes(Index n) {
  std::vector<int> of;
  for (Index i = 0; i < n; ++i) of.push_back(static_cast<int>(i * i % 5));
  return Classes{of};
}

Pairs<float> static_pairs(Index n = 21, std::uint64_t seed = 3) {
  Rng rng{seed};
  return {features(n, seed), features(n, seed + 1), coin_flips(n, rng)};
}

std::vector<AnyPairSource<float>> sources() {
  return {static_pairs(), PairSampler<float>{features(13), classes(13)}, InBatchPairs<float>{features(17), classes(17)},
          ClassBatches<float>{features(17), classes(17), {.classes = 2, .samples = 4}}};
}

std::vector<Optimizer> optimizers() {
  return {RMSprop<float>{{.momentum = 0.5, .centered = true}},
          SGD<float>{{.learning_rate = 0.1, .momentum = 0.9, .nesterov = true, .clipnorm = 0.1}},
          Adam<float>{{.learning_rate = 0.01, .amsgrad = true, .global_clipnorm = 0.2}},
          AdamW<float>{{.learning_rate = 0.01, .weight_decay = 0.1, .clipvalue = 0.01}},
          Adam<float>{{.dialect = Dialect::PyTorch}}};
}

}  // namespace

TEST_CASE("a resumed training has the bits of the unbroken one, for each source and optimizer", "[resumption]") {
  for (const AnyPairSource<float>& source : sources()) {
    for (const Optimizer& optimizer : optimizers()) {
      for (const bool shuffle : {true, false}) {
        const auto [history, snapshots] =
            check_resumes(optimizer, {.epochs = 4, .batch_size = 4, .shuffle = shuffle},
                          [&](auto& model, auto& own, const auto& options, auto& start, auto keep) {
                            return fit(model, source, ContrastiveLoss{}, own, options, start, keep);
                          });
        CHECK(snapshots == 4);
        CHECK(history.loss[0] != history.loss[3]);
      }
    }
  }
}

TEST_CASE("a resumed training draws the same augmentations", "[resumption]") {
  const ImageWarp warp{{.width = 3, .height = 2, .shift = 0.5}};
  const auto noise = [](Rng& rng, const ConstColumn<float>& in, Column<float> out) {
    for (Index i = 0; i < out.size(); ++i) out[i] = in[i] + 0.1F * rng.uniform<float>();
  };
  for (const AnyPairSource<float>& source : sources()) {
    const auto [history, snapshots] = check_resumes(
        Adam<float>{}, {.epochs = 3, .batch_size = 4},
        [&](auto& model, auto& own, const auto& options, auto& start, auto keep) {
          return fit(model, Augmented{Augmented{source, warp}, noise}, ContrastiveLoss{}, own, options, start, keep);
        });
    CHECK(snapshots == 3);
  }
}

TEST_CASE("schedules, plateaus, metrics and early stopping resume with their states", "[resumption]") {
  const std::vector<AnySchedule> schedules = {
      ConstantRate{.learning_rate = 0.02},
      ExponentialDecay{.initial_learning_rate = 0.02, .decay_steps = 3, .decay_rate = 0.9, .staircase = true},
      ExponentialDecay{.initial_learning_rate = 0.02, .decay_steps = whole_training, .decay_rate = 0.5},
      CosineDecay{.initial_learning_rate = 0, .decay_steps = whole_training, .warmup_target = 0.02, .warmup_steps = 8}};
  const auto pairs = static_pairs(), validation = static_pairs(9, 8);
  for (const AnySchedule& schedule : schedules) {
    for (const Per per : {Per::Batch, Per::Epoch}) {
      for (const bool split : {true, false}) {
        if (per == Per::Epoch && schedule.over(48)(0) == 0) continue;  // its warm-up is longer than these epochs
        FitOptions<float> options{.epochs = 6, .batch_size = 4};
        if (split) options.validation_split = 0.3;
        if (!split) options.validation = &validation;
        const auto [history, snapshots] = check_resumes(
            RMSprop<float>{}, options, [&](auto& model, auto& own, const auto& now, auto& start, auto keep) {
              return fit(model, pairs, ContrastiveLoss{}, own, now, start, LearningRate{schedule, per},
                         Watch{"own eer", validation, eer, {.every = 2}},
                         ReduceLROnPlateau{.monitor = Monitor::Loss, .factor = 0.7, .patience = 1, .min_delta = 0.05},
                         EarlyStopping{.monitor = "own eer", .patience = 5}, keep);
            });
        CHECK(snapshots == 6);
        CHECK(history.learning_rate.back() != history.learning_rate.front());
      }
    }
  }
}

TEST_CASE("a training that EarlyStopping has ended ends again at once, with the best parameters", "[resumption]") {
  const auto pairs = static_pairs(), validation = static_pairs(15, 11);
  Index epochs_begun = 0;
  for (const Index patience : {1, 2}) {
    const auto [history, snapshots] = check_resumes(
        Adam<float>{{.learning_rate = 0.05}}, {.epochs = 40, .batch_size = 4, .validation = &validation},
        [&](auto& model, auto& own, const auto& options, auto& start, auto keep) {
          epochs_begun = 0;
          return fit(model, pairs, ContrastiveLoss{}, own, options, start, EarlyStopping{.patience = patience}, keep,
                     OnEpochBegin{[&](auto&) { ++epochs_begun; }});
        });
    CHECK(history.stopped);
    CHECK(snapshots == history.epochs());
    CHECK(snapshots < 40);
    CHECK(epochs_begun == 0);  // of the last one, resumed after its last epoch
  }
}

TEST_CASE("rates that lambdas set last beyond an interruption, and those of on_train_begin do not return",
          "[resumption]") {
  const auto pairs = static_pairs();
  const auto [history, snapshots] =
      check_resumes(SGD<float>{{.learning_rate = 0.1}}, {.epochs = 5, .batch_size = 4},
                    [&](auto& model, auto& own, const auto& options, auto& start, auto keep) {
                      return fit(model, pairs, ContrastiveLoss{}, own, options, start, OnTrainBegin{[](auto& state) {
                                   state.optimizer.learning_rate(0.3);
                                   state.rate_scale = 1.5;
                                 }},
                                 OnEpochEnd{[](auto& state) {
                                   if (state.epoch == 1) state.learning_rate *= 0.25;
                                   if (state.epoch == 2) state.optimizer.learning_rate(0.02);
                                   if (state.epoch == 3) state.rate_scale = 0.5;
                                 }},
                                 keep);
                    });
  CHECK(history.learning_rate.front() != history.learning_rate.back());
  CHECK(snapshots == 5);
}

TEST_CASE("a restored plateau does not lower a scale that was raised after it", "[resumption]") {
  const auto pairs = static_pairs();
  check_resumes(SGD<float>{{.learning_rate = 0.1}}, {.epochs = 5, .batch_size = 4},
                [&](auto& model, auto& own, const auto& options, auto& start, auto keep) {
                  return fit(model, pairs, ContrastiveLoss{}, own, options, start,
                             ReduceLROnPlateau{.monitor = Monitor::Loss, .factor = 0.5, .patience = 1, .min_delta = 9},
                             OnEpochEnd{[](auto& state) { state.rate_scale *= 1.5; }}, keep);
                });
}

TEST_CASE("a resumed training has the warnings of the unbroken one, each once", "[resumption]") {
  const auto run = [](const Pairs<float>& pairs, const Pairs<float>& validation, double margin, double rate) {
    return check_resumes(SGD<float>{{.learning_rate = 0.1}}, {.epochs = 6, .batch_size = 4, .validation = &validation},
                         [&](auto& model, auto& own, const auto& options, auto& start, auto keep) {
                           return fit(model, pairs, ContrastiveLoss{.margin = margin}, own, options, start, keep,
                                      OnEpochEnd{[&](auto& state) {
                                        if (state.epoch == 2) state.learning_rate = rate;
                                      }});
                         })
        .first.warnings;
  };
  const auto warned = [](const std::vector<std::string>& warnings, const char* part) {
    REQUIRE(warnings.size() == 1);
    CAPTURE(warnings[0]);
    CHECK(mentions(warnings[0], part));
  };
  const auto pairs = static_pairs();
  warned(run(pairs, static_pairs(9), 1, 0), "the learning rate is 0 (since epoch 4)");
  Rng rng{2};
  warned(run({features(9), features(9, 5), std::vector<int>(9, 0)}, static_pairs(9), 1, 0.1), "all pairs are dissim");
  warned(run(pairs, {features(9), features(9, 5), std::vector<int>(9, 0)}, 1, 0.1), "all validation pairs are dissim");
  // The labels of the validation are reversed: a warning that needs the distances of the last epoch.
  const MatrixX<float> a = features(12), b = features(12, 7);
  std::vector<int> same(24, 1), other(24, 0);
  MatrixX<float> first(6, 24), second(6, 24);
  first << a, a;
  second << a, b;
  for (std::size_t i = 0; i < 12; ++i) same[i + 12] = 0, other[i + 12] = 1;
  warned(run({first, second, same}, {first, second, other}, 1, 0.1), "of the validation");
}

namespace {

// A source whose next epoch depends on the one before, which draws the pairs from a list in turns.
struct InTurns : Pairs<float> {
  using Pairs<float>::Pairs;
  Index turn = 0;
  void start_epoch(std::uint64_t seed, Index, Index batch_size, bool shuffle) {
    turn = (7 * turn + 3) % 11;
    Pairs<float>::start_epoch(seed, turn, batch_size, shuffle);
  }
  std::vector<double> save() const { return {static_cast<double>(turn)}; }
  void restore(std::span<const double> saved) {
    if (saved.size() != 1) throw FormatError("the saved state of InTurns is not one number");
    turn = static_cast<Index>(saved[0]);
  }
};
static_assert(PairSource<InTurns, float>);

// As above, but its state is empty after every second epoch.
struct EverySecond : Pairs<float> {
  using Pairs<float>::Pairs;
  bool odd = false;
  void start_epoch(std::uint64_t seed, Index, Index batch_size, bool shuffle) {
    odd = !odd;
    Pairs<float>::start_epoch(seed, odd, batch_size, shuffle);
  }
  std::vector<double> save() const { return std::vector<double>(odd, 1); }
  void restore(std::span<const double> saved) { odd = !saved.empty(); }
};
static_assert(PairSource<EverySecond, float>);

struct OnlySaves : Pairs<float> {
  std::vector<double> save() const { return {}; }
};
struct SavesWrongly : InTurns {
  int save() const { return 0; }
};
static_assert(!PairSource<OnlySaves, float> && !PairSource<SavesWrongly, float>);

}  // namespace

TEST_CASE("a source's own state is restored", "[resumption]") {
  const auto check = [](const auto& source) {
    const auto [history, snapshots] =
        check_resumes(RMSprop<float>{}, {.epochs = 5, .batch_size = 4},
                      [&](auto& model, auto& own, const auto& options, auto& start, auto keep) {
                        return fit(model, source, ContrastiveLoss{}, own, options, start, keep);
                      });
    CHECK(snapshots == 5);
  };
  Rng rng{4};
  check(InTurns{features(21), features(21, 4), coin_flips(21, rng)});
  check(EverySecond{features(21), features(21, 4), coin_flips(21, rng)});
}

TEST_CASE("neighbours that a callback refreshes are resumed to the bit", "[resumption]") {
  const Samples<float> x = features(40);
  const auto find = [&](const auto& model, Index k) {
    return nearest_of_other_classes(model.embed(x.columns()), classes(40), k);
  };
  for (const bool any : {false, true}) {
    const auto [history, snapshots] =
        check_resumes(RMSprop<float>{{.learning_rate = 0.05}}, {.epochs = 6, .batch_size = 4},
                      [&](auto& model, auto& own, const auto& options, auto& start, auto keep) {
                        const Neighbours neighbours{nearest_of_other_classes(x.matrix(), classes(40), 1)};
                        const ClassBatches<float> batches{
                            x, classes(40), {.classes = 2, .samples = 2, .batches = 3, .neighbours = neighbours}};
                        // The hook at the beginning refreshes too, when the resumed model is another one than at first.
                        const OnTrainBegin first{[&](auto& state) { neighbours.refresh(find(state.model, 3)); }};
                        const OnEpochEnd every_second{[&](auto& state) {
                          if (state.epoch % 2 == 1) neighbours.refresh(find(state.model, 2));
                        }};
                        if (!any)
                          return fit(model, batches, ContrastiveLoss{}, own, options, start, first, keep, every_second);
                        const AnyPairSource<float> chosen = batches;
                        return fit(model, chosen, ContrastiveLoss{}, own, options, start, first, keep, every_second);
                      });
    CHECK(snapshots == 6);
  }
}

TEST_CASE("a source that has no state to restore must have as many batches as before", "[resumption]") {
  const AnyPairSource<float> first = static_pairs();
  std::vector<Kept> kept;
  Model model = new_model();
  Optimizer optimizer;
  Rng rng{1};
  fit(model, first, ContrastiveLoss{}, optimizer, {.epochs = 2, .batch_size = 4}, rng, keep_in(kept));
  const TrainingSnapshot from = kept.back().snapshot;
  const auto message = [&](const AnyPairSource<float>& source) {
    try {
      fit(model, source, ContrastiveLoss{}, optimizer, {.epochs = 3, .batch_size = 4}, from, keep_in(kept));
    } catch (const ValueError& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  CHECK(mentions(message(static_pairs(25)), "had 6 batches, but with this pair source it has 7"));
  const ClassBatchesOptions options{.classes = 2, .samples = 4, .batches = 5};
  CHECK(
      mentions(message(ClassBatches<float>{features(17), classes(17), options}), "had 6 batches, but with this pair"));
  CHECK(message(static_pairs(22)).empty());
}

TEST_CASE("a resumed training may have more epochs, and none if none is left", "[resumption]") {
  const auto pairs = static_pairs();
  const auto train = [&](Model& model, Optimizer& own, Index epochs, auto& start, std::vector<Kept>& kept) {
    return fit(model, pairs, ContrastiveLoss{}, own, {.epochs = epochs, .batch_size = 4}, start, keep_in(kept));
  };
  std::vector<Kept> few, many, none;
  Model model = new_model(), longer = model;
  Optimizer optimizer, longer_optimizer;
  Rng rng{1}, same{1};
  train(model, optimizer, 3, rng, few);
  const History whole = train(longer, longer_optimizer, 7, same, many);
  Kept kept = few.back();
  const TrainingSnapshot& from = few.back().snapshot;
  check_same(train(kept.model, kept.optimizer, 7, from, none), whole);
  CHECK(bits(kept.model.parameters()) == bits(longer.parameters()));
  CHECK(none.size() == 4);

  kept = few.back();
  none.clear();
  CHECK(train(kept.model, kept.optimizer, 3, from, none).epochs() == 3);
  CHECK(bits(kept.model.parameters()) == bits(model.parameters()));
  CHECK(none.empty());
}

TEST_CASE("there is no snapshot of an epoch that was cut short", "[resumption]") {
  const auto pairs = static_pairs();  // 6 batches of 4
  StopFlag flag{false};
  std::vector<Kept> kept;
  const auto train = [&](const FitOptions<float>& options, auto callback) {
    Model model = new_model();
    Optimizer optimizer;
    Rng rng{1};
    kept.clear();
    flag = false;
    return fit(model, pairs, ContrastiveLoss{}, optimizer, options, rng, callback, keep_in(kept));
  };
  const FitOptions<float> options{.epochs = 5, .batch_size = 4, .stop = &flag};
  for (const Index batch : {0, 3, 5}) {  // by the flag: in its last batch too, since there might be a validation
    CHECK(train(options, OnBatchEnd{[&](auto& state) { flag = state.epoch == 2 && state.batch >= batch; }}).epochs() ==
          3);
    CHECK(kept.size() == 2);
  }
  for (const Index batch : {0, 3, 5}) {  // by a callback
    CHECK(train(options, OnBatchEnd{[&](auto& state) { state.stop = state.epoch == 2 && state.batch >= batch; }})
              .epochs() == 3);
    CHECK(kept.size() == (batch == 5 ? 3 : 2));
    CHECK(kept.back().snapshot.stopped == (batch == 5));
  }
  // The flag was set when all that belongs to the epoch was done: the training can be resumed, and goes on.
  train(options, OnEpochEnd{[&](auto& state) { flag = state.epoch == 2; }});
  REQUIRE(kept.size() == 3);
  CHECK_FALSE(kept.back().snapshot.stopped);
  // The flag was set while a metric was measured.
  struct SetsFlag {
    StopFlag& flag;
    MetricSeries metric() const { return {.name = "flag"}; }
    double on_measure(TrainingState<Model, Optimizer>& state) const {
      flag = state.epoch == 2;
      return 0;
    }
  };
  train(options, SetsFlag{flag});
  CHECK(kept.size() == 2);
}

TEST_CASE("what would silently become another training is refused, and nothing is changed", "[resumption]") {
  const auto pairs = static_pairs(), validation = static_pairs(9);
  std::vector<Kept> kept;
  {
    Model model = new_model();
    Optimizer optimizer;
    Rng rng{1};
    fit(model, pairs, ContrastiveLoss{}, optimizer, {.epochs = 3, .batch_size = 4}, rng, LearningRate{ConstantRate{}},
        keep_in(kept), Watch{"own eer", validation, eer});
  }
  const TrainingSnapshot good = kept.back().snapshot;
  const auto refuses = [&](const TrainingSnapshot& from, const FitOptions<float>& options, const Pairs<float>& source,
                           const char* part, const char* metric = "own eer") {
    CAPTURE(part);
    Model model = kept.back().model;
    Optimizer optimizer = kept.back().optimizer;
    std::string text;
    try {
      fit(model, source, ContrastiveLoss{}, optimizer, options, from, LearningRate{ConstantRate{}},
          OnCheckpoint{[](auto&, const TrainingSnapshot&) {}}, Watch{metric, validation, eer});
    } catch (const Error& error) {
      text = error.what();
    }
    CAPTURE(text);
    CHECK(mentions(text, part));
    CHECK(bits(model.parameters()) == bits(kept.back().model.parameters()));
    check_same(optimizer, kept.back().optimizer);
  };
  const FitOptions<float> options{.epochs = 5, .batch_size = 4};
  const auto changed = [&](auto change) {
    TrainingSnapshot from = good;
    change(from);
    return from;
  };
  const auto with = [&](auto change) {
    FitOptions<float> other = options;
    change(other);
    return other;
  };
  refuses(good, with([](auto& o) { o.batch_size = 5; }), pairs, "had batch_size = 4, but now it is 5");
  refuses(good, with([](auto& o) { o.shuffle = false; }), pairs, "had shuffle = 1, but now it is 0");
  refuses(good, with([](auto& o) { o.epochs = 2; }), pairs, "has had 3 epochs, but epochs is 2");
  refuses(good, with([](auto& o) { o.epochs = 0; }), pairs, "epochs must be at least 1");
  refuses(good, with([](auto& o) { o.validation_split = 0.2; }), pairs, "had no validation, but now there is one");
  refuses(good, options, static_pairs(25), "had 6 batches, but with this pair source it has 7");
  refuses(good, options, pairs, "had the metrics 'own eer', but the callbacks have 'eer'", "eer");
  refuses(changed([](auto& s) { s.callbacks.pop_back(); }), options, pairs,
          "had 2 callbacks, but now there are 3: give the same ones");
  refuses(changed([](auto& s) { s.callbacks[1] = {1}; }), options, pairs, "1 numbers for the callback 1, but it takes");
  refuses(changed([](auto& s) { s.callbacks[0] = {}; }), options, pairs, "the callback LearningRate is not one step");
  refuses(changed([](auto& s) { s.source = {1, 2}; }), options, pairs, "2 numbers for the pair source, but it takes");
  refuses(changed([](auto& s) { s.history.validation_loss = s.history.loss; }), options, pairs, "had a validation");
  const char* const contradicts = "but its history does not have as many values";
  refuses(changed([](auto& s) { s.epoch = 4; }), options, pairs, contradicts);
  refuses(changed([](auto& s) { s.history.loss.pop_back(); }), options, pairs, contradicts);
  refuses(changed([](auto& s) { s.history.seconds.clear(); }), options, pairs, contradicts);
  refuses(changed([](auto& s) { s.history.learning_rate.push_back(1); }), options, pairs, contradicts);
  refuses(changed([](auto& s) { s.history.metrics[0].values.clear(); }), options, pairs, contradicts);
  refuses(changed([](auto& s) { s.learning_rate = -1; }), options, pairs, "learning rate of -1");
  refuses(changed([](auto& s) { s.rate_scale = std::numeric_limits<double>::infinity(); }), options, pairs,
          "a scale of inf");
  refuses(TrainingSnapshot{}, options, pairs, "had batch_size = 0");
  refuses(changed([](auto& s) { s = {.batch_size = 4, .callbacks = s.callbacks}; }), options, pairs, contradicts);
}

TEST_CASE("on_checkpoint must not change the training", "[resumption]") {
  const auto pairs = static_pairs();
  const auto message = [&](auto change) {
    Model model = new_model();
    Optimizer optimizer;
    Rng rng{1};
    try {
      fit(model, pairs, ContrastiveLoss{}, optimizer, {.epochs = 2}, rng,
          OnCheckpoint{[&](auto& state, const TrainingSnapshot&) { change(state); }});
    } catch (const ValueError& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  const std::string set = "in on_checkpoint, but the checkpoint would not contain that: set it in on_epoch_end";
  CHECK(mentions(message([](auto& state) { state.stop = true; }), set));
  CHECK(mentions(message([](auto& state) { state.learning_rate = 0.5; }), set));
  CHECK(mentions(message([](auto& state) { state.rate_scale = 0.5; }), set));
  CHECK(mentions(message([](auto& state) { state.optimizer.learning_rate(0.5); }), set));
  CHECK(mentions(message([](auto& state) { ++state.epoch; }), "the state's epoch from 0 to 1 in on_checkpoint"));
  CHECK(message([](auto&) {}).empty());
}

}  // namespace gemel::test::resumption
