#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#include "gemel/core/error.hpp"
#include "gemel/core/saved_state.hpp"
#include "gemel/core/stop.hpp"
#include "gemel/core/types.hpp"

namespace gemel {

/// The indices of a pair's two samples.
struct PairIndex {
  Index first;   ///< Index of the first sample.
  Index second;  ///< Index of the second sample.
  /// Whether both indices are equal.
  friend bool operator==(const PairIndex&, const PairIndex&) = default;
};

/// One batch: a list of samples and a list of pairs among them.
template <Scalar S>
struct Batch {
  std::vector<Index> samples = {};         ///< The samples, as indices whose meaning the source defines.
  std::vector<PairIndex> pairs = {};       ///< The pairs, as positions in `samples`.
  std::vector<std::uint8_t> similar = {};  ///< The label of each pair: 1 = similar, 0 = dissimilar.
  std::vector<S> weight = {};              ///< The weight of each pair, finite and >= 0; empty if all are 1.
  /// If true, pair p consists of entries 2p and 2p + 1 of `samples`, so no entry of `samples` is in two pairs. This is
  /// the simple case of two matrices.
  bool disjoint = false;

  /// The number of pairs.
  Index size() const { return length(pairs); }

  /// Checks a batch from an unknown source. Throws ShapeError if the numbers of pairs, labels and weights differ, or a
  /// disjoint batch does not have two samples per pair; ValueError if there is no pair, a pair refers to a sample that
  /// is not in the batch, a label is neither 0 nor 1, pair p of a disjoint batch is not of entries 2p and 2p + 1, or a
  /// weight is negative or not finite. `where` becomes the error's place, to which the pair is added.
  void check(Place where) const;

  /// Empties the lists and sets `disjoint` to false.
  void clear() {
    samples.clear();
    pairs.clear();
    similar.clear();
    weight.clear();
    disjoint = false;
  }
};

template <Scalar S>
void Batch<S>::check(Place where) const {
  if (pairs.empty()) throw ValueError("the source gave a batch without a pair", std::move(where));
  if (length(similar) != size() || (!weight.empty() && length(weight) != size())) {
    throw ShapeError(
        {"the source gave ", size(), " pairs, but ", similar.size(), " labels and ", weight.size(), " weights"},
        std::move(where));
  }
  for (Index p = 0; p < size(); ++p) {
    const auto [first, second] = pairs[static_cast<std::size_t>(p)];
    const std::uint8_t label = similar[static_cast<std::size_t>(p)];
    const auto known = [count = samples.size()](Index i) { return static_cast<std::size_t>(i) < count; };
    if (known(first) && known(second) && label <= 1 && (!disjoint || (first == 2 * p && second == 2 * p + 1))) continue;
    where.pair = p;
    throw ValueError(
        {"the source gave a pair of samples ", first, " and ", second, ", labelled ", label, ", in a batch of ",
         samples.size(), " samples: labels are 0 or 1, and pair p of a disjoint batch is of samples 2p and 2p + 1"},
        std::move(where));
  }
  for (Index p = 0; p < length(weight); ++p) {
    const S given = weight[static_cast<std::size_t>(p)];
    if (given >= 0 && given <= std::numeric_limits<S>::max()) continue;
    where.pair = p;
    throw ValueError({"the source gave a weight of ", given, ", but a weight must be finite and >= 0"},
                     std::move(where));
  }
  if (disjoint && length(samples) != 2 * size()) {
    throw ShapeError({"the source gave ", size(), " disjoint pairs, but ", samples.size(), " samples"},
                     std::move(where));
  }
}

namespace detail {

// Arguments that convert to any type, to a reference to any type, and to a pointer to any type.
struct AnyValue {
  template <class T>
  operator T() const;
};
struct AnyReference {
  template <class T>
  operator T&() const;
};
struct AnyPointer {
  template <class T>
  operator T*() const;
};

template <class P, class Fifth>
concept StartsWith = requires(P source, std::uint64_t seed, Index k, Fifth fifth) {
  source.start_epoch(seed, k, k, true, fifth);
};
/// Whether start_epoch takes a stop flag. AnyPointer excludes a bool parameter, which would accept the flag's address
/// too and always be true.
template <class P>
concept Stoppable = StartsWith<P, const StopFlag*> && StartsWith<P, AnyPointer>;
/// Whether start_epoch takes a fifth argument at all.
template <class P>
concept TakesFifth = StartsWith<P, AnyValue> || StartsWith<P, AnyReference>;

}  // namespace detail

/// Provides the pairs of each epoch, batch by batch. Everything that a source draws at random must be a function of
/// (seed, epoch, position) and not of earlier draws, so that a training can be resumed from its seed and epoch.
///
///   features()                                     the number of features per sample
///   start_epoch(seed, epoch, batch_size, shuffle)  fixes the epoch's pairs and their order
///   batches()                                      the number of batches of the epoch; the last may be smaller
///   batch(k, out)                                  sets out to batch k; const and thread-safe. If batches differ in
///                                                  their number of samples or pairs, call out.samples.reserve(maximum)
///                                                  to save allocations, and the same for out.pairs, out.similar and
///                                                  out.weight
///   column(k, j, buffer)                           a pointer to the features of sample j of batch k, where j is a
///                                                  position in the batch's `samples`; const and thread-safe. It points
///                                                  into the source's memory, or to `buffer` (features() values), which
///                                                  the source fills first, for example with an augmented sample
///
/// A source whose epochs take long to start may take a `const StopFlag*` as a fifth argument of start_epoch. When the
/// flag is set, start_epoch should return soon; no batch is then asked for. A fifth argument of another type is
/// rejected, because a stop would never reach it.
///
/// A source whose epochs depend on earlier ones, such as one that goes on through a list, needs two more members, so
/// that a training with it can be resumed: `std::vector<double> save() const` returns its state after an epoch, and
/// `void restore(std::span<const double>)` takes it over before the next start_epoch, in another object of the source.
/// An empty state means that the epochs so far did not depend on earlier ones; fit then resumes a training only if the
/// source has as many batches as before.
template <class P, class S>
concept PairSource = std::copy_constructible<P> &&
    requires(P source, const P constant, std::uint64_t seed, Index k, bool shuffle, Batch<S>& batch, S* buffer) {
  { constant.features() } -> std::convertible_to<Index>;
  { constant.batches() } -> std::convertible_to<Index>;
  source.start_epoch(seed, k, k, shuffle);
  requires detail::Stoppable<P> || !detail::TakesFifth<P>;
  requires detail::FitsSavedState<P>;
  constant.batch(k, batch);
  { constant.column(k, k, buffer) } -> std::same_as<const S*>;
};

namespace detail {

/// Starts an epoch of `source`, and passes it `stop` if it takes a stop flag.
template <class Source>
void start_epoch(Source& source, std::uint64_t seed, Index epoch, Index batch_size, bool shuffle,
                 const StopFlag* stop) {
  if constexpr (Stoppable<Source>) {
    source.start_epoch(seed, epoch, batch_size, shuffle, stop);
  } else {
    source.start_epoch(seed, epoch, batch_size, shuffle);
  }
}

}  // namespace detail
}  // namespace gemel
