// Trains a siamese network on classes of samples from files, or on the digits that it carries, and tells how well it
// decides whether two samples are of one class. `train --help` lists the options.

#include <CLI/CLI.hpp>

#include <algorithm>
#include <chrono>
#include <exception>
#include <iostream>
#include <map>
#include <memory>
#include <new>
#include <span>
#include <vector>

#include "gemel/metrics/interval.hpp"
#include "gemel/training/fit.hpp"
#include "gemel/training/progress_bar.hpp"
#include "gemel/verification/evaluate.hpp"
#include "train/choices.hpp"
#include "train/command_line.hpp"
#include "train/help.hpp"
#include "train/interrupt.hpp"
#include "train/model.hpp"
#include "train/outputs.hpp"
#include "train/prepare.hpp"
#include "train/report.hpp"
#include "train/result.hpp"
#include "train/threshold.hpp"
#include "train/watch.hpp"

namespace train {

void describe(const Options& options, const Parts& parts) {
  const bool digits = options.data.empty() && options.images.empty();
  std::cout << (digits ? "The UCI digits (Alpaydin and Kaynak, CC BY 4.0)" : options.data + options.images) << ": "
            << parts.training.samples.size() << " training, " << parts.validation.samples.size() << " validation and "
            << parts.test.samples.size() << " test samples of " << parts.training.samples.features() << " features, "
            << parts.scaling << ".\n";
}

/// The classes of both samples of each pair.
std::vector<gemel::PairIdentity> identities(const gemel::Pairs<float>& pairs, const LabelledSamples& part) {
  std::map<const float*, Index> class_at;
  for (Index i = 0; i < part.samples.size(); ++i) class_at[part.samples.column(i)] = part.classes.of(i);
  std::vector<gemel::PairIdentity> classes;
  for (Index i = 0; i < pairs.size(); ++i)
    classes.push_back({class_at.at(pairs.first(i)), class_at.at(pairs.second(i))});
  return classes;
}

std::span<const float> as_span(const gemel::VectorX<float>& values) {
  return {values.data(), static_cast<std::size_t>(values.size())};
}

/// From the files to the table. Returns the program's exit code.
int run(const Options& options) {
  check_outputs(options);
  // Streams of their own, so that another number of pairs does not mean another split or other weights.
  gemel::Rng split_rng{options.seed, 0}, weight_rng{options.seed, 1}, pair_rng{options.seed, 2},
      fit_rng{options.seed, 3};
  const Parts parts = prepare(options, split_rng);
  const AnyPairs pairs = training_pairs(options, parts.training, pair_rng);
  const gemel::Pairs<float> validation_pairs = measuring_pairs(options, parts.validation, "validation", pair_rng);
  const gemel::Pairs<float> test_pairs = measuring_pairs(options, parts.test, "test", pair_rng);
  check_threshold(options, validation_pairs.labels());
  describe(options, parts);

  Model model = make_model(options, parts.training.samples.features(), weight_rng);
  AnyOptimizer optimizer = make_optimizer(options);
  double seconds_of_steps = 0;
  Index pairs_of_steps = 0;
  const auto began = std::chrono::steady_clock::now();
  const gemel::History history = [&] {
    const Interrupt interrupt;
    const auto progress = options.quiet ? gemel::ProgressBar::Mode::Silent : gemel::ProgressBar::Mode::Auto;
    return fit(model, pairs, make_loss(options), optimizer,
               {.epochs = options.epochs,
                .batch_size = options.batch,
                .validation = &validation_pairs,
                .threads = options.threads},
               fit_rng, make_schedule(options, pairs.size()),
               Watch{.seconds = &seconds_of_steps, .pairs = &pairs_of_steps}, gemel::ProgressBar{.mode = progress});
  }();
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - began;

  const gemel::VectorX<float> validation_distances = distances(model, validation_pairs);
  const Threshold threshold = set_threshold(options, as_span(validation_distances), validation_pairs.labels());
  const gemel::VectorX<float> test_distances = distances(model, test_pairs);
  const gemel::Labels labels = test_pairs.labels();
  const gemel::Roc roc{test_distances, labels};
  const Result result = {
      .eer = roc.eer(),
      .eer_interval = eer_interval(test_distances, labels, {.identities = identities(test_pairs, parts.test)}),
      .auc = roc.auc(),
      .accuracy = roc.accuracy(threshold.value),
      .threshold = threshold.value,
      .far = roc.far(threshold.value),
      .frr = roc.frr(threshold.value),
      .seconds = elapsed.count(),
      .pairs_per_second = static_cast<double>(pairs_of_steps) / seconds_of_steps,
      .train_pairs = pairs.size(),
      .test_pairs = test_pairs.size(),
      .parameters = model.network().parameters().size(),
      .epochs = history.epochs(),
      .threads = history.threads,
      .seed = options.seed};

  for (const std::string& warning : history.warnings) std::cout << "Note: " << warning << '\n';
  print_table(result, std::cout);
  std::cout << "The threshold was set on " << validation_pairs.size() << " pairs of the "
            << parts.validation.samples.size() << " validation samples, for " << threshold.origin
            << "; no test pair had a part in it.\n";
  if (!options.json.empty()) write_json(options.json, result);
  if (!options.report.empty()) {
    std::vector<Index> classes;
    for (Index i = 0; i < parts.test.samples.size(); ++i) classes.push_back(parts.test.classes.of(i));
    draw_report(options.report,
                {history, roc, as_span(test_distances), labels.span(), threshold.value,
                 model.embed(parts.test.samples.columns()), parts.test.classes, parts.class_names},
                std::cout);
  }
  if (!Interrupt::seen()) return 0;
  std::cout << "Ended by Ctrl-C in epoch " << history.epochs() << " of " << options.epochs
            << ": the figures are of the network by then.\n";
  return 130;
}

}  // namespace train

int main(int argc, char** argv) {
  CLI::App app{"Trains a siamese network and tells how well it decides whether two samples are of one class."};
  train::Options options;
  train::add_options(app, options);
  app.formatter(std::make_shared<train::Help>());
  try {
    app.parse(argc, argv);
    return train::run(options);
  } catch (const CLI::CallForHelp&) {
    std::cout << app.help();
    return 0;
  } catch (const std::bad_alloc&) {
    std::cerr << "train: there is not enough memory for data and a network of this size\n";
  } catch (const std::exception& error) {
    std::cerr << "train: " << error.what() << '\n';
  }
  return 2;
}
