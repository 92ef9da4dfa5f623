#pragma once

#include <concepts>
#include <cstddef>
#include <span>
#include <tuple>
#include <type_traits>
#include <variant>
#include <vector>

#include "gemel/core/columns.hpp"
#include "gemel/core/types.hpp"
#include "gemel/network/layer.hpp"
#include "gemel/network/network.hpp"

namespace gemel::detail {

/// A network as the passes of a training step see it: its layers, and its parameters, which the step changes. It refers
/// to the network, which may be replaced between two batches, so `look` must be called before each.
template <class Net>
class NetworkReference {
 public:
  using Scalar = typename Net::Scalar;

  explicit NetworkReference(Net& network) : network_(&network) {}

  /// Takes over the present sizes, layers and parameters of the network.
  void look(Net& network) { network_ = &network; }

  /// @{
  /// As in Network.
  Index in() const { return network_->in(); }
  Index out() const { return network_->out(); }
  Index depth() const { return network_->depth(); }
  Index out(Index k) const { return network_->out(k); }
  Index offset(Index k) const { return network_->offset(k); }
  Index parameter_count() const { return network_->parameter_count(); }
  ConstColumn<Scalar> parameters() const { return network_->parameters(); }
  std::span<Scalar> mutable_parameters() const { return network_->mutable_parameters(); }
  template <class F>
  void visit_sized(Index k, F&& f) const {
    network_->visit_sized(k, f);
  }
  /// @}

 private:
  Net* network_;
};

/// As NetworkReference, for a network whose layers all have sized types. L is that type, or a std::variant if there are
/// several. So the passes are compiled once for all networks of such layers, whatever their number and sizes.
template <Scalar S, class L>
class SizedNetwork {
 public:
  using Scalar = S;

  template <class Net>
  explicit SizedNetwork(Net& network) {
    look(network);
  }

  /// @copydoc NetworkReference::look
  template <class Net>
  void look(Net& network) {
    layers_.clear();
    offsets_.assign(1, 0);
    for (Index k = 0; k < network.depth(); ++k) {
      network.visit_sized(k, [this](const auto& layer) { layers_.emplace_back(layer); });
      offsets_.push_back(network.offset(k + 1));
    }
    in_ = network.in();
    out_ = network.out();
    parameters_ = network.mutable_parameters();
  }

  /// @{
  /// As in Network.
  Index in() const { return in_; }
  Index out() const { return out_; }
  Index depth() const { return length(layers_); }
  Index out(Index k) const {
    Index size = 0;
    visit_sized(k, [&size](const auto& layer) { size = layer.out(); });
    return size;
  }
  Index offset(Index k) const { return offsets_[static_cast<std::size_t>(k)]; }
  Index parameter_count() const { return length(parameters_); }
  ConstColumn<S> parameters() const { return {parameters_.data(), parameter_count()}; }
  std::span<S> mutable_parameters() const { return parameters_; }
  template <class F>
  void visit_sized(Index k, F&& f) const {
    visit_one(layers_[static_cast<std::size_t>(k)], f);
  }
  /// @}

 private:
  template <class One, class F>
  static void visit_one(const One& layer, F& f) {
    f(layer);
  }
  template <class... One, class F>
  static void visit_one(const std::variant<One...>& layer, F& f) {
    std::visit(f, layer);
  }

  std::vector<L> layers_ = {};
  std::vector<Index> offsets_ = {};
  Index in_ = 0, out_ = 0;
  std::span<S> parameters_ = {};
};

/// The distinct types among Given, in their order: as one type, or as a std::variant.
template <class Found, class... Given>
struct Distinct;
template <class L>
struct Distinct<std::tuple<L>> {
  using Type = L;
};
template <class... Found>
struct Distinct<std::tuple<Found...>> {
  using Type = std::variant<Found...>;
};
template <class... Found, class Next, class... Given>
struct Distinct<std::tuple<Found...>, Next, Given...>
    : Distinct<std::conditional_t<(std::same_as<Found, Next> || ...), std::tuple<Found...>, std::tuple<Found..., Next>>,
               Given...> {};

template <class Net>
struct NetworkViewOf {
  using Type = NetworkReference<Net>;
};
template <Scalar S, class... Layers>
requires(HasSizedLayer<Layers>&&...) struct NetworkViewOf<Network<S, Layers...>> {
  using Type = SizedNetwork<S, typename Distinct<std::tuple<>, typename SizedLayer<Layers>::Type...>::Type>;
};

/// The type by which a training step sees a network.
template <class Net>
using NetworkView = typename NetworkViewOf<Net>::Type;

}  // namespace gemel::detail
