#pragma once

#include <cstdint>
#include <string>

#include "gemel/core/random.hpp"
#include "gemel/core/types.hpp"
#include "options.hpp"

// The networks of --ensemble are trained one after another, each with random numbers and a checkpoint of its own.

namespace train {

/// The random numbers for one purpose of the training. Each purpose has its own stream, so that, for example, the
/// number of pairs affects neither the split nor the weights.
enum class Purpose : std::uint64_t { Split = 0, Weights = 1, Pairs = 2, Training = 3 };

/// `member`: the network's index in the ensemble. The first network is the one of a training without --ensemble.
inline gemel::Rng stream(const Options& options, Purpose purpose, gemel::Index member = 0) {
  const std::uint64_t seed = member == 0 ? options.seed : gemel::mix(options.seed, static_cast<std::uint64_t>(member));
  return gemel::Rng{seed, static_cast<std::uint64_t>(purpose)};
}

/// The checkpoint's file of a network: FILE, FILE.2, FILE.3, …
inline std::string checkpoint_of(const Options& options, gemel::Index member) {
  return member == 0 ? options.checkpoint : options.checkpoint + '.' + std::to_string(member + 1);
}

}  // namespace train
