#pragma once

#include "gemel/core/choice.hpp"
#include "gemel/core/types.hpp"
#include "gemel/optimizer/schedule.hpp"

namespace gemel {

/// Any of the library's schedules, chosen at run time, for `LearningRate{AnySchedule{CosineDecay{}}}`; a ConstantRate
/// by default. A schedule of your own cannot be put in: give it to LearningRate itself.
class AnySchedule final : public Choice<ConstantRate, ExponentialDecay, CosineDecay> {
 public:
  using Choice::Choice;

  double operator()(Index step) const {
    return visit([step](const auto& schedule) { return schedule(step); });
  }

  /// The schedule of a training of so many steps; see LearningRate.
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
