#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include "gemel/core/columns.hpp"
#include "gemel/core/error.hpp"
#include "gemel/core/random.hpp"
#include "gemel/core/saved_state.hpp"
#include "gemel/core/stop.hpp"
#include "gemel/core/types.hpp"
#include "gemel/data/pair_source.hpp"

namespace gemel {

template <class Source, class Augmentation>
class Augmented;

namespace detail {

/// The number of Augmented around each other, of which each needs random numbers of its own.
template <class Source>
inline constexpr std::uint64_t augmentations = 0;
template <class Source, class Augmentation>
inline constexpr std::uint64_t augmentations<Augmented<Source, Augmentation>> = 1 + augmentations<Source>;

/// Whether the augmentation says that it sets every value of its result.
template <class Augmentation>
inline constexpr bool sets_every_value = requires {
  requires std::is_same_v<typename Augmentation::SetsEveryValue, Augmentation>;
};

/// Holds a source. It has `save` and `restore` if the source has them.
template <class Source>
class HeldSource {
 public:
  explicit HeldSource(Source source) : source_(std::move(source)) {}

 protected:
  Source source_;
};
template <Restores Source>
class HeldSource<Source> {
 public:
  explicit HeldSource(Source source) : source_(std::move(source)) {}

  /// @{
  /// The state of the source, as the PairSource concept asks for it (data/pair_source.hpp).
  std::vector<double> save() const { return source_.save(); }
  void restore(std::span<const double> saved) { source_.restore(saved); }
  /// @}

 protected:
  Source source_;
};

}  // namespace detail

/// A PairSource that gives the pairs of another source, but a new random variant of each sample in every batch:
///
///   Augmented source{PairSampler<float>{x, classes},
///                    [](Rng& rng, ConstColumn<float> in, Column<float> out) {
///                      out = in * (0.9F + 0.2F * rng.uniform<float>());  // another brightness
///                    }};
///   fit(model, source, loss, optimizer, {.epochs = 20, .validation = &validation}, rng);
///
/// `augmentation(rng, in, out)` sets `out` to a variant of the sample `in`; both have features() values, and they never
/// overlap. ImageWarp (data/image_warp.hpp) is one for images. Several threads call it at the same time, so it must not
/// change itself, and it must take all random numbers from `rng`. They are a function of (seed, epoch, batch, position
/// in the batch). So all results are the same for any number of threads, and in a training that is resumed. Within a
/// batch, a sample has one variant in all pairs.
///
/// Only the training is augmented: neither FitOptions::validation nor the pairs that a validation_split sets aside. An
/// Augmented may be around another one; the inner augmentation comes first.
///
/// An augmentation must set every value of `out`. Values that it does not set are NaN, so that the training stops with
/// a NonFiniteError. A type A that says that it sets them all, with `using SetsEveryValue = A`, as ImageWarp does,
/// saves the time for these NaN. A class that is derived from A has to say so for itself.
template <class Source, class Augmentation>
class Augmented : public detail::HeldSource<Source> {
  static_assert(PairSource<Source, float> || PairSource<Source, double>,
                "gemel: Augmented takes a pair source first (data/pair_source.hpp), and then the augmentation");
  using S = std::conditional_t<PairSource<Source, float>, float, double>;
  static_assert(std::is_invocable_v<const Augmentation&, Rng&, ConstColumn<S>, Column<S>>,
                "gemel: an augmentation is called as augmentation(rng, in, out), with an Rng&, a ConstColumn<S> and a "
                "Column<S> of the source's scalar S; it must be const, because threads share it "
                "(data/augmented.hpp)");

 public:
  /// Takes the source and the augmentation. Throws ShapeError if the augmentation has a member features(), as ImageWarp
  /// does, and the source has another number of features.
  [[gnu::cold]] Augmented(Source source, Augmentation augmentation)
      : detail::HeldSource<Source>(std::move(source)), augmentation_(std::move(augmentation)) {
    if constexpr (requires { static_cast<Index>(augmentation_.features()); }) {
      if (static_cast<Index>(augmentation_.features()) != features()) {
        throw ShapeError({"the samples have ", features(), " features, but the augmentation is for ",
                          static_cast<Index>(augmentation_.features())});
      }
    }
  }

  /// The source within.
  const Source& source() const { return this->source_; }
  /// The augmentation.
  const Augmentation& augmentation() const { return augmentation_; }

  /// @{
  /// Required by the PairSource concept (data/pair_source.hpp).
  Index features() const { return static_cast<Index>(this->source_.features()); }
  Index batches() const { return static_cast<Index>(this->source_.batches()); }
  void start_epoch(std::uint64_t seed, Index epoch, Index batch_size, bool shuffle, const StopFlag* stop = nullptr) {
    detail::start_epoch(this->source_, seed, epoch, batch_size, shuffle, stop);
    // The constant (digits of e) keeps these random numbers apart from those of the source.
    epoch_seed_ = mix(mix(seed, 0xADF85458A2BB4A9A + detail::augmentations<Source>), static_cast<std::uint64_t>(epoch));
  }
  void batch(Index k, Batch<S>& out) const { this->source_.batch(k, out); }
  /// Sets `buffer` to a variant of sample j of batch k, and returns it.
  const S* column(Index k, Index j, S* buffer) const {
    const Index n = features();
    thread_local std::vector<S> unchanged;  // for a source that computes its samples
    if (length(unchanged) < n) unchanged.resize(static_cast<std::size_t>(n));
    const S* const in = this->source_.column(k, j, unchanged.data());
    // The sample comes from memory while the augmentation draws its random numbers.
    for (Index i = 0; i < n; i += 64 / static_cast<Index>(sizeof(S))) __builtin_prefetch(in + i);
    if constexpr (!detail::sets_every_value<Augmentation>) {
      std::memset(buffer, 0xFF, static_cast<std::size_t>(n) * sizeof(S));  // NaN, which reveals unset values
    }
    Rng rng{epoch_seed_, mix(static_cast<std::uint64_t>(k), static_cast<std::uint64_t>(j))};
    augmentation_(rng, ConstColumn<S>(in, n), Column<S>(buffer, n));
    return buffer;
  }
  /// @}

 private:
  Augmentation augmentation_;
  std::uint64_t epoch_seed_ = 0;
};

}  // namespace gemel
