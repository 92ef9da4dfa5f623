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
#include "gemel/io/safetensors.hpp"
#include "gemel/io/tensor_file.hpp"
#include "gemel/metrics/interval.hpp"
#include "gemel/metrics/roc.hpp"
#include "gemel/training/fit.hpp"
#include "gemel/verification/calibration.hpp"
#include "gemel/verification/verifier.hpp"
#include "program/command_line.hpp"
#include "program/enrolment.hpp"
#include "program/help.hpp"
#include "program/interrupt.hpp"
#include "program/json.hpp"
#include "program/main.hpp"
#include "program/measured.hpp"
#include "program/names.hpp"
#include "program/numbers.hpp"
#include "program/outputs.hpp"
#include "program/result.hpp"
#include "program/rows.hpp"
#include "program/text.hpp"
#include "train/checkpoints.hpp"
#include "train/choices.hpp"
#include "train/command_line.hpp"
#include "train/epoch_timer.hpp"
#include "train/held_out.hpp"
#include "train/kept.hpp"
#include "train/measure.hpp"
#include "train/members.hpp"
#include "train/metadata.hpp"
#include "train/model.hpp"
#include "train/option_checks.hpp"
#include "train/outputs.hpp"
#include "train/plain_rows.hpp"
#include "train/prepare.hpp"
#include "train/report.hpp"
#include "train/threshold.hpp"
#include "train/whitening.hpp"

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

/// Adds a note if the curve is worse than chance.
void add_notes_on(const gemel::Roc& roc, const std::string& name, std::vector<std::string>& notes) {
  if (roc.auc() >= 0.5) return;
  notes.push_back(
      "similar " + name + " pairs are farther apart than dissimilar ones (area under ROC " +
      program::fixed(roc.auc(), 3) +
      "): what the network has learnt does not hold for them; look at the classes, or train on more samples");
}

/// How far the trainings came.
struct Progress {
  bool whole_epoch = true;  ///< whether the last epoch was complete
  bool kept = false;        ///< whether there is a checkpoint, from which it can go on
};

/// Trains a network of the ensemble. `texts` are those of the checkpoints.
gemel::History learn(const Options& options, Index member, const LearningPairs& pairs, const gemel::AnyLoss& loss,
                     const gemel::Pairs<float>& validation, const gemel::Metadata& texts, Model& model,
                     const gemel::StopFlag* stop, Timing& timing, Progress& progress) {
  gemel::Rng rng = stream(options, Purpose::Training, member);
  gemel::AnyOptimizer<float> optimizer = make_optimizer(options);
  gemel::LearningRate schedule = make_schedule(options, pairs.steps_per_epoch);
  EpochTimer timer{
      .seconds = &timing.seconds_of_steps, .pairs = &timing.pairs_of_steps, .whole_epoch = &progress.whole_epoch};
  gemel::ProgressBar bar{.mode = options.quiet ? gemel::ProgressBar::Mode::Silent : gemel::ProgressBar::Mode::Auto};
  const std::string checkpoint = options.checkpoint.empty() ? "" : checkpoint_of(options, member);
  Checkpoints checkpoints{options, checkpoint, texts, &progress.kept};
  const gemel::FitOptions<float> fit_options{.epochs = options.epochs,
                                             .batch_size = pairs.batch_size,
                                             .validation = &validation,
                                             .threads = options.threads,
                                             .stop = stop};
  const bool resumes = !options.resume.empty() && (member == 0 || is_checkpoint_of(checkpoint, texts));
  try {
    if (resumes) {
      return gemel::resume(checkpoint, model, pairs.source(), loss, optimizer, fit_options, schedule, timer, bar,
                           checkpoints);
    }
    return fit(model, pairs.source(), loss, optimizer, fit_options, rng, schedule, timer, bar, checkpoints);
  } catch (const gemel::NonFiniteError& error) {
    throw gemel::NonFiniteError({error.what(), " (with the options --scale, --learning-rate, --margin, --noise)"});
  }
}

/// The trained networks, and the course of the training of each.
struct Learnt {
  std::vector<Model> members = {};
  std::vector<gemel::History> histories = {};
};

