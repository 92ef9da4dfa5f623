// Bad input of error rates, calibration and verification.

#include <limits>
#include <string>
#include <vector>

#include "bad_input/table.hpp"
#include "bad_input/training.hpp"
#include "gemel/data/classes.hpp"
#include "gemel/metrics/curve_band.hpp"
#include "gemel/metrics/far_prediction.hpp"
#include "gemel/metrics/interval.hpp"
#include "gemel/metrics/retrieval.hpp"
#include "gemel/metrics/roc.hpp"
#include "gemel/metrics/student_deviate.hpp"
#include "gemel/network/any_model.hpp"
#include "gemel/network/ensemble.hpp"
#include "gemel/verification/calibration.hpp"
#include "gemel/verification/evaluate.hpp"
#include "gemel/verification/nearest.hpp"
#include "gemel/verification/verifier.hpp"

namespace gemel::bad_input {

namespace {

const std::vector<double> near_and_far = {0.1, 0.9, 0.2, 0.8};
const Labels similar_or_not{1, 0, 1, 0};
const Roc roc{near_and_far, similar_or_not};

/// Computes the interval of the EER for distances that are not perfectly separated.
void eer(const IntervalOptions& options) { eer_interval({0.1, 0.9, 0.85, 0.8}, similar_or_not, options); }
void far(double threshold) { far_interval(near_and_far, similar_or_not, threshold); }
void prediction(double threshold, Index people) {
  far_prediction(near_and_far, similar_or_not, threshold, people, {.identities = {{1, 1}, {1, 2}, {2, 2}, {2, 1}}});
}

void calibrated(const CalibrationOptions& options) { calibrate(near_and_far, similar_or_not, options); }
void evaluated(const Pairs<float>& pairs, double margin = 1) {
  evaluate(a_model(), pairs, ContrastiveLoss{.margin = margin});
}
Pairs<float> two_pairs_of(Index features) {
  return {MatrixX<float>::Ones(features, 2), MatrixX<float>::Ones(features, 2), {1, 0}};
}
Pairs<float> all_similar() { return {MatrixX<float>::Ones(3, 2), MatrixX<float>::Zero(3, 2), {1, 1}}; }

/// Compares a good sample with another one in a Verifier.
auto asked(const MatrixX<float>& other) {
  return [other] {
    const Verifier<Model> verifier{a_model(), {.threshold = 0.5}};
    const MatrixX<float> good = MatrixX<float>::Ones(3, 1);
    if (!verifier.same(good, good)) return;
    verifier.same(good, other);
  };
}
MatrixX<float> sample(float second) { return VectorX<float>{{1, second, 1}}; }
/// Compares samples in a Verifier whose hidden units all map an infinite feature to 0, so that the distance is finite
/// but meaningless.
auto asked_where_infinity_hides(float infinite) {
  return [infinite] {
    Model model = a_model();
    VectorX<float> parameters = VectorX<float>::Constant(26, -1);
    model.set_parameters(parameters);
    const Verifier<Model> verifier{model, {.threshold = 0.5}};
    verifier.same(MatrixX<float>::Ones(3, 1), sample(infinite));
  };
}

/// Searches a gallery of six embeddings, of which number 4 has the value `in_gallery`, for two, of which number 1 has
/// the value `in_queries`.
auto searched(float in_queries, float in_gallery) {
  return [in_queries, in_gallery] {
    MatrixX<float> queries = MatrixX<float>::Ones(3, 2), gallery = MatrixX<float>::Ones(3, 6);
    queries(2, 1) = in_queries;
    gallery(1, 4) = in_gallery;
    gemel::nearest(queries, gallery, {.k = 6});
  };
}
auto searched_with(const NearestOptions& options, Index size = 3, Index queries = 6, Index gallery = 6) {
  return [=] { gemel::nearest(MatrixX<float>::Ones(size, queries), MatrixX<float>::Ones(3, gallery), options); };
}
const Classes classes_of_six{1, 1, 2, 2};
/// The recall of four samples, each with one neighbour.
auto recalled(const std::vector<Index>& neighbours) {
  return [neighbours] {
    const MatrixX<Index> table = Eigen::Map<const MatrixX<Index>>(neighbours.data(), 1, length(neighbours));
    recall_at_k(table, classes_of_six);
  };
}

/// Makes an ensemble of a_model() and of another model.
auto joined(const AnyModel<float>& other) {
  return [other] { Ensemble<AnyModel<float>>{a_model(), other}; };
}
AnyModel<float> of_four_features() {
  Rng rng{1};
  return Siamese{make_network<float>(rng, Dense<4, 2>{})};
}
void embedded(Index features) { Ensemble{a_model(), a_model()}.embed(MatrixX<float>::Ones(features, 2)); }
/// Calibrates an ensemble on pairs, of which pair 2 has the value.
auto ensemble_calibrated(float value) {
  return [value] { calibrate(Ensemble{a_model(), a_model()}, six_pairs(2, value), {.far = 0.5}); };
}

}  // namespace

std::vector<Row> verification_rows() {
  const std::string bad_sample = "a sample's features hold NaN or infinity";

  return {
      {"Roc",
       {{WrongShape, throws<ShapeError>("there are 4 distances, but 2 labels",
                                        [] {
                                          Roc{near_and_far, {1, 0}};
                                        })},
        {NaN,
         {throws<NonFiniteError>("the distance is NaN: look for such values", {.pair = 1},
                                 [] {
                                   Roc{{0.1, nan}, {1, 0}};
                                 }),
          throws<ValueError>("the threshold is NaN", [] { roc.far(nan); }),
          throws<ValueError>("the threshold is NaN", [] { roc.frr(nan); }),
          throws<ValueError>("the threshold is NaN", [] { roc.accuracy(nan); }),
          throws<ValueError>("a false accept rate lies within 0 and 1, but nan", [] { roc.threshold_at_far(nan); })}},
        {Infinite,
         {throws<NonFiniteError>("the distance is infinite", {.pair = 0},
                                 [] {
                                   Roc{{inf, 0.1}, {1, 0}};
                                 }),
          fine("an infinite threshold accepts all or nothing",
               [] { return roc.far(inf) == 1 && roc.far(-inf) == 0 && roc.frr(-inf) == 1; })}},
        {Empty, throws<ValueError>("there are no pairs",
                                   [] {
                                     Roc{std::vector<double>{}, Labels{}};
                                   })},
        {OneClass,
         {throws<ValueError>("all 2 pairs are similar: error rates need pairs of both classes",
                             [] {
                               Roc{{0.1, 0.2}, {1, 1}};
                             }),
          throws<ValueError>("all 2 pairs are dissimilar",
                             [] {
                               Roc{{0.1, 0.2}, {0, 0}};
                             })}},
        {BadLabel, see("Labels")},
        {OutOfRange,
         {throws<ValueError>("but -0.1", [] { roc.threshold_at_far(-0.1); }),
          throws<ValueError>("but 1.5", [] { roc.threshold_at_far(1.5); })}},
        no_file()}},

      {"evaluate",
       {{WrongShape, throws<ShapeError>("the network takes 3 features, but the samples have 4",
                                        [] { evaluated(two_pairs_of(4)); })},
        {NaN,
         {throws_at<NonFiniteError>(bad_sample, "pair 4, sample 10, feature 1", [] { evaluated(six_pairs(4, nan_f)); }),
          throws<ValueError>("a loss's margin must be positive and finite, but nan",
                             [] { evaluated(six_pairs(), nan); })}},
        {Infinite,
         {throws_at<NonFiniteError>(bad_sample, "pair 0, sample 6, feature 1", [] { evaluated(six_pairs(0, inf_f)); }),
          throws_at<NonFiniteError>(bad_sample, "pair 5, sample 11, feature 1",
                                    [] { evaluated(six_pairs(5, -inf_f)); })}},
        {Empty, see("Pairs of two matrices")},
        {OneClass, throws<ValueError>("all 2 pairs are similar", [] { evaluated(all_similar()); })},
        {BadLabel, see("Labels")},
        {OutOfRange,
         {throws<NonFiniteError>("the distance is", {.pair = 3}, [] { evaluated(six_pairs(3, 3e38f)); }),
          throws<ValueError>("but 0 was", [] { evaluated(six_pairs(), 0); })}},
        no_file()}},

      {"far_interval, eer_interval",
       {{WrongShape,
         {throws<ShapeError>("there are 4 distances, but 3 labels",
                             [] {
                               eer_interval(near_and_far, {1, 0, 1});
                             }),
          throws<ValueError>("there are 1 pairs of identities, but 4 pairs",
                             [] {
                               eer({.identities = {{1, 1}}});
                             })}},
        {NaN,
         {throws<NonFiniteError>("the distance is NaN", {.pair = 2},
                                 [] {
                                   eer_interval({0.1, 0.9, nan, 0.8}, similar_or_not);
                                 }),
          throws<ValueError>("a confidence lies between 0 and 1, but nan", [] { eer({.confidence = nan}); }),
          throws<ValueError>("the threshold is NaN", [] { far(nan); }),
          throws<ValueError>("a confidence lies between 0 and 1", [] { wilson_interval(1, 2, nan); })}},
        {Infinite,
         {throws<NonFiniteError>("the distance is infinite", {.pair = 3},
                                 [] {
                                   far_interval({0.1, 0.9, 0.2, inf}, similar_or_not, 0.5);
                                 }),
          throws<ValueError>("a confidence lies between 0 and 1, but inf", [] { eer({.confidence = inf}); })}},
        {Empty,
         {throws<ValueError>("there are no pairs", [] { eer_interval(std::vector<double>{}, Labels{}); }),
          throws<ValueError>("0 errors in 0 trials are not possible", [] { wilson_interval(0, 0); })}},
        {OneClass, throws<ValueError>("all 2 pairs are dissimilar",
                                      [] {
                                        far_interval({0.1, 0.2}, {0, 0}, 0.5);
                                      })},
        {BadLabel, throws<ValueError>("the label says dissimilar, but the identities are 5 and 5", {.pair = 1},
                                      [] {
                                        eer({.identities = {{4, 4}, {5, 5}, {4, 4}, {4, 5}}});
                                      })},
        {OutOfRange,
         {throws<ValueError>("but 1 was", [] { eer({.confidence = 1}); }),
          throws<ValueError>("but 0 was", [] { eer({.confidence = 0}); }),
          throws<ValueError>("needs at least 40 replicates, but 39 were asked for", [] { eer({.replicates = 39}); }),
          throws<ValueError>("but -1 were asked for", [] { eer({.replicates = -1}); }),
          throws<ValueError>("3 errors in 2 trials", [] { wilson_interval(3, 2); }),
          throws<ValueError>("-1 errors", [] { wilson_interval(-1, 2); })}},
        no_file()}},

      {"far_prediction, student_deviate",
       {{WrongShape, see("far_interval, eer_interval")},
        {NaN,
         {throws<ValueError>("the threshold is NaN", [] { prediction(nan, 3); }),
          throws<ValueError>("a rate lies within 0 and 1, but nan", [] { student_deviate(nan, 2); })}},
        {Infinite, see("far_interval, eer_interval")},
        {Empty, throws<ValueError>("needs the identities of the pairs",
                                   [] { far_prediction(near_and_far, similar_or_not, 0.5, 3, {}); })},
        {OneClass, see("far_interval, eer_interval")},
        {BadLabel, see("far_interval, eer_interval")},
        {OutOfRange,
         {throws<ValueError>("for at least 2 people, but 1 were asked for", [] { prediction(0.5, 1); }),
          throws<ValueError>("at least 1, but 0 were given", [] { student_deviate(0.5, 0); })}},
        no_file()}},

      {"curve_band, det",
       {{WrongShape, throws<ShapeError>("there are 4 distances, but 3 labels",
                                        [] {
                                          curve_band(near_and_far, {1, 0, 1});
                                        })},
        {NaN,
         {throws<NonFiniteError>("the distance is NaN", {.pair = 2},
                                 [] {
                                   curve_band({0.1, 0.9, nan, 0.8}, similar_or_not);
                                 }),
          throws<ValueError>("a rate lies within 0 and 1, but nan", [] { normal_deviate(nan); })}},
        {Infinite,
         {throws<NonFiniteError>("the distance is infinite", {.pair = 3},
                                 [] {
                                   curve_band({0.1, 0.9, 0.2, inf}, similar_or_not);
                                 }),
          throws<ValueError>("a rate lies within 0 and 1, but inf", [] { det({.far = {inf}}); })}},
        {Empty, throws<ValueError>("there are no pairs", [] { curve_band(std::vector<double>{}, Labels{}); })},
        {OneClass, throws<ValueError>("all 2 pairs are dissimilar",
                                      [] {
                                        curve_band({0.1, 0.2}, {0, 0});
                                      })},
        {BadLabel, see("far_interval, eer_interval")},
        {OutOfRange,
         {throws<ValueError>("at least two points, but 1", [] { curve_band(near_and_far, similar_or_not, {}, 1); }),
          throws<ValueError>("at least 40 replicates, but 39",
                             [] { curve_band(near_and_far, similar_or_not, {.replicates = 39}); })}},
        no_file()}},

      {"calibrate",
       {{WrongShape,
         {throws<ShapeError>("there are 4 distances, but 2 labels",
                             [] {
                               calibrate(near_and_far, {1, 0}, {.far = 0.5});
                             }),
          throws<ShapeError>("the network takes 3 features",
                             [] { calibrate(a_model(), two_pairs_of(2), {.far = 0.5}); })}},
        {NaN,
         {throws<ValueError>("a false accept rate to calibrate to lies between 0 and 1, but nan",
                             [] { calibrated({.far = nan}); }),
          throws_at<NonFiniteError>(bad_sample, "pair 2, sample 8, feature 1",
                                    [] { calibrate(a_model(), six_pairs(2, nan_f), {.far = 0.5}); }),
          throws<ValueError>("a confidence lies", [] { calibrated({.far = 0.5, .interval = {.confidence = nan}}); })}},
        {Infinite,
         {throws<ValueError>("but inf", [] { calibrated({.far = inf}); }),
          throws_at<NonFiniteError>(bad_sample, "pair 1, sample 7, feature 1",
                                    [] { calibrate(a_model(), six_pairs(1, -inf_f), {.far = 0.5}); })}},
        {Empty, throws<ValueError>("there are no pairs", [] { calibrate(std::vector<double>{}, Labels{}); })},
        {OneClass,
         {throws<ValueError>("all 2 pairs are similar",
                             [] {
                               calibrate({0.1, 0.2}, {1, 1});
                             }),
          throws<ValueError>("all 2 pairs are similar", [] { calibrate(a_model(), all_similar()); })}},
        {BadLabel, throws<ValueError>("similar pairs are farther apart than dissimilar ones (AUC 0)",
                                      [] {
                                        calibrate({0.8, 0.9, 0.1, 0.2}, {1, 1, 0, 0}, {.at_eer = true});
                                      })},
        {OutOfRange,
         {throws<ValueError>("but 0 was", [] { calibrated({.far = 0}); }),
          throws<ValueError>("but 1 was", [] { calibrated({.far = 1}); }),
          throws<ValueError>("but -0.1", [] { dissimilar_pairs_needed(-0.1); }),
          throws<ValueError>("needs at least 100 dissimilar pairs, but there are 2", [] { calibrated({.far = 0.01}); }),
          throws<ValueError>("dissimilar pairs, but there are 2", [] { calibrated({.far = 5e-324}); }),
          throws<ValueError>("there is no threshold for a FAR of at most 0.5: all distances are equal",
                             [] {
                               calibrate({0.5, 0.5, 0.5, 0.5}, similar_or_not, {.far = 0.5});
                             })}},
        no_file()}},

      {"nearest",
       {{WrongShape,
         {throws<ShapeError>("but these are 2 x 6 and 3 x 6", searched_with({.k = 1}, 2)),
          throws<ShapeError>("but there are 2 queries, 6 samples in the gallery, and 6 classes",
                             searched_with({.k = 1, .other_than = Classes{1, 1, 2, 2, 3, 3}}, 3, 2)),
          throws<ShapeError>("and 4 classes", searched_with({.k = 1, .other_than = classes_of_six}))}},
        {NaN,
         {throws<NonFiniteError>("this embedding of the queries holds NaN", {.sample = 1}, searched(nan_f, 1)),
          throws<NonFiniteError>("this embedding of the gallery holds NaN", {.sample = 4}, searched(1, nan_f))}},
        {Infinite,
         {throws<NonFiniteError>("this embedding of the queries holds NaN", {.sample = 1}, searched(inf_f, 1)),
          throws<NonFiniteError>("this embedding of the gallery holds NaN", {.sample = 4}, searched(1, -inf_f))}},
        {Empty,
         {throws<ValueError>("k is 1, but the gallery has only 0 samples", searched_with({.k = 1}, 3, 6, 0)),
          fine("without queries there are no neighbours",
               [] {
                 const MatrixX<float> gallery = MatrixX<float>::Ones(3, 6);
                 return gemel::nearest(gallery.leftCols(0), gallery, {.k = 1}).samples.size() == 0;
               })}},
        {OneClass, throws<ValueError>("k is 1, but only 0 samples are not of class 4",
                                      searched_with({.k = 1, .other_than = Classes{4, 4, 4, 4, 4, 4}}))},
        {BadLabel, impossible("classes are any integers")},
        {OutOfRange,
         {throws<ValueError>("k is 0, but each query needs at least 1 neighbour", searched_with({.k = 0})),
          throws<ValueError>("k is 7, but the gallery has only 6 samples", searched_with({.k = 7})),
          throws<ValueError>("threads must be 1 to", searched_with({.k = 1, .threads = -1})),
          throws<NonFiniteError>("fewer than 6 samples of the gallery are at a finite distance from this query",
                                 {.sample = 1}, searched(3e38f, 1))}},
        no_file()}},

      {"recall_at_k, precision_at_1, map_at_r",
       {{WrongShape, throws<ShapeError>("but this is 1 x 3, and there are 4 queries", recalled({1, 2, 3}))},
        {{NaN, Infinite}, impossible("sample numbers are integers")},
        {Empty, throws<ShapeError>("but this is 1 x 0, and there are 4 queries", recalled({}))},
        {OneClass, fine("all neighbours are relevant if there is one class",
                        [] {
                          return recall_at_k(MatrixX<Index>{{1, 0}}, Classes{5, 5}) == 1;
                        })},
        {BadLabel, throws<ValueError>("no query has a sample of its class",
                                      [] {
                                        precision_at_1(MatrixX<Index>{{1, 0}}, Classes{5, 6});
                                      })},
        {OutOfRange,
         {throws<ValueError>("its neighbour is sample 4, but the gallery has the samples 0 to 3", {.sample = 2},
                             recalled({1, 0, 4, 2})),
          throws<ValueError>("its neighbour is sample -1", {.sample = 0}, recalled({-1, 0, 3, 2})),
          throws<ValueError>("it is its own neighbour", {.sample = 3}, recalled({1, 0, 3, 3})),
          throws<ValueError>("so MAP@R needs k >= 2, but the table has k = 1", {.sample = 0},
                             [] {
                               map_at_r(MatrixX<Index>{{1, 0, 0}}, Classes{5, 5, 5});
                             })}},
        no_file()}},

      {"Ensemble",
       {{WrongShape,
         {throws<ShapeError>("member 0 takes 3 features, and member 1 takes 4", joined(of_four_features())),
          throws<ShapeError>("the ensemble takes 3 features, but the samples have 2", [] { embedded(2); })}},
        {NaN, throws_at<NonFiniteError>(bad_sample, "pair 2, sample 8, feature 1", ensemble_calibrated(nan_f))},
        {Infinite, throws_at<NonFiniteError>(bad_sample, "pair 2, sample 8, feature 1", ensemble_calibrated(inf_f))},
        {Empty, throws<ValueError>("an ensemble has no members; it needs at least one",
                                   [] { Ensemble<Model>{std::vector<Model>{}}; })},
        {{OneClass, BadLabel}, impossible("no labels are in play")},
        {OutOfRange, throws<ValueError>("the distance of member 1 differs from the distance of member 0",
                                        joined(Siamese{a_model().network(), Cosine{}}))},
        no_file()}},

      {"Verifier: calibration",
       {{{WrongShape, Empty}, impossible("a threshold is one number")},
        {NaN, throws<ValueError>("the threshold is NaN",
                                 [] {
                                   Verifier<Model>{a_model(), {.threshold = nan}};
                                 })},
        {Infinite, fine("an infinite threshold accepts nothing, or all",
                        [] {
                          const MatrixX<float> x = sample(1);
                          return !Verifier<Model>{a_model(), {.threshold = -inf}}.same(x, x) &&
                                 Verifier<Model>{a_model(), {.threshold = inf}}.same(x, x);
                        })},
        {{OneClass, BadLabel}, impossible("no labels are in play")},
        {OutOfRange, impossible("a threshold is any number")},
        no_file()}},

      {"Verifier: samples",
       {{WrongShape,
         {throws<ShapeError>("are compared, but these are 3 x 1 and 4 x 1", asked(MatrixX<float>::Ones(4, 1))),
          throws<ShapeError>("but these are 3 x 1 and 3 x 2", asked(MatrixX<float>::Ones(3, 2))),
          throws<ShapeError>("but these are 3 x 1 and 1 x 3", asked(MatrixX<float>::Ones(1, 3))),
          throws<ShapeError>("the network takes 3 features, but the samples have 2",
                             [] {
                               const MatrixX<float> x = MatrixX<float>::Ones(2, 1);
                               Verifier<Model>{a_model(), {.threshold = 0.5}}.distance(x, x);
                             })}},
        {NaN, throws_at<NonFiniteError>(bad_sample, "sample 1, feature 1", asked(sample(nan_f)))},
        {Infinite,
         {throws_at<NonFiniteError>(bad_sample, "sample 1, feature 1", asked(sample(inf_f))),
          throws_at<NonFiniteError>(bad_sample, "sample 1, feature 1", asked(sample(-inf_f))),
          throws_at<NonFiniteError>(bad_sample, "sample 1, feature 1", asked_where_infinity_hides(inf_f))}},
        {Empty,
         {throws<ShapeError>("but these are 3 x 1 and 0 x 1", asked(MatrixX<float>(0, 1))),
          throws<ShapeError>("but these are 3 x 1 and 3 x 0", asked(MatrixX<float>(3, 0)))}},
        {{OneClass, BadLabel}, impossible("no labels are in play")},
        {OutOfRange,
         throws<NonFiniteError>("the distance is not finite: look for huge features", asked(sample(3e38f)))},
        no_file()}},
  };
}

}  // namespace gemel::bad_input
