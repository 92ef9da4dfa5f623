#pragma once

#include <concepts>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "gemel/core/has_member.hpp"
#include "gemel/core/type_name.hpp"
#include "gemel/core/types.hpp"
#include "gemel/io/model/json_object.hpp"
#include "gemel/network/any_distance.hpp"
#include "gemel/network/any_network.hpp"
#include "gemel/network/layer.hpp"
#include "gemel/verification/scorer.hpp"

// Which type of layer, activation or distance an object of a description stands for.

namespace gemel::detail {

GEMEL_HAS_MEMBER(save)
GEMEL_HAS_MEMBER(load)
GEMEL_HAS_MEMBER(named_variables)

/// A list of types.
template <class... Types>
struct TypeList {
  template <class T>
  static constexpr bool contains = (std::same_as<T, Types> || ...);
  static constexpr bool has_name(std::string_view name) { return ((name == type_name<Types>) || ...); }
};

/// One type of each of the library's layers, and all its activations, distances and scorers.
using BuiltInParts = TypeList<Dense<1, 1>, Dropout<1>, L2Normalize<1>, Standardize<1>, Rescale<1>, GaussianNoise<1>,
                              Centering<1>, Whitening<1, 1>, Linear, ReLU, LeakyReLU, Tanh, Sigmoid, Euclidean,
                              SquaredEuclidean, Manhattan, Cosine, MeanScore, MinimumScore, CentroidScore>;

/// Whether the type is one of the library's layers, activations or distances; a type derived from one is not.
template <class T>
inline constexpr bool is_built_in = !std::is_void_v<typename RunTimeSizes<T>::Layer> || BuiltInParts::contains<T>;

/// Checks at compile time that objects of the type can be saved and loaded.
template <class T>
constexpr void check_named() {
  static_assert(
      !type_name<T>.empty(),
      "gemel: this layer, activation, distance or scorer has no name, so it cannot be saved or loaded; specialize "
      "gemel::type_name for it (core/type_name.hpp)");
  static_assert(
      is_built_in<T> || !BuiltInParts::has_name(type_name<T>),
      "gemel: this type's type_name is the name of a built-in layer, activation, distance or scorer; choose another");
  static_assert(!has_save<T> || has_load<T>,
                "gemel: this type has a member `save`, but no `load` to read what it saves (network/layer.hpp)");
  static_assert(std::is_empty_v<T> || has_load<T>,
                "gemel: this type has data members, but no member `load`, so a file would lose their values; give it "
                "`load`, and `save` if its sizes are not all that it needs (network/layer.hpp)");
}

/// The type of a layer's activation; void if it has none.
template <class L>
struct ActivationOf {
  using Type = void;
};
template <class L>
requires requires(const L& layer) { layer.activation(); }
struct ActivationOf<L> {
  using Type = std::remove_cvref_t<decltype(std::declval<const L&>().activation())>;
};

/// Whether a layer's description stands for type L, judged by its name, its sizes and its activation's name.
template <class L>
bool matches(const JsonObject& layer) {
  const auto agrees = [&layer](const char* key, Index size) { return size == Dynamic || layer.json().at(key) == size; };
  if (layer.text("type") != type_name<L> || !agrees("in", static_in<L>) || !agrees("out", static_out<L>)) return false;
  using Activate = typename ActivationOf<L>::Type;
  if constexpr (std::is_void_v<Activate>) {
    return true;
  } else {
    return layer.object("activation").text("type") == type_name<Activate>;
  }
}

/// "Dense 100 x 64 with Tanh", for an error message.
inline std::string describe_layer(const JsonObject& layer) {
  std::string text = format({excerpt(layer.text("type")), " ", layer.json().at("in").get<Index>(), " x ",
                             layer.json().at("out").get<Index>()});
  if (layer.has("activation")) text += " with " + excerpt(layer.object("activation").text("type"));
  return text;
}
/// The same of a type, as far as its sizes are static. A variant is described by its alternatives.
template <class L>
std::string describe_type() {
  const auto size = [](Index n) { return n == Dynamic ? std::string("any") : std::to_string(n); };
  std::string text = format({std::string(type_name<L>), " ", size(static_in<L>), " x ", size(static_out<L>)});
  using Activate = typename ActivationOf<L>::Type;
  if constexpr (!std::is_void_v<Activate>) text += " with " + std::string(type_name<Activate>);
  return text;
}

}  // namespace gemel::detail
