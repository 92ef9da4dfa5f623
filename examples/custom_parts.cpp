// Parts of one's own: an activation, a layer, a distance, a loss and a callback. Each is a plain type that models the
// library's concept; nothing is inherited, registered or virtual. The task: samples of four noisy prototypes, of which
// each has a brightness of its own that says nothing.

#include <gemel/gemel.hpp>

#include <cmath>
#include <cstdio>
#include <iostream>
#include <utility>
#include <vector>

using namespace gemel;

/// Activation: y = f(z), and f'(z) written in y. Softsign: z / (1 + |z|), so f' = (1 - |y|)^2.
struct Softsign {
  template <Scalar S>
  S value(S z) const {
    return z / (1 + std::abs(z));
  }
  template <Scalar S>
  S slope(S y) const {
    const S rest = 1 - std::abs(y);
    return rest * rest;
  }
};

/// Layer: takes each sample's mean off it. Without parameters, so five members are left to write; its derivative is
/// symmetric, so backward does to dy what forward does to x.
template <Index N>
struct Centre : Parameterless {
  static Index in() { return N; }
  static Index out() { return N; }

  template <Scalar S>
  void forward(std::span<const S>, ColumnList<S> x, Columns<S> y, const Pass&) const {
    for (Index j = 0; j < y.cols(); ++j) y.col(j).array() = x.column(j).array() - x.column(j).mean();
  }
  template <Scalar S>
  void backward(std::span<const S>, ColumnList<S>, ColumnList<S>, Columns<S> dy, Columns<S> dx, const Pass&) const {
    for (Index j = 0; j < dx.cols(); ++j) dx.col(j).array() = dy.col(j).array() - dy.col(j).mean();
  }
};

/// Distance: the largest difference of any coordinate (Chebyshev's), whose gradient goes to that coordinate alone.
struct Chebyshev {
  template <Scalar S>
  S value(ConstColumn<S> a, ConstColumn<S> b) const {
    return (a - b).cwiseAbs().maxCoeff();
  }
  template <Scalar S>
  void add_gradient(ConstColumn<S> a, ConstColumn<S> b, S, S slope, Column<S> da, Column<S> db) const {
    Index i = 0;
    (a - b).cwiseAbs().maxCoeff(&i);
    const S g = a[i] > b[i] ? slope : a[i] < b[i] ? -slope : 0;
    da[i] += g;
    db[i] -= g;
  }
};

/// Loss: how far each distance is on the wrong side of a boundary, softly: mean of log(1 + exp(s (d - boundary))),
/// where s = 1 for similar pairs, else -1.
struct Logistic {
  double boundary = 0.5;

  template <Scalar S>
  double operator()(std::span<const S> d, std::span<const std::uint8_t> similar, std::span<const S>,
                    std::span<S> slope) const {
    double sum = 0;
    for (std::size_t i = 0; i < d.size(); ++i) {
      const double sign = similar[i] ? 1 : -1;
      const double e = std::exp(sign * (static_cast<double>(d[i]) - boundary));
      sum += std::log1p(e);
      slope[i] = static_cast<S>(sign * e / (1 + e) / static_cast<double>(d.size()));
    }
    return sum / static_cast<double>(d.size());
  }
};

/// Callback: stops as soon as the loss is good enough.
struct StopBelow {
  double loss;

  template <class State>
  void on_epoch_end(State& state) const {
    std::printf("epoch %td: loss %.4f\n", state.epoch + 1, state.history.loss.back());
    if (state.history.loss.back() < loss) state.stop = true;
  }
};

int main() {
  Rng rng{7};
  constexpr Index features = 20, n = 400, prototypes = 4;
  const MatrixX<float> prototype = normal<float>(features, prototypes, rng);
  MatrixX<float> x = normal<float>(features, n, rng);
  std::vector<Index> classes;
  for (Index j = 0; j < n; ++j) {
    classes.push_back(j % prototypes);
    x.col(j) += prototype.col(j % prototypes) + VectorX<float>::Constant(features, 3 * rng.normal<float>());
  }

  using Base = Network<float, Centre<features>, Dense<features, 32, Softsign>, Dense<32, 8, Linear>>;
  Siamese<Base, Chebyshev> model{rng};
  Adam<float> optimizer{{.learning_rate = 3e-3}};
  const Logistic loss{.boundary = 1.5};
  const Samples<float> samples{std::move(x)};
  const Classes known{classes};
  const Split split = split_samples(known, 0.25, rng);
  fit(model, PairSampler<float>{samples.select(split.train), known.select(split.train)}, loss, optimizer,
      {.epochs = 50}, rng, StopBelow{.loss = 0.15});

  const auto result = evaluate(model, all_pairs(samples.select(split.test), known.select(split.test)), loss);
  std::cout << "equal error rate on samples never trained on: " << 100 * result.roc.eer() << " %\n";
}
