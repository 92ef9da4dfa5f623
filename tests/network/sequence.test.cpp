#include "gemel/network/sequence.hpp"

#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "catch.hpp"
#include "error_text.hpp"
#include "gemel/network/dense.hpp"
#include "gemel/network/dropout.hpp"

using namespace gemel;

namespace {

using Hidden = Dense<Dynamic, Dynamic, ReLU>;
using Either = std::variant<Hidden, Dropout<>>;
using Nested = std::variant<Hidden, Dense<4, 2>>;

}  // namespace

TEST_CASE("a sequence has the inputs of its first layer and the outputs of its last", "[sequence]") {
  const Sequence<Hidden> sequence{{Hidden{3, 5}, Hidden{5, 4}, Hidden{4, 2}}};
  CHECK(sequence.in() == 3);
  CHECK(sequence.out() == 2);
  CHECK(sequence.parameter_count() == 4 * 5 + 6 * 4 + 5 * 2);
  CHECK(sequence.layers().size() == 3);

  const Sequence<Either> mixed{{Hidden{3, 5}, Dropout<>{5, 0.5}}};
  CHECK(mixed.in() == 3);
  CHECK(mixed.out() == 5);
  CHECK(mixed.parameter_count() == 20);
}

TEST_CASE("leaves are counted and visited in order, also in nested sequences", "[sequence]") {
  using Inner = Sequence<Nested>;
  const Sequence<Inner> sequence{{Inner{{Hidden{3, 5}}}, Inner{{Hidden{5, 4}, Dense<4, 2>{}}}, Inner{{Hidden{2, 6}}}}};
  CHECK(sequence.in() == 3);
  CHECK(sequence.out() == 6);
  CHECK(sequence.parameter_count() == 20 + 24 + 10 + 18);
  CHECK(detail::leaf_count(sequence) == 4);
  std::vector<std::pair<Index, Index>> sizes;
  for (Index k = 0; k < 4; ++k) {
    detail::visit_leaf(sequence, k, [&](const auto& leaf) { sizes.push_back({leaf.in(), leaf.out()}); });
  }
  CHECK(sizes == std::vector<std::pair<Index, Index>>{{3, 5}, {5, 4}, {4, 2}, {2, 6}});
  CHECK(detail::leaf_count(Hidden{3, 5}) == 1);
}

TEST_CASE("a sequence rejects an empty list, and neighbours whose sizes disagree", "[sequence]") {
  CHECK_THROWS_AS(Sequence<Hidden>{std::vector<Hidden>{}}, ValueError);
  CHECK(error_text<ShapeError>([] {
          Sequence<Either>{{Hidden{3, 5}, Dropout<>{5, 0.5}, Hidden{4, 2}}};
        }) == "layer 2: it takes 4 inputs, but the layer before it gives 5; make the two sizes equal");
}
