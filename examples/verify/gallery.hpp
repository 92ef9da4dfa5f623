#pragma once

#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "../program/enrol.hpp"
#include "../program/identify.hpp"
#include "gemel/data/samples.hpp"
#include "gemel/io/tensor_file.hpp"
#include "options.hpp"
#include "samples.hpp"
#include "trained_on.hpp"

// The commands that use the gallery in a model file.

namespace verify {

/// Does what the options ask for with the gallery. Returns the exit code. Throws what reading the samples and the
/// command throw.
template <class S>
int use_gallery(gemel::TensorFile& content, const TrainedOn& known, const Options& options, std::ostream& out) {
  const program::GalleryFile file{content, options.model(), known.samples_per_person};
  if (options.task == Task::Forget) {
    program::forget<S>(file, options.name(), out);
    return 0;
  }
  std::vector<std::string> notes;
  program::Queries<S> queries{read_samples<S>(options.samples(), known, options, notes), {}};
  for (Index i = 0; i < queries.samples.size(); ++i) queries.names.push_back("sample " + std::to_string(i));
  return with_file(options.samples(), [&] {
    if (options.task == Task::Claim) return program::claim(file, options.name(), queries, options.json, notes, out);
    if (options.task == Task::Identify) return program::identify(file, options.fpir, queries, options.json, notes, out);
    program::enrol(file, options.name(), queries.samples, notes, out);
    return 0;
  });
}

}  // namespace verify
