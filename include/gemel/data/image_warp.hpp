#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <utility>

#include "gemel/core/arithmetic.hpp"
#include "gemel/core/buffer.hpp"
#include "gemel/core/columns.hpp"
#include "gemel/core/error.hpp"
#include "gemel/core/kernel.hpp"
#include "gemel/core/random.hpp"
#include "gemel/core/types.hpp"

namespace gemel {

/// Options of an ImageWarp. Each random number is drawn anew for every image. The defaults suit handwritten digits of
/// 28 x 28 pixels; with shift, rotation, scale, shear and elastic = 0, images stay as they are.
struct ImageWarpOptions {
  Index width = 0;        ///< Width of the images, in pixels; to be given.
  Index height = 0;       ///< Height of the images, in pixels; to be given.
  Index channels = 1;     ///< Number of channels; one after another, each of height x width values.
  double shift = 2;       ///< Largest shift in each direction, in pixels; uniform in [-shift, shift].
  double rotation = 0.2;  ///< Largest rotation, in radians, in [0, pi]; uniform in [-rotation, rotation].
  /// Each axis is divided by its own factor, uniform in [1 - scale, 1 + scale]. Must be in [0, 1).
  double scale = 0.12;
  double shear = 0.15;     ///< Largest shear: the horizontal shift per pixel of height, uniform in [-shear, shear].
  double elastic = 1;      ///< Standard deviation, in pixels, of the grid points' displacements in each direction.
  Index elastic_grid = 5;  ///< Number of grid points per direction, from edge to edge; 2 to 16.
};

/// An augmentation for images, for use in Augmented (data/augmented.hpp): shifts, rotates, scales, shears and distorts
/// an image at random, all at once, with one interpolation.
///
///   Augmented source{InBatchPairs<float>{images, classes}, ImageWarp{{.width = 28, .height = 28}}};
///
/// A sample is an image whose rows follow each other, each from left to right; with several channels, it is one such
/// image per channel (not the channels of one pixel beside each other), and all channels are moved alike.
///
/// Pixel (r, c) of the result is the image at the position (Y, X), interpolated linearly between the four pixels around
/// it. Outside the image, everything is 0. With (y, x) = (r, c) relative to the center of the image,
///
///   X = center_x + shift_x + cos(a) k_x x + (shear - sin(a) k_y) y + sum over i, j of D_x(i, j) B_i(r) B_j(c)
///   Y = center_y + shift_y + sin(a) k_x x +          cos(a) k_y  y + sum over i, j of D_y(i, j) B_i(r) B_j(c)
///
/// where a is the rotation, k the scale, and D the displacements of the grid points. B_j is the quadratic B-spline
/// around grid point j; those at the ends include the splines of one more point outside the image, so that the B_j sum
/// up to 1 (de Boor: A practical guide to splines, 1978). Elastic distortions for training are by Simard, Steinkraus
/// and Platt: Best practices for convolutional neural networks applied to visual document analysis, ICDAR 2003, who
/// smooth a field with one displacement per pixel; the grid needs fewer random numbers. The displacements have 256
/// values with the quantiles of the normal distribution.
///
/// It allocates nothing after the first image of a thread.
class ImageWarp {
 public:
  /// Tells Augmented that every value of the result is set.
  using SetsEveryValue = ImageWarp;

  /// @{
  /// A move copies too, so that the object that was moved from can still be used.
  ImageWarp(const ImageWarp&) = default;
  ImageWarp& operator=(const ImageWarp&) = default;
  /// @}

  /// Throws ValueError if an option is out of range.
  [[gnu::cold]] explicit ImageWarp(const ImageWarpOptions& options)
      : options_(options), grid_(options.elastic > 0 ? options.elastic_grid : 1) {
    check();
    float_ = make_functions<float>();
    double_ = make_functions<double>();
    // Quantiles by Tukey's approximation, p^0.14 - (1 - p)^0.14, divided by the standard deviation of these 256 values.
    for (std::size_t k = 0; k < displacements_.size(); ++k) {
      const double p = (static_cast<double>(k) + 0.5) / static_cast<double>(displacements_.size());
      const double quantile = detail::rounded(power(p, 0.14)) - detail::rounded(power(1 - p, 0.14));
      displacements_[k] = static_cast<float>(options.elastic * (quantile / 0.20296));
    }
  }

