// How model_file.hpp and file_description.hpp save, load and describe galleries and claim verifiers.

#include <cmath>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <limits>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "catch.hpp"
#include "error_text.hpp"
#include "gemel/core/random.hpp"
#include "gemel/io/file_description.hpp"
#include "gemel/io/model_file.hpp"
#include "gemel/network/any_model.hpp"
#include "gemel/network/ensemble.hpp"
#include "io/temporary_folder.hpp"
#include "mentions.hpp"

using namespace gemel;

namespace {

using Small = Siamese<Network<float, Standardize<3>, Dense<3, 4, Tanh>, Dense<4, 2>>, Manhattan>;
using Any = Gallery<AnyModel<float>, AnyScorer>;

Small model_of_persons(std::uint64_t seed = 1) {
  Rng rng{seed};
  return Small{{rng, Standardize<3>{{1, 2, 1.0 / 3}, {1, 0.1, 0}}, {}, {}}};
}

MatrixX<float> some_samples(Index count, std::uint64_t seed) {
  Rng rng{seed};
  return normal<float>(3, count, rng);
}

Calibration of_claims() {
  return {.threshold = 1.0 / 3,
          .far = 0.01,
          .frr = 0.25,
          .interval = {.low = 0.001, .high = 0.1, .method = "by hand"},
          .method = "threshold of claims",
          .far_points = {{0, 0.1}, {0.01, 1.0 / 3}, {1, 7}}};
}

IdentificationCalibration of_searches() {
  constexpr double none = std::numeric_limits<double>::quiet_NaN();
  return {0.02,
          {{.size = 1, .threshold = 2.0 / 3, .fpir = 0.02, .interval = {.low = 0.01, .high = 0.03, .method = "how"}},
           {.size = 1000,
            .threshold = -std::numeric_limits<double>::infinity(),
            .fpir = 0,
            .interval = {.low = none, .high = none, .method = "how"}}},
          "how"};
}

/// A gallery with persons of 1 to 3 samples, with and without thresholds of their own.
template <class Model = Small, class Scorer = MeanScore>
Gallery<Model, Scorer> some_gallery(const Model& model = model_of_persons(), Scorer scorer = {}) {
  Gallery<Model, Scorer> gallery{ClaimVerifier{model, scorer, of_claims()}, of_searches()};
  gallery.add("Ada", some_samples(2, 1));
  gallery.add("\xC3\x89mile \"\\\n", some_samples(3, 2));
  gallery.add(std::string(300, 'x'), gallery.verifier().enrol(some_samples(2, 3)).with_threshold(0.125));
  return gallery;
}

bool same_number(double a, double b) { return std::memcmp(&a, &b, sizeof a) == 0; }

template <class A, class B>
void check_same(const A& a, const B& b) {
  const MatrixX<float> queries = some_samples(7, 99);
  REQUIRE(a.names() == b.names());
  for (Index p = 0; p < a.size(); ++p) {
    const auto one = a.person(p), other = b.person(p);
    CHECK(one.embeddings() == other.embeddings());
    CHECK(one.threshold() == other.threshold());
    CHECK((same_number(one.spread(), other.spread()) || one.size() == 1));
    CHECK(a.verifier().scores(one, queries) == b.verifier().scores(other, queries));
  }
  const auto same_calibration = [](const Calibration& x, const Calibration& y) {
    CHECK(x.threshold == y.threshold);
    CHECK(x.far == y.far);
    CHECK(x.interval.high == y.interval.high);
    CHECK(x.method == y.method);
    REQUIRE(x.far_points.size() == y.far_points.size());
    for (std::size_t i = 0; i < x.far_points.size(); ++i) {
      CHECK(x.far_points[i].far == y.far_points[i].far);
      CHECK(x.far_points[i].threshold == y.far_points[i].threshold);
    }
  };
  same_calibration(a.verifier().calibration(), b.verifier().calibration());
  const auto &x = a.identification(), &y = b.identification();
  CHECK(x.fpir() == y.fpir());
  CHECK(x.method() == y.method());
  REQUIRE(x.sizes().size() == y.sizes().size());
  for (std::size_t i = 0; i < x.sizes().size(); ++i) {
    CHECK(x.sizes()[i].size == y.sizes()[i].size);
    CHECK(x.sizes()[i].threshold == y.sizes()[i].threshold);
    CHECK(x.sizes()[i].fpir == y.sizes()[i].fpir);
    CHECK(same_number(x.sizes()[i].interval.low, y.sizes()[i].interval.low));
    CHECK(x.sizes()[i].interval.method == y.sizes()[i].interval.method);
  }
}

template <class T>
std::string why_not(const TensorFile& file) {
  return error_text<FormatError>([&] { from_tensors<T>(file); });
}

/// The file of some_gallery(), where `change` has changed the description.
template <class Change>
TensorFile described_otherwise(const Change& change) {
  TensorFile file = to_tensors(some_gallery());
  detail::Json json = detail::Json::parse(file.metadata["gemel"]);
  change(json);
  file.metadata["gemel"] = json.dump();
  return file;
}

Tensor& tensor_of(TensorFile& file, const std::string& name) {
  for (Tensor& tensor : file.tensors) {
    if (tensor.name == name) return tensor;
  }
  throw ValueError("no such tensor");
}

}  // namespace

