#include "gemel/io/model_file.hpp"

#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "allocations.hpp"
#include "catch.hpp"
#include "error_text.hpp"
#include "gemel/data/pairs.hpp"
#include "gemel/loss/contrastive_loss.hpp"
#include "gemel/network/any_model.hpp"
#include "gemel/optimizer/adam.hpp"
#include "gemel/training/fit.hpp"
#include "gemel/verification/calibration.hpp"
#include "io/saved_types.hpp"
#include "io/temporary_folder.hpp"
#include "mentions.hpp"

using namespace gemel;

namespace {

const TemporaryFolder& model_folder() {
  static const TemporaryFolder folder;
  return folder;
}

using SmallLayers =
    Network<float, Standardize<3>, Dense<3, 5, LeakyReLU>, Dropout<5>, Dense<5, 4, Tanh>, Rescale<4>, L2Normalize<4>>;
using SmallModel = Siamese<SmallLayers, Cosine>;
using AnyVerifier = Verifier<AnyModel<float>>;

SmallModel small_model(std::uint64_t seed = 3) {
  Rng rng{seed};
  return SmallModel{SmallLayers(rng, Standardize<3>{{1, 2, 1.0 / 3}, {0.1, 0, 7}, {.clip = 2.5}},
                                Dense<3, 5, LeakyReLU>{LeakyReLU{0.1}}, Dropout<5>{0.25}, {},
                                Rescale<4>{{.offset = -0.1, .factor = 1 / 255.0}}, {})};
}

Verifier<SmallModel> small_verifier(double threshold = 0.7) {
  return {small_model(),
          {.threshold = threshold,
           .far = 1.0 / 3,
           .frr = 0.125,
           .interval = {.low = 0, .high = std::numeric_limits<double>::quiet_NaN(), .method = "a \"method\""},
           .method = "größer\n"}};
}

template <class S>
MatrixX<S> some_samples(Index features, Index n) {
  Rng rng{8};
  MatrixX<S> samples(features, n);
  for (S& value : samples.reshaped()) value = rng.normal<S>();
  return samples;
}

/// Whether the two give the same bits as distances.
template <class A, class B>
bool agree(const A& a, const B& b) {
  using S = typename A::Scalar;
  const MatrixX<S> x = some_samples<S>(a.network().in(), 9), y = x.rowwise().reverse();
  return a.distance(x, y) == b.distance(x, y) && a.parameters() == b.parameters();
}

/// The file with another description: `change` gets the JSON.
template <class T, class Change>
TensorFile with_description(const T& model, const Change& change) {
  TensorFile file = to_tensors(model);
  detail::Json json = detail::Json::parse(file.metadata["gemel"]);
  change(json);
  file.metadata["gemel"] = json.dump();
  return file;
}

template <class T>
std::string load_error(const TensorFile& file, const LoadOptions& options = {}) {
  return error_text<FormatError>([&] { from_tensors<T>(file, options); });
}

}  // namespace

TEST_CASE("a saved model, network or verifier is loaded with the same bits, and with the user's texts") {
  const auto path = model_folder().path() / "model";
  const SmallModel model = small_model();
  const Metadata texts{{"classes", "a, \"b\"\n"}, {"gemelli", ""}, {"π", "3"}};
  save(path, model, texts);
  Metadata metadata{{"old", "text"}};
  CHECK(agree(load<SmallModel>(path, metadata), model));
  CHECK(metadata == texts);

  save(path, model.network());
  CHECK(load<SmallLayers>(path).parameters() == model.parameters());

  const Verifier<SmallModel> verifier = small_verifier();
  save(path, verifier);
  const auto same = load<Verifier<SmallModel>>(path);
  CHECK(agree(same.model(), verifier.model()));
  const Calibration &a = same.calibration(), &b = verifier.calibration();
  CHECK(a.threshold == b.threshold);
  CHECK(a.far == b.far);
  CHECK(a.frr == b.frr);
  CHECK(a.method == b.method);
  CHECK(a.interval.low == b.interval.low);
  CHECK(std::isnan(a.interval.high));
  CHECK(a.interval.method == b.interval.method);
  CHECK(same.distance(some_samples<float>(3, 1), some_samples<float>(3, 2).col(1)) ==
        verifier.distance(some_samples<float>(3, 1), some_samples<float>(3, 2).col(1)));

  // A verifier's file also holds a model and a network.
  CHECK(agree(load<SmallModel>(path), verifier.model()));
  const auto precise = load<AnyModel<double>>(path, metadata, {.convert = true});
  CHECK(precise.parameters() == load<AnyModel<double>>(path, {.convert = true}).parameters());
  CHECK(metadata.empty());
  CHECK(load<AnyNetwork<float>>(path).parameters() == verifier.model().parameters());
}

