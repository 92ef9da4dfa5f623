#include "gemel/training/validation_split.hpp"

#include <vector>

#include "catch.hpp"
#include "gemel/data/any_pair_source.hpp"
#include "gemel/data/augmented.hpp"
#include "gemel/data/classes.hpp"

using namespace gemel;

TEST_CASE("a split trains on the exact number of pairs, without rounding errors", "[validation_split]") {
  constexpr Index most = 1000;
  const MatrixX<float> x = MatrixX<float>::Ones(1, most);
  const Pairs<float> all{x, x, std::vector<int>(most, 1)};
  const auto trained = [&](Index n, double share) {
    const auto [training, validation] =
        detail::split_validation(all.slice(0, n), FitOptions<float>{.validation_split = share});
    CHECK(training.size() + validation->size() == n);
    return training.size();
  };
  CHECK(trained(10, 0.9) == 1);
  CHECK(trained(10, 0.8) == 2);
  CHECK(trained(1000, 0.9) == 100);

  // Integers have no rounding error: of n pairs, n * (100 - k) / 100 are for training.
  for (Index n = 1; n <= most; ++n) {
    for (Index k = 1; k < 100; ++k) {
      const double share = static_cast<double>(k) / 100;
      const Index expected = n * (100 - k) / 100;
      if (expected == 0) {
        CHECK_THROWS_AS(trained(n, share), ValueError);
      } else if (trained(n, share) != expected) {
        FAIL(n << " pairs, share " << share << ": " << trained(n, share) << " train, not " << expected);
      }
    }
  }
}

TEST_CASE("a split that leaves no pairs to train or to validate is rejected", "[validation_split]") {
  const MatrixX<float> x = MatrixX<float>::Ones(1, 5);
  const Pairs<float> pairs{x, x, std::vector<int>(5, 1)};
  for (const double share : {-0.1, 1.0, 0.9, 1e-12}) {
    CAPTURE(share);
    CHECK_THROWS_AS(detail::split_validation(pairs, FitOptions<float>{.validation_split = share}), ValueError);
  }
}

TEST_CASE("AnyPairSource is split if it holds static pairs", "[validation_split]") {
  MatrixX<float> x(1, 5);
  x << 0, 1, 2, 3, 4;
  const Pairs<float> pairs{x, x, {0, 1, 0, 1, 1}};
  auto [training, validation] =
      detail::split_validation(AnyPairSource<float>{pairs}, FitOptions<float>{.validation_split = 0.4});
  training.start_epoch(1, 0, 8, false);
  Batch<float> batch;
  training.batch(0, batch);
  CHECK(batch.similar == std::vector<std::uint8_t>{0, 1, 0});
  REQUIRE(validation->size() == 2);
  CHECK(*validation->first(0) == 3);

  const AnyPairSource<float> drawn = PairSampler<float>{x, Classes(std::vector<int>{0, 0, 1, 1, 1})};
  CHECK_THROWS_AS(detail::split_validation(drawn, FitOptions<float>{.validation_split = 0.4}), ValueError);
  CHECK(!detail::split_validation(drawn, FitOptions<float>{}).validation);
}

TEST_CASE("only the training part of augmented pairs is augmented", "[validation_split]") {
  MatrixX<float> x(1, 5);
  x << 0, 1, 2, 3, 4;
  const Pairs<float> pairs{x, x, {0, 1, 0, 1, 1}};
  const auto negate = [](Rng&, const ConstColumn<float>& in, Column<float> out) { out = -in; };
  const auto twice = [](Rng&, const ConstColumn<float>& in, Column<float> out) { out = 2 * in; };
  const auto check = [](const auto& source) {
    auto [training, validation] = detail::split_validation(source, FitOptions<float>{.validation_split = 0.4});
    training.start_epoch(1, 0, 8, false);
    Batch<float> batch;
    training.batch(0, batch);
    CHECK(batch.size() == 3);
    float buffer = 0;
    CHECK(*training.column(0, 5, &buffer) == -4);
    REQUIRE(validation->size() == 2);
    CHECK(*validation->first(0) == 3);
  };
  check(Augmented{Augmented{pairs, negate}, twice});
  check(Augmented{Augmented{AnyPairSource<float>{pairs}, twice}, negate});

  const FitOptions<float> given{.validation = &pairs};
  CHECK(*detail::split_validation(Augmented{pairs, negate}, given).validation->second(4) == 4);
  const Augmented drawn{PairSampler<float>{x, Classes(std::vector<int>{0, 0, 1, 1, 1})}, negate};
  CHECK_THROWS_AS(detail::split_validation(drawn, FitOptions<float>{.validation_split = 0.4}), ValueError);
}
