// Bad input of templates, claims and identification.

#include <string>
#include <vector>

#include "bad_input/table.hpp"
#include "bad_input/training.hpp"
#include "gemel/verification/claim_verifier.hpp"
#include "gemel/verification/claims.hpp"
#include "gemel/verification/gallery.hpp"
#include "gemel/verification/identification.hpp"

namespace gemel::bad_input {

namespace {

using Verify = ClaimVerifier<Model, MeanScore>;

MatrixX<float> three_samples(float last) {
  MatrixX<float> x = MatrixX<float>::Ones(3, 3);
  x(0, 1) = 2;
  x(1, 2) = last;
  return x;
}
auto enrolled(const MatrixX<float>& samples, double power = 0) {
  return [samples, power] { Verify{a_model(), {.power = power}}.enrol(samples); };
}
auto scored(const MatrixX<float>& sample) {
  return [sample] {
    const Verify verifier{a_model()};
    verifier.score(verifier.enrol(three_samples(1)), sample);
  };
}
auto claimed(const std::vector<Claim>& all, float last = 1) {
  return [all, last] {
    const Verify verifier{a_model()};
    const auto persons = enrol_all(verifier, Samples<float>(three_samples(1)), Classes{0, 0, 1});
    calibrate(claims(verifier, persons, Samples<float>(three_samples(last)), all), {.far = 0.5});
  };
}
/// Two strangers against two persons.
Trials strangers(double last) {
  return {.scores = {1, 2, 3, last},
          .labels = {0, 0, 0, 0},
          .identities = {{0, 5}, {1, 5}, {0, 6}, {1, 6}},
          .samples = {0, 0, 1, 1}};
}
auto identified(const Trials& trials, const IdentificationOptions& options = {.fpir = 0.5}) {
  return [trials, options] { calibrate_identification(trials, options); };
}
Trials without(const char* what) {
  Trials trials = strangers(4);
  if (what == std::string("samples")) trials.samples.pop_back();
  if (what == std::string("labels")) trials.labels = Labels{0, 0, 0};
  if (what == std::string("strangers")) trials.labels = Labels{1, 1, 1, 1};
  return trials;
}
Trials twice() {
  Trials trials = strangers(4);
  trials.identities[2].first = 1;
  return trials;
}
Gallery<Model> a_gallery() {
  Gallery<Model> gallery{Verify{a_model()}};
  gallery.add("Ada", three_samples(1));
  return gallery;
}
auto named(const std::string& name) {
  return [name] { a_gallery().add(name, three_samples(1)); };
}

constexpr const char* bad_sample = "a sample's features hold NaN or infinity";

}  // namespace

std::vector<Row> claims_rows() {
  return {
      {"ClaimVerifier: enrolled samples",
       {{WrongShape, throws<ShapeError>("the network takes 3 features, but the samples have 2",
                                        enrolled(MatrixX<float>::Ones(2, 2)))},
        {NaN, throws_at<NonFiniteError>(bad_sample, "sample 2, feature 1", enrolled(three_samples(nan_f)))},
        {Infinite, throws_at<NonFiniteError>(bad_sample, "sample 2, feature 1", enrolled(three_samples(inf_f)))},
        {Empty, throws<ValueError>("enrolled with at least one sample", enrolled(MatrixX<float>(3, 0)))},
        {{OneClass, BadLabel}, impossible("no labels are in play")},
        {OutOfRange,
         {throws<ValueError>("the power of a scorer is -1", enrolled(three_samples(1), -1)),
          throws<ValueError>("at least two, but there is one", enrolled(MatrixX<float>::Ones(3, 1), 1)),
          throws<ValueError>("all of these have the same embedding", enrolled(MatrixX<float>::Ones(3, 2), 1))}},
        no_file()}},

      {"ClaimVerifier: query",
       {{WrongShape,
         {throws<ShapeError>("one sample (features x 1) is compared with a person, but this is 3 x 2",
                             scored(MatrixX<float>::Ones(3, 2))),
          throws<ShapeError>("the network takes 3 features", scored(MatrixX<float>::Ones(2, 1)))}},
        {NaN, throws_at<NonFiniteError>(bad_sample, "sample 0, feature 1", scored(three_samples(nan_f).rightCols(1)))},
        {Infinite,
         throws_at<NonFiniteError>(bad_sample, "sample 0, feature 1", scored(three_samples(-inf_f).rightCols(1)))},
        {Empty, throws<ShapeError>("but this is 3 x 0", scored(MatrixX<float>(3, 0)))},
        {{OneClass, BadLabel}, impossible("no labels are in play")},
        {OutOfRange,
         throws_at<NonFiniteError>("the score is not finite", "sample 0", scored(three_samples(3e38F).rightCols(1)))},
        no_file()}},

      {"claims",
       {{WrongShape, throws<ShapeError>("there are 3 samples, but 2 classes",
                                        [] {
                                          enrol_all(Verify{a_model()}, Samples<float>(three_samples(1)), Classes{0, 1});
                                        })},
        {NaN, throws_at<NonFiniteError>(bad_sample, "sample 2, feature 1", claimed({{0, 0, true}}, nan_f))},
        {Infinite, throws_at<NonFiniteError>(bad_sample, "sample 2, feature 1", claimed({{0, 0, true}}, inf_f))},
        {Empty, throws<ValueError>("there are no pairs", claimed({}))},
        {OneClass, throws<ValueError>("all 1 pairs are similar", claimed({{0, 0, true}}))},
        {BadLabel, throws_at<ValueError>("the claim is genuine, but the sample is of person 1, not 0", "pair 1",
                                         claimed({{0, 0, true}, {0, 0, true, 1}}))},
        {OutOfRange,
         {throws_at<ValueError>("the claim is made by sample 3, but the probes are 0 to 2", "pair 0",
                                claimed({{3, 0, true}})),
          throws_at<ValueError>("the claimed person is -1, but the templates are 0 to 1", "pair 0",
                                claimed({{0, -1, true}})),
          throws_at<NonFiniteError>("the score is not finite", "pair 1, sample 2",
                                    claimed({{0, 0, true}, {2, 0, false}}, 3e38F))}},
        no_file()}},

      {"calibrate_identification",
       {{WrongShape,
         {throws<ShapeError>("4 identities and 3 samples", identified(without("samples"))),
          throws<ShapeError>("there are 4 scores, 3 labels", identified(without("labels")))}},
        {NaN, throws_at<NonFiniteError>("a score is NaN", "pair 3", identified(strangers(nan)))},
        {Infinite, fine("an infinite score is never accepted",
                        [] { return calibrate_identification(strangers(inf), {.fpir = 0.5}).at(1).threshold < inf; })},
        {Empty, throws<ValueError>("there is no impostor's trial", identified({}))},
        {OneClass, throws<ValueError>("there is no impostor's trial", identified(without("strangers")))},
        {BadLabel, impossible("labels are 0 or 1")},
        {OutOfRange,
         {throws<ValueError>("but 0 was", identified(strangers(4), {.fpir = 0})),
          throws<ValueError>("need at least 100 strangers, but the trials have 2",
                             identified(strangers(4), {.fpir = 0.01})),
          throws<ValueError>("the probe is compared more than once with person 1", {.sample = 1}, identified(twice())),
          throws<ValueError>("the largest gallery is 0", identified(strangers(4), {.fpir = 0.5, .largest = 0}))}},
        no_file()}},

      {"Gallery",
       {{WrongShape,
         {throws<ShapeError>("one sample (features x 1) is identified, but this is 3 x 3",
                             [] { a_gallery().identify(three_samples(1)); }),
          throws<ShapeError>("the network takes 3 features",
                             [] { a_gallery().add("Bob", MatrixX<float>::Ones(2, 1)); })}},
        {NaN, throws_at<NonFiniteError>(bad_sample, "sample 2, feature 1",
                                        [] { a_gallery().add("Bob", three_samples(nan_f)); })},
        {Infinite, throws_at<NonFiniteError>(bad_sample, "sample 2, feature 1",
                                             [] { a_gallery().add("Bob", three_samples(inf_f)); })},
        {Empty,
         {throws<ValueError>("a person's name needs at least one character", named("")),
          throws<ValueError>("enrolled with at least one sample",
                             [] { a_gallery().add("Bob", MatrixX<float>(3, 0)); })}},
        {{OneClass, BadLabel}, impossible("no labels are in play")},
        {OutOfRange,
         {throws<ValueError>("no zero byte", named(std::string(1, '\0'))),
          throws<ValueError>("no person of the name 'Bob' is enrolled",
                             [] { a_gallery().score("Bob", three_samples(1).col(0)); }),
          throws<ValueError>("there is no person 1: the gallery has 1", [] { a_gallery().name(1); }),
          throws<ValueError>("the identification is not calibrated",
                             [] { a_gallery().identify(three_samples(1).col(0)); })}},
        no_file()}},
  };
}

}  // namespace gemel::bad_input
