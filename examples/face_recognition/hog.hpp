#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numbers>
#include <vector>

#include "gemel/core/types.hpp"
#include "image.hpp"

namespace faces {

/// Options of `hog`, in pixels.
struct HogOptions {
  Index cell = 8;    ///< the side of a cell
  Index stride = 8;  ///< from one cell to the next; smaller than `cell`: they overlap
};

namespace detail {

inline constexpr Index orientations = 9;

/// The histograms of all cells, orientations x cells, row by row.
struct CellHistograms {
  Index rows = 0, cols = 0;
  std::vector<double> values = {};

  double* of(Index row, Index col) { return values.data() + (row * cols + col) * orientations; }
  const double* of(Index row, Index col) const { return values.data() + (row * cols + col) * orientations; }
};

/// Adds the gradient at a pixel to the two orientations that are nearest to its own, in proportion.
inline void vote(double dx, double dy, double* histogram) {
  const double size = std::sqrt(dx * dx + dy * dy);
  if (size == 0) return;
  // A dark edge on the left and one on the right of a bright line have the same orientation, so half a turn counts.
  double turns = std::atan2(dy, dx) / std::numbers::pi;
  if (turns < 0) turns += 1;
  const double place = turns * static_cast<double>(orientations) - 0.5, below = std::floor(place);
  const auto bin = static_cast<Index>(below) + orientations;
  histogram[bin % orientations] += size * (1 - (place - below));
  histogram[(bin + 1) % orientations] += size * (place - below);
}

inline CellHistograms cell_histograms(const Image& image, const HogOptions& options) {
  CellHistograms cells{.rows = (image.rows() - options.cell) / options.stride + 1,
                       .cols = (image.cols() - options.cell) / options.stride + 1};
  cells.values.resize(static_cast<std::size_t>(cells.rows * cells.cols * orientations));
  for (Index row = 0; row < cells.rows; ++row) {
    for (Index col = 0; col < cells.cols; ++col) {
      for (Index y = row * options.stride; y < row * options.stride + options.cell; ++y) {
        for (Index x = col * options.stride; x < col * options.stride + options.cell; ++x) {
          vote(double{image(y, x + 1)} - double{image(y, x - 1)}, double{image(y + 1, x)} - double{image(y - 1, x)},
               cells.of(row, col));
        }
      }
    }
  }
  return cells;
}

/// Scales values to length 1, limits each to 0.2 and scales them again, so that no single strong edge outweighs all
/// others (L2-Hys). Values that are almost 0 stay so.
inline void normalize(std::vector<double>& values) {
  constexpr double limit = 0.2, little = 1e-2;
  const auto scale = [&values] {
    double squares = little * little;
    for (const double value : values) squares += value * value;
    for (double& value : values) value /= std::sqrt(squares);
  };
  scale();
  for (double& value : values) value = std::min(value, limit);
  scale();
}

}  // namespace detail

/// Appends the histograms of oriented gradients of an image (Dalal and Triggs, Histograms of oriented gradients for
/// human detection, CVPR 2005): the image is covered with square cells, in each of which the gradients vote, by their
/// size, for nine orientations of half a turn. Each 2 x 2 cells are a block, which is normalized (L2-Hys), and the
/// blocks overlap. The image must be at least two cells wide and high.
inline void hog(const Image& image, const HogOptions& options, std::vector<float>& features) {
  const detail::CellHistograms cells = detail::cell_histograms(image, options);
  // The cells of a block touch each other, however much the cells overlap.
  const Index next = std::max<Index>(options.cell / options.stride, 1);
  for (Index row = 0; row + next < cells.rows; ++row) {
    for (Index col = 0; col + next < cells.cols; ++col) {
      std::vector<double> block;
      for (const Index y : {row, row + next}) {
        for (const Index x : {col, col + next}) {
          block.insert(block.end(), cells.of(y, x), cells.of(y, x) + detail::orientations);
        }
      }
      detail::normalize(block);
      for (const double value : block) features.push_back(static_cast<float>(value));
    }
  }
}

}  // namespace faces
