#include "../../examples/train/scaling.hpp"

#include <cmath>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "catch.hpp"
#include "mentions.hpp"

namespace {

std::vector<gemel::Index> first(gemel::Index n) {
  std::vector<gemel::Index> numbers(static_cast<std::size_t>(n));
  std::iota(numbers.begin(), numbers.end(), gemel::Index{0});
  return numbers;
}

// All samples (columns) scaled by what the first `training` of them say.
gemel::MatrixX<float> scaled(train::Scale scale, const gemel::MatrixX<float>& samples, gemel::Index training) {
  const gemel::Samples<float> all{samples};
  return train::find_scaling(scale, all.matrix(), first(training)).apply(all).matrix();
}

// Half of the values are the first, half the second: standardised they are -1 and 1, in 0..1 they are 0 and 1.
gemel::MatrixX<float> two_values(float low, float high) {
  gemel::MatrixX<float> samples(1, 8);
  for (gemel::Index j = 0; j < 8; ++j) samples(0, j) = j % 2 == 0 ? low : high;
  return samples;
}

}  // namespace

TEST_CASE("a feature that is constant in training becomes 0, whatever its value and the number of samples") {
  gemel::Index wrong = 0;
  for (const float value : {14.62F, 0.1F, -0.3F, 1e-40F, 3e-5F, 123456.789F, 1e9F, -3e38F}) {
    for (gemel::Index n = 2; n <= 1000; ++n) {
      gemel::MatrixX<float> samples(2, n + 1);
      for (gemel::Index j = 0; j <= n; ++j) samples.col(j) << value, static_cast<float>(j % 2) + 1.5F;
      samples(0, n) = value * 1.001F;  // a sample of the test
      wrong += (scaled(train::Scale::Standardise, samples, n).row(0).array() != 0).any();
    }
  }
  CHECK(wrong == 0);
}

TEST_CASE("a feature that is constant but for the rounding of floats becomes 0") {
  for (const float value : {1e9F, -0.7F, 14.62F}) {
    CAPTURE(value);
    gemel::MatrixX<float> samples(2, 6);
    for (gemel::Index j = 0; j < 6; ++j) {
      samples.col(j) << (j % 2 == 0 ? value : std::nextafter(value, 2 * value)), static_cast<float>(j) + 0.5F;
    }
    CHECK((scaled(train::Scale::Standardise, samples, 5).row(0).array() == 0).all());
    // A thousandth more is no rounding.
    samples(0, 1) = 1.001F * value;
    CHECK((scaled(train::Scale::Standardise, samples, 5).row(0).array() != 0).all());
  }
}

TEST_CASE("the least and the largest of floats are scaled to the usual range") {
  for (const auto& [low, high] : {std::pair{0.0F, 1e-40F}, {1e-42F, 1e-40F}, {-2e38F, 2e38F}, {2e38F, 3e38F}}) {
    CAPTURE(low, high);
    const gemel::MatrixX<float> samples = two_values(low, high);
    const gemel::MatrixX<float> unit = scaled(train::Scale::Unit, samples, 8);
    const gemel::MatrixX<float> standardised = scaled(train::Scale::Standardise, samples, 8);
    CHECK(unit(0) == 0);
    CHECK(std::abs(unit(1) - 1) < 1e-6);
    CHECK(std::abs(standardised(0) + 1) < 1e-6);
    CHECK(std::abs(standardised(1) - 1) < 1e-6);
  }
}

TEST_CASE("samples that are all the same are refused, and so are values that scaling makes infinite") {
  using train::Scale;
  for (const Scale scale : {Scale::Auto, Scale::Unit, Scale::Standardise}) {
    CHECK_THROWS_AS(scaled(scale, gemel::MatrixX<float>::Constant(3, 5, 14.62F), 5), gemel::ValueError);
  }
  gemel::MatrixX<float> samples = two_values(0, 1e-20F);
  samples(0, 7) = 3e38F;
  try {
    scaled(Scale::Standardise, samples, 7);
    FAIL("it was not refused");
  } catch (const gemel::ValueError& error) {
    CHECK(mentions(error.what(), "feature 0 of sample 7"));
    CHECK(mentions(error.what(), "scaling makes it infinite"));
  }
  CHECK(scaled(Scale::None, samples, 7) == samples);
}

TEST_CASE("the description says how many features are constant") {
  gemel::MatrixX<float> samples(3, 4);
  samples << 5, 5, 5, 5, 1, 2, 3, 4000, 7, 7, 7, 7;
  const std::string text =
      train::find_scaling(train::Scale::Auto, gemel::Samples<float>{samples}.matrix(), first(4)).description;
  CHECK(text == "standardised (automatic), 2 of them constant and set to 0");
}
