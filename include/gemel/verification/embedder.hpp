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

/// Whether Metric is a Distance or a reference to one.
template <class Metric, class S>
concept IsDistance = Distance<std::remove_cvref_t<Metric>, S>;
template <class M>
concept HasEmbeddingSize = requires(const M model) {
  { model.embedding_size() } -> std::convertible_to<Index>;
};
template <class M, class S>
concept EmbedsIntoMemory = requires(const M model, ColumnList<S> x, Columns<S> y, Workspace<S>& workspace) {
  model.embed(x, y, workspace);
};
/// Either both optional members are present, with the right signatures, or both are absent.
template <class M, class S>
concept EmbedderOptions = std::is_class_v<M> &&
    ((HasEmbeddingSize<M> && EmbedsIntoMemory<M, S>) || (!has_embedding_size<M> && !EmbedsIntoMemory<M, S>));

}  // namespace detail

/// A model that `distances`, `evaluate`, `calibrate` and `Verifier` accept: a Siamese, or a class of your own, for
/// example an ensemble or a fixed linear map. It is const while it embeds, so that threads may share it.
///
///   Scalar                    float or double
///   embed(ColumnList x)       returns the embeddings (out x n) of raw samples (in x n) as a matrix, or throws
///                             ShapeError if the samples have another number of features than it takes
///   metric()                  returns a Distance of two embeddings
///
/// If a model has the following two members as well, a Verifier allocates no memory for its embeddings. A model with
/// only one of the two does not compile:
///
///   embedding_size()          returns out
///   embed(x, y, workspace)    writes the embeddings of x to y (Columns, out x n) in the calling thread. It may use
///                             `workspace.layer`, but not `workspace.embedding` and `workspace.columns`, which may hold
///                             y and x
///
/// `distances`, `evaluate` and `calibrate` call the first form of `embed`, while a Verifier calls the second form if it
/// exists. A class that derives from an embedder and replaces `embed` must therefore replace both forms. If it
/// inherited one of them with a using-declaration, the threshold would be set on other distances than those it is
/// compared with.
template <class M>
concept Embedder = requires(const M model, ColumnList<typename M::Scalar> x) {
  { model.embed(x) } -> std::convertible_to<MatrixX<typename M::Scalar>>;
  { model.metric() } -> detail::IsDistance<typename M::Scalar>;
  requires detail::EmbedderOptions<M, typename M::Scalar>;
};

namespace detail {

/// The embeddings of x. Throws ShapeError unless the model returns one embedding per sample, with at least one element;
/// otherwise the caller would read beyond their end.
template <Embedder Model, Scalar S>
MatrixX<S> embeddings_of(const Model& model, const ColumnList<S>& x) {
  MatrixX<S> embeddings = model.embed(x);
  if (embeddings.cols() != x.cols() || embeddings.rows() == 0) {
    throw ShapeError({"the model gave ", embeddings.rows(), " x ", embeddings.cols(), " for ", x.cols(),
                      " samples: an embedder's embeddings are out x n, one per column"});
  }
  return embeddings;
}

/// Embeds x and returns f(embeddings, out), where the embeddings (out x n) are contiguous. They are in the workspace if
/// the model can embed into the caller's memory. Throws ShapeError as embeddings_of does.
template <Embedder Model, Scalar S, class F>
decltype(auto) with_embeddings(const Model& model, const ColumnList<S>& x, Workspace<S>& workspace, F&& f) {
  if constexpr (EmbedsIntoMemory<Model, S>) {
    const Index out = model.embedding_size();
    if (out <= 0) {
      throw ShapeError({"the model's embeddings have the size ", out, ": they need at least one element"});
    }
    workspace.embedding.reserve(out * x.cols());
    model.embed(x, Columns<S>(workspace.embedding.data(), out, x.cols()), workspace);
    return f(static_cast<const S*>(workspace.embedding.data()), out);
  } else {
    const MatrixX<S> embeddings = embeddings_of(model, x);
    return f(embeddings.data(), Index{embeddings.rows()});
  }
}

}  // namespace detail
}  // namespace gemel
