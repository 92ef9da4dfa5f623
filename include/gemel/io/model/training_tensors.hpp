#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "gemel/callback/history.hpp"
#include "gemel/callback/training_snapshot.hpp"
#include "gemel/core/choice.hpp"
#include "gemel/core/error.hpp"
#include "gemel/core/reduce.hpp"
#include "gemel/core/type_name.hpp"
#include "gemel/core/types.hpp"
#include "gemel/io/csv/cell.hpp"
#include "gemel/io/little_endian.hpp"
#include "gemel/io/model/json_object.hpp"
#include "gemel/io/model/tensor_index.hpp"
#include "gemel/io/tensor_file.hpp"
#include "gemel/optimizer/optimizer.hpp"

// The state of a training in a checkpoint: the object "training" of its description, and the tensors whose names begin
// with a word of `training_tensors`.

namespace gemel::detail {

/// The most callbacks whose states are read. Without it, a small file could ask for any amount of memory.
inline constexpr std::uint64_t most_callbacks = 1000;

/// The name of the optimizer; empty if its type has none.
template <class O>
std::string optimizer_name(const O& optimizer) {
  return visit_choice(optimizer, []<class Chosen>(const Chosen&) { return std::string(type_name<Chosen>); });
}

inline std::span<const double> span_of(const std::vector<double>& values) { return values; }

/// Adds the snapshot and the optimizer's state to a checkpoint. Returns the object "training".
template <class O>
Json add_training(TensorFile& file, O& optimizer, const TrainingSnapshot& snapshot) {
  const History& history = snapshot.history;
  Json metrics = Json::array();
  for (const MetricSeries& series : history.metrics) {
    metrics.push_back({{"name", series.name}, {"more_is_better", nullptr}});
    if (series.more_is_better) metrics.back()["more_is_better"] = *series.more_is_better;
  }
  const auto state = optimizer.state();
  const std::string name = optimizer_name(optimizer);
  Json training = {{"seed", snapshot.seed},
                   {"epoch", snapshot.epoch},
                   {"steps", snapshot.steps},
                   {"batch_size", snapshot.batch_size},
                   {"shuffle", snapshot.shuffle},
                   {"batches", snapshot.batches},
                   {"stopped", snapshot.stopped},
                   {"learning_rate", json_number(snapshot.learning_rate)},
                   {"rate_scale", json_number(snapshot.rate_scale)},
                   {"callbacks", snapshot.callbacks.size()},
                   {"optimizer",
                    {{"type", name.empty() ? Json(nullptr) : Json(name)},
                     {"step", *state.step},
                     {"learning_rate", json_number(optimizer.learning_rate())}}},
                   {"metrics", std::move(metrics)},
                   {"warnings", history.warnings},
                   {"threads", history.threads}};

  const auto add = [&file](const std::string& tensor, const auto& values) {
    using T = std::remove_cvref_t<decltype(values[0])>;
    file.add<T>(tensor, {length(values)}, std::span<const T>(values));
  };
  for (const auto& array : state.arrays) add("optimizer." + std::string(array.name), array.values);
  for (std::size_t k = 0; k < snapshot.callbacks.size(); ++k) {
    if (!snapshot.callbacks[k].empty()) add(format({"callbacks.", k}), snapshot.callbacks[k]);
  }
  if (!snapshot.source.empty()) add("source", snapshot.source);
  add("history.loss", history.loss);
  if (!history.validation_loss.empty()) add("history.validation_loss", history.validation_loss);
  add("history.learning_rate", history.learning_rate);
  add("history.seconds", history.seconds);
  for (std::size_t i = 0; i < history.metrics.size(); ++i)
    add(format({"history.metrics.", i}), history.metrics[i].values);
  return training;
}

/// Copies the values of a tensor of one dimension. Throws FormatError unless they have type T and, if a `count` is
/// given, that number.
template <TensorValue T>
std::vector<T> take_values(TensorIndex& tensors, const std::string& name, std::optional<Index> count = {}) {
  const std::string& file = tensors.file().name;
  const Tensor& tensor = tensors.take(name, Place{.file = file});
  const Index any = tensor.shape.size() == 1 ? tensor.shape[0] : 0;
  require(file, tensor, dtype_of<T>, std::array{count.value_or(any)});
  std::vector<T> values(tensor.bytes.size() / sizeof(T));
  for (std::size_t i = 0; i < values.size(); ++i) {
    values[i] = from_little_endian<T>(tensor.bytes.data() + i * sizeof(T));
  }
  return values;
}

/// Reads what add_training has written, without the optimizer. All that is wrong with it is a FormatError.
inline TrainingSnapshot read_training(TensorIndex& tensors, const JsonObject& training) {
  constexpr Index most = std::numeric_limits<Index>::max();
  const auto present = [&tensors](const std::string& name) { return tensors.file().find(name) != nullptr; };
  TrainingSnapshot snapshot{.seed = training.natural("seed"),
                            .epoch = training.size("epoch", most),
                            .steps = training.natural("steps"),
                            .batch_size = training.size("batch_size", most),
                            .shuffle = training.flag("shuffle"),
                            .batches = training.size("batches", most),
                            .stopped = training.flag("stopped"),
                            .learning_rate = training.number("learning_rate"),
                            .rate_scale = training.number("rate_scale")};
  const std::uint64_t callbacks = training.natural("callbacks", most_callbacks);
  for (std::uint64_t k = 0; k < callbacks; ++k) {
    const std::string name = format({"callbacks.", k});
    snapshot.callbacks.push_back(present(name) ? take_values<double>(tensors, name) : std::vector<double>());
  }
  if (present("source")) snapshot.source = take_values<double>(tensors, "source");

  History& history = snapshot.history;
  history.loss = take_values<double>(tensors, "history.loss", snapshot.epoch);
  if (present("history.validation_loss")) {
    history.validation_loss = take_values<double>(tensors, "history.validation_loss", snapshot.epoch);
  }
  history.learning_rate = take_values<double>(tensors, "history.learning_rate", snapshot.epoch);
  history.seconds = take_values<double>(tensors, "history.seconds", snapshot.epoch);
  const Json& metrics = training.array("metrics");
  for (std::size_t i = 0; i < metrics.size(); ++i) {
    const JsonObject metric{metrics[i], format({"its metric ", i}), training.place()};
    MetricSeries series{.name = metric.text("name")};
    if (!metric.has("more_is_better") || !metrics[i]["more_is_better"].is_null()) {
      series.more_is_better = metric.flag("more_is_better");
    }
    series.values = take_values<double>(tensors, format({"history.metrics.", i}), snapshot.epoch);
    history.metrics.push_back(std::move(series));
  }
  for (const Json& warning : training.array("warnings")) {
    if (!warning.is_string()) training.fail({"has a warning that is not a text"});
    history.warnings.push_back(warning.get<std::string>());
  }
  history.threads = static_cast<Index>(training.natural("threads", static_cast<std::uint64_t>(most)));
  return snapshot;
}

/// Gives an optimizer for `parameters` parameters the state that add_training has written. Throws FormatError if it was
/// the state of another type of optimizer, or of one with other options.
template <class S, class O>
void restore_optimizer(TensorIndex& tensors, const JsonObject& training, Index parameters, O& optimizer) {
  const std::string& file = tensors.file().name;
  const auto fail = [&file](std::initializer_list<Piece> why) { throw FormatError(why, Place{.file = file}); };
  const JsonObject saved = training.object("optimizer");
  const std::string name = optimizer_name(optimizer);
  const std::string saved_name = saved.has("type") && saved.json()["type"].is_null() ? "" : saved.text("type");
  if (name != saved_name) {
    const auto called = [](const std::string& of) { return of.empty() ? "one without a name" : excerpt(of); };
    fail({"its optimizer is ", called(saved_name), ", but the one that is given is ", called(name),
          ": give one of the same type"});
  }
  const double rate = saved.number("learning_rate");
  if (!(rate >= 0 && std::isfinite(rate))) saved.fail({"has a learning rate of ", rate});
  const auto step = saved.natural("step", static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()));

