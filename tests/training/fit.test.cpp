#include "gemel/training/fit.hpp"

#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>
#include <tuple>
#include <vector>

#include "catch.hpp"
#include "gemel/gemel.hpp"
#include "safetensors.hpp"

using namespace gemel;

namespace {

/// The largest |a - b| / max(1, |b|).
template <class A, class B>
double worst(const A& a, const B& b) {
  REQUIRE(length(a) == length(b));
  double most = 0;
  auto expected = b.begin();
  for (const double value : a) {
    const double error = std::abs(value - *expected) / std::max(1.0, std::abs(*expected));
    if (!(error <= most)) most = error;
    ++expected;
  }
  return most;
}

template <class S>
std::vector<int> labels_of(const Safetensors& golden) {
  const VectorX<S> labels = golden.flat<S>("labels");
  return {labels.begin(), labels.end()};
}

template <class S>
using SmallNet = Network<S, Dense<10, 16, ReLU>, Dense<16, 16, ReLU>, Dense<16, 16, ReLU>>;

template <class S>
Pairs<S> small_pairs(std::uint64_t seed, Index n = 21) {
  Rng rng{seed};
  return {uniform<S>(10, n, rng), uniform<S>(10, n, rng), coin_flips(n, rng)};
}

/// Counts the batches, and sets a flag at one of them.
struct FlagAt {
  StopFlag& flag;
  Index& batches;
  Index last;
  template <class State>
  void on_batch_end(State&) const {
    if (++batches == last) flag = true;
  }
};

}  // namespace

TEST_CASE("fit matches a float64 run of Keras") {
  const Index threads = GENERATE(1, 2, 3, 8);
  CAPTURE(threads);
  const Safetensors golden("fit_keras_f64.safetensors");
  Rng rng{1};
  Siamese<SmallNet<double>> model{rng};
  model.set_parameters(golden.parameters<double>("initial"));
  const MatrixX<double> a = golden.samples<double>("a"), b = golden.samples<double>("b");
  CHECK(worst(model.distance(a, b), golden.flat<double>("distance_before")) <= 1e-12);

  RMSprop<double> optimizer;
  const History history = fit(model, Pairs<double>{a, b, labels_of<double>(golden)}, ContrastiveLoss{}, optimizer,
                              {.epochs = 20, .batch_size = 32, .shuffle = false, .threads = threads}, rng);
  CHECK(worst(history.loss, golden.flat<double>("history_loss")) <= 1e-12);
  CHECK(worst(VectorX<double>(model.parameters()), golden.parameters<double>("final")) <= 1e-12);
  CHECK(worst(model.distance(a, b), golden.flat<double>("distance_after")) <= 1e-12);
  CHECK(history.threads == threads);
  CHECK(history.warnings.empty());
}

TEST_CASE("fit matches Keras' float32 run of the tutorial's size until rounding errors are amplified") {
  const Index threads = GENERATE(1, 2, 3);
  const Safetensors golden("fit_keras_f32_seed.safetensors");
  using Base = Network<float, Dense<100, 128, ReLU>, Dense<128, 128, ReLU>, Dense<128, 128, ReLU>>;
  Rng rng{1};
  Siamese<Base> model{rng};
  model.set_parameters(golden.parameters<float>("initial"));
  RMSprop<float> optimizer;
  const Pairs<float> pairs{golden.samples<float>("a"), golden.samples<float>("b"), labels_of<float>(golden)};
  const History history = fit(model, pairs, ContrastiveLoss{}, optimizer,
                              {.epochs = 8, .batch_size = 32, .shuffle = false, .threads = threads}, rng);
  const VectorX<double> expected = golden.flat<double>("history_loss").head(8);
  CHECK(worst(history.loss, expected) <= 1e-5);
}

TEST_CASE("fit learns, and its result is a function of the rng") {
  const auto run = [](std::uint64_t seed, bool shuffle) {
    Rng rng{seed};
    Siamese<SmallNet<float>> model{rng};
    RMSprop<float> optimizer;
    return fit(model, small_pairs<float>(3), ContrastiveLoss{}, optimizer,
               {.epochs = 30, .batch_size = 4, .shuffle = shuffle}, rng)
        .loss;
  };
  const auto first = run(7, true);
  CHECK(first.back() < 0.3 * first.front());
  CHECK(first == run(7, true));
  CHECK(first != run(8, true));
  CHECK(first != run(7, false));
}

