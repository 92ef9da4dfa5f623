#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <initializer_list>
#include <new>
#include <optional>
#include <span>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "gemel/core/buffer.hpp"
#include "gemel/core/columns.hpp"
#include "gemel/core/error.hpp"
#include "gemel/core/extent.hpp"
#include "gemel/core/random.hpp"
#include "gemel/network/layer.hpp"
#include "gemel/network/sequence.hpp"
#include "gemel/network/workspace.hpp"

namespace gemel {

namespace detail {

template <class L>
inline constexpr Index static_in = Dynamic;
template <class L>
requires requires { L::static_in; }
inline constexpr Index static_in<L> = L::static_in;

template <class L>
inline constexpr Index static_out = Dynamic;
template <class L>
requires requires { L::static_out; }
inline constexpr Index static_out<L> = L::static_out;

// A Sequence of any length has the static sizes of its layer type. A variant has a static size if it is the same for
// all its alternatives.
template <class L>
inline constexpr Index static_in<Sequence<L>> = static_in<L>;
template <class L>
inline constexpr Index static_out<Sequence<L>> = static_out<L>;
template <class L, class... Others>
inline constexpr Index static_in<std::variant<L, Others...>> = ((static_in<Others> == static_in<L>)&&...) ? static_in<L>
                                                                                                          : Dynamic;
template <class L, class... Others>
inline constexpr Index static_out<std::variant<L, Others...>> = ((static_out<Others> == static_out<L>)&&...)
                                                                    ? static_out<L>
                                                                    : Dynamic;

/// Checks the static sizes of two neighboring layers. Both sizes are in the name of the nested type, which the
/// compiler's error message shows.
template <Index Out>
struct LayerGives {
  template <Index In>
  struct NextLayerTakes {
    static_assert(extents_may_agree<Out, In>,
                  "gemel: a layer's input size is not the output size of the layer before it");
    static constexpr bool agree = true;
  };
};

template <class... Layers>
requires(sizeof...(Layers) < 2) constexpr bool neighbors_agree() { return true; }
template <class L, class Next, class... Others>
constexpr bool neighbors_agree() {
  return LayerGives<static_out<L>>::template NextLayerTakes<static_in<Next>>::agree &&
         neighbors_agree<Next, Others...>();
}

/// Throws ShapeError if layer k breaks a rule of the Layer concept that the network relies on. For example, the fifth
/// of 5 parameters with a grain of 2 would never be trained.
[[gnu::cold]] inline void check_layer(Index k, Index in, Index out, Index parameters, Index grain,
                                      std::span<const Index> variables) {
  const auto refuse = [k](std::initializer_list<Piece> what) { throw ShapeError(what, {.layer = k}); };
  for (const Index size : {in, out}) {
    if (size <= 0 || size > max_values) {
      refuse({"it has ", in, " inputs and ", out, " outputs, but a layer has from 1 to ", max_values, " of each"});
    }
  }
  if (parameters < 0 || parameters > max_values) {
    refuse({"it has ", parameters, " parameters, but a layer has from 0 to ", max_values});
  }
  if (grain <= 0 || parameters % grain != 0) {
    refuse({"it has ", parameters, " parameters, which are no multiple of its grain, ", grain,
            ": threads share them out by grains, and what is left over would not be trained"});
  }
  Index rest = parameters;
  for (const Index size : variables) {
    if (size < 0 || size > rest) refuse({"its variables do not add up to its ", parameters, " parameters"});
    rest -= size;
  }
  if (rest != 0) refuse({"its variables do not add up to its ", parameters, " parameters: ", rest, " are in none"});
}

/// Whether two layers have the same sized type.
template <class L, class Other>
inline constexpr bool sized_alike = false;
template <HasSizedLayer L, HasSizedLayer Other>
inline constexpr bool sized_alike<L, Other> =
    std::same_as<typename SizedLayer<L>::Type, typename SizedLayer<Other>::Type>;

/// Selects the constructor of a network whose parameters are 0.
struct ZeroParameters {};

/// Converts the layers of another network, for Network's converting constructor. A specialization for `Layers` is
/// derived from std::true_type and has a function `of(network)` that returns the layers. Sequence<AnyLayer> has a
/// specialization (any_network.hpp).
template <class... Layers>
struct LayersFrom : std::false_type {};

}  // namespace detail

/// A feed-forward network over scalar S: a chain of layers, and one flat vector of all their parameters, layer by
/// layer. It maps samples (in x n, one per column) to embeddings (out x n). Layers have the indices 0, …, depth() - 1,
/// where each layer within a Sequence has its own index.
///
/// A layer must have as many inputs as the layer before it has outputs. The compiler checks this if both sizes are
/// static (`static_out` of the first layer, `static_in` of the second), and the constructor checks it in any case.
template <gemel::Scalar S, class... Layers>
class Network {
  static_assert(sizeof...(Layers) > 0, "gemel: a Network needs at least one layer");
  static_assert(detail::neighbors_agree<Layers...>());

