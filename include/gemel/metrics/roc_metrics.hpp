#pragma once

#include <concepts>

#include "gemel/metrics/roc.hpp"

namespace gemel {

/// One number that tells how well distances tell pairs apart, a double of a Roc. A function of the user's own, also a
/// lambda that captures, is one too. A member `more_is_better` tells in which direction it gets better.
template <class M>
concept RocMetric = std::copy_constructible<M> && requires(const M metric, const Roc& roc) {
  { metric(roc) } -> std::convertible_to<double>;
};

/// The equal error rate.
struct EqualErrorRate {
  static constexpr bool more_is_better = false;
  double operator()(const Roc& roc) const { return roc.eer(); }
};
inline constexpr EqualErrorRate eer{};

/// The area under the curve.
struct AreaUnderCurve {
  static constexpr bool more_is_better = true;
  double operator()(const Roc& roc) const { return roc.auc(); }
};
inline constexpr AreaUnderCurve auc{};

/// The accuracy at the threshold that is best for these very pairs.
struct BestAccuracy {
  static constexpr bool more_is_better = true;
  double operator()(const Roc& roc) const { return roc.best_accuracy(); }
};
inline constexpr BestAccuracy best_accuracy{};

/// The false reject rate at the largest threshold whose false accept rate is at most `far`. Throws ValueError where
/// `far` is not within 0 and 1.
struct FrrAtFar {
  static constexpr bool more_is_better = false;
  double far = 0.01;
  double operator()(const Roc& roc) const { return roc.frr(roc.threshold_at_far(far)); }
};

}  // namespace gemel
