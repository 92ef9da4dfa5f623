#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "gemel/core/error.hpp"
#include "gemel/core/extent.hpp"
#include "gemel/io/csv/cell.hpp"
#include "gemel/io/model/calibration_json.hpp"
#include "gemel/io/model/json_object.hpp"
#include "gemel/io/model/tensor_index.hpp"
#include "gemel/io/tensor_file.hpp"
#include "gemel/version.hpp"

// The description of a model file: a JSON object, which is the text under the key "gemel" of the file's metadata.

namespace gemel::detail {

inline constexpr const char* description_key = "gemel";
/// The major version of the format. Files of a larger one are refused.
inline constexpr std::uint64_t model_format = 1;
inline constexpr std::size_t most_description_bytes = std::size_t{1} << 20;
inline constexpr int most_description_depth = 8;

inline std::string library_version() {
  return format({GEMEL_VERSION_MAJOR, ".", GEMEL_VERSION_MINOR, ".", GEMEL_VERSION_PATCH});
}

inline constexpr std::array<std::string_view, 6> model_kinds{"network",  "model",  "ensemble",
                                                             "verifier", "claims", "checkpoint"};

/// The beginnings of the names of a checkpoint's tensors that are no part of the model.
inline constexpr std::array<std::string_view, 4> training_tensors{"optimizer.", "callbacks.", "source", "history."};

/// The number of bytes in a file that can justify memory: its tensors and its description.
inline std::uint64_t content_bytes(const TensorFile& file) {
  std::uint64_t bytes = 0;
  for (const Tensor& tensor : file.tensors) bytes += tensor.bytes.size();
  const auto description = file.metadata.find(description_key);
  return bytes + (description == file.metadata.end() ? 0 : description->second.size());
}

/// The largest number of inputs or outputs of a layer. Without it, a small file could ask for any amount of memory.
inline Index most_features(const TensorFile& file) {
  return std::max<Index>(65'536, static_cast<Index>(content_bytes(file) / 4));
}

/// The number of values within a value of JSON, including itself.
inline std::size_t count_values(const Json& value) {
  std::size_t count = 1;
  if (value.is_structured()) {
    for (const Json& part : value) count += count_values(part);
  }
  return count;
}

/// The number of values and the nesting of a text, if it is JSON. Otherwise, no parser finds more of them before it
/// stops at the error.
struct JsonExtent {
  std::size_t values = 1;
  int depth = 0;
};
inline JsonExtent measure_json(std::string_view text) {
  JsonExtent extent;
  int depth = 0;
  bool in_string = false, opened = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
    } else if (c != ' ' && c != '\t' && c != '\n' && c != '\r') {
      const bool closes = c == ']' || c == '}';
      if (c == ',' || (opened && !closes)) ++extent.values;  // a list's first value follows no comma
      opened = c == '[' || c == '{';
      if (opened) extent.depth = std::max(extent.depth, ++depth);
      if (closes) --depth;
      in_string = c == '"';
    }
  }
  return extent;
}

/// Parses the text as JSON. A value of JSON needs up to 200 bytes of memory, so their number is bounded. Of members of
/// the same name, the parser would keep the last one.
inline Json parse_bounded_json(const std::string& text, std::size_t most_values, const std::string& file) {
  const auto fail = [&file](std::initializer_list<Piece> why) {
    throw FormatError({"its description ", format(why)}, Place{.file = file});
  };
  if (text.size() > most_description_bytes) {
    fail({"has ", text.size(), " bytes, but at most ", most_description_bytes, " are allowed"});
  }
  if (text.find('\0') != text.npos) fail({"has a zero byte, so it is not valid JSON"});  // the parser would stop there
  const JsonExtent extent = measure_json(text);
  if (extent.depth > most_description_depth) {
    fail({"is nested ", extent.depth, " levels deep, but at most ", most_description_depth, " are allowed"});
  }
  if (extent.values > most_values) {
    fail({"has ", extent.values, " values, but a file of this size may have ", most_values});
  }
  Json json;
  try {
    json = Json::parse(text.begin(), text.end());
  } catch (const Json::exception&) {
    fail({"is not valid JSON"});
  }
  if (count_values(json) != extent.values) fail({"has two members of the same name in one object"});
  return json;
}

/// The beginning of the names of a member's tensors: "members.2."
inline std::string member_prefix(Index member) { return format({"members.", member, "."}); }

/// The description of a member of an ensemble: an object with the layers.
inline JsonObject member_object(const JsonObject& description, Index member) {
  return {description.array("members")[static_cast<std::size_t>(member)],
          format({description.name(), " of member ", member}), description.place()};
}

/// The number of members that the description has, or 0 if it is no ensemble's.
inline Index count_members(const JsonObject& description) {
  return description.has("members") ? length(description.array("members")) : 0;
}

/// The description of a layer. The network is the description of the file or of a member.
inline JsonObject layer_object(const JsonObject& network, Index layer) {
  return {network.array("layers")[static_cast<std::size_t>(layer)], network.name(),
          Place{.file = network.place().file, .layer = layer}};
}

