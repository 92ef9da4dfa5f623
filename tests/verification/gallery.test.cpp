#include "gemel/verification/gallery.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "catch.hpp"
#include "error_text.hpp"
#include "gemel/core/random.hpp"
#include "gemel/network/any_distance.hpp"
#include "gemel/network/dense.hpp"
#include "gemel/network/network.hpp"
#include "gemel/network/siamese.hpp"
#include "gemel/verification/raw_samples.hpp"
#include "mentions.hpp"
#include "scale.hpp"
#include "verification/stub_model.hpp"

using namespace gemel;

namespace {

using Plane = RawSamples<float>;

/// Thresholds that accept scores up to this one, for galleries of up to 1000 persons.
IdentificationCalibration up_to(double threshold) {
  return {0.01, {{.size = 1000, .threshold = threshold, .fpir = 0.01}}, "by hand"};
}

MatrixX<float> point(float x, float y) { return VectorX<float>{{x, y}}; }

/// Ada at (0, 0), Bo at (3, 0) and (5, 0), Cy at (0, 8), where scores up to 2 are accepted in claims and searches.
Gallery<Plane> three_persons() {
  Gallery gallery{ClaimVerifier{Plane{2}, MeanScore{}, {.threshold = 2}}, up_to(2)};
  gallery.add("Ada", point(0, 0));
  gallery.add("Bo", MatrixX<float>{{3, 5}, {0, 0}});
  gallery.add("Cy", point(0, 8));
  return gallery;
}

/// Everything that a gallery returns about its persons, and whom it identifies.
template <class Model, class Scorer, class S = typename Model::Scalar>
bool same_persons(const Gallery<Model, Scorer>& a, const Gallery<Model, Scorer>& b, const MatrixX<S>& queries) {
  if (a.names() != b.names() || a.samples() != b.samples()) return false;
  for (Index p = 0; p < a.size(); ++p) {
    const auto one = a.person(p), other = b.person(p);
    if (one.embeddings() != other.embeddings() || one.threshold() != other.threshold()) return false;
    if (one.spread() != other.spread() && one.size() > 1) return false;
    if (a.find(a.name(p)) != p || b.find(a.name(p)) != p) return false;
  }
  const auto of_a = a.identify_all(queries), of_b = b.identify_all(queries);
  return std::ranges::equal(of_a, of_b, [](const Identified& x, const Identified& y) {
    return x.person == y.person && x.nearest == y.nearest && x.score == y.score;
  });
}

}  // namespace

TEST_CASE("a gallery accepts claims to be of the named person", "[gallery]") {
  const auto gallery = three_persons();
  CHECK(gallery.score("Bo", point(4, 0)) == 1);
  CHECK(gallery.accepts("Bo", point(4, 0)));
  CHECK(gallery.score("Ada", point(4, 0)) == 4);
  CHECK_FALSE(gallery.accepts("Ada", point(4, 0)));
  CHECK(gallery.accepts("Ada", point(2, 0)));  // exactly the threshold
  CHECK(mentions(error_text<ValueError>([&] { gallery.accepts("Di", point(2, 0)); }), "no person of the name 'Di'"));
  CHECK(mentions(error_text<ValueError>([&] { gallery.score("ada", point(2, 0)); }), "no person of the name 'ada'"));
}

TEST_CASE("a gallery identifies the nearest person, or no one", "[gallery]") {
  auto gallery = three_persons();
  const auto identify = [&gallery](float x, float y) { return gallery.identify(point(x, y)); };
  CHECK(identify(0, 1).person == 0);
  CHECK(identify(0, 1).score == 1);
  CHECK(identify(4, 0).person == 1);
  CHECK(identify(0, 6).person == 2);  // exactly the threshold
  CHECK(identify(0, 5).person == Identified::unknown);
  CHECK(identify(0, 5).nearest == 2);
  CHECK(identify(0, 5).score == 3);
  gallery.add("Ada's twin", point(0, 0));
  CHECK(identify(0, 1).person == 0);  // of equal scores, the one that was added first

  const Gallery<Plane> empty{gallery.verifier()};
  const Identified found = empty.identify(point(0, 0));
  CHECK(found.person == Identified::unknown);
  CHECK(found.nearest == Identified::unknown);
  CHECK(found.score == std::numeric_limits<double>::infinity());
  CHECK(empty.identify_all(MatrixX<float>::Zero(2, 3)).size() == 3);
  CHECK(gallery.identify_all(MatrixX<float>(2, 0)).empty());
}

