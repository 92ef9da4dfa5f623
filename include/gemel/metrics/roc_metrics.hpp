#pragma once

#include <concepts>

#include "gemel/metrics/roc.hpp"

namespace gemel {

/// A metric of how well distances separate similar from dissimilar pairs: a function from a Roc to double. Any function
/// of your own is one too, also a lambda with captures. A member `more_is_better` says whether larger values are
/// better.
template <class M>
concept RocMetric = std::copy_constructible<M> && requires(const M metric, const Roc& roc) {
  { metric(roc) } -> std::convertible_to<double>;
};

/// The equal error rate.
struct EqualErrorRate {
  static constexpr bool more_is_better = false;  ///< Smaller values are better.
  /// The value for this curve.
  double operator()(const Roc& roc) const { return roc.eer(); }
};
/// The equal error rate, as a metric.
inline constexpr EqualErrorRate eer{};

/// The area under the curve.
struct AreaUnderCurve {
  static constexpr bool more_is_better = true;  ///< Larger values are better.
  /// The value for this curve.
  double operator()(const Roc& roc) const { return roc.auc(); }
};
/// The area under the curve, as a metric.
inline constexpr AreaUnderCurve auc{};

/// The accuracy at the threshold that is best for the same pairs.
struct BestAccuracy {
  static constexpr bool more_is_better = true;  ///< Larger values are better.
  /// The value for this curve.
  double operator()(const Roc& roc) const { return roc.best_accuracy(); }
};
/// The best accuracy, as a metric.
inline constexpr BestAccuracy best_accuracy{};

/// The false reject rate at the largest threshold whose false accept rate is at most `far`.
struct FrrAtFar {
  static constexpr bool more_is_better = false;  ///< Smaller values are better.
  double far = 0.01;                             ///< Largest false accept rate, in [0, 1].
  /// The value for this curve. Throws ValueError unless `far` is in [0, 1].
  double operator()(const Roc& roc) const { return roc.frr(roc.threshold_at_far(far)); }
};

}  // namespace gemel
