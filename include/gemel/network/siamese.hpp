#pragma once

#include <algorithm>
#include <atomic>
#include <concepts>
#include <utility>

#include "gemel/core/choice.hpp"
#include "gemel/core/columns.hpp"
#include "gemel/core/error.hpp"
#include "gemel/core/team.hpp"
#include "gemel/network/borrowed_workspace.hpp"
#include "gemel/network/distance.hpp"
#include "gemel/network/network.hpp"
#include "gemel/network/workspace.hpp"

namespace gemel {

namespace detail {

/// Calls embed(part of x, part of y, workspace) for chunks of the columns, in up to `threads` threads. Throws
/// ValueError if `threads` is negative or larger than max_threads.
template <Scalar S, class Embed>
void embed_in_chunks(ColumnList<S> x, Columns<S> y, Index threads, const Embed& embed) {
  constexpr Index chunk = 980;  // in columns; a thread that has finished a chunk takes the next one
  Team team(std::min(checked_threads(threads), x.cols() / chunk + 1));
  std::atomic<Index> next = 0;
  team.run([&](Index) {
    Workspace<S> workspace;
    for (Index first = next.fetch_add(chunk); first < x.cols(); first = next.fetch_add(chunk)) {
      const Index count = std::min(chunk, x.cols() - first);
      embed(x.middle(first, count), Columns<S>(y.col(first).data(), y.rows(), count), workspace);
    }
  });
}

}  // namespace detail

/// A siamese model: one network, which is applied to both samples of a pair, and a distance of the two embeddings
/// (Bromley et al., Signature verification using a "siamese" time delay neural network, 1993).
template <class Net, class Metric = Euclidean>
class Siamese {
 public:
  using Scalar = typename Net::Scalar;  ///< float or double
  static_assert(Distance<Metric, Scalar>,
                "gemel: this type does not model the Distance concept (network/distance.hpp)");

  /// A model of a network that is initialized with random numbers from rng.
  explicit Siamese(Rng& rng) requires std::constructible_from<Net, Rng&> : network_(rng) {}
  /// A model of the given network and distance.
  explicit Siamese(Net network, Metric metric = {}) : network_(std::move(network)), metric_(std::move(metric)) {}

  /// A copy of a model of another type whose network and metric convert to the types of this model; see AnyModel.
  /// Throws ValueError if the other model was moved from.
  template <class OtherNet, class OtherMetric>
  requires(std::convertible_to<const OtherNet&, Net>&& std::convertible_to<const OtherMetric&, Metric>)
      Siamese(const Siamese<OtherNet, OtherMetric>& other)
      : network_(other.network()), metric_(other.metric()) {}

  const Net& network() const { return network_; }   ///< the network
  Net& network() { return network_; }               ///< the network, which may be changed
  const Metric& metric() const { return metric_; }  ///< the distance of two embeddings

  /// The number of elements of an embedding.
  Index embedding_size() const { return network_.out(); }

  /// The network's flat vector of parameters; see Network::parameters.
  ConstColumn<Scalar> parameters() const { return network_.parameters(); }
  /// Sets all parameters of the network, with the order and the errors of Network::set_parameters.
  template <class Derived>
  void set_parameters(const Eigen::MatrixBase<Derived>& values) {
    network_.set_parameters(values);
  }

  /// The embeddings (out x n) of the samples x (in x n, one per column). `threads` is the maximum number of threads; 0
  /// stands for the number of available processors. No bit of the result depends on it. Throws ShapeError if x does not
  /// have as many rows as the network has inputs, and ValueError if `threads` is negative or larger than max_threads.
  MatrixX<Scalar> embed(const Eigen::Ref<const MatrixX<Scalar>>& x, Index threads = 1) const {
    return embed(columns_of(x), threads);
  }
  /// As above, but for samples in a ColumnList (in x n). It is a template because Eigen's Map would convert to both
  /// parameter types; the template matches a ColumnList only.
  template <std::same_as<ColumnList<Scalar>> List>
  MatrixX<Scalar> embed(List x, Index threads = 1) const {
    MatrixX<Scalar> y(network_.out(), x.cols());
    embed(x, Columns<Scalar>(y.data(), y.rows(), y.cols()), threads);
    return y;
  }
  /// As above, but writes the embeddings to y (out x n). Throws ShapeError also if y has another size.
  void embed(ColumnList<Scalar> x, Columns<Scalar> y, Index threads) const {
    check_sizes(x, y);
    detail::embed_in_chunks(x, y, threads, [this](ColumnList<Scalar> part, Columns<Scalar> to, auto& workspace) {
      network_.embed(part, to, workspace);
    });
  }
  /// As above, but computes in the calling thread. Nothing is allocated once the workspace is large enough.
  void embed(ColumnList<Scalar> x, Columns<Scalar> y, Workspace<Scalar>& workspace) const {
    check_sizes(x, y);
    network_.embed(x, y, workspace);
  }

