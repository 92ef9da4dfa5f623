#pragma once

#include "gemel/callback/hook.hpp"
#include "gemel/callback/measure.hpp"
#include "gemel/callback/training_state.hpp"
#include "gemel/core/saved_state.hpp"

namespace gemel {

namespace detail {

/// Whether at least one hook of C, or its on_measure, can be called with a State.
template <class C, class State>
concept CallsHook = Calls_on_measure<C, State> || Calls_on_train_begin<C, State> || Calls_on_epoch_begin<C, State> ||
    Calls_on_batch_begin<C, State> || Calls_on_batch_end<C, State> || Calls_on_epoch_end<C, State> ||
    Calls_on_checkpoint<C, State> || Calls_on_train_end<C, State>;

}  // namespace detail

/// A callback takes part in a training: fit calls its hooks with the TrainingState. It has at least one hook, or
/// the two members for a metric (below). A hook is `void on_…(State& state)`, preferably a template over the type of
/// the state:
///
///   on_train_begin  before the first epoch; in a resumed training, before the next one (`state.epoch`)
///   on_epoch_begin  before each epoch's first batch
///   on_batch_begin  before each batch, early enough to set the learning rate of its step
///   on_batch_end    after each batch
///   on_epoch_end    after each epoch, including its validation and its metrics
///   on_train_end    after the last epoch; not called if the training ends with an error
///
/// One more hook is `void on_checkpoint(State& state, const TrainingSnapshot& snapshot)`, for callbacks that keep the
/// training, so that it can be resumed. fit calls it after the on_epoch_end of all callbacks, but only after a complete
/// epoch: not if a callback ended the epoch before its last batch, or if a stop flag was set before the metrics were
/// measured. The hook copies what a resumed training needs: the snapshot, the model and the optimizer. It must not
/// change them. See the overload of fit that takes a snapshot, and Checkpoint (io/checkpoint.hpp).
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
/// A callback whose work depends on earlier epochs needs two more members, so that a training with it can be resumed
/// and then ends as if it had not been interrupted:
///
///   std::vector<double> save() const             the state after an epoch, for the snapshot
///   void restore(std::span<const double> saved)  takes over what `save` has returned, before on_train_begin; throws
///                                                FormatError, and changes nothing, for what it never returns
template <class C, class State>
concept Callback =
    detail::CallsHook<C, State> && detail::Fits_on_measure<C, State> && detail::Fits_on_train_begin<C, State> &&
    detail::Fits_on_epoch_begin<C, State> && detail::Fits_on_batch_begin<C, State> &&
    detail::Fits_on_batch_end<C, State> && detail::Fits_on_epoch_end<C, State> &&
    detail::Fits_on_checkpoint<C, State> && detail::Fits_on_train_end<C, State> && detail::FitsSavedState<C>;

}  // namespace gemel
