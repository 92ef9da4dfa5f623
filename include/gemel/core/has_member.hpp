#pragma once

#include <type_traits>

#include "gemel/core/compiler.hpp"

// Some members of a concept are optional: without such a member, a slower or simpler way is taken. A member of the
// right name but with another signature would then be ignored silently, although its author relies on it. So the
// concepts also ask whether a type has a member of that name at all, and reject a type that has one but cannot be
// called so.

/// Defines has_<member><C>: whether class C has a member of that name, its own or inherited, public or not. The test
/// derives from C and from a class with a member of the same name: if C has one too, the name is ambiguous. So members
/// are found even if they are templates, overloaded or types. Nothing can derive from a final class: there only a
/// public member that is none of these is found.
#define GEMEL_HAS_MEMBER(member)                   \
  struct Only_##member {                           \
    void member();                                 \
  };                                               \
  template <class C>                               \
  struct Both_##member : C, Only_##member {};      \
  template <class C>                               \
  inline constexpr bool has_##member = !requires { \
    &Both_##member<C>::member;                     \
  };                                               \
  template <class C>                               \
  requires std::is_final_v<C>                      \
  inline constexpr bool has_##member<C> = requires { &C::member; };
