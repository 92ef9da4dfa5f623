#include "gemel/io/state_dict.hpp"

#include <string>
#include <vector>

#include "catch.hpp"
#include "error_text.hpp"
#include "gemel/network/any_model.hpp"
#include "io/temporary_folder.hpp"
#include "mentions.hpp"

using namespace gemel;

namespace {

using DictModel = Siamese<Network<float, L2Normalize<3>, Dense<3, 4, ReLU>, Dropout<4>, Dense<4, 2>>>;

const std::filesystem::path& dict_path() {
  static const TemporaryFolder folder;
  static const std::filesystem::path path = folder.path() / "dict";
  return path;
}

/// The state dict of two nn.Linear with these names. Each value tells its place.
template <class S = float>
TensorFile dict_of(const std::string& first, const std::string& second) {
  TensorFile file;
  const auto add = [&file](const std::string& name, Index out, Index in, S begin) {
    MatrixX<S> weight(out, in);
    for (Index i = 0; i < out; ++i) {
      for (Index j = 0; j < in; ++j) weight(i, j) = begin + static_cast<S>(10 * i + j);
    }
    file.add(name + ".weight", weight);
    file.add(name + ".bias", VectorX<S>::LinSpaced(out, begin + 200, begin + 200 + static_cast<S>(out - 1)).eval());
  };
  add(second, 2, 4, 1000);  // the order in the file does not matter
  add(first, 4, 3, 0);
  return file;
}

/// What the parameters then are: each weight column by column.
const VectorX<float> wanted_parameters{{0,   10,  20,  30,   1,    11,   21,   31,   2,    12,   22,   32,   200,
                                        201, 202, 203, 1000, 1010, 1001, 1011, 1002, 1012, 1003, 1013, 1200, 1201}};

DictModel dict_model() {
  Rng rng{1};
  return DictModel{rng};
}

/// The error of loading that file; checks that the model did not change.
template <class E = FormatError>
std::string dict_error(const TensorFile& file, const std::vector<std::string>& modules = {}) {
  write_safetensors(dict_path(), file);
  DictModel model = dict_model();
  const std::string text = error_text<E>([&] { load_state_dict(dict_path(), model, modules); });
  CHECK(model.parameters() == dict_model().parameters());
  CHECK(mentions(text, dict_path().string()));
  return text;
}

}  // namespace

TEST_CASE("load_state_dict gives the weights of the named modules to the layers, in order") {
  write_safetensors(dict_path(), dict_of("fc1", "head.fc2"));
  DictModel model = dict_model();
  load_state_dict(dict_path(), model, {"fc1", "head.fc2"});
  CHECK(model.parameters() == wanted_parameters);
  AnyNetwork<float> network = dict_model().network();
  load_state_dict(dict_path(), network, {"fc1", "head.fc2"});
  CHECK(network.parameters() == wanted_parameters);
}

TEST_CASE("load_state_dict takes the modules of an nn.Sequential in the order of their numbers") {
  for (const auto& [first, second] : {std::pair{"0", "2"}, {"net.8", "net.10"}, {"net.09", "net.10"}}) {
    CAPTURE(first);
    write_safetensors(dict_path(), dict_of(first, second));
    DictModel model = dict_model();
    load_state_dict(dict_path(), model);
    CHECK(model.parameters() == wanted_parameters);
  }
  for (const auto& [first, second] : {std::pair{"fc1", "net2"},
                                      {"fc1", "fc2"},
                                      {"a", "b"},
                                      {"1", "01"},
                                      {"net.0.x", "net.1.x"},
                                      {"1", "99999999999999999999"}}) {
    CAPTURE(first);
    const std::string text = dict_error(dict_of(first, second));
    CHECK(mentions(text, "pass the names of the modules in the order of the model's layers"));
    CHECK(mentions(text, "'" + std::string(first) + "'"));
    CHECK(mentions(text, "'" + std::string(second) + "'"));
  }
}

TEST_CASE("load_state_dict refuses what does not fit, and leaves the model as it was") {
  const TensorFile whole = dict_of("0", "2");
  CHECK(mentions(dict_error(whole, {"0", "1"}), "layer 3: it has no tensor '1.weight'"));
  CHECK(mentions(dict_error<ValueError>(whole, {"0"}), "has 2 layers with parameters, but there are 1 modules: '0'"));
  CHECK(mentions(dict_error<ValueError>(whole, {"0", "0"}), "named twice"));
  CHECK(mentions(dict_error(whole, {"2", "0"}), "its tensor '2.weight' is 2 x 4, but 4 x 3 is needed"));
  TensorFile file = whole;
  file.add("4.weight", MatrixX<float>::Ones(2, 2).eval());
  CHECK(mentions(dict_error(file), "has 2 layers with parameters, but there are 3 modules: '0', '2', '4'"));
  CHECK(mentions(dict_error(file, {"0", "2"}), "'4.weight' belongs to no layer"));
  file = whole;
  file.tensors.pop_back();
  CHECK(mentions(dict_error(file), "it has no tensor '0.bias'"));
  file = whole;
  file.tensors[2].bytes[3] = 0x7F, file.tensors[2].bytes[2] = 0xC0;
  CHECK(mentions(dict_error(file), "layer 1: its tensor '0.weight' holds NaN"));
  file = whole;
  file.tensors[0].type = DType::I32;
  CHECK(mentions(dict_error(file), "holds I32 values, but F32 is needed"));
  CHECK(mentions(dict_error({}), "pass the names"));
  CHECK(mentions(dict_error(dict_of<double>("0", "2")), "are F32: load it with {.convert = true}"));
}

TEST_CASE("load_state_dict converts the other scalar type only if that is asked for") {
  write_safetensors(dict_path(), dict_of<double>("0", "2"));
  DictModel model = dict_model();
  load_state_dict(dict_path(), model, {}, {.convert = true});
  CHECK(model.parameters() == wanted_parameters);
}
