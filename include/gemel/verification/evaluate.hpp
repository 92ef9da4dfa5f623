#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "gemel/core/labels.hpp"
#include "gemel/core/types.hpp"
#include "gemel/data/pairs.hpp"
#include "gemel/loss/loss.hpp"
#include "gemel/metrics/roc.hpp"
#include "gemel/verification/distances.hpp"
#include "gemel/verification/embedder.hpp"

namespace gemel {

/// How well a model separates pairs that it was not trained on.
struct Evaluation {
  double loss;                             ///< the weighted loss over all pairs
  Roc roc;                                 ///< the ROC of their distances
  std::vector<std::string> warnings = {};  ///< reasons to distrust these numbers, if any: see `reversal`
};

/// The loss over all pairs as one batch, weighted like a validation in fit, and the ROC of their distances, in which
/// each pair counts once whatever its weight. Throws like `distances`, NonFiniteError where a distance is not finite
/// (`place().pair` is the pair's number), and ValueError where all pairs are of one class.
template <Embedder Model, Loss<typename Model::Scalar> L>
Evaluation evaluate(const Model& model, const Pairs<typename Model::Scalar>& pairs, const L& loss) {
  using S = typename Model::Scalar;
  const VectorX<S> d = distances(model, pairs);
  const Labels labels = pairs.labels();
  Roc roc{d, labels};
  std::vector<S> slope(static_cast<std::size_t>(d.size()));
  const std::span<const S> values{d.data(), slope.size()};
  Evaluation evaluation{loss(values, labels.span(), pairs.weights(), std::span<S>{slope}), std::move(roc)};
  if (std::string reversed = detail::low_auc_warning(evaluation.roc); !reversed.empty()) {
    evaluation.warnings.push_back(std::move(reversed));
  }
  return evaluation;
}

}  // namespace gemel
