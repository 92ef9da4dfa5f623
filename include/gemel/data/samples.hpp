#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "gemel/core/columns.hpp"
#include "gemel/core/error.hpp"
#include "gemel/core/extent.hpp"
#include "gemel/core/types.hpp"

namespace gemel {

/// Immutable samples: a matrix of features x n, one sample per column, which copies share. The values are not checked
/// here: the training step reports NaN and infinities when it reaches them, and names the pair.
///
/// All constructors and views throw ShapeError if there is no sample or no feature, or there are more values than any
/// machine holds; a view of a null pointer throws ValueError.
template <Scalar S>
class Samples {
 public:
  /// @{
  /// Copies share the values. A move copies too: copies are cheap, and a moved-from object would keep its sizes but
  /// have no values.
  Samples(const Samples&) = default;
  Samples& operator=(const Samples&) = default;
  /// @}

  /// Samples that own the matrix (features x n). A temporary or moved matrix is not copied; any other is copied once.
  Samples(MatrixX<S> samples) : Samples(std::make_shared<const MatrixX<S>>(std::move(samples))) {}

  /// Samples that own a copy of a block, a fixed-size matrix or another expression (features x n).
  template <class Derived>
  Samples(const Eigen::MatrixBase<Derived>& samples) : Samples(MatrixX<S>(samples)) {}

  /// A view of a matrix (features x n). The caller must keep the matrix alive and unchanged for as long as the view,
  /// its copies or its selections are in use.
  static Samples view(const MatrixX<S>& samples) { return {nullptr, samples.data(), samples.rows(), samples.cols()}; }
  /// Deleted, because a view of a temporary would dangle.
  static Samples view(const MatrixX<S>&&) = delete;

  /// A view of a column-major array of features x n values, such as a mapped file. The caller must keep it alive and
  /// unchanged, as above.
  static Samples view(const S* data, Index features, Index n) { return {nullptr, data, features, n}; }

  /// Samples that own a copy of a row-major array with one sample per row (n x features), such as a NumPy array in C
  /// order.
  static Samples from_row_major(const S* data, Index n, Index features) {
    return MatrixX<S>(view(data, features, n).matrix());
  }

  /// The number of features per sample.
  Index features() const { return features_; }

  /// The number of samples.
  Index size() const { return size_; }

  /// A pointer to the features of sample i: features() contiguous values.
  const S* column(Index i) const {
    return selected_ ? (*selected_)[static_cast<std::size_t>(i)] : data_ + i * features_;
  }
  /// Sample i as a vector of features() values.
  ConstColumn<S> operator[](Index i) const { return {column(i), features_}; }

  /// All samples as a list of columns. The list refers to this object and must not outlive it.
  ColumnList<S> columns() const {
    return selected_ ? ColumnList<S>{selected_->data(), features_, size_} : ColumnList<S>{matrix()};
  }

  /// All samples as one matrix (features x n), which refers to their memory. Throws ShapeError for a selection, whose
  /// columns need not be contiguous.
  ConstColumns<S> matrix() const {
    if (selected_)
      throw ShapeError("a selection of samples does not lie side by side: use columns() instead of matrix()");
    return {data_, features_, size_};
  }

  /// The samples with these indices, in this order. No values are copied: a selection of a view still refers to the
  /// caller's memory. Throws ShapeError if there are no indices; ValueError if an index is not that of a sample.
  Samples select(std::span<const Index> indices) const {
    auto pointers = std::make_shared<std::vector<const S*>>();
    pointers->reserve(indices.size());
    for (const Index i : indices) {
      if (i < 0 || i >= size_) {
        throw ValueError({"sample ", i, " was selected, but there are ", size_});
      }
      pointers->push_back(column(i));
    }
    Samples selection{owner_, data_, features_, length(*pointers)};
    selection.selected_ = std::move(pointers);
    return selection;
  }

  /// The same samples in contiguous memory of their own. Unlike a selection, the copy has a matrix() and does not keep
  /// the other samples alive; unlike a view, it does not depend on the caller's memory.
  Samples copy() const {
    MatrixX<S> values(features_, size_);
    for (Index i = 0; i < size_; ++i) values.col(i) = (*this)[i];
    return {std::move(values)};
  }

 private:
  Samples(std::shared_ptr<const MatrixX<S>> owner) : Samples(owner, owner->data(), owner->rows(), owner->cols()) {}
  [[gnu::cold]] Samples(std::shared_ptr<const MatrixX<S>> owner, const S* data, Index features, Index size)
      : owner_(std::move(owner)), data_(data), features_(features), size_(size) {
    if (features <= 0 || size <= 0) {
      throw ShapeError({"samples are features x n with at least one of each, but these are ", features, " x ", size});
    }
    if (size > detail::max_values / features) {
      throw ShapeError({"samples of ", features, " x ", size, " are more values than any machine holds"});
    }
    if (!data) throw ValueError("the samples' address is null: there is nothing to look at");
  }

  std::shared_ptr<const MatrixX<S>> owner_;  // null for a view
  const S* data_;
  Index features_;
  Index size_;
  std::shared_ptr<const std::vector<const S*>> selected_;  // null if not a selection
};

}  // namespace gemel
