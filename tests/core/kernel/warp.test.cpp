#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <vector>

#include "catch.hpp"
#include "gemel/core/buffer.hpp"
#include "gemel/core/kernel.hpp"
#include "gemel/core/random.hpp"
#include "instruction_sets.hpp"

using namespace gemel;

namespace {

// The arguments of the kernel, with scratch memory that is full of NaN.
template <Scalar S>
struct WarpedImage {
  Index height, width, functions;
  MatrixX<S> image, of_row, of_column, matrix;  // the image is transposed: width x height
  MatrixX<S> out;

  WarpedImage(Index rows, Index cols, Index count, Rng& rng)
      : height(rows),
        width(cols),
        functions(count),
        image(normal<S>(cols, rows, rng)),
        of_row(normal<S>(count, rows, rng)) {
    const auto rounded_up = [](Index n) {
      return (n + kernel::packet_values<S> - 1) / kernel::packet_values<S> * kernel::packet_values<S>;
    };
    of_column = MatrixX<S>::Zero(rounded_up(width), functions);
    of_column.topRows(width) = normal<S>(width, functions, rng);
    matrix = MatrixX<S>::Zero(rounded_up(2 * functions), functions);
    matrix.topRows(2 * functions) = normal<S>(2 * functions, functions, rng);
    // Most positions are inside the image or near it: around its center, which the first functions give.
    of_row.row(0).setOnes();
    of_column.col(0).head(width).setOnes();
    matrix.topRows(functions) *= static_cast<S>(width) / static_cast<S>(4 * functions);
    matrix.middleRows(functions, functions) *= static_cast<S>(height) / static_cast<S>(4 * functions);
    matrix(0, 0) = static_cast<S>(width + 1) / 2;
    matrix(functions, 0) = static_cast<S>(height + 1) / 2;
  }

  void warp(Index rows_at_once) {
    const S nan = std::numeric_limits<S>::quiet_NaN();
    const Index positions = rows_at_once * width + kernel::packet_values<S>;
    VectorX<S> corners = VectorX<S>::Constant(kernel::warp_corners<S>(height, width), nan);
    VectorX<S> factors = VectorX<S>::Constant(rows_at_once * matrix.rows(), nan);
    VectorX<S> right = VectorX<S>::Constant(positions, nan), down = right;
    std::vector<std::int32_t> corner(static_cast<std::size_t>(positions), 1 << 30);
    out = MatrixX<S>::Constant(width, height + 1, 99);
    kernel::warp_kernel<S>()({.height = height,
                              .width = width,
                              .functions = functions,
                              .image = image.data(),
                              .of_row = of_row.data(),
                              .of_column = of_column.data(),
                              .column_stride = of_column.rows(),
                              .matrix = matrix.data(),
                              .matrix_stride = matrix.rows(),
                              .out = out.data(),
                              .rows_at_once = rows_at_once,
                              .corners = corners.data(),
                              .factors = factors.data(),
                              .right = right.data(),
                              .down = down.data(),
                              .corner = corner.data()});
  }

  double pixel(double row, double col) const {
    const bool inside = row >= 0 && row < static_cast<double>(height) && col >= 0 && col < static_cast<double>(width);
    return inside ? static_cast<double>(image(static_cast<Index>(col), static_cast<Index>(row))) : 0;
  }
  /// The pixel in row r and column c of the result, in double.
  double expected(Index r, Index c) const {
    double x = -1, y = -1;  // the kernel counts from the border
    for (Index s = 0; s < functions; ++s) {
      for (Index t = 0; t < functions; ++t) {
        const double product = static_cast<double>(of_row(s, r)) * static_cast<double>(of_column(c, t));
        x += static_cast<double>(matrix(t, s)) * product;
        y += static_cast<double>(matrix(functions + t, s)) * product;
      }
    }
    const double col = std::floor(x), row = std::floor(y);
    const double above = pixel(row, col) * (1 - (x - col)) + pixel(row, col + 1) * (x - col);
    const double below = pixel(row + 1, col) * (1 - (x - col)) + pixel(row + 1, col + 1) * (x - col);
    return above * (1 - (y - row)) + below * (y - row);
  }
};

}  // namespace

TEMPLATE_TEST_CASE("a warped image equals plain loops, for every size", "[kernel]", float, double) {
  using S = TestType;
  test::for_each_instruction_set([] {
    Rng rng{5};
    Index inside = 0;
    for (const Index height : {1, 2, 7, 20}) {
      for (const Index width : {1, 2, 3, 4, 5, 8, 9, 15, 16, 17, 28, 32, 33}) {
        const Index functions = 1 + (height + width) % 9;
        WarpedImage<S> image(height, width, functions, rng);
        MatrixX<S> first;
        for (const Index rows_at_once : {height, Index{1}, Index{3}}) {
          CAPTURE(height, width, functions, rows_at_once);
          image.warp(rows_at_once);
          double worst = 0;
          for (Index r = 0; r < height; ++r) {
            for (Index c = 0; c < width; ++c) {
              const double expected = image.expected(r, c);
              const double error = std::abs(static_cast<double>(image.out(c, r)) - expected);
              worst = error < worst ? worst : error;  // a NaN becomes the worst
              inside += expected != 0;
            }
          }
          CHECK(worst < 2e4 * static_cast<double>(std::numeric_limits<S>::epsilon()));
          CHECK((image.out.col(height).array() == 99).all());
          if (rows_at_once == height) first = image.out;
          CHECK(image.out == first);
        }
      }
    }
    CHECK(inside > 10000);
  });
}

TEMPLATE_TEST_CASE("a warped image has the same bits with every fused instruction set", "[kernel]", float, double) {
  using S = TestType;
  MatrixX<S> first;
  test::for_each_fused([&] {
    Rng rng{6};
    WarpedImage<S> image(19, 23, 6, rng);
    image.warp(4);
    if (first.size() == 0) first = image.out;
    CHECK(std::memcmp(first.data(), image.out.data(), static_cast<std::size_t>(first.size()) * sizeof(S)) == 0);
  });
}

TEMPLATE_TEST_CASE("positions that are huge, infinite or NaN are outside of the image", "[kernel]", float, double) {
  using S = TestType;
  constexpr S infinity = std::numeric_limits<S>::infinity();
  test::for_each_instruction_set([] {
    Rng rng{7};
    WarpedImage<S> image(5, 9, 1, rng);
    image.of_row.setOnes();
    image.of_column.setOnes();
    for (const S x : {S{1e30F}, S{-1e30F}, infinity, -infinity, std::numeric_limits<S>::quiet_NaN()}) {
      image.matrix(0, 0) = x;
      image.matrix(1, 0) = 2;
      image.warp(5);
      CHECK((image.out.leftCols(5).array() == 0).all());
      std::swap(image.matrix(0, 0), image.matrix(1, 0));
      image.warp(5);
      CHECK((image.out.leftCols(5).array() == 0).all());
    }
  });
}
