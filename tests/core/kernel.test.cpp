#include "gemel/core/kernel.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "catch.hpp"
#include "gemel/core/random.hpp"
#include "instruction_sets.hpp"

using namespace gemel;
using test::for_each_instruction_set;

namespace {

template <Scalar S>
constexpr S quiet_nan = std::numeric_limits<S>::quiet_NaN();

// Sizes just below, at and above those of every packet and tile.
const std::vector<Index> sizes = {1, 2, 3, 4, 5, 7, 8, 9, 12, 15, 16, 17, 23, 31, 32, 33, 48, 63, 64, 65, 100, 129};
const std::vector<Index> depths = {1, 2, 5, 33};

Index depth_for(Index cols) { return depths[static_cast<std::size_t>(cols) % depths.size()]; }

// A matrix with a gap behind each column, which no kernel may change, and an array of pointers to its columns in
// reverse order.
template <Scalar S>
struct Strided {
  MatrixX<S> values;
  std::vector<const S*> pointers = {};

  Strided(Index rows, Index cols, Index gap, Rng& rng) : values(normal<S>(rows + gap, cols, rng)) {
    for (Index j = 0; j < cols; ++j) pointers.push_back(values.data() + j * (rows + gap));
    std::ranges::reverse(pointers);
  }
  S at(Index i, Index j) const { return pointers[static_cast<std::size_t>(j)][i]; }
};

template <Scalar S>
bool same_bits(const MatrixX<S>& a, const MatrixX<S>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), static_cast<std::size_t>(a.size()) * sizeof(S)) == 0;
}

// Whether the current kernels use fused multiply-adds, as AVX2 and AVX-512 do: they must equal a chain of std::fma.
bool fuses() { return instruction_set() != InstructionSet::Portable; }

template <Scalar S>
bool near(S value, double expected, double magnitude, Index depth) {
  const double tolerance = static_cast<double>(depth + 1) * std::numeric_limits<S>::epsilon() * magnitude;
  return std::abs(static_cast<double>(value) - expected) <= tolerance;
}

// Compares y = f(bias + A b) with the result in double, and with a chain of std::fma.
template <Scalar S>
void check_product(Index rows, Index depth, Index cols, bool bias, bool relu) {
  Rng rng{static_cast<std::uint64_t>(rows * 10000 + depth * 100 + cols)};
  const Index lda = rows + cols % 3, ldy = rows + 2;
  const MatrixX<S> a = normal<S>(lda, depth, rng), b0 = normal<S>(rows, 1, rng);
  const Strided<S> b(depth, cols, 1, rng);
  const MatrixX<S> before = normal<S>(ldy, cols, rng);
  MatrixX<S> y = before, chain = before;
  kernel::kernels<S>().product({.rows = rows,
                                .depth = depth,
                                .cols = cols,
                                .a = a.data(),
                                .lda = lda,
                                .b = b.pointers.data(),
                                .bias = bias ? b0.data() : nullptr,
                                .y = y.data(),
                                .ldy = ldy,
                                .relu = relu});
  bool right = true;
  for (Index j = 0; j < cols; ++j) {
    for (Index i = 0; i < rows; ++i) {
      S z = bias ? b0(i, 0) : S{0};
      double exact = z, magnitude = std::abs(exact);
      for (Index k = 0; k < depth; ++k) {
        z = std::fma(a(i, k), b.at(k, j), z);
        const double term = static_cast<double>(a(i, k)) * static_cast<double>(b.at(k, j));
        exact += term;
        magnitude += std::abs(term);
      }
      chain(i, j) = relu && z < 0 ? S{0} : z;
      right = right && near(y(i, j), relu ? std::max(exact, 0.0) : exact, magnitude, depth);
    }
  }
  CAPTURE(rows, depth, cols, bias, relu);
  CHECK(right);
  CHECK(y.bottomRows(2) == before.bottomRows(2));
  if (fuses()) CHECK(same_bits(y, chain));
}