TEST_CASE("every layer, activation and distance is loaded with its options and state") {
  Rng rng{5};
  const auto check = [&](const auto& model) {
    using Model = std::remove_cvref_t<decltype(model)>;
    const AnyModel<float> any = model;
    const TensorFile file = to_tensors(model);
    CHECK(agree(from_tensors<Model>(file), model));
    CHECK(agree(from_tensors<AnyModel<float>>(file), model));
    CHECK(agree(from_tensors<Model>(to_tensors(any)), model));
    CHECK(to_tensors(from_tensors<Model>(file)).metadata == file.metadata);
    CHECK(to_tensors(any).metadata == file.metadata);
  };
  check(small_model());
  check(Siamese{make_network<float>(rng, Dense<3, 4, ReLU>{}, Dense<4, 3, Sigmoid>{}), SquaredEuclidean{}});
  check(Siamese{make_network<float>(rng, Dense<Dynamic, Dynamic, Linear>{3, 4}, Dropout<>{4, 0}), Manhattan{}});
  check(Siamese{make_network<float>(rng, GaussianNoise<3>{0.1}, Dense<Dynamic, Dynamic, Linear>{3, 4}), Manhattan{}});
  check(Siamese{make_network<float>(rng, Standardize<>{{1, 2}, {0.5, 3e-5}}, Dense<2, 1>{})});
  check(Siamese{make_network<float>(rng, Centering<3>{{1, -2, 1.0 / 3}}, Dense<3, 2>{})});
  check(Siamese{make_network<float>(rng, Dense<5, 4>{},
                                    Whitening<4, 3>{VectorX<double>{{1, 2, 3, 1.0 / 3}}, some_samples<double>(3, 4)},
                                    Dense<3, 2>{})});

  const SmallModel model = from_tensors<SmallModel>(to_tensors(small_model()));
  const auto& layers = model.network().layers();
  CHECK(std::get<0>(layers).clip() == 2.5);
  CHECK(std::get<0>(layers).scale() == VectorX<double>{{0.1, 0, 7}});
  CHECK(std::get<2>(layers).rate() == 0.25);
  CHECK(std::get<4>(layers).factor() == 1 / 255.0);
}

TEST_CASE("a type with static sizes and one with sizes at run time read each other's files") {
  using Static = Network<double, Dropout<3>, Dense<3, 4, ReLU>, Dense<4, 2>>;
  using Mixed = Network<double, Dropout<>, Dense<Dynamic, 4, ReLU>, Dense<Dynamic, Dynamic>>;
  Rng rng{6};
  const Static network{rng, Dropout<3>{0.125}, {}, {}};
  const auto mixed = from_tensors<Mixed>(to_tensors(network));
  CHECK(std::get<0>(mixed.layers()).rate() == 0.125);
  const auto any = from_tensors<AnyNetwork<double>>(to_tensors(mixed));
  const auto back = from_tensors<Static>(to_tensors(any));
  CHECK(back.parameters() == network.parameters());
  CHECK(to_tensors(back).metadata == to_tensors(network).metadata);
}

TEST_CASE("a threshold that rejects or accepts everything is kept") {
  for (const double threshold : {-std::numeric_limits<double>::infinity(), std::numeric_limits<double>::infinity()}) {
    CHECK(from_tensors<AnyVerifier>(to_tensors(small_verifier(threshold))).calibration().threshold == threshold);
  }
}