 public:
  using Scalar = S;  ///< float or double

  /// A network of layers with static sizes, initialized with random numbers from rng. Throws like the next constructor.
  explicit Network(Rng& rng) requires(std::default_initializable<Layers>&&...) : Network(rng, Layers{}...) {}

  /// A network of the given layers, which are initialized in their order with random numbers from rng. Throws
  /// ShapeError if the sizes of neighboring layers disagree, if a layer's own sizes break the rules of the Layer
  /// concept (layer.hpp), or if the parameters do not fit into memory.
  [[gnu::cold]] Network(Rng& rng, Layers... layers) : layers_(std::move(layers)...) {
    lay_out();
    for (Index k = 0; k < depth(); ++k) {
      visit(k, [&](const auto& layer) { layer.initialize(parameters_.span(offset(k), layer.parameter_count()), rng); });
    }
  }

  /// A network of the given layers and parameters, which come for example from another network's `parameters()` or from
  /// a file. Throws like the constructor above and like set_parameters.
  template <class Derived>
  [[gnu::cold]] Network(std::tuple<Layers...> layers, const Eigen::MatrixBase<Derived>& parameters)
      : layers_(std::move(layers)) {
    lay_out();
    set_parameters(parameters);
  }

  /// A network of the given layers, all of whose parameters are 0; for readers of files, which then set them. Throws
  /// ShapeError like the constructors above.
  [[gnu::cold]] Network(std::tuple<Layers...> layers, detail::ZeroParameters) : layers_(std::move(layers)) {
    lay_out();
  }

  /// A network with copies of the layers and parameters of a network that has other layer types; see AnyNetwork. Throws
  /// ValueError if the other network was moved from.
  template <class... Others>
  requires(detail::LayersFrom<Layers...>::value) Network(const Network<S, Others...>& other)
      : layers_(detail::LayersFrom<Layers...>::of(other)) {
    lay_out();
    std::ranges::copy(other.parameters(), parameters_.data());
  }

  /// @{
  /// The number of inputs, of outputs, or of layers; 0 if the network was moved from.
  Index in() const { return sizes_.empty() ? 0 : sizes_.front(); }
  Index out() const { return sizes_.empty() ? 0 : sizes_.back(); }
  Index depth() const { return sizes_.empty() ? 0 : length(sizes_) - 1; }
  /// @}

  /// The number of outputs of layer k. k must be in 0, …, depth() - 1, which is not checked.
  Index out(Index k) const { return sizes_[static_cast<std::size_t>(k) + 1]; }
  /// The index of layer k's first parameter in the flat vector; offset(depth()) is the number of all parameters. k must
  /// be in 0, …, depth(), which is not checked.
  Index offset(Index k) const { return offsets_[static_cast<std::size_t>(k)]; }

  /// The layers as given to the constructor, where a Sequence is one element.
  const std::tuple<Layers...>& layers() const { return layers_; }

  /// Calls f(layer), where layer is layer k with its own type. Does nothing unless k is in 0, …, depth() - 1.
  template <class F>
  void visit(Index k, F&& f) const {
    std::apply(
        [&](const auto&... layer) {
          const auto look_in = [&](const auto& part) {
            const Index count = detail::leaf_count(part);
            if (k >= 0 && k < count) detail::visit_leaf(part, k, f);
            k -= count;
          };
          (look_in(layer), ...);
        },
        layers_);
  }

