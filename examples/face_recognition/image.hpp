#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>
#include <vector>

#include "gemel/core/error.hpp"
#include "gemel/core/types.hpp"

namespace faces {

using gemel::Index;

/// A gray image. Its values are from 0, black, to 1, white, row by row from the top.
class Image {
 public:
  /// An image of these values, rows * cols of them. Throws ShapeError if there are more or fewer, or none.
  Image(Index rows, Index cols, std::vector<float> values) : rows_(rows), cols_(cols), values_(std::move(values)) {
    if (rows >= 1 && cols >= 1 && gemel::length(values_) / rows == cols && gemel::length(values_) % rows == 0) return;
    throw gemel::ShapeError({"an image of ", cols, " x ", rows, " pixels cannot have ", values_.size(), " values"});
  }

  Index rows() const { return rows_; }
  Index cols() const { return cols_; }
  const std::vector<float>& values() const { return values_; }

  /// The value of a pixel; one beyond a border has that of the nearest pixel.
  float operator()(Index row, Index col) const {
    row = std::clamp<Index>(row, 0, rows_ - 1);
    col = std::clamp<Index>(col, 0, cols_ - 1);
    return values_[static_cast<std::size_t>(row * cols_ + col)];
  }

 private:
  Index rows_, cols_;
  std::vector<float> values_;
};

namespace detail {

/// Which pixels of a line an interval of it covers, and how much of each.
struct Cover {
  Index first;
  std::vector<double> shares;  ///< of the pixels from `first` on; their sum is 1
};

/// The covers of `to` intervals of equal length, into which a line of `from` pixels is divided.
inline std::vector<Cover> covers(Index from, Index to) {
  std::vector<Cover> all;
  const double length = static_cast<double>(from) / static_cast<double>(to);
  for (Index k = 0; k < to; ++k) {
    const double begin = length * static_cast<double>(k), end = length * static_cast<double>(k + 1);
    Cover& cover = all.emplace_back(Cover{std::min(static_cast<Index>(begin), from - 1), {}});
    for (Index i = cover.first; i < from && (i == cover.first || static_cast<double>(i) < end); ++i) {
      const double low = std::max(begin, static_cast<double>(i)), high = std::min(end, static_cast<double>(i + 1));
      cover.shares.push_back(std::max(high - low, 0.0) / length);
    }
  }
  return all;
}

}  // namespace detail

/// The image with another size. Each of its pixels is the mean of the area that it covers of the given image (area
/// averaging), so that no detail of a larger image turns into a pattern that was not there.
inline Image scaled(const Image& image, Index rows, Index cols) {
  if (image.rows() == rows && image.cols() == cols) return image;
  const std::vector<detail::Cover> down = detail::covers(image.rows(), rows),
                                   across = detail::covers(image.cols(), cols);
  std::vector<float> values;
  values.reserve(static_cast<std::size_t>(rows * cols));
  for (const detail::Cover& of_row : down) {
    for (const detail::Cover& of_col : across) {
      double sum = 0;
      for (std::size_t i = 0; i < of_row.shares.size(); ++i) {
        for (std::size_t j = 0; j < of_col.shares.size(); ++j) {
          sum += of_row.shares[i] * of_col.shares[j] *
                 static_cast<double>(image(of_row.first + static_cast<Index>(i), of_col.first + static_cast<Index>(j)));
        }
      }
      values.push_back(static_cast<float>(sum));
    }
  }
  return {rows, cols, std::move(values)};
}

/// The image with left and right exchanged.
inline Image mirrored(const Image& image) {
  std::vector<float> values;
  values.reserve(image.values().size());
  for (Index row = 0; row < image.rows(); ++row) {
    for (Index col = image.cols() - 1; col >= 0; --col) values.push_back(image(row, col));
  }
  return {image.rows(), image.cols(), std::move(values)};
}

}  // namespace faces
