#pragma once

#include <ostream>
#include <string>
#include <vector>

#include "../program/interrupt.hpp"
#include "../program/names.hpp"
#include "../program/outputs.hpp"
#include "../program/text.hpp"
#include "gemel/core/error.hpp"
#include "gemel/core/format.hpp"
#include "gemel/data/samples.hpp"
#include "gemel/io/model_file.hpp"
#include "gemel/io/safetensors.hpp"
#include "gemel/io/tensor_file.hpp"
#include "model.hpp"
#include "options.hpp"
#include "samples.hpp"
#include "trained_on.hpp"

// The commands that change the gallery in a model file.

namespace verify {

namespace detail {

/// Puts the gallery into the model file, whose other content stays. The file is replaced atomically.
template <class S>
void save_gallery(const Gallery<S>& gallery, gemel::TensorFile& file, const Options& options) {
  gemel::put_gallery(file, gallery);
  const program::Interrupt::Pause pause;
  gemel::write_safetensors(program::to_write(options.model()), file);
}

/// Throws ValueError, with the names that there are, if nobody of that name is enrolled.
template <class S>
void check_enrolled(const Gallery<S>& gallery, const std::string& name, const std::string& file) {
  if (gallery.find(name)) return;
  throw gemel::ValueError({"nobody of the name '", name, "' is enrolled, but ",
                           gallery.size() == 0 ? "no one" : program::listed(gallery.names(), 200)},
                          {.file = file});
}

}  // namespace detail

/// Enrols a person with all samples of a file, in place of one of the same name. Throws what reading and writing the
/// files throws, and ValueError if the name is not UTF-8 text.
template <class S>
int enrol(gemel::TensorFile& file, const TrainedOn& known, const Options& options, std::ostream& out) {
  const std::string& name = options.name();
  if (program::as_utf8(name) != name) {
    throw gemel::ValueError("the name '" + program::as_utf8(name) + "' is not UTF-8 text: give it in UTF-8");
  }
  auto gallery = gemel::from_tensors<Gallery<S>>(file);
  std::vector<std::string> notes;
  const gemel::Samples<S> samples = read_samples<S>(options.samples(), known, options, notes);
  const Index replaced = with_file(options.samples(), [&] { return gallery.add(name, samples.matrix()); });
  detail::save_gallery(gallery, file, options);
  if (samples.size() < known.samples_per_person) {
    notes.push_back(gemel::format({"the thresholds were set for persons with ", known.samples_per_person,
                                   " samples; with fewer, more strangers are accepted as this person"}));
  }

  for (const std::string& note : notes) out << "Note: " << program::printable(note) << ".\n";
  out << program::printable(name) << " is enrolled with " << program::counted(samples.size(), "sample");
  if (replaced > 0) out << ", which replaces " << program::counted(replaced, "earlier sample");
  out << ". " << program::counted(gallery.size(), "person") << " in " << program::printable(options.model()) << '\n';
  return 0;
}

/// Removes a person. Throws ValueError if nobody of that name is enrolled.
template <class S>
int forget(gemel::TensorFile& file, const Options& options, std::ostream& out) {
  auto gallery = gemel::from_tensors<Gallery<S>>(file);
  detail::check_enrolled(gallery, options.name(), options.model());
  gallery.remove(options.name());
  detail::save_gallery(gallery, file, options);
  out << program::printable(options.name()) << " is removed. " << program::counted(gallery.size(), "person") << " in "
      << program::printable(options.model()) << '\n';
  return 0;
}

}  // namespace verify
