// Learns to tell faces apart, from images of some people, and reports how well it decides whether two images are of one
// person, known or unknown. Enrols people, and verifies and identifies them in later processes. `face_recognition
// --help` lists the options.

#include <CLI/CLI.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <iostream>
#include <optional>
#include <string>
#include <vector>

#include "face_recognition/commands.hpp"
#include "face_recognition/faces.hpp"
#include "face_recognition/features.hpp"
#include "face_recognition/learn.hpp"
#include "face_recognition/options.hpp"
#include "face_recognition/protocol.hpp"
#include "face_recognition/report.hpp"
#include "face_recognition/run.hpp"
#include "gemel/core/error.hpp"
#include "gemel/core/format.hpp"
#include "gemel/core/random.hpp"
#include "gemel/io/model_file.hpp"
#include "gemel/io/safetensors.hpp"
#include "gemel/verification/calibration.hpp"
#include "gemel/verification/verifier.hpp"
#include "gemel/version.hpp"
#include "program/command_line.hpp"
#include "program/enrolment.hpp"
#include "program/interrupt.hpp"
#include "program/json.hpp"
#include "program/main.hpp"
#include "program/measured.hpp"
#include "program/model.hpp"
#include "program/names.hpp"
#include "program/numbers.hpp"
#include "program/outputs.hpp"
#include "program/result.hpp"
#include "program/rows.hpp"
#include "program/text.hpp"
#include "program/use.hpp"
#include "program/verdict.hpp"

