#pragma once

#include <CLI/CLI.hpp>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "../program/command_line.hpp"
#include "../program/outputs.hpp"
#include "gemel/core/error.hpp"
#include "gemel/io/csv_options.hpp"

namespace verify {

/// What `verify` does. The first word of the command line, or else an option, decides.
enum class Task { Compare, Info, Embed, Enrol, Claim, Identify, Forget };

/// All options of `verify`.
struct Options {
  Task task = Task::Compare;
  std::vector<std::string> words;  ///< the arguments that are neither options nor commands: MODEL and what follows it
  std::string pairs;
  std::optional<char> separator;
  gemel::CsvHeader header = gemel::CsvHeader::Auto;
  bool info = false;
  bool embed = false;
  std::optional<double> fpir;
  std::string output;
  std::string json;

  const std::string& model() const { return words[0]; }
  const std::string& name() const { return words[1]; }  ///< of a person: MODEL NAME …
  /// The file of samples; the first one, if there are two.
  const std::string& samples() const { return words[task == Task::Enrol || task == Task::Claim ? 2 : 1]; }
  bool changes_model() const { return task == Task::Enrol || task == Task::Forget; }
};

inline constexpr const char* usage =
    "Decides with a verifier, which `train --save` has written, whether samples are the same, or whose they are.\n"
    "  verify MODEL A B                       sample i of file A and sample i of file B\n"
    "  verify MODEL FILE I J                  two samples of one file, counted from 0\n"
    "  verify MODEL FILE --pairs PAIRS.csv    many pairs of samples of one file\n"
    "  verify enrol MODEL NAME FILE           keeps a person in MODEL; all samples of FILE are this person's\n"
    "  verify claim MODEL NAME FILE           whether each sample of FILE is of this person\n"
    "  verify identify MODEL FILE             whom each sample of FILE is of, or that nobody enrolled is\n"
    "  verify forget MODEL NAME               removes a person\n"
    "  verify --info MODEL                    describes the file\n"
    "  verify --embed MODEL FILE --output E.npy\n"
    "Files of samples are CSV files, with the columns of the training in any order, NumPy .npy files, or IDX files.\n"
    "The exit code is 0 if all pairs are the same, all claims are accepted or all samples are identified; 1 if any is "
    "not; and 2 after an error.";

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
  app.add_option("--json", options.json,
                 "write the threshold, the distances or scores, and the decisions to this file as JSON")
      ->check(program::path())
      ->type_name("FILE");
  app.add_option("--fpir", options.fpir,
                 "of the samples of strangers, at most this share is to be identified as someone; for identify")
      ->check(program::number<double>("a rate between 0 and 1", [](double rate) { return rate > 0 && rate < 1; }))
      ->type_name("RATE")
      ->default_str("the model's, or 0.02");
  app.add_flag("--info", options.info, "describe the model file")->default_str("");
  app.add_flag("--embed", options.embed, "write the embeddings of the samples, one row each, to --output")
      ->default_str("");
  app.add_option("--output", options.output, "NumPy .npy file for the embeddings")
      ->check(program::path())
      ->type_name("FILE");
}

namespace detail {

/// A command: the first word of a command line.
struct Command {
  const char* name;
  Task task;
  std::size_t words;  ///< that follow it
  const char* usage;
};
inline constexpr Command commands[] = {{"enrol", Task::Enrol, 3, "MODEL NAME FILE"},
                                       {"claim", Task::Claim, 3, "MODEL NAME FILE"},
                                       {"identify", Task::Identify, 2, "MODEL FILE"},
                                       {"forget", Task::Forget, 2, "MODEL NAME"}};

[[noreturn]] inline void refuse(const std::string& why) { throw gemel::ValueError(why + "; see verify --help"); }

inline void check_no_effect(const CLI::App& app, const std::vector<std::string>& options, const std::string& beside) {
  for (const std::string& name : options) {
    if (app.count(name) > 0) refuse(name + " has no effect " + beside + ": leave it out");
  }
}

/// Takes the command off the words. Throws ValueError if other words or options do not belong to it.
inline void settle_command(const CLI::App& app, Options& options, const Command& command) {
  const std::string name = command.name;
  for (const auto& [option, given] : {std::pair{"--info", options.info}, std::pair{"--embed", options.embed}}) {
    if (given) refuse(name + " and " + option + " are two tasks: give one, or ./" + name + " for a file of that name");
  }
  options.task = command.task;
  options.words.erase(options.words.begin());
  if (options.words.size() != command.words) {
    refuse(name + " takes " + command.usage + ", but " + std::to_string(options.words.size()) +
           (options.words.size() == 1 ? " word follows it" : " words follow it"));
  }
  check_no_effect(app, {"--pairs", "--output"}, "with " + name);
  if (options.changes_model()) check_no_effect(app, {"--json"}, "with " + name);
  if (command.task == Task::Forget) check_no_effect(app, {"--separator", "--header"}, "with forget");
  if (command.task != Task::Identify) check_no_effect(app, {"--fpir"}, "with " + name);
}

}  // namespace detail

/// Finds the task. Throws ValueError if the words and options do not belong together.
inline void settle(const CLI::App& app, Options& options) {
  using detail::check_no_effect;
  using detail::refuse;
  if (options.words.empty()) refuse("give the model file, and what it decides about");
  for (const detail::Command& command : detail::commands) {
    if (options.words[0] == command.name) return detail::settle_command(app, options, command);
  }
  const std::size_t words = options.words.size();
  if (options.info && options.embed) refuse("--info and --embed are two tasks: give one of them");
  check_no_effect(app, {"--fpir"}, "without identify");
  if (options.info) {
    options.task = Task::Info;
    check_no_effect(app, {"--pairs", "--separator", "--header", "--json", "--output"}, "with --info");
    if (words > 1) refuse("--info takes the model file only, but " + std::to_string(words) + " words are given");
    return;
  }
  if (options.embed) {
    options.task = Task::Embed;
    check_no_effect(app, {"--pairs", "--json"}, "with --embed");
    if (words != 2) refuse("--embed takes a model file and a file of samples");
    if (options.output.empty()) refuse("--embed needs --output, the file for the embeddings");
    return;
  }
  check_no_effect(app, {"--output"}, "without --embed");
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
  std::vector<program::NamedFile> inputs, outputs;
  if (options.changes_model()) {
    program::check_output(options.model());
    outputs.push_back({"the model", options.model()});
  } else {
    inputs.push_back({"the model", options.model()});
  }
  if (options.task != Task::Info && options.task != Task::Forget) inputs.push_back({"the samples", options.samples()});
  if (options.task == Task::Compare && options.words.size() == 3) inputs.push_back({"the samples", options.words[2]});
  if (!options.pairs.empty()) inputs.push_back({"--pairs", options.pairs});
  for (const auto& [option, path] : {std::pair{"--json", options.json}, std::pair{"--output", options.output}}) {
    if (path.empty()) continue;
    program::check_output(path);
    outputs.push_back({option, path});
  }
  program::check_distinct(inputs, outputs);
}

}  // namespace verify