TEST_CASE("a saved gallery is loaded with the same bits") {
  const TemporaryFolder folder;
  const auto path = folder.path() / "gallery";
  const auto check = [&path](const auto& gallery) {
    using Saved = std::remove_cvref_t<decltype(gallery)>;
    save(path, gallery, {{"key", "text"}});
    Metadata metadata;
    const auto loaded = load<Saved>(path, metadata);
    CHECK(metadata == Metadata{{"key", "text"}});
    check_same(gallery, loaded);
    CHECK(to_tensors(loaded).tensors == to_tensors(gallery).tensors);
    CHECK(to_tensors(loaded).metadata == to_tensors(gallery).metadata);
    const MatrixX<float> queries = some_samples(9, 5);
    const auto before = gallery.identify_all(queries), after = loaded.identify_all(queries);
    for (std::size_t j = 0; j < before.size(); ++j) {
      CHECK(before[j].nearest == after[j].nearest);
      CHECK(before[j].score == after[j].score);
    }
  };
  check(some_gallery());
  check(some_gallery(model_of_persons(), CentroidScore{.power = 1.0 / 3}));
  check(some_gallery(AnyModel<float>{model_of_persons()}, AnyScorer{MinimumScore{}}));
  check(some_gallery(Ensemble{model_of_persons(1), model_of_persons(2)}, MinimumScore{.power = 1}));

  auto gallery = some_gallery(model_of_persons(), MinimumScore{});
  gallery.add("one sample", some_samples(1, 4));
  check(gallery);
  save(path, gallery);
  check_same(gallery, load<Any>(path));
  CHECK(std::isnan(load<Any>(path).person(3).spread()));

  for (const char* name : {"Ada", "\xC3\x89mile \"\\\n"}) gallery.remove(name);
  check(gallery);
  gallery.calibrate_identification({});
  gallery.remove("one sample");
  gallery.remove(std::string(300, 'x'));
  check(gallery);
  save(path, gallery);
  CHECK(load<Any>(path).size() == 0);
  CHECK_FALSE(load<Any>(path).identification());
}

TEST_CASE("a saved ClaimVerifier is loaded with its scorer") {
  const ClaimVerifier verifier{model_of_persons(), CentroidScore{.power = 0.5}, of_claims()};
  const TensorFile file = to_tensors(verifier);
  const auto loaded = from_tensors<ClaimVerifier<AnyModel<float>, AnyScorer>>(file);
  const MatrixX<float> x = some_samples(4, 3), queries = some_samples(5, 4);
  CHECK(loaded.scores(loaded.enrol(x), queries) == verifier.scores(verifier.enrol(x), queries));
  CHECK(loaded.calibration().threshold == 1.0 / 3);
  CHECK(from_tensors<ClaimVerifier<Small, CentroidScore>>(file).scorer().power == 0.5);
  CHECK(mentions(why_not<ClaimVerifier<Small>>(file),
                 "its scorer is CentroidScore, but the type that is loaded has MeanScore"));
  CHECK(from_tensors<Any>(file).size() == 0);
  CHECK(from_tensors<AnyModel<float>>(file).embed(x) == model_of_persons().embed(x));
  CHECK(from_tensors<ClaimVerifier<Small, CentroidScore>>(to_tensors(some_gallery(model_of_persons(), CentroidScore{})))
            .calibration()
            .threshold == 1.0 / 3);
  const std::string pairs = why_not<Verifier<AnyModel<float>>>(file);
  CHECK(mentions(pairs, "it holds the threshold of claims, which is none of pairs"));
}

