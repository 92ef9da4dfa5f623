#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <system_error>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "gemel/callback/history.hpp"
#include "gemel/callback/monitor.hpp"
#include "gemel/callback/training_snapshot.hpp"
#include "gemel/core/error.hpp"
#include "gemel/core/saved_state.hpp"
#include "gemel/core/types.hpp"
#include "gemel/data/pair_source.hpp"
#include "gemel/io/input_file.hpp"
#include "gemel/io/model/description.hpp"
#include "gemel/io/model/json_object.hpp"
#include "gemel/io/model/named_type.hpp"
#include "gemel/io/model/tensor_index.hpp"
#include "gemel/io/model/training_tensors.hpp"
#include "gemel/io/model_file.hpp"
#include "gemel/io/replace_file.hpp"
#include "gemel/io/safetensors.hpp"
#include "gemel/io/tensor_file.hpp"
#include "gemel/training/fit.hpp"
#include "gemel/training/fit_options.hpp"
#include "gemel/training/resumption.hpp"

namespace gemel {

/// Options of a Checkpoint.
struct CheckpointOptions {
  Index every = 1;                   ///< Number of epochs from one checkpoint to the next, at least 1.
  std::optional<Monitor> best = {};  ///< If given, only epochs whose value improves on the best one are kept.
  Index keep = 1;                    ///< Number of files, at least 1: the path, path.1 (the one before), path.2, …
  Metadata metadata = {};            ///< Texts of your own, as those of `save` (io/model_file.hpp).
};

namespace detail {

/// The file of a checkpoint. Errors call it `name`.
template <class Model, class OptimizerType>
TensorFile checkpoint_file(const std::string& name, const Model& model, OptimizerType& optimizer,
                           const TrainingSnapshot& snapshot, const Metadata& metadata) {
  TensorFile file{.name = name};
  Json description = add_model(file, model);
  description["kind"] = "checkpoint";
  description["training"] = add_training(file, optimizer, snapshot);
  put_metadata(file, description, metadata);
  return file;
}

/// The path of the checkpoint that is the k-th before the newest one.
inline std::filesystem::path earlier_checkpoint(std::filesystem::path path, Index k) {
  if (k > 0) path += format({".", k});
  return path;
}

/// Replaces `path` atomically, after the file that is there has become path.1, that one path.2, and so on, `keep` files
/// in all (path.<keep> is used meanwhile). The old file remains at `path` until the new one takes its place. If the
/// process is killed meanwhile, a gap may remain in the numbers, or path.1 may be the same file as `path`; the next
/// call repairs this.
inline void rotate_and_replace(const std::filesystem::path& path, Index keep, std::span<const std::uint8_t> bytes) {
  namespace fs = std::filesystem;
  const FileToReplace target = file_to_replace(path);
  Replacement replacement{target};
  replacement.write(bytes);
  const auto earlier = [&path](Index k) { return earlier_checkpoint(path, k); };
  std::error_code error;
  if (keep > 1 && target.permissions && !fs::equivalent(target.path, earlier(1), error)) {
    const auto exists = [&](Index k) {
      const fs::file_type type = fs::symlink_status(earlier(k), error).type();
      if (type == fs::file_type::none) fail_to_write(earlier(k).string(), "it cannot be looked up", error);
      return type != fs::file_type::not_found;
    };
    Index gap = 1;
    while (gap < keep && exists(gap)) ++gap;
    for (Index k = gap; k > 1; --k) {
      fs::rename(earlier(k - 1), earlier(k), error);
      if (error) fail_to_write(earlier(k).string(), "an earlier checkpoint cannot be renamed", error);
    }
    fs::create_hard_link(target.path, earlier(1), error);
    if (error) {  // the file system has no hard links, or the path is a symbolic link to another one
      InputFile old{target.path};
      std::vector<std::uint8_t> content(static_cast<std::size_t>(old.size()));
      content.resize(old.read({reinterpret_cast<char*>(content.data()), content.size()}));
      replace_file(earlier(1), content);
    }
  }
  replacement.take_its_place();
  if (keep > 1 && fs::is_regular_file(fs::symlink_status(earlier(keep), error))) {
    fs::remove(earlier(keep), error);  // if that fails, there is a file too many
  }
}

}  // namespace detail

/// A callback that writes checkpoints: files with everything that `resume` needs to go on with the training after the
/// epoch, to the bits of the training without the interruption. Each one is also a model file, which `load` reads
/// (io/model_file.hpp).
///
///   fit(model, pairs, ContrastiveLoss{}, optimizer, {.epochs = 100}, rng, Checkpoint{"training.gemel"});
///   resume("training.gemel", model, pairs, ContrastiveLoss{}, optimizer, {.epochs = 100},
///   Checkpoint{"training.gemel"});
///
/// The file is replaced atomically (io/replace_file.hpp): if the process is killed at any time, the old or the new one
/// is there, whole. With `keep`, the earlier ones stay as path.1, path.2, …; path is always the newest one. There is no
/// checkpoint of an epoch that was cut short (see on_checkpoint in callback/callback.hpp). A file contains the model
/// after the epoch, even if EarlyStopping gives it the parameters of an earlier one at the end, the optimizer's state,
/// the history, and the states of the callbacks and of the source. It does not contain the options of the optimizer, of
/// the callbacks and of fit, except for those that `resume` compares.
///
/// If a file cannot be written, the training ends with an IoError; the model has the parameters of the last epoch, and
/// the old file remains. A path that cannot be written is reported before the first epoch, if that can be known then.
class Checkpoint {
 public:
  /// A Checkpoint that writes to `path`.
  explicit Checkpoint(std::filesystem::path path, CheckpointOptions options = {})
      : path_(std::move(path)), options_(std::move(options)), best_(options_.best ? options_.best->worst() : 0) {}

