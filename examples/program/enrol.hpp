#pragma once

#include <ostream>
#include <string>
#include <vector>

#include "gemel/core/error.hpp"
#include "gemel/core/format.hpp"
#include "gemel/core/types.hpp"
#include "gemel/data/samples.hpp"
#include "gemel/io/model_file.hpp"
#include "gemel/io/safetensors.hpp"
#include "gemel/io/tensor_file.hpp"
#include "gemel/verification/scorer.hpp"
#include "interrupt.hpp"
#include "model.hpp"
#include "names.hpp"
#include "outputs.hpp"
#include "text.hpp"

// The commands that change the gallery in a model file.

namespace program {

using gemel::Index;

/// A model file with a gallery.
struct GalleryFile {
  gemel::TensorFile& content;
  std::string path;
  Index samples_per_person = 0;  ///< of a person, for whom the thresholds were set; 0: unknown
};

namespace detail {

/// Puts the gallery into the model file, whose other content stays. The file is replaced atomically.
template <class S, class Scorer>
void save_gallery(const Gallery<S, Scorer>& gallery, const GalleryFile& file) {
  gemel::put_gallery(file.content, gallery);
  const Interrupt::Pause pause;
  gemel::write_safetensors(to_write(file.path), file.content);
}

/// Throws ValueError, with the names that there are, if nobody of that name is enrolled.
template <class S, class Scorer>
void check_enrolled(const Gallery<S, Scorer>& gallery, const std::string& name, const std::string& file) {
  if (gallery.find(name)) return;
  throw gemel::ValueError({"nobody of the name '", name, "' is enrolled, but ",
                           gallery.size() == 0 ? "no one" : listed(gallery.names(), 200)},
                          {.file = file});
}

/// The number of different samples. Copies of one say nothing about how a person varies.
template <class S>
Index distinct(const gemel::Samples<S>& samples) {
  Index count = 0;
  for (Index i = 0; i < samples.size(); ++i) {
    bool is_new = true;
    for (Index j = 0; j < i; ++j) is_new = is_new && samples.matrix().col(i) != samples.matrix().col(j);
    count += is_new;
  }
  return count;
}

inline void print_notes(const std::vector<std::string>& notes, std::ostream& out) {
  for (const std::string& note : notes) out << "Note: " << printable(note) << ".\n";
}

}  // namespace detail

/// Enrols a person with these samples, in a gallery with this scorer, in place of one of the same name. Prints the
/// notes and what was done. Throws ValueError if the name is not UTF-8 text, and what Gallery::add and writing the file
/// throw.
template <class Scorer = gemel::AnyScorer, class S>
void enrol(const GalleryFile& file, const std::string& name, const gemel::Samples<S>& samples,
           std::vector<std::string> notes, std::ostream& out) {
  if (as_utf8(name) != name) {
    throw gemel::ValueError("the name '" + as_utf8(name) + "' is not UTF-8 text: give it in UTF-8");
  }
  if (name == "unknown") throw gemel::ValueError("the name 'unknown' is that of strangers: give another one");
  auto gallery = gemel::from_tensors<Gallery<S, Scorer>>(file.content);
  const Index replaced = gallery.add(name, samples.matrix());
  detail::save_gallery(gallery, file);
  const Index distinct = detail::distinct(samples);
  if (distinct < samples.size()) {
    notes.push_back(gemel::format({"only ", distinct, " of the ", samples.size(), " samples are different"}));
  }
  if (distinct < file.samples_per_person) {
    notes.push_back(gemel::format({"the thresholds were set for persons with ", file.samples_per_person,
                                   " samples; with fewer, more strangers are accepted as this person"}));
  }

  detail::print_notes(notes, out);
  out << printable(name) << " is enrolled with " << counted(samples.size(), "sample");
  if (replaced > 0) out << ", which replaces " << counted(replaced, "earlier sample");
  out << ". " << counted(gallery.size(), "person") << " in " << printable(file.path) << '\n';
}

/// Removes a person. Throws ValueError if nobody of that name is enrolled, and what writing the file throws.
template <class S, class Scorer = gemel::AnyScorer>
void forget(const GalleryFile& file, const std::string& name, std::ostream& out) {
  auto gallery = gemel::from_tensors<Gallery<S, Scorer>>(file.content);
  detail::check_enrolled(gallery, name, file.path);
  gallery.remove(name);
  detail::save_gallery(gallery, file);
  out << printable(name) << " is removed. " << counted(gallery.size(), "person") << " in " << printable(file.path)
      << '\n';
}

}  // namespace program
