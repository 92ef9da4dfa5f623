// How model_file.hpp and file_description.hpp save, load and describe ensembles.

#include <cstdint>
#include <limits>
#include <sstream>
#include <string>
#include <utility>

#include "catch.hpp"
#include "error_text.hpp"
#include "gemel/io/file_description.hpp"
#include "gemel/io/model_file.hpp"
#include "gemel/network/any_model.hpp"
#include "gemel/network/ensemble.hpp"
#include "io/temporary_folder.hpp"
#include "mentions.hpp"

using namespace gemel;

namespace {

using Member = Siamese<Network<float, Standardize<3>, Dense<3, 4, Tanh>, Dense<4, 2>>, Manhattan>;
using AnyEnsemble = Ensemble<AnyModel<float>>;

Member a_member(std::uint64_t seed) {
  Rng rng{seed};
  return Member{{rng, Standardize<3>{{1, 2, 1.0 / 3}, {1, static_cast<double>(seed), 0}}, {}, {}}};
}

Ensemble<Member> two_members() { return Ensemble{a_member(1), a_member(2)}; }

/// Members of different layers and sizes, one of them with several Sequences.
AnyEnsemble different_members() {
  Rng rng{7};
  return AnyEnsemble{
      a_member(1),
      Siamese{make_network<float>(rng, Rescale<3>{{.factor = 0.5}}, Dropout<3>{0.25}, Dense<3, 5>{}), Manhattan{}}};
}

MatrixX<float> samples() {
  Rng rng{5};
  return normal<float>(3, 20, rng);
}

template <class T>
std::string refusal(const TensorFile& file) {
  return error_text<FormatError>([&] { from_tensors<T>(file); });
}

/// The file of two members, where `change` has changed the description.
template <class Change>
TensorFile with_changed_description(const Change& change) {
  TensorFile file = to_tensors(two_members());
  detail::Json json = detail::Json::parse(file.metadata["gemel"]);
  change(json);
  file.metadata["gemel"] = json.dump();
  return file;
}

}  // namespace

TEST_CASE("a saved ensemble or its verifier is loaded with the same bits") {
  const TemporaryFolder folder;
  const auto path = folder.path() / "ensemble";
  const MatrixX<float> x = samples(), others = x.rowwise().reverse();

  save(path, two_members(), {{"classes", "a"}});
  Metadata metadata;
  CHECK(load<Ensemble<Member>>(path, metadata).embed(x) == two_members().embed(x));
  CHECK(metadata == Metadata{{"classes", "a"}});
  const auto any = load<AnyEnsemble>(path);
  CHECK(any.embed(x) == two_members().embed(x));
  CHECK(to_tensors(any).metadata == to_tensors(two_members()).metadata);
  CHECK(to_tensors(any).tensors == to_tensors(two_members()).tensors);
  CHECK(load<Ensemble<AnyModel<double>>>(path, {.convert = true}).embedding_size() == 4);

  const Verifier verifier{different_members(), {.threshold = 0.7, .far = 0.125, .method = "by hand"}};
  save(path, verifier);
  const auto same = load<Verifier<AnyEnsemble>>(path);
  CHECK(same.distances(x, others) == verifier.distances(x, others));
  CHECK(same.calibration().threshold == 0.7);
  CHECK(same.calibration().far == 0.125);
  CHECK(load<AnyEnsemble>(path).embed(x) == different_members().embed(x));
}

TEST_CASE("the tensors of an ensemble are named by member and layer") {
  const FileDescription file = describe(to_tensors(two_members()));
  std::string names;
  for (const TensorDescription& tensor : file.tensors) names += tensor.name + ' ';
  CHECK(names ==
        "members.0.layers.0.mean members.0.layers.0.scale members.0.layers.1.weight members.0.layers.1.bias "
        "members.0.layers.2.weight members.0.layers.2.bias members.1.layers.0.mean members.1.layers.0.scale "
        "members.1.layers.1.weight members.1.layers.1.bias members.1.layers.2.weight members.1.layers.2.bias ");
}

