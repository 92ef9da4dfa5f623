// Bad input of the program train. tests/examples/train.test.sh runs it, and tests that it rejects bad input with exit
// code 2 and one sentence. These cells check that the script has the lines that test it.

#include <fstream>
#include <iterator>
#include <string>

#include "bad_input/table.hpp"

namespace gemel::bad_input {

namespace {

/// Promises that the script contains this line.
Cell script(const std::string& line) {
  return fine("train.test.sh has the line " + line, [line] {
    std::ifstream file(GEMEL_TEST_DATA "/examples/train.test.sh");
    const std::string all{std::istreambuf_iterator<char>(file), {}};
    return all.find("refuses " + line) != std::string::npos;
  });
}

}  // namespace

std::vector<Row> example_rows() {
  return {
      {"train: files",
       {{WrongShape,
         {script(R"("line 3" --data "$files/ragged.csv")"),
          script(R"("3 labels" --images "$files/images" --labels "$files/three_labels")"),
          script(R"("3 labels" --data "$files/two.npy" --labels "$files/three_labels.npy")"),
          script(
              R"("2 columns of features" --data "$files/no_names_one_feature.csv" --test-data "$files/no_names.csv")"),
          script(R"("lacks 'b'" --data "$files/two_classes.csv" --test-data "$files/one_feature.csv")"),
          script(R"("no names" --data "$files/two_classes.csv" --test-data "$files/no_names.csv")"),
          script(
              R"("in column 'a', but those of" --data "$files/two_classes.csv" --test-data "$files/reordered.csv")")}},
        {NaN,
         {script(R"("line 3, column 'b'" --data "$files/nan.csv")"),
          script(R"("--missing can leave out the rows" --data "$files/nan.csv")"),
          script(R"("the value is NaN" --data "$files/nan.npy")")}},
        {Infinite,
         {script(R"("line 3, column 'b'" --data "$files/inf.csv")"),
          script(R"("the value is infinite" --data "$files/inf.npy")")}},
        {Empty,
         {script(R"("empty" --data "$files/empty.csv")"), script(R"("no rows" --data "$files/names.csv")"),
          script(R"("it is not an IDX file" --images "$files/empty.csv" --labels "$files/labels")")}},
        {OneClass,
         {script(R"("one class only" --data "$files/one_class.csv")"),
          script(R"("too few samples to divide" --data "$files/small.csv")")}},
        {BadLabel,
         {script(R"("zero byte" --data "$files/zero_byte.csv")"),
          script(R"("are the same number" --data "$files/two_ways.csv")"),
          script(R"("the class is 0.5, not a whole number" --data "$files/two.npy")")}},
        {OutOfRange,
         {script(R"("line 3, column 'b'" --data "$files/word.csv")"),
          script(R"("set with --header" --data "$files/years.csv")"),
          script(R"("set with --separator" --data "$files/two_separators.csv")"),
          script(R"("scaling makes it infinite" --data "$files/fine.csv" --label name)"),
          script(R"("'size'" --data "$files/small.csv" --label size)"),
          script(R"("number 7" --data "$files/small.csv" --label 7)")}},
        {Truncated,
         {script(R"("truncated" --images "$files/cut" --labels "$files/labels")"),
          script(R"("truncated" --data "$files/cut.npy" --labels "$files/two_labels.npy")")}},
        {Swapped,
         {script(R"("swapped" --images "$files/labels" --labels "$files/images")"),
          script(R"("not an IDX file" --images "$files/small.csv" --labels "$files/labels")"),
          script(R"("swapped" --data "$files/two_labels.npy" --labels "$files/two.npy")"),
          script(R"("it looks like a NumPy .npy file" --images "$files/two.npy" --labels "$files/labels")"),
          script(R"("is a file of labels" --images "$files/labels" --labels "$files/labels")"),
          script(R"("it is gzipped" --data "$files/small.csv.gz")"), script(R"("UTF-16" --data "$files/utf16.csv")"),
          script(R"("not text" --data "$files/images")")}},
        {Missing, script(R"("no such file" --data "$files/nowhere.csv")")},
        {Unreadable, script(R"("directory" --data "$files/folder")")},
        {FullDisk, impossible("it only reads them")}}},

      {"train: options",
       {{WrongShape,
         {script(R"(--labels --images "$files/images")"), script(R"("--hidden: 'x'" --hidden 128,x)"),
          script(R"("--margin" --margin 1 --margin 2)"), script(R"(--colour --colour blue)")}},
        {{NaN, Infinite}, script(R"("$option: '$value'" $option "$value")")},
        {Empty, script(R"("$option: '$value'" $option "$value")")},
        {OneClass,
         {script(R"("no similar pair" --data "$files/all_classes.csv")"),
          script(R"("make no similar pair: hold out more of them with --validation")")}},
        {BadLabel, impossible("no labels are in play")},
        {OutOfRange,
         {script(R"("$option: '$value'" $option $value)"), script(R"("$option: 'odd' is none of" $option odd)"),
          script(R"("--threads: '-1'" --threads -1)"), script(R"("--seed: '-1'" --seed -1)"),
          script(R"("dissimilar validation pairs" --far 1e-6)"),
          script(R"("--far 0.00893 or more" --data "$files/people.csv")"),
          script(R"("leaves nothing to train on" --validation last:5000)"),
          script(R"("memory holds" --hidden 1000000,1000000)")}},
        {{Truncated, Swapped}, impossible("an option is no file")},
        {Missing, script(R"("cannot be written" $option "$files/nowhere/result")")},
        {Unreadable,
         {script(R"("cannot be written" $option "$files/folder")"),
          script(R"("cannot be made" --report "$files/labels/pictures")")}},
        {FullDisk, script(R"("cannot be written" $option /dev/full)")}}},
  };
}

}  // namespace gemel::bad_input
