#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <limits>
#include <memory>
#include <type_traits>
#include <utility>

#include "gemel/core/columns.hpp"
#include "gemel/core/error.hpp"
#include "gemel/core/reduce.hpp"
#include "gemel/core/types.hpp"
#include "gemel/network/borrowed_workspace.hpp"
#include "gemel/network/workspace.hpp"
#include "gemel/verification/distances.hpp"
#include "gemel/verification/embedder.hpp"
#include "gemel/verification/scorer.hpp"
#include "gemel/verification/template.hpp"
#include "gemel/verification/verifier.hpp"

namespace gemel {

/// Enrols persons with several samples each, and decides whether a new sample is of the person that it claims to be of:
///
///   ClaimVerifier verifier{model, MeanScore{.power = 0.5}};
///   const Template<float> ada = verifier.enrol(samples_of_ada);             // features x 5
///   verifier = verifier.with(calibrate(trials, {.far = 0.01}));             // see verification/claims.hpp
///   verifier.accepts(ada, sample);
///
/// Its threshold is one of the scorer's scores, not of pairs of samples. Until it has a calibration, it rejects every
/// claim. It owns the model and the scorer, which its copies share. All members are const, so that any number of
/// threads may share a ClaimVerifier. Memory is allocated as by a Verifier.
template <class Model, class Scorer = MeanScore>
class ClaimVerifier {
  static_assert(Embedder<Model>, "gemel: this type does not model the Embedder concept (verification/embedder.hpp)");

 public:
  using Scalar = typename Model::Scalar;             ///< float or double
  using Sample = Eigen::Ref<const MatrixX<Scalar>>;  ///< one column: a VectorX, a features x 1 matrix, or a column

  static_assert(gemel::Scorer<Scorer, std::remove_cvref_t<decltype(std::declval<const Model&>().metric())>, Scalar>,
                "gemel: this type does not model the Scorer concept (verification/scorer.hpp)");

  /// A verifier that rejects every claim until it has a calibration. Throws ValueError if the scorer's power is
  /// negative or not finite.
  explicit ClaimVerifier(Model model, Scorer scorer = {})
      : ClaimVerifier(std::move(model), std::move(scorer), not_calibrated()) {}
  /// A verifier that accepts scores up to calibration.threshold. Throws ValueError also if that is NaN.
  ClaimVerifier(Model model, Scorer scorer, Calibration calibration)
      : parts_(std::make_shared<const Parts>(Parts{std::move(model), std::move(scorer)})),
        calibration_(checked(std::move(calibration))) {
    detail::check_power(detail::power_of(parts_->scorer));
  }

  /// A verifier with the same model and scorer, which accepts the same templates, and another threshold. Throws
  /// ValueError if the threshold is NaN.
  ClaimVerifier with(Calibration calibration) const {
    ClaimVerifier other = *this;
    other.calibration_ = checked(std::move(calibration));
    return other;
  }

  /// Enrols a person with k >= 1 samples (features x k). Throws ValueError if there is no sample, or if the scorer
  /// divides by the spread and there are fewer than two samples or all have the same embedding; ShapeError if they do
  /// not have as many features as the model takes; NonFiniteError if a sample has NaN or infinity (`place().sample` is
  /// its column), or if the spread is not finite.
  Template<Scalar> enrol(const Eigen::Ref<const MatrixX<Scalar>>& samples) const {
    return enrol_embeddings(embed(samples));
  }
  /// As above, but with embeddings (out x k) that were computed before by the same model. Throws NonFiniteError if one
  /// has NaN or infinity.
  Template<Scalar> enrol_embeddings(MatrixX<Scalar> embeddings) const {
    check_embeddings(embeddings);
    const double spread = detail::spread_of(model().metric(), embeddings);
    if (embeddings.cols() > 1) check_finite(spread);
    if (detail::power_of(scorer()) != 0) check_spread(embeddings.cols(), spread);
    return detail::TemplateAccess::make<Scalar>(parts_, std::move(embeddings), spread);
  }

