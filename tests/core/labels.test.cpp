#include "gemel/core/labels.hpp"

#include <limits>
#include <list>
#include <string>
#include <type_traits>
#include <vector>

#include "catch.hpp"

using namespace gemel;

static_assert(!std::is_constructible_v<Labels, std::vector<std::string>>);
static_assert(!std::is_constructible_v<Labels, MatrixX<float>>, "a matrix is not a list of labels");

namespace {

template <class Values>
std::string failure(const Values& values) {
  try {
    Labels{values};
  } catch (const ValueError& error) {
    return std::to_string(error.place().pair.value()) + "; " + error.what();
  }
  return "none";
}

}  // namespace

TEST_CASE("labels come from ranges, lists and Eigen vectors of 0 and 1") {
  const Labels expected{1, 0, 0, 1};
  CHECK(expected.size() == 4);
  CHECK(expected[0]);
  CHECK(!expected[1]);
  CHECK(!expected.similar(2));
  CHECK(expected.similar(3));
  CHECK(std::vector<int>(expected.span().begin(), expected.span().end()) == std::vector<int>{1, 0, 0, 1});

  CHECK(Labels{true, false, false, true} == expected);
  CHECK(Labels{1.0, 0.0, -0.0, 1.0} == expected);
  CHECK(Labels{std::vector<bool>{true, false, false, true}} == expected);
  CHECK(Labels{std::vector<std::uint8_t>{1, 0, 0, 1}} == expected);
  CHECK(Labels{std::list<float>{1, 0, 0, 1}} == expected);
  CHECK(Labels{Eigen::Vector4i{1, 0, 0, 1}} == expected);
  CHECK(Labels{Eigen::RowVector4d{1, 0, 0, 1}} == expected);
  CHECK(Labels{Eigen::Array4f{1, 0, 0, 1} * 1.0f} == expected);
  CHECK(Labels{expected} == expected);
  CHECK(Labels{}.size() == 0);
  CHECK(Labels{std::vector<int>{}}.size() == 0);
}

TEST_CASE("OneIsDissimilar inverts the convention") {
  CHECK(Labels{std::vector<int>{1, 0, 0}, OneIsDissimilar} == Labels{0, 1, 1});
  CHECK(Labels{{1, 0, 0}, OneIsDissimilar} == Labels{0, 1, 1});
  CHECK_THROWS_AS((Labels{std::vector<int>{1, 2}, OneIsDissimilar}), ValueError);
}

TEST_CASE("a label that is neither 0 nor 1 is an error that names the pair and the value") {
  CHECK(failure(std::vector<int>{1, 0, 2}) == "2; pair 2: the label is 2, but a label must be 0 or 1");
  CHECK(failure(std::vector<int>{-1, 0}) == "0; pair 0: the label is -1, but a label must be 0 or 1");
  CHECK(failure(std::vector<double>{0, 0.5}) == "1; pair 1: the label is 0.5, but a label must be 0 or 1");
  CHECK(failure(std::vector<std::uint8_t>{0, 255}) == "1; pair 1: the label is 255, but a label must be 0 or 1");
  CHECK(failure(std::vector<float>{1, std::numeric_limits<float>::infinity()}) ==
        "1; pair 1: the label is inf, but a label must be 0 or 1");
  CHECK(failure(std::vector<float>{1, 1 + 0x1p-23f}) ==
        "1; pair 1: the label is 1.00000012, but a label must be 0 or 1");
  const Eigen::Vector2f nan{std::numeric_limits<float>::quiet_NaN(), 1};
  CHECK(failure(nan).starts_with("0; pair 0: the label is "));
  CHECK_THROWS_AS((Labels{1, 2}), ValueError);
}
