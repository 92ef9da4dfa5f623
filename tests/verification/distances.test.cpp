#include "gemel/verification/distances.hpp"

#include <limits>
#include <string>
#include <vector>

#include "catch.hpp"
#include "gemel/core/random.hpp"
#include "gemel/network/any_distance.hpp"
#include "gemel/network/dense.hpp"
#include "gemel/network/siamese.hpp"
#include "mentions.hpp"
#include "verification/stub_model.hpp"

using namespace gemel;

namespace {

/// The place of the NonFiniteError that distances(model, pairs) throws.
Place place_of_bad(const Pairs<float>& pairs) {
  Rng rng{1};
  const Siamese<Network<float, Dense<3, 4, ReLU>>> model{rng};
  try {
    distances(model, pairs);
    FAIL("no error");
  } catch (const NonFiniteError& error) {
    return error.place();
  }
  return {};
}

}  // namespace

TEMPLATE_TEST_CASE("distances of given embeddings are bit-identical to those of the model", "[distances]", Euclidean,
                   SquaredEuclidean, Manhattan, Cosine, AnyDistance) {
  Rng rng{2};
  const Siamese<Network<float, Dense<3, 20, ReLU>, Dense<20, 19>>, TestType> model{rng};
  const MatrixX<float> x = normal<float>(3, 23, rng);
  std::vector<PairIndex> indices;
  for (Index i = 0; i < 23; ++i) {
    for (Index j = 0; j < 23; ++j) indices.push_back({i, j});  // 529 pairs, including each sample with itself
  }
  const Pairs<float> pairs{x, indices, coin_flips(529, rng)};
  const MatrixX<float> y = model.embed(x);
  const VectorX<float> d = distances(model.metric(), y, indices);
  REQUIRE(d.size() == 529);
  CHECK(d == distances(model, pairs));
  for (Index p = 0; p < 529; ++p) {
    const auto [i, j] = pairs.indices(p);
    CHECK(d[p] ==
          model.metric().value(ConstColumn<float>(y.col(i).data(), 19), ConstColumn<float>(y.col(j).data(), 19)));
  }
  CHECK(distances(model.metric(), 1.0F * y, indices) == d);  // an Eigen expression
  CHECK(distances(model.metric(), y.leftCols(2), std::vector<PairIndex>{{0, 1}})[0] == d[1]);
  CHECK(distances(model.metric(), y, {}).size() == 0);
}

TEST_CASE("a pair of an embedding that does not exist is rejected, and the error names the pair", "[distances]") {
  const MatrixX<float> y = MatrixX<float>::Ones(5, 3);
  for (const PairIndex bad : {PairIndex{3, 0}, PairIndex{0, 3}, PairIndex{-1, 0}, PairIndex{0, -1}}) {
    try {
      distances(Euclidean{}, y, std::vector<PairIndex>{{0, 2}, bad, {9, 9}});
      FAIL("no error");
    } catch (const ValueError& error) {
      CHECK(error.place().pair == 1);
      CHECK(mentions(error.what(), "but there are 3"));
    }
  }
}

TEST_CASE("for a feature that is not finite, the error names the pair, the sample and the feature", "[distances]") {
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(), -std::numeric_limits<float>::infinity()}) {
    MatrixX<float> x = MatrixX<float>::Ones(3, 5);
    x(2, 4) = bad;
    const Place shared = place_of_bad({x, {{0, 1}, {1, 2}, {3, 4}, {4, 0}}, {1, 0, 1, 0}});
    CHECK(shared.pair == 2);
    CHECK(shared.sample == 4);
    CHECK(shared.feature == 2);
    CHECK(place_of_bad({x, {{0, 1}, {4, 3}}, {1, 0}}).sample == 4);

    const MatrixX<float> good = MatrixX<float>::Ones(3, 5);
    const Labels labels{1, 0, 1, 0, 0};
    CHECK(place_of_bad({x, good, labels}).sample == 4);
    CHECK(place_of_bad({good, x, labels}).sample == 9);  // the first matrix has samples 0 to 4
    const Place of_slice = place_of_bad(Pairs<float>{good, x, labels}.slice(3, 2));
    CHECK(of_slice.pair == 1);
    CHECK(of_slice.sample == 9);
  }
}

TEST_CASE("each sample that is in a pair is embedded once, and slices have the same distances", "[distances]") {
  Rng rng{3};
  const MatrixX<float> x = normal<float>(3, 2000, rng);
  Index embedded = 0;
  const StubModel model{.embedded = &embedded};
  const auto check = [&](const Pairs<float>& pairs, Index expected) {
    embedded = 0;
    const VectorX<float> d = distances(model, pairs);
    CHECK(embedded == expected);
    Index wrong = 0;
    for (Index i = 0; i < pairs.size(); ++i) {
      const ConstColumn<float> a(pairs.first(i), 3), b(pairs.second(i), 3);
      wrong += d[i] != (2 * a - 2 * b).norm();
    }
    CHECK(wrong == 0);
    return d;
  };
  std::vector<PairIndex> indices;
  for (Index i = 0; i < 3000; ++i) indices.push_back({1999 - i % 40, 500 + i % 60});
  const Pairs<float> shared{x, indices, coin_flips(3000, rng)};
  const VectorX<float> d = check(shared, 100);
  CHECK(check(shared.slice(2995, 5), 10) == d.tail(5));  // no two of these pairs share a sample
  CHECK(check(shared.slice(100, 70), 100) == d.segment(100, 70));
  check({x, std::vector<PairIndex>{{7, 7}}, {1}}, 1);
  check({x, {{3, 1}, {1999, 0}}, {1, 0}}, 4);

  // Samples of two matrices have different indices, even if both matrices are the same.
  const Pairs<float> both{x, MatrixX<float>(x.rowwise().reverse()), coin_flips(2000, rng)};
  const VectorX<float> of_both = check(both, 4000);
  CHECK(check(both.slice(1500, 400), 800) == of_both.segment(1500, 400));
  check({Samples<float>::view(x), Samples<float>::view(x), coin_flips(2000, rng)}, 4000);
}
