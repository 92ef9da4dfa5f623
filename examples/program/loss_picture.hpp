#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

#include "colors.hpp"
#include "gemel/callback/history.hpp"
#include "picture.hpp"

namespace program {

/// The course of a training: its loss, and that of the validation if there is one, by epoch.
inline Picture loss_picture(const gemel::History& history, const std::string& title) {
  Picture picture("loss", title);
  std::vector<std::vector<double>> rows;
  for (std::size_t epoch = 0; epoch < history.loss.size(); ++epoch) {
    rows.push_back({static_cast<double>(epoch + 1), history.loss[epoch]});
    if (epoch < history.validation_loss.size()) rows.back().push_back(history.validation_loss[epoch]);
  }
  picture.data("loss", rows);
  // A logarithmic axis cannot show a loss of 0.
  const auto has_logarithm = [](double loss) { return loss > 0; };
  if (std::any_of(history.loss.begin(), history.loss.end(), has_logarithm)) {
    picture << "set ylabel 'loss (log)'\nset logscale y\nset format y '%g'\n";
  } else {
    picture << "set ylabel 'loss'\n";
  }
  if (rows.size() <= 10) picture << "set xtics 1\n";
  const double margin = std::max(0.5, 0.02 * static_cast<double>(rows.size()));  // keeps markers off the frame
  picture << "set xlabel 'epoch'\nset xrange [" << 1 - margin << ":" << static_cast<double>(rows.size()) + margin
          << "]\n"
          << "plot $loss using 1:2 with linespoints pt 7 ps 0.9 lw 2 lc '" << similar_color << "' title 'training'";
  if (!history.validation_loss.empty()) {
    picture << ", $loss using 1:3 with linespoints pt 5 ps 0.9 lw 2 lc '" << dissimilar_color << "' title 'validation'";
  }
  picture << '\n';
  return picture;
}

}  // namespace program
