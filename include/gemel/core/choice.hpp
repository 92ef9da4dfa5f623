#pragma once

#include <concepts>
#include <type_traits>
#include <utility>
#include <variant>

#include "gemel/core/compiler.hpp"

namespace gemel {

namespace detail {
struct AnyChoice {};
}  // namespace detail

/// An object of one of several listed types, chosen at run time. Only these exact types convert to it, because an
/// object of a derived class would be sliced.
///
/// A type such as AnyLoss derives from Choice and forwards the members of the concept that its alternatives model. It
/// must be final: the training step visits the choice once per batch or update and then calls the chosen object
/// directly, so it would ignore members that a class derived from AnyLoss redefines.
template <class... Alternatives>
class Choice : detail::AnyChoice {
 public:
  /// The first alternative, default-constructed.
  Choice() = default;

  /// Holds `chosen`, copied or moved.
  template <class T>
  requires(std::same_as<std::remove_cvref_t<T>, Alternatives> || ...) Choice(T&& chosen)
      : chosen_(std::forward<T>(chosen)) {}

  /// Returns f(chosen object); f gets the object with its own type.
  template <class F>
  decltype(auto) visit(F&& f) const {
    return std::visit(std::forward<F>(f), chosen_);
  }
  /// As above, but f may change the object.
  template <class F>
  decltype(auto) visit(F&& f) {
    return std::visit(std::forward<F>(f), chosen_);
  }

 private:
  std::variant<Alternatives...> chosen_;
};

namespace detail {

template <class T>
inline constexpr bool is_choice = std::is_base_of_v<AnyChoice, T>;

/// Returns f(chosen object) if x is a Choice, else f(x).
template <class T, class F>
decltype(auto) visit_choice(T&& x, F&& f) {
  if constexpr (is_choice<std::remove_cvref_t<T>>) {
    return x.visit(std::forward<F>(f));
  } else {
    return std::forward<F>(f)(x);
  }
}

}  // namespace detail
}  // namespace gemel
