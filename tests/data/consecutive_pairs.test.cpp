#include "gemel/data/consecutive_pairs.hpp"

#include <map>
#include <string>
#include <vector>

#include "catch.hpp"
#include "data/numbered.hpp"
#include "error_text.hpp"

using namespace gemel;

namespace {

std::string error_of(const std::vector<int>& classes) {
  Rng rng{1};
  return error_text<ValueError>([&] { consecutive_pairs(counted<float>(length(classes)), classes, rng); });
}

}  // namespace

TEST_CASE("each sample is paired with the next one of its class, then with its counterpart in another class",
          "[consecutive_pairs]") {
  // The smallest class is class 2, with 3 samples.
  const std::vector<int> labels = {0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 0};
  const Classes classes{labels};
  Rng rng{5};
  const Pairs<float> pairs = consecutive_pairs(counted<float>(12), classes, rng);
  REQUIRE(pairs.size() == 3 * 2 * 2);
  Index p = 0;
  for (Index c = 0; c < 3; ++c) {
    for (std::size_t i = 0; i < 2; ++i) {
      const auto members = classes.members(c);
      CHECK(pairs.similar(p));
      CHECK(pairs.first(p)[0] == static_cast<float>(members[i]));
      CHECK(pairs.second(p)[0] == static_cast<float>(members[i + 1]));
      ++p;
      CHECK(!pairs.similar(p));
      CHECK(pairs.first(p)[0] == static_cast<float>(members[i]));
      const auto other = static_cast<Index>(pairs.second(p)[0]);
      CHECK(classes.of(other) != c);
      CHECK(classes.members(classes.of(other))[i] == other);
      ++p;
    }
  }
  const std::vector<PairIdentity> identities = pairs.identities();
  REQUIRE(length(identities) == pairs.size());
  for (p = 0; p < pairs.size(); ++p) {
    const auto [first, second] = pairs.indices(p);
    CHECK(identities[static_cast<std::size_t>(p)] == PairIdentity{first % 3, second % 3});
  }
}

TEST_CASE("the class of a dissimilar partner is uniform among the other classes", "[consecutive_pairs]") {
  std::vector<int> labels(5 * 2001);
  for (std::size_t i = 0; i < labels.size(); ++i) labels[i] = static_cast<int>(i % 5);
  const Classes classes{labels};
  Rng rng{6};
  const Pairs<float> pairs = consecutive_pairs(counted<float>(length(labels)), classes, rng);
  std::map<std::pair<Index, Index>, int> counts;
  for (Index p = 1; p < pairs.size(); p += 2) {
    ++counts[{classes.of(static_cast<Index>(pairs.first(p)[0])), classes.of(static_cast<Index>(pairs.second(p)[0]))}];
  }
  CHECK(counts.size() == 20);
  for (const auto& [key, count] : counts) CHECK(std::abs(count - 500) < 100);
}

TEST_CASE("consecutive pairs need two classes of two samples, and one class per sample", "[consecutive_pairs]") {
  CHECK(error_of({3, 3, 3}) == "all samples are of class 3: dissimilar pairs need at least two classes");
  CHECK(error_of({3, 3, 8}) == "class 8 has one sample, but consecutive pairs need two of every class");
  Rng rng{1};
  CHECK_THROWS_AS(consecutive_pairs(counted<float>(5), Classes{1, 1, 2, 2}, rng), ShapeError);
}
