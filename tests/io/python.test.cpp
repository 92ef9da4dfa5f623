#include <filesystem>
#include <string>

#include "catch.hpp"
#include "gemel/io/model_file.hpp"
#include "gemel/io/safetensors.hpp"
#include "gemel/io/state_dict.hpp"
#include "gemel/network/any_model.hpp"
#include "gemel/verification/verifier.hpp"

// The files in tests/golden/python were written by the scripts of examples/python from models of Keras and PyTorch,
// with what these computed (tests/golden/make_python.py). tests/examples/python.test.py compares many more models where
// the Python packages are installed.

using namespace gemel;

namespace {

std::filesystem::path golden_python(const std::string& name) {
  return std::filesystem::path(GEMEL_TEST_DATA) / "golden" / "python" / name;
}

/// n x columns in the file, one sample per column here.
template <class S>
MatrixX<S> recorded(const std::string& model, const char* tensor, Index n, Index columns) {
  const TensorFile file = read_safetensors(golden_python(model + ".recorded.safetensors"));
  return file.get_matrix<S>(tensor, n, columns).transpose();
}

/// The distances of samples 0 and 1, 1 and 2, and so on.
template <class Model, class S>
VectorX<S> distances_of_neighbors(const Model& model, const MatrixX<S>& x) {
  return model.distance(x.leftCols(x.cols() - 1), x.rightCols(x.cols() - 1));
}

template <class A, class B>
double largest_difference(const A& a, const B& b) {
  return static_cast<double>((a - b).cwiseAbs().maxCoeff());
}

}  // namespace

TEST_CASE("a verifier from Keras computes what Keras computed", "[python]") {
  Metadata metadata;
  const auto verifier = load<Verifier<AnyModel<float>>>(golden_python("keras.gemel"), metadata);
  CHECK(metadata == Metadata{{"made_by", "tests/golden/make_python.py"}});
  CHECK(verifier.calibration().threshold == 0.75);
  const MatrixX<float> x = recorded<float>("keras", "samples", 6, 6);
  CHECK(largest_difference(verifier.model().embed(x), recorded<float>("keras", "embeddings", 6, 4)) < 1e-5);
  const TensorFile file = read_safetensors(golden_python("keras.recorded.safetensors"));
  CHECK(largest_difference(distances_of_neighbors(verifier.model(), x), file.get<float>("distances", {5})) < 1e-5);
}

TEST_CASE("a model from PyTorch computes what PyTorch computed", "[python]") {
  const auto model = load<AnyModel<double>>(golden_python("torch.gemel"));
  const MatrixX<double> x = recorded<double>("torch", "samples", 5, 3);
  CHECK(largest_difference(model.embed(x), recorded<double>("torch", "embeddings", 5, 2)) < 1e-12);
  const TensorFile file = read_safetensors(golden_python("torch.recorded.safetensors"));
  CHECK(largest_difference(distances_of_neighbors(model, x), file.get<double>("distances", {4})) < 1e-12);
}

TEST_CASE("the state dict of a Sequential gives the parameters of the converted model", "[python]") {
  Rng rng{1};
  Siamese model{make_network<double>(rng, Dense<3, 5, LeakyReLU>{LeakyReLU{0.01}}, Dropout<5>{}, Dense<5, 4, Sigmoid>{},
                                     Dense<4, 4, ReLU>{}, Dense<4, 2>{}),
                Manhattan{}};
  load_state_dict(golden_python("torch.state.safetensors"), model);
  CHECK(model.parameters() == load<AnyModel<double>>(golden_python("torch.gemel")).parameters());
  const auto same_type = load<decltype(model)>(golden_python("torch.gemel"));
  CHECK(same_type.parameters() == model.parameters());
}
