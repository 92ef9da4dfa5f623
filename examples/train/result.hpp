#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <iomanip>
#include <ostream>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "../program/json.hpp"
#include "../program/outputs.hpp"
#include "../program/text.hpp"
#include "gemel/core/types.hpp"
#include "gemel/metrics/interval.hpp"

namespace train {

using gemel::Index;

/// The figures of a run. Rates are fractions from 0 to 1 of the test pairs. The threshold was set on validation pairs.
struct Result {
  double eer = 0;
  gemel::Interval eer_interval = {};  ///< NaN: a signal ended the run before it was computed
  double auc = 0;
  double accuracy = 0;
  double accuracy_of_rejecting_all = 0;  ///< the accuracy of rejecting every pair
  double threshold = 0;                  ///< -infinity: every pair is rejected
  std::string threshold_is_for = {};     ///< the aim of the threshold; or why there is none, and advice
  std::string threshold_was_set = {};    ///< a sentence about how it was set, or why it was not
  Index threshold_pairs = 0;             ///< number of pairs on which the threshold was set
  double far = 0;
  double frr = 0;
  double seconds = 0;            ///< of the training, including validation
  double processor_seconds = 0;  ///< of the training, summed over all threads
  double pairs_per_second = 0;
  Index train_pairs = 0;  ///< per epoch
  Index test_pairs = 0;
  std::string test_pairs_are = {};
  Index parameters = 0;
  Index epochs = 0;  ///< the last may be incomplete
  Index threads = 1;
  std::uint64_t seed = 0;
  std::string data = {};                ///< describes the data in one line
  std::vector<std::string> notes = {};  ///< what the user should know to read the figures
};

namespace detail {

inline std::string fixed(double value, int digits) {
  std::ostringstream text;
  text << std::fixed << std::setprecision(digits) << value;
  return text.str();
}

inline std::string percent(double share) { return fixed(100 * share, 2) + " %"; }

inline std::string interval(const gemel::Interval& interval) {
  if (std::isnan(interval.low)) return "(no interval: ended early)";
  return "(95 % interval " + percent(interval.low) + " to " + percent(interval.high) + ")";
}

}  // namespace detail

/// Adds notes about figures that mean less than they seem to.
inline void add_notes(Result& result) {
  using detail::percent;
  if (result.eer_interval.method.ends_with("independent")) {
    result.notes.push_back(
        "the interval of the equal error rate is too narrow: it treats all pairs as independent, since there are too "
        "few classes to draw from, but pairs that share a sample are not");
  }
  if (std::isinf(result.threshold)) {
    result.notes.push_back("the threshold rejects every pair, so the rates at it say nothing about the network");
  } else if (result.frr > 0.5 || result.far > 0.5) {
    const bool rejects = result.frr > result.far;
    result.notes.push_back("at the threshold " + percent(rejects ? result.frr : result.far) + " of the " +
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
  using detail::fixed;
  using detail::percent;
  const std::vector<std::pair<std::string, std::string>> rows = {
      {"equal error rate", percent(result.eer) + "  " + detail::interval(result.eer_interval)},
      {"area under ROC", fixed(result.auc, 5)},
      {"accuracy", percent(result.accuracy) +
                       "  at the threshold (rejecting every pair: " + percent(result.accuracy_of_rejecting_all) + ")"},
      {"false accepts", percent(result.far) + "  at the threshold"},
      {"false rejects", percent(result.frr) + "  at the threshold"},
      {"threshold", std::isfinite(result.threshold) ? fixed(result.threshold, 4) : "none"},
      {"test pairs", std::to_string(result.test_pairs) + "  (" + result.test_pairs_are + ")"},
      {"training pairs",
       std::to_string(result.train_pairs) + " per epoch, " + program::counted(result.epochs, "epoch")},
      {"training time", fixed(result.seconds, 2) + " s  (processor " + fixed(result.processor_seconds, 2) + " s, " +
                            fixed(result.pairs_per_second, 0) + " pairs/s, " +
                            program::counted(result.threads, "thread") + ")"},
      {"parameters", std::to_string(result.parameters)},
      {"seed", std::to_string(result.seed)},
  };
  for (const auto& [name, value] : rows) out << "  " << std::left << std::setw(18) << name << value << '\n';
}

/// Writes all figures and the options of the run as JSON. Numbers that are not finite become null. Throws IoError if
/// the file cannot be written.
inline void write_json(const std::filesystem::path& path, const Result& result, const program::Json& options) {
  program::Json interval;
  interval["low"] = result.eer_interval.low;
  interval["high"] = result.eer_interval.high;
  interval["confidence"] = gemel::IntervalOptions{}.confidence;
  interval["method"] = result.eer_interval.method;

  program::Json all;
  all["eer"] = result.eer;
  all["auc"] = result.auc;
  all["accuracy"] = result.accuracy;
  all["threshold"] = result.threshold;
  all["far"] = result.far;
  all["frr"] = result.frr;
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
  all["data"] = result.data;
  all["notes"] = result.notes;
  all["options"] = options;
  program::write_file(path, program::json_text(all));
}

}  // namespace train