TEST_CASE("an optimizer may be a temporary, and an lvalue is not copied") {
  const auto pairs = small_pairs<float>(3);
  Rng rng{7};
  Siamese<SmallNet<float>> model{rng}, same = model;
  RMSprop<float> optimizer{{.learning_rate = 1e-2}};
  Rng first{1}, second{1};
  const auto loss = fit(model, pairs, ContrastiveLoss{}, optimizer, {.epochs = 2}, first).loss;
  CHECK(fit(same, pairs, ContrastiveLoss{}, RMSprop<float>{{.learning_rate = 1e-2}}, {.epochs = 2}, second).loss ==
        loss);
  CHECK(model.parameters() == same.parameters());
  CHECK(*optimizer.state().step == 2);
}

TEST_CASE("fit with parts chosen at run time is bit-identical to fit with static ones") {
  const Index threads = GENERATE(1, 3);
  const FitOptions<float> options{.epochs = 5, .batch_size = 4, .validation_split = 0.2, .threads = threads};
  Rng rng{7};
  Siamese<SmallNet<float>> model{rng};
  AnyModel<float> any = model;
  RMSprop<float> optimizer;
  AnyOptimizer<float> any_optimizer = optimizer;
  Rng seed{8}, same{8};
  const History history = fit(model, small_pairs<float>(3), ContrastiveLoss{}, optimizer, options, seed);
  const AnyPairSource<float> pairs = small_pairs<float>(3);
  const History of_any = fit(any, pairs, AnyLoss{}, any_optimizer, options, same);
  CHECK(of_any.loss == history.loss);
  CHECK(of_any.validation_loss == history.validation_loss);
  CHECK(of_any.warnings == history.warnings);
  CHECK(any.parameters() == model.parameters());
}

TEST_CASE("a validation split trains on the first pairs and validates on the rest") {
  const Pairs<double> pairs = small_pairs<double>(5, 21);
  const auto run = [&](const Pairs<double>& training, FitOptions<double> options) {
    Rng rng{2};
    Siamese<SmallNet<double>> model{rng};
    RMSprop<double> optimizer;
    options.epochs = 3;
    options.batch_size = 4;
    return fit(model, training, ContrastiveLoss{}, optimizer, options, rng);
  };
  const Pairs<double> last = pairs.slice(16, 5);  // floor(21 * 0.8) = 16
  const History split = run(pairs, {.validation_split = 0.2});
  const History given = run(pairs.slice(0, 16), {.validation = &last});
  CHECK(split.loss == given.loss);
  CHECK(split.validation_loss == given.validation_loss);
  CHECK(split.validation_loss.size() == 3);
  CHECK(run(pairs, {}).validation_loss.empty());
}

TEST_CASE("the validation loss is that of the model after the epoch") {
  const Pairs<double> validation = small_pairs<double>(6, 7);
  Rng rng{2};
  Siamese<SmallNet<double>> model{rng};
  RMSprop<double> optimizer;
  const ContrastiveLoss loss{};
  const History history = fit(model, small_pairs<double>(5), loss, optimizer,
                              {.epochs = 2, .batch_size = 4, .validation = &validation}, rng);
  double sum = 0;
  for (Index i = 0; i < validation.size(); ++i) {
    const double d =
        model.distance(ConstColumn<double>(validation.first(i), 10), ConstColumn<double>(validation.second(i), 10))[0];
    sum += validation.similar(i) ? d * d : std::pow(std::max(0.0, 1 - d), 2);
  }
  CHECK(std::abs(history.validation_loss.back() - sum / 7) <= 1e-12);
}

