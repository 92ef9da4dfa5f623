#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "gemel/core/types.hpp"
#include "gemel/loss/loss.hpp"
#include "gemel/loss/loss_checks.hpp"
#include "gemel/loss/residual.hpp"

namespace gemel {

/// The contrastive loss of the batch's hard pairs, like OnlineContrastiveLoss of sentence-transformers:
///
///   sum of d^2 over the similar pairs farther apart than the nearest dissimilar pair
///   + sum of max(0, margin - d)^2 over the dissimilar pairs nearer than the farthest similar pair
///
/// It is a sum, not a mean, and so grows with the batch. A weight multiplies its pair's term. All other pairs have
/// slope exactly 0. If all pairs of a batch are of one kind, similar or dissimilar, their mean distance takes the place
/// of the missing nearest or farthest distance. (Until 2026, sentence-transformers did so too if there was only a
/// single pair of a kind, so that a batch with one pair of each kind taught the network nothing.)
///
/// Throws ValueError if the margin is not positive and finite or the batch is empty, and ShapeError if d, similar,
/// slope or a non-empty weight differ in length.
struct OnlineContrastiveLoss {
  double margin = 1.0;  ///< In the unit of the distance.

  /// Required by the Loss concept, which describes the arguments (loss/loss.hpp).
  template <Scalar S>
  double operator()(std::span<const S> d, std::span<const std::uint8_t> similar, std::span<const S> weight,
                    std::span<S> slope) const {
    detail::check_margin(margin);
    detail::check_batch(d, similar, weight, slope);
    Kind near, far;
    for (std::size_t i = 0; i < d.size(); ++i) (similar[i] ? near : far).add(static_cast<double>(d[i]));
    const double farthest_similar = near.count > 0 ? near.largest : far.mean();
    const double nearest_dissimilar = far.count > 0 ? far.smallest : near.mean();

    const detail::Residual residual{margin};
    double sum = 0;
    for (std::size_t i = 0; i < d.size(); ++i) {
      const auto distance = static_cast<double>(d[i]);
      // Negated comparisons make a NaN distance a hard pair, so that the NaN reaches the sum.
      const bool hard = similar[i] ? !(distance <= nearest_dissimilar) : !(distance >= farthest_similar);
      const double r = hard ? residual(distance, similar[i]) : 0;
      slope[i] = static_cast<S>(detail::add_square(detail::weight_at(weight, i), r, 1.0, sum));
    }
    return sum;
  }

 private:
  /// Statistics of the distances of one kind of pairs, similar or dissimilar.
  struct Kind {
    std::size_t count = 0;
    double smallest = 0;
    double largest = 0;
    double sum = 0;

    void add(double d) {
      smallest = count == 0 || d < smallest ? d : smallest;
      largest = count == 0 || d > largest ? d : largest;
      sum += d;
      ++count;
    }
    double mean() const { return sum / static_cast<double>(count); }
  };
};

}  // namespace gemel
