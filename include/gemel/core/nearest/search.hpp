#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "gemel/core/buffer.hpp"
#include "gemel/core/columns.hpp"
#include "gemel/core/kernel.hpp"
#include "gemel/core/nearest/list.hpp"
#include "gemel/core/nearest/screen.hpp"
#include "gemel/core/reduce.hpp"
#include "gemel/core/team.hpp"
#include "gemel/core/types.hpp"

namespace gemel::detail {

/// Which columns of a gallery are searched for each query, and where the result goes.
template <Scalar S>
struct NearestSearch {
  ColumnList<S> queries, gallery;  ///< made of a base and a stride; the queries are finite
  Index k = 1;                     ///< 1 <= k <= the number of candidates of each query
  const Index* classes = nullptr;  ///< null, or the class of each sample: those of the query's own are no candidates
  Index threads = 1;               ///< at least 1
  Index* samples = nullptr;        ///< k x queries
  S* distances = nullptr;          ///< k x queries, or null
};

/// What a search found besides the nearest samples.
struct NearestOutcome {
  Index incomplete = -1;   ///< the first query with fewer than k candidates at finite distances, or -1
  bool all_finite = true;  ///< false if a distance was NaN or infinite, which it is if an embedding is not finite
};

/// The squared Euclidean distance, as an argument of find_nearest.
struct SquaredDistances {
  static constexpr Closeness closeness = Closeness::Squared;
  template <Scalar S>
  void operator()(const S* query, const S* const* columns, Index n, Index count, S* d) const {
    for (Index j = 0; j < count; ++j) d[j] = squared_distance(query, columns[j], n);
  }
};

/// Searches the gallery for a batch of queries, which begins at query `first`. There is one object per thread.
template <Scalar S, class Measure>
class NearestSearcher {
 public:
  static constexpr Index block = kernel::Screening<S>::columns;

  NearestSearcher(const NearestSearch<S>& search, const Measure& measure, Index batch)
      : search_(search), measure_(measure), lists_(static_cast<std::size_t>(batch), NearestList<S>{search.k}) {}

  /// Forgets all samples. `screen` says whether and how columns are screened for the batch.
  void start(Index first, Index count, const NearestScreen<S>& screen) {
    first_ = first;
    count_ = count;
    screen_ = &screen;
    for (Index q = 0; q < count; ++q) list(q).clear();
    if (screen.active()) scratch_.start(screen);
  }

  /// Enters the columns begin, …, end - 1. Returns whether all distances that were computed are finite.
  bool enter(Index begin, Index end) {
    all_finite_ = true;
    for (Index at = begin; at < end; at += block) {
      const Index width = std::min(block, end - at);
      if (screen_->active() && width == block) {
        enter_screened(at);
      } else {
        for (Index q = 0; q < count_; ++q) enter_all(q, at, width);
      }
    }
    return all_finite_;
  }

  NearestList<S>& list(Index q) { return lists_[static_cast<std::size_t>(q)]; }

 private:
  const S* query(Index q) const { return search_.queries[first_ + q]; }
  bool excluded(Index q, Index column) const {
    return search_.classes && search_.classes[first_ + q] == search_.classes[column];
  }

  /// The distance of the metric, given the squared one.
  static S from_squared(S square) { return Measure::closeness == Closeness::Euclidean ? std::sqrt(square) : square; }

  void enter_screened(Index at) {
    if (!scratch_.screen(search_.gallery[at], search_.gallery[1] - search_.gallery[0])) return;
    for (Index q = 0; q < count_; ++q) {
      std::uint64_t hits = scratch_.hits(q);
      if (hits == 0) continue;
      for (; hits != 0; hits &= hits - 1) {
        const Index column = at + std::countr_zero(hits);
        if (excluded(q, column)) continue;
        const S* const sample = search_.gallery[column];
        S d = 0;
        measure_(query(q), &sample, search_.gallery.rows(), 1, &d);
        all_finite_ = all_finite_ && std::isfinite(d);
        list(q).enter(column, d);
      }
      scratch_.set_bound(*screen_, q, list(q).bound());
    }
  }

