#include "bad_input/table.hpp"

#include <map>
#include <string>
#include <vector>

#include "catch.hpp"

using namespace gemel::bad_input;

namespace {

std::vector<Row> all_rows() {
  std::vector<Row> rows;
  for (const auto& part : {reading_rows(), data_rows(), network_rows(), training_rows(), callback_rows(),
                           verification_rows(), claims_rows(), model_rows(), checkpoint_rows(), example_rows()}) {
    rows.insert(rows.end(), part.begin(), part.end());
  }
  return rows;
}

using Cells = std::map<std::string, std::map<Badness, Cell>>;

/// The cells by row and column. Adds rows and cells that occur twice to `twice`.
Cells cells_of(const std::vector<Row>& rows, std::vector<std::string>& twice) {
  Cells cells;
  for (const Row& row : rows) {
    if (cells.contains(row.input)) twice.push_back(row.input);
    auto& line = cells[row.input];
    for (const Entry& entry : row.entries) {
      for (const Badness column : entry.columns) {
        if (!line.emplace(column, entry.cell).second) twice.push_back(row.input + ", " + column_names.at(column));
      }
    }
  }
  return cells;
}

/// The cells that are missing or empty.
std::vector<std::string> holes(const Cells& cells) {
  std::vector<std::string> missing;
  for (const auto& [row, line] : cells) {
    for (const auto& [column, name] : column_names) {
      const auto cell = line.find(column);
      const bool filled = cell != line.end() &&
                          (!cell->second.tries.empty() || !cell->second.reason.empty() || !cell->second.row.empty());
      if (!filled) missing.push_back(row + ", " + name);
    }
  }
  return missing;
}

}  // namespace

TEST_CASE("every input is tried with every kind of badness, or the table gives a reason", "[bad_input]") {
  std::vector<std::string> twice;
  const Cells cells = cells_of(all_rows(), twice);
  CHECK(twice == std::vector<std::string>{});
  CHECK(holes(cells) == std::vector<std::string>{});
  for (const auto& [row, line] : cells) {
    for (const auto& [column, cell] : line) {
      if (cell.row.empty()) continue;
      CAPTURE(row, column_names.at(column), cell.row);
      const auto there = cells.find(cell.row);
      CHECK((there != cells.end() && there->second.contains(column) && !there->second.at(column).tries.empty()));
    }
  }
}

TEST_CASE("the table's check finds a missing cell and a cell that occurs twice", "[bad_input]") {
  std::vector<std::string> twice;
  const Cells cells = cells_of({{"input", {{NaN, impossible("whole numbers")}, {{NaN, Empty}, {}}, no_file()}}}, twice);
  CHECK(twice == std::vector<std::string>{"input, NaN"});
  CHECK(holes(cells).size() == column_names.size() - 6);
}

TEST_CASE("bad input gets the promised error", "[bad_input]") {
  for (const Row& row : all_rows()) {
    for (const Entry& entry : row.entries) {
      int number = 0;
      for (const Try& attempt : entry.cell.tries) {
        const std::string column = column_names.at(entry.columns.front());
        CAPTURE(row.input, column, number++);
        CHECK(attempt() == "");
      }
    }
  }
}

TEST_CASE("the table's check finds a broken promise", "[bad_input]") {
  using gemel::ShapeError;
  using gemel::ValueError;
  const auto outcome = [](const Cell& cell) { return cell.tries.front()(); };
  const auto act = [] { throw ValueError("no", {.pair = 1}); };
  CHECK(outcome(throws<ValueError>("no", {.pair = 1}, act)) == "");
  CHECK(outcome(throws<ValueError>("yes", {.pair = 1}, act)) != "");
  CHECK(outcome(throws<ValueError>("no", {.pair = 2}, act)) != "");
  CHECK(outcome(throws<ShapeError>("no", {.pair = 1}, act)) != "");
  CHECK(outcome(throws<ValueError>("no", [] {})) != "");
  CHECK(outcome(throws<ValueError>("no", [] { throw std::runtime_error("no"); })) != "");
  CHECK(outcome(fine("it holds", [] { return false; })) != "");
}
