#pragma once

#include <concepts>
#include <span>
#include <vector>

#include "gemel/training/history.hpp"

namespace gemel {

/// What a callback sees and may change. `epoch` and `batch` count from 0.
template <class Model, class Optimizer>
struct TrainingState {
  Model& model;
  Optimizer& optimizer;
  History& history;  ///< in on_epoch_end it has this epoch's entries
  Index epochs = 0;
  Index epoch = 0;
  Index batches = 0;  ///< in this epoch
  Index batch = 0;
  Index pairs = 0;           ///< trained in this epoch so far
  double loss = 0;           ///< mean loss of this epoch so far
  double learning_rate = 0;  ///< what the optimizer's options or a schedule give …
  double rate_scale = 1;     ///< … and what ReduceLROnPlateau makes of it: a step takes their product
  bool stop = false;         ///< set it to end the training after this batch
};

namespace detail {

// What there is to know of one hook. A class that inherits a name twice finds it ambiguous: so a member of that name is
// seen even if it is a template or overloaded.
#define GEMEL_HOOK(hook)                                                      \
  struct Has_##hook {                                                         \
    void hook();                                                              \
  };                                                                          \
  template <class C>                                                          \
  struct Both_##hook : C, Has_##hook {};                                      \
  template <class C>                                                          \
  inline constexpr bool names_##hook = !requires {                            \
    &Both_##hook<C>::hook;                                                    \
  };                                                                          \
  template <class C>                                                          \
  requires std::is_final_v<C>                                                 \
  inline constexpr bool names_##hook<C> = requires { &C::hook; };             \
  template <class C, class State>                                             \
  concept Calls_##hook = requires(C & callback, State & state) {              \
    callback.hook(state);                                                     \
  };                                                                          \
  template <class State, class... Callbacks>                                  \
  void call_##hook(State& state, Callbacks&... callbacks) {                   \
    [[maybe_unused]] const auto call = [&state](auto& callback) {             \
      if constexpr (requires { callback.hook(state); }) callback.hook(state); \
    };                                                                        \
    (call(callbacks), ...);                                                   \
  }

GEMEL_HOOK(on_train_begin)
GEMEL_HOOK(on_epoch_begin)
GEMEL_HOOK(on_batch_begin)
GEMEL_HOOK(on_batch_end)
GEMEL_HOOK(on_epoch_end)
GEMEL_HOOK(on_train_end)
#undef GEMEL_HOOK

}  // namespace detail

/// A callback has at least one hook `void on_…(State&)`, best as a template over the state's type; any that it names
/// must be callable: a hook that is not is a compile error, not silence. Optional: `std::vector<double> save() const`
/// and `void restore(std::span<const double>)` of what it remembers, for checkpoints.
template <class C, class State>
concept Callback =
    (detail::Calls_on_train_begin<C, State> || detail::Calls_on_epoch_begin<C, State> ||
     detail::Calls_on_batch_begin<C, State> || detail::Calls_on_batch_end<C, State> ||
     detail::Calls_on_epoch_end<C, State> ||
     detail::Calls_on_train_end<
         C, State>)&&(detail::Calls_on_train_begin<C, State> ||
                      !detail::names_on_train_begin<
                          C>)&&(detail::Calls_on_epoch_begin<C, State> ||
                                !detail::names_on_epoch_begin<
                                    C>)&&(detail::Calls_on_batch_begin<C, State> ||
                                          !detail::names_on_batch_begin<
                                              C>)&&(detail::Calls_on_batch_end<C, State> ||
                                                    !detail::names_on_batch_end<
                                                        C>)&&(detail::Calls_on_epoch_end<C, State> ||
                                                              !detail::names_on_epoch_end<
                                                                  C>)&&(detail::Calls_on_train_end<C, State> ||
                                                                        !detail::names_on_train_end<C>);

}  // namespace gemel
