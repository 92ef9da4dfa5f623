// Learns which texts are the same: words that sound alike, or rows of a table that are of the same thing. It says
// whether a network is worth its training, and decides about other texts later. `text_comparison --help` lists the
// options.

#include <CLI/CLI.hpp>

#include <chrono>
#include <ctime>
#include <exception>
#include <iostream>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gemel/core/error.hpp"
#include "gemel/core/format.hpp"
#include "gemel/version.hpp"
#include "homophones_cmudict04.hpp"
#include "program/command_line.hpp"
#include "program/curve_pictures.hpp"
#include "program/embedding_picture.hpp"
#include "program/interrupt.hpp"
#include "program/loss_picture.hpp"
#include "program/main.hpp"
#include "program/measured.hpp"
#include "program/outputs.hpp"
#include "program/report.hpp"
#include "program/result.hpp"
#include "program/use.hpp"
#include "text_comparison/commands.hpp"
#include "text_comparison/data.hpp"
#include "text_comparison/run.hpp"

namespace text_comparison {

/// The data of --data, or the homophones that the program contains.
Data read_data(const Options& options) {
  if (options.data.empty()) return data_of(parse_homophones(homophones_text, "the homophones"), "the homophones");
  if (options.text.empty()) return data_of(read_homophones(options.data), options.data);
  const gemel::Table table =
      gemel::read_table(options.data, {.separator = options.separator, .separator_name = "--separator"});
  return data_of(table, options.text, options.key);
}

/// Describes the data in one line.
std::string describe(const Data& data, const Parts& parts, const Features& features) {
  std::string text = data.file + ": " + program::counted(data.size(), features.are_of_words() ? "word" : "row") +
                     " in " + program::counted(gemel::length(data.names), "group") +
                     "; for the training, validation and test ";
  for (std::size_t p = 0; p < parts.size(); ++p) {
    text += (p == 0 ? "" : p == 1 ? ", " : " and ") + std::to_string(parts[p].samples.classes.size());
  }
  if (data.left_out > 0) text += "; " + program::counted(data.left_out, "word") + " of several groups left out";
  return text + "; no group is in two of them";
}

/// The time of the training.
struct Clock {
  std::chrono::steady_clock::time_point began = std::chrono::steady_clock::now();
  std::clock_t processor_began = std::clock();

