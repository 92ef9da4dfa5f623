#pragma once

#include <charconv>
#include <initializer_list>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "gemel/core/error.hpp"
#include "gemel/core/types.hpp"
#include "gemel/io/csv/cell.hpp"

namespace gemel::detail {

/// The description of the values in the header of a .npy file.
struct NpyHeader {
  char kind = 0;             ///< 'f': floating point, 'i': signed integers, 'u': unsigned integers
  int bytes = 0;             ///< size of a value in bytes
  bool big_endian = false;   ///< whether the values are big-endian; of no meaning for single bytes
  bool fortran = false;      ///< Fortran order: the first dimension varies fastest, not the last
  std::vector<Index> shape;  ///< the sizes of the dimensions; none is negative
};

/// Parses the text of a .npy header, a Python dictionary of three entries in any order: {'descr': '<f4',
/// 'fortran_order': False, 'shape': (60000, 784), }. Throws FormatError, which names the faulty entry. Format:
/// https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
class NpyHeaderParser {
 public:
  NpyHeaderParser(std::string_view text, const std::string& file) : rest_(text), file_(file) {}

  NpyHeader parse() {
    expect('{');
    while (!take('}')) {
      read_entry();
      if (take(',')) continue;
      expect('}');
      break;
    }
    skip_spaces();
    if (!rest_.empty()) fail_at_rest("nothing");
    require(has_type_, "descr");
    require(has_order_, "fortran_order");
    require(has_shape_, "shape");
    return header_;
  }

 private:
  void read_entry() {
    const std::string_view key = read_text("the name of an entry in quotes");
    expect(':');
    if (key == "descr") {
      once(has_type_, key);
      read_type();
    } else if (key == "fortran_order") {
      once(has_order_, key);
      header_.fortran = read_bool();
    } else if (key == "shape") {
      once(has_shape_, key);
      read_shape();
    } else {
      fail({"its header has the entry '", excerpt(key), "', which is none of 'descr', 'fortran_order' and 'shape'"});
    }
  }

  /// Reads the type of the values, such as '<f8': byte order, kind, and size in bytes.
  void read_type() {
    skip_spaces();
    if (rest_.starts_with('[') || rest_.starts_with('(')) {
      fail({"its header's 'descr' is a structured type, but only plain numbers can be read: save one field alone"});
    }
    const std::string_view type = read_text("a type in quotes");
    const char order = type.empty() ? '\0' : type[0];
    const char kind = type.size() < 2 ? '\0' : type[1];
    const std::string_view size = type.substr(type.size() < 2 ? type.size() : 2);
    const bool whole = kind == 'i' || kind == 'u';
    const bool known =
        (whole && (size == "1" || size == "2")) || ((whole || kind == 'f') && (size == "4" || size == "8"));
    if (!known) {
      fail({"its header's 'descr' is '", excerpt(type), "'", name_of(kind),
            ", but only integers of 8 to 64 bits, float32 and float64 can be read: convert it with astype first"});
    }
    header_.kind = kind;
    header_.bytes = size[0] - '0';
    header_.big_endian = order == '>';
    if (order != '<' && order != '>' && !(order == '|' && header_.bytes == 1)) {
      fail({"its header's 'descr' is '", excerpt(type), "', which does not begin with a byte order, '<' or '>'"});
    }
  }

  static const char* name_of(char kind) {
    switch (kind) {
      case 'O':
        return " (Python objects)";
      case 'S':
      case 'a':
      case 'U':
        return " (strings)";
      case 'c':
        return " (complex numbers)";
      case 'b':
        return " (booleans)";
      case 'M':
      case 'm':
        return " (dates or times)";
      case 'V':
        return " (a structured type)";
      default:
        return "";
    }
  }

  bool read_bool() {
    skip_spaces();
    for (const bool value : {false, true}) {
      const std::string_view word = value ? "True" : "False";
      if (!rest_.starts_with(word)) continue;
      rest_.remove_prefix(word.size());
      return value;
    }
    fail_at_rest("True or False in 'fortran_order'");
  }

  /// Reads a Python tuple: (), (3,), (3, 4). The comma is required also after a single number.
  void read_shape() {
    bool comma = false;
    expect('(');
    while (!take(')')) {
      if (!header_.shape.empty() && !comma) fail_at_rest("a comma in 'shape'");
      header_.shape.push_back(read_size());
      comma = take(',');
    }
    if (header_.shape.size() == 1 && !comma) fail({"its header's 'shape' is a number in parentheses, not a tuple"});
  }

  Index read_size() {
    skip_spaces();
    Index size = 0;
    const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), size);
    const std::string_view digits = rest_.substr(0, static_cast<std::size_t>(end - rest_.data()));
    if (error == std::errc::invalid_argument) fail_at_rest("a whole number in 'shape'");
    if (error == std::errc::result_out_of_range) {
      fail({"its header's 'shape' has the number ", excerpt(digits), ", more than this machine holds"});
    }
    if (size < 0) fail({"its header's 'shape' has the negative number ", size});
    rest_.remove_prefix(digits.size());
    if (rest_.starts_with('L')) rest_.remove_prefix(1);  // Python 2 wrote long integers with an L
    return size;
  }

  /// Reads a text in single or double quotes, and returns it without them. `what` describes it in errors.
  std::string_view read_text(const char* what) {
    skip_spaces();
    const char quote = rest_.empty() ? '\0' : rest_[0];
    const std::size_t end = quote == '\'' || quote == '"' ? rest_.find(quote, 1) : rest_.npos;
    if (end == rest_.npos) fail_at_rest(what);
    const std::string_view text = rest_.substr(1, end - 1);
    rest_.remove_prefix(end + 1);
    return text;
  }

  void skip_spaces() {
    const std::size_t end = rest_.find_first_not_of(" \t\n\r\f");
    rest_.remove_prefix(end == rest_.npos ? rest_.size() : end);
  }
  bool take(char c) {
    skip_spaces();
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  void expect(char c) {
    const char text[] = {'\'', c, '\'', '\0'};
    if (!take(c)) fail_at_rest(text);
  }

  void once(bool& seen, std::string_view key) const {
    if (seen) fail({"its header has the entry '", excerpt(key), "' twice"});
    seen = true;
  }
  void require(bool seen, const char* key) const {
    if (!seen) fail({"its header lacks the entry '", key, "'"});
  }

  [[noreturn]] void fail_at_rest(const char* expected) const {
    fail({"its header is no Python dictionary of 'descr', 'fortran_order' and 'shape': it has ",
          rest_.empty() ? "its end" : format({"'", excerpt(rest_, 20), "'"}), " where ", expected, " should be"});
  }
  [[noreturn]] void fail(std::initializer_list<Piece> why) const { throw FormatError(why, Place{.file = file_}); }

  std::string_view rest_;
  const std::string& file_;
  NpyHeader header_;
  bool has_type_ = false;
  bool has_order_ = false;
  bool has_shape_ = false;
};

}  // namespace gemel::detail
