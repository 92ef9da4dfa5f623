#pragma once

#include <vector>

namespace gemel::test {

/// One pointer per column of a matrix, to its first element.
template <class Matrix>
auto pointers_to(Matrix& columns) {
  std::vector<decltype(columns.data())> pointers;
  for (auto j = columns.cols() * 0; j < columns.cols(); ++j) pointers.push_back(columns.data() + j * columns.rows());
  return pointers;
}

}  // namespace gemel::test
