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

/// One of a closed list of types, chosen at run time; by default the first. Exactly these types convert to it: a class
/// derived from one of them would be sliced.
///
/// A type that models a concept by such a choice derives from Choice and forwards the concept's members, as AnyLoss
/// does. It must be final: the training step visits the choice once for each batch or update and then calls the chosen
/// object directly, so members overridden in a further derived class would be ignored.
template <class... Alternatives>
class Choice : detail::AnyChoice {
 public:
  /// The first alternative, default-constructed.
  Choice() = default;

  /// Holds `chosen`, copied or moved.
  template <class T>
  requires(std::same_as<std::remove_cvref_t<T>, Alternatives> || ...) Choice(T&& chosen)
      : chosen_(std::forward<T>(chosen)) {}

  /// Returns f(chosen object), called with the object's own type.
  template <class F>
  decltype(auto) visit(F&& f) const {
    return std::visit(std::forward<F>(f), chosen_);
  }
  /// The same for an object that f may change.
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
