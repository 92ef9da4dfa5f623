#pragma once

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include "gemel/core/columns.hpp"
#include "gemel/core/error.hpp"
#include "gemel/core/nearest/search.hpp"
#include "gemel/core/team.hpp"
#include "gemel/core/types.hpp"
#include "gemel/data/classes.hpp"

namespace gemel {

/// The neighbours of samples, that is, the samples that are easily mistaken for them, as a table that is shared by all
/// copies. ClassBatches reads it when an epoch starts, so a callback may refresh it at the end of an epoch:
///
///   Neighbours neighbours{nearest_of_other_classes(x.matrix(), classes, 5)};
///   ClassBatches<float> source{x, classes, {.classes = 10, .samples = 8, .neighbours = neighbours}};
///   fit(model, source, loss, optimizer, {.epochs = 20}, rng, OnEpochEnd{[&](auto& state) {
///         neighbours.refresh(nearest_of_other_classes(state.model.embed(x.columns()), classes, 5));
///       }});
///
/// A table has k x n sample numbers: column i has the k neighbours of sample i, nearest first. If a sample has fewer
/// neighbours than others, repeat one of them, or enter the sample itself for none.
class Neighbours {
 public:
  /// The sample numbers (k x n).
  using Table = MatrixX<Index>;

  /// No neighbours and no table to refresh.
  Neighbours() = default;
  /// The neighbours in this table. Throws ShapeError if it is empty; ValueError if an element is not the number of a
  /// sample, 0, …, n - 1.
  explicit Neighbours(Table table)
      : shared_(std::make_shared<std::shared_ptr<const Table>>(checked(std::move(table)))) {}

  /// Whether there is a table.
  explicit operator bool() const { return shared_ != nullptr; }

  /// The current table, which a later refresh does not change; null without one.
  std::shared_ptr<const Table> table() const { return shared_ ? *shared_ : nullptr; }

  /// Replaces the table for all copies; it may have another k. (An assignment would give this object another table, but
  /// not the sources that share the present one.) No other thread may use a copy meanwhile. Throws as the
  /// constructor does; ShapeError if the table is of another number of samples; and ValueError if there is no table
  /// to replace.
  void refresh(Table table) const {
    if (!shared_) throw ValueError("these Neighbours have no table to refresh: make them from a table");
    if (table.cols() != (*shared_)->cols()) {
      throw ShapeError({"the table has neighbours of ", table.cols(), " samples, but there are ", (*shared_)->cols(),
                        " (k x n: one sample per column)"});
    }
    *shared_ = checked(std::move(table));
  }

 private:
  [[gnu::cold]] static std::shared_ptr<const Table> checked(Table table) {
    if (table.size() == 0) {
      throw ShapeError({"a table of neighbours is k x n with at least one of each, but this is ", table.rows(), " x ",
                        table.cols()});
    }
    for (Index i = 0; i < table.cols(); ++i) {
      for (const Index neighbour : table.col(i)) {
        if (neighbour >= 0 && neighbour < table.cols()) continue;
        throw ValueError({"its neighbour is sample ", neighbour, ", but the samples are 0 to ", table.cols() - 1,
                          " (k x n: column i has the neighbours of sample i)"},
                         {.sample = i});
      }
    }
    return std::make_shared<const Table>(std::move(table));
  }

  std::shared_ptr<std::shared_ptr<const Table>> shared_ = {};
};

/// For each of n samples, the k nearest samples of other classes by the Euclidean distance of their embeddings (out x
/// n), as a table for Neighbours. Among equal distances, the sample with the smaller number is nearer. `threads` is the
/// maximum number of threads; 0 stands for the number of available processors. No result depends on it.
///
/// The time is proportional to n^2 times the embedding's size, as that of `nearest` (verification/nearest.hpp), which
/// uses the same search.
///
/// Throws ShapeError if there is not one class per embedding; ValueError unless each sample has k >= 1 samples of other
/// classes, or if `threads` is out of range; NonFiniteError if an embedding holds NaN or infinity, or if the square of
/// a distance overflows.
template <class Derived>
[[gnu::cold]] Neighbours::Table nearest_of_other_classes(const Eigen::MatrixBase<Derived>& embeddings,
                                                         const Classes& classes, Index k, Index threads = 1) {
  using S = typename Derived::Scalar;
  const Eigen::Ref<const MatrixX<S>> y(embeddings.derived());  // a view, where possible
  const Index n = y.cols();
  if (classes.size() != n) {
    throw ShapeError({"there are ", n, " embeddings (out x n: one per column), but ", classes.size(),
                      " class labels: one per sample is needed"});
  }
  if (k < 1) throw ValueError({"k is ", k, ", but each sample needs at least 1 neighbour"});
  for (Index c = 0; c < classes.count(); ++c) {
    const Index others = n - length(classes.members(c));
    if (others >= k) continue;
    throw ValueError({"k is ", k, ", but only ", others, " samples are not of class ", classes.value(c)});
  }
  Neighbours::Table table(k, n);
  std::vector<Index> of;
  of.reserve(static_cast<std::size_t>(n));
  for (Index i = 0; i < n; ++i) of.push_back(classes.of(i));
  const ColumnList<S> samples{y.data(), y.outerStride(), y.rows(), n};
  const auto outcome = detail::find_nearest<S>({.queries = samples,
                                                .gallery = samples,
                                                .stride = y.outerStride(),
                                                .k = k,
                                                .classes = of.data(),
                                                .threads = checked_threads(threads),
                                                .samples = table.data()},
                                               detail::SquaredDistances{});
  if (outcome.incomplete >= 0) {
    throw NonFiniteError({"fewer than ", k,
                          " samples are at a finite distance from it: the embeddings hold NaN, infinity, or values "
                          "whose squares overflow"},
                         {.sample = outcome.incomplete});
  }
  return table;
}

}  // namespace gemel
