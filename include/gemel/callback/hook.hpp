#pragma once

#include <concepts>

#include "gemel/callback/training_snapshot.hpp"
#include "gemel/callback/training_state.hpp"
#include "gemel/core/error.hpp"
#include "gemel/core/has_member.hpp"

namespace gemel::detail {

/// Calls a hook of every callback that has it, in the order of the callbacks, and checks the state after each call.
template <class Hook>
struct EachCallback {
  const char* name;  // of the hook, for errors

  template <class State, class... Callbacks>
  void operator()([[maybe_unused]] State& state, Callbacks&... callbacks) const {
    (call(state, callbacks), ...);
  }

 private:
  template <class State, class C>
  void call([[maybe_unused]] State& state, [[maybe_unused]] C& callback) const {
    if constexpr (std::invocable<Hook, C&, State&>) {
      const State before = state;
      Hook{}(callback, state);
      check_state_after(before, state, name);
    }
  }
};

/// Defines for a hook on_x:
///   has_on_x<C>           whether C has a member of that name
///   Calls_on_x<C, State>  whether C has such a member that can be called with a State
///   Fits_on_x<C, State>   whether C has no such member, or one that can be called with a State
///   call_on_x             calls the hook of each callback: call_on_x(state, callbacks...)
#define GEMEL_HOOK(on_x)                                                                                       \
  GEMEL_HAS_MEMBER(on_x)                                                                                       \
  template <class C, class State>                                                                              \
  concept Calls_##on_x = requires(C & callback, State & state) {                                               \
    callback.on_x(state);                                                                                      \
  };                                                                                                           \
  template <class C, class State>                                                                              \
  concept Fits_##on_x = Calls_##on_x<C, State> || !has_##on_x<C>;                                              \
  struct Hook_##on_x {                                                                                         \
    template <class C, class State>                                                                            \
    requires Calls_##on_x<C, State> void operator()(C& callback, State& state) const { callback.on_x(state); } \
  };                                                                                                           \
  inline constexpr EachCallback<Hook_##on_x> call_##on_x{#on_x};

GEMEL_HOOK(on_train_begin)
GEMEL_HOOK(on_epoch_begin)
GEMEL_HOOK(on_batch_begin)
GEMEL_HOOK(on_batch_end)
GEMEL_HOOK(on_epoch_end)
GEMEL_HOOK(on_train_end)
#undef GEMEL_HOOK

GEMEL_HAS_MEMBER(on_checkpoint)
template <class C, class State>
concept Calls_on_checkpoint = requires(C& callback, State& state, const TrainingSnapshot& snapshot) {
  callback.on_checkpoint(state, snapshot);
};
template <class C, class State>
concept Fits_on_checkpoint = Calls_on_checkpoint<C, State> || !has_on_checkpoint<C>;

/// Calls on_checkpoint of every callback that has it. Throws ValueError if a callback changes the state: the snapshot
/// would not contain the change.
template <class State, class... Callbacks>
[[gnu::cold]] void call_on_checkpoint(State& state, const TrainingSnapshot& snapshot, Callbacks&... callbacks) {
  const auto call = [&](auto& callback) {
    if constexpr (Calls_on_checkpoint<decltype(callback), State>) {
      const State before = state;
      const double own_rate = state.optimizer.learning_rate();
      callback.on_checkpoint(state, snapshot);
      check_state_after(before, state, "on_checkpoint");
      if (state.learning_rate != before.learning_rate || state.rate_scale != before.rate_scale ||
          state.stop != before.stop || state.optimizer.learning_rate() != own_rate) {
        throw ValueError(
            "a callback has set a learning rate or stop in on_checkpoint, but the checkpoint would not contain that: "
            "set it in on_epoch_end");
      }
    }
  };
  (call(callbacks), ...);
}

}  // namespace gemel::detail