  /// The number of features of a sample: channels x height x width.
  Index features() const { return options_.channels * options_.height * options_.width; }
  /// The options.
  const ImageWarpOptions& options() const { return options_; }

  /// Sets `out` to a variant of the image `in`. Throws ShapeError unless both have features() values.
  template <Scalar S>
  void operator()(Rng& rng, ConstColumn<S> in, Column<S> out) const {
    if (in.size() != features() || out.size() != features()) refuse(in.size(), out.size());
    const Functions<S>& functions = [this]() -> const Functions<S>& {
      if constexpr (std::same_as<S, float>) {
        return float_;
      } else {
        return double_;
      }
    }();
    const Index height = options_.height, width = options_.width, n = grid_ + 1;
    const Index stride = rounded_up<S>(2 * n);
    const Index at_once = std::min(height, 1 + 1024 / width);  // the positions then stay in the fastest cache
    const Index positions = rounded_up<S>(at_once * width) + kernel::packet_values<S>;
    const Index corners = rounded_up<S>(kernel::packet_values<S> + kernel::warp_corners<S>(height, width));
    thread_local Buffer<S> memory;
    thread_local Buffer<std::int32_t> integers;
    const Index size = n * stride + corners + at_once * stride + 2 * positions;
    if (memory.size() < size) memory.resize(size);
    if (integers.size() < positions) integers.resize(positions);
    S* next = memory.data();
    const auto take = [&next](Index count) { return std::exchange(next, next + count); };
    S* const matrix = take(n * stride);
    kernel::Warp<S> warp{.height = height,
                         .width = width,
                         .functions = n,
                         .image = in.data(),
                         .of_row = functions.of_row.data(),
                         .of_column = functions.of_column.data(),
                         .column_stride = rounded_up<S>(width),
                         .matrix = matrix,
                         .matrix_stride = stride,
                         .out = out.data(),
                         .rows_at_once = at_once,
                         .corners = take(corners) + kernel::packet_values<S> - 2,
                         .factors = take(at_once * stride),
                         .right = take(positions),
                         .down = take(positions),
                         .corner = integers.data()};
    draw(rng, stride, matrix);
    for (Index c = 0; c < options_.channels; ++c) {
      kernel::warp_kernel<S>()(warp);
      warp.image += height * width;
      warp.out += height * width;
    }
  }

 private:
  static constexpr Index max_grid = 16;

  /// The functions of a row and of a column: the splines, and the distance from the center.
  template <Scalar S>
  struct Functions {
    Buffer<S> of_row = {}, of_column = {};  // as in kernel::Warp
  };

  template <Scalar S>
  static constexpr Index rounded_up(Index n) {
    return (n + kernel::packet_values<S> - 1) / kernel::packet_values<S> * kernel::packet_values<S>;
  }

  [[gnu::cold]] void check() const {
    const auto range = [](const char* name, auto value, auto low, auto high) {
      if (value >= low && value <= high) return;
      throw ValueError({"the ", name, " of an ImageWarp must be ", low, " to ", high, ", but is ", value});
    };
    range("width", options_.width, Index{1}, Index{2048});
    range("height", options_.height, Index{1}, Index{2048});
    range("channels", options_.channels, Index{1}, Index{1} << 20);
    range("shift", options_.shift, 0.0, 2048.0);
    range("rotation", options_.rotation, 0.0, 3.1416);
    range("scale", options_.scale, 0.0, 0.99);
    range("shear", options_.shear, 0.0, 100.0);
    range("elastic", options_.elastic, 0.0, 2048.0);
    range("elastic_grid", options_.elastic_grid, Index{2}, max_grid);
  }
  [[gnu::cold, noreturn]] void refuse(Index in, Index out) const {
    throw ShapeError({"an ImageWarp for ", options_.channels, " x ", options_.height, " x ", options_.width,
                      " values (channels x height x width) was given a sample of ", in, " and room for ", out});
  }