  /// Throws ValueError if an option is out of its range, `best` is not valid (see Monitor), a key of the metadata is
  /// reserved, or a text is not UTF-8; IoError if the file cannot be written; and what `save` throws for a model that
  /// cannot be saved.
  template <class State>
  [[gnu::cold]] void on_train_begin(State& state) {
    detail::require_option(options_.every >= 1, name, "every must be at least 1", static_cast<double>(options_.every));
    detail::require_option(options_.keep >= 1, name, "keep must be at least 1", static_cast<double>(options_.keep));
    if (options_.best) detail::require_monitored(*options_.best, state.validated, state.history, name);
    if (!resumed_ && options_.best) best_ = options_.best->worst();
    resumed_ = is_due_ = false;
    format_safetensors(file(state, {.history = state.history}));
    const detail::Replacement writable{detail::file_to_replace(path_)};
  }

  /// @{
  /// Required by the Callback concept (callback/callback.hpp). on_epoch_end throws ValueError if the monitored value is
  /// missing; on_checkpoint throws IoError, with the file's name, if it cannot be written.
  template <class State>
  [[gnu::cold]] void on_epoch_end(State& state) {
    is_due_ = (state.epoch + 1) % options_.every == 0;
    if (!is_due_ || !options_.best) return;
    const double value = detail::monitored(*options_.best, state.history, name);
    is_due_ = options_.best->improves(value, best_, 0);
    if (is_due_) best_ = value;
  }
  template <class State>
  [[gnu::cold]] void on_checkpoint(State& state, const TrainingSnapshot& snapshot) {
    if (!is_due_) return;
    detail::rotate_and_replace(path_, options_.keep, format_safetensors(file(state, snapshot)));
  }
  /// @}

  /// The best value so far, if there is a monitor, for checkpoints.
  std::vector<double> save() const { return options_.best ? std::vector{best_} : std::vector<double>(); }

  /// Takes over what `save` returned. Throws FormatError for values that `save` never returns.
  void restore(std::span<const double> saved) {
    if (saved.size() != (options_.best ? 1 : 0)) {
      throw FormatError({"the saved state of the callback Checkpoint has ", saved.size(),
                         " numbers: it has one if `best` is given, and none otherwise"});
    }
    if (options_.best) best_ = detail::saved_best(saved[0], *options_.best, name);
    resumed_ = true;
  }

 private:
  static constexpr const char* name = "Checkpoint";

  template <class State>
  TensorFile file(State& state, const TrainingSnapshot& snapshot) const {
    return detail::checkpoint_file(path_.string(), state.model, state.optimizer, snapshot, options_.metadata);
  }

  std::filesystem::path path_;
  CheckpointOptions options_;
  double best_;
  bool resumed_ = false;  // the next training continues with best_
  bool is_due_ = false;   // whether the current epoch's checkpoint is to be written
};

namespace detail {

/// Throws FormatError unless the model of a checkpoint has the layers, with their options, and the distance of the
/// model that is given.
template <class Model>
void require_same_layers(const Model& loaded, const Model& given, const std::string& file) {
  const auto describe = [](Model model) {
    model.set_parameters(VectorX<typename Model::Scalar>::Zero(model.parameters().size()));  // they may be NaN
    TensorFile ignored;
    return add_model(ignored, model);
  };
  const Json is = describe(loaded), wanted = describe(given);
  const Index depth = length(is["layers"]), wanted_depth = length(wanted["layers"]);
  if (depth != wanted_depth) {
    throw FormatError({"its model has ", depth, " layers, but the one that is given has ", wanted_depth},
                      Place{.file = file});
  }
  for (Index k = 0; k < depth; ++k) {
    const auto at = static_cast<std::size_t>(k);
    if (is["layers"][at] == wanted["layers"][at]) continue;
    throw FormatError(
        {"it is ", is["layers"][at].dump(), ", but in the model that is given it is ", wanted["layers"][at].dump()},
        Place{.file = file, .layer = k});
  }
  if (is["distance"] != wanted["distance"]) {
    throw FormatError({"its distance is ", is["distance"].dump(), ", but that of the model that is given is ",
                       wanted["distance"].dump()},
                      Place{.file = file});
  }
}

/// Copies of the callbacks that have a state, as far as they can be copied, so that an error leaves them as they were.
template <class... Callbacks>
class CallbackCopies {
 public:
  explicit CallbackCopies(const Callbacks&... callbacks) : copies_{copy(callbacks)...} {}