TEST_CASE("a gallery identifies with the threshold for its size", "[gallery]") {
  Gallery gallery{
      ClaimVerifier{Plane{2}},
      IdentificationCalibration{
          0.01, {{.size = 1, .threshold = 3, .fpir = 0.01}, {.size = 3, .threshold = 1, .fpir = 0.01}}, "by hand"}};
  const auto accepts = [&gallery](float distance) { return gallery.identify(point(distance, 0)).person == 0; };
  gallery.add("Ada", point(0, 0));
  CHECK(accepts(3));
  CHECK_FALSE(accepts(3.001F));
  for (const char* name : {"Bo", "Cy"}) {
    gallery.add(name, point(99, 99));
    CHECK(accepts(1));
    CHECK_FALSE(accepts(1.001F));
  }
  gallery.add("Di", point(99, 99));
  const std::string beyond = error_text<ValueError>([&] { accepts(0); });
  CHECK(mentions(beyond, "calibrated for galleries of at most 3 persons, but this one has 4"));
  gallery.calibrate_identification(up_to(0.5));
  CHECK(accepts(0.5));
  CHECK_FALSE(accepts(0.501F));
  gallery.calibrate_identification({});
  CHECK(mentions(error_text<ValueError>([&] { accepts(0); }), "the identification is not calibrated"));
  CHECK_FALSE(gallery.accepts("Ada", point(0, 0)));  // nor are claims
  gallery.calibrate_claims({.threshold = 1});
  CHECK(gallery.accepts("Ada", point(1, 0)));
  CHECK_THROWS_AS(gallery.calibrate_claims({.threshold = std::nan("")}), ValueError);
}

TEST_CASE("adding a name again replaces the person, who keeps the number", "[gallery]") {
  auto gallery = three_persons();
  CHECK(gallery.samples() == 4);
  CHECK(gallery.add("Bo", MatrixX<float>{{0, 0, 0}, {-6, -7, -8}}) == 2);
  CHECK(gallery.names() == std::vector<std::string>{"Ada", "Bo", "Cy"});
  CHECK(gallery.samples() == 5);
  CHECK(gallery.person(1).size() == 3);
  CHECK(gallery.identify(point(0, -7)).person == 1);
  CHECK(gallery.identify(point(4, 0)).nearest == 0);
  CHECK(gallery.identify(point(0, 8)).score == 0);
  CHECK(gallery.add("Ada", point(4, 0)) == 1);
  CHECK(gallery.identify(point(4, 0)).person == 0);
  CHECK(gallery.add("Di", point(30, 0)) == 0);
  CHECK(gallery.find("Di") == 3);
}

TEST_CASE("a person that is removed is not found; those who follow move up", "[gallery]") {
  auto gallery = three_persons();
  CHECK_FALSE(gallery.remove("Di"));
  CHECK(gallery.remove(gallery.name(1)));
  CHECK_FALSE(gallery.remove("Bo"));
  CHECK(gallery.names() == std::vector<std::string>{"Ada", "Cy"});
  CHECK(gallery.find("Cy") == 1);
  CHECK_FALSE(gallery.find("Bo"));
  CHECK(gallery.samples() == 2);
  CHECK(gallery.identify(point(0, 8)).person == 1);
  CHECK(gallery.identify(point(4, 0)).person == Identified::unknown);
  CHECK_THROWS_AS(gallery.score("Bo", point(0, 0)), ValueError);
  CHECK(gallery.remove("Ada"));
  CHECK(gallery.remove("Cy"));
  CHECK(gallery.size() == 0);
  CHECK(gallery.samples() == 0);
  CHECK(gallery.identify(point(0, 0)).nearest == Identified::unknown);
  gallery.add("Cy", point(1, 1));
  CHECK(gallery.identify(point(1, 2)).person == 0);
}

TEST_CASE("a gallery after any additions, replacements and removals equals one that was made at once", "[gallery]") {
  struct Person {
    std::string name;
    MatrixX<float> samples;
  };
  Rng rng{3};
  const ClaimVerifier verifier{Plane{3}, CentroidScore{}};
  for (int round = 0; round < scaled(20); ++round) {
    Gallery gallery{verifier, up_to(1)};
    std::vector<Person> expected;
    const MatrixX<float> queries = normal<float>(3, 5, rng);
    for (int step = 0; step < 60; ++step) {
      std::string name = "person " + std::to_string(rng.below(12));
      const auto there = std::ranges::find(expected, name, &Person::name);
      if (rng.below(3) == 0) {
        CHECK(gallery.remove(name) == (there != expected.end()));
        if (there != expected.end()) expected.erase(there);
      } else {
        const MatrixX<float> samples = normal<float>(3, 1 + rng.below(4), rng);
        CHECK(gallery.add(name, samples) == (there == expected.end() ? 0 : there->samples.cols()));
        if (there == expected.end()) {
          expected.push_back({name, samples});
        } else {
          there->samples = samples;
        }
      }
    }
    Gallery fresh{verifier, up_to(1)};
    for (const Person& person : expected) fresh.add(person.name, person.samples);
    CHECK(same_persons(gallery, fresh, queries));
  }
}

