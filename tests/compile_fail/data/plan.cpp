// error: gemel: a plan is a function plan\(Rng& rng, Index k, Batch<S>& batch\)
#include "gemel/gemel.hpp"

/// A plan that changes with every call, so that its batches would not be a function of (seed, epoch, k). When repaired,
/// it is const.
inline auto batches(const gemel::Samples<float>& x) {
#if defined(REPAIRED)
  const auto plan = [](gemel::Rng& rng, gemel::Index, gemel::Batch<float>& batch) {
    const gemel::Index next = rng.below(4);
#else
  const auto plan = [next = 0](gemel::Rng&, gemel::Index, gemel::Batch<float>& batch) mutable {
    next = (next + 1) % 4;
#endif
    batch.samples = {next, next + 1};
    batch.pairs = {{0, 1}};
    batch.similar = {1};
  };
  return gemel::ComposedBatches{x, plan, {.batches = 10}};
}
