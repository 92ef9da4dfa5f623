#pragma once

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <ostream>
#include <string>
#include <vector>

#include "../program/curve_pictures.hpp"
#include "../program/embedding_picture.hpp"
#include "../program/interrupt.hpp"
#include "../program/loss_picture.hpp"
#include "../program/measured.hpp"
#include "../program/numbers.hpp"
#include "../program/picture.hpp"
#include "../program/report.hpp"
#include "../program/text.hpp"
#include "faces.hpp"
#include "gemel/callback/history.hpp"
#include "gemel/core/types.hpp"
#include "gemel/metrics/curve_band.hpp"
#include "run.hpp"

namespace faces {

/// The pairs that are decided most wrongly, of each kind: at most `most` of two images of one person that are rejected,
/// and then as many of two people who are taken for one. Each image is in at most one pair of a kind.
inline std::vector<WrongPair> worst_errors(std::vector<WrongPair> wrong, std::size_t most) {
  std::ranges::stable_sort(wrong, [](const WrongPair& a, const WrongPair& b) { return a.excess() > b.excess(); });
  std::vector<WrongPair> worst;
  for (const bool same : {true, false}) {
    std::vector<Index> shown;
    for (const WrongPair& pair : wrong) {
      if (pair.same != same || shown.size() == 2 * most) continue;
      const auto is_shown = [&](Index image) { return std::ranges::find(shown, image) != shown.end(); };
      if (is_shown(pair.first) || is_shown(pair.second)) continue;
      shown.insert(shown.end(), {pair.first, pair.second});
      worst.push_back(pair);
    }
  }
  return worst;
}

namespace detail {

inline constexpr std::size_t errors_of_a_kind = 4;

/// Two images beside each other, as gnuplot's rows from the top, with a light line between them.
inline std::vector<std::vector<double>> side_by_side(const Image& a, const Image& b) {
  std::vector<std::vector<double>> rows;
  for (Index y = 0; y < side; ++y) {
    std::vector<double>& row = rows.emplace_back();
    for (Index x = 0; x < side; ++x) row.push_back(double{a(y, x)});
    row.insert(row.end(), 2, 1.0);
    for (Index x = 0; x < side; ++x) row.push_back(double{b(y, x)});
  }
  return rows;
}

}  // namespace detail

/// The worst errors: above, pairs of one person that are rejected; below, pairs of two people that are accepted.
inline program::Picture errors_picture(const std::vector<WrongPair>& worst, const Faces& faces,
                                       const std::string& title) {
  program::Picture picture("errors", title);
  for (std::size_t i = 0; i < worst.size(); ++i) {
    const auto image = [&](Index number) { return faces.images[static_cast<std::size_t>(number)]; };
    picture.data("pair" + std::to_string(i), detail::side_by_side(image(worst[i].first), image(worst[i].second)));
  }
  picture << "unset title\nset multiplot title " << program::quoted(title, 80)
          << "\nset palette defined (0 'black', 1 'white')\nunset colorbox\nunset border\nunset tics\nunset grid\n"
             "unset key\nset size ratio -1\nset cbrange [0:1]\nset xrange [-0.5:"
          << 2 * side + 1 << ".5]\nset yrange [" << side - 1 << ".5:-0.5]\n";
  std::size_t of_kind[2] = {0, 0};
  for (std::size_t i = 0; i < worst.size(); ++i) {
    const WrongPair& pair = worst[i];
    const std::size_t column = of_kind[pair.same]++;
    const double left = 0.02 + 0.245 * static_cast<double>(column), bottom = pair.same ? 0.55 : 0.1;
    const auto name = [&](Index number) {
      constexpr std::size_t most_characters = 11;  // so that two names fit below two images
      const std::filesystem::path file = faces.image_names[static_cast<std::size_t>(number)];
      return program::printable((file.parent_path() / file.stem()).string(), most_characters);
    };
    if (column == 0) {
      picture << "set label 1 '"
              << (pair.same ? "one person, rejected: distance > threshold"
                            : "two people, accepted as one: distance < threshold")
              << "' at screen 0.03, screen " << bottom + 0.31 << " left\n";
    } else {
      picture << "unset label 1\n";
    }
    picture << "set lmargin at screen " << left << "\nset rmargin at screen " << left + 0.225
            << "\nset bmargin at screen " << bottom << "\nset tmargin at screen " << bottom + 0.22 << "\nset title "
            << program::quoted(
                   program::fixed(pair.distance, 2) + (pair.same ? " > " : " < ") + program::fixed(pair.threshold, 2),
                   40)
            << " font ',14'\nset xlabel " << program::quoted(name(pair.first) + "     " + name(pair.second), 40)
            << " font ',13'\nplot $pair" << i << " matrix with image\n";
  }
  if (worst.empty()) {
    picture << "set label 1 'no pair of the test was decided wrongly' at screen 0.5, screen 0.5 center\n"
               "set xrange [0:1]\nset yrange [0:1]\nplot NaN\n";
  }
  picture << "unset multiplot\n";
  return picture;
}

/// Draws the pictures of the row that the validation has chosen, and the loss of the first fold's network. The
/// embedding is that of the first fold's test. Throws what program::draw_report throws.
inline void draw_report(const std::filesystem::path& folder, const gemel::History& history,
                        const std::string& title_of_loss, const program::Measured& measured,
                        const std::vector<WrongPair>& worst, const Faces& faces, const program::Embedded& embedded,
                        std::ostream& out) {
  const program::Interrupt::Patience patience;
  const program::Curves curves{measured, embedded.title, "distance of a test pair", "pairs of one person",
                               "pairs of two people"};
  const gemel::CurveBand band = band_of(curves, patience.flag());
  const std::vector<program::Picture> pictures = {program::loss_picture(history, title_of_loss),
                                                  distances_picture(curves),
                                                  roc_picture(curves, band),
                                                  det_picture(curves, band),
                                                  embedding_picture(embedded),
                                                  errors_picture(worst, faces, embedded.title)};
  program::draw_report(folder, pictures, patience, out);
}

}  // namespace faces
