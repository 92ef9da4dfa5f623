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

/// Of a Distance, or a reference to one.
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
/// Optional members are right, or not there.
template <class M, class S>
concept EmbedderOptions = std::is_class_v<M> &&
    ((SaysEmbeddingSize<M> && EmbedsIntoMemory<M, S>) || (!has_embedding_size<M> && !EmbedsIntoMemory<M, S>));

}  // namespace detail

/// What verification asks of a model: a Siamese, or a user's own, such as a whitening alone or an ensemble.
/// `distances`, `evaluate`, `calibrate` and `Verifier` take any. Its state is const while it embeds, so that threads
/// may share it.
///
///   Scalar                    float or double
///   embed(ColumnList x)       the embeddings (out x n) of raw samples (in x n), as a matrix of its own. ShapeError
///                             where the samples have not the features that it takes
///   metric()                  a Distance of two embeddings
///
/// One that also has these two, never one without the other, lets a Verifier allocate nothing:
///
///   embedding_size()          out
///   embed(x, y, workspace)    the same into y (Columns, out x n), by the caller's thread. `layer` of the Workspace is
///                             free to use; `embedding` and `columns` are not: y and x may lie there
///
/// `distances`, `evaluate` and `calibrate` call the first form of `embed`, a Verifier the second where there is one. So
/// a class that derives from an embedder and has an `embed` of its own must give both forms: with the other one taken
/// over by `using`, a threshold would be set on other distances than it is compared with.
template <class M>
concept Embedder = requires(const M model, ColumnList<typename M::Scalar> x) {
  { model.embed(x) } -> std::convertible_to<MatrixX<typename M::Scalar>>;
  { model.metric() } -> detail::IsDistance<typename M::Scalar>;
  requires detail::EmbedderOptions<M, typename M::Scalar>;
};

namespace detail {

/// The embeddings of x. Throws ShapeError where the model gives another number of them, which would be read beyond.
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
