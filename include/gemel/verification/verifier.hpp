#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <utility>

#include "gemel/core/columns.hpp"
#include "gemel/core/error.hpp"
#include "gemel/core/reduce.hpp"
#include "gemel/core/types.hpp"
#include "gemel/metrics/interval.hpp"

namespace gemel {

/// A threshold, what it costs on the pairs it was set on, and what may be expected of it on others.
struct Calibration {
  double threshold = 0;     ///< a distance d <= threshold, compared in double, is accepted as "the same"
  double far = 0;           ///< the share of dissimilar calibration pairs that are accepted
  double frr = 0;           ///< the share of similar calibration pairs that are rejected
  Interval interval = {};   ///< of the FAR
  std::string method = {};  ///< a sentence: how the threshold was set, on what, and which interval this is
};

/// A preprocessing that leaves samples as they are.
struct Identity {
  template <class X>
  const X& operator()(const X& x) const {
    return x;
  }
};

/// Answers "the same or different?" with a model and a calibrated threshold. It owns a copy of the model; all of it is
/// const, so that any number of threads may share one.
///
/// `Preprocess` makes of a sample as it comes (features x 1) what the model was trained on (in x 1): the same scaling,
/// for instance.
template <class Model, class Preprocess = Identity>
class Verifier {
 public:
  using Scalar = typename Model::Scalar;
  using Sample = Eigen::Ref<const MatrixX<Scalar>>;  ///< one column: a VectorX, a features x 1 MatrixX, a column of one

  Verifier(Model model, Calibration calibration, Preprocess preprocess = {})
      : model_(std::move(model)), calibration_(std::move(calibration)), preprocess_(std::move(preprocess)) {
    if (std::isnan(calibration_.threshold)) throw ValueError("the threshold is NaN");
  }

  /// Whether the two samples are accepted as the same. Throws as `distance`.
  bool same(const Sample& a, const Sample& b) const {
    return static_cast<double>(distance(a, b)) <= calibration_.threshold;
  }

  /// Throws ShapeError where a or b is not one sample of the features that the model takes, NonFiniteError where a
  /// feature or the distance is NaN or infinite, so that a broken sample is never taken for a different one.
  Scalar distance(const Sample& a, const Sample& b) const {
    const Scalar d = between(preprocess_(a), preprocess_(b));
    if (!std::isfinite(d)) {
      throw NonFiniteError("the distance is not finite: look for huge features in the two samples");
    }
    return d;
  }

  const Calibration& calibration() const { return calibration_; }
  const Model& model() const { return model_; }
  const Preprocess& preprocess() const { return preprocess_; }

 private:
  Scalar between(const Sample& a, const Sample& b) const {
    if (a.cols() != 1 || b.cols() != 1 || a.rows() != b.rows()) {
      const auto shape = [](const Sample& x) { return std::to_string(x.rows()) + " x " + std::to_string(x.cols()); };
      throw ShapeError({"two samples, each features x 1, are compared, but these are ", shape(a), " and ", shape(b)});
    }
    const std::array<const Scalar*, 2> columns{a.data(), b.data()};
    for (const Scalar* column : columns) {
      if (!std::isfinite(peak(column, a.rows()))) {
        const auto* const bad =
            std::find_if(column, column + a.rows(), [](Scalar value) { return !std::isfinite(value); });
        throw NonFiniteError(
            "a sample's features hold NaN or infinity: such a sample is neither the same nor different",
            {.feature = bad - column});
      }
    }
    const MatrixX<Scalar> embeddings = model_.embed(ColumnList<Scalar>{columns.data(), a.rows(), 2});
    const Scalar* first = embeddings.data();
    const Index out = embeddings.rows();
    return model_.metric().value(ConstColumn<Scalar>{first, out}, ConstColumn<Scalar>{first + out, out});
  }

  Model model_;
  Calibration calibration_;
  Preprocess preprocess_;
};

}  // namespace gemel
