#pragma once

#include <concepts>
#include <span>
#include <type_traits>
#include <vector>

#include "gemel/core/error.hpp"
#include "gemel/core/has_member.hpp"
#include "gemel/core/types.hpp"

namespace gemel::detail {

// Callbacks and pair sources may carry a state from epoch to epoch. If they give it as numbers and take it back, by two
// optional members, a training can be resumed from a checkpoint:
//
//   std::vector<double> save() const             the state
//   void restore(std::span<const double> saved)  takes over what `save` has returned

namespace state_members {
GEMEL_HAS_MEMBER(save)
GEMEL_HAS_MEMBER(restore)
}  // namespace state_members

template <class T>
concept Saves = requires(const T& object) {
  { object.save() } -> std::same_as<std::vector<double>>;
};
template <class T>
concept Restores = requires(T& object, std::span<const double> saved) {
  object.restore(saved);
};

/// Whether T has both members, or neither. A const object cannot be restored, but is a T all the same.
template <class T>
concept FitsSavedState = (Saves<T> && Restores<std::remove_const_t<T>>) ||
                         !(state_members::has_save<T> || state_members::has_restore<T>);

/// The state of an object; empty if it has none.
template <class T>
[[gnu::cold]] std::vector<double> saved_state(const T& object) {
  if constexpr (Saves<T>) return object.save();
  return {};
}

/// Restores the object, which is `what`, such as "callback 2". Throws ValueError if there is a state, but the object
/// takes none, and whatever the object's restore throws.
template <class T>
[[gnu::cold]] void restore_state(T& object, std::span<const double> saved, Piece what) {
  if constexpr (Restores<T>) {
    object.restore(saved);
  } else if (!saved.empty()) {
    throw ValueError({"there is a saved state of ", length(saved), " numbers for the ", what,
                      ", but it takes none: give what was there when the state was saved"});
  }
}

}  // namespace gemel::detail
