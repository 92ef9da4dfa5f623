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

/// Splits text into records (rows) of cells, one record at a time (RFC 4180). A separator is between cells, and a
/// record ends in LF or CRLF. A cell in double quotes may contain separators, line ends and doubled quotes. In a cell
/// that does not begin with a quote, quotes are ordinary characters. A UTF-8 byte order mark is skipped.
///
/// A file is read in blocks, so that only a part of it is in memory.
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

  /// The text from the next record on, as far as it has been read.
  std::string_view text() const { return text_; }

  /// Sets the separator.
  void separate_by(char separator) { separator_ = separator; }

  /// The characters of `among` that occur in the next record outside quotes, each once. They may be its separators.
  /// Throws FormatError if the record contains a CR that no LF follows.
  std::string separators(std::string_view among) {
    std::string found;
    bool quoted = false;
    bool may_quote = true;  // whether a quote here opens: at the start of a cell, or as the second of a doubled quote
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

  /// Moves to the next record. Returns false at the end. Throws FormatError for a quote that is not closed, or text
  /// after a closing quote.
  bool next() {
    line_ = next_line_;
    while (!scan()) more();
    if (cells_.empty()) return false;
    text_.remove_prefix(used_);
    return true;
  }

  /// The cells of the current record, without enclosing quotes. They are valid until the next call of next().
  std::span<const std::string_view> cells() const { return cells_; }
  /// Whether the current record is an empty line.
  bool blank() const { return cells_.size() == 1 && cells_[0].empty(); }

  /// The line in which the current record begins, from 1.
  Index line() const { return line_; }
  /// What error messages call the text.
  const std::string& name() const { return name_; }

 private:
  static constexpr std::size_t block = std::size_t{1} << 20;
  static constexpr std::size_t max_record = std::size_t{1} << 28;

  [[noreturn]] void fail(std::initializer_list<Piece> why) const {
    throw FormatError(why, Place{.file = name_, .line = line_});
  }

  void skip_mark() {
    if (text_.starts_with("\xEF\xBB\xBF")) text_.remove_prefix(3);
  }

  /// Whether text_ has a character i. Reads more of the file if necessary.
  bool have(std::size_t i) {
    while (i >= text_.size() && file_ && !ended_) more();
    return i < text_.size();
  }

  /// Keeps the unread rest of the block and appends the file's next bytes to it.
  void more() {
    if (text_.size() > max_record) fail({"a row of more than 256 MiB: is this a CSV file?"});
    std::string fresh(text_);
    fresh.resize(text_.size() + std::max(block, text_.size()));
    const std::size_t count = file_->read(std::span{fresh}.subspan(text_.size()));
    ended_ = count < fresh.size() - text_.size();
    fresh.resize(text_.size() + count);
    buffer_ = std::move(fresh);
    text_ = buffer_;
  }

  /// Splits the first record of text_ into cells_; there are none at the end of the file. Returns false if text_ ends
  /// before the record does, so that more must be read.
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

  /// Scans the quoted cell that begins at used_, and moves used_ behind it. Returns false if text_ ends before the cell
  /// does. `whole`: text_ reaches to the end of the file.
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

  /// Replaces each doubled quote by a single one.
  static std::string unescape(std::string_view cell) {
    std::string text;
    for (std::size_t i = 0; i < cell.size(); ++i) {
      text += cell[i];
      if (cell[i] == '"') ++i;
    }
    return text;
  }

  InputFile* file_ = nullptr;  // null: text_ is the whole text
  bool ended_ = false;
  std::string buffer_;
  std::string_view text_;  // from the current record on
  char separator_;
  std::string name_;
  std::size_t used_ = 0;  // number of characters of text_ that belong to the record
  Index line_ = 1;
  Index next_line_ = 1;
  std::vector<std::string_view> cells_;
  std::deque<std::string> unescaped_;  // the content of cells with doubled quotes; cells_ refers to it
};

}  // namespace gemel::detail
