#pragma once

#include <array>
#include <concepts>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "gemel/core/error.hpp"
#include "gemel/core/type_name.hpp"
#include "gemel/core/types.hpp"
#include "gemel/io/little_endian.hpp"
#include "gemel/io/model/json_object.hpp"
#include "gemel/io/model/named_type.hpp"
#include "gemel/io/model/parameter_tensors.hpp"
#include "gemel/io/model/tensor_index.hpp"
#include "gemel/io/tensor_file.hpp"

namespace gemel {

/// Writes the options and the fitted state of a layer, an activation or a distance to a file; see Layer
/// (network/layer.hpp). Throws ValueError if two options have the same name.
class OptionsWriter {
 public:
  /// Adds options to `object`, and tensors whose names begin with `prefix` to `file`, both of which must outlive the
  /// writer. The library makes the writers.
  OptionsWriter(nlohmann::json& object, TensorFile& file, std::string prefix)
      : object_(&object), file_(&file), prefix_(std::move(prefix)) {}

  /// Saves a number, which may be infinite.
  void number(const char* name, double value) { add(name) = detail::json_number(value); }
  /// Saves a number if there is one.
  void optional_number(const char* name, std::optional<double> value) {
    if (value) number(name, *value);
  }
  /// Saves fitted state, such as the mean of each feature.
  void vector(const char* name, std::span<const double> values) {
    file_->add<double>(prefix_ + name, {length(values)}, values);
  }
  /// Saves fitted state that is a matrix.
  void matrix(const char* name, const Eigen::Ref<const MatrixX<double>>& values) { file_->add(prefix_ + name, values); }
  /// Saves a part with a name and perhaps options, such as an activation.
  template <class Part>
  void part(const char* name, const Part& part) {
    detail::check_named<Part>();
    nlohmann::json& object = add(name);
    object["type"] = type_name<Part>;
    OptionsWriter options{object, *file_, prefix_ + name + "."};
    if constexpr (detail::has_save<Part>) part.save(options);
  }

 private:
  nlohmann::json& add(const char* name) {
    if (object_->contains(name)) throw ValueError({"two options have the name '", name, "'"}, {.file = file_->name});
    return (*object_)[name];
  }

  nlohmann::json* object_;
  TensorFile* file_;
  std::string prefix_;
};

/// Reads what an OptionsWriter wrote. Throws FormatError if a value is not there or has another type.
class OptionsReader {
 public:
  /// Reads from a description's object and from the tensors whose names begin with `prefix`. The library makes the
  /// readers.
  OptionsReader(detail::JsonObject object, detail::TensorIndex& tensors, std::string prefix)
      : object_(std::move(object)), tensors_(&tensors), prefix_(std::move(prefix)) {}

  /// @{
  /// The layer's number of inputs or outputs.
  Index in() const { return object_.size("in", most_size); }
  Index out() const { return object_.size("out", most_size); }
  /// @}
  /// A number.
  double number(const char* name) const { return object_.number(name); }
  /// A number if it was saved.
  std::optional<double> optional_number(const char* name) const { return object_.optional_number(name); }
  /// Fitted state, as many values as were saved.
  std::vector<double> vector(const char* name) const {
    const Tensor& tensor = tensors_->take(prefix_ + name, object_.place());
    const auto size = static_cast<Index>(tensor.bytes.size() / sizeof(double));
    detail::require(tensors_->file().name, tensor, DType::F64, std::span(&size, 1));
    std::vector<double> values(static_cast<std::size_t>(size));
    const std::uint8_t* next = tensor.bytes.data();
    for (double& value : values) {
      value = detail::from_little_endian<double>(next);
      next += sizeof(double);
    }
    return values;
  }
  /// Fitted state that is a matrix of this size.
  MatrixX<double> matrix(const char* name, Index rows, Index columns) const {
    // The tensor is checked before memory is allocated: the sizes may be those of a damaged file.
    const Tensor& tensor = tensors_->take(prefix_ + name, object_.place());
    detail::require(tensors_->file().name, tensor, DType::F64, std::array{rows, columns});
    MatrixX<double> values(rows, columns);
    detail::copy_transposed<double>(tensor.bytes.data(), rows, columns, values.data());
    return values;
  }
  /// A part, which must have been saved with the same type.
  template <class Part>
  Part part(const char* name) const;

 private:
  static constexpr Index most_size = detail::max_values;

  detail::JsonObject object_;
  detail::TensorIndex* tensors_;
  std::string prefix_;
};

namespace detail {

template <class T>
concept LoadsItself = requires(const OptionsReader& from) {
  { T::load(from) } -> std::same_as<T>;
};

/// A layer, an activation or a distance with the options that are read.
template <class T>
T load_part(const OptionsReader& from) {
  if constexpr (has_load<T>) {
    static_assert(LoadsItself<T>,
                  "gemel: this type's member `load` must be static and return the type itself (network/layer.hpp)");
    return T::load(from);
  } else {
    static_assert(std::default_initializable<T>,
                  "gemel: this type has no member `load` and no default constructor, so it cannot be loaded "
                  "(network/layer.hpp)");
    return T{};
  }
}

}  // namespace detail

template <class Part>
Part OptionsReader::part(const char* name) const {
  detail::check_named<Part>();
  const detail::JsonObject object = object_.object(name);
  if (const std::string type = object.text("type"); type != type_name<Part>) {
    object.fail({"is '", detail::excerpt(type), "', not ", std::string(type_name<Part>)});
  }
  return detail::load_part<Part>(OptionsReader{object, *tensors_, prefix_ + name + "."});
}

}  // namespace gemel
