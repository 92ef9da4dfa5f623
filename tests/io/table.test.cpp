#include "gemel/io/table.hpp"

#include <string>
#include <vector>

#include "catch.hpp"
#include "io/temporary_folder.hpp"
#include "mentions.hpp"

using namespace gemel;

namespace {

using Texts = std::vector<std::string>;

// The place of the error that `act` throws. The error's text must contain `part`; anything else fails the test.
template <class Kind, class Act>
Place table_refusal(const std::string& part, const Act& act) {
  try {
    act();
  } catch (const Kind& error) {
    CAPTURE(error.what());
    CHECK(mentions(error.what(), part));
    CHECK(error.place().file == "some.csv");
    return error.place();
  }
  CHECK(false);
  return {};
}

template <class Kind>
Place table_refusal_of(const std::string& text, const std::string& part, const TableOptions& options = {}) {
  CAPTURE(text);
  return table_refusal<Kind>(part, [&] { parse_table(text, options, "some.csv"); });
}

}  // namespace

TEST_CASE("a table's columns are found by their names", "[table]") {
  const TemporaryFolder folder;
  const Table table = read_table(folder.write("a.csv",
                                              "\xEF\xBB\xBFname, age ,city\r\n Ada ,36,\"Paris, north\"\r\n"
                                              "\"Al \"\"Bo\"\" Li\",-4.5e1,\r\n\r\n\n"));
  CHECK(table.rows() == 2);
  CHECK(table.columns() == 3);
  CHECK(table.names() == Texts{"name", "age", "city"});
  CHECK(table.text("name") == Texts{"Ada", "Al \"Bo\" Li"});
  CHECK(table.text("city") == Texts{"Paris, north", ""});
  CHECK(table.numbers<float>("age") == VectorX<float>{{36, -45}});
  CHECK(table.numbers<double>("age") == VectorX<double>{{36, -45}});
  CHECK(table.has("age"));
  CHECK_FALSE(table.has("Age"));
}

TEST_CASE("a table without names has numbered columns", "[table]") {
  const Table table = parse_table("a;1\nb;2\n", {.header = false});
  CHECK(table.names() == Texts{"0", "1"});
  CHECK(table.text("0") == Texts{"a", "b"});
  CHECK(table.numbers<float>("1") == VectorX<float>{{1, 2}});
}

TEST_CASE("a table's separator is found or given", "[table]") {
  CHECK(parse_table("a\tb\nx,y\tz\n").text("a") == Texts{"x,y"});
  CHECK(parse_table("a|b\nx,y|z\n", {.separator = '|'}).text("a") == Texts{"x,y"});
  const TableOptions named{.separator_name = "--separator"};
  CHECK(table_refusal_of<FormatError>("a,b;c\n1,2;3\n", "set with --separator", named).line == 1);
  CHECK_THROWS_AS(parse_table("a.b\n", {.separator = '.'}), ValueError);
}

TEST_CASE("a cell of a table may hold line ends, and its row knows its line", "[table]") {
  const Table table = parse_table("a,b\n\"two\nlines\",1\nx,2\n");
  CHECK(table.text("a") == Texts{"two\nlines", "x"});
  CHECK(table.line(0) == 2);
  CHECK(table.line(1) == 4);
  CHECK_THROWS_AS(table.line(2), ValueError);
  CHECK_THROWS_AS(table.line(-1), ValueError);
}

TEST_CASE("control bytes stay in a table's text", "[table]") {
  CHECK(parse_table("a,b\n\x1B[31m,\x7F\n").text("a") == Texts{"\x1B[31m"});
}

TEST_CASE("a column that a table does not have is refused with those that it has", "[table]") {
  const Table table = parse_table("name,age,age\nAda,36,37\n", {}, "some.csv");
  table_refusal<ValueError>("no column has the name 'city'; the columns are 'name', 'age', 'age'",
                            [&] { table.text("city"); });
  table_refusal<ValueError>("several columns have the name 'age'", [&] { table.text("age"); });
  table_refusal<ValueError>("several columns have the name 'age'", [&] { table.numbers<float>("age"); });
  CHECK(table.text("name") == Texts{"Ada"});
}

TEST_CASE("a cell that is not a number is refused with its line and column", "[table]") {
  const Table table = parse_table("a,b,c,d,e\n1,2,3,4,5\n,x,\"1,5\",nan,1e39\n", {}, "some.csv");
  const auto place = [&](const Place& found, const char* column) {
    CHECK(found.line == 3);
    CHECK(found.column == column);
  };
  place(table_refusal<FormatError>("the cell is empty", [&] { table.numbers<float>("a"); }), "a");
  place(table_refusal<FormatError>("'x' is not a number", [&] { table.numbers<float>("b"); }), "b");
  place(table_refusal<FormatError>("write decimals with a point", [&] { table.numbers<float>("c"); }), "c");
  place(table_refusal<NonFiniteError>("'nan' is NaN", [&] { table.numbers<float>("d"); }), "d");
  place(table_refusal<NonFiniteError>("out of range", [&] { table.numbers<float>("e"); }), "e");
  CHECK(table.numbers<double>("e")[1] == 1e39);
}

TEST_CASE("what is no table is refused", "[table]") {
  table_refusal_of<FormatError>("", "the file is empty");
  table_refusal_of<FormatError>("a,b\n", "there are names, but no rows");
  CHECK(parse_table("a,b\n", {.header = false}).rows() == 1);
  CHECK(table_refusal_of<FormatError>("\na,b\n1,2\n", "the first line is blank").line == 1);
  CHECK(table_refusal_of<FormatError>("a,b\n1,2\n3\n", "the row has 1 cells, but the first row has 2").line == 3);
  CHECK(table_refusal_of<FormatError>("a,b\n1,2,3\n", "the row has 3 cells").line == 2);
  CHECK(table_refusal_of<FormatError>("a,b\n1,2\n\n3,4\n", "the line is blank, but rows follow").line == 3);
  CHECK(table_refusal_of<FormatError>("a,b\n1,\"2\n", "is not closed").line == 2);
  CHECK(table_refusal_of<FormatError>("a,b\n1,\"2\"x\n", "text follows the closing quote").line == 2);
  table_refusal_of<FormatError>("a,b\r1,2\r", "CR alone");
  table_refusal_of<FormatError>(
      "\xFF\xFE"
      "a",
      "UTF-16");
  table_refusal_of<FormatError>("PK\x03\x04", "ZIP");
  table_refusal_of<FormatError>("\x1F\x8B", "gzipped");
  table_refusal_of<FormatError>(std::string("a\0,b\n1,2\n", 9), "zero bytes");
  const Place place = table_refusal_of<FormatError>(std::string("a,b\n1,2\0\n", 9), "a zero byte");
  CHECK(place.line == 2);
  CHECK(place.column == "b");
  CHECK_THROWS_AS(read_table("there/is/no.csv"), IoError);
}
