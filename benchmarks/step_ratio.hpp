#pragma once

#include <memory>
#include <vector>

/// One way to train the same step: the two are compiled with different flags, so they meet behind plain functions.
struct StepUnderTest {
  virtual ~StepUnderTest() = default;
  virtual double step(long batch) = 0;
};

/// What both train on: `batches` batches of pairs of uniform features, features x samples, a pair's samples side by
/// side.
struct StepData {
  long features, width, pairs, batches;
  std::vector<float> x = {};
  std::vector<int> similar = {};
};

std::unique_ptr<StepUnderTest> make_plain_eigen(const StepData& data);
std::unique_ptr<StepUnderTest> make_gemel(const StepData& data, long threads);