TEST_CASE("the file of a Verifier is that of an empty gallery with its threshold") {
  const TensorFile file = to_tensors(Verifier{model_of_persons(), of_claims()});
  const auto gallery = from_tensors<Any>(file);
  CHECK(gallery.size() == 0);
  CHECK(gallery.verifier().calibration().threshold == 1.0 / 3);
  CHECK(gallery.verifier().calibration().far_points.size() == 3);
  CHECK(from_tensors<ClaimVerifier<Small>>(file).scorer().power == 0);
  CHECK(mentions(why_not<ClaimVerifier<Small, MinimumScore>>(file), "without a scorer of claims"));
  CHECK(mentions(why_not<Any>(to_tensors(model_of_persons())), "without a scorer of claims"));
  CHECK(mentions(why_not<Any>(to_tensors(model_of_persons().network())), "without a scorer of claims"));
}

TEST_CASE("a network, a model and a verifier are loaded from a file with a gallery") {
  const MatrixX<float> x = some_samples(5, 8);
  TensorFile file = to_tensors(Verifier{model_of_persons(), Calibration{.threshold = 0.7}}, {{"a", "b"}});
  const std::vector<Tensor> before = file.tensors;
  put_gallery(file, some_gallery());
  CHECK(from_tensors<Verifier<Small>>(file).calibration().threshold == 0.7);
  CHECK(from_tensors<AnyModel<float>>(file).embed(x) == model_of_persons().embed(x));
  CHECK(from_tensors<AnyNetwork<float>>(file).out() == 2);
  CHECK(from_tensors<Verifier<Ensemble<AnyModel<float>>>>(file).model().embed(x) == model_of_persons().embed(x));
  check_same(from_tensors<Any>(file), some_gallery());

  // All else in the file stays as it was, also when the gallery is replaced.
  auto other = some_gallery();
  other.remove("Ada");
  put_gallery(file, other);
  check_same(from_tensors<Any>(file), other);
  REQUIRE(file.tensors.size() > before.size());
  CHECK(std::vector<Tensor>(file.tensors.begin(), file.tensors.begin() + length(before)) == before);
  CHECK(file.metadata.at("a") == "b");
  CHECK(describe(file).kind == "verifier");
  CHECK(describe(file).calibration->threshold == 0.7);
  CHECK(describe(file).claims->threshold == 1.0 / 3);
}

TEST_CASE("a gallery is put only into the file of its model") {
  TensorFile file = to_tensors(Verifier{model_of_persons(2), Calibration{.threshold = 0.7}});
  const TensorFile before = file;
  const auto refused = [&](const auto& gallery) {
    const std::string error = error_text([&] { put_gallery(file, gallery); });
    CHECK(file.metadata == before.metadata);
    CHECK(file.tensors == before.tensors);
    return error;
  };
  CHECK(mentions(refused(some_gallery()), "the file holds another model than the gallery's"));
  CHECK(mentions(refused(some_gallery(Ensemble{model_of_persons(2), model_of_persons(2)})),
                 "another model than the gallery's"));
  CHECK(mentions(refused(some_gallery(Siamese{model_of_persons(2).network(), Cosine{}})), "its distance is Manhattan"));
  auto gallery = some_gallery(model_of_persons(2));
  gallery.add("\xFF", some_samples(2, 4));
  CHECK(mentions(refused(gallery), "the name of person 3"));
  CHECK(mentions(refused(gallery), "is not UTF-8"));
  CHECK(mentions(error_text<ValueError>([&] { to_tensors(gallery); }), "is not UTF-8"));

  // Ensembles of one member and the plain model are the same model.
  const auto of_one = some_gallery(Ensemble{model_of_persons(2)});
  put_gallery(file, of_one);
  check_same(from_tensors<Any>(file), of_one);
}

TEST_CASE("a gallery is put into a file that describes its model in other words") {
  TensorFile file = to_tensors(Verifier{model_of_persons(), Calibration{.threshold = 0.7}});
  std::string& text = file.metadata["gemel"];
  REQUIRE(mentions(text, "\"threshold\":0.7"));
  detail::Json json = detail::Json::parse(text);
  json["layers"][0]["in"] = 3;
  json["layers"][0]["an option of a later version"] = 1;
  text = json.dump(1);
  put_gallery(file, from_tensors<Any>(file));
  auto gallery = from_tensors<Any>(file);
  gallery.add("Ada", some_samples(2, 1));
  put_gallery(file, gallery);
  CHECK(from_tensors<Any>(file).names() == std::vector<std::string>{"Ada"});
}

