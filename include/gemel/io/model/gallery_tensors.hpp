#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gemel/core/error.hpp"
#include "gemel/core/types.hpp"
#include "gemel/io/crc32.hpp"
#include "gemel/io/csv/cell.hpp"
#include "gemel/io/model/calibration_json.hpp"
#include "gemel/io/model/json_object.hpp"
#include "gemel/io/model/tensor_index.hpp"
#include "gemel/io/tensor_file.hpp"
#include "gemel/verification/claim_verifier.hpp"
#include "gemel/verification/gallery.hpp"
#include "gemel/verification/identification.hpp"

// The gallery in a model file: the object "gallery" of the description, and the tensors
//
//   gallery.embeddings      one row per sample, person after person
//   gallery.counts          the number of samples of each person
//   gallery.names           the names of all persons, one after another, as bytes of UTF-8
//   gallery.name_lengths    the number of bytes of each name
//   gallery.spreads         Template::spread of each person
//   gallery.thresholds      the threshold of each person; NaN: none of its own
//   gallery.identification  one row per SizeThreshold: size, threshold, FPIR, low and high end of its interval

namespace gemel::detail {

inline bool is_utf8(const std::string& text) {
  try {
    Json(text).dump();
    return true;
  } catch (const Json::exception&) {
    return false;
  }
}

/// The CRC-32, as 8 hexadecimal digits, of all that the embeddings depend on. A gallery keeps that of its model, so
/// that it is refused in another model's file. A model and an ensemble of this one member have the same.
inline std::string model_fingerprint(const Json& description, const TensorFile& file) {
  std::uint32_t crc = 0;
  const auto add = [&crc](std::string_view text) {
    crc = crc32({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}, crc);
  };
  const bool single = description.contains("members") && description["members"].size() == 1;
  const std::string prefix = single ? "members.0." : "";
  add(description["scalar"].dump());
  if (description.contains("distance")) add(description["distance"].dump());
  if (description.contains("members") && !single) {
    for (const Json& member : description["members"]) add(member["layers"].dump());
  } else {
    add((single ? description["members"][0] : description)["layers"].dump());
  }
  std::vector<std::pair<std::string_view, const Tensor*>> tensors;
  for (const Tensor& tensor : file.tensors) {
    std::string_view name = tensor.name;
    if (name.starts_with(prefix)) name.remove_prefix(prefix.size());
    if (name.starts_with("layers.") || name.starts_with("members.") || name.starts_with("distance.")) {
      tensors.emplace_back(name, &tensor);
    }
  }
  std::ranges::sort(tensors);
  for (const auto& [name, tensor] : tensors) {
    add(std::string(name) + " " + dtype_name(tensor->type) + " " + describe_shape(tensor->shape));
    crc = crc32(tensor->bytes, crc);
  }
  char digits[9];
  std::snprintf(digits, sizeof digits, "%08lx", static_cast<unsigned long>(crc));
  return digits;
}

/// Adds the gallery to the description and the tensors of its model.
template <class Model, class Scorer>
void add_gallery(Json& description, TensorFile& file, const Gallery<Model, Scorer>& gallery) {
  using S = typename Model::Scalar;
  const IdentificationCalibration& identification = gallery.identification();
  Json& object = description["gallery"] = Json::object();
  object["model"] = model_fingerprint(description, file);
  if (identification) {
    object["identification"] = {{"fpir", identification.fpir()}, {"method", identification.method()}};
    const auto& sizes = identification.sizes();
    MatrixX<double> rows(length(sizes), 5);
    for (Index i = 0; i < rows.rows(); ++i) {
      const SizeThreshold& entry = sizes[static_cast<std::size_t>(i)];
      rows.row(i) << static_cast<double>(entry.size), entry.threshold, entry.fpir, entry.interval.low,
          entry.interval.high;
    }
    file.add("gallery.identification", rows);
  }
  std::vector<std::int64_t> counts, name_lengths;
  std::vector<double> spreads, thresholds;
  std::vector<std::uint8_t> names;
  MatrixX<S> embeddings(gallery.verifier().model().embedding_size(), gallery.samples());
  for (Index p = 0, sample = 0; p < gallery.size(); ++p) {
    const Template<S> person = gallery.person(p);
    const std::string& name = gallery.name(p);
    if (!is_utf8(name)) {
      throw ValueError({"the name of person ", p, ", '", excerpt(name), "', is not UTF-8, which a model file requires"},
                       Place{.file = file.name});
    }
    embeddings.middleCols(sample, person.size()) = person.embeddings();
    sample += person.size();
    counts.push_back(person.size());
    name_lengths.push_back(static_cast<std::int64_t>(name.size()));
    names.insert(names.end(), name.begin(), name.end());
    spreads.push_back(person.spread());
    thresholds.push_back(person.threshold().value_or(std::numeric_limits<double>::quiet_NaN()));
  }
  const std::vector<Index> persons{gallery.size()};
  file.add("gallery.embeddings", std::vector<Index>{embeddings.cols(), embeddings.rows()},
           std::span<const S>(embeddings.data(), static_cast<std::size_t>(embeddings.size())));
  file.add<std::int64_t>("gallery.counts", persons, counts);
  file.add<std::uint8_t>("gallery.names", {length(names)}, names);
  file.add<std::int64_t>("gallery.name_lengths", persons, name_lengths);
  file.add<double>("gallery.spreads", persons, spreads);
  file.add<double>("gallery.thresholds", persons, thresholds);
}

/// Reads the thresholds of identification, of which `object` is the description.
inline IdentificationCalibration read_identification(const JsonObject& object, TensorIndex& tensors) {
  const Tensor& tensor = tensors.take("gallery.identification", object.place());
  const Index count = tensor.shape.empty() ? 0 : tensor.shape.front();
  require(tensors.file().name, tensor, DType::F64, std::array{count, Index{5}});
  std::vector<SizeThreshold> sizes;
  for (Index i = 0; i < count; ++i) {
    std::array<double, 5> row;
    for (std::size_t k = 0; k < row.size(); ++k) {
      row[k] = from_little_endian<double>(tensor.bytes.data() + 8 * (5 * static_cast<std::size_t>(i) + k));
    }
    if (!(row[0] >= 1 && row[0] < 0x1p53 && row[0] == std::floor(row[0]))) {
      object.fail({"has a threshold for a gallery of ", row[0], " persons"});
    }
    sizes.push_back({static_cast<Index>(row[0]), row[1], row[2], {row[3], row[4], object.text("method")}});
  }
  return {object.number("fpir"), std::move(sizes), object.text("method")};
}

/// Reads the gallery of a file, whose model and claims were read; an empty one if the file has none. All that is wrong
/// with it is a FormatError.
template <class Model, class Scorer>
Gallery<Model, Scorer> read_gallery(const JsonObject& description, TensorIndex& tensors,
                                    ClaimVerifier<Model, Scorer> verifier) {
  using S = typename Model::Scalar;
  const Index out = verifier.model().embedding_size();
  Gallery<Model, Scorer> gallery{std::move(verifier)};
  if (!description.has("gallery")) return gallery;
  const JsonObject object = description.object("gallery");
  const TensorFile& file = tensors.file();
  const Place place{.file = file.name};
  if (object.text("model") != model_fingerprint(description.json(), file)) {
    throw FormatError(
        "its gallery was made by another model than the one in the file, so the templates cannot be compared with new "
        "samples: enrol the persons again",
        place);
  }
  try {
    if (object.has("identification")) {
      gallery.calibrate_identification(read_identification(object.object("identification"), tensors));
    }
    const auto take = [&](const char* name, DType type, std::span<const Index> shape) -> const std::uint8_t* {
      const Tensor& tensor = tensors.take(name, place);
      require(file.name, tensor, type, shape);
      return tensor.bytes.data();
    };
    const auto first_size = [&](const char* name) {
      const Tensor& tensor = file.at(name);
      return tensor.shape.empty() ? Index{0} : tensor.shape.front();
    };
    const Index persons = first_size("gallery.counts"), samples = first_size("gallery.embeddings");
    const Index name_bytes = first_size("gallery.names");
    const std::array one{persons};
    const std::uint8_t* counts = take("gallery.counts", DType::I64, one);
    const std::uint8_t* lengths = take("gallery.name_lengths", DType::I64, one);
    const std::uint8_t* spreads = take("gallery.spreads", DType::F64, one);
    const std::uint8_t* thresholds = take("gallery.thresholds", DType::F64, one);
    const std::uint8_t* names = take("gallery.names", DType::U8, std::array{name_bytes});
    const std::uint8_t* embeddings = take("gallery.embeddings", dtype_of<S>, std::array{samples, out});
    Index samples_left = samples, bytes_left = name_bytes;
    for (Index p = 0; p < persons; ++p) {
      const auto next = [p](const std::uint8_t* list) { return list + 8 * p; };
      const auto count = from_little_endian<std::int64_t>(next(counts));
      const auto bytes = from_little_endian<std::int64_t>(next(lengths));
      if (count < 1 || count > samples_left || bytes < 1 || bytes > bytes_left) {
        throw ValueError({"person ", p, " has ", count, " samples and a name of ", bytes, " bytes, but ", samples_left,
                          " and ", bytes_left, " are left"});
      }
      std::string name(reinterpret_cast<const char*>(names), static_cast<std::size_t>(bytes));
      names += bytes;
      bytes_left -= bytes;
      samples_left -= count;
      if (!is_utf8(name)) throw ValueError({"the name of person ", p, " is not UTF-8"});
      if (gallery.find(name)) throw ValueError({"two persons have the name '", excerpt(name), "'"});
      MatrixX<S> own(out, count);
      for (S& value : own.reshaped()) {
        value = from_little_endian<S>(embeddings);
        embeddings += sizeof(S);
      }
      Template<S> person = gallery.verifier().remake(std::move(own), from_little_endian<double>(next(spreads)));
      const auto threshold = from_little_endian<double>(next(thresholds));
      gallery.add(std::move(name), std::isnan(threshold) ? person : person.with_threshold(threshold));
    }
    if (samples_left != 0 || bytes_left != 0) {
      throw ValueError({samples_left, " samples and ", bytes_left, " bytes of names belong to no person"});
    }
  } catch (const FormatError&) {
    throw;
  } catch (const Error& error) {
    throw FormatError({"its gallery: ", error.what()}, place);
  }
  return gallery;
}

}  // namespace gemel::detail