  /// A template from what a template is made of: its embeddings (out x k) and its spread, which `enrol` computed.
  /// Throws ValueError or NonFiniteError if they cannot be those of a template.
  Template<Scalar> remake(MatrixX<Scalar> embeddings, double spread) const {
    check_embeddings(embeddings);
    if (spread < 0 || (!std::isfinite(spread) && embeddings.cols() > 1)) {
      throw ValueError({"a spread of ", spread, " is impossible"});
    }
    if (detail::power_of(scorer()) != 0) check_spread(embeddings.cols(), spread);
    return detail::TemplateAccess::make<Scalar>(parts_, std::move(embeddings), spread);
  }

  /// The embeddings (out x n) of n samples (features x n). Throws ShapeError if they do not have as many features as
  /// the model takes, and NonFiniteError if one has NaN or infinity (`place().sample` is its column).
  MatrixX<Scalar> embed(const Eigen::Ref<const MatrixX<Scalar>>& samples) const { return embed(columns(samples)); }
  /// As above, but for samples in a ColumnList. It is a template for the reason given at Siamese::embed.
  template <std::same_as<ColumnList<Scalar>> List>
  MatrixX<Scalar> embed(List samples) const {
    check_features(samples);
    return detail::embeddings_of(model(), samples);
  }

  /// The score of a sample (features x 1) that claims to be of this person. Throws ValueError if another ClaimVerifier
  /// made the template; ShapeError if it is not one sample with as many features as the model takes; NonFiniteError if
  /// a feature or the score is NaN or infinite.
  double score(const Template<Scalar>& person, const Sample& sample) const {
    check_made(person);
    return score(person.enrolled(), sample);
  }
  /// The scores (n x 1) of n samples (features x n). Throws like `score`, where `place().sample` is the column.
  VectorX<double> scores(const Template<Scalar>& person, const Eigen::Ref<const MatrixX<Scalar>>& samples) const {
    check_made(person);
    VectorX<double> values(samples.cols());
    measure(person.enrolled(), columns(samples), values.data());
    return values;
  }
  /// The score of an embedding (out x 1) that was computed before by the same model. Throws ShapeError if it has
  /// another size than those of the template, otherwise like `score`.
  double score_embedding(const Template<Scalar>& person, ConstColumn<Scalar> embedding) const {
    check_made(person);
    check_size(person.enrolled(), embedding.size());
    const double value = detail::score_query(scorer(), model().metric(), person.enrolled(), embedding);
    if (!std::isfinite(value)) {
      throw NonFiniteError("the score is not finite: look for huge features in the enrolled samples and the query");
    }
    return value;
  }

  /// Whether the claim of a sample (features x 1) to be of this person is accepted. Throws like `score`.
  bool accepts(const Template<Scalar>& person, const Sample& sample) const {
    return accepts(person, score(person, sample));
  }
  /// Whether a score that `score` returned is at most the template's own threshold, or else this verifier's.
  bool accepts(const Template<Scalar>& person, double score) const {
    return score <= person.threshold().value_or(calibration_.threshold);
  }

  /// Whether this verifier, or a copy of it, made the template.
  bool made(const Template<Scalar>& person) const { return detail::TemplateAccess::verifier(person) == parts_.get(); }

  const Model& model() const { return parts_->model; }             ///< The model that embeds the samples.
  const Scorer& scorer() const { return parts_->scorer; }          ///< The scorer.
  const Calibration& calibration() const { return calibration_; }  ///< The threshold, on the scale of the scores.

 private:
  template <class, class>
  friend class Gallery;  // scores persons where they are, without a copy of their templates

  struct Parts {
    Model model;
    Scorer scorer;
  };

  static constexpr Index block = 96;  // samples that are embedded at once