TEST_CASE("a loaded model can be trained further, to the bits of the model that was saved") {
  const MatrixX<float> a = some_samples<float>(3, 40), b = a.rowwise().reverse();
  std::vector<std::uint8_t> labels(40);
  for (std::size_t i = 0; i < 40; ++i) labels[i] = i % 2;
  const auto trained = [&](auto model) {
    Rng rng{1};
    fit(model, Pairs<float>{a, b, labels}, ContrastiveLoss{}, Adam<float>{}, {.epochs = 2, .batch_size = 16}, rng);
    return model;
  };
  const SmallModel before = small_model();
  const SmallModel model = trained(before);
  CHECK(model.parameters() != before.parameters());
  CHECK(agree(trained(from_tensors<SmallModel>(to_tensors(before))), model));
  CHECK(agree(trained(from_tensors<AnyModel<float>>(to_tensors(before))), model));
}

TEST_CASE("a network with several Sequences is loaded with the same number of layers in each") {
  using Layers = Network<double, Sequence<Dense<Dynamic, Dynamic, ReLU>>, Dropout<4>,
                         Sequence<Sequence<Dense<Dynamic, Dynamic, ReLU>>>>;
  Rng rng{2};
  const Dense<Dynamic, Dynamic, ReLU> layer{4, 4};
  const Sequence two{std::vector{layer, layer}}, one{std::vector{layer}};
  const Layers network{rng, two, Dropout<4>{}, Sequence{std::vector{one, two, one}}};
  const TensorFile file = to_tensors(network);
  CHECK(detail::Json::parse(file.metadata.at("gemel")).at("sequences") == detail::Json{2, 3, 1, 2, 1});
  const Layers loaded = from_tensors<Layers>(file);
  CHECK(loaded.parameters() == network.parameters());
  CHECK(std::get<0>(loaded.layers()).layers().size() == 2);
  CHECK(std::get<2>(loaded.layers()).layers().size() == 3);
  CHECK(std::get<2>(loaded.layers()).layers()[1].layers().size() == 2);
  CHECK(from_tensors<AnyNetwork<double>>(file).parameters() == network.parameters());

  // A file of one Sequence does not tell how to divide its layers.
  CHECK(mentions(load_error<Layers>(to_tensors(AnyNetwork<double>{network})), "load it as an AnyNetwork"));
  for (const char* sizes : {"[2,3,1,2,2]", "[2,3,1,1,1]", "[2,3]", "[2,3,1,2,1,1]", "[0,3,1,2,1]", "[-2,3]", "[2e3]",
                            "[18446744073709551615]", "[true]", "7"}) {
    CAPTURE(sizes);
    const std::string text = load_error<Layers>(
        with_description(network, [sizes](auto& json) { json["sequences"] = detail::Json::parse(sizes); }));
    CHECK((mentions(text, "Sequence") || mentions(text, "sequences")));
  }
}

TEST_CASE("layers, activations and distances of a user's own are saved by their names") {
  Rng rng{4};
  const Siamese model{
      make_network<double>(rng, test::Elementwise{{1, -1, 1e-300}, {0.3}}, Dense<3, 2, test::Gain>{test::Gain{-2}}),
      test::Weighted{1.5}};
  const TensorFile file = to_tensors(model);
  const auto loaded = from_tensors<std::remove_const_t<decltype(model)>>(file);
  CHECK(agree(loaded, model));
  CHECK(loaded.metric().factor == 1.5);
  CHECK(from_tensors<std::remove_cvref_t<decltype(model.network())>>(file).parameters() == model.parameters());
  CHECK(file.at("layers.0.parameters").shape == std::vector<Index>{3});
  CHECK(file.at("layers.0.offset").type == DType::F64);
  CHECK(mentions(load_error<AnyModel<double>>(file), "test::Weighted"));
  CHECK(mentions(load_error<AnyNetwork<double>>(file), "layer 0: it is test::Elementwise 3 x 3"));
}

TEST_CASE("parameters of the other scalar type are converted only if that is asked for") {
  const AnyModel<float> single = small_model();
  const std::string text = load_error<AnyModel<double>>(to_tensors(single));
  CHECK(mentions(text, "parameters are floats, but the type's are doubles"));
  CHECK(mentions(text, "{.convert = true}"));
  const auto precise = from_tensors<AnyModel<double>>(to_tensors(single), {.convert = true});
  CHECK(precise.parameters() == single.parameters().cast<double>());
  CHECK(mentions(load_error<AnyModel<float>>(to_tensors(precise)), "are doubles, but the type's are floats"));
  CHECK(agree(from_tensors<AnyModel<float>>(to_tensors(precise), {.convert = true}), single));
  CHECK(agree(from_tensors<AnyModel<float>>(to_tensors(single), {.convert = true}), single));

  AnyModel<double> large = precise;
  VectorX<double> parameters = large.parameters();
  parameters[17] = 1e300;
  large.set_parameters(parameters);
  CHECK(mentions(load_error<AnyModel<float>>(to_tensors(large), {.convert = true}), "beyond the range of F32"));
}

