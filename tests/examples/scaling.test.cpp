#include "../../examples/train/scaling.hpp"

#include <cmath>
#include <string>
#include <utility>
#include <variant>

#include "catch.hpp"
#include "mentions.hpp"

namespace {

// All samples (columns), scaled with the scaling that is fitted to the first `training` of them.
gemel::MatrixX<float> scaled(train::Scale scale, const gemel::MatrixX<float>& samples, gemel::Index training) {
  const train::Scaling scaling = train::find_scaling(scale, gemel::MatrixX<float>(samples.leftCols(training)));
  scaling.check(samples, "data");
  if (!scaling.layer) return samples;
  return std::visit([&samples](const auto& layer) { return layer.transform(samples); }, *scaling.layer);
}

// Alternating values, half of them low, half high: standardised they are -1 and 1, scaled to 0..1 they are 0 and 1.
gemel::MatrixX<float> two_values(float low, float high) {
  gemel::MatrixX<float> samples(1, 8);
  for (gemel::Index j = 0; j < 8; ++j) samples(0, j) = j % 2 == 0 ? low : high;
  return samples;
}

}  // namespace

TEST_CASE("a feature that is constant in the training samples becomes 0 for any value and any number of samples") {
  gemel::Index wrong = 0;
  for (const float value : {14.62F, 0.1F, -0.3F, 1e-40F, 3e-5F, 123456.789F, 1e9F, -3e38F}) {
    for (gemel::Index n = 2; n <= 1000; ++n) {
      gemel::MatrixX<float> samples(2, n + 1);
      for (gemel::Index j = 0; j <= n; ++j) samples.col(j) << value, static_cast<float>(j % 2) + 1.5F;
      samples(0, n) = value * 1.001F;  // a test sample
      wrong += (scaled(train::Scale::Standardise, samples, n).row(0).array() != 0).any();
    }
  }
  CHECK(wrong == 0);
}

TEST_CASE("a feature that is constant up to rounding becomes 0") {
  for (const float value : {1e9F, -0.7F, 14.62F}) {
    CAPTURE(value);
    gemel::MatrixX<float> samples(2, 6);
    for (gemel::Index j = 0; j < 6; ++j) {
      samples.col(j) << (j % 2 == 0 ? value : std::nextafter(value, 2 * value)), static_cast<float>(j) + 0.5F;
    }
    CHECK((scaled(train::Scale::Standardise, samples, 5).row(0).array() == 0).all());
    // A change by a thousandth is more than rounding.
    samples(0, 1) = 1.001F * value;
    CHECK((scaled(train::Scale::Standardise, samples, 5).row(0).array() != 0).all());
  }
}

TEST_CASE("the smallest and the largest floats are scaled to the usual range") {
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

TEST_CASE("samples that are all equal are rejected, and so are values that scaling makes infinite") {
  using train::Scale;
  const auto refusal = [](Scale scale, const gemel::MatrixX<float>& samples, gemel::Index training) {
    try {
      scaled(scale, samples, training);
    } catch (const gemel::ValueError& error) {
      return std::string(error.what());
    }
    return std::string("it was not rejected");
  };
  gemel::MatrixX<float> same = gemel::MatrixX<float>::Constant(3, 5, 14.62F);
  for (const Scale scale : {Scale::Auto, Scale::Unit, Scale::Standardise, Scale::None}) {
    CHECK(mentions(refusal(scale, same, 5), "all 5 training samples have the same features: there is nothing"));
  }
  same(1, 3) = std::nextafter(14.62F, 15.0F);
  for (const Scale scale : {Scale::Auto, Scale::Unit, Scale::Standardise}) {
    CHECK(mentions(refusal(scale, same, 5), "all 5 training samples have the same features, up to rounding: there"));
  }
  CHECK(scaled(Scale::None, same, 5) == same);

  gemel::MatrixX<float> samples(2, 200);
  for (gemel::Index j = 0; j < 200; ++j) samples.col(j) << static_cast<float>(j), 1e-20F * static_cast<float>(j % 2);
  samples(1, 150) = -3e38F;
  const std::string text = refusal(Scale::Standardise, samples, 7);
  CHECK(mentions(text, "feature 1 of sample 150 of the data (both counted from 0) is -3e+38"));
  CHECK(mentions(text, "scaling makes it infinite"));
  CHECK(scaled(Scale::None, samples, 7) == samples);
}

TEST_CASE("the description says how many features are constant") {
  gemel::MatrixX<float> samples(3, 4);
  samples << 5, 5, 5, 5, 1, 2, 3, 4000, 7, 7, 7, 7;
  const auto description = [&samples](train::Scale scale) { return train::find_scaling(scale, samples).description; };
  CHECK(description(train::Scale::Auto) == "standardised (automatic), 2 of them constant and set to 0");
  CHECK(description(train::Scale::Unit) == "scaled to 0..1");
  CHECK(description(train::Scale::None) == "not scaled");
}