/// The networks of the ensemble, not trained.
std::vector<Model> make_networks(const Options& options, const FirstLayers& first, Index features) {
  std::vector<Model> networks;
  for (Index member = 0; member < options.ensemble; ++member) {
    gemel::Rng weights = stream(options, Purpose::Weights, member);
    networks.push_back(make_network_model(options, first, features, weights));
  }
  return networks;
}

/// Trains the networks of the ensemble, and fills in the figures of the training in the result. After a signal, the
/// networks that have not begun are left out.
Learnt learn_all(const Options& options, std::vector<Model> networks, const LearningPairs& pairs,
                 const gemel::AnyLoss& loss, const gemel::Pairs<float>& validation, const gemel::Metadata& texts,
                 const gemel::StopFlag* stop, program::Result& result, Progress& progress) {
  Timing timing;
  const auto began = std::chrono::steady_clock::now();
  const std::clock_t processor_began = std::clock();
  Learnt learnt;
  for (Index member = 0; member < options.ensemble; ++member) {
    if (member > 0 && gemel::stop_requested(stop)) break;
    if (options.ensemble > 1 && !options.quiet) {
      std::cerr << "network " << member + 1 << " of " << options.ensemble << '\n';
    }
    Model& model = networks[static_cast<std::size_t>(member)];
    gemel::History history = learn(options, member, pairs, loss, validation, texts, model, stop, timing, progress);
    if (history.epochs() == 0) break;
    learnt.members.push_back(std::move(model));
    learnt.histories.push_back(std::move(history));
  }
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  result.processor_seconds = static_cast<double>(std::clock() - processor_began) / CLOCKS_PER_SEC;
  result.pairs_per_second =
      timing.pairs_of_steps == 0 ? 0 : static_cast<double>(timing.pairs_of_steps) / timing.seconds_of_steps;
  result.train_pairs = pairs.pairs_per_epoch;
  for (const Model& model : learnt.members) result.parameters += model.network().parameter_count();
  if (!learnt.histories.empty()) {
    result.epochs = learnt.histories.back().epochs();
    result.threads = learnt.histories.back().threads;
  }
  return learnt;
}

/// A sentence about how far the training came before a signal ended it, and how it can go on.
std::string end(const Options& options, const Learnt& learnt, const Progress& progress) {
  const Index done = learnt.histories.back().epochs(), networks = gemel::length(learnt.members);
  const std::string epochs = std::to_string(done) + " of " + std::to_string(options.epochs);
  const std::string network =
      options.ensemble == 1 ? ""
                            : " of network " + std::to_string(networks) + " of " + std::to_string(options.ensemble);
  if (progress.whole_epoch && done == options.epochs && networks == options.ensemble) {
    return "Ended by " + program::Interrupt::name() + " after the training.";
  }
  return "Ended by " + program::Interrupt::name() + (progress.whole_epoch ? " after epoch " : " in epoch ") + epochs +
         network + ": the figures are those of the network at that point." +
         (progress.kept ? " It goes on with --resume " + options.checkpoint + "." : "");
}

/// A sentence about how the threshold was set, or why there is none.
std::string describe_threshold(const program::Result& result, const Parts& parts) {
  const std::string samples = program::counted(result.threshold_pairs, "pair") + " of the " +
                              program::counted(parts.validation.samples.size(), "validation sample");
  if (std::isinf(result.network().threshold)) {
    return "No threshold was set, and all pairs are rejected: on the " + samples + ", " + result.threshold_is_for + '.';
  }
  const Index seen = parts.seen.in_validation;
  const std::string part =
      seen == 0 ? "no test pair was used for it"
                : gemel::format({seen, " of the test samples ", seen == 1 ? "is" : "are", " among these"});
  const gemel::Interval& expected = result.network().expected_far;
  const std::string others = result.held_out.empty() || std::isnan(expected.low)
                                 ? ""
                                 : " As far as the validation tells, " + program::fixed(100 * expected.low, 2) +
                                       " to " + program::percent(expected.high) +
                                       " false accepts were to be expected of " +
                                       std::to_string(result.network().test_classes) + " other classes (95 %).";
  return "The threshold was set on " + samples + ", for " + result.threshold_is_for + "; " + part + '.' + others;
}

