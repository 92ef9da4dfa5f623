#include "gemel/io/csv/records.hpp"

#include <string>
#include <vector>

#include "catch.hpp"
#include "io/temporary_folder.hpp"

using namespace gemel;

namespace {

using Rows = std::vector<std::vector<std::string>>;

Rows all(detail::CsvRecords& records) {
  Rows rows;
  while (records.next()) rows.emplace_back(records.cells().begin(), records.cells().end());
  return rows;
}
Rows split(std::string_view text, char separator = ',') {
  detail::CsvRecords records{text, separator, "text"};
  return all(records);
}

Index refused_line(std::string_view text) {
  detail::CsvRecords records{text, ',', "text"};
  try {
    all(records);
  } catch (const FormatError& error) {
    return error.place().line.value_or(0);
  }
  return -1;
}

}  // namespace

TEST_CASE("records are split at separators and line ends", "[csv_records]") {
  CHECK(split("") == Rows{});
  CHECK(split("a") == Rows{{"a"}});
  CHECK(split("a,b\nc,d\n") == Rows{{"a", "b"}, {"c", "d"}});
  CHECK(split("a,b\r\nc,d\r\n") == Rows{{"a", "b"}, {"c", "d"}});
  CHECK(split("a,b\nc,d\r") == Rows{{"a", "b"}, {"c", "d"}});
  CHECK(split("a,\n,b\n,") == Rows{{"a", ""}, {"", "b"}, {"", ""}});
  CHECK(split("\n\na\n") == Rows{{""}, {""}, {"a"}});
  CHECK(split("a;b,c\td", ';') == Rows{{"a", "b,c\td"}});
  CHECK(split("a\tb", '\t') == Rows{{"a", "b"}});
  CHECK(split(" a , b ") == Rows{{" a ", " b "}});
  CHECK(split("\xEF\xBB\xBF"
              "a,b") == Rows{{"a", "b"}});
  CHECK(split("\xEF\xBB\xBF") == Rows{});
}

TEST_CASE("quoted cells hold separators, line ends and doubled quotes", "[csv_records]") {
  CHECK(split("\"a,b\",\"c\nd\"\r\n\"\"\n") == Rows{{"a,b", "c\nd"}, {""}});
  CHECK(split("\"a \"\"b\"\"\",\"\"\"\"\n\"\",x") == Rows{{"a \"b\"", "\""}, {"", "x"}});
  CHECK(split("\"a\"\r\n\"b\"\r") == Rows{{"a"}, {"b"}});
  CHECK(split("5\" disk,a\"\"b") == Rows{{"5\" disk", "a\"\"b"}});
}

TEST_CASE("a record has the number of its line", "[csv_records]") {
  detail::CsvRecords records{"a\n\"b\n\nc\",d\r\n\ne", ',', "text"};
  std::vector<Index> lines;
  std::vector<bool> blank;
  while (records.next()) {
    lines.push_back(records.line());
    blank.push_back(records.blank());
  }
  CHECK(lines == std::vector<Index>{1, 2, 5, 6});
  CHECK(blank == std::vector<bool>{false, false, true, false});
}

TEST_CASE("bad quotes are rejected with their line", "[csv_records]") {
  CHECK(refused_line("a,b\nc,\"d\n\n") == 2);
  CHECK(refused_line("a\n\n\"b\"c\n") == 3);
  CHECK(refused_line("\"a\" ,b") == 1);
  CHECK(refused_line("\"") == 1);
  CHECK(refused_line("\"a\"\r,b") == 1);
}

TEST_CASE("a file of many blocks is split like the same text in memory", "[csv_records]") {
  // The length of the first cell moves line ends, quotes and CRs across the boundaries of the blocks.
  std::string body;
  while (body.size() < 5'000'000) body += "\"a\"\"b\r\nc\",1.5\r\nplain,\"\"\r\n";
  const TemporaryFolder folder;
  for (const std::size_t first : {std::size_t{1}, std::size_t{2}, std::size_t{3}, std::size_t{7}, std::size_t{13}}) {
    const std::string text = std::string(first, 'x') + "\r\n" + body;
    InputFile file{folder.write("big.csv", text)};
    detail::CsvRecords records{file, ','};
    CHECK((all(records) == split(text)));
  }
  std::string wide(3'000'000, 'x');
  wide += ",\"" + std::string(2'500'000, 'y') + "\"\nz,w";
  InputFile file{folder.write("wide.csv", wide)};
  detail::CsvRecords records{file, ','};
  CHECK((all(records) == split(wide)));
}