// As above, but for g += D X^T with the rows of X from `first` on, or, with `ones`, for the sum of D's columns.
template <Scalar S>
void check_gradient(Index rows, Index cols, Index depth, bool ones) {
  Rng rng{static_cast<std::uint64_t>(rows * 10000 + depth * 100 + cols)};
  const Index first = cols % 4;
  const Strided<S> d(rows, depth, 1, rng), x(first + cols + 1, depth, 0, rng);
  const MatrixX<S> before = normal<S>(rows, cols, rng);
  MatrixX<S> padded(rows, cols + 1);
  padded << before, MatrixX<S>::Constant(rows, 1, 99);
  if (ones) {
    kernel::kernels<S>().add_sum(d.pointers.data(), rows, depth, padded.data());
  } else {
    kernel::kernels<S>().add_gradient({.rows = rows,
                                       .cols = cols,
                                       .depth = depth,
                                       .d = d.pointers.data(),
                                       .x = x.pointers.data(),
                                       .first = first,
                                       .g = padded.data()});
  }
  const MatrixX<S> g = padded.leftCols(cols);
  MatrixX<S> chain = before;
  bool right = true;
  for (Index q = 0; q < cols; ++q) {
    for (Index i = 0; i < rows; ++i) {
      double exact = before(i, q), magnitude = std::abs(exact);
      for (Index k = 0; k < depth; ++k) {
        const S factor = ones ? S{1} : x.at(first + q, k);
        chain(i, q) = std::fma(d.at(i, k), factor, chain(i, q));
        const double term = static_cast<double>(d.at(i, k)) * static_cast<double>(factor);
        exact += term;
        magnitude += std::abs(term);
      }
      right = right && near(g(i, q), exact, magnitude, depth);
    }
  }
  CAPTURE(rows, cols, depth, ones);
  CHECK(right);
  CHECK((padded.col(cols).array() == 99).all());
  if (fuses() || ones) CHECK(same_bits(g, chain));
}

}  // namespace

TEMPLATE_TEST_CASE("a product equals plain loops for every size and remainder", "[kernel]", float, double) {
  for_each_instruction_set([] {
    for (const Index rows : sizes) {
      for (Index cols = 1; cols <= 13; ++cols) check_product<TestType>(rows, depth_for(cols), cols, cols % 2, cols % 3);
    }
    for (const Index depth : depths) {
      for (const bool relu : {false, true}) check_product<TestType>(37, depth, 20, true, relu);
    }
    check_product<TestType>(17, 0, 3, true, false);
  });
}

TEMPLATE_TEST_CASE("a gradient equals plain loops that add in order, for every size and remainder", "[kernel]", float,
                   double) {
  for_each_instruction_set([] {
    for (const Index rows : sizes) {
      for (Index cols = 1; cols <= 13; ++cols) {
        check_gradient<TestType>(rows, cols, depth_for(cols), false);
        if (cols == 1) check_gradient<TestType>(rows, cols, 7, true);
      }
    }
    check_gradient<TestType>(17, 3, 0, false);
  });
}

TEMPLATE_TEST_CASE("a gradient over parts of a batch is bit-identical to that over the whole batch", "[kernel]", float,
                   double) {
  for_each_instruction_set([] {
    Rng rng{1};
    const Index rows = 21, cols = 9, depth = 30;
    const Strided<TestType> d(rows, depth, 0, rng), x(cols, depth, 0, rng);
    MatrixX<TestType> whole = MatrixX<TestType>::Zero(rows, cols), parts = whole;
    const auto add = [&](Index from, Index count, Index first, Index q, MatrixX<TestType>& g) {
      kernel::kernels<TestType>().add_gradient({.rows = rows,
                                                .cols = q,
                                                .depth = count,
                                                .d = d.pointers.data() + from,
                                                .x = x.pointers.data() + from,
                                                .first = first,
                                                .g = g.data() + first * rows});
    };
    add(0, depth, 0, cols, whole);
    add(0, 13, 0, 5, parts);
    add(0, 13, 5, 4, parts);
    add(13, 17, 0, 2, parts);
    add(13, 17, 2, 7, parts);
    CHECK(same_bits(whole, parts));
  });
}

