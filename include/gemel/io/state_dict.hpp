#pragma once

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "gemel/core/buffer.hpp"
#include "gemel/core/error.hpp"
#include "gemel/core/types.hpp"
#include "gemel/io/csv/cell.hpp"
#include "gemel/io/model/model_writer.hpp"
#include "gemel/io/model/parameter_tensors.hpp"
#include "gemel/io/model/tensor_index.hpp"
#include "gemel/io/model_file.hpp"
#include "gemel/io/safetensors.hpp"
#include "gemel/io/tensor_file.hpp"
#include "gemel/network/layer.hpp"
#include "gemel/network/network.hpp"
#include "gemel/network/siamese.hpp"

namespace gemel {

namespace detail {

/// The module of a tensor: its name without ".weight" or ".bias". Nothing if it ends with neither.
inline std::optional<std::string> module_of(std::string_view tensor) {
  for (const std::string_view end : {".weight", ".bias"}) {
    if (tensor.ends_with(end)) return std::string(tensor.substr(0, tensor.size() - end.size()));
  }
  return std::nullopt;
}

/// The modules of an nn.Sequential, in the order of their numbers. Their names are numbers, perhaps after the name of
/// the Sequential and a dot. Throws FormatError if the tensors have other names: members such as fc1 and fc2 may be
/// called in another order.
inline std::vector<std::string> modules_of_sequential(const TensorFile& file) {
  std::set<std::string> names;
  std::map<std::uint64_t, std::string> modules;
  std::set<std::string_view> prefixes;
  bool deduced = true;
  for (const Tensor& tensor : file.tensors) {
    const std::optional<std::string> module = module_of(tensor.name);
    deduced = deduced && module;
    names.insert(module.value_or(tensor.name));
  }
  for (const std::string& name : names) {
    const std::size_t digits = name.find_last_not_of("0123456789") + 1;  // 0 if there are only digits
    deduced = deduced && (digits == 0 || name[digits - 1] == '.');
    std::uint64_t number = 0;
    const char* const end = name.data() + name.size();
    deduced = deduced && std::from_chars(name.data() + digits, end, number).ec == std::errc{};
    deduced = deduced && modules.emplace(number, name).second;
    prefixes.insert(std::string_view{name}.substr(0, digits));
  }
  if (!deduced || prefixes.size() != 1) {
    throw FormatError({"its tensors are not those of one nn.Sequential, so the order of its layers is not known; pass "
                       "the names of the modules in the order of the model's layers, of these: ",
                       excerpts(std::vector<std::string>(names.begin(), names.end()))},
                      Place{.file = file.name});
  }
  std::vector<std::string> sorted;
  sorted.reserve(modules.size());
  for (auto& [number, name] : modules) sorted.push_back(std::move(name));
  return sorted;
}

template <Scalar S, class... Layers>
void load_state_dict_into(Network<S, Layers...>& network, const TensorFile& file, std::vector<std::string> modules,
                          const LoadOptions& options) {
  const Place place{.file = file.name};
  Index trained = 0;  // layers that have parameters
  for (Index k = 0; k < network.depth(); ++k) trained += network.offset(k) < network.offset(k + 1);
  const bool deduced = modules.empty();
  if (deduced) modules = modules_of_sequential(file);
  if (length(modules) != trained) {
    const std::string text = format({"the model has ", trained, " layers with parameters, but there are ",
                                     modules.size(), " modules: ", excerpts(modules)});
    if (deduced) throw FormatError(text, place);
    throw ValueError(text, place);
  }
  if (std::set<std::string_view>(modules.begin(), modules.end()).size() < modules.size()) {
    throw ValueError({"a module is named twice: ", excerpts(modules)}, place);
  }

  TensorIndex tensors{file};
  ParameterTensors<S> parameters{file.name};
  auto module = modules.begin();
  for (Index k = 0; k < network.depth(); ++k) {
    if (network.offset(k) == network.offset(k + 1)) continue;
    network.visit(k, [&](const auto& layer) {
      for (const NamedVariable& variable : variables_of(layer, k)) {
        const Tensor& tensor =
            tensors.take(*module + '.' + std::string(variable.name), {.file = file.name, .layer = k});
        const bool scalar = tensor.type == DType::F32 || tensor.type == DType::F64;
        if (scalar && tensor.type != dtype_of<S> && !options.convert) {
          throw FormatError({"its tensor '", excerpt(tensor.name), "' holds ", dtype_name(tensor.type),
                             " values, but the model's parameters are ", dtype_name(dtype_of<S>),
                             ": load it with {.convert = true} to convert them"},
                            {.file = file.name, .layer = k});
        }
        parameters.add(tensor, variable, k, scalar ? tensor.type : dtype_of<S>);
      }
    });
    ++module;
  }
  tensors.check_all_taken({});
  Buffer<S> values(network.parameter_count());
  parameters.copy(values.span());
  std::ranges::copy(values, network.mutable_parameters().data());
}

}  // namespace detail

/// Sets the parameters of a Network or a Siamese to the weights of a PyTorch model, whose state dict the Python
/// function safetensors.torch.save_file wrote. `modules` are the names of its modules in the order of the model's
/// layers that have parameters, such as {"fc1", "fc2"}. For each Dense, module "fc1" has the tensors `fc1.weight` (out
/// x in, as in nn.Linear) and `fc1.bias`. Without `modules`, the tensors must be those of one nn.Sequential, such as
/// `0.weight` and `2.weight`, which are taken in the order of the numbers. The file does not tell the activations: they
/// must be those of the model.
///
/// Throws IoError if the file cannot be read; ValueError if a module is named twice or there is not one module for each
/// layer with parameters; FormatError if the file is no safetensors file, a tensor is missing, left over, has another
/// type or shape than the layer needs, or a value that is not finite. The model is then unchanged.
template <Scalar S, class... Layers>
void load_state_dict(const std::filesystem::path& path, Network<S, Layers...>& network,
                     const std::vector<std::string>& modules = {}, const LoadOptions& options = {}) {
  detail::load_state_dict_into(network, read_safetensors(path), modules, options);
}
/// As above, for the network of a Siamese.
template <class Net, class Metric>
void load_state_dict(const std::filesystem::path& path, Siamese<Net, Metric>& model,
                     const std::vector<std::string>& modules = {}, const LoadOptions& options = {}) {
  load_state_dict(path, model.network(), modules, options);
}

}  // namespace gemel
