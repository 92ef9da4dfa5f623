#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <limits>
#include <string_view>

#include "gemel/core/choice.hpp"
#include "gemel/core/columns.hpp"
#include "gemel/core/error.hpp"
#include "gemel/core/type_name.hpp"
#include "gemel/core/types.hpp"
#include "gemel/network/distance.hpp"

namespace gemel {

/// What a scorer compares a query with: the embeddings of the k samples that a person is enrolled with.
template <Scalar S>
struct Enrolled {
  ConstColumns<S> embeddings;  ///< out x k, one sample per column.
  ConstColumn<S> centroid;     ///< out x 1: their mean.
  /// The mean distance of two of the samples, 2 / (k (k - 1)) * (sum over i < j of d(t_i, t_j)); NaN if there is one.
  double spread;

  /// The embedding of enrolled sample i (out x 1).
  ConstColumn<S> sample(Index i) const { return {embeddings.data() + i * embeddings.rows(), embeddings.rows()}; }
};

namespace detail {

template <class Scorer, class Metric, class S>
concept ScoresEnrolled = requires(const Scorer score, const Metric metric, const Enrolled<S>& person,
                                  ConstColumn<S> query) {
  { score(metric, person, query) } -> std::convertible_to<double>;
};
template <class Scorer, class S>
concept ScoresColumns = requires(const Scorer score, ConstColumns<S> enrolled, ConstColumn<S> query) {
  { score(enrolled, query) } -> std::convertible_to<double>;
};
/// A scorer that divides by a power of the spread.
template <class Scorer>
concept HasPower = requires(const Scorer score) {
  { score.power } -> std::convertible_to<double>;
};

/// The power of the spread by which a scorer divides; 0 if it does not.
template <class Scorer>
double power_of(const Scorer& scorer) {
  return visit_choice(scorer, [](const auto& chosen) -> double {
    if constexpr (HasPower<std::remove_cvref_t<decltype(chosen)>>) {
      return chosen.power;
    } else {
      return 0;
    }
  });
}

/// score / spread^power. The powers 0, 0.5 and 1 give the same bits everywhere; others use std::pow.
inline double divide_by_spread(double score, double spread, double power) {
  if (power == 0) return score;
  if (power == 1) return score / spread;
  return score / (power == 0.5 ? std::sqrt(spread) : std::pow(spread, power));
}

}  // namespace detail

/// How unlike a query is to a person's enrolled samples: a ClaimVerifier accepts scores up to its threshold. A scorer
/// is const, and its result depends on nothing but its arguments. It has one of two forms:
///
///   scorer(metric, person, query)    the library's scorers: given the model's distance, an Enrolled and the embedding
///                                    of the query (ConstColumn, out x 1), returns the score
///   scorer(enrolled, query)          a function object of your own: given the embeddings of the enrolled samples
///                                    (ConstColumns, out x k) and of the query (ConstColumn, out x 1), returns the
///                                    score
///
/// A member `power` is taken for the power of the spread by which the scorer divides: unless it is 0, a person needs at
/// least two samples. With the embedder RawSamples (verification/raw_samples.hpp), the embeddings are the samples
/// themselves, so a function object can compare the query with the samples in any way, for example by a model that
/// takes both.
template <class T, class Metric, class S>
concept Scorer = std::copy_constructible<T> &&(detail::ScoresEnrolled<T, Metric, S> || detail::ScoresColumns<T, S>);

// The library's scorers divide a distance by spread^power. Persons whose own samples differ much, such as people with
// an unsteady signature, then get no higher scores than others. With the default, 0, the score is the distance itself.

/// The mean of the query's distances from the k enrolled samples t_i: (1 / k) * (sum over i of d(t_i, q)) /
/// spread^power.
struct MeanScore {
  double power = 0;  ///< Finite and not negative.

  /// The score; see Scorer.
  template <Scalar S, Distance<S> Metric>
  double operator()(const Metric& metric, const Enrolled<S>& person, ConstColumn<S> query) const {
    double sum = 0;
    for (Index i = 0; i < person.embeddings.cols(); ++i) {
      sum += static_cast<double>(metric.value(person.sample(i), query));
    }
    return detail::divide_by_spread(sum / static_cast<double>(person.embeddings.cols()), person.spread, power);
  }