TEMPLATE_TEST_CASE("a product keeps the elements where another matrix is positive, and measures the largest magnitudes",
                   "[kernel]", float, double) {
  using S = TestType;
  for_each_instruction_set([] {
    Rng rng{5};
    for (const Index rows : {1, 7, 16, 33, 64, 130}) {
      for (const Index depth : {1, 12, 300}) {
        for (const Index cols : {1, 2, 6, 8, 13, 64}) {
          const Index gap = rows % 3;
          const MatrixX<S> a = normal<S>(rows, depth, rng), turned = a.transpose(), bias = normal<S>(rows, 1, rng);
          const Strided<S> b(depth, cols, 1, rng);
          Strided<S> keep(rows, cols, gap, rng);
          keep.values.row(rows / 2).setZero();
          for (const bool transposed : {false, true}) {
            kernel::Product<S> product{.rows = rows,
                                       .depth = depth,
                                       .cols = cols,
                                       .a = transposed ? turned.data() : a.data(),
                                       .lda = transposed ? depth : rows,
                                       .b = b.pointers.data(),
                                       .bias = bias.data(),
                                       .y = nullptr,
                                       .ldy = rows,
                                       .relu = false,
                                       .transposed = transposed};
            MatrixX<S> expected(rows, cols), y(rows, cols);
            product.y = expected.data();
            kernel::kernels<S>().product(product);
            for (Index j = 0; j < cols; ++j) {
              for (Index i = 0; i < rows; ++i) expected(i, j) = keep.at(i, j) > 0 ? expected(i, j) : S{0};
            }
            S largest_y = -1, largest_b = -1, expected_b = 0;
            for (const S* column : b.pointers) {
              for (Index k = 0; k < depth; ++k) expected_b = std::max(expected_b, std::abs(column[k]));
            }
            product.y = y.data();
            product.keep = keep.pointers.data();
            product.max_abs_y = &largest_y;
            product.max_abs_b = &largest_b;
            kernel::kernels<S>().product(product);
            CAPTURE(rows, depth, cols, transposed);
            CHECK(same_bits(y, expected));
            CHECK(largest_y == expected.cwiseAbs().maxCoeff());
            CHECK(largest_b == expected_b);
          }
        }
      }
    }
  });
}

TEMPLATE_TEST_CASE("a product's largest magnitude is NaN or infinite wherever such an element is", "[kernel]", float,
                   double) {
  using S = TestType;
  constexpr S infinity = std::numeric_limits<S>::infinity();
  for_each_instruction_set([] {
    for (const S bad : {quiet_nan<S>, -quiet_nan<S>, infinity, -infinity}) {
      for (Index at = 0; at < 35; ++at) {
        MatrixX<S> a = MatrixX<S>::Ones(35, 2), y(35, 13);
        const MatrixX<S> b = MatrixX<S>::Ones(2, 13);
        a(at, 1) = bad;
        std::vector<const S*> columns;
        for (Index j = 0; j < 13; ++j) columns.push_back(b.data() + 2 * j);
        S largest = 0;
        kernel::kernels<S>().product({.rows = 35,
                                      .depth = 2,
                                      .cols = 13,
                                      .a = a.data(),
                                      .lda = 35,
                                      .b = columns.data(),
                                      .bias = nullptr,
                                      .y = y.data(),
                                      .ldy = 35,
                                      .relu = false,
                                      .max_abs_y = &largest});
        CAPTURE(at, bad);
        CHECK((std::isnan(bad) ? std::isnan(largest) : largest == infinity));
      }
    }
    // The rows of A are negative or 0 and b is infinite: the outputs are 0 or NaN, and no lane beyond them counts.
    MatrixX<S> a = MatrixX<S>::Constant(3, 1, -1), y(3, 1);
    const S b = infinity, *column = &b;
    S largest = 1;
    kernel::kernels<S>().product({.rows = 3,
                                  .depth = 1,
                                  .cols = 1,
                                  .a = a.data(),
                                  .lda = 3,
                                  .b = &column,
                                  .bias = nullptr,
                                  .y = y.data(),
                                  .ldy = 3,
                                  .relu = true,
                                  .max_abs_y = &largest});
    CHECK(largest == 0);
  });
}

