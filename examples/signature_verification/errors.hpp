#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

#include "../program/colors.hpp"
#include "../program/json.hpp"
#include "../program/measured.hpp"
#include "../program/numbers.hpp"
#include "../program/picture.hpp"
#include "data.hpp"
#include "gemel/core/types.hpp"
#include "gemel/verification/claims.hpp"

// The claims that were decided most wrongly.

namespace signature_verification {

/// A claim that was decided wrongly.
struct Error {
  Index signer = 0;     ///< the claimed one
  Index signature = 0;  ///< that claims it
  double score = 0, threshold = 0;
  bool genuine = false;

  double excess() const { return score - threshold; }
};

/// The claims that were decided most wrongly, by how far the score is from the threshold of the fold: up to `most` of
/// genuine signatures, and then of forged ones. A signature is listed once.
inline std::vector<Error> worst_errors(const program::Measured& measured, std::size_t most) {
  const gemel::Trials& trials = measured.trials;
  std::vector<Error> rejected, accepted;
  for (Index i = 0; i < trials.size(); ++i) {
    const auto at = static_cast<std::size_t>(i);
    const Error error{trials.identities[at].first, trials.samples[at], trials.scores[at], measured.thresholds[at],
                      trials.labels[i] == 1};
    if (error.genuine == (error.score <= error.threshold)) continue;
    (error.genuine ? rejected : accepted).push_back(error);
  }
  std::ranges::stable_sort(rejected, [](const Error& a, const Error& b) { return a.excess() > b.excess(); });
  std::ranges::stable_sort(accepted, [](const Error& a, const Error& b) { return a.excess() < b.excess(); });
  std::vector<Error> worst;
  for (std::vector<Error>* kind : {&rejected, &accepted}) {
    std::size_t taken = 0;
    for (const Error& error : *kind) {
      const auto same = [&](const Error& other) { return other.signature == error.signature; };
      if (taken == most || std::ranges::any_of(worst, same)) continue;
      worst.push_back(error);
      ++taken;
    }
  }
  return worst;
}

/// `row` is the row that decided.
inline program::Json errors_json(const std::vector<Error>& errors, const Data& data, const std::string& row) {
  program::Json all = program::Json::array();
  for (const Error& error : errors) {
    all.push_back({{"signature", data.name(error.signature)},
                   {"claims", data.signer_name(error.signer)},
                   {"row", row},
                   {"score", error.score},
                   {"threshold", error.threshold},
                   {"genuine", error.genuine}});
  }
  return all;
}

namespace detail {

/// Draws a signature into a box of the picture, whose lower left corner is (x, y), without changing its proportions.
inline void draw_signature(program::Picture& picture, const std::string& block, const Signature& signature, double x,
                           double y, double width, double height) {
  double left = signature[0].x, right = left, bottom = signature[0].y, top = bottom;
  for (const Point& point : signature) {
    left = std::min(left, point.x), right = std::max(right, point.x);
    bottom = std::min(bottom, point.y), top = std::max(top, point.y);
  }
  const double scale = std::min(width / std::max(right - left, 1.0), height / std::max(top - bottom, 1.0));
  picture << '$' << block << " << EOD\n";
  for (const Point& point : signature) {
    if (!point.is_down) {
      picture << '\n';  // gnuplot begins a new line after an empty row
    } else {
      picture << x + (point.x - left) * scale << ' ' << y + (point.y - bottom) * scale << '\n';
    }
  }
  picture << "EOD\n";
}

}  // namespace detail

/// The errors as a picture: each with a genuine signature of the claimed signer, the first one, beside it.
inline program::Picture errors_picture(const std::vector<Error>& errors, const Data& data, const std::string& title) {
  constexpr double width = 0.21, height = 0.16, row_height = 0.24;
  program::Picture picture("errors", title);
  picture << "unset border\nunset tics\nunset grid\nunset key\nset xrange [0:1]\nset yrange [0:1.08]\n";
  std::string plot;
  int labels = 0;
  std::size_t rows[2] = {0, 0};
  const auto label = [&](const std::string& text, double x, double y, const char* color, int size) {
    picture << "set label " << ++labels << ' ' << program::quoted(text, 60) << " at " << x << ", " << y
            << " textcolor '" << color << "' font 'Sans," << size << "'\n";
  };
  for (const bool genuine : {true, false}) {
    label(genuine ? "genuine, but rejected" : "forged, but accepted", genuine ? 0 : 0.53, 1.03,
          genuine ? program::similar_color : program::dissimilar_color, 15);
  }
  std::size_t block = 0;
  for (const Error& error : errors) {
    const double x = error.genuine ? 0 : 0.53, y = 1 - row_height * static_cast<double>(++rows[error.genuine]);
    const char* color = error.genuine ? program::similar_color : program::dissimilar_color;
    for (const bool claims : {true, false}) {
      const Index shown = claims ? error.signature : Data::number(error.signer, 0);
      const double left = x + (claims ? 0 : width + 0.02);
      const std::string name = "s" + std::to_string(block++);
      detail::draw_signature(picture, name, data.signature(shown), left, y + 0.045, width, height);
      label(data.name(shown) + (claims ? ", score " + program::fixed(error.score, 2)
                                       : ", threshold " + program::fixed(error.threshold, 2)),
            left, y + 0.015, "#666666", 11);
      plot += (plot.empty() ? "plot $" : ", $") + name + " with lines lw 1.3 lc '" + (claims ? color : "#888888") + "'";
    }
  }
  for (const bool genuine : {true, false}) {
    if (rows[genuine] == 0) label("none", genuine ? 0 : 0.53, 0.9, "#666666", 13);
  }
  picture << (plot.empty() ? "plot NaN" : plot) << '\n';
  return picture;
}

}  // namespace signature_verification
