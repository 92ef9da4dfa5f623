#pragma once

#include "gemel/core/choice.hpp"
#include "gemel/core/types.hpp"
#include "gemel/optimizer/schedule.hpp"

namespace gemel {

/// Any of the library's schedules, chosen at run time: `LearningRate{AnySchedule{CosineDecay{}}}`. The default is
/// ConstantRate. It cannot hold a schedule of your own; pass such a schedule to LearningRate directly.
class AnySchedule final : public Choice<ConstantRate, ExponentialDecay, CosineDecay> {
 public:
  /// Constructs from one of the schedules, or from the default.
  using Choice::Choice;

  /// The chosen schedule's learning rate of this step; steps count from 0. Throws what the chosen schedule throws.
  double operator()(Index step) const {
    return visit([step](const auto& schedule) { return schedule(step); });
  }

  /// The chosen schedule for a training of that many steps, or the schedule itself if it does not depend on them.
  /// Throws what the chosen schedule's `over` throws.
  AnySchedule over(Index steps) const {
    return visit([steps](const auto& schedule) -> AnySchedule {
      if constexpr (requires { schedule.over(steps); }) {
        return schedule.over(steps);
      } else {
        return schedule;
      }
    });
  }
};

}  // namespace gemel
