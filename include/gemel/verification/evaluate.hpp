#pragma once

#include <algorithm>
#include <cmath>
#include <functional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "gemel/core/columns.hpp"
#include "gemel/core/error.hpp"
#include "gemel/core/reduce.hpp"
#include "gemel/core/types.hpp"
#include "gemel/data/pairs.hpp"
#include "gemel/metrics/roc.hpp"
#include "gemel/training/loss.hpp"

namespace gemel {

namespace detail {

/// Each sample of the pairs once, by its address, in ascending order.
template <Scalar S>
std::vector<const S*> distinct_samples(const Pairs<S>& pairs, Index first, Index count) {
  std::vector<const S*> samples;
  samples.reserve(static_cast<std::size_t>(2 * count));
  for (Index i = first; i < first + count; ++i) {
    samples.push_back(pairs.first(i));
    samples.push_back(pairs.second(i));
  }
  std::ranges::sort(samples, std::less<>{});
  samples.erase(std::unique(samples.begin(), samples.end()), samples.end());
  return samples;
}

/// Throws NonFiniteError for the first pair with a sample that holds NaN or infinity: behind a ReLU its distance may
/// well be finite. `samples` are those of the pairs first, …, first + count - 1.
template <Scalar S>
void check_finite(const std::vector<const S*>& samples, const Pairs<S>& pairs, Index first, Index count) {
  const auto finite = [&](const S* sample) { return static_cast<bool>(std::isfinite(peak(sample, pairs.features()))); };
  if (std::ranges::all_of(samples, finite)) return;
  for (Index i = first; i < first + count; ++i) {
    const S* const bad = !finite(pairs.first(i)) ? pairs.first(i) : pairs.second(i);
    const S* const feature = std::find_if(bad, bad + pairs.features(), [](S value) { return !std::isfinite(value); });
    if (feature == bad + pairs.features()) continue;
    throw NonFiniteError("a sample's features hold NaN or infinity; clean the data or leave the sample out",
                         {.pair = i, .feature = feature - bad});
  }
}

}  // namespace detail

/// The distance of each pair under the model. A sample that several pairs share is embedded once. Memory: the
/// embeddings of all samples where pairs share some, else those of 1024 pairs. Throws ShapeError where the pairs have
/// not the features that the model takes, NonFiniteError where a sample is not finite (`place().pair` is the first such
/// pair's number).
template <class Model>
VectorX<typename Model::Scalar> distances(const Model& model, const Pairs<typename Model::Scalar>& pairs) {
  using S = typename Model::Scalar;
  const bool shared = length(detail::distinct_samples(pairs, 0, pairs.size())) < 2 * pairs.size();
  const Index block = shared ? pairs.size() : 1024;
  VectorX<S> values(pairs.size());
  for (Index first = 0; first < pairs.size(); first += block) {
    const Index count = std::min(block, pairs.size() - first);
    const std::vector<const S*> samples = detail::distinct_samples(pairs, first, count);
    detail::check_finite(samples, pairs, first, count);
    const MatrixX<S> embeddings = model.embed(ColumnList<S>{samples.data(), pairs.features(), length(samples)});
    const auto embedding = [&](const S* sample) {
      const auto j = std::ranges::lower_bound(samples, sample, std::less<>{}) - samples.begin();
      return ConstColumn<S>{embeddings.data() + j * embeddings.rows(), embeddings.rows()};
    };
    for (Index i = first; i < first + count; ++i) {
      values[i] = model.metric().value(embedding(pairs.first(i)), embedding(pairs.second(i)));
    }
  }
  return values;
}

/// How well a model does on pairs it was not trained on.
struct Evaluation {
  double loss;
  Roc roc;
  std::vector<std::string> warnings = {};  ///< what is wrong with these figures, if anything: see `reversal`
};

/// The loss over all pairs as one batch, each with its weight, as fit weighs those it validates on, and the ROC of
/// their distances, in which each pair counts once whatever its weight. Throws as `distances`, and NonFiniteError where
/// a distance is NaN or infinite (`place().pair` is its number), ValueError where all pairs are of one class.
template <class Model, Loss<typename Model::Scalar> L>
Evaluation evaluate(const Model& model, const Pairs<typename Model::Scalar>& pairs, const L& loss) {
  using S = typename Model::Scalar;
  const VectorX<S> d = distances(model, pairs);
  const Labels labels = pairs.labels();
  Roc roc{d, labels};
  std::vector<S> slope(static_cast<std::size_t>(d.size()));
  const std::span<const S> values{d.data(), slope.size()};
  Evaluation evaluation{loss(values, labels.span(), pairs.weights(), std::span<S>{slope}), std::move(roc)};
  if (std::string reversed = reversal(evaluation.roc); !reversed.empty()) {
    evaluation.warnings.push_back(std::move(reversed));
  }
  return evaluation;
}

}  // namespace gemel
