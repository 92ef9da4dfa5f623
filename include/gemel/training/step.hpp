#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gemel/core/columns.hpp"
#include "gemel/core/error.hpp"
#include "gemel/core/random.hpp"
#include "gemel/core/reduce.hpp"
#include "gemel/core/team.hpp"
#include "gemel/data/pair_source.hpp"
#include "gemel/network/distance.hpp"
#include "gemel/network/layer.hpp"
#include "gemel/training/batch_memory.hpp"
#include "gemel/training/clipping.hpp"
#include "gemel/training/loss.hpp"
#include "gemel/training/optimizer.hpp"

namespace gemel {

struct TrainingStepOptions {
  Index threads = 1;          ///< no result depends on it
  bool skip_inactive = true;  ///< leave samples that no slope reaches out of the backward pass; nor on this
  std::uint64_t seed = 0;     ///< of what layers draw (Dropout)
};

/// Trains a siamese model batch by batch: forward, loss, backward, update. `fit` is the loop around it; for a loop of
/// one's own:
///
///   TrainingStep step{model, ContrastiveLoss{}, optimizer};
///   for (Index epoch = 0; epoch < 20; ++epoch) {
///     pairs.start_epoch(seed, epoch, 32, true);
///     for (Index k = 0; k < pairs.batches(); ++k) loss = step(pairs, k);
///   }
///
/// The parameters change only when a batch is finite from its features to its gradient: else NonFiniteError names the
/// batch, the layer and the first bad pair, and parameters and optimizer are what they were. It refers to the model and
/// the optimizer, which must outlive it. After the first batch (of the largest size) it allocates nothing.
///
/// How its threads share the work without a reduction: each owns whole pairs through forward and backward pass; after a
/// barrier each computes the gradient of its own blocks of parameters over the whole batch, and steps the optimizer on
/// a block while it is in cache. Every sum has one order, so that the bits do not depend on the number of threads.
template <class Model, class LossType, class OptimizerType>
class TrainingStep {
  using S = typename Model::Scalar;
  using Net = std::remove_cvref_t<decltype(std::declval<Model&>().network())>;
  static_assert(Loss<LossType, S>, "gemel: this type does not model the Loss concept (training/loss.hpp)");
  static_assert(
      Optimizer<OptimizerType, S>,
      "gemel: this type does not model the Optimizer concept (training/optimizer.hpp), or is of another scalar");

 public:
  TrainingStep(Model& model, LossType loss, OptimizerType& optimizer, TrainingStepOptions options = {})
      : model_(&model), loss_(std::move(loss)), optimizer_(&optimizer), options_(options) {
    const Net& network = model_->network();
    memory_.features = network.in();
    for (Index k = 0; k < network.depth(); ++k) {
      auto& layer_memory = memory_.layers.emplace_back();
      layer_memory.out = network.out(k);
      network.visit(k, [&](const auto& layer) {
        for (const auto size : layer.variables()) variables_.push_back(size);
        if constexpr (is_caching<decltype(layer)>) {
          if (k > 0) layer_memory.cache.resize(layer.cache_size());
        }
      });
      seeds_.push_back(mix(options_.seed, static_cast<std::uint64_t>(k)));
    }
    optimizer_->reserve(network.parameter_count());
    if constexpr (ClippingOptimizer<OptimizerType>) clipping_ = optimizer_->clipping();
    threads(options_.threads);
  }

  /// Trains batch k of the source's present epoch; returns its loss, taken before the update.
  template <PairSource<S> Source>
  double operator()(const Source& source, Index k) {
    validating_ = false;
    load(source, k);
    if (model_->network().version() != version_) refresh_caches();
    parameters_ = model_->network().write_parameters();
    version_ = model_->network().version();
    team_->run([&](Index member) {
      forward(source, k, member, true);
      team_->barrier([&] { evaluate_loss(k); });
      backward(member);
      team_->barrier([&] { plan_update(k); });
      if (whole_gradient_) {
        for_each_block(member, block_units, [&](const auto& layer, Index leaf, Index first, Index count) {
          compute_gradient(layer, leaf, first, gradient_.span(model_->network().offset(leaf) + first, count));
        });
        team_->barrier([&] { finish_gradient(k); });
      }
      update(member);
    });
    ++steps_;
    return batch_loss_;
  }

