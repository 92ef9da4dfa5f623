#pragma once

#include "gemel/data/classes.hpp"
#include "gemel/data/samples.hpp"

namespace train {

/// Samples and the class of each.
struct LabelledSamples {
  gemel::Samples<float> samples;
  gemel::Classes classes;
};

}  // namespace train
