#pragma once

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "gemel/core/error.hpp"
#include "gemel/core/format.hpp"
#include "gemel/core/types.hpp"
#include "gemel/io/csv/cell.hpp"
#include "gemel/io/little_endian.hpp"

namespace gemel {

/// The type of a tensor's values. F16 and BF16, for which C++20 has no type, stay bytes.
enum class DType { F64, F32, F16, BF16, I64, I32, I16, I8, U64, U32, U16, U8, Bool };

namespace detail {

struct DTypeTraits {
  DType type;
  const char* name;
  std::uint64_t bytes;  ///< of one value
};

/// In the order of DType's enumerators.
inline constexpr std::array<DTypeTraits, 13> dtypes{{{DType::F64, "F64", 8},
                                                     {DType::F32, "F32", 4},
                                                     {DType::F16, "F16", 2},
                                                     {DType::BF16, "BF16", 2},
                                                     {DType::I64, "I64", 8},
                                                     {DType::I32, "I32", 4},
                                                     {DType::I16, "I16", 2},
                                                     {DType::I8, "I8", 1},
                                                     {DType::U64, "U64", 8},
                                                     {DType::U32, "U32", 4},
                                                     {DType::U16, "U16", 2},
                                                     {DType::U8, "U8", 1},
                                                     {DType::Bool, "BOOL", 1}}};

constexpr const DTypeTraits& traits(DType type) { return dtypes[static_cast<std::size_t>(type)]; }

/// The number of bytes of a tensor; nothing if a dimension is negative or the number exceeds 64 bits.
inline std::optional<std::uint64_t> count_bytes(DType type, std::span<const Index> shape) {
  std::uint64_t bytes = traits(type).bytes;
  for (const Index size : shape) {
    const auto factor = static_cast<std::uint64_t>(size);
    if (size < 0 || (size > 0 && bytes > std::numeric_limits<std::uint64_t>::max() / factor)) return std::nullopt;
    bytes *= factor;
  }
  return bytes;
}

/// "3 x 4", or "a single value" if there are no dimensions.
inline std::string describe_shape(std::span<const Index> shape) {
  std::string text = shape.empty() ? "a single value" : "";
  for (const Index size : shape) text += format({text.empty() ? "" : " x ", size});
  return text;
}

}  // namespace detail

/// The safetensors format's word for a type, such as "F32".
constexpr const char* dtype_name(DType type) { return detail::traits(type).name; }

/// The C++ types that a tensor's values can be read as: float, double, bool and the integers of 1 to 8 bytes.
template <class T>
concept TensorValue = std::same_as<T, float> || std::same_as<T, double> || std::integral<T>;

/// The type of tensors that hold values of the C++ type.
template <TensorValue T>
inline constexpr DType dtype_of = [] {
  if constexpr (std::same_as<T, bool>) return DType::Bool;
  if constexpr (std::same_as<T, float>) return DType::F32;
  if constexpr (std::same_as<T, double>) return DType::F64;
  constexpr std::array integers{DType::I8, DType::I16, DType::I32, DType::I64,
                                DType::U8, DType::U16, DType::U32, DType::U64};
  constexpr std::size_t first = std::unsigned_integral<T> ? 4 : 0;
  return integers[first + (sizeof(T) == 1 ? 0 : sizeof(T) == 2 ? 1 : sizeof(T) == 4 ? 2 : 3)];
}();

/// An array with a name.
struct Tensor {
  std::string name = {};                 ///< In UTF-8.
  DType type = DType::F32;               ///< Of each value.
  std::vector<Index> shape = {};         ///< Sizes of the dimensions; a single value has none.
  std::vector<std::uint8_t> bytes = {};  ///< The values, the last dimension fastest, each with its lowest byte first.

  /// Whether all members are equal.
  friend bool operator==(const Tensor&, const Tensor&) = default;
};

namespace detail {

inline void require(const std::string& file, const Tensor& tensor, DType type, std::span<const Index> shape) {
  if (tensor.type != type) {
    throw FormatError({"its tensor '", excerpt(tensor.name), "' holds ", traits(tensor.type).name, " values, but ",
                       traits(type).name, " is needed"},
                      Place{.file = file});
  }
  if (!std::ranges::equal(tensor.shape, shape)) {
    throw FormatError({"its tensor '", excerpt(tensor.name), "' is ", describe_shape(tensor.shape), ", but ",
                       describe_shape(shape), " is needed"},
                      Place{.file = file});
  }
}

/// The type of the bytes that hold a T: a bool is read as a byte, which may have other values than 0 and 1.
template <TensorValue T>
using Stored = std::conditional_t<std::same_as<T, bool>, std::uint8_t, T>;

}  // namespace detail

/// The content of a safetensors file: tensors by name, and texts by key. safetensors.hpp reads and writes such files.
struct TensorFile {
  std::string name = "tensors";                      ///< Used in errors: the path of the file that was read.
  std::vector<Tensor> tensors = {};                  ///< Those of a file in the order of their bytes.
  std::map<std::string, std::string> metadata = {};  ///< Texts by key, all in UTF-8.

