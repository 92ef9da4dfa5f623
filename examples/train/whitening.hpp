#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "gemel/core/error.hpp"
#include "gemel/core/format.hpp"
#include "gemel/data/classes.hpp"
#include "gemel/data/samples.hpp"
#include "gemel/network/whitening.hpp"
#include "labelled_samples.hpp"
#include "options.hpp"
#include "scaling.hpp"

namespace train {

/// How the samples are whitened for the row `whitened` of the table, and for the network with --whiten.
struct ChosenWhitening {
  std::optional<gemel::Whitening<>> layer = {};  ///< empty if the samples allow none
  std::string description;
};

namespace detail {

/// A twentieth of the variance is spread over all directions, so that no direction in which the few training samples
/// happen to agree is stretched without bounds.
inline constexpr double shrinkage = 0.05;

/// Samples for a whitening that was not asked for, which should not take longer than the training: the time of a fit
/// grows with the cube of the number of features or of samples, whichever is smaller, and its memory with both.
inline LabelledSamples some_samples(const LabelledSamples& all) {
  constexpr Index large = 1000, few_values = 8'000'000, many_values = 50'000'000;
  const Index features = all.samples.features(), n = all.samples.size();
  const Index most = features > large ? std::min(large, few_values / features) : many_values / features;
  const Index count = std::clamp(most, Index{2}, n);
  if (count == n) return all;
  std::vector<Index> indices(static_cast<std::size_t>(count));
  for (Index i = 0; i < count; ++i) indices[static_cast<std::size_t>(i)] = i * n / count;
  return {all.samples.select(indices), all.classes.select(indices)};
}

inline gemel::Whitening<> fit_whitening(Whiten kind, Index dimensions, const gemel::MatrixX<float>& samples,
                                        const gemel::Classes& classes) {
  if (kind == Whiten::Pca) {
    return gemel::Whitening<>::pca(samples, {.dimensions = dimensions, .shrinkage = shrinkage});
  }
  return gemel::Whitening<>::within_class(samples, classes, {.dimensions = dimensions, .shrinkage = shrinkage});
}

inline std::string describe(Whiten kind, const gemel::Whitening<>& layer) {
  return gemel::format({kind == Whiten::Pca ? "by PCA" : "within the classes", ", ", layer.out(), " of ", layer.in(),
                        layer.in() == 1 ? " dimension" : " dimensions"});
}

}  // namespace detail

/// The whitening of --whiten, fitted to the scaled training samples. Without that option, the within-class one, or by
/// PCA if the classes do not allow it. Throws ValueError if the samples do not allow the whitening that was asked for.
inline ChosenWhitening choose_whitening(const Options& options, const Scaling& scaling,
                                        const LabelledSamples& training) {
  const bool asked = options.whiten != Whiten::None;
  const LabelledSamples used = asked ? training : detail::some_samples(training);
  const gemel::MatrixX<float> scaled = scaling.transform(used.samples);
  const auto choose = [&](Whiten kind, Index dimensions) -> ChosenWhitening {
    const gemel::Whitening<> layer = detail::fit_whitening(kind, dimensions, scaled, used.classes);
    std::string description = detail::describe(kind, layer);
    if (used.samples.size() < training.samples.size()) {
      description += gemel::format({", fitted to ", used.samples.size(), " of the training samples"});
    }
    return {layer, description};
  };
  if (asked) {
    try {
      return choose(options.whiten, options.whiten_dimensions);
    } catch (const gemel::ValueError& error) {
      throw gemel::ValueError({"--whiten: ", error.what()});
    }
  }
  // The means of c classes lie in c - 1 dimensions; in all others, only samples of one class differ.
  struct Attempt {
    Whiten kind;
    Index dimensions;
  };
  for (const auto [kind, dimensions] :
       {Attempt{Whiten::Within, used.classes.count() - 1}, Attempt{Whiten::Within, 0}, Attempt{Whiten::Pca, 0}}) {
    try {
      return choose(kind, dimensions);
    } catch (const gemel::ValueError&) {
      continue;
    }
  }
  return {.description = "none, since the training samples do not allow it"};
}

}  // namespace train
