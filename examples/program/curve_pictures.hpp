#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <iomanip>
#include <sstream>
#include <string>
#include <vector>

#include "colors.hpp"
#include "gemel/core/stop.hpp"
#include "gemel/metrics/curve_band.hpp"
#include "gemel/metrics/roc.hpp"
#include "interrupt.hpp"
#include "measured.hpp"
#include "picture.hpp"

// The pictures of the test trials of one way to compare: histograms of the scores, the ROC and the DET curve.

namespace program {

/// What these pictures show.
struct Curves {
  const Measured& measured;
  std::string title;                              ///< of every picture; identifies the run
  std::string score = "distance of a test pair";  ///< what a score is, for an axis
  std::string similar = "similar pairs", dissimilar = "dissimilar pairs";

  double threshold() const { return measured.row.threshold; }  ///< -infinity: there is none
};

namespace detail {

inline std::string threshold_title(const Curves& curves) {
  std::ostringstream title;
  title << "threshold " << std::setprecision(3) << curves.threshold();
  return title.str();
}

/// The points (FAR, FRR) of the curve, thinned to those that differ visibly on logarithmic axes.
inline std::vector<std::vector<double>> curve_points(const gemel::Roc& roc) {
  constexpr double step = 0.01;
  const auto height = [](double rate) { return std::log(std::max(rate, 1e-9)); };
  std::vector<std::vector<double>> rows;
  for (const gemel::RocPoint& point : roc.points()) {
    const bool distinct = rows.empty() || std::abs(height(point.far) - height(rows.back()[0])) > step ||
                          std::abs(height(point.frr) - height(rows.back()[1])) > step;
    if (distinct) rows.push_back({point.far, point.frr});
  }
  rows.push_back({1, 0});
  return rows;
}

/// gnuplot's names of the two axes: expressions for an FAR and an FRR, without their arguments.
struct Axes {
  std::string far, frr;