TEMPLATE_TEST_CASE("NaN propagates through relu at every position", "[kernel]", float, double) {
  for_each_instruction_set([] {
    for (const Index rows : {1, 3, 8, 17, 33, 65}) {
      for (Index at = 0; at < rows; ++at) {
        MatrixX<TestType> a = MatrixX<TestType>::Ones(rows, 2), y(rows, 7);
        a(at, 1) = quiet_nan<TestType>;
        const MatrixX<TestType> b = MatrixX<TestType>::Constant(2, 7, -1);
        std::vector<const TestType*> pointers;
        for (Index j = 0; j < 7; ++j) pointers.push_back(b.data() + 2 * j);
        kernel::kernels<TestType>().product({.rows = rows,
                                             .depth = 2,
                                             .cols = 7,
                                             .a = a.data(),
                                             .lda = rows,
                                             .b = pointers.data(),
                                             .bias = nullptr,
                                             .y = y.data(),
                                             .ldy = rows,
                                             .relu = true});
        CAPTURE(rows, at);
        CHECK(y.row(at).array().isNaN().all());
        CHECK((y.array() == 0).count() == 7 * (rows - 1));
      }
    }
  });
}

TEMPLATE_TEST_CASE("relu_backward keeps the deltas of positive outputs and sets the others to 0", "[kernel]", float,
                   double) {
  for_each_instruction_set([] {
    Rng rng{3};
    for (Index n = 0; n <= 40; ++n) {
      VectorX<TestType> y = normal<TestType>(n, 1, rng), dy = normal<TestType>(n + 1, 1, rng);
      for (Index i = 0; i < n; i += 5) y[i] = i % 2 ? TestType{0} : -TestType{0};
      const VectorX<TestType> before = dy;
      kernel::kernels<TestType>().relu_backward(y.data(), dy.data(), n);
      bool right = dy[n] == before[n];
      for (Index i = 0; i < n; ++i) right = right && dy[i] == (y[i] > 0 ? before[i] : 0);
      CAPTURE(n);
      CHECK(right);
    }
    // A NaN whose output is not positive is replaced by 0; one whose output is positive stays NaN.
    VectorX<TestType> y(2), dy = VectorX<TestType>::Constant(2, quiet_nan<TestType>);
    y << 0, 1;
    kernel::kernels<TestType>().relu_backward(y.data(), dy.data(), 2);
    CHECK(dy[0] == 0);
    CHECK(std::isnan(dy[1]));
  });
}

TEMPLATE_TEST_CASE("max_abs is the largest magnitude, and NaN counts as larger than infinity", "[kernel]", float,
                   double) {
  constexpr TestType infinity = std::numeric_limits<TestType>::infinity();
  for_each_instruction_set([] {
    const auto max_abs = [](const TestType* x, Index n) { return kernel::kernels<TestType>().max_abs(&x, n, 1); };
    CHECK(max_abs(nullptr, 0) == 0);
    Rng rng{4};
    for (const Index n : sizes) {
      VectorX<TestType> x = normal<TestType>(n + 1, 1, rng);
      x[n] = quiet_nan<TestType>;  // after the last element
      CAPTURE(n);
      CHECK(max_abs(x.data(), n) == x.head(n).cwiseAbs().maxCoeff());
      bool right = true;
      for (Index i = 0; i < n; ++i) {
        const TestType kept = x[i];
        x[i] = -100;
        right = right && max_abs(x.data(), n) == 100;
        x[i] = -infinity;
        right = right && max_abs(x.data(), n) == infinity;
        x[(i + 1) % n] = i % 2 ? quiet_nan<TestType> : -quiet_nan<TestType>;
        right = right && std::isnan(max_abs(x.data(), n));
        x[(i + 1) % n] = 1;
        x[i] = kept;
      }
      CHECK(right);
    }
    const VectorX<TestType> zeros = VectorX<TestType>::Constant(5, -TestType{0});
    CHECK(!std::signbit(max_abs(zeros.data(), 5)));
    // The largest value may be in any of several columns.
    for (const Index n : {1, 16, 70}) {
      Strided<TestType> x(n, 3, 1, rng);
      CHECK(kernel::kernels<TestType>().max_abs(x.pointers.data(), n, 0) == 0);
      for (Index j = 0; j < 3; ++j) {
        for (const TestType top : {TestType{-100}, infinity, quiet_nan<TestType>}) {
          const TestType kept = x.values(n - 1, j);
          x.values(n - 1, j) = top;
          const TestType found = kernel::kernels<TestType>().max_abs(x.pointers.data(), n, 3);
          CHECK((std::isnan(top) ? std::isnan(found) : found == std::abs(top)));
          x.values(n - 1, j) = kept;
        }
      }
    }
  });
}
