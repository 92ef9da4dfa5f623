#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <string>
#include <tuple>
#include <type_traits>
#include <vector>

#include "gemel/core/choice.hpp"
#include "gemel/core/error.hpp"
#include "gemel/core/reduce.hpp"
#include "gemel/core/type_name.hpp"
#include "gemel/core/types.hpp"
#include "gemel/io/model/calibration_json.hpp"
#include "gemel/io/model/description.hpp"
#include "gemel/io/model/named_type.hpp"
#include "gemel/io/model/options.hpp"
#include "gemel/io/tensor_file.hpp"
#include "gemel/network/layer.hpp"
#include "gemel/network/network.hpp"
#include "gemel/network/sequence.hpp"
#include "gemel/verification/verifier.hpp"

namespace gemel::detail {

/// The parts of a layer's parameters. Throws ShapeError if a layer of the user's own names other parameters than it
/// has.
template <class L>
std::vector<NamedVariable> variables_of(const L& layer, Index k) {
  const Index count = layer.parameter_count();
  std::vector<NamedVariable> variables;
  if constexpr (has_named_variables<L>) {
    for (const NamedVariable& variable : layer.named_variables()) variables.push_back(variable);
  } else if (count > 0) {
    variables.push_back({"parameters", count});
  }
  Index rest = count;
  for (const NamedVariable& variable : variables) {
    const Index columns = std::max<Index>(variable.columns, 1);
    if (variable.rows <= 0 || variable.rows > rest / columns) rest = -1;
    if (rest < 0) break;
    rest -= variable.rows * columns;
  }
  if (rest != 0) {
    throw ShapeError({"its named_variables do not add up to its ", count, " parameters"}, {.layer = k});
  }
  return variables;
}

/// "layers.3."
inline std::string layer_prefix(Index k) { return format({"layers.", k, "."}); }

/// Appends the number of layers of each Sequence within a layer: of an outer Sequence first, then of its parts.
template <class L>
void add_sequences(const L& layer, std::vector<Index>& sizes) {
  if constexpr (is_sequence<L>) {
    sizes.push_back(length(layer.layers()));
    for (const auto& part : layer.layers()) add_sequences(part, sizes);
  }
}

/// Describes a model and adds its tensors to a file.
class ModelWriter {
 public:
  explicit ModelWriter(TensorFile& file) : file_(&file) {}

  /// Adds the only network of the file.
  template <Scalar S, class... Layers>
  void network(const Network<S, Layers...>& network) {
    add_head<S>();
    add_network(description, network);
  }

  /// Adds the network of the next member of an ensemble.
  template <Scalar S, class... Layers>
  void member(const Network<S, Layers...>& network) {
    add_head<S>();
    Json& members = description["members"];
    prefix_ = member_prefix(length(members));
    where_ = format({"member ", length(members), ": "});
    members.push_back(Json::object());
    add_network(members.back(), network);
  }

  template <class Metric>
  void distance(const Metric& metric) {
    visit_choice(metric, [this]<class Chosen>(const Chosen& chosen) {
      check_named<Chosen>();
      Json& object = description["distance"];
      object["type"] = type_name<Chosen>;
      OptionsWriter options{object, *file_, "distance."};
      if constexpr (has_save<Chosen>) chosen.save(options);
    });
  }

  /// Adds the calibration of pairs.
  void calibration(const Calibration& calibration) {
    description["calibration"] = calibration_json(calibration);
    add_far_points(*file_, "calibration.far_points", calibration);
  }

  /// Adds the scorer and the calibration of claims.
  template <class Scorer>
  void claims(const Scorer& scorer, const Calibration& calibration) {
    Json& claims = description["claims"] = Json::object();
    visit_choice(scorer, [&]<class Chosen>(const Chosen& chosen) {
      check_named<Chosen>();
      Json& object = claims["scorer"];
      object["type"] = type_name<Chosen>;
      OptionsWriter options{object, *file_, "scorer."};
      if constexpr (has_save<Chosen>) chosen.save(options);
    });
    claims["calibration"] = calibration_json(calibration);
    add_far_points(*file_, "claims.far_points", calibration);
  }

  TensorFile& file() { return *file_; }

  Json description = Json::object();

 private:
  template <Scalar S>
  void add_head() {
    description["format"] = model_format;
    description["version"] = library_version();
    description["scalar"] = dtype_name(dtype_of<S>);
  }

  template <Scalar S, class... Layers>
  void add_network(Json& object, const Network<S, Layers...>& network) {
    if (network.depth() == 0) {
      throw ValueError("the network was moved from, so there is nothing to save", Place{.file = file_->name});
    }
    Json& layers = object["layers"] = Json::array();
    for (Index k = 0; k < network.depth(); ++k) {
      network.visit(k, [&](const auto& layer) {
        const S* const parameters = network.parameters().data() + network.offset(k);
        layers.push_back(Json::object());
        add_layer(layers.back(), layer, k, parameters);
      });
    }
    std::vector<Index> sequences;
    std::apply([&](const auto&... layer) { (add_sequences(layer, sequences), ...); }, network.layers());
    if (sequences.size() > 1) object["sequences"] = sequences;
  }

  template <class L, Scalar S>
  void add_layer(Json& object, const L& layer, Index k, const S* parameters) {
    check_named<L>();
    object["type"] = type_name<L>;
    object["in"] = Index{layer.in()};
    object["out"] = Index{layer.out()};
    const std::string prefix = prefix_ + layer_prefix(k);
    OptionsWriter options{object, *file_, prefix};
    if constexpr (has_save<L>) layer.save(options);
    const Index count = layer.parameter_count();
    if (!std::isfinite(max_abs(parameters, count))) {
      throw NonFiniteError({where_, "its parameters are not all finite: such a model is not saved"},
                           Place{.file = file_->name, .layer = k});
    }
    for (const NamedVariable& variable : variables_of(layer, k)) {
      const std::string name = prefix + std::string(variable.name);
      if (variable.columns == 0) {
        file_->add(name, ConstColumn<S>(parameters, variable.rows));
      } else {
        file_->add(name, Eigen::Map<const MatrixX<S>>(parameters, variable.rows, variable.columns));
      }
      parameters += variable.rows * std::max<Index>(variable.columns, 1);
    }
  }

  TensorFile* file_;
  std::string prefix_ = {};  // of the names of the network's tensors
  std::string where_ = {};   // names the member in errors
};

}  // namespace gemel::detail
