#include "gemel/verification/watch.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "catch.hpp"
#include "error_text.hpp"
#include "gemel/callback/early_stopping.hpp"
#include "gemel/callback/lambda_callback.hpp"
#include "gemel/loss/contrastive_loss.hpp"
#include "gemel/network/dense.hpp"
#include "gemel/network/dropout.hpp"
#include "gemel/network/siamese.hpp"
#include "gemel/optimizer/rmsprop.hpp"
#include "gemel/training/fit.hpp"
#include "mentions.hpp"

using namespace gemel;

namespace {

using WatchedNet = Network<float, Dense<3, 8, ReLU>, Dropout<8>, Dense<8, 4>>;
using WatchedState = TrainingState<Siamese<WatchedNet>, RMSprop<float>>;

Siamese<WatchedNet> watched_model(Rng& rng) {
  return Siamese{WatchedNet{rng, Dense<3, 8, ReLU>{}, Dropout<8>{0.5}, Dense<8, 4>{}}};
}

Pairs<float> watched_pairs(std::uint64_t seed, Index features = 3) {
  Rng rng{seed};
  const MatrixX<float> a = normal<float>(features, 24, rng), b = a + normal<float>(features, 24, rng);
  return {a, b, coin_flips(24, rng)};
}

/// What a Watch is given when training begins and when an epoch ends.
struct WatchedTraining {
  Rng rng{1};
  Siamese<WatchedNet> model = watched_model(rng);
  RMSprop<float> optimizer;
  History history = {};
  WatchedState state{model, optimizer, history};
};

}  // namespace

static_assert(Callback<Watch<float, EqualErrorRate>, WatchedState>);
static_assert(Callback<const Watch<float, AreaUnderCurve>, WatchedState>);

TEST_CASE("a Watch adds its metric after each epoch, and callbacks before it in the list may monitor it", "[watch]") {
  WatchedTraining training;
  const Pairs<float> pairs = watched_pairs(1), hard = watched_pairs(2);
  std::vector<double> expected, seen;
  const double twice = 2;
  const auto doubled = [twice](const Roc& roc) { return twice * roc.auc(); };
  EarlyStopping stopping{.monitor = {"hard auc", Monitor::Max}, .patience = 100, .restore_best_weights = false};
  OnEpochEnd expect{[&](auto& state) {
    seen.push_back(state.history.metric("hard auc").back());
    expected.push_back(Roc{distances(state.model, hard), hard.labels()}.auc());
  }};
  const Watch watch{"hard auc", hard, auc};
  const History history =
      fit(training.model, pairs, ContrastiveLoss{}, training.optimizer, {.epochs = 6, .batch_size = 8}, training.rng,
          stopping, expect, watch, Watch{"mine", hard, doubled, {.every = 3}});

  CHECK(history.metric("hard auc") ==
        expected);  // measured without dropout, with the parameters at the end of the epoch
  CHECK(seen == expected);
  const auto best = std::ranges::max_element(expected);
  CHECK(stopping.best == *best);
  CHECK(stopping.best_epoch == best - expected.begin());
  CHECK(*std::ranges::min_element(expected) < *best);  // otherwise the checks above would show nothing
  REQUIRE(history.metrics.size() == 2);
  CHECK(history.metrics[0].name == "hard auc");
  CHECK(history.metrics[0].more_is_better == true);
  CHECK_FALSE(history.metrics[1].more_is_better.has_value());
  for (std::size_t epoch = 0; epoch < 6; ++epoch) {
    const double value = history.metric("mine")[epoch];
    CAPTURE(epoch, value);
    if (epoch % 3 == 2) {
      CHECK(value == 2 * expected[epoch]);
    } else {
      CHECK(std::isnan(value));
    }
  }
}

TEST_CASE("a Watch checks its pairs when training begins", "[watch]") {
  WatchedTraining training;
  const auto error_of = [&](const Pairs<float>& pairs, WatchOptions options = {}) {
    return error_text([&] { Watch{"hard eer", pairs, eer, options}.on_train_begin(training.state); });
  };
  const MatrixX<float> x = MatrixX<float>::Ones(3, 2);
  MatrixX<float> broken = x;
  broken(2, 1) = std::numeric_limits<float>::quiet_NaN();
  CHECK(error_of(watched_pairs(1)) == "no error");
  CHECK(mentions(error_of(watched_pairs(1, 5)),
                 "the model takes 3 features, but the pairs of the metric 'hard eer' have 5"));
  CHECK(mentions(error_of({x, x, {1, 1}}), "the pairs of the metric 'hard eer' are all similar"));
  CHECK(mentions(error_of({x, x, {0, 0}}), "are all dissimilar"));
  CHECK(mentions(error_of({x, broken, {1, 0}}),
                 "pair 1, sample 3, feature 2: of the pairs of the metric 'hard eer', a sample's"));
  CHECK(mentions(error_of(watched_pairs(1), {.every = 0}), "is taken every 0 epochs"));
}

TEST_CASE("a Watch rejects a distance that is not finite", "[watch]") {
  WatchedTraining training;
  training.model.set_parameters(VectorX<float>::Constant(training.model.parameters().size(), 1e30F));
  training.state.epoch = 4;
  const Watch watch{"hard eer", watched_pairs(1), eer};
  watch.on_train_begin(training.state);
  try {
    watch.on_measure(training.state);
    CHECK(false);
  } catch (const NonFiniteError& error) {
    CHECK(mentions(error.what(), "epoch 5, pair 0: of the pairs of the metric 'hard eer'"));
    CHECK(error.place().epoch == 4);
    CHECK(error.place().pair == 0);
  }
}
