#pragma once

#include <CLI/CLI.hpp>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "../program/command_line.hpp"
#include "gemel/io/csv_options.hpp"
#include "options.hpp"

namespace train {

namespace detail {

inline CLI::Validator share() {
  return program::number<double>("a number between 0 and 1", [](double x) { return x > 0 && x < 1; });
}

/// A positive number in the range of float, the type that train computes with.
inline CLI::Validator positive() {
  return program::number<double>("a number above 0 that a float holds (1.2e-38 to 3.4e38)", [](double x) {
    using Limits = std::numeric_limits<float>;
    return x >= static_cast<double>(Limits::min()) && x <= static_cast<double>(Limits::max());
  });
}

/// The limit is above any useful count, and small enough that no size in bytes overflows that is computed from counts.
inline CLI::Validator count() {
  return program::number<Index>("a whole number from 1 to 1000000", [](Index n) { return n >= 1 && n <= 1'000'000; });
}

/// Splits the text at commas. The parts may be empty.
inline std::vector<std::string> divided(const std::string& text) {
  std::vector<std::string> parts(1);
  for (const char c : text) {
    if (c == ',') {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

/// Parses last:N or a share. Returns an error message, or an empty text.
inline std::string parse_validation(const std::string& text, Validation& validation) {
  if (text.starts_with("last:")) {
    Index n = 0;
    if (program::parse(text.substr(5), n) && n >= 1) {
      validation = {.count = n, .fraction = 0};
      return {};
    }
  } else {
    double fraction = 0;
    if (program::parse(text, fraction) && fraction > 0 && fraction < 1) {
      validation = {.count = 0, .fraction = fraction};
      return {};
    }
  }
  return "'" + text + "' is neither last:N with N from 1 nor a number between 0 and 1";
}

/// Parses none or image:WIDTHxHEIGHT. Returns an error message, or an empty text.
inline std::string parse_augment(const std::string& text, std::optional<ImageSize>& augment) {
  augment.reset();
  if (text == "none") return {};
  const std::size_t x = text.find('x');
  ImageSize size{};
  const auto side = [](const std::string& digits, Index& pixels) {
    return program::parse(digits, pixels) && pixels >= 2 && pixels <= 2048;
  };
  if (!text.starts_with("image:") || x == std::string::npos || !side(text.substr(6, x - 6), size.width) ||
      !side(text.substr(x + 1), size.height)) {
    return "'" + text + "' is neither none nor image:WIDTHxHEIGHT with sides from 2 to 2048";
  }
  augment = size;
  return {};
}

/// Parses none, pca, within, pca:N or within:N. Returns an error message, or an empty text.
inline std::string parse_whiten(const std::string& text, Whiten& whiten, Index& dimensions) {
  const std::size_t colon = text.find(':');
  const program::Words<Whiten> words{{"none", Whiten::None}, {"pca", Whiten::Pca}, {"within", Whiten::Within}};
  const Whiten* kind = program::find(words, text.substr(0, colon));
  dimensions = 0;
  const bool sized = colon != std::string::npos;
  if (!kind || (sized && *kind == Whiten::None) ||
      (sized && !(program::parse(text.substr(colon + 1), dimensions) && dimensions >= 1 && dimensions <= 1'000'000))) {
    return "'" + text + "' is none of none, pca, within, pca:N and within:N, with N from 1";
  }
  whiten = *kind;
  return {};
}

/// A check that an option's text can be parsed.
template <class Parse>
CLI::Validator parsable(const Parse& parse) {
  return {[parse](const std::string& text) { return parse(text); }, ""};
}

}  // namespace detail

/// Adds every option to the parser. It stores their values in `options`, which must outlive it, and whose values are
/// the defaults.
inline void add_options(CLI::App& app, Options& options) {
  app.option_defaults()->always_capture_default()->group("Data (none given: the embedded UCI digits)");
  CLI::Option* data =
      app.add_option("--data", options.data,
                     "CSV file, one sample per line, or a NumPy .npy file, with the classes in --labels")
          ->check(program::path())
          ->type_name("FILE");
  app.add_option("--label", options.label, "column of the classes in a CSV file, by name or by number from 0")
      ->check(program::text())
      ->type_name("COLUMN")
      ->default_str("the last")
      ->needs(data);
  app.add_option("--group", options.group,
                 "column of what samples share besides their class, such as the speaker or the writer; it is not a "
                 "feature, and each group is in only one of training, validation and test")
      ->check(program::text())
      ->type_name("COLUMN")
      ->default_str("none")
      ->needs(data);
  program::add_separator(app, options.separator)->needs(data);
  program::add_header(app, options.header)->needs(data);
  program::add_choice<gemel::CsvMissing>(
      app, "--missing", options.missing,
      {{"refuse", gemel::CsvMissing::Refuse}, {"leave-out", gemel::CsvMissing::LeaveOut}},
      "what to do with rows that have missing values: empty cells, NA, N/A, NaN, NULL, None, ? "
      "and -, in any of their usual forms")
      ->needs(data);
  CLI::Option* images =
      app.add_option("--images", options.images, "IDX file of samples")->check(program::path())->type_name("FILE");
  app.add_option("--labels", options.labels, "IDX file of their classes, or .npy file of the classes of --data")
      ->check(program::path())
      ->type_name("FILE");
  CLI::Option* test_data =
      app.add_option(
             "--test-data", options.test_data,
             "file to test on, like --data; the columns of a CSV file may be in any order if both files name them; "
             "a .npy file needs --test-labels")
          ->check(program::path())
          ->type_name("FILE");
  CLI::Option* test_images = app.add_option("--test-images", options.test_images, "IDX file of samples to test on")
                                 ->check(program::path())
                                 ->type_name("FILE");
  app.add_option("--test-labels", options.test_labels,
                 "IDX file of their classes, or .npy file of the classes of --test-data")
      ->check(program::path())
      ->type_name("FILE");
  images->excludes(data);
  test_data->needs(data);
  test_images->needs(images);
  app.add_option("--test-fraction", options.test_fraction, "share to test on if no test file is given")
      ->check(detail::share())
      ->type_name("SHARE");
  program::add_choice<Split>(
      app, "--split", options.split, {{"samples", Split::Samples}, {"classes", Split::Classes}},
      "what is held out for validation and test: samples, or whole classes never seen in training");
  program::add_choice<Scale>(
      app, "--scale", options.scale,
      {{"auto", Scale::Auto}, {"unit", Scale::Unit}, {"standardise", Scale::Standardise}, {"none", Scale::None}},
      "unit: scale all features to 0..1 with the training samples' range; standardise: each feature to mean 0 and "
      "standard deviation 1; auto: unit for whole numbers from 0 to 255 and for values in 0..1, else standardise");

  app.option_defaults()->group("Recipe");
  program::add_choice<Recipe>(
      app, "--recipe", options.recipe, {{"classes", Recipe::Classes}, {"tutorial", Recipe::Tutorial}},
      "the defaults of the options below; classes: all pairs of batches that are composed of classes, and embeddings "
      "of "
      "length 1; tutorial: those of Keras' tutorial, balanced pairs and three layers of 128 units");

  app.option_defaults()->group("Pairs");
  program::add_choice<TrainingPairs>(
      app, "--pairs", options.pairs,
      {{"classes", TrainingPairs::Classes},
       {"balanced", TrainingPairs::Balanced},
       {"consecutive", TrainingPairs::Consecutive}},
      "training pairs; classes: all pairs of the samples of a batch, see --batch-classes; balanced: as many similar as "
      "dissimilar ones, drawn anew every epoch; consecutive: fixed pairs of a class's consecutive samples, each with "
      "one dissimilar pair, as in Keras' example")
      ->default_str(options.pairs == TrainingPairs::Classes ? "classes; balanced with --batch or --pairs-per-sample"
                                                            : "balanced");
  app.add_option("--batch-classes", options.batch_classes, "classes in a batch, with --pairs classes")
      ->check(detail::count())
      ->type_name("CLASSES")
      ->default_str("10, or all if there are fewer");
  app.add_option("--batch-samples", options.batch_samples, "samples of each class in a batch, with --pairs classes")
      ->check(detail::count())
      ->type_name("SAMPLES");
  app.add_option("--pairs-per-sample", options.pairs_per_sample, "balanced pairs per epoch and training sample")
      ->check(detail::count())
      ->type_name("PAIRS");
  app.add_option_function<std::string>(
         "--validation", [&options](const std::string& text) { detail::parse_validation(text, options.validation); },
         "training samples (or classes or groups, see --split and --group) held out to set the threshold: the last N, "
         "or a random share (at least two classes, and two samples of each)")
      ->check(CLI::Validator(
          [](const std::string& text) {
            Validation checked;
            return detail::parse_validation(text, checked);
          },
          ""))
      ->type_name("last:N|SHARE")
      ->default_str("0.1");
  app.add_option_function<std::string>(
         "--augment", [&options](const std::string& text) { detail::parse_augment(text, options.augment); },
         "image:WIDTHxHEIGHT: train on samples, one row of pixels after another, that are shifted, turned, stretched "
         "and bent a little, anew in every epoch")
      ->check(detail::parsable([](const std::string& text) {
        std::optional<ImageSize> checked;
        return detail::parse_augment(text, checked);
      }))
      ->type_name("none|image:WxH")
      ->default_str(options.recipe == Recipe::Classes ? "none; image:8x8 for the embedded digits" : "none");
  program::add_choice<TestPairs>(
      app, "--test-pairs", options.test_pairs, {{"all", TestPairs::All}, {"consecutive", TestPairs::Consecutive}},
      "validation and test pairs; all: all pairs of samples, or a random draw of as many similar as "
      "dissimilar ones if there are very many; consecutive: as for --pairs");

  app.option_defaults()->group("Network");
  app.add_option_function<std::string>(
         "--whiten",
         [&options](const std::string& text) { detail::parse_whiten(text, options.whiten, options.whiten_dimensions); },
         "a linear layer before the dense ones, computed from the training samples; pca: the features become "
         "uncorrelated, with variance 1; within: so within the classes; N: the number of features that it keeps")
      ->check(detail::parsable([](const std::string& text) {
        Whiten whiten{};
        Index dimensions = 0;
        return detail::parse_whiten(text, whiten, dimensions);
      }))
      ->type_name("none|pca|within|pca:N|within:N")
      ->default_str("none");
  app.add_option("--noise", options.noise,
                 "standard deviation of the normal noise that is added to the scaled features in training")
      ->check(program::number<double>(
          "a number from 0 that a float holds",
          [](double x) { return x >= 0 && x <= static_cast<double>(std::numeric_limits<float>::max()); }))
      ->type_name("DEVIATION");
  app.add_option_function<std::string>(
         "--hidden",
         [&options](const std::string& text) {
           options.hidden.clear();
           for (const std::string& size : detail::divided(text)) program::parse(size, options.hidden.emplace_back());
         },
         "sizes of the dense layers; the last is that of the embedding")
      ->check(CLI::Validator(
          [](const std::string& text) {
            std::string fault;
            for (const std::string& size : detail::divided(text)) {
              if (fault.empty()) fault = detail::count()(size);
            }
            return fault;
          },
          ""))
      ->type_name("N,N,...")
      ->default_str(options.recipe == Recipe::Classes ? "256,128,64" : "128,128,128");
  const program::Words<ActivationName> activations{{"relu", ActivationName::ReLU},
                                                   {"leaky-relu", ActivationName::LeakyReLU},
                                                   {"tanh", ActivationName::Tanh},
                                                   {"sigmoid", ActivationName::Sigmoid},
                                                   {"linear", ActivationName::Linear}};
  program::add_choice(app, "--activation", options.activation, activations,
                      "activation of every dense layer but the last");
  program::add_choice(app, "--last-activation", options.last_activation, activations,
                      "activation of the last dense layer");
  app.add_option("--dropout", options.dropout,
                 "share of outputs dropped in training, for each dense layer but the last")
      ->check(program::number<double>("a number from 0 to below 1", [](double x) { return x >= 0 && x < 1; }))
      ->type_name("SHARE");
  app.add_flag("--normalize,!--no-normalize", options.normalize, "scale embeddings to length 1, or do not")
      ->default_str(options.normalize ? "on" : "off");
  program::add_choice<DistanceName>(app, "--distance", options.distance,
                                    {{"euclidean", DistanceName::Euclidean},
                                     {"squared-euclidean", DistanceName::SquaredEuclidean},
                                     {"manhattan", DistanceName::Manhattan},
                                     {"cosine", DistanceName::Cosine}},
                                    "distance between two embeddings");
  app.add_option("--ensemble", options.ensemble,
                 "number of networks, trained one after another from other weights; their embeddings are joined")
      ->check(program::number<Index>("a whole number from 1 to 100", [](Index n) { return n >= 1 && n <= 100; }))
      ->type_name("NETWORKS");

  app.option_defaults()->group("Training");
  program::add_choice<LossName>(app, "--loss", options.loss,
                                {{"contrastive", LossName::Contrastive},
                                 {"hadsell", LossName::Hadsell},
                                 {"positive-margin", LossName::PositiveMargin},
                                 {"online-hard", LossName::OnlineHard},
                                 {"unsquared", LossName::Unsquared},
                                 {"nonzero", LossName::NonZero}},
                                "form of the contrastive loss; nonzero: the mean over the similar and over the "
                                "dissimilar pairs that cost something");
  app.add_option("--margin", options.margin, "distance beyond which a dissimilar pair costs nothing")
      ->check(detail::positive())
      ->type_name("DISTANCE");
  app.add_option("--positive-margin", options.positive_margin,
                 "distance below which a similar pair costs nothing (--loss positive-margin, unsquared and nonzero)")
      ->check(program::number<double>("a number from 0", [](double x) { return x >= 0 && std::isfinite(x); }))
      ->type_name("DISTANCE")
      ->default_str("0.3, unsquared: 0, nonzero: 0.2");
  program::add_choice<OptimizerName>(app, "--optimizer", options.optimizer,
                                     {{"rmsprop", OptimizerName::RMSprop},
                                      {"sgd", OptimizerName::Sgd},
                                      {"adam", OptimizerName::Adam},
                                      {"adamw", OptimizerName::AdamW},
                                      {"amsgrad", OptimizerName::AMSGrad}},
                                     "optimizer, with Keras' defaults");
  app.add_option("--learning-rate", options.learning_rate, "step size")->check(detail::positive())->type_name("RATE");
  program::add_choice<ScheduleName>(
      app, "--schedule", options.schedule,
      {{"constant", ScheduleName::Constant},
       {"exponential", ScheduleName::Exponential},
       {"cosine", ScheduleName::Cosine},
       {"warmup-cosine", ScheduleName::WarmupCosine}},
      "learning rate schedule: constant; exponential decay to a hundredth; cosine decay to 0, from the "
      "start or after a warm-up from 0 over the first twentieth of the steps");
  app.add_option("--epochs", options.epochs,
                 "passes over the training pairs; with --pairs classes, over the samples, but at least 100 batches, or "
                 "one for each "
                 "12 samples if that is fewer")
      ->check(detail::count())
      ->type_name("EPOCHS");
  app.add_option("--batch", options.batch, "pairs per step, with --pairs balanced or consecutive")
      ->check(detail::count())
      ->type_name("PAIRS");
  app.add_option("--threads", options.threads,
                 "0: as many threads as speed up the training; the results are the same for any number")
      ->check(program::number<Index>("a whole number from 0 to 1024", [](Index n) { return n >= 0 && n <= 1024; }))
      ->type_name("THREADS");
  app.add_option("--seed", options.seed, "seed of the split, the weights and the pairs")
      ->check(program::number<std::uint64_t>("a whole number from 0", [](std::uint64_t) { return true; }))
      ->type_name("SEED");

  app.option_defaults()->group("Long trainings");
  CLI::Option* checkpoint =
      app.add_option("--checkpoint", options.checkpoint,
                     "write the state of the training, with all options, to this file after each epoch")
          ->check(program::path())
          ->type_name("FILE");
  app.add_option("--checkpoint-every", options.checkpoint_every, "number of epochs from one such state to the next")
      ->check(detail::count())
      ->type_name("EPOCHS")
      ->needs(checkpoint);
  app.add_option("--resume", options.resume,
                 "go on from the file of --checkpoint, and write to it again; the options and the data files must be "
                 "those of the training that wrote it, and are kept in it, so that only --save, --json, --report, "
                 "--threads and --quiet may be given")
      ->check(program::path())
      ->type_name("FILE");

  app.option_defaults()->group("Result");
  program::add_choice<ThresholdRule>(
      app, "--threshold", options.threshold,
      {{"far", ThresholdRule::Far}, {"eer", ThresholdRule::Eer}, {"accuracy", ThresholdRule::Accuracy}},
      "what the threshold is set for on the validation pairs: the false accept rate --far, equal "
      "error rates, or the best accuracy");
  app.add_option("--far", options.far, "target false accept rate of the threshold")
      ->check(detail::share())
      ->type_name("SHARE")
      ->default_str("0.01, or the smallest that the validation can show");
  app.add_option("--save", options.save, "write the verifier to this file, for the program verify")
      ->check(program::path())
      ->type_name("FILE");
  app.add_option("--json", options.json, "write the figures to this file as JSON")
      ->check(program::path())
      ->type_name("FILE");
  app.add_option("--report", options.report, "draw pictures into this folder (PNG, with gnuplot)")
      ->check(program::path())
      ->type_name("DIR");
  app.add_flag("--quiet", options.quiet, "do not show the progress of the training")->default_str("off");
}

/// Settles the options that were not given and whose defaults depend on others.
inline void settle(CLI::App& app, Options& options) {
  const auto given = [&app](const char* option) { return app.count(option) > 0; };
  if (!given("--pairs")) {
    if (given("--batch") || given("--pairs-per-sample")) options.pairs = TrainingPairs::Balanced;
    app.get_option("--pairs")->default_str(options.pairs == TrainingPairs::Classes ? "classes" : "balanced");
  }
  if (!given("--augment")) {
    const bool digits = options.data.empty() && options.images.empty();
    if (digits && options.recipe == Recipe::Classes) options.augment = ImageSize{8, 8};
    app.get_option("--augment")->default_str(options.augment ? "image:8x8" : "none");
  }
}

}  // namespace train
