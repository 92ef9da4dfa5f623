#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "../program/model.hpp"
#include "gemel/core/columns.hpp"
#include "gemel/core/error.hpp"
#include "gemel/core/random.hpp"
#include "gemel/core/type_name.hpp"
#include "gemel/core/types.hpp"
#include "model.hpp"
#include "relative.hpp"
#include "sample.hpp"

namespace signature_verification {

/// A network of relative inputs, and the mean embedding of the genuine signatures of its training.
struct Tower {
  static constexpr Index hidden = 32, out = 16;

  Model network;
  gemel::VectorX<float> anchor;

  /// A network that has not learnt anything. The noise keeps it from relying on single inputs.
  static Model untrained(Index inputs, gemel::Rng& rng) {
    std::vector<gemel::AnyLayer> layers = {gemel::GaussianNoise<>{inputs, 0.7},
                                           gemel::Dense<gemel::Dynamic, gemel::Dynamic, gemel::ReLU>{inputs, hidden},
                                           gemel::Dense<gemel::Dynamic, gemel::Dynamic>{hidden, out}};
    return program::model_of(std::move(layers), rng);
  }
};

/// Scores a query by its relative inputs: by a direction, or, if there are networks, by the direction and the networks
/// together. The embeddings of its ClaimVerifier are the samples themselves (sample.hpp).
class RelativeScorer {
 public:
  /// What the scorer has learnt.
  struct State {
    gemel::VectorX<double> within;       ///< the variance of each feature within a signer
    gemel::VectorX<double> mean, scale;  ///< of the relative inputs
    gemel::VectorX<double> direction;    ///< of the scaled inputs; forgeries lie farther along it
    std::vector<Tower> towers = {};
    /// @{
    /// The standard deviations, over the training inputs, of their places along the direction and of `distances`.
    double direction_unit = 1, towers_unit = 1;
    /// @}
  };

  explicit RelativeScorer(State state) : state_(std::move(state)) {}

  /// The scaled inputs (as inputs).
  gemel::VectorX<double> scaled(const gemel::VectorX<double>& inputs) const {
    return (inputs - state_.mean).cwiseQuotient(state_.scale);
  }

  /// The score of relative inputs.
  double score(const gemel::VectorX<double>& inputs) const {
    const gemel::VectorX<double> x = scaled(inputs);
    const double place = state_.direction.dot(x);
    if (state_.towers.empty()) return place;
    return place / state_.direction_unit + distances(state_.towers, x.cast<float>())(0) / state_.towers_unit;
  }

  /// For each column of scaled inputs (inputs x n), the root of the sum, over all towers, of the squared distance from
  /// the anchor.
  static gemel::VectorX<double> distances(const std::vector<Tower>& towers, const gemel::MatrixX<float>& scaled) {
    gemel::VectorX<double> squares = gemel::VectorX<double>::Zero(scaled.cols());
    for (const Tower& tower : towers) {
      squares +=
          (tower.network.embed(scaled).colwise() - tower.anchor).colwise().squaredNorm().transpose().cast<double>();
    }
    return squares.cwiseSqrt();
  }

  /// Required by the Scorer concept (verification/scorer.hpp). Throws ValueError if there is only one template, and
  /// ShapeError if the samples have other sizes than those of the training.
  double operator()(gemel::ConstColumns<float> enrolled, gemel::ConstColumn<float> query) const {
    const Index features = state_.within.size();
    if (enrolled.rows() != features + curve_values) {
      throw gemel::ShapeError(
          {"a signature has ", features + curve_values, " values, but this one has ", enrolled.rows()});
    }
    if (enrolled.cols() < 2) {
      throw gemel::ValueError("this model needs at least two signatures of a person, better five, but there is one");
    }
    const auto curves = [&](Index i) { return enrolled.col(i).data() + features; };
    const Warping warping = warping_of(
        enrolled.cols(), [&](Index i, Index j) { return warped_distances(curves(i), curves(j)); },
        [&](Index i) { return warped_distances(curves(i), query.data() + features); });
    return score(relative_inputs(enrolled.topRows(features), query.head(features), state_.within, warping));
  }

  const State& state() const { return state_; }

  /// @{
  /// For files; see Layer (network/layer.hpp).
  template <class To>
  void save(To& to) const {
    const auto vector = [&to](const char* name, const gemel::VectorX<double>& values) {
      to.vector(name, {values.data(), static_cast<std::size_t>(values.size())});
    };
    to.number("towers", static_cast<double>(state_.towers.size()));
    to.number("direction_unit", state_.direction_unit);
    to.number("towers_unit", state_.towers_unit);
    vector("within", state_.within);
    vector("mean", state_.mean);
    vector("scale", state_.scale);
    vector("direction", state_.direction);
    for (std::size_t k = 0; k < state_.towers.size(); ++k) {
      const auto name = [k](const char* what) { return what + std::to_string(k); };
      vector(name("parameters").c_str(), state_.towers[k].network.network().parameters().cast<double>());
      vector(name("anchor").c_str(), state_.towers[k].anchor.cast<double>());
    }
  }
  template <class From>
  static RelativeScorer load(const From& from) {
    const auto vector = [&from](const std::string& name) {
      const std::vector<double> values = from.vector(name.c_str());
      return gemel::VectorX<double>{Eigen::Map<const gemel::VectorX<double>>(values.data(), gemel::length(values))};
    };
    State state{
        .within = vector("within"), .mean = vector("mean"), .scale = vector("scale"), .direction = vector("direction")};
    const Index inputs = relative_size(state.within.size());
    const auto check = [](bool holds) {
      if (!holds) throw gemel::FormatError("the parts of its scorer do not have the sizes that belong together");
    };
    check(state.within.size() > 0 && state.mean.size() == inputs && state.scale.size() == inputs &&
          state.direction.size() == inputs);
    check((state.within.array() > 0).all() && (state.scale.array() > 0).all());
    state.direction_unit = from.number("direction_unit");
    state.towers_unit = from.number("towers_unit");
    for (const double unit : {state.direction_unit, state.towers_unit}) check(unit > 0 && std::isfinite(unit));
    const double towers = from.number("towers");
    check(towers >= 0 && towers <= 100 && towers == std::floor(towers));
    gemel::Rng unused{0};
    for (int k = 0; k < static_cast<int>(towers); ++k) {
      Tower tower{Tower::untrained(inputs, unused), vector("anchor" + std::to_string(k)).template cast<float>()};
      const gemel::VectorX<float> parameters = vector("parameters" + std::to_string(k)).template cast<float>();
      check(tower.anchor.size() == Tower::out && parameters.size() == tower.network.network().parameter_count());
      tower.network.network().set_parameters(parameters);
      state.towers.push_back(std::move(tower));
    }
    return RelativeScorer{std::move(state)};
  }
  /// @}

 private:
  State state_;
};

}  // namespace signature_verification

/// @copydoc gemel::type_name
template <>
inline constexpr std::string_view gemel::type_name<signature_verification::RelativeScorer> = "RelativeSignatureScorer";
