// error: gemel: an augmentation is called as augmentation\(rng, in, out\)
#include "gemel/gemel.hpp"

/// An augmentation that changes itself, although threads share it. When repaired, it does not.
struct Counting {
  int count = 0;
#if defined(REPAIRED)
  void operator()(gemel::Rng&, gemel::ConstColumn<float> in, gemel::Column<float> out) const { out = in; }
#else
  void operator()(gemel::Rng&, gemel::ConstColumn<float> in, gemel::Column<float> out) {
    out = in;
    ++count;
  }
#endif
};

auto augment(const gemel::Pairs<float>& pairs) { return gemel::Augmented{pairs, Counting{}}; }
