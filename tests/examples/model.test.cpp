#include "../../examples/train/model.hpp"

#include <variant>

#include "catch.hpp"
#include "gemel/core/random.hpp"
#include "gemel/data/samples.hpp"

TEST_CASE("train's model scales the samples in its first layer and is otherwise the same as without scaling") {
  gemel::Rng rng{3};
  const gemel::Samples<float> raw{gemel::MatrixX<float>(1e3F * gemel::normal<float>(5, 20, rng))};
  train::Options options;
  options.hidden = {4, 3};
  options.dropout = 0.5;
  options.normalize = true;
  for (const train::Scale scale : {train::Scale::Unit, train::Scale::Standardise}) {
    const train::Scaling scaling = train::find_scaling(scale, raw);
    gemel::Rng a{7}, b{7};
    const train::Scaling none;
    const train::Model scales = train::make_network_model(options, {scaling}, 5, a),
                       plain = train::make_network_model(options, {none}, 5, b);
    CHECK(plain.network().depth() == 4);  // no dropout before the first dense layer
    CHECK(scales.network().depth() == 5);
    CHECK(scales.network().parameter_count() == plain.network().parameter_count());
    const gemel::Samples<float> scaled{
        std::visit([&raw](const auto& layer) { return layer.transform(raw); }, *scaling.layer)};
    CHECK(scales.embed(raw.columns()) == plain.embed(scaled.columns()));
    CHECK(scales.embed(raw.columns()) != plain.embed(raw.columns()));
  }
}

TEST_CASE("train's model has the whitening and the noise before its dense layers, and the last activation last") {
  gemel::Rng rng{3};
  const gemel::Samples<float> raw{gemel::normal<float>(5, 20, rng)};
  const train::Scaling scaling = train::find_scaling(train::Scale::Standardise, raw);
  const train::FirstLayers first{scaling, gemel::Whitening<>::pca(raw, {.dimensions = 2})};
  train::Options options;
  options.hidden = {4, 3};
  options.noise = 0.5;
  const train::Model model = train::make_network_model(options, first, 5, rng);
  const auto& layers = std::get<0>(model.network().layers()).layers();
  CHECK(layers.size() == 6);
  CHECK(std::get<gemel::Whitening<>>(layers[1]).out() == 2);
  CHECK(std::get<gemel::GaussianNoise<>>(layers[2]).in() == 2);
  using gemel::Dynamic;
  CHECK(std::holds_alternative<gemel::Dense<Dynamic, Dynamic, gemel::ReLU>>(layers[3]));
  CHECK(std::holds_alternative<gemel::Dense<Dynamic, Dynamic, gemel::Linear>>(layers[4]));

  // Without dense layers, only the first layers are left, or one that copies.
  CHECK(train::make_plain_model(options, first, 5).network().depth() == 3);
  const train::Scaling none;
  CHECK(train::make_plain_model(options, {none}, 5).embed(raw.columns()) == gemel::MatrixX<float>(raw.matrix()));
}
