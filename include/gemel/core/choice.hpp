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

/// One of a closed list of types, chosen at run time; by default the first. Any of them converts to it, and nothing
/// else does: of a derived type it would hold a part only.
///
/// A list that models a concept derives from it and forwards the concept's members, as AnyLoss does. It is final, for
/// the training step asks for the choice once a batch or an update, and goes on with that: a member that a further
/// class put in another's place would be passed over.
template <class... Alternatives>
class Choice : detail::AnyChoice {
 public:
  Choice() = default;
  template <class T>
  requires(std::same_as<std::remove_cvref_t<T>, Alternatives> || ...) Choice(T&& chosen)
      : chosen_(std::forward<T>(chosen)) {}

  /// f(what is chosen), with its own type.
  template <class F>
  decltype(auto) visit(F&& f) const {
    return std::visit(std::forward<F>(f), chosen_);
  }
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

/// f(what x has chosen), or f(x) where x is no Choice.
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
