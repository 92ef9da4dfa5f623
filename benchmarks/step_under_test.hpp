#pragma once

#include <memory>
#include <vector>

/// One implementation of the training step. Each implementation is compiled with its own flags, so they share only this
/// interface.
struct StepUnderTest {
  virtual ~StepUnderTest() = default;
  virtual double step(long batch) = 0;
};

/// The data that all implementations train on: `batches` batches of `pairs` pairs. x is features x samples,
/// column-major, with the two samples of a pair in adjacent columns.
template <class S>
struct StepData {
  long features, width, pairs, batches;
  std::vector<S> x = {};
  std::vector<int> similar = {};
  std::vector<S> parameters = {};  ///< initial W, b, W, b, …, column-major; if empty, they are random
};

/// The step of plain_eigen.hpp.
std::unique_ptr<StepUnderTest> make_plain_eigen(const StepData<float>& data);
std::unique_ptr<StepUnderTest> make_plain_eigen(const StepData<double>& data);
