#pragma once

#include <algorithm>
#include <cmath>
#include <iterator>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gemel/core/columns.hpp"
#include "gemel/core/error.hpp"
#include "gemel/core/reduce.hpp"
#include "gemel/core/types.hpp"
#include "gemel/data/pair_source.hpp"
#include "gemel/metrics/interval.hpp"
#include "gemel/network/borrowed_workspace.hpp"
#include "gemel/network/workspace.hpp"
#include "gemel/verification/distances.hpp"
#include "gemel/verification/embedder.hpp"

namespace gemel {

/// A threshold that accepts the fraction `far` of the dissimilar pairs of a calibration.
struct FarPoint {
  double far = 0;        ///< In [0, 1].
  double threshold = 0;  ///< Accepts distances up to this one; -infinity rejects every pair.
  /// Whether both members are equal.
  friend bool operator==(const FarPoint&, const FarPoint&) = default;
};

/// A threshold, its error rates on the pairs that it was set on, and a confidence interval of its FAR on new pairs.
struct Calibration {
  double threshold = 0;     ///< Accepts distances d <= threshold, compared in double; -infinity rejects every pair.
  double far = 0;           ///< The fraction of the dissimilar calibration pairs that is accepted, in [0, 1].
  double frr = 0;           ///< The fraction of the similar calibration pairs that is rejected, in [0, 1].
  Interval interval = {};   ///< The confidence interval of the FAR.
  std::string method = {};  ///< Text that tells which rule set the threshold on which pairs, and how the interval was
                            ///< computed; or why every pair is rejected.
  /// Thresholds for other false accept rates on the same pairs, from the strictest, which accepts no dissimilar pair,
  /// to one that accepts all; both members ascend. There are about 300 of a million pairs. Empty in files of older
  /// versions.
  std::vector<FarPoint> far_points = {};

  /// The point with the largest false accept rate that is at most `rate`. If `rate` is less than one pair of the
  /// calibration can show, that is the strictest one, with the FAR 0. Throws ValueError unless `far` is in [0, 1], or
  /// if there are no points.
  const FarPoint& point_at(double rate) const {
    if (!(rate >= 0 && rate <= 1)) {
      throw ValueError({"a false accept rate lies between 0 and 1, but ", rate, " was given"});
    }
    if (far_points.empty()) {
      throw ValueError("the calibration has no thresholds for other false accept rates: calibrate again");
    }
    const auto above = std::upper_bound(far_points.begin(), far_points.end(), rate,
                                        [](double r, const FarPoint& point) { return r < point.far; });
    return above == far_points.begin() ? *above : *std::prev(above);
  }
};

/// Decides whether two raw samples are the same or different, with a model and a calibrated threshold. Scaling, if the
/// samples need it, is a layer of the model. A Verifier owns a copy of the model, and all comparisons are const, so
/// that any number of threads may share a Verifier.
///
/// The calling thread computes everything. If the caller passes no Workspace, each thread keeps one until it ends,
/// which serves all Verifiers of the same scalar. It grows to the size that the largest network needs: two outputs of
/// the widest layer for 196 samples, and the embeddings of 48 pairs. After that, nothing is allocated, with three
/// exceptions: `distances` allocates the vector that it returns, an embedder that cannot embed into the caller's memory
/// (embedder.hpp) allocates its embeddings in each call, and samples that Eigen must copy (a row, an expression) are
/// copied to new memory.
template <class Model>
class Verifier {
  static_assert(Embedder<Model>, "gemel: this type does not model the Embedder concept (verification/embedder.hpp)");

 public:
  using Scalar = typename Model::Scalar;             ///< float or double
  using Sample = Eigen::Ref<const MatrixX<Scalar>>;  ///< one column: a VectorX, a features x 1 matrix, or a column

  /// A verifier that compares distances under the model with calibration.threshold. The threshold -infinity rejects
  /// every pair. Throws ValueError if the threshold is NaN.
  Verifier(Model model, Calibration calibration) : model_(std::move(model)), calibration_(std::move(calibration)) {
    if (std::isnan(calibration_.threshold)) throw ValueError("the threshold is NaN");
  }

  /// @{
  /// Whether the two samples (features x 1) are accepted as the same. Throws like `distance`.
  bool same(const Sample& a, const Sample& b) const { return accepts(distance(a, b)); }
  bool same(const Sample& a, const Sample& b, Workspace<Scalar>& workspace) const {
    return accepts(distance(a, b, workspace));
  }
  /// @}

  /// @{
  /// The distance of the embeddings of two samples (features x 1). Throws ShapeError if a or b is not one sample with
  /// as many features as the model takes, or if the model does not return one embedding per sample, with at least one
  /// element. Throws NonFiniteError if a feature or the distance is NaN or infinite, so that an invalid sample is never
  /// reported as different; `place().sample` is 0 for a and 1 for b.
  Scalar distance(const Sample& a, const Sample& b) const {
    detail::BorrowedWorkspace<Scalar> workspace;
    return distance(a, b, *workspace);
  }
  Scalar distance(const Sample& a, const Sample& b, Workspace<Scalar>& workspace) const {
    if (a.cols() != 1 || b.cols() != 1 || a.rows() != b.rows()) refuse_shapes("two samples, each features x 1,", a, b);
    const Scalar* const columns[] = {a.data(), b.data()};
    Scalar d = 0;
    measure(columns, a.rows(), 1, workspace, &d, [](Index, Index side) { return Place{.sample = side}; });
    return d;
  }
  /// @}

