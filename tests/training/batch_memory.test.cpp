#include "gemel/training/batch_memory.hpp"

#include <vector>

#include "catch.hpp"

using namespace gemel;

namespace {

// Six samples of 2 features; layers of 3 and 1 outputs; sample j's values are j.
struct Six {
  MatrixX<float> x = MatrixX<float>::Zero(2, 6);
  detail::BatchMemory<float> memory = {};

  Six() {
    memory.features = 2;
    memory.layers.resize(2);
    memory.at(0).out = 3;
    memory.at(1).out = 1;
    memory.batch.samples = {10, 11, 12, 13, 14, 15};
    memory.batch.pairs = {{0, 1}, {2, 3}, {4, 5}};
    memory.make_room();
    for (Index j = 0; j < 6; ++j) {
      x.col(j).setConstant(static_cast<float>(j));
      memory.x[j] = x.data() + 2 * j;
      for (auto& layer : memory.layers) std::fill_n(layer.y.data() + j * layer.out, layer.out, static_cast<float>(j));
    }
  }

  // Member t owns the samples from starts[t] to starts[t + 1]; `active` lists the active samples.
  void keep(const std::vector<Index>& starts, const std::vector<Index>& active) {
    std::fill_n(memory.position.data(), 6, Index{-1});
    for (const Index j : active) memory.position[j] = 0;
    memory.active = 0;
    for (std::size_t t = 0; t + 1 < starts.size(); ++t) {
      const Index count = memory.keep_active({starts[t], starts[t + 1]});
      // The delta of each active sample, in its new column, is the sample's index.
      for (Index i = 0; i < count; ++i) {
        const Index j = memory.active_columns[starts[t] + i];
        CHECK(memory.position[j] == starts[t] + i);
        for (auto& layer : memory.layers) {
          std::fill_n(layer.dy.data() + (starts[t] + i) * layer.out, layer.out, static_cast<float>(j));
        }
      }
      memory.append_active(starts[t], count);
    }
  }
};

std::vector<Index> numbers(const ColumnList<float>& list) {
  std::vector<Index> found;
  for (Index j = 0; j < list.cols(); ++j) {
    for (Index i = 0; i < list.rows(); ++i) CHECK(list(i, j) == list(0, j));
    found.push_back(static_cast<Index>(list(0, j)));
  }
  return found;
}

}  // namespace

TEST_CASE("the active samples are in order for any division among members", "[batch_memory]") {
  for (const std::vector<Index>& active : std::vector<std::vector<Index>>{{1, 2, 5}, {0, 1, 2, 3, 4, 5}, {4}, {}}) {
    for (const std::vector<Index>& starts :
         std::vector<std::vector<Index>>{{0, 6}, {0, 2, 6}, {0, 1, 2, 3, 4, 5, 6}, {0, 0, 4, 4, 6}}) {
      CAPTURE(active.size(), starts.size());
      Six six;
      six.keep(starts, active);
      detail::BatchMemory<float>& memory = six.memory;
      CHECK(memory.active == length(active));
      CHECK(numbers(memory.active_inputs(0, 0, memory.active)) == active);
      CHECK(numbers(memory.active_inputs(1, 0, memory.active)) == active);
      CHECK(numbers(memory.active_outputs(1, 0, memory.active)) == active);
      CHECK(numbers(memory.active_dz(0)) == active);
      CHECK(numbers(memory.active_dz(1)) == active);
      CHECK(memory.active_inputs(0, 0, 1).rows() == 2);
      CHECK(memory.active_inputs(1, 0, 1).rows() == 3);
      CHECK(memory.active_dz(1).rows() == 1);
    }
  }
}

TEST_CASE("buffers are kept for smaller batches and grow for larger ones", "[batch_memory]") {
  Six six;
  detail::BatchMemory<float>& memory = six.memory;
  CHECK(memory.samples() == 6);
  CHECK(memory.pairs() == 3);
  const float* before = memory.at(0).y.data();
  memory.batch.samples.resize(4);
  memory.batch.pairs.resize(2);
  memory.make_room();
  CHECK(memory.at(0).y.data() == before);
  CHECK(memory.columns.size() == 6);
  memory.batch.samples.resize(9);
  memory.batch.pairs.resize(36);
  memory.make_room();
  CHECK(memory.at(0).y.size() == 27);
  CHECK(memory.at(1).dy.size() == 9);
  CHECK(memory.columns[8] == 8);
  CHECK(memory.d.size() == 36);
  CHECK(memory.slope.size() == 36);
}