  /// The loss of batch k as the model is; nothing is trained. Dropout is off, unless `training`.
  template <PairSource<S> Source>
  double evaluate(const Source& source, Index k, bool training = false) {
    validating_ = !training;
    load(source, k);
    team_->run([&](Index member) {
      forward(source, k, member, training);
      team_->barrier([&] { evaluate_loss(k); });
    });
    return batch_loss_;
  }

  /// dLoss/dparameters of batch k, without an update: what gradient checks compare. Clipping is not applied.
  template <PairSource<S> Source>
  std::span<const S> gradient(const Source& source, Index k) {
    validating_ = false;
    load(source, k);
    if (model_->network().version() != version_) refresh_caches();
    version_ = model_->network().version();
    gradient_.resize(model_->network().parameter_count());
    team_->run([&](Index member) {
      forward(source, k, member, true);
      team_->barrier([&] { evaluate_loss(k); });
      backward(member);
      team_->barrier([&] { gather_active(k); });
      for_each_block(member, block_units, [&](const auto& layer, Index leaf, Index first, Index count) {
        compute_gradient(layer, leaf, first, gradient_.span(model_->network().offset(leaf) + first, count));
      });
    });
    return std::as_const(gradient_).span();
  }

  /// The pairs of the last batch, and their distances before its update.
  Index batch_size() const { return memory_.pairs(); }
  std::span<const S> distances() const { return memory_.d.span(0, memory_.pairs()); }
  /// The samples that the last batch's backward pass was about.
  Index active_samples() const { return memory_.active; }

  Index threads() const { return team_->size(); }
  /// Uses so many threads from now on; allocates nothing where there were as many before. Throws ValueError where the
  /// number is none, or beyond any machine.
  void threads(Index count) {
    if (count < 1 || count > most_threads) {
      throw ValueError("threads must be 1 to " + std::to_string(most_threads) + ", but is " + std::to_string(count));
    }
    if (team_ && count <= team_->capacity()) return team_->use(count);
    team_ = std::make_unique<Team>(count);
    members_ = std::vector<Member>(static_cast<std::size_t>(team_->capacity()));
    Index grain = 0;
    for (Index k = 0; k < model_->network().depth(); ++k) {
      model_->network().visit(k, [&](const auto& layer) { grain = std::max<Index>(grain, layer.grain()); });
    }
    for (Member& member : members_) {
      member.peak_y.resize(memory_.layers.size() + 1);
      member.peak_dz.resize(memory_.layers.size());
      member.gradient.resize(grain * block_units);
      member.discarded.resize(model_->network().out());
    }
  }

  /// The epoch that errors name.
  void epoch(Index epoch) { epoch_ = epoch; }
  /// How many batches were trained: with the seed, what dropout draws from.
  std::uint64_t steps() const { return steps_; }
  void steps(std::uint64_t count) { steps_ = count; }

  /// The largest |output| of layer k since `forget_peaks`: 0 where all its units are dead.
  S peak_output(Index k) const { return peak_outputs_[static_cast<std::size_t>(k)]; }
  /// The largest distance since then.
  S peak_distance() const { return peak_distance_; }
  void forget_peaks() {
    peak_outputs_.assign(memory_.layers.size(), S{0});
    peak_distance_ = 0;
  }

 private:
  // A thread takes parameters in multiples of `share_units` grains, and computes block_units of them at once: multiples
  // of every tile's columns, few enough for the cache.
  static constexpr Index share_units = 12;
  static constexpr Index block_units = 24;

  template <class L>
  static constexpr bool is_caching = CachingLayer<std::remove_cvref_t<L>, S>;