TEST_CASE("a member with several Sequences is loaded as it was") {
  using Part = Sequence<Dense<Dynamic, Dynamic, ReLU>>;
  using Several = Siamese<Network<float, Part, Dropout<>, Part>>;
  Rng rng{3};
  const Part one{{{3, 4}, {4, 4}}}, other{{{4, 2}}}, long_one{{{3, 5}}}, long_other{{{5, 5}, {5, 5}, {5, 1}}};
  const Ensemble ensemble{Several{{rng, one, Dropout<>{4, 0.5}, other}},
                          Several{{rng, long_one, Dropout<>{5, 0.5}, long_other}}};
  CHECK(from_tensors<Ensemble<Several>>(to_tensors(ensemble)).embed(samples()) == ensemble.embed(samples()));
}

TEST_CASE("the file of a plain model is an ensemble of one member") {
  const Verifier plain{a_member(1), {.threshold = 0.5}};
  const auto one = from_tensors<Verifier<AnyEnsemble>>(to_tensors(plain));
  CHECK(one.model().members().size() == 1);
  CHECK(one.distances(samples(), samples().rowwise().reverse()) ==
        plain.distances(samples(), samples().rowwise().reverse()));
  CHECK(from_tensors<AnyEnsemble>(to_tensors(a_member(1))).embed(samples()) == a_member(1).embed(samples()));
  CHECK(mentions(refusal<Verifier<AnyEnsemble>>(to_tensors(a_member(1))), "it holds a model without a threshold"));
  CHECK(mentions(refusal<AnyEnsemble>(to_tensors(a_member(1).network())), "a network without a distance"));
}

TEST_CASE("the file of an ensemble is refused where one network is wanted, with the name of Ensemble") {
  const TensorFile ensemble = to_tensors(two_members());
  const TensorFile verifier = to_tensors(Verifier{two_members(), {.threshold = 0.5}});
  const std::string words = "it holds an ensemble, whose number of members is 2: load it as an Ensemble";
  CHECK(mentions(refusal<AnyModel<float>>(ensemble), words));
  CHECK(mentions(refusal<Member>(ensemble), words));
  CHECK(mentions(refusal<AnyNetwork<float>>(ensemble), words));
  CHECK(mentions(refusal<AnyModel<float>>(verifier), words));
  CHECK(mentions(refusal<Verifier<AnyModel<float>>>(verifier), words + " or a Verifier of an Ensemble"));
  CHECK(mentions(refusal<Verifier<AnyModel<float>>>(ensemble), "load it as an Ensemble, and calibrate that"));
  CHECK(mentions(refusal<Verifier<AnyEnsemble>>(ensemble), "load it as an Ensemble, and calibrate that"));
  CHECK(mentions(refusal<Ensemble<AnyModel<double>>>(ensemble), "its parameters are floats"));
}