TEST_CASE("a gallery in another model's file is refused") {
  const TensorFile gallery = to_tensors(some_gallery());
  TensorFile moved = to_tensors(some_gallery(model_of_persons(2)));
  const std::string words = "its gallery was made by another model than the one in the file";

  // The model of one, and the gallery of the other file.
  for (Tensor& tensor : moved.tensors) {
    if (tensor.name.starts_with("gallery.")) tensor = *gallery.find(tensor.name);
  }
  CHECK(why_not<Any>(moved) == "no error");  // tensors alone do not tell
  moved.metadata = gallery.metadata;
  CHECK(mentions(why_not<Any>(moved), words));
  CHECK(why_not<AnyModel<float>>(moved) == "no error");

  TensorFile changed = gallery;
  tensor_of(changed, "layers.1.bias").bytes[2] ^= 1;
  CHECK(mentions(why_not<Any>(changed), words));
  changed = gallery;
  tensor_of(changed, "layers.0.mean").bytes[6] ^= 1;
  CHECK(mentions(why_not<Any>(changed), words));
  using Json = detail::Json;
  CHECK(mentions(why_not<Any>(described_otherwise([](Json& j) { j["distance"]["type"] = "Euclidean"; })), words));
  CHECK(mentions(why_not<Any>(described_otherwise([](Json& j) { j["layers"][1]["activation"]["type"] = "ReLU"; })),
                 words));
  CHECK(why_not<Any>(described_otherwise([](Json& j) { j["version"] = "0.0.1"; })) == "no error");
}

TEST_CASE("a gallery's file that is wrong is refused, and says why") {
  using Json = detail::Json;
  const auto wrong = [](const auto& change, const std::string& words) {
    const std::string error = why_not<Any>(described_otherwise(change));
    CAPTURE(words, error);
    CHECK(mentions(error, words));
  };
  wrong([](Json& j) { j["gallery"] = 3; }, "'gallery'");
  wrong([](Json& j) { j["gallery"].erase("model"); }, "has no 'model'");
  wrong([](Json& j) { j["gallery"]["model"] = "00000000"; }, "made by another model");
  wrong([](Json& j) { j["gallery"]["identification"].erase("fpir"); }, "has no 'fpir'");
  wrong([](Json& j) { j["gallery"]["identification"]["fpir"] = 2; }, "rate of 2 is not in [0, 1]");
  wrong([](Json& j) { j.erase("claims"); }, "has no 'claims'");
  wrong([](Json& j) { j["claims"].erase("scorer"); }, "has no 'scorer'");
  wrong([](Json& j) { j["claims"]["scorer"]["type"] = "Median"; },
        "its scorer is Median, but the type that is loaded has one of MeanScore, MinimumScore, CentroidScore");
  wrong([](Json& j) { j["claims"]["scorer"]["power"] = -1; }, "the power of a scorer is -1");
  wrong([](Json& j) { j["claims"]["scorer"].erase("power"); }, "has no 'power'");
  wrong([](Json& j) { j["claims"].erase("calibration"); }, "has no 'calibration'");

  const TensorFile good = to_tensors(some_gallery());
  const auto damaged = [&good](const std::string& name, const auto& change, const std::string& words) {
    TensorFile file = good;
    change(tensor_of(file, name));
    const std::string error = why_not<Any>(file);
    CAPTURE(name, words, error);
    CHECK(mentions(error, words));
  };
  for (const Tensor& tensor : good.tensors) {
    if (!tensor.name.starts_with("gallery.")) continue;
    damaged(
        tensor.name, [](Tensor& t) { t.name = "gallery.other"; }, "it has no tensor '" + tensor.name + "'");
    damaged(
        tensor.name,
        [](Tensor& t) {
          t.type = DType::I8;
          t.shape = {length(t.bytes)};
        },
        "'" + tensor.name + "'");
    damaged(
        tensor.name, [](Tensor& t) { t.shape.insert(t.shape.begin(), 1); }, "gallery.");
  }
  const auto set = [](Index i, auto value) {
    return [i, value](Tensor& t) {
      detail::to_little_endian(value, t.bytes.data() + static_cast<Index>(sizeof value) * i);
    };
  };
  using Integer = std::int64_t;
  damaged("gallery.counts", set(0, Integer{0}), "person 0 has 0 samples");
  damaged("gallery.counts", set(0, Integer{-1}), "person 0 has -1 samples");
  damaged("gallery.counts", set(1, Integer{6}),
          "person 1 has 6 samples and a name of 10 bytes, but 5 and 310 are left");
  damaged("gallery.counts", set(2, Integer{1}), "1 samples and 0 bytes of names belong to no person");
  damaged("gallery.counts", set(0, std::numeric_limits<Integer>::max()), "person 0 has 9223372036854775807 samples");
  damaged("gallery.name_lengths", set(0, Integer{0}), "a name of 0 bytes");
  damaged("gallery.name_lengths", set(2, Integer{299}), "0 samples and 1 bytes of names belong to no person");
  damaged("gallery.name_lengths", set(2, Integer{301}), "a name of 301 bytes");
  damaged("gallery.names", set(0, std::uint8_t{0xFF}), "the name of person 0 is not UTF-8");
  damaged("gallery.names", set(0, std::uint8_t{0}), "no zero byte");
  damaged("gallery.spreads", set(0, -1.0), "a spread of -1 is impossible");
  damaged("gallery.spreads", set(0, std::nan("")), "a spread of nan is impossible");
  damaged("gallery.embeddings", set(3, std::numeric_limits<float>::infinity()), "sample 1");
  damaged("gallery.embeddings", set(0, std::nanf("")), "embedding is not finite");
  damaged("gallery.identification", set(0, 0.5), "a gallery of 0.5 persons");
  damaged("gallery.identification", set(0, 1e300), "a gallery of 1e+300 persons");
  damaged("gallery.identification", set(0, 1000.0), "size 1000 follows 1000");
  damaged("gallery.identification", set(1, std::nan("")), "the threshold nan");
  damaged("gallery.identification", set(2, 1.5), "is not in [0, 1]");
  damaged("claims.far_points", set(2, 0.0), "not an ascending list");
  damaged("claims.far_points", set(1, std::nan("")), "not an ascending list");

  TensorFile twice = good;
  tensor_of(twice, "gallery.names") =
      Tensor{"gallery.names", DType::U8, {9}, {'A', 'd', 'a', 'A', 'd', 'a', 'x', 'y', 'z'}};
  Tensor& lengths = tensor_of(twice, "gallery.name_lengths");
  for (Index p = 0; p < 3; ++p) detail::to_little_endian(std::int64_t{3}, lengths.bytes.data() + 8 * p);
  CHECK(mentions(why_not<Any>(twice), "two persons have the name 'Ada'"));

  using Double = Gallery<AnyModel<double>, AnyScorer>;
  CHECK(mentions(why_not<Double>(good), "its parameters are floats"));
  CHECK(
      mentions(error_text<FormatError>([&] { from_tensors<Double>(good, {.convert = true}); }), "gallery.embeddings"));
  CHECK(mentions(why_not<Gallery<Ensemble<AnyModel<float>>, MinimumScore>>(good), "its scorer is MeanScore"));
}

