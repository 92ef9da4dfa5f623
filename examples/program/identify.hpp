#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "enrol.hpp"
#include "gemel/core/format.hpp"
#include "gemel/core/types.hpp"
#include "gemel/data/samples.hpp"
#include "gemel/io/model_file.hpp"
#include "gemel/io/tensor_file.hpp"
#include "gemel/verification/gallery.hpp"
#include "gemel/verification/identification.hpp"
#include "gemel/verification/template.hpp"
#include "identification.hpp"
#include "json.hpp"
#include "model.hpp"
#include "outputs.hpp"
#include "text.hpp"

// The commands that compare samples with the gallery in a model file.

namespace program {

/// The samples of a command, and what messages call each: "sample 0", or the name of its file.
template <class S>
struct Queries {
  gemel::Samples<S> samples;
  std::vector<std::string> names;
};

namespace detail {

/// What is found about each sample: a name, or nothing, and a score.
struct Findings {
  std::vector<std::string> samples = {};
  std::vector<std::optional<std::string>> names = {};
  std::vector<double> scores = {};
  double threshold = 0;
  std::vector<std::string> notes = {};

  bool all_named() const { return std::find(names.begin(), names.end(), std::nullopt) == names.end(); }
  Index named() const { return gemel::length(names) - std::count(names.begin(), names.end(), std::nullopt); }
};

inline void write_findings(const std::string& path, const Findings& found) {
  if (path.empty()) return;
  Json names = Json::array();
  for (const std::optional<std::string>& name : found.names) {
    names.push_back(name ? Json(*name) : Json());
  }
  const auto text = [](const Json& value) { return value.dump(); };
  write_file(path, "{\n  \"threshold\": " + text(found.threshold) + ",\n  \"scores\": " + text(found.scores) +
                       ",\n  \"names\": " + text(names) + "\n}\n");
}

/// Prints the notes and a line per sample, which `decision(i)` ends.
template <class Decision>
void print_findings(const Findings& found, std::ostream& out, const Decision& decision) {
  print_notes(found.notes, out);
  const std::string limit =
      std::isfinite(found.threshold) ? gemel::format({"threshold ", found.threshold}) : "no threshold";
  for (std::size_t i = 0; i < found.names.size(); ++i) {
    out << printable(found.samples[i]) << ": ";
    if (std::isfinite(found.scores[i])) out << gemel::format({"score ", found.scores[i]}) << ", ";
    out << limit << ", " << printable(decision(i)) << '\n';
  }
}

/// The threshold for identification among all persons of the gallery. It is the one that the file has for the gallery's
/// size. If there is none, or `asked` is another rate, it follows from the false accept rates of the calibration,
/// as if the scores of one stranger were independent. That is too strict, so it moves a threshold of the file only in
/// the direction of the rate or size that is asked for. Adds a note if the calibration cannot show so small a rate.
/// Throws ValueError if there is nothing to derive a threshold from.
template <class S>
gemel::IdentificationCalibration identification(const Gallery<S>& gallery, std::optional<double> asked,
                                                const std::string& file, std::vector<std::string>& notes) {
  const gemel::IdentificationCalibration& own = gallery.identification();
  const gemel::Calibration& calibration = gallery.verifier().calibration();
  const Index size = std::max<Index>(gallery.size(), 1);
  const double fpir = asked.value_or(own ? own.fpir() : standard_fpir);
  const bool fits = own && size <= own.sizes().back().size;
  if (fits && fpir == own.fpir()) return own;
  if (calibration.threshold == -std::numeric_limits<double>::infinity()) {
    notes.push_back("this verifier rejects every pair, and so every person is unknown: " + calibration.method);
    return {fpir, {{.size = size, .threshold = calibration.threshold}}, calibration.method};
  }
  if (calibration.far_points.empty()) {
    throw gemel::ValueError({"it has no threshold for the identification of one among ", counted(size, "person"),
                             ": an older version of the library wrote it, so train it again"},
                            {.file = file});
  }
  if (own && !fits) {
    notes.push_back(gemel::format(
        {"the model's thresholds for identification are for at most ", own.sizes().back().size, " persons; that for ",
         size, " follows from the false accept rates of single claims, which is usually too strict"}));
  }
  const auto derived = gemel::identification_from(calibration, fpir, size);
  gemel::SizeThreshold entry = derived.at(size);
  if (fits && fpir > own.fpir()) {
    entry.threshold = std::max(entry.threshold, own.at(size).threshold);
  } else if (fits) {
    entry.threshold = std::min(entry.threshold, own.at(size).threshold);
  } else if (own && fpir <= own.fpir()) {
    entry.threshold = std::min(entry.threshold, own.sizes().back().threshold);
  }
  const double needed = -std::expm1(std::log1p(-fpir) / static_cast<double>(size));
  const auto above_zero = [](const gemel::FarPoint& point) { return point.far > 0; };
  const auto smallest = std::ranges::find_if(calibration.far_points, above_zero);
  if (smallest != calibration.far_points.end() && needed < smallest->far) {
    notes.push_back(
        gemel::format({"to identify someone among ", counted(size, "person"), ", the threshold should accept ",
                       100 * needed, " % of the claims of strangers, but those of the calibration show rates from ",
                       100 * smallest->far, " % on; the threshold accepts none of them, and more than ", 100 * fpir,
                       " % of the strangers may be identified as someone"}));
  }
  return {fpir, {entry}, derived.method()};
}

}  // namespace detail

/// Compares samples with a person whom each claims to be of. Prints the notes and decisions, and writes them to `json`
/// unless that is empty. Returns the exit code: 0 if all claims are accepted, 1 if any is rejected. Throws ValueError
/// if nobody of that name is enrolled, and what scoring and writing throw.
template <class Scorer = gemel::AnyScorer, class S>
int claim(const GalleryFile& file, const std::string& name, const Queries<S>& queries, const std::string& json,
          std::vector<std::string> notes, std::ostream& out) {
  const auto gallery = gemel::from_tensors<Gallery<S, Scorer>>(file.content);
  const auto& verifier = gallery.verifier();
  check_threshold(verifier.calibration(), file.path);
  detail::check_enrolled(gallery, name, file.path);
  const gemel::Template<S> person = gallery.person(*gallery.find(name));

  detail::Findings found{.samples = queries.names,
                         .threshold = person.threshold().value_or(verifier.calibration().threshold),
                         .notes = std::move(notes)};
  for (const double score : verifier.scores(person, queries.samples.matrix())) {
    found.scores.push_back(score);
    found.names.push_back(verifier.accepts(person, score) ? std::optional(name) : std::nullopt);
  }
  if (!std::isfinite(found.threshold)) {
    found.notes.push_back("this verifier rejects every claim: " + verifier.calibration().method);
  }
  detail::write_findings(json, found);
  detail::print_findings(found, out, [&](std::size_t i) { return found.names[i] ? "accepted" : "rejected"; });
  const Index n = queries.samples.size(), accepted = found.named();
  if (n > 1) {
    out << accepted << " of " << n << " claims to be " << printable(name) << " are accepted, " << n - accepted
        << " rejected\n";
  }
  return found.all_named() ? 0 : 1;
}

/// Finds out whom each sample is of. `fpir` is the share of strangers who may be identified as someone, if it is not to
/// be the model's. Prints the notes and findings, and writes them to `json` unless that is empty. Returns the exit
/// code: 0 if all are of enrolled persons, 1 if any is unknown. Throws ValueError if the file has no threshold for the
/// gallery's size, and what scoring and writing throw.
template <class S>
int identify(const GalleryFile& file, std::optional<double> fpir, const Queries<S>& queries, const std::string& json,
             std::vector<std::string> notes, std::ostream& out) {
  auto gallery = gemel::from_tensors<Gallery<S>>(file.content);
  check_threshold(gallery.verifier().calibration(), file.path);
  detail::Findings found{.samples = queries.names, .notes = std::move(notes)};
  gallery.calibrate_identification(detail::identification(gallery, fpir, file.path, found.notes));
  found.threshold = gallery.size() == 0 ? -std::numeric_limits<double>::infinity()
                                        : gallery.identification().at(gallery.size()).threshold;
  const std::vector<gemel::Identified> all = gallery.identify_all(queries.samples.matrix(), 0);
  for (const gemel::Identified& one : all) {
    found.scores.push_back(one.score);
    found.names.push_back(one.person == gemel::Identified::unknown ? std::nullopt
                                                                   : std::optional(gallery.name(one.person)));
  }
  if (gallery.size() == 0) found.notes.push_back("nobody is enrolled in " + file.path + ", so everyone is unknown");
  detail::write_findings(json, found);
  detail::print_findings(found, out, [&](std::size_t i) {
    if (found.names[i]) return *found.names[i];
    const Index nearest = all[i].nearest;
    return nearest == gemel::Identified::unknown ? "unknown" : "unknown; the nearest is " + gallery.name(nearest);
  });
  const Index n = queries.samples.size(), named = found.named();
  if (n > 1) {
    out << named << " of " << n << " samples are of enrolled persons, " << n - named << " of unknown ones\n";
  }
  return found.all_named() ? 0 : 1;
}

}  // namespace program