  /// The tensor of that name, or nullptr.
  const Tensor* find(std::string_view tensor) const {
    const auto found = std::ranges::find(tensors, tensor, &Tensor::name);
    return found == tensors.end() ? nullptr : &*found;
  }

  /// The tensor of that name. Throws FormatError, with the file's name, if there is none.
  const Tensor& at(std::string_view tensor) const {
    const Tensor* const found = find(tensor);
    if (!found) throw FormatError({"it has no tensor '", detail::excerpt(tensor), "'"}, Place{.file = name});
    return *found;
  }

  /// The values of a tensor, the last dimension fastest. Throws FormatError, with the file's name, if there is no such
  /// tensor or if its type or shape differs.
  template <TensorValue T>
  VectorX<T> get(std::string_view tensor, const std::vector<Index>& shape) const {
    const Tensor& found = at(tensor);
    detail::require(name, found, dtype_of<T>, shape);
    VectorX<T> values(static_cast<Index>(found.bytes.size() / sizeof(T)));
    const std::uint8_t* next = found.bytes.data();
    for (T& value : values) {
      value = static_cast<T>(detail::from_little_endian<detail::Stored<T>>(next));
      next += sizeof(T);
    }
    return values;
  }

  /// A tensor of shape {rows, columns} as a matrix, rows x columns. The weight of PyTorch's Linear is out x in. Throws
  /// as `get` does.
  template <TensorValue T>
  MatrixX<T> get_matrix(std::string_view tensor, Index rows, Index columns) const {
    MatrixX<T> matrix(rows, columns);
    copy_matrix<T>(tensor, matrix);
    return matrix;
  }

  /// Copies a tensor of shape {rows, columns} into a matrix of that size, such as a map of existing memory. Throws as
  /// `get` does.
  template <TensorValue T>
  void copy_matrix(std::string_view tensor, Eigen::Ref<MatrixX<T>> matrix) const {
    const Tensor& found = at(tensor);
    detail::require(name, found, dtype_of<T>, std::array{matrix.rows(), matrix.cols()});
    // As many rows at a time as fill a cache line of a column.
    constexpr Index block = 64 / sizeof(T);
    for (Index first = 0; first < matrix.rows(); first += block) {
      const Index end = std::min(matrix.rows(), first + block);
      for (Index j = 0; j < matrix.cols(); ++j) {
        for (Index i = first; i < end; ++i) {
          const auto offset = static_cast<std::size_t>(i * matrix.cols() + j) * sizeof(T);
          matrix(i, j) = static_cast<T>(detail::from_little_endian<detail::Stored<T>>(found.bytes.data() + offset));
        }
      }
    }
  }

  /// Appends a tensor with these values, the last dimension fastest. Throws ShapeError if their number does not match
  /// the shape.
  template <TensorValue T>
  void add(std::string tensor, std::vector<Index> shape, std::span<const T> values) {
    if (detail::count_bytes(dtype_of<T>, shape) != values.size_bytes()) {
      throw ShapeError({"tensor '", detail::excerpt(tensor), "' should be ", detail::describe_shape(shape),
                        ", but has ", values.size(), " values"},
                       Place{.file = name});
    }
    std::vector<std::uint8_t> bytes(values.size_bytes());
    std::uint8_t* next = bytes.data();
    for (const T value : values) {
      detail::to_little_endian(static_cast<detail::Stored<T>>(value), next);
      next += sizeof(T);
    }
    tensors.push_back({std::move(tensor), dtype_of<T>, std::move(shape), std::move(bytes)});
  }

  /// Appends a matrix as a tensor of shape {rows, columns}, or a vector as one of shape {size}.
  template <class Derived>
  requires TensorValue<typename Derived::Scalar>
  void add(std::string tensor, const Eigen::MatrixBase<Derived>& values) {
    using T = typename Derived::Scalar;
    std::vector<Index> shape{values.size()};
    if constexpr (!Derived::IsVectorAtCompileTime) shape = {values.rows(), values.cols()};
    const Eigen::Ref<const MatrixX<T>> matrix = values;
    std::vector<std::uint8_t> bytes(static_cast<std::size_t>(matrix.size()) * sizeof(T));
    // As many columns at a time as fill a cache line of a row.
    constexpr Index block = 64 / sizeof(T);
    for (Index first = 0; first < matrix.cols(); first += block) {
      const Index end = std::min(matrix.cols(), first + block);
      for (Index i = 0; i < matrix.rows(); ++i) {
        std::uint8_t* next = bytes.data() + static_cast<std::size_t>(i * matrix.cols() + first) * sizeof(T);
        for (Index j = first; j < end; ++j, next += sizeof(T)) {
          detail::to_little_endian(static_cast<detail::Stored<T>>(matrix(i, j)), next);
        }
      }
    }
    tensors.push_back({std::move(tensor), dtype_of<T>, std::move(shape), std::move(bytes)});
  }
};

}  // namespace gemel
