#pragma once

#include <CLI/CLI.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "../program/command_line.hpp"
#include "../program/outputs.hpp"
#include "../program/report.hpp"
#include "../program/use.hpp"
#include "gemel/core/error.hpp"
#include "gemel/core/types.hpp"
#include "protocol.hpp"

namespace signature_verification {

/// What the program does. The first word of the command line decides; without words, it learns.
enum class Task { Learn, Enrol, Verify, Forget };

/// All options of the program.
struct Options : program::UseOptions {
  Task task = Task::Learn;
  std::vector<std::string> words = {};  ///< what follows the command: MODEL, NAME, and then files
  std::string data = {};
  Protocol protocol = Protocol::Unknown;
  Index networks = 3;

  const std::string& model() const { return words[0]; }
  const std::string& name() const { return words[1]; }
  std::vector<std::string> files() const { return {words.begin() + 2, words.end()}; }
  bool changes_model() const { return task == Task::Enrol || task == Task::Forget; }
};

inline constexpr const char* usage =
    "Learns to tell genuine signatures from forged ones, says how well, and decides about signatures.\n"
    "  signature_verification --data DIR                learns, and prints how well it finds forgeries\n"
    "  signature_verification enrol MODEL NAME FILE...  keeps a person, with several signatures, in MODEL\n"
    "  signature_verification verify MODEL NAME FILE... whether each signature is of this person\n"
    "  signature_verification forget MODEL NAME         removes a person\n"
    "DIR is the folder with the signatures of SVC2004, Task 2 (U1S1.TXT and so on, or folders with them); a FILE has "
    "one\n"
    "signature of this kind; --save makes a MODEL. The exit code of verify is 0 if all are accepted, and 1 if any is\n"
    "not; it is 2 after an error.";

/// The file names of --report's pictures, without extension.
inline constexpr std::array<const char*, 6> picture_names = {"loss", "distances", "roc", "det", "errors", "embedding"};

/// Adds every option to the parser. It stores their values in `options`, which must outlive it.
inline void add_options(CLI::App& app, Options& options) {
  app.option_defaults()->always_capture_default();
  app.add_option("words", options.words, "a command, MODEL, and what follows")
      ->check(program::path())
      ->type_name("")
      ->default_str("");
  app.add_option("--data", options.data, "the signatures to learn")->check(program::path())->type_name("DIR");
  program::add_choice<Protocol>(
      app, "--protocol", options.protocol,
      {{"known", Protocol::Known}, {"unknown", Protocol::Unknown}, {"competition", Protocol::Competition}},
      "known: the test has later signatures of the signers of the training; unknown: it has "
      "other signers; competition: as unknown, with the claims of SVC2004");
  app.add_option("--networks", options.networks, "number of networks that decide together")
      ->check(program::number<Index>("a whole number from 1 to 20", [](Index n) { return n >= 1 && n <= 20; }))
      ->type_name("NETWORKS");
  program::add_use_options(
      app, options, "the folds, the copies, the weights and the batches",
      "write the model to this file, for the commands; if signers are unknown, the one of the first fold");
}

namespace detail {

inline constexpr std::size_t any = program::Command<Task>::any_number;
inline constexpr program::Command<Task> commands[] = {{"enrol", Task::Enrol, 3, any, "MODEL NAME FILE..."},
                                                      {"verify", Task::Verify, 3, any, "MODEL NAME FILE..."},
                                                      {"forget", Task::Forget, 2, 2, "MODEL NAME"}};
inline constexpr const char* see_help = "; see signature_verification --help";

}  // namespace detail

/// Finds the task, and takes its word off the others. Throws ValueError if the words and options do not belong
/// together.
inline void settle(const CLI::App& app, Options& options) {
  using detail::see_help;
  if (options.words.empty()) {
    if (!options.data.empty()) return;
    throw gemel::ValueError(std::string("give --data, the signatures to learn, or a command") + see_help);
  }
  const auto& command = program::take_command<Task>(detail::commands, options.words, see_help);
  options.task = command.task;
  const std::string with = std::string("with ") + command.name;
  program::check_no_effect(
      app, {"--data", "--protocol", "--networks", "--seed", "--threads", "--save", "--report", "--quiet"}, with,
      see_help);
  if (options.changes_model()) program::check_no_effect(app, {"--json"}, with, see_help);
}

/// Checks the outputs before anything is computed, as program::check_outputs does.
inline void check_outputs(const Options& options) {
  std::vector<program::NamedFile> inputs, outputs = {{"--json", options.json}, {"--save", options.save}};
  if (options.task == Task::Learn) {
    inputs.push_back({"--data", options.data});
  } else {
    (options.changes_model() ? outputs : inputs).push_back({"the model", options.model()});
    if (options.task != Task::Forget) {
      for (const std::string& file : options.files()) inputs.push_back({"the signatures", file});
    }
  }
  program::check_outputs(inputs, outputs, options.report, picture_names);
}

}  // namespace signature_verification