TEST_CASE("options out of range are rejected, and the model stays unchanged") {
  Rng rng{1};
  Siamese<SmallNet<float>> model{rng};
  const VectorX<float> before = model.parameters();
  const Pairs<float> pairs = small_pairs<float>(1);
  RMSprop<float> optimizer;
  const auto attempt = [&](const FitOptions<float>& options) {
    return fit(model, pairs, ContrastiveLoss{}, optimizer, options, rng);
  };
  CHECK_THROWS_AS(attempt({.epochs = 0}), ValueError);
  CHECK_THROWS_AS(attempt({.batch_size = 0}), ValueError);
  CHECK_THROWS_AS(attempt({.batch_size = -3}), ValueError);
  CHECK_THROWS_AS(attempt({.threads = -1}), ValueError);
  for (const double split : {-0.1, 1.0, 2.0, std::numeric_limits<double>::quiet_NaN(), 0.999}) {
    CAPTURE(split);
    CHECK_THROWS_AS(attempt({.validation_split = split}), ValueError);
  }
  CHECK_THROWS_AS(attempt({.validation_split = 0.5, .validation = &pairs}), ValueError);
  CHECK((model.parameters() - before).cwiseAbs().maxCoeff() == 0);

  const std::vector<int> classes = {0, 0, 1, 1};
  const PairSampler<float> sampler{uniform<float>(10, 4, rng), classes};
  CHECK_THROWS_AS(fit(model, sampler, ContrastiveLoss{}, optimizer, {.validation_split = 0.5}, rng), ValueError);
  CHECK_THROWS_AS(fit(model, Pairs<float>{uniform<float>(9, 2, rng), uniform<float>(9, 2, rng), {0, 1}},
                      ContrastiveLoss{}, optimizer, {}, rng),
                  ShapeError);
  CHECK((model.parameters() - before).cwiseAbs().maxCoeff() == 0);
}

TEST_CASE("a sample that is not finite is named, and the last good parameters stay") {
  const float bad = GENERATE(std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(),
                             -std::numeric_limits<float>::infinity());
  Rng rng{1};
  MatrixX<float> a = uniform<float>(10, 12, rng), b = uniform<float>(10, 12, rng);
  b(3, 9) = bad;  // batch 2 of 4 pairs, its second pair
  Siamese<SmallNet<float>> model{rng};
  RMSprop<float> optimizer;
  VectorX<float> good = model.parameters();
  const auto remember = OnBatchEnd{[&](auto& state) { good = state.model.parameters(); }};
  try {
    fit(model, Pairs<float>{a, b, coin_flips(12, rng)}, ContrastiveLoss{}, optimizer,
        {.epochs = 2, .batch_size = 4, .shuffle = false}, rng, remember);
    FAIL("no error");
  } catch (const NonFiniteError& error) {
    CAPTURE(error.what());
    CHECK(error.place().epoch == 0);
    CHECK(error.place().batch == 2);
    CHECK(error.place().pair == 1);
    CHECK(std::string(error.what()).starts_with("epoch 1, batch 2, pair 1, sample 21, feature 3: "));
  }
  CHECK((model.parameters() - good).cwiseAbs().maxCoeff() == 0);
  CHECK(*optimizer.state().step == 2);
}

TEST_CASE("callbacks are called in order, see the state, and may end the training") {
  std::string calls;
  const auto note = [&calls](const char* what) { return [&calls, what](auto&) { calls += what; }; };
  LambdaCallback all{OnTrainBegin{note("(")}, OnEpochBegin{note("[")}, OnBatchBegin{note("<")},
                     OnBatchEnd{note(">")},   OnEpochEnd{note("]")},   OnTrainEnd{note(")")}};
  Rng rng{1};
  Siamese<SmallNet<float>> model{rng};
  RMSprop<float> optimizer;
  Index seen = 0;
  const auto watch = OnEpochEnd{[&](auto& state) {
    CHECK(state.epoch == seen++);
    CHECK(state.pairs == 21);
    CHECK(state.batches == 3);
    CHECK(state.loss == state.history.loss.back());
    state.stop = state.epoch == 1;
  }};
  const History history =
      fit(model, small_pairs<float>(1), ContrastiveLoss{}, optimizer, {.epochs = 5, .batch_size = 8}, rng, all, watch);
  CHECK(calls == "([<><><>][<><><>])");
  CHECK(history.epochs() == 2);
  CHECK(history.stopped);
  CHECK(history.seconds.size() == 2);
}

TEST_CASE("a training that is stopped at the beginning of an epoch has no figures of that epoch") {
  Rng rng{1};
  Siamese<SmallNet<float>> model{rng};
  RMSprop<float> optimizer;
  const auto stop = OnEpochBegin{[](auto& state) { state.stop = state.epoch == 2; }};
  const History history =
      fit(model, small_pairs<float>(1), ContrastiveLoss{}, optimizer, {.epochs = 5, .batch_size = 8}, rng, stop);
  CHECK(history.epochs() == 2);
  CHECK(history.stopped);
  CHECK(history.warnings.empty());
}

