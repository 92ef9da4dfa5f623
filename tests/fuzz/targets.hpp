#pragma once

#include <cstdint>
#include <cstdlib>
#include <span>
#include <string_view>

#include "gemel/io/csv.hpp"
#include "gemel/io/idx.hpp"

// What a reader owes for any bytes at all: samples that hold together, or an Error. Each returns whether it read them.

namespace gemel {

inline bool survives_csv(std::span<const std::uint8_t> bytes) {
  const std::string_view text{reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  bool read = false;
  for (const CsvOptions& options : {CsvOptions{}, CsvOptions{.label = -1}, CsvOptions{.label = "kind"},
                                    CsvOptions{.label = 0, .header = CsvHeader::No, .separator = ';'}}) {
    try {
      const CsvData<float> data = parse_csv<float>(text, options);
      const bool labelled = !data.labels.empty();
      if (data.samples.features() != length(data.features)) std::abort();
      if (labelled && length(data.labels) != data.samples.size()) std::abort();
      for (const int label : data.labels) {
        if (label < 0 || label >= length(data.classes)) std::abort();
      }
      if (!data.samples.matrix().allFinite()) std::abort();
      read = true;
    } catch (const Error&) {
    }
  }
  return read;
}

inline bool survives_idx(std::span<const std::uint8_t> bytes) {
  bool read = false;
  try {
    const Samples<float> samples = parse_idx<float>(bytes);
    if (samples.features() * samples.size() > length(bytes)) std::abort();
    if (samples.matrix().minCoeff() < 0 || samples.matrix().maxCoeff() > 255) std::abort();
    read = true;
  } catch (const Error&) {
  }
  try {
    if (parse_idx_labels(bytes).size() + 8 != bytes.size() || !read) std::abort();
  } catch (const Error&) {
  }
  return read;
}

}  // namespace gemel
