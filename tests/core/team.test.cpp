#include "gemel/core/team.hpp"

#include <array>
#include <atomic>
#include <chrono>
#include <numeric>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "catch.hpp"
#include "scale.hpp"

#if defined(__linux__)
#include <sched.h>
#endif

using namespace gemel;

namespace {

// The exception that a member throws.
struct Failure {
  Index member;
};

// The member whose exception a run rethrows, or none if it throws nothing.
template <class F>
std::optional<Index> failed_member(Team& team, const F& f) {
  try {
    team.run(f);
  } catch (const Failure& failure) {
    return failure.member;
  }
  return std::nullopt;
}

// Checks that a team can run again after a run that failed.
void check_sound(Team& team) {
  std::vector<int> counts(static_cast<std::size_t>(team.size()));
  int seen = 0;
  team.run([&](Index member) {
    ++counts[static_cast<std::size_t>(member)];
    team.barrier([&] { seen = std::accumulate(counts.begin(), counts.end(), 0); });
  });
  CHECK(seen == team.size());
}

}  // namespace

TEST_CASE("every member runs once, and the caller is member 0", "[team]") {
  for (const Index size : {1, 2, 3, 8}) {
    Team team(size);
    CHECK(team.size() == size);
    std::vector<int> runs(static_cast<std::size_t>(size));
    std::thread::id zero;
    for (int run = 1; run <= 200; ++run) {
      team.run([&](Index member) {
        ++runs[static_cast<std::size_t>(member)];
        if (member == 0) zero = std::this_thread::get_id();
      });
      for (const int count : runs) REQUIRE(count == run);
    }
    CHECK(zero == std::this_thread::get_id());
  }
  CHECK(Team(0).size() == 1);
  CHECK(Team(-3).size() == 1);
}

TEST_CASE("a barrier waits for all members, and its completion runs before any of them continues", "[team]") {
  for (const Index size : {1, 2, 3, 8}) {
    Team team(size);
    std::vector<Index> values(static_cast<std::size_t>(size));
    Index sum = 0, wrong = 0;
    for (int run = 0; run < scaled(100); ++run) {
      std::atomic<Index> mistakes = 0;
      team.run([&](Index member) {
        for (Index round = 0; round < 20; ++round) {
          values[static_cast<std::size_t>(member)] = round + member;
          team.barrier([&] { sum = std::accumulate(values.begin(), values.end(), Index{0}); });
          if (sum != size * round + size * (size - 1) / 2) ++mistakes;
          team.barrier();
        }
      });
      wrong += mistakes;
    }
    CAPTURE(size);
    CHECK(wrong == 0);
  }
}

TEST_CASE("sleeping members wake up, with pauses between runs and unequal work within runs", "[team]") {
  Team team(3);
  std::array<int, 3> counts = {};
  for (int run = 0; run < 10; ++run) {
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
    team.run([&](Index member) {
      std::this_thread::sleep_for(std::chrono::milliseconds(member * 2));
      team.barrier([&] { ++counts[static_cast<std::size_t>(member)]; });
    });
  }
  CHECK(counts[0] + counts[1] + counts[2] == 10);
}

TEST_CASE("wherever a member throws, no other is left waiting and the exception is rethrown", "[team]") {
  const Index size = GENERATE(1, 2, 3, 8);
  Team team(size);
  for (int run = 0; run < scaled(20); ++run) {
    for (Index thrower = 0; thrower < size; ++thrower) {
      for (int place = 0; place < 4; ++place) {
        const auto at = [&](Index member, int here) {
          if (member == thrower && place == here) throw Failure{member};
        };
        std::atomic<Index> finished = 0;
        const auto failed = failed_member(team, [&](Index member) {
          at(member, 0);
          team.barrier();
          at(member, 1);
          team.barrier();
          at(member, 2);
          team.barrier();
          at(member, 3);
          ++finished;
        });
        REQUIRE(failed == thrower);
        // A member that throws late does not stop the others from ending, and no member passes an incomplete barrier.
        REQUIRE(finished <= size - 1);
        if (place < 3) REQUIRE(finished == 0);
      }
    }
    check_sound(team);
  }
}

