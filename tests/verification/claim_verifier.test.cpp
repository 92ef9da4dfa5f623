#include "gemel/verification/claim_verifier.hpp"

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>

#include "allocations.hpp"
#include "catch.hpp"
#include "error_text.hpp"
#include "gemel/core/random.hpp"
#include "gemel/network/dense.hpp"
#include "gemel/network/siamese.hpp"
#include "gemel/verification/raw_samples.hpp"
#include "mentions.hpp"
#include "verification/stub_model.hpp"

using namespace gemel;

namespace {

Siamese<Network<double, Dense<4, 6, ReLU>, Dense<6, 3>>> small_model() {
  Rng rng{1};
  return Siamese<Network<double, Dense<4, 6, ReLU>, Dense<6, 3>>>{rng};
}

MatrixX<double> four_features(Index n, std::uint64_t seed) {
  Rng rng{seed};
  return uniform<double>(4, n, rng);
}

}  // namespace

TEST_CASE("a claim's score is the scorer's score of the embeddings", "[claim_verifier]") {
  const auto model = small_model();
  const MatrixX<double> enrolled = four_features(5, 2), probes = four_features(120, 3);
  const ClaimVerifier verifier{model, MeanScore{}};
  const Template<double> person = verifier.enrol(enrolled);
  CHECK(person.size() == 5);
  CHECK((person.embeddings() - model.embed(enrolled)).norm() == 0);
  const VectorX<double> scores = verifier.scores(person, probes);
  for (Index j = 0; j < probes.cols(); ++j) {
    double sum = 0;
    for (Index i = 0; i < 5; ++i) sum += model.distance(enrolled.col(i), probes.col(j))[0];
    CHECK(scores[j] == sum / 5);
    CHECK(verifier.score(person, probes.col(j)) == scores[j]);
  }
}

TEST_CASE("the spread is the mean distance of two enrolled samples", "[claim_verifier]") {
  const ClaimVerifier verifier{RawSamples<double>{1}, MeanScore{.power = 1}};
  const Template<double> person = verifier.enrol(MatrixX<double>{{0, 1, 5}});
  CHECK(person.spread() == (1.0 + 5 + 4) / 3);
  CHECK(verifier.score(person, MatrixX<double>{{3}}) == (3.0 + 2 + 2) / 3 / person.spread());
  CHECK(std::isnan(ClaimVerifier{RawSamples<double>{1}}.enrol(MatrixX<double>{{7}}).spread()));
}

TEST_CASE("a claim is accepted up to the threshold, or the template's own", "[claim_verifier]") {
  const ClaimVerifier strict{RawSamples<double>{1}, MinimumScore{}};
  const Template<double> person = strict.enrol(MatrixX<double>{{0}});
  CHECK_FALSE(strict.accepts(person, MatrixX<double>{{0}}));  // not calibrated
  CHECK(strict.calibration().threshold == -std::numeric_limits<double>::infinity());
  const ClaimVerifier verifier = strict.with({.threshold = 2});
  CHECK(verifier.accepts(person, MatrixX<double>{{2}}));
  CHECK_FALSE(verifier.accepts(person, MatrixX<double>{{2.001}}));
  const Template<double> lenient = person.with_threshold(3);
  CHECK(verifier.accepts(lenient, MatrixX<double>{{3}}));
  CHECK_FALSE(verifier.accepts(lenient, MatrixX<double>{{3.001}}));
  CHECK_THROWS_AS(person.with_threshold(std::numeric_limits<double>::quiet_NaN()), ValueError);
}

TEST_CASE("a template of another ClaimVerifier is refused", "[claim_verifier]") {
  const ClaimVerifier one{RawSamples<double>{1}}, other{RawSamples<double>{1}};
  const ClaimVerifier copy = one;
  const Template<double> person = one.enrol(MatrixX<double>{{0, 1}});
  const MatrixX<double> query{{0}};
  CHECK(copy.score(person, query) == one.score(person, query));
  CHECK(one.with({.threshold = 1}).made(person));
  CHECK(mentions(error_text<ValueError>([&] { other.score(person, query); }), "another ClaimVerifier"));
  CHECK_THROWS_AS(other.accepts(person, query), ValueError);
  CHECK_THROWS_AS(other.score_embedding(person, ConstColumn<double>{query.data(), 1}), ValueError);
}