  struct alignas(64) Member {
    Index first = 0, last = 0;   // its columns
    Index active = 0;            // how many of them are
    std::vector<S> peak_y = {};  // the inputs', then each layer's outputs'
    std::vector<S> peak_dz = {};
    Buffer<S> gradient = {};   // of one block
    Buffer<S> discarded = {};  // a gradient that another member computes for itself
  };

  std::span<const Member> team_members() const {
    return std::span(members_).first(static_cast<std::size_t>(team_->size()));
  }
  Member& at(Index member) { return members_[static_cast<std::size_t>(member)]; }
  static Index share(Index n, Index member, Index members) { return n * member / members; }

  template <class Source>
  void load(const Source& source, Index k) {
    if (static_cast<Index>(source.features()) != memory_.features) {
      throw ShapeError("the network takes " + std::to_string(memory_.features) + " features, but the pairs have " +
                       std::to_string(static_cast<Index>(source.features())));
    }
    source.batch(k, memory_.batch);
    memory_.batch.check(place(k));
    memory_.make_room();
    if (peak_outputs_.empty()) forget_peaks();
    const Index n = memory_.samples(), m = memory_.pairs(), members = team_->size();
    for (Index t = 0; t < members; ++t) {
      const auto begin = [&](Index u) {
        return memory_.batch.two_sided ? 2 * share(m, u, members) : share(n, u, members);
      };
      at(t).first = begin(t);
      at(t).last = begin(t + 1);
    }
  }

  void refresh_caches() {
    const Net& network = model_->network();
    for (Index k = 1; k < network.depth(); ++k) {
      network.visit(k, [&](const auto& layer) { refresh(layer, k, 0, layer.parameter_count()); });
    }
  }

  template <class L>
  std::span<const S> const_parameters(Index k, const L& layer) const {
    return {model_->network().parameters().data() + model_->network().offset(k),
            static_cast<std::size_t>(layer.parameter_count())};
  }

  Pass pass(Index k, bool training, const Buffer<Index>& columns, Index first, Index count) const {
    return {training, seeds_[static_cast<std::size_t>(k)], steps_, columns.span(first, count)};
  }

  /// Embeds the member's samples and measures its pairs.
  template <class Source>
  void forward(const Source& source, Index batch, Index t, bool training) {
    Member& me = at(t);
    const Net& network = model_->network();
    const Index count = me.last - me.first;
    std::ranges::fill(me.peak_y, S{0});
    for (Index j = me.first; j < me.last; ++j) {
      memory_.x[j] = source.column(batch, j, memory_.filled.data() + j * memory_.features);
      raise(me.peak_y.front(), peak(memory_.x[j], memory_.features));
    }
    ColumnList<S> x(memory_.x.data() + me.first, memory_.features, count);
    for (Index k = 0; k < network.depth() && count > 0; ++k) {
      network.visit(k, [&](const auto& layer) {
        const Columns<S> y(memory_.at(k).y.data() + me.first * layer.out(), layer.out(), count);
        layer.forward(const_parameters(k, layer), x, y, pass(k, training, memory_.columns, me.first, count));
        me.peak_y[static_cast<std::size_t>(k) + 1] = peak(y.data(), y.size());
        x = ColumnList<S>(y);
      });
    }
    if (!memory_.batch.two_sided) team_->barrier();
    const Index m = memory_.pairs();
    for (Index p = share(m, t, team_->size()); p < share(m, t + 1, team_->size()); ++p) {
      const PairIndex pair = memory_.batch.pairs[static_cast<std::size_t>(p)];
      memory_.d[p] = model_->metric().value(embedding(pair.first), embedding(pair.second));
    }
  }

  ConstColumn<S> embedding(Index sample) const {
    const auto& last = memory_.layers.back();
    return {last.y.data() + sample * last.out, last.out};
  }

  /// Raises `most` to a magnitude: NaN ranks on top.
  static void raise(S& most, S magnitude) {
    if (!(magnitude <= most)) most = std::isnan(most) ? most : magnitude;
  }

