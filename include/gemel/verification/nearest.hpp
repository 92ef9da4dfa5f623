#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <optional>
#include <type_traits>
#include <vector>

#include "gemel/core/choice.hpp"
#include "gemel/core/columns.hpp"
#include "gemel/core/error.hpp"
#include "gemel/core/nearest/screen.hpp"
#include "gemel/core/nearest/search.hpp"
#include "gemel/core/reduce.hpp"
#include "gemel/core/team.hpp"
#include "gemel/core/types.hpp"
#include "gemel/data/classes.hpp"
#include "gemel/network/distance.hpp"

namespace gemel {

/// Options of `nearest`.
struct NearestOptions {
  Index k = 10;  ///< How many neighbours each query gets, at least 1.
  /// The classes of the samples, if queries and gallery are the same samples: samples of the query's own class are then
  /// no candidates. Classes 0, 1, …, n - 1 exclude only the query itself.
  std::optional<Classes> other_than = {};
  Index threads = 1;  ///< The maximum number of threads; 0 stands for the number of usable processors.
};

/// The k nearest samples of each of q queries, nearest first.
template <Scalar S>
struct Nearest {
  MatrixX<Index> samples;  ///< k x q: column i has the gallery's sample numbers.
  MatrixX<S> distances;    ///< k x q: the distances of these samples from query i.
};

namespace detail {

/// Measures one query and many columns, for find_nearest.
template <class Metric>
struct Measure {
  static constexpr Closeness closeness = std::same_as<Metric, Euclidean>          ? Closeness::Euclidean
                                         : std::same_as<Metric, SquaredEuclidean> ? Closeness::Squared
                                         : std::same_as<Metric, Cosine>           ? Closeness::Cosine
                                                                                  : Closeness::Other;
  const Metric& metric;

  template <Scalar S>
  void operator()(const S* query, const S* const* columns, Index n, Index count, S* d) const {
    if constexpr (DifferenceDistance<Metric, S>) {
      std::array<const S*, 64> same;
      same.fill(query);
      for (Index first = 0; first < count; first += length(same)) {
        metric.values(same.data(), columns + first, n, std::min(count - first, length(same)), d + first);
      }
    } else {
      for (Index j = 0; j < count; ++j) d[j] = metric.value(ConstColumn<S>{query, n}, ConstColumn<S>{columns[j], n});
    }
  }
};

/// Throws NonFiniteError if an embedding holds NaN or infinity; `whose` is the name of the matrix.
template <Scalar S>
[[gnu::cold]] void check_embeddings_finite(const ColumnList<S>& embeddings, const char* whose) {
  for (Index j = 0; j < embeddings.cols(); ++j) {
    if (std::isfinite(max_abs(embeddings[j], embeddings.rows()))) continue;
    throw NonFiniteError({"this embedding of the ", whose, " holds NaN or infinity, so it is neither near nor far"},
                         {.sample = j});
  }
}

template <Scalar S>
[[gnu::cold]] void check_nearest(const ColumnList<S>& queries, const ColumnList<S>& gallery,
                                 const NearestOptions& options) {
  const Index n = gallery.cols(), k = options.k;
  if (queries.rows() != gallery.rows() || gallery.rows() == 0) {
    throw ShapeError({"queries and gallery are embeddings of the same size (out x q and out x n), but these are ",
                      queries.rows(), " x ", queries.cols(), " and ", gallery.rows(), " x ", n});
  }
  if (k < 1) throw ValueError({"k is ", k, ", but each query needs at least 1 neighbour"});
  if (!options.other_than) {
    if (k > n) throw ValueError({"k is ", k, ", but the gallery has only ", n, " samples"});
    return;
  }
  const Classes& classes = *options.other_than;
  if (queries.cols() != n || classes.size() != n) {
    throw ShapeError({"with other_than, queries and gallery are the same samples, with one class each, but there are ",
                      queries.cols(), " queries, ", n, " samples in the gallery, and ", classes.size(), " classes"});
  }
  for (Index c = 0; c < classes.count(); ++c) {
    const Index others = n - length(classes.members(c));
    if (others >= k) continue;
    throw ValueError({"k is ", k, ", but only ", others, " samples are not of class ", classes.value(c)});
  }
}

}  // namespace detail

/// For each query, the k samples of the gallery at the smallest distances. Queries and gallery are embeddings (out x q
/// and out x n), for example of `model.embed`:
///
///   const auto found = nearest(model.embed(probes), embeddings, {.k = 5, .threads = 0}, model.metric());
///   found.samples(0, i)     // the sample that is nearest to query i
///
/// The search is exact: all distances are bit for bit metric.value(query, sample), and of samples at the same distance,
/// the one with the smaller number is nearer. Neither the number of threads nor the instruction set (among those with a
/// fused multiply-add) changes a bit.
///
/// Throws ShapeError if the embeddings of queries and gallery have different sizes or no elements, or if, with
/// `other_than`, there is not one class per query and per sample of the gallery; ValueError if a query has fewer than k
/// candidates, if k < 1, or if `threads` is out of range; NonFiniteError if an embedding holds NaN or infinity
/// (`place().sample` is its column), if a distance is NaN, or if fewer than k candidates of a query are at a finite
/// distance because distances overflow.
template <class Queries, class Gallery, class Metric = Euclidean>
[[gnu::cold]] Nearest<typename Gallery::Scalar> nearest(const Eigen::MatrixBase<Queries>& queries,
                                                        const Eigen::MatrixBase<Gallery>& gallery,
                                                        const NearestOptions& options = {}, const Metric& metric = {}) {
  using S = typename Gallery::Scalar;
  static_assert(std::same_as<typename Queries::Scalar, S>,
                "gemel: the embeddings of queries and gallery must be of the same scalar type");
  static_assert(Distance<Metric, S>, "gemel: this type does not model the Distance concept (network/distance.hpp)");
  const Eigen::Ref<const MatrixX<S>> probes(queries.derived()), samples(gallery.derived());  // views, where possible
  detail::NearestSearch<S> search{.queries = {probes.data(), probes.outerStride(), probes.rows(), probes.cols()},
                                  .gallery = {samples.data(), samples.outerStride(), samples.rows(), samples.cols()},
                                  .stride = samples.outerStride(),
                                  .k = options.k};
  detail::check_nearest(search.queries, search.gallery, options);
  search.threads = checked_threads(options.threads);
  detail::check_embeddings_finite(search.queries, "queries");
  std::vector<Index> classes;
  if (options.other_than) {
    classes.reserve(static_cast<std::size_t>(samples.cols()));
    for (Index i = 0; i < samples.cols(); ++i) classes.push_back(options.other_than->of(i));
    search.classes = classes.data();
  }
  Nearest<S> found{MatrixX<Index>(options.k, probes.cols()), MatrixX<S>(options.k, probes.cols())};
  search.samples = found.samples.data();
  search.distances = found.distances.data();
  const auto outcome = detail::visit_choice(metric, [&](const auto& chosen) {
    using Chosen = std::remove_cvref_t<decltype(chosen)>;
    return detail::find_nearest(search, detail::Measure<Chosen>{chosen});
  });
  if (outcome.infinite || outcome.nan) detail::check_embeddings_finite(search.gallery, "gallery");
  if (outcome.nan) throw NonFiniteError("the metric's distance of two finite embeddings is NaN");
  if (outcome.incomplete >= 0) {
    throw NonFiniteError(
        {"fewer than ", options.k, " samples of the gallery are at a finite distance from this query: ",
         "look for huge values in the embeddings"},
        {.sample = outcome.incomplete});
  }
  return found;
}

}  // namespace gemel