  /// Enters the columns at, …, at + width - 1 for query q, without screening.
  void enter_all(Index q, Index at, Index width) {
    std::array<S, std::size_t{block}> d;
    NearestList<S>& nearest = list(q);
    const Index depth = search_.gallery.rows();
    if constexpr (is_euclidean(Measure::closeness)) {
      const Index stride = search_.gallery[1] - search_.gallery[0];
      kernel::nearest_kernels<S>().squared_distances_to(
          {depth, width, query(q), search_.gallery[at], stride, d.data()});
    } else {
      std::array<const S*, std::size_t{block}> columns;
      for (Index j = 0; j < width; ++j) columns[static_cast<std::size_t>(j)] = search_.gallery[at + j];
      measure_(query(q), columns.data(), depth, width, d.data());
    }
    all_finite_ = all_finite_ && std::isfinite(max_abs(d.data(), width));
    S bound = largest_square(nearest);
    for (Index j = 0; j < width; ++j) {
      const S value = d[static_cast<std::size_t>(j)];
      if (!(value <= bound) || excluded(q, at + j)) continue;
      nearest.enter(at + j, is_euclidean(Measure::closeness) ? from_squared(value) : value);
      bound = largest_square(nearest);
    }
  }

  /// No sample enters the list whose squared distance is larger (or distance, if the metric has no square).
  static S largest_square(const NearestList<S>& nearest) {
    const S bound = nearest.bound();
    return Measure::closeness == Closeness::Euclidean ? square_above(bound) : bound;
  }

  const NearestSearch<S>& search_;
  const Measure& measure_;
  std::vector<NearestList<S>> lists_;
  Index first_ = 0, count_ = 0;
  const NearestScreen<S>* screen_ = nullptr;
  ScreenScratch<S> scratch_ = {};
  bool all_finite_ = true;
};

/// For each query, the k nearest columns of the gallery, nearest first; ties go to the smaller number. A query with
/// fewer candidates at finite distances gets -1 in all places. measure(query, columns, n, count, d) sets d[j] to the
/// distance of the query and columns[j], which have n elements; Measure::closeness says which distance that is. The
/// result does not depend on the number of threads.
template <Scalar S, class Measure>
[[gnu::cold]] NearestOutcome find_nearest(const NearestSearch<S>& search, const Measure& measure) {
  using Searcher = NearestSearcher<S, Measure>;
  constexpr Index chunk = 16 * Searcher::block;  // the columns that a thread takes at a time
  const Index n = search.gallery.cols(), k = search.k, all = search.queries.cols();
  const Index batch = std::min(std::clamp<Index>((Index{1} << 20) / k, 1, 480), all);
  Team team(std::min(search.threads, n / chunk + 1));
  const Index members = team.size();
  std::vector<Searcher> searchers(static_cast<std::size_t>(members), Searcher{search, measure, batch});
  const auto searcher = [&](Index member) -> Searcher& { return searchers[static_cast<std::size_t>(member)]; };
  NearestScreen<S> screen{search.gallery, batch, Measure::closeness};
  std::atomic<Index> incomplete = all;
  std::atomic<bool> all_finite = true;
  for (Index first = 0; first < all; first += batch) {
    const Index count = std::min(batch, all - first);
    screen.start(search.queries.middle(first, count));
    std::atomic<Index> next = 0;
    team.run([&](Index member) {
      Searcher& mine = searcher(member);
      mine.start(first, count, screen);
      for (Index begin = next.fetch_add(chunk); begin < n; begin = next.fetch_add(chunk)) {
        if (!mine.enter(begin, std::min(begin + chunk, n))) all_finite.store(false, std::memory_order_relaxed);
      }
      team.barrier();
      const Range queries = share(count, member, members);
      for (Index q = queries.first; q < queries.last; ++q) {
        NearestList<S>& nearest = searcher(0).list(q);
        for (Index other = 1; other < members; ++other) nearest.enter(searcher(other).list(q));
        const Index query = first + q;
        Index* const samples = search.samples + query * k;
        if (!nearest.complete()) {
          std::fill_n(samples, k, Index{-1});
          for (Index lowest = incomplete.load(); query < lowest && !incomplete.compare_exchange_weak(lowest, query);) {
          }
          continue;
        }
        Index rank = 0;
        for (const Neighbour<S>& found : nearest.sorted()) {
          samples[rank] = found.sample;
          if (search.distances) search.distances[query * k + rank] = found.distance;
          ++rank;
        }
      }
    });
  }
  const Index lowest = incomplete.load();
  return {lowest == all ? -1 : lowest, all_finite.load()};
}

}  // namespace gemel::detail