  [[gnu::cold]] static Calibration not_calibrated() {
    Calibration none;
    none.threshold = -std::numeric_limits<double>::infinity();
    none.frr = 1;
    none.interval.method = "none is needed: no claim at all is accepted";
    none.method = "not calibrated: every claim is rejected";
    return none;
  }
  static Calibration checked(Calibration calibration) {
    if (std::isnan(calibration.threshold)) throw ValueError("the threshold is NaN");
    return calibration;
  }

  static ColumnList<Scalar> columns(const Eigen::Ref<const MatrixX<Scalar>>& samples) {
    return {samples.data(), samples.outerStride(), samples.rows(), samples.cols()};
  }

  static void check_features(const ColumnList<Scalar>& samples) {
    for (Index j = 0; j < samples.cols(); ++j) {
      if (std::isfinite(max_abs(samples[j], samples.rows()))) continue;
      throw NonFiniteError("a sample's features hold NaN or infinity; clean the data or leave the sample out",
                           {.sample = j, .feature = detail::first_not_finite(samples[j], samples.rows())});
    }
  }

  static void check_embeddings(const MatrixX<Scalar>& embeddings) {
    if (embeddings.size() == 0) throw ValueError("a person is enrolled with at least one sample, but there is none");
    for (Index j = 0; j < embeddings.cols(); ++j) {
      if (embeddings.col(j).allFinite()) continue;
      throw NonFiniteError("a sample's embedding is not finite: look for huge features", {.sample = j});
    }
  }

  static void check_finite(double spread) {
    if (std::isfinite(spread)) return;
    throw NonFiniteError("the spread of the person's samples is not finite: look for huge features");
  }

  [[gnu::cold]] static void check_spread(Index samples, double spread) {
    if (samples < 2) {
      throw ValueError(
          "the scorer divides by the spread: a person is enrolled with at least two, but there is one; "
          "give more, or a scorer with the power 0");
    }
    if (spread == 0) {
      throw ValueError(
          "the scorer divides by the spread of a person's samples, but all of these have the same embedding; give "
          "different samples, or a scorer with the power 0");
    }
    check_finite(spread);
  }

  void check_made(const Template<Scalar>& person) const {
    if (made(person)) return;
    throw ValueError(
        "the template was made by another ClaimVerifier, whose embeddings are not comparable: enrol the person with "
        "this one");
  }
  static void check_size(const Enrolled<Scalar>& person, Index out) {
    if (person.embeddings.rows() == out) return;
    throw ShapeError(
        {"the template's embeddings have ", person.embeddings.rows(), " elements, but this one has ", out});
  }

  /// The score of a sample against a person whom this verifier has enrolled.
  double score(const Enrolled<Scalar>& person, const Sample& sample) const {
    if (sample.cols() != 1) {
      throw ShapeError({"one sample (features x 1) is compared with a person, but this is ", sample.rows(), " x ",
                        sample.cols(), ": use scores for several"});
    }
    double value = 0;
    measure(person, columns(sample), &value);
    return value;
  }

  void measure(const Enrolled<Scalar>& person, const ColumnList<Scalar>& samples, double* values) const {
    check_features(samples);
    detail::BorrowedWorkspace<Scalar> workspace;
    for (Index first = 0; first < samples.cols(); first += block) {
      const Index count = std::min(block, samples.cols() - first);
      detail::with_embeddings(
          model(), samples.middle(first, count), *workspace, [&](const Scalar* embeddings, Index out) {
            check_size(person, out);
            for (Index j = 0; j < count; ++j) {
              const ConstColumn<Scalar> query{embeddings + j * out, out};
              values[first + j] = detail::score_query(scorer(), model().metric(), person, query);
              if (std::isfinite(values[first + j])) continue;
              throw NonFiniteError(
                  "the score is not finite: look for huge features in the enrolled samples and the query",
                  {.sample = first + j});
            }
          });
    }
  }

  std::shared_ptr<const Parts> parts_;
  Calibration calibration_;
};

}  // namespace gemel