TEST_CASE("a callback may replace the optimizer") {
  Rng rng{1};
  Siamese<SmallNet<float>> model{rng};
  RMSprop<float> optimizer{{.learning_rate = 1e-4}};
  const auto exchange =
      OnEpochEnd{[](auto& state) { state.optimizer = RMSprop<float>{{.learning_rate = 1e-3, .clipnorm = 1}}; }};
  fit(model, small_pairs<float>(1), ContrastiveLoss{}, optimizer, {.epochs = 3, .batch_size = 8}, rng, exchange);
  CHECK(model.parameters().allFinite());
}

TEST_CASE("an update that overflows is reported at the end of the epoch") {
  Rng rng{1};
  Siamese<SmallNet<float>> model{rng};
  SGD<float> optimizer{{.learning_rate = 1e30, .weight_decay = 1e30}};
  CHECK_THROWS_AS(fit(model, small_pairs<float>(1), ContrastiveLoss{}, optimizer, {.epochs = 1, .batch_size = 21}, rng),
                  NonFiniteError);
}

TEST_CASE("the rate of a step is the product of the schedule's rate and the plateau's scale") {
  Rng rng{1};
  Siamese<SmallNet<float>> model{rng};
  SGD<float> optimizer{{.learning_rate = 0.5}};
  std::vector<double> rates;
  const auto watch = OnBatchEnd{[&](auto& state) { rates.push_back(state.optimizer.learning_rate()); }};
  const auto halve = OnEpochEnd{[](auto& state) { state.rate_scale /= 2; }};
  const auto schedule = [](Index step) { return 0.1 * static_cast<double>(step + 1); };
  const History history = fit(model, small_pairs<float>(1, 4), ContrastiveLoss{}, optimizer,
                              {.epochs = 2, .batch_size = 2}, rng, LearningRate{schedule}, halve, watch);
  const std::vector<double> expected = {0.1, 0.2, 0.15, 0.2};
  CHECK(worst(rates, expected) <= 1e-15);
  CHECK(history.learning_rate.size() == 2);
}

TEST_CASE("early stopping restores the best epoch's parameters") {
  const Pairs<float> validation = small_pairs<float>(11, 9);
  Rng rng{3};
  Siamese<SmallNet<float>> model{rng};
  RMSprop<float> optimizer{{.learning_rate = 0.02}};
  EarlyStopping stopping{.patience = 3};
  std::vector<VectorX<float>> parameters;
  const History history = fit(model, small_pairs<float>(4), ContrastiveLoss{}, optimizer,
                              {.epochs = 200, .batch_size = 4, .validation = &validation}, rng, stopping,
                              OnEpochEnd{[&](auto& state) { parameters.push_back(state.model.parameters()); }});
  REQUIRE(history.stopped);
  const auto best = std::ranges::min_element(history.validation_loss) - history.validation_loss.begin();
  CHECK(best == history.epochs() - 4);
  CHECK((model.parameters() - parameters[static_cast<std::size_t>(best)]).cwiseAbs().maxCoeff() == 0);
}

namespace {

/// The learning rates of a training that is on a plateau from the start, so that each epoch but the first divides the
/// rate by ten.
template <class... Callbacks>
std::vector<double> rates_of(RMSprop<float>& optimizer, Index epochs, ReduceLROnPlateau& reduce,
                             Callbacks&&... callbacks) {
  Rng rng{1};
  Siamese<SmallNet<float>> model{rng};
  return fit(model, small_pairs<float>(1), ContrastiveLoss{}, optimizer, {.epochs = epochs, .batch_size = 21}, rng,
             reduce, callbacks...)
      .learning_rate;
}

const ReduceLROnPlateau at_once{.monitor = Monitor::Loss, .factor = 0.1, .patience = 1, .min_delta = 1e6};

}  // namespace