TEST_CASE("a gallery's file is described without the names of its persons") {
  const TensorFile tensors = to_tensors(some_gallery(model_of_persons(), MinimumScore{.power = 0.5}));
  const FileDescription file = describe(tensors);
  CHECK(file.kind == "claims");
  CHECK(file.persons == 3);
  CHECK(file.templates == 7);
  CHECK(file.scorer == "MinimumScore (power 0.5)");
  REQUIRE(file.claims);
  CHECK(file.claims->threshold == 1.0 / 3);
  CHECK_FALSE(file.calibration);
  std::ostringstream text;
  text << file;
  CHECK(mentions(text.str(), "scorer of claims: MinimumScore (power 0.5)\n"));
  CHECK(mentions(text.str(), "gallery: 3 persons with 7 samples\n"));
  CHECK(mentions(text.str(), "tensor gallery.embeddings: F32, 7 x 2\n"));
  CHECK_FALSE(mentions(text.str(), "Ada"));
  CHECK(describe(to_tensors(Verifier{model_of_persons(), Calibration{.threshold = 1}})).scorer.empty());
}

TEST_CASE("a gallery that cannot be written leaves the file as it was") {
  const TemporaryFolder folder;
  const auto path = folder.path() / "gallery";
  save(path, some_gallery());
  auto gallery = some_gallery();
  gallery.add("\xFF", some_samples(2, 4));
  CHECK_THROWS_AS(save(path, gallery), ValueError);
  check_same(load<Any>(path), some_gallery());
  CHECK_THROWS_AS(save(folder.path() / "no folder" / "gallery", some_gallery()), IoError);
}
