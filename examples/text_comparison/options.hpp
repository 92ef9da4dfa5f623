#pragma once

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "../program/command_line.hpp"
#include "../program/report.hpp"
#include "../program/use.hpp"
#include "gemel/core/error.hpp"
#include "gemel/core/types.hpp"

namespace text_comparison {

using gemel::Index;

/// What a command line asks for.
enum class Task { Learn, Compare, Match };

/// The options of the program.
struct Options : program::UseOptions {
  std::vector<std::string> words = {};  ///< a command, its model and its other words
  std::string data = {};                ///< empty: the homophones that the program contains
  std::vector<std::string> text = {};   ///< the columns of a CSV file that are compared; empty: a list of words
  std::string key = {};
  std::optional<char> separator = {};
  std::string pairs = {};
  Index epochs = 0;  ///< 0: as many as the recipe has
  Task task = Task::Learn;

  const std::string& model() const { return words.front(); }  ///< for Compare and Match
};

inline constexpr const char* usage =
    "Learns which texts are the same: words that sound alike, or rows of a table. Compares texts with what it has "
    "learnt.\n"
    "\n"
    "text_comparison                                                learns the homophones that it contains\n"
    "text_comparison --data FILE                                    groups of words, one per line\n"
    "text_comparison --data FILE.csv --text COLUMN,COLUMN --key KEY rows with equal keys are of the same thing\n"
    "text_comparison compare MODEL TEXT TEXT                        whether two texts are the same\n"
    "text_comparison compare MODEL [--pairs FILE.csv]               pairs of a file or the standard input: two "
    "columns\n"
    "text_comparison match MODEL A.csv B.csv                        which rows of two files are of the same thing\n";

namespace detail {

/// The names in a list with commas between them.
inline std::vector<std::string> columns_of(const std::string& list) {
  std::vector<std::string> columns;
  std::istringstream names(list);
  for (std::string name; std::getline(names, name, ',');) columns.push_back(name);
  return columns;
}

/// An error message for such a list, or an empty text.
inline std::string check_columns(const std::string& list) {
  const std::vector<std::string> columns = columns_of(list);
  if (list.empty() || list.ends_with(',') || std::ranges::find(columns, "") != columns.end()) {
    return "'" + list + "' has an empty name: write COLUMN or COLUMN,COLUMN";
  }
  if (list.starts_with("--")) return "'" + list + "' is not a value, but looks like an option";
  for (const std::string& name : columns) {
    if (std::ranges::count(columns, name) > 1) return "'" + name + "' is there twice";
  }
  return {};
}

}  // namespace detail

/// Adds every option to the parser. It stores their values in `options`, which must outlive it.
inline void add_options(CLI::App& app, Options& options) {
  app.option_defaults()->always_capture_default();
  const auto add_path = [&app](const std::string& name, std::string& value, const char* unit, const std::string& help) {
    app.add_option(name, value, help)->check(program::path())->type_name(unit);
  };
  app.add_option("words", options.words, "a command and its words")
      ->check(program::text())
      ->type_name("")
      ->default_str("");
  add_path("--data", options.data, "FILE",
           "groups of words that sound the same, one group per line; or, with --text "
           "and --key, a CSV file with names in its first line");
  app.add_option_function<std::string>(
         "--text", [&options](const std::string& list) { options.text = detail::columns_of(list); },
         "the columns that are compared, with commas between them")
      ->check(CLI::Validator(detail::check_columns, ""))
      ->type_name("COLUMN,...")
      ->default_str("");
  app.add_option("--key", options.key, "the column that is equal in rows of the same thing")
      ->check(program::text())
      ->type_name("COLUMN");
  program::add_separator(app, options.separator);
  add_path("--pairs", options.pairs, "FILE", "CSV file without names: two texts per line; for compare");
  app.add_option("--epochs", options.epochs, "passes of a hundred batches")
      ->check(program::number<Index>("a whole number from 1 on", [](Index value) { return value >= 1; }))
      ->type_name("N")
      ->default_str("25 for words, 10 for rows");
  program::add_use_options(app, options, "all random numbers", "write the model to this file, for compare and match");
}

namespace detail {

[[noreturn]] inline void refuse(const std::string& why) {
  throw gemel::ValueError(why + "; see text_comparison --help");
}

inline void check_no_effect(const CLI::App& app, const std::vector<std::string>& names, const std::string& beside) {
  program::check_no_effect(app, names, beside, "; see text_comparison --help");
}

}  // namespace detail

/// Finds the task. Throws ValueError if the words and options do not belong together.
inline void settle(const CLI::App& app, Options& options) {
  using detail::check_no_effect;
  using detail::refuse;
  if (options.words.empty()) {
    check_no_effect(app, {"--pairs"}, "without compare");
    if (options.text.empty() != options.key.empty()) refuse("--text and --key belong together: give both or none");
    if (options.data.empty()) check_no_effect(app, {"--text", "--key"}, "without --data");
    if (options.text.empty()) check_no_effect(app, {"--separator"}, "on a list of words");
    for (const std::string& column : options.text) {
      if (column == options.key) refuse("the column '" + column + "' cannot be both --text and --key");
    }
    return;
  }
  const std::string command = options.words.front();
  if (command != "compare" && command != "match") {
    refuse("'" + command + "' is not a command: compare and match are; a file of data is given with --data");
  }
  options.task = command == "compare" ? Task::Compare : Task::Match;
  options.words.erase(options.words.begin());
  const std::size_t words = options.words.size();
  check_no_effect(app, {"--data", "--key", "--epochs", "--seed", "--save", "--report", "--quiet"}, "with " + command);
  if (options.task == Task::Match) {
    check_no_effect(app, {"--pairs"}, "with match");
    if (words != 3) refuse("match takes MODEL A.csv B.csv, but " + std::to_string(words) + " words follow it");
    return;
  }
  check_no_effect(app, {"--text"}, "with compare");
  if (words != 1 && words != 3) {
    refuse("compare takes MODEL and two texts, or MODEL alone, but " + std::to_string(words) + " words follow it");
  }
  if (words == 3) check_no_effect(app, {"--pairs", "--separator"}, "beside two texts");
}

/// The names of --report's pictures, without extension.
inline constexpr const char* picture_names[] = {"loss", "distances", "roc", "det", "embedding", "errors"};

/// Checks the outputs before anything is computed. Throws what program::check_outputs throws.
inline void check_outputs(const Options& options) {
  std::vector<program::NamedFile> inputs;
  if (!options.data.empty()) inputs.push_back({"--data", options.data});
  if (!options.pairs.empty()) inputs.push_back({"--pairs", options.pairs});
  if (options.task != Task::Learn) inputs.push_back({"the model", options.model()});
  if (options.task == Task::Match) {
    for (std::size_t i = 1; i < options.words.size(); ++i) inputs.push_back({"the rows", options.words[i]});
  }
  program::check_outputs(inputs, {{"--save", options.save}, {"--json", options.json}}, options.report, picture_names);
}

}  // namespace text_comparison
