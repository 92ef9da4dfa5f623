// Decides with a verifier, which `train --save` or gemel::save has written, whether samples are the same or different,
// and whose they are.
// `verify --help` lists the options.

#include <CLI/CLI.hpp>

#include <iostream>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "gemel/core/error.hpp"
#include "gemel/io/file_description.hpp"
#include "gemel/io/model_file.hpp"
#include "gemel/io/npy.hpp"
#include "gemel/io/safetensors.hpp"
#include "gemel/network/any_model.hpp"
#include "gemel/network/any_network.hpp"
#include "gemel/network/ensemble.hpp"
#include "program/command_line.hpp"
#include "program/help.hpp"
#include "program/interrupt.hpp"
#include "program/lock.hpp"
#include "program/main.hpp"
#include "program/model.hpp"
#include "program/outputs.hpp"
#include "program/text.hpp"
#include "verify/decide.hpp"
#include "verify/gallery.hpp"
#include "verify/options.hpp"
#include "verify/samples.hpp"
#include "verify/trained_on.hpp"

namespace verify {

void print(const gemel::FileDescription& file) {
  std::stringstream lines;
  lines << file;
  for (std::string line; std::getline(lines, line);) std::cout << program::printable(line) << '\n';
}

/// Writes the embeddings of a file of samples.
template <class S>
void embed(const gemel::TensorFile& file, bool is_ensemble, const TrainedOn& known, const Options& options) {
  // The distance is not used, and a file of a network has none.
  const program::Model<S> model =
      is_ensemble
          ? gemel::from_tensors<program::Model<S>>(file)
          : program::Model<S>{gemel::AnyModel<S>{gemel::from_tensors<gemel::AnyNetwork<S>>(file), gemel::Euclidean{}}};
  std::vector<std::string> notes;
  const gemel::MatrixX<S> embeddings =
      model.embed(read_samples<S>(options.words[1], known, options, notes).columns(), 0);
  if (!embeddings.allFinite()) {
    throw gemel::NonFiniteError("an embedding is not finite: look for huge features", {.file = options.words[1]});
  }
  {
    const program::Interrupt::Pause pause;
    gemel::write_npy(program::to_write(options.output), embeddings);
  }
  for (const std::string& note : notes) std::cout << "Note: " << program::printable(note) << ".\n";
  std::cout << program::counted(embeddings.cols(), "embedding") << " of "
            << program::counted(embeddings.rows(), "number") << ": " << program::printable(options.output) << '\n';
}

/// Does what the options ask for, with a model of scalar type S. Returns the exit code.
template <class S>
int work(gemel::TensorFile& file, const gemel::FileDescription& description, const Options& options) {
  const TrainedOn known = trained_on(options.model(), description);
  switch (options.task) {
    case Task::Enrol:
    case Task::Forget:
    case Task::Claim:
    case Task::Identify:
      return use_gallery<S>(file, known, options, std::cout);
    case Task::Embed:
      embed<S>(file, !description.members.empty(), known, options);
      return 0;
    default:
      return decide(gemel::from_tensors<program::Verifier<S>>(file), known, options, std::cout);
  }
}

/// Parses the command line and runs. Returns the program's exit code.
int start(int argc, char** argv) {
  CLI::App app{usage};
  Options options;
  add_options(app, options);
  app.formatter(std::make_shared<program::CommandHelp>());
  program::check_empty_values(argc, argv);
  int code = 0;
  try {
    app.parse(argc, argv);
    settle(app, options);
    check_outputs(options);
    std::optional<program::Lock> lock;
    if (options.changes_model()) lock.emplace(options.model());
    gemel::TensorFile file = gemel::read_safetensors(options.model());
    const gemel::FileDescription description = describe(file);
    if (options.task == Task::Info) {
      print(description);
    } else if (description.scalar == "F64") {
      code = work<double>(file, description, options);
    } else {
      code = work<float>(file, description, options);
    }
  } catch (const CLI::CallForHelp&) {
    std::cout << app.help();
  }
  program::flush_standard_output();
  return code;
}

}  // namespace verify

int main(int argc, char** argv) { return program::run("verify", argc, argv, verify::start); }
