#include "gemel/io/csv.hpp"

#include <algorithm>
#include <clocale>
#include <string>
#include <vector>

#include "catch.hpp"
#include "io/temporary_folder.hpp"
#include "mentions.hpp"

using namespace gemel;

namespace {

using Names = std::vector<std::string>;

// The place of the error that reading throws. The error's text must contain `part`; anything else fails the test.
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

TEST_CASE("a header is recognised, or set with the option", "[csv]") {
  const auto rows = [](const std::string& text, const CsvOptions& options = {}) {
    return parse_csv<float>(text, options).samples.size();
  };
  CHECK(rows("a,b\n1,2\n") == 1);
  CHECK(rows("1,2\n1,2\n") == 2);
  CHECK(rows("1,2\n1,2\n", {.header = CsvHeader::Yes}) == 1);
  CHECK(rows("0,1,label\n1,2,x\n", {.label = "label"}) == 1);
  CHECK(rows("5,3,iris\n4,2,rose\n4,3,iris\n", {.label = -1}) == 3);
  CHECK(rows("0,1,label\n1,2,9\n", {.label = -1, .header = CsvHeader::No}) == 2);
  CHECK(rows("1,0\n7,2\n", {.label = "1"}) == 2);  // column number 1, not the first cell
  CHECK(rows("1,0\n7,2\n", {.label = "1", .header = CsvHeader::Yes}) == 1);
  CHECK(parse_csv<float>("1,0\n7,2\n", {.label = "1", .header = CsvHeader::Yes}).classes == Names{"7"});
  CHECK(parse_csv<float>("1,0\n7,2\n", {.label = "1"}).classes == Names{"0", "2"});
  CHECK(rows(",a\n1,2\n", {}) == 1);
  CHECK(refusal<FormatError>("id,2019\n1,2\n", "the first row holds names").line == 1);
  CHECK(rows("id,2019\n1,2\n", {.header = CsvHeader::Yes}) == 1);
}

TEST_CASE("a first row that may be a header or a sample is an error", "[csv]") {
  const auto unclear = [](const std::string& text, const CsvOptions& options = {.label = -1}) {
    CHECK(refusal<FormatError>(text, "the first row may hold names, or a sample", options).line == 1);
    refusal<FormatError>(text, "set with CsvOptions::header", options);
    CsvOptions said = options;
    said.header = CsvHeader::Yes;
    const Index rows = parse_csv<float>(text, said).samples.size();
    said.header = CsvHeader::No;
    CHECK(parse_csv<double>(text, said).samples.size() == rows + 1);
  };
  unclear("2019,2020,label\n1,2,cat\n3,4,dog\n");
  unclear("0,1,label\n1,2,9\n");
  unclear("5,3,a3f\n4,2,123\n6,1,123\n");  // a sample: only its class is not a number
  unclear("5,3,iris\n4,2,rose\n");
  unclear("2019,2020,2021\n1,2,cat\n3,4,dog\n");
  refusal<FormatError>("5,3,iris\n", "set with CsvOptions::header", {.label = -1});
  unclear("cat,1\ndog,2\n", {.label = 0});
  unclear("0,1,2\n5,6,7\n8,9,7\n");
  unclear("0,1,2,3\n5,6,7,1\n", {});
  refusal<FormatError>(",0,1,2\n0,5,6,7\n", "the first row may hold names", {});
  refusal<FormatError>("NA,NA,cat\n1,2,dog\n", "the first row may hold names", {.label = -1});
  refusal<FormatError>(",\n1,2\n", "the first row may hold names", {});
  // A sample of numbers with decimal commas is not taken for names.
  refusal<FormatError>("1,5;2,5;cat\n3;4;dog\n", "write decimals with a point", {.label = -1, .separator = ';'});
  // These are clear and are read.
  CHECK(parse_csv<float>("1,2,3\n", {.label = -1}).samples.size() == 1);
  CHECK(parse_csv<float>("1,2,3\n4,5,cat\n6,7,8\n", {.label = -1}).samples.size() == 3);
  CHECK(parse_csv<float>("1,2,3\n4,5,6\n").samples.size() == 2);
  CHECK(parse_csv<float>("28x28,1x1,k\n1,2,x\n", {.label = -1}).samples.size() == 1);
  CHECK(parse_csv<float>("5,3,iris\n4,2,rose\n1,2, iris\n", {.label = -1}).samples.size() == 3);
}

TEST_CASE("semicolons and tabs are found in the first row", "[csv]") {
  const CsvData<float> wanted = parse_csv<float>("a,b,k\n1,2.5,x\n3,4,y\n", {.label = "k"});
  for (const char separator : {';', '\t'}) {
    std::string text = "a,b,k\n1,2.5,x\n3,4,y\n";
    std::replace(text.begin(), text.end(), ',', separator);
    const CsvData<float> data = parse_csv<float>(text, {.label = "k"});
    CHECK(data.samples.matrix() == wanted.samples.matrix());
    CHECK(data.features == wanted.features);
    CHECK(data.classes == wanted.classes);
  }
  const std::string text = "\"a,\"\"b\n;\";k\n1;2\n";  // quoted separators do not count
  CHECK(parse_csv<float>(text, {.label = "k"}).features == Names{"a,\"b\n;"});
  CHECK(refusal<FormatError>("a,b;c\n1,2\n", "the first row holds ',' and ';': set with CsvOptions::separator").line ==
        1);
  CHECK(refusal<FormatError>("1,5;2,5\n3,5;4,5\n", "the others may not be in a number").line == 1);
  CHECK(parse_csv<float>("a,b;c\n1,2\n", {.separator = ','}).features == Names{"a", "b;c"});
}

TEST_CASE("a separator that may be part of a number is rejected", "[csv]") {
  for (const char separator : std::string(". +-09eEnaifNxZ\"\n\r\0\xC3", 19)) {
    CAPTURE(separator);
    CHECK_THROWS_AS(parse_csv<float>("1\n", {.separator = separator}), ValueError);
  }
  for (const char separator : {',', ';', '\t', '|', ':', '#', '\x1F'}) {
    CHECK(parse_csv<float>(std::string("1") + separator + "2\n", {.separator = separator}).samples.features() == 2);
  }
}

TEST_CASE("rows with missing values are rejected, or left out and counted", "[csv]") {
  const std::string text = "a,b,k\n1,2,x\n,4,x\n5,NA,y\n7,nan,z\n9,10,\n11,?,x\n13, null ,x\n15,16,x\n17,18,None\n";
  const CsvData<float> data = parse_csv<float>(text, {.label = "k", .missing = CsvMissing::LeaveOut});
  CHECK(data.samples.matrix() == MatrixX<float>{{1, 15}, {2, 16}});
  CHECK(data.left_out == 7);
  CHECK(data.classes == Names{"x"});
  CHECK(data.labels == std::vector<int>{0, 0});

  const std::string can = "CsvOptions::missing can leave out";
  CHECK(refusal<FormatError>("a,k\n1,x\n,x\n", can, {.label = "k"}).line == 3);
  CHECK(refusal<FormatError>("a,k\n1,x\nNA,x\n", can, {.label = "k"}).line == 3);
  CHECK(refusal<NonFiniteError>("a,k\n1,x\nnan,x\n", can, {.label = "k"}).line == 3);
  CHECK(refusal<FormatError>("a,k\n1,x\n2,\n", can, {.label = "k"}).line == 3);
  CHECK(parse_csv<float>("a,k\n1,NA\n", {.label = "k"}).classes == Names{"NA"});

  const CsvOptions leave_out{.missing = CsvMissing::LeaveOut};
  CHECK(refusal<FormatError>("a,b\n1,\n2,x\n", "'x' is not a number", leave_out).line == 3);
  CHECK(refusal<FormatError>("a,b\n,x\n", "'x' is not a number", leave_out).line == 2);
  CHECK(refusal<NonFiniteError>("a,b\n1,inf\n", "'inf' is NaN, infinite", leave_out).line == 2);
  CHECK(refusal<FormatError>("a,b\n1,\n2\n", "the row has 1 cells", leave_out).line == 3);
  CHECK(parse_csv<float>("1,2,\n3,4,x\n", {.label = -1, .missing = CsvMissing::LeaveOut}).left_out == 1);
  refusal<FormatError>("a,b\n1,\n,2\n", "all of its 2 rows have missing values", leave_out);
}

TEST_CASE("errors about bad cells and files that are not CSV name the option that helps", "[csv]") {
  refusal<FormatError>(
      "\xFF\xFE"
      "1",
      "it is UTF-16");
  refusal<FormatError>("\xFE\xFF", "it is UTF-16");
  refusal<FormatError>(std::string("1\0,\0002\0\n\0", 8), "is it UTF-16");
  refusal<FormatError>("\x1F\x8B\x08", "it is gzipped, not text");
  refusal<FormatError>("PK\x03\x04", "spreadsheet");
  CHECK(refusal<FormatError>("a,b\r1,2\r3,4\r", "lines end in CR alone").line == 1);
  CHECK(refusal<FormatError>("\"a\",\"b\"\r1,2\r", "lines end in CR alone").line == 1);
  refusal<FormatError>("a,b\n\"1,234\",2\n", "thousands without a mark");
  refusal<FormatError>("a;b\n1,5;2\n", "write decimals with a point");
  refusal<FormatError>("a,b,\n1,2,\n", "does the line end with a separator too many?");
  // The names were read, so a missing header is not the reason. The column may hold the classes.
  refusal<FormatError>("kind,b\ncat,2\n", "if this column holds the classes, set it with CsvOptions::label");
  refusal<FormatError>("1,b\ncat,2\n", "if the first row holds names, set that with CsvOptions::header");
  const CsvOptions program{.names = {.label = "--label"}};
  refusal<FormatError>("kind,b\ncat,2\n", "set it with --label", program);
}

TEST_CASE("labels that are the same number, written differently, are rejected", "[csv]") {
  const auto place =
      refusal<FormatError>("a,k\n1,1\n2,2\n3,1.0\n", "the labels '1' and '1.0' are the same number", {.label = "k"});
  CHECK(place.line == 4);
  CHECK(place.column == "k");
  CHECK(parse_csv<float>("a,k\n1,1.1\n2,1.10\n3,01\n4,1\n5,v1.0\n6,-1\n", {.label = "k"}).classes.size() == 6);
}

TEST_CASE("a label with a zero byte is rejected", "[csv]") {
  using namespace std::string_literals;
  CHECK(refusal<FormatError>("a,k\n1,x\n2,x\0y\n"s, "holds a zero byte", {.label = "k"}).line == 3);
}

TEST_CASE("the data say where labels and names are from", "[csv]") {
  const CsvData<float> named = parse_csv<float>("a,k,b\n1,x,2\n", {.label = 1}, "some.csv");
  CHECK(named.label == "k");
  CHECK(named.header);
  CHECK(named.file == "some.csv");
  CHECK(named.left_out == 0);
  const CsvData<float> plain = parse_csv<float>("1,x,2\n1,x,2\n", {.label = 1});
  CHECK(plain.label == "1");
  CHECK_FALSE(plain.header);
  CHECK(parse_csv<float>("1,2\n").label.empty());
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
  CHECK(refusal<FormatError>("1|2\n3|4\n", "is the separator right? Set it with CsvOptions::separator").line == 2);
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

TEST_CASE("files without samples are rejected", "[csv]") {
  refusal<FormatError>("", "the file is empty");
  refusal<FormatError>("\xEF\xBB\xBF", "the file is empty");
  refusal<FormatError>("a,b\n", "no rows");
  refusal<FormatError>("a,b\n\n", "no rows");
  refusal<FormatError>("k\nx\ny\n", "no features", {.label = "k"});
  CHECK(refusal<FormatError>("1,2\n3,\"4\n", "not closed").line == 2);
}

TEST_CASE("a missing label column is rejected", "[csv]") {
  refusal<ValueError>("a,b\n1,2\n", "no column has the name 'c'; the first row is 'a', 'b'", {.label = "c"});
  refusal<ValueError>("a,b\n1,2\n", "no column has the number 2", {.label = 2});
  refusal<ValueError>("a,b\n1,2\n", "no column has the number -3", {.label = -3});
  refusal<ValueError>("a,b\n1,2\n", "no column has the name '99999999999999999999'", {.label = "99999999999999999999"});
  refusal<ValueError>("a,a\n1,2\n", "several columns", {.label = "a"});
  refusal<ValueError>("a,b\n1,2\n", "no column has the name 'a'", {.label = "a", .header = CsvHeader::No});
  CHECK_THROWS_AS(parse_csv<float>("1,2\n", {.separator = '"'}), ValueError);
  CHECK_THROWS_AS(parse_csv<float>("1,2\n", {.separator = '\n'}), ValueError);
}

TEST_CASE("numbers do not depend on the locale, on spaces or on quotes", "[csv]") {
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

TEST_CASE("a first line of counts, as in files of scikit-learn, is not a sample and names the classes") {
  const CsvOptions last{.label = Index{-1}};
  const auto counted = parse_csv<double>("3,2,red,blue\n1,2,1\n3,4,0\n5,6,1\n", last);
  CHECK(counted.samples.size() == 3);
  CHECK(counted.samples.features() == 2);
  CHECK(counted.classes == std::vector<std::string>{"blue", "red"});
  CHECK(counted.labels == std::vector<int>{0, 1, 0});
  CHECK_FALSE(counted.header);
  const auto wide = parse_csv<double>("2,4,red,blue\n1,2,3,4,0\n3,4,5,6,1\n", last);
  CHECK(wide.samples.features() == 4);
  CHECK_THROWS_AS(parse_csv<double>("3,2,red,blue\n1,2,1\n3,4,0\n", last), FormatError);  // one row is missing
  CHECK(parse_csv<double>("2,2,red,blue\n1,2,1\n3,4,2\n", last).classes == std::vector<std::string>{"1", "2"});
  CHECK(parse_csv<double>("2,2,red,red\n1,2,1\n3,4,0\n", last).classes == std::vector<std::string>{"1", "0"});
  CHECK_THROWS_AS(parse_csv<double>("2,0,red,blue\n1\n0\n", last), FormatError);
  CHECK_THROWS_AS(parse_csv<double>("2,1,red,blue\n1,2,1,x\n3,4,1,y\n", last),
                  FormatError);  // the counts do not match the rows
}

TEST_CASE("a first row of texts may be a sample if another row has the same label") {
  const CsvOptions last{.label = Index{-1}};
  for (const char* text : {"O,cat\n1.5,dog\n2.5,cat\n", "5kg,cat\n1.5,dog\n2.5,cat\n", "x,y,cat\n1,2,dog\n2,3,cat\n",
                           "-,cat\n1.5,dog\n2.5,cat\n", "NA,#N/A,cat\n1.5,2,dog\n2.5,3,cat\n"}) {
    CAPTURE(text);
    CHECK_THROWS_AS(parse_csv<float>(text, last), FormatError);
  }
  CHECK(parse_csv<float>("size,kind\n1.5,dog\n2.5,cat\n", last).samples.size() == 2);
}

TEST_CASE("a group column is not a feature, and gives groups as the label column gives classes", "[csv]") {
  const std::string text = "speaker,a,vowel,b\nann,1,i,2\nbob,3,o,4\nann,5,o,6\n";
  for (const CsvOptions& options :
       {CsvOptions{.label = "vowel", .group = "speaker"}, CsvOptions{.label = 2, .group = 0},
        CsvOptions{.label = -2, .group = "-4"}, CsvOptions{.label = "vowel", .group = Index{0}}}) {
    const auto data = parse_csv<float>(text, options);
    CHECK(data.samples.matrix() == MatrixX<float>{{1, 3, 5}, {2, 4, 6}});
    CHECK(data.features == Names{"a", "b"});
    CHECK(data.classes == Names{"i", "o"});
    CHECK(data.labels == std::vector<int>{0, 1, 1});
    CHECK(data.label == "vowel");
    CHECK(data.group_names == Names{"ann", "bob"});
    CHECK(data.groups == std::vector<int>{0, 1, 0});
    CHECK(data.group == "speaker");
  }
  const auto alone = parse_csv<float>("1,7,2\n3,7,4\n5,8,6\n", {.group = 1});
  CHECK(alone.samples.matrix() == MatrixX<float>{{1, 3, 5}, {2, 4, 6}});
  CHECK(alone.groups == std::vector<int>{0, 0, 1});
  CHECK(alone.labels.empty());
  CHECK(alone.label.empty());
  CHECK(parse_csv<float>("1,7,2\n", {.label = 1}).groups.empty());
}

TEST_CASE("ignored columns are not read, whatever they hold", "[csv]") {
  const auto data = parse_csv<float>("id,a,who,b,y\nx,1,,2,p\n,3,NA,4,q\n", {.label = "y", .ignore = {"id", 2}});
  CHECK(data.header);
  CHECK(data.features == Names{"a", "b"});
  CHECK(data.samples.matrix() == MatrixX<float>{{1, 3}, {2, 4}});
  CHECK(data.classes == Names{"p", "q"});
  CHECK(data.left_out == 0);

  // The name of an ignored column shows that the first row is a header, although all features' names are numbers.
  CHECK(parse_csv<float>("2019,id,2020\n1,x,2\n", {.ignore = {"id"}}).features == Names{"2019", "2020"});
  const CsvOptions leaving_out{.ignore = {Index{-1}}, .header = CsvHeader::No, .missing = CsvMissing::LeaveOut};
  const auto rows = parse_csv<float>("1,2,\n3,,x\n", leaving_out);
  CHECK(rows.samples.matrix() == MatrixX<float>{{1}, {2}});
  CHECK(rows.left_out == 1);
}

TEST_CASE("faults of an ignored column are reported", "[csv]") {
  refusal<ValueError>("a,y\n1,x\n", "no column has the name 'id'; the first row is 'a', 'y'", {.ignore = {"id"}});
  refusal<ValueError>("a,y\n1,x\n", "number 2, which was given for the ignored column", {.ignore = {2}});
  refusal<ValueError>("a,y\n1,x\n", "column number 1 is ignored", {.label = "y", .ignore = {"y"}});
  refusal<ValueError>("a,y\n1,x\n", "column number 1 is ignored", {.group = "y", .ignore = {1}});
  refusal<ValueError>("a,y\n1,x\n", "nor be ignored once more", {.ignore = {1, "y"}});
  refusal<FormatError>("a,y\n1,x\n", "all columns are ignored, or hold the label", {.label = "y", .ignore = {"a"}});
}

TEST_CASE("errors give no advice about options that a program does not have", "[csv]") {
  const CsvOptions options{.header = CsvHeader::Yes, .names = {.label = "", .missing = ""}};
  const auto text_of = [&](const char* text) {
    try {
      parse_csv<float>(text, options, "some.csv");
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string("read");
  };
  CHECK(text_of("a,b\n1,x\n") ==
        "some.csv, line 2, column 'b': 'x' is not a number (column number 1, counted from 0); features are numbers");
  CHECK(text_of("a,b\n,2\n") == "some.csv, line 2, column 'a': the cell is empty (column number 0, counted from 0)");
}

TEST_CASE("faults of a group column are reported like those of a label column", "[csv]") {
  const CsvOptions both{.label = "y", .group = "who"};
  refusal<ValueError>("a,y\n1,x\n", "no column has the name 'who'; the first row is 'a', 'y'", both);
  refusal<ValueError>("a,who,who,y\n1,2,3,x\n", "several columns have the name 'who'", both);
  refusal<ValueError>("a,y\n1,x\n", "no column has the number 5, which was given for the group",
                      {.label = "y", .group = 5});
  refusal<ValueError>(
      "a,y\n1,x\n",
      "column number 1 cannot hold both the label and the group: set their columns with CsvOptions::label",
      {.label = -1, .group = "y"});
  refusal<FormatError>("who,y\n1,x\n", "there is only the label's and the group's column", both);
  refusal<FormatError>("who\n1\n", "there is only the group column", {.group = "who"});
  const Place empty = refusal<FormatError>("a,who,y\n1,p,x\n2,,x\n", "the group is empty (column number 1", both);
  CHECK(empty.line == 3);
  CHECK(empty.column == "who");
  refusal<FormatError>("a,who,y\n1,1,x\n2,1.0,x\n", "the groups '1' and '1.0' are the same number", both);
  refusal<FormatError>("2019,2020,who\n1,2,ann\n3,4,bob\n", "the first row may hold names", {.group = 2});
  refusal<FormatError>("a,b\n1,x\n2,z\n", "if it holds groups, with CsvOptions::group", {.header = CsvHeader::Yes});
  const auto left_out = parse_csv<float>("a,who,y\n1,p,x\n2,NA,x\n3,q,z\n",
                                         {.label = "y", .group = "who", .missing = CsvMissing::LeaveOut});
  CHECK(left_out.left_out == 1);
  CHECK(left_out.groups == std::vector<int>{0, 1});
  CHECK(left_out.group_names == Names{"p", "q"});
}
