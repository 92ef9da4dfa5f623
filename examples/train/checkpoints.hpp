#pragma once

#include <optional>
#include <string>

#include "../program/interrupt.hpp"
#include "../program/outputs.hpp"
#include "gemel/callback/training_snapshot.hpp"
#include "gemel/io/checkpoint.hpp"
#include "gemel/io/model_file.hpp"
#include "options.hpp"

namespace train {

/// The callback that writes the checkpoints of --checkpoint and --resume, or does nothing without these options.
class Checkpoints {
 public:
  /// `path`: the file, or empty; `texts`: its metadata. `written` is set to true once there is a checkpoint.
  Checkpoints(const Options& options, const std::string& path, const gemel::Metadata& texts, bool* written)
      : every_(options.checkpoint_every), written_(written) {
    if (path.empty()) return;
    checkpoint_.emplace(program::to_write(path),
                        gemel::CheckpointOptions{.every = options.checkpoint_every, .metadata = texts});
  }

  template <class State>
  void on_train_begin(State& state) {
    if (!checkpoint_) return;
    const program::Interrupt::Pause pause;
    checkpoint_->on_train_begin(state);
  }

  template <class State>
  void on_epoch_end(State& state) {
    if (checkpoint_) checkpoint_->on_epoch_end(state);
  }

  template <class State>
  void on_checkpoint(State& state, const gemel::TrainingSnapshot& snapshot) {
    if (!checkpoint_) return;
    const program::Interrupt::Pause pause;
    checkpoint_->on_checkpoint(state, snapshot);
    if (snapshot.epoch >= every_) *written_ = true;
  }

 private:
  std::optional<gemel::Checkpoint> checkpoint_;
  Index every_;
  bool* written_;
};

}  // namespace train
