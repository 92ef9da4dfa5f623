// Bad pairs, options, losses and optimizers of a training. After each error the training must continue as if nothing
// had happened (see training.hpp).

#include "bad_input/training.hpp"

#include <array>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "bad_input/table.hpp"
#include "gemel/core/columns.hpp"
#include "gemel/data/augmented.hpp"
#include "gemel/loss/hadsell_loss.hpp"
#include "gemel/loss/online_contrastive_loss.hpp"
#include "gemel/loss/positive_margin_loss.hpp"
#include "gemel/loss/unsquared_contrastive_loss.hpp"
#include "gemel/optimizer/adam.hpp"
#include "gemel/optimizer/sgd.hpp"
#include "gemel/training/gradient_check.hpp"

namespace gemel::bad_input {

namespace {

Pairs<float> of_features(Index features, float value = 1) {
  return {MatrixX<float>::Constant(features, 2, value), MatrixX<float>::Ones(features, 2), {1, 0}};
}

/// Trains on pairs.
auto on(const Pairs<float>& pairs, Index good_steps = 0) {
  return in_training([pairs](Training& training) { training.fit(pairs); }, good_steps);
}

/// Trains on pairs drawn from six samples of three classes. Feature 1 of sample 0 has this value.
auto on_sampler(Index features, float value) {
  return in_training([=](Training& training) {
    MatrixX<float> x = MatrixX<float>::Ones(features, 6);
    x(1, 0) = value;
    training.fit(PairSampler<float>{x, Classes{4, 4, 5, 5, 6, 6}});
  });
}

/// Trains on drawn pairs whose samples are augmented. `set` sets feature 1, and the others are 1.
template <class Set>
auto augmented(const Set& set, FitOptions<float> options = {}, Index features = 3) {
  return in_training([=](Training& training) {
    const auto augment = [set](Rng&, ConstColumn<float>, Column<float> out) {
      out[0] = 1;
      out.tail(out.size() - 2).setOnes();
      set(out[1]);
    };
    const PairSampler<float> pairs{MatrixX<float>::Ones(features, 6), Classes{4, 4, 5, 5, 6, 6}};
    training.fit(Augmented{pairs, augment}, options);
  });
}

/// A user-defined source: every batch is the same, and all features of a sample are equal.
struct UserSource {
  Batch<float> content = {.samples = {0, 1, 2}, .pairs = {{0, 1}, {1, 2}}, .similar = {1, 0}};
  Index count = 1;
  Index width = 3;
  float value = 1;

  Index features() const { return width; }
  Index batches() const { return count; }
  void start_epoch(std::uint64_t, Index, Index, bool) {}
  void batch(Index, Batch<float>& out) const { out = content; }
  const float* column(Index, Index j, float* buffer) const {
    std::fill_n(buffer, width, value + static_cast<float>(j));
    return buffer;
  }
};
auto on_user(const UserSource& source) {
  return in_training([source](Training& training) { training.fit(source); });
}

/// Trains with options, or with validation pairs.
auto with(const FitOptions<float>& options) {
  return in_training([options](Training& training) { training.fit(six_pairs(), options); });
}
auto validated(const Pairs<float>& validation, Index good_steps) {
  return in_training(
      [validation](Training& training) { training.fit(six_pairs(), {.batch_size = 4, .validation = &validation}); },
      good_steps);
}

/// Makes good steps with a TrainingStep, then calls act on it.
template <class Act>
auto step_then(const Act& act, Index good_steps = 0) {
  return in_training(
      [=](Training& training) {
        TrainingStep step{training.model(), ContrastiveLoss{}, training.optimizer(), {.threads = training.threads()}};
        for (Index k = 0; k < good_steps; ++k) {
          Pairs<float> good = six_pairs();
          good.start_epoch(1, 0, 4, false);
          step(good, k);
        }
        act(step);
      },
      good_steps);
}

/// A field of a type of options, and its name in errors.
template <class Options>
struct Field {
  std::string name;
  std::function<void(Options&, double)> set;

