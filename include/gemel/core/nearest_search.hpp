#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <cstddef>
#include <vector>

#include "gemel/core/columns.hpp"
#include "gemel/core/nearest_list.hpp"
#include "gemel/core/reduce.hpp"
#include "gemel/core/team.hpp"
#include "gemel/core/types.hpp"

namespace gemel::detail {

/// Which columns of a gallery are searched for each query, and where the result goes.
template <Scalar S>
struct NearestSearch {
  ColumnList<S> queries, gallery;  ///< lists without an array of pointers
  Index k = 1;                     ///< 1 <= k <= the number of candidates of each query
  const Index* classes = nullptr;  ///< null, or the class of each sample: those of the query's own are no candidates
  Index threads = 1;               ///< at least 1
  Index* samples = nullptr;        ///< k x queries
  S* distances = nullptr;          ///< k x queries, or null
};

/// What a search found besides the nearest samples.
struct NearestOutcome {
  Index incomplete = -1;   ///< the first query with fewer than k candidates at finite distances, or -1
  bool all_finite = true;  ///< whether all distances that were computed are finite
};

/// For each query, the k nearest columns of the gallery, nearest first; ties go to the smaller number. A query with
/// fewer candidates at finite distances gets -1 in all places. measure(query, columns, n, count, d) sets d[j] to the
/// distance of the query and columns[j], which have n elements. The result does not depend on the number of threads.
template <Scalar S, class Measure>
[[gnu::cold]] NearestOutcome find_nearest(const NearestSearch<S>& search, const Measure& measure) {
  constexpr Index block = 64, chunk = 16 * block;
  const Index n = search.gallery.cols(), depth = search.gallery.rows(), k = search.k;
  const Index batch = std::clamp<Index>((Index{1} << 20) / k, 1, 480);  // the queries that are searched for together
  Team team(std::min(search.threads, n / chunk + 1));
  const Index members = team.size();
  std::vector<NearestList<S>> lists(static_cast<std::size_t>(members * std::min(batch, search.queries.cols())),
                                    NearestList<S>{k});
  std::atomic<Index> incomplete = search.queries.cols();
  std::atomic<bool> all_finite = true;
  for (Index first = 0; first < search.queries.cols(); first += batch) {
    const Index count = std::min(batch, search.queries.cols() - first);
    const auto list = [&](Index member, Index q) -> NearestList<S>& {
      return lists[static_cast<std::size_t>(member * count + q)];
    };
    std::atomic<Index> next = 0;
    team.run([&](Index member) {
      for (Index q = 0; q < count; ++q) list(member, q).clear();
      std::array<const S*, block> columns;
      std::array<S, block> d;
      for (Index begin = next.fetch_add(chunk); begin < n; begin = next.fetch_add(chunk)) {
        const Index end = std::min(begin + chunk, n);
        for (Index at = begin; at < end; at += block) {
          const Index width = std::min(block, end - at);
          for (Index j = 0; j < width; ++j) columns[static_cast<std::size_t>(j)] = search.gallery[at + j];
          for (Index q = 0; q < count; ++q) {
            NearestList<S>& nearest = list(member, q);
            measure(search.queries[first + q], columns.data(), depth, width, d.data());
            if (!std::isfinite(max_abs(d.data(), width))) all_finite.store(false, std::memory_order_relaxed);
            for (Index j = 0; j < width; ++j) {
              const S distance = d[static_cast<std::size_t>(j)];
              if (!(distance <= nearest.bound())) continue;
              if (search.classes && search.classes[first + q] == search.classes[at + j]) continue;
              nearest.enter(at + j, distance);
            }
          }
        }
      }
      team.barrier();
      const Range mine = share(count, member, members);
      for (Index q = mine.first; q < mine.last; ++q) {
        NearestList<S>& nearest = list(0, q);
        for (Index other = 1; other < members; ++other) nearest.enter(list(other, q));
        Index* const samples = search.samples + (first + q) * k;
        if (!nearest.complete()) {
          std::fill_n(samples, k, Index{-1});
          Index lowest = incomplete.load();
          while (first + q < lowest && !incomplete.compare_exchange_weak(lowest, first + q)) {
          }
          continue;
        }
        Index rank = 0;
        for (const Neighbour<S>& found : nearest.sorted()) {
          samples[rank] = found.sample;
          if (search.distances) search.distances[(first + q) * k + rank] = found.distance;
          ++rank;
        }
      }
    });
  }
  const Index lowest = incomplete.load();
  return {lowest == search.queries.cols() ? -1 : lowest, all_finite.load()};
}

}  // namespace gemel::detail