  /// Restores copies from the snapshot. Throws FormatError, with the file's name, if that is not possible.
  void try_to_restore(const TrainingSnapshot& from, const std::string& file) const {
    if (from.callbacks.size() != sizeof...(Callbacks)) return;  // fit reports this
    [[maybe_unused]] auto saved = from.callbacks.begin();
    [[maybe_unused]] const auto restore = [&](auto trial) { restore_if(trial, *saved++); };
    try {
      std::apply([&](const auto&... each) { (restore(each), ...); }, copies_);
    } catch (const FormatError& error) {
      throw FormatError(error.what(), Place{.file = file});
    }
  }

  void put_back(Callbacks&... callbacks) {
    [[maybe_unused]] const auto assign = []<class C>(C& callback, auto& its_copy) {
      if constexpr (is_copied<C>) callback = std::move(its_copy);
    };
    std::apply([&](auto&... each) { (assign(callbacks, each), ...); }, copies_);
  }

 private:
  struct None {};

  template <class C>
  static constexpr bool is_copied = Restores<C>&& std::copyable<C>;
  template <class C>
  using Copy = std::conditional_t<is_copied<C>, C, None>;

  template <class C>
  static Copy<C> copy(const C& callback) {
    if constexpr (is_copied<C>) {
      return callback;
    } else {
      return {};
    }
  }
  template <class C>
  static void restore_if(C& trial, const std::vector<double>& saved) {
    if constexpr (Restores<C>) trial.restore(saved);
  }

  std::tuple<Copy<Callbacks>...> copies_;
};

/// `resume`, with a file that was read.
template <class Model, class Source, class LossType, class OptimizerType, class... Callbacks>
[[gnu::cold]] History resume_from(const TensorFile& file, Model& model, Source source, LossType loss,
                                  OptimizerType& optimizer, const FitOptions<typename Model::Scalar>& options,
                                  Callbacks&... callbacks) {
  static_assert(std::is_copy_constructible_v<OptimizerType> && std::is_move_assignable_v<OptimizerType>,
                "gemel: resume needs an optimizer that can be copied, so that an error leaves it as it was");
  check_options(options, model.network().in());
  TensorIndex tensors{file};
  const Json json = parse_description(tensors);
  const JsonObject description{json, "its description", Place{.file = file.name}};
  const std::string kind = description.text("kind");
  if (kind != "checkpoint") {
    throw FormatError({"it holds a ", kind, ", not a checkpoint: no training can be resumed from it"},
                      Place{.file = file.name});
  }
  auto other_model = read_model<Model>(tensors, json);
  require_same_layers(other_model, model, file.name);
  const JsonObject training = description.object("training");
  const TrainingSnapshot from = read_training(tensors, training);
  OptimizerType other_optimizer = optimizer;
  restore_optimizer<typename Model::Scalar>(tensors, training, other_model.parameters().size(), other_optimizer);
  tensors.check_all_taken({});
  CallbackCopies<Callbacks...> copies{callbacks...};
  copies.try_to_restore(from, file.name);

  bool began = false;
  const auto exchange = [&] {
    std::swap(model, other_model);
    std::swap(optimizer, other_optimizer);
  };
  exchange();
  try {
    return detail::train(Resumption{from.seed, from, &began}, model, std::move(source), std::move(loss), optimizer,
                         options, callbacks...);
  } catch (...) {
    if (!began) {
      exchange();
      copies.put_back(callbacks...);
    }
    throw;
  }
}

}  // namespace detail

/// Resumes the training whose checkpoint is in a file that a Checkpoint wrote, and returns the course of the whole
/// training. Parameters, optimizer and history then have the bits of the training without the interruption, for any
/// number of threads; `seconds` and `threads` of the history differ.
///
/// The model must have the same layers and the same distance, the optimizer the same type and options, and source,
/// loss, options and callbacks must be the same as in the interrupted call of fit; see the overload of fit that takes a
/// TrainingSnapshot (training/fit.hpp) for what may differ. The model's parameters, its fitted layers and the
/// optimizer's state are replaced by those of the file. To write more checkpoints, give the Checkpoint among the
/// callbacks, in its place.
///
/// Throws IoError if the file cannot be read; FormatError if it is no checkpoint, is damaged, was written by a newer
/// major version, or is of another model, optimizer or callback; and what the overload of fit throws. If an error is
/// thrown before the first batch, model and optimizer are as they were, and so are callbacks that can be copied.
template <class Model, class Source, class LossType, class OptimizerType, class... Callbacks>
requires PairSource<Source, typename Model::Scalar>
[[gnu::cold]] History resume(const std::filesystem::path& path, Model& model, Source source, LossType loss,
                             OptimizerType&& optimizer, const FitOptions<typename Model::Scalar>& options,
                             Callbacks&&... callbacks) {
  return detail::resume_from(read_safetensors(path), model, std::move(source), std::move(loss), optimizer, options,
                             callbacks...);
}

}  // namespace gemel
