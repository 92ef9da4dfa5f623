#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include "gemel/core/buffer.hpp"
#include "gemel/core/choice.hpp"
#include "gemel/core/columns.hpp"
#include "gemel/core/error.hpp"
#include "gemel/core/kernel.hpp"
#include "gemel/core/random.hpp"
#include "gemel/core/reduce.hpp"
#include "gemel/core/team.hpp"
#include "gemel/data/pair_source.hpp"
#include "gemel/network/distance.hpp"
#include "gemel/network/layer.hpp"
#include "gemel/training/batch_memory.hpp"
#include "gemel/training/non_finite.hpp"

namespace gemel {

/// One batch's way through a siamese model and back: embeddings, distances, loss, deltas, these as far as the first
/// layer that has parameters: nobody asks for more. The members of a team call the parts in this order, each for its
/// own columns, with a barrier before those that need what others did:
///
///   load once, embed each, (barrier unless owns_pairs) measure each, barrier, evaluate_loss once, backward each,
///   barrier, gather_active once
template <class Model>
class BatchPass {
  using S = typename Model::Scalar;
  using Net = std::remove_cvref_t<decltype(std::declval<const Model&>().network())>;

 public:
  [[gnu::cold]] BatchPass(const Model& model, std::uint64_t seed, bool skip_inactive)
      : model_(&model), skip_inactive_(skip_inactive) {
    const Net& network = model_->network();
    memory_.features = network.in();
    first_trained_ = network.depth();
    std::uint64_t streams = 0;
    for (Index k = 0; k < network.depth(); ++k) {
      parameters_.push_back(parameter_count(network, k));
      if (parameters_.back() > 0) first_trained_ = std::min(first_trained_, k);
      auto& layer_memory = memory_.layers.emplace_back();
      layer_memory.out = network.out(k);
      layer_memory.has_deltas = k >= first_trained_;
      seeds_.push_back(mix(seed, streams));
      network.visit(k, [&]<class L>(const L&) { streams += detail::is_fitted<L> ? 0 : 1; });
    }
  }

  BatchPass(const BatchPass&) = delete;  // its memory has pointers into itself

  BatchMemory<S>& memory() { return memory_; }
  const BatchMemory<S>& memory() const { return memory_; }

  /// Room for a team of so many.
  [[gnu::cold]] void make_room(Index members) {
    members_ = std::vector<Member>(static_cast<std::size_t>(members));
    for (Member& member : members_) {
      member.max_abs_y.resize(memory_.layers.size() + 1);
      member.max_abs_dz.resize(memory_.layers.size());
      member.discarded.resize(model_->network().out());
    }
  }

  /// Throws ShapeError where the model's network was exchanged for one of other sizes, or moved from.
  void check_network() const {
    const Net& network = model_->network();
    bool same = network.in() == memory_.features && network.depth() == length(memory_.layers);
    for (Index k = 0; same && k < network.depth(); ++k) {
      same = network.out(k) == memory_.at(k).out && parameter_count(network, k) == parameters_[to_size(k)];
    }
    if (!same) {
      throw ShapeError("the model's network is not of the sizes it had when this training began: begin a new one");
    }
  }

  /// What dropout draws from.
  void step(std::uint64_t step) { step_ = step; }

  /// Takes a batch, to be shared by so many members.
  template <class Source>
  void load(const Source& source, const Place& place, Index k, Index members) {
    if (static_cast<Index>(source.features()) != memory_.features) {
      throw ShapeError({"the network takes ", memory_.features, " features, but the pairs have ",
                        static_cast<Index>(source.features())});
    }
    check_network();
    try {
      source.batch(k, memory_.batch);
      memory_.batch.check(place);
      memory_.make_room();
      for (Member& member : members_) {
        if (member.deltas.size() < memory_.columns.size()) member.deltas.resize(memory_.columns.size());
      }
    } catch (...) {
      memory_.batch.clear();  // there is no room for it
      throw;
    }
    place_ = place;
    if (max_abs_.empty()) forget_maxima();
    if (!seen_[0] || !seen_[1]) {
      for (const std::uint8_t label : memory_.batch.similar) seen_[label] = true;
    }
    const Index n = memory_.samples(), m = memory_.pairs();
    team_size_ = members;
    for (Index t = 0; t < members; ++t) {
      const auto begin = [&](Index u) {
        return memory_.batch.disjoint ? 2 * detail::share(m, u, members) : detail::share(n, u, members);
      };
      at(t).first = begin(t);
      at(t).last = begin(t + 1);
    }
  }

