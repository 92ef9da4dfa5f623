#pragma once

#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gemel/core/error.hpp"
#include "gemel/io/csv_cell.hpp"
#include "gemel/training/history.hpp"

namespace gemel {

struct CSVLoggerOptions {
  char separator = ',';
  bool append = false;  ///< continue a file, of a run that is resumed, instead of writing it anew
};

/// A callback that writes a line an epoch: epoch (from 0), loss, validation_loss (empty without validation),
/// learning_rate, seconds. The file is opened when the training begins, and is whole after each epoch. Numbers have as
/// many digits as it takes to read the same value back. Copies of an open one write to the same file.
/// Throws IoError, with the file's name, where it cannot be opened or written (a full disk), ValueError for a separator
/// that may be a part of a number (a letter, a digit, a point, a sign), a blank, a quote, a line end, a zero byte, or
/// no ASCII. A last line without an end, as a run that was killed leaves one, is ended before another is appended.
class CSVLogger {
 public:
  explicit CSVLogger(const std::filesystem::path& path, CSVLoggerOptions options = {})
      : name_(path.string()), options_(options) {
    detail::check_separator(options.separator, Place{.file = name_});
  }

  template <class State>
  void on_train_begin(State&) {
    open();
  }

  template <class State>
  void on_epoch_end(State& state) {
    if (!file_) open();
    const History& history = state.history;
    write({std::to_string(state.epoch), last(history.loss), last(history.validation_loss), last(history.learning_rate),
           last(history.seconds)});
  }

  template <class State>
  void on_train_end(State&) {
    file_.reset();
  }

 private:
  void open() {
    file_ = {std::fopen(name_.c_str(), options_.append ? "a+b" : "wb"), Close{}};
    if (!file_) fail("opened");
    if (std::fseek(file_.get(), 0, SEEK_END) != 0 || std::ftell(file_.get()) <= 0) {
      write({"epoch", "loss", "validation_loss", "learning_rate", "seconds"});
      return;
    }
    if (std::fseek(file_.get(), -1, SEEK_END) != 0) fail("read");
    const int end = std::fgetc(file_.get());
    if (end == EOF) fail("read");
    // Between reading and writing the standard asks for a seek.
    if (std::fseek(file_.get(), 0, SEEK_END) != 0) fail("read");
    if (end != '\n') write_text("\n");
  }

  void write(const std::vector<std::string>& cells) {
    std::string line;
    for (const std::string& cell : cells) line += (line.empty() ? "" : std::string(1, options_.separator)) + cell;
    line += '\n';
    write_text(line);
  }

  void write_text(const std::string& text) {
    if (std::fwrite(text.data(), 1, text.size(), file_.get()) != text.size() || std::fflush(file_.get()) != 0) {
      fail("written");
    }
  }

  static std::string last(const std::vector<double>& values) {
    if (values.empty()) return "";
    std::array<char, 32> text;
    auto* const end = std::to_chars(text.data(), text.data() + text.size(), values.back()).ptr;
    return {text.data(), end};
  }

  [[noreturn]] void fail(const std::string& what) const {
    throw IoError({"it cannot be ", what, ": ", std::strerror(errno)}, Place{.file = name_});
  }

  struct Close {
    void operator()(std::FILE* file) const {
      if (file) std::fclose(file);
    }
  };

  std::string name_;
  CSVLoggerOptions options_;
  std::shared_ptr<std::FILE> file_;
};

}  // namespace gemel
