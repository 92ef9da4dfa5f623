#pragma once

#include <memory>
#include <vector>

/// One way to train the same step: the ways are compiled with different flags, so they meet behind plain functions.
struct StepUnderTest {
  virtual ~StepUnderTest() = default;
  virtual double step(long batch) = 0;
};

/// What all of them train on: `batches` batches of pairs, features x samples, a pair's samples side by side.
template <class S>
struct StepData {
  long features, width, pairs, batches;
  std::vector<S> x = {};
  std::vector<int> similar = {};
  std::vector<S> parameters = {};  ///< to begin with: W, b, W, b, …, column by column; none: random ones
};

/// The yardstick, plain_eigen.hpp.
std::unique_ptr<StepUnderTest> make_plain_eigen(const StepData<float>& data);
std::unique_ptr<StepUnderTest> make_plain_eigen(const StepData<double>& data);