namespace faces {

std::string describe(const Faces& faces, Protocol protocol) {
  return program::counted(faces.size(), "image") + " of " + std::to_string(faces.people.size()) +
         " people, tested on " +
         (protocol == Protocol::Known ? "other images of these people" : "people who are not in the training");
}

/// The title of the pictures.
std::string title(const Options& options, const std::string& row) {
  return std::string("faces of ") + (options.protocol == Protocol::Known ? "known" : "unknown") + " people, " + row +
         ", seed " + std::to_string(options.seed);
}

/// The figures of a run, of the ways that were measured. The network is the last one.
program::Result result_of(const Options& options, const Faces& faces, const Run& run,
                          const std::vector<program::Measured>& measured) {
  program::Result result;
  for (const program::Measured& way : measured) result.rows.push_back(way.row);
  const program::Measured& network = measured.back();
  result.accuracy = network.accuracy;
  result.accuracy_of_rejecting_all = network.dissimilar;
  result.threshold_is_for = gemel::format({"at most ", 100 * options.far, " % false accepts"});
  for (const program::Fold& fold : run.ways.back().folds) result.threshold_pairs += fold.validation.size();
  result.threshold_was_set =
      "The thresholds, one a fold, were set on " + program::counted(result.threshold_pairs, "validation pair") +
      " of the training's images, for " + result.threshold_is_for + "; the table has their mean.";
  const std::vector<Model>& networks = run.ways.back().models.front().members();
  for (const Model& member : networks) result.parameters += member.network().parameter_count();
  result.seconds = run.seconds;
  result.processor_seconds = run.processor_seconds;
  const double trainings =
      static_cast<double>(network.calibrations.size() * (1 + detail::validations) * networks.size());
  result.pairs_per_second =
      trainings * static_cast<double>(run.train_pairs * run.history.epochs()) / std::max(run.seconds, 1e-9);
  result.train_pairs = run.train_pairs;
  result.test_pairs = network.trials.size();
  result.test_pairs_are =
      "all pairs of the test's images in each of " + program::counted(gemel::length(network.calibrations), "fold");
  result.epochs = run.history.epochs();
  result.threads = run.history.threads;
  result.seed = options.seed;
  result.test_classes = faces.people;
  if (options.protocol == Protocol::Unknown) result.held_out = faces.people;
  result.whitening = "within the people, by the covariance of the training";
  result.data = describe(faces, options.protocol);
  result.notes = run.history.warnings;
  add_notes(result);
  return result;
}

/// What the JSON has beyond the figures that `train` has too.
program::Json more_figures(const Options& options, const Faces& faces, const program::Result& result,
                           const std::vector<WrongPair>& worst) {
  program::Json errors = program::Json::array();
  for (const WrongPair& pair : worst) {
    const auto name = [&](Index image) { return faces.image_names[static_cast<std::size_t>(image)]; };
    errors.push_back({{"fold", pair.fold},
                      {"first", name(pair.first)},
                      {"second", name(pair.second)},
                      {"distance", pair.distance},
                      {"threshold", pair.threshold},
                      {"same", pair.same}});
  }
  return {{"protocol", options.protocol == Protocol::Known ? "known" : "unknown"},
          {"templates", 1},
          {"random_far", result.network().random_far},
          {"verdict", program::verdict(result.rows)},
          {"worst_errors", std::move(errors)}};
}

/// Saves the model of the first fold of one way, with an empty gallery, and prints where it is.
void save(const Options& options, const Faces& faces, Way& way, const std::string& row,
          const gemel::CalibrationOptions& calibration) {
  const program::Verifier<float> verifier{way.models.front(), way.folds.front().calibration};
  gemel::Metadata texts{{"created_by", gemel::format({"face_recognition ", GEMEL_VERSION_MAJOR, ".",
                                                      GEMEL_VERSION_MINOR, ".", GEMEL_VERSION_PATCH})},
                        {"face_features", feature_kind},
                        {"protocol", options.protocol == Protocol::Known ? "known" : "unknown"},
                        {"row", row},
                        {"seed", std::to_string(options.seed)},
                        {"classes", program::names_text(faces.people)}};
  const Index each = way.claims.most_per_person;
  const auto gallery = program::empty_gallery(verifier.model(), std::move(way.claims), calibration);
  if (gallery) texts["samples_per_person"] = std::to_string(each);
  gemel::TensorFile file = to_tensors(verifier, texts);
  if (gallery) put_gallery(file, *gallery);
  {
    const program::Interrupt::Pause pause;
    gemel::write_safetensors(program::to_write(options.save), file);
  }
  std::cout << "model: " << program::printable(options.save) << ", the row " << row << " of the first fold"
            << (std::isinf(verifier.calibration().threshold) ? ", which rejects every pair" : "") << '\n';
}

/// Learns and reports. Returns the program's exit code.
int learn(const Options& options, const CLI::App& app) {
  const Faces faces = read_faces(options.data);
  gemel::Rng rng{options.seed};
  const std::vector<FoldOfImages> folds = folds_of(options.protocol, faces, rng);
  std::cout << describe(faces, options.protocol) << '\n';
  program::flush_standard_output();
  const auto progress = [&](const std::string& what) {
    if (!options.quiet) std::cerr << what << '\n';
  };
  progress("features");
  const FaceSamples samples{features_of(faces.images, options.threads), gemel::Classes{faces.person}};
  const gemel::CalibrationOptions calibration{.far = options.far, .or_accept_nothing = true};
  Run run = run_protocol(options.protocol, samples, folds, options.seed, options.threads, calibration, progress);

  std::vector<program::Measured> measured;
  for (std::size_t w = 0; w < way_names.size(); ++w) {
    measured.push_back(program::measure(way_names[w], run.ways[w].folds));
    measured.back().row.random_far = measured.back().row.far;  // nobody imitates anyone
    program::add_interval(measured.back(), nullptr);
  }
  const program::Result result = result_of(options, faces, run, measured);
  const auto best = static_cast<std::size_t>(&program::best_row(result.rows) - result.rows.data());
  const std::vector<WrongPair> worst = worst_errors(run.ways[best].wrong, detail::errors_of_a_kind);
  print_table(result, std::cout);
  for (const std::string& note : result.notes) std::cout << "Note: " << program::printable(note) << ".\n";
  std::cout << result.threshold_was_set << '\n' << program::verdict(result.rows) << '\n';

  const std::string row = way_names[best];
  if (!options.json.empty()) {
    write_json(options.json, result, program::all_options(app), more_figures(options, faces, result, worst));
  }
  if (!options.report.empty()) {
    const std::vector<Index>& images = folds.front().test.held_out;
    const gemel::MatrixX<float> embedding =
        run.ways[best].models.front().embed(samples.samples.select(images).columns());
    draw_report(options.report, run.history, title(options, way_names.back()), measured[best], worst, faces,
                {embedding, samples.people.select(images), faces.people, title(options, row)}, std::cout);
  }
  if (!options.save.empty()) save(options, faces, run.ways[best], row, calibration);
  return 0;
}

/// Parses the command line and runs. Returns the program's exit code.
int start(int argc, char** argv) {
  return program::start<Options>(argc, argv, usage, [](const Options& options, const CLI::App& app) {
    return options.task == Task::Learn ? learn(options, app) : run_command(options, std::cout);
  });
}

}  // namespace faces

int main(int argc, char** argv) { return program::run("face_recognition", argc, argv, faces::start); }
