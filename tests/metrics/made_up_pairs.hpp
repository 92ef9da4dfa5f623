#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "gemel/core/pair_identity.hpp"
#include "gemel/core/random.hpp"
#include "gemel/core/types.hpp"

/// Pairs with made-up distances, without samples.
struct MadeUpPairs {
  std::vector<double> distances = {};
  std::vector<int> labels = {};
  std::vector<gemel::PairIdentity> identities = {};
};

/// Four pairs of each two people, and of each with itself. The part of the distance that the four have in common is
/// common(i, j) for persons i and j, plus 2 if they differ. The rest is normal with the standard deviation `noise`. The
/// people have identities that are neither from 0 on nor ascending: 100, 93, 86, ….
template <class Common>
MadeUpPairs made_up_pairs(gemel::Index people, gemel::Rng& rng, double noise, const Common& common) {
  MadeUpPairs pairs;
  for (gemel::Index i = 0; i < people; ++i) {
    for (gemel::Index j = 0; j <= i; ++j) {
      const double of_all = (i == j ? 0 : 2) + common(i, j);
      for (int repeat = 0; repeat < 4; ++repeat) {
        pairs.distances.push_back(of_all + noise * rng.normal<double>());
        pairs.labels.push_back(i == j);
        pairs.identities.push_back({100 - 7 * i, 100 - 7 * j});
      }
    }
  }
  return pairs;
}

/// As above, where people differ in how close their samples are to all others, with this standard deviation. So some of
/// them are often mistaken for others.
inline MadeUpPairs made_up_pairs(gemel::Index people, std::uint64_t seed, double spread, double noise) {
  gemel::Rng rng{seed};
  std::vector<double> own;
  for (gemel::Index i = 0; i < people; ++i) own.push_back(spread * rng.normal<double>());
  return made_up_pairs(people, rng, noise, [&own](gemel::Index i, gemel::Index j) {
    return own[static_cast<std::size_t>(i)] + own[static_cast<std::size_t>(j)];
  });
}
