#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <type_traits>
#include <utility>
#include <vector>

#include "gemel/core/choice.hpp"
#include "gemel/core/columns.hpp"
#include "gemel/core/error.hpp"
#include "gemel/core/types.hpp"
#include "gemel/network/siamese.hpp"
#include "gemel/network/workspace.hpp"

namespace gemel {

namespace detail {

template <class Model>
inline constexpr bool is_siamese = false;
template <class Net, class Metric>
inline constexpr bool is_siamese<Siamese<Net, Metric>> = true;

/// Whether two distances of the same type compute the same.
template <class Metric>
bool same_distance(const Metric& a, const Metric& b) {
  if constexpr (is_choice<Metric>) {
    return visit_choice(a, [&b]<class A>(const A& chosen) {
      return visit_choice(b, [&chosen]<class B>(const B& other) {
        if constexpr (std::same_as<A, B>) {
          return same_distance(chosen, other);
        } else {
          return false;
        }
      });
    });
  } else if constexpr (std::is_empty_v<Metric>) {
    return true;
  } else {
    static_assert(std::equality_comparable<Metric>,
                  "gemel: the members of an ensemble must have the same distance, so a distance with members needs an "
                  "operator==");
    return a == b;
  }
}

/// The type of the members of Ensemble{first, others...}.
template <class First, class... Others>
struct MemberType {
  static_assert((std::same_as<First, Others> && ...),
                "gemel: the members of an ensemble have one type; for models of different types, write "
                "Ensemble<AnyModel<float>>{a, b, c} (network/any_model.hpp)");
  using type = First;
};

}  // namespace detail

/// Several models whose embeddings are concatenated: the embedding of a sample consists of the embeddings of all
/// members, in the order of the members. Models that were trained from different random numbers make different errors,
/// so an ensemble usually errs less than each of its members (Hansen and Salamon, Neural network ensembles, 1990), and
/// takes as long as all of them together.
///
///   Ensemble ensemble{a, b, c};
///   const auto verifier = calibrate(ensemble, validation, {.far = 0.01});
///
/// An ensemble is an Embedder (verification/embedder.hpp). Its distance is the members' distance, computed from the
/// concatenated embeddings: with SquaredEuclidean, the sum of the members' distances; with Euclidean, the root of the
/// sum of their squares. A member whose embeddings are longer than those of the others has a greater influence.
///
/// Model is a Siamese; with AnyModel, the members can have different layers. An ensemble is not trained: train the
/// members, then make an ensemble of them. It owns copies of them.
template <class Model>
class Ensemble {
  static_assert(detail::is_siamese<Model>, "gemel: the members of an ensemble must be of a type Siamese or AnyModel");

 public:
  using Scalar = typename Model::Scalar;  ///< float or double

  /// An ensemble of the given members. Throws ValueError if there are none, if one was moved from, or if their
  /// distances differ; ShapeError if they take different numbers of features.
  explicit Ensemble(std::vector<Model> members) : members_(std::move(members)) {
    if (members_.empty()) throw ValueError("an ensemble has no members; it needs at least one");
    for (std::size_t m = 0; m < members_.size(); ++m) check_member(m);
  }
  /// As above, for members that are listed.
  template <std::convertible_to<Model>... Others>
  explicit Ensemble(Model first, Others... others) : Ensemble(listed(std::move(first), std::move(others)...)) {}

  /// A copy of an ensemble whose members convert to Model, which may be an AnyModel. Throws ValueError if the other
  /// ensemble was moved from.
  template <class Other>
  requires(!std::same_as<Other, Model> && std::convertible_to<const Other&, Model>)
      Ensemble(const Ensemble<Other>& other)
      : Ensemble(std::vector<Model>(other.members().begin(), other.members().end())) {}

  /// The members; none if the ensemble was moved from.
  const std::vector<Model>& members() const { return members_; }
  /// The members' distance.
  const auto& metric() const { return members_.front().metric(); }

  /// The number of features of a sample; 0 if the ensemble was moved from.
  Index in() const { return members_.empty() ? 0 : members_.front().network().in(); }
  /// The number of elements of an embedding: the sum of the members' numbers.
  Index embedding_size() const {
    Index size = 0;
    for (const Model& member : members_) size += member.embedding_size();
    return size;
  }

