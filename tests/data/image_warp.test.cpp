#include "gemel/data/image_warp.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#include "allocations.hpp"
#include "catch.hpp"
#include "error_text.hpp"
#include "gemel/data/augmented.hpp"
#include "gemel/data/in_batch_pairs.hpp"
#include "hash.hpp"
#include "instruction_sets.hpp"
#include "mentions.hpp"

using namespace gemel;

namespace {

/// Options that change nothing.
ImageWarpOptions still(Index width, Index height, Index channels = 1) {
  return {.width = width,
          .height = height,
          .channels = channels,
          .shift = 0,
          .rotation = 0,
          .scale = 0,
          .shear = 0,
          .elastic = 0};
}

template <Scalar S>
VectorX<S> warped(const ImageWarp& warp, const VectorX<S>& image, Rng& rng) {
  VectorX<S> out(image.size());
  warp(rng, ConstColumn<S>(image.data(), image.size()), Column<S>(out.data(), out.size()));
  return out;
}

/// The positions from which one variant takes its pixels. An image whose pixels are their own columns or rows tells
/// them: linear interpolation keeps linear functions, as long as a position is inside the image.
struct Positions {
  Index width, height;
  VectorX<double> x, y;
  std::vector<bool> inside = {};

  Positions(const ImageWarpOptions& options, Rng& rng) : width(options.width), height(options.height) {
    ImageWarpOptions three = options;
    three.channels = 3;
    const Index n = width * height;
    VectorX<double> image = VectorX<double>::Ones(3 * n);
    for (Index r = 0; r < height; ++r) {
      for (Index c = 0; c < width; ++c) {
        image[r * width + c] = static_cast<double>(c);
        image[n + r * width + c] = static_cast<double>(r);
      }
    }
    const VectorX<double> out = warped(ImageWarp{three}, image, rng);
    x = out.head(n);
    y = out.segment(n, n);
    for (Index i = 0; i < n; ++i) inside.push_back(out[2 * n + i] > 1 - 1e-12);
  }

  Index at(Index r, Index c) const { return r * width + c; }
  bool knows(Index r, Index c) const { return inside[static_cast<std::size_t>(at(r, c))]; }

  /// Calls f(dx, dy, r, c) for all pixels inside, with the position and the pixel relative to the center.
  template <class F>
  void each(const F& f) const {
    const double center_x = static_cast<double>(width - 1) / 2, center_y = static_cast<double>(height - 1) / 2;
    for (Index r = 0; r < height; ++r) {
      for (Index c = 0; c < width; ++c) {
        if (knows(r, c)) {
          f(x[at(r, c)] - center_x, y[at(r, c)] - center_y, static_cast<double>(r) - center_y,
            static_cast<double>(c) - center_x);
        }
      }
    }
  }
};

/// The smallest and the largest of the values.
struct Seen {
  double low = std::numeric_limits<double>::infinity(), high = -low;
  void add(double value) { low = std::min(low, value), high = std::max(high, value); }
};

// Whether uniform draws from [-limit, limit] may have this smallest and largest value, with a few hundred of them.
bool fills(const Seen& seen, double limit) {
  return seen.low >= -limit && seen.low < -0.9 * limit && seen.high <= limit && seen.high > 0.9 * limit;
}

}  // namespace

TEMPLATE_TEST_CASE("without any change, the image stays as it is", "[image_warp]", float, double) {
  using S = TestType;
  test::for_each_instruction_set([] {
    Rng rng{1};
    for (const Index width : {1, 2, 7, 28, 100}) {
      for (const Index height : {1, 5, 28}) {
        const ImageWarp warp{still(width, height, 2)};
        CHECK(warp.features() == 2 * width * height);
        const VectorX<S> image = normal<S>(warp.features(), 1, rng);
        CHECK(warped(warp, image, rng) == image);
      }
    }
  });
}

