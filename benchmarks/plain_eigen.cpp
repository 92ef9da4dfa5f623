// The step of plain_eigen.hpp. This file is compiled with -march=native, with which Eigen is fastest.
#include "plain_eigen.hpp"

#include "step_under_test.hpp"

namespace {

template <class S>
struct PlainStep : StepUnderTest {
  explicit PlainStep(const StepData<S>& data) : plain(data.features, data.width, data.pairs) {
    if (!data.parameters.empty()) plain.set_parameters(data.parameters.data());
    first.resize(static_cast<std::size_t>(data.batches));
    second = first;
    similar.resize(first.size());
    for (long p = 0; p < data.pairs * data.batches; ++p) {
      const auto batch = static_cast<std::size_t>(p / data.pairs);
      first[batch].push_back(data.x.data() + 2 * p * data.features);
      second[batch].push_back(data.x.data() + (2 * p + 1) * data.features);
      similar[batch].push_back(static_cast<S>(data.similar[static_cast<std::size_t>(p)]));
    }
  }
  double step(long batch) override {
    const auto k = static_cast<std::size_t>(batch);
    return static_cast<double>(plain.step(first[k], second[k], similar[k]));
  }

  PlainEigen<S> plain;
  std::vector<std::vector<const S*>> first = {}, second = {};
  std::vector<std::vector<S>> similar = {};
};

}  // namespace

std::unique_ptr<StepUnderTest> make_plain_eigen(const StepData<float>& data) {
  return std::make_unique<PlainStep<float>>(data);
}
std::unique_ptr<StepUnderTest> make_plain_eigen(const StepData<double>& data) {
  return std::make_unique<PlainStep<double>>(data);
}
