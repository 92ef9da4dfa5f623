#include <cmath>
#include <limits>

#include "catch.hpp"
#include "gemel/core/random.hpp"
#include "gemel/core/reduce.hpp"
#include "instruction_sets.hpp"
#include "pointers.hpp"

using namespace gemel;
using test::for_each_instruction_set;
using test::pointers_to;

TEMPLATE_TEST_CASE("the distances of many pairs are bit-identical to those of single pairs", "[kernel]", float,
                   double) {
  using S = TestType;
  for_each_instruction_set([] {
    Rng rng{4};
    for (const Index n : {1, 7, 16, 33, 128}) {
      for (const Index count : {0, 1, 2, 3, 4, 5, 7, 8, 16, 17, 19, 40}) {
        MatrixX<S> a = normal<S>(n, count, rng), b = normal<S>(n, count, rng);
        if (count > 2) b(0, 2) = std::numeric_limits<S>::quiet_NaN();  // must not affect the other pairs
        const auto first = pointers_to(a), second = pointers_to(b);
        VectorX<S> d = VectorX<S>::Constant(count + 1, -1);
        squared_distances<S>(first.data(), second.data(), n, count, d.data());
        CAPTURE(n, count);
        bool right = d[count] == -1;
        for (Index j = 0; j < count; ++j) {
          right = right && (j == 2 ? std::isnan(d[j]) : d[j] == squared_distance(a.col(j).data(), b.col(j).data(), n));
        }
        CHECK(right);
      }
    }
  });
}

TEMPLATE_TEST_CASE("add_differences adds to both sides of each pair, and nowhere else", "[kernel]", float, double) {
  using S = TestType;
  for_each_instruction_set([] {
    Rng rng{5};
    for (const Index n : {1, 5, 16, 63, 64, 65, 129}) {
      for (const Index count : {0, 1, 3, 20}) {
        const VectorX<S> a = normal<S>(n, 1, rng), c = normal<S>(count, 1, rng);
        MatrixX<S> b = normal<S>(n, count, rng), db = normal<S>(n + 1, count, rng);
        VectorX<S> da = normal<S>(n + 1, 1, rng);
        MatrixX<double> expected = db.template cast<double>();
        VectorX<double> sum = da.template cast<double>();
        for (Index j = 0; j < count; ++j) {
          const VectorX<double> term = static_cast<double>(c[j]) * (a - b.col(j)).template cast<double>();
          sum.head(n) += term;
          expected.col(j).head(n) -= term;
        }
        const auto columns = pointers_to(b), deltas = pointers_to(db);
        kernel::kernels<S>().add_differences({n, count, a.data(), columns.data(), c.data(), da.data(), deltas.data()});
        CAPTURE(n, count);
        const double tolerance = 100 * std::numeric_limits<S>::epsilon();
        CHECK((da.template cast<double>() - sum).cwiseAbs().maxCoeff() <= tolerance);
        if (count > 0) CHECK((db.template cast<double>() - expected).cwiseAbs().maxCoeff() <= tolerance);
        CHECK(static_cast<double>(da[n]) == sum[n]);
      }
    }
  });
}

TEMPLATE_TEST_CASE("set_differences is bit-identical to adding to zeros, then a ReLU's mask, then max_abs", "[kernel]",
                   float, double) {
  using S = TestType;
  for_each_instruction_set([] {
    Rng rng{6};
    for (const Index n : {1, 5, 16, 63, 64, 65, 129}) {
      for (const Index count : {0, 1, 3, 20}) {
        const MatrixX<S> a = normal<S>(n, count, rng), b = normal<S>(n, count, rng);
        VectorX<S> c = normal<S>(count, 1, rng);
        if (count > 1) c[1] = 0;
        const auto first = pointers_to(a), second = pointers_to(b);
        for (const bool masked : {false, true}) {
          MatrixX<S> da = MatrixX<S>::Zero(n, count), db = da, set_a(n + 1, count), set_b(n + 1, count);
          set_a.setConstant(9), set_b.setConstant(9);
          for (Index j = 0; j < count; ++j) {
            const S *const from_a = a.col(j).data(), *const from_b = b.col(j).data();
            S* const to_b = db.col(j).data();
            kernel::kernels<S>().add_differences({n, 1, from_a, &from_b, &c[j], da.col(j).data(), &to_b});
            if (!masked) continue;
            kernel::kernels<S>().relu_backward(from_a, da.col(j).data(), n);
            kernel::kernels<S>().relu_backward(from_b, to_b, n);
          }
          const auto to_a = pointers_to(set_a), to_b = pointers_to(set_b);
          const S largest = kernel::kernels<S>().set_differences(
              {n, count, first.data(), second.data(), c.data(), to_a.data(), to_b.data(), masked});
          CAPTURE(n, count, masked);
          CHECK(set_a.topRows(n) == da);
          CHECK(set_b.topRows(n) == db);
          CHECK((count == 0 || (set_a.row(n).array() == 9).all()));
          CHECK(largest == std::max(max_abs(da.data(), da.size()), max_abs(db.data(), db.size())));
        }
      }
    }
  });
}
