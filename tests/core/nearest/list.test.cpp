#include "gemel/core/nearest/list.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

#include "catch.hpp"
#include "gemel/core/random.hpp"

using namespace gemel;
using detail::NearestList;
using detail::Neighbour;

namespace {

bool same(const std::vector<Neighbour<float>>& a, const std::vector<Neighbour<float>>& b) {
  return std::ranges::equal(a, b, [](const auto& x, const auto& y) { return !(x < y) && !(y < x); });
}

}  // namespace

TEST_CASE("a list keeps the k nearest, whatever the order of the entries", "[nearest]") {
  Rng rng{1};
  for (const Index k : {1, 2, 10, 100}) {
    std::vector<Neighbour<float>> all;
    for (Index i = 0; i < 100; ++i) all.push_back({static_cast<float>(rng.below(20)), i});
    std::vector<Neighbour<float>> sorted = all;
    std::ranges::sort(sorted, [](const auto& a, const auto& b) { return a < b; });
    sorted.resize(static_cast<std::size_t>(k));
    NearestList<float> list{k}, first{k}, second{k};
    for (int round = 0; round < 3; ++round) {
      shuffle(all.begin(), all.end(), rng);
      for (auto* each : {&list, &first, &second}) each->clear();
      for (const auto& [d, i] : all) {
        list.enter(i, d);
        (i % 3 == 0 ? first : second).enter(i, d);
      }
      first.enter(second);
      CHECK(list.complete());
      CHECK(list.bound() == sorted.back().distance);
      CHECK(same(list.sorted(), sorted));
      CHECK(same(first.sorted(), sorted));
    }
  }
}

TEST_CASE("only finite distances enter a list", "[nearest]") {
  NearestList<float> list{2};
  CHECK(list.bound() == std::numeric_limits<float>::max());
  for (const float d : {std::nanf(""), HUGE_VALF, -HUGE_VALF}) list.enter(1, d);
  list.enter(2, std::numeric_limits<float>::max());
  CHECK_FALSE(list.complete());
  list.enter(3, 1);
  CHECK(list.complete());
  CHECK(list.bound() == std::numeric_limits<float>::max());
  CHECK(same(list.sorted(), {{1, 3}, {std::numeric_limits<float>::max(), 2}}));
}
