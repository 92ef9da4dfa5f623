#pragma once

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

/// `cols` const columns of `rows` elements each, wherever they lie: samples in the caller's memory, or those columns of a
/// batch that are still active. It refers to memory that others own. A Map of contiguous columns converts to it.
template <Scalar S>
class ColumnList {
 public:
  ColumnList() = default;
  ColumnList(const S* const* pointers, Index rows, Index cols) : pointers_(pointers), rows_(rows), cols_(cols) {}
  ColumnList(const Columns<S>& columns) : base_(columns.data()), rows_(columns.rows()), cols_(columns.cols()) {}
  ColumnList(const ConstColumns<S>& columns) : base_(columns.data()), rows_(columns.rows()), cols_(columns.cols()) {}

  Index rows() const { return rows_; }
  Index cols() const { return cols_; }

  /// Where column j begins.
  const S* operator[](Index j) const { return pointers_ ? pointers_[j] : base_ + j * rows_; }

  ConstColumn<S> column(Index j) const { return {(*this)[j], rows_}; }
  S operator()(Index i, Index j) const { return (*this)[j][i]; }

  /// The columns first, …, first + count - 1.
  ColumnList middle(Index first, Index count) const {
    ColumnList part = *this;
    if (pointers_) {
      part.pointers_ += first;
    } else {
      part.base_ += first * rows_;
    }
    part.cols_ = count;
    return part;
  }

  /// The pointers themselves, or null where the columns are contiguous.
  const S* const* pointers() const { return pointers_; }

 private:
  const S* const* pointers_ = nullptr;
  const S* base_ = nullptr;
  Index rows_ = 0;
  Index cols_ = 0;
};

}  // namespace gemel