TEST_CASE("an ensemble's file that is wrong is refused with the member") {
  const auto check = [](const auto& change, const std::string& words) {
    const std::string error = refusal<AnyEnsemble>(with_changed_description(change));
    CAPTURE(words, error);
    CHECK(mentions(error, words));
  };
  using Json = detail::Json;
  check([](Json& j) { j["members"] = Json::array(); }, "its description has no members");
  check([](Json& j) { j.erase("members"); }, "its description has no 'members'");
  check([](Json& j) { j["members"] = 2; }, "has 'members' 2, not a list");
  check([](Json& j) { j["members"][1] = 2; }, "its description of member 1 is not an object");
  check([](Json& j) { j["members"][1].erase("layers"); }, "its description of member 1 has no 'layers'");
  check([](Json& j) { j["members"][1]["layers"] = Json::array(); }, "its description of member 1 has no layers");
  check([](Json& j) { j["layers"] = j["members"][0]["layers"]; }, "has both 'layers' and 'members'");
  check([](Json& j) { j["kind"] = "model"; }, "has 'members', which no model has");
  check([](Json& j) { j["kind"] = "checkpoint"; }, "has 'members', which no checkpoint has");
  check([](Json& j) { j["members"].erase(1); }, "its tensor 'members.1.layers.0.mean' belongs to no layer");
  check([](Json& j) { j["members"].push_back(j["members"][0]); }, "it has no tensor 'members.2.layers.0.mean'");
  check([](Json& j) { j["members"][1]["layers"].erase(0); }, "it has no tensor 'members.1.layers.0.weight'");
  check([](Json& j) { j["members"][1]["layers"][1]["in"] = 4; },
        "layer 1: its description of member 1 gives it 4 inputs, but the layer before it has 3 outputs");
  check(
      [](Json& j) {
        j["members"][1]["layers"] = {{{"type", "Dropout"}, {"in", 4}, {"out", 4}, {"rate", 0}}};
      },
      "its description of member 1 gives it 4 inputs, but member 0 has 3");
  check([](Json& j) { j["members"][1]["layers"][1]["type"] = "Dence"; }, "layer 1: member 1: it is Dence");
  check(
      [](Json& j) {
        j["members"][1]["layers"].push_back({{"type", "Dropout"}, {"in", 2}, {"out", 2}, {"rate", 7}});
      },
      "layer 3: member 1: ");
  check(
      [](Json& j) {
        Json& layers = j["members"][1]["layers"] = Json::array();
        for (int k = 0; k < 9; ++k) layers.push_back({{"type", "Rescale"}, {"in", 65'536}, {"out", 65'536}});
        j["members"][0] = j["members"][1];
      },
      "too large for a file of this size");

  // The members of the type have fixed sizes.
  const std::string error = refusal<Ensemble<Member>>(to_tensors(different_members()));
  CAPTURE(error);
  CHECK(mentions(error, "layer 0: member 1: it is Rescale"));

  TensorFile file = to_tensors(two_members());
  detail::to_little_endian(std::numeric_limits<float>::infinity(), file.tensors.back().bytes.data());
  CHECK(mentions(refusal<AnyEnsemble>(file), "its tensor 'members.1.layers.2.bias' holds NaN, an infinite value"));
}

TEST_CASE("an ensemble that was moved from or is not finite is not saved") {
  Ensemble<Member> ensemble = two_members();
  const Ensemble<Member> taken = std::move(ensemble);
  CHECK(mentions(error_text<ValueError>([&] { to_tensors(ensemble); }), "the ensemble was moved from"));
  CHECK(to_tensors(taken).tensors.size() == 12);

  Member infinite = a_member(1);
  infinite.network().mutable_parameters()[0] = std::numeric_limits<float>::infinity();
  CHECK(mentions(error_text<NonFiniteError>([&] {
                   to_tensors(Ensemble{a_member(2), infinite});
                 }),
                 "layer 1: member 1: its parameters are not all finite"));
}

TEST_CASE("describe tells the members of an ensemble") {
  const FileDescription file = describe(to_tensors(Verifier{different_members(), {.threshold = 0.5}}));
  CHECK(file.kind == "verifier");
  CHECK(file.layers.empty());
  CHECK(file.members.size() == 2);
  CHECK(file.features() == 3);
  CHECK(file.parameters == 16 + 10 + 20);
  CHECK(describe(to_tensors(a_member(1))).features() == 3);
  std::ostringstream text;
  text << file;
  CHECK(mentions(text.str(),
                 "member 0:\n  layer 0: Standardize 3 x 3\n  layer 1: Dense 3 x 4, activation Tanh\n"
                 "  layer 2: Dense 4 x 2, activation Linear\nmember 1:\n  layer 0: Rescale 3 x 3"));
  CHECK(mentions(text.str(), "distance: Manhattan\nthreshold: 0.5\n"));
}