TEST_CASE("a file of another kind of model says what it holds") {
  const SmallModel model = small_model();
  CHECK(mentions(load_error<SmallModel>(to_tensors(model.network())), "a network without a distance"));
  CHECK(mentions(load_error<AnyVerifier>(to_tensors(model)), "a model without a threshold"));
  CHECK(mentions(load_error<AnyVerifier>(to_tensors(model.network())), "a network without a threshold"));
  CHECK(mentions(load_error<Siamese<SmallLayers, Manhattan>>(to_tensors(model)),
                 "its distance is Cosine, but the type that is loaded has Manhattan"));
  TensorFile plain;
  plain.add("fc.weight", MatrixX<float>::Ones(2, 3).eval());
  CHECK(mentions(load_error<SmallModel>(plain), "use load_state_dict"));
}

TEST_CASE("a file with other layers than the type says which layer differs") {
  const SmallModel model = small_model();
  const auto check = [file = to_tensors(model)]<class... L>(const std::string& words,
                                                            std::type_identity<Network<float, L...>>) {
    CHECK(mentions(load_error<Network<float, L...>>(file), words));
  };
  check("layer 1: it is Dense 3 x 5 with LeakyReLU, but the type that is loaded has Dense 3 x 5 with ReLU there",
        std::type_identity<Network<float, Standardize<3>, Dense<3, 5, ReLU>, Dropout<5>, Dense<5, 4, Tanh>, Rescale<4>,
                                   L2Normalize<4>>>{});
  check("layer 1: it is Dense 3 x 5 with LeakyReLU, but the type that is loaded has Dense 3 x 6 with LeakyReLU",
        std::type_identity<Network<float, Standardize<3>, Dense<3, 6, LeakyReLU>, Dropout<6>, Dense<6, 4, Tanh>,
                                   Rescale<4>, L2Normalize<4>>>{});
  check("has Dense any x any with ReLU there",
        std::type_identity<Network<float, Standardize<3>, Dense<Dynamic, Dynamic, ReLU>, Dropout<5>, Dense<5, 4, Tanh>,
                                   Rescale<4>, L2Normalize<4>>>{});
  check("layer 2: it is Dropout 5 x 5",
        std::type_identity<Network<float, Standardize<3>, Dense<3, 5, LeakyReLU>, L2Normalize<5>, Dense<5, 4, Tanh>,
                                   Rescale<4>, L2Normalize<4>>>{});
  check("it has 6 layers, but the type has 1", std::type_identity<Network<float, Dense<3, 4>>>{});
  check(
      "layer 0: it is Standardize 3 x 3, but the type that is loaded has one of Dense any x any with ReLU, Dropout any "
      "x any there",
      std::type_identity<Network<float, Sequence<std::variant<Dense<Dynamic, Dynamic, ReLU>, Dropout<>>>>>{});
}