/// Saves the verifier, of one network or of an ensemble, with the empty gallery for `verify enrol`, and prints where it
/// is.
void save_verifier(const std::string& path, const gemel::Verifier<Ensemble>& verifier,
                   const std::optional<program::Gallery<float>>& gallery, gemel::Metadata texts, Index epochs) {
  texts["epochs"] = std::to_string(epochs);
  if (gallery) texts["samples_per_person"] = std::to_string(program::samples_per_person);
  const std::vector<Model>& members = verifier.model().members();
  gemel::TensorFile file = members.size() == 1
                               ? to_tensors(gemel::Verifier{members.front(), verifier.calibration()}, texts)
                               : to_tensors(verifier, texts);
  if (gallery) put_gallery(file, *gallery);
  {
    const program::Interrupt::Pause pause;
    gemel::write_safetensors(program::to_write(path), file);
  }
  std::cout << "verifier" << (std::isinf(verifier.calibration().threshold) ? ", which rejects every pair: " : ": ")
            << program::printable(path) << '\n';
}

/// Runs everything from reading the files to printing the table. Returns the program's exit code.
int run(const Options& options, const CLI::App& app, const Kept* kept) {
  check_outputs(options);
  const gemel::AnyLoss loss = make_loss(options);
  gemel::Metadata checkpoint_texts;
  if (!options.checkpoint.empty()) {
    const program::Json files = checksums(options);
    if (kept) check_unchanged(*kept, options, files);
    checkpoint_texts = kept_texts(app, files);
  }
  gemel::Rng split_rng = stream(options, Purpose::Split), pair_rng = stream(options, Purpose::Pairs);
  const Parts parts = prepare(options, split_rng);
  const LearningPairs pairs = training_pairs(options, parts, app.count("--batch-classes") == 0, pair_rng);
  const MeasuringPairs validation =
      measuring_pairs(options, parts.validation, "validation", parts.class_names, pair_rng);
  const MeasuringPairs test = measuring_pairs(options, parts.test, "test", parts.class_names, pair_rng);
  const ChosenWhitening whitening = choose_whitening(options, parts.scaling, parts.training);
  const FirstLayers first{parts.scaling, options.whiten == Whiten::None ? std::nullopt : whitening.layer};
  std::vector<Model> networks = make_networks(options, first, parts.training.samples.features());
  program::Result result;
  result.data = describe(options, parts);
  result.notes = parts.notes;
  const TargetRate target = target_rate(options, validation.pairs.labels());
  result.notes.insert(result.notes.end(), target.notes.begin(), target.notes.end());
  result.test_classes = names_of(parts.test.classes, parts.class_names);
  result.held_out = held_out(parts.test.classes, parts.training.classes, parts.class_names);
  const std::size_t in_validation =
      held_out(parts.validation.classes, parts.training.classes, parts.class_names).size();
  const std::string few = few_classes(in_validation, result.held_out.size());
  if (!few.empty()) result.notes.push_back(few);
  std::cout << program::printable(result.data) << '\n';
  if (kept) {
    result.notes.push_back("the training goes on after epoch " + std::to_string(kept->epochs) + " of " +
                           std::to_string(options.epochs) + "; the times are those from there on. The options were " +
                           CLI::detail::join(kept->words, " "));
  }
  print_notes(result.notes);
  program::flush_standard_output();

  result.seed = options.seed;
  result.test_pairs = test.pairs.size();
  result.test_pairs_are = test.description;
  result.whitening = whitening.description;

  // From here on, a signal only ends the training early, and the figures are still printed.
  std::optional<program::Interrupt::Patience> patience{std::in_place};
  const program::Json option_values = program::all_options(app);
  const gemel::Metadata texts = metadata(parts.columns, parts.class_names, option_values);
  checkpoint_texts.insert(texts.begin(), texts.end());
  Progress progress{.kept = kept != nullptr};
  Learnt learnt = learn_all(options, std::move(networks), pairs, loss, validation.pairs, checkpoint_texts,
                            patience->flag(), result, progress);
  if (learnt.members.empty()) {
    std::cerr << "train: ended by " << program::Interrupt::name()
              << " before the first batch was trained, so there are no figures\n";
    return program::Interrupt::exit_code();
  }

  const gemel::CalibrationOptions calibration = calibration_options(options, target.far);
  const Ensemble ensemble{std::move(learnt.members)};
  program::Measured network = measure("network", ensemble, validation.pairs, test.pairs, calibration, patience->flag());
  // The intervals take longer than all other figures together, so they are left out after a signal.
  if (!patience->at_end()) program::add_interval(network, patience->flag());
  const std::size_t printed_notes = result.notes.size();
  result.rows =
      plain_rows(options, parts, whitening, validation.pairs, test.pairs, calibration, patience->flag(), result.notes);
  result.rows.push_back(network.row);
  const gemel::Verifier verifier{ensemble, network.calibrations.front()};
  result.threshold_is_for = purpose(options, verifier.calibration(), network.validation_roc, target.far);
  result.threshold_pairs = validation.pairs.size();
  result.accuracy = network.accuracy;
  result.accuracy_of_rejecting_all = network.dissimilar;
  for (std::size_t member = 0; member < learnt.histories.size(); ++member) {
    for (const std::string& warning : learnt.histories[member].warnings) {
      // add_notes_on() adds this note in the program's own words.
      if (warning.starts_with("of the validation, similar pairs are farther apart")) continue;
      result.notes.push_back((options.ensemble > 1 ? "network " + std::to_string(member + 1) + ": " : "") + warning);
    }
  }
  add_notes_on(network.validation_roc, "validation", result.notes);
  add_notes_on(network.roc, "test", result.notes);
  add_notes(result);
  if (const std::string sentence = whether_it_pays(result.rows); !sentence.empty()) result.notes.push_back(sentence);

  print_table(result, std::cout);
  print_notes(std::span(result.notes).subspan(printed_notes));
  result.threshold_was_set = describe_threshold(result, parts);
  std::cout << result.threshold_was_set << '\n';
  if (patience->at_end()) {
    result.notes.push_back(end(options, learnt, progress));
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
  if (!options.save.empty()) {
    attempt([&] {
      const auto gallery =
          program::empty_gallery(verifier, parts.validation.samples, parts.validation.classes, calibration);
      save_verifier(options.save, verifier, gallery, texts, result.epochs);
    });
  }
  if (!options.json.empty()) attempt([&] { write_json(options.json, result, option_values); });
  patience.reset();
  if (!options.report.empty()) {
    attempt([&] {
      const gemel::MatrixX<float> embedding = verifier.model().embed(parts.test.samples.columns());
      draw_report(options.report, learnt.histories.front(), network,
                  {embedding, parts.test.classes, parts.class_names, title(options)}, std::cout);
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

  explicit CommandLine(Recipe recipe) : options(defaults(recipe)) {
    add_options(app, options);
    app.formatter(std::make_shared<program::Help>());
  }
};

int run_checked(CommandLine& line, const Kept* kept) {
  settle(line.app, line.options);
  check_effects(line.app, line.options);
  check_file_kinds(line.app, line.options);
  return run(line.options, line.app, kept);
}

/// Parses the command line and runs. Returns the program's exit code.
int start(int argc, char** argv) {
  program::check_empty_values(argc, argv);
  std::optional<CommandLine> line{std::in_place, Recipe::Classes};
  const auto parse = [&] { line->app.parse(argc, argv); };
  try {
    parse();
    if (const Recipe recipe = line->options.recipe; recipe != Recipe::Classes) {
      line.emplace(recipe);
      parse();
    }
  } catch (const CLI::CallForHelp&) {
    std::cout << line->app.help();
    program::flush_standard_output();
    return 0;
  }
  if (line->options.resume.empty()) return run_checked(*line, nullptr);
  check_beside_resume(line->app);
  const Kept kept = read_kept(line->options.resume);
  CommandLine resumed{recipe_of(kept)};
  parse_kept(kept, line->app, resumed.app, resumed.options);
  resumed.options.resume = line->options.resume;
  return run_checked(resumed, &kept);
}

}  // namespace train

int main(int argc, char** argv) { return program::run("train", argc, argv, train::start); }
