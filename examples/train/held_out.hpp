#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

#include "gemel/core/format.hpp"
#include "gemel/core/types.hpp"
#include "gemel/data/classes.hpp"

// The classes that no training sample has.

namespace train {

/// The names of the classes of a part. `class_names` is indexed by the value of a class.
inline std::vector<std::string> names_of(const gemel::Classes& part, const std::vector<std::string>& class_names) {
  std::vector<std::string> names;
  for (gemel::Index c = 0; c < part.count(); ++c) {
    names.push_back(class_names[static_cast<std::size_t>(part.value(c))]);
  }
  return names;
}

/// The names of those classes of a part that no training sample has.
inline std::vector<std::string> held_out(const gemel::Classes& part, const gemel::Classes& training,
                                         const std::vector<std::string>& class_names) {
  std::vector<std::string> names = names_of(part, class_names);
  const std::vector<std::string> seen = names_of(training, class_names);
  std::erase_if(names,
                [&](const std::string& name) { return std::find(seen.begin(), seen.end(), name) != seen.end(); });
  return names;
}

/// A note if the test samples have `in_test` held-out classes, but the validation samples only few, `in_validation`;
/// else empty.
inline std::string few_classes(std::size_t in_validation, std::size_t in_test) {
  constexpr std::size_t enough = 10;  // 45 pairs of classes
  if (in_test == 0 || in_validation >= enough) return {};
  return gemel::format(
      {"the threshold, and which row is the best, rest on ", in_validation, in_validation == 1 ? " class" : " classes",
       " that no training sample has: on other new classes, the rates at the threshold may be far from those that it "
       "was set for, and another row may be better; hold out more classes with --validation"});
}

}  // namespace train
