#pragma once

#include <Eigen/Core>

#include <concepts>
#include <cstddef>
#include <iterator>

#include "gemel/core/compiler.hpp"

#if !EIGEN_VERSION_AT_LEAST(3, 4, 0)
#include "gemel needs Eigen 3.4 or newer"
#endif

namespace gemel {

/// @{
/// Eigen's name, under the library's namespace too. Both are the same entity, so a program may use both namespaces.
using Eigen::Dynamic;
using Eigen::Index;
using Eigen::MatrixX;
using Eigen::VectorX;
/// @}

// The library assumes column-major matrices and an index as wide as a pointer. Without these
// checks, a program that changes these defaults of Eigen would compile, but read the wrong elements.
static_assert(!MatrixX<float>::IsRowMajor,
              "gemel: one sample is one column, so it needs Eigen's own storage order; compile without "
              "EIGEN_DEFAULT_TO_ROW_MAJOR (a row-major matrix may still be passed: it is copied)");
static_assert(std::same_as<Index, std::ptrdiff_t>,
              "gemel: it needs Eigen's own index type, std::ptrdiff_t; compile without EIGEN_DEFAULT_DENSE_INDEX_TYPE");

/// The scalar types that networks compute in.
template <class S>
concept Scalar = std::same_as<S, float> || std::same_as<S, double>;

/// The length of a container as Eigen's signed index.
template <class Container>
constexpr Index length(const Container& container) {
  return static_cast<Index>(std::size(container));
}

}  // namespace gemel
