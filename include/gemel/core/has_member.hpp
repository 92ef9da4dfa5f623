#pragma once

#include <type_traits>

#include "gemel/core/compiler.hpp"

// Some members of a concept are optional: if a type lacks one, the library takes a slower or simpler way. A member with
// the right name but another signature would then be ignored silently, although its author relies on it. So the
// concepts also test whether a type has any member of that name, and reject a type whose member has another signature.

/// Defines has_<member><C>: whether class C has a member of that name, its own or inherited, public or not. The test
/// derives a class from C and from a class with a member of that name: if C has such a member too, the name is
/// ambiguous in the derived class. So members are found even if they are templates, overloaded or types. Nothing can
/// derive from a final class, so there the test finds only public members that are not templates, overloaded or types.
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
