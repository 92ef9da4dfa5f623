// The files in tests/golden/models were written by version 0.1.0; golden/make_models.cpp tells how.

#include <cmath>
#include <filesystem>
#include <limits>
#include <sstream>
#include <string>
#include <tuple>
#include <vector>

#include "catch.hpp"
#include "gemel/io/checkpoint.hpp"
#include "gemel/io/file_description.hpp"
#include "gemel/io/model_file.hpp"
#include "gemel/loss/contrastive_loss.hpp"
#include "gemel/network/any_model.hpp"
#include "golden/models.hpp"
#include "instruction_sets.hpp"
#include "io/temporary_folder.hpp"

using namespace gemel;

namespace {

std::filesystem::path golden_model(const std::string& name) {
  return std::filesystem::path(GEMEL_TEST_DATA) / "golden" / "models" / (name + ".safetensors");
}

template <class Model>
Model check_golden_model(const std::string& name) {
  CAPTURE(name);
  Metadata metadata;
  const Model model = load<Model>(golden_model(name), metadata);
  test::for_each_fused([&] { CHECK(test::exact_text(test::golden_distances(model)) == metadata["distances"]); });
  return model;
}

}  // namespace

TEST_CASE("model files of earlier versions give the recorded distances, bit for bit") {
  check_golden_model<AnyModel<float>>("float");
  check_golden_model<Siamese<Network<float, Dense<7, 19, ReLU>, Dense<19, 5>>>>("float");

  using Layers = Sequence<Dense<Dynamic, Dynamic, ReLU>>;
  const auto precise = check_golden_model<Siamese<Network<double, Layers, Dropout<>, Layers>, Manhattan>>("double");
  CHECK(std::get<0>(precise.network().layers()).layers().size() == 2);
  CHECK(std::get<1>(precise.network().layers()).rate() == 0.3);
  check_golden_model<AnyModel<double>>("double");

  check_golden_model<AnyModel<float>>("verifier");
  const auto scaled = check_golden_model<
      Siamese<Network<float, Standardize<7>, Dense<7, 12, LeakyReLU>, Dropout<12>, Dense<12, 4>, L2Normalize<4>>,
              SquaredEuclidean>>("verifier");
  CHECK(std::get<0>(scaled.network().layers()).clip() == 1.5);
  CHECK(std::get<1>(scaled.network().layers()).activation().negative_slope == 0.1);
  const Calibration calibration = load<Verifier<AnyModel<float>>>(golden_model("verifier")).calibration();
  CHECK(calibration.threshold == 0.1);
  CHECK(calibration.far == 1.0 / 3);
  CHECK(calibration.frr == 0.25);
  CHECK(calibration.interval.low == 0.01);
  CHECK(calibration.interval.high == 0.7);
  CHECK(calibration.interval.method == "Wilson's interval");
  CHECK(calibration.method == "threshold at the equal error rate");

  check_golden_model<AnyModel<float>>("nothing");
  CHECK(load<Verifier<AnyModel<float>>>(golden_model("nothing")).calibration().threshold ==
        -std::numeric_limits<double>::infinity());

  Metadata metadata;
  CHECK(load<AnyNetwork<double>>(golden_model("network"), metadata).out() == 2);
  CHECK(metadata == Metadata{{"key", "text"}});
}

TEST_CASE("a model file of an earlier version with every activation gives the recorded distances") {
  // The platform's tanh and exp may differ in the last bits.
  Metadata metadata;
  const auto distances = test::golden_distances(load<AnyModel<float>>(golden_model("activations"), metadata));
  std::istringstream recorded(metadata["distances"]);
  for (const float d : distances) {
    std::string number;
    recorded >> number;
    CHECK(std::abs(d - std::stof(number)) < 1e-6f);
  }
}

TEST_CASE("an ensemble of an earlier version, with whitenings, centring and noise, gives the recorded distances") {
  Metadata metadata;
  const auto verifier = load<Verifier<Ensemble<AnyModel<float>>>>(golden_model("ensemble"), metadata);
  CHECK(verifier.model().members().size() == 2);
  test::for_each_fused([&] { CHECK(test::exact_text(test::golden_distances(verifier, 7)) == metadata["distances"]); });
}

TEST_CASE("a gallery of an earlier version gives the recorded scores, bit for bit") {
  Metadata metadata;
  const auto gallery = load<Gallery<AnyModel<float>, AnyScorer>>(golden_model("gallery"), metadata);
  test::for_each_fused([&] { CHECK(test::exact_text(test::golden_scores(gallery, 7)) == metadata["scores"]); });
  CHECK(gallery.names() == std::vector<std::string>{"Ada", "\xC3\x89mile", "Zo\xC3\xAB"});
  CHECK(gallery.samples() == 9);
  CHECK(gallery.person(2).threshold() == 0.25);
  CHECK_FALSE(gallery.person(1).threshold());
  const Calibration& claims = gallery.verifier().calibration();
  CHECK(claims.threshold == 0.7);
  CHECK(claims.far_points.size() == 3);
  CHECK(claims.far_points.back().threshold == 4);
  CHECK(gallery.identification().fpir() == 0.02);
  CHECK(gallery.identification().method() == "thresholds for a FPIR of at most 0.02");
  CHECK(gallery.identification().at(1).threshold == 0.6);
  CHECK(gallery.identification().at(2).threshold == 0.3);
  CHECK(gallery.identification().at(3).interval.high == 0.04);
  CHECK(load<Verifier<AnyModel<float>>>(golden_model("gallery")).calibration().threshold == 0.1);
}

TEST_CASE("a training of an earlier version is resumed to the recorded parameters, bit for bit") {
  const TemporaryFolder folder;
  const auto path = std::filesystem::path(GEMEL_TEST_DATA) / "golden" / "models" / "training.checkpoint";
  const Metadata metadata = describe(path).metadata;
  test::for_each_fused([&] {
    test::GoldenTraining training;
    Checkpoint checkpoint{folder.path() / "training.checkpoint", {.every = 3}};
    const History history = resume(path, training.model, training.source(), ContrastiveLoss{}, training.optimizer,
                                   training.options, training.patience, training.plateau, checkpoint);
    CHECK(history.epochs() == 6);
    CHECK(test::exact_text<float>(training.model.parameters()) == metadata.at("parameters"));
  });
}

TEST_CASE("a checkpoint of a newer major version is refused") {
  TensorFile file =
      read_safetensors(std::filesystem::path(GEMEL_TEST_DATA) / "golden" / "models" / "training.checkpoint");
  std::string& description = file.metadata["gemel"];
  const std::string format = "\"format\":1";
  REQUIRE(description.find(format) != description.npos);
  description.replace(description.find(format), format.size(), "\"format\":2");
  const TemporaryFolder folder;
  const auto path = folder.path() / "newer.checkpoint";
  write_safetensors(path, file);
  test::GoldenTraining training;
  const VectorX<float> before = training.model.parameters();
  Checkpoint checkpoint{folder.path() / "training.checkpoint", {.every = 3}};
  try {
    resume(path, training.model, training.source(), ContrastiveLoss{}, training.optimizer, training.options,
           training.patience, training.plateau, checkpoint);
    FAIL("no error");
  } catch (const FormatError& error) {
    CHECK(std::string(error.what()).find("newer version of Gemel (format 2") != std::string::npos);
  }
  CHECK(training.model.parameters() == before);
}

TEST_CASE("a model file of an earlier version is described") {
  const FileDescription file = describe(golden_model("verifier"));
  CHECK(file.kind == "verifier");
  CHECK(file.version == "0.1.0");
  CHECK(file.layers.size() == 5);
}
