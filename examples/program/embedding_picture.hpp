#pragma once

#include <Eigen/Eigenvalues>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <iterator>
#include <limits>
#include <numeric>
#include <string>
#include <vector>

#include "gemel/core/types.hpp"
#include "gemel/data/classes.hpp"
#include "picture.hpp"

namespace program {

using gemel::Index;

/// The embeddings that a picture shows.
struct Embedded {
  const gemel::MatrixX<float>& embedding;  ///< one sample per column
  const gemel::Classes& classes;           ///< of the samples
  const std::vector<std::string>& names;   ///< of the classes, indexed by their value
  std::string title;
};

namespace detail {

inline constexpr const char* class_colors[] = {"#4e79a7", "#f28e2b", "#e15759", "#76b7b2", "#59a14f",
                                               "#edc948", "#b07aa1", "#9c755f", "#ff7fb0", "#2b2b2b"};

/// Samples projected onto their first two principal components (2 x n), and the percentage of the variance that each
/// component explains.
struct Plane {
  Eigen::MatrixXd points;
  double shares[2] = {0, 0};
};

inline Plane principal_plane(const gemel::MatrixX<float>& samples) {
  const Eigen::MatrixXd values = samples.cast<double>();
  const Eigen::MatrixXd centred = values.colwise() - values.rowwise().mean();
  // The products of the samples have the same eigenvalues as those of the features, and for wide embeddings they are
  // far fewer. Their eigenvector u of the eigenvalue l gives the projections directly: sqrt(l) u.
  const bool wide = centred.rows() > centred.cols();
  const Eigen::MatrixXd left = wide ? Eigen::MatrixXd(centred.transpose()) : centred;
  const Eigen::MatrixXd products = left * (wide ? centred : Eigen::MatrixXd(centred.transpose()));
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> components(products);
  const double total = std::max(components.eigenvalues().sum(), std::numeric_limits<double>::min());
  Plane plane{Eigen::MatrixXd::Zero(2, centred.cols())};
  for (Index k = 0; k < std::min<Index>(2, products.rows()); ++k) {
    const Index component = products.rows() - 1 - k;  // eigenvalues are in ascending order
    const double value = std::max(components.eigenvalues()(component), 0.0);
    const Eigen::RowVectorXd vector = components.eigenvectors().col(component).transpose();
    plane.points.row(k) = wide ? Eigen::RowVectorXd(std::sqrt(value) * vector) : Eigen::RowVectorXd(vector * centred);
    plane.shares[k] = 100 * components.eigenvalues()(component) / total;
  }
  return plane;
}

}  // namespace detail

/// The embeddings of the test samples. Each of the largest classes has its own color; the others are gray.
inline Picture embedding_picture(const Embedded& report) {
  constexpr Index max_points = 6000;
  const detail::Plane plane = detail::principal_plane(report.embedding);
  std::vector<Index> classes(static_cast<std::size_t>(report.classes.count()));
  std::iota(classes.begin(), classes.end(), Index{0});
  std::stable_sort(classes.begin(), classes.end(), [&](Index a, Index b) {
    return report.classes.members(a).size() > report.classes.members(b).size();
  });
  const auto colored = static_cast<std::ptrdiff_t>(std::min(classes.size(), std::size(detail::class_colors)));
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
        std::string(" with points pt 7 lc '") + (gray ? "#c8c8c8" : detail::class_colors[place]) + "' ps ";
    (gray ? grays : colors) += "$" + block + style + "0.8 notitle, ";
    std::string name = report.names[static_cast<std::size_t>(report.classes.value(classes[place]))];
    if (name.empty()) name = "(no name)";
    if (!gray) legend += "$none using (NaN):(NaN)" + style + "1.8 title " + quoted(name, 24) + ", ";
  }
  if (!grays.empty()) legend += "$none using (NaN):(NaN) with points pt 7 lc '#c8c8c8' ps 1.8 title 'others'";
  picture << "plot " << grays << colors << legend << '\n';
  return picture;
}

}  // namespace program
