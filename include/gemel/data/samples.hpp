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

/// Immutable samples: a matrix of features x n; each column is one sample. Copies share it. The values are not checked:
/// the training step reports NaN and infinities when it reaches them, and names the pair.
///
/// Constructing throws ShapeError if there is no sample or no feature, or more values than any machine holds, and
/// ValueError if a view is of a null pointer.
template <Scalar S>
class Samples {
 public:
  /// @{
  /// Copies share the values. There is no move, since a copy is as cheap: a moved-from object would keep its sizes
  /// without the values.
  Samples(const Samples&) = default;
  Samples& operator=(const Samples&) = default;
  /// @}

  /// Owns the matrix: moved in if it is moved or a temporary, else copied once.
  Samples(MatrixX<S> samples) : Samples(std::make_shared<const MatrixX<S>>(std::move(samples))) {}

  /// The same for other Eigen types: blocks, fixed sizes, expressions.
  template <class Derived>
  Samples(const Eigen::MatrixBase<Derived>& samples) : Samples(MatrixX<S>(samples)) {}

  /// A view of a matrix, which the caller keeps alive and unchanged for as long as these samples and their copies live.
  static Samples view(const MatrixX<S>& samples) { return {nullptr, samples.data(), samples.rows(), samples.cols()}; }
  /// A view of a temporary would dangle.
  static Samples view(const MatrixX<S>&&) = delete;

  /// A view of features x n values that lie column by column, such as a mapped file.
  static Samples view(const S* data, Index features, Index n) { return {nullptr, data, features, n}; }

  /// Copies n rows of `features` values each (a NumPy array in C order), whose bytes are those of features x n values
  /// column by column.
  static Samples from_row_major(const S* data, Index n, Index features) {
    return MatrixX<S>(view(data, features, n).matrix());
  }

  /// The number of features per sample.
  Index features() const { return features_; }

  /// The number of samples.
  Index size() const { return size_; }

  /// The features of sample i: `features()` values side by side.
  const S* column(Index i) const {
    return selected_ ? (*selected_)[static_cast<std::size_t>(i)] : data_ + i * features_;
  }
  /// Sample i as a vector.
  ConstColumn<S> operator[](Index i) const { return {column(i), features_}; }

  /// All samples as a list of columns, which refers to this object.
  ColumnList<S> columns() const {
    return selected_ ? ColumnList<S>{selected_->data(), features_, size_} : ColumnList<S>{matrix()};
  }

  /// All samples as one matrix. Throws ShapeError for a selection, whose columns need not lie side by side.
  ConstColumns<S> matrix() const {
    if (selected_)
      throw ShapeError("a selection of samples does not lie side by side: use columns() instead of matrix()");
    return {data_, features_, size_};
  }

  /// These samples, in this order; none is copied. Throws ValueError if an index is not one of a sample.
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

  /// The same samples in memory of their own, side by side. A selection then has a matrix(), and no longer keeps all
  /// other samples alive; a view no longer depends on the caller's memory.
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
  std::shared_ptr<const std::vector<const S*>> selected_;  // null: all columns, in their order
};

}  // namespace gemel
