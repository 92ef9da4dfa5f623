#pragma once

#include <string>
#include <vector>

#include "gemel/core/types.hpp"

namespace gemel {

/// What a training run reached, one entry an epoch.
struct History {
  std::vector<double> loss = {};             ///< mean of the batch losses, weighed by batch size, while weights move
  std::vector<double> validation_loss = {};  ///< empty without validation
  std::vector<double> learning_rate = {};    ///< of the epoch's last step
  std::vector<double> seconds = {};          ///< wall time of the epoch, validation included
  std::vector<std::string> warnings = {};    ///< what should be known though it went on, each once; epochs count from 1
  Index threads = 1;                         ///< the number of threads that was used
  bool stopped = false;                      ///< whether a callback or a stop flag ended it early

  Index epochs() const { return length(loss); }
};

}  // namespace gemel
