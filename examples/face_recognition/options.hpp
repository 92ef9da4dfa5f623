#pragma once

#include <CLI/CLI.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "../program/command_line.hpp"
#include "../program/identification.hpp"
#include "../program/outputs.hpp"
#include "../program/report.hpp"
#include "gemel/core/error.hpp"
#include "gemel/core/types.hpp"
#include "protocol.hpp"

namespace faces {

/// What `face_recognition` does. The first word of the command line decides; without words, it learns.
enum class Task { Learn, Compare, Enrol, Verify, Identify, Forget };

/// All options of `face_recognition`.
struct Options {
  Task task = Task::Learn;
  std::vector<std::string> words = {};  ///< what follows the command: MODEL, and then names or images
  Protocol protocol = Protocol::Unknown;
  std::string data = {};
  double far = 0.01;
  std::uint64_t seed = 1;
  Index threads = 0;
  std::string save = {}, json = {}, report = {};
  bool quiet = false;
  std::optional<double> fpir = {};

  const std::string& model() const { return words[0]; }
  bool has_name() const { return task == Task::Enrol || task == Task::Verify || task == Task::Forget; }
  const std::string& name() const { return words[1]; }  ///< of a person: MODEL NAME …
  /// The files of the images of a command.
  std::vector<std::string> images() const { return {words.begin() + (has_name() ? 2 : 1), words.end()}; }
  bool changes_model() const { return task == Task::Enrol || task == Task::Forget; }
};

inline constexpr const char* usage =
    "Learns to recognize faces, says how well, and recognizes them.\n"
    "  face_recognition --data PATH                 learns, and prints how well it tells people apart\n"
    "  face_recognition compare MODEL IMAGE IMAGE   whether two images are of the same person\n"
    "  face_recognition enrol MODEL NAME IMAGE...   keeps a person in MODEL\n"
    "  face_recognition verify MODEL NAME IMAGE...  whether each image is of this person\n"
    "  face_recognition identify MODEL IMAGE...     whom each image is of, or that nobody enrolled is on it\n"
    "  face_recognition forget MODEL NAME           removes a person\n"
    "PATH is a folder with one folder of .pgm images a person, as the AT&T faces have, or those faces as one file of\n"
    "raw bytes: 40 people x 10 images x 64 x 64. An IMAGE is a .pgm file that shows a face alone, as those of the\n"
    "training do; --save makes a MODEL. The exit code of compare, verify and identify is 0 if all are the same, "
    "accepted\n"
    "or identified, and 1 if any is not; it is 2 after an error.";

/// The file names of --report's pictures, without extension.
inline constexpr std::array<const char*, 6> picture_names = {"loss", "distances", "roc", "det", "embedding", "errors"};

/// Adds every option to the parser. It stores their values in `options`, which must outlive it.
inline void add_options(CLI::App& app, Options& options) {
  const auto rate = program::number<double>("a rate between 0 and 1", [](double r) { return r > 0 && r < 1; });
  app.option_defaults()->always_capture_default();
  app.add_option("words", options.words, "a command, MODEL, and what follows")
      ->check(program::path())
      ->type_name("")
      ->default_str("");
  app.add_option("--data", options.data, "the faces to learn")->check(program::path())->type_name("PATH");
  program::add_choice<Protocol>(app, "--protocol", options.protocol,
                                {{"known", Protocol::Known}, {"unknown", Protocol::Unknown}},
                                "known: the test has other images of the people of the training; unknown: it has "
                                "other people");
  app.add_option("--far", options.far, "target false accept rate of the threshold")->check(rate)->type_name("RATE");
  app.add_option("--seed", options.seed, "seed of the folds, the weights and the batches")
      ->check(program::number<std::uint64_t>("a whole number from 0", [](std::uint64_t) { return true; }))
      ->type_name("SEED");
  app.add_option("--threads", options.threads,
                 "0: as many threads as speed up the training; the results are the same for any number")
      ->check(program::number<Index>("a whole number from 0 to 1024", [](Index n) { return n >= 0 && n <= 1024; }))
      ->type_name("THREADS");
  app.add_option("--save", options.save,
                 "write the model of the first fold to this file, for the commands; of the three rows it is the one "
                 "with the lowest validation error")
      ->check(program::path())
      ->type_name("FILE");
  app.add_option("--report", options.report, "draw pictures into this folder (PNG, with gnuplot)")
      ->check(program::path())
      ->type_name("DIR");
  app.add_flag("--quiet", options.quiet, "do not show the progress of the training")->default_str("off");
  app.add_option("--json", options.json, "write the figures, or the scores and decisions, to this file as JSON")
      ->check(program::path())
      ->type_name("FILE");
  app.add_option("--fpir", options.fpir,
                 "of the images of strangers, at most this share is to be identified as someone; for identify")
      ->check(rate)
      ->type_name("RATE")
      ->default_str("the model's, " + CLI::detail::to_string(program::standard_fpir));
}

namespace detail {

struct Command {
  const char* name;
  Task task;
  std::size_t least, most;  ///< words that follow it
  const char* usage;
};
inline constexpr std::size_t many = std::size_t(-1);
inline constexpr Command commands[] = {{"compare", Task::Compare, 3, 3, "MODEL IMAGE IMAGE"},
                                       {"enrol", Task::Enrol, 3, many, "MODEL NAME IMAGE..."},
                                       {"verify", Task::Verify, 3, many, "MODEL NAME IMAGE..."},
                                       {"identify", Task::Identify, 2, many, "MODEL IMAGE..."},
                                       {"forget", Task::Forget, 2, 2, "MODEL NAME"}};

[[noreturn]] inline void refuse(const std::string& why) {
  throw gemel::ValueError(why + "; see face_recognition --help");
}

inline void check_no_effect(const CLI::App& app, const std::vector<std::string>& options, const std::string& beside) {
  for (const std::string& name : options) {
    if (app.count(name) > 0) refuse(name + " has no effect " + beside + ": leave it out");
  }
}

}  // namespace detail

/// Finds the task, and takes its word off the others. Throws ValueError if the words and options do not belong
/// together.
inline void settle(const CLI::App& app, Options& options) {
  if (options.words.empty()) {
    if (options.data.empty()) detail::refuse("give --data, the faces to learn, or a command");
    return detail::check_no_effect(app, {"--fpir"}, "without identify");
  }
  const auto command = std::ranges::find_if(detail::commands,
                                            [&](const detail::Command& each) { return options.words[0] == each.name; });
  if (command == std::end(detail::commands)) {
    detail::refuse("'" + options.words[0] + "' is no command: it is compare, enrol, verify, identify or forget");
  }
  options.task = command->task;
  options.words.erase(options.words.begin());
  const std::string name = command->name, with = "with " + name;
  if (options.words.size() < command->least || options.words.size() > command->most) {
    detail::refuse(name + " takes " + command->usage + ", but " + std::to_string(options.words.size()) +
                   (options.words.size() == 1 ? " word follows it" : " words follow it"));
  }
  detail::check_no_effect(
      app, {"--data", "--protocol", "--far", "--seed", "--threads", "--save", "--report", "--quiet"}, with);
  if (options.changes_model()) detail::check_no_effect(app, {"--json"}, with);
  if (options.task != Task::Identify) detail::check_no_effect(app, {"--fpir"}, with);
}

/// Checks the outputs before anything is computed, as program::check_outputs does.
inline void check_outputs(const Options& options) {
  std::vector<program::NamedFile> inputs, outputs = {{"--json", options.json}, {"--save", options.save}};
  if (options.task == Task::Learn) {
    inputs.push_back({"--data", options.data});
  } else {
    (options.changes_model() ? outputs : inputs).push_back({"the model", options.model()});
    if (options.task != Task::Forget) {
      for (const std::string& image : options.images()) inputs.push_back({"the images", image});
    }
  }
  program::check_outputs(inputs, outputs, options.report, picture_names);
}

}  // namespace faces
