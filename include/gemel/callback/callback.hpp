#pragma once

#include "gemel/callback/hook.hpp"
#include "gemel/callback/measure.hpp"
#include "gemel/callback/training_state.hpp"

namespace gemel {

namespace detail {

/// Whether a State can be given to at least one hook.
template <class C, class State>
concept CallsHook = Calls_on_measure<C, State> || Calls_on_train_begin<C, State> || Calls_on_epoch_begin<C, State> ||
    Calls_on_batch_begin<C, State> || Calls_on_batch_end<C, State> || Calls_on_epoch_end<C, State> ||
    Calls_on_train_end<C, State>;

}  // namespace detail

/// A callback takes part in a training: fit calls its hooks with a TrainingState. It has at least one hook `void
/// on_…(State& state)`, best as a template over the state's type:
///
///   on_train_begin  before the first epoch
///   on_epoch_begin  before each epoch's first batch
///   on_batch_begin  before each batch, and so before its learning rate is used
///   on_batch_end    after each batch
///   on_epoch_end    after each epoch, its validation and its metrics
///   on_train_end    after the last epoch; not if the training ends by an error
///
/// A member with such a name that cannot be called with a State is a compile error. (In a final class this is noticed
/// only if the member is public, no template and not overloaded.) A const callback needs const hooks.
///
/// A callback that measures something in each epoch, such as a Watch, has two more members. fit calls `metric` once,
/// before any callback's on_train_begin, so that all callbacks can find its name in the history. It calls `on_measure`
/// after each epoch and enters the value into the history before any callback's on_epoch_end:
///
///   MetricSeries metric() const { return {.name = "norm"}; }
///   double on_measure(State& state) { return state.model.parameters().norm(); }  // NaN: not measured in this epoch
///
/// For checkpoints, a callback may have `std::vector<double> save() const` and `void restore(std::span<const double>)`.
/// A training that begins with restored callbacks goes on as if it had not been interrupted.
template <class C, class State>
concept Callback =
    detail::CallsHook<C, State> && detail::Fits_on_measure<C, State> && detail::Fits_on_train_begin<C, State> &&
    detail::Fits_on_epoch_begin<C, State> && detail::Fits_on_batch_begin<C, State> &&
    detail::Fits_on_batch_end<C, State> && detail::Fits_on_epoch_end<C, State> && detail::Fits_on_train_end<C, State>;

}  // namespace gemel
