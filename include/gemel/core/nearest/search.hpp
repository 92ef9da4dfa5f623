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
  ColumnList<S> queries;
  ColumnList<S> gallery;  ///< its columns are `stride` values apart
  Index stride = 0;
  Index k = 1;                     ///< 1 <= k <= the number of candidates of each query
  const Index* classes = nullptr;  ///< null, or the class of each sample: those of the query's own are no candidates
  Index threads = 1;               ///< at least 1
  Index* samples = nullptr;        ///< k x queries
  S* distances = nullptr;          ///< k x queries, or null
};

/// What a search met besides the nearest samples.
struct NearestOutcome {
  Index incomplete = -1;  ///< the first query with fewer than k candidates at finite distances, or -1
  bool infinite = false;  ///< whether a distance was infinite
  bool nan = false;       ///< whether a distance was NaN, which it is if an embedding holds NaN
};

/// The squared Euclidean distance, as an argument of find_nearest.
struct SquaredDistances {
  static constexpr Closeness closeness = Closeness::Squared;
  template <Scalar S>
  void operator()(const S* query, const S* const* columns, Index n, Index count, S* d) const {
    for (Index j = 0; j < count; ++j) d[j] = squared_distance(query, columns[j], n);
  }
};

/// Searches the gallery for one batch of queries after another. There is one object per thread.
template <Scalar S, class Measure>
class NearestSearcher {
 public:
  static constexpr Index block = kernel::Screening<S>::columns;

  /// A searcher for at most `batch` queries at a time.
  NearestSearcher(const NearestSearch<S>& search, const Measure& measure, Index batch)
      : search_(search),
        measure_(measure),
        lists_(static_cast<std::size_t>(batch), NearestList<S>{search.k}),
        screen_(search.gallery, batch, Measure::closeness) {}

  /// Begins with the queries first, …, first + count - 1; their lists are empty.
  void start(Index first, Index count) {
    first_ = first;
    count_ = count;
    for (Index q = 0; q < count; ++q) list(q).clear();
    screen_.start(search_.queries.middle(first, count));
  }

  /// Enters the columns begin, …, end - 1 of the gallery into all lists.
  void enter(Index begin, Index end) {
    for (Index at = begin; at < end; at += block) {
      const Index width = std::min(block, end - at);
      if (screen_.pays() && width == block) {
        enter_screened(at);
      } else {
        for (Index q = 0; q < count_; ++q) enter_all(q, at, width);
      }
    }
  }

  /// Of the q-th query of the batch.
  NearestList<S>& list(Index q) { return lists_[static_cast<std::size_t>(q)]; }

  bool met_infinite() const { return infinite_; }
  bool met_nan() const { return nan_; }

 private:
  const S* query(Index q) const { return search_.queries[first_ + q]; }
  bool excluded(Index q, Index column) const {
    return search_.classes && search_.classes[first_ + q] == search_.classes[column];
  }
  void note(S largest) {
    infinite_ = infinite_ || std::isinf(largest);
    nan_ = nan_ || std::isnan(largest);
  }

  void enter_screened(Index at) {
    if (!screen_.find_hits(search_.gallery[at], search_.stride)) return;
    for (Index q = 0; q < count_; ++q) {
      std::uint64_t hits = screen_.hits(q);
      if (hits == 0) continue;
      for (; hits != 0; hits &= hits - 1) {
        const Index column = at + std::countr_zero(hits);
        if (excluded(q, column)) continue;
        const S* const sample = search_.gallery[column];
        S d = 0;
        measure_(query(q), &sample, search_.gallery.rows(), 1, &d);
        note(d);
        list(q).enter(column, d);
      }
      screen_.set_bound(q, list(q).bound());
    }
  }

  /// Enters the columns at, …, at + width - 1 for query q, without screening.
  void enter_all(Index q, Index at, Index width) {
    std::array<S, std::size_t{block}> d{};  // GCC 12 would warn that the kernel might not set it
    NearestList<S>& nearest = list(q);
    const Index depth = search_.gallery.rows();
    constexpr bool from_squares = is_euclidean(Measure::closeness);
    if constexpr (from_squares) {
      kernel::nearest_kernels<S>().squared_distances_to(
          {depth, width, query(q), search_.gallery[at], search_.stride, d.data()});
    } else {
      std::array<const S*, std::size_t{block}> columns;
      for (Index j = 0; j < width; ++j) columns[static_cast<std::size_t>(j)] = search_.gallery[at + j];
      measure_(query(q), columns.data(), depth, width, d.data());
    }
    note(max_abs(d.data(), width));
    constexpr bool root = Measure::closeness == Closeness::Euclidean;
    const auto largest = [&] { return root ? square_above(nearest.bound()) : nearest.bound(); };
    S bound = largest();
    for (Index j = 0; j < width; ++j) {
      const S value = d[static_cast<std::size_t>(j)];
      if (!(value <= bound) || excluded(q, at + j)) continue;
      nearest.enter(at + j, root ? std::sqrt(value) : value);
      bound = largest();
    }
  }

