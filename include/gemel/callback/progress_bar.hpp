#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <initializer_list>
#include <string>

#if defined(_WIN32)
#include <io.h>
#else
#include <unistd.h>
#endif

#include "gemel/callback/history.hpp"
#include "gemel/core/error.hpp"
#include "gemel/core/format.hpp"
#include "gemel/core/types.hpp"

namespace gemel {

namespace detail {

/// Whether the file is a terminal, on which a line can be overwritten.
inline bool is_terminal(std::FILE* file) {
#if defined(_WIN32)
  return _isatty(_fileno(file)) != 0;
#else
  return isatty(fileno(file)) != 0;
#endif
}

/// The value with this many significant digits: "0.03121".
inline std::string short_number(double value, int digits) {
  char text[32];
  std::snprintf(text, sizeof text, "%.*g", digits, value);
  return text;
}

/// The speed of the training: "845 pairs/s", "81.3k pairs/s", "1.24M pairs/s".
[[gnu::cold]] inline std::string pair_rate(Index pairs, double seconds) {
  const double rate = static_cast<double>(pairs) / std::max(seconds, 1e-9);
  if (rate >= 999'500) return format({short_number(rate / 1e6, 3), "M pairs/s"});
  if (rate >= 999.5) return format({short_number(rate / 1e3, 3), "k pairs/s"});
  return format({short_number(rate, 3), " pairs/s"});
}

/// A duration, rounded up to seconds: "0:42", "1:02:03". Above 100 hours it is in days, "5 days", and above two years
/// in years, "3.25 years". It may be too large for any integer if the number of epochs is huge, which some use for
/// "until I stop it".
inline std::string clock_time(double seconds) {
  const double days = seconds / 86400;
  if (!(days < 730)) return format({short_number(days / 365.25, 3), " years"});
  if (seconds > 360000) return format({short_number(std::ceil(days), 3), " days"});
  const auto total = static_cast<long long>(std::ceil(seconds));
  const long long hours = total / 3600, minutes = total / 60 % 60;
  char text[48];
  if (hours > 0) {
    std::snprintf(text, sizeof text, "%lld:%02lld:%02lld", hours, minutes, total % 60);
  } else {
    std::snprintf(text, sizeof text, "%lld:%02lld", minutes, total % 60);
  }
  return text;
}

/// A bar of the share of `total` that is done: "[=====>              ]".
inline std::string bar(Index done, Index total) {
  constexpr Index width = 20;
  const double share = static_cast<double>(done) * width / static_cast<double>(total);  // an Index could overflow
  const auto filled = static_cast<std::size_t>(std::clamp(share, 0.0, static_cast<double>(width)));
  std::string text(width, ' ');
  std::fill_n(text.begin(), filled, '=');
  if (filled < width) text[filled] = '>';
  return format({"[", text, "]"});
}

}  // namespace detail

/// A callback that shows the progress of the training. On a terminal it draws a bar, at most ten times per second, and
/// replaces it by a line when the epoch ends:
///
///   Epoch 3/20 [=====>              ] 124/469, loss 0.03121, 81.3k pairs/s, 0:42 left
///   Epoch 3/20: loss 0.02954, validation loss 0.03377, 81.5k pairs/s, 2.41 s
///
/// Metrics follow the validation loss: ", hard eer 0.0123". A file or a pipe gets only the line of each epoch. The
/// speed is that of the training steps, without validation. The time left is an estimate for the whole training, with
/// validation.
struct ProgressBar {
  /// What is shown.
  enum class Mode {
    Auto,   ///< Bar if `file` is a terminal, otherwise Lines.
    Bar,    ///< A bar during an epoch, and a line after it.
    Lines,  ///< A line after each epoch.
    Silent  ///< Nothing.
  };

  Mode mode = Mode::Auto;    ///< What is shown.
  std::FILE* file = stderr;  ///< The output, which the caller must keep open and close.