  void evaluate_loss(Index batch) {
    const Index m = memory_.pairs();
    for (const Member& member : team_members()) {
      for (std::size_t k = 0; k < member.peak_y.size(); ++k) {
        if (!std::isfinite(member.peak_y[k])) throw_non_finite(batch);
        if (k > 0) raise(peak_outputs_[k - 1], member.peak_y[k]);
      }
    }
    const S farthest = peak(memory_.d.data(), m);
    if (!std::isfinite(farthest)) throw_non_finite(batch);
    raise(peak_distance_, farthest);
    const auto weight = std::span<const S>(memory_.batch.weight);
    batch_loss_ = loss_(std::span<const S>(memory_.d.span(0, m)), std::span<const std::uint8_t>(memory_.batch.similar),
                        weight, memory_.slope.span(0, m));
    if (!std::isfinite(batch_loss_) || !std::isfinite(peak(memory_.slope.data(), m))) throw_non_finite(batch);
  }

  /// The deltas of the member's samples, from the distances back to the first layer.
  void backward(Index t) {
    Member& me = at(t);
    const Net& network = model_->network();
    std::ranges::fill(me.peak_dz, S{0});
    const Index m = memory_.pairs();
    const Index first_pair = memory_.batch.two_sided ? me.first / 2 : 0;
    const Index last_pair = memory_.batch.two_sided ? me.last / 2 : m;
    const auto mine = [&](Index sample) { return sample >= me.first && sample < me.last; };

    std::fill(memory_.position.data() + me.first, memory_.position.data() + me.last, options_.skip_inactive ? -1 : 0);
    for (Index p = first_pair; p < last_pair; ++p) {
      if (memory_.slope[p] == 0) continue;
      const PairIndex pair = memory_.batch.pairs[static_cast<std::size_t>(p)];
      if (mine(pair.first)) memory_.position[pair.first] = 0;
      if (mine(pair.second)) memory_.position[pair.second] = 0;
    }
    me.active = memory_.keep_active(me.first, me.last);
    if (me.active == 0) return;

    auto& last = memory_.layers.back();
    const auto delta = [&](Index sample) {
      return Column<S>(mine(sample) ? last.dy.data() + memory_.position[sample] * last.out : me.discarded.data(),
                       last.out);
    };
    std::fill_n(last.dy.data() + me.first * last.out, me.active * last.out, S{0});
    for (Index p = first_pair; p < last_pair; ++p) {
      if (memory_.slope[p] == 0) continue;
      const PairIndex pair = memory_.batch.pairs[static_cast<std::size_t>(p)];
      if (!mine(pair.first) && !mine(pair.second)) continue;
      model_->metric().add_gradient(embedding(pair.first), embedding(pair.second), memory_.d[p], memory_.slope[p],
                                    delta(pair.first), delta(pair.second));
    }

    for (Index k = network.depth() - 1; k >= 0; --k) {
      network.visit(k, [&](const auto& layer) { backward(layer, k, me); });
    }
  }

  template <class L>
  void backward(const L& layer, Index k, Member& me) {
    const auto columns = [&](Index q) {
      auto& memory = memory_.at(q);
      return Columns<S>(memory.dy.data() + me.first * memory.out, memory.out, me.active);
    };
    const Columns<S> dy = columns(k);
    const Columns<S> dx = k > 0 ? columns(k - 1) : Columns<S>(nullptr, layer.in(), 0);
    const ColumnList<S> x = memory_.active_inputs(k, me.first, me.active);
    const ColumnList<S> y = memory_.active_outputs(k, me.first, me.active);
    const Pass here = pass(k, true, memory_.active_columns, me.first, me.active);
    if constexpr (is_caching<L>) {
      layer.backward(const_parameters(k, layer), std::as_const(memory_.at(k).cache).span(), x, y, dy, dx, here);
    } else {
      layer.backward(const_parameters(k, layer), x, y, dy, dx, here);
    }
    me.peak_dz[static_cast<std::size_t>(k)] = peak(dy.data(), dy.size());
  }

