// A network of Whitening alone, which has no parameters, is a verifier without training: it is calibrated, saved and
// loaded. In a network that is trained, the layer keeps its bits.

#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <vector>

#include "allocations.hpp"
#include "catch.hpp"
#include "error_text.hpp"
#include "gemel/callback/lambda_callback.hpp"
#include "gemel/data/all_pairs.hpp"
#include "gemel/io/checkpoint.hpp"
#include "gemel/io/file_description.hpp"
#include "gemel/io/model_file.hpp"
#include "gemel/loss/contrastive_loss.hpp"
#include "gemel/network/any_model.hpp"
#include "gemel/optimizer/adam.hpp"
#include "gemel/training/fit.hpp"
#include "gemel/verification/calibration.hpp"
#include "gemel/verification/evaluate.hpp"
#include "gemel/verification/verifier.hpp"
#include "io/temporary_folder.hpp"
#include "mentions.hpp"

using namespace gemel;

namespace {

/// Samples of ten classes, whose means differ, with one direction of large variance within them.
struct Whitenable {
  Classes classes;
  MatrixX<float> x;
  explicit Whitenable(std::uint64_t seed) : classes(in_turn()) {
    Rng rng{seed}, means{99};
    const MatrixX<float> mean = normal<float>(6, 10, means), nuisance = normal<float>(6, 1, means);
    x = 0.3F * normal<float>(6, 60, rng) + 5 * nuisance * normal<float>(1, 60, rng);
    for (Index j = 0; j < 60; ++j) x.col(j) += mean.col(j % 10);
  }
  static Classes in_turn() {
    std::vector<Index> of;
    for (Index j = 0; j < 60; ++j) of.push_back(j % 10);
    return Classes{of};
  }
  Pairs<float> pairs() const { return all_pairs(Samples<float>{x}, classes); }
};

using Alone = Siamese<Network<float, Whitening<6, 5>>>;
using Middle = Siamese<Network<float, Dense<6, 6, Linear, Identity>, Whitening<6, 4>, Dense<4, 3>>>;

Alone alone(const Whitenable& data) {
  Rng rng{1};
  return Alone{make_network<float>(rng, Whitening<6, 5>::within_class(data.x, data.classes))};
}

Middle with_whitening_in_the_middle(const Whitenable& data) {
  Rng rng{1};
  return Middle{make_network<float>(rng, Dense<6, 6, Linear, Identity>{},
                                    Whitening<6, 4>::within_class(data.x, data.classes), Dense<4, 3>{})};
}

struct CutOff {
  TrainingSnapshot snapshot;
  Middle model;
  Adam<float> optimizer;
};

}  // namespace

TEST_CASE("a whitening alone verifies better than the raw distance, and is saved and loaded with its bits") {
  const TemporaryFolder folder;
  const Whitenable training{1}, fresh{2};
  const Alone model = alone(training);
  CHECK(model.parameters().size() == 0);
  Rng rng{1};
  const Siamese raw{make_network<float>(rng, Centering<6>{training.x})};
  const double raw_eer = evaluate(raw, fresh.pairs(), ContrastiveLoss{}).roc.eer();
  const double eer = evaluate(model, fresh.pairs(), ContrastiveLoss{}).roc.eer();
  CHECK(raw_eer > 0.25);
  CHECK(eer < 0.1);

  const Verifier verifier = calibrate(model, training.pairs());
  const auto path = folder.path() / "verifier";
  save(path, verifier);
  const auto check = [&](const auto& loaded) {
    CHECK(loaded.calibration().threshold == verifier.calibration().threshold);
    CHECK(loaded.model().embed(fresh.x) == model.embed(fresh.x));
    for (const Index threads : {2, 3, 8}) CHECK(loaded.model().embed(fresh.x, threads) == model.embed(fresh.x));
    CHECK(loaded.model().parameters().size() == 0);
    const auto again = folder.path() / "again";
    save(again, loaded);
    CHECK(to_tensors(load<Verifier<Alone>>(again)).tensors == to_tensors(verifier).tensors);
  };
  check(load<Verifier<Alone>>(path));
  check(load<Verifier<AnyModel<float>>>(path));
  const auto same = load<Alone>(path);
  CHECK(std::get<0>(same.network().layers()).matrix() == std::get<0>(model.network().layers()).matrix());
  CHECK(std::get<0>(same.network().layers()).mean() == std::get<0>(model.network().layers()).mean());
  CHECK(describe(path).parameters == 0);
  CHECK(describe(path).layers.at(0).type == "Whitening");
  const auto precise = load<AnyModel<double>>(path, {.convert = true});
  CHECK(precise.embed(fresh.x.cast<double>()).cast<float>().isApprox(model.embed(fresh.x), 1e-4F));
  save(path, precise);
  CHECK(describe(path).parameters == 0);

  // A matrix is saved row by row, as other programs expect it.
  const TensorFile file = to_tensors(model);
  CHECK(file.at("layers.0.matrix").shape == std::vector<Index>{5, 6});
  CHECK(file.get_matrix<double>("layers.0.matrix", 5, 6) == std::get<0>(model.network().layers()).matrix());
}

