#pragma once

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <variant>

#include "gemel/core/error.hpp"
#include "gemel/core/format.hpp"
#include "gemel/data/samples.hpp"
#include "gemel/network/rescale.hpp"
#include "gemel/network/standardize.hpp"
#include "options.hpp"

namespace train {

/// The first layer of the network, which scales the samples. It is fitted to the training samples.
struct Scaling {
  std::optional<std::variant<gemel::Standardize<>, gemel::Rescale<>>> layer = {};  ///< empty: no scaling
  std::string description;

  /// The scaled samples (features x n).
  gemel::MatrixX<float> transform(const gemel::Samples<float>& samples) const {
    if (layer) return std::visit([&](const auto& fitted) { return fitted.transform(samples); }, *layer);
    gemel::MatrixX<float> copy(samples.features(), samples.size());
    for (Index i = 0; i < samples.size(); ++i) copy.col(i) = samples[i];
    return copy;
  }

  /// Throws ValueError if a value is so far from the values of the training samples that scaling makes it infinite.
  /// `name` is the name of the samples in errors. They must be stored as one matrix.
  void check(const gemel::Samples<float>& samples, const std::string& name) const {
    if (!layer) return;
    constexpr Index block = 64;  // number of samples at a time, which avoids a copy of all samples
    for (Index first = 0; first < samples.size(); first += block) {
      const auto some = samples.matrix().middleCols(first, std::min(block, samples.size() - first));
      const gemel::MatrixX<float> scaled =
          std::visit([&](const auto& fitted) { return fitted.transform(some); }, *layer);
      if (scaled.allFinite()) continue;
      Index at = 0;
      while (std::isfinite(scaled(at))) ++at;
      const Index sample = first + at / scaled.rows(), feature = at % scaled.rows();
      throw gemel::ValueError({"feature ", feature, " of sample ", sample, " of the ", name,
                               " (both counted from 0) is ", samples[sample][feature],
                               ", so far from the training samples that scaling makes it infinite: correct it, leave "
                               "the sample out, or use --scale none"});
    }
  }
};

namespace detail {

/// Whether `property` holds for each sample.
template <class Property>
bool holds_of_all(const gemel::Samples<float>& samples, const Property& property) {
  for (Index j = 0; j < samples.size(); ++j) {
    if (!property(samples[j].array())) return false;
  }
  return true;
}

inline bool are_on_one_scale(const gemel::Samples<float>& samples) {
  return holds_of_all(samples, [](const auto& x) { return (x >= 0 && x <= 1).all(); }) ||
         holds_of_all(samples, [](const auto& x) { return (x >= 0 && x <= 255 && x == x.floor()).all(); });
}

}  // namespace detail

/// The scaling that the options ask for, fitted to the training samples. Throws ValueError if the samples are all
/// equal, or if scaling would make them equal.
inline Scaling find_scaling(Scale scale, const gemel::Samples<float>& training) {
  const auto refuse_equal = [&](const char* how_far) {
    throw gemel::ValueError({"all ", training.size(), " training samples have the same features", how_far,
                             ": there is nothing to learn from; look at the data"});
  };
  const auto first = training[0].array();
  if (detail::holds_of_all(training, [&](const auto& x) { return (x == first).all(); })) refuse_equal("");
  const bool automatic = scale == Scale::Auto;
  if (automatic) scale = detail::are_on_one_scale(training) ? Scale::Unit : Scale::Standardise;
  Scaling scaling{.description = "not scaled"};
  if (scale == Scale::None) return scaling;
  Index constant = 0;
  try {
    if (scale == Scale::Unit) {
      scaling = {gemel::Rescale<>::to_unit_range(training), "scaled to 0..1"};
    } else {
      const gemel::Standardize<> layer{training};
      constant = (layer.scale().array() == 0).count();
      scaling = {layer, "standardised"};
    }
  } catch (const gemel::ValueError&) {  // for finite floats, there is no other reason to throw
    refuse_equal(", up to rounding");
  }
  if (automatic) scaling.description += " (automatic)";
  if (constant > 0) scaling.description += gemel::format({", ", constant, " of them constant and set to 0"});
  return scaling;
}

}  // namespace train
