#pragma once

#include <algorithm>
#include <cstddef>
#include <limits>
#include <numeric>
#include <vector>

#include "gemel/core/types.hpp"
#include "gemel/data/classes.hpp"
#include "gemel/data/samples.hpp"
#include "gemel/verification/nearest.hpp"
#include "learn.hpp"

// Record linkage: which rows of two lists are of the same thing.

namespace text_comparison {

/// A row of one list and a row of another that are each other's nearest.
struct Link {
  Index a;
  Index b;
  double distance;
};

/// The rows of A and B (embeddings, size x n and size x m) that are each other's nearest, at a distance of at most
/// `threshold`, in the order of A. A row has at most one link, so that one thing is not linked with two.
inline std::vector<Link> links(const gemel::MatrixX<float>& a, const gemel::MatrixX<float>& b, double threshold,
                               Index threads) {
  const auto of_a = gemel::nearest(a, b, {.k = 1, .threads = threads});
  const auto of_b = gemel::nearest(b, a, {.k = 1, .threads = threads});
  std::vector<Link> found;
  for (Index i = 0; i < a.cols(); ++i) {
    const Index j = of_a.samples(0, i);
    const auto distance = static_cast<double>(of_a.distances(0, i));
    if (of_b.samples(0, j) == i && distance <= threshold) found.push_back({i, j, distance});
  }
  return found;
}

/// How many links were found, and how many of them are right.
struct LinkQuality {
  Index found = 0;
  Index right = 0;
  Index possible = 0;  ///< the links that there are

  double precision() const { return ratio(right, found); }
  double recall() const { return ratio(right, possible); }
  /// The harmonic mean of precision and recall; 0 if nothing was found.
  double f1() const { return ratio(2 * right, found + possible); }

 private:
  static double ratio(Index part, Index all) {
    return all == 0 ? 0 : static_cast<double>(part) / static_cast<double>(all);
  }
};

/// Two lists made of the samples of a part: the first sample of each class is in A and its second in B, and samples
/// whose class has no other are in A and B by turns. Further samples of a class are left out.
struct TwoLists {
  std::vector<Index> a = {}, b = {};
  Index pairs = 0;  ///< the classes that are in both
};
inline TwoLists two_lists(const gemel::Classes& classes) {
  TwoLists lists;
  bool alternate = false;
  for (Index c = 0; c < classes.count(); ++c) {
    const auto members = classes.members(c);
    if (members.size() > 1) {
      lists.a.push_back(members[0]);
      lists.b.push_back(members[1]);
      ++lists.pairs;
    } else {
      (alternate ? lists.a : lists.b).push_back(members[0]);
      alternate = !alternate;
    }
  }
  return lists;
}

/// The links of two lists whose right links are known.
struct KnownLinks {
  struct Known {
    double distance;
    bool right;
  };
  std::vector<Known> found = {};  ///< rows that are each other's nearest, at any distance, in its order
  Index possible = 0;             ///< the right links that there are

  LinkQuality quality(double threshold) const {
    LinkQuality quality{.possible = possible};
    for (const Known& link : found) {
      if (link.distance > threshold) break;
      ++quality.found;
      quality.right += link.right;
    }
    return quality;
  }

  /// The threshold with the largest F1: the middle between the last link that it accepts and the next one, or the
  /// distance of the last link if it accepts all. -infinity if no link is right.
  double best_threshold() const {
    double best = -std::numeric_limits<double>::infinity(), best_f1 = 0;
    for (std::size_t i = 0; i < found.size(); ++i) {
      const bool last = i + 1 == found.size();
      if (!last && found[i + 1].distance == found[i].distance) continue;
      const double f1 = quality(found[i].distance).f1();
      if (f1 <= best_f1) continue;
      best_f1 = f1;
      best = last ? found[i].distance : std::midpoint(found[i].distance, found[i + 1].distance);
    }
    return best;
  }
};

/// The links between two lists of the rows of a part.
inline KnownLinks known_links(const Model& model, const Labelled& part, Index threads) {
  const TwoLists lists = two_lists(part.classes);
  const auto embed = [&](const std::vector<Index>& rows) {
    const gemel::Samples<float> selected = part.samples.select(rows);
    return model.embed(selected.columns(), threads);
  };
  constexpr double any = std::numeric_limits<double>::infinity();
  KnownLinks known{.possible = lists.pairs};
  for (const Link& link : links(embed(lists.a), embed(lists.b), any, threads)) {
    const Index a = lists.a[static_cast<std::size_t>(link.a)], b = lists.b[static_cast<std::size_t>(link.b)];
    known.found.push_back({link.distance, part.classes.same(a, b)});
  }
  std::ranges::sort(known.found, {}, &KnownLinks::Known::distance);
  return known;
}

}  // namespace text_comparison
