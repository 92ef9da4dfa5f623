#pragma once

#include <type_traits>

#include "gemel/core/compiler.hpp"

// Some members of a concept are optional: without one, a slower or simpler way is taken. One that is there with another
// signature than the concept's would be passed over without a word, though its author counts on it. So a concept asks
// too whether a type names the member at all, and refuses a type that names it and cannot be called so.

/// Defines names_member<C>: whether C has a member of that name, its own or inherited, public or not. A class that
/// inherits a name twice finds it ambiguous, so a member is seen even if it is a template, overloaded, or a type. From
/// a final class nothing can inherit: of it, only a public member is seen that is none of these.
#define GEMEL_NAMES(member)                          \
  struct Has_##member {                              \
    void member();                                   \
  };                                                 \
  template <class C>                                 \
  struct Both_##member : C, Has_##member {};         \
  template <class C>                                 \
  inline constexpr bool names_##member = !requires { \
    &Both_##member<C>::member;                       \
  };                                                 \
  template <class C>                                 \
  requires std::is_final_v<C>                        \
  inline constexpr bool names_##member<C> = requires { &C::member; };
