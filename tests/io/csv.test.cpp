#include "gemel/io/csv.hpp"

#include <clocale>
#include <string>
#include <vector>

#include "catch.hpp"
#include "io/temporary_folder.hpp"
#include "mentions.hpp"

using namespace gemel;

namespace {

using Names = std::vector<std::string>;

// What reading throws; fails where it throws nothing, or another kind.
template <class Kind>
Place refusal(const std::string& text, const std::string& part, const CsvOptions& options = {}) {
  CAPTURE(text);
  try {
    parse_csv<float>(text, options, "some.csv");
  } catch (const Kind& error) {
    CAPTURE(error.what());
    CHECK(mentions(error.what(), part));
    CHECK(error.place().file == "some.csv");
    return error.place();
  }
  CHECK(false);
  return {};
}

}  // namespace

TEMPLATE_TEST_CASE("a row is a sample", "[csv]", float, double) {
  const TemporaryFolder folder;
  const auto data = read_csv<TestType>(folder.write("a.csv", "1,2,3\n-4,5e1,+.5\n"));
  CHECK(data.samples.matrix() == MatrixX<TestType>{{1, -4}, {2, 50}, {3, TestType(0.5)}});
  CHECK(data.features == Names{"0", "1", "2"});
  CHECK(data.labels.empty());
  CHECK(data.classes.empty());
}

TEST_CASE("a label column gives classes in the order of their appearance", "[csv]") {
  const std::string text = "1,rose,2\n3,daisy,4\n5,rose,6\n7,\"dai\"\"sy\",8\n";
  for (const CsvOptions& options :
       {CsvOptions{.label = 1}, CsvOptions{.label = -2}, CsvOptions{.label = "1"}, CsvOptions{.label = "-2"}}) {
    const auto data = parse_csv<float>(text, options);
    CHECK(data.samples.matrix() == MatrixX<float>{{1, 3, 5, 7}, {2, 4, 6, 8}});
    CHECK(data.labels == std::vector<int>{0, 1, 0, 2});
    CHECK(data.classes == Names{"rose", "daisy", "dai\"sy"});
    CHECK(data.features == Names{"0", "2"});
  }
}

TEST_CASE("a header gives names", "[csv]") {
  const auto data = parse_csv<float>(
      "\xEF\xBB\xBF"
      "width,\"the kind\", height\r\n1,7,2\r\n3,7,4\r\n\r\n\n",
      {.label = "the kind"});
  CHECK(data.samples.matrix() == MatrixX<float>{{1, 3}, {2, 4}});
  CHECK(data.features == Names{"width", "height"});
  CHECK(data.classes == Names{"7"});
  CHECK(data.labels == std::vector<int>{0, 0});
}

TEST_CASE("a header shows itself, or is said to be there", "[csv]") {
  const auto rows = [](const std::string& text, const CsvOptions& options = {}) {
    return parse_csv<float>(text, options).samples.size();
  };
  CHECK(rows("a,b\n1,2\n") == 1);
  CHECK(rows("1,2\n1,2\n") == 2);
  CHECK(rows("1,2\n1,2\n", {.header = CsvHeader::Yes}) == 1);
  CHECK(rows("0,1,label\n1,2,9\n", {.label = -1}) == 1);
  CHECK(rows("0,1,label\n1,2,x\n", {.label = "label"}) == 1);
  CHECK(rows("5,3,iris\n4,2,rose\n", {.label = -1}) == 2);
  CHECK(rows("0,1,label\n1,2,9\n", {.label = -1, .header = CsvHeader::No}) == 2);
  CHECK(rows("1,0\n7,2\n", {.label = "1"}) == 2);  // a number, not the first cell
  CHECK(rows("1,0\n7,2\n", {.label = "1", .header = CsvHeader::Yes}) == 1);
  CHECK(parse_csv<float>("1,0\n7,2\n", {.label = "1", .header = CsvHeader::Yes}).classes == Names{"7"});
  CHECK(parse_csv<float>("1,0\n7,2\n", {.label = "1"}).classes == Names{"0", "2"});
  CHECK(rows(",a\n1,2\n", {}) == 1);
  CHECK(refusal<FormatError>("id,2019\n1,2\n", "the first row holds names").line == 1);
  CHECK(rows("id,2019\n1,2\n", {.header = CsvHeader::Yes}) == 1);
}

TEST_CASE("bad cells are named by line and column", "[csv]") {
  const auto bad = refusal<FormatError>("a,b,c\n1,2,3\n4,x5,6\n", "'x5' is not a number (column number 1");
  CHECK(bad.line == 3);
  CHECK(bad.column == "b");
  CHECK(refusal<FormatError>("1,2\n3,4 5\n", "'4 5' is not a number").column == "1");
  CHECK(refusal<FormatError>("1,2\n\"3\n\",4\n", "not a number").line == 2);
  CHECK(refusal<FormatError>("\"a\nb\",c\n1,2\n3,4x\n", "'4x'").line == 4);
  CHECK(refusal<FormatError>("a,b\n1,\n", "the cell is empty").column == "b");
  CHECK(refusal<FormatError>("a,b\n1, \t\n", "the cell is empty").line == 2);
  CHECK(refusal<FormatError>("1;2\n3;4\n", "is the separator right").line == 2);
  CHECK(refusal<FormatError>("1,2\n3,0x10\n", "'0x10'").line == 2);
  CHECK(refusal<FormatError>("1,2\n3,1e\n", "'1e'").line == 2);
  CHECK(refusal<FormatError>("1,2\n3,+-1\n", "'+-1'").line == 2);
  CHECK(refusal<FormatError>("1,2\n3,1..2\n", "'1..2'").line == 2);
  CHECK(refusal<FormatError>("1,2\n3,\x01\n", "'?'").line == 2);
  CHECK(refusal<FormatError>("a,k\n1,x\n2, \n", "the label is empty", {.label = "k"}).line == 3);

  for (const std::string value : {"nan", "NaN", "-inf", "infinity", "1e400", "1e-400", "3.5e38", "-1e39"}) {
    const auto place =
        refusal<NonFiniteError>("a,b\n1,2\n3," + value + "\n", "'" + value + "' is NaN, infinite or out of range");
    CHECK(place.line == 3);
    CHECK(place.column == "b");
  }
  CHECK(parse_csv<double>("3.5e38,1e-40\n").samples.matrix()(0, 0) == 3.5e38);
}

