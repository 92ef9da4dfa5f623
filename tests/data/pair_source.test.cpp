#include "gemel/data/pair_source.hpp"

#include <cstdint>
#include <functional>

#include "catch.hpp"

using namespace gemel;

namespace {

/// All members of a source but start_epoch.
struct HalfSource {
  static Index features() { return 3; }
  static Index batches() { return 1; }
  static void batch(Index, Batch<float>&) {}
  static const float* column(Index, Index, float* buffer) { return buffer; }
};

// A source that cannot be stopped, and three that can.
struct Endless : HalfSource {
  void start_epoch(std::uint64_t, Index, Index, bool) {}
};
struct Stopped : HalfSource {
  void start_epoch(std::uint64_t, Index, Index, bool, const StopFlag* stop = nullptr) { flag = stop; }
  const StopFlag* flag = nullptr;
};
struct StoppedOverload : Endless {
  using Endless::start_epoch;
  void start_epoch(std::uint64_t, Index, Index, bool, const StopFlag* const&) {}
};
struct Forwarding : Stopped {
  template <class... Stop>
  void start_epoch(std::uint64_t seed, Index epoch, Index size, bool shuffle, Stop&&... stop) {
    Stopped::start_epoch(seed, epoch, size, shuffle, stop...);
  }
};

// Not sources: a stop would never reach them.
struct MayChange : HalfSource {
  void start_epoch(std::uint64_t, Index, Index, bool, StopFlag* = nullptr) {}
};
struct ByReference : Endless {
  using Endless::start_epoch;
  void start_epoch(std::uint64_t, Index, Index, bool, const StopFlag&) {}
};
struct ByOwnReference : Endless {
  using Endless::start_epoch;
  void start_epoch(std::uint64_t, Index, Index, bool, StopFlag&) {}
};
struct ByBool : HalfSource {
  void start_epoch(std::uint64_t, Index, Index, bool, bool = false) {}
};
struct ByFunction : HalfSource {
  void start_epoch(std::uint64_t, Index, Index, bool, const std::function<bool()>& = {}) {}
};

}  // namespace

static_assert(PairSource<Endless, float> && PairSource<Stopped, float> && PairSource<StoppedOverload, float> &&
              PairSource<Forwarding, float>);
static_assert(!PairSource<MayChange, float>);
static_assert(!PairSource<ByReference, float>);
static_assert(!PairSource<ByOwnReference, float>);
static_assert(!PairSource<ByBool, float>);
static_assert(!PairSource<ByFunction, float>);

TEST_CASE("a source that can be stopped is given the flag", "[pair_source]") {
  const StopFlag stop = false;
  Endless endless;
  detail::start_epoch(endless, 1, 0, 32, true, &stop);
  Stopped stopped;
  detail::start_epoch(stopped, 1, 0, 32, true, &stop);
  CHECK(stopped.flag == &stop);
  Forwarding forwarding;
  detail::start_epoch(forwarding, 1, 0, 32, true, &stop);
  CHECK(forwarding.flag == &stop);
}