  /// As `visit`, but Dense layers that differ only in their static sizes or initializers are passed as one type, with
  /// sizes that are known at run time. So f is compiled once for all of them, and not once for each. f must neither
  /// keep a reference to the layer nor initialize parameters. In a network with a Sequence, it is the same as `visit`.
  template <class F>
  void visit_sized(Index k, F&& f) const {
    if constexpr ((is_leaf<Layers> && ...)) {
      [&]<std::size_t... I>(std::index_sequence<I...>) { (visit_type<I>(k, f, std::index_sequence<I...>{}), ...); }
      (std::index_sequence_for<Layers...>{});
    } else {
      visit(k, f);
    }
  }

  /// The number of parameters of all layers.
  Index parameter_count() const { return parameters_.size(); }

  /// The flat vector of parameters, layer by layer; for each Dense, W (out x in, column-major), then b. A Keras kernel
  /// has the same order as W; an nn.Linear weight of PyTorch must be transposed first. Both conversions are shown at
  /// Dense.
  ConstColumn<S> parameters() const { return {parameters_.data(), parameters_.size()}; }

  /// Sets all parameters to the given values, in the order of `parameters()`. A wrong order within a layer cannot be
  /// detected: see Dense for weights from Keras or PyTorch. Throws ShapeError unless the values are
  /// parameter_count() x 1, and NonFiniteError if a value is NaN or infinite; the network is then unchanged.
  template <class Derived>
  void set_parameters(const Eigen::MatrixBase<Derived>& values) {
    if (values.rows() != parameter_count() || values.cols() != 1) {
      throw ShapeError({"the network has ", parameter_count(), " parameters in one column, but ", values.rows(), " x ",
                        values.cols(), " values were given"});
    }
    const VectorX<S> flat = values;
    const auto bad = std::ranges::find_if(flat, [](S value) { return !std::isfinite(value); });
    if (bad != flat.end()) {
      const Index i = bad - flat.begin();
      throw NonFiniteError({"parameters must be finite, but value ", i, " is NaN or infinite"},
                           {.layer = std::ranges::upper_bound(offsets_, i) - offsets_.begin() - 1});
    }
    std::ranges::copy(flat, mutable_parameters().data());
  }

  /// The parameters, which a training step may change; written values are not checked.
  std::span<S> mutable_parameters() { return parameters_.span(); }

  /// Writes the embeddings of the samples x (in x n) to y (out x n). Sizes are not checked. Nothing is allocated once
  /// the workspace is large enough.
  void embed(ColumnList<S> x, Columns<S> y, Workspace<S>& workspace) const {
    if (sizes_.empty()) return;
    const Index max_size = *std::max_element(sizes_.begin(), sizes_.end());
    for (Buffer<S>& buffer : workspace.layer) buffer.reserve(max_size * block);
    for (Index first = 0; first < x.cols(); first += block) {
      const Index count = std::min(block, x.cols() - first);
      embed_block(x.middle(first, count), {y.data() + first * out(), out(), count}, workspace);
    }
  }

 private:
  // Columns per block: so few that they stay in the cache from layer to layer, and with AVX2 32 tiles of 6 and one of
  // 4, which copies A (core/kernel/product_blocks.inl).
  static constexpr Index block = 196;

  template <class L>
  static constexpr bool is_leaf = !detail::is_sequence<L> && !detail::is_variant<L>;
  template <std::size_t I>
  using LayerAt = std::tuple_element_t<I, std::tuple<Layers...>>;

  /// Calls f for layer k if First is the first layer with the sized type of layer k. A layer without a sized type
  /// stands for itself.
  template <std::size_t First, class F, std::size_t... I>
  void visit_type(Index k, F& f, std::index_sequence<I...>) const {
    using L = LayerAt<First>;
    if constexpr (!detail::HasSizedLayer<L>) {
      if (k == static_cast<Index>(First)) f(std::get<First>(layers_));
    } else if constexpr (((I >= First || !detail::sized_alike<LayerAt<I>, L>)&&...)) {
      std::optional<typename detail::SizedLayer<L>::Type> layer;
      const auto look_at = [&]<std::size_t J>() {
        if constexpr (detail::sized_alike<LayerAt<J>, L>) {
          if (k == static_cast<Index>(J)) layer.emplace(detail::SizedLayer<LayerAt<J>>::of(std::get<J>(layers_)));
        }
      };
      (look_at.template operator()<I>(), ...);
      if (layer) f(std::as_const(*layer));
    }
  }

