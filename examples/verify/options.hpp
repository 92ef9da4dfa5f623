#pragma once

#include <CLI/CLI.hpp>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "../program/command_line.hpp"
#include "../program/help.hpp"
#include "../program/outputs.hpp"
#include "gemel/core/error.hpp"
#include "gemel/io/csv_options.hpp"

namespace verify {

/// All options of `verify`.
struct Options {
  std::vector<std::string> words;  ///< the arguments that are not options: MODEL and what follows it
  std::string pairs;
  std::optional<char> separator;
  gemel::CsvHeader header = gemel::CsvHeader::Auto;
  bool info = false;
  bool embed = false;
  std::string output;
  std::string json;

  const std::string& model() const { return words[0]; }
};

inline constexpr const char* usage =
    "Decides with a verifier, which `train --save` has written, whether samples are the same.\n"
    "  verify MODEL A B                       sample i of file A and sample i of file B\n"
    "  verify MODEL FILE I J                  two samples of one file, counted from 0\n"
    "  verify MODEL FILE --pairs PAIRS.csv    many pairs of samples of one file\n"
    "  verify --info MODEL                    describes the file\n"
    "  verify --embed MODEL FILE --output E.npy\n"
    "Files of samples are CSV files, with the columns of the training in any order, NumPy .npy files, or IDX files.\n"
    "The exit code is 0 if all pairs are the same, 1 if any pair is different, and 2 after an error.";

/// Formats --help without CLI11's lines about the words, which `usage` explains.
class Help : public program::Help {
 public:
  std::string make_usage(const CLI::App*, std::string) const override { return {}; }
  std::string make_positionals(const CLI::App*) const override { return {}; }
};

/// Adds every option to the parser. It stores their values in `options`, which must outlive it.
inline void add_options(CLI::App& app, Options& options) {
  app.option_defaults()->always_capture_default();
  app.add_option("words", options.words, "MODEL, and what is compared")
      ->check(program::path())
      ->type_name("")
      ->default_str("");
  app.add_option("--pairs", options.pairs, "CSV file of two columns: the indices of the samples of each pair, from 0")
      ->check(program::path())
      ->type_name("FILE");
  program::add_separator(app, options.separator);
  program::add_header(app, options.header);
  app.add_option("--json", options.json, "write the threshold, the distances and the decisions to this file as JSON")
      ->check(program::path())
      ->type_name("FILE");
  app.add_flag("--info", options.info, "describe the model file")->default_str("");
  app.add_flag("--embed", options.embed, "write the embeddings of the samples, one row each, to --output")
      ->default_str("");
  app.add_option("--output", options.output, "NumPy .npy file for the embeddings")
      ->check(program::path())
      ->type_name("FILE");
}

/// Throws ValueError if the words and options do not belong together.
inline void check_together(const CLI::App& app, const Options& options) {
  const std::size_t words = options.words.size();
  const auto refuse = [](const std::string& why) { throw gemel::ValueError(why + "; see verify --help"); };
  if (words == 0) refuse("give the model file, and what it decides about");
  if (options.info && options.embed) refuse("--info and --embed are two tasks: give one of them");
  const auto has_no_effect = [&](std::vector<std::string> names, const std::string& beside) {
    for (const std::string& name : names) {
      if (app.count(name) > 0) refuse(name + " has no effect " + beside + ": leave it out");
    }
  };
  if (options.info) {
    has_no_effect({"--pairs", "--separator", "--header", "--json", "--output"}, "with --info");
    if (words > 1) refuse("--info takes the model file only, but " + std::to_string(words) + " words are given");
    return;
  }
  if (options.embed) {
    has_no_effect({"--pairs", "--json"}, "with --embed");
    if (words != 2) refuse("--embed takes a model file and a file of samples");
    if (options.output.empty()) refuse("--embed needs --output, the file for the embeddings");
    return;
  }
  has_no_effect({"--output"}, "without --embed");
  if (!options.pairs.empty()) {
    if (words != 2) refuse("--pairs takes a model file and one file of samples");
  } else if (words < 3) {
    refuse("give what is compared: two files, one file and two indices, or one file and --pairs");
  } else if (words > 4) {
    refuse("these are " + std::to_string(words) + " words, but MODEL FILE I J are the most");
  }
}

/// Checks the outputs before anything is computed, as program::check_output and program::check_distinct do.
inline void check_outputs(const Options& options) {
  std::vector<program::NamedFile> inputs{{"the model", options.model()}}, outputs;
  const bool indices = options.words.size() == 4;
  for (std::size_t i = 1; i < (indices ? 2 : options.words.size()); ++i) {
    inputs.push_back({"the samples", options.words[i]});
  }
  if (!options.pairs.empty()) inputs.push_back({"--pairs", options.pairs});
  for (const auto& [option, path] : {std::pair{"--json", options.json}, std::pair{"--output", options.output}}) {
    if (path.empty()) continue;
    program::check_output(path);
    outputs.push_back({option, path});
  }
  program::check_distinct(inputs, outputs);
}

}  // namespace verify
