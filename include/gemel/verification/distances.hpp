#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include "gemel/core/choice.hpp"
#include "gemel/core/columns.hpp"
#include "gemel/core/error.hpp"
#include "gemel/core/reduce.hpp"
#include "gemel/core/types.hpp"
#include "gemel/data/pair_source.hpp"
#include "gemel/data/pairs.hpp"
#include "gemel/network/distance.hpp"
#include "gemel/verification/embedder.hpp"

namespace gemel {

namespace detail {

/// As measure_pairs in network/distance.hpp, but for embeddings in one matrix (out x n): pair i consists of the columns
/// pair_at(i).first and pair_at(i).second. The metric may be an AnyDistance.
template <Scalar S, Distance<S> Metric, class PairAt>
void measure_pairs(const Metric& metric, const S* embeddings, Index out, Index count, const PairAt& pair_at, S* d) {
  const auto columns_of = [&](Index i) {
    const PairIndex pair = pair_at(i);
    return std::pair(embeddings + pair.first * out, embeddings + pair.second * out);
  };
  visit_choice(metric, [&](const auto& chosen) { measure_pairs(chosen, out, count, columns_of, d); });
}

/// The index of the first of n features that is NaN or infinite, or n if all are finite.
template <Scalar S>
[[gnu::cold]] Index first_not_finite(const S* sample, Index n) {
  return std::find_if(sample, sample + n, [](S value) { return !std::isfinite(value); }) - sample;
}

/// The samples that some pairs use, without repetition, in the order of their first use.
template <Scalar S>
struct UsedSamples {
  std::vector<const S*> columns = {};  // a pointer to the features of each sample
  std::vector<PairIndex> pairs = {};   // for each pair, the positions of its two samples in `columns`
};

/// The samples of the pairs first, …, first + count - 1. Time and memory are proportional to `count` and, if pairs
/// share samples, also to pairs.samples().
template <Scalar S>
UsedSamples<S> used_samples(const Pairs<S>& pairs, Index first, Index count) {
  UsedSamples<S> used;
  used.pairs.reserve(static_cast<std::size_t>(count));
  used.columns.reserve(static_cast<std::size_t>(std::min(2 * count, pairs.samples())));
  const bool sharing = pairs.sharing();
  std::vector<Index> positions(static_cast<std::size_t>(sharing ? pairs.samples() : 0), -1);  // -1: not used yet
  const auto position_of = [&](Index number, const S* column) {
    Index* const known = sharing ? &positions[static_cast<std::size_t>(number)] : nullptr;
    if (known && *known >= 0) return *known;
    const Index position = length(used.columns);
    used.columns.push_back(column);
    if (known) *known = position;
    return position;
  };
  for (Index i = first; i < first + count; ++i) {
    const PairIndex numbers = pairs.indices(i);
    const Index a = position_of(numbers.first, pairs.first(i));
    used.pairs.push_back({a, position_of(numbers.second, pairs.second(i))});
  }
  return used;
}

/// Throws NonFiniteError for the first pair with a sample that has NaN or infinity. The distance of such a pair could
/// be finite, because a ReLU may hide the value. `samples` are the samples of the pairs first, …, first + count - 1.
template <Scalar S>
void check_finite(const std::vector<const S*>& samples, const Pairs<S>& pairs, Index first, Index count) {
  const auto finite = [&](const S* sample) {
    return static_cast<bool>(std::isfinite(max_abs(sample, pairs.features())));
  };
  if (std::ranges::all_of(samples, finite)) return;
  for (Index i = first; i < first + count; ++i) {
    const bool is_second = finite(pairs.first(i));
    const Index feature = first_not_finite(is_second ? pairs.second(i) : pairs.first(i), pairs.features());
    if (feature == pairs.features()) continue;
    const Index sample = is_second ? pairs.indices(i).second : pairs.indices(i).first;
    throw NonFiniteError("a sample's features hold NaN or infinity; clean the data or leave the sample out",
                         {.pair = i, .sample = sample, .feature = feature});
  }
}

}  // namespace detail

/// The distance (n x 1) of each of n pairs under the model. If pairs share samples, each sample is embedded once.
///
/// Memory: if pairs share samples, the embeddings of all used samples, two integers per pair, and one integer for each
/// of the pairs.samples(); otherwise the embeddings of 1024 pairs.
///
/// Throws ShapeError if the samples do not have as many features as the model takes, or if the model's `embed` does not
/// return one embedding per sample, with at least one element; NonFiniteError if a sample has NaN or infinity, where
/// `place().pair` is the index of the first such pair and `place().sample` the sample's index as in `pairs.indices`.
template <Embedder Model>
VectorX<typename Model::Scalar> distances(const Model& model, const Pairs<typename Model::Scalar>& pairs) {
  using S = typename Model::Scalar;
  const Index block = pairs.sharing() ? pairs.size() : 1024;
  VectorX<S> values(pairs.size());
  for (Index first = 0; first < pairs.size(); first += block) {
    const Index count = std::min(block, pairs.size() - first);
    const detail::UsedSamples<S> used = detail::used_samples(pairs, first, count);
    detail::check_finite(used.columns, pairs, first, count);
    const MatrixX<S> embeddings =
        detail::embeddings_of(model, ColumnList<S>{used.columns.data(), pairs.features(), length(used.columns)});
    const auto pair_at = [&used](Index i) { return used.pairs[static_cast<std::size_t>(i)]; };
    detail::measure_pairs(model.metric(), embeddings.data(), embeddings.rows(), count, pair_at, values.data() + first);
  }
  return values;
}

/// The distance (n x 1) of each of n pairs of embeddings, which were computed before, for example in
/// `distances(model.metric(), model.embed(x), pairs)`. The embeddings are out x n, one per column, and each pair has
/// the indices of two columns. Values are not checked: NaN gives NaN. Throws ValueError if a pair refers to a column
/// that does not exist (`place().pair` is the pair's index).
template <class Derived, Distance<typename Derived::Scalar> Metric>
VectorX<typename Derived::Scalar> distances(const Metric& metric, const Eigen::MatrixBase<Derived>& embeddings,
                                            std::span<const PairIndex> pairs) {
  using S = typename Derived::Scalar;
  const MatrixX<S>& y = embeddings.derived();
  for (Index i = 0; i < length(pairs); ++i) {
    const auto [first, second] = pairs[static_cast<std::size_t>(i)];
    if (first >= 0 && first < y.cols() && second >= 0 && second < y.cols()) continue;
    throw ValueError({"it refers to embeddings ", first, " and ", second, ", but there are ", y.cols(),
                      ", numbered from 0 (out x n: one embedding per column)"},
                     {.pair = i});
  }
  VectorX<S> values(length(pairs));
  const auto pair_at = [pairs](Index i) { return pairs[static_cast<std::size_t>(i)]; };
  detail::measure_pairs(metric, y.data(), y.rows(), length(pairs), pair_at, values.data());
  return values;
}

}  // namespace gemel
