#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <cstring>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <utility>
#include <vector>

#include "gemel/core/random.hpp"
#include "gemel/data/pair_sampler.hpp"
#include "gemel/data/pairs.hpp"
#include "gemel/loss/contrastive_loss.hpp"
#include "gemel/network/dense.hpp"
#include "gemel/network/siamese.hpp"
#include "gemel/optimizer/rmsprop.hpp"
#include "gemel/training/fit.hpp"

namespace gemel::bad_input {

using Model = Siamese<Network<float, Dense<3, 4, ReLU>, Dense<4, 2>>>;  // 16 + 10 parameters

inline Model a_model() {
  Rng rng{1};
  return Model{rng};
}

/// Six pairs of samples with three features. Feature 1 of the pair's second sample gets the value.
inline Pairs<float> six_pairs(std::optional<Index> pair = {}, float value = 0) {
  Rng rng{2};
  MatrixX<float> a = uniform<float>(3, 6, rng), b = uniform<float>(3, 6, rng);
  if (pair) b(1, *pair) = value;
  return {a, b, {1, 0, 0, 1, 1, 0}};
}

/// A loss of any type. With AnyCallback, it lets all tests share one instantiation of fit.
struct AnyLoss {
  std::function<double(std::span<const float>, std::span<const std::uint8_t>, std::span<const float>, std::span<float>)>
      loss;

  double operator()(std::span<const float> d, std::span<const std::uint8_t> similar, std::span<const float> weight,
                    std::span<float> slope) const {
    return loss(d, similar, weight, slope);
  }
};

/// A callback of any type.
class AnyCallback {
 public:
  using State = TrainingState<Model, RMSprop<float>>;

  AnyCallback() = default;
  template <class C>
  requires(!std::same_as<C, AnyCallback>) AnyCallback(C callback) {
    const auto shared = std::make_shared<C>(std::move(callback));
    call_ = [shared](auto hook, State& state) {
      if constexpr (requires { shared->on_train_begin(state); }) {
        if (hook == Hook::TrainBegin) shared->on_train_begin(state);
      }
      if constexpr (requires { shared->on_epoch_begin(state); }) {
        if (hook == Hook::EpochBegin) shared->on_epoch_begin(state);
      }
      if constexpr (requires { shared->on_batch_begin(state); }) {
        if (hook == Hook::BatchBegin) shared->on_batch_begin(state);
      }
      if constexpr (requires { shared->on_epoch_end(state); }) {
        if (hook == Hook::EpochEnd) shared->on_epoch_end(state);
      }
      if constexpr (requires { shared->on_train_end(state); }) {
        if (hook == Hook::TrainEnd) shared->on_train_end(state);
      }
    };
  }

  void on_train_begin(State& state) { call(Hook::TrainBegin, state); }
  void on_epoch_begin(State& state) { call(Hook::EpochBegin, state); }
  void on_batch_begin(State& state) { call(Hook::BatchBegin, state); }
  void on_epoch_end(State& state) { call(Hook::EpochEnd, state); }
  void on_train_end(State& state) { call(Hook::TrainEnd, state); }

 private:
  enum class Hook { TrainBegin, EpochBegin, BatchBegin, EpochEnd, TrainEnd };
  void call(Hook hook, State& state) {
    if (call_) call_(hook, state);
  }

  std::function<void(Hook, State&)> call_ = {};
};

/// A model and an optimizer in the middle of a training: they have made two steps.
class Training {
 public:
  explicit Training(Index threads) : threads_(threads) { fit(six_pairs()); }

  Model& model() { return model_; }
  RMSprop<float>& optimizer() { return optimizer_; }
  Index threads() const { return threads_; }

  /// Trains for an epoch, by default in batches of four pairs; the order is not shuffled.
  template <class Source>
  History fit(const Source& source, FitOptions<float> options = {.batch_size = 4}, AnyLoss loss = {ContrastiveLoss{}},
              AnyCallback callback = {}) {
    options.shuffle = false;
    if (options.threads == 0) options.threads = threads_;
    return gemel::fit(model_, source, loss, optimizer_, options, rng_, callback);
  }
  History fit(AnyLoss loss) { return fit(six_pairs(), {.batch_size = 4}, std::move(loss)); }
  History fit_with(AnyCallback callback) {
    return fit(six_pairs(), {.batch_size = 4}, {ContrastiveLoss{}}, std::move(callback));
  }

  /// The bits of the parameters and of the optimizer's state.
  std::vector<std::uint32_t> bits() {
    const auto parameters = model_.parameters();
    std::vector<std::uint32_t> all(static_cast<std::size_t>(parameters.size()));
    std::memcpy(all.data(), parameters.data(), all.size() * sizeof(float));
    const OptimizerState<float> state = optimizer_.state();
    for (const auto& array : state.arrays) {
      const std::size_t before = all.size();
      all.resize(before + array.values.size());
      std::memcpy(all.data() + before, array.values.data(), array.values.size_bytes());
    }
    all.push_back(static_cast<std::uint32_t>(*state.step));
    return all;
  }

 private:
  Index threads_;
  Rng rng_{3};
  Model model_ = a_model();
  RMSprop<float> optimizer_{};
};

/// A try that does something bad in the middle of a training, with two threads and with one, and rethrows the error.
/// After the error, the parameters and the optimizer must be unchanged, bit by bit, and the training must continue.
/// `good_steps` is the number of steps, on the first pairs of six_pairs(), that the bad call makes before it fails.
template <std::invocable<Training&> Act>
auto in_training(const Act& act, Index good_steps = 0) {
  return [act, good_steps] {
    std::exception_ptr thrown;
    for (const Index threads : {2, 1}) {
      thrown = nullptr;
      Training training(threads), undisturbed(threads);
      if (good_steps > 0) undisturbed.fit(six_pairs().slice(0, std::min<Index>(4 * good_steps, 6)));
      try {
        act(training);
      } catch (...) {
        thrown = std::current_exception();
      }
      if (!thrown) return;
      if (training.bits() != undisturbed.bits()) throw std::logic_error("parameters or optimizer have changed");
      const auto before = training.bits();
      const History history = training.fit(six_pairs());
      if (!std::isfinite(history.loss.back()) || training.bits() == before) {
        throw std::logic_error("the training does not continue");
      }
    }
    std::rethrow_exception(thrown);
  };
}

}  // namespace gemel::bad_input
