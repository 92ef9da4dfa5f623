#pragma once

#include <cstdio>
#include <string>

#include "gemel/core/types.hpp"

// What make_models.cpp and the test of its files (tests/io/golden_models.test.cpp) share.

namespace gemel::test {

/// Ten samples of some numbers that a float represents exactly.
template <class S>
MatrixX<S> golden_samples(Index features) {
  MatrixX<S> samples(features, 10);
  for (Index j = 0; j < samples.cols(); ++j) {
    for (Index i = 0; i < features; ++i) samples(i, j) = static_cast<S>((i * 7 + j * 5 + i * j) % 23 - 9) / 8;
  }
  return samples;
}

/// The distances of the first sample to each of the others.
template <class Model>
VectorX<typename Model::Scalar> golden_distances(const Model& model) {
  using S = typename Model::Scalar;
  const MatrixX<S> samples = golden_samples<S>(model.network().in());
  const Index n = samples.cols() - 1;
  return model.distance(samples.leftCols(1).replicate(1, n), samples.rightCols(n));
}

/// The numbers as hexadecimal text, which is exact.
template <class S>
std::string exact_text(const VectorX<S>& values) {
  std::string text;
  for (const S value : values) {
    char number[40];
    std::snprintf(number, sizeof number, "%a ", static_cast<double>(value));
    text += number;
  }
  return text;
}

}  // namespace gemel::test
