#pragma once

#include <algorithm>
#include <atomic>
#include <concepts>
#include <utility>

#include "gemel/core/choice.hpp"
#include "gemel/core/columns.hpp"
#include "gemel/core/error.hpp"
#include "gemel/core/team.hpp"
#include "gemel/network/distance.hpp"
#include "gemel/network/network.hpp"
#include "gemel/network/workspace.hpp"

namespace gemel {

/// A siamese model: one network, applied to both samples of a pair, and a distance of the two embeddings (Bromley et
/// al., Signature verification using a "siamese" time delay neural network, 1993).
template <class Net, class Metric = Euclidean>
class Siamese {
 public:
  using Scalar = typename Net::Scalar;  ///< float or double
  static_assert(Distance<Metric, Scalar>,
                "gemel: this type does not model the Distance concept (network/distance.hpp)");

  /// A model of a network initialised from rng.
  explicit Siamese(Rng& rng) requires std::constructible_from<Net, Rng&> : network_(rng) {}
  /// A model of the given network and distance.
  explicit Siamese(Net network, Metric metric = {}) : network_(std::move(network)), metric_(std::move(metric)) {}

  /// A copy of a model of other types whose network and metric convert to this model's types; see AnyModel.
  template <class OtherNet, class OtherMetric>
  requires(std::convertible_to<const OtherNet&, Net>&& std::convertible_to<const OtherMetric&, Metric>)
      Siamese(const Siamese<OtherNet, OtherMetric>& other)
      : network_(other.network()), metric_(other.metric()) {}

  const Net& network() const { return network_; }   ///< the network
  Net& network() { return network_; }               ///< the network, to be changed
  const Metric& metric() const { return metric_; }  ///< the distance of two embeddings

  /// The number of rows of an embedding.
  Index embedding_size() const { return network_.out(); }

  /// The network's flat vector of parameters; see Network::parameters.
  ConstColumn<Scalar> parameters() const { return network_.parameters(); }
  /// Copies all parameters into the network. The order and the errors are those of Network::set_parameters.
  template <class Derived>
  void set_parameters(const Eigen::MatrixBase<Derived>& values) {
    network_.set_parameters(values);
  }

  /// The embeddings (out x n) of samples (in x n, one per column). `threads` is the largest number of threads to use, 0
  /// for as many as there are processors available; no bit depends on it. Throws ShapeError for another number of
  /// features, ValueError where `threads` is negative or larger than any machine has.
  MatrixX<Scalar> embed(const Eigen::Ref<const MatrixX<Scalar>>& x, Index threads = 1) const {
    return embed(columns_of(x), threads);
  }
  /// The same for a ColumnList. Only this exact type matches, for a Map would convert to both parameter types.
  template <std::same_as<ColumnList<Scalar>> List>
  MatrixX<Scalar> embed(List x, Index threads = 1) const {
    MatrixX<Scalar> y(network_.out(), x.cols());
    embed(x, Columns<Scalar>(y.data(), y.rows(), y.cols()), threads);
    return y;
  }
  /// The same, written to y (out x n).
  void embed(ColumnList<Scalar> x, Columns<Scalar> y, Index threads) const {
    check_sizes(x, y);
    constexpr Index chunk = 960;  // columns; a thread that has finished a chunk takes the next one
    Team team(std::min(checked_threads(threads), x.cols() / chunk + 1));
    std::atomic<Index> next = 0;
    team.run([&](Index) {
      Workspace<Scalar> workspace;
      for (Index first = next.fetch_add(chunk); first < x.cols(); first = next.fetch_add(chunk)) {
        const Index count = std::min(chunk, x.cols() - first);
        network_.embed(x.middle(first, count), {y.col(first).data(), y.rows(), count}, workspace);
      }
    });
  }
  /// The same by the calling thread. Allocates nothing once the workspace has grown.
  void embed(ColumnList<Scalar> x, Columns<Scalar> y, Workspace<Scalar>& workspace) const {
    check_sizes(x, y);
    network_.embed(x, y, workspace);
  }

  /// The distances (n) of a's columns to b's columns (both in x n). Throws ShapeError where sizes disagree. Values are
  /// not checked, and a ReLU may turn an infinite feature into a finite number; Verifier and `distances` check them.
  VectorX<Scalar> distance(const Eigen::Ref<const MatrixX<Scalar>>& a,
                           const Eigen::Ref<const MatrixX<Scalar>>& b) const {
    Workspace<Scalar> workspace;
    VectorX<Scalar> d(a.cols());
    distance(a, b, workspace, d);
    return d;
  }
  /// The same, written to d (n). Allocates nothing once the workspace has grown.
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
      // Both sides go through the network together, so that its weights are read once for the two.
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
  static constexpr Index block = 48;  // pairs at a time

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
