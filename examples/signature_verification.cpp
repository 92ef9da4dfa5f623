// Learns to tell genuine signatures from skilled forgeries, from signatures that were written on a tablet, and reports
// how well it does for known or unknown signers. Enrols people, and verifies their signatures in later processes.
// `signature_verification --help` lists the options.

#include <CLI/CLI.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <ctime>
#include <iostream>
#include <string>
#include <utility>
#include <vector>

#include "gemel/core/error.hpp"
#include "gemel/core/format.hpp"
#include "gemel/core/types.hpp"
#include "gemel/data/classes.hpp"
#include "gemel/io/model_file.hpp"
#include "gemel/io/safetensors.hpp"
#include "gemel/network/ensemble.hpp"
#include "gemel/network/standardize.hpp"
#include "gemel/verification/gallery.hpp"
#include "gemel/verification/verifier.hpp"
#include "gemel/version.hpp"
#include "program/command_line.hpp"
#include "program/curve_pictures.hpp"
#include "program/embedding_picture.hpp"
#include "program/interrupt.hpp"
#include "program/loss_picture.hpp"
#include "program/main.hpp"
#include "program/measured.hpp"
#include "program/model.hpp"
#include "program/numbers.hpp"
#include "program/outputs.hpp"
#include "program/report.hpp"
#include "program/result.hpp"
#include "program/rows.hpp"
#include "program/text.hpp"
#include "program/use.hpp"
#include "program/verdict.hpp"
#include "signature_verification/commands.hpp"
#include "signature_verification/data.hpp"
#include "signature_verification/errors.hpp"
#include "signature_verification/options.hpp"
#include "signature_verification/protocol.hpp"
#include "signature_verification/study.hpp"
#include "signature_verification/svc2004.hpp"

