#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "catch.hpp"
#include "gemel/core/kernel.hpp"
#include "gemel/core/random.hpp"
#include "instruction_sets.hpp"
#include "pointers.hpp"

using namespace gemel;
using test::for_each_instruction_set;
using test::pointers_to;

TEMPLATE_TEST_CASE("features are scaled in double and rounded once, with the same bits everywhere", "[kernel]", float,
                   double) {
  using S = TestType;
  constexpr double infinity = std::numeric_limits<double>::infinity();
  for_each_instruction_set([] {
    Rng rng{6};
    for (const Index rows : {1, 3, 8, 17, 100}) {
      for (const Index cols : {0, 1, 4, 7, 9}) {
        for (const double clip : {infinity, 0.5}) {
          MatrixX<S> x = normal<S>(rows, cols, rng);
          const VectorX<double> offset = normal<double>(rows, 1, rng), factor = normal<double>(rows, 1, rng);
          if (cols > 1) x(0, 1) = std::numeric_limits<S>::quiet_NaN();
          if (cols > 5) x(rows - 1, 5) = std::numeric_limits<S>::infinity();
          MatrixX<S> y = MatrixX<S>::Constant(rows, cols + 1, 99), expected = y;
          for (Index j = 0; j < cols; ++j) {
            for (Index i = 0; i < rows; ++i) {
              const double scaled = (static_cast<double>(x(i, j)) - offset[i]) * factor[i];
              expected(i, j) = static_cast<S>(std::isnan(scaled) ? scaled : std::clamp(scaled, -clip, clip));
            }
          }
          const auto columns = pointers_to(x);
          kernel::scale_kernel<S>()({rows, cols, columns.data(), offset.data(), factor.data(), clip, y.data()});
          CAPTURE(rows, cols, clip);
          bool right = true;
          for (Index i = 0; i < y.size(); ++i) {
            const S a = y.data()[i], b = expected.data()[i];
            right = right && (std::isnan(b) ? std::isnan(a) : std::memcmp(&a, &b, sizeof(S)) == 0);
          }
          CHECK(right);
        }
      }
    }
  });
}