TEST_CASE("a restored plateau continues like an uninterrupted one, with the same optimizer or another one") {
  RMSprop<float> unbroken{{.learning_rate = 1e-3}}, reduced{{.learning_rate = 1e-3}}, another{{.learning_rate = 1e-3}};
  ReduceLROnPlateau all = at_once, first = at_once, second = at_once, third = at_once;
  const std::vector<double> rates = rates_of(unbroken, 6, all);
  REQUIRE(rates.front() == 1e-3);
  REQUIRE(rates.back() < 1e-6);
  const std::vector<double> begun = rates_of(reduced, 3, first);
  const std::vector<double> rest(rates.begin() + 3, rates.end());
  CHECK(begun == std::vector<double>(rates.begin(), rates.begin() + 3));
  second.restore(first.save());
  CHECK(rates_of(reduced, 3, second) == rest);
  third.restore(first.save());
  CHECK(rates_of(another, 3, third) == rest);
}

TEST_CASE("a plateau continues from copies that a callback made after an epoch, as for a checkpoint") {
  RMSprop<float> unbroken{{.learning_rate = 1e-3}}, saved{{.learning_rate = 0.5}}, first{{.learning_rate = 1e-3}};
  ReduceLROnPlateau all = at_once, begun = at_once, second = at_once;
  const std::vector<double> rates = rates_of(unbroken, 6, all);
  std::vector<double> memory;
  rates_of(first, 6, begun, OnEpochEnd{[&](auto& state) {
             if (state.epoch != 2) return;
             saved = state.optimizer;
             memory = begun.save();
           }});
  second.restore(memory);
  CHECK(rates_of(saved, 3, second) == std::vector<double>(rates.begin() + 3, rates.end()));
}

TEST_CASE("of two restored plateaus, the one that reduced last determines the rate") {
  const ReduceLROnPlateau never{.monitor = Monitor::Loss, .factor = 0.5, .patience = 1000};
  RMSprop<float> optimizer{{.learning_rate = 1e-3}};
  ReduceLROnPlateau one = at_once, other = never;
  const std::vector<double> rates = rates_of(optimizer, 4, one, other);
  for (const bool turned : {false, true}) {
    CAPTURE(turned);
    ReduceLROnPlateau first = at_once, second = never;
    rates_of(optimizer, 2, first, second);
    ReduceLROnPlateau first_again = at_once, second_again = never;
    first_again.restore(first.save());
    second_again.restore(second.save());
    const auto rest =
        turned ? rates_of(optimizer, 2, second_again, first_again) : rates_of(optimizer, 2, first_again, second_again);
    CHECK(rest == std::vector<double>(rates.begin() + 2, rates.end()));
    ReduceLROnPlateau alone = at_once, fresh = never;
    alone.restore(first.save());
    const auto beside_fresh = turned ? rates_of(optimizer, 2, fresh, alone) : rates_of(optimizer, 2, alone, fresh);
    CHECK(beside_fresh == rest);
  }
}

TEST_CASE("after a training the optimizer has its own learning rate again") {
  Rng rng{1};
  Siamese<SmallNet<float>> model{rng};
  RMSprop<float> optimizer{{.learning_rate = 1e-3}};
  const auto train = [&](auto&&... callbacks) {
    return fit(model, small_pairs<float>(1), ContrastiveLoss{}, optimizer, {.epochs = 2, .batch_size = 8}, rng,
               callbacks...);
  };
  train(LearningRate{ExponentialDecay{.initial_learning_rate = 0.5, .decay_steps = 2}});
  CHECK(optimizer.learning_rate() == 1e-3);
  ReduceLROnPlateau reduce = at_once;
  train(reduce);
  CHECK(optimizer.learning_rate() == 1e-3);
  CHECK(train().learning_rate == std::vector<double>{1e-3, 1e-3});
  CHECK_THROWS_AS(train(reduce, OnEpochEnd{[](auto& state) {
                          if (state.epoch == 1) throw std::runtime_error("enough");
                        }}),
                  std::runtime_error);
  CHECK(optimizer.learning_rate() == 1e-3);
  CHECK_THROWS_AS(train(LearningRate{[](Index step) { return step < 4 ? 0.1 : 1e39; }}), ValueError);
  CHECK(optimizer.learning_rate() == 1e-3);
}

