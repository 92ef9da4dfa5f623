#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <map>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gemel/core/types.hpp"
#include "gemel/io/model/calibration_json.hpp"
#include "gemel/io/model/description.hpp"
#include "gemel/io/model_file.hpp"
#include "gemel/io/safetensors.hpp"
#include "gemel/io/tensor_file.hpp"
#include "gemel/verification/verifier.hpp"

namespace gemel {

/// A layer, as a model file describes it.
struct LayerDescription {
  std::string type = {};                            ///< Its name, such as "Dense".
  Index in = 0;                                     ///< The number of inputs.
  Index out = 0;                                    ///< The number of outputs.
  std::map<std::string, std::string> options = {};  ///< By name, such as "rate": "0.5", "activation": "ReLU".
};

/// A tensor of a file, without its values.
struct TensorDescription {
  std::string name = {};          ///< Its name.
  DType type = DType::F32;        ///< The type of each value.
  std::vector<Index> shape = {};  ///< The sizes of the dimensions.
};

/// How far the training has come that a checkpoint continues.
struct TrainingProgress {
  Index epochs = 0;         ///< Complete epochs.
  std::uint64_t steps = 0;  ///< Updates of the parameters.
};

/// What is in a file.
struct FileDescription {
  std::string kind = "tensors";  ///< "network", "model", "ensemble", "verifier", "claims" or "checkpoint"; "tensors" if
                                 ///< there is no model.
  std::uint64_t format = 0;      ///< The major version of the model file's format.
  std::string version = {};      ///< The version of the library that wrote the model.
  std::string scalar = {};       ///< "F32" or "F64", the type of the parameters.
  Index parameters = 0;          ///< The number of parameters.
  std::vector<LayerDescription> layers = {};                ///< The layers in their order; empty for an ensemble.
  std::vector<std::vector<LayerDescription>> members = {};  ///< The layers of each member of an ensemble.
  std::string distance = {};                                ///< The name of the distance; empty for a network.
  std::optional<Calibration> calibration = {};              ///< Of a verifier.
  std::string scorer = {};                                  ///< The name and options of the scorer of claims, if any.
  std::optional<Calibration> claims = {};                   ///< The calibration of claims.
  Index persons = 0;                                        ///< The number of persons in the gallery.
  Index templates = 0;                                      ///< The number of their samples.
  std::optional<TrainingProgress> training = {};            ///< Of a checkpoint.
  Metadata metadata = {};                                   ///< The user's texts.
  std::vector<TensorDescription> tensors = {};              ///< All tensors, in the order of the file.

  /// The number of features that the model takes; 0 if there is no model.
  Index features() const {
    const std::vector<LayerDescription>& first = members.empty() ? layers : members.front();
    return first.empty() ? 0 : first.front().in;
  }
};

namespace detail {

/// The text with control characters as "\x1b", so that a file cannot control the terminal that shows it. In UTF-8, the
/// control characters beyond ASCII are the bytes C2 80 to C2 9F.
inline std::string without_controls(std::string_view text) {
  std::string safe;
  const auto byte = [&text](std::size_t i) { return static_cast<unsigned char>(i < text.size() ? text[i] : ' '); };
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool two_bytes = byte(i) == 0xC2 && byte(i + 1) >= 0x80 && byte(i + 1) <= 0x9F;
    if (two_bytes) ++i;
    if (two_bytes || byte(i) < 0x20 || byte(i) == 0x7F) {
      char escape[8];
      std::snprintf(escape, sizeof escape, "\\x%02x", static_cast<unsigned>(byte(i)));
      safe += escape;
    } else {
      safe += text[i];
    }
  }
  return safe;
}

/// An option as text: 0.5, ReLU, or LeakyReLU (negative_slope 0.3).
inline std::string option_text(const Json& option) {
  if (option.is_string()) return option.get<std::string>();
  if (!option.is_object()) return option.dump(-1, ' ', false, Json::error_handler_t::replace);
  std::string name, options;
  for (const auto& [key, value] : option.items()) {
    if (key == "type") {
      name = option_text(value);
    } else {
      options += (options.empty() ? "" : ", ") + key + " " + option_text(value);
    }
  }
  return options.empty() ? name : name + " (" + options + ")";
}

inline LayerDescription describe_layer_options(const JsonObject& layer) {
  LayerDescription described{
      .type = layer.text("type"), .in = layer.size("in", max_values), .out = layer.size("out", max_values)};
  for (const auto& [key, value] : layer.json().items()) {
    if (key != "type" && key != "in" && key != "out") described.options[key] = option_text(value);
  }
  return described;
}

/// The layers of a network, of which `network` is the description.
inline std::vector<LayerDescription> describe_layers(const JsonObject& network) {
  std::vector<LayerDescription> layers;
  for (Index k = 0; k < length(network.array("layers")); ++k) {
    layers.push_back(describe_layer_options(layer_object(network, k)));
  }
  return layers;
}

/// The number of parameters: of the values in the layers' tensors, without fitted state.
inline Index count_parameters(const TensorFile& file, const FileDescription& described) {
  Index count = 0;
  for (const Tensor& tensor : file.tensors) {
    const bool is_layers = tensor.name.starts_with("layers.") || tensor.name.starts_with("members.");
    if (!is_layers || dtype_name(tensor.type) != described.scalar) continue;
    count += static_cast<Index>(tensor.bytes.size() / traits(tensor.type).bytes);
  }
  const auto leave_out_fitted = [&](const std::vector<LayerDescription>& layers) {
    for (const LayerDescription& layer : layers) {
      if (layer.type == "Standardize") count -= 2 * layer.in;
      if (layer.type == "Centering") count -= layer.in;
      if (layer.type == "Whitening") count -= layer.in * (1 + layer.out);
    }
  };
  if (described.scalar != "F64") return count;  // fitted state is in double
  leave_out_fitted(described.layers);
  for (const auto& layers : described.members) leave_out_fitted(layers);
  return count;
}

}  // namespace detail