  /// Embeds the member's samples.
  template <class Source>
  void embed(const Source& source, Index batch, Index t, bool training) {
    Member& me = at(t);
    const Net& network = model_->network();
    const Index count = me.last - me.first;
    std::fill(me.max_abs_y.begin(), me.max_abs_y.end(), S{0});
    detail::visit_choice(source, [&](const auto& chosen) {
      for (Index j = me.first; j < me.last; ++j) {
        memory_.x[j] = chosen.column(batch, j, memory_.filled.data() + j * memory_.features);
      }
    });
    ColumnList<S> x(memory_.x.data() + me.first, memory_.features, count);
    me.max_abs_y.front() = max_abs(memory_.x.data() + me.first, memory_.features, count);
    for (Index k = 0; k < network.depth() && count > 0; ++k) {
      network.visit(k, [&](const auto& layer) {
        const Columns<S> y(memory_.at(k).y.data() + me.first * layer.out(), layer.out(), count);
        layer.forward(parameters(k, layer), x, y, pass(k, training, memory_.columns, me.first, count));
        me.max_abs_y[to_size(k) + 1] = max_abs(y.data(), y.size());
        x = ColumnList<S>(y);
      });
    }
  }

  /// Whether a member's pairs are of its own samples, so that it may measure them at once.
  bool owns_pairs() const { return memory_.batch.disjoint; }

  /// The distances of the member's pairs.
  void measure(Index t) {
    const Index m = memory_.pairs();
    const Index first = detail::share(m, t, team_size_), end = detail::share(m, t + 1, team_size_);
    const PairIndex* const pairs = memory_.batch.pairs.data() + first;
    const S* const* const embedding = memory_.embeddings.data();
    const auto columns_of = [=](Index i) { return std::pair(embedding[pairs[i].first], embedding[pairs[i].second]); };
    detail::visit_choice(model_->metric(), [&](const auto& metric) {
      detail::measure_pairs(metric, model_->network().out(), end - first, columns_of, memory_.d.data() + first);
    });
  }

  /// The loss of the batch and its slopes, once all pairs are measured. Throws NonFiniteError where any of it, features
  /// and embeddings included, is not finite.
  template <class LossType>
  double evaluate_loss(const LossType& loss) {
    const Index m = memory_.pairs();
    for (const Member& member : team()) {
      for (std::size_t k = 0; k < member.max_abs_y.size(); ++k) {
        if (!std::isfinite(member.max_abs_y[k])) {
          detail::throw_non_finite_embedding(model_->network(), memory_, place_);
        }
        raise(max_abs_[k], member.max_abs_y[k]);
      }
    }
    const S farthest = max_abs(memory_.d.data(), m);
    if (!std::isfinite(farthest)) detail::throw_non_finite_distance(memory_, place_);
    raise(max_abs_distance_, farthest);
    const auto weight = std::span<const S>(memory_.batch.weight);
    std::fill_n(memory_.slope.data(), m, std::numeric_limits<S>::quiet_NaN());  // what the loss forgets is found
    const double value = loss(std::span<const S>(memory_.d.span(0, m)),
                              std::span<const std::uint8_t>(memory_.batch.similar), weight, memory_.slope.span(0, m));
    if (!std::isfinite(value) || !std::isfinite(max_abs(memory_.slope.data(), m))) {
      detail::throw_non_finite_loss(memory_, value, place_);
    }
    return value;
  }

