#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "gemel/core/error.hpp"
#include "gemel/core/format.hpp"
#include "gemel/core/types.hpp"
#include "gemel/network/whitening.hpp"
#include "learn.hpp"

namespace text_comparison {

/// A whitening for the row `whitened` of the table, and its description.
struct ChosenWhitening {
  std::optional<gemel::Whitening<>> layer = {};  ///< empty if the samples allow none
  std::string description = {};
};

/// The whitening within the classes, fitted to the training samples. The time of a fit grows with the third power of
/// the number of features, so that samples of thousands of them are first folded: places at the same distance are
/// summed, as if the hashes had been taken modulo a smaller size. The folding is part of the layer's matrix.
inline ChosenWhitening fit_whitening(const Labelled& training) {
  constexpr Index most = 512;
  constexpr double shrinkage = 0.1;
  const Index features = training.samples.features(), folded = std::min(features, most);
  gemel::MatrixX<float> samples = gemel::MatrixX<float>::Zero(folded, training.samples.size());
  for (Index i = 0; i < samples.cols(); ++i) {
    const auto sample = training.samples[i];
    for (Index k = 0; k < features; ++k) samples(k % folded, i) += sample[k];
  }
  const Index dimensions = std::min(folded / 2, training.classes.count() - 1);
  try {
    const auto layer =
        gemel::Whitening<>::within_class(samples, training.classes, {.dimensions = dimensions, .shrinkage = shrinkage});
    gemel::MatrixX<double> matrix(layer.out(), features);
    gemel::VectorX<double> mean(features);
    for (Index k = 0; k < features; ++k) {
      matrix.col(k) = layer.matrix().col(k % folded);
      // The mean of a folded feature is the sum of the means of its places, so that any division of it will do.
      mean[k] = k < folded ? layer.mean()[k] : 0;
    }
    std::string description = gemel::format({"within the classes, ", layer.out(), " of ", folded, " dimensions"});
    if (folded < features) description += gemel::format({", to which the ", features, " features were folded"});
    return {gemel::Whitening<>{mean, matrix}, std::move(description)};
  } catch (const gemel::ValueError& error) {
    return {.description = std::string("none, since ") + error.what()};
  }
}

}  // namespace text_comparison