/// Checks the layers of a network: their sizes, and that each takes as many inputs as the one before it gives. The
/// names of the network's tensors begin with `prefix`. Adds the sizes of layers that have no tensors to
/// `without_tensors`.
inline void check_layers(const JsonObject& network, const TensorIndex& tensors, const std::string& prefix,
                         Index& without_tensors) {
  const Json& layers = network.array("layers");
  if (layers.empty()) network.fail({"has no layers"});
  const Index most = most_features(tensors.file());
  Index before = 0;
  for (Index k = 0; k < length(layers); ++k) {
    const JsonObject layer = layer_object(network, k);
    layer.text("type");
    const Index in = layer.size("in", most), out = layer.size("out", most);
    if (k > 0 && in != before) {
      layer.fail({"gives it ", in, " inputs, but the layer before it has ", before, " outputs"});
    }
    before = out;
    // A layer such as Rescale allocates memory that no tensor's bytes justify.
    if (!tensors.has_prefix(format({prefix, "layers.", k, "."}))) without_tensors += in;
    if (without_tensors > 4 * most)
      layer.fail({"asks for layers of ", in, " inputs, too large for a file of this size"});
  }
}

/// Checks the layers of the model, or of all members of an ensemble, which take the same samples.
inline void check_networks(const JsonObject& description, const TensorIndex& tensors) {
  Index without_tensors = 0;
  if (!description.has("members")) return check_layers(description, tensors, "", without_tensors);
  const Index members = count_members(description);
  const std::string kind = description.text("kind");
  if (kind != "ensemble" && kind != "verifier" && kind != "claims")
    description.fail({"has 'members', which no ", kind, " has"});
  if (description.has("layers")) description.fail({"has both 'layers' and 'members'"});
  if (members == 0) description.fail({"has no members"});
  std::uint64_t in = 0;
  for (Index m = 0; m < members; ++m) {
    const JsonObject member = member_object(description, m);
    check_layers(member, tensors, member_prefix(m), without_tensors);
    const std::uint64_t its = layer_object(member, 0).natural("in");
    if (m > 0 && its != in) {
      member.fail({"gives it ", its, " inputs, but member 0 has ", in, ", and all members take the same samples"});
    }
    in = its;
  }
}

/// Parses and checks the description of the file: what it says of the file as a whole, and the layers' sizes. The parts
/// of a kind, such as a verifier's calibration, are objects; their content is not checked.
inline Json parse_description(const TensorIndex& tensors) {
  const TensorFile& file = tensors.file();
  const auto text = file.metadata.find(description_key);
  if (text == file.metadata.end()) {
    throw FormatError(
        "it holds tensors, but no model: its metadata has no 'gemel'. If it holds a PyTorch state dict, use "
        "load_state_dict",
        Place{.file = file.name});
  }
  const auto most_values = static_cast<std::size_t>(4096 + content_bytes(file) / 256);
  Json json = parse_bounded_json(text->second, most_values, file.name);
  const JsonObject description{json, "its description", Place{.file = file.name}};
  const std::uint64_t major = description.natural("format");
  if (major > model_format) {
    throw FormatError({"it was written by a newer version of Gemel (format ", major, ", this one reads format ",
                       model_format, "): update Gemel"},
                      Place{.file = file.name});
  }
  if (major < 1) description.fail({"has 'format' 0, but formats count from 1"});
  description.text("version");
  const std::string kind = description.text("kind");
  if (std::ranges::find(model_kinds, kind) == model_kinds.end()) {
    description.fail({"has 'kind' '", excerpt(kind),
                      "', which is none of network, model, ensemble, verifier, claims and checkpoint"});
  }
  const std::string scalar = description.text("scalar");
  if (scalar != "F32" && scalar != "F64") {
    description.fail({"has 'scalar' '", excerpt(scalar), "', which is neither F32 nor F64"});
  }
  if (kind == "ensemble" && !description.has("members")) description.fail({"has no 'members'"});
  check_networks(description, tensors);
  if (kind != "network") description.object("distance").text("type");
  if (kind == "verifier") read_calibration(description.object("calibration"));
  if (kind == "claims" || description.has("claims")) {
    const JsonObject claims = description.object("claims");
    claims.object("scorer").text("type");
    read_calibration(claims.object("calibration"));
  }
  if (description.has("gallery")) description.object("gallery").text("model");
  if (kind == "checkpoint") {
    const JsonObject training = description.object("training");
    training.natural("epoch", static_cast<std::uint64_t>(max_values));
    training.natural("steps");
  }
  return json;
}

/// Puts the description and the user's texts into the file's metadata. Throws ValueError if the file could not be read
/// again, because a key of the user's is reserved or a limit of the format is exceeded.
inline void put_metadata(TensorFile& file, const Json& description,
                         const std::map<std::string, std::string>& metadata) {
  const Place place{.file = file.name};
  for (const auto& [key, text] : metadata) {
    if (key == description_key || key.starts_with("gemel.")) {
      throw ValueError({"the metadata's key '", excerpt(key), "' is reserved for the library: choose another one"},
                       place);
    }
  }
  file.metadata = metadata;
  try {
    file.metadata[description_key] = description.dump();
  } catch (const Json::exception&) {
    throw ValueError("a name or text of the model is not UTF-8, which a model file requires", place);
  }
  try {
    parse_description(TensorIndex{file});
  } catch (const FormatError& error) {
    throw ValueError({"it could not be read again: ", error.what()});
  }
}

}  // namespace gemel::detail