TEST_CASE("a rate that a callback sets in the optimizer is used, recorded and kept") {
  Rng rng{1};
  Siamese<SmallNet<float>> model{rng};
  SGD<float> optimizer{{.learning_rate = 0.5}};
  std::vector<double> rates;
  const auto watch = OnBatchBegin{[&](auto& state) { rates.push_back(state.learning_rate * state.rate_scale); }};
  const auto train = [&](auto&&... callbacks) {
    rates.clear();
    optimizer = SGD<float>{{.learning_rate = 0.5}};
    return fit(model, small_pairs<float>(1, 4), ContrastiveLoss{}, optimizer, {.epochs = 2, .batch_size = 2}, rng,
               callbacks..., watch)
        .learning_rate;
  };
  const auto freeze = OnEpochEnd{[](auto& state) { state.optimizer.learning_rate(0); }};
  CHECK(train(freeze) == std::vector<double>{0.5, 0});
  CHECK(rates == std::vector<double>{0.5, 0.5, 0, 0});
  CHECK(optimizer.learning_rate() == 0);

  // A rate that is set after the last batch of an epoch is for the next epoch. Steps use it unscaled, even with a
  // scale.
  const auto quarter = OnBatchEnd{[](auto& state) {
    state.rate_scale = 0.5;
    if (state.batch == 1) state.optimizer.learning_rate(0.125);
  }};
  CHECK(train(quarter) == std::vector<double>{0.25, 0.125});
  CHECK(rates == std::vector<double>{0.5, 0.25, 0.125, 0.125});

  const auto exchange = OnEpochEnd{[](auto& state) {
    if (state.epoch == 0) state.optimizer = SGD<float>{{.learning_rate = 0.0625, .momentum = 0.5}};
  }};
  CHECK(train(exchange) == std::vector<double>{0.5, 0.0625});
  CHECK(optimizer.learning_rate() == 0.0625);
}

TEST_CASE("a callback that changes or leaves what it must not is reported") {
  Rng rng{1};
  Siamese<SmallNet<float>> model{rng};
  const VectorX<float> before = model.parameters();
  RMSprop<float> optimizer;
  const auto told = [&](const auto& callback, const std::string& words) {
    model.set_parameters(before);
    try {
      fit(model, small_pairs<float>(1), ContrastiveLoss{}, optimizer, {.epochs = 3, .batch_size = 8}, rng, callback);
    } catch (const ValueError& error) {
      CAPTURE(error.what());
      CHECK(std::string(error.what()).find(words) != std::string::npos);
      return true;
    }
    return false;
  };
  CHECK(told(OnEpochBegin{[](auto& state) { state.batches = 0; }},
             "a callback has changed the state's batches from 3 to 0 in on_epoch_begin"));
  CHECK(told(OnEpochEnd{[](auto& state) { state.epoch = 7; }}, "epoch from 0 to 7 in on_epoch_end"));
  CHECK(told(OnTrainBegin{[](auto& state) { state.epochs = 9; }}, "epochs from 3 to 9 in on_train_begin"));
  CHECK(told(OnBatchBegin{[](auto& state) { ++state.batch; }}, "batch from 0 to 1 in on_batch_begin"));
  CHECK(told(OnBatchEnd{[](auto& state) { state.pairs = 0; }}, "pairs from 8 to 0 in on_batch_end"));
  CHECK(told(OnTrainEnd{[](auto& state) { state.loss = -1; }}, "in on_train_end"));

  for (const double bad : {-0.1, std::numeric_limits<double>::infinity(), std::nan("")}) {
    CAPTURE(bad);
    CHECK(told(OnTrainBegin{[bad](auto& state) { state.learning_rate = bad; }},
               "a callback has set the state's learning_rate to "));
    CHECK((model.parameters() - before).cwiseAbs().maxCoeff() == 0);
    CHECK(told(OnEpochEnd{[bad](auto& state) { state.rate_scale = bad; }},
               "a callback has set the state's rate_scale to "));
  }
}

TEST_CASE("no callback can clear the stop of another one") {
  Rng rng{1};
  Siamese<SmallNet<float>> model{rng};
  RMSprop<float> optimizer;
  const auto stop = OnEpochEnd{[](auto& state) { state.stop = state.epoch == 1; }};
  const auto go_on = OnEpochEnd{[](auto& state) { state.stop = false; }};
  const History history =
      fit(model, small_pairs<float>(1), ContrastiveLoss{}, optimizer, {.epochs = 5, .batch_size = 8}, rng, stop, go_on);
  CHECK(history.epochs() == 2);
  CHECK(history.stopped);
}

