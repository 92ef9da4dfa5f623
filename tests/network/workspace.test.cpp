#include "gemel/network/workspace.hpp"

#include "allocations.hpp"
#include "catch.hpp"
#include "gemel/network/any_network.hpp"
#include "gemel/network/siamese.hpp"

using namespace gemel;

namespace {

template <class Net, class Metric>
void check_no_allocation(const Siamese<Net, Metric>& model) {
  using S = typename Net::Scalar;
  Rng rng{1};
  const MatrixX<S> a = normal<S>(2 * model.network().in(), 200, rng);
  const auto left = a.topRows(model.network().in()), right = a.bottomRows(model.network().in());
  MatrixX<S> y(model.network().out(), 200);
  VectorX<S> d(200);
  Workspace<S> workspace;
  const auto infer = [&](Index n) {
    model.embed(ColumnList<S>(a.data(), a.rows(), model.network().in(), n),
                Columns<S>(y.data(), model.network().out(), n), workspace);
    model.distance(left.leftCols(n), right.leftCols(n), workspace, d.head(n));
  };
  infer(1);  // one sample is enough for the workspace to grow
  const MatrixX<S> expected = model.embed(left);
  const VectorX<S> distances = model.distance(left, right);
  const long before = allocation_count;
  for (const Index n : {200, 1, 97, 200}) infer(n);
  const long after = allocation_count;
  CHECK(after == before);
  CHECK(y == expected);
  CHECK(d == distances);
}

}  // namespace

TEST_CASE("the allocation counter counts", "[workspace]") {
  const long before = allocation_count;
  const Buffer<float> buffer(10);
  const long after_new = allocation_count;
  const MatrixX<float> matrix(10, 10);
  const long after_malloc = allocation_count;
  CHECK(after_new == before + 1);
  CHECK(after_malloc == after_new + malloc_is_counted);
}

TEMPLATE_TEST_CASE("inference with a workspace allocates nothing", "[workspace]", float, double) {
  Rng rng{2};
  check_no_allocation(Siamese<Network<TestType, Dense<30, 40, ReLU>, Dense<40, 20, Tanh>, Dense<20, 7>>>{rng});
  check_no_allocation(Siamese<Network<TestType, L2Normalize<6>, Dense<6, 20, Sigmoid>, Dropout<20>>, Cosine>{rng});
  check_no_allocation(Siamese<AnyNetwork<TestType>, Manhattan>{
      AnyNetwork<TestType>{rng, Sequence<AnyLayer>{{Dense<Dynamic, Dynamic, ReLU>{6, 30}, Dropout<>{30, 0.5},
                                                    Dense<Dynamic, Dynamic, LeakyReLU>{30, 4}, L2Normalize<>{4}}}}});
}

TEST_CASE("a workspace can be used for several networks", "[workspace]") {
  Rng rng{3};
  const Siamese<Network<float, Dense<3, 2>, Dense<2, 2>>> small{rng};
  const Siamese<Network<float, Dense<3, 50>, Dense<50, 60>>> large{rng};
  const MatrixX<float> a = normal<float>(3, 10, rng), b = normal<float>(3, 10, rng);
  Workspace<float> workspace;
  VectorX<float> d(10);
  for (int run = 0; run < 2; ++run) {
    small.distance(a, b, workspace, d);
    CHECK(d == small.distance(a, b));
    large.distance(a, b, workspace, d);
    CHECK(d == large.distance(a, b));
  }
}
