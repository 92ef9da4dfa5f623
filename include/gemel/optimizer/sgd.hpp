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

/// Options of SGD. The symbols are those of the formulas at the class SGD.
struct SGDOptions {
  double learning_rate = 0.01;  ///< lr, at least 0.
  double momentum = 0;          ///< mu, in [0, 1).
  bool nesterov = false;        ///< Whether the momentum is Nesterov's; needs a positive momentum.
  double weight_decay = 0;      ///< At least 0.
  /// @{
  /// See Clipping; at most one may be set.
  std::optional<double> clipvalue = {};
  std::optional<double> clipnorm = {};
  std::optional<double> global_clipnorm = {};
  /// @}
  Dialect dialect = Dialect::Keras;  ///< Whose formulas are used.
};

/// Gradient descent, with momentum (Sutskever et al., "On the importance of initialization and momentum in deep
/// learning", ICML 2013), as in Keras 3. For parameters w with gradient g, a step is:
///
///   w -= weight_decay lr w
///   no momentum:  w -= lr g
///   momentum mu:  m = mu m - lr g;  w += m,  or with nesterov  w += mu m - lr g
///
/// As in Keras, momentum and weight_decay are rounded to float, also if the parameters are double. Dialect::PyTorch
/// rounds neither, and its step is:
///
///   g += weight_decay w;  m = mu m + g;  w -= lr m,  or with nesterov  w -= lr (g + mu m)
///
/// Without weight decay both dialects take the same steps, up to rounding, while the learning rate is constant.
template <Scalar S>
class SGD {
 public:
  /// Throws ValueError if an option is out of its range.
  [[gnu::cold]] explicit SGD(const SGDOptions& options = {})
      : options_(options), clipping_(detail::checked_clipping<S>(options)) {
    detail::check_not_negative<S>("learning_rate", options.learning_rate);
    detail::check_fraction("momentum", options.momentum);
    detail::check_option(!options.nesterov || options.momentum > 0, "momentum", "positive for nesterov",
                         options.momentum);
    detail::check_weight_decay<S>(options.weight_decay, options.dialect);
  }

  /// The options, with the current learning rate.
  const SGDOptions& options() const { return options_; }

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
  kernel::Update<kernel::SGDRule<S>, S> block(Index first, const S* g, std::span<S> w) {
    return {rule(), length(w), g, w.data(), {detail::block_of(m_, first)}};
  }
  bool interleaves() const { return kernel::interleaves(rule()); }
  /// @}

  /// The state, for checkpoints: the array "m" (one value per parameter) if there is momentum, and the number of steps.
  OptimizerState<S> state() {
    OptimizerState<S> state{{}, &step_};
    if (!m_.empty()) state.arrays.push_back({"m", m_.span()});
    return state;
  }

 private:
  kernel::SGDRule<S> rule() const {
    const SGDOptions& o = options_;
    const bool pytorch = o.dialect == Dialect::PyTorch;
    return {.l2 = static_cast<S>(pytorch ? o.weight_decay : 0),
            .decay = static_cast<S>(pytorch ? 0 : detail::as_keras_rounds(o.weight_decay) * o.learning_rate),
            .rate = static_cast<S>(o.learning_rate),
            .momentum = static_cast<S>(pytorch ? o.momentum : detail::as_keras_rounds(o.momentum)),
            .nesterov = o.nesterov,
            .pytorch = pytorch};
  }

  SGDOptions options_;
  Clipping clipping_;
  detail::ZeroOnMove n_;
  std::int64_t step_ = 0;
  Buffer<S> m_;
};
/// @copydoc type_name
template <Scalar S>
inline constexpr std::string_view type_name<SGD<S>> = "SGD";

}  // namespace gemel
