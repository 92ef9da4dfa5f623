#include <cstring>
#include <vector>

#include "catch.hpp"
#include "gemel/core/buffer.hpp"
#include "gemel/core/kernel.hpp"
#include "gemel/core/random.hpp"
#include "instruction_sets.hpp"

using namespace gemel;
using test::for_each_instruction_set;

namespace {

// The parameters and the state arrays of an optimizer: each has n values, and one more that no kernel may change.
template <Scalar S>
struct Parameters {
  MatrixX<S> arrays;

  Parameters(Index n, Rng& rng) : arrays(normal<S>(n + 1, 4, rng).cwiseAbs()) {}

  template <class Rule>
  kernel::Update<Rule, S> block(const Rule& rule, const S* g) {
    const Index n = arrays.rows() - 1;
    return {rule, n, g, arrays.data(), {arrays.col(1).data(), arrays.col(2).data(), arrays.col(3).data()}};
  }
  bool operator==(const Parameters& other) const {
    return std::memcmp(arrays.data(), other.arrays.data(), static_cast<std::size_t>(arrays.size()) * sizeof(S)) == 0;
  }
};

// Pointers to the columns, in reverse order.
template <Scalar S>
std::vector<const S*> reversed(const MatrixX<S>& columns) {
  std::vector<const S*> pointers;
  for (Index j = columns.cols() - 1; j >= 0; --j) pointers.push_back(columns.data() + j * columns.rows());
  return pointers;
}

// Compares gradients that are followed by an update with the fused kernel: those of some columns of weights, and that
// of the bias. The kernel gets scratch memory or none, and the bias or none.
template <class Rule, Scalar S>
void check_gradient(const Rule& rule, Index rows, Index cols, Index depth) {
  Rng rng{static_cast<std::uint64_t>(rows + 1000 * cols + 100000 * depth)};
  const Index first = cols % 3;
  const MatrixX<S> d = normal<S>(rows, depth, rng), x = normal<S>(first + cols, depth, rng);
  const auto dz = reversed(d), columns = reversed(x);
  const Parameters<S> weights(rows * cols, rng), biases(rows, rng);

  Parameters<S> expected_weights = weights, expected_bias = biases;
  MatrixX<S> g = MatrixX<S>::Zero(rows, cols);
  kernel::Gradient<S> gradient{rows, cols, depth, dz.data(), columns.data(), first, g.data()};
  kernel::kernels<S>().add_gradient(gradient);
  kernel::update(expected_weights.block(rule, g.data()));
  VectorX<S> sum = VectorX<S>::Zero(rows);
  kernel::kernels<S>().add_sum(dz.data(), rows, depth, sum.data());
  kernel::update(expected_bias.block(rule, sum.data()));

  gradient.g = nullptr;
  static Buffer<S> scratch(kernel::fused_scratch<S>);
  for (S* const memory : {scratch.data(), static_cast<S*>(nullptr)}) {
    for (const bool with_bias : {true, false}) {
      Parameters<S> at_once = weights, bias = biases;
      auto block = at_once.block(rule, nullptr);
      block.scratch = memory;
      const auto bias_block = bias.block(rule, nullptr);
      kernel::update_kernels<Rule, S>().fused_update(gradient, block, with_bias ? &bias_block : nullptr);
      CAPTURE(rows, cols, depth, memory != nullptr, with_bias);
      CHECK(at_once == expected_weights);
      CHECK((cols == 0 || !(at_once == weights)));
      CHECK(bias == (with_bias ? expected_bias : biases));
    }
  }
}

template <Scalar S, class Rule>
void check(const Rule& rule) {
  REQUIRE(kernel::interleaves(rule));
  const std::vector<Index> deep = {1, 2, 5, 24, 64, 65, 130};
  std::size_t turn = 0;
  for_each_instruction_set([&] {
    for (const Index rows : {1, 5, 8, 16, 17, 64, 65, 128, 300}) {
      for (const Index cols : {0, 1, 2, 4, 5, 6, 7, 8, 12, 14, 25}) {
        check_gradient<Rule, S>(rule, rows, cols, deep[++turn % 7]);
      }
    }
    for (const Index depth : deep) check_gradient<Rule, S>(rule, 128, 24, depth);
    check_gradient<Rule, S>(rule, 100, 0, 0);
    check_gradient<Rule, S>(rule, 32, 200, 300);                    // more tiles than are copied at once
    check_gradient<Rule, S>(rule, 300, 200, 130);                   // the same, with narrow tiles and rows that remain
    check_gradient<Rule, S>(rule, 600, 230, 24);                    // parameters that exceed the cache
    check_gradient<Rule, S>(rule, 16, 9, kernel::fused_depth);      // the deepest copy
    check_gradient<Rule, S>(rule, 16, 9, kernel::fused_depth + 1);  // too deep to be copied
  });
}

}  // namespace

TEMPLATE_TEST_CASE("a fused update is bit-identical to a gradient followed by an update", "[kernel]", float, double) {
  using S = TestType;
  const S rate = static_cast<S>(0.01), share = static_cast<S>(0.1), epsilon = static_cast<S>(1e-7);
  check<S>(kernel::SGDRule<S>{0, 0, rate, 0, false, false});
  check<S>(kernel::RMSpropRule<S>{0, 0, rate, 1 - share, share, 0, epsilon, false, false});
  check<S>(kernel::AdamRule<S>{0, 0, rate, share, share / 100, epsilon, 1, false});
}

TEST_CASE("only the plain variant of a rule is interleaved with the gradient", "[kernel]") {
  CHECK(!kernel::interleaves(kernel::SGDRule<float>{0, 0, 1, 0.9F, false, false}));
  CHECK(!kernel::interleaves(kernel::SGDRule<float>{0.1F, 0, 1, 0, false, false}));
  CHECK(!kernel::interleaves(kernel::SGDRule<float>{0, 0.1F, 1, 0, false, false}));
  CHECK(!kernel::interleaves(kernel::RMSpropRule<float>{0, 0, 1, 0.9F, 0.1F, 0.5F, 0, false, false}));
  CHECK(!kernel::interleaves(kernel::RMSpropRule<float>{0, 0, 1, 0.9F, 0.1F, 0, 0, true, false}));
  CHECK(!kernel::interleaves(kernel::RMSpropRule<float>{0, 0, 1, 0.9F, 0.1F, 0, 0, false, true}));
  CHECK(!kernel::interleaves(kernel::AdamRule<float>{0, 0, 1, 0.1F, 0.1F, 0, 1, true}));
  CHECK(!kernel::interleaves(kernel::AdamRule<float>{0, 0.1F, 1, 0.1F, 0.1F, 0, 1, false}));
}
