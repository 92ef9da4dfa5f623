#include "gemel/io/csv/align.hpp"
#include "gemel/io/csv.hpp"

#include <string>
#include <vector>

#include "catch.hpp"
#include "mentions.hpp"

using namespace gemel;

namespace {

using Names = std::vector<std::string>;

CsvData<float> training(const std::string& text, const CsvOptions& options = {.label = -1}) {
  return parse_csv<float>(text, options, "train.csv");
}
CsvData<float> table_of(const std::string& text, const CsvOptions& options = {.label = -1}) {
  return parse_csv<float>(text, options, "test.csv");
}

std::string refusal(const CsvData<float>& data, const CsvData<float>& wanted) {
  try {
    aligned(data, wanted);
  } catch (const FormatError& error) {
    return error.what();
  }
  return "aligned";
}

}  // namespace

TEST_CASE("columns get the training file's order by their names", "[csv_align]") {
  const auto known = training("height,income,score,y\n1,2,3,a\n4,5,6,b\n");
  const auto other = aligned(table_of("income,score,y,height\n20,30,b,10\n50,60,a,40\n", {.label = "y"}), known);
  CHECK(other.samples.matrix() == MatrixX<float>{{10, 40}, {20, 50}, {30, 60}});
  CHECK(other.features == Names{"height", "income", "score"});
  CHECK(other.label == "y");

  const auto same = aligned(known, known);
  CHECK(same.samples.matrix() == known.samples.matrix());
  CHECK(same.labels == known.labels);
}

TEST_CASE("classes keep the training file's numbers", "[csv_align]") {
  const auto known = training("x,y\n1,a\n2,b\n3,c\n");
  const auto other = aligned(table_of("x,y\n1,d\n2,c\n3,a\n4,d\n"), known);
  CHECK(other.classes == Names{"a", "b", "c", "d"});
  CHECK(other.labels == std::vector<int>{3, 2, 0, 3});

  CHECK(aligned(table_of("x\n1\n", {}), known).labels.empty());  // its labels were not read
}

TEST_CASE("columns without names are matched by their order", "[csv_align]") {
  const CsvOptions options{.label = -1, .header = CsvHeader::No};
  const auto known = training("1,2,a\n3,4,b\n", options);
  CHECK(aligned(table_of("5,6,b\n", options), known).labels == std::vector<int>{1});
  CHECK(mentions(refusal(table_of("5,6,7,b\n", options), known), "it has 3 columns of features, but train.csv has 2"));
  CHECK(mentions(refusal(table_of("b,5,6\n", {.label = 0, .header = CsvHeader::No}), known),
                 "its classes are in column '0', but those of train.csv in column '2'"));
  CHECK(
      mentions(refusal(table_of("5,6,7\n", {}), known), "test.csv: it has 3 columns of features, but train.csv has 2"));
}

TEST_CASE("columns that cannot be matched are rejected and named", "[csv_align]") {
  const auto known = training("height,income,y\n1,2,a\n");
  CHECK(refusal(table_of("income,height,y\n1,2,a\n"), known) == "aligned");
  CHECK(mentions(refusal(table_of("height,weight,y\n1,2,a\n"), known),
                 "test.csv: its columns are not those of train.csv: it lacks 'income' and has also 'weight'"));
  CHECK(mentions(refusal(table_of("height,y\n1,a\n"), known), "it lacks 'income'"));
  CHECK(mentions(refusal(table_of("height,income,age,y\n1,2,3,a\n"), known), "it has also 'age'"));
  CHECK(mentions(refusal(table_of("height,height,y\n1,2,a\n"), known), "several columns have the name 'height'"));
  CHECK(mentions(refusal(table_of("y,income,height\na,1,2\n", {.label = 0}), known), "aligned"));
  CHECK(
      mentions(refusal(table_of("1,2,a\n3,4,a\n"), known), "its first row holds no names, but that of train.csv does"));
  CHECK(
      mentions(refusal(known, table_of("1,2,a\n3,4,a\n")), "its first row holds names, but that of test.csv does not"));
  CHECK(mentions(refusal(table_of("y,income,height\n1,2,3\n"), known),
                 "its classes are in column 'height', but those of train.csv in column 'y'"));
}

TEST_CASE("a label must be written alike in both files", "[csv_align]") {
  const auto known = training("x,y\n1,1\n2,2\n");
  CHECK(mentions(refusal(table_of("x,y\n1,2.0\n"), known), "its label '2.0' is written '2' in train.csv"));
  CHECK(aligned(table_of("x,y\n1,2.5\n"), known).labels == std::vector<int>{2});
}

TEST_CASE("groups keep the training file's numbers", "[csv_align]") {
  const CsvOptions options{.label = "y", .group = "who"};
  const auto known = training("a,who,y\n1,ann,x\n2,bob,z\n", options);
  const auto other = aligned(table_of("who,y,a\ncarl,z,3\nbob,x,4\nann,x,5\n", options), known);
  CHECK(other.group_names == Names{"ann", "bob", "carl"});
  CHECK(other.groups == std::vector<int>{2, 1, 0});
  CHECK(other.labels == std::vector<int>{1, 0, 0});
  CHECK(other.features == Names{"a"});

  const auto numbered = training("a,who,y\n1,1,x\n", options);
  CHECK(mentions(refusal(table_of("a,who,y\n1,1.0,x\n", options), numbered), "its group '1.0' is written '1'"));
  const auto without_names = training("1,p,x\n2,q,x\n", {.label = 2, .group = 1, .header = CsvHeader::No});
  const auto elsewhere = table_of("p,1,x\nq,2,x\n", {.label = 2, .group = 0, .header = CsvHeader::No});
  CHECK(mentions(refusal(elsewhere, without_names), "its groups are in column '0', but those of"));
}

TEST_CASE("columns get the order of the names that a model was trained on", "[csv_align]") {
  const Names names{"height", "income", "score"};
  const auto other =
      aligned(table_of("income,score,y,height\n20,30,b,10\n50,60,a,40\n", {.label = "y"}), names, "m.model");
  CHECK(other.samples.matrix() == MatrixX<float>{{10, 40}, {20, 50}, {30, 60}});
  CHECK(other.features == names);
  CHECK(other.classes == Names{"b", "a"});

  const auto refused = [&](const CsvData<float>& data, const Names& wanted) {
    try {
      aligned(data, wanted, "m.model");
    } catch (const FormatError& error) {
      return std::string(error.what());
    }
    return std::string("aligned");
  };
  CHECK(refused(table_of("height,income\n1,2\n", {}), names) ==
        "test.csv: its columns are not those of m.model: it lacks 'score'");
  CHECK(refused(table_of("score,height,income,age\n1,2,3,4\n", {}), names) ==
        "test.csv: its columns are not those of m.model: it has also 'age'");
  CHECK(refused(table_of("score,height,age\n1,2,3\n", {}), names) ==
        "test.csv: its columns are not those of m.model: it lacks 'income' and has also 'age'");
  CHECK(mentions(refused(table_of("height,height,score\n1,2,3\n", {}), names),
                 "test.csv: several columns have the name 'height'"));
  CHECK(mentions(refused(table_of("a\n1\n", {}), {"a", "a"}), "m.model: several columns have the name 'a'"));
  CHECK(mentions(refused(table_of("1,2,3\n4,5,6\n", {.header = CsvHeader::No}), names),
                 "test.csv: its first row holds no names, but the model in m.model was trained on columns with names"));
}
