#pragma once

#include <string>
#include <vector>

#include "gemel/core/types.hpp"
#include "gemel/data/samples.hpp"

namespace gemel {

/// What a CSV file holds. Each row is a sample.
template <Scalar S>
struct CsvData {
  Samples<S> samples;                    ///< Features x rows.
  std::vector<std::string> features;     ///< Names of the feature columns; their numbers if there is no header.
  std::vector<int> labels;               ///< Each sample's position in `classes`; empty if no label was asked for.
  std::vector<std::string> classes;      ///< The different labels, in the order of their appearance.
  std::string label;                     ///< Name or number of the label's column; empty if no label was asked for.
  std::vector<int> groups;               ///< Each sample's position in `group_names`; empty if no group was asked for.
  std::vector<std::string> group_names;  ///< The different groups, in the order of their appearance.
  std::string group;                     ///< Name or number of the group's column; empty if no group was asked for.
  bool header = false;                   ///< Whether the first row holds the names.
  bool counts = false;                   ///< Whether the first row holds counts, as in scikit-learn's files.
  Index left_out = 0;                    ///< Number of rows with missing values, which are not among the samples.
  std::string file;                      ///< The file's name, for errors.
};

}  // namespace gemel
