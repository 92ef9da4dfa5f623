#pragma once

#include <optional>
#include <string>
#include <vector>

namespace train {

/// The columns of a CSV file of training samples. The program verify finds the columns of its files by them.
struct Columns {
  std::optional<std::vector<std::string>> features = {};  ///< their names; empty: the file has no header, or is not CSV
  std::string label = {};                                 ///< name or number of the column of the classes
  std::string group = {};                                 ///< name or number of the column of the groups; empty: none
};

}  // namespace train
