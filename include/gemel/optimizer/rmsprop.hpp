#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "gemel/core/buffer.hpp"
#include "gemel/core/kernel.hpp"
#include "gemel/core/type_name.hpp"
#include "gemel/core/types.hpp"
#include "gemel/optimizer/clipping.hpp"
#include "gemel/optimizer/dialect.hpp"
#include "gemel/optimizer/optimizer.hpp"
#include "gemel/optimizer/option_checks.hpp"
#include "gemel/optimizer/parameter_block.hpp"

namespace gemel {

/// Options of RMSprop. The symbols are those of the formulas at the class RMSprop.
struct RMSpropOptions {
  double learning_rate = 1e-3;  ///< lr, at least 0.
  double rho = 0.9;             ///< Fraction of the moving averages that a step keeps, in [0, 1).
  double momentum = 0;          ///< mu, in [0, 1).
  double epsilon = 1e-7;        ///< Keeps the divisor from 0; positive.
  bool centered = false;        ///< Whether to divide by the gradient's standard deviation, not its root mean square.
  double weight_decay = 0;      ///< At least 0.
  /// @{
  /// See Clipping; at most one may be set.
  std::optional<double> clipvalue = {};
  std::optional<double> clipnorm = {};
  std::optional<double> global_clipnorm = {};
  /// @}
  Dialect dialect = Dialect::Keras;  ///< Whose formulas are used.
};

/// RMSprop (Tieleman and Hinton, "Neural networks for machine learning", lecture 6.5, 2012), as in Keras 3, with
/// epsilon inside the root. For parameters w with gradient g, a step is:
///
///   w -= weight_decay lr w
///   v = rho v + (1 - rho) g^2
///   centered:     a = rho a + (1 - rho) g;  s = max(v - a^2, 0);  else s = v
///   no momentum:  w -= lr g / sqrt(s + epsilon)
///   momentum mu:  m = mu m + lr g / sqrt(s + epsilon);  w -= m
///
/// Keras does not take the maximum with 0. v - a^2 is negative only by rounding, but in float that made the root NaN in
/// 10 to 29 % of runs with a constant gradient. As in Keras, weight_decay is rounded to float, also if the parameters
/// are double.
///
/// Dialect::PyTorch does not round weight_decay, adds it to the gradient (g += weight_decay w) instead of the first
/// line, and has epsilon outside the root and the learning rate outside the momentum: m = mu m + g / (sqrt(s) +
/// epsilon);  w -= lr m.
template <Scalar S>
class RMSprop {
 public:
  /// Throws ValueError if an option is out of its range.
  [[gnu::cold]] explicit RMSprop(const RMSpropOptions& options = {})
      : options_(options), clipping_(detail::checked_clipping<S>(options)) {
    detail::check_not_negative<S>("learning_rate", options.learning_rate);
    detail::check_fraction("rho", options.rho);
    detail::check_fraction("momentum", options.momentum);
    detail::check_epsilon<S>(options.epsilon);
    detail::check_weight_decay<S>(options.weight_decay, options.dialect);
  }

  /// The options, with the current learning rate.
  const RMSpropOptions& options() const { return options_; }

  /// @{
  /// Required by the Optimizer concept (optimizer/optimizer.hpp).
  Clipping clipping() const { return clipping_; }
  double learning_rate() const { return options_.learning_rate; }
  void learning_rate(double rate) {
    detail::check_rate<S>(rate);
    options_.learning_rate = rate;
  }

  void reserve(Index n) {
    if (n == n_) return;
    n_ = n;
    step_ = 0;
    v_.resize(n);
    a_.resize(options_.centered ? n : 0);
    m_.resize(options_.momentum > 0 ? n : 0);
  }

  void advance() { ++step_; }

  void update(Index first, std::span<const S> g, std::span<S> w) {
    detail::check_block(n_, first, g, w);
    kernel::update(block(first, g.data(), w));
  }

  /// @}

  /// @{
  /// Required by the InterleavingOptimizer concept (optimizer/optimizer.hpp).
  kernel::Update<kernel::RMSpropRule<S>, S> block(Index first, const S* g, std::span<S> w) {
    S* const v = detail::block_of(v_, first);
    S* const a = detail::block_of(a_, first);
    S* const m = detail::block_of(m_, first);
    return {rule(), length(w), g, w.data(), {v, options_.centered ? a : m, options_.centered ? m : nullptr}};
  }
  bool interleaves() const { return kernel::interleaves(rule()); }
  /// @}

  /// Optional member of the Optimizer concept: the weight decay if it is added to the gradient, as in PyTorch's
  /// dialect, otherwise 0.
  double penalty() const { return options_.dialect == Dialect::PyTorch ? options_.weight_decay : 0; }

  /// The state, for checkpoints: the arrays "v", "a" if centered, and "m" if there is momentum (one value per
  /// parameter), and the number of steps.
  OptimizerState<S> state() {
    OptimizerState<S> state{{{"v", v_.span()}}, &step_};
    if (!a_.empty()) state.arrays.push_back({"a", a_.span()});
    if (!m_.empty()) state.arrays.push_back({"m", m_.span()});
    return state;
  }

 private:
  kernel::RMSpropRule<S> rule() const {
    const RMSpropOptions& o = options_;
    const bool pytorch = o.dialect == Dialect::PyTorch;
    return {.l2 = static_cast<S>(pytorch ? o.weight_decay : 0),
            .decay = static_cast<S>(pytorch ? 0 : detail::as_keras_rounds(o.weight_decay) * o.learning_rate),
            .rate = static_cast<S>(o.learning_rate),
            .rho = static_cast<S>(o.rho),
            .one_minus_rho = static_cast<S>(1 - o.rho),
            .momentum = static_cast<S>(o.momentum),
            .epsilon = static_cast<S>(o.epsilon),
            .centered = o.centered,
            .pytorch = pytorch};
  }

  RMSpropOptions options_;
  Clipping clipping_;
  detail::ZeroOnMove n_;
  std::int64_t step_ = 0;
  Buffer<S> v_;
  Buffer<S> a_;
  Buffer<S> m_;
};
/// @copydoc type_name
template <Scalar S>
inline constexpr std::string_view type_name<RMSprop<S>> = "RMSprop";

}  // namespace gemel
