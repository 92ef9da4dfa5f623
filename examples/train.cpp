// Trains a siamese network on classes of samples, from files or from the digits that are embedded in the program, and
// reports how well it decides whether two samples are of the same class. `train --help` lists the options.

#include <CLI/CLI.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <ctime>
#include <exception>
#include <filesystem>
#include <iostream>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "gemel/callback/progress_bar.hpp"
#include "gemel/core/error.hpp"
#include "gemel/core/format.hpp"
#include "gemel/core/stop.hpp"
#include "gemel/io/checkpoint.hpp"
#include "gemel/io/model_file.hpp"
#include "gemel/metrics/interval.hpp"
#include "gemel/metrics/roc.hpp"
#include "gemel/training/fit.hpp"
#include "gemel/verification/calibration.hpp"
#include "gemel/verification/distances.hpp"
#include "gemel/verification/verifier.hpp"
#include "program/command_line.hpp"
#include "program/help.hpp"
#include "program/interrupt.hpp"
#include "program/json.hpp"
#include "program/main.hpp"
#include "program/names.hpp"
#include "program/outputs.hpp"
#include "program/text.hpp"
#include "train/checkpoints.hpp"
#include "train/choices.hpp"
#include "train/command_line.hpp"
#include "train/epoch_timer.hpp"
#include "train/kept.hpp"
#include "train/metadata.hpp"
#include "train/model.hpp"
#include "train/option_checks.hpp"
#include "train/outputs.hpp"
#include "train/prepare.hpp"
#include "train/report.hpp"
#include "train/result.hpp"
#include "train/threshold.hpp"

