// Makes the files of tests/golden/models, which every later version must read:
//   g++ -std=c++20 -O1 -Iinclude -Itests -isystem /usr/include/eigen3 tests/golden/make_models.cpp -o make_models &&
//     ./make_models tests/golden/models
// The distances that a model gives are in its file's metadata, as computed with a fused multiply-add. The files are
// made once for each version of the format, and then not changed.

#include <filesystem>
#include <limits>
#include <string>
#include <tuple>

#include "gemel/gemel.hpp"
#include "gemel/io/checkpoint.hpp"
#include "gemel/io/model_file.hpp"
#include "golden/models.hpp"

using namespace gemel;

namespace {

template <class Model>
void save_golden(const std::filesystem::path& path, const Model& model) {
  save(path, model, {{"distances", test::exact_text(test::golden_distances(model))}});
}
template <class Model>
void save_golden(const std::filesystem::path& path, const Verifier<Model>& verifier) {
  save(path, verifier, {{"distances", test::exact_text(test::golden_distances(verifier.model()))}});
}

}  // namespace

int main(int, char** arguments) {
  const std::filesystem::path folder = arguments[1];
  Rng rng{14};

  const Siamese single{make_network<float>(rng, Dense<7, 19, ReLU>{}, Dense<19, 5>{})};
  save_golden(folder / "float.safetensors", single);

  const Sequence<Dense<Dynamic, Dynamic, ReLU>> first{{{7, 9}, {9, 8}}}, second{{{8, 6}}};
  const Siamese precise{make_network<double>(rng, first, Dropout<>{8, 0.3}, second), Manhattan{}};
  save_golden(folder / "double.safetensors", precise);

  const auto samples = test::golden_samples<float>(7);
  const Siamese scaled{
      make_network<float>(rng, Standardize<>{samples, {.clip = 1.5}}, Dense<7, 12, LeakyReLU>{LeakyReLU{0.1}},
                          Dropout<12>{0.25}, Dense<12, 4>{}, L2Normalize<4>{}),
      SquaredEuclidean{}};
  const Calibration calibration{.threshold = 0.1,
                                .far = 1.0 / 3,
                                .frr = 0.25,
                                .interval = {.low = 0.01, .high = 0.7, .method = "Wilson's interval"},
                                .method = "threshold at the equal error rate"};
  save_golden(folder / "verifier.safetensors", Verifier{scaled, calibration});

  const Verifier nothing{
      Siamese{make_network<float>(rng, Rescale<7>{{.offset = -1.125, .factor = 1 / 3.0}}, Dense<7, 3>{}), Cosine{}},
      {.threshold = -std::numeric_limits<double>::infinity(), .far = 0, .frr = 1, .method = "nothing is accepted"}};
  save_golden(folder / "nothing.safetensors", nothing);

  const Siamese activations{
      make_network<float>(rng, Dense<7, 6, Tanh>{}, Dense<6, 5, Sigmoid>{}, Dense<5, 4, LeakyReLU>{})};
  save_golden(folder / "activations.safetensors", activations);

  save(folder / "network.safetensors", make_network<double>(rng, Dense<7, 2, ReLU>{}), {{"key", "text"}});

  const Classes classes{{0, 0, 0, 1, 1, 1, 2, 2, 2, 2}};
  // The file that is there has 3 dimensions, which within_class refused later, because three classes lie in a plane.
  const auto whitening = Whitening<>::within_class(samples, classes, {.dimensions = 2, .shrinkage = 0.25});
  const AnyModel<float> whitened{make_network<float>(rng, Centering<>{samples}, whitening, L2Normalize<>{2})};
  const AnyModel<float> trained{make_network<float>(rng,
                                                    Whitening<>::pca(samples, {.dimensions = 5, .shrinkage = 0.125}),
                                                    GaussianNoise<>{5, 0.25}, Dense<5, 6, ReLU>{})};
  const Verifier ensemble{Ensemble{whitened, trained}, calibration};
  save(folder / "ensemble.safetensors", ensemble,
       {{"distances", test::exact_text(test::golden_distances(ensemble, 7))}});

  const Calibration of_claims{.threshold = 0.7,
                              .far = 0.125,
                              .frr = 0.5,
                              .interval = {.low = 0.1, .high = 0.2, .method = "bootstrap"},
                              .method = "threshold for a FAR of at most 0.13",
                              .far_points = {{0, 0.1}, {0.125, 0.7}, {1, 4}}};
  const IdentificationCalibration of_searches{
      0.02,
      {{.size = 1, .threshold = 0.6, .fpir = 0.01, .interval = {.low = 0, .high = 0.03, .method = "bootstrap"}},
       {.size = 3, .threshold = 0.3, .fpir = 0.02, .interval = {.low = 0, .high = 0.04, .method = "bootstrap"}}},
      "thresholds for a FPIR of at most 0.02"};
  Gallery gallery{ClaimVerifier{scaled, MinimumScore{.power = 0.5}, of_claims}, of_searches};
  gallery.add("Ada", samples.leftCols(2));
  gallery.add("\xC3\x89mile", samples.middleCols(2, 3));
  gallery.add("Zo\xC3\xAB", gallery.verifier().enrol(samples.rightCols(4)).with_threshold(0.25));
  TensorFile with_gallery =
      to_tensors(Verifier{scaled, calibration}, {{"scores", test::exact_text(test::golden_scores(gallery, 7))}});
  put_gallery(with_gallery, gallery);
  write_safetensors(folder / "gallery.safetensors", with_gallery);

  // The second training writes the result of the first into its checkpoints.
  std::string parameters;
  for (int run = 0; run < 2; ++run) {
    test::GoldenTraining training;
    const auto path = folder / "training.checkpoint";
    Checkpoint checkpoint{path, {.every = 3, .keep = 2, .metadata = {{"parameters", parameters}}}};
    fit(training.model, training.source(), ContrastiveLoss{}, training.optimizer, training.options, training.rng,
        training.patience, training.plateau, checkpoint);
    parameters = test::exact_text<float>(training.model.parameters());
    std::filesystem::rename(folder / "training.checkpoint.1", path);
  }
}