TEST_CASE("a verifier of a whitening allocates nothing after its first call") {
  const Whitenable data{1};
  const Alone model = alone(data);
  const Verifier verifier = calibrate(model, data.pairs());
  const VectorX<float> a = data.x.col(0), b = data.x.col(1);
  verifier.distance(a, b);
  const long before = allocation_count;
  const float d = verifier.distance(a, b);
  CHECK(allocation_count == before);
  CHECK(d > 0);
}

TEST_CASE("fit says that a network without parameters has nothing to train, and changes nothing") {
  const Whitenable data{1};
  Alone model = alone(data);
  Rng rng{3};
  bool called = false;
  const std::string text = error_text<ValueError>([&] {
    fit(model, data.pairs(), ContrastiveLoss{}, Adam<float>{}, {.epochs = 1}, rng,
        OnTrainBegin{[&called](auto&) { called = true; }});
  });
  CHECK(mentions(text, "the network has no parameters, so there is nothing to train"));
  CHECK(mentions(text, "calibrate and use it as it is, or add a layer such as Dense"));
  CHECK_FALSE(called);
}

TEST_CASE("a training through a whitening has the same bits for any number of threads, and when it is resumed") {
  const Whitenable data{1};
  const auto bits = [](const auto& model) {
    std::vector<std::uint32_t> all(static_cast<std::size_t>(model.parameters().size()));
    std::memcpy(all.data(), model.parameters().data(), all.size() * sizeof(float));
    return all;
  };
  std::vector<CutOff> epochs;
  std::optional<std::vector<std::uint32_t>> expected;
  for (const Index threads : {1, 2, 3, 8}) {
    Middle model = with_whitening_in_the_middle(data);
    const auto before = bits(model);
    Adam<float> optimizer;
    Rng rng{4};
    epochs.clear();
    fit(model, data.pairs(), ContrastiveLoss{.margin = 3}, optimizer,
        {.epochs = 3, .batch_size = 100, .threads = threads}, rng,
        OnCheckpoint{[&epochs](auto& state, const TrainingSnapshot& snapshot) {
          epochs.push_back({snapshot, state.model, state.optimizer});
        }});
    CHECK(bits(model) != before);
    CHECK(bits(model) == expected.value_or(bits(model)));
    expected = bits(model);
  }
  REQUIRE(epochs.size() == 3);
  for (CutOff& from : epochs) {
    Middle model = from_tensors<Middle>(to_tensors(from.model));
    OnCheckpoint unused{[](auto&, const TrainingSnapshot&) {}};
    fit(model, data.pairs(), ContrastiveLoss{.margin = 3}, from.optimizer,
        {.epochs = 3, .batch_size = 100, .threads = 2}, from.snapshot, unused);
    CHECK(bits(model) == *expected);
  }
}

TEST_CASE("a training through a whitening allocates nothing after the first batch") {
  const Index threads = GENERATE(1, 2);
  const Whitenable data{1};
  Middle model = with_whitening_in_the_middle(data);
  Adam<float> optimizer;
  Pairs<float> pairs = data.pairs();
  TrainingStep step{model, ContrastiveLoss{}, optimizer, {.threads = threads}};
  pairs.start_epoch(1, 0, 100, true);
  step(pairs, 0);
  const long before = allocation_count;
  for (Index k = 1; k < pairs.batches(); ++k) step(pairs, k);
  CHECK(allocation_count == before);
}

TEST_CASE("a damaged whitening is refused") {
  const Whitenable data{1};
  const TensorFile whole = to_tensors(alone(data));
  const auto refusal = [&](const auto& change) {
    TensorFile file = whole;
    change(file);
    return error_text<FormatError>([&] { from_tensors<AnyNetwork<float>>(file); });
  };
  const auto tensor = [](TensorFile& file, const char* name) -> Tensor& {
    return file.tensors[static_cast<std::size_t>(file.find(name) - file.tensors.data())];
  };
  CHECK(mentions(refusal([&](TensorFile& f) {
                   tensor(f, "layers.0.matrix").shape = {6, 5};
                 }),
                 "'layers.0.matrix' is 6 x 5, but 5 x 6 is needed"));
  CHECK(mentions(refusal([&](TensorFile& f) { tensor(f, "layers.0.matrix").name += 'x'; }),
                 "has no tensor 'layers.0.matrix'"));
  CHECK(mentions(refusal([&](TensorFile& f) {
                   Tensor& mean = tensor(f, "layers.0.mean");
                   mean.shape = {5};
                   mean.bytes.resize(5 * sizeof(double));
                 }),
                 "layer 0: Whitening needs a mean of in values"));
  CHECK(mentions(refusal([&](TensorFile& f) {
                   Tensor& matrix = tensor(f, "layers.0.matrix");
                   matrix.bytes.back() = 0x7F;
                   matrix.bytes[matrix.bytes.size() - 2] = 0xF8;
                 }),
                 "layer 0: the matrix of Whitening must be finite"));
}
