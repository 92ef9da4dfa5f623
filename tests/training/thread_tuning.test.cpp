#include "gemel/training/thread_tuning.hpp"

#include <chrono>
#include <functional>
#include <map>
#include <vector>

#include "catch.hpp"

using namespace gemel;

namespace {

using Steps = std::vector<Index>;

// Runs steps that take time(threads, step) microseconds. Returns the number of threads of each step.
Steps run(detail::ThreadTuning& tuning, int steps, const std::function<int(Index, int)>& time) {
  Steps threads;
  for (int step = 0; step < steps; ++step) {
    threads.push_back(tuning.threads());
    tuning.record(std::chrono::microseconds(time(tuning.threads(), step)));
  }
  return threads;
}

// The number of threads that is finally chosen.
Index chosen(Index most, std::map<Index, int> microseconds) {
  detail::ThreadTuning tuning(most);
  run(tuning, 100, [&](Index threads, int) { return microseconds.at(threads); });
  CHECK(tuning.done());
  return tuning.threads();
}

}  // namespace

TEST_CASE("powers of two are tried as numbers of threads, up to the machine's", "[thread_tuning]") {
  detail::ThreadTuning tuning(6);
  CHECK(tuning.limit() == 6);
  CHECK(!tuning.done());
  const Steps threads = run(tuning, 24, [](Index, int) { return 100; });
  Steps expected;
  for (const Index count : {1, 2, 4, 6}) expected.insert(expected.end(), 6, count);
  CHECK(threads == expected);
  CHECK(tuning.done());
}

TEST_CASE("the fastest number is chosen, and more threads only if they are faster by five percent", "[thread_tuning]") {
  CHECK(chosen(8, {{1, 100}, {2, 60}, {4, 40}, {8, 30}}) == 8);
  CHECK(chosen(8, {{1, 100}, {2, 60}, {4, 40}, {8, 50}}) == 4);
  CHECK(chosen(8, {{1, 100}, {2, 130}, {4, 150}, {8, 300}}) == 1);
  CHECK(chosen(2, {{1, 100}, {2, 96}}) == 1);
  CHECK(chosen(2, {{1, 100}, {2, 94}}) == 2);
  CHECK(chosen(4, {{1, 100}, {2, 120}, {4, 90}}) == 4);
  CHECK(chosen(3, {{1, 100}, {2, 60}, {3, 40}}) == 3);
}

TEST_CASE("a step that is disturbed does not matter", "[thread_tuning]") {
  detail::ThreadTuning tuning(2);
  run(tuning, 12, [](Index threads, int step) { return step % 6 == 3 ? (threads == 1 ? 100 : 50) : 10000; });
  CHECK(tuning.threads() == 2);
}

TEST_CASE("a limit of one thread leaves no choice, and later times change nothing", "[thread_tuning]") {
  for (const Index most : {-1, 0, 1}) {
    detail::ThreadTuning tuning(most);
    CHECK(tuning.limit() == 1);
    CHECK(tuning.threads() == 1);
  }
  detail::ThreadTuning tuning(2);
  run(tuning, 12, [](Index threads, int) { return threads == 1 ? 100 : 50; });
  CHECK(tuning.threads() == 2);
  run(tuning, 20, [](Index, int) { return 100000; });
  CHECK(tuning.threads() == 2);
}
