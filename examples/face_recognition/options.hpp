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
#include "../program/use.hpp"
#include "gemel/core/error.hpp"
#include "gemel/core/types.hpp"
#include "protocol.hpp"

namespace faces {

/// What `face_recognition` does. The first word of the command line decides; without words, it learns.
enum class Task { Learn, Compare, Enrol, Verify, Identify, Forget };

/// All options of `face_recognition`.
struct Options : program::UseOptions {
  Task task = Task::Learn;
  std::vector<std::string> words = {};  ///< what follows the command: MODEL, and then names or images
  Protocol protocol = Protocol::Unknown;
  std::string data = {};
  double far = 0.01;
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
  program::add_use_options(
      app, options, "the folds, the weights and the batches",
      "write the model of the first fold to this file, for the commands; of the three rows it is the one "
      "with the lowest validation error");
  app.add_option("--fpir", options.fpir,
                 "of the images of strangers, at most this share is to be identified as someone; for identify")
      ->check(rate)
      ->type_name("RATE")
      ->default_str("the model's, " + CLI::detail::to_string(program::standard_fpir));
}

namespace detail {

inline constexpr std::size_t any = program::Command<Task>::any_number;
inline constexpr program::Command<Task> commands[] = {{"compare", Task::Compare, 3, 3, "MODEL IMAGE IMAGE"},
                                                      {"enrol", Task::Enrol, 3, any, "MODEL NAME IMAGE..."},
                                                      {"verify", Task::Verify, 3, any, "MODEL NAME IMAGE..."},
                                                      {"identify", Task::Identify, 2, any, "MODEL IMAGE..."},
                                                      {"forget", Task::Forget, 2, 2, "MODEL NAME"}};
inline constexpr const char* see_help = "; see face_recognition --help";

}  // namespace detail

/// Finds the task, and takes its word off the others. Throws ValueError if the words and options do not belong
/// together.
inline void settle(const CLI::App& app, Options& options) {
  using detail::see_help;
  if (options.words.empty()) {
    if (options.data.empty()) {
      throw gemel::ValueError(std::string("give --data, the faces to learn, or a command") + see_help);
    }
    return program::check_no_effect(app, {"--fpir"}, "without identify", see_help);
  }
  const auto& command = program::take_command<Task>(detail::commands, options.words, see_help);
  options.task = command.task;
  const std::string with = std::string("with ") + command.name;
  program::check_no_effect(
      app, {"--data", "--protocol", "--far", "--seed", "--threads", "--save", "--report", "--quiet"}, with, see_help);
  if (options.changes_model()) program::check_no_effect(app, {"--json"}, with, see_help);
  if (options.task != Task::Identify) program::check_no_effect(app, {"--fpir"}, with, see_help);
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
