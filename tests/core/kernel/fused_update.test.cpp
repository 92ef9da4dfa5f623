#include <cstring>
#include <vector>

#include "catch.hpp"
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

// Compares a gradient that is followed by an update with the fused kernel.
template <class Rule, Scalar S>
void check_gradient(const Rule& rule, Index rows, Index cols, Index depth) {
  Rng rng{static_cast<std::uint64_t>(rows + 1000 * cols + 100000 * depth)};
  const Index first = cols % 3;
  const MatrixX<S> d = normal<S>(rows, depth, rng), x = normal<S>(first + cols + 1, depth, rng);
  const auto dz = reversed(d), columns = reversed(x);
  const Parameters<S> before(rows * cols, rng);
  Parameters<S> apart = before, at_once = before;

  MatrixX<S> g = MatrixX<S>::Zero(rows, cols);
  kernel::Gradient<S> gradient{rows, cols, depth, dz.data(), columns.data(), first, g.data()};
  kernel::kernels<S>().add_gradient(gradient);
  kernel::update(apart.block(rule, g.data()));
  gradient.g = nullptr;
  kernel::update_kernels<Rule, S>().fused_update(gradient, at_once.block(rule, nullptr));
  CAPTURE(rows, cols, depth);
  CHECK(at_once == apart);
  CHECK(!(at_once == before));
}

template <class Rule, Scalar S>
void check_sum(const Rule& rule, Index rows, Index depth) {
  Rng rng{static_cast<std::uint64_t>(rows + 1000 * depth)};
  const MatrixX<S> d = normal<S>(rows, depth, rng);
  const auto dz = reversed(d);
  Parameters<S> apart(rows, rng), at_once = apart;
  VectorX<S> g = VectorX<S>::Zero(rows);
  kernel::kernels<S>().add_sum(dz.data(), rows, depth, g.data());
  kernel::update(apart.block(rule, g.data()));
  kernel::update_kernels<Rule, S>().fused_bias_update(dz.data(), depth, at_once.block(rule, nullptr));
  CAPTURE(rows, depth);
  CHECK(at_once == apart);
}

template <Scalar S, class Rule>
void check(const Rule& rule) {
  REQUIRE(kernel::interleaves(rule));
  const std::vector<Index> deep = {1, 2, 5, 24, 64, 65, 130};
  std::size_t turn = 0;
  for_each_instruction_set([&] {
    for (const Index rows : {1, 5, 16, 17, 64, 65, 128, 300}) {
      for (const Index cols : {1, 4, 5, 6, 7, 12, 25}) check_gradient<Rule, S>(rule, rows, cols, deep[++turn % 7]);
      check_sum<Rule, S>(rule, rows, deep[turn % 7]);
    }
    for (const Index depth : deep) check_gradient<Rule, S>(rule, 128, 24, depth);
    check_sum<Rule, S>(rule, 100, 0);
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
