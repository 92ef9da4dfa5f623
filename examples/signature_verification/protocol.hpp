#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <utility>
#include <vector>

#include "data.hpp"
#include "gemel/core/pair_identity.hpp"
#include "gemel/core/random.hpp"
#include "gemel/core/types.hpp"
#include "gemel/verification/claims.hpp"

// Which signatures are templates, and which try to pass for whom.

namespace signature_verification {

enum class Protocol {
  Known,            ///< the network has learnt from the first sitting of these signers, and of forgeries of them
  Unknown,          ///< it has learnt from other signers
  KnownValidation,  ///< as Known, but it has learnt from fewer signatures of the first sitting
  Competition       ///< as Unknown, but with the templates and claims of SVC2004
};

/// Templates of a signer, and the signatures that claim to be of this signer.
struct Claimed {
  Index signer = 0;
  std::vector<Index> templates = {};
  std::vector<Index> genuine = {}, skilled = {};  ///< skilled: forgeries of this signer's signature
  std::vector<Index> random = {};                 ///< genuine signatures of other signers
};

/// The number of folds into which the signers are divided. Each fold is tested with thresholds from the signers of the
/// other folds, and, if they are to be unknown, with models that have learnt from these.
inline constexpr Index folds = 4;

/// The signers of each fold, drawn at random.
using Folds = std::array<std::vector<Index>, static_cast<std::size_t>(folds)>;
inline Folds draw_folds(Index signers, gemel::Rng& rng) {
  std::vector<Index> order(static_cast<std::size_t>(signers));
  std::iota(order.begin(), order.end(), Index{0});
  shuffle(order, rng);
  Folds drawn;
  for (std::size_t i = 0; i < order.size(); ++i) drawn[i % drawn.size()].push_back(order[i]);
  for (std::vector<Index>& fold : drawn) std::ranges::sort(fold);
  return drawn;
}

/// All signers of the other folds, in ascending order.
inline std::vector<Index> beside(const Folds& drawn, std::size_t fold) {
  std::vector<Index> others;
  for (std::size_t f = 0; f < drawn.size(); ++f) {
    if (f != fold) others.insert(others.end(), drawn[f].begin(), drawn[f].end());
  }
  std::ranges::sort(others);
  return others;
}

namespace detail {

/// Signatures first, …, last - 1 of a signer.
inline std::vector<Index> range_of(Index signer, Index first, Index last) {
  std::vector<Index> some(static_cast<std::size_t>(last - first));
  std::iota(some.begin(), some.end(), Data::number(signer, first));
  return some;
}

/// Genuine signatures of others, in turn from each of the signers and drawn at random.
inline std::vector<Index> random_forgeries(Index signer, const std::vector<Index>& signers, Index count,
                                           gemel::Rng& rng) {
  std::vector<Index> others = signers, some;
  std::erase(others, signer);
  shuffle(others, rng);
  for (Index i = 0; i < count; ++i) {
    const Index other = others[static_cast<std::size_t>(i) % others.size()];
    const auto k = static_cast<Index>(rng.uniform<double>() * static_cast<double>(Signatures::genuine));
    some.push_back(Data::number(other, k));
  }
  return some;
}

}  // namespace detail

/// The claims against some signers, at least two:
///
/// - Known: the templates are signatures 1 to 10, the genuine claims 11 to 20, of another sitting, and the forged ones
///   31 to 40, of which the network has seen none.
/// - KnownValidation: the templates are 1 to 6, the genuine claims 7 to 10, the forged ones 27 to 30.
/// - Unknown: the templates are 1 to 5, the genuine claims 6 to 20, the forged ones 21 to 40.
/// - Competition: ten times, five templates drawn from 1 to 10; the genuine claims are 11 to 20, the forged ones 21 to
///   40.
///
/// There are 20 random forgeries for each set of templates.
inline std::vector<Claimed> claims_against(const std::vector<Index>& some, Protocol protocol, gemel::Rng& rng) {
  using detail::range_of;
  constexpr Index random = 20;
  std::vector<Claimed> all;
  for (const Index s : some) {
    if (protocol == Protocol::Known) {
      all.push_back({s, range_of(s, 0, 10), range_of(s, 10, 20), range_of(s, 30, 40),
                     detail::random_forgeries(s, some, random, rng)});
    } else if (protocol == Protocol::KnownValidation) {
      all.push_back({s, range_of(s, 0, 6), range_of(s, 6, 10), range_of(s, 26, 30),
                     detail::random_forgeries(s, some, random, rng)});
    } else if (protocol == Protocol::Unknown) {
      all.push_back({s, range_of(s, 0, 5), range_of(s, 5, 20), range_of(s, 20, 40),
                     detail::random_forgeries(s, some, random, rng)});
    } else {
      for (int draw = 0; draw < 10; ++draw) {
        std::vector<Index> templates = range_of(s, 0, 10);
        shuffle(templates, rng);
        templates.resize(5);
        all.push_back(
            {s, templates, range_of(s, 10, 20), range_of(s, 20, 40), detail::random_forgeries(s, some, random, rng)});
      }
    }
  }
  return all;
}

/// The trials of a fold: with skilled forgeries, and with random ones only.
struct FoldTrials {
  gemel::Trials skilled, random;
};

/// The number of ways to compare, and the scores of one signature by all of them.
inline constexpr std::size_t ways = 3;
using Scores = std::array<double, ways>;

/// Scores all claims by all ways: `score(claimed, query)` are the scores of a signature against the templates of a
/// claim. Returns the trials of each way.
template <class Score>
std::array<FoldTrials, ways> try_claims(const std::vector<Claimed>& claims, const Score& score) {
  std::array<FoldTrials, ways> trials;
  std::vector<std::uint8_t> labels, random_labels;
  const auto add = [&](gemel::Trials FoldTrials::*kind, const Claimed& claimed, Index query, Index impostor) {
    const Scores scores = score(claimed, query);
    for (std::size_t w = 0; w < ways; ++w) {
      gemel::Trials& to = trials[w].*kind;
      to.scores.push_back(scores[w]);
      to.samples.push_back(query);
      to.identities.push_back({claimed.signer, impostor});
    }
    const bool genuine = impostor == claimed.signer;
    (kind == &FoldTrials::skilled ? labels : random_labels).push_back(genuine);
  };
  for (const Claimed& claimed : claims) {
    for (const Index query : claimed.genuine) add(&FoldTrials::skilled, claimed, query, claimed.signer);
    for (const Index query : claimed.skilled) add(&FoldTrials::skilled, claimed, query, gemel::PairIdentity::unknown);
    for (const Index query : claimed.random) add(&FoldTrials::random, claimed, query, Data::signer_of(query));
  }
  for (FoldTrials& way : trials) {
    way.skilled.labels = gemel::Labels{labels};
    way.random.labels = gemel::Labels{random_labels};
  }
  return trials;
}

}  // namespace signature_verification
