#include "gemel/io/model/options.hpp"

#include <limits>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "catch.hpp"
#include "error_text.hpp"
#include "io/saved_types.hpp"
#include "mentions.hpp"

using namespace gemel;

TEST_CASE("options are read as they were written") {
  detail::Json object = {{"in", 3}, {"out", 2}};
  TensorFile file{.name = "file"};
  OptionsWriter to{object, file, "layers.4."};
  const std::vector<double> state{1, 1e-300, -0.1};
  for (const double number : {0.1, 1e300, 5e-324, std::numeric_limits<double>::infinity()}) {
    object.erase("number");
    to.number("number", number);
    detail::TensorIndex tensors{file};
    CHECK(OptionsReader{{object, "it", {}}, tensors, ""}.number("number") == number);
  }
  to.optional_number("there", 2);
  to.optional_number("not there", std::nullopt);
  to.vector("state", state);
  to.vector("none", std::span<const double>());
  to.part("activation", test::Gain{7});
  CHECK(file.at("layers.4.state").shape == std::vector<Index>{3});

  detail::TensorIndex tensors{file};
  const OptionsReader from{{object, "it", {.file = "file"}}, tensors, "layers.4."};
  CHECK(from.in() == 3);
  CHECK(from.out() == 2);
  CHECK(from.optional_number("there") == 2);
  CHECK(from.optional_number("not there") == std::nullopt);
  CHECK(from.vector("state") == state);
  CHECK(from.vector("none").empty());
  CHECK(from.part<test::Gain>("activation").gain == 7);
  CHECK(mentions(error_text<FormatError>([&] { from.part<ReLU>("activation"); }),
                 "file: it's activation is 'test::Gain', not ReLU"));
  CHECK(mentions(error_text<FormatError>([&] { from.vector("other"); }), "file: it has no tensor 'layers.4.other'"));
  CHECK(mentions(error_text<FormatError>([&] { from.number("other"); }), "file: it has no 'other'"));
}

TEST_CASE("two options of the same name are refused") {
  detail::Json object = {{"in", 3}};
  TensorFile file{.name = "file"};
  OptionsWriter to{object, file, ""};
  CHECK(mentions(error_text<ValueError>([&] { to.number("in", 1); }), "file: two options have the name 'in'"));
  to.part("f", test::Gain{});
  CHECK_THROWS_AS(to.part("f", test::Gain{}), ValueError);
}

TEST_CASE("fitted state must be a list of doubles") {
  TensorFile file{.name = "file"};
  file.add("single", VectorX<float>::Ones(4).eval());
  file.add("matrix", MatrixX<double>::Ones(2, 2).eval());
  const detail::Json object = detail::Json::object();
  detail::TensorIndex tensors{file};
  const OptionsReader from{{object, "it", {}}, tensors, ""};
  CHECK(mentions(error_text<FormatError>([&] { from.vector("single"); }), "holds F32 values, but F64 is needed"));
  CHECK(mentions(error_text<FormatError>([&] { from.vector("matrix"); }), "is 2 x 2, but 4 is needed"));
}
