#pragma once

#include <algorithm>
#include <deque>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gemel/core/error.hpp"
#include "gemel/core/types.hpp"
#include "gemel/io/input_file.hpp"

namespace gemel::detail {

/// Splits text into records of cells, one after the other (RFC 4180): cells between separators, lines that end in LF or
/// CRLF, cells in double quotes that may hold separators, line ends and, doubled, quotes. A quote within a cell that
/// does not begin with one is an ordinary character. A UTF-8 byte order mark is skipped.
///
/// A file is read a block at a time, so that memory holds a few records of it only.
class CsvRecords {
 public:
  CsvRecords(std::string_view text, char separator, std::string name)
      : text_(text), separator_(separator), name_(std::move(name)) {
    skip_mark();
  }
  CsvRecords(InputFile& file, char separator) : file_(&file), separator_(separator), name_(file.name()) {
    more();
    skip_mark();
  }
  CsvRecords(const CsvRecords&) = delete;
  CsvRecords& operator=(const CsvRecords&) = delete;

  /// What there is, as far as it is read, from the next record on.
  std::string_view text() const { return text_; }

  void separate_by(char separator) { separator_ = separator; }

  /// Those of the characters `among` that the next record holds outside quotes, each once: what may separate its cells.
  /// Throws FormatError where that record holds a CR without an LF behind.
  std::string separators(std::string_view among) {
    std::string found;
    bool quoted = false;
    bool may_quote = true;  // at a cell's begin; and behind a closing quote, where a second one goes on as doubled
    for (std::size_t i = 0; have(i); ++i) {
      const char c = text_[i];
      if (quoted) {
        quoted = c != '"';
        may_quote = true;
        continue;
      }
      if (c == '\n') break;
      if (c == '\r' && have(i + 1) && text_[i + 1] != '\n') {
        fail({"lines end in CR alone, as on old Macintoshes: save the file with LF or CRLF"});
      }
      quoted = c == '"' && may_quote;
      may_quote = among.find(c) != among.npos;
      if (may_quote && found.find(c) == found.npos) found += c;
    }
    return found;
  }

  /// Goes to the next record; false at the end. Throws FormatError for a quote that is not closed, or is followed by
  /// text.
  bool next() {
    line_ = next_line_;
    while (!scan()) more();
    if (cells_.empty()) return false;
    text_.remove_prefix(used_);
    return true;
  }

  /// The record's cells, without quotes. They last until the next call of next().
  std::span<const std::string_view> cells() const { return cells_; }
  bool blank() const { return cells_.size() == 1 && cells_[0].empty(); }

  /// The line that the record begins in, from 1.
  Index line() const { return line_; }
  const std::string& name() const { return name_; }

 private:
  static constexpr std::size_t block = std::size_t{1} << 20;
  static constexpr std::size_t longest_record = std::size_t{1} << 28;

  [[noreturn]] void fail(std::initializer_list<Piece> why) const {
    throw FormatError(why, Place{.file = name_, .line = line_});
  }

  void skip_mark() {
    if (text_.starts_with("\xEF\xBB\xBF")) text_.remove_prefix(3);
  }

  /// Whether text_ has a character i, for which the file is read on.
  bool have(std::size_t i) {
    while (i >= text_.size() && file_ && !ended_) more();
    return i < text_.size();
  }

  /// Puts what is left of the block to its front, and the file's next bytes behind.
  void more() {
    if (text_.size() > longest_record) fail({"a row of more than 256 MiB: is this a CSV file?"});
    std::string fresh(text_);
    fresh.resize(text_.size() + std::max(block, text_.size()));
    const std::size_t count = file_->read(std::span{fresh}.subspan(text_.size()));
    ended_ = count < fresh.size() - text_.size();
    fresh.resize(text_.size() + count);
    buffer_ = std::move(fresh);
    text_ = buffer_;
  }

  /// Splits the record that text_ begins with into cells_ (none at the end); false where text_ ends within it.
  bool scan() {
    cells_.clear();
    unescaped_.clear();
    next_line_ = line_;
    used_ = 0;
    const bool whole = !file_ || ended_;
    if (text_.empty()) return whole;
    for (;;) {
      std::string_view cell;
      if (used_ < text_.size() && text_[used_] == '"') {
        if (!quoted(cell, whole)) return false;
      } else {
        const char* const begin = text_.data() + used_;
        const char* const end = text_.data() + text_.size();
        const char* at = begin;
        for (const char separator = separator_; at != end && *at != separator && *at != '\n';) ++at;
        cell = {begin, static_cast<std::size_t>(at - begin)};
        used_ += cell.size();
        if ((used_ == text_.size() || text_[used_] == '\n') && cell.ends_with('\r')) cell.remove_suffix(1);
      }
      cells_.push_back(cell);
      if (used_ == text_.size()) return whole;
      if (text_[used_++] == '\n') {
        ++next_line_;
        return true;
      }
    }
  }

  /// Scans the quoted cell that begins at used_ and goes to what ends it; false where the text ends within it.
  bool quoted(std::string_view& cell, bool whole) {
    const std::size_t begin = ++used_;
    bool doubled = false;
    for (;; ++used_) {
      if (used_ == text_.size()) {
        if (whole) fail({"a quote that begins in this row is not closed"});
        return false;
      }
      if (text_[used_] == '\n') ++next_line_;
      if (text_[used_] != '"') continue;
      if (used_ + 1 == text_.size() && !whole) return false;
      if (!text_.substr(used_ + 1).starts_with('"')) break;
      doubled = true;
      ++used_;
    }
    cell = text_.substr(begin, used_ - begin);
    if (doubled) cell = unescaped_.emplace_back(unescape(cell));
    ++used_;
    const std::string_view rest = text_.substr(used_);
    if (rest.starts_with("\r\n") || rest == "\r") ++used_;
    if (used_ < text_.size() && text_[used_] != separator_ && text_[used_] != '\n') {
      fail({"text follows the closing quote of cell ", cells_.size(), " (cells count from 0)"});
    }
    return true;
  }

  static std::string unescape(std::string_view cell) {
    std::string text;
    for (std::size_t i = 0; i < cell.size(); ++i) {
      text += cell[i];
      if (cell[i] == '"') ++i;
    }
    return text;
  }

  InputFile* file_ = nullptr;  // null: text_ is all there is
  bool ended_ = false;
  std::string buffer_;
  std::string_view text_;  // from the current record on
  char separator_;
  std::string name_;
  std::size_t used_ = 0;  // characters of text_ that the current record takes
  Index line_ = 1;
  Index next_line_ = 1;
  std::vector<std::string_view> cells_;
  std::deque<std::string> unescaped_;  // cells that had doubled quotes
};

}  // namespace gemel::detail
