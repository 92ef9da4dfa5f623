#pragma once

#include <string>
#include <vector>

#include "gemel/core/types.hpp"
#include "gemel/data/samples.hpp"

namespace gemel {

/// What a CSV file holds: one row a sample.
template <Scalar S>
struct CsvData {
  Samples<S> samples;                 ///< features x rows
  std::vector<std::string> features;  ///< the names of the feature columns; without a header their numbers
  std::vector<int> labels;            ///< one a sample: positions in `classes`; empty where no label was asked for
  std::vector<std::string> classes;   ///< the label column's different texts, in the order of their appearance
  std::string label;                  ///< the label column's name, or number; empty where no label was asked for
  std::vector<int> groups;            ///< one a sample: positions in `group_names`; empty where no group was asked for
  std::vector<std::string> group_names;  ///< the group column's different texts, in the order of their appearance
  std::string group;                     ///< the group column's name, or number; empty where no group was asked for
  bool header = false;                   ///< whether the names are the first row's
  bool counts = false;                   ///< whether the first row holds counts, as scikit-learn's files do
  Index left_out = 0;                    ///< rows with missing values, which are not among the samples
  std::string file;                      ///< where it was read from, as errors call it
};

}  // namespace gemel
