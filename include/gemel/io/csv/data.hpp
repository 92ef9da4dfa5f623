#pragma once

#include <string>
#include <vector>

#include "gemel/core/types.hpp"
#include "gemel/data/samples.hpp"

namespace gemel {

/// The content of a CSV file. Each row is a sample.
template <Scalar S>
struct CsvData {
  Samples<S> samples;                    ///< Features x rows.
  std::vector<std::string> features;     ///< Names of the feature columns; their indices if there is no header.
  std::vector<int> labels;               ///< Each sample's index in `classes`; empty if no label was asked for.
  std::vector<std::string> classes;      ///< The different labels, in the order of their appearance.
  std::string label;                     ///< Name or index of the label column; empty if no label was asked for.
  std::vector<int> groups;               ///< Each sample's index in `group_names`; empty if no group was asked for.
  std::vector<std::string> group_names;  ///< The different groups, in the order of their appearance.
  std::string group;                     ///< Name or index of the group column; empty if no group was asked for.
  bool header = false;                   ///< Whether the first row holds the columns' names.
  bool counts = false;                   ///< Whether the first row holds counts, as in files of scikit-learn.
  Index left_out = 0;                    ///< Number of rows that were left out for missing values.
  std::string file;                      ///< The file's name, for error messages.
};

}  // namespace gemel
