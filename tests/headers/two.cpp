#include "headers.hpp"

gemel::VectorX<float> distances_seen_by_two(const Model& model, const gemel::MatrixX<float>& a,
                                            const gemel::MatrixX<float>& b) {
  return model.distance(a, b);
}