  optimizer.reserve(parameters);
  const OptimizerState<S> state = optimizer.state();
  constexpr std::string_view prefix = "optimizer.";
  for (const Tensor& tensor : tensors.file().tensors) {
    if (!tensor.name.starts_with(prefix)) continue;
    const std::string_view array = std::string_view(tensor.name).substr(prefix.size());
    if (std::ranges::find(state.arrays, array, &NamedSpan<S>::name) != state.arrays.end()) continue;
    fail({"its optimizer has the state '", excerpt(array),
          "', but the one that is given has none: give one with the same options"});
  }
  for (const NamedSpan<S>& array : state.arrays) {
    const std::string tensor = std::string(prefix) + std::string(array.name);
    if (!tensors.file().find(tensor)) {
      fail({"its optimizer has no state '", std::string(array.name),
            "', but the one that is given has: give one with the same options"});
    }
    const std::vector<S> values = take_values<S>(tensors, tensor, length(array.values));
    if (!name.empty() && !std::isfinite(max_abs(values.data(), length(values)))) {
      fail({"its tensor '", tensor, "' holds NaN or an infinite value"});
    }
    std::ranges::copy(values, array.values.begin());
  }
  *state.step = static_cast<std::int64_t>(step);
  optimizer.learning_rate(rate);
}

}  // namespace gemel::detail