namespace train {

/// The files of the training samples, or the name of the embedded digits.
std::string name_of_data(const Options& options) {
  const bool digits = options.data.empty() && options.images.empty();
  return digits ? "The UCI digits (Alpaydin and Kaynak, CC BY 4.0)" : options.data + options.images;
}

/// Describes the data in one line: the sizes of its parts, the scaling and the classes.
std::string describe(const Options& options, const Parts& parts) {
  return name_of_data(options) + ": " + std::to_string(parts.training.samples.size()) + " training, " +
         std::to_string(parts.validation.samples.size()) + " validation and " +
         program::counted(parts.test.samples.size(), "test sample") + " of " +
         program::counted(parts.training.samples.features(), "feature") + ", " + parts.scaling.description + "; " +
         parts.class_origin + ".";
}

/// The title of the pictures: the data and the seed.
std::string title(const Options& options) {
  const bool digits = options.data.empty() && options.images.empty();
  const std::filesystem::path path = options.data + options.images;
  constexpr std::size_t max_characters = 50;  // of the name, so that the seed fits into the picture
  return (digits ? "UCI digits" : program::printable(path.filename().string(), max_characters)) + ", seed " +
         std::to_string(options.seed);
}

/// Prints the notes. Each says what was noticed and what to do about it.
void print_notes(std::span<const std::string> notes) {
  for (const std::string& note : notes) std::cout << "Note: " << program::printable(note) << ".\n";
}

std::span<const float> as_span(const gemel::VectorX<float>& values) {
  return {values.data(), static_cast<std::size_t>(values.size())};
}

/// The distances of the pairs of a part of the data. Throws NonFiniteError, with the part's name, if one is not finite.
gemel::VectorX<float> measure(const Model& model, const gemel::Pairs<float>& pairs, const std::string& name) {
  gemel::VectorX<float> values = distances(model, pairs);
  if (!values.allFinite()) {
    throw gemel::NonFiniteError({"the network gives ", name,
                                 " pairs a distance of NaN or infinity: look for huge features, scale them (--scale), "
                                 "or lower --learning-rate"});
  }
  return values;
}

/// Adds a note if the curve is worse than chance.
void add_notes_on(const gemel::Roc& roc, const std::string& name, std::vector<std::string>& notes) {
  if (roc.auc() >= 0.5) return;
  notes.push_back(
      "similar " + name + " pairs are farther apart than dissimilar ones (area under ROC " +
      detail::fixed(roc.auc(), 3) +
      "): what the network has learnt does not hold for them; look at the classes, or train on more samples");
}

/// How far a training came.
struct Progress {
  bool whole_epoch = true;  ///< whether the last epoch was complete
  bool kept = false;        ///< whether there is a checkpoint, from which it can go on
};

/// Trains the model, and fills in the figures of the training in the result. `texts` are those of the checkpoints.
gemel::History learn(const Options& options, const LearningPairs& pairs, const gemel::Pairs<float>& validation,
                     const gemel::Metadata& texts, Model& model, const gemel::StopFlag* stop, Result& result,
                     Progress& progress) {
  gemel::Rng rng{options.seed, 3};
  gemel::AnyOptimizer<float> optimizer = make_optimizer(options);
  double seconds_of_steps = 0;
  Index pairs_of_steps = 0;
  const auto began = std::chrono::steady_clock::now();
  const std::clock_t processor_began = std::clock();
  gemel::LearningRate schedule = make_schedule(options, pairs.size);
  EpochTimer timer{.seconds = &seconds_of_steps, .pairs = &pairs_of_steps, .whole_epoch = &progress.whole_epoch};
  gemel::ProgressBar bar{.mode = options.quiet ? gemel::ProgressBar::Mode::Silent : gemel::ProgressBar::Mode::Auto};
  Checkpoints checkpoints{options, texts, &progress.kept};
  const gemel::FitOptions<float> fit_options{.epochs = options.epochs,
                                             .batch_size = options.batch,
                                             .validation = &validation,
                                             .threads = options.threads,
                                             .stop = stop};
  gemel::History history;
  try {
    if (options.resume.empty()) {
      history =
          fit(model, pairs.source, make_loss(options), optimizer, fit_options, rng, schedule, timer, bar, checkpoints);
    } else {
      history = gemel::resume(options.resume, model, pairs.source, make_loss(options), optimizer, fit_options, schedule,
                              timer, bar, checkpoints);
    }
  } catch (const gemel::NonFiniteError& error) {
    throw gemel::NonFiniteError({error.what(), " (with the options --scale, --learning-rate, --margin)"});
  }
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  result.processor_seconds = static_cast<double>(std::clock() - processor_began) / CLOCKS_PER_SEC;
  result.pairs_per_second = pairs_of_steps == 0 ? 0 : static_cast<double>(pairs_of_steps) / seconds_of_steps;
  result.train_pairs = pairs.size;
  result.epochs = history.epochs();
  result.threads = history.threads;
  return history;
}

/// A sentence about how far the training came before a signal ended it, and how it can go on.
std::string end(const Options& options, const gemel::History& history, const Progress& progress) {
  const std::string epochs = std::to_string(history.epochs()) + " of " + std::to_string(options.epochs);
  if (progress.whole_epoch && history.epochs() == options.epochs) {
    return "Ended by " + program::Interrupt::name() + " after the training.";
  }
  return "Ended by " + program::Interrupt::name() + (progress.whole_epoch ? " after epoch " : " in epoch ") + epochs +
         ": the figures are those of the network at that point." +
         (progress.kept ? " It goes on with --resume " + options.checkpoint + "." : "");
}

/// A sentence about how the threshold was set, or why there is none.
std::string describe_threshold(const Result& result, const Parts& parts) {
  const std::string samples = program::counted(result.threshold_pairs, "pair") + " of the " +
                              program::counted(parts.validation.samples.size(), "validation sample");
  if (std::isinf(result.threshold)) {
    return "No threshold was set, and all pairs are rejected: on the " + samples + ", " + result.threshold_is_for + '.';
  }
  const Index seen = parts.seen.in_validation;
  const std::string part =
      seen == 0 ? "no test pair was used for it"
                : gemel::format({seen, " of the test samples ", seen == 1 ? "is" : "are", " among these"});
  return "The threshold was set on " + samples + ", for " + result.threshold_is_for + "; " + part + '.';
}

/// Fills in the accuracy and the error rates of the verifier's threshold, for the distances and labels of the test
/// pairs.
void decide(const gemel::Verifier<Model>& verifier, std::span<const float> distances, const gemel::Labels& labels,
            Result& result) {
  Index pairs[2] = {}, accepted[2] = {};  // numbers of dissimilar and of similar pairs
  for (Index i = 0; i < labels.size(); ++i) {
    ++pairs[labels[i]];
    accepted[labels[i]] += verifier.accepts(distances[static_cast<std::size_t>(i)]);
  }
  const auto share = [](Index part, Index all) { return static_cast<double>(part) / static_cast<double>(all); };
  result.accuracy = share(pairs[0] - accepted[0] + accepted[1], pairs[0] + pairs[1]);
  result.accuracy_of_rejecting_all = share(pairs[0], pairs[0] + pairs[1]);
  result.far = share(accepted[0], pairs[0]);
  result.frr = share(pairs[1] - accepted[1], pairs[1]);
}

/// Saves the verifier, and prints where it is.
void save_verifier(const std::string& path, const gemel::Verifier<Model>& verifier, gemel::Metadata texts,
                   Index epochs) {
  texts["epochs"] = std::to_string(epochs);
  {
    const program::Interrupt::Pause pause;
    gemel::save(program::to_write(path), verifier, texts);
  }
  std::cout << "verifier" << (std::isinf(verifier.calibration().threshold) ? ", which rejects every pair: " : ": ")
            << program::printable(path) << '\n';
}

/// Runs everything from reading the files to printing the table. Returns the program's exit code.
int run(const Options& options, const CLI::App& app, const Kept* kept) {
  check_outputs(options);
  gemel::Metadata checkpoint_texts;
  if (!options.checkpoint.empty()) {
    const program::Json files = checksums(options);
    if (kept) check_unchanged(*kept, options, files);
    checkpoint_texts = kept_texts(app, files);
  }
  // Each purpose has its own random stream, so that the number of pairs affects neither the split nor the weights.
  gemel::Rng split_rng{options.seed, 0}, weight_rng{options.seed, 1}, pair_rng{options.seed, 2};
  const Parts parts = prepare(options, split_rng);
  const LearningPairs pairs = training_pairs(options, parts, pair_rng);
  const MeasuringPairs validation =
      measuring_pairs(options, parts.validation, "validation", parts.class_names, pair_rng);
  const MeasuringPairs test = measuring_pairs(options, parts.test, "test", parts.class_names, pair_rng);
  Result result;
  result.data = describe(options, parts);
  result.notes = parts.notes;
  const TargetRate target = target_rate(options, validation.pairs.labels());
  result.notes.insert(result.notes.end(), target.notes.begin(), target.notes.end());
  std::cout << program::printable(result.data) << '\n';
  if (kept) {
    result.notes.push_back("the training goes on after epoch " + std::to_string(kept->epochs) + " of " +
                           std::to_string(options.epochs) + "; the times are those from there on. The options were " +
                           CLI::detail::join(kept->words, " "));
  }
  print_notes(result.notes);
  program::flush_standard_output();

  Model model = make_model(options, parts.scaling, parts.training.samples.features(), weight_rng);
  result.seed = options.seed;
  result.test_pairs = test.pairs.size();
  result.test_pairs_are = test.description;
  result.parameters = model.network().parameter_count();

  // From here on, a signal only ends the training early, and the figures are still printed.
  std::optional<program::Interrupt::Patience> patience{std::in_place};
  const program::Json option_values = all_options(app);
  const gemel::Metadata texts = metadata(parts.columns, parts.class_names, option_values);
  checkpoint_texts.insert(texts.begin(), texts.end());
  Progress progress{.kept = kept != nullptr};
  const gemel::History history =
      learn(options, pairs, validation.pairs, checkpoint_texts, model, patience->flag(), result, progress);
  if (history.epochs() == 0) {
    std::cerr << "train: ended by " << program::Interrupt::name()
              << " before the first batch was trained, so there are no figures\n";
    return program::Interrupt::exit_code();
  }

  const gemel::VectorX<float> validation_distances = measure(model, validation.pairs, "validation");
  const gemel::Roc validation_roc{validation_distances, validation.pairs.labels()};
  const gemel::Verifier verifier{std::move(model), calibrate(validation_distances, validation.pairs.labels(),
                                                             calibration_options(options, target.far))};
  result.threshold = verifier.calibration().threshold;
  result.threshold_is_for = purpose(options, verifier.calibration(), validation_roc, target.far);
  result.threshold_pairs = validation.pairs.size();
  const gemel::VectorX<float> test_distances = measure(verifier.model(), test.pairs, "test");
  const gemel::Labels labels = test.pairs.labels();
  const gemel::Roc roc{test_distances, labels};
  result.eer = roc.eer();
  result.auc = roc.auc();
  decide(verifier, as_span(test_distances), labels, result);
  constexpr double none = std::numeric_limits<double>::quiet_NaN();
  result.eer_interval = {none, none, "none: ended early"};
  // The interval takes longer than all other figures together, so it is left out after a signal.
  if (!patience->at_end()) {
    result.eer_interval =
        eer_interval(test_distances, labels, {.identities = test.pairs.identities(), .stop = patience->flag()});
  }
  const std::size_t printed_notes = result.notes.size();
  for (const std::string& warning : history.warnings) {
    // add_notes_on() adds this note in the program's own words.
    if (!warning.starts_with("of the validation, similar pairs are farther apart")) result.notes.push_back(warning);
  }
  add_notes_on(validation_roc, "validation", result.notes);
  add_notes_on(roc, "test", result.notes);
  add_notes(result);

  print_table(result, std::cout);
  print_notes(std::span(result.notes).subspan(printed_notes));
  result.threshold_was_set = describe_threshold(result, parts);
  std::cout << result.threshold_was_set << '\n';
  if (patience->at_end()) {
    result.notes.push_back(end(options, history, progress));
    std::cout << result.notes.back() << '\n';
  }
  std::cout.flush();

  // If one output fails, the others are still written.
  std::exception_ptr failure;
  const auto attempt = [&failure](const auto& write) {
    try {
      write();
    } catch (const gemel::IoError&) {
      if (!failure) failure = std::current_exception();
    }
  };
  if (!options.save.empty()) attempt([&] { save_verifier(options.save, verifier, texts, history.epochs()); });
  if (!options.json.empty()) attempt([&] { write_json(options.json, result, option_values); });
  patience.reset();
  if (!options.report.empty()) {
    attempt([&] {
      draw_report(
          options.report,
          {history, roc, as_span(test_distances), labels.span(), result.threshold,
           verifier.model().embed(parts.test.samples.columns()), parts.test.classes, parts.class_names, title(options)},
          std::cout);
    });
  }
  attempt(program::flush_standard_output);
  if (failure) std::rethrow_exception(failure);
  return program::Interrupt::exit_code();
}

/// The parser of a command line, and the options that it parses.
struct CommandLine {
  CLI::App app{"Trains a siamese network and reports how well it decides whether two samples are of the same class."};
  Options options;

  CommandLine() {
    add_options(app, options);
    app.formatter(std::make_shared<program::Help>());
  }
};

int run_checked(const CommandLine& line, const Kept* kept) {
  check_effects(line.app, line.options);
  check_file_kinds(line.app, line.options);
  return run(line.options, line.app, kept);
}

/// Parses the command line and runs. Returns the program's exit code.
int start(int argc, char** argv) {
  CommandLine line;
  program::check_empty_values(argc, argv);
  try {
    line.app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    std::cout << line.app.help();
    program::flush_standard_output();
    return 0;
  }
  if (line.options.resume.empty()) return run_checked(line, nullptr);
  check_beside_resume(line.app);
  const Kept kept = read_kept(line.options.resume);
  CommandLine resumed;
  parse_kept(kept, line.app, resumed.app);
  resumed.options.resume = line.options.resume;
  return run_checked(resumed, &kept);
}

}  // namespace train

int main(int argc, char** argv) { return program::run("train", argc, argv, train::start); }