  void stop(program::Result& result) const {
    result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
    result.processor_seconds = static_cast<double>(std::clock() - processor_began) / CLOCKS_PER_SEC;
  }
};

/// Fills in the figures of the training.
void add_training(program::Result& result, const Learnt& learnt, const Recipe& recipe, const Clock& clock) {
  clock.stop(result);
  result.epochs = learnt.history.epochs();
  result.threads = learnt.history.threads;
  result.train_pairs = learnt.pairs_per_batch * recipe.batches;
  result.pairs_per_second = static_cast<double>(result.train_pairs * result.epochs) / result.seconds;
  result.parameters = learnt.model.network().parameter_count();
  result.notes = learnt.history.warnings;
}

/// Fills in the figures of the rows; the last is the network.
void add_rows(program::Result& result, const Rows& rows, const MeasuringPairs& pairs, const ChosenWhitening& whitening,
              bool links) {
  for (const MeasuredModel& row : rows) result.rows.push_back(row.measured.row);
  const program::Measured& network = rows.back().measured;
  result.accuracy = network.accuracy;
  result.accuracy_of_rejecting_all = network.dissimilar;
  result.threshold_is_for = links ? "the largest F1 of the links between two lists" : "equal error rates";
  result.threshold_was_set = threshold_sentence(rows[chosen_row(rows, links)], links);
  result.threshold_pairs = gemel::length(pairs.validation.hard.pairs);
  result.test_pairs = gemel::length(pairs.test.hard.pairs);
  result.test_pairs_are = gemel::format({pairs.test.similar,
                                         " of the same group, and each text with its nearest "
                                         "others by their letters"});
  result.whitening = whitening.description;
}

/// The names of the groups of a part.
std::vector<std::string> group_names(const Data& data, const Part& part) {
  std::vector<std::string> names;
  const gemel::Classes& classes = part.samples.classes;
  for (Index c = 0; c < classes.count(); ++c) names.push_back(data.names[static_cast<std::size_t>(classes.value(c))]);
  return names;
}

/// Draws the pictures of the training, and of the row that is used, with its worst errors.
void draw(const Options& options, const Learnt& learnt, const MeasuredModel& used, const Part& test, const Data& data,
          const std::vector<WrongPair>& errors) {
  const program::Interrupt::Patience patience;
  const std::string title = data.file + ", " + used.measured.row.name + ", seed " + std::to_string(options.seed);
  const double threshold = used.measured.row.threshold;
  const program::Curves curves{used.measured, title, "distance of a test pair", "same group", "hard pairs of others"};
  const gemel::CurveBand band = band_of(curves, patience.flag());
  const gemel::MatrixX<float> embedding = used.model.embed(test.samples.samples.columns(), options.threads);
  program::draw_report(
      options.report,
      {program::loss_picture(learnt.history, title), distances_picture(curves), roc_picture(curves, band),
       det_picture(curves, band), program::embedding_picture({embedding, test.samples.classes, data.names, title}),
       errors_picture(errors, threshold, title)},
      patience, std::cout);
}

/// Saves the chosen row, and prints where it is.
void save_row(const Options& options, const Features& features, const MeasuredModel& row, Index epochs) {
  save(options.save, {features, gemel::Verifier{row.model, row.measured.calibrations.front()}},
       {{"created_by",
         gemel::format({"text_comparison ", GEMEL_VERSION_MAJOR, ".", GEMEL_VERSION_MINOR, ".", GEMEL_VERSION_PATCH})},
        {"row", row.measured.row.name},
        {"seed", std::to_string(options.seed)},
        {"epochs", std::to_string(epochs)}});
  std::cout << "model, the row " << row.measured.row.name << ": " << program::printable(options.save) << '\n';
}

/// The rows without a network, and then the network.
Rows measure_all(const Parts& parts, const MeasuringPairs& pairs, const ChosenWhitening& whitening,
                 const Learnt& learnt, bool links, Index threads) {
  const Index features = parts[0].samples.samples.features();
  Rows rows;
  rows.push_back(measure("raw", plain_model(features, {}), parts, pairs, links, threads));
  if (whitening.layer) {
    rows.push_back(measure("whitened", plain_model(features, whitening.layer), parts, pairs, links, threads));
  }
  rows.push_back(measure("network", learnt.model, parts, pairs, links, threads));
  return rows;
}

/// Prints the table and the sentences about it.
void print(const program::Result& result, const Rows& rows, bool links) {
  print_table(result, std::cout);
  for (const std::string& line : further_lines(rows, links)) std::cout << "  " << line << '\n';
  for (const std::string& note : result.notes) std::cout << "Note: " << program::printable(note) << ".\n";
  std::cout << result.threshold_was_set << '\n' << verdict(rows, chosen_row(rows, links), links) << '\n';
}

/// Learns from the data, prints the table, and writes the outputs. Returns the exit code.
int learn_task(const Options& options, const CLI::App& app) {
  const Data data = read_data(options);
  const bool links = !options.text.empty();
  const Features features = links ? Features::of_rows(options.text) : Features::of_words();
  const gemel::Samples<float> samples{features(data.texts, [&data](Index i) { return data.place(i); })};
  if (!options.quiet) std::cerr << "looking for the nearest of " << data.size() << " texts\n";
  const Parts parts = divide(data, samples, options.seed, options.threads);
  const MeasuringPairs pairs{test_pairs(parts[1], options.seed, 3), test_pairs(parts[2], options.seed, 4)};
  program::Result result{.seed = options.seed, .data = describe(data, parts, features)};
  result.test_classes = result.held_out = group_names(data, parts[2]);
  std::cout << program::printable(result.data) << '\n';
  program::flush_standard_output();

  std::optional<program::Interrupt::Patience> patience{std::in_place};
  const ChosenWhitening whitening = fit_whitening(parts[0].samples);
  Recipe recipe = links ? rows_recipe() : words_recipe();
  if (options.epochs > 0) recipe.epochs = options.epochs;
  const Clock clock;
  const Learnt learnt = learn(parts[0].samples, parts[0].neighbours, recipe,
                              {options.seed, options.threads, options.quiet, patience->flag()});
  if (learnt.history.epochs() == 0) {
    std::cerr << "text_comparison: ended by " << program::Interrupt::name() << " before there were figures\n";
    return program::Interrupt::exit_code();
  }
  add_training(result, learnt, recipe, clock);
  Rows rows = measure_all(parts, pairs, whitening, learnt, links, options.threads);
  for (MeasuredModel& row : rows) {
    if (!patience->at_end()) program::add_interval(row.measured, patience->flag());
  }
  add_rows(result, rows, pairs, whitening, links);
  add_notes(result);
  if (patience->at_end()) result.notes.push_back("the training was ended early by " + program::Interrupt::name());
  print(result, rows, links);
  const std::size_t chosen = chosen_row(rows, links);
  const double threshold = rows[chosen].measured.row.threshold;
  const std::vector<WrongPair> errors =
      worst_errors(data, parts[2], pairs.test.hard.pairs, rows[chosen].measured.trials, threshold, 10);
  if (!options.save.empty()) save_row(options, features, rows[chosen], result.epochs);
  if (!options.json.empty()) {
    write_json(options.json, result, program::all_options(app), further_figures(rows, chosen, links, errors));
  }
  patience.reset();
  if (!options.report.empty()) draw(options, learnt, rows[chosen], parts[2], data, errors);
  return program::Interrupt::exit_code();
}

/// Parses the command line and runs. Returns the program's exit code.
int start(int argc, char** argv) {
  return program::start<Options>(argc, argv, usage, [](const Options& options, const CLI::App& app) {
    return options.task == Task::Compare ? compare(options, std::cout)
           : options.task == Task::Match ? match(options, std::cout)
                                         : learn_task(options, app);
  });
}

}  // namespace text_comparison

int main(int argc, char** argv) { return program::run("text_comparison", argc, argv, text_comparison::start); }