  template <class T>
  Field(std::string called, T Options::*member)
      : name(std::move(called)), set([member](Options& options, double value) { options.*member = value; }) {}
};

/// Promises that an optimizer rejects this value of each field, and names the field.
template <class Optimizer, class Options>
Cell refuses(double value, const std::vector<Field<Options>>& fields) {
  Cell cell;
  for (const auto& [name, set] : fields) {
    Options options;
    set(options, value);
    cell = {cell, throws<ValueError>(name, [options] { Optimizer{options}; })};
  }
  return cell;
}

/// The row of an optimizer. `shares` must be in [0, 1), `positive` above 0, and `others` at least 0.
template <class Optimizer, class Options>
Row optimizer_row(const std::string& name, std::vector<Field<Options>> shares, std::vector<Field<Options>> positive,
                  std::vector<Field<Options>> others, const Cell& more) {
  positive.push_back({"clipvalue", &Options::clipvalue});
  positive.push_back({"clipnorm", &Options::clipnorm});
  positive.push_back({"global_clipnorm", &Options::global_clipnorm});
  others.push_back({"learning_rate", &Options::learning_rate});
  others.push_back({"weight_decay", &Options::weight_decay});
  std::vector<Field<Options>> all = shares;
  all.insert(all.end(), positive.begin(), positive.end());
  all.insert(all.end(), others.begin(), others.end());

  const auto update = [](Index reserved, Index first, std::size_t gradients) {
    return [=] {
      std::vector<float> w(4, 1.0f);
      const std::vector<float> g(gradients, 1.0f);
      Optimizer optimizer;
      if (reserved > 0) optimizer.reserve(reserved);
      optimizer.advance();
      optimizer.update(first, std::span<const float>(g), std::span<float>(w));
    };
  };
  return {name,
          {{WrongShape,
            {throws<ShapeError>("parameters from 0 on, 4 of them, and 3 gradients", update(4, 0, 3)),
             throws<ShapeError>("parameters from 1 on", update(4, 1, 4)),
             throws<ShapeError>("parameters from -1 on", update(4, -1, 4))}},
           {NaN, refuses<Optimizer>(nan, all)},
           {Infinite, refuses<Optimizer>(inf, all)},
           {Empty, throws<ShapeError>("has room for 0: call reserve first", update(0, 0, 4))},
           {{OneClass, BadLabel}, impossible("it sees gradients only")},
           {OutOfRange,
            {refuses<Optimizer>(-0.1, all), refuses<Optimizer>(1, shares), refuses<Optimizer>(0, positive),
             refuses<Optimizer>(1e39, others),  // infinite as a float
             throws<ValueError>("exclude one another: set one of them",
                                [] { Optimizer{Options{.clipvalue = 1, .global_clipnorm = 1}}; }),
             throws<ValueError>("learning_rate must be at least 0", [] { Optimizer{}.learning_rate(-1); }), more}},
           no_file()}};
}

/// The row of a loss; make(margin) makes the loss.
template <class Make>
Row loss_row(const std::string& name, const Make& make, const Cell& more = {}) {
  const auto with_margin = [make](double margin) {
    return in_training([=](Training& training) { training.fit(AnyLoss{make(margin)}); });
  };
  const auto of = [make](std::vector<float> d, std::size_t labels, std::size_t slopes, std::vector<float> weight = {}) {
    return [=] {
      std::vector<float> slope(slopes);
      const std::vector<std::uint8_t> similar(labels, 1);
      return make(1.0)(std::span<const float>(d), std::span<const std::uint8_t>(similar),
                       std::span<const float>(weight), std::span<float>(slope));
    };
  };
  return {name,
          {{WrongShape,
            {throws<ShapeError>("2 distances, but 1 labels", of({1, 2}, 1, 2)),
             throws<ShapeError>("room for 3 slopes", of({1, 2}, 2, 3)),
             throws<ShapeError>("1 weights", of({1, 2}, 2, 2, {1}))}},
           {NaN,
            {throws<ValueError>("a loss's margin must be positive and finite, but nan", with_margin(nan)),
             fine("NaN propagates from a distance to the loss",
                  [of] {
                    return std::isnan(of({nan_f, 1, 1}, 3, 3)());
                  })}},
           {Infinite, throws<ValueError>("but inf was given", with_margin(inf))},
           {Empty, throws<ValueError>("the loss of an empty batch is not defined", of({}, 0, 0))},
           {OneClass, fine("a batch may be of one class",
                           [of] {
                             return std::isfinite(of({1, 2}, 2, 2)());
                           })},
           {BadLabel, see("fit: a user's source")},
           {OutOfRange,
            {throws<ValueError>("but 0 was", with_margin(0)), throws<ValueError>("but -1 was", with_margin(-1)), more}},
           no_file()}};
}

/// Promises that the loss rejects a positive_margin that is not in [0, margin).
template <class Loss>
Cell refuses_positive_margin() {
  Cell cell;
  for (const double bad : {nan, inf, -0.1, 1.0}) {
    cell = {cell, throws<ValueError>("a loss's positive_margin must be at least 0 and less than its margin",
                                     in_training([bad](Training& training) {
                                       training.fit(AnyLoss{Loss{.margin = 1.0, .positive_margin = bad}});
                                     }))};
  }
  return cell;
}

void check_gradient(double step) {
  Rng rng{1};
  const Siamese<Network<double, Dense<3, 2>>> model{rng};
  const Pairs<double> pairs{MatrixX<double>::Ones(3, 2), MatrixX<double>::Zero(3, 2), {1, 0}};
  gradient_check(model, pairs, ContrastiveLoss{}, {.steps = {1e-5, step}});
}

}  // namespace

std::vector<Row> training_rows() {
  constexpr Index most = std::numeric_limits<Index>::max();
  const std::string bad_sample = "a sample's features hold NaN or infinity";
  const Place first_batch = {.epoch = 0, .batch = 0};
  const auto pair = [](Index number, std::optional<Index> layer = {}) {
    return Place{.epoch = 0, .batch = 0, .layer = layer, .pair = number};
  };
  const auto user = [](std::vector<PairIndex> pairs, std::vector<std::uint8_t> similar, std::vector<float> weight = {},
                       bool disjoint = false) {
    return on_user({{.samples = {0, 1, 2},
                     .pairs = std::move(pairs),
                     .similar = std::move(similar),
                     .weight = std::move(weight),
                     .disjoint = disjoint}});
  };

  return {
      {"fit: pairs",
       {{WrongShape, throws<ShapeError>("the network takes 3 features, but the pairs have 4", on(of_features(4)))},
        {NaN,
         {throws_at<NonFiniteError>(bad_sample, "epoch 1, batch 0, pair 2, sample 8, feature 1",
                                    on(six_pairs(2, nan_f))),
          throws_at<NonFiniteError>(bad_sample, "epoch 1, batch 1, pair 1, sample 11, feature 1",
                                    on(six_pairs(5, nan_f), 1))}},
        {Infinite,
         {throws_at<NonFiniteError>(bad_sample, "epoch 1, batch 0, pair 0, sample 6, feature 1",
                                    on(six_pairs(0, inf_f))),
          throws_at<NonFiniteError>(bad_sample, "epoch 1, batch 0, pair 3, sample 9, feature 1",
                                    on(six_pairs(3, -inf_f)))}},
        {Empty, see("Pairs of two matrices")},
        {OneClass, fine("one class can be trained on: it is evaluate that refuses it",
                        [] {
                          Training training(1);
                          const Pairs<float> similar{MatrixX<float>::Ones(3, 2), MatrixX<float>::Zero(3, 2), {1, 1}};
                          return std::isfinite(training.fit(similar).loss.back());
                        })},
        {BadLabel, see("Labels")},
        {OutOfRange,
         {throws_at<NonFiniteError>("a layer's output is NaN or infinite; scale the features",
                                    "epoch 1, batch 0, layer 0, pair 0, sample 0", on(of_features(3, 3e38f))),
          throws<NonFiniteError>("the gradient overflows; lower the learning rate or the loss's weights", first_batch,
                                 on({MatrixX<float>::Constant(3, 2, 1e4f),
                                     MatrixX<float>::Zero(3, 2),
                                     {1, 1},
                                     std::vector<float>{1e34f, 1}})),
          throws<NonFiniteError>("the loss's slope is NaN or infinite", pair(1),
                                 on({MatrixX<float>::Constant(3, 2, 100),
                                     MatrixX<float>::Zero(3, 2),
                                     {1, 1},
                                     std::vector<float>{1, 3e38f}}))}},
        no_file()}},

      {"fit: a sampler",
       {{WrongShape, throws<ShapeError>("the network takes 3 features, but the pairs have 5", on_sampler(5, 1))},
        {NaN,
         throws_at<NonFiniteError>(bad_sample, "epoch 1, batch 0, pair 0, sample 0, feature 1", on_sampler(3, nan_f))},
        {Infinite,
         throws_at<NonFiniteError>(bad_sample, "epoch 1, batch 0, pair 0, sample 0, feature 1", on_sampler(3, inf_f))},
        {Empty, see("PairSampler")},
        {OneClass, see("PairSampler")},
        {BadLabel, impossible("a class is any whole number")},
        {OutOfRange, throws<ValueError>("validation_split divides static pairs only; split the samples or classes",
                                        in_training([](Training& training) {
                                          training.fit(
                                              PairSampler<float>{MatrixX<float>::Ones(3, 4), Classes{1, 1, 2, 2}},
                                              {.validation_split = 0.5});
                                        }))},
        no_file()}},

      {"fit: an augmented source",
       {{WrongShape, throws<ShapeError>("the network takes 3 features, but the pairs have 5",
                                        augmented([](float& value) { value = 1; }, {}, 5))},
        {NaN,
         {throws_at<NonFiniteError>(bad_sample, "epoch 1, batch 0, pair 0, sample 0, feature 1",
                                    augmented([](float&) {})),  // the feature is not set
          throws_at<NonFiniteError>(bad_sample, "epoch 1, batch 0, pair 0, sample 0, feature 1",
                                    augmented([](float& value) { value = nan_f; }))}},
        {Infinite, throws_at<NonFiniteError>(bad_sample, "epoch 1, batch 0, pair 0, sample 0, feature 1",
                                             augmented([](float& value) { value = -inf_f; }))},
        {{Empty, OneClass}, see("PairSampler")},
        {BadLabel, impossible("a class is any whole number")},
        {OutOfRange, throws<ValueError>("validation_split divides static pairs only; split the samples or classes",
                                        augmented([](float& value) { value = 1; }, {.validation_split = 0.5}))},
        no_file()}},

      {"fit: a user's source",
       {{WrongShape,
         {throws<ShapeError>("but the pairs have 4", on_user({.width = 4})),
          throws<ShapeError>("the source gave 2 pairs, but 1 labels and 0 weights", first_batch,
                             user({{0, 1}, {1, 2}}, {1})),
          throws<ShapeError>("2 labels and 3 weights", first_batch, user({{0, 1}, {1, 2}}, {1, 0}, {1, 1, 1})),
          throws<ShapeError>("the source gave 1 disjoint pairs, but 3 samples", first_batch,
                             user({{0, 1}}, {1}, {}, true))}},
        {NaN,
         {throws_at<NonFiniteError>(bad_sample, "epoch 1, batch 0, pair 0, sample 0, feature 0",
                                    on_user({.value = nan_f})),
          throws<ValueError>("the source gave a weight of nan, but a weight must be finite and >= 0", pair(1),
                             user({{0, 1}, {0, 2}}, {1, 1}, {1, nan_f}))}},
        {Infinite,
         {throws_at<NonFiniteError>(bad_sample, "epoch 1, batch 0, pair 0, sample 0, feature 0",
                                    on_user({.value = inf_f})),
          throws<ValueError>("a weight of inf", pair(1), user({{0, 1}, {0, 2}}, {1, 1}, {1, inf_f}))}},
        {Empty,
         {throws<ValueError>("the source has no batches to train on", {.epoch = 0}, on_user({.count = 0})),
          throws<ValueError>("the source gave a batch without a pair", first_batch, user({}, {}))}},
        {OneClass, fine("one class can be trained on",
                        [] {
                          Training training(1);
                          return std::isfinite(
                              training.fit(UserSource{{.samples = {0, 1}, .pairs = {{0, 1}}, .similar = {1}}}).loss[0]);
                        })},
        {BadLabel, throws<ValueError>("labelled 2", pair(1), user({{0, 1}, {1, 2}}, {1, 2}))},
        {OutOfRange,
         {throws<ValueError>("a pair of samples 1 and 3", pair(1), user({{0, 1}, {1, 3}}, {1, 0})),
          throws<ValueError>("a pair of samples -1 and 0", pair(0), user({{-1, 0}}, {1})),
          throws<ValueError>("pair p of a disjoint batch is of samples 2p and 2p + 1", pair(0),
                             user({{1, 2}}, {1}, {}, true)),
          throws<ValueError>("the source gave a weight of -1", pair(0), user({{0, 1}, {0, 2}}, {1, 1}, {-1, 1}))}},
        no_file()}},

      {"fit: options",
       {{WrongShape, see("fit: validation")},
        {NaN, throws<ValueError>("validation_split must be at least 0 and less than 1, but nan",
                                 with({.validation_split = nan}))},
        {Infinite, throws<ValueError>("but inf", with({.validation_split = inf}))},
        {Empty,
         {throws<ValueError>("leaves no pairs to train, of 6", with({.validation_split = 0.9})),
          throws<ValueError>("leaves no pairs to train, of 1", in_training([](Training& training) {
                               training.fit(six_pairs().slice(0, 1), {.validation_split = 0.5});
                             }))}},
        {{OneClass, BadLabel}, impossible("no labels are in play")},
        {OutOfRange,
         {throws<ValueError>("epochs must be at least 1, but is 0", with({.epochs = 0})),
          throws<ValueError>("epochs must be at least 1, but is -1", with({.epochs = -1})),
          throws<ValueError>("batch_size must be at least 1, but is 0", with({.batch_size = 0})),
          throws<ValueError>("threads must be at least 0 (0: tuned), but is -1", with({.threads = -1})),
          throws<ValueError>("threads must be 1 to 1024, but is 1025", with({.threads = 1025})),
          throws<ValueError>("validation_split must be at least 0 and less than 1, but 1 was",
                             with({.validation_split = 1})),
          throws<ValueError>("but -0.1", with({.validation_split = -0.1})),
          throws<ValueError>("both validation and validation_split are given; choose one",
                             in_training([](Training& training) {
                               const Pairs<float> validation = six_pairs();
                               training.fit(six_pairs(), {.validation_split = 0.5, .validation = &validation});
                             })),
          fine("epochs and batches without end are ended by a callback",
               [] {
                 struct Stop {
                   void on_epoch_end(AnyCallback::State& state) { state.stop = true; }
                 };
                 Training training(1);
                 return training.fit(six_pairs(), {.epochs = most, .batch_size = most}, {ContrastiveLoss{}}, Stop{})
                     .stopped;
               })}},
        no_file()}},

      {"fit: validation",
       {{WrongShape, throws<ShapeError>("the network takes 3 features, but the validation pairs have 4",
                                        validated(of_features(4), 0))},
        {NaN, throws_at<NonFiniteError>(bad_sample, "epoch 1, validation batch 1, pair 0, sample 10, feature 1",
                                        validated(six_pairs(4, nan_f), 2))},
        {Infinite, throws_at<NonFiniteError>(bad_sample, "epoch 1, validation batch 0, pair 3, sample 9, feature 1",
                                             validated(six_pairs(3, inf_f), 2))},
        {Empty, see("Pairs of two matrices")},
        {OneClass, fine("a loss is a loss",
                        [] {
                          const Pairs<float> similar{MatrixX<float>::Ones(3, 2), MatrixX<float>::Zero(3, 2), {1, 1}};
                          Training training(1);
                          return training.fit(six_pairs(), {.validation = &similar}).validation_loss[0] > 0;
                        })},
        {BadLabel, see("Labels")},
        {OutOfRange, throws_at<NonFiniteError>("a layer's output is NaN or infinite",
                                               "epoch 1, validation batch 0, layer 0, pair 0, sample 0",
                                               validated(of_features(3, 3e38f), 2))},
        no_file()}},

      {"TrainingStep",
       {{WrongShape, throws<ShapeError>("the network takes 3 features, but the pairs have 2",
                                        step_then([](auto& step) { step(of_features(2), 0); }))},
        {NaN, throws_at<NonFiniteError>(bad_sample, "batch 0, pair 2, sample 8, feature 1",
                                        step_then([](auto& step) { step(six_pairs(2, nan_f), 0); }, 2))},
        {Infinite, throws_at<NonFiniteError>(bad_sample, "validation batch 0, pair 5, sample 11, feature 1",
                                             step_then([](auto& step) { step.evaluate(six_pairs(5, inf_f), 0); }, 1))},
        {Empty, throws<ValueError>("no pairs are drawn yet: call start_epoch", step_then([](auto& step) {
                                     step(PairSampler<float>{MatrixX<float>::Ones(3, 4), Classes{1, 1, 2, 2}}, 0);
                                   }))},
        {OneClass, see("fit: pairs")},
        {BadLabel, see("fit: a user's source")},
        {OutOfRange,
         {throws<ValueError>("threads must be 1 to 1024, but is 0", in_training([](Training& training) {
                               TrainingStep{training.model(), ContrastiveLoss{}, training.optimizer(), {.threads = 0}};
                             })),
          throws<ValueError>("threads must be 1 to 1024, but is -2", step_then([](auto& step) { step.threads(-2); })),
          throws<ValueError>("batch 1 was asked for, but the epoch has 1",
                             step_then([](auto& step) { step(six_pairs(), 1); })),
          throws<ValueError>("batch -1 was asked for", step_then([](auto& step) { step(six_pairs(), -1); }))}},
        no_file()}},

      optimizer_row<RMSprop<float>, RMSpropOptions>(
          "RMSprop", {{"rho", &RMSpropOptions::rho}, {"momentum", &RMSpropOptions::momentum}},
          {{"epsilon", &RMSpropOptions::epsilon}}, {},
          throws<ValueError>("epsilon must be positive and finite in the scalar type of the parameters",
                             [] { RMSprop<float>{{.epsilon = 1e-50}}; })),
      optimizer_row<SGD<float>, SGDOptions>(
          "SGD", {{"momentum", &SGDOptions::momentum}}, {}, {},
          throws<ValueError>("momentum must be positive for nesterov", [] { SGD<float>{{.nesterov = true}}; })),
      optimizer_row<Adam<float>, AdamOptions>(
          "Adam", {{"beta_1", &AdamOptions::beta_1}, {"beta_2", &AdamOptions::beta_2}},
          {{"epsilon", &AdamOptions::epsilon}}, {},
          throws<ValueError>("beta_2 must be at least 0 and less than 1",
                             [] { Adam<float>{{.beta_2 = 1 - 1e-12}}; })),  // 1 as a float
      optimizer_row<AdamW<float>, AdamWOptions>("AdamW",
                                                {{"beta_1", &AdamWOptions::beta_1}, {"beta_2", &AdamWOptions::beta_2}},
                                                {{"epsilon", &AdamWOptions::epsilon}}, {},
                                                throws<ValueError>("epsilon", [] { AdamW<float>{{.epsilon = 1e39}}; })),

      loss_row(
          "ContrastiveLoss", [](double margin) { return ContrastiveLoss{.margin = margin}; },
          throws<NonFiniteError>("the loss's slope is NaN or infinite", pair(1), in_training([](Training& training) {
                                   training.fit(AnyLoss{ContrastiveLoss{.margin = 1e300}});
                                 }))),
      loss_row("HadsellLoss", [](double margin) { return HadsellLoss{.margin = margin}; }),
      loss_row(
          "PositiveMarginLoss",
          [](double margin) { return PositiveMarginLoss{.margin = margin, .positive_margin = 0}; },
          refuses_positive_margin<PositiveMarginLoss>()),
      loss_row("OnlineContrastiveLoss", [](double margin) { return OnlineContrastiveLoss{.margin = margin}; }),
      loss_row(
          "UnsquaredContrastiveLoss", [](double margin) { return UnsquaredContrastiveLoss{.margin = margin}; },
          refuses_positive_margin<UnsquaredContrastiveLoss>()),

      {"gradient_check: steps",
       {{WrongShape, see("TrainingStep")},
        {NaN, throws<ValueError>("a gradient check's steps must be positive and finite, but nan",
                                 [] { check_gradient(nan); })},
        {Infinite, throws<ValueError>("but inf", [] { check_gradient(inf); })},
        {Empty, impossible("there are always two")},
        {{OneClass, BadLabel}, impossible("a step is no label")},
        {OutOfRange,
         {throws<ValueError>("but 0 was", [] { check_gradient(0); }),
          throws<ValueError>("but -1e-05 was", [] { check_gradient(-1e-5); })}},
        no_file()}},
  };
}

}  // namespace gemel::bad_input