TEST_CASE("if several members throw at once, the exception of the lowest member is rethrown", "[team]") {
  Team team(8);
  for (int run = 0; run < scaled(50); ++run) {
    REQUIRE(failed_member(team, [](Index member) { throw Failure{member}; }) == 0);
    REQUIRE(failed_member(team, [&](Index member) {
              if (member > 4) throw Failure{member};
            }) == 5);
    REQUIRE(failed_member(team, [&](Index member) {
              if (member == 6 || member == 2) throw Failure{member};
              team.barrier();
            }) == 2);
  }
  check_sound(team);
}

TEST_CASE("if a barrier's completion throws, the run ends for all members", "[team]") {
  for (const Index size : {1, 2, 3, 8}) {
    Team team(size);
    for (int run = 0; run < scaled(50); ++run) {
      std::atomic<Index> passed = 0, completions = 0;
      const auto failed = failed_member(team, [&](Index) {
        team.barrier();
        team.barrier([&] {
          ++completions;
          throw Failure{77};
        });
        ++passed;
      });
      REQUIRE(failed == 77);
      REQUIRE(passed == 0);
      REQUIRE(completions == 1);
    }
    check_sound(team);
  }
}

TEST_CASE("no completion runs after a member has failed", "[team]") {
  Team team(3);
  for (int run = 0; run < scaled(50); ++run) {
    bool completed = false;
    REQUIRE(failed_member(team, [&](Index member) {
              if (member == 1) throw Failure{member};
              team.barrier([&] { completed = true; });
            }) == 1);
    REQUIRE(!completed);
  }
}

TEST_CASE("a team can use fewer members, and later more again", "[team]") {
  Team team(4);
  CHECK(team.capacity() == 4);
  for (int run = 0; run < scaled(20); ++run) {
    for (const Index size : {1, 3, 2, 4, 1, 4}) {
      team.use(size);
      REQUIRE(team.size() == size);
      std::array<std::atomic<int>, 4> ran = {};
      team.run([&](Index member) {
        ++ran[static_cast<std::size_t>(member)];
        team.barrier();
      });
      for (Index member = 0; member < 4; ++member) REQUIRE(ran[static_cast<std::size_t>(member)] == (member < size));
    }
    team.use(2);
    REQUIRE(failed_member(team, [](Index member) { throw Failure{member}; }) == 0);
  }
  team.use(9);
  CHECK(team.size() == 4);
  team.use(0);
  CHECK(team.size() == 1);
  check_sound(team);
}

TEST_CASE("the shares of the members cover all indices once and evenly") {
  for (Index n = 0; n < 40; ++n) {
    for (Index members = 1; members < 9; ++members) {
      Index end = 0;
      for (Index t = 0; t < members; ++t) {
        const detail::Range range = detail::share(n, t, members);
        CHECK(range.first == end);
        CHECK((range.size() == n / members || range.size() == (n + members - 1) / members));
        end = range.last;
      }
      CHECK(end == n);
    }
  }
  CHECK(detail::share(std::numeric_limits<std::int32_t>::max(), 1000, 1024).first == 2097151999);  // beyond 32 bits
}

TEST_CASE("a team ends without delay: unused, with sleeping members, and after a failure", "[team]") {
  for (int run = 0; run < scaled(100); ++run) {
    { const Team unused(3); }
    {
      Team team(4);
      team.use(2);
      team.run([](Index) {});
    }
    Team failing(3);
    CHECK_THROWS_AS(failing.run([](Index) { throw std::runtime_error("no"); }), std::runtime_error);
  }
}

#if defined(__linux__)
TEST_CASE("threads = 0 means one thread per processor that the process may use") {
  cpu_set_t before, one;
  REQUIRE(sched_getaffinity(0, sizeof before, &before) == 0);
  const Index all = checked_threads(0);
  CHECK(all == CPU_COUNT(&before));
  std::size_t first = 0;
  while (!CPU_ISSET(first, &before)) ++first;
  CPU_ZERO(&one);
  CPU_SET(first, &one);
  REQUIRE(sched_setaffinity(0, sizeof one, &one) == 0);
  const Index limited = checked_threads(0);
  REQUIRE(sched_setaffinity(0, sizeof before, &before) == 0);
  CHECK(limited == 1);
  CHECK(checked_threads(0) == all);
}
#endif
