// The tutorial, examples/contrastive_loss.cpp, in plain Eigen, for comparison in run.sh: with the same network, data,
// epochs and output. It leaves out the last, smaller batch of an epoch.

#include "../plain_eigen.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <iostream>
#include <numeric>

using Clock = std::chrono::steady_clock;

int main() {
  std::mt19937 random(42);
  std::uniform_real_distribution<float> uniform(0, 1);
  const auto samples = [&](Eigen::Index count) -> Eigen::MatrixXf {
    return Eigen::MatrixXf::NullaryExpr(100, count, [&] { return uniform(random); });
  };
  PlainEigen<float> model(100, 128, 32);

  const Eigen::MatrixXf first = samples(100), second = samples(100);
  std::vector<float> similar(100);
  for (float& label : similar) label = static_cast<float>(random() % 2);

  std::vector<std::size_t> order(100);
  std::iota(order.begin(), order.end(), 0);
  std::vector<const float*> a(32), b(32);
  std::vector<float> labels(32);
  for (int epoch = 1; epoch <= 20; ++epoch) {
    const auto began = Clock::now();
    std::shuffle(order.begin(), order.end(), random);
    float loss = 0;
    int batches = 0;
    for (std::size_t begin = 0; begin + 32 <= order.size(); begin += 32, ++batches) {
      for (std::size_t i = 0; i < 32; ++i) {
        const auto pair = order[begin + i];
        a[i] = first.col(static_cast<Eigen::Index>(pair)).data();
        b[i] = second.col(static_cast<Eigen::Index>(pair)).data();
        labels[i] = similar[pair];
      }
      loss += model.step(a, b, labels);
    }
    const std::chrono::duration<double> seconds = Clock::now() - began;
    std::fprintf(stderr, "Epoch %d/20: loss %.4g, %.3g s\n", epoch, static_cast<double>(loss) / batches,
                 seconds.count());
  }

  std::cout << model.distance(samples(1), samples(1)) << '\n';
}
