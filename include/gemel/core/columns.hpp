#pragma once

#include <algorithm>

#include "gemel/core/types.hpp"

namespace gemel {

/// Contiguous features x n, one sample a column.
template <Scalar S>
using Columns = Eigen::Map<MatrixX<S>>;
template <Scalar S>
using ConstColumns = Eigen::Map<const MatrixX<S>>;

/// One sample: a vector of its features.
template <Scalar S>
using Column = Eigen::Map<VectorX<S>>;
template <Scalar S>
using ConstColumn = Eigen::Map<const VectorX<S>>;

/// `cols` const columns of `rows` elements each, wherever they lie: samples in the caller's memory, or those columns of
/// a batch that are still active. It refers to memory that others own. A Map of contiguous columns converts to it.
template <Scalar S>
class ColumnList {
 public:
  ColumnList() = default;
  ColumnList(const S* const* pointers, Index rows, Index cols) : pointers_(pointers), rows_(rows), cols_(cols) {}
  ColumnList(const S* base, Index stride, Index rows, Index cols)
      : base_(base), stride_(stride), rows_(rows), cols_(cols) {}
  ColumnList(const Columns<S>& columns) : ColumnList(columns.data(), columns.rows(), columns.rows(), columns.cols()) {}
  ColumnList(const ConstColumns<S>& columns)
      : ColumnList(columns.data(), columns.rows(), columns.rows(), columns.cols()) {}

  Index rows() const { return rows_; }
  Index cols() const { return cols_; }

  /// Where column j begins.
  const S* operator[](Index j) const { return pointers_ ? pointers_[j] : base_ + j * stride_; }

  ConstColumn<S> column(Index j) const { return {(*this)[j], rows_}; }
  S operator()(Index i, Index j) const { return (*this)[j][i]; }

  /// The columns first, …, first + count - 1.
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

  /// The pointers themselves, or null where the columns are evenly spaced.
  const S* const* pointers() const { return pointers_; }

 private:
  const S* const* pointers_ = nullptr;
  const S* base_ = nullptr;
  Index stride_ = 0;
  Index rows_ = 0;
  Index cols_ = 0;
};

/// Calls f(first, count, pointers) for the columns of a list, in order, in runs whose pointers are at hand.
template <Scalar S, class F>
void for_each_run(const ColumnList<S>& list, F&& f) {
  if (list.pointers()) return f(Index{0}, list.cols(), list.pointers());
  constexpr Index run = 96;
  const S* pointers[run];
  for (Index first = 0; first < list.cols(); first += run) {
    const Index count = std::min(run, list.cols() - first);
    for (Index j = 0; j < count; ++j) pointers[j] = list[first + j];
    f(first, count, static_cast<const S* const*>(pointers));
  }
}

}  // namespace gemel
