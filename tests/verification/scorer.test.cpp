#include "gemel/verification/scorer.hpp"

#include <cmath>
#include <limits>

#include "catch.hpp"
#include "gemel/core/error.hpp"
#include "gemel/network/any_distance.hpp"

using namespace gemel;

namespace {

// Three enrolled samples on a line, at 0, 1 and 5, and their mean, 2.
struct Line {
  MatrixX<double> embeddings = MatrixX<double>{{0, 1, 5}};
  VectorX<double> centroid = VectorX<double>{{2}};
  double spread = (1 + 5 + 4) / 3.0;

  Enrolled<double> enrolled() const { return {{embeddings.data(), 1, 3}, {centroid.data(), 1}, spread}; }
};

template <class Scorer>
double score(const Scorer& scorer, double query) {
  const Line line;
  return detail::score_query(scorer, Euclidean{}, line.enrolled(), ConstColumn<double>{&query, 1});
}

}  // namespace

TEST_CASE("the scores of a query are those of their formulas", "[scorer]") {
  CHECK(score(MeanScore{}, 3) == (3.0 + 2 + 2) / 3);
  CHECK(score(MinimumScore{}, 3) == 2);
  CHECK(score(CentroidScore{}, 3) == 1);
  CHECK(score(MinimumScore{}, 1) == 0);
}

TEST_CASE("a scorer divides by a power of the spread", "[scorer]") {
  const double spread = 10.0 / 3;
  CHECK(score(MeanScore{1}, 3) == (3.0 + 2 + 2) / 3 / spread);
  CHECK(score(MinimumScore{1}, 3) == 2 / spread);
  CHECK(score(CentroidScore{.power = 0.5}, 3) == 1 / std::sqrt(spread));
  CHECK(std::abs(score(CentroidScore{.power = 2}, 3) - 1 / (spread * spread)) < 1e-15);
}

TEST_CASE("AnyScorer scores as the scorer that it holds", "[scorer]") {
  CHECK(score(AnyScorer{}, 3) == score(MeanScore{}, 3));
  CHECK(score(AnyScorer{MinimumScore{1}}, 3) == score(MinimumScore{1}, 3));
  CHECK(score(AnyScorer{CentroidScore{0.5}}, 3) == score(CentroidScore{0.5}, 3));
  CHECK(detail::power_of(AnyScorer{CentroidScore{0.5}}) == 0.5);
}

TEST_CASE("a scorer uses the model's distance", "[scorer]") {
  const Line line;
  const double query = 3;
  const AnyDistance metric = SquaredEuclidean{};
  CHECK(detail::score_query(MeanScore{}, metric, line.enrolled(), ConstColumn<double>{&query, 1}) == (9.0 + 4 + 4) / 3);
}

TEST_CASE("a function object of the user's gets the enrolled samples and the query", "[scorer]") {
  const auto farthest = [](ConstColumns<double> enrolled, ConstColumn<double> query) {
    return (enrolled.colwise() - VectorX<double>(query)).colwise().norm().maxCoeff();
  };
  static_assert(Scorer<decltype(farthest), Euclidean, double>);
  static_assert(!Scorer<int, Euclidean, double>);
  CHECK(score(farthest, 1) == 4);
  CHECK(detail::power_of(farthest) == 0);
}

TEST_CASE("NaN among the distances is not hidden by the minimum", "[scorer]") {
  Line line;
  line.embeddings(0, 1) = std::numeric_limits<double>::quiet_NaN();
  const double query = 3;
  CHECK(std::isnan(detail::score_query(MinimumScore{}, Euclidean{}, line.enrolled(), ConstColumn<double>{&query, 1})));
}

TEST_CASE("the power of a scorer is finite and not negative", "[scorer]") {
  CHECK_NOTHROW(detail::check_power(0));
  CHECK_THROWS_AS(detail::check_power(-1), ValueError);
  CHECK_THROWS_AS(detail::check_power(std::numeric_limits<double>::quiet_NaN()), ValueError);
  CHECK_THROWS_AS(detail::check_power(std::numeric_limits<double>::infinity()), ValueError);
}
