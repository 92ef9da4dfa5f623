#include "../../examples/train/model.hpp"

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
    const train::Model scales = train::make_model(options, scaling, 5, a), plain = train::make_model(options, {}, 5, b);
    CHECK(plain.network().depth() == 4);  // no dropout before the first dense layer
    CHECK(scales.network().depth() == 5);
    CHECK(scales.network().parameter_count() == plain.network().parameter_count());
    const gemel::Samples<float> scaled{
        std::visit([&raw](const auto& layer) { return layer.transform(raw); }, *scaling.layer)};
    CHECK(scales.embed(raw.columns()) == plain.embed(scaled.columns()));
    CHECK(scales.embed(raw.columns()) != plain.embed(raw.columns()));
  }
}
