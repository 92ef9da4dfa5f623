#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "../program/measured.hpp"
#include "../program/rows.hpp"
#include "gemel/core/error.hpp"
#include "gemel/core/stop.hpp"
#include "gemel/verification/calibration.hpp"
#include "measure.hpp"
#include "model.hpp"
#include "options.hpp"
#include "prepare.hpp"
#include "whitening.hpp"

namespace train {

/// The rows `raw` and `whitened`: the distances of the scaled samples, without and with the whitening. A row without
/// figures, and with a note, stands for samples that cannot be compared so. After a stop, the intervals are left out.
inline std::vector<program::Row> plain_rows(const Options& options, const Parts& parts,
                                            const ChosenWhitening& whitening, const gemel::Pairs<float>& validation,
                                            const gemel::Pairs<float>& test,
                                            const gemel::CalibrationOptions& calibration, const gemel::StopFlag* stop,
                                            std::vector<std::string>& notes) {
  std::vector<program::Row> rows;
  const auto add = [&](const std::string& name, const std::optional<gemel::Whitening<>>& layer) {
    program::Row& row = rows.emplace_back(program::Row{.name = name});
    const Ensemble model{make_plain_model(options, {parts.scaling, layer}, parts.training.samples.features())};
    try {
      program::Measured measured = measure(name, model, validation, test, calibration, stop);
      if (!gemel::stop_requested(stop)) program::add_interval(measured, stop);
      row = measured.row;
    } catch (const gemel::NonFiniteError&) {
      notes.push_back("the row " + name +
                      " is empty, since distances of such samples are NaN or infinite; scale them "
                      "(--scale)");
    }
  };
  add("raw", std::nullopt);
  if (whitening.layer) {
    add("whitened", whitening.layer);
  } else {
    rows.push_back({.name = "whitened"});
  }
  return rows;
}

}  // namespace train
