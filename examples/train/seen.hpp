#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>
#include <unordered_set>

#include "gemel/core/format.hpp"
#include "gemel/core/random.hpp"
#include "gemel/data/classes.hpp"
#include "gemel/data/samples.hpp"
#include "options.hpp"

namespace train {

/// The numbers of test samples that equal a training or validation sample. Figures for such samples say nothing about
/// new ones. The classes are ignored, since the network has seen the sample whatever its class.
struct Seen {
  Index test = 0;  ///< number of test samples
  Index in_training = 0;
  Index in_validation = 0;
  Index anywhere = 0;

  /// A note about these samples, with advice.
  std::string describe() const {
    const char* where = in_validation == 0 ? "training" : in_training == 0 ? "validation" : "training or validation";
    return gemel::format({anywhere, " of the ", test, " test samples ", anywhere == 1 ? "is" : "are", " among the ",
                          where, " samples too, with the same values: the figures are",
                          anywhere == test ? "" : " partly",
                          " those of samples that were seen before; test on others, or remove the duplicates"});
  }
};

namespace detail {

/// A set of samples, in which samples are looked up by their values. 0 and -0 are equal.
class Values {
 public:
  explicit Values(const gemel::Samples<float>& samples)
      : values_(static_cast<std::size_t>(2 * samples.size()), Hash{samples.features()}, Equal{samples.features()}) {
    for (Index i = 0; i < samples.size(); ++i) values_.insert(samples.column(i));
  }
  bool contains(const gemel::Samples<float>& samples, Index i) const { return values_.contains(samples.column(i)); }

 private:
  struct Hash {
    Index features;
    std::size_t operator()(const float* x) const {
      std::uint64_t hash = 0;
      for (Index i = 0; i < features; ++i) hash = gemel::mix(hash, std::bit_cast<std::uint32_t>(x[i] + 0.0F));
      return static_cast<std::size_t>(hash);
    }
  };
  struct Equal {
    Index features;
    bool operator()(const float* x, const float* y) const { return std::equal(x, x + features, y); }
  };

  std::unordered_set<const float*, Hash, Equal> values_;
};

}  // namespace detail

/// Counts the test samples that are also in another part. Samples are compared unscaled.
inline Seen count_seen(const gemel::Samples<float>& training, const gemel::Samples<float>& validation,
                       const gemel::Samples<float>& test) {
  const detail::Values in_training{training}, in_validation{validation};
  Seen seen{.test = test.size()};
  for (Index i = 0; i < test.size(); ++i) {
    const bool learnt = in_training.contains(test, i), validated = in_validation.contains(test, i);
    seen.in_training += learnt;
    seen.in_validation += validated;
    seen.anywhere += learnt || validated;
  }
  return seen;
}

/// A note about the groups of the test that are also among the other `groups`, with advice; empty if there are none.
inline std::string describe_seen(const gemel::Classes& groups, const gemel::Classes& test) {
  std::unordered_set<std::int64_t> known;
  for (Index g = 0; g < groups.count(); ++g) known.insert(groups.value(g));
  Index seen = 0;
  for (Index g = 0; g < test.count(); ++g) seen += known.contains(test.value(g));
  if (seen == 0) return {};
  return gemel::format({seen, " of the ", test.count(), " groups of the test file ", seen == 1 ? "is" : "are",
                        " in the other file too: the figures are", seen == test.count() ? "" : " partly",
                        " of groups that were seen before; test on others, or remove these from one of the files"});
}

}  // namespace train