TEST_CASE("an image is shifted in both directions, up to the limit", "[image_warp]") {
  ImageWarpOptions options = still(20, 30);
  options.shift = 3;
  Rng rng{2};
  Seen right, down;
  for (int i = 0; i < 300; ++i) {
    const Positions positions(options, rng);
    Seen x, y;
    positions.each([&](double dx, double dy, double r, double c) { x.add(dx - c), y.add(dy - r); });
    CHECK((x.high - x.low < 1e-12 && y.high - y.low < 1e-12));
    right.add(x.low), down.add(y.low);
  }
  CHECK((fills(right, 3) && fills(down, 3)));
}

TEST_CASE("an image is rotated around its center, up to the limit", "[image_warp]") {
  ImageWarpOptions options = still(21, 16);
  for (const double limit : {0.3, 3.1415}) {
    options.rotation = limit;
    Rng rng{3};
    Seen angles, error;
    for (int i = 0; i < 300; ++i) {
      const Positions positions(options, rng);
      double angle = 0;
      positions.each([&](double dx, double dy, double r, double c) {
        if (c == 2 && r == 0.5) angle = std::atan2(dy, dx) - std::atan2(r, c);
      });
      angle = std::remainder(angle, 2 * 3.14159265358979);
      positions.each([&](double dx, double dy, double r, double c) {
        error.add(dx - (std::cos(angle) * c - std::sin(angle) * r));
        error.add(dy - (std::sin(angle) * c + std::cos(angle) * r));
      });
      angles.add(angle);
    }
    CHECK((error.low > -1e-6 && error.high < 1e-6));
    CHECK(fills(angles, limit));
  }
}

TEST_CASE("an image is scaled in each direction and sheared, up to the limits", "[image_warp]") {
  Rng rng{4};
  ImageWarpOptions options = still(20, 20);
  options.scale = 0.25;
  Seen width, height, ratio, error;
  for (int i = 0; i < 300; ++i) {
    const Positions positions(options, rng);
    double x = 0, y = 0;
    positions.each([&](double dx, double dy, double r, double c) {
      if (c == 0.5 && r == 0.5) x = dx / c, y = dy / r;
    });
    positions.each([&](double dx, double dy, double r, double c) { error.add(dx - x * c), error.add(dy - y * r); });
    width.add(x - 1), height.add(y - 1), ratio.add(x - y);
  }
  CHECK((fills(width, 0.25) && fills(height, 0.25)));
  CHECK((ratio.low < -0.3 && ratio.high > 0.3));

  options = still(20, 20);
  options.shear = 0.4;
  Seen shear;
  for (int i = 0; i < 300; ++i) {
    const Positions positions(options, rng);
    double seen = 0;
    positions.each([&](double dx, double, double r, double c) {
      if (c == 0.5 && r == 0.5) seen = (dx - c) / r;
    });
    positions.each([&](double dx, double dy, double r, double c) { error.add(dx - c - seen * r), error.add(dy - r); });
    shear.add(seen);
  }
  CHECK(fills(shear, 0.4));
  CHECK((error.low > -1e-12 && error.high < 1e-12));
}