  /// The distance (n x 1) of each sample of a (in x n) to the sample of b (in x n) in the same column. Throws
  /// ShapeError if the sizes disagree. Values are not checked, and a ReLU may turn an infinite feature into a finite
  /// distance; Verifier and the function `distances` check them. The calling thread keeps a Workspace for later calls
  /// until it ends.
  VectorX<Scalar> distance(const Eigen::Ref<const MatrixX<Scalar>>& a,
                           const Eigen::Ref<const MatrixX<Scalar>>& b) const {
    detail::BorrowedWorkspace<Scalar> workspace;
    VectorX<Scalar> d(a.cols());
    distance(a, b, *workspace, d);
    return d;
  }
  /// As above, but writes the distances to d (n x 1). Nothing is allocated once the workspace is large enough.
  void distance(const Eigen::Ref<const MatrixX<Scalar>>& a, const Eigen::Ref<const MatrixX<Scalar>>& b,
                Workspace<Scalar>& workspace, Eigen::Ref<VectorX<Scalar>> d) const {
    check_features(a.rows());
    check_features(b.rows());
    if (a.cols() != b.cols() || d.size() != a.cols()) {
      throw ShapeError({"distances are taken column by column, but there are ", a.cols(), " and ", b.cols(),
                        " columns, and room for ", d.size()});
    }
    const Index out = network_.out();
    workspace.embedding.reserve(out * 2 * block);
    workspace.columns.reserve(2 * block);
    for (Index first = 0; first < a.cols(); first += block) {
      // Both sides of a block go through the network together, so that its weights are read only once.
      const Index count = std::min(block, a.cols() - first);
      const Scalar** columns = workspace.columns.data();
      for (Index j = 0; j < count; ++j) {
        columns[j] = columns_of(a)[first + j];
        columns[count + j] = columns_of(b)[first + j];
      }
      const Columns<Scalar> both(workspace.embedding.data(), out, 2 * count);
      network_.embed(ColumnList<Scalar>(columns, a.rows(), 2 * count), both, workspace);
      detail::visit_choice(metric_, [&](const auto& metric) {
        for (Index j = 0; j < count; ++j) {
          d[first + j] = metric.value(ConstColumn<Scalar>(both.data() + j * out, out),
                                      ConstColumn<Scalar>(both.data() + (count + j) * out, out));
        }
      });
    }
  }

 private:
  static constexpr Index block = 48;  // pairs per block

  static ColumnList<Scalar> columns_of(const Eigen::Ref<const MatrixX<Scalar>>& x) {
    return {x.data(), x.outerStride(), x.rows(), x.cols()};
  }

  void check_features(Index rows) const {
    if (rows != network_.in()) {
      throw ShapeError({"the network takes ", network_.in(), " features, but the samples have ", rows,
                        " (rows are features, columns are samples)"});
    }
  }

  void check_sizes(const ColumnList<Scalar>& x, const Columns<Scalar>& y) const {
    check_features(x.rows());
    if (y.rows() != network_.out() || y.cols() != x.cols()) {
      throw ShapeError({"the embeddings are ", network_.out(), " x ", x.cols(), ", but there is room for ", y.rows(),
                        " x ", y.cols()});
    }
  }

  Net network_;
  [[no_unique_address]] Metric metric_ = {};
};

}  // namespace gemel