  /// The embeddings (embedding_size() x n) of the samples x (in x n, one per column). `threads` is the maximum number
  /// of threads; 0 stands for the number of available processors. No bit of the result depends on it. Throws ShapeError
  /// if x does not have as many rows as the members have inputs, and ValueError if `threads` is negative or larger than
  /// max_threads.
  MatrixX<Scalar> embed(const Eigen::Ref<const MatrixX<Scalar>>& x, Index threads = 1) const {
    return embed(ColumnList<Scalar>{x.data(), x.outerStride(), x.rows(), x.cols()}, threads);
  }
  /// As above, but for samples in a ColumnList (in x n). It is a template for the reason given at Siamese::embed.
  template <std::same_as<ColumnList<Scalar>> List>
  MatrixX<Scalar> embed(List x, Index threads = 1) const {
    MatrixX<Scalar> y(embedding_size(), x.cols());
    embed(x, Columns<Scalar>(y.data(), y.rows(), y.cols()), threads);
    return y;
  }
  /// As above, but writes the embeddings to y (embedding_size() x n). Throws ShapeError also if y has another size.
  void embed(ColumnList<Scalar> x, Columns<Scalar> y, Index threads) const {
    check_sizes(x, y);
    detail::embed_in_chunks(x, y, threads, [this](ColumnList<Scalar> part, Columns<Scalar> to, auto& workspace) {
      embed_checked(part, to, workspace);
    });
  }
  /// As above, but computes in the calling thread. Nothing is allocated once the workspace is large enough.
  void embed(ColumnList<Scalar> x, Columns<Scalar> y, Workspace<Scalar>& workspace) const {
    check_sizes(x, y);
    embed_checked(x, y, workspace);
  }

 private:
  static constexpr Index block = 96;  // columns per block, which stay in the cache until they are copied

  template <class... Others>
  static std::vector<Model> listed(Model first, Others... others) {
    std::vector<Model> members;
    members.reserve(1 + sizeof...(Others));
    members.push_back(std::move(first));
    (members.push_back(std::move(others)), ...);
    return members;
  }

  [[gnu::cold]] void check_member(std::size_t m) const {
    const Model& member = members_[m];
    if (member.network().depth() == 0) {
      throw ValueError({"member ", m, " of the ensemble was moved from, so it has no layers"});
    }
    if (member.network().in() != in()) {
      throw ShapeError({"the members of an ensemble embed the same samples, but member 0 takes ", in(),
                        " features, and member ", m, " takes ", member.network().in()});
    }
    if (!detail::same_distance(member.metric(), metric())) {
      throw ValueError({"the members of an ensemble have the same distance, but the distance of member ", m,
                        " differs from the distance of member 0"});
    }
  }

  void check_sizes(const ColumnList<Scalar>& x, const Columns<Scalar>& y) const {
    if (members_.empty()) throw ValueError("the ensemble was moved from, so it has no members");
    if (x.rows() != in()) {
      throw ShapeError({"the ensemble takes ", in(), " features, but the samples have ", x.rows(),
                        " (rows are features, columns are samples)"});
    }
    if (y.rows() != embedding_size() || y.cols() != x.cols()) {
      throw ShapeError({"the embeddings are ", embedding_size(), " x ", x.cols(), ", but there is room for ", y.rows(),
                        " x ", y.cols()});
    }
  }

  void embed_checked(ColumnList<Scalar> x, Columns<Scalar> y, Workspace<Scalar>& workspace) const {
    if (members_.size() == 1) return members_.front().network().embed(x, y, workspace);
    Index row = 0;
    for (const Model& member : members_) {
      const Index out = member.embedding_size();
      workspace.member.reserve(out * std::min(block, x.cols()));
      for (Index first = 0; first < x.cols(); first += block) {
        const Index count = std::min(block, x.cols() - first);
        const Columns<Scalar> part(workspace.member.data(), out, count);
        member.network().embed(x.middle(first, count), part, workspace);
        y.block(row, first, out, count) = part;
      }
      row += out;
    }
  }

  std::vector<Model> members_;
};

/// The members' type is deduced from the members.
template <class First, class... Others>
Ensemble(First, Others...) -> Ensemble<typename detail::MemberType<First, Others...>::type>;

}  // namespace gemel