TEST_CASE("ragged rows and blank lines are named", "[csv]") {
  CHECK(refusal<FormatError>("1,2\n3,4\n5\n", "the row has 1 cells, but the first row has 2").line == 3);
  CHECK(refusal<FormatError>("1,2\n3,4,\n", "the row has 3 cells").line == 2);
  CHECK(refusal<FormatError>("1,2\n\n\n3,4\n", "the line is blank").line == 2);
  CHECK(refusal<FormatError>("\n1,2\n", "the first line is blank").line == 1);
  CHECK(parse_csv<float>("1,2\n3,4\n\n\r\n").samples.size() == 2);
}

TEST_CASE("files without samples are refused", "[csv]") {
  refusal<FormatError>("", "the file is empty");
  refusal<FormatError>("\xEF\xBB\xBF", "the file is empty");
  refusal<FormatError>("a,b\n", "no rows");
  refusal<FormatError>("a,b\n\n", "no rows");
  refusal<FormatError>("k\nx\ny\n", "no features", {.label = "k"});
  CHECK(refusal<FormatError>("1,2\n3,\"4\n", "not closed").line == 2);
}

TEST_CASE("a label column that is not there is refused", "[csv]") {
  refusal<ValueError>("a,b\n1,2\n", "no column has the name 'c'; the first row is 'a', 'b'", {.label = "c"});
  refusal<ValueError>("a,b\n1,2\n", "cannot be number 2", {.label = 2});
  refusal<ValueError>("a,b\n1,2\n", "cannot be number -3", {.label = -3});
  refusal<ValueError>("a,b\n1,2\n", "no column has the name '99999999999999999999'", {.label = "99999999999999999999"});
  refusal<ValueError>("a,a\n1,2\n", "several columns", {.label = "a"});
  refusal<ValueError>("a,b\n1,2\n", "no column has the name 'a'", {.label = "a", .header = CsvHeader::No});
  CHECK_THROWS_AS(parse_csv<float>("1,2\n", {.separator = '"'}), ValueError);
  CHECK_THROWS_AS(parse_csv<float>("1,2\n", {.separator = '\n'}), ValueError);
}

TEST_CASE("numbers do not depend on the locale, nor on blanks and quotes", "[csv]") {
  const std::string before = std::setlocale(LC_ALL, nullptr);
  for (const char* name : {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8", "C"}) {
    if (std::setlocale(LC_ALL, name)) break;
  }
  const auto data = parse_csv<float>(" 1.5 ;\"2.25\"\n\t-3e-2;4.\n", {.separator = ';'});
  std::setlocale(LC_ALL, before.c_str());
  CHECK(data.samples.matrix() == MatrixX<float>{{1.5f, -0.03f}, {2.25f, 4}});
}

TEST_CASE("a large file is read whole", "[csv]") {
  std::string text = "a,k,b,c\n";
  const Index rows = 200'000;  // several blocks of values and of the file
  for (Index i = 0; i < rows; ++i) {
    text += std::to_string(i) + ",class " + std::to_string(i % 3) + "," + std::to_string(-i) + ",0.5\n";
  }
  const TemporaryFolder folder;
  const auto data = read_csv<float>(folder.write("large.csv", text), {.label = "k"});
  REQUIRE(data.samples.features() == 3);
  REQUIRE(data.samples.size() == rows);
  REQUIRE(data.labels.size() == static_cast<std::size_t>(rows));
  Index wrong = 0;
  for (Index i = 0; i < rows; ++i) {
    const float* x = data.samples.column(i);
    wrong += x[0] != static_cast<float>(i) || x[1] != static_cast<float>(-i) || x[2] != 0.5f ||
             data.labels[static_cast<std::size_t>(i)] != i % 3;
  }
  CHECK(wrong == 0);
}

TEST_CASE("read_csv names a file that it cannot read", "[csv]") {
  const TemporaryFolder folder;
  CHECK_THROWS_AS(read_csv<float>(folder.path() / "missing.csv"), IoError);
  CHECK_THROWS_AS(read_csv<float>(folder.path()), IoError);
  CHECK_THROWS_AS(read_csv<float>("/dev/zero"), IoError);
  CHECK_THROWS_AS(read_csv<float>(folder.write("empty.csv", "")), FormatError);
  try {
    read_csv<float>(folder.write("bad.csv", "a,b\n1,x\n"));
    CHECK(false);
  } catch (const FormatError& error) {
    CHECK(mentions(error.what(), "bad.csv, line 2, column 'b': 'x' is not a number"));
  }
}
