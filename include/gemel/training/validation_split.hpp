#pragma once

#include <optional>
#include <type_traits>
#include <utility>

#include "gemel/core/choice.hpp"
#include "gemel/core/error.hpp"
#include "gemel/core/tolerant_rounding.hpp"
#include "gemel/data/augmented.hpp"
#include "gemel/data/pairs.hpp"
#include "gemel/training/fit_options.hpp"

namespace gemel::detail {

/// The source that fit trains on, and the pairs that it validates on.
template <class Source, Scalar S>
struct ValidationSplit {
  Source training;
  std::optional<Pairs<S>> validation;
};

/// Splits static pairs: the first n * (1 - validation_split), rounded down, are for training, and the rest are for
/// validation. Keras rounds the floating-point product down, in which 1 - 0.9 is a little less than 0.1, so that a
/// split of 0.9 leaves 99 of 1,000 pairs for training; here it leaves 100 (core/tolerant_rounding.hpp). Throws
/// ValueError for a split outside [0, 1), a split together with validation pairs, a part without pairs, or a source
/// that is not static pairs. If the split is 0, returns the source and the validation pairs of the options.
template <class Source, Scalar S>
[[gnu::cold]] ValidationSplit<Source, S> split_validation(Source source, const FitOptions<S>& options) {
  if (options.validation_split == 0) {
    return {std::move(source), options.validation ? std::optional(*options.validation) : std::nullopt};
  }
  if (!(options.validation_split > 0 && options.validation_split < 1)) {
    throw ValueError(
        {"validation_split must be at least 0 and less than 1, but ", options.validation_split, " was given"});
  }
  if (options.validation) throw ValueError("both validation and validation_split are given; choose one");
  return visit_choice(source, [&](const auto& chosen) -> ValidationSplit<Source, S> {
    if constexpr (std::is_same_v<std::remove_cvref_t<decltype(chosen)>, Pairs<S>>) {
      const Index n = chosen.size();
      const auto size = static_cast<double>(n);
      const Index kept = tolerant_floor(size * (1 - options.validation_split), size);
      if (kept == 0 || kept >= n) {
        throw ValueError({"a validation_split of ", options.validation_split, " leaves no pairs to ",
                          kept == 0 ? "train" : "validate", ", of ", n});
      }
      return {chosen.slice(0, kept), chosen.slice(kept, n - kept)};
    } else {
      throw ValueError(
          "validation_split divides static pairs only; split the samples or classes of a sampler instead, "
          "and give the pairs of one part as validation");
    }
  });
}

/// As above, for the source within an Augmented. Only the training part is augmented.
template <class Source, class Augmentation, Scalar S>
[[gnu::cold]] ValidationSplit<Augmented<Source, Augmentation>, S> split_validation(
    const Augmented<Source, Augmentation>& source, const FitOptions<S>& options) {
  auto [training, validation] = split_validation(source.source(), options);
  return {Augmented<Source, Augmentation>(std::move(training), source.augmentation()), std::move(validation)};
}

}  // namespace gemel::detail
