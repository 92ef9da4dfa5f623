#pragma once

#include <cmath>
#include <memory>
#include <optional>
#include <utility>

#include "gemel/core/columns.hpp"
#include "gemel/core/error.hpp"
#include "gemel/core/types.hpp"
#include "gemel/verification/scorer.hpp"

namespace gemel {

namespace detail {
struct TemplateAccess;
}  // namespace detail

/// What a person is enrolled with: the embeddings of the person's samples. A ClaimVerifier makes templates, and refuses
/// those of another one, because embeddings of different models cannot be compared.
template <Scalar S>
class Template {
 public:
  /// The number of enrolled samples, k.
  Index size() const { return embeddings_.cols(); }
  /// The embeddings (out x k), in the order of the samples.
  const MatrixX<S>& embeddings() const { return embeddings_; }
  /// The mean distance of two of the samples; NaN if there is only one. See Enrolled::spread.
  double spread() const { return spread_; }
  /// What a scorer gets.
  Enrolled<S> enrolled() const {
    return {
        {embeddings_.data(), embeddings_.rows(), embeddings_.cols()}, {centroid_.data(), centroid_.size()}, spread_};
  }

  /// The person's own threshold, or nothing if the one of the ClaimVerifier applies.
  const std::optional<double>& threshold() const { return threshold_; }
  /// The same template with a threshold of its own, for example from `calibrate_each`. Throws ValueError if it is NaN.
  Template with_threshold(double threshold) const {
    if (std::isnan(threshold)) throw ValueError("the threshold of a template is NaN");
    Template other = *this;
    other.threshold_ = threshold;
    return other;
  }

 private:
  friend detail::TemplateAccess;

  Template(std::shared_ptr<const void> verifier, MatrixX<S> embeddings, VectorX<S> centroid, double spread)
      : verifier_(std::move(verifier)),
        embeddings_(std::move(embeddings)),
        centroid_(std::move(centroid)),
        spread_(spread) {}

  std::shared_ptr<const void> verifier_;  // the model and scorer that all copies of the ClaimVerifier share
  MatrixX<S> embeddings_;
  VectorX<S> centroid_;
  double spread_;
  std::optional<double> threshold_ = {};
};

namespace detail {

/// The mean of the columns (out x 1), summed in double in their order.
template <Scalar S>
VectorX<S> centroid_of(const MatrixX<S>& embeddings) {
  VectorX<S> mean(embeddings.rows());
  for (Index i = 0; i < embeddings.rows(); ++i) {
    double sum = 0;
    for (Index j = 0; j < embeddings.cols(); ++j) sum += static_cast<double>(embeddings(i, j));
    mean[i] = static_cast<S>(sum / static_cast<double>(embeddings.cols()));
  }
  return mean;
}

/// Enrolled::spread.
template <Scalar S, class Metric>
double spread_of(const Metric& metric, const MatrixX<S>& embeddings) {
  const auto column = [&embeddings](Index j) {
    return ConstColumn<S>(embeddings.data() + j * embeddings.rows(), embeddings.rows());
  };
  double sum = 0, pairs = 0;
  for (Index j = 1; j < embeddings.cols(); ++j) {
    for (Index i = 0; i < j; ++i, ++pairs) sum += static_cast<double>(metric.value(column(i), column(j)));
  }
  return sum / pairs;  // NaN without a pair
}

/// What a ClaimVerifier needs of a template.
struct TemplateAccess {
  template <Scalar S>
  static Template<S> make(std::shared_ptr<const void> verifier, MatrixX<S> embeddings, double spread) {
    VectorX<S> centroid = centroid_of(embeddings);
    return {std::move(verifier), std::move(embeddings), std::move(centroid), spread};
  }
  template <Scalar S>
  static const void* verifier(const Template<S>& person) {
    return person.verifier_.get();
  }
};

}  // namespace detail
}  // namespace gemel
