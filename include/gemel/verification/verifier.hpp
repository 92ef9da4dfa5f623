#pragma once

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <utility>

#include "gemel/core/columns.hpp"
#include "gemel/core/error.hpp"
#include "gemel/core/reduce.hpp"
#include "gemel/core/types.hpp"
#include "gemel/data/pair_source.hpp"
#include "gemel/metrics/interval.hpp"
#include "gemel/network/workspace.hpp"
#include "gemel/verification/distances.hpp"
#include "gemel/verification/embedder.hpp"

namespace gemel {

/// A threshold, its error rates on the pairs that it was set on, and an interval of its FAR on other pairs.
struct Calibration {
  double threshold = 0;     ///< distances d <= threshold, compared in double, are accepted as "the same"; -infinity
                            ///< accepts none
  double far = 0;           ///< the share of dissimilar calibration pairs that are accepted
  double frr = 0;           ///< the share of similar calibration pairs that are rejected
  Interval interval = {};   ///< of the FAR
  std::string method = {};  ///< a sentence: by which rule and on which pairs the threshold was set, and which interval
                            ///< this is; or why nothing is accepted
};

namespace detail {

/// The calling thread's workspace for the duration of a call. It is moved out of the thread_local object and back, so
/// that a model that asks a Verifier while it embeds does not write into its caller's workspace. A call after the
/// thread_local object is destroyed (from the destructor of a static object, or of another thread_local one) gets a new
/// workspace for that call only.
template <Scalar S>
class BorrowedWorkspace {
 public:
  BorrowedWorkspace() {
    if (!ended()) workspace_ = std::move(kept().workspace);
  }
  BorrowedWorkspace(const BorrowedWorkspace&) = delete;
  BorrowedWorkspace& operator=(const BorrowedWorkspace&) = delete;
  ~BorrowedWorkspace() {
    if (!ended()) kept().workspace = std::move(workspace_);
  }

  Workspace<S>& operator*() { return workspace_; }

 private:
  struct Kept {
    Workspace<S> workspace;
    ~Kept() { ended() = true; }
  };

  static Kept& kept() {
    thread_local Kept kept;
    return kept;
  }
  /// Whether the calling thread's object is destroyed. A bool has no destructor, so it can be read even then.
  static bool& ended() {
    thread_local bool ended = false;
    return ended;
  }

  Workspace<S> workspace_;
};

}  // namespace detail

/// Answers "the same or different?" for raw samples, with a model and a calibrated threshold. Any scaling of the
/// samples is a layer of the model. A Verifier owns a copy of the model, and every comparison is const, so that any
/// number of threads may share one.
///
/// The calling thread does all the work. Where the caller passes no Workspace, each thread keeps one until it ends, for
/// all Verifiers of the same scalar. Once it has grown to the largest network used (two outputs of its widest layer for
/// 96 samples, and the embeddings of 48 pairs), nothing is allocated, with two exceptions: an embedder that cannot
/// embed into the caller's memory (embedder.hpp) allocates its embeddings in each call, and samples that Eigen must
/// copy (a row, an expression) are copied into new memory.
template <class Model>
class Verifier {
  static_assert(Embedder<Model>, "gemel: this type does not model the Embedder concept (verification/embedder.hpp)");

 public:
  using Scalar = typename Model::Scalar;             ///< float or double
  using Sample = Eigen::Ref<const MatrixX<Scalar>>;  ///< one column: a VectorX, a features x 1 MatrixX, or its column

  /// Throws ValueError where the threshold is NaN. A threshold of -infinity accepts nothing.
  Verifier(Model model, Calibration calibration) : model_(std::move(model)), calibration_(std::move(calibration)) {
    if (std::isnan(calibration_.threshold)) throw ValueError("the threshold is NaN");
  }

  /// @{
  /// Whether the two samples are accepted as the same. Throws like `distance`.
  bool same(const Sample& a, const Sample& b) const { return accepts(distance(a, b)); }
  bool same(const Sample& a, const Sample& b, Workspace<Scalar>& workspace) const {
    return accepts(distance(a, b, workspace));
  }
  /// @}

  /// @{
  /// The distance of the two samples' embeddings. Throws ShapeError where a or b is not one sample of as many features
  /// as the model takes. Throws NonFiniteError where a feature or the distance is NaN or infinite, so that a broken
  /// sample never counts as a different one; `place().sample` is 0 for a, 1 for b.
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

  /// The distance (n) of each sample of a to the sample of b in the same column (both features x n). Throws like
  /// `distance`; the error's place has the pair's number, and as sample number j for column j of a, n + j for column j
  /// of b.
  VectorX<Scalar> distances(const Eigen::Ref<const MatrixX<Scalar>>& a,
                            const Eigen::Ref<const MatrixX<Scalar>>& b) const {
    detail::BorrowedWorkspace<Scalar> workspace;
    VectorX<Scalar> d(a.cols());
    distances(a, b, *workspace, d);
    return d;
  }
  /// The same, written to d (n).
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

  /// Whether a distance, as `distance` and `distances` return it, is accepted as "the same".
  bool accepts(Scalar distance) const { return static_cast<double>(distance) <= calibration_.threshold; }

  /// @{
  /// What the Verifier was made of: a reference, or the value itself if the Verifier is a temporary, as in
  /// `calibrate(model, pairs).calibration()`.
  const Calibration& calibration() const& { return calibration_; }
  Calibration calibration() && { return std::move(calibration_); }
  const Model& model() const& { return model_; }
  Model model() && { return std::move(model_); }
  /// @}

 private:
  static constexpr Index block = 48;  // pairs at a time

  /// The distances of `count` pairs. `columns` has all samples of side 0, then all samples of side 1; where(j, side) is
  /// the place of pair j's sample on that side.
  template <class Where>
  void measure(const Scalar* const* columns, Index features, Index count, Workspace<Scalar>& workspace, Scalar* d,
               const Where& where) const {
    if (!std::isfinite(max_abs(columns, features, 2 * count))) refuse_features(columns, features, count, where);
    const ColumnList<Scalar> samples{columns, features, 2 * count};
    const auto measure_embeddings = [&](const Scalar* embeddings, Index out) {
      detail::measure_pairs(
          model_.metric(), embeddings, out, count,
          [count](Index j) {
            return PairIndex{j, count + j};
          },
          d);
    };
    if constexpr (detail::EmbedsIntoMemory<Model, Scalar>) {
      const Index out = model_.embedding_size();
      if (out <= 0) refuse_size(out);
      workspace.embedding.reserve(out * 2 * count);
      model_.embed(samples, Columns<Scalar>(workspace.embedding.data(), out, 2 * count), workspace);
      measure_embeddings(workspace.embedding.data(), out);
    } else {
      const MatrixX<Scalar> embeddings = detail::embeddings_of(model_, samples);
      measure_embeddings(embeddings.data(), embeddings.rows());
    }
    for (Index j = 0; j < count; ++j) {
      if (!std::isfinite(d[j])) refuse_distance(where(j, 0).pair);
    }
  }

  [[gnu::cold, noreturn]] static void refuse_shapes(const char* what, const Sample& a, const Sample& b) {
    throw ShapeError(
        {what, " are compared, but these are ", a.rows(), " x ", a.cols(), " and ", b.rows(), " x ", b.cols()});
  }
  [[gnu::cold, noreturn]] static void refuse_size(Index out) {
    throw ShapeError({"the model's embeddings have the size ", out, ": they need at least one element"});
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
