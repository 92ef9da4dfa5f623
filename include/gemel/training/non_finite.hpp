#pragma once

#include <cmath>

#include "gemel/core/error.hpp"
#include "gemel/core/reduce.hpp"
#include "gemel/training/batch_memory.hpp"

namespace gemel::detail {

/// Finds the first pair that is not finite, and where: in its features, a layer, its distance or its slope.
template <Scalar S>
[[noreturn, gnu::cold]] void throw_non_finite(const BatchMemory<S>& memory, Place where) {
  const auto finite = [](const S* values, Index n) { return static_cast<bool>(std::isfinite(peak(values, n))); };
  for (Index p = 0; p < memory.pairs(); ++p) {
    where.pair = p;
    const PairIndex pair = memory.batch.pairs[static_cast<std::size_t>(p)];
    for (const Index sample : {pair.first, pair.second}) {
      if (!finite(memory.x[sample], memory.features)) {
        throw NonFiniteError("a sample's features hold NaN or infinity; clean the data or leave the sample out", where);
      }
      for (Index k = 0; k < length(memory.layers); ++k) {
        const auto& layer = memory.at(k);
        if (!finite(layer.y.data() + sample * layer.out, layer.out)) {
          where.layer = k;
          throw NonFiniteError("a layer's output is NaN or infinite; scale the features or lower the learning rate",
                               where);
        }
      }
    }
    if (!finite(memory.d.data() + p, 1)) throw NonFiniteError("the distance is NaN or infinite", where);
    if (!finite(memory.slope.data() + p, 1)) throw NonFiniteError("the loss's slope is NaN or infinite", where);
  }
  where.pair.reset();
  throw NonFiniteError("the loss or a delta of the backward pass is NaN or infinite; lower the learning rate", where);
}

}  // namespace gemel::detail
