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
#include "load.hpp"
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

/// At most so many samples if they have as many features or more: the time grows with the cube of the smaller number.
inline constexpr Index most_samples = 1000;

inline LabelledSamples some_samples(const LabelledSamples& all) {
  if (std::min(all.samples.size(), all.samples.features()) <= most_samples) return all;
  std::vector<Index> indices(static_cast<std::size_t>(most_samples));
  for (Index i = 0; i < most_samples; ++i) indices[static_cast<std::size_t>(i)] = i * all.samples.size() / most_samples;
  return {all.samples.select(indices), all.classes.select(indices)};
}

inline gemel::Whitening<> fit_whitening(Whiten kind, Index dimensions, const gemel::MatrixX<float>& samples,
                                        const gemel::Classes& classes) {
  if (kind == Whiten::Pca) {
    return gemel::Whitening<>::pca(samples, {.dimensions = dimensions, .shrinkage = shrinkage});
  }
  return gemel::Whitening<>::within_class(samples, classes, {.dimensions = dimensions, .shrinkage = shrinkage});
}

}  // namespace detail

inline std::string describe_whitening(Whiten kind) { return kind == Whiten::Pca ? "PCA" : "within the classes"; }

/// The whitening of --whiten, fitted to the scaled training samples. Without that option, the within-class one, or by
/// PCA if the classes do not allow it. Throws ValueError if the samples do not allow the whitening that was asked for.
inline ChosenWhitening choose_whitening(const Options& options, const Scaling& scaling,
                                        const LabelledSamples& training) {
  const bool asked = options.whiten != Whiten::None;
  const LabelledSamples used = asked ? training : detail::some_samples(training);
  const gemel::MatrixX<float> scaled = scaling.transform(used.samples);
  const std::string some = used.samples.size() < training.samples.size()
                               ? gemel::format({", fitted to ", used.samples.size(), " of the training samples"})
                               : "";
  const auto fit = [&](Whiten kind, Index dimensions) {
    return detail::fit_whitening(kind, dimensions, scaled, used.classes);
  };
  if (asked) {
    try {
      return {fit(options.whiten, options.whiten_dimensions), describe_whitening(options.whiten)};
    } catch (const gemel::ValueError& error) {
      throw gemel::ValueError({"--whiten: ", error.what()});
    }
  }
  // The means of c classes lie in c - 1 dimensions; in all others, only samples of one class differ.
  struct Attempt {
    Whiten kind;
    Index dimensions;
  };
  for (const auto [kind, size] :
       {Attempt{Whiten::Within, used.classes.count() - 1}, Attempt{Whiten::Within, 0}, Attempt{Whiten::Pca, 0}}) {
    try {
      return {fit(kind, size), describe_whitening(kind) + some};
    } catch (const gemel::ValueError&) {
      continue;
    }
  }
  return {.description = "the samples allow none"};
}

}  // namespace train