  const NearestSearch<S>& search_;
  const Measure& measure_;
  std::vector<NearestList<S>> lists_;
  NearestScreen<S> screen_;
  Index first_ = 0, count_ = 0;
  bool infinite_ = false, nan_ = false;
};

/// For each query, the k nearest columns of the gallery, nearest first; ties go to the smaller number. A query with
/// fewer candidates at finite distances gets -1 in all places. measure(query, columns, n, count, d) sets d[j] to the
/// distance of the query and columns[j], which have n elements; Measure::closeness says which distance that is. The
/// result does not depend on the number of threads: a list does not depend on the order of its entries.
template <Scalar S, class Measure>
[[gnu::cold]] NearestOutcome find_nearest(const NearestSearch<S>& search, const Measure& measure) {
  using Searcher = NearestSearcher<S, Measure>;
  constexpr Index chunk = 16 * Searcher::block;  // the columns that a thread takes at a time
  constexpr double work = 1 << 18;               // a thread that computes less costs more than it saves
  const Index n = search.gallery.cols(), k = search.k, all = search.queries.cols();
  const double terms = static_cast<double>(n) * static_cast<double>(all) * static_cast<double>(search.gallery.rows());
  Team team(static_cast<Index>(std::min(static_cast<double>(search.threads), 1 + terms / work)));
  const Index members = team.size();
  const bool gallery_is_shared = n >= 2 * chunk * members;  // or else, the threads share the queries
  const Index largest_batch = std::clamp<Index>((Index{1} << 20) / k, 1, 480);  // so that it stays in the cache
  const Index batch = std::min(largest_batch, gallery_is_shared ? all : all / (4 * members) + 1);
  std::vector<Searcher> searchers(static_cast<std::size_t>(members), Searcher{search, measure, batch});
  const auto searcher = [&](Index member) -> Searcher& { return searchers[static_cast<std::size_t>(member)]; };

  std::atomic<Index> incomplete = all;
  const auto finish = [&](Index query, NearestList<S>& nearest) {
    Index* const samples = search.samples + query * k;
    if (!nearest.complete()) {
      std::fill_n(samples, k, Index{-1});
      for (Index lowest = incomplete.load(); query < lowest && !incomplete.compare_exchange_weak(lowest, query);) {
      }
      return;
    }
    Index rank = 0;
    for (const Neighbour<S>& found : nearest.sorted()) {
      samples[rank] = found.sample;
      if (search.distances) search.distances[query * k + rank] = found.distance;
      ++rank;
    }
  };

  std::atomic<Index> next = 0;
  if (gallery_is_shared) {
    for (Index first = 0; first < all; first += batch) {
      const Index count = std::min(batch, all - first);
      next.store(0);
      team.run([&](Index member) {
        searcher(member).start(first, count);
        for (Index begin = next.fetch_add(chunk); begin < n; begin = next.fetch_add(chunk)) {
          searcher(member).enter(begin, std::min(begin + chunk, n));
        }
        team.barrier();
        const Range mine = share(count, member, members);
        for (Index q = mine.first; q < mine.last; ++q) {
          for (Index other = 1; other < members; ++other) searcher(0).list(q).enter(searcher(other).list(q));
          finish(first + q, searcher(0).list(q));
        }
      });
    }
  } else {
    team.run([&](Index member) {
      for (Index first = next.fetch_add(batch); first < all; first = next.fetch_add(batch)) {
        const Index count = std::min(batch, all - first);
        searcher(member).start(first, count);
        searcher(member).enter(0, n);
        for (Index q = 0; q < count; ++q) finish(first + q, searcher(member).list(q));
      }
    });
  }

  NearestOutcome outcome{.incomplete = incomplete.load() == all ? -1 : incomplete.load()};
  for (const Searcher& each : searchers) {
    outcome.infinite = outcome.infinite || each.met_infinite();
    outcome.nan = outcome.nan || each.met_nan();
  }
  return outcome;
}

}  // namespace gemel::detail
