#include "gemel/io/model/description.hpp"

#include <limits>
#include <string>

#include "catch.hpp"
#include "error_text.hpp"
#include "mentions.hpp"

using namespace gemel;

namespace {

const std::string a_description = R"({"format": 1, "version": "0.1.0", "kind": "network", "scalar": "F32",
  "layers": [{"type": "Dropout", "in": 3, "out": 3, "rate": 0.5}]})";

std::string description_error(const std::string& text) {
  TensorFile file{.name = "file", .metadata = {{"gemel", text}}};
  return error_text<FormatError>([&] { detail::parse_description(detail::TensorIndex{file}); });
}

/// The description with this part in place of that one.
std::string description_with(const std::string& old, const std::string& part) {
  std::string text = a_description;
  const std::size_t at = text.find(old);
  REQUIRE(at != text.npos);
  return text.replace(at, old.size(), part);
}

}  // namespace

TEST_CASE("a description that lacks something or says something impossible is refused") {
  CHECK(description_error(a_description) == "no error");
  const auto check = [](const std::string& text, const std::string& words) {
    CAPTURE(text.substr(0, 300));
    const std::string error = description_error(text);
    CAPTURE(error);
    CHECK(mentions(error, "file"));
    CHECK(mentions(error, words));
  };
  check("", "is not valid JSON");
  check(a_description + "}", "is not valid JSON");
  check(a_description + std::string("\0", 1), "has a zero byte");
  check("[]", "its description is not an object");
  check("\"\xFF\"", "is not valid JSON");
  check("{}", "has no 'format'");
  check(description_with("\"format\": 1", "\"format\": 2"), "(format 2, this one reads format 1): update Gemel");
  check(description_with("\"format\": 1", "\"format\": 18446744073709551615"), "update Gemel");
  check(description_with("\"format\": 1", "\"format\": 18446744073709551616"), "not a whole number");
  check(description_with("\"format\": 1", "\"format\": 0"), "formats count from 1");
  check(description_with("\"format\": 1", "\"format\": -1"), "has 'format' -1, not a whole number of at least 0");
  check(description_with("\"format\": 1", "\"format\": 1.0"), "not a whole number");
  check(description_with("\"format\": 1", "\"format\": \"1\""), "has 'format' \"1\", not a whole number");
  check(description_with("\"format\": 1", "\"format\": 1e999"), "is not valid JSON");
  check(description_with("\"0.1.0\"", "1"), "has 'version' 1, not a text");
  check(description_with("network", "net"), "has 'kind' 'net', which is none of");
  check(description_with("F32", "F16"), "has 'scalar' 'F16', which is neither");
  check(description_with("\"network\"", "\"model\""), "has no 'distance'");
  check(description_with("\"network\"", R"("model", "distance": {})"), "its description's distance has no 'type'");
  check(description_with("\"network\"", R"("verifier", "distance": {"type": "x"})"), "has no 'calibration'");
  check(description_with("\"network\"", R"("checkpoint", "distance": {"type": "x"}, "training": 1)"), "not an object");
  check(description_with("\"in\": 3", "\"in\": 0"), "layer 0: its description has 'in' 0, not at least 1");
  check(description_with("\"in\": 3", "\"in\": 65537"), "has 'in' 65537, but at most 65536 is possible");
  check(description_with("\"in\": 3", "\"in\": 3.5"), "has 'in' 3.5, not a whole number");
  check(description_with("\"type\": \"Dropout\", ", ""), "layer 0: its description has no 'type'");
  check(description_with("{\"type\": \"Dropout\"", "1, {\"type\": \"Dropout\""),
        "layer 0: its description is not an object");
  check(description_with("{\"type\"", R"({"type": "x", "in": 1, "out": 2}, {"type")"),
        "layer 1: its description gives it 3 inputs, but the layer before it has 2 outputs");
  check(description_with("0.5}", "0.5, \"rate\": 0.5}"), "two members of the same name");
  check(description_with("0.5}", "[[[[[[1]]]]]]}"), "is nested 9 levels deep, but at most 8 are allowed");
  CHECK(description_error(description_with("0.5}", "[[[[[1]]]]]}")) == "no error");
  check(description_with("0.5}", "0.5, \"more\": [0" + std::string(2 * 4096, ',') + "]}"),
        "values, but a file of this size");
  check(description_with("0.5}", "0.5, \"more\": \"" + std::string(1 << 20, 'x') + "\"}"),
        "but at most 1048576 are allowed");
}

TEST_CASE("the calibration of a verifier's description is checked") {
  const auto with = [](const std::string& calibration) {
    return description_error(
        description_with("\"network\"", R"("verifier", "distance": {"type": "x"}, "calibration": )" + calibration));
  };
  const std::string rest = R"("frr": 0.5, "method": "m", "interval": {"low": 0, "high": "nan", "method": ""}})";
  CHECK(with(R"({"threshold": "-inf", "far": "nan", )" + rest) == "no error");
  CHECK(mentions(with(R"({"threshold": "nan", "far": 0, )" + rest), "calibration has a threshold that is NaN"));
  CHECK(mentions(with(R"({"threshold": "0.7", "far": 0, )" + rest), "has 'threshold' \"0.7\", not a number"));
  CHECK(mentions(with(R"({"threshold": 1, "far": 1.5, )" + rest), "has 'far' 1.5, not a rate"));
  CHECK(mentions(with(R"({"threshold": 1, )" + rest), "has no 'far'"));
  CHECK(mentions(with("{}"), "has no 'interval'"));
}

TEST_CASE("measure_json counts the values and levels that the parser finds") {
  for (const char* text : {"1", " [ ] ", "{}", "[1]", "[[],{}]", R"({"a": [1, 2, {"b": "x,[{\"\\"}], "c\"": null} )",
                           "[1, [2, [3]], \"]\"]", "{\"\": {\"\": {}}}"}) {
    CAPTURE(text);
    const detail::JsonExtent extent = detail::measure_json(text);
    CHECK(extent.values == detail::count_values(detail::Json::parse(text)));
  }
  CHECK(detail::measure_json("[{\"[[[\": []}, 1]").depth == 3);
  CHECK(detail::measure_json("1").depth == 0);
  CHECK(detail::measure_json("\"\\").values == 1);  // ends within an escape
}

TEST_CASE("the largest number of features grows with the file") {
  TensorFile file;
  CHECK(detail::most_features(file) == 65'536);
  file.add("t", VectorX<std::uint8_t>::Ones(400'000).eval());
  CHECK(detail::most_features(file) == 100'000);
}
