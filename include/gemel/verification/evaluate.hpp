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
  Roc roc;                                 ///< the ROC of the pairs' distances
  std::vector<std::string> warnings = {};  ///< one warning if the AUC is below 0.5, else empty
};

/// Evaluates a model on pairs. The loss is computed over all pairs as one batch, with the weights of the pairs. In the
/// ROC, each pair counts once, whatever its weight. Throws what `distances` throws; NonFiniteError if a distance is not
/// finite (`place().pair` is the pair's index); ValueError if all pairs are of one kind or there are more than 2^32;
/// and whatever the loss throws.
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
