#pragma once

#include <cmath>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "../program/json.hpp"
#include "../program/numbers.hpp"
#include "../program/result.hpp"
#include "../program/rows.hpp"
#include "../program/text.hpp"
#include "comparer.hpp"
#include "errors.hpp"
#include "gemel/core/format.hpp"
#include "gemel/core/stop.hpp"
#include "learn.hpp"
#include "measure.hpp"
#include "options.hpp"
#include "parts.hpp"
#include "whitening.hpp"

// What a run has learnt, in figures and sentences.

namespace text_comparison {

/// The three ways to compare, in the order of the table.
using Rows = std::vector<MeasuredModel>;

/// The row that is saved. Words: that with the lowest equal error rate on the validation pairs. Rows of a table: that
/// with the largest F1 of the links in the validation part. Of equal ones, the first, which is the simplest.
inline std::size_t chosen_row(const Rows& rows, bool links) {
  const auto is_better = [links](const MeasuredModel& a, const MeasuredModel& b) {
    return links ? a.validation_links.f1() > b.validation_links.f1()
                 : a.measured.row.validation_eer < b.measured.row.validation_eer;
  };
  std::size_t best = 0;
  for (std::size_t i = 1; i < rows.size(); ++i) {
    if (is_better(rows[i], rows[best])) best = i;
  }
  return best;
}

/// The verdict in one sentence: which row is used, and whether the network was worth its training.
inline std::string verdict(const Rows& rows, std::size_t chosen, bool links) {
  const bool network = chosen + 1 == rows.size();
  std::string others;
  for (const MeasuredModel& row : rows) {
    const std::string figure = links ? program::fixed(row.test_links.f1(), 4) : program::percent(row.measured.row.eer);
    others += (others.empty() ? "" : ", ") + row.measured.row.name + ' ' + figure;
  }
  const std::string measure = links ? "the F1 of the links" : "the equal error rate";
  return std::string("The network ") + (network ? "pays" : "does not pay") + " here: by " + measure +
         " of the validation part, the row " + rows[chosen].measured.row.name + " is used; of the test part, it is " +
         others + '.';
}

/// The lines that follow the table: how random pairs are decided, and the links of two lists.
inline std::vector<std::string> further_lines(const Rows& rows, bool links) {
  std::vector<std::string> lines;
  for (const MeasuredModel& row : rows) {
    std::string line = row.measured.row.name + ": random pairs have an EER of " + program::percent(row.random_eer) +
                       ", and " + program::percent(row.measured.row.random_far) + " are accepted";
    if (links) {
      line += "; links between two lists: F1 " + program::fixed(row.test_links.f1(), 4) + ", precision " +
              program::fixed(row.test_links.precision(), 4) + ", recall " + program::fixed(row.test_links.recall(), 4) +
              " (validation: F1 " + program::fixed(row.validation_links.f1(), 4) + ')';
    }
    lines.push_back(std::move(line));
  }
  return lines;
}

/// A sentence about the threshold of a row: what it promised on the validation pairs, and what came of it.
inline std::string threshold_sentence(const MeasuredModel& row, bool links) {
  const gemel::Calibration& promised = row.measured.calibrations.front();
  if (std::isinf(promised.threshold)) return "No threshold was set: " + promised.method + '.';
  return std::string("The threshold of the row ") + row.measured.row.name + " was set on the validation part, for " +
         (links ? "the largest F1 of the links between two lists" : "equal error rates") + ": there it accepts " +
         program::percent(promised.far) + " of the hard pairs of different texts, and " +
         program::percent(row.measured.row.far) + " in the test.";
}

/// The figures that only this program has, for --json.
inline program::Json further_figures(const Rows& rows, std::size_t chosen, bool links,
                                     const std::vector<WrongPair>& errors) {
  program::Json all;
  all["protocol"] = "unseen groups";
  all["templates"] = 1;
  all["random_far"] = rows.back().measured.row.random_far;
  all["random_eer"] = rows.back().random_eer;
  all["used"] = rows[chosen].measured.row.name;
  all["promised_far"] = rows[chosen].measured.calibrations.front().far;
  for (const MeasuredModel& row : rows) {
    if (!links) break;
    all["links"][row.measured.row.name] = {{"f1", row.test_links.f1()},
                                           {"precision", row.test_links.precision()},
                                           {"recall", row.test_links.recall()},
                                           {"validation_f1", row.validation_links.f1()}};
  }
  all["verdict"] = verdict(rows, chosen, links);
  all["worst_errors"] = errors_json(errors);
  return all;
}

}  // namespace text_comparison
