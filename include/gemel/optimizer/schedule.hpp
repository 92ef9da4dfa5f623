#pragma once

#include <algorithm>
#include <cmath>
#include <optional>

#include "gemel/core/arithmetic.hpp"
#include "gemel/core/error.hpp"
#include "gemel/core/types.hpp"

namespace gemel {

// A schedule maps a step, counted from 0, to a learning rate, for the callback LearningRate. Any function, lambda or
// function object `double f(Index step)` is a schedule. A schedule that depends on the number of steps of the training
// also has a member `over(Index steps)`, which returns the schedule for a training of that many steps.

/// A value for the field `decay_steps` of a schedule: the decay lasts until the end of the training, however many steps
/// that has. The callback LearningRate fills in their number; elsewhere, use `schedule.over(steps)`.
inline constexpr Index whole_training = -1;

namespace detail {

/// Throws ValueError, with the field's name and the condition, unless `fulfilled`.
inline void require_in_schedule(bool fulfilled, const char* field, const char* condition, double value) {
  if (!fulfilled) {
    throw ValueError({"the schedule's ", field, " must be ", condition, ", but ", value, " was given"});
  }
}

/// Throws ValueError for a negative step.
inline void require_step(Index step) {
  if (step < 0) throw ValueError({"a schedule's steps count from 0, but the rate of step ", step, " was asked for"});
}

/// Throws ValueError if decay_steps is not positive, or still is whole_training.
inline void require_decay_steps(Index decay_steps) {
  if (decay_steps == whole_training) {
    throw ValueError(
        "the schedule's decay_steps is whole_training, but the number of steps of the training is not known: give the "
        "schedule to the callback LearningRate, which knows it, or use schedule.over(steps)");
  }
  require_in_schedule(decay_steps > 0, "decay_steps", "positive", static_cast<double>(decay_steps));
}

}  // namespace detail

/// The same learning rate at every step.
struct ConstantRate {
  double learning_rate = 1e-3;  ///< Finite and at least 0.

  /// The learning rate of any step. Throws ValueError if learning_rate is out of its range or the step is negative.
  double operator()(Index step) const {
    detail::require_step(step);
    detail::require_in_schedule(learning_rate >= 0 && std::isfinite(learning_rate), "learning_rate",
                                "finite and at least 0", learning_rate);
    return learning_rate;
  }
};

/// Keras' ExponentialDecay. The rate is initial_learning_rate * decay_rate^(step / decay_steps).
struct ExponentialDecay {
  double initial_learning_rate = 1e-3;  ///< Finite and at least 0.
  Index decay_steps = 1000;             ///< Positive, or whole_training.
  double decay_rate = 0.96;             ///< Factor of the rate per decay_steps steps; positive and finite.
  bool staircase = false;               ///< Round the exponent down, so that the rate falls once per decay_steps.

  /// The schedule for a training of that many steps: if decay_steps is whole_training, it becomes `steps`, otherwise
  /// nothing changes. In the first case, throws ValueError if `steps` is not positive, or if staircase is set, since
  /// the rate would never change.
  ExponentialDecay over(Index steps) const {
    ExponentialDecay counted = *this;
    if (decay_steps != whole_training) return counted;
    detail::require_in_schedule(steps > 0, "number of steps in the whole training", "positive",
                                static_cast<double>(steps));
    if (staircase) {
      throw ValueError(
          "the schedule's decay_steps is whole_training, and staircase is set: the rate would never change; give the "
          "steps of a stair");
    }
    counted.decay_steps = steps;
    return counted;
  }

