#pragma once

#include <cmath>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "gemel/core/arithmetic.hpp"
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

/// Options of Adam. The symbols are those of the formulas at the class Adam.
struct AdamOptions {
  double learning_rate = 1e-3;  ///< lr, at least 0.
  double beta_1 = 0.9;          ///< Fraction of m that a step keeps, in [0, 1).
  double beta_2 = 0.999;        ///< Fraction of v that a step keeps, in [0, 1).
  double epsilon = 1e-7;        ///< Keeps the divisor from 0; positive.
  bool amsgrad = false;         ///< Whether to divide by the largest v so far.
  double weight_decay = 0;      ///< At least 0.
  /// @{
  /// See Clipping; at most one may be set.
  std::optional<double> clipvalue = {};
  std::optional<double> clipnorm = {};
  std::optional<double> global_clipnorm = {};
  /// @}
  Dialect dialect = Dialect::Keras;  ///< Whose formulas are used.
};

/// Adam (Kingma and Ba, "Adam: a method for stochastic optimization", ICLR 2015), with AMSGrad (Reddi, Kale, Kumar, "On
/// the convergence of Adam and beyond", ICLR 2018), as in Keras 3. For parameters w with gradient g, step t (from 1)
/// is:
///
///   w -= weight_decay lr w
///   m = m + (1 - beta_1) (g - m);  v = v + (1 - beta_2) (g^2 - v)
///   w -= lr sqrt(1 - beta_2^t) / (1 - beta_1^t) m / (sqrt(v) + epsilon);   amsgrad: with the largest v so far
///
/// As in Keras, two things are rounded to float even for double parameters: weight_decay, and the betas in the powers
/// beta^t.
///
/// Dialect::PyTorch rounds none of them, adds the weight decay to the gradient (g += weight_decay w) instead of the
/// first line, and corrects v inside the root:
///
///   w -= lr / (1 - beta_1^t) m / (sqrt(v / (1 - beta_2^t)) + epsilon)
template <Scalar S>
class Adam {
 public:
  /// Throws ValueError if an option is out of its range.
  explicit Adam(const AdamOptions& options = {}) : Adam(options, options.dialect == Dialect::PyTorch) {}

  /// The options, with the current learning rate.
  const AdamOptions& options() const { return options_; }

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
    m_.resize(n);
    v_.resize(n);
    v_max_.resize(options_.amsgrad ? n : 0);
  }

  void advance() {
    ++step_;
    m_correction_ = one_minus_power(in_dialect(options_.beta_1), step_);
    v_correction_ = one_minus_power(in_dialect(options_.beta_2), step_);
  }

  void update(Index first, std::span<const S> g, std::span<S> w) {
    detail::check_block(n_, first, g, w);
    kernel::update(block(first, g.data(), w));
  }

  /// @}

  /// @{
  /// Required by the InterleavingOptimizer concept (optimizer/optimizer.hpp).
  kernel::Update<kernel::AdamRule<S>, S> block(Index first, const S* g, std::span<S> w) {
    S* const m = detail::block_of(m_, first);
    S* const v = detail::block_of(v_, first);
    S* const v_max = detail::block_of(v_max_, first);
    return {rule(), length(w), g, w.data(), {m, v, v_max}};
  }
  bool interleaves() const { return kernel::interleaves(rule()); }
  /// @}

  /// Optional member of the Optimizer concept: the weight decay if it is added to the gradient, as in PyTorch's
  /// dialect, otherwise 0.
  double penalty() const { return penalty_ ? options_.weight_decay : 0; }

  /// The state, for checkpoints: the arrays "m", "v" and, with amsgrad, "v_max" (one value per parameter), and the
  /// number of steps.
  OptimizerState<S> state() {
    OptimizerState<S> state{{{"m", m_.span()}, {"v", v_.span()}}, &step_};
    if (!v_max_.empty()) state.arrays.push_back({"v_max", v_max_.span()});
    return state;
  }

 protected:
  /// `penalty`: whether the weight decay is added to the gradient. Otherwise it is decoupled from it.
  [[gnu::cold]] Adam(const AdamOptions& options, bool penalty)
      : options_(options), clipping_(detail::checked_clipping<S>(options)), penalty_(penalty) {
    detail::check_not_negative<S>("learning_rate", options.learning_rate);
    detail::check_fraction("beta_1", options.beta_1);
    detail::check_fraction("beta_2", options.beta_2);
    detail::check_epsilon<S>(options.epsilon);
    detail::check_weight_decay<S>(options.weight_decay, options.dialect);
  }

 private:
  /// The constant, rounded to float in Keras' dialect.
  double in_dialect(double constant) const {
    return options_.dialect == Dialect::PyTorch ? constant : detail::as_keras_rounds(constant);
  }

  kernel::AdamRule<S> rule() const {
    const AdamOptions& o = options_;
    const bool pytorch = o.dialect == Dialect::PyTorch;
    const double rate = o.learning_rate / m_correction_;
    return {.l2 = static_cast<S>(penalty_ ? o.weight_decay : 0),
            .decay = static_cast<S>(penalty_ ? 0 : in_dialect(o.weight_decay) * o.learning_rate),
            .rate = static_cast<S>(pytorch ? rate : rate * std::sqrt(v_correction_)),
            .one_minus_beta_1 = static_cast<S>(1 - o.beta_1),
            .one_minus_beta_2 = static_cast<S>(1 - o.beta_2),
            .epsilon = static_cast<S>(o.epsilon),
            .v_scale = static_cast<S>(pytorch ? 1 / v_correction_ : 1),
            .amsgrad = o.amsgrad};
  }

  AdamOptions options_;
  Clipping clipping_;
  bool penalty_;
  detail::ZeroOnMove n_;
  std::int64_t step_ = 0;
  double m_correction_ = 1;  // 1 - beta_1^t at the current step t
  double v_correction_ = 1;  // 1 - beta_2^t at the current step t
  Buffer<S> m_;
  Buffer<S> v_;
  Buffer<S> v_max_;
};
/// @copydoc type_name
template <Scalar S>
inline constexpr std::string_view type_name<Adam<S>> = "Adam";

/// Options of AdamW: those of Adam, with another default for the weight decay.
struct AdamWOptions {
  double learning_rate = 1e-3;  ///< lr, at least 0.
  double beta_1 = 0.9;          ///< Fraction of m that a step keeps, in [0, 1).
  double beta_2 = 0.999;        ///< Fraction of v that a step keeps, in [0, 1).
  double epsilon = 1e-7;        ///< Keeps the divisor from 0; positive.
  bool amsgrad = false;         ///< Whether to divide by the largest v so far.
  double weight_decay = 0.004;  ///< At least 0.
  /// @{
  /// See Clipping; at most one may be set.
  std::optional<double> clipvalue = {};
  std::optional<double> clipnorm = {};
  std::optional<double> global_clipnorm = {};
  /// @}
  Dialect dialect = Dialect::Keras;  ///< Whose formulas are used.
};

/// Adam with a weight decay that is decoupled from the gradient in both dialects: w -= weight_decay lr w before each
/// step (Loshchilov and Hutter, "Decoupled weight decay regularization", ICLR 2019, algorithm 2).
template <Scalar S>
class AdamW : public Adam<S> {
 public:
  /// Throws ValueError if an option is out of its range.
  explicit AdamW(const AdamWOptions& o = {})
      : Adam<S>({o.learning_rate, o.beta_1, o.beta_2, o.epsilon, o.amsgrad, o.weight_decay, o.clipvalue, o.clipnorm,
                 o.global_clipnorm, o.dialect},
                false) {}
};

}  // namespace gemel
