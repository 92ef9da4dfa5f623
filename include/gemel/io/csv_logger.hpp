#pragma once

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "gemel/callback/history.hpp"
#include "gemel/core/error.hpp"
#include "gemel/core/types.hpp"
#include "gemel/io/csv/cell.hpp"

namespace gemel {

/// Options of CSVLogger.
struct CSVLoggerOptions {
  char separator = ',';  ///< Between the cells of a line.
  bool append = false;   ///< Whether to append to the file, or overwrite it.
};

/// A callback that writes a CSV file with a header and one line per epoch. Its columns are epoch (from 0), loss,
/// validation_loss (empty without validation), learning_rate, seconds, and one per metric of the history, with its name
/// (nan if it was not measured).
///
/// The file is opened when the training begins, which fixes the columns, and is complete after each epoch. When a
/// training is resumed from a checkpoint, the file is written again with the epochs before, so that it has each epoch
/// once; with `append`, they are not written to a file that has lines already. Numbers have enough digits to be read
/// back as the same value. A name is quoted if it contains a separator, a quote or a line end (RFC 4180), or begins or
/// ends with a space. Before anything is appended to a file whose last line has no line end, as after a crash, it gets
/// one. If a CSVLogger is copied while its file is open, both copies write to the same file.
class CSVLogger {
 public:
  /// Throws ValueError for a separator that can be part of a number (a letter, a digit, a point, a sign) or is a space,
  /// a quote, a line end, a zero byte or not ASCII.
  explicit CSVLogger(const std::filesystem::path& path, CSVLoggerOptions options = {})
      : name_(path.string()), options_(options) {
    detail::check_separator(options.separator, Place{.file = name_});
  }

  /// @{
  /// Members of the Callback concept (callback/callback.hpp). Throws IoError, with the file's name, if the file cannot
  /// be opened or written (the disk is full). on_train_begin throws FormatError, before it writes anything, if it
  /// should append to a file with another header or separator.
  template <class State>
  void on_train_begin(State& state) {
    open(state.history, state.epoch);
  }

  template <class State>
  void on_epoch_end(State& state) {
    const History& history = state.history;
    if (!file_) open(history, 0);
    write_text(line_of(history, state.epoch, last));
  }

  template <class State>
  void on_train_end(State&) {
    file_.reset();
  }
  /// @}

 private:
  /// Opens the file. If it is new or overwritten, writes the header and the first `epochs` epochs of the history.
  void open(const History& history, Index epochs) {
    metrics_.clear();
    std::vector<std::string> names = {"epoch", "loss", "validation_loss", "learning_rate", "seconds"};
    for (const MetricSeries& metric : history.metrics) {
      metrics_.push_back(metric.name);
      names.push_back(quoted(metric.name));
    }
    const std::string header = line(names);
    file_ = {std::fopen(name_.c_str(), options_.append ? "a+b" : "wb"), Close{}};
    if (!file_) fail("opened");
    if (std::fseek(file_.get(), 0, SEEK_END) != 0 || std::ftell(file_.get()) <= 0) {
      write_text(header + '\n');
      for (Index epoch = 0; epoch < epochs; ++epoch) write_text(line_of(history, epoch, epoch));
      return;
    }
    check_header(header);
    if (std::fseek(file_.get(), -1, SEEK_END) != 0) fail("read");
    const int end = std::fgetc(file_.get());
    if (end == EOF) fail("read");
    // The C standard requires a seek between reading and writing.
    if (std::fseek(file_.get(), 0, SEEK_END) != 0) fail("read");
    if (end != '\n') write_text("\n");
  }

  /// Throws FormatError if the file begins with another header.
  void check_header(const std::string& header) {
    std::string begin(std::max<std::size_t>(header.size() + 2, 400), '\0');
    std::rewind(file_.get());
    begin.resize(std::fread(begin.data(), 1, begin.size(), file_.get()));
    if (std::ferror(file_.get())) fail("read");
    if (begin.starts_with(header)) {
      const std::string_view rest = std::string_view(begin).substr(header.size());
      if (rest.empty() || rest.starts_with('\n') || rest.starts_with("\r\n")) return;
    }
    file_.reset();
    constexpr std::size_t max_bytes = 300;
    throw FormatError(
        {"its header is '", detail::excerpt(std::string_view(begin).substr(0, begin.find_first_of("\r\n")), max_bytes),
         "', but what is to be appended has '", detail::excerpt(header, max_bytes),
         "': append to a log with the same columns and separator, or begin another file"},
        Place{.file = name_, .line = 1});
  }

  /// The line of an epoch whose values have this index in the history, or are the last ones.
  std::string line_of(const History& history, Index epoch, Index index) const {
    std::vector<std::string> cells = {std::to_string(epoch)};
    for (const auto* values : {&history.loss, &history.validation_loss, &history.learning_rate, &history.seconds}) {
      cells.push_back(cell(*values, index));
    }
    for (const std::string& name : metrics_) {
      const MetricSeries* const metric = detail::find_metric(history, name);
      cells.push_back(metric ? cell(metric->values, index) : "");
    }
    return line(cells) + '\n';
  }

  std::string line(const std::vector<std::string>& cells) const {
    std::string text;
    for (const std::string& cell : cells) {
      if (&cell != &cells.front()) text += options_.separator;
      text += cell;
    }
    return text;
  }

  std::string quoted(const std::string& name) const {
    if (name.find_first_of(std::string("\"\r\n") + options_.separator) == name.npos && detail::trimmed(name) == name) {
      return name;
    }
    std::string text = "\"";
    for (const char c : name) text.append(c == '"' ? 2 : 1, c);
    return text + '"';
  }

  void write_text(const std::string& text) {
    if (std::fwrite(text.data(), 1, text.size(), file_.get()) != text.size() || std::fflush(file_.get()) != 0) {
      fail("written");
    }
  }

  static std::string cell(const std::vector<double>& values, Index index) {
    if (values.empty()) return "";
    const double value = values[static_cast<std::size_t>(std::min(index, length(values) - 1))];
    if (std::isnan(value)) return "nan";  // without a sign
    std::array<char, 32> text;
    auto* const end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
    return {text.data(), end};
  }

  [[noreturn]] void fail(const std::string& what) const {
    throw IoError({"it cannot be ", what, ": ", std::strerror(errno)}, Place{.file = name_});
  }

  static constexpr Index last = std::numeric_limits<Index>::max();

  struct Close {
    void operator()(std::FILE* file) const {
      if (file) std::fclose(file);
    }
  };

  std::string name_;
  CSVLoggerOptions options_;
  std::vector<std::string> metrics_ = {};  // the metrics that have a column in the file
  std::shared_ptr<std::FILE> file_;
};

}  // namespace gemel
