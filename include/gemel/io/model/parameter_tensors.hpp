#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "gemel/core/error.hpp"
#include "gemel/core/reduce.hpp"
#include "gemel/core/types.hpp"
#include "gemel/io/csv/cell.hpp"
#include "gemel/io/little_endian.hpp"
#include "gemel/io/tensor_file.hpp"
#include "gemel/network/layer.hpp"

namespace gemel::detail {

/// Copies a tensor's values, rows x columns in the order of its rows, to a column-major matrix.
template <class Stored, Scalar S>
void copy_transposed(const std::uint8_t* from, Index rows, Index columns, S* to) {
  constexpr Index block = 64 / sizeof(S);  // as many rows at a time as fill a cache line of a column
  for (Index first = 0; first < rows; first += block) {
    const Index count = std::min(block, rows - first);
    for (Index j = 0; j < columns; ++j) {
      const std::uint8_t* next = from + static_cast<std::size_t>(first * columns + j) * sizeof(Stored);
      for (Index i = 0; i < count; ++i) {
        to[j * rows + first + i] = static_cast<S>(from_little_endian<Stored>(next));
        next += static_cast<std::size_t>(columns) * sizeof(Stored);
      }
    }
  }
}

/// The tensors that hold a network's parameters, in the order of the parameters. They are checked first, so that a bad
/// file allocates no memory and changes no network, and then copied.
template <Scalar S>
class ParameterTensors {
 public:
  explicit ParameterTensors(std::string file) : file_(std::move(file)) {}

  /// Adds the tensor of a layer's variable. Throws FormatError unless it has the variable's shape and holds values of
  /// the given type, F32 or F64.
  void add(const Tensor& tensor, const NamedVariable& variable, Index layer, DType type) {
    const std::array<Index, 2> shape{variable.rows, variable.columns};
    require(file_, tensor, type, std::span(shape).first(variable.columns == 0 ? 1 : 2));
    parts_.push_back({&tensor, variable.rows, std::max<Index>(variable.columns, 1), layer});
  }

  /// Copies all values to `to`, which has exactly as many. Throws FormatError if one of them is not finite.
  void copy(std::span<S> to) const {
    S* next = to.data();
    for (const Part& part : parts_) {
      const std::uint8_t* const bytes = part.tensor->bytes.data();
      if (part.tensor->type == DType::F32) {
        copy_transposed<float>(bytes, part.rows, part.columns, next);
      } else {
        copy_transposed<double>(bytes, part.rows, part.columns, next);
      }
      next += part.rows * part.columns;
    }
    if (!std::isfinite(max_abs(to.data(), length(to)))) refuse_non_finite(to.data());
  }

 private:
  struct Part {
    const Tensor* tensor;
    Index rows, columns, layer;
  };

  [[gnu::cold]] void refuse_non_finite(const S* values) const {
    for (const Part& part : parts_) {
      const Index count = part.rows * part.columns;
      if (!std::isfinite(max_abs(values, count))) {
        throw FormatError({"its tensor '", excerpt(part.tensor->name),
                           "' holds NaN, an infinite value or one beyond the range of ", dtype_name(dtype_of<S>)},
                          Place{.file = file_, .layer = part.layer});
      }
      values += count;
    }
  }

  std::string file_;
  std::vector<Part> parts_ = {};
};

}  // namespace gemel::detail