/// Describes the content of a file that was read.
inline FileDescription describe(const TensorFile& file) {
  FileDescription described{.metadata = detail::user_metadata(file)};
  for (const Tensor& tensor : file.tensors) described.tensors.push_back({tensor.name, tensor.type, tensor.shape});
  if (!file.metadata.contains(detail::description_key)) return described;
  const detail::TensorIndex tensors{file};
  const detail::Json json = detail::parse_description(tensors);
  const detail::JsonObject description{json, "its description", Place{.file = file.name}};
  described.kind = description.text("kind");
  described.format = description.natural("format");
  described.version = description.text("version");
  described.scalar = description.text("scalar");
  for (Index m = 0; m < detail::count_members(description); ++m) {
    described.members.push_back(detail::describe_layers(detail::member_object(description, m)));
  }
  if (described.members.empty()) described.layers = detail::describe_layers(description);
  described.parameters = detail::count_parameters(file, described);
  if (description.has("distance")) described.distance = detail::option_text(json["distance"]);
  if (described.kind == "verifier") {
    described.calibration = detail::read_calibration(description.object("calibration"));
  }
  if (description.has("claims")) {
    described.scorer = detail::option_text(json["claims"]["scorer"]);
    described.claims = detail::read_calibration(description.object("claims").object("calibration"));
  }
  const auto rows = [&file](const char* name) {
    const Tensor* const tensor = file.find(name);
    return tensor && !tensor->shape.empty() ? tensor->shape.front() : Index{0};
  };
  if (description.has("gallery")) {
    described.persons = rows("gallery.counts");
    described.templates = rows("gallery.embeddings");
  }
  if (described.kind == "checkpoint") {
    const detail::JsonObject training = description.object("training");
    described.training = {.epochs = static_cast<Index>(training.natural("epoch", detail::max_values)),
                          .steps = training.natural("steps")};
  }
  return described;
}

/// Tells what is in a file, without its type: a model of any layers, built in or not, or any safetensors file. Throws
/// IoError if the file cannot be read, and FormatError if it is damaged or was written by a newer major version.
inline FileDescription describe(const std::filesystem::path& path) { return describe(read_safetensors(path)); }

/// Writes the description as lines of text for people. Control characters in the file's texts are escaped.
inline std::ostream& operator<<(std::ostream& out, const FileDescription& file) {
  const auto safe = [](std::string_view text) { return detail::without_controls(text); };
  out << "kind: " << file.kind << '\n';
  if (file.kind != "tensors") {
    out << "written by: Gemel " << safe(file.version) << " (format " << file.format << ")\n";
    out << "parameters: " << file.parameters << " (" << file.scalar << ")\n";
  }
  const auto list = [&](const std::vector<LayerDescription>& layers, const char* indent) {
    for (std::size_t k = 0; k < layers.size(); ++k) {
      const LayerDescription& layer = layers[k];
      out << indent << "layer " << k << ": " << safe(layer.type) << ' ' << layer.in << " x " << layer.out;
      for (const auto& [name, value] : layer.options) out << ", " << safe(name) << ' ' << safe(value);
      out << '\n';
    }
  };
  list(file.layers, "");
  for (std::size_t m = 0; m < file.members.size(); ++m) {
    out << "member " << m << ":\n";
    list(file.members[m], "  ");
  }
  if (!file.distance.empty()) out << "distance: " << safe(file.distance) << '\n';
  const auto print = [&](const Calibration& c, const char* of, const char* pairs) {
    out << of << "threshold: " << c.threshold << '\n';
    out << of << "calibration: FAR " << c.far << ", FRR " << c.frr << ", FAR of new " << pairs << ' ' << c.interval.low
        << " to " << c.interval.high << "; " << safe(c.method) << '\n';
  };
  if (file.calibration) print(*file.calibration, "", "pairs");
  if (!file.scorer.empty()) out << "scorer of claims: " << safe(file.scorer) << '\n';
  if (file.claims) print(*file.claims, "claims: ", "claims");
  if (file.persons > 0) out << "gallery: " << file.persons << " persons with " << file.templates << " samples\n";
  if (file.training) out << "training: " << file.training->epochs << " epochs, " << file.training->steps << " steps\n";
  for (const auto& [key, text] : file.metadata) out << "metadata " << safe(key) << ": " << safe(text) << '\n';
  for (const TensorDescription& tensor : file.tensors) {
    out << "tensor " << safe(tensor.name) << ": " << dtype_name(tensor.type) << ", "
        << detail::describe_shape(tensor.shape) << '\n';
  }
  return out;
}

}  // namespace gemel
