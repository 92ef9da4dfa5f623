#include "gemel/io/file_description.hpp"

#include <limits>
#include <sstream>
#include <string>

#include "catch.hpp"
#include "error_text.hpp"
#include "gemel/network/any_model.hpp"
#include "io/saved_types.hpp"
#include "io/temporary_folder.hpp"
#include "mentions.hpp"

using namespace gemel;

namespace {

template <class S>
auto described_model() {
  Rng rng{3};
  return Siamese{make_network<S>(rng, Standardize<3>{{1, 2, 3}, {1, 1, 0}, {.clip = 5}},
                                 test::Elementwise{{1, 2, 3}, {0.5}}, Dense<3, 5, Tanh>{}, Dropout<5>{0.25}),
                 Cosine{}};
}

}  // namespace

TEST_CASE("describe tells what is in a file, for people too") {
  const Verifier verifier{described_model<float>(), Calibration{.threshold = -std::numeric_limits<double>::infinity(),
                                                                .far = 0.125,
                                                                .frr = 1,
                                                                .interval = {.low = 0, .high = 0.5, .method = "Wilson"},
                                                                .method = "by hand"}};
  const TemporaryFolder folder;
  save(folder.path() / "file", verifier, {{"classes", "a\nb\x1b[2J \xC2\x9B é\x7F"}});
  const FileDescription file = describe(folder.path() / "file");
  CHECK(file.metadata.at("classes") == "a\nb\x1b[2J \xC2\x9B é\x7F");
  CHECK(file.calibration->interval.high == 0.5);
  std::ostringstream text;
  text << file;
  CHECK(text.str() == R"(kind: verifier
written by: Gemel 0.1.0 (format 1)
parameters: 23 (F32)
layer 0: Standardize 3 x 3, clip 5.0
layer 1: test::Elementwise 3 x 3, activation test::Gain (gain 0.5)
layer 2: Dense 3 x 5, activation Tanh
layer 3: Dropout 5 x 5, rate 0.25
distance: Cosine
threshold: -inf
calibration: FAR 0.125, FRR 1, FAR of new pairs 0 to 0.5; by hand
metadata classes: a\x0ab\x1b[2J \x9b é\x7f
tensor layers.0.mean: F64, 3
tensor layers.0.scale: F64, 3
tensor layers.1.offset: F64, 3
tensor layers.1.parameters: F32, 3
tensor layers.2.weight: F32, 5 x 3
tensor layers.2.bias: F32, 5
)");
}

TEST_CASE("describe counts the parameters of a double model without the fitted state") {
  Rng rng{3};
  const auto network = make_network<double>(rng, Standardize<3>{{1, 2, 3}, {1, 1, 0}}, Dense<3, 5>{});
  CHECK(describe(to_tensors(network)).parameters == 20);
  CHECK(describe(to_tensors(network)).distance.empty());
  const auto whitened =
      make_network<double>(rng, Centering<3>{{1, 2, 3}},
                           Whitening<3, 2>{VectorX<double>::Ones(3), MatrixX<double>::Ones(2, 3)}, Dense<2, 5>{});
  CHECK(describe(to_tensors(whitened)).parameters == 15);
}

TEST_CASE("describe tells how far a checkpoint has come") {
  TensorFile file;
  detail::Json description = detail::add_model(file, described_model<float>());
  description["kind"] = "checkpoint";
  description["training"] = {{"epoch", 3}, {"steps", 40}};
  detail::put_metadata(file, description, {});
  const FileDescription described = describe(file);
  CHECK(described.training->epochs == 3);
  CHECK(described.training->steps == 40);
  std::ostringstream text;
  text << described;
  CHECK(mentions(text.str(), "training: 3 epochs, 40 steps\n"));
}

TEST_CASE("describe tells the tensors of any safetensors file") {
  TensorFile plain;
  plain.add("fc.weight", MatrixX<float>{{1, 2, 3}, {4, 5, 6}});
  plain.metadata = {{"format", "pt"}};
  const FileDescription file = describe(plain);
  CHECK(file.kind == "tensors");
  CHECK(file.metadata == Metadata{{"format", "pt"}});
  std::ostringstream text;
  text << file;
  CHECK(text.str() == "kind: tensors\nmetadata format: pt\ntensor fc.weight: F32, 2 x 3\n");
}

TEST_CASE("describe refuses a bad description") {
  TensorFile file = to_tensors(described_model<float>());
  file.metadata["gemel"].back() = ',';
  CHECK(mentions(error_text<FormatError>([&] { describe(file); }), "is not valid JSON"));
}
