#pragma once

#include <string>
#include <vector>

#include "numbers.hpp"
#include "rows.hpp"

namespace program {

/// One sentence: whether the network, the last row, was worth its training. The validation decides; the test is said
/// beside it, with whether it could tell the two apart.
inline std::string verdict(const std::vector<Row>& rows) {
  const std::vector<Row> others(rows.begin(), rows.end() - 1);
  const Row &network = rows.back(), &other = best_row(others);
  const bool pays = network.validation_eer < other.validation_eer;
  const bool apart =
      network.eer_interval.high < other.eer_interval.low || other.eer_interval.high < network.eer_interval.low;
  return std::string("The network ") + (pays ? "pays" : "does not pay") +
         ": its equal error rate on the validation is " + percent(network.validation_eer) + ", and " +
         percent(other.validation_eer) + " without it (" + other.name + "); on the test they are " +
         percent(network.eer) + " and " + percent(other.eer) +
         (apart ? ", with intervals that do not meet." : ", with intervals that overlap.");
}

}  // namespace program