TEST_CASE("a gallery keeps the thresholds of its persons", "[gallery]") {
  auto gallery = three_persons();
  const auto& verifier = gallery.verifier();
  gallery.add("Di", verifier.enrol(point(50, 0)).with_threshold(9));
  CHECK(gallery.accepts("Di", point(59, 0)));
  CHECK_FALSE(gallery.accepts("Di", point(59.1F, 0)));
  CHECK(gallery.identify(point(59, 0)).person == Identified::unknown);  // one threshold for all
  CHECK(gallery.person(3).threshold() == 9.0);
  CHECK_FALSE(gallery.person(0).threshold());
  gallery.remove("Bo");
  CHECK(gallery.person(2).threshold() == 9.0);
  gallery.add("Di", point(50, 0));
  CHECK_FALSE(gallery.person(2).threshold());
  CHECK(verifier.made(gallery.person(0)));
}

TEST_CASE("what a gallery refuses leaves it as it was", "[gallery]") {
  auto gallery = three_persons();
  const Gallery<Plane> before = gallery;
  const MatrixX<float> queries{{0, 4, 1}, {1, 0, 9}};
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const ClaimVerifier other{Plane{2}};  // equal, but not a copy
  const auto refuses = [&](const std::string& words, const auto& act) {
    const std::string error = error_text(act);
    CAPTURE(words, error);
    CHECK(mentions(error, words));
    CHECK(same_persons(gallery, before, queries));
  };
  refuses("name needs at least one character", [&] { gallery.add("", point(0, 0)); });
  refuses("no zero byte", [&] { gallery.add(std::string("a\0b", 3), point(0, 0)); });
  for (const char* name : {"Ada", "Di"}) {  // a replacement, and a new person
    refuses("at least one sample", [&] { gallery.add(name, MatrixX<float>(2, 0)); });
    refuses("2 features, but these have 3", [&] { gallery.add(name, MatrixX<float>::Zero(3, 2)); });
    refuses("sample 0, feature 1", [&] { gallery.add(name, point(0, nan)); });
    refuses("made by another ClaimVerifier", [&] { gallery.add(name, other.enrol(point(0, 0))); });
    refuses("made by another ClaimVerifier", [&] { gallery.add(name, three_persons().person(0)); });
  }
  refuses("there is no person 3: the gallery has 3, numbered from 0", [&] { gallery.name(3); });
  refuses("there is no person -1", [&] { gallery.person(-1); });
  refuses("one sample (features x 1) is identified, but this is 2 x 3", [&] { gallery.identify(queries); });
  refuses("2 features, but these have 3", [&] { gallery.identify_all(MatrixX<float>::Zero(3, 2)); });
  refuses("-1", [&] { gallery.identify_all(queries, -1); });
}

TEST_CASE("a scorer that divides by the spread needs it of each person", "[gallery]") {
  Gallery gallery{ClaimVerifier{Plane{2}, MinimumScore{.power = 1}}, up_to(2)};
  CHECK_THROWS_AS(gallery.add("Ada", point(0, 0)), ValueError);
  CHECK_THROWS_AS(gallery.add("Ada", MatrixX<float>::Zero(2, 2)), ValueError);
  CHECK(gallery.size() == 0);
  gallery.add("Ada", MatrixX<float>{{0, 4}, {0, 0}});
  gallery.add("Bo", MatrixX<float>{{20, 21}, {0, 0}});
  CHECK(gallery.identify(point(12, 0)).score == 2);  // 8 / 4 for Ada, 8 / 1 for Bo
  CHECK(gallery.identify(point(12, 0)).person == 0);
}

TEST_CASE("errors of identification name the sample", "[gallery]") {
  for (const bool search : {true, false}) {  // by a search for the nearest embedding, or person by person
    auto gallery = three_persons();
    if (search) gallery.remove("Bo");
    for (const float value : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(), 3e38F}) {
      MatrixX<float> x = MatrixX<float>::Ones(2, 70);
      x(1, 66) = value;
      for (const Index threads : {1, 2}) {
        try {
          gallery.identify_all(x, threads);
          FAIL("no error");
        } catch (const NonFiniteError& error) {
          CHECK(error.place().sample == 66);
        }
      }
    }
  }
}

