#include "gemel/data/all_pairs.hpp"

#include <set>
#include <utility>
#include <vector>

#include "catch.hpp"
#include "error_text.hpp"
#include "gemel/core/random.hpp"
#include "mentions.hpp"

using namespace gemel;

TEST_CASE("every pair occurs once, and is similar if its classes are equal", "[all_pairs]") {
  Rng rng{1};
  const Samples<float> x = uniform<float>(3, 6, rng);
  const Classes classes{4, 9, 4, 9, 9, 2};
  const Pairs<float> pairs = all_pairs(x, classes);
  CHECK(pairs.size() == 15);
  std::set<std::pair<const float*, const float*>> seen;
  Index similar = 0;
  for (Index p = 0; p < pairs.size(); ++p) {
    CHECK(pairs.first(p) < pairs.second(p));  // compares addresses: the samples are contiguous
    seen.insert({pairs.first(p), pairs.second(p)});
    CHECK(pairs.similar(p) == classes.same((pairs.first(p) - x.column(0)) / 3, (pairs.second(p) - x.column(0)) / 3));
    similar += pairs.similar(p);
  }
  CHECK(seen.size() == 15);
  CHECK(similar == 4);
}

TEST_CASE("all pairs know their classes", "[all_pairs]") {
  Rng rng{1};
  const Pairs<float> pairs = all_pairs(Samples<float>(uniform<float>(3, 4, rng)), Classes{4, 9, 4, -2});
  CHECK(pairs.identities() == std::vector<PairIdentity>{{4, 9}, {4, 4}, {4, -2}, {9, 4}, {9, -2}, {4, -2}});
  CHECK(pairs.indices(4) == PairIndex{1, 3});
}

TEST_CASE("all pairs need two samples, and one class per sample", "[all_pairs]") {
  Rng rng{1};
  CHECK_THROWS_AS(all_pairs(Samples<float>(uniform<float>(3, 4, rng)), Classes{1, 2, 1}), ShapeError);
  CHECK_THROWS_AS(all_pairs(Samples<float>(uniform<float>(3, 1, rng)), Classes{1}), ShapeError);
}

TEST_CASE("too many pairs are rejected, and the message suggests PairSampler", "[all_pairs]") {
  const Index n = 1'000'000;
  const Samples<float> x = MatrixX<float>(MatrixX<float>::Zero(1, n));
  const Classes classes{std::vector<int>(static_cast<std::size_t>(n), 1)};
  CHECK(mentions(error_text<ValueError>([&] { all_pairs(x, classes); }), "PairSampler{x, classes}.pairs(seed)"));
}
