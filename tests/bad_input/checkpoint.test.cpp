// Bad checkpoints, and trainings that are resumed with other parts. The files are in a temporary folder of this test.

#include <filesystem>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

#include "bad_input/table.hpp"
#include "bad_input/training.hpp"
#include "gemel/callback/lambda_callback.hpp"
#include "gemel/io/checkpoint.hpp"
#include "gemel/optimizer/adam.hpp"
#include "io/temporary_folder.hpp"

namespace gemel::bad_input {

namespace {

const TemporaryFolder& checkpoints() {
  static const TemporaryFolder its_own;
  return its_own;
}
std::filesystem::path bad_checkpoint() { return checkpoints().path() / "bad.checkpoint"; }

const FitOptions<float> three_epochs{.epochs = 3, .batch_size = 4, .threads = 1};

/// Trains three epochs with a checkpoint.
void checkpointed(const std::filesystem::path& path, const CheckpointOptions& options = {}) {
  Model model = a_model();
  Rng rng{3};
  fit(model, six_pairs(), ContrastiveLoss{}, RMSprop<float>{}, three_epochs, rng, Checkpoint{path, options});
}

/// Resumes; model and optimizer must not change.
template <class M, class O>
void resumed(const std::filesystem::path& path, M model, O optimizer, const FitOptions<float>& options = three_epochs) {
  const VectorX<float> before = model.parameters();
  const double rate = optimizer.learning_rate();
  try {
    resume(path, model, six_pairs(), ContrastiveLoss{}, optimizer, options, Checkpoint{path});
  } catch (const Error&) {
    if (model.parameters() != before || optimizer.learning_rate() != rate || *optimizer.state().step != 0) {
      throw std::logic_error("the model or the optimizer has changed");
    }
    throw;
  }
}
void resumed(const std::filesystem::path& path) { resumed(path, a_model(), RMSprop<float>{}); }

/// Resumes from a checkpoint that was changed.
auto changed(const std::function<void(detail::Json& training, TensorFile&)>& change) {
  return [change] {
    checkpointed(bad_checkpoint());
    TensorFile file = read_safetensors(bad_checkpoint());
    detail::Json json = detail::Json::parse(file.metadata["gemel"]);
    change(json["training"], file);
    file.metadata["gemel"] = json.dump();
    write_safetensors(bad_checkpoint(), file);
    resumed(bad_checkpoint());
  };
}
auto with_optimizer_value(float value) {
  return changed([value](detail::Json&, TensorFile& file) {
    for (Tensor& tensor : file.tensors) {
      if (tensor.name == "optimizer.v") detail::to_little_endian(value, tensor.bytes.data());
    }
  });
}
auto resumed_with(const FitOptions<float>& options) {
  return [options] {
    checkpointed(bad_checkpoint());
    resumed(bad_checkpoint(), a_model(), RMSprop<float>{}, options);
  };
}
auto from_bytes(const std::string& bytes) {
  return [bytes] { resumed(checkpoints().write("bad.checkpoint", bytes)); };
}
std::string checkpoint_bytes() {
  checkpointed(bad_checkpoint());
  return content_of(bad_checkpoint());
}

/// Goes on from a snapshot that was changed.
auto from_snapshot(const std::function<void(TrainingSnapshot&)>& change) {
  return [change] {
    Model model = a_model();
    RMSprop<float> optimizer;
    Rng rng{3};
    TrainingSnapshot last;
    const auto train = [&](auto& start) {
      fit(model, six_pairs(), ContrastiveLoss{}, optimizer, three_epochs, start,
          OnCheckpoint{[&](auto&, const TrainingSnapshot& snapshot) { last = snapshot; }});
    };
    train(rng);
    TrainingSnapshot bad = last;
    change(bad);
    train(bad);
  };
}

}  // namespace

std::vector<Row> checkpoint_rows() {
  const Entry no_samples = {{OneClass, BadLabel}, impossible("it gets no labels of its own")};
  const auto directory = checkpoints().path().filename().string();
  return {
      {"resume",
       {{WrongShape,
         {throws<FormatError>("but the type that is loaded has", {.file = "bad.checkpoint", .layer = 0},
                              [] {
                                checkpointed(bad_checkpoint());
                                Rng rng{1};
                                resumed(bad_checkpoint(), Siamese<Network<float, Dense<3, 5, ReLU>, Dense<5, 2>>>{rng},
                                        RMSprop<float>{});
                              }),
          throws<FormatError>("its tensor 'history.loss' is 3, but 2 is needed", {.file = "bad.checkpoint"},
                              changed([](auto& training, auto&) { training["epoch"] = 2; }))}},
        {NaN, throws<FormatError>("its tensor 'optimizer.v' holds NaN", {.file = "bad.checkpoint"},
                                  with_optimizer_value(nan_f))},
        {Infinite, throws<FormatError>("holds NaN or an infinite value", {.file = "bad.checkpoint"},
                                       with_optimizer_value(-inf_f))},
        {Empty, throws<FormatError>("it has 0 bytes", {.file = "bad.checkpoint"}, from_bytes(""))},
        no_samples,
        {OutOfRange,
         {throws<ValueError>("has had 3 epochs, but epochs is 2", resumed_with({.epochs = 2, .batch_size = 4})),
          throws<ValueError>("had batch_size = 4, but now it is 3", resumed_with({.epochs = 3, .batch_size = 3})),
          throws<FormatError>("has 'epoch' 0, not at least 1", {.file = "bad.checkpoint"},
                              changed([](auto& training, auto&) { training["epoch"] = 0; }))}},
        {Truncated,
         {throws<FormatError>("it is truncated", {.file = "bad.checkpoint"},
                              [] { from_bytes(checkpoint_bytes().substr(0, 50))(); }),
          throws<FormatError>("its checksum is wrong", {.file = "bad.checkpoint"},
                              [] {
                                std::string bytes = checkpoint_bytes();
                                bytes.back() = static_cast<char>(bytes.back() ^ 1);
                                from_bytes(bytes)();
                              })}},
        {Swapped,
         {throws<FormatError>("it holds a model, not a checkpoint", {.file = "bad.checkpoint"},
                              [] {
                                save(bad_checkpoint(), a_model());
                                resumed(bad_checkpoint());
                              }),
          throws<FormatError>("its optimizer is RMSprop, but the one that is given is Adam", {.file = "bad.checkpoint"},
                              [] {
                                checkpointed(bad_checkpoint());
                                resumed(bad_checkpoint(), a_model(), Adam<float>{});
                              })}},
        {Missing, throws<IoError>("there is no such file", {.file = "nowhere"},
                                  [] { resumed(checkpoints().path() / "nowhere"); })},
        {Unreadable,
         throws<IoError>("it is a directory, not a file", {.file = directory}, [] { resumed(checkpoints().path()); })},
        {FullDisk, see("Checkpoint")}}},

      {"Checkpoint",
       {{{WrongShape, NaN, Infinite}, impossible("its options are a path, whole numbers, a monitor and texts")},
        {Empty, throws<IoError>("it names no file", [] { checkpointed(""); })},
        no_samples,
        {OutOfRange,
         {throws<ValueError>("Checkpoint's every must be at least 1, but it is 0",
                             [] { checkpointed(bad_checkpoint(), {.every = 0}); }),
          throws<ValueError>("Checkpoint's keep must be at least 1, but it is -1",
                             [] { checkpointed(bad_checkpoint(), {.keep = -1}); }),
          throws<ValueError>("Checkpoint monitors the validation loss, but there is no validation",
                             [] { checkpointed(bad_checkpoint(), {.best = Monitor::ValidationLoss}); }),
          throws<ValueError>("the metadata's key 'gemel' is reserved", {.file = "bad.checkpoint"},
                             [] {
                               checkpointed(bad_checkpoint(), {.metadata = {{"gemel", ""}}});
                             })}},
        {{Truncated, Swapped}, impossible("it only writes")},
        {Missing, throws<IoError>("No such file or directory", {.file = "x"},
                                  [] { checkpointed(checkpoints().path() / "nowhere" / "x"); })},
        {Unreadable, throws<IoError>("it is a folder, not a file", {.file = directory},
                                     [] { checkpointed(checkpoints().path()); })},
        {FullDisk,
         throws<IoError>("it is a device, not a file", {.file = "full"}, [] { checkpointed("/dev/full"); })}}},

      {"TrainingSnapshot",
       {{WrongShape, throws<ValueError>("its history does not have as many values",
                                        from_snapshot([](auto& snapshot) { snapshot.history.loss.pop_back(); }))},
        {NaN, throws<ValueError>("the snapshot has a learning rate of nan",
                                 from_snapshot([](auto& snapshot) { snapshot.learning_rate = nan; }))},
        {Infinite,
         throws<ValueError>("and a scale of inf", from_snapshot([](auto& snapshot) { snapshot.rate_scale = inf; }))},
        {Empty, throws<ValueError>("had batch_size = 0, but now it is 4",
                                   from_snapshot([](auto& snapshot) { snapshot = {}; }))},
        no_samples,
        {OutOfRange,
         {throws<ValueError>("has had 4 epochs, but epochs is 3",
                             from_snapshot([](auto& snapshot) { snapshot.epoch = 4; })),
          throws<ValueError>("the last epoch had 5 batches, but with this pair source it has 2",
                             from_snapshot([](auto& snapshot) { snapshot.batches = 5; })),
          throws<ValueError>("had 0 callbacks, but now there are 1",
                             from_snapshot([](auto& snapshot) { snapshot.callbacks.clear(); })),
          throws<ValueError>("2 numbers for the callback 0, but it takes none", from_snapshot([](auto& snapshot) {
                               snapshot.callbacks = {{1, 2}};
                             }))}},
        no_file()}},
  };
}

}  // namespace gemel::bad_input