  /// The deltas of the member's samples, from the distances back to the first layer that is trained.
  void backward(Index t) {
    Member& me = at(t);
    const Net& network = model_->network();
    std::fill(me.max_abs_dz.begin(), me.max_abs_dz.end(), S{0});
    const Index m = memory_.pairs();
    const Index first_pair = memory_.batch.disjoint ? me.first / 2 : 0;
    const Index last_pair = memory_.batch.disjoint ? me.last / 2 : m;
    if (skip_inactive_) {
      mark_active(me, first_pair, last_pair);
    } else {
      std::fill(memory_.position.data() + me.first, memory_.position.data() + me.last, 0);
    }
    me.active = memory_.keep_active(me.first, me.last);
    if (me.active == 0 || first_trained_ == network.depth()) return;

    const Index out = network.out();
    S* const dy = memory_.layers.back().dy.data();
    std::fill_n(dy + me.first * out, me.active * out, S{0});
    if (!memory_.batch.disjoint) std::fill_n(me.deltas.data(), memory_.samples(), me.discarded.data());
    for (Index j = me.first; j < me.last; ++j) {
      me.deltas[j] = memory_.position[j] < 0 ? me.discarded.data() : dy + memory_.position[j] * out;
    }
    detail::visit_choice(model_->metric(),
                         [&](const auto& metric) { add_distance_gradients(metric, me, first_pair, last_pair); });

    for (Index k = network.depth() - 1; k >= first_trained_; --k) {
      network.visit(k, [&](const auto& layer) { backward(layer, k, me); });
    }
  }

  /// Makes one list of all members' active samples. Throws NonFiniteError where a delta is not finite.
  void gather_active() {
    memory_.active = 0;
    for (const Member& member : team()) {
      memory_.close_ranks(member.first, member.active);
      for (Index k = length(member.max_abs_dz) - 1; k >= 0; --k) {  // in the order of the pass
        if (!std::isfinite(member.max_abs_dz[to_size(k)])) detail::throw_non_finite_delta(k, place_);
      }
    }
  }

  /// The largest |x| that layer k saw in this batch, and the largest |dz|; 0 before the first layer that is trained.
  double max_abs_input(Index k) const {
    double most = 0;
    for (const Member& member : team()) most = std::max(most, static_cast<double>(member.max_abs_y[to_size(k)]));
    return most;
  }
  double max_abs_delta(Index k) const {
    double most = 0;
    for (const Member& member : team()) most = std::max(most, static_cast<double>(member.max_abs_dz[to_size(k)]));
    return most;
  }

  /// Of all batches since `forget_maxima`: the largest |feature|, the largest |output| of layer k, the largest
  /// distance, and whether there was a pair with this label.
  S max_abs_feature() const { return max_abs_.front(); }
  S max_abs_output(Index k) const { return max_abs_[to_size(k) + 1]; }
  S max_abs_distance() const { return max_abs_distance_; }
  bool seen(bool similar) const { return seen_[similar ? 1 : 0]; }
  void forget_maxima() {
    max_abs_.assign(memory_.layers.size() + 1, S{0});
    max_abs_distance_ = 0;
    seen_ = {};
  }

 private:
  static constexpr Index at_once = 64;  // pairs

  /// What a member of the team keeps for itself.
  struct alignas(64) Member {
    Index first = 0, last = 0;      // its columns
    Index active = 0;               // how many of them are
    std::vector<S> max_abs_y = {};  // the inputs', then each layer's outputs'
    std::vector<S> max_abs_dz = {};
    Buffer<S*> deltas = {};    // where the samples' dLoss/dembedding are added up
    Buffer<S> discarded = {};  // what is added up for samples of other members

    bool owns(Index sample) const { return sample >= first && sample < last; }
  };

  static std::size_t to_size(Index k) { return static_cast<std::size_t>(k); }
  static Index parameter_count(const Net& network, Index k) { return network.offset(k + 1) - network.offset(k); }
  Member& at(Index member) { return members_[to_size(member)]; }
  std::span<const Member> team() const { return std::span(members_).first(to_size(team_size_)); }

  template <class L>
  std::span<const S> parameters(Index k, const L& layer) const {
    return {model_->network().parameters().data() + model_->network().offset(k), to_size(layer.parameter_count())};
  }

  Pass pass(Index k, bool training, const Buffer<Index>& columns, Index first, Index count) const {
    return {training, seeds_[to_size(k)], step_, columns.span(first, count)};
  }

  PairIndex pair(Index p) const { return memory_.batch.pairs[static_cast<std::size_t>(p)]; }

  ConstColumn<S> embedding(Index sample) const { return {memory_.embeddings[sample], model_->network().out()}; }

