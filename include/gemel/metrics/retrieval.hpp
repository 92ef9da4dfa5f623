#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "gemel/core/error.hpp"
#include "gemel/core/types.hpp"

namespace gemel {

/// The class of each sample, as in `Classes` (data/classes.hpp): of(i) is the class of sample i, and value(c) the
/// integer that stands for class c, by which the classes of two sets of samples are compared.
template <class C>
concept ClassOfSamples = requires(const C classes, Index i) {
  { classes.size() } -> std::same_as<Index>;
  { classes.value(classes.of(i)) } -> std::same_as<std::int64_t>;
};

// How good are the neighbours of queries? The functions below take a table of neighbours: k x q, where column i has the
// gallery's sample numbers of the k neighbours of query i, nearest first (Nearest::samples of
// verification/nearest.hpp). A neighbour is relevant if it is of the query's class.
//
// Each function has two forms. With the classes of the gallery and of the queries, these are two sets of samples. With
// one list of classes, each of its samples is a query, and all others are its gallery:
//
//   const auto found = nearest(y, y, {.k = 4, .other_than = numbers}, metric);   // numbers: Classes 0, 1, …, n - 1
//   recall_at_k(found.samples, classes);
//
// As in PyTorch Metric Learning (AccuracyCalculator), queries without any relevant sample in the gallery are left out
// of all means, because nothing could be found for them.
//
// All functions throw ShapeError if the table is empty or has another number of columns than there are queries;
// ValueError if an element is not the number of a sample of the gallery or, in the form with one list, is the query
// itself, and if no query has a relevant sample in the gallery.

namespace detail {

/// A table of neighbours, and which of them are relevant.
class Retrieval {
 public:
  using Table = Eigen::Ref<const MatrixX<Index>>;

  /// `one_set` says that the queries are the samples of the gallery.
  template <ClassOfSamples Gallery, ClassOfSamples Queries>
  [[gnu::cold]] Retrieval(const Table& table, const Gallery& gallery, const Queries& queries, bool one_set)
      : table_(table), gallery_(values(gallery)), queries_(values(queries)), one_set_(one_set), sorted_(gallery_) {
    if (table.size() == 0 || table.cols() != queries.size()) {
      throw ShapeError({"a table of neighbours is k x q with one column per query, but this is ", table.rows(), " x ",
                        table.cols(), ", and there are ", queries.size(), " queries"});
    }
    for (Index i = 0; i < table.cols(); ++i) {
      for (const Index j : table.col(i)) check(i, j);
    }
    std::ranges::sort(sorted_);
  }

  Index queries() const { return table_.cols(); }
  Index k() const { return table_.rows(); }

  /// Whether the neighbour of this rank (0: the nearest) of query i is relevant.
  bool relevant(Index rank, Index i) const { return at(gallery_, table_(rank, i)) == at(queries_, i); }

  /// The number of relevant samples in the gallery of query i.
  Index relevant_samples(Index i) const {
    const auto [first, last] = std::equal_range(sorted_.begin(), sorted_.end(), at(queries_, i));
    return last - first - (one_set_ ? 1 : 0);
  }

  /// The mean of f(i) over all queries i with a relevant sample in the gallery.
  template <class F>
  double mean(const F& f) const {
    double sum = 0;
    Index count = 0;
    for (Index i = 0; i < queries(); ++i) {
      if (relevant_samples(i) == 0) continue;
      sum += f(i);
      ++count;
    }
    if (count == 0) throw ValueError("no query has a sample of its class in the gallery, so nothing can be found");
    return sum / static_cast<double>(count);
  }

 private:
  template <class C>
  static std::vector<std::int64_t> values(const C& classes) {
    std::vector<std::int64_t> all;
    all.reserve(static_cast<std::size_t>(classes.size()));
    for (Index i = 0; i < classes.size(); ++i) all.push_back(classes.value(classes.of(i)));
    return all;
  }
  static std::int64_t at(const std::vector<std::int64_t>& all, Index i) { return all[static_cast<std::size_t>(i)]; }

