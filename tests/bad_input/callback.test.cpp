// Bad callbacks, saved states of callbacks, and schedules, in the middle of a training.

#include <cstdio>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

#include "bad_input/table.hpp"
#include "bad_input/training.hpp"
#include "gemel/callback/early_stopping.hpp"
#include "gemel/callback/lambda_callback.hpp"
#include "gemel/callback/learning_rate.hpp"
#include "gemel/callback/progress_bar.hpp"
#include "gemel/callback/reduce_lr_on_plateau.hpp"
#include "gemel/io/csv_logger.hpp"
#include "gemel/optimizer/schedule.hpp"
#include "gemel/verification/watch.hpp"
#include "io/temporary_folder.hpp"

namespace gemel::bad_input {

namespace {

/// Trains with a callback.
template <class C>
auto with(const C& callback, Index good_steps = 0) {
  return in_training([callback](Training& training) { training.fit_with(callback); }, good_steps);
}
template <class Schedule>
auto scheduled(const Schedule& schedule, Index good_steps = 0) {
  return with(LearningRate{schedule}, good_steps);
}

template <class C>
C make_callback() {
  if constexpr (std::is_default_constructible_v<C>) {
    return {};
  } else {
    return C{ExponentialDecay{}};
  }
}

/// Restores a callback from a wrong or damaged saved state. The callback must keep its own state.
template <class C>
auto restored(const std::vector<double>& saved) {
  return [saved] {
    C callback = make_callback<C>();
    const std::vector<double> before = callback.save();
    try {
      callback.restore(saved);
    } catch (const Error&) {
      if (callback.save() != before) throw std::logic_error("the callback has changed");
      throw;
    }
  };
}

const TemporaryFolder& log_folder() {
  static const TemporaryFolder its_own;
  return its_own;
}

/// Trains with a Watch of these pairs.
auto watching(const Pairs<float>& pairs, WatchOptions options = {}) {
  return with(Watch{"hard eer", pairs, gemel::eer, options});
}

/// Trains with a logger that appends to a file of this content.
auto appending(const std::string& name, const std::string& content) {
  return with(CSVLogger{log_folder().write(name, content), {.append = true}});
}

}  // namespace

std::vector<Row> callback_rows() {
  using Schedule = ExponentialDecay;
  const Entry no_labels = {{OneClass, BadLabel}, impossible("it gets no labels")};
  const Entry no_numbers = {{WrongShape, NaN, Infinite, Empty}, impossible("its only option is a file")};
  const Entry one_each = {{WrongShape, Empty}, impossible("each field is one number")};
  const Entry state_only = {{Missing, Unreadable, FullDisk}, impossible("it opens no file")};
  const auto loss = Monitor::Loss;
  const std::vector<double> stopping = {0.5, 2, 1};       // the best value, its epoch, epochs since then
  const std::vector<double> reducing = {0.5, 2, 1, 0.1};  // the best value, wait, cooldown, scale
  const auto changed = [](std::vector<double> saved, std::size_t i, double value) {
    saved[i] = value;
    return saved;
  };
  const auto stopping_of_another_model = [=](Training& training) {
    EarlyStopping callback{.monitor = loss};
    callback.restore(reducing);
    training.fit_with(callback);
  };

  return {
      {"EarlyStopping",
       {{WrongShape, throws<ShapeError>("EarlyStopping holds 1 parameters, but the model has 26",
                                        in_training(stopping_of_another_model))},
        {NaN,
         {throws<ValueError>("EarlyStopping's min_delta must be finite and at least 0, but it is nan",
                             with(EarlyStopping{.monitor = loss, .min_delta = nan})),
          throws<FormatError>("EarlyStopping holds NaN as the best value",
                              restored<EarlyStopping>(changed(stopping, 0, nan))),
          throws<FormatError>("EarlyStopping holds nan where a count of epochs belongs",
                              restored<EarlyStopping>(changed(stopping, 2, nan))),
          throws<FormatError>("EarlyStopping holds a parameter that is NaN or infinite",
                              restored<EarlyStopping>(changed(reducing, 3, nan)))}},
        {Infinite,
         {throws<ValueError>("but it is inf", with(EarlyStopping{.monitor = loss, .min_delta = inf})),
          throws<FormatError>("EarlyStopping holds inf where a count of epochs belongs",
                              restored<EarlyStopping>(changed(stopping, 1, inf)))}},
        {Empty, throws<ValueError>("EarlyStopping monitors the validation loss, but there is no validation",
                                   with(EarlyStopping{}))},
        no_labels,
        {OutOfRange,
         {throws<ValueError>("EarlyStopping's patience must be at least 0",
                             with(EarlyStopping{.monitor = loss, .patience = -1})),
          throws<ValueError>("EarlyStopping's min_delta", with(EarlyStopping{.monitor = loss, .min_delta = -0.1})),
          throws<FormatError>("holds -7 where", restored<EarlyStopping>(changed(stopping, 1, -7))),
          throws<FormatError>("holds -1 where", restored<EarlyStopping>(changed(stopping, 2, -1))),
          throws<FormatError>("holds 1.5 where", restored<EarlyStopping>(changed(stopping, 2, 1.5)))}},
        {Truncated,
         {throws<FormatError>("the saved state of the callback EarlyStopping is cut short",
                              restored<EarlyStopping>({0.5, 2})),
          throws<FormatError>("is cut short", restored<EarlyStopping>({}))}},
        {Swapped, throws<ShapeError>("EarlyStopping holds 1 parameters", in_training(stopping_of_another_model))},
        state_only}},

      {"ReduceLROnPlateau",
       {{WrongShape, throws<FormatError>("ReduceLROnPlateau is not four numbers",
                                         restored<ReduceLROnPlateau>({0.5, 2, 1, 0.1, 7}))},
        {NaN,
         {throws<ValueError>("ReduceLROnPlateau's factor must be between 0 and 1, but it is nan",
                             with(ReduceLROnPlateau{.monitor = loss, .factor = nan})),
          throws<ValueError>("ReduceLROnPlateau's min_delta",
                             with(ReduceLROnPlateau{.monitor = loss, .min_delta = nan})),
          throws<ValueError>("ReduceLROnPlateau's min_lr", with(ReduceLROnPlateau{.monitor = loss, .min_lr = nan})),
          throws<FormatError>("ReduceLROnPlateau holds NaN", restored<ReduceLROnPlateau>(changed(reducing, 0, nan))),
          throws<FormatError>("holds a scale of nan", restored<ReduceLROnPlateau>(changed(reducing, 3, nan)))}},
        {Infinite,
         {throws<ValueError>("factor must be", with(ReduceLROnPlateau{.monitor = loss, .factor = inf})),
          throws<ValueError>("min_lr must be", with(ReduceLROnPlateau{.monitor = loss, .min_lr = inf})),
          throws<FormatError>("holds inf where a count", restored<ReduceLROnPlateau>(changed(reducing, 1, inf)))}},
        {Empty, throws<ValueError>("ReduceLROnPlateau monitors the validation loss, but there is no validation",
                                   with(ReduceLROnPlateau{}))},
        no_labels,
        {OutOfRange,
         {throws<ValueError>("factor must be", with(ReduceLROnPlateau{.monitor = loss, .factor = 1})),
          throws<ValueError>("factor must be", with(ReduceLROnPlateau{.monitor = loss, .factor = 0})),
          throws<ValueError>("patience must be", with(ReduceLROnPlateau{.monitor = loss, .patience = -1})),
          throws<ValueError>("min_delta must be", with(ReduceLROnPlateau{.monitor = loss, .min_delta = -1})),
          throws<ValueError>("cooldown must be", with(ReduceLROnPlateau{.monitor = loss, .cooldown = -1})),
          throws<ValueError>("min_lr must be", with(ReduceLROnPlateau{.monitor = loss, .min_lr = -1})),
          throws<FormatError>("holds -1 where", restored<ReduceLROnPlateau>(changed(reducing, 2, -1))),
          throws<FormatError>("but it only lowers the rate", restored<ReduceLROnPlateau>(changed(reducing, 3, 2)))}},
        {Truncated, throws<FormatError>("is not four numbers", restored<ReduceLROnPlateau>({0.5, 2, 1}))},
        {Swapped, throws<FormatError>("is not four numbers", restored<ReduceLROnPlateau>(stopping))},
        state_only}},

      {"LearningRate: saved state",
       {{WrongShape,
         throws<FormatError>("LearningRate is not one step count", restored<LearningRate<Schedule>>({1, 2}))},
        {NaN, throws<FormatError>("is not one step count", restored<LearningRate<Schedule>>({nan}))},
        {Infinite, throws<FormatError>("is not one step count", restored<LearningRate<Schedule>>({inf}))},
        {Empty, throws<FormatError>("is not one step count", restored<LearningRate<Schedule>>({}))},
        no_labels,
        {OutOfRange,
         {throws<FormatError>("is not one step count", restored<LearningRate<Schedule>>({-1})),
          throws<FormatError>("is not one step count", restored<LearningRate<Schedule>>({2.5}))}},
        {Truncated, throws<FormatError>("is not one step count", restored<LearningRate<Schedule>>({}))},
        {Swapped, throws<FormatError>("is not one step count", restored<LearningRate<Schedule>>(stopping))},
        state_only}},

      {"a callback's learning rate",
       {one_each,
        {NaN,
         {throws<ValueError>("a callback has set the state's learning_rate to nan in on_train_begin",
                             with(OnTrainBegin{[](auto& state) { state.learning_rate = nan; }})),
          throws<ValueError>("a callback has set the state's rate_scale to nan in on_epoch_end",
                             with(OnEpochEnd{[](auto& state) { state.rate_scale = nan; }}, 2))}},
        {Infinite, throws<ValueError>("to inf in on_epoch_begin",
                                      with(OnEpochBegin{[](auto& state) { state.learning_rate = inf; }}))},
        no_labels,
        {OutOfRange,
         {throws<ValueError>("to -0.1 in on_batch_begin",
                             with(OnBatchBegin{[](auto& state) { state.learning_rate = -0.1; }})),
          throws<ValueError>("finite in the scalar type",
                             with(OnTrainBegin{[](auto& state) { state.learning_rate = 1e39; }}))}},
        no_file()}},

      {"a callback's count",
       {no_numbers,
        no_labels,
        {OutOfRange,
         {throws<ValueError>("a callback has changed the state's batches from 2 to 0 in on_epoch_begin",
                             with(OnEpochBegin{[](auto& state) { state.batches = 0; }})),
          throws<ValueError>("epochs from 1 to 5 in on_train_begin",
                             with(OnTrainBegin{[](auto& state) { state.epochs = 5; }}))}},
        no_file()}},

      {"a user's schedule",
       {one_each,
        {NaN, throws<ValueError>("the schedule of the callback LearningRate gives a rate of nan at step 0",
                                 scheduled([](Index) { return nan; }))},
        {Infinite, throws<ValueError>("gives a rate of inf at step 0", scheduled([](Index) { return inf; }))},
        no_labels,
        {OutOfRange,
         {throws<ValueError>("gives a rate of -0.1 at step 1",
                             scheduled([](Index step) { return step == 0 ? 1e-3 : -0.1; }, 1)),
          throws<ValueError>("finite in the scalar type", scheduled([](Index) { return 1e39; }))}},
        no_file()}},

      {"ExponentialDecay",
       {one_each,
        {NaN,
         {throws<ValueError>("the schedule's initial_learning_rate must be finite and at least 0, but nan",
                             scheduled(Schedule{.initial_learning_rate = nan})),
          throws<ValueError>("the schedule's decay_rate must be", scheduled(Schedule{.decay_rate = nan}))}},
        {Infinite,
         {throws<ValueError>("initial_learning_rate", scheduled(Schedule{.initial_learning_rate = inf})),
          throws<ValueError>("decay_rate", scheduled(Schedule{.decay_rate = inf}))}},
        no_labels,
        {OutOfRange,
         {throws<ValueError>("initial_learning_rate", scheduled(Schedule{.initial_learning_rate = -1})),
          throws<ValueError>("decay_steps must be positive", scheduled(Schedule{.decay_steps = 0})),
          throws<ValueError>("decay_rate", scheduled(Schedule{.decay_rate = 0}))}},
        no_file()}},

      {"CosineDecay",
       {one_each,
        {NaN,
         {throws<ValueError>("initial_learning_rate", scheduled(CosineDecay{.initial_learning_rate = nan})),
          throws<ValueError>("the schedule's alpha", scheduled(CosineDecay{.alpha = nan})),
          throws<ValueError>("the schedule's warmup_target", scheduled(CosineDecay{.warmup_target = nan}))}},
        {Infinite,
         {throws<ValueError>("initial_learning_rate", scheduled(CosineDecay{.initial_learning_rate = inf})),
          throws<ValueError>("alpha", scheduled(CosineDecay{.alpha = inf})),
          throws<ValueError>("warmup_target", scheduled(CosineDecay{.warmup_target = inf}))}},
        no_labels,
        {OutOfRange,
         {throws<ValueError>("initial_learning_rate", scheduled(CosineDecay{.initial_learning_rate = -1})),
          throws<ValueError>("decay_steps must be positive", scheduled(CosineDecay{.decay_steps = 0})),
          throws<ValueError>("alpha", scheduled(CosineDecay{.alpha = -0.1})),
          throws<ValueError>("warmup_target", scheduled(CosineDecay{.warmup_target = -1})),
          throws<ValueError>("warmup_steps must be at least 0", scheduled(CosineDecay{.warmup_steps = -1}))}},
        no_file()}},

      {"ProgressBar",
       {no_numbers,
        no_labels,
        {OutOfRange, impossible("it takes no number")},
        {{Truncated, Swapped, Unreadable}, impossible("it only writes")},
        {Missing,
         throws<ValueError>("ProgressBar's file is null: give it an open one", with(ProgressBar{.file = nullptr}))},
        {FullDisk, fine("a training continues if its progress cannot be shown",
                        [] {
                          std::FILE* full = std::fopen("/dev/full", "w");
                          if (!full) return true;
                          Training training(1);
                          const History history = training.fit_with(ProgressBar{.file = full});
                          std::fclose(full);
                          return history.epochs() == 1;
                        })}}},

      {"CSVLogger",
       {no_numbers,
        no_labels,
        {OutOfRange,
         {throws<ValueError>("a quote or a line end cannot separate cells", {.file = "log.csv"},
                             [] {
                               CSVLogger{"log.csv", {.separator = '\n'}};
                             }),
          throws<ValueError>("cannot separate cells", {.file = "log.csv"},
                             [] {
                               CSVLogger{"log.csv", {.separator = '"'}};
                             })}},
        {Truncated, throws<FormatError>("its header is 'epoch,lo', but what is to be appended has 'epoch,loss,",
                                        {.file = "cut.csv", .line = 1}, appending("cut.csv", "epoch,lo"))},
        {Swapped, throws<FormatError>("its header is 'label,pixel', but", {.file = "data.csv", .line = 1},
                                      appending("data.csv", "label,pixel\n3,0.5\n"))},
        {Missing, throws<IoError>("it cannot be opened: No such file", {.file = "log.csv"},
                                  with(CSVLogger{log_folder().path() / "nowhere" / "log.csv"}))},
        {Unreadable,
         throws<IoError>("it cannot be opened: Is a directory", {.file = log_folder().path().filename().string()},
                         with(CSVLogger{log_folder().path()}))},
        {FullDisk,
         std::filesystem::exists("/dev/full")
             ? throws<IoError>("it cannot be written: No space left", {.file = "full"}, with(CSVLogger{"/dev/full"}))
             : impossible("this system has no file that is always full")}}},

      {"Watch",
       {{WrongShape, throws<ShapeError>("the model takes 3 features, but the pairs of the metric 'hard eer' have 4",
                                        watching({MatrixX<float>::Ones(4, 2), MatrixX<float>::Ones(4, 2), {1, 0}}))},
        {NaN, throws<NonFiniteError>("of the pairs of the metric 'hard eer', a sample's features hold NaN or infinity",
                                     {.pair = 4, .sample = 10, .feature = 1}, watching(six_pairs(4, nan_f)))},
        {Infinite, throws<NonFiniteError>("a sample's features hold NaN or infinity",
                                          {.pair = 0, .sample = 6, .feature = 1}, watching(six_pairs(0, -inf_f)))},
        {Empty, see("Pairs of two matrices")},
        {OneClass, throws<ValueError>("the pairs of the metric 'hard eer' are all similar",
                                      watching({MatrixX<float>::Ones(3, 2), MatrixX<float>::Zero(3, 2), {1, 1}}))},
        {BadLabel, see("Labels")},
        {OutOfRange,
         throws<ValueError>("is taken every 0 epochs, but it must be 1 or more", watching(six_pairs(), {.every = 0}))},
        no_file()}},

      {"a monitored metric's name",
       {{{WrongShape, NaN, Infinite}, impossible("a name is text")},
        {Empty, throws<ValueError>("EarlyStopping monitors '', but there are only 'loss'",
                                   with(EarlyStopping{.monitor = ""}))},
        no_labels,
        {OutOfRange,
         {throws<ValueError>("EarlyStopping monitors 'eer', but there are only 'loss', 'val_loss' if there is a",
                             with(EarlyStopping{.monitor = "eer"})),
          throws<ValueError>("ReduceLROnPlateau monitors 'eer', but there are only 'loss'",
                             with(ReduceLROnPlateau{.monitor = {"eer", Monitor::Max}})),
          throws<ValueError>("EarlyStopping monitors 'loss' the wrong way round",
                             with(EarlyStopping{.monitor = {Monitor::Loss, Monitor::Max}}))}},
        no_file()}},
  };
}

}  // namespace gemel::bad_input
