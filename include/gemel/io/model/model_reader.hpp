#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "gemel/core/choice.hpp"
#include "gemel/core/error.hpp"
#include "gemel/core/types.hpp"
#include "gemel/io/csv/cell.hpp"
#include "gemel/io/model/calibration_json.hpp"
#include "gemel/io/model/description.hpp"
#include "gemel/io/model/json_object.hpp"
#include "gemel/io/model/model_writer.hpp"
#include "gemel/io/model/named_type.hpp"
#include "gemel/io/model/options.hpp"
#include "gemel/io/model/parameter_tensors.hpp"
#include "gemel/io/model/tensor_index.hpp"
#include "gemel/io/tensor_file.hpp"
#include "gemel/network/network.hpp"
#include "gemel/network/sequence.hpp"
#include "gemel/verification/scorer.hpp"
#include "gemel/verification/verifier.hpp"

namespace gemel::detail {

/// How many Sequences a layer of type L has: none, one, or 2 for a number that depends on the object.
template <class L>
inline constexpr int sequences_of = 0;
template <class L>
inline constexpr int sequences_of<Sequence<L>> = sequences_of<L> == 0 ? 1 : 2;

/// Builds a model of scalar S from a description that was checked and from the tensors of its file, both of which must
/// outlive the reader. All that is wrong with them is a FormatError.
template <Scalar S>
class ModelReader {
 public:
  /// Throws FormatError if the file's parameters have the other scalar type and are not to be converted.
  ModelReader(TensorIndex& tensors, const Json& description, bool convert)
      : tensors_(&tensors),
        description_(description, "its description", Place{.file = tensors.file().name}),
        network_(description_),
        stored_(description_.text("scalar") == "F32" ? DType::F32 : DType::F64),
        parameters_(tensors.file().name) {
    constexpr bool single = std::same_as<S, float>;
    if (!convert && stored_ != dtype_of<S>) {
      fail({"its parameters are ", single ? "doubles" : "floats", ", but the type's are ",
            single ? "floats" : "doubles", ": load it with {.convert = true} to convert them"});
    }
  }

  std::string kind() const { return description_.text("kind"); }

  /// The number of members that the file has as an ensemble: a model is an ensemble of one member.
  Index count_members() const { return std::max<Index>(detail::count_members(description_), 1); }

  /// Throws FormatError if the file holds an ensemble, which has several networks.
  void refuse_ensemble() const {
    if (!description_.has("members")) return;
    fail({"it holds an ensemble, whose number of members is ", count_members(), ": load it as an Ensemble",
          kind() == "verifier" ? " or a Verifier of an Ensemble" : "", " (network/ensemble.hpp)"});
  }

  /// Network m of an ensemble.
  template <class... Layers>
  Network<S, Layers...> member(Index m) {
    if (description_.has("members")) {
      network_ = member_object(description_, m);
      prefix_ = member_prefix(m);
      where_ = format({"member ", m, ": "});
    }
    parameters_ = ParameterTensors<S>(file());
    sequences_.clear();
    next_sequence_ = 0;
    next_layer_ = 0;
    return network<Layers...>();
  }

  template <class... Layers>
  Network<S, Layers...> network() {
    constexpr int sequences = (sequences_of<Layers> + ...);
    constexpr Index others = ((sequences_of<Layers> == 0) + ...);
    const Index depth = length(layers());
    if (sequences == 0 ? depth != others : depth <= others) {
      fail({"it has ", depth, " layers, but the type has ", sequences == 0 ? "" : "more than ", others});
    }
    if constexpr (sequences == 1) sequences_ = {depth - others};
    if constexpr (sequences > 1) read_sequences();
    std::tuple<Layers...> parts{read<Layers>()...};
    if (next_layer_ < depth || next_sequence_ < sequences_.size()) {
      fail({"it has ", depth, " layers, but the type's Sequences take only ", next_layer_});
    }
    return as_format_error(Place{.file = file()}, [&] {
      Network<S, Layers...> network(std::move(parts), ZeroParameters{});
      parameters_.copy(network.mutable_parameters());
      return network;
    });
  }

  template <class Metric>
  Metric distance() {
    if (kind() == "network") {
      fail({"it holds a network without a distance: load it as a Network"});
    }
    distance_was_read_ = true;
    return named_part<Metric>(description_.object("distance"), "distance");
  }

