#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <iomanip>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "gemel/core/types.hpp"
#include "json.hpp"
#include "numbers.hpp"
#include "outputs.hpp"
#include "rows.hpp"
#include "text.hpp"

namespace program {

using gemel::Index;

/// The figures of a run. Rates are fractions from 0 to 1 of the test pairs. The threshold was set on validation pairs.
struct Result {
  std::vector<Row> rows = {};  ///< raw distance, whitened and network, in this order
  double accuracy = 0;
  double accuracy_of_rejecting_all = 0;  ///< the accuracy of rejecting every pair
  std::string threshold_is_for = {};     ///< the aim of the threshold; or why there is none, and advice
  std::string threshold_was_set = {};    ///< a sentence about how it was set, or why it was not
  Index threshold_pairs = 0;             ///< number of pairs on which the threshold was set
  double seconds = 0;                    ///< of the training, including validation
  double processor_seconds = 0;          ///< of the training, summed over all threads
  double pairs_per_second = 0;
  Index train_pairs = 0;  ///< per epoch
  Index test_pairs = 0;
  std::string test_pairs_are = {};
  Index parameters = 0;
  Index epochs = 0;  ///< the last may be incomplete
  Index threads = 1;
  std::uint64_t seed = 0;
  std::vector<std::string> test_classes = {};  ///< the names of the classes of the test samples
  std::vector<std::string> held_out = {};      ///< those of them that no training sample has
  std::string whitening = {};                  ///< describes the whitening of the row `whitened`
  std::string data = {};                       ///< describes the data in one line
  std::vector<std::string> notes = {};         ///< what the user should know to read the figures

  const Row& network() const { return rows.back(); }
};

/// Adds notes about figures that mean less than they seem to.
inline void add_notes(Result& result) {
  const Row& network = result.network();
  if (network.eer_interval.method.ends_with("independent")) {
    result.notes.push_back(
        std::string("the interval of the equal error rate is too narrow: it treats all pairs as independent, since ") +
        (network.eer == 0 ? "no draw of classes would change a rate of 0" : "there are too few classes to draw from") +
        ", but pairs that share a sample are not");
  }
  if (std::isinf(network.threshold)) {
    result.notes.push_back("the threshold rejects every pair, so the rates at it say nothing about the network");
  } else if (network.frr > 0.5 || network.far > 0.5) {
    const bool rejects = network.frr > network.far;
    result.notes.push_back("at the threshold " + percent(rejects ? network.frr : network.far) + " of the " +
                           (rejects ? "similar" : "dissimilar") +
                           " pairs are decided wrongly, more than by tossing a coin");
  }
  const double simple = std::max(result.accuracy_of_rejecting_all, 1 - result.accuracy_of_rejecting_all);
  if (result.accuracy < simple + 0.25 * (1 - simple)) {
    result.notes.push_back("an accuracy of " + percent(result.accuracy) + " means little here: " +
                           (result.accuracy_of_rejecting_all >= 0.5 ? "rejecting" : "accepting") + " every pair has " +
                           percent(simple) + ", since that is the share of the " +
                           (result.accuracy_of_rejecting_all >= 0.5 ? "dissimilar" : "similar") + " test pairs");
  }
}

/// Prints the table at the end of a run.
inline void print_table(const Result& result, std::ostream& out) {
  print_rows(result.rows, out);
  std::vector<std::pair<std::string, std::string>> lines = {
      {"accuracy", percent(result.accuracy) + "  of the network at its threshold (rejecting every pair: " +
                       percent(result.accuracy_of_rejecting_all) + ")"},
      {"whitening", result.whitening},
      {"test pairs", std::to_string(result.test_pairs) + "  (" + result.test_pairs_are + ")"},
      {"training pairs", std::to_string(result.train_pairs) + " per epoch, " + counted(result.epochs, "epoch")},
      {"training time", fixed(result.seconds, 2) + " s  (processor " + fixed(result.processor_seconds, 2) + " s, " +
                            fixed(result.pairs_per_second, 0) + " pairs/s, " + counted(result.threads, "thread") + ")"},
      {"parameters", std::to_string(result.parameters)},
      {"seed", std::to_string(result.seed)},
  };
  if (!result.held_out.empty()) lines.push_back({"held-out classes", listed(result.held_out, 60)});
  for (const auto& [name, value] : lines) out << "  " << std::left << std::setw(18) << name << value << '\n';
}

/// Writes all figures and the options of the run as JSON, and the figures that only this program has, `more`. Numbers
/// that are not finite become null. Throws IoError if the file cannot be written.
inline void write_json(const std::filesystem::path& path, const Result& result, const Json& options,
                       const Json& more = Json::object()) {
  const Row& network = result.network();
  Json interval;
  interval["low"] = network.eer_interval.low;
  interval["high"] = network.eer_interval.high;
  interval["confidence"] = gemel::IntervalOptions{}.confidence;
  interval["method"] = network.eer_interval.method;

  Json all;
  all["eer"] = network.eer;
  all["auc"] = network.auc;
  all["accuracy"] = result.accuracy;
  all["threshold"] = network.threshold;
  all["far"] = network.far;
  all["frr"] = network.frr;
  all["seconds"] = result.seconds;
  all["pairs_per_second"] = result.pairs_per_second;
  all["train_pairs"] = result.train_pairs;
  all["test_pairs"] = result.test_pairs;
  all["parameters"] = result.parameters;
  all["processor_seconds"] = result.processor_seconds;
  all["accuracy_of_accepting_nothing"] = result.accuracy_of_rejecting_all;
  all["epochs"] = result.epochs;
  all["threads"] = result.threads;
  all["seed"] = result.seed;
  all["threshold_pairs"] = result.threshold_pairs;
  all["threshold_is_for"] = result.threshold_is_for;
  all["threshold_was_set"] = result.threshold_was_set;
  all["test_pairs_are"] = result.test_pairs_are;
  all["eer_interval"] = interval;
  all["rows"] = rows_json(result.rows);
  all["best"] = best_row(result.rows).name;
  all["test_classes"] = result.test_classes;
  all["held_out_classes"] = result.held_out;
  all["whitening"] = result.whitening;
  all["data"] = result.data;
  all["notes"] = result.notes;
  all.update(more);
  all["options"] = options;
  write_file(path, json_text(all));
}

}  // namespace program