  /// Makes one list of all members' active samples.
  void gather_active(Index batch) {
    memory_.active = 0;
    for (const Member& member : team_members()) {
      memory_.close_ranks(member.first, member.active);
      for (const S top : member.peak_dz) {
        if (!std::isfinite(top)) throw_non_finite(batch);
      }
    }
  }

  /// Where bounds prove that no gradient g and no g^2 overflows, the update goes block by block; else, and for
  /// clipping, the whole gradient is computed and checked first.
  void plan_update(Index batch) {
    gather_active(batch);
    whole_gradient_ = clipping_.any();
    for (Index k = 0; k < model_->network().depth(); ++k) {
      double x = 0, dz = 0;
      for (const Member& member : team_members()) {
        x = std::max(x, static_cast<double>(member.peak_y[static_cast<std::size_t>(k)]));
        dz = std::max(dz, static_cast<double>(member.peak_dz[static_cast<std::size_t>(k)]));
      }
      model_->network().visit(k, [&](const auto& layer) {
        double bound = std::numeric_limits<double>::infinity();
        if constexpr (BoundingLayer<std::remove_cvref_t<decltype(layer)>>) {
          bound = layer.gradient_bound(x, dz, memory_.active);
        } else if (layer.parameter_count() == 0) {
          bound = 0;
        }
        // A quarter of the range, for the rounding of the sums.
        if (!(bound * bound < static_cast<double>(std::numeric_limits<S>::max()) / 4)) whole_gradient_ = true;
      });
    }
    if (whole_gradient_) {
      gradient_.resize(model_->network().parameter_count());
    } else {
      optimizer_->advance();
    }
  }

  void finish_gradient(Index batch) {
    const S most = peak(gradient_.data(), gradient_.size());
    if (!std::isfinite(most)) {
      throw NonFiniteError("the gradient overflows; lower the learning rate or the loss's weights", place(batch));
    }
    clip(clipping_, gradient_.span(), variables_);
    optimizer_->advance();
  }

  /// f(layer, k, first, count) for the member's blocks of parameters, counted within their layer; of `units_at_once`
  /// grains at most.
  template <class F>
  void for_each_block(Index t, Index units_at_once, F&& f) {
    const Net& network = model_->network();
    for (Index k = network.depth() - 1; k >= 0; --k) {
      network.visit(k, [&](const auto& layer) {
        const Index grain = layer.grain(), units = layer.parameter_count() / grain;
        const Index shares = (units + share_units - 1) / share_units;
        const Index begin = share(shares, t, team_->size()) * share_units;
        const Index end = std::min(units, share(shares, t + 1, team_->size()) * share_units);
        for (Index unit = begin; unit < end; unit += units_at_once) {
          f(layer, k, unit * grain, std::min(units_at_once, end - unit) * grain);
        }
      });
    }
  }

  template <class L>
  void compute_gradient(const L& layer, Index k, Index first, std::span<S> g) {
    std::ranges::fill(g, S{0});
    layer.add_gradient(memory_.active_inputs(k, 0, memory_.active), memory_.active_dz(k), first, g);
  }

  void update(Index t) {
    if constexpr (InterleavingOptimizer<OptimizerType, S>) {
      if (!whole_gradient_ && optimizer_->interleaves()) return update_interleaved(t);
    }
    for_each_block(t, block_units, [&](const auto& layer, Index k, Index first, Index count) {
      update_block(layer, t, k, first, count);
    });
  }