TEST_CASE("the elastic displacements are normal, smooth, and different in each direction", "[image_warp]") {
  ImageWarpOptions options = still(29, 29);
  options.elastic = 0.5;  // small, so that almost all positions are inside
  Rng rng{5};
  const Index grid_point = 14;  // in the middle
  double sum = 0, squares = 0, products = 0, roughness = 0, steps = 0;
  Index large = 0;
  const int n = 2000;
  for (int i = 0; i < n; ++i) {
    const Positions positions(options, rng);
    const Index at = positions.at(grid_point, grid_point);
    const double dx = positions.x[at] - static_cast<double>(grid_point),
                 dy = positions.y[at] - static_cast<double>(grid_point);
    sum += dx;
    squares += dx * dx;
    products += dx * dy;
    large += std::abs(dx) > 1;
    const auto displacement = [&](Index c) {
      return positions.x[positions.at(grid_point, c)] - static_cast<double>(c);
    };
    for (Index c = 10; c < 18; ++c) {
      roughness = std::max(roughness, std::abs(displacement(c - 1) - 2 * displacement(c) + displacement(c + 1)));
      steps = std::max(steps, std::abs(displacement(c + 1) - displacement(c)));
    }
  }
  // A grid point's own displacement has the weight 0.75^2, those beside it 0.75 / 8 and those across 1 / 64.
  const double variance = 0.25 * std::pow(0.75 * 0.75 + 2 * 0.125 * 0.125, 2);
  CHECK(std::abs(sum / n) < 4 * std::sqrt(variance / n));
  CHECK(std::abs(squares / n / variance - 1) < 4 * std::sqrt(2.0 / n));
  CHECK(std::abs(products / n / variance) < 4 / std::sqrt(n));
  CHECK(std::abs(static_cast<double>(large) / n - 2 * 0.00036) < 0.004);  // beyond 3.4 standard deviations
  CHECK(steps > 0.1);
  CHECK(roughness < 0.15);
}

TEST_CASE("outside of the image there is 0, and NaN stays NaN", "[image_warp]") {
  Rng rng{6};
  ImageWarpOptions options = still(6, 6);
  options.shift = 1000;
  const VectorX<float> ones = VectorX<float>::Ones(36);
  CHECK(warped(ImageWarp{options}, ones, rng) == VectorX<float>::Zero(36));
  options.shift = 0.5;
  VectorX<float> image = ones;
  image[14] = std::numeric_limits<float>::quiet_NaN();
  CHECK(std::isnan(warped(ImageWarp{options}, image, rng).sum()));
}

TEST_CASE("all channels are moved alike, in float and in double", "[image_warp]") {
  Rng rng{7}, first{8}, second{8};
  const ImageWarp warp{{.width = 28, .height = 20, .channels = 3}};
  VectorX<float> image(3 * 560);
  image << normal<float>(560, 1, rng), VectorX<float>::Zero(560), VectorX<float>::Zero(560);
  image.tail(560) = 2 * image.head(560);
  const VectorX<float> out = warped(warp, image, first);
  const VectorX<double> same = warped(warp, VectorX<double>(image.cast<double>()), second);
  CHECK(out.head(560) != image.head(560));
  CHECK(out.segment(560, 560).isZero(0));
  CHECK(out.tail(560) == 2 * out.head(560));
  CHECK((out.cast<double>() - same).cwiseAbs().maxCoeff() < 1e-4);
  CHECK(first.bits() == second.bits());
}

TEMPLATE_TEST_CASE("the variants have the recorded bits", "[image_warp]", float, double) {
  using S = TestType;
  const std::uint64_t recorded = sizeof(S) == 4 ? 0xc00cf309a6a70d78 : 0xebbe06d102aeda70;
  test::for_each_fused([=] {
    Rng rng{9};
    test::Hash hash;
    for (const Index size : {28, 11}) {
      const ImageWarp warp{{.width = size, .height = size + 2, .elastic_grid = 2 + size % 5}};
      for (int i = 0; i < 10; ++i) hash.add(warped(warp, VectorX<S>(uniform<S>(warp.features(), 1, rng)), rng));
    }
    CHECK(hash.value() == recorded);
  });
}