  std::string of(const char* far_column, const char* frr_column) const {
    return '(' + far + '(' + far_column + ")):(" + frr + '(' + frr_column + "))";
  }
};

/// Plots the curve with its band, and marks its equal error rate and the rates at the threshold. If `shows` is false
/// for a mark, it is outside the axes, and the key says so.
template <class Shows>
void plot_curve(Picture& picture, const Curves& curves, const gemel::CurveBand& band, const Axes& axes,
                const std::string& title, const Shows& shows) {
  const std::string rates = axes.of("$1", "$2");
  const auto off = [&](double far, double frr) { return shows(far, frr) ? "" : ", off the axes"; };
  picture.data("curve", curve_points(curves.measured.roc));
  picture.data("eer", {{curves.measured.roc.eer(), curves.measured.roc.eer()}});
  picture.data("threshold",
               {{curves.measured.roc.far(curves.threshold()), curves.measured.roc.frr(curves.threshold())}});
  if (!band.far.empty()) {
    std::vector<std::vector<double>> rows;
    for (std::size_t i = 0; i < band.far.size(); ++i) rows.push_back({band.far[i], band.low[i], band.high[i]});
    picture.data("band", rows);
    picture << "plot $band using " << rates << ":(" << axes.frr << "($3)) with filledcurves lc '" << similar_color
            << "' fs transparent solid 0.2 noborder title '95 % band"
            << (band.method.ends_with("independent") ? " (too narrow)" : "") << "', ";
  } else {
    picture << "plot ";
  }
  picture << "$curve using " << rates << " with lines lw 2.5 lc '" << similar_color << "' title " << title
          << ", $eer using " << rates << " with points pt 7 ps 1.8 lc '" << mark_color << "' title sprintf('EER %.2f %%"
          << off(curves.measured.roc.eer(), curves.measured.roc.eer()) << "', " << 100 * curves.measured.roc.eer()
          << ')';
  if (std::isfinite(curves.threshold())) {
    picture << ", $threshold using " << rates << " with points pt 9 ps 2.2 lc '" << dissimilar_color << "' title '"
            << threshold_title(curves)
            << off(curves.measured.roc.far(curves.threshold()), curves.measured.roc.frr(curves.threshold())) << "'";
  }
  picture << '\n';
}

}  // namespace detail

/// Histograms of the scores of genuine and of other trials, each as shares of its kind, since there are far more of
/// the others.
inline Picture distances_picture(const Curves& curves) {
  constexpr std::size_t bins = 80;
  std::vector<double> sorted(curves.measured.trials.scores.begin(), curves.measured.trials.scores.end());
  std::sort(sorted.begin(), sorted.end());
  // The largest thousandth of the distances would compress the rest, so the last bin has all of it.
  const double end = std::max({sorted[(sorted.size() - 1) * 999 / 1000], 1.2 * curves.threshold(), 1e-6});
  const double begin = std::min(0.0, sorted.front());  // distances begin at 0, but scores may be negative
  const double width = (end - begin) / bins;

  const gemel::Labels labels = curves.measured.trials.labels;
  std::vector<double> similar(bins), dissimilar(bins);
  double similar_pairs = 0, dissimilar_pairs = 0;
  for (std::size_t i = 0; i < curves.measured.trials.scores.size(); ++i) {
    const double place = std::clamp((curves.measured.trials.scores[i] - begin) / (end - begin), 0.0, 1.0);
    const auto bin = std::min(bins - 1, static_cast<std::size_t>(place * bins));
    const bool is_similar = labels.span()[i] == 1;
    (is_similar ? similar : dissimilar)[bin] += 1;
    (is_similar ? similar_pairs : dissimilar_pairs) += 1;
  }
  std::vector<std::vector<double>> rows;
  double highest = 0;
  for (std::size_t bin = 0; bin < bins; ++bin) {
    const double same = 100 * similar[bin] / similar_pairs, other = 100 * dissimilar[bin] / dissimilar_pairs;
    rows.push_back({begin + (static_cast<double>(bin) + 0.5) * width, same, other});
    highest = std::max({highest, same, other});
  }

  Picture picture("distances", curves.title);
  picture.data("distances", rows);
  picture.data("threshold", {{curves.threshold(), 0}, {curves.threshold(), 1.12 * highest}});
  std::ostringstream label;
  label << curves.score;
  if (sorted.back() > end) label << " (the last bar has all from " << std::setprecision(3) << end - width << " on)";
  picture << "set xlabel '" << label.str() << "'\nset ylabel 'share of its kind (%)'\n"
          << "set xrange [" << begin << ":" << end << "]\nset yrange [0:" << 1.12 * highest << "]\n"
          << "set boxwidth 1 relative\nset style fill transparent solid 0.55 noborder\n"
          << "plot $distances using 1:2 with boxes lc '" << similar_color << "' title '" << curves.similar << "', "
          << "$distances using 1:3 with boxes lc '" << dissimilar_color << "' title '" << curves.dissimilar << "'";
  if (std::isfinite(curves.threshold())) {
    picture << ", $threshold with lines dashtype 2 lw 1.5 lc '" << mark_color << "' title '"
            << detail::threshold_title(curves) << "'";
  }
  picture << '\n';
  return picture;
}

/// The confidence band of the curve; empty if a signal has ended the training or ends the bootstrap. A picture needs
/// fewer replicates than a printed interval.
inline gemel::CurveBand band_of(const Curves& curves, const gemel::StopFlag* stop) {
  constexpr gemel::Index replicates = 200;
  if (Interrupt::exit_code() != 0) return {};
  gemel::CurveBand band =
      curve_band(curves.measured.trials.scores, curves.measured.trials.labels,
                 {.replicates = replicates, .identities = curves.measured.trials.identities, .stop = stop});
  return std::isnan(band.high.front()) ? gemel::CurveBand{} : band;
}

/// The ROC: the share of genuine trials that are accepted, by the false accept rate.
inline Picture roc_picture(const Curves& curves, const gemel::CurveBand& band) {
  // The axis begins a little below the smallest rate above 0 and ends above 1, so that no mark is on the frame.
  const double lowest = 0.7 * std::max(1 / static_cast<double>(curves.measured.roc.dissimilar()), 1e-5);
  const auto is_shown = [lowest](double far, double) { return far >= lowest; };
  double bottom = 0.9;
  for (const gemel::RocPoint& point : curves.measured.roc.points()) {
    if (is_shown(point.far, point.frr)) bottom = std::min(bottom, 1 - point.frr - 0.04 * point.frr);
  }
  Picture picture("roc", curves.title);
  picture << "set xlabel 'false accept rate (%, log)'\nset ylabel 'true accept rate (%)'\n"
          << "set logscale x\nset format x '%g'\nset xrange [" << 100 * lowest << ":140]\nset yrange [" << 100 * bottom
          << ':' << 105 - 5 * bottom << "]\n";
  picture << "percent(p) = 100 * p\naccepted(p) = 100 - 100 * p\n";
  detail::plot_curve(picture, curves, band, {"percent", "accepted"},
                     "sprintf('ROC, area %.4f', " + std::to_string(curves.measured.roc.auc()) + ")", is_shown);
  return picture;
}

/// The DET curve: both error rates on normal deviate axes, on which normally distributed scores give a straight line
/// (Martin et al., "The DET curve in assessment of detection task performance", Eurospeech 1997).
inline Picture det_picture(const Curves& curves, const gemel::CurveBand& band) {
  Picture picture("det", curves.title);
  const bool good = curves.measured.roc.eer() < 0.2;
  const double highest = good ? 0.4 : 0.9;
  picture << "lowest = 1e-9  # stands for 0, which is off the axes\n"
          << "rate(p) = invnorm(p < lowest ? lowest : p > 1 - lowest ? 1 - lowest : p)\n"
          << "set xlabel 'false accept rate (%, normal deviate scale)'\nset ylabel 'false reject rate (%)'\n"
          << "set size square\n"
          << "set key inside " << (good ? "top right" : "bottom left") << " vertical\n";
  for (const char axis : {'x', 'y'}) {
    picture << "set " << axis << "tics (";
    const char* comma = "";
    for (const char* percent : {"0.01", "0.1", "0.5", "1", "2", "5", "10", "20", "40", "60", "80", "90"}) {
      picture << comma << '\'' << percent << "' invnorm(" << percent << " / 100.)";
      comma = ", ";
    }
    picture << ")\nset " << axis << "range [invnorm(0.0001):invnorm(" << highest << ")]\n";
  }
  picture << "set arrow from graph 0, 0 to graph 1, 1 nohead dashtype 3 lw 1 lc '#888888' back\n";
  detail::plot_curve(picture, curves, band, {"rate", "rate"}, "'DET'", [highest](double far, double frr) {
    return std::min(far, frr) > 0.0001 && std::max(far, frr) < highest;
  });
  return picture;
}

}  // namespace program
