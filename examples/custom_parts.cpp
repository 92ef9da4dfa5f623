// Parts of one's own: an activation, a layer without parameters and one with them, a distance, a loss, a pair source
// and a callback. Each is a plain type that models the library's concept; nothing is registered or virtual. The task:
// samples of four noisy prototypes, of which each has a brightness of its own that says nothing.

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

/// Layer with parameters: PReLU, y = x > 0 ? x : a x, with a slope a of its own for each of N units (He, Zhang, Ren,
/// Sun: Delving deep into rectifiers, ICCV 2015). They lie in the network's flat vector, and come as p.
template <Index N>
struct PReLU {
  static Index in() { return N; }
  static Index out() { return N; }
  static Index parameter_count() { return N; }
  static Index grain() { return 1; }                       // threads may share the slopes out one by one
  static std::array<Index, 1> variables() { return {N}; }  // all of them are one variable, for clipping by its norm

  template <Scalar S>
  void initialize(std::span<S> p, Rng&) const {
    std::ranges::fill(p, S{0.25});  // the paper's
  }
  template <Scalar S>
  void forward(std::span<const S> p, ColumnList<S> x, Columns<S> y, const Pass&) const {
    for (Index j = 0; j < y.cols(); ++j) {
      for (Index i = 0; i < N; ++i) y(i, j) = x[j][i] > 0 ? x[j][i] : p[static_cast<std::size_t>(i)] * x[j][i];
    }
  }
  /// dx = dy where x > 0, else a dy. What add_gradient needs is dy itself, so it stays as it is.
  template <Scalar S>
  void backward(std::span<const S> p, ColumnList<S> x, ColumnList<S>, Columns<S> dy, Columns<S> dx, const Pass&) const {
    for (Index j = 0; j < dx.cols(); ++j) {
      for (Index i = 0; i < N; ++i) dx(i, j) = x[j][i] > 0 ? dy(i, j) : p[static_cast<std::size_t>(i)] * dy(i, j);
    }
  }
  /// Adds dLoss/da, the sum of x dy over the samples whose x is not positive, for the slopes `first` and following.
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

/// Pair source around another: the same pairs, but each sample with fresh noise in each batch (augmentation). The noise
/// is a function of (seed, epoch, k, j) and not of what was drawn before: threads may fill in the samples in any order,
/// and a resumed training draws what an unbroken one would.
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
  /// Sample j of batch k, noise and all, in the buffer.
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

/// Callback: stops as soon as the loss is good enough.
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
using Base = Network<S, Centre<features>, Dense<features, 32, Softsign>, Dense<32, 16>, PReLU<16>, Dense<16, 8>>;

int main() {
  Rng rng{7};

  // First of all: are the derivatives right? An error of some 1e-7 or less says so, 1e-3 that they are not.
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
