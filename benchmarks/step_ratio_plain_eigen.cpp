// Compiled with -march=native: Eigen's best.
#include "plain_eigen.hpp"
#include "step_ratio.hpp"

namespace {

struct PlainStep : StepUnderTest {
  explicit PlainStep(const StepData& data) : plain(data.features, data.width, data.pairs) {
    first.resize(static_cast<std::size_t>(data.batches));
    second = first;
    similar.resize(first.size());
    for (long p = 0; p < data.pairs * data.batches; ++p) {
      const auto batch = static_cast<std::size_t>(p / data.pairs);
      first[batch].push_back(data.x.data() + 2 * p * data.features);
      second[batch].push_back(data.x.data() + (2 * p + 1) * data.features);
      similar[batch].push_back(static_cast<float>(data.similar[static_cast<std::size_t>(p)]));
    }
  }
  double step(long batch) override {
    const auto k = static_cast<std::size_t>(batch);
    return static_cast<double>(plain.step(first[k], second[k], similar[k]));
  }

  PlainEigen<float> plain;
  std::vector<std::vector<const float*>> first = {}, second = {};
  std::vector<std::vector<float>> similar = {};
};

}  // namespace

std::unique_ptr<StepUnderTest> make_plain_eigen(const StepData& data) { return std::make_unique<PlainStep>(data); }
