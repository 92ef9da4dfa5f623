#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <iomanip>
#include <limits>
#include <ostream>
#include <string>
#include <vector>

#include "gemel/core/types.hpp"
#include "gemel/metrics/interval.hpp"
#include "json.hpp"
#include "numbers.hpp"

// The table's rows: the network beside two ways to compare that need no network.

namespace program {

/// One way to compare. Rates are fractions from 0 to 1, of the test pairs unless the name says otherwise; those
/// that could not be measured are NaN. The threshold was set on the validation pairs.
struct Row {
  static constexpr double none = std::numeric_limits<double>::quiet_NaN();

  std::string name = {};         ///< raw, whitened or network
  double validation_eer = none;  ///< of the validation pairs
  double eer = none;
  gemel::Interval eer_interval = {none, none, "none: not measured"};
  double auc = none;
  double threshold = none;  ///< -infinity: every pair is rejected
  double far = none;
  double frr = none;
  /// Where the FAR was to be expected, as far as the validation tells: the prediction interval for as many other
  /// classes as the test has.
  gemel::Interval expected_far = {none, none, "none: not measured"};
  gemel::Index test_classes = 0;  ///< the number of classes of the test, to which expected_far applies
  double random_far = none;       ///< of impostors who imitate no one, where the test has such apart from its others
};

/// The row with the lowest equal error rate on the validation pairs; of equal ones, the first. At least one must have
/// been measured.
inline const Row& best_row(const std::vector<Row>& rows) {
  const auto rate = [](const Row& row) {
    return std::isnan(row.validation_eer) ? std::numeric_limits<double>::infinity() : row.validation_eer;
  };
  return *std::min_element(rows.begin(), rows.end(), [&](const Row& a, const Row& b) { return rate(a) < rate(b); });
}

/// A sentence if another row than the network, the last, is the best; else empty.
inline std::string whether_it_pays(const std::vector<Row>& rows) {
  const Row &best = best_row(rows), &network = rows.back();
  if (&best == &network) return {};
  const bool equal = best.validation_eer == network.validation_eer;
  return "the network does not pay here: on the validation pairs, " +
         std::string(best.name == "raw" ? "the distance of the raw samples" : "the distance of the whitened samples") +
         (equal ? " has the same equal error rate, " + percent(best.validation_eer)
                : " has an equal error rate of " + percent(best.validation_eer) + ", the network " +
                      percent(network.validation_eer)) +
         "; give more samples or classes, train longer, or do without the network";
}

/// Prints the rows as a table.
inline void print_rows(const std::vector<Row>& rows, std::ostream& out) {
  const auto line = [&out](const std::string& name, const std::vector<std::string>& cells) {
    constexpr int widths[] = {9, 20, 10, 11, 10, 9};
    out << "  " << std::left << std::setw(10) << name << std::right;
    for (std::size_t i = 0; i < cells.size(); ++i) out << std::setw(widths[i]) << cells[i];
    out << '\n';
  };
  const auto cell = [](double value, const std::string& text) { return std::isnan(value) ? std::string("-") : text; };
  line("", {"EER", "95 % interval", "AUC", "threshold", "FAR", "FRR"});
  for (const Row& row : rows) {
    const gemel::Interval& interval = row.eer_interval;
    line(row.name,
         {cell(row.eer, percent(row.eer)),
          cell(row.eer, std::isnan(interval.low) ? "ended early"
                                                 : fixed(100 * interval.low, 2) + " to " + percent(interval.high)),
          cell(row.auc, fixed(row.auc, 5)),
          cell(row.threshold, std::isinf(row.threshold) ? "none" : fixed(row.threshold, 4)),
          cell(row.far, percent(row.far)), cell(row.frr, percent(row.frr))});
  }
}

/// The rows by name. Numbers that are not finite become null.
inline Json rows_json(const std::vector<Row>& rows) {
  Json all = Json::object();
  for (const Row& row : rows) {
    Json& figures = all[row.name];
    figures["eer"] = row.eer;
    figures["eer_low"] = row.eer_interval.low;
    figures["eer_high"] = row.eer_interval.high;
    figures["auc"] = row.auc;
    figures["threshold"] = row.threshold;
    figures["far"] = row.far;
    figures["frr"] = row.frr;
    figures["validation_eer"] = row.validation_eer;
    if (row.test_classes > 0) {
      figures["far_expected_low"] = row.expected_far.low;
      figures["far_expected_high"] = row.expected_far.high;
    }
    if (!std::isnan(row.random_far)) figures["random_far"] = row.random_far;
  }
  return all;
}

}  // namespace program