  /// The distance (n x 1) of each sample of a to the sample of b in the same column (both features x n). Throws like
  /// `distance`, and ShapeError if a and b have different sizes. For an error, `place().pair` is the index of the pair,
  /// and `place().sample` is j for column j of a and n + j for column j of b.
  VectorX<Scalar> distances(const Eigen::Ref<const MatrixX<Scalar>>& a,
                            const Eigen::Ref<const MatrixX<Scalar>>& b) const {
    detail::BorrowedWorkspace<Scalar> workspace;
    VectorX<Scalar> d(a.cols());
    distances(a, b, *workspace, d);
    return d;
  }
  /// As above, but writes the distances to d (n x 1). Throws ShapeError also if d has another size.
  void distances(const Eigen::Ref<const MatrixX<Scalar>>& a, const Eigen::Ref<const MatrixX<Scalar>>& b,
                 Workspace<Scalar>& workspace, Eigen::Ref<VectorX<Scalar>> d) const {
    if (a.cols() != b.cols() || a.rows() != b.rows()) refuse_shapes("samples, column by column,", a, b);
    const Index n = a.cols();
    if (d.size() != n) throw ShapeError({"there are ", n, " pairs of samples, but there is room for ", d.size()});
    workspace.columns.reserve(2 * block);
    for (Index first = 0; first < n; first += block) {
      const Index count = std::min(block, n - first);
      const Scalar** const columns = workspace.columns.data();
      for (Index j = 0; j < count; ++j) {
        columns[j] = a.data() + (first + j) * a.outerStride();
        columns[count + j] = b.data() + (first + j) * b.outerStride();
      }
      measure(columns, a.rows(), count, workspace, d.data() + first,
              [first, n](Index j, Index side) { return Place{.pair = first + j, .sample = first + j + side * n}; });
    }
  }

  /// Whether a distance that `distance` or `distances` returned is at most the threshold, so that the pair counts as
  /// the same.
  bool accepts(Scalar distance) const { return static_cast<double>(distance) <= calibration_.threshold; }

  /// @{
  /// The calibration or the model that the Verifier was made of: a reference, or the value itself if the Verifier is a
  /// temporary, as in `calibrate(model, pairs).calibration()`.
  const Calibration& calibration() const& { return calibration_; }
  Calibration calibration() && { return std::move(calibration_); }
  const Model& model() const& { return model_; }
  Model model() && { return std::move(model_); }
  /// @}

 private:
  static constexpr Index block = 48;  // pairs per block

  /// Writes the distances of `count` pairs to d. `columns` has the first samples of all pairs (side 0) and then the
  /// second samples (side 1). where(j, side) returns the place of the sample of pair j on that side.
  template <class Where>
  void measure(const Scalar* const* columns, Index features, Index count, Workspace<Scalar>& workspace, Scalar* d,
               const Where& where) const {
    if (!std::isfinite(max_abs(columns, features, 2 * count))) refuse_features(columns, features, count, where);
    const ColumnList<Scalar> samples{columns, features, 2 * count};
    detail::with_embeddings(model_, samples, workspace, [&](const Scalar* embeddings, Index out) {
      const auto pair_at = [count](Index j) { return PairIndex{j, count + j}; };
      detail::measure_pairs(model_.metric(), embeddings, out, count, pair_at, d);
    });
    for (Index j = 0; j < count; ++j) {
      if (!std::isfinite(d[j])) refuse_distance(where(j, 0).pair);
    }
  }

  [[gnu::cold, noreturn]] static void refuse_shapes(const char* what, const Sample& a, const Sample& b) {
    throw ShapeError(
        {what, " are compared, but these are ", a.rows(), " x ", a.cols(), " and ", b.rows(), " x ", b.cols()});
  }
  template <class Where>
  [[gnu::cold, noreturn]] static void refuse_features(const Scalar* const* columns, Index features, Index count,
                                                      const Where& where) {
    Place place;
    for (Index j = 0; j < 2 * count; ++j) {
      const Index pair = j / 2, side = j % 2;
      const Index feature = detail::first_not_finite(columns[pair + side * count], features);
      if (feature == features) continue;
      place = where(pair, side);
      place.feature = feature;
      break;
    }
    throw NonFiniteError("a sample's features hold NaN or infinity: such a sample is neither the same nor different",
                         std::move(place));
  }
  [[gnu::cold, noreturn]] static void refuse_distance(std::optional<Index> pair) {
    throw NonFiniteError("the distance is not finite: look for huge features in the two samples", {.pair = pair});
  }

  Model model_;
  Calibration calibration_;
};

}  // namespace gemel