  /// Throws ValueError if `file` is null.
  template <class State>
  void on_train_begin(State&) {
    if (!file) throw ValueError("ProgressBar's file is null: give it an open one");
    shown_as_ = mode != Mode::Auto ? mode : detail::is_terminal(file) ? Mode::Bar : Mode::Lines;
    batches_done_ = 0;
    training_began_ = Clock::now();
  }

  /// @{
  /// Members of the Callback concept (callback/callback.hpp).
  template <class State>
  void on_epoch_begin(State&) {
    epoch_began_ = last_batch_ = drawn_ = Clock::now();
  }

  template <class State>
  [[gnu::cold]] void on_batch_end(State& state) {
    ++batches_done_;
    last_batch_ = Clock::now();
    if (shown_as_ != Mode::Bar || last_batch_ - drawn_ < std::chrono::milliseconds(100)) return;
    drawn_ = last_batch_;
    const Index done = state.batch + 1;
    const double left = static_cast<double>(state.epochs - state.epoch) * static_cast<double>(state.batches) -
                        static_cast<double>(done);  // number of batches; in an Index it could overflow
    const double seconds_left = seconds(training_began_, last_batch_) / static_cast<double>(batches_done_) * left;
    print({"Epoch ", state.epoch + 1, "/", state.epochs, " ", detail::bar(done, state.batches), " ", done, "/",
           state.batches, ", loss ", detail::short_number(state.loss, 4), ", ", rate(state.pairs), ", ",
           detail::clock_time(seconds_left), " left"});
    bar_is_shown_ = true;
  }

  template <class State>
  [[gnu::cold]] void on_epoch_end(State& state) {
    if (shown_as_ == Mode::Silent) return;
    const History& history = state.history;
    std::string validation;
    // The loss is NaN if a stop cut the validation short.
    if (!history.validation_loss.empty() && !std::isnan(history.validation_loss.back())) {
      validation = format({", validation loss ", detail::short_number(history.validation_loss.back(), 4)});
    }
    for (const MetricSeries& metric : history.metrics) {
      if (metric.values.empty() || std::isnan(metric.values.back())) continue;
      validation += format({", ", metric.name, " ", detail::short_number(metric.values.back(), 4)});
    }
    print({"Epoch ", state.epoch + 1, "/", state.epochs, ": loss ", detail::short_number(history.loss.back(), 4),
           validation, ", ", rate(state.pairs), ", ", detail::short_number(seconds(epoch_began_, Clock::now()), 3),
           " s\n"});
    bar_is_shown_ = false;
  }

  /// @}

  /// Members of the Callback concept. Ends the line of the bar if no on_epoch_end has done so.
  template <class State>
  void on_train_end(State&) {
    if (bar_is_shown_) std::fputc('\n', file);
    bar_is_shown_ = false;
  }

  /// @{
  /// Internal state between the hooks. It is public, so that ProgressBar remains an aggregate.
  using Clock = std::chrono::steady_clock;

  Mode shown_as_ = Mode::Silent;
  bool bar_is_shown_ = false;
  Index batches_done_ = 0;
  Clock::time_point training_began_ = {};
  Clock::time_point epoch_began_ = {};
  Clock::time_point last_batch_ = {};
  Clock::time_point drawn_ = {};
  /// @}

 private:
  static double seconds(Clock::time_point from, Clock::time_point to) {
    return std::chrono::duration<double>(to - from).count();
  }

  std::string rate(Index pairs) const { return detail::pair_rate(pairs, seconds(epoch_began_, last_batch_)); }

  /// Writes the text in one call, over the bar if there may be one.
  [[gnu::cold]] void print(std::initializer_list<Piece> pieces) const {
    const std::string line = format({shown_as_ == Mode::Bar ? "\r\x1b[K" : "", format(pieces)});
    std::fputs(line.c_str(), file);
    std::fflush(file);
  }
};

}  // namespace gemel
