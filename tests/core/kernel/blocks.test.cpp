#include <array>

#include "catch.hpp"
#include "gemel/core/kernel.hpp"
#include "gemel/core/random.hpp"
#include "gemel/gemel.hpp"
#include "instruction_sets.hpp"
#include "pointers.hpp"

using namespace gemel;
using test::for_each_instruction_set;
using test::pointers_to;

// Large matrices are processed in blocks, but single columns of them are not.

TEMPLATE_TEST_CASE("a product in blocks is bit-identical to a product column by column", "[kernel]", float, double) {
  using S = TestType;
  for_each_instruction_set([] {
    Rng rng{1};
    for (const auto [rows, depth, cols] :
         {std::array<Index, 3>{270, 600, 25}, {67, 2100, 31}, {520, 257, 500}, {600, 450, 7}}) {
      const MatrixX<S> a = uniform<S>(rows, depth, rng), b = uniform<S>(depth, cols, rng),
                       bias = uniform<S>(rows, 1, rng);
      const auto columns = pointers_to(b);
      for (const bool relu : {false, true}) {
        for (const S* start : {static_cast<const S*>(nullptr), bias.data()}) {
          MatrixX<S> together(rows, cols), alone(rows, cols);
          kernel::kernels<S>().product(
              {rows, depth, cols, a.data(), rows, columns.data(), start, together.data(), rows, relu});
          for (Index j = 0; j < cols; ++j) {
            kernel::kernels<S>().product(
                {rows, depth, 1, a.data(), rows, columns.data() + j, start, alone.col(j).data(), rows, relu});
          }
          CAPTURE(rows, depth, cols, relu);
          CHECK(together == alone);
        }
      }
    }
  });
}

TEMPLATE_TEST_CASE("a product with a transposed A is bit-identical to that with A", "[kernel]", float, double) {
  using S = TestType;
  for_each_instruction_set([] {
    Rng rng{4};
    for (const Index rows : {1, 7, 16, 33, 64, 130}) {
      for (const Index depth : {1, 3, 16, 45, 256, 300}) {
        for (const Index cols : {1, 2, 5, 13}) {
          const Index lda = depth + cols % 3;
          const MatrixX<S> a = uniform<S>(lda, rows, rng), b = uniform<S>(depth, cols, rng);
          const MatrixX<S> turned = a.topRows(depth).transpose();
          const auto columns = pointers_to(b);
          MatrixX<S> y(rows, cols), expected(rows, cols);
          kernel::kernels<S>().product({.rows = rows,
                                        .depth = depth,
                                        .cols = cols,
                                        .a = a.data(),
                                        .lda = lda,
                                        .b = columns.data(),
                                        .bias = nullptr,
                                        .y = y.data(),
                                        .ldy = rows,
                                        .relu = false,
                                        .transposed = true});
          kernel::kernels<S>().product(
              {rows, depth, cols, turned.data(), rows, columns.data(), nullptr, expected.data(), rows, false});
          CAPTURE(rows, depth, cols);
          CHECK(y == expected);
        }
      }
    }
  });
}

TEMPLATE_TEST_CASE("a gradient in blocks is bit-identical to a gradient column by column", "[kernel]", float, double) {
  using S = TestType;
  for_each_instruction_set([] {
    Rng rng{2};
    for (const auto [rows, cols, depth] : {std::array<Index, 3>{270, 25, 300}, {67, 113, 1100}, {520, 200, 257}}) {
      const Index first = 3;
      const MatrixX<S> d = uniform<S>(rows, depth, rng), x = uniform<S>(first + cols, depth, rng);
      const auto deltas = pointers_to(d), columns = pointers_to(x);
      MatrixX<S> together = uniform<S>(rows, cols, rng), alone = together;
      kernel::kernels<S>().add_gradient({rows, cols, depth, deltas.data(), columns.data(), first, together.data()});
      for (Index j = 0; j < cols; ++j) {
        kernel::kernels<S>().add_gradient(
            {rows, 1, depth, deltas.data(), columns.data(), first + j, alone.col(j).data()});
      }
      CAPTURE(rows, cols, depth);
      CHECK(together == alone);
    }
  });
}

TEST_CASE("a step with a gradient in blocks gives the same bits for any number of threads", "[kernel]") {
  const auto train = [](Index threads) {
    Rng rng{3};
    Siamese model{make_network<float>(rng, Dense<Dynamic, Dynamic, ReLU>{40, 300}, Dense<300, 300, ReLU>{})};
    const MatrixX<float> a = uniform<float>(40, 450, rng), b = uniform<float>(40, 450, rng);
    Pairs<float> pairs{a, b, coin_flips(450, rng)};
    pairs.start_epoch(0, 0, 450, false);
    RMSprop<float> optimizer;
    TrainingStep step{model, ContrastiveLoss{}, optimizer, {.threads = threads}};
    for (int k = 0; k < 2; ++k) step(pairs, 0);
    return VectorX<float>(model.parameters());
  };
  const VectorX<float> alone = train(1);
  CHECK(train(2) == alone);
  CHECK(train(3) == alone);
}
