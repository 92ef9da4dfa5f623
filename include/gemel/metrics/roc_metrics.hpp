#pragma once

#include <concepts>

#include "gemel/metrics/roc.hpp"

namespace gemel {

/// A metric of how well distances separate similar from dissimilar pairs: a function that takes a Roc and returns a
/// double, such as the metrics below or a lambda of your own. It may have a member
/// `static constexpr bool more_is_better`, which tells callbacks whether larger values are better.
template <class M>
concept RocMetric = std::copy_constructible<M> && requires(const M metric, const Roc& roc) {
  { metric(roc) } -> std::convertible_to<double>;
};

/// The type of `eer`.
struct EqualErrorRate {
  static constexpr bool more_is_better = false;  ///< Smaller values are better.
  /// The metric's value for this curve.
  double operator()(const Roc& roc) const { return roc.eer(); }
};
/// The metric Roc::eer(), the equal error rate, in [0, 1].
inline constexpr EqualErrorRate eer{};

/// The type of `auc`.
struct AreaUnderCurve {
  static constexpr bool more_is_better = true;  ///< Larger values are better.
  /// The metric's value for this curve.
  double operator()(const Roc& roc) const { return roc.auc(); }
};
/// The metric Roc::auc(), the area under the curve, in [0, 1].
inline constexpr AreaUnderCurve auc{};

/// The type of `best_accuracy`.
struct BestAccuracy {
  static constexpr bool more_is_better = true;  ///< Larger values are better.
  /// The metric's value for this curve.
  double operator()(const Roc& roc) const { return roc.best_accuracy(); }
};
/// The metric Roc::best_accuracy(), the accuracy at the threshold that is best for these pairs, in [0, 1].
inline constexpr BestAccuracy best_accuracy{};

/// The false reject rate at the largest threshold whose false accept rate is at most `far`, in [0, 1].
struct FrrAtFar {
  static constexpr bool more_is_better = false;  ///< Smaller values are better.
  double far = 0.01;                             ///< Largest false accept rate, in [0, 1].
  /// The metric's value for this curve. Throws ValueError unless `far` is in [0, 1].
  double operator()(const Roc& roc) const { return roc.frr(roc.threshold_at_far(far)); }
};

}  // namespace gemel
