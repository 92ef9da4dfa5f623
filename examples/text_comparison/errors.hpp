#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "../program/colors.hpp"
#include "../program/json.hpp"
#include "../program/numbers.hpp"
#include "../program/picture.hpp"
#include "gemel/core/types.hpp"
#include "gemel/verification/claims.hpp"
#include "parts.hpp"

// The worst errors of a test: similar pairs that are far apart, and dissimilar ones that are near.

namespace text_comparison {

/// A pair of texts that a threshold decides wrongly.
struct WrongPair {
  std::string a, b;
  double distance;
  bool similar;  ///< what the pair is
};

namespace detail {

/// The first `most` errors that are of different texts.
inline std::vector<WrongPair> first_distinct(const std::vector<WrongPair>& errors, std::size_t most) {
  std::vector<WrongPair> kept;
  for (const WrongPair& error : errors) {
    if (kept.size() == most) break;
    const bool known = std::ranges::any_of(kept, [&error](const WrongPair& other) {
      return (other.a == error.a && other.b == error.b) || (other.a == error.b && other.b == error.a);
    });
    if (!known) kept.push_back(error);
  }
  return kept;
}

}  // namespace detail

/// The worst errors of each kind, at most `most` of each; the worst come first, and similar pairs before dissimilar
/// ones. Pairs of the same two texts, which equal rows make, come once. `data` has the texts of `part`, on whose
/// `pairs` the trials were measured.
inline std::vector<WrongPair> worst_errors(const Data& data, const Part& part, const IndexPairs& pairs,
                                           const gemel::Trials& trials, double threshold, std::size_t most) {
  const std::vector<std::string> texts = detail::joined(data.texts, part.numbers);
  std::vector<WrongPair> similar, dissimilar;
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    const double distance = trials.scores[i];
    const bool is_similar = trials.labels[static_cast<Index>(i)];
    if ((distance <= threshold) == is_similar) continue;
    (is_similar ? similar : dissimilar)
        .push_back({texts[static_cast<std::size_t>(pairs[i].first)], texts[static_cast<std::size_t>(pairs[i].second)],
                    distance, is_similar});
  }
  std::ranges::stable_sort(similar, [](const WrongPair& x, const WrongPair& y) { return x.distance > y.distance; });
  std::ranges::stable_sort(dissimilar, [](const WrongPair& x, const WrongPair& y) { return x.distance < y.distance; });
  similar = detail::first_distinct(similar, most);
  dissimilar = detail::first_distinct(dissimilar, most);
  similar.insert(similar.end(), dissimilar.begin(), dissimilar.end());
  return similar;
}

inline program::Json errors_json(const std::vector<WrongPair>& errors) {
  program::Json all = program::Json::array();
  for (const WrongPair& error : errors) {
    all.push_back({{"a", error.a}, {"b", error.b}, {"distance", error.distance}, {"similar", error.similar}});
  }
  return all;
}

/// The errors as a picture of two lists: one above the other for long texts, else side by side.
inline program::Picture errors_picture(const std::vector<WrongPair>& errors, double threshold,
                                       const std::string& title) {
  program::Picture picture("errors", title);
  picture << "unset border\nunset tics\nunset grid\nunset key\nset xrange [0:1]\nset yrange [0:1]\n";
  std::size_t longest = 0;
  for (const WrongPair& error : errors) longest = std::max({longest, error.a.size(), error.b.size()});
  const bool wide = longest > 16;
  int labels = 0;
  const auto label = [&](const std::string& text, std::size_t most, double x, double y, const char* style) {
    picture << "set label " << ++labels << ' ' << program::quoted(text, most) << " at " << x << ", " << y << ' '
            << style << '\n';
  };
  const std::size_t rows_per_list = wide ? 5 : 10;
  std::size_t rows[2] = {0, 0};
  for (const bool similar : {true, false}) {
    const double left = wide || similar ? 0.0 : 0.52, top = wide && !similar ? 0.48 : 1.0;
    const std::string color = std::string("textcolor '") +
                              (similar ? program::similar_color : program::dissimilar_color) + "' font 'Sans,16'";
    label(std::string(similar ? "the same, but farther apart" : "different, but nearer") + " than " +
              program::fixed(threshold, 3),
          60, left, top, color.c_str());
    for (const WrongPair& error : errors) {
      if (error.similar != similar || rows[similar] == rows_per_list) continue;
      const double y = top - (wide ? 0.085 : 0.09) * static_cast<double>(++rows[similar]);
      label(program::fixed(error.distance, 3), 10, left, y, "textcolor '#666666'");
      if (wide) {
        label(error.a, 80, left + 0.09, y + 0.018, "font 'Sans,14'");
        label(error.b, 80, left + 0.09, y - 0.018, "font 'Sans,14'");
      } else {
        label(error.a + "  –  " + error.b, 40, left + 0.09, y, "font 'Sans,15'");
      }
    }
    if (rows[similar] == 0) label("none", 10, left, top - 0.09, "textcolor '#666666'");
  }
  picture << "plot NaN notitle\n";
  return picture;
}

}  // namespace text_comparison
