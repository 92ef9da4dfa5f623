#pragma once

#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <string>
#include <string_view>

#include "gemel/core/stop.hpp"

namespace train {

/// Ctrl-C and SIGTERM. Where nothing is lost by it, they end the program at once; while a Patience lives, the first
/// only asks for an early end, and the second ends the program at once. The exit code is 128 + the signal's number.
class Interrupt {
 public:
  /// From here on; a signal that who started the program ignores, as nohup and `&` in a script do, stays ignored.
  /// Writing to a pipe that nobody reads, or beyond a limit of file sizes, becomes an error and no signal.
  static void watch() {
    for (const int number : {SIGINT, SIGTERM}) {
      struct sigaction before {};
      sigaction(number, nullptr, &before);
      if (before.sa_handler == SIG_IGN) continue;
      struct sigaction action {};
      action.sa_handler = on_signal;
      action.sa_flags = SA_RESTART;
      sigaction(number, &action, nullptr);
    }
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
  }

  class Patience {
   public:
    Patience() {
      asked_ = false;
      patient_ = true;
    }
    ~Patience() { patient_ = false; }
    Patience(const Patience&) = delete;
    Patience& operator=(const Patience&) = delete;

    /// Whether a signal came in this one's life.
    bool at_end() const { return asked_; }
    const gemel::StopFlag* flag() const { return &asked_; }
  };

  /// While one lives, signals wait: for what must not be left half done, and takes no time.
  class Pause {
   public:
    Pause() {
      sigset_t both;
      sigemptyset(&both);
      sigaddset(&both, SIGINT);
      sigaddset(&both, SIGTERM);
      pthread_sigmask(SIG_BLOCK, &both, &before_);
    }
    ~Pause() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
    Pause(const Pause&) = delete;
    Pause& operator=(const Pause&) = delete;

   private:
    sigset_t before_;
  };

  /// 0, or what the program exits with after a signal.
  static int exit_code() { return signal_ == 0 ? 0 : 128 + signal_; }

  /// What ended the training early, for people.
  static std::string name() { return signal_ == SIGTERM ? "SIGTERM" : "Ctrl-C"; }

 private:
  static void on_signal(int number) {
    const bool second = asked_.exchange(true);
    if (patient_ && !second) {
      signal_ = number;
      return;
    }
    const std::string_view text = number == SIGTERM ? "train: ended by SIGTERM\n" : "train: ended by Ctrl-C\n";
    [[maybe_unused]] const auto written = write(STDERR_FILENO, text.data(), text.size());
    _exit(128 + number);
  }

  static inline gemel::StopFlag asked_ = false;
  static inline std::atomic<bool> patient_ = false;
  static inline std::atomic<int> signal_ = 0;
};

}  // namespace train
