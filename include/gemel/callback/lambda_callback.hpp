#pragma once

#include "gemel/core/compiler.hpp"

namespace gemel {

// Each of these types is a callback with one hook, which is a lambda: `fit(…, OnEpochEnd{[](auto& state) { … }})`. The
// lambda gets the TrainingState, which includes the model.

/// Calls a lambda before the first epoch; see Callback.
template <class Function>
struct OnTrainBegin {
  Function on_train_begin;  ///< Takes the TrainingState.
};

/// Calls a lambda before each epoch's first batch; see Callback.
template <class Function>
struct OnEpochBegin {
  Function on_epoch_begin;  ///< Takes the TrainingState.
};

/// Calls a lambda before each batch; see Callback.
template <class Function>
struct OnBatchBegin {
  Function on_batch_begin;  ///< Takes the TrainingState.
};

/// Calls a lambda after each batch; see Callback.
template <class Function>
struct OnBatchEnd {
  Function on_batch_end;  ///< Takes the TrainingState.
};

/// Calls a lambda after each epoch; see Callback.
template <class Function>
struct OnEpochEnd {
  Function on_epoch_end;  ///< Takes the TrainingState.
};

/// Calls a lambda after each complete epoch, with what is needed to resume the training; see Callback.
template <class Function>
struct OnCheckpoint {
  Function on_checkpoint;  ///< Takes the TrainingState and the TrainingSnapshot.
};

/// Calls a lambda after the last epoch; see Callback.
template <class Function>
struct OnTrainEnd {
  Function on_train_end;  ///< Takes the TrainingState.
};

/// @{
/// Deduces the type of the lambda.
template <class Function>
OnTrainBegin(Function) -> OnTrainBegin<Function>;
template <class Function>
OnEpochBegin(Function) -> OnEpochBegin<Function>;
template <class Function>
OnBatchBegin(Function) -> OnBatchBegin<Function>;
template <class Function>
OnBatchEnd(Function) -> OnBatchEnd<Function>;
template <class Function>
OnEpochEnd(Function) -> OnEpochEnd<Function>;
template <class Function>
OnCheckpoint(Function) -> OnCheckpoint<Function>;
template <class Function>
OnTrainEnd(Function) -> OnTrainEnd<Function>;
/// @}

/// A callback that combines any number of the types above, each with another hook:
///
///   LambdaCallback{OnEpochEnd{[](auto& state) { … }}, OnTrainEnd{[](auto& state) { … }}}
///
/// (Named arguments, as in Keras, would need class template argument deduction from designated initializers, which
/// Clang supports from version 17 on.)
template <class... Hooks>
struct LambdaCallback : Hooks... {};

/// Deduces the types of the hooks.
template <class... Hooks>
LambdaCallback(Hooks...) -> LambdaCallback<Hooks...>;

}  // namespace gemel
