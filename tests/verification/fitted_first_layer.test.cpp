// A model that begins with a fitted layer accepts raw samples everywhere. Its results are bit-identical to those of a
// model without the layer on samples that the layer transformed.

#include <cmath>
#include <optional>
#include <vector>

#include "catch.hpp"
#include "gemel/core/random.hpp"
#include "gemel/data/all_pairs.hpp"
#include "gemel/loss/contrastive_loss.hpp"
#include "gemel/network/dense.hpp"
#include "gemel/network/network.hpp"
#include "gemel/network/siamese.hpp"
#include "gemel/network/standardize.hpp"
#include "gemel/optimizer/rmsprop.hpp"
#include "gemel/training/fit.hpp"
#include "gemel/verification/calibration.hpp"
#include "gemel/verification/evaluate.hpp"
#include "gemel/verification/verifier.hpp"
#include "gemel/verification/watch.hpp"

using namespace gemel;

namespace {

using OfRaw = Siamese<Network<float, Standardize<4>, Dense<4, 8, ReLU>, Dense<8, 6>>>;
using OfScaled = Siamese<Network<float, Dense<4, 8, ReLU>, Dense<8, 6>>>;

/// The same training on raw samples and on samples that the layer transformed.
struct RawAndScaled {
  Classes classes;
  MatrixX<float> raw;
  MatrixX<float> scaled;
  std::optional<OfRaw> of_raw = {};
  std::optional<OfScaled> of_scaled = {};
  History history_of_raw = {};
  History history_of_scaled = {};

  RawAndScaled() : classes(made_classes()), raw(made_samples()) {
    const Standardize<4> layer{raw};
    scaled = layer.transform(raw);
    Rng one{5}, other{5};
    of_raw.emplace(Network<float, Standardize<4>, Dense<4, 8, ReLU>, Dense<8, 6>>{one, layer, {}, {}});
    of_scaled.emplace(other);
    history_of_raw = train(*of_raw, raw, one);
    history_of_scaled = train(*of_scaled, scaled, other);
  }

  static Classes made_classes() {
    std::vector<Index> classes;
    for (Index j = 0; j < 40; ++j) classes.push_back(j % 5);
    return Classes{classes};
  }
  /// Samples of very differently scaled features.
  static MatrixX<float> made_samples() {
    Rng rng{1};
    MatrixX<float> x = normal<float>(4, 40, rng);
    for (Index j = 0; j < 40; ++j) x.col(j).array() += static_cast<float>(j % 5);
    x.row(0) *= 1e4F;
    x.row(1).array() += 3e3F;
    x.row(2) *= 1e-4F;
    return x;
  }

  template <class Model>
  History train(Model& model, const MatrixX<float>& x, Rng& rng) const {
    const Pairs<float> pairs = all_pairs(Samples<float>{x}, classes);
    return fit(model, pairs, ContrastiveLoss{}, RMSprop<float>{}, {.epochs = 3, .validation = &pairs, .threads = 1},
               rng, Watch{"eer", pairs, eer});
  }

  Pairs<float> raw_pairs() const { return all_pairs(Samples<float>{raw}, classes); }
  Pairs<float> scaled_pairs() const { return all_pairs(Samples<float>{scaled}, classes); }
};

const RawAndScaled& trained() {
  static const RawAndScaled both;
  return both;
}

}  // namespace

TEST_CASE("fit accepts raw samples", "[raw]") {
  const auto& t = trained();
  CHECK((t.raw - t.scaled).cwiseAbs().maxCoeff() > 1e3F);  // the two kinds of samples differ
  CHECK(t.history_of_raw.loss == t.history_of_scaled.loss);
  CHECK(t.history_of_raw.validation_loss == t.history_of_scaled.validation_loss);
  CHECK(t.history_of_raw.warnings == t.history_of_scaled.warnings);
  CHECK(t.of_raw->parameters() == t.of_scaled->parameters());
  CHECK(t.history_of_raw.loss.back() < t.history_of_raw.loss.front());
}

TEST_CASE("Watch accepts raw samples", "[raw]") {
  const auto& t = trained();
  CHECK(t.history_of_raw.metric("eer").size() == 3);
  CHECK(t.history_of_raw.metric("eer") == t.history_of_scaled.metric("eer"));
}

TEST_CASE("evaluate accepts raw samples", "[raw]") {
  const auto& t = trained();
  const Evaluation of_raw = evaluate(*t.of_raw, t.raw_pairs(), ContrastiveLoss{});
  const Evaluation of_scaled = evaluate(*t.of_scaled, t.scaled_pairs(), ContrastiveLoss{});
  CHECK(of_raw.loss == of_scaled.loss);
  CHECK(of_raw.roc.eer() == of_scaled.roc.eer());
  CHECK(of_raw.roc.auc() == of_scaled.roc.auc());
}

TEST_CASE("calibrate and Verifier accept raw samples", "[raw]") {
  const auto& t = trained();
  const Verifier of_raw = calibrate(*t.of_raw, t.raw_pairs(), {.at_eer = true});
  const Verifier of_scaled = calibrate(*t.of_scaled, t.scaled_pairs(), {.at_eer = true});
  CHECK(of_raw.calibration().threshold == of_scaled.calibration().threshold);
  CHECK(of_raw.calibration().far == of_scaled.calibration().far);
  CHECK(of_raw.calibration().frr == of_scaled.calibration().frr);
  CHECK(of_raw.calibration().interval.high == of_scaled.calibration().interval.high);
  bool same = false, different = false;
  for (Index j = 1; j < 40; ++j) {
    CHECK(of_raw.distance(t.raw.col(0), t.raw.col(j)) == of_scaled.distance(t.scaled.col(0), t.scaled.col(j)));
    const bool answer = of_raw.same(t.raw.col(0), t.raw.col(j));
    CHECK(answer == of_scaled.same(t.scaled.col(0), t.scaled.col(j)));
    (answer ? same : different) = true;
  }
  CHECK(same);
  CHECK(different);
  CHECK(of_raw.distances(t.raw, t.raw.rowwise().reverse()) ==
        of_scaled.distances(t.scaled, t.scaled.rowwise().reverse()));
}

TEST_CASE("a raw sample that is too large for the fitted layer is rejected, even if a ReLU follows", "[raw]") {
  Rng rng{3};
  const Standardize<1> layer{{0}, {1e-20}};
  // A ReLU would turn -infinity into 0.
  const Siamese<Network<float, Standardize<1>, Dense<1, 3, ReLU>>> model{{rng, layer, {}}};
  const MatrixX<float> near = MatrixX<float>::Constant(1, 1, 1e-20F);
  for (const float far : {1e30F, -1e30F}) {
    const MatrixX<float> sample = MatrixX<float>::Constant(1, 1, far);
    CHECK_THROWS_AS((Verifier{model, Calibration{.threshold = 1}}.same(near, sample)), NonFiniteError);
    CHECK_THROWS_AS((evaluate(model, Pairs<float>{near, sample, {1}}, ContrastiveLoss{})), Error);
    CHECK(std::isnan(model.embed(sample)(0)));
  }
}
