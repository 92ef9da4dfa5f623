#include "gemel/core/type_name.hpp"

#include <set>
#include <string_view>

#include "catch.hpp"
#include "gemel/network/any_distance.hpp"
#include "gemel/network/any_network.hpp"
#include "gemel/optimizer/any_optimizer.hpp"

using namespace gemel;

namespace {

struct DerivedCosine : Cosine {};

}  // namespace

TEST_CASE("every layer, activation, distance and optimizer has a name of its own") {
  const std::set<std::string_view> names{type_name<Dense<Dynamic, 3>>,
                                         type_name<Dropout<>>,
                                         type_name<L2Normalize<2>>,
                                         type_name<Standardize<>>,
                                         type_name<Rescale<>>,
                                         type_name<GaussianNoise<>>,
                                         type_name<Centering<>>,
                                         type_name<Whitening<>>,
                                         type_name<Linear>,
                                         type_name<ReLU>,
                                         type_name<LeakyReLU>,
                                         type_name<Tanh>,
                                         type_name<Sigmoid>,
                                         type_name<Euclidean>,
                                         type_name<SquaredEuclidean>,
                                         type_name<Manhattan>,
                                         type_name<Cosine>,
                                         type_name<RMSprop<float>>,
                                         type_name<Adam<double>>,
                                         type_name<SGD<float>>};
  CHECK(names.size() == 20);
  CHECK(!names.contains(""));
  CHECK(type_name<Dense<1, 2, Tanh, HeNormal>> == "Dense");
  CHECK(type_name<Adam<float>> == "Adam");
}

TEST_CASE("a type derived from a named one has no name") {
  CHECK(type_name<DerivedCosine>.empty());
  CHECK(type_name<AnyDistance>.empty());
}
