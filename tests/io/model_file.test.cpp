#include "gemel/io/model_file.hpp"

#include <string>

#include "catch.hpp"
#include "gemel/network/any_model.hpp"
#include "io/temporary_folder.hpp"

using namespace gemel;

TEST_CASE("a saved model is loaded with the same bits", "[model_file]") {
  const TemporaryFolder folder;
  Rng rng{3};
  const Siamese model{make_network<float>(rng, Dense<3, 5, Tanh>{}, Dropout<5>{0.25}, Dense<5, 2, LeakyReLU>{}),
                      Cosine{}};
  const auto path = folder.path() / "model";
  save(path, model, {{"classes", "a"}});
  WARN(content_of(path).substr(8, 900));
  Metadata metadata;
  const AnyModel<float> any = load<AnyModel<float>>(path, metadata);
  CHECK(any.parameters() == model.parameters());
  CHECK(metadata == Metadata{{"classes", "a"}});
  const auto same = load<std::remove_const_t<decltype(model)>>(path);
  CHECK(same.parameters() == model.parameters());
}