  /// The calibration of pairs.
  Calibration calibration() {
    if (kind() == "claims") {
      fail({"it holds the threshold of claims, which is none of pairs: load it as a ClaimVerifier or a Gallery"});
    }
    if (kind() != "verifier") {
      fail({"it holds a ", kind(), " without a threshold: ",
            kind() == "network"    ? "load it as a Network"
            : kind() == "ensemble" ? "load it as an Ensemble, and calibrate that"
                                   : "load it as a Siamese or an AnyModel, and calibrate that"});
    }
    return read_calibration(description_.object("calibration"), *tensors_, "calibration.far_points");
  }

  /// The scorer of claims. A verifier of pairs, which has none, scores as MeanScore does.
  template <class Scorer>
  Scorer scorer() {
    if (!description_.has("claims")) {
      if constexpr (std::same_as<Scorer, MeanScore> || std::same_as<Scorer, AnyScorer>) {
        if (kind() == "verifier") return Scorer{};
      }
      fail({"it holds a ", kind(), " without a scorer of claims"});
    }
    return named_part<Scorer>(description_.object("claims").object("scorer"), "scorer");
  }

  /// The calibration of claims, or of pairs for a verifier of pairs.
  Calibration claims_calibration() {
    if (!description_.has("claims")) return calibration();
    return read_calibration(description_.object("claims").object("calibration"), *tensors_, "claims.far_points");
  }

  /// Returns f(). An Error that it throws becomes a FormatError with the file's name.
  template <class F>
  auto as_format_error(const F& f) const {
    return as_format_error(Place{.file = file()}, f);
  }

  TensorIndex& tensors() { return *tensors_; }
  const JsonObject& description() const { return description_; }

  /// Throws FormatError if the file has tensors that are no part of the model nor of what else the file holds, such
  /// as the training of a checkpoint. If only the network was read, the distance may have tensors too.
  void check_all_taken() const {
    std::vector<std::string_view> others;
    if (kind() == "checkpoint") others.assign(training_tensors.begin(), training_tensors.end());
    if (kind() != "network" && !distance_was_read_) others.emplace_back("distance.");
    if (kind() == "verifier") others.emplace_back("calibration.");
    if (description_.has("claims")) others.insert(others.end(), {"claims.", "scorer."});
    if (description_.has("gallery")) others.emplace_back("gallery.");
    tensors_->check_all_taken(others);
  }

 private:
  const std::string& file() const { return tensors_->file().name; }
  const Json& layers() const { return network_.json().at("layers"); }
  [[noreturn]] void fail(std::initializer_list<Piece> why) const {
    throw FormatError({where_, format(why)}, Place{.file = file()});
  }

  /// Returns f(). An Error that it throws, such as a layer's about its options, becomes a FormatError with this place.
  template <class F>
  auto as_format_error(const Place& place, const F& f) const {
    try {
      return f();
    } catch (const FormatError&) {
      throw;
    } catch (const Error& error) {
      throw FormatError({where_, error.what()}, place);
    }
  }

  void read_sequences() {
    if (!network_.has("sequences")) {
      fail({"it does not say how its layers are divided among the type's Sequences; load it as an AnyNetwork"});
    }
    for (const Json& size : network_.array("sequences")) {
      if (!size.is_number_unsigned() || size == 0 || size > layers().size()) {
        network_.fail({"has 'sequences' that are not numbers of layers"});
      }
      sequences_.push_back(size.template get<Index>());
    }
  }

  /// The next layer, or the next several for a Sequence.
  template <class L>
  L read() {
    if constexpr (is_sequence<L>) {
      if (next_sequence_ == sequences_.size()) fail({"it has fewer Sequences than the type"});
      const Index count = sequences_[next_sequence_++];
      using Part = std::remove_cvref_t<decltype(std::declval<L>().layers().front())>;
      std::vector<Part> parts;
      for (Index k = 0; k < count; ++k) parts.push_back(read<Part>());
      return as_format_error(Place{.file = file()}, [&] { return L{std::move(parts)}; });
    } else {
      if (next_layer_ == length(layers())) fail({"it has fewer layers than its Sequences"});
      const Index k = next_layer_++;
      const JsonObject object = layer_object(network_, k);
      if constexpr (is_variant<L>) {
        return read_alternative(object, k, static_cast<const L*>(nullptr));
      } else {
        check_named<L>();
        if (!matches<L>(object)) refuse_layer(object, describe_type<L>());
        return read_layer<L>(object, k);
      }
    }
  }