namespace {

/// Whom a plain loop over all persons finds: the lowest score, of equal ones the first.
template <class Model, class Scorer, class S = typename Model::Scalar>
Identified by_loop(const Gallery<Model, Scorer>& gallery, const MatrixX<S>& sample) {
  Identified found;
  for (Index p = 0; p < gallery.size(); ++p) {
    const double score = gallery.score(gallery.name(p), sample);
    if (score < found.score) found = {Identified::unknown, p, score};
  }
  return found;
}

/// Compares identify_all with the loop, for persons of `samples` samples or of 1 to 5 if that is 0. Some persons are
/// alike, so that their scores are equal, and half of the queries are identified.
template <class S, class Scorer>
void check_search(const AnyDistance& metric, const Scorer& scorer, Index samples) {
  Rng rng{17};
  using Net = Network<S, Dense<5, 7, ReLU>, Dense<7, 6>>;
  Gallery gallery{ClaimVerifier{Siamese<Net, AnyDistance>{Net{rng}, metric}, scorer}};
  std::vector<MatrixX<S>> all;
  for (Index p = 0; p < 40; ++p) {
    const Index count = samples > 0 ? samples : 1 + rng.below(4) + (detail::power_of(scorer) != 0);
    const bool alike = p >= 20 && p % 3 == 0;
    all.push_back(alike ? all[static_cast<std::size_t>(rng.below(20))] : normal<S>(5, count, rng));
    gallery.add("person " + std::to_string(p), all.back());
  }
  MatrixX<S> queries = normal<S>(5, 30, rng);
  for (Index j = 0; j < 10; ++j) queries.col(j) = all[static_cast<std::size_t>(3 * j)].col(0);  // enrolled samples
  std::vector<Identified> expected;
  std::vector<double> scores;
  for (Index j = 0; j < queries.cols(); ++j) {
    expected.push_back(by_loop(gallery, MatrixX<S>(queries.col(j))));
    scores.push_back(expected.back().score);
  }
  std::ranges::sort(scores);
  const double threshold = scores[15];
  REQUIRE(threshold < scores.back());
  gallery.calibrate_identification(up_to(threshold));
  for (const Index threads : {1, 2, 3}) {
    const std::vector<Identified> found = gallery.identify_all(queries, threads);
    for (std::size_t j = 0; j < expected.size(); ++j) {
      const Index person = expected[j].score <= threshold ? expected[j].nearest : Identified::unknown;
      const Identified single = gallery.identify(queries.col(static_cast<Index>(j)));
      for (const Identified& one : {found[j], single}) {
        CAPTURE(threads, j);
        CHECK(one.nearest == expected[j].nearest);
        CHECK(one.score == expected[j].score);
        CHECK(one.person == person);
      }
    }
  }
}

}  // namespace

TEST_CASE("identification finds whom a loop over all persons finds, bit for bit", "[gallery]") {
  for (const AnyDistance metric :
       {AnyDistance{Euclidean{}}, AnyDistance{SquaredEuclidean{}}, AnyDistance{Manhattan{}}, AnyDistance{Cosine{}}}) {
    for (const Index samples : {0, 1}) {
      check_search<float>(metric, MeanScore{}, samples);
      check_search<float>(metric, MinimumScore{}, samples);
      check_search<float>(metric, CentroidScore{}, samples);
      check_search<double>(metric, AnyScorer{MinimumScore{}}, samples);
    }
    check_search<double>(metric, MeanScore{.power = 0.5}, 0);
    check_search<float>(metric, MinimumScore{.power = 1}, 3);
    check_search<float>(metric, AnyScorer{CentroidScore{.power = 1}}, 0);
  }
}

TEST_CASE("a gallery of a model and a distance of one's own identifies by its values", "[gallery]") {
  Gallery gallery{ClaimVerifier{StubModel{.features = 2}, MinimumScore{}}, up_to(2)};
  gallery.add("Ada", point(0, 0));
  gallery.add("Bo", point(3, 0));
  CHECK(gallery.identify(point(1, 0)).score == 2);  // StubModel doubles the samples
  CHECK(gallery.identify(point(1, 0)).person == 0);
  CHECK(gallery.identify(point(2, 0)).person == 1);
}

TEST_CASE("a gallery identifies with a scorer of one's own", "[gallery]") {
  // The angle between the query and the mean of the samples, which no distance of embeddings expresses.
  const auto angle = [](const auto& enrolled, const auto& query) {
    const VectorX<float> mean = enrolled.rowwise().mean();
    return static_cast<double>(1 - mean.dot(query) / (mean.norm() * query.norm()));
  };
  Gallery gallery{ClaimVerifier{Plane{2}, angle}, up_to(0.1)};
  gallery.add("Ada", MatrixX<float>{{1, 3}, {0, 0}});
  gallery.add("Bo", point(0, 1));
  CHECK(gallery.identify(point(9, 1)).person == 0);
  CHECK(gallery.identify(point(1, 9)).person == 1);
  CHECK(gallery.identify(point(-1, -1)).person == Identified::unknown);
}

TEST_CASE("a copy of a gallery shares its verifier, and nothing else", "[gallery]") {
  auto gallery = three_persons();
  auto copy = gallery;
  copy.remove("Ada");
  CHECK(gallery.size() == 3);
  CHECK(gallery.identify(point(0, 1)).person == 0);
  copy.add("Ada", gallery.person(0));
  CHECK(copy.find("Ada") == 2);
}