TEST_CASE("every value of the result is set, whatever the size of the image", "[image_warp]") {
  Rng rng{5};
  for (const Index width : {1, 7, 15, 16, 17, 31, 32, 33, 47, 49, 65}) {
    for (const Index height : {1, 3, 4, 9}) {
      CAPTURE(width, height);
      const ImageWarp warp{{.width = width, .height = height, .channels = 2}};
      const VectorX<float> image = VectorX<float>::Constant(warp.features(), 0.5F);
      VectorX<float> out = VectorX<float>::Constant(warp.features() + 1, std::numeric_limits<float>::quiet_NaN());
      warp(rng, ConstColumn<float>(image.data(), image.size()), Column<float>(out.data(), image.size()));
      CHECK(out.head(image.size()).allFinite());
      CHECK(std::isnan(out[image.size()]));

      const ImageWarp still{{.width = width,
                             .height = height,
                             .channels = 2,
                             .shift = 0,
                             .rotation = 0,
                             .scale = 0,
                             .shear = 0,
                             .elastic = 0}};
      const VectorX<double> noise = uniform<double>(warp.features(), 1, rng);
      VectorX<double> same = VectorX<double>::Constant(warp.features(), -1);
      still(rng, ConstColumn<double>(noise.data(), noise.size()), Column<double>(same.data(), same.size()));
      CHECK(same == noise);
    }
  }
}

TEST_CASE("it augments a source of images, and allocates nothing after the first", "[image_warp]") {
  Rng rng{10};
  const ImageWarp warp{{.width = 9, .height = 8}};
  const InBatchPairs<float> images{uniform<float>(72, 12, rng), Classes(std::vector<int>(12, 1))};
  Augmented source{images, warp};
  source.start_epoch(1, 0, 6, true);
  VectorX<float> before(72), after(72);
  source.column(1, 2, before.data());
  const long allocations = allocation_count;
  for (Index j = 0; j < 6; ++j) source.column(1, j, after.data());
  CHECK(allocation_count == allocations);
  source.column(1, 2, after.data());
  CHECK(after == before);
  CHECK(after != ConstColumn<float>(source.source().column(1, 2, nullptr), 72));

  const auto construct = [&] { Augmented{images, ImageWarp{{.width = 8, .height = 8}}}; };
  CHECK(mentions(error_text<ShapeError>(construct), "the samples have 72 features, but the augmentation is for 64"));
}

TEST_CASE("a moved-from ImageWarp is unchanged", "[image_warp]") {
  ImageWarp warp{{.width = 9, .height = 8}};
  const VectorX<float> image = VectorX<float>::LinSpaced(72, 0, 1);
  Rng before{11}, after{11};
  const VectorX<float> expected = warped(warp, image, before);
  { const ImageWarp other = std::move(warp); }
  CHECK(warped(warp, image, after) == expected);
}

TEST_CASE("options out of range and samples of another size are rejected", "[image_warp]") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const ImageWarpOptions good{.width = 28, .height = 28};
  const auto text = [&](const auto& change) {
    ImageWarpOptions options = good;
    change(options);
    return error_text<ValueError>([&] { ImageWarp{options}; });
  };
  CHECK(mentions(text([](auto& o) { o.width = 0; }), "the width of an ImageWarp must be 1 to 2048, but is 0"));
  CHECK(mentions(text([](auto& o) { o.height = 4000; }), "height"));
  CHECK(mentions(text([](auto& o) { o.channels = 0; }), "channels"));
  CHECK(mentions(text([](auto& o) { o.shift = -1; }), "shift"));
  CHECK(mentions(text([](auto& o) { o.rotation = 20; }), "rotation"));
  CHECK(mentions(text([](auto& o) { o.scale = 1; }), "scale"));
  CHECK(mentions(text([&](auto& o) { o.shear = nan; }), "shear"));
  CHECK(mentions(text([](auto& o) { o.elastic = std::numeric_limits<double>::infinity(); }), "elastic"));
  CHECK(mentions(text([](auto& o) { o.elastic_grid = 1; }), "elastic_grid"));
  CHECK(text([](auto&) {}) == "no error");

  Rng rng{1};
  const VectorX<float> small = VectorX<float>::Zero(783);
  CHECK(mentions(error_text<ShapeError>([&] { warped(ImageWarp{good}, small, rng); }),
                 "an ImageWarp for 1 x 28 x 28 values (channels x height x width) was given a sample of 783"));
}
