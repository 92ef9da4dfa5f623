#pragma once

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "gemel/core/error.hpp"
#include "gemel/core/types.hpp"
#include "gemel/io/model/description.hpp"
#include "gemel/io/model/gallery_tensors.hpp"
#include "gemel/io/model/model_reader.hpp"
#include "gemel/io/model/model_writer.hpp"
#include "gemel/io/model/tensor_index.hpp"
#include "gemel/io/safetensors.hpp"
#include "gemel/io/tensor_file.hpp"
#include "gemel/network/ensemble.hpp"
#include "gemel/network/network.hpp"
#include "gemel/network/siamese.hpp"
#include "gemel/verification/claim_verifier.hpp"
#include "gemel/verification/gallery.hpp"
#include "gemel/verification/verifier.hpp"

namespace gemel {

/// Texts of the user's by key, which a model file also holds, such as the names of the features. All are in UTF-8. The
/// key `gemel` and keys that begin with `gemel.` are reserved.
using Metadata = std::map<std::string, std::string>;

/// Options of `load`.
struct LoadOptions {
  bool convert = false;  ///< Whether parameters of the other scalar type are accepted, and rounded to the model's.
};

namespace detail {

/// What a file of type T holds, and how to write and read it.
template <class T>
struct FileContent {
  static_assert(
      sizeof(T) == 0,
      "gemel: only a Network, a Siamese of a Network, an Ensemble, and a Verifier, a ClaimVerifier or a Gallery "
      "of a Siamese or an Ensemble can be saved and loaded");
};
template <Scalar S, class... Layers>
struct FileContent<Network<S, Layers...>> {
  static constexpr const char* kind = "network";
  static void write(ModelWriter& to, const Network<S, Layers...>& network) { to.network(network); }
  static Network<S, Layers...> read(ModelReader<S>& from) {
    from.refuse_ensemble();
    return from.template network<Layers...>();
  }
  static Network<S, Layers...> read_member(ModelReader<S>& from, Index m) { return from.template member<Layers...>(m); }
};
template <class Net, class Metric>
struct FileContent<Siamese<Net, Metric>> {
  static constexpr const char* kind = "model";
  static void write(ModelWriter& to, const Siamese<Net, Metric>& model) {
    FileContent<Net>::write(to, model.network());
    to.distance(model.metric());
  }
  static Siamese<Net, Metric> read(ModelReader<typename Net::Scalar>& from) {
    from.refuse_ensemble();
    auto metric = from.template distance<Metric>();
    return Siamese<Net, Metric>(FileContent<Net>::read(from), std::move(metric));
  }
};
template <class Net, class Metric>
struct FileContent<Ensemble<Siamese<Net, Metric>>> {
  using Member = Siamese<Net, Metric>;
  static constexpr const char* kind = "ensemble";
  static void write(ModelWriter& to, const Ensemble<Member>& ensemble) {
    if (ensemble.members().empty()) throw ValueError("the ensemble was moved from, so there is nothing to save");
    for (const Member& member : ensemble.members()) to.member(member.network());
    to.distance(ensemble.metric());
  }
  static Ensemble<Member> read(ModelReader<typename Net::Scalar>& from) {
    const auto metric = from.template distance<Metric>();
    std::vector<Member> members;
    for (Index m = 0; m < from.count_members(); ++m) {
      members.emplace_back(FileContent<Net>::read_member(from, m), metric);
    }
    return Ensemble<Member>(std::move(members));
  }
};
template <class Model>
inline constexpr bool is_saved_embedder = false;
template <class Net, class Metric>
inline constexpr bool is_saved_embedder<Siamese<Net, Metric>> = true;
template <class Model>
inline constexpr bool is_saved_embedder<Ensemble<Model>> = true;
template <class Model>
struct FileContent<Verifier<Model>> {
  static_assert(is_saved_embedder<Model>,
                "gemel: only a Verifier of a Siamese or an Ensemble can be saved and loaded, not one of an embedder of "
                "your own");
  static constexpr const char* kind = "verifier";
  static void write(ModelWriter& to, const Verifier<Model>& verifier) {
    FileContent<Model>::write(to, verifier.model());
    to.calibration(verifier.calibration());
  }
  static Verifier<Model> read(ModelReader<typename Model::Scalar>& from) {
    Calibration calibration = from.calibration();
    return {FileContent<Model>::read(from), std::move(calibration)};
  }
};
template <class Model, class Scorer>
struct FileContent<ClaimVerifier<Model, Scorer>> {
  static_assert(
      is_saved_embedder<Model>,
      "gemel: only a ClaimVerifier of a Siamese or an Ensemble can be saved and loaded, not one of an embedder "
      "of your own");
  static constexpr const char* kind = "claims";
  static void write(ModelWriter& to, const ClaimVerifier<Model, Scorer>& verifier) {
    FileContent<Model>::write(to, verifier.model());
    to.claims(verifier.scorer(), verifier.calibration());
  }
  static ClaimVerifier<Model, Scorer> read(ModelReader<typename Model::Scalar>& from) {
    Scorer scorer = from.template scorer<Scorer>();
    Calibration calibration = from.claims_calibration();
    return from.as_format_error([&] {
      return ClaimVerifier<Model, Scorer>{FileContent<Model>::read(from), std::move(scorer), std::move(calibration)};
    });
  }
};
template <class Model, class Scorer>
struct FileContent<Gallery<Model, Scorer>> {
  static constexpr const char* kind = "claims";
  static void write(ModelWriter& to, const Gallery<Model, Scorer>& gallery) {
    FileContent<ClaimVerifier<Model, Scorer>>::write(to, gallery.verifier());
    add_gallery(to.description, to.file(), gallery);
  }
  static Gallery<Model, Scorer> read(ModelReader<typename Model::Scalar>& from) {
    return read_gallery(from.description(), from.tensors(), FileContent<ClaimVerifier<Model, Scorer>>::read(from));
  }
};

/// Adds the tensors of a network, model or verifier to the file and returns its description, for put_metadata. More
/// tensors and members may be added before that.
template <class T>
Json add_model(TensorFile& file, const T& model) {
  ModelWriter writer{file};
  FileContent<T>::write(writer, model);
  writer.description["kind"] = FileContent<T>::kind;
  return std::move(writer.description);
}

/// Builds a T from the tensors and the description, which parse_description returned.
template <class T>
T read_model(TensorIndex& tensors, const Json& description, const LoadOptions& options = {}) {
  ModelReader<typename T::Scalar> reader{tensors, description, options.convert};
  T model = FileContent<T>::read(reader);
  reader.check_all_taken();
  return model;
}

/// The user's texts among a file's metadata.
inline Metadata user_metadata(const TensorFile& file) {
  Metadata metadata = file.metadata;
  std::erase_if(metadata,
                [](const auto& entry) { return entry.first == description_key || entry.first.starts_with("gemel."); });
  return metadata;
}

}  // namespace detail

/// Puts a gallery, with the scorer and the threshold of its claims, into the content of its model's file, in place of
/// the gallery that is there. All else stays as it is, such as the threshold of pairs and the user's texts. Throws
/// FormatError if the file holds no model of this type; ValueError if it holds another model than the gallery's, or if
/// a name is not UTF-8. The content then stays as it was.
template <class Model, class Scorer>
void put_gallery(TensorFile& file, const Gallery<Model, Scorer>& gallery) {
  TensorFile same, other{.name = file.name};
  detail::TensorIndex tensors{file};
  detail::Json description = detail::parse_description(tensors);
  // The file may describe the model in other words, for example if a script in Python wrote it.
  const detail::Json in_file = detail::add_model(same, detail::read_model<Model>(tensors, description));
  const detail::Json model = detail::add_model(other, gallery);
  if (detail::model_fingerprint(in_file, same) != detail::model_fingerprint(model, other)) {
    throw ValueError("the file holds another model than the gallery's", Place{.file = file.name});
  }
  const auto is_part = [](const Tensor& tensor) {
    const std::string& name = tensor.name;
    return name.starts_with("gallery.") || name.starts_with("claims.") || name.starts_with("scorer.");
  };
  TensorFile changed{.name = file.name};
  std::ranges::remove_copy_if(file.tensors, std::back_inserter(changed.tensors), is_part);
  for (Tensor& tensor : other.tensors) {
    if (is_part(tensor)) changed.tensors.push_back(std::move(tensor));
  }
  description["claims"] = model["claims"];
  description["gallery"] = model["gallery"];
  description["gallery"]["model"] = detail::model_fingerprint(description, file);
  detail::put_metadata(changed, description, detail::user_metadata(file));
  file = std::move(changed);
}

/// The content of the file that `save` writes. Throws what `save` throws, except for errors of writing.
template <class T>
TensorFile to_tensors(const T& model, const Metadata& metadata = {}) {
  TensorFile file{.name = "model"};
  detail::put_metadata(file, detail::add_model(file, model), metadata);
  return file;
}

/// The model in a file that was read or made by `to_tensors`. Throws what `load` throws, except for errors of reading.
template <class T>
T from_tensors(const TensorFile& file, const LoadOptions& options = {}) {
  detail::TensorIndex tensors{file};
  return detail::read_model<T>(tensors, detail::parse_description(tensors), options);
}

/// Saves a Network, a Siamese of a Network, an Ensemble, or a Verifier, a ClaimVerifier or a Gallery of a Siamese or an
/// Ensemble, together with texts of your own. The file is in the safetensors format, so that other programs can read
/// the weights: `layers.<k>.weight` (out x in) and `layers.<k>.bias` of each Dense, and what other layers have, where k
/// counts all layers. The names of an ensemble's tensors begin with `members.<m>.`, where m counts the members. A
/// description of the model, in JSON, is in the file's metadata under the key `gemel`. A file that is there is replaced
/// atomically (see replace_file.hpp).
///
/// Layers, activations and distances of your own need a name, and members for their options and state; see Layer
/// (network/layer.hpp). An initializer is not saved. Throws ValueError if the model was moved from, a key of the
/// metadata is reserved, a text is not UTF-8, or the model exceeds a limit of the format; NonFiniteError if a parameter
/// is NaN or infinite; IoError if the file cannot be written, which leaves an old file as it was.
template <class T>
void save(const std::filesystem::path& path, const T& model, const Metadata& metadata = {}) {
  TensorFile file{.name = path.string()};
  detail::put_metadata(file, detail::add_model(file, model), metadata);
  write_safetensors(path, file);
}

/// Loads a model that `save` saved, or that a checkpoint holds. T is
///
/// - an AnyNetwork, an AnyModel, an Ensemble of AnyModels, or a Verifier of one of these models, with any built-in
///   layers,
/// - another Network, Siamese, Ensemble or Verifier, whose layers, static sizes and distance must be those of the file,
/// - a ClaimVerifier or a Gallery of any of these models, with the file's scorer or AnyScorer.
///
/// A Siamese can be loaded from the file of its verifier, and a Network from any file but an ensemble's. The file of a
/// Siamese or of its verifier can also be loaded as an Ensemble of one member, or its Verifier. A ClaimVerifier or a
/// Gallery can also be loaded from the file of a Verifier: its scorer is then MeanScore, and the gallery empty. Random
/// numbers are not needed. Layers have their default initializers. Throws IoError if the file cannot be read;
/// FormatError if it is no model file, is damaged, was written by a newer major version, holds another type of model
/// than T, or a NaN or infinite parameter.
template <class T>
T load(const std::filesystem::path& path, const LoadOptions& options = {}) {
  return from_tensors<T>(read_safetensors(path), options);
}

/// As above, and sets `metadata` to the user's texts.
template <class T>
T load(const std::filesystem::path& path, Metadata& metadata, const LoadOptions& options = {}) {
  const TensorFile file = read_safetensors(path);
  T model = from_tensors<T>(file, options);
  metadata = detail::user_metadata(file);
  return model;
}

}  // namespace gemel