  /// @{
  /// For files; see Layer (network/layer.hpp).
  template <class To>
  void save(To& to) const {
    to.number("power", power);
  }
  template <class From>
  static MeanScore load(const From& from) {
    return {from.number("power")};
  }
  /// @}
};
/// @copydoc type_name
template <>
inline constexpr std::string_view type_name<MeanScore> = "MeanScore";

/// The distance of the query from the nearest enrolled sample: min over i of d(t_i, q) / spread^power.
struct MinimumScore {
  double power = 0;  ///< Finite and not negative.

  /// The score; see Scorer.
  template <Scalar S, Distance<S> Metric>
  double operator()(const Metric& metric, const Enrolled<S>& person, ConstColumn<S> query) const {
    S least = std::numeric_limits<S>::infinity();
    for (Index i = 0; i < person.embeddings.cols(); ++i) {
      const S d = metric.value(person.sample(i), query);
      if (!(d >= least)) least = d;
      if (std::isnan(least)) break;
    }
    return detail::divide_by_spread(static_cast<double>(least), person.spread, power);
  }

  /// @{
  /// For files; see Layer (network/layer.hpp).
  template <class To>
  void save(To& to) const {
    to.number("power", power);
  }
  template <class From>
  static MinimumScore load(const From& from) {
    return {from.number("power")};
  }
  /// @}
};
/// @copydoc type_name
template <>
inline constexpr std::string_view type_name<MinimumScore> = "MinimumScore";

/// The distance of the query from the mean of the enrolled embeddings: d(mean of t_i, q) / spread^power.
struct CentroidScore {
  double power = 0;  ///< Finite and not negative.

  /// The score; see Scorer.
  template <Scalar S, Distance<S> Metric>
  double operator()(const Metric& metric, const Enrolled<S>& person, ConstColumn<S> query) const {
    return detail::divide_by_spread(static_cast<double>(metric.value(person.centroid, query)), person.spread, power);
  }

  /// @{
  /// For files; see Layer (network/layer.hpp).
  template <class To>
  void save(To& to) const {
    to.number("power", power);
  }
  template <class From>
  static CentroidScore load(const From& from) {
    return {from.number("power")};
  }
  /// @}
};
/// @copydoc type_name
template <>
inline constexpr std::string_view type_name<CentroidScore> = "CentroidScore";

/// One of the library's scorers, chosen at run time: `AnyScorer scorer = CentroidScore{}`. The default is MeanScore.
class AnyScorer final : public Choice<MeanScore, MinimumScore, CentroidScore> {
 public:
  /// Each of the three scorers converts to AnyScorer.
  using Choice::Choice;

  /// The score; see Scorer.
  template <Scalar S, Distance<S> Metric>
  double operator()(const Metric& metric, const Enrolled<S>& person, ConstColumn<S> query) const {
    return visit([&](const auto& scorer) { return scorer(metric, person, query); });
  }
};

namespace detail {

/// Throws ValueError unless the power is one that scores may be divided by.
inline void check_power(double power) {
  if (std::isfinite(power) && power >= 0) return;
  throw ValueError({"the power of a scorer is ", power, ", but it must be a finite number that is not negative"});
}

/// The score of a query, whichever form the scorer has, by a distance that is no choice.
template <Scalar S, class Scorer, class Metric>
double score_by(const Scorer& scorer, const Metric& metric, const Enrolled<S>& person, ConstColumn<S> query) {
  if constexpr (ScoresEnrolled<Scorer, Metric, S>) {
    return scorer(metric, person, query);
  } else {
    return scorer(person.embeddings, query);
  }
}
/// The same by any distance.
template <Scalar S, class Scorer, class Metric>
double score_query(const Scorer& scorer, const Metric& metric, const Enrolled<S>& person, ConstColumn<S> query) {
  return visit_choice(metric, [&](const auto& chosen) { return score_by(scorer, chosen, person, query); });
}

}  // namespace detail
}  // namespace gemel
