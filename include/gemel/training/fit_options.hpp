#pragma once

#include "gemel/core/types.hpp"
#include "gemel/data/pairs.hpp"

namespace gemel {

/// How `fit` trains; Keras' names and meanings. S is the model's scalar. The order of the fields will not change.
template <Scalar S>
struct FitOptions {
  Index epochs = 1;
  Index batch_size = 32;                  ///< pairs; the last batch of an epoch may be smaller, and is trained too
  bool shuffle = true;                    ///< draw the order of the pairs anew each epoch
  double validation_split = 0;            ///< this share of static pairs, the last ones, is held out before any shuffle
  const Pairs<S>* validation = nullptr;   ///< or pairs of their own
  Index threads = 0;                      ///< 0: as many as make a step fastest; no result depends on it
};

}  // namespace gemel
