#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <initializer_list>
#include <new>
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

// Those of a Sequence, however long, are its layers' own; of a variant, those that all its types have in common.
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

/// Two neighbours whose static sizes must agree. The sizes are in its name, which a compiler tells with the error.
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
requires(sizeof...(Layers) < 2) constexpr bool neighbours_agree() { return true; }
template <class L, class Next, class... Others>
constexpr bool neighbours_agree() {
  return LayerGives<static_out<L>>::template NextLayerTakes<static_in<Next>>::agree &&
         neighbours_agree<Next, Others...>();
}

/// What a network relies on of layer k. Throws ShapeError where it does not hold: a layer of 5 parameters whose grain
/// is 2 would never train the fifth.
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

/// What makes, of all layers of another network, `of(network)`, the one layer that takes their place:
/// Sequence<AnyLayer> has it (any_network.hpp).
template <class... Layers>
struct LayersFrom : std::false_type {};

}  // namespace detail

/// A feed-forward network over scalar S: layers one after another, and one flat vector of all their parameters, layer
/// by layer. It maps samples (in x n, one a column) to embeddings (out x n). Its layers are leaves, numbered from 0;
/// those within a Sequence count one by one.
///
/// Neighbours' sizes must agree: where both are known to the types (`static_out` of the one, `static_in` of the other)
/// this is checked when the program is compiled, and always when the network is made.
template <gemel::Scalar S, class... Layers>
class Network {
  static_assert(sizeof...(Layers) > 0, "gemel: a Network needs at least one layer");
  static_assert(detail::neighbours_agree<Layers...>());

 public:
  using Scalar = S;

  /// Layers of static sizes, initialised from rng.
  explicit Network(Rng& rng) requires(std::default_initializable<Layers>&&...) : Network(rng, Layers{}...) {}

  /// The given layers. Throws ShapeError where two neighbours' sizes disagree, where a layer's own sizes are not what
  /// the concept promises (layer.hpp), or where there are more parameters than memory.
  [[gnu::cold]] Network(Rng& rng, Layers... layers) : layers_(std::move(layers)...) {
    lay_out();
    for (Index k = 0; k < depth(); ++k) {
      visit(k, [&](const auto& layer) { layer.initialize(parameters_.span(offset(k), layer.parameter_count()), rng); });
    }
  }

  /// The given layers with parameters that are known, one flat vector as `parameters()` gives: of another network, or
  /// of a file. Throws as the above, and as set_parameters where it does not take the values.
  template <class Derived>
  [[gnu::cold]] Network(std::tuple<Layers...> layers, const Eigen::MatrixBase<Derived>& parameters)
      : layers_(std::move(layers)) {
    lay_out();
    set_parameters(parameters);
  }

  /// The layers and the parameters of a network of other types: see AnyNetwork.
  template <class... Others>
  requires(detail::LayersFrom<Layers...>::value) Network(const Network<S, Others...>& other)
      : layers_(detail::LayersFrom<Layers...>::of(other)) {
    lay_out();
    std::ranges::copy(other.parameters(), parameters_.data());
  }

  // A network that was moved from has no layers, and takes and gives nothing.
  Index in() const { return sizes_.empty() ? 0 : sizes_.front(); }
  Index out() const { return sizes_.empty() ? 0 : sizes_.back(); }
  Index depth() const { return sizes_.empty() ? 0 : length(sizes_) - 1; }

  /// The number of outputs of layer k.
  Index out(Index k) const { return sizes_[static_cast<std::size_t>(k) + 1]; }
  /// Where layer k's parameters begin in the flat vector; offset(depth()) is their number.
  Index offset(Index k) const { return offsets_[static_cast<std::size_t>(k)]; }

  /// The layers as they were given, a Sequence as one.
  const std::tuple<Layers...>& layers() const { return layers_; }

  /// f(layer) for layer k, with its own type.
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

  Index parameter_count() const { return parameters_.size(); }

  /// The flat vector: layer by layer, W (out x in, column by column), then b. Keras' kernels (in x out, row by row)
  /// have the very same bytes.
  ConstColumn<S> parameters() const { return {parameters_.data(), parameters_.size()}; }

  /// Throws ShapeError for another number of values, NonFiniteError for NaN or infinity; the network is then unchanged.
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

  /// For who trains: the parameters to write to.
  std::span<S> mutable_parameters() { return parameters_.span(); }

  /// Embeds x (in x n) into y (out x n); allocates nothing once the workspace has grown.
  void embed(ColumnList<S> x, Columns<S> y, Workspace<S>& workspace) const {
    if (sizes_.empty()) return;
    const Index widest = *std::max_element(sizes_.begin(), sizes_.end());
    for (Buffer<S>& buffer : workspace.layer) buffer.reserve(widest * block);
    for (Index first = 0; first < x.cols(); first += block) {
      const Index count = std::min(block, x.cols() - first);
      embed_block(x.middle(first, count), {y.data() + first * out(), out(), count}, workspace);
    }
  }

 private:
  static constexpr Index block = 96;  // columns at a time, so that they stay in cache from layer to layer

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
          detail::check_neighbours(k, sizes_.back(), layer.in());
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
      visit(k, [&](const auto& layer) {
        S* to = k + 1 == depth() ? y.data() : workspace.layer[k % 2].data();
        const Columns<S> output(to, layer.out(), x.cols());
        layer.forward(parameters_.span(offset(k), layer.parameter_count()), x, output, Pass{});
        x = ColumnList<S>(output);
      });
    }
  }

  std::tuple<Layers...> layers_;
  std::vector<Index> sizes_ = {};    // inputs, then each layer's outputs
  std::vector<Index> offsets_ = {};  // each layer's first parameter, then their number
  Buffer<S> parameters_ = {};
};

template <class... Layers, class Derived>
Network(std::tuple<Layers...>, const Eigen::MatrixBase<Derived>&) -> Network<typename Derived::Scalar, Layers...>;

/// A network of the given layers, whose sizes may be known at run time only:
/// `make_network<float>(rng, Dense<Dynamic, Dynamic, ReLU>{784, 128}, …)`.
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

/// The network with one more layer in front of all, a fitted one or another without parameters; the network's own
/// parameters are copied. What took samples that `layer.transform` made takes raw ones then:
///
///   Siamese raw{prepend(standardize, model.network()), model.metric()};
///
/// Throws ValueError where the layer has parameters or the network was moved from, ShapeError where their sizes
/// disagree.
template <class L, Scalar S, class... Layers>
[[gnu::cold]] Network<S, L, Layers...> prepend(L layer, const Network<S, Layers...>& network) {
  detail::check_prepended(layer, network);
  return {std::tuple_cat(std::tuple<L>(std::move(layer)), network.layers()), network.parameters()};
}

}  // namespace gemel