  /// The learning rate of this step. Throws ValueError if a field is out of its range, the step is negative, or a
  /// decay_rate above 1 has made the rate infinite.
  double operator()(Index step) const {
    using detail::require_in_schedule;
    detail::require_step(step);
    require_in_schedule(initial_learning_rate >= 0 && std::isfinite(initial_learning_rate), "initial_learning_rate",
                        "finite and at least 0", initial_learning_rate);
    detail::require_decay_steps(decay_steps);
    require_in_schedule(decay_rate > 0 && std::isfinite(decay_rate), "decay_rate", "positive and finite", decay_rate);
    const Index whole = step / decay_steps;
    const double part = staircase ? 0 : static_cast<double>(step % decay_steps) / static_cast<double>(decay_steps);
    const double exponent = static_cast<double>(whole) + part;
    // The conversion to double rounds the largest exponents up to 2^63, which no Index holds. At that size rounding
    // loses the fraction anyway, so the integer exponent is used.
    const double rate =
        initial_learning_rate * (exponent < 0x1p63 ? power(decay_rate, exponent) : power(decay_rate, whole));
    if (!std::isfinite(rate)) {
      throw ValueError({"the schedule has grown to an infinite rate at step ", step, ": its decay_rate of ", decay_rate,
                        " is above 1; below 1 it decays"});
    }
    return rate;
  }
};

/// Keras' CosineDecay, with its linear warm-up (Loshchilov and Hutter, "SGDR: stochastic gradient descent with warm
/// restarts", ICLR 2017, eq. 5, without the restarts). For warmup_steps steps the rate rises linearly from
/// initial_learning_rate to warmup_target, the top rate. Then it is
///
///   top * ( (1 - alpha) (1 + cos(pi t / decay_steps)) / 2 + alpha ),   t = min(step - warmup_steps, decay_steps)
///
/// Without a warmup_target there is no warm-up, and initial_learning_rate is the top rate.
struct CosineDecay {
  double initial_learning_rate = 1e-3;       ///< Finite and at least 0.
  Index decay_steps = 1000;                  ///< Number of steps from the top rate to the last, or whole_training.
  double alpha = 0;                          ///< The final rate as a fraction of the top rate; at least 0.
  std::optional<double> warmup_target = {};  ///< The top rate, at the end of the warm-up; empty: no warm-up.
  Index warmup_steps = 0;                    ///< At least 0.

  /// The schedule for a training of that many steps, warm-up included: if decay_steps is whole_training, it becomes the
  /// number of steps after the warm-up, otherwise nothing changes. Throws ValueError if no steps would be left.
  CosineDecay over(Index steps) const {
    CosineDecay counted = *this;
    if (decay_steps != whole_training) return counted;
    detail::require_in_schedule(steps > 0, "number of steps in the whole training", "positive",
                                static_cast<double>(steps));
    const Index warmup = warmup_target ? std::max<Index>(warmup_steps, 0) : 0;
    if (warmup >= steps) {
      throw ValueError({"the schedule's warmup_steps are ", warmup, ", but the whole training has ", steps,
                        " steps: none is left to decay in"});
    }
    counted.decay_steps = steps - warmup;
    return counted;
  }

  /// The learning rate of this step. Throws ValueError if a field is out of its range or the step is negative.
  double operator()(Index step) const {
    check();
    detail::require_step(step);
    const Index warmup = warmup_target ? warmup_steps : 0;
    const double top = warmup_target.value_or(initial_learning_rate);
    if (step < warmup) {
      const double done = static_cast<double>(step) / static_cast<double>(warmup);
      return std::fma(top - initial_learning_rate, done, initial_learning_rate);
    }
    const double done = static_cast<double>(std::min(step - warmup, decay_steps)) / static_cast<double>(decay_steps);
    const double cosine = std::fma(0.5, cos_of_turns(done / 2), 0.5);
    return top * std::fma(1 - alpha, cosine, alpha);
  }

 private:
  void check() const {
    using detail::require_in_schedule;
    const auto rate = [](const char* field, double value) {
      require_in_schedule(value >= 0 && std::isfinite(value), field, "finite and at least 0", value);
    };
    rate("initial_learning_rate", initial_learning_rate);
    if (warmup_target) rate("warmup_target", *warmup_target);
    rate("alpha", alpha);
    detail::require_decay_steps(decay_steps);
    require_in_schedule(warmup_steps >= 0, "warmup_steps", "at least 0", static_cast<double>(warmup_steps));
  }
};

}  // namespace gemel
