#pragma once

#include "gemel/callback/hook.hpp"
#include "gemel/callback/measure.hpp"
#include "gemel/callback/training_state.hpp"

namespace gemel {

namespace detail {

template <class C, class State>
concept CallsHook = Calls_on_measure<C, State> || Calls_on_train_begin<C, State> || Calls_on_epoch_begin<C, State> ||
    Calls_on_batch_begin<C, State> || Calls_on_batch_end<C, State> || Calls_on_epoch_end<C, State> ||
    Calls_on_train_end<C, State>;

}  // namespace detail

/// A callback has at least one hook `void on_…(State&)`, best as a template over the state's type; any that it names
/// must be callable: a hook that is not is a compile error, not silence. (Of a final class, only a hook that is neither
/// a template nor overloaded nor private is seen.) A const callback needs const hooks. Optional: `std::vector<double>
/// save() const` and `void restore(std::span<const double>)` of what it remembers, for checkpoints: a training that
/// begins with restored callbacks goes on as if it had never ended.
///
/// A callback that measures something of each epoch (a Watch is one) has two members more. fit calls `metric` once,
/// before any callback's on_train_begin, so that all of them know the names (what it gives must be known by then), and
/// enters the value into the history before any callback's on_epoch_end:
///
///   MetricSeries metric() const { return {.name = "norm"}; }
///   double on_measure(State& state) { return state.model.parameters().norm(); }   // NaN: not in this epoch
template <class C, class State>
concept Callback =
    detail::CallsHook<C, State> && detail::Fits_on_measure<C, State> && detail::Fits_on_train_begin<C, State> &&
    detail::Fits_on_epoch_begin<C, State> && detail::Fits_on_batch_begin<C, State> &&
    detail::Fits_on_batch_end<C, State> && detail::Fits_on_epoch_end<C, State> && detail::Fits_on_train_end<C, State>;

}  // namespace gemel