namespace signature_verification {

std::string word_of(Protocol protocol) {
  return protocol == Protocol::Known ? "known" : protocol == Protocol::Unknown ? "unknown" : "competition";
}

Index templates_of(Protocol protocol) { return protocol == Protocol::Known ? 10 : 5; }

std::string describe(const Data& data, Protocol protocol) {
  return program::counted(data.signers(), "signer") + " with 20 genuine signatures, of two sittings, and 20 skilled " +
         "forgeries each; " +
         (protocol == Protocol::Known
              ? "tested on later signatures and other forgeries of the signers of the training"
              : "each quarter of the signers is tested with what was learnt from the other three");
}

/// What the three rows are, a line each.
std::vector<std::string> rows_explained(Protocol protocol) {
  if (protocol == Protocol::Known) {
    return {"raw: the distance of scaled features", "whitened: that of features whitened within the signers",
            "network: that of the embeddings; each is the mean over the ten templates"};
  }
  return {"raw: dynamic time warping over the templates' own",
          "whitened: a direction of the inputs that are relative to the templates (linear discriminant)",
          "network: the same inputs, embedded, and the direction, each in units of its own spread"};
}

/// The figures of the study.
program::Result result_of(const Options& options, const Data& data, const Study& study) {
  program::Result result;
  for (const program::Measured& row : study.rows) result.rows.push_back(row.row);
  const program::Measured& network = study.rows.back();
  result.accuracy = network.accuracy;
  result.accuracy_of_rejecting_all = network.dissimilar;
  result.threshold_is_for = "equal error rates";
  result.threshold_was_set =
      "The thresholds, one a fold of signers, were set for equal error rates on the claims "
      "against the signers of the other folds; the table has their mean.";
  result.parameters = study.parameters;
  result.threshold_pairs = network.trials.size() * (folds - 1) / folds;  // of each fold, about
  result.train_pairs = study.pairs_per_epoch;
  result.test_pairs = network.trials.size();
  result.test_pairs_are = "claims to be a signer, with " + std::to_string(templates_of(options.protocol)) +
                          " templates, by genuine signatures and skilled forgeries";
  result.epochs = study.history.epochs();
  result.threads = study.history.threads;
  result.seed = options.seed;
  for (Index s = 0; s < data.signers(); ++s) result.test_classes.push_back(data.signer_name(s));
  if (options.protocol != Protocol::Known) result.held_out = result.test_classes;
  result.whitening =
      options.protocol == Protocol::Known ? "within the signers" : "a linear discriminant of the relative inputs";
  result.data = describe(data, options.protocol);
  result.notes = study.history.warnings;
  return result;
}

/// Prints what is not in the table.
void print_more(const Options& options, const Study& study, const program::Result& result) {
  std::cout << "  random forgeries  ";
  for (std::size_t r = 0; r < result.rows.size(); ++r) {
    std::cout << (r == 0 ? "" : ", ") << result.rows[r].name << ' ' << program::percent(result.rows[r].random_far);
  }
  std::cout << " accepted at the threshold\n";
  for (const std::string& line : rows_explained(options.protocol)) std::cout << "  " << line << '\n';
  if (options.protocol == Protocol::Competition) {
    std::cout << "  Mean of the signers' own equal error rates, as SVC2004 reports:";
    for (std::size_t r = 0; r < row_names.size(); ++r) {
      std::cout << (r == 0 ? " " : ", ") << row_names[r] << ' ' << program::percent(study.signer_eer[r]);
    }
    std::cout << ".\n  Its winner had 2.89 %, on 60 other signers, which are not public.\n";
  }
  for (const std::string& note : result.notes) std::cout << "Note: " << program::printable(note) << ".\n";
  std::cout << result.threshold_was_set << '\n' << program::verdict(result.rows) << '\n';
}

program::Json more_figures(const Options& options, const Data& data, const Study& study, const program::Result& result,
                           const std::vector<Error>& errors, const std::string& chosen) {
  program::Json signer_eer = program::Json::object();
  for (std::size_t r = 0; r < row_names.size(); ++r) signer_eer[row_names[r]] = study.signer_eer[r];
  program::Json signers = program::Json::array();
  for (const Index signer : study.first_fold) signers.push_back(data.signer_name(signer));
  program::Json first_fold{{"signers", std::move(signers)}, {"rows", program::Json::object()}};
  for (std::size_t r = 0; r < row_names.size(); ++r) {
    const program::Decisions& decided = study.first_decisions[r];
    first_fold["rows"][row_names[r]] = {{"far", decided.far()}, {"frr", decided.frr()}};
  }
  return {{"protocol", word_of(options.protocol)},
          {"first_fold", std::move(first_fold)},
          {"templates", templates_of(options.protocol)},
          {"random_far", result.network().random_far},
          {"mean_signer_eer", std::move(signer_eer)},
          {"verdict", program::verdict(result.rows)},
          {"worst_errors", errors_json(errors, data, chosen)}};
}

/// Writes the model with an empty gallery, and prints where it is.
template <class Scorer>
void write_model(const Options& options, const program::Model<float>& model, const Scorer& scorer,
                 const gemel::Calibration& calibration, const char* samples, const std::string& row) {
  const gemel::Metadata texts{{"created_by", gemel::format({"signature_verification ", GEMEL_VERSION_MAJOR, ".",
                                                            GEMEL_VERSION_MINOR, ".", GEMEL_VERSION_PATCH})},
                              {sample_key, samples},
                              {"protocol", word_of(options.protocol)},
                              {"row", row},
                              {"seed", std::to_string(options.seed)},
                              {"samples_per_person", std::to_string(templates_of(options.protocol))}};
  const program::Gallery<float, Scorer> gallery{gemel::ClaimVerifier{model, scorer, calibration}};
  const program::Interrupt::Pause pause;
  gemel::write_safetensors(program::to_write(options.save), to_tensors(gallery, texts));
}

/// Saves the row with the lowest validation error; if signers are unknown, the one of the first fold, and of the two
/// rows that have learnt.
void save(const Options& options, const Data& data, const Study& study) {
  std::size_t row = 0;
  if (study.known.empty()) row = study.rows[2].row.validation_eer < study.rows[1].row.validation_eer ? 2 : 1;
  for (std::size_t r = 1; r < study.known.size(); ++r) {
    if (study.rows[r].row.validation_eer < study.rows[row].row.validation_eer) row = r;
  }
  const gemel::Calibration& calibration = study.rows[row].calibrations.front();
  if (study.known.empty()) {
    // The scorer compares the samples themselves, so the model passes them on as they are.
    const Index values = data.samples.rows();
    gemel::Rng unused{0};
    const gemel::Standardize<> unchanged{gemel::VectorX<double>::Zero(values).eval(),
                                         gemel::VectorX<double>::Ones(values).eval()};
    const program::Model<float> model{program::model_of({unchanged}, unused)};
    write_model(options, model, study.relative[row - 1], calibration, features_and_curves, row_names[row]);
  } else {
    write_model(options, study.known[row], gemel::AnyScorer{gemel::MeanScore{}}, calibration, features_only,
                row_names[row]);
  }
  std::cout << "model: " << program::printable(options.save) << ", the row " << row_names[row]
            << ", with the threshold of the first fold\n";
}

/// The embeddings of the genuine signatures of the test of known signers. Unknown signers have no such picture: a
/// signature is scored beside templates and has no embedding of its own.
program::Picture embeddings_of_test(const Data& data, const Ensemble& model, const std::string& title) {
  constexpr Index first = Signatures::sitting, end = Signatures::genuine;
  std::vector<Index> signatures, signers;
  std::vector<std::string> names;
  for (Index s = 0; s < data.signers(); ++s) {
    names.push_back(data.signer_name(s));
    for (Index k = first; k < end; ++k) {
      signatures.push_back(Data::number(s, k));
      signers.push_back(s);
    }
  }
  const gemel::MatrixX<float> features = data.samples(Eigen::seqN(0, data.features()), signatures);
  return program::embedding_picture({model.embed(features), gemel::Classes{signers}, names, title});
}

void draw(const Options& options, const Data& data, const Study& study, const std::vector<Error>& errors,
          std::size_t row) {
  const program::Measured& best = study.rows[row];
  const program::Interrupt::Patience patience;
  const std::string title =
      "signatures, " + word_of(options.protocol) + ": " + best.row.name + ", seed " + std::to_string(options.seed);
  const program::Curves curves{best, title, "score of a claim", "genuine", "skilled forgeries"};
  const gemel::CurveBand band = band_of(curves, patience.flag());
  std::vector<program::Picture> pictures = {program::loss_picture(study.history, title), distances_picture(curves),
                                            roc_picture(curves, band), det_picture(curves, band),
                                            errors_picture(errors, data, title)};
  if (!study.known.empty()) {
    pictures.push_back(embeddings_of_test(data, study.known[row], title));
  }
  program::draw_report(options.report, pictures, patience, std::cout);
}

/// Learns and reports. Returns the program's exit code.
int learn(const Options& options, const CLI::App& app) {
  const auto progress = [&](const std::string& what) {
    if (!options.quiet) std::cerr << what << '\n';
  };
  const Data data{read_svc2004_folder(options.data)};
  std::cout << describe(data, options.protocol) << '\n';
  program::flush_standard_output();
  const auto began = std::chrono::steady_clock::now();
  const std::clock_t processor_began = std::clock();
  const LearnOptions learning{options.seed, options.networks, options.threads};
  Study study = options.protocol == Protocol::Known ? study_known(data, learning, options.quiet, progress)
                                                    : study_unknown(data, options.protocol, learning, progress);
  for (program::Measured& row : study.rows) program::add_interval(row, nullptr);
  program::Result result = result_of(options, data, study);
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  result.processor_seconds = static_cast<double>(std::clock() - processor_began) / CLOCKS_PER_SEC;
  result.pairs_per_second =
      static_cast<double>(result.train_pairs * result.epochs * options.networks * study.trainings) / result.seconds;
  add_notes(result);

  const auto best = static_cast<std::size_t>(&program::best_row(result.rows) - result.rows.data());
  const program::Measured& chosen = study.rows[best];
  const std::vector<Error> errors = worst_errors(chosen, 4);
  print_table(result, std::cout);
  print_more(options, study, result);
  if (!options.json.empty()) {
    write_json(options.json, result, program::all_options(app),
               more_figures(options, data, study, result, errors, chosen.row.name));
  }
  if (!options.save.empty()) save(options, data, study);
  if (!options.report.empty()) draw(options, data, study, errors, best);
  return 0;
}

/// Parses the command line and runs. Returns the program's exit code.
int start(int argc, char** argv) {
  return program::start<Options>(argc, argv, usage, [](const Options& options, const CLI::App& app) {
    return options.task == Task::Learn ? learn(options, app) : run_command(options, std::cout);
  });
}

}  // namespace signature_verification

int main(int argc, char** argv) {
  return program::run("signature_verification", argc, argv, signature_verification::start);
}