  [[gnu::cold]] void lay_out() {
    const Index leaves = std::apply([](const auto&... layer) { return (detail::leaf_count(layer) + ...); }, layers_);
    offsets_.push_back(0);
    std::vector<Index> variables;
    for (Index k = 0; k < leaves; ++k) {
      visit(k, [&](const auto& layer) {
        static_assert(Layer<std::remove_cvref_t<decltype(layer)>, S>,
                      "gemel: this type does not model the Layer concept (network/layer.hpp)");
        variables.clear();
        for (const auto size : layer.variables()) variables.push_back(static_cast<Index>(size));
        detail::check_layer(k, layer.in(), layer.out(), layer.parameter_count(), layer.grain(), variables);
        if (k == 0) {
          sizes_.push_back(layer.in());
        } else {
          detail::check_neighbors(k, sizes_.back(), layer.in());
        }
        sizes_.push_back(layer.out());
        offsets_.push_back(offsets_.back() + layer.parameter_count());
      });
      if (offsets_.back() > detail::max_values) throw too_large();
    }
    try {
      parameters_.resize(offsets_.back());
    } catch (const std::bad_alloc&) {
      throw too_large();
    }
  }

  [[gnu::cold]] ShapeError too_large() const {
    return ShapeError(
        {"layers 0 to ", depth() - 1, " have ", offsets_.back(), " parameters, more than this machine's memory holds"});
  }

  void embed_block(ColumnList<S> x, Columns<S> y, Workspace<S>& workspace) const {
    for (Index k = 0; k < depth(); ++k) {
      visit_sized(k, [&](const auto& layer) {
        S* to = k + 1 == depth() ? y.data() : workspace.layer[k % 2].data();
        const Columns<S> output(to, layer.out(), x.cols());
        layer.forward(parameters_.span(offset(k), layer.parameter_count()), x, output, Pass{});
        x = ColumnList<S>(output);
      });
    }
  }

  std::tuple<Layers...> layers_;
  std::vector<Index> sizes_ = {};    // the number of inputs, then the number of outputs of each layer
  std::vector<Index> offsets_ = {};  // the index of each layer's first parameter, then the number of all parameters
  Buffer<S> parameters_ = {};
};

/// The scalar S is deduced from the parameters.
template <class... Layers, class Derived>
Network(std::tuple<Layers...>, const Eigen::MatrixBase<Derived>&) -> Network<typename Derived::Scalar, Layers...>;

/// A network of the given layers, from which its type is deduced, initialized with random numbers from rng:
/// `make_network<float>(rng, Dense<Dynamic, Dynamic, ReLU>{784, 128}, …)`. Throws like Network's constructor.
template <gemel::Scalar S, class... Layers>
Network<S, Layers...> make_network(Rng& rng, Layers... layers) {
  return Network<S, Layers...>(rng, std::move(layers)...);
}

namespace detail {

template <class L, class Net>
[[gnu::cold]] void check_prepended(const L& layer, const Net& network) {
  if (network.depth() == 0) throw ValueError("no layer can be prepended to a network that was moved from");
  const Index count = layer_parameter_count(layer);
  if (count > 0) {
    throw ValueError({"the layer to prepend has ", count,
                      " parameters, and the network has no values for them; make a new network of all layers"});
  }
}

}  // namespace detail

/// A copy of the network with one more layer in front, which must have no parameters, such as a fitted layer. For
/// example, this makes a model of raw samples from a model of samples that were scaled with `standardize.transform`:
///
///   Siamese raw{prepend(standardize, model.network()), model.metric()};
///
/// Throws ValueError if the layer has parameters or the network was moved from, and ShapeError if the layer's outputs
/// are not the network's inputs.
template <class L, Scalar S, class... Layers>
[[gnu::cold]] Network<S, L, Layers...> prepend(L layer, const Network<S, Layers...>& network) {
  detail::check_prepended(layer, network);
  return {std::tuple_cat(std::tuple<L>(std::move(layer)), network.layers()), network.parameters()};
}

}  // namespace gemel
