#include "gemel/io/model/parameter_tensors.hpp"

#include <cstddef>
#include <limits>
#include <string>
#include <vector>

#include "catch.hpp"
#include "error_text.hpp"
#include "mentions.hpp"

using namespace gemel;

namespace {

template <class Stored, class S>
void check_copies(Index rows, Index columns) {
  CAPTURE(rows, columns, sizeof(Stored), sizeof(S));
  MatrixX<Stored> weight(rows, columns);
  for (Index i = 0; i < weight.size(); ++i) weight.data()[i] = static_cast<Stored>(i) / 8;
  const VectorX<Stored> bias = VectorX<Stored>::LinSpaced(rows, -1, -static_cast<Stored>(rows));
  TensorFile file;
  file.add("weight", weight);
  file.add("bias", bias);
  detail::ParameterTensors<S> tensors{"file"};
  tensors.add(file.tensors[0], {"weight", rows, columns}, 0, dtype_of<Stored>);
  tensors.add(file.tensors[1], {"bias", rows}, 0, dtype_of<Stored>);
  VectorX<S> copied(weight.size() + rows), wanted(weight.size() + rows);
  tensors.copy({copied.data(), static_cast<std::size_t>(copied.size())});
  wanted << weight.reshaped().template cast<S>(), bias.template cast<S>();
  CHECK(copied == wanted);
}

}  // namespace

TEST_CASE("parameters are copied from row-major tensors of any size, and converted") {
  for (const Index rows : {1, 7, 8, 9, 16, 33}) {
    for (const Index columns : {1, 5, 20}) {
      check_copies<float, float>(rows, columns);
      check_copies<float, double>(rows, columns);
      check_copies<double, float>(rows, columns);
      check_copies<double, double>(rows, columns);
    }
  }
}

TEST_CASE("the tensor with a value that is not finite is named") {
  for (const double value :
       {std::numeric_limits<double>::quiet_NaN(), -std::numeric_limits<double>::infinity(), 1e39}) {
    TensorFile file;
    file.add("first", VectorX<double>::Ones(3).eval());
    VectorX<double> bad = VectorX<double>::Ones(40);
    bad[39] = value;
    file.add("second", bad);
    detail::ParameterTensors<float> tensors{"file"};
    tensors.add(file.tensors[0], {"first", 3}, 0, DType::F64);
    tensors.add(file.tensors[1], {"second", 40}, 2, DType::F64);
    std::vector<float> values(43);
    CHECK(mentions(error_text<FormatError>([&] { tensors.copy(values); }), "file, layer 2: its tensor 'second' holds"));
  }
}
