// User-defined parts: an activation, a layer without parameters and one with them, a distance, a loss, a pair source
// and a callback. Each is a plain type that models one of the library's concepts; nothing is registered and nothing is
// virtual. The task is to recognize noisy copies of four prototypes, to each of which a random brightness is added.

#include <gemel/gemel.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <span>
#include <utility>
#include <vector>

using namespace gemel;

/// Activation: `value` is y = f(z), and `slope` is f'(z) as a function of y. For softsign, f = z / (1 + |z|), and so
/// f' = (1 - |y|)^2.
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

/// Layer without parameters: subtracts each sample's mean. Parameterless supplies the members that deal with
/// parameters, so only four remain to be written. The derivative is a symmetric matrix, so backward applies the same
/// operation to dy as forward does to x.
template <Index N>
struct Center : Parameterless {
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

/// Layer with parameters: PReLU, y = x > 0 ? x : a x, with one slope a for each of the N units (He, Zhang, Ren, Sun:
/// Delving deep into rectifiers, ICCV 2015). The slopes are the span p, a part of the network's flat parameter vector.
template <Index N>
struct PReLU {
  static Index in() { return N; }
  static Index out() { return N; }
  static Index parameter_count() { return N; }
  static Index grain() { return 1; }                       // threads may divide the slopes anywhere
  static std::array<Index, 1> variables() { return {N}; }  // clipping by norm takes all slopes as one variable

  template <Scalar S>
  void initialize(std::span<S> p, Rng&) const {
    std::ranges::fill(p, S{0.25});  // as in the paper
  }
  template <Scalar S>
  void forward(std::span<const S> p, ColumnList<S> x, Columns<S> y, const Pass&) const {
    for (Index j = 0; j < y.cols(); ++j) {
      for (Index i = 0; i < N; ++i) y(i, j) = x[j][i] > 0 ? x[j][i] : p[static_cast<std::size_t>(i)] * x[j][i];
    }
  }
  /// dx = x > 0 ? dy : a dy. A layer may overwrite dy here, but this layer's add_gradient() still needs it.
  template <Scalar S>
  void backward(std::span<const S> p, ColumnList<S> x, ColumnList<S>, Columns<S> dy, Columns<S> dx, const Pass&) const {
    for (Index j = 0; j < dx.cols(); ++j) {
      for (Index i = 0; i < N; ++i) dx(i, j) = x[j][i] > 0 ? dy(i, j) : p[static_cast<std::size_t>(i)] * dy(i, j);
    }
  }
  /// Adds dLoss/da to g, for the slopes from `first` on, as many as g has elements: the sum of x dy over the samples
  /// with x <= 0.
  template <Scalar S>
  void add_gradient(ColumnList<S> x, ColumnList<S> dy, Index first, std::span<S> g) const {
    for (Index j = 0; j < x.cols(); ++j) {
      Index i = first;
      for (S& sum : g) {
        if (!(x[j][i] > 0)) sum += x[j][i] * dy[j][i];
        ++i;
      }
    }
  }
};

/// Distance: the largest absolute difference of a coordinate (Chebyshev). Only that coordinate has a gradient.
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

/// Loss: a smooth penalty for distances on the wrong side of a boundary, the mean of log(1 + exp(s (d - boundary))),
/// where s is 1 for similar pairs and -1 for dissimilar ones. `slope` receives the derivatives by the distances.
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

/// Pair source that augments another source: it gives the same pairs, and adds new noise to each sample in each batch.
/// The noise depends only on (seed, epoch, k, j), not on earlier draws. So threads may produce the samples in any
/// order, and a resumed training draws the same noise as an uninterrupted one.
template <class Source>
class Noisy {
 public:
  Noisy(Source source, double deviation) : source_(std::move(source)), deviation_(deviation) {}

  Index features() const { return source_.features(); }
  Index batches() const { return source_.batches(); }
  void start_epoch(std::uint64_t seed, Index epoch, Index batch_size, bool shuffle) {
    source_.start_epoch(seed, epoch, batch_size, shuffle);
    seed_ = mix(seed, static_cast<std::uint64_t>(epoch));
  }
  template <Scalar S>
  void batch(Index k, Batch<S>& out) const {
    source_.batch(k, out);
  }
  /// Writes sample j of batch k, with noise, to the buffer and returns the buffer.
  template <Scalar S>
  const S* column(Index k, Index j, S* buffer) const {
    const S* const x = source_.column(k, j, buffer);
    Rng rng{seed_, mix(static_cast<std::uint64_t>(k), static_cast<std::uint64_t>(j))};
    for (Index i = 0; i < features(); ++i) buffer[i] = x[i] + static_cast<S>(deviation_) * rng.normal<S>();
    return buffer;
  }

 private:
  Source source_;
  double deviation_;
  std::uint64_t seed_ = 0;
};

/// Callback: prints the loss of each epoch, and stops the training when that is below `loss`.
struct StopBelow {
  double loss;

  template <class State>
  void on_epoch_end(State& state) const {
    std::printf("epoch %td: loss %.4f\n", state.epoch + 1, state.history.loss.back());
    if (state.history.loss.back() < loss) state.stop = true;
  }
};

constexpr Index features = 20;
template <Scalar S>
using Base = Network<S, Center<features>, Dense<features, 32, Softsign>, Dense<32, 16>, PReLU<16>, Dense<16, 8>>;

int main() {
  Rng rng{7};

  // First check the derivatives: if they are right, the error is about 1e-7 or less; if not, it is 1e-3 or more.
  const Pairs<double> few{normal<double>(features, 10, rng), normal<double>(features, 10, rng), coin_flips(10, rng)};
  const double worst = gradient_check(Siamese<Base<double>, Chebyshev>{rng}, few, Logistic{}).worst;
  std::printf("the gradient's largest error: %.1e\n", worst);
  if (!(worst < 1e-5)) return 1;

  constexpr Index n = 400, prototypes = 4;
  const MatrixX<float> prototype = normal<float>(features, prototypes, rng);
  MatrixX<float> x = normal<float>(features, n, rng);
  std::vector<Index> classes;
  for (Index j = 0; j < n; ++j) {
    classes.push_back(j % prototypes);
    x.col(j) += prototype.col(j % prototypes) + VectorX<float>::Constant(features, 3 * rng.normal<float>());
  }

  const Samples<float> samples{std::move(x)};
  const Classes known{classes};
  const Split split = split_samples(known, 0.25, rng);
  const PairSampler<float> pairs{samples.select(split.train), known.select(split.train)};

  Siamese<Base<float>, Chebyshev> model{rng};
  const Logistic loss{.boundary = 1.5};
  fit(model, Noisy{pairs, 0.1}, loss, Adam<float>{{.learning_rate = 3e-3}}, {.epochs = 50}, rng,
      StopBelow{.loss = 0.15});

  const auto result = evaluate(model, all_pairs(samples.select(split.test), known.select(split.test)), loss);
  std::printf("equal error rate on unseen samples: %.2f %%\n", 100 * result.roc.eer());
}