  template <class L>
  L read_layer(const JsonObject& object, Index k) {
    return as_format_error(object.place(), [&] {
      const std::string prefix = prefix_ + layer_prefix(k);
      const OptionsReader options{object, *tensors_, prefix};
      L layer = load_part<L>(options);
      if (Index{layer.in()} != options.in() || Index{layer.out()} != options.out()) {
        object.fail({"gives it ", options.in(), " inputs and ", options.out(), " outputs, but it has ",
                     Index{layer.in()}, " and ", Index{layer.out()}});
      }
      for (const NamedVariable& variable : variables_of(layer, k)) {
        const Tensor& tensor = tensors_->take(prefix + std::string(variable.name), object.place());
        parameters_.add(tensor, variable, k, stored_);
      }
      return layer;
    });
  }

  template <class... Alternatives>
  std::variant<Alternatives...> read_alternative(const JsonObject& object, Index k,
                                                 const std::variant<Alternatives...>*) {
    (check_named<Alternatives>(), ...);
    std::vector<std::variant<Alternatives...>> found;  // an alternative may have no default constructor
    const auto attempt = [&]<class L>(std::type_identity<L>) {
      if (!matches<L>(object)) return false;
      found.emplace_back(read_layer<L>(object, k));
      return true;
    };
    if (!(attempt(std::type_identity<Alternatives>{}) || ...)) {
      std::string types;
      ((types += (types.empty() ? "" : ", ") + describe_type<Alternatives>()), ...);
      refuse_layer(object, "one of " + types);
    }
    return std::move(found.front());
  }

  /// The distance or the scorer, which `what` names.
  template <class T>
  T named_part(const JsonObject& object, const char* what) {
    const OptionsReader options{object, *tensors_, format({what, "."})};
    if constexpr (is_choice<T>) {
      return chosen_part<T>(object, options, what, static_cast<const T*>(nullptr));
    } else {
      check_named<T>();
      if (object.text("type") != type_name<T>) refuse_part(object, what, std::string(type_name<T>));
      return as_format_error(object.place(), [&] { return load_part<T>(options); });
    }
  }

  template <class T, class... Alternatives>
  T chosen_part(const JsonObject& object, const OptionsReader& options, const char* what,
                const Choice<Alternatives...>*) {
    (check_named<Alternatives>(), ...);
    T part;
    const auto attempt = [&]<class Alternative>(std::type_identity<Alternative>) {
      if (object.text("type") != type_name<Alternative>) return false;
      part = as_format_error(object.place(), [&] { return load_part<Alternative>(options); });
      return true;
    };
    if (!(attempt(std::type_identity<Alternatives>{}) || ...)) {
      std::string types;
      ((types += (types.empty() ? "" : ", ") + std::string(type_name<Alternatives>)), ...);
      refuse_part(object, what, "one of " + types);
    }
    return part;
  }

  [[noreturn]] void refuse_layer(const JsonObject& object, const std::string& wanted) const {
    throw FormatError(
        {where_, "it is ", describe_layer(object), ", but the type that is loaded has ", wanted, " there"},
        object.place());
  }
  [[noreturn]] void refuse_part(const JsonObject& object, const char* what, const std::string& wanted) const {
    fail({"its ", what, " is ", excerpt(object.text("type")), ", but the type that is loaded has ", wanted});
  }

  TensorIndex* tensors_;
  JsonObject description_;
  JsonObject network_;       // the description, or the part of it that describes the member
  std::string prefix_ = {};  // of the names of the network's tensors
  std::string where_ = {};   // names the member in errors
  DType stored_;             // the type of the file's parameters
  ParameterTensors<S> parameters_;
  std::vector<Index> sequences_ = {};  // the sizes of the type's Sequences, in the order of add_sequences
  std::size_t next_sequence_ = 0;
  Index next_layer_ = 0;
  bool distance_was_read_ = false;
};

}  // namespace gemel::detail
