#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <limits>

#include "gemel/core/error.hpp"
#include "gemel/core/random.hpp"
#include "gemel/core/types.hpp"
#include "gemel/optimizer/rmsprop.hpp"
#include "gemel/training/step.hpp"

namespace gemel {

/// Options of gradient_check.
struct GradientCheckOptions {
  /// Step widths of the finite differences, in units of max(1, |parameter|). For each parameter, the width with the
  /// smaller error counts.
  std::array<double, 2> steps = {3e-5, 3e-6};
  Index parameters = 0;    ///< how many to draw, with replacement; each once if 0, or as many as there are
  std::uint64_t seed = 0;  ///< of that draw, and of the random numbers that layers draw (Dropout)
};

/// The result of gradient_check. The error of a parameter is |a - n| / max(|a|, |n|, max|g| / 1000), where a is its
/// derivative from the backward pass, n from finite differences, and g the whole gradient.
struct GradientCheck {
  double worst = 0;     ///< the largest error
  Index parameter = 0;  ///< the parameter with that error, as an index of the flat vector
  double analytic = 0;  ///< its derivative from the backward pass
  double numeric = 0;   ///< its derivative from finite differences
  Index checked = 0;    ///< number of parameters that were compared
  Index at_kinks = 0;   ///< number left out, because the loss has a kink (a ReLU, the margin) within the step
};

/// Compares the gradient from the backward pass with central differences of the loss, parameter by parameter, for the
/// source's first batch. It is a test for a layer, a distance or a loss of your own: an error of 1e-7 or less means
/// that the gradient is right, an error of 1e-3 or more that it is wrong. The model is passed by value, so the caller's
/// does not change. For a network without parameters, GradientCheck::checked is 0.
///
/// Throws ValueError for steps that are not positive and finite, NonFiniteError if the backward pass or the loss gives
/// NaN or infinity, and what TrainingStep throws for the source and the model. A network of float does not compile,
/// since its differences would consist of rounding errors.
template <class Model, class Source, class LossType>
GradientCheck gradient_check(Model model, const Source& source, LossType loss,
                             const GradientCheckOptions& options = {}) {
  static_assert(std::same_as<typename Model::Scalar, double>,
                "gemel: gradients are checked in double; make the same network with Network<double, …>");
  for (const double step : options.steps) {
    if (!(step > 0 && std::isfinite(step))) {
      throw ValueError({"a gradient check's steps must be positive and finite, but ", step, " was given"});
    }
  }
  RMSprop<double> unused;
  TrainingStep step(model, loss, unused, {.seed = options.seed});
  const auto computed = step.gradient(source, 0);
  if (computed.empty()) return {};
  const VectorX<double> gradient = ConstColumn<double>(computed.data(), length(computed));
  const double scale = gradient.cwiseAbs().maxCoeff() * 1e-3;
  const double here = step.evaluate(source, 0, true);
  VectorX<double> parameters = model.parameters();
  Rng rng{options.seed};

  GradientCheck result;
  const Index total = parameters.size();
  const Index count = options.parameters > 0 ? std::min(options.parameters, total) : total;
  for (Index q = 0; q < count; ++q) {
    const Index i = count == total ? q : rng.below(total);
    const double kept = parameters[i];
    if (!std::isfinite(gradient[i])) {
      throw NonFiniteError({"the backward pass gives a gradient of NaN or infinity for parameter ", i});
    }
    const auto loss_at = [&](double value) {
      parameters[i] = value;
      model.set_parameters(parameters);
      return step.evaluate(source, 0, true);
    };
    double error = std::numeric_limits<double>::infinity(), numeric = 0;
    for (const double relative : options.steps) {
      const double h = relative * std::max(1.0, std::abs(kept));
      const double above = loss_at(kept + h), below = loss_at(kept - h);
      const double difference = (above - below) / (2 * h);
      const double bend = std::abs(above - 2 * here + below) / h;  // of order h, but of order 1 at a kink
      const double size = std::max({std::abs(gradient[i]), std::abs(difference), scale, 1e-300});
      if (bend > 0.01 * size && bend > 1e3 * h * size) continue;
      if (std::abs(gradient[i] - difference) / size < error) {
        error = std::abs(gradient[i] - difference) / size;
        numeric = difference;
      }
    }
    loss_at(kept);
    if (error == std::numeric_limits<double>::infinity()) {
      ++result.at_kinks;
      continue;
    }
    ++result.checked;
    if (error > result.worst) {
      result = {error, i, gradient[i], numeric, result.checked, result.at_kinks};
    }
  }
  return result;
}

}  // namespace gemel