  /// The quadratic B-spline around 0.
  static double spline(double x) {
    x = std::abs(x);
    if (x >= 1.5) return 0;
    return x < 0.5 ? std::fma(-x, x, 0.75) : (1.5 - x) * (1.5 - x) / 2;
  }
  /// The spline of grid point `point` at pixel i of n.
  double spline(Index point, Index i, Index n) const {
    if (grid_ == 1) return 1;
    const double at = n == 1 ? 0 : static_cast<double>(i * (grid_ - 1)) / static_cast<double>(n - 1);
    double sum = spline(at - static_cast<double>(point));
    if (point == 0) sum += spline(at + 1);
    if (point == grid_ - 1) sum += spline(at - static_cast<double>(grid_));
    return sum;
  }
  static double from_center(Index i, Index n) { return static_cast<double>(2 * i - (n - 1)) / 2; }

  template <Scalar S>
  Functions<S> make_functions() const {
    const Index n = grid_ + 1, width = options_.width, height = options_.height, stride = rounded_up<S>(width);
    Functions<S> functions{Buffer<S>(height * n), Buffer<S>(n * stride)};
    for (Index s = 0; s < n; ++s) {
      const auto value = [&](Index i, Index size) {
        return static_cast<S>(s < grid_ ? spline(s, i, size) : from_center(i, size));
      };
      for (Index r = 0; r < height; ++r) functions.of_row[r * n + s] = value(r, height);
      for (Index c = 0; c < width; ++c) functions.of_column[s * stride + c] = value(c, width);
    }
    return functions;
  }

  /// Draws the matrix of kernel::Warp. Products that are added are rounded first, so that no compiler fuses them.
  template <Scalar S>
  void draw(Rng& rng, Index stride, S* matrix) const {
    const auto symmetric = [&rng](double largest) {
      return detail::rounded(largest * (2 * static_cast<double>(rng.uniform<float>()) - 1));
    };
    constexpr double two_pi = 0x1.921fb54442d18p+2;
    const double turns = symmetric(options_.rotation) / two_pi;
    const double cosine = cos_of_turns(std::abs(turns)),
                 sine = std::copysign(std::sqrt(1 - detail::rounded(cosine * cosine)), turns);
    const double scale_x = 1 + symmetric(options_.scale), scale_y = 1 + symmetric(options_.scale);
    const double shear = symmetric(options_.shear);
    // The kernel counts from the border, one pixel before the image.
    const double x = 1 - from_center(0, options_.width) + symmetric(options_.shift);
    const double y = 1 - from_center(0, options_.height) + symmetric(options_.shift);
    const S x_per_x = static_cast<S>(cosine * scale_x), y_per_x = static_cast<S>(sine * scale_x);
    const S x_per_y = static_cast<S>(shear - detail::rounded(sine * scale_y)),
            y_per_y = static_cast<S>(cosine * scale_y);

    // The splines sum up to 1, so a number in all of their places is a constant.
    const Index n = grid_ + 1;
    std::array<std::uint8_t, 2 * max_grid * max_grid> bytes;
    if (options_.elastic > 0) {
      for (Index i = 0; i < 2 * grid_ * grid_; i += 4) {
        const std::uint32_t word = rng.bits32();
        for (Index k = 0; k < 4; ++k) bytes[static_cast<std::size_t>(i + k)] = static_cast<std::uint8_t>(word >> 8 * k);
      }
    } else {
      bytes[0] = bytes[1] = 0;
    }
    const std::uint8_t* byte = bytes.data();
    const auto displacement = [&] { return static_cast<double>(displacements_[*byte++]); };
    for (Index s = 0; s < grid_; ++s) {
      S* const row = matrix + s * stride;
      for (Index t = 0; t < grid_; ++t) row[t] = static_cast<S>(x + displacement());
      row[grid_] = x_per_x;
      for (Index t = 0; t < grid_; ++t) row[n + t] = static_cast<S>(y + displacement());
      row[n + grid_] = y_per_x;
    }
    S* const row = matrix + grid_ * stride;
    for (Index t = 0; t < grid_; ++t) {
      row[t] = x_per_y;
      row[n + t] = y_per_y;
    }
    row[grid_] = row[n + grid_] = 0;
  }

  ImageWarpOptions options_;
  Index grid_;  // number of splines per direction; a single one is 1 everywhere
  Functions<float> float_ = {};
  Functions<double> double_ = {};
  std::array<float, 256> displacements_ = {};
};

}  // namespace gemel
