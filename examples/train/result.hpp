#pragma once

#include <cmath>
#include <cstdint>
#include <fstream>
#include <iomanip>
#include <ostream>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "gemel/core/error.hpp"
#include "gemel/core/types.hpp"
#include "gemel/metrics/interval.hpp"

namespace train {

using gemel::Index;

/// What a run reached. Rates are shares of 1, on the test pairs; the threshold was set on others.
struct Result {
  double eer = 0;
  gemel::Interval eer_interval = {};
  double auc = 0;
  double accuracy = 0;
  double threshold = 0;
  double far = 0;
  double frr = 0;
  double seconds = 0;  ///< of the training, validation included
  double pairs_per_second = 0;
  Index train_pairs = 0;  ///< an epoch
  Index test_pairs = 0;
  std::string test_pairs_are = {};
  Index parameters = 0;
  Index epochs = 0;
  Index threads = 1;
  std::uint64_t seed = 0;
};

namespace detail {

inline std::string fixed(double value, int digits) {
  std::ostringstream text;
  text << std::fixed << std::setprecision(digits) << value;
  return text.str();
}

inline std::string percent(double share) { return fixed(100 * share, 2) + " %"; }

}  // namespace detail

/// Prints the table that ends a run.
inline void print_table(const Result& result, std::ostream& out) {
  using detail::fixed;
  using detail::percent;
  const std::vector<std::pair<std::string, std::string>> rows = {
      {"equal error rate", percent(result.eer) + "  (95 % interval " + percent(result.eer_interval.low) + " to " +
                               percent(result.eer_interval.high) + ")"},
      {"area under ROC", fixed(result.auc, 5)},
      {"accuracy", percent(result.accuracy) + "  at the threshold"},
      {"false accepts", percent(result.far) + "  at the threshold"},
      {"false rejects", percent(result.frr) + "  at the threshold"},
      {"threshold", std::isfinite(result.threshold) ? fixed(result.threshold, 4) : "none"},
      {"test pairs", std::to_string(result.test_pairs) + "  (" + result.test_pairs_are + ")"},
      {"training pairs",
       std::to_string(result.train_pairs) + "  an epoch, " + std::to_string(result.epochs) + " epochs"},
      {"training time", fixed(result.seconds, 2) + " s  (" + fixed(result.pairs_per_second, 0) + " pairs/s, " +
                            std::to_string(result.threads) + (result.threads == 1 ? " thread)" : " threads)")},
      {"parameters", std::to_string(result.parameters)},
      {"seed", std::to_string(result.seed)},
  };
  for (const auto& [name, value] : rows) out << "  " << std::left << std::setw(18) << name << value << '\n';
}

/// Writes the same as JSON; null stands for what is not finite. Throws IoError where the file cannot be written.
inline void write_json(const std::string& path, const Result& result) {
  std::ofstream file(path);
  file << std::setprecision(17);
  const char* separator = "{\n";
  const auto entry = [&](const char* name, auto value) {
    file << separator << "  \"" << name << "\": ";
    if (std::isfinite(static_cast<double>(value))) {
      file << value;
    } else {
      file << "null";
    }
    separator = ",\n";
  };
  entry("eer", result.eer);
  entry("auc", result.auc);
  entry("accuracy", result.accuracy);
  entry("threshold", result.threshold);
  entry("far", result.far);
  entry("frr", result.frr);
  entry("seconds", result.seconds);
  entry("pairs_per_second", result.pairs_per_second);
  entry("train_pairs", result.train_pairs);
  entry("test_pairs", result.test_pairs);
  entry("parameters", result.parameters);
  file << "\n}\n";
  file.close();
  if (!file) throw gemel::IoError("cannot be written: does its folder exist, is it writable?", {.file = path});
}

}  // namespace train
