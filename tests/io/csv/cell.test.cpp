#include "gemel/io/csv/cell.hpp"

#include <string>
#include <string_view>

#include "catch.hpp"

using namespace gemel;

TEST_CASE("a separator must not be part of a number, a name or a line end", "[csv_cell]") {
  int allowed = 0;
  for (int byte = 0; byte < 256; ++byte) {
    try {
      detail::check_separator(static_cast<char>(byte));
      ++allowed;
    } catch (const ValueError&) {
    }
  }
  CHECK(allowed == 128 - 2 * 26 - 10 - 8);
  for (const char separator : std::string_view(",;\t|:#/_")) CHECK_NOTHROW(detail::check_separator(separator));
}

TEST_CASE("marks of missing values are recognised", "[csv_cell]") {
  for (const char* cell :
       {"", " ", "\t", "NA", "N/A", "n/a", "na", "#N/A", "NaN", "nan", "NULL", "null", "None", "?", " ? ", "-"}) {
    CAPTURE(cell);
    CHECK(detail::is_missing(cell));
  }
  for (const char* cell : {"0", "Na", "none", "inf", "N A", "??", "---", "-1"}) {
    CAPTURE(cell);
    CHECK_FALSE(detail::is_missing(cell));
  }
}

TEST_CASE("numbers, and texts that look like numbers, are recognised", "[csv_cell]") {
  for (const char* cell : {"1", "+1.5", "-1e9", "1e400", "nan", "1,5", "1.234,5", "1 234", "-1'000", " 7 "}) {
    CAPTURE(cell);
    CHECK(detail::looks_like_number(cell));
  }
  for (const char* cell : {"", "a1", "28x28", "2019-01", "1st", ",", "-", "1;2"}) {
    CAPTURE(cell);
    CHECK_FALSE(detail::looks_like_number(cell));
  }
}

TEST_CASE("a whole number may be written with a decimal point", "[csv_cell]") {
  using detail::whole_number;
  for (const char* text : {"1", "1.", "1.0", "1.000"}) CHECK(whole_number(text) == "1");
  CHECK(whole_number("-10.0") == "-10");
  for (const char* text : {"", ".", ".0", "-.0", "1.5", "1.0.0", "v1.0", "1.0 ", "1.01", "01", "-"}) {
    CAPTURE(text);
    CHECK(whole_number(text) == text);
  }
}
