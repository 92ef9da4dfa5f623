#pragma once

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cstdint>
#include <iostream>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "command_line.hpp"
#include "gemel/core/error.hpp"
#include "gemel/core/types.hpp"
#include "help.hpp"
#include "outputs.hpp"

// The command line of the programs that learn, report, and decide later: a command as the first word, and options.

namespace program {

using gemel::Index;

/// The options that these programs have in common.
struct UseOptions {
  std::uint64_t seed = 1;
  Index threads = 0;
  std::string save = {}, json = {}, report = {};
  bool quiet = false;
};

/// Adds these options. `seed_of` says what the seed is of, and `saved` what --save writes.
inline void add_use_options(CLI::App& app, UseOptions& options, const std::string& seed_of, const std::string& saved) {
  app.add_option("--seed", options.seed, "seed of " + seed_of)
      ->check(number<std::uint64_t>("a whole number from 0", [](std::uint64_t) { return true; }))
      ->type_name("SEED");
  app.add_option("--threads", options.threads,
                 "0: as many threads as speed up the training; the results are the same for any number")
      ->check(number<Index>("a whole number from 0 to 1024", [](Index n) { return n >= 0 && n <= 1024; }))
      ->type_name("THREADS");
  app.add_option("--save", options.save, saved)->check(path())->type_name("FILE");
  app.add_option("--json", options.json, "write the figures, or the scores and decisions, to this file as JSON")
      ->check(path())
      ->type_name("FILE");
  app.add_option("--report", options.report, "draw pictures into this folder (PNG, with gnuplot)")
      ->check(path())
      ->type_name("DIR");
  app.add_flag("--quiet", options.quiet, "do not show the progress of the training")->default_str("off");
}

/// A command: the first word of a command line.
template <class Task>
struct Command {
  static constexpr std::size_t any_number = std::size_t(-1);

  const char* name;
  Task task;
  std::size_t least, most;  ///< words that follow it
  const char* usage;
};

/// Takes the command off the words, and returns it. Throws ValueError if it is none of the commands, or if too few or
/// too many words follow it. `see` says where help is.
template <class Task>
const Command<Task>& take_command(std::span<const Command<Task>> commands, std::vector<std::string>& words,
                                  const std::string& see) {
  const auto command =
      std::ranges::find_if(commands, [&](const Command<Task>& each) { return words.front() == each.name; });
  if (command == commands.end()) {
    std::vector<std::string> names;
    for (const Command<Task>& each : commands) names.push_back(each.name);
    throw gemel::ValueError("'" + words.front() + "' is no command: it is one of " + CLI::detail::join(names, ", ") +
                            see);
  }
  words.erase(words.begin());
  if (words.size() < command->least || words.size() > command->most) {
    throw gemel::ValueError(std::string(command->name) + " takes " + command->usage + ", but " +
                            std::to_string(words.size()) +
                            (words.size() == 1 ? " word follows it" : " words follow it") + see);
  }
  return *command;
}

/// Throws ValueError if one of the options is given, beside which it has no effect.
inline void check_no_effect(const CLI::App& app, const std::vector<std::string>& options, const std::string& beside,
                            const std::string& see) {
  for (const std::string& name : options) {
    if (app.count(name) > 0) throw gemel::ValueError(name + " has no effect " + beside + ": leave it out" + see);
  }
}

/// Parses the command line into Options, checks it with the functions add_options, settle and check_outputs of its
/// namespace, and calls run(options, app), which returns the exit code; or prints the help.
template <class Options, class Run>
int start(int argc, char** argv, const char* usage, const Run& run) {
  CLI::App app{usage};
  Options options;
  add_options(app, options);
  app.formatter(std::make_shared<CommandHelp>());
  check_empty_values(argc, argv);
  int code = 0;
  try {
    app.parse(argc, argv);
    settle(app, options);
    check_outputs(options);
    code = run(options, app);
  } catch (const CLI::CallForHelp&) {
    std::cout << app.help();
  }
  flush_standard_output();
  return code;
}

}  // namespace program
