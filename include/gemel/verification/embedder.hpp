#pragma once

#include <concepts>
#include <type_traits>

#include "gemel/core/columns.hpp"
#include "gemel/core/error.hpp"
#include "gemel/core/has_member.hpp"
#include "gemel/core/types.hpp"
#include "gemel/network/distance.hpp"
#include "gemel/network/workspace.hpp"

namespace gemel {

namespace detail {

GEMEL_HAS_MEMBER(embedding_size)

/// A Distance, or a reference to one.
template <class Metric, class S>
concept IsDistance = Distance<std::remove_cvref_t<Metric>, S>;
template <class M>
concept SaysEmbeddingSize = requires(const M model) {
  { model.embedding_size() } -> std::convertible_to<Index>;
};
template <class M, class S>
concept EmbedsIntoMemory = requires(const M model, ColumnList<S> x, Columns<S> y, Workspace<S>& workspace) {
  model.embed(x, y, workspace);
};
/// The optional members are both present, with the right signatures, or both absent.
template <class M, class S>
concept EmbedderOptions = std::is_class_v<M> &&
    ((SaysEmbeddingSize<M> && EmbedsIntoMemory<M, S>) || (!has_embedding_size<M> && !EmbedsIntoMemory<M, S>));

}  // namespace detail

/// A model as `distances`, `evaluate`, `calibrate` and `Verifier` take it: a Siamese, or a class of your own, such as a
/// whitening alone or an ensemble. It is const while it embeds, so that threads may share it.
///
///   Scalar                    float or double
///   embed(ColumnList x)       the embeddings (out x n) of raw samples (in x n), as a matrix of its own. Throws
///                             ShapeError where the samples have another number of features than it takes
///   metric()                  a Distance of two embeddings
///
/// With these two as well, never one without the other, a Verifier allocates nothing:
///
///   embedding_size()          out
///   embed(x, y, workspace)    the same, written to y (Columns, out x n) by the calling thread. It may use the
///                             Workspace's `layer`, but neither `embedding` nor `columns`, where y and x may lie
///
/// `distances`, `evaluate` and `calibrate` call the first form of `embed`, a Verifier the second form if it exists.
/// Therefore a class that derives from an embedder and replaces `embed` must replace both forms. If it took over the
/// other form by `using`, a threshold would be set on other distances than those it is compared with.
template <class M>
concept Embedder = requires(const M model, ColumnList<typename M::Scalar> x) {
  { model.embed(x) } -> std::convertible_to<MatrixX<typename M::Scalar>>;
  { model.metric() } -> detail::IsDistance<typename M::Scalar>;
  requires detail::EmbedderOptions<M, typename M::Scalar>;
};

namespace detail {

/// The embeddings of x. Throws ShapeError where the model returns another number of them, for the caller would read
/// beyond their end.
template <Embedder Model, Scalar S>
MatrixX<S> embeddings_of(const Model& model, const ColumnList<S>& x) {
  MatrixX<S> embeddings = model.embed(x);
  if (embeddings.cols() != x.cols() || embeddings.rows() == 0) {
    throw ShapeError({"the model gave ", embeddings.rows(), " x ", embeddings.cols(), " for ", x.cols(),
                      " samples: an embedder's embeddings are out x n, one a column"});
  }
  return embeddings;
}

}  // namespace detail
}  // namespace gemel
