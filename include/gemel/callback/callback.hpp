#pragma once

#include "gemel/callback/hook.hpp"
#include "gemel/callback/measure.hpp"
#include "gemel/callback/training_state.hpp"

namespace gemel {

namespace detail {

/// Whether at least one hook of C, or its on_measure, can be called with a State.
template <class C, class State>
concept CallsHook = Calls_on_measure<C, State> || Calls_on_train_begin<C, State> || Calls_on_epoch_begin<C, State> ||
    Calls_on_batch_begin<C, State> || Calls_on_batch_end<C, State> || Calls_on_epoch_end<C, State> ||
    Calls_on_train_end<C, State>;

}  // namespace detail

/// A callback takes part in a training: fit calls its hooks with the TrainingState. It has at least one hook, or
/// the two members for a metric (below). A hook is `void on_…(State& state)`, preferably a template over the type of
/// the state:
///
///   on_train_begin  before the first epoch
///   on_epoch_begin  before each epoch's first batch
///   on_batch_begin  before each batch, early enough to set the learning rate of its step
///   on_batch_end    after each batch
///   on_epoch_end    after each epoch, including its validation and its metrics
///   on_train_end    after the last epoch; not called if the training ends with an error
///
/// A member that has the name of a hook but cannot be called with a State is a compile error. (In a final class, the
/// error is found only if the member is public, not a template and not overloaded.) The hooks of a const callback must
/// be const.
///
/// A callback that measures a metric in each epoch, such as a Watch, has two more members. fit calls `metric` once,
/// before the on_train_begin of any callback, so that every callback can find the metric's name in the history. It
/// calls `on_measure` after each epoch and enters the value into the history before the on_epoch_end of any callback:
///
///   MetricSeries metric() const { return {.name = "norm"}; }
///   double on_measure(State& state) { return state.model.parameters().norm(); }  // NaN: not measured in this epoch
///
/// For checkpoints, a callback may have `std::vector<double> save() const` and `void restore(std::span<const double>)`.
/// If the model and the optimizer are restored too, the next training continues the saved training as if it had not
/// been interrupted.
template <class C, class State>
concept Callback =
    detail::CallsHook<C, State> && detail::Fits_on_measure<C, State> && detail::Fits_on_train_begin<C, State> &&
    detail::Fits_on_epoch_begin<C, State> && detail::Fits_on_batch_begin<C, State> &&
    detail::Fits_on_batch_end<C, State> && detail::Fits_on_epoch_end<C, State> && detail::Fits_on_train_end<C, State>;

}  // namespace gemel
