#pragma once

#include "gemel/core/compiler.hpp"

namespace gemel {

// A hook given as a lambda. Each is a callback on its own: fit(…, OnEpochEnd{[](auto& state) { … }}).

template <class Function>
struct OnTrainBegin {
  Function on_train_begin;
};
template <class Function>
struct OnEpochBegin {
  Function on_epoch_begin;
};
template <class Function>
struct OnBatchBegin {
  Function on_batch_begin;
};
template <class Function>
struct OnBatchEnd {
  Function on_batch_end;
};
template <class Function>
struct OnEpochEnd {
  Function on_epoch_end;
};
template <class Function>
struct OnTrainEnd {
  Function on_train_end;
};

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
OnTrainEnd(Function) -> OnTrainEnd<Function>;

/// Any number of different hooks as one callback:
///
///   LambdaCallback{OnEpochEnd{[](auto& state) { … }}, OnTrainEnd{[](auto& state) { … }}}
///
/// A lambda sees the whole TrainingState, the model included. (Keras' form by named arguments would need designated
/// initializers that deduce, which Clang has from version 17 on.)
template <class... Hooks>
struct LambdaCallback : Hooks... {};

template <class... Hooks>
LambdaCallback(Hooks...) -> LambdaCallback<Hooks...>;

}  // namespace gemel