  /// Gives a position to those of the member's samples that a slope reaches, and none to the others.
  void mark_active(const Member& me, Index p, Index end) {
    std::fill(memory_.position.data() + me.first, memory_.position.data() + me.last, -1);
    Index inactive = me.last - me.first;
    const auto mark = [&](Index sample) {
      if (!me.owns(sample) || memory_.position[sample] == 0) return;
      memory_.position[sample] = 0;
      --inactive;
    };
    for (; p < end && inactive > 0; ++p) {
      if (memory_.slope[p] == 0) continue;
      mark(pair(p).first);
      mark(pair(p).second);
    }
  }

  /// Adds the pairs' gradients to the deltas of the member's samples.
  template <class Metric>
  void add_distance_gradients(const Metric& metric, Member& me, Index p, Index end) {
    const Index out = model_->network().out();
    for (; p < end; ++p) {
      const auto [first, second] = pair(p);
      if (memory_.slope[p] == 0 || !(me.owns(first) || me.owns(second))) continue;
      metric.add_gradient(embedding(first), embedding(second), memory_.d[p], memory_.slope[p],
                          Column<S>(me.deltas[first], out), Column<S>(me.deltas[second], out));
    }
  }
  template <class Metric>
  requires DifferenceDistance<Metric, S>
  void add_distance_gradients(const Metric& metric, Member& me, Index p, Index end) {
    // Copies of what would be read again for each pair.
    const PairIndex* const pairs = memory_.batch.pairs.data();
    const S* const* const embedding = memory_.embeddings.data();
    const S* const d = memory_.d.data();
    const S* const slope = memory_.slope.data();
    S* const* const delta = me.deltas.data();
    const S* const discarded = me.discarded.data();
    const S* seconds[at_once];
    S* deltas[at_once];
    S coefficients[at_once];
    while (p < end) {
      const Index first = pairs[p].first, most = std::min(end, p + at_once);
      const bool first_is_mine = delta[first] != discarded;
      Index count = 0;
      for (; p < most && pairs[p].first == first; ++p) {
        const Index second = pairs[p].second;
        if (slope[p] == 0 || !(first_is_mine || delta[second] != discarded)) continue;
        seconds[count] = embedding[second];
        deltas[count] = delta[second];
        coefficients[count++] = metric.coefficient(d[p], slope[p]);
      }
      if (count == 0) continue;
      kernel::kernels<S>().add_differences(
          {model_->network().out(), count, embedding[first], seconds, coefficients, delta[first], deltas});
    }
  }

  /// Raises `most` to a magnitude: NaN ranks on top.
  static void raise(S& most, S magnitude) {
    if (!(magnitude <= most)) most = std::isnan(most) ? most : magnitude;
  }

  template <class L>
  void backward(const L& layer, Index k, Member& me) {
    const auto columns = [&](Index q) {
      auto& memory = memory_.at(q);
      return Columns<S>(memory.dy.data() + me.first * memory.out, memory.out, me.active);
    };
    const Columns<S> dy = columns(k);
    const Columns<S> dx = k > first_trained_ ? columns(k - 1) : Columns<S>(nullptr, layer.in(), 0);
    const ColumnList<S> x = memory_.active_inputs(k, me.first, me.active);
    const ColumnList<S> y = memory_.active_outputs(k, me.first, me.active);
    layer.backward(parameters(k, layer), x, y, dy, dx, pass(k, true, memory_.active_columns, me.first, me.active));
    me.max_abs_dz[to_size(k)] = max_abs(dy.data(), dy.size());
  }

  const Model* model_;
  bool skip_inactive_;
  std::vector<Index> parameters_ = {};  // a layer each: how many
  Index first_trained_ = 0;             // the first layer that has some; the depth: none has
  BatchMemory<S> memory_ = {};
  std::vector<Member> members_ = {};
  Index team_size_ = 1;
  std::vector<std::uint64_t> seeds_ = {};  // a layer each; a fitted layer, which draws nothing, is not counted
  std::uint64_t step_ = 0;
  Place place_ = {};             // of the batch, for errors
  std::vector<S> max_abs_ = {};  // as Member::max_abs_y
  S max_abs_distance_ = 0;
  std::array<bool, 2> seen_ = {};  // a label each
};

}  // namespace gemel
