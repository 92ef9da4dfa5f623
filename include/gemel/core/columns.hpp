#pragma once

#include <algorithm>

#include "gemel/core/types.hpp"

namespace gemel {

/// A contiguous matrix of features x n; each column is one sample.
template <Scalar S>
using Columns = Eigen::Map<MatrixX<S>>;
/// A contiguous, const matrix of features x n; each column is one sample.
template <Scalar S>
using ConstColumns = Eigen::Map<const MatrixX<S>>;

/// One sample: a vector of its features.
template <Scalar S>
using Column = Eigen::Map<VectorX<S>>;
/// One sample: a const vector of its features.
template <Scalar S>
using ConstColumn = Eigen::Map<const VectorX<S>>;

/// A view of `cols` const columns, each of `rows` contiguous elements; the columns may lie anywhere in memory. They are
/// samples in the caller's memory, for instance, or some of the columns of a batch. It owns neither the columns nor the
/// array of pointers to them. `Columns` and `ConstColumns` convert to it.
template <Scalar S>
class ColumnList {
 public:
  /// An empty list.
  ColumnList() = default;
  /// A list whose column j begins at pointers[j].
  ColumnList(const S* const* pointers, Index rows, Index cols) : pointers_(pointers), rows_(rows), cols_(cols) {}
  /// A list whose column j begins at base + j * stride.
  ColumnList(const S* base, Index stride, Index rows, Index cols)
      : base_(base), stride_(stride), rows_(rows), cols_(cols) {}
  /// @{
  /// The columns of a contiguous matrix.
  ColumnList(const Columns<S>& columns) : ColumnList(columns.data(), columns.rows(), columns.rows(), columns.cols()) {}
  ColumnList(const ConstColumns<S>& columns)
      : ColumnList(columns.data(), columns.rows(), columns.rows(), columns.cols()) {}
  /// @}

  /// The number of elements per column.
  Index rows() const { return rows_; }
  /// The number of columns.
  Index cols() const { return cols_; }

  /// A pointer to the first element of column j.
  const S* operator[](Index j) const { return pointers_ ? pointers_[j] : base_ + j * stride_; }

  /// Column j as a vector.
  ConstColumn<S> column(Index j) const { return {(*this)[j], rows_}; }
  /// Element i of column j.
  S operator()(Index i, Index j) const { return (*this)[j][i]; }

  /// The `count` columns from `first` on.
  ColumnList middle(Index first, Index count) const {
    ColumnList part = *this;
    if (pointers_) {
      part.pointers_ += first;
    } else {
      part.base_ += first * stride_;
    }
    part.cols_ = count;
    return part;
  }

  /// An array with a pointer to each column, or null if the list was made from a base and a stride.
  const S* const* pointers() const { return pointers_; }

 private:
  const S* const* pointers_ = nullptr;
  const S* base_ = nullptr;
  Index stride_ = 0;
  Index rows_ = 0;
  Index cols_ = 0;
};

/// Divides the list's columns into consecutive runs and calls f(first, count, pointers) for each run, in order: the run
/// has the columns first, …, first + count - 1, and pointers[k] points to column first + k. A list with an array of
/// pointers is one run; otherwise a run has at most 512 columns.
template <Scalar S, class F>
void for_each_run(const ColumnList<S>& list, F&& f) {
  if (list.pointers()) return f(Index{0}, list.cols(), list.pointers());
  constexpr Index run = 512;
  const S* pointers[run];
  for (Index first = 0; first < list.cols(); first += run) {
    const Index count = std::min(run, list.cols() - first);
    for (Index j = 0; j < count; ++j) pointers[j] = list[first + j];
    f(first, count, static_cast<const S* const*>(pointers));
  }
}

}  // namespace gemel