  /// Each layer's share at once, where the layer can.
  void update_interleaved(Index t) {
    constexpr Index all = std::numeric_limits<Index>::max() / 2;
    for_each_block(t, all, [&](const auto& layer, Index k, Index first, Index count) {
      using L = std::remove_cvref_t<decltype(layer)>;
      const Index flat = model_->network().offset(k) + first;
      const auto block = optimizer_->block(flat, nullptr, block_parameters(flat, count));
      if constexpr (InterleavingLayer<L, S, decltype(block)>) {
        layer.update_by_gradient(memory_.active_inputs(k, 0, memory_.active), memory_.active_dz(k), first, block);
        refresh(layer, k, first, count);
      } else {
        for (Index part = 0; part < count; part += block_units * layer.grain()) {
          update_block(layer, t, k, first + part, std::min(block_units * layer.grain(), count - part));
        }
      }
    });
  }

  template <class L>
  void update_block(const L& layer, Index t, Index k, Index first, Index count) {
    const Index flat = model_->network().offset(k) + first;
    std::span<S> g;
    if (whole_gradient_) {
      g = gradient_.span(flat, count);
    } else {
      g = at(t).gradient.span(0, count);
      compute_gradient(layer, k, first, g);
    }
    optimizer_->update(flat, std::span<const S>(g), block_parameters(flat, count));
    refresh(layer, k, first, count);
  }

  std::span<S> block_parameters(Index flat, Index count) const {
    return parameters_.subspan(static_cast<std::size_t>(flat), static_cast<std::size_t>(count));
  }

  /// Renews what is derived from parameters that have changed.
  template <class L>
  void refresh(const L& layer, Index k, Index first, Index count) {
    if constexpr (is_caching<L>) {
      if (k > 0) layer.refresh(const_parameters(k, layer), first, count, memory_.at(k).cache.span());
    }
  }

  Place place(Index batch) const { return {.epoch = epoch_, .batch = batch, .validation = validating_}; }

  /// Finds the first pair that is not finite, and where: in its features, a layer, its distance or its slope.
  [[noreturn]] void throw_non_finite(Index batch) const {
    Place where = place(batch);
    const auto finite = [](const S* values, Index n) { return static_cast<bool>(std::isfinite(peak(values, n))); };
    for (Index p = 0; p < memory_.pairs(); ++p) {
      where.pair = p;
      const PairIndex pair = memory_.batch.pairs[static_cast<std::size_t>(p)];
      for (const Index sample : {pair.first, pair.second}) {
        if (!finite(memory_.x[sample], memory_.features)) {
          throw NonFiniteError("a sample's features hold NaN or infinity; clean the data or leave the sample out",
                               where);
        }
        for (Index k = 0; k < length(memory_.layers); ++k) {
          const auto& layer = memory_.at(k);
          if (!finite(layer.y.data() + sample * layer.out, layer.out)) {
            where.layer = k;
            throw NonFiniteError("a layer's output is NaN or infinite; scale the features or lower the learning rate",
                                 where);
          }
        }
      }
      if (!finite(memory_.d.data() + p, 1)) throw NonFiniteError("the distance is NaN or infinite", where);
      if (!finite(memory_.slope.data() + p, 1)) throw NonFiniteError("the loss's slope is NaN or infinite", where);
    }
    where.pair.reset();
    throw NonFiniteError("the loss or a delta of the backward pass is NaN or infinite; lower the learning rate", where);
  }

  Model* model_;
  LossType loss_;
  OptimizerType* optimizer_;
  TrainingStepOptions options_;
  Clipping clipping_ = {};
  std::unique_ptr<Team> team_ = {};
  std::vector<Member> members_ = {};
  BatchMemory<S> memory_ = {};
  std::vector<Index> variables_ = {};      // sizes, in the order of the flat vector
  std::vector<std::uint64_t> seeds_ = {};  // a layer each
  std::span<S> parameters_ = {};
  std::uint64_t version_ = std::numeric_limits<std::uint64_t>::max();  // of the parameters that the caches are of
  Buffer<S> gradient_ = {};
  bool whole_gradient_ = false;
  double batch_loss_ = 0;
  std::uint64_t steps_ = 0;
  std::optional<Index> epoch_ = {};
  bool validating_ = false;  // the batch at hand is only evaluated
  std::vector<S> peak_outputs_ = {};
  S peak_distance_ = 0;
};

}  // namespace gemel