TEST_CASE("enrolment refuses what no template can be made of", "[claim_verifier]") {
  const ClaimVerifier plain{RawSamples<double>{2}};
  const ClaimVerifier by_spread{RawSamples<double>{2}, MeanScore{.power = 0.5}};
  const MatrixX<double> same = MatrixX<double>::Ones(2, 3);
  CHECK_THROWS_AS(plain.enrol(MatrixX<double>(2, 0)), ValueError);
  CHECK_THROWS_AS(plain.enrol(MatrixX<double>::Zero(3, 1)), ShapeError);
  CHECK_NOTHROW(plain.enrol(same));
  CHECK(mentions(error_text<ValueError>([&] { by_spread.enrol(same); }), "the same embedding"));
  CHECK(mentions(error_text<ValueError>([&] { by_spread.enrol(same.leftCols(1)); }), "at least two"));
  CHECK(mentions(error_text<NonFiniteError>([&] { plain.enrol(MatrixX<double>{{1e300, 0}, {0, 0}}); }), "the spread"));
  MatrixX<double> damaged = four_features(3, 4).topRows(2);
  damaged(1, 2) = std::numeric_limits<double>::quiet_NaN();
  try {
    plain.enrol(damaged);
    FAIL("NaN was enrolled");
  } catch (const NonFiniteError& error) {
    CHECK(error.place().sample == 2);
    CHECK(error.place().feature == 1);
  }
  CHECK_THROWS_AS((ClaimVerifier{RawSamples<double>{2}, MeanScore{.power = -1}}), ValueError);
  CHECK_THROWS_AS(plain.with({.threshold = std::numeric_limits<double>::quiet_NaN()}), ValueError);
}

TEST_CASE("a query that is no sample is refused, and so is a score that is not finite", "[claim_verifier]") {
  const ClaimVerifier verifier{RawSamples<double>{1}};
  const Template<double> person = verifier.enrol(MatrixX<double>{{0, 1}});
  CHECK_THROWS_AS(verifier.score(person, MatrixX<double>{{1, 2}}), ShapeError);
  CHECK_THROWS_AS(verifier.score(person, MatrixX<double>::Zero(2, 1)), ShapeError);
  CHECK_THROWS_AS(verifier.score(person, MatrixX<double>{{std::numeric_limits<double>::infinity()}}), NonFiniteError);
  try {
    verifier.scores(person, MatrixX<double>{{1, 2, 1e300}});
    FAIL("an infinite score was returned");
  } catch (const NonFiniteError& error) {
    CHECK(error.place().sample == 2);
  }
}

TEST_CASE("a template made again from its parts gives the same scores", "[claim_verifier]") {
  const ClaimVerifier verifier{small_model(), CentroidScore{.power = 0.5}};
  const Template<double> person = verifier.enrol(four_features(4, 5));
  const Template<double> again = verifier.remake(person.embeddings(), person.spread());
  const MatrixX<double> probes = four_features(7, 6);
  CHECK(verifier.scores(again, probes) == verifier.scores(person, probes));
  CHECK_THROWS_AS(verifier.remake(person.embeddings(), -1), ValueError);
  CHECK_THROWS_AS(verifier.remake(person.embeddings(), std::numeric_limits<double>::quiet_NaN()), ValueError);
  CHECK_THROWS_AS(verifier.remake(person.embeddings(), std::numeric_limits<double>::infinity()), ValueError);
}

TEST_CASE("after the first one, a claim allocates nothing", "[claim_verifier]") {
  const ClaimVerifier verifier{small_model(), CentroidScore{.power = 0.5}};
  const Template<double> person = verifier.enrol(four_features(4, 5));
  const VectorX<double> probe = four_features(1, 6);
  verifier.score(person, probe);
  const long before = allocation_count;
  const double score = verifier.score(person, probe);
  const bool accepted = verifier.accepts(person, probe);
  CHECK(allocation_count == before);
  CHECK(score > 0);
  CHECK_FALSE(accepted);
}

TEST_CASE("an embedder that returns its embeddings is enough", "[claim_verifier]") {
  const ClaimVerifier verifier{StubModel{}, MinimumScore{}};
  const Template<float> person = verifier.enrol(MatrixX<float>{{1, 2}, {0, 0}, {0, 0}});
  CHECK(verifier.score(person, MatrixX<float>{{3}, {0}, {0}}) == 2);  // StubModel doubles its samples
}
