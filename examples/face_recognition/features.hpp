#pragma once

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

#include "faces.hpp"
#include "gemel/core/team.hpp"
#include "gemel/core/types.hpp"
#include "gemel/data/samples.hpp"
#include "hog.hpp"
#include "image.hpp"
#include "lbp.hpp"

namespace faces {

/// What the features are, for model files: a model must not compare features of other kinds.
inline constexpr const char* feature_kind = "HOG 8, HOG 16/8, LBP 1, LBP 2 of 64 x 64 pixels and their mirror image";

namespace detail {

/// Histograms of oriented gradients in cells of 8 x 8 and in overlapping ones of 16 x 16 pixels, and of local binary
/// patterns with the radii 1 and 2 in cells of 16 x 16.
inline std::vector<float> histograms(const Image& image) {
  std::vector<float> features;
  hog(image, {.cell = 8, .stride = 8}, features);
  hog(image, {.cell = 16, .stride = 8}, features);
  lbp(image, {.radius = 1, .cell = 16}, features);
  lbp(image, {.radius = 2, .cell = 16}, features);
  return features;
}

}  // namespace detail

/// The features of an image of side x side pixels: the means of its histograms and those of its mirror image, since a
/// face that looks to the left is the same as one that looks to the right.
inline std::vector<float> features_of(const Image& image) {
  std::vector<float> features = detail::histograms(image);
  const std::vector<float> mirror = detail::histograms(mirrored(image));
  for (std::size_t i = 0; i < features.size(); ++i) features[i] = (features[i] + mirror[i]) / 2;
  return features;
}

/// The features of images, one image a column. `threads` as for gemel::Team; no result depends on it.
inline gemel::Samples<float> features_of(const std::vector<Image>& images, Index threads) {
  std::vector<std::vector<float>> all(images.size());
  gemel::Team team{std::min(gemel::checked_threads(threads), gemel::length(images))};
  team.run([&](Index member) {
    const gemel::detail::Range part = gemel::detail::share(gemel::length(images), member, team.size());
    for (auto i = static_cast<std::size_t>(part.first); i < static_cast<std::size_t>(part.last); ++i) {
      all[i] = features_of(images[i]);
    }
  });
  gemel::MatrixX<float> columns(gemel::length(all.front()), gemel::length(all));
  for (std::size_t i = 0; i < all.size(); ++i) {
    std::copy(all[i].begin(), all[i].end(), columns.col(static_cast<Index>(i)).begin());
  }
  return gemel::Samples<float>{std::move(columns)};
}

}  // namespace faces
