#include "gemel/data/sample_lists.hpp"

#include <span>
#include <vector>

#include "allocations.hpp"
#include "catch.hpp"

namespace gemel::test::sample_lists {

namespace {

using List = std::vector<Index>;

List list(std::span<const Index> samples) { return {samples.begin(), samples.end()}; }

void write(detail::SampleLists& lists, const std::vector<List>& batches) {
  lists.clear();
  for (const List& batch : batches) {
    for (const Index sample : batch) lists.add(sample);
    CHECK(list(lists.written()) == batch);
    lists.end_batch();
    CHECK(lists.written().empty());
  }
}

}  // namespace

TEST_CASE("the samples of each batch are those that were added to it", "[sample_lists]") {
  detail::SampleLists lists;
  CHECK_THROWS_AS(lists.batch(0), ValueError);
  for (const auto& batches : {std::vector<List>{{4, 2}, {}, {7}}, std::vector<List>{{1}, {9, 9, 0}}}) {
    write(lists, batches);
    for (Index k = 0; k < length(batches); ++k) {
      const List& batch = batches[static_cast<std::size_t>(k)];
      CHECK(list(lists.batch(k)) == batch);
      for (Index j = 0; j < length(batch); ++j) CHECK(lists.sample(k, j) == batch[static_cast<std::size_t>(j)]);
      CHECK_THROWS_AS(lists.sample(k, -1), ValueError);
      CHECK_THROWS_AS(lists.sample(k, length(batch)), ValueError);
    }
    CHECK_THROWS_AS(lists.batch(-1), ValueError);
    CHECK_THROWS_AS(lists.batch(length(batches)), ValueError);
    CHECK_THROWS_AS(lists.sample(length(batches), 0), ValueError);
  }
}

TEST_CASE("sample lists with reserved memory allocate nothing", "[sample_lists]") {
  detail::SampleLists lists;
  lists.reserve(2, 3);
  const long before = allocation_count;
  for (int epoch = 0; epoch < 2; ++epoch) {
    lists.clear();
    for (const Index sample : {5, 6}) lists.add(sample);
    lists.end_batch();
    lists.add(7);
    lists.end_batch();
  }
  const long after = allocation_count;
  CHECK(after == before);
  CHECK(before > 0);
}

}  // namespace gemel::test::sample_lists
