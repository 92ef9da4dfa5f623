#pragma once

#include "gemel/core/error.hpp"
#include "gemel/core/stop.hpp"
#include "gemel/core/types.hpp"
#include "gemel/data/pairs.hpp"

namespace gemel {

/// Options of `fit`, with Keras' names and meanings. S is the model's scalar type. The order of the fields will not
/// change.
template <Scalar S>
struct FitOptions {
  Index epochs = 1;  ///< number of passes over the pairs, at least 1
  /// in pairs (InBatchPairs: in samples), at least 1; the last may be smaller. ClassBatches and ComposedBatches have
  /// sizes of their own
  Index batch_size = 32;
  bool shuffle = true;          ///< whether to draw a new order of the pairs for each epoch
  double validation_split = 0;  ///< in [0, 1): share of static pairs held out: the last ones, before any shuffle
  const Pairs<S>* validation = nullptr;  ///< validation pairs, instead of a split; must outlive the call of fit
  Index threads = 0;                     ///< 1 to max_threads, or 0: as many as are fastest; no result depends on it
  /// The training ends when this flag becomes true: after the current batch, or before the next epoch. An unfinished
  /// validation and a metric that was not measured are NaN in the history. The flag must outlive the call of fit. Null:
  /// none.
  const StopFlag* stop = nullptr;
};

namespace detail {

/// Throws ValueError for an option out of range, and ShapeError for validation pairs with another number of features.
template <Scalar S>
[[gnu::cold]] void check_options(const FitOptions<S>& options, Index features) {
  if (options.epochs < 1) throw ValueError({"epochs must be at least 1, but is ", options.epochs});
  if (options.batch_size < 1) {
    throw ValueError({"batch_size must be at least 1, but is ", options.batch_size});
  }
  if (options.threads < 0) {
    throw ValueError({"threads must be at least 0 (0: tuned), but is ", options.threads});
  }
  if (options.validation && options.validation->features() != features) {
    throw ShapeError(
        {"the network takes ", features, " features, but the validation pairs have ", options.validation->features()});
  }
}

}  // namespace detail
}  // namespace gemel
