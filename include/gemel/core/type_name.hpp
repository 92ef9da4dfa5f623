#pragma once

#include <string_view>

#include "gemel/core/compiler.hpp"

namespace gemel {

/// The name by which files call a layer, an activation, a distance or an optimizer. If it is empty, objects of the type
/// cannot be saved. To save a type of your own, give it a name, in UTF-8, that no type of the library has:
///
///   template <>
///   inline constexpr std::string_view gemel::type_name<MyLayer> = "MyLayer";
///
/// The name belongs to exactly this type: a type that derives from it may compute something else and needs a name of
/// its own. For options and state, see Layer (network/layer.hpp).
template <class T>
inline constexpr std::string_view type_name = {};

}  // namespace gemel