TEST_CASE("a tensor that is missing, left over, of another type or shape, or not finite is refused") {
  const SmallModel model = small_model();
  const TensorFile whole = to_tensors(model);
  for (const Tensor& tensor : whole.tensors) {
    const auto damaged = [&](const auto& change) {
      TensorFile file = whole;
      change(file.tensors[static_cast<std::size_t>(&tensor - whole.tensors.data())]);
      return load_error<AnyModel<float>>(file);
    };
    const std::string quoted = "'" + tensor.name + "'";
    CAPTURE(tensor.name);
    CHECK(mentions(damaged([](Tensor& t) { t.name += 'x'; }), "it has no tensor " + quoted));
    CHECK(mentions(damaged([](Tensor& t) { t.shape.push_back(1); }), "its tensor " + quoted + " is "));
    CHECK(mentions(damaged([](Tensor& t) {
                     const bool single = t.type == DType::F32;
                     t.type = single ? DType::F64 : DType::F32;
                     t.bytes.resize(single ? 2 * t.bytes.size() : t.bytes.size() / 2);
                   }),
                   tensor.type == DType::F32 ? "holds F64 values, but F32" : "holds F32 values, but F64"));
    for (const std::uint8_t byte : std::vector<std::uint8_t>{0x7F, 0xFF}) {  // NaN, NaN with a sign
      const std::string text =
          damaged([byte](Tensor& t) { t.bytes.back() = byte, t.bytes[t.bytes.size() - 2] = 0xF8; });
      CHECK((mentions(text, "holds NaN") || mentions(text, "must be finite") || mentions(text, "must be a finite")));
      CHECK(mentions(text, "layer " + tensor.name.substr(7, 1)));
    }
  }
  TensorFile file = whole;
  file.add("layers.1.weights", VectorX<float>::Ones(1));
  CHECK(mentions(load_error<SmallModel>(file), "'layers.1.weights' belongs to no layer"));
  file = whole;
  file.add("optimizer.m", VectorX<float>::Ones(1));
  CHECK(mentions(load_error<SmallModel>(file), "'optimizer.m' belongs to no layer"));
  file = whole;
  file.tensors.push_back(file.tensors.front());
  CHECK(mentions(load_error<SmallModel>(file), "belongs to no layer"));
}

TEST_CASE("the tensors of a checkpoint that are no part of its model are not looked at") {
  const SmallModel model = small_model();
  TensorFile file;
  detail::Json description = detail::add_model(file, model);
  for (const char* name : {"optimizer.m", "callbacks.0", "source", "history.loss"}) {
    file.add(name, VectorX<double>::Constant(1, std::numeric_limits<double>::quiet_NaN()));
  }
  description["kind"] = "checkpoint";
  description["training"] = {{"epoch", 3}, {"steps", 40}};
  detail::put_metadata(file, description, {});
  CHECK(agree(from_tensors<SmallModel>(file), model));
  CHECK(mentions(load_error<AnyVerifier>(file), "a checkpoint without a threshold"));
  file.add("others", VectorX<float>::Ones(1));
  CHECK(mentions(load_error<SmallModel>(file), "'others' belongs to no layer"));
}

TEST_CASE("options of layers that they do not allow are refused, with the layer") {
  const auto check = [](std::size_t layer, const char* key, const detail::Json& value, const std::string& words) {
    CAPTURE(layer, key);
    const std::string text = load_error<AnyModel<float>>(
        with_description(small_model(), [&](detail::Json& json) { json["layers"][layer][key] = value; }));
    CAPTURE(text);
    CHECK(mentions(text, format({"model, layer ", layer, ": "})));
    CHECK(mentions(text, words));
  };
  check(0, "clip", -1, "clip must be positive");
  check(0, "clip", "wide", "has 'clip' \"wide\", not a number");
  check(1, "activation", "ReLU", "has 'activation' \"ReLU\", not an object");
  check(1, "activation", {{"type", "LeakyReLU"}, {"negative_slope", -1}}, "negative_slope must be finite");
  check(1, "activation", {{"type", "LeakyReLU"}}, "has no 'negative_slope'");
  check(1, "activation", {{"type", "Softmax"}}, "it is Dense 3 x 5 with Softmax, but");
  check(2, "rate", 1, "the rate of Dropout must be");
  check(2, "rate", "nan", "the rate of Dropout must be");
  check(2, "rate", nullptr, "has 'rate' null, not a number");
  check(4, "factor", 0, "the factor of Rescale must be");
  check(4, "offset", "-inf", "the offset of Rescale must be");
  check(5, "type", "BatchNorm", "it is BatchNorm 4 x 4, but");
  CHECK(mentions(load_error<SmallModel>(
                     with_description(small_model(), [](detail::Json& json) { json["layers"][2].erase("rate"); })),
                 "layer 2: its description has no 'rate'"));
  // Options of later versions are ignored.
  CHECK(load_error<SmallModel>(with_description(small_model(), [](detail::Json& json) {
          json["layers"][2]["more"] = {1, 2};
          json["more"] = true;
        })) == "no error");
}