TEST_CASE("a training can be stopped before it begins, or in its first batch") {
  Rng rng{1};
  Siamese<SmallNet<float>> model{rng};
  const VectorX<float> before = model.parameters();
  RMSprop<float> optimizer;
  const Pairs<float> validation = small_pairs<float>(2, 5);
  std::string calls;
  const auto end = OnTrainEnd{[&](auto&) { calls += "end"; }};
  const auto train = [&](const auto& stop) {
    return fit(model, small_pairs<float>(1), ContrastiveLoss{}, optimizer,
               {.epochs = 5, .batch_size = 8, .validation = &validation}, rng, stop, end);
  };
  const History none = train(OnTrainBegin{[](auto& state) { state.stop = true; }});
  CHECK(none.epochs() == 0);
  CHECK(none.stopped);
  CHECK(none.warnings.empty());
  CHECK(calls == "end");
  CHECK((model.parameters() - before).cwiseAbs().maxCoeff() == 0);

  const History one = train(OnBatchBegin{[](auto& state) { state.stop = true; }});
  REQUIRE(one.epochs() == 1);
  CHECK(std::isfinite(one.loss[0]));
  CHECK(std::isfinite(one.validation_loss[0]));
  CHECK(*optimizer.state().step == 1);
}

TEST_CASE("a callback may train within a training") {
  Rng rng{1};
  Siamese<SmallNet<float>> model{rng}, alone{rng};
  alone.set_parameters(VectorX<float>(model.parameters()));
  RMSprop<float> optimizer, its_own;
  ReduceLROnPlateau reduce = at_once, same = at_once;
  const Pairs<float> pairs = small_pairs<float>(1);
  const FitOptions<float> options{.epochs = 3, .batch_size = 21, .shuffle = false};
  const auto train = OnEpochEnd{[&](auto& state) {
    Rng other{2};
    fit(state.model, pairs, ContrastiveLoss{}, state.optimizer, options, other);
  }};
  const History history = fit(model, pairs, ContrastiveLoss{}, optimizer, options, rng, reduce, train);
  CHECK(history.learning_rate == fit(alone, pairs, ContrastiveLoss{}, its_own, options, rng, same).learning_rate);
  CHECK(*optimizer.state().step == 12);
  CHECK(optimizer.learning_rate() == 1e-3);
}

TEST_CASE("weights of validation pairs multiply their terms, and the divisor is the number of pairs") {
  Rng rng{6};
  const MatrixX<double> a = uniform<double>(10, 7, rng), b = uniform<double>(10, 7, rng);
  const std::vector<int> labels = {1, 0, 1, 0, 0, 1, 1};
  const std::vector<double> weights = {0.5, 2, 0, 1, 3, 0.25, 10};
  const Pairs<double> validation{a, b, labels, weights};
  Siamese<SmallNet<double>> model{rng};
  RMSprop<double> optimizer;
  const History history = fit(model, small_pairs<double>(5), ContrastiveLoss{}, optimizer,
                              {.epochs = 2, .batch_size = 4, .validation = &validation}, rng);
  const VectorX<double> d = model.distance(a, b);
  double sum = 0;
  for (std::size_t i = 0; i < 7; ++i) {
    const double distance = d[static_cast<Index>(i)];
    sum += weights[i] * (labels[i] == 1 ? distance * distance : std::pow(std::max(0.0, 1 - distance), 2));
  }
  CHECK(std::abs(history.validation_loss.back() - sum / 7) <= 1e-12);
}

TEST_CASE("a callback that monitors a missing validation is rejected before the first epoch") {
  Rng rng{1};
  Siamese<SmallNet<float>> model{rng};
  const VectorX<float> before = model.parameters();
  RMSprop<float> optimizer;
  const auto train = [&](auto callback) {
    fit(model, small_pairs<float>(1), ContrastiveLoss{}, optimizer, {.epochs = 3, .batch_size = 8}, rng, callback);
  };
  CHECK_THROWS_AS(train(EarlyStopping{}), ValueError);
  CHECK_THROWS_AS(train(ReduceLROnPlateau{}), ValueError);
  CHECK((model.parameters() - before).cwiseAbs().maxCoeff() == 0);
}