  void check(Index query, Index neighbour) const {
    if (neighbour < 0 || neighbour >= length(gallery_)) {
      throw ValueError(
          {"its neighbour is sample ", neighbour, ", but the gallery has the samples 0 to ", length(gallery_) - 1},
          {.sample = query});
    }
    if (one_set_ && neighbour == query) {
      throw ValueError("it is its own neighbour, which makes every metric too good: search with other_than = 0, 1, …",
                       {.sample = query});
    }
  }

  Table table_;
  std::vector<std::int64_t> gallery_, queries_;
  bool one_set_;
  std::vector<std::int64_t> sorted_;  // the gallery's classes
};

inline double recall_at_k(const Retrieval& retrieval) {
  return retrieval.mean([&](Index i) {
    Index rank = 0;
    while (rank < retrieval.k() && !retrieval.relevant(rank, i)) ++rank;
    return rank < retrieval.k() ? 1.0 : 0.0;
  });
}

inline double precision_at_1(const Retrieval& retrieval) {
  return retrieval.mean([&](Index i) { return retrieval.relevant(0, i) ? 1.0 : 0.0; });
}

inline double map_at_r(const Retrieval& retrieval) {
  return retrieval.mean([&](Index i) {
    const Index r = retrieval.relevant_samples(i);
    if (r > retrieval.k()) {
      throw ValueError({"the gallery has ", r, " samples of this query's class, so MAP@R needs k >= ", r,
                        ", but the table has k = ", retrieval.k()},
                       {.sample = i});
    }
    double sum = 0;
    Index found = 0;
    for (Index rank = 0; rank < r; ++rank) {
      if (!retrieval.relevant(rank, i)) continue;
      ++found;
      sum += static_cast<double>(found) / static_cast<double>(rank + 1);
    }
    return sum / static_cast<double>(r);
  });
}

}  // namespace detail

/// @{
/// Recall@k: the fraction of queries with at least one relevant sample among the k neighbours, where k is the number of
/// the table's rows (`table.topRows(1)` for Recall@1). (Jegou, Douze and Schmid, Product quantization for nearest
/// neighbor search, 2011; Song et al., Deep metric learning via lifted structured feature embedding, 2016.)
template <ClassOfSamples Gallery, ClassOfSamples Queries>
double recall_at_k(const Eigen::Ref<const MatrixX<Index>>& table, const Gallery& classes_of_gallery,
                   const Queries& classes_of_queries) {
  return detail::recall_at_k({table, classes_of_gallery, classes_of_queries, false});
}
template <ClassOfSamples C>
double recall_at_k(const Eigen::Ref<const MatrixX<Index>>& table, const C& classes) {
  return detail::recall_at_k({table, classes, classes, true});
}
/// @}

/// @{
/// Precision@1: the fraction of queries whose nearest neighbour is relevant. It equals Recall@1.
template <ClassOfSamples Gallery, ClassOfSamples Queries>
double precision_at_1(const Eigen::Ref<const MatrixX<Index>>& table, const Gallery& classes_of_gallery,
                      const Queries& classes_of_queries) {
  return detail::precision_at_1({table, classes_of_gallery, classes_of_queries, false});
}
template <ClassOfSamples C>
double precision_at_1(const Eigen::Ref<const MatrixX<Index>>& table, const C& classes) {
  return detail::precision_at_1({table, classes, classes, true});
}
/// @}

/// @{
/// MAP@R, the mean over queries of
///
///   1 / R * sum over i = 1, …, R of P(i),
///
/// where R is the number of relevant samples in the query's gallery, and P(i) is the fraction of relevant samples among
/// the i nearest if the i-th is relevant, else 0. In contrast to Recall@k it rewards all relevant samples that rank
/// above the others. (Musgrave, Belongie and Lim, A metric learning reality check, 2020, section 3.2.) Throws
/// ValueError also if the table has fewer than R rows for a query: with one list of classes, k must be the size of the
/// largest class - 1.
template <ClassOfSamples Gallery, ClassOfSamples Queries>
double map_at_r(const Eigen::Ref<const MatrixX<Index>>& table, const Gallery& classes_of_gallery,
                const Queries& classes_of_queries) {
  return detail::map_at_r({table, classes_of_gallery, classes_of_queries, false});
}
template <ClassOfSamples C>
double map_at_r(const Eigen::Ref<const MatrixX<Index>>& table, const C& classes) {
  return detail::map_at_r({table, classes, classes, true});
}
/// @}

}  // namespace gemel
