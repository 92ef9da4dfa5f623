#pragma once

#include "gemel/core/types.hpp"
#include "gemel/data/samples.hpp"

/// Samples (features x n) that are numbered in their first feature: it is i for sample i. The other features are 0.
template <gemel::Scalar S>
gemel::Samples<S> counted(gemel::Index n, gemel::Index features = 1) {
  gemel::MatrixX<S> x = gemel::MatrixX<S>::Zero(features, n);
  for (gemel::Index i = 0; i < n; ++i) x(0, i) = static_cast<S>(i);
  return x;
}

/// Samples (features x n) whose values tell sample and feature: feature i of sample j is 10 * j + i + offset.
inline gemel::MatrixX<float> numbered(gemel::Index features, gemel::Index n, float offset = 0) {
  gemel::MatrixX<float> m(features, n);
  for (gemel::Index j = 0; j < n; ++j) {
    for (gemel::Index i = 0; i < features; ++i) m(i, j) = static_cast<float>(10 * j + i) + offset;
  }
  return m;
}