TEST_CASE("what cannot be loaded again is not saved") {
  const auto path = model_folder().path() / "unsaved";
  const SmallModel model = small_model();
  for (const char* key : {"gemel", "gemel.", "gemel.crc32"}) {
    CHECK(mentions(error_text<ValueError>([&] { save(path, model, {{key, "x"}}); }), "is reserved for the library"));
  }
  CHECK(mentions(error_text<ValueError>([&] { save(path, model, {{"key", "\xFF"}}); }), "UTF-8"));
  CHECK(mentions(error_text<ValueError>([&] {
                   save(path, Verifier<SmallModel>{model, {.method = "\xFF"}});
                 }),
                 "UTF-8"));
  CHECK(mentions(error_text<ValueError>([&] {
                   save(path, Verifier<SmallModel>{model, {.far = 2}});
                 }),
                 "has 'far' 2, not a rate"));
  SmallModel moved = model;
  const SmallModel taken = std::move(moved);
  CHECK(mentions(error_text<ValueError>([&] { save(path, moved); }), "moved from"));
  SmallModel bad = model;
  bad.network().mutable_parameters()[25] = std::numeric_limits<float>::infinity();
  CHECK(mentions(error_text<NonFiniteError>([&] { save(path, bad); }), "layer 3: its parameters are not all finite"));
  Rng rng{1};
  CHECK(mentions(error_text<ValueError>([&] { save(path, make_network<float>(rng, L2Normalize<>{65'537})); }),
                 "at most 65536 is possible"));
  CHECK(!std::filesystem::exists(path));
  save(path, make_network<float>(rng, L2Normalize<>{65'536}));
  CHECK(load<AnyNetwork<float>>(path).in() == 65'536);
}

TEST_CASE("the file is named in what is wrong with it") {
  const auto path = model_folder().path() / "named";
  CHECK_THROWS_AS(load<SmallModel>(path), IoError);
  CHECK(mentions(error_text<IoError>([&] { load<SmallModel>(path); }), path.string()));
  write_safetensors(path, with_description(small_model(), [](detail::Json& json) { json["format"] = 2; }));
  const std::string text = error_text<FormatError>([&] { load<AnyModel<float>>(path); });
  CHECK(text == path.string() +
                    ": it was written by a newer version of Gemel (format 2, this one reads format 1): update Gemel");
  CHECK_THROWS_AS(save(path / "no folder", small_model()), IoError);
}

TEST_CASE("each flipped bit of a small model file is refused") {
  std::vector<std::uint8_t> bytes = format_safetensors(to_tensors(small_verifier(), {{"key", "text"}}));
  std::size_t refused = 0;
  for (std::size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
    const auto flip = [&] { bytes[bit / 8] = static_cast<std::uint8_t>(bytes[bit / 8] ^ 1 << bit % 8); };
    flip();
    try {
      from_tensors<AnyVerifier>(parse_safetensors(bytes));
    } catch (const FormatError&) {
      ++refused;
    }
    flip();
  }
  CHECK(refused == 8 * bytes.size());
}

TEST_CASE("loading allocates little more than the file's size") {
  const auto check = [](const TensorFile& file) {
    const std::vector<std::uint8_t> bytes = format_safetensors(file);
    largest_allocation = 0;
    error_text<FormatError>([&] { from_tensors<AnyModel<double>>(parse_safetensors(bytes), {.convert = true}); });
    const std::size_t largest = largest_allocation;
    CHECK(largest > 0);
    CHECK(largest <= 4 * bytes.size() + (1 << 20));
  };
  const auto with_layers = [](const detail::Json& layers) {
    return with_description(small_model(), [&](detail::Json& json) { json["layers"] = layers; });
  };
  const auto layer = [](const char* type, Index in, Index out) {
    return detail::Json{{"type", type},
                        {"in", in},
                        {"out", out},
                        {"rate", 0.5},
                        {"offset", 0},
                        {"factor", 1},
                        {"activation", {{"type", "ReLU"}}}};
  };
  Rng rng{1};
  check(to_tensors(Siamese{make_network<float>(rng, Dense<900, 300>{})}));
  check(with_layers({layer("Dense", 65'536, 65'536)}));
  check(with_layers({layer("Dense", Index{1} << 40, 65'536)}));
  check(with_layers({layer("Standardize", 65'536, 65'536)}));
  check(with_layers({layer("Rescale", 65'536, 65'536)}));
  check(with_layers(detail::Json(500, layer("Rescale", 65'536, 65'536))));
  check(with_layers(detail::Json(400, layer("Dropout", 4, 4))));
}
