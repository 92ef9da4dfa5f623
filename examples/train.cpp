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
            << parts.scaling << "; " << parts.class_origin << ".\n";
  for (const std::string& note : parts.notes) std::cout << "Note: " << note << '\n';
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

/// Trains the model and fills in the result what concerns the training.
gemel::History learn(const Options& options, const AnyPairs& pairs, const gemel::Pairs<float>& validation, Model& model,
                     Result& result) {
  gemel::Rng rng{options.seed, 3};
  AnyOptimizer optimizer = make_optimizer(options);
  double seconds_of_steps = 0;
  Index pairs_of_steps = 0;
  const Interrupt interrupt;
  const auto began = std::chrono::steady_clock::now();
  gemel::History history = fit(
      model, pairs, make_loss(options), optimizer,
      {.epochs = options.epochs, .batch_size = options.batch, .validation = &validation, .threads = options.threads},
      rng, make_schedule(options, pairs.size()), Watch{.seconds = &seconds_of_steps, .pairs = &pairs_of_steps},
      gemel::ProgressBar{.mode = options.quiet ? gemel::ProgressBar::Mode::Silent : gemel::ProgressBar::Mode::Auto});
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  result.pairs_per_second = static_cast<double>(pairs_of_steps) / seconds_of_steps;
  result.train_pairs = pairs.size();
  result.epochs = history.epochs();
  result.threads = history.threads;
  return history;
}

/// From the files to the table. Returns the program's exit code.
int run(const Options& options) {
  check_outputs(options);
  // A stream for each, so that another number of pairs does not mean another split or other weights.
  gemel::Rng split_rng{options.seed, 0}, weight_rng{options.seed, 1}, pair_rng{options.seed, 2};
  const Parts parts = prepare(options, split_rng);
  const AnyPairs pairs = training_pairs(options, parts.training, pair_rng);
  const MeasuringPairs validation = measuring_pairs(options, parts.validation, "validation", pair_rng);
  const MeasuringPairs test = measuring_pairs(options, parts.test, "test", pair_rng);
  check_threshold(options, validation.pairs.labels());
  describe(options, parts);

  Model model = make_model(options, parts.training.samples.features(), weight_rng);
  Result result;
  result.seed = options.seed;
  result.test_pairs = test.pairs.size();
  result.test_pairs_are = test.description;
  result.parameters = model.network().parameter_count();
  const gemel::History history = learn(options, pairs, validation.pairs, model, result);

  const Threshold threshold =
      set_threshold(options, as_span(distances(model, validation.pairs)), validation.pairs.labels());
  const gemel::VectorX<float> test_distances = distances(model, test.pairs);
  const gemel::Labels labels = test.pairs.labels();
  const gemel::Roc roc{test_distances, labels};
  result.eer = roc.eer();
  result.eer_interval = eer_interval(test_distances, labels, {.identities = identities(test.pairs, parts.test)});
  result.auc = roc.auc();
  result.threshold = threshold.value;
  result.accuracy = roc.accuracy(threshold.value);
  result.far = roc.far(threshold.value);
  result.frr = roc.frr(threshold.value);

  for (const std::string& warning : history.warnings) std::cout << "Note: " << warning << '\n';
  print_table(result, std::cout);
  std::cout << "The threshold was set on " << validation.pairs.size() << " pairs of the "
            << parts.validation.samples.size() << " validation samples, for " << threshold.origin
            << "; no test pair had a part in it.\n";
  if (!options.json.empty()) write_json(options.json, result);
  if (!options.report.empty()) {
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
