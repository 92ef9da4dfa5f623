// How close do the kernels of a training step come to the machine's FMA peak? For each instruction set, in float and
// double, with data in cache, the program times a layer's product (rows x depth times depth x cols), its weight
// gradient, and the gradient fused with RMSprop's update. Run it on one core:
//
//   taskset -c 1 kernels_benchmark [--benchmark_filter=AVX-512]
#include <gemel/gemel.hpp>

#include "peak_share.hpp"

using namespace gemel;

namespace {

/// A layer with `in` inputs and `out` units, and a batch of `samples` samples.
struct Size {
  Index out, in, samples;
  std::string text() const {
    return std::to_string(out) + " x " + std::to_string(in) + " x " + std::to_string(samples);
  }
  double flops() const { return 2 * static_cast<double>(out * in * samples); }
};
// The tutorial's layers, layers of MNIST's size, round and odd sizes beyond the L1 and the L2 cache, and a tiny one.
const Size sizes[] = {{128, 100, 64}, {128, 128, 64},  {128, 784, 256},   {128, 128, 256},
                      {256, 256, 64}, {100, 333, 222}, {1024, 1024, 256}, {8, 33, 14}};

template <Scalar S>
struct Layer {
  explicit Layer(const Size& size) {
    Rng rng{7};
    w = uniform<S>(size.out, size.in, rng);
    x = uniform<S>(size.in, size.samples, rng);
    y = uniform<S>(size.out, size.samples, rng);
    v = w;
    for (Index j = 0; j < size.samples; ++j) {
      x_columns.push_back(x.data() + j * size.in);
      y_columns.push_back(y.data() + j * size.out);
    }
  }
  kernel::Gradient<S> gradient() {
    return {w.rows(), w.cols(), x.cols(), y_columns.data(), x_columns.data(), 0, w.data()};
  }

  MatrixX<S> w, x, y, v;
  std::vector<const S*> x_columns = {}, y_columns = {};
};

template <Scalar S>
void product(benchmark::State& state, const Size& size) {
  Layer<S> layer(size);
  const kernel::Product<S> product{
      size.out,       size.in,  size.samples, layer.w.data(), size.out, layer.x_columns.data(), nullptr,
      layer.y.data(), size.out, true};
  run_against_peak<S>(state, size.flops(), [&] { kernel::kernels<S>().product(product); });
}

template <Scalar S>
void gradient(benchmark::State& state, const Size& size) {
  Layer<S> layer(size);
  MatrixX<S> g = MatrixX<S>::Zero(size.out, size.in);
  auto gradient = layer.gradient();
  gradient.g = g.data();
  run_against_peak<S>(state, size.flops(), [&] { kernel::kernels<S>().add_gradient(gradient); });
}

template <Scalar S>
void fused_update(benchmark::State& state, const Size& size) {
  using Rule = kernel::RMSpropRule<S>;
  Layer<S> layer(size);
  const Rule rule{.l2 = 0,
                  .decay = 0,
                  .rate = S(1e-3),
                  .rho = S(0.9),
                  .one_minus_rho = S(0.1),
                  .momentum = 0,
                  .epsilon = S(1e-7),
                  .centered = false,
                  .pytorch = false};
  Buffer<S> scratch;
  scratch.reserve(kernel::fused_scratch<S>);
  const kernel::Update<Rule, S> update{rule, layer.w.size(), nullptr, layer.w.data(), {layer.v.data()}, scratch.data()};
  run_against_peak<S>(state, size.flops(),
                      [&] { kernel::update_kernels<Rule, S>().fused_update(layer.gradient(), update, nullptr); });
}

template <Scalar S>
void register_kernels(const std::string& scalar) {
  for (const InstructionSet set : instruction_sets()) {
    for (const Size& size : sizes) {
      const std::string of = scalar + "/" + name(set) + "/" + size.text();
      register_benchmark("product/" + of, set, [&](auto& state) { product<S>(state, size); });
      register_benchmark("gradient/" + of, set, [&](auto& state) { gradient<S>(state, size); });
      register_benchmark("fused_update/" + of, set, [&](auto& state) { fused_update<S>(state, size); });
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  register_kernels<float>("float");
  register_kernels<double>("double");
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
}
