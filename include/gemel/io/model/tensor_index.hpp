#pragma once

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gemel/core/error.hpp"
#include "gemel/io/csv/cell.hpp"
#include "gemel/io/tensor_file.hpp"

namespace gemel::detail {

/// Finds the tensors of a file by their names, and knows which ones were taken. The file must outlive it.
class TensorIndex {
 public:
  explicit TensorIndex(const TensorFile& file) : file_(&file) {
    entries_.reserve(file.tensors.size());
    for (const Tensor& tensor : file.tensors) entries_.push_back({tensor.name, &tensor});
    std::ranges::sort(entries_, {}, &Entry::name);
  }

  const TensorFile& file() const { return *file_; }

  /// Whether the name of a tensor begins like this.
  bool has_prefix(std::string_view prefix) const {
    const auto found = std::ranges::lower_bound(entries_, prefix, {}, &Entry::name);
    return found != entries_.end() && found->name.starts_with(prefix);
  }

  /// The tensor of that name, which counts as taken. Throws FormatError if there is none.
  const Tensor& take(std::string_view name, const Place& place) {
    const auto found = std::ranges::lower_bound(entries_, name, {}, &Entry::name);
    if (found == entries_.end() || found->name != name) {
      throw FormatError({"it has no tensor '", excerpt(name), "'"}, place);
    }
    found->taken = true;
    return *found->tensor;
  }

  /// Throws FormatError if there is a tensor that was not taken and whose name begins with none of the prefixes.
  void check_all_taken(std::span<const std::string_view> prefixes) const {
    for (const Entry& entry : entries_) {
      const auto begins = [&entry](std::string_view prefix) { return entry.name.starts_with(prefix); };
      if (!entry.taken && std::ranges::none_of(prefixes, begins)) {
        throw FormatError({"its tensor '", excerpt(entry.name), "' belongs to no layer"}, Place{.file = file_->name});
      }
    }
  }

 private:
  struct Entry {
    std::string_view name;
    const Tensor* tensor;
    bool taken = false;
  };

  const TensorFile* file_;
  std::vector<Entry> entries_ = {};
};

}  // namespace gemel::detail
