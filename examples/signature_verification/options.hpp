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
#include "gemel/core/error.hpp"
#include "gemel/core/types.hpp"
#include "protocol.hpp"

namespace signature_verification {

/// What the program does. The first word of the command line decides; without words, it learns.
enum class Task { Learn, Enrol, Verify, Forget };

/// All options of the program.
struct Options {
  Task task = Task::Learn;
  std::vector<std::string> words = {};  ///< what follows the command: MODEL, NAME, and then files
  std::string data = {};
  Protocol protocol = Protocol::Unknown;
  Index networks = 3;
  std::uint64_t seed = 1;
  Index threads = 0;
  std::string save = {}, json = {}, report = {};
  bool quiet = false;

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
inline constexpr std::array<const char*, 5> picture_names = {"loss", "distances", "roc", "det", "errors"};

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
  app.add_option("--seed", options.seed, "seed of the copies, the weights and the batches")
      ->check(program::number<std::uint64_t>("a whole number from 0", [](std::uint64_t) { return true; }))
      ->type_name("SEED");
  app.add_option("--threads", options.threads,
                 "0: as many threads as speed up the training; the results are the same for any number")
      ->check(program::number<Index>("a whole number from 0 to 1024", [](Index n) { return n >= 0 && n <= 1024; }))
      ->type_name("THREADS");
  app.add_option("--save", options.save,
                 "write the model to this file, for the commands; if signers are unknown, the one of the first fold")
      ->check(program::path())
      ->type_name("FILE");
  app.add_option("--report", options.report, "draw pictures into this folder (PNG, with gnuplot)")
      ->check(program::path())
      ->type_name("DIR");
  app.add_flag("--quiet", options.quiet, "do not show the progress of the training")->default_str("off");
  app.add_option("--json", options.json, "write the figures, or the scores and decisions, to this file as JSON")
      ->check(program::path())
      ->type_name("FILE");
}

namespace detail {

struct Command {
  const char* name;
  Task task;
  std::size_t least, most;  ///< words that follow it
  const char* usage;
};
inline constexpr Command commands[] = {{"enrol", Task::Enrol, 3, std::size_t(-1), "MODEL NAME FILE..."},
                                       {"verify", Task::Verify, 3, std::size_t(-1), "MODEL NAME FILE..."},
                                       {"forget", Task::Forget, 2, 2, "MODEL NAME"}};

[[noreturn]] inline void refuse(const std::string& why) {
  throw gemel::ValueError(why + "; see signature_verification --help");
}

}  // namespace detail

/// Finds the task, and takes its word off the others. Throws ValueError if the words and options do not belong
/// together.
inline void settle(const CLI::App& app, Options& options) {
  if (options.words.empty()) {
    if (options.data.empty()) detail::refuse("give --data, the signatures to learn, or a command");
    return;
  }
  const auto command = std::ranges::find_if(detail::commands,
                                            [&](const detail::Command& each) { return options.words[0] == each.name; });
  if (command == std::end(detail::commands)) {
    detail::refuse("'" + options.words[0] + "' is no command: it is enrol, verify or forget");
  }
  options.task = command->task;
  options.words.erase(options.words.begin());
  const std::string name = command->name;
  if (options.words.size() < command->least || options.words.size() > command->most) {
    detail::refuse(name + " takes " + command->usage + ", but " + std::to_string(options.words.size()) +
                   (options.words.size() == 1 ? " word follows it" : " words follow it"));
  }
  for (const char* option :
       {"--data", "--protocol", "--networks", "--seed", "--threads", "--save", "--report", "--quiet"}) {
    if (app.count(option) > 0) detail::refuse(std::string(option) + " has no effect with " + name + ": leave it out");
  }
  if (options.changes_model() && app.count("--json") > 0) {
    detail::refuse("--json has no effect with " + name + ": leave it out");
  }
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
