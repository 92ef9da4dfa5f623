#pragma once

#include <cstdint>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <utility>

#include "gemel/core/types.hpp"
#include "little_endian.hpp"

/// Reads the reference values in tests/golden. It trusts these files and checks little.
class Safetensors {
 public:
  explicit Safetensors(const std::string& name) {
    std::ifstream file(std::string(GEMEL_TEST_DATA) + "/golden/" + name, std::ios::binary);
    bytes_.assign(std::istreambuf_iterator<char>(file), {});
    if (bytes_.size() < sizeof(std::uint64_t)) throw std::runtime_error("cannot read golden file " + name);
    const auto header = gemel::test::from_little_endian<std::uint64_t>(bytes_.data());
    tensors_ = nlohmann::json::parse(bytes_.substr(sizeof header, header));
    data_ = sizeof header + header;
  }

  /// The values of a tensor of any shape, in the order of the file. Read as a column-major matrix, the values of a
  /// row-major n x features array are features x n.
  template <class S>
  gemel::VectorX<S> flat(const std::string& name) const {
    const auto& tensor = tensors_.at(name);
    const std::size_t begin = tensor.at("data_offsets")[0], end = tensor.at("data_offsets")[1];
    gemel::VectorX<S> values(static_cast<gemel::Index>((end - begin) / sizeof(S)));
    if (tensor.at("dtype") != (sizeof(S) == 4 ? "F32" : "F64")) throw std::runtime_error(name + " is of another type");
    const char* from = bytes_.data() + data_ + begin;
    for (S& value : values) value = gemel::test::from_little_endian<S>(std::exchange(from, from + sizeof(S)));
    return values;
  }
  /// The transpose (features x n) of an n x features tensor: one sample per column.
  template <class S>
  gemel::MatrixX<S> samples(const std::string& name) const {
    const gemel::Index n = tensors_.at(name).at("shape")[0];
    const gemel::VectorX<S> values = flat<S>(name);
    return values.reshaped(values.size() / n, n);
  }

  /// All parameters in the order of Network::parameters: for each layer the weight (out x in, row-major in the file) in
  /// column-major order, then the bias.
  template <class S>
  gemel::VectorX<S> parameters(const std::string& prefix) const {
    gemel::VectorX<S> all;
    const auto append = [&all](const auto& part) {
      const gemel::Index first = all.size();
      all.conservativeResize(first + part.size());
      all.tail(part.size()) = part;
    };
    for (int k = 0; tensors_.contains(prefix + ".layers." + std::to_string(k) + ".weight"); ++k) {
      const std::string layer = prefix + ".layers." + std::to_string(k);
      const gemel::Index out = tensors_.at(layer + ".weight").at("shape")[0];
      const gemel::VectorX<S> weight = flat<S>(layer + ".weight");
      const gemel::MatrixX<S> w = weight.reshaped(weight.size() / out, out).transpose();
      append(w.reshaped());
      append(flat<S>(layer + ".bias"));
    }
    return all;
  }

 private:
  std::string bytes_ = {};
  nlohmann::json tensors_ = {};
  std::size_t data_ = 0;
};
