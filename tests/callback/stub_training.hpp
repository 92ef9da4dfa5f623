#pragma once

#include <utility>
#include <vector>

#include "gemel/callback/callback.hpp"
#include "gemel/core/columns.hpp"

namespace gemel::test {

/// The part of a model that callbacks use: its scalar type and its flat parameters.
struct StubModel {
  using Scalar = float;

  VectorX<float> values = VectorX<float>::Zero(3);

  ConstColumn<float> parameters() const { return {values.data(), values.size()}; }
  void set_parameters(const VectorX<float>& v) { values = v; }
};

struct StubOptimizer {};

using StubState = TrainingState<StubModel, StubOptimizer>;

/// Calls a callback's hooks as fit does, with losses that a test gives. In epoch e all parameters are e.
struct StubTraining {
  StubModel model = {};
  StubOptimizer optimizer = {};
  History history = {};
  StubState state{model, optimizer, history};

  template <class C>
  void begin(C& callback) {
    static_assert(Callback<C, StubState>);
    state.rate_scale = 1;  // as at the start of fit
    callback.on_train_begin(state);
  }

  /// Runs one epoch with these losses. Returns whether the training goes on.
  template <class C>
  bool epoch(C& callback, double loss, double validation_loss) {
    model.values.setConstant(static_cast<float>(state.epoch));
    history.loss.push_back(loss);
    history.validation_loss.push_back(validation_loss);
    callback.on_epoch_end(state);
    ++state.epoch;
    return !std::exchange(state.stop, false);
  }

  /// Runs epochs with these validation losses, and training losses that always improve, until the callback stops.
  /// Returns the number of epochs.
  template <class C>
  Index epochs(C& callback, const std::vector<double>& validation_losses) {
    Index ran = 0;
    for (const double value : validation_losses) {
      ++ran;
      if (!epoch(callback, -static_cast<double>(state.epoch), value)) break;
    }
    return ran;
  }
};

}  // namespace gemel::test
