#pragma once

#include <Eigen/Eigenvalues>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <filesystem>
#include <iomanip>
#include <limits>
#include <numeric>
#include <ostream>
#include <span>
#include <sstream>
#include <string>
#include <vector>

#include "../program/interrupt.hpp"
#include "../program/text.hpp"
#include "gemel/callback/history.hpp"
#include "gemel/data/classes.hpp"
#include "gemel/data/pairs.hpp"
#include "gemel/metrics/curve_band.hpp"
#include "gemel/metrics/roc.hpp"
#include "gnuplot.hpp"

namespace train {

using gemel::Index;

/// The data of the pictures: the course of the training, and the results for test pairs and samples.
struct Report {
  const gemel::History& history;
  const gemel::Roc& roc;
  std::span<const float> distances;        ///< one per test pair
  const gemel::Pairs<float>& pairs;        ///< the test pairs
  double threshold;                        ///< -infinity: there is none
  const gemel::MatrixX<float>& embedding;  ///< test samples, one per column
  const gemel::Classes& classes;           ///< of the test samples
  const std::vector<std::string>& names;   ///< of the classes, indexed by their value
  std::string title;                       ///< of every picture; identifies the run
};

namespace detail {

inline constexpr const char* similar_color = "#1f77b4";
inline constexpr const char* dissimilar_color = "#d95f02";
inline constexpr const char* mark_color = "#222222";
inline constexpr const char* class_colors[] = {"#4e79a7", "#f28e2b", "#e15759", "#76b7b2", "#59a14f",
                                               "#edc948", "#b07aa1", "#9c755f", "#ff7fb0", "#2b2b2b"};

inline Picture loss_picture(const Report& report) {
  const gemel::History& history = report.history;
  Picture picture("loss", report.title);
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

inline std::string threshold_title(const Report& report) {
  std::ostringstream title;
  title << "threshold " << std::setprecision(3) << report.threshold;
  return title.str();
}

/// Histograms of the distances of similar and of dissimilar pairs, each as shares of its kind, since there are far more
/// dissimilar pairs.
inline Picture distances_picture(const Report& report) {
  constexpr std::size_t bins = 80;
  std::vector<float> sorted(report.distances.begin(), report.distances.end());
  std::sort(sorted.begin(), sorted.end());
  // The largest thousandth of the distances would compress the rest, so the last bin has all of it.
  const double end =
      std::max({static_cast<double>(sorted[(sorted.size() - 1) * 999 / 1000]), 1.2 * report.threshold, 1e-6});

  const double last_bin = end * static_cast<double>(bins - 1) / bins;

  const gemel::Labels labels = report.pairs.labels();
  std::vector<double> similar(bins), dissimilar(bins);
  double similar_pairs = 0, dissimilar_pairs = 0;
  for (std::size_t i = 0; i < report.distances.size(); ++i) {
    const double place = std::clamp(static_cast<double>(report.distances[i]) / end, 0.0, 1.0);
    const auto bin = std::min(bins - 1, static_cast<std::size_t>(place * bins));
    const bool is_similar = labels.span()[i] == 1;
    (is_similar ? similar : dissimilar)[bin] += 1;
    (is_similar ? similar_pairs : dissimilar_pairs) += 1;
  }
  std::vector<std::vector<double>> rows;
  double highest = 0;
  for (std::size_t bin = 0; bin < bins; ++bin) {
    const double same = 100 * similar[bin] / similar_pairs, other = 100 * dissimilar[bin] / dissimilar_pairs;
    rows.push_back({(static_cast<double>(bin) + 0.5) * end / bins, same, other});
    highest = std::max({highest, same, other});
  }

  Picture picture("distances", report.title);
  picture.data("distances", rows);
  picture.data("threshold", {{report.threshold, 0}, {report.threshold, 1.12 * highest}});
  std::ostringstream label;
  label << "distance of a test pair";
  if (sorted.back() > end) label << " (the last bar has all from " << std::setprecision(3) << last_bin << " on)";
  picture << "set xlabel '" << label.str() << "'\nset ylabel 'share of the pairs of its kind (%)'\n"
          << "set xrange [0:" << end << "]\nset yrange [0:" << 1.12 * highest << "]\n"
          << "set boxwidth 1 relative\nset style fill transparent solid 0.55 noborder\n"
          << "plot $distances using 1:2 with boxes lc '" << similar_color << "' title 'similar pairs', "
          << "$distances using 1:3 with boxes lc '" << dissimilar_color << "' title 'dissimilar pairs'";
  if (std::isfinite(report.threshold)) {
    picture << ", $threshold with lines dashtype 2 lw 1.5 lc '" << mark_color << "' title '" << threshold_title(report)
            << "'";
  }
  picture << '\n';
  return picture;
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

/// The confidence band of the curve; empty if a signal has ended the training or ends the bootstrap. A picture needs
/// fewer replicates than a printed interval.
inline gemel::CurveBand band_of(const Report& report, const gemel::StopFlag* stop) {
  constexpr gemel::Index replicates = 200;
  if (program::Interrupt::exit_code() != 0) return {};
  gemel::CurveBand band = curve_band(report.distances, report.pairs.labels(),
                                     {.replicates = replicates, .identities = report.pairs.identities(), .stop = stop});
  return std::isnan(band.high.front()) ? gemel::CurveBand{} : band;
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
void plot_curve(Picture& picture, const Report& report, const gemel::CurveBand& band, const Axes& axes,
                const std::string& title, const Shows& shows) {
  const std::string rates = axes.of("$1", "$2");
  const auto off = [&](double far, double frr) { return shows(far, frr) ? "" : ", off the axes"; };
  picture.data("curve", curve_points(report.roc));
  picture.data("eer", {{report.roc.eer(), report.roc.eer()}});
  picture.data("threshold", {{report.roc.far(report.threshold), report.roc.frr(report.threshold)}});
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
          << off(report.roc.eer(), report.roc.eer()) << "', " << 100 * report.roc.eer() << ')';
  if (std::isfinite(report.threshold)) {
    picture << ", $threshold using " << rates << " with points pt 9 ps 2.2 lc '" << dissimilar_color << "' title '"
            << threshold_title(report) << off(report.roc.far(report.threshold), report.roc.frr(report.threshold))
            << "'";
  }
  picture << '\n';
}

inline Picture roc_picture(const Report& report, const gemel::CurveBand& band) {
  // The axis begins a little below the smallest rate above 0 and ends above 1, so that no mark is on the frame.
  const double lowest = 0.7 * std::max(1 / static_cast<double>(report.roc.dissimilar()), 1e-5);
  const auto is_shown = [lowest](double far, double) { return far >= lowest; };
  double bottom = 0.9;
  for (const gemel::RocPoint& point : report.roc.points()) {
    if (is_shown(point.far, point.frr)) bottom = std::min(bottom, 1 - point.frr - 0.04 * point.frr);
  }
  Picture picture("roc", report.title);
  picture << "set xlabel 'false accept rate (%, log)'\nset ylabel 'true accept rate (%)'\n"
          << "set logscale x\nset format x '%g'\nset xrange [" << 100 * lowest << ":140]\nset yrange [" << 100 * bottom
          << ':' << 105 - 5 * bottom << "]\n";
  picture << "percent(p) = 100 * p\naccepted(p) = 100 - 100 * p\n";
  plot_curve(picture, report, band, {"percent", "accepted"},
             "sprintf('ROC, area %.4f', " + std::to_string(report.roc.auc()) + ")", is_shown);
  return picture;
}

/// The DET curve: both error rates on normal deviate axes, on which normally distributed scores give a straight line
/// (Martin et al., "The DET curve in assessment of detection task performance", Eurospeech 1997).
inline Picture det_picture(const Report& report, const gemel::CurveBand& band) {
  Picture picture("det", report.title);
  const bool good = report.roc.eer() < 0.2;
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
  plot_curve(picture, report, band, {"rate", "rate"}, "'DET'",
             [highest](double far, double frr) { return std::min(far, frr) > 0.0001 && std::max(far, frr) < highest; });
  return picture;
}

/// Samples projected onto their first two principal components (2 x n), and the percentage of the variance that each
/// component explains.
struct Plane {
  Eigen::MatrixXd points;
  double shares[2] = {0, 0};
};

inline Plane principal_plane(const gemel::MatrixX<float>& samples) {
  const Eigen::MatrixXd values = samples.cast<double>();
  const Eigen::MatrixXd centred = values.colwise() - values.rowwise().mean();
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> components(centred * centred.transpose());
  const double total = std::max(components.eigenvalues().sum(), std::numeric_limits<double>::min());
  Plane plane{Eigen::MatrixXd::Zero(2, centred.cols())};
  for (Index k = 0; k < std::min<Index>(2, centred.rows()); ++k) {
    const Index component = centred.rows() - 1 - k;  // eigenvalues are in ascending order
    plane.points.row(k) = components.eigenvectors().col(component).transpose() * centred;
    plane.shares[k] = 100 * components.eigenvalues()(component) / total;
  }
  return plane;
}

/// The embeddings of the test samples. Each of the largest classes has its own color; the others are gray.
inline Picture embedding_picture(const Report& report) {
  constexpr Index max_points = 6000;
  const Plane plane = principal_plane(report.embedding);
  std::vector<Index> classes(static_cast<std::size_t>(report.classes.count()));
  std::iota(classes.begin(), classes.end(), Index{0});
  std::stable_sort(classes.begin(), classes.end(), [&](Index a, Index b) {
    return report.classes.members(a).size() > report.classes.members(b).size();
  });
  const auto colored = static_cast<std::ptrdiff_t>(std::min(classes.size(), std::size(class_colors)));
  std::sort(classes.begin(), classes.begin() + colored);

  Picture picture("embedding", report.title);
  picture << "set xlabel sprintf('first principal component (%.0f %% of the variance)', " << plane.shares[0]
          << ")\nset ylabel sprintf('second (%.0f %%)', " << plane.shares[1]
          << ")\nset key outside right center vertical samplen 1 spacing 1.3\nset offsets graph 0.03, graph 0.03, "
             "graph 0.03, graph 0.03\n$none << EOD\n0 0\nEOD\n";
  const Index stride = (plane.points.cols() + max_points - 1) / max_points;
  std::string grays, colors, legend;
  for (std::size_t place = 0; place < classes.size(); ++place) {
    std::vector<std::vector<double>> rows;
    const auto members = report.classes.members(classes[place]);
    for (std::size_t i = 0; i < members.size(); i += static_cast<std::size_t>(stride)) {
      rows.push_back({plane.points(0, members[i]), plane.points(1, members[i])});
    }
    const std::string block = "class" + std::to_string(place);
    picture.data(block, rows);
    const bool gray = place >= static_cast<std::size_t>(colored);
    const std::string style =
        std::string(" with points pt 7 lc '") + (gray ? "#c8c8c8" : class_colors[place]) + "' ps ";
    (gray ? grays : colors) += "$" + block + style + "0.8 notitle, ";
    std::string name = report.names[static_cast<std::size_t>(report.classes.value(classes[place]))];
    if (name.empty()) name = "(no name)";
    if (!gray) legend += "$none using (NaN):(NaN)" + style + "1.8 title " + quoted(name, 24) + ", ";
  }
  if (!grays.empty()) legend += "$none using (NaN):(NaN) with points pt 7 lc '#c8c8c8' ps 1.8 title 'others'";
  picture << "plot " << grays << colors << legend << '\n';
  return picture;
}

}  // namespace detail

/// Draws the pictures into `folder`, which is created if necessary, and prints their names. Without gnuplot, it writes
/// only the scripts. Throws IoError if a file cannot be written or gnuplot fails.
inline void draw_report(const std::filesystem::path& folder, const Report& report, std::ostream& out) {
  const program::Interrupt::Patience patience;
  const gemel::CurveBand band = detail::band_of(report, patience.flag());
  std::vector<Picture> pictures;
  pictures.push_back(detail::loss_picture(report));
  pictures.push_back(detail::distances_picture(report));
  pictures.push_back(detail::roc_picture(report, band));
  pictures.push_back(detail::det_picture(report, band));
  pictures.push_back(detail::embedding_picture(report));
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) throw gemel::IoError("the folder cannot be made: " + error.message(), {.file = folder.string()});
  for (const Picture& picture : pictures) picture.write(folder);

  const std::string place = program::printable(folder.string());
  const Drawn drawn = draw(folder, pictures, patience);
  if (drawn == Drawn::GnuplotIsMissing) {
    out << "No pictures were drawn, because gnuplot was not found: install it, then run `gnuplot *.gp` in " << place
        << ".\n";
  } else if (patience.at_end()) {
    out << "Ended by " << program::Interrupt::name() << " while the pictures were drawn: run `gnuplot *.gp` in "
        << place << " for the rest.\n";
  } else if (drawn == Drawn::No) {
    throw gemel::IoError("not all pictures were drawn, because gnuplot failed: run `gnuplot *.gp` there to see why",
                         {.file = folder.string()});
  } else {
    out << "pictures:";
    for (const Picture& picture : pictures)
      out << ' ' << program::printable((folder / picture.name()).string()) << ".png";
    out << '\n';
  }
}

}  // namespace train
