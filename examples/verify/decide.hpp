#pragma once

#include <cmath>
#include <cstddef>
#include <ostream>
#include <span>
#include <string>
#include <vector>

#include "../program/json.hpp"
#include "../program/model.hpp"
#include "../program/outputs.hpp"
#include "../program/text.hpp"
#include "gemel/core/error.hpp"
#include "gemel/core/format.hpp"
#include "gemel/core/types.hpp"
#include "gemel/data/pair_source.hpp"
#include "gemel/data/samples.hpp"
#include "gemel/verification/distances.hpp"
#include "options.hpp"
#include "pairs.hpp"
#include "samples.hpp"
#include "trained_on.hpp"

namespace verify {

/// The embeddings of samples, one per column, and the pairs among them that are compared.
template <class S>
struct Compared {
  gemel::MatrixX<S> embeddings;
  std::vector<gemel::PairIndex> pairs;
  bool row_by_row;  ///< whether pair i consists of the samples i of two files

  std::string name(std::size_t i) const {
    if (row_by_row) return "sample " + std::to_string(i);
    return gemel::format({"samples ", pairs[i].first, " and ", pairs[i].second});
  }
};

/// Reads the samples and pairs that the command line names, and embeds each sample once. Throws what the readers throw,
/// and ShapeError if two files have different numbers of samples.
template <class S>
Compared<S> compared(const program::Model<S>& model, const TrainedOn& known, const Options& options,
                     std::vector<std::string>& notes) {
  const auto embed = [&model](const gemel::Samples<S>& samples) { return model.embed(samples.columns(), 0); };
  const std::string& file = options.words[1];
  const gemel::Samples<S> samples = read_samples<S>(file, known, options, notes);
  Compared<S> result{.embeddings = {}, .pairs = {}, .row_by_row = options.words.size() == 3};
  if (!result.row_by_row) {
    if (!options.pairs.empty()) {
      result.pairs = read_pairs(options.pairs, samples.size());
    } else {
      const Index first = parse_index(options.words[2], samples.size(), file);
      result.pairs = {{first, parse_index(options.words[3], samples.size(), file)}};
    }
    result.embeddings = embed(samples);
    return result;
  }
  const gemel::Samples<S> others = read_samples<S>(options.words[2], known, options, notes);
  const Index n = samples.size();
  if (others.size() != n) {
    throw gemel::ShapeError({"it has ", others.size(), " samples, but ", file, " has ", n,
                             ", and the samples of two files are compared one by one; to compare one sample with many, "
                             "put all into one file and give --pairs"},
                            {.file = options.words[2]});
  }
  result.embeddings.resize(model.embedding_size(), 2 * n);
  result.embeddings.leftCols(n) = embed(samples);
  result.embeddings.rightCols(n) = embed(others);
  for (Index i = 0; i < n; ++i) result.pairs.push_back({i, n + i});
  return result;
}

/// Prints the distances and decisions, and writes them to --json. Returns the exit code: 0 if all pairs are the same, 1
/// if any is different. Throws NonFiniteError if a distance is not finite, and FormatError if the threshold is
/// infinity.
template <class S>
int decide(const program::Verifier<S>& verifier, const TrainedOn& known, const Options& options, std::ostream& out) {
  const double threshold = verifier.calibration().threshold;
  program::check_threshold(verifier.calibration(), known.file);
  std::vector<std::string> notes;
  const Compared<S> all = compared(verifier.model(), known, options, notes);
  const gemel::VectorX<S> distances = gemel::distances(verifier.model().metric(), all.embeddings, std::span{all.pairs});
  std::vector<double> values;
  std::vector<bool> same;
  Index accepted = 0;
  for (const S distance : distances) {
    if (!std::isfinite(distance)) {
      throw gemel::NonFiniteError(
          {"the distance of ", all.name(values.size()), " is not finite: look for huge features"});
    }
    values.push_back(static_cast<double>(distance));
    same.push_back(verifier.accepts(distance));
    accepted += same.back();
  }
  if (!options.json.empty()) {
    const auto text = [](const program::Json& value) { return value.dump(); };
    program::write_file(options.json, "{\n  \"threshold\": " + text(threshold) + ",\n  \"distances\": " + text(values) +
                                          ",\n  \"same\": " + text(same) + "\n}\n");
  }

  for (const std::string& note : notes) out << "Note: " << program::printable(note) << ".\n";
  const std::string limit = std::isfinite(threshold) ? gemel::format({"threshold ", threshold}) : "no threshold";
  for (std::size_t i = 0; i < values.size(); ++i) {
    out << all.name(i) << ": " << gemel::format({"distance ", values[i]}) << ", " << limit << ", "
        << (same[i] ? "the same" : "different") << '\n';
  }
  if (values.size() > 1) {
    out << accepted << " of " << values.size() << " pairs are the same, " << gemel::length(values) - accepted
        << " different\n";
  }
  if (!std::isfinite(threshold)) {
    out << "Note: this verifier rejects every pair: " << program::printable(verifier.calibration().method) << ".\n";
  }
  return accepted == gemel::length(values) ? 0 : 1;
}

}  // namespace verify