TEST_CASE("A stop flag ends the training after the current batch, and before an epoch is drawn") {
  Rng rng{3};
  Siamese<SmallNet<float>> model{rng};
  RMSprop<float> optimizer;
  const Pairs<float> pairs = small_pairs<float>(5, 20), validation = small_pairs<float>(6);
  StopFlag stop = false;
  Index batches = 0;
  const auto train = [&](Index last, bool validate) {
    batches = 0;
    return fit(model, pairs, ContrastiveLoss{}, optimizer,
               {.epochs = 9, .batch_size = 5, .validation = validate ? &validation : nullptr, .stop = &stop}, rng,
               FlagAt{stop, batches, last});
  };

  SECTION("within an epoch, the batch after the one in which it was set is the last") {
    const History history = train(2, true);
    CHECK(batches == 3);
    CHECK(history.epochs() == 1);
    CHECK(history.stopped);
    REQUIRE(history.validation_loss.size() == 1);
    CHECK(std::isnan(history.validation_loss[0]));
  }
  SECTION("at the end of an epoch, no other begins") {
    CHECK(train(4, false).epochs() == 1);
    CHECK(batches == 4);
  }
  SECTION("before the training, nothing is trained or changed") {
    stop = true;
    const VectorX<float> before = model.network().parameters();
    const History history = train(1, true);
    CHECK(history.epochs() == 0);
    CHECK(history.stopped);
    CHECK(batches == 0);
    CHECK(model.network().parameters() == before);
  }
  SECTION("a flag that is never set changes nothing") {
    const auto run = [&](const StopFlag* flag) {
      Rng same{8};
      Siamese<SmallNet<float>> net{same};
      RMSprop<float> steps;
      fit(net, pairs, ContrastiveLoss{}, steps, {.epochs = 3, .validation = &validation, .stop = flag}, same);
      return VectorX<float>(net.network().parameters());
    };
    CHECK(run(&stop) == run(nullptr));
  }
}

TEST_CASE("fit accepts a stop flag with a source that cannot be stopped") {
  struct Plain {
    Pairs<float> pairs;
    Index features() const { return pairs.features(); }
    Index batches() const { return pairs.batches(); }
    void start_epoch(std::uint64_t seed, Index epoch, Index size, bool shuffle) {
      pairs.start_epoch(seed, epoch, size, shuffle);
    }
    void batch(Index k, Batch<float>& out) const { pairs.batch(k, out); }
    const float* column(Index k, Index j, float* buffer) const { return pairs.column(k, j, buffer); }
  };
  Rng rng{3};
  Siamese<SmallNet<float>> model{rng};
  StopFlag stop = true;
  RMSprop<float> optimizer;
  CHECK(fit(model, Plain{small_pairs<float>(5)}, ContrastiveLoss{}, optimizer, {.epochs = 2, .stop = &stop}, rng)
            .epochs() == 0);
}

TEST_CASE("fit accepts raw samples before a fitted layer, in validation too") {
  Rng rng{31};
  const MatrixX<float> a = 500 * uniform<float>(3, 24, rng), b = 500 * uniform<float>(3, 24, rng);
  const std::vector<AnyLayer> layers = {Dense<Dynamic, Dynamic, ReLU>{3, 8}, Dropout<>{8, 0.2},
                                        Dense<Dynamic, Dynamic, Linear>{8, 4}};
  const Standardize<3> standardize{a};
  const AnyNetwork<float> network{rng, Sequence<AnyLayer>{layers}};
  const Labels labels = coin_flips(24, rng);
  const auto run = [&](const AnyNetwork<float>& net, const Pairs<float>& pairs) {
    Siamese model{net};
    RMSprop<float> optimizer;
    Rng seed{7};
    const History history =
        fit(model, pairs, ContrastiveLoss{}, optimizer, {.epochs = 3, .batch_size = 8, .validation_split = 0.25}, seed);
    return std::tuple{history.loss, history.validation_loss, VectorX<float>{model.parameters()}, history.warnings};
  };
  const auto scaled = run(network, {standardize.transform(a), standardize.transform(b), labels});
  CHECK(run(prepend(standardize, network), {a, b, labels}) == scaled);
  CHECK(run(network, {a, b, labels}) != scaled);
}
