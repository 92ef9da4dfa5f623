// Compiled with -march=native, unlike one.cpp, with which it shares a trained model.
#include "headers.hpp"

void distances_seen_by_two(const Model& model, const float* a, const float* b, gemel::Index n, float* d) {
  using gemel::ConstColumns;
  const gemel::Index features = model.network().in();
  gemel::Workspace<float> workspace;
  model.distance(ConstColumns<float>(a, features, n), ConstColumns<float>(b, features, n), workspace,
                 gemel::Column<float>(d, n));
}
