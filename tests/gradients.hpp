#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>

#include "gemel/core/columns.hpp"
#include "gemel/core/types.hpp"
#include "gemel/network/layer.hpp"

namespace gemel::test {

/// The larger of the two steps of gradient_error.
inline constexpr double largest_step = 2e-5;

/// The largest error |a - n| / max(|a|, |n|, 1e-3 max |g|) over the elements of a gradient g of f at x, where a is the
/// element of g and n the central difference, for the better of two steps. Kinks must be more than 10 times
/// `largest_step` away.
template <class Function>
double gradient_error(const Function& f, VectorX<double> x, const VectorX<double>& gradient) {
  const double floor = 1e-3 * gradient.cwiseAbs().maxCoeff();
  double worst = 0;
  for (Index i = 0; i < x.size(); ++i) {
    const double at = x[i], a = gradient[i];
    double best = std::numeric_limits<double>::infinity();
    for (const double h : {largest_step, largest_step / 4}) {
      x[i] = at + h;
      const double above = f(x);
      x[i] = at - h;
      const double n = (above - f(x)) / (2 * h);
      const double scale = std::max({std::abs(a), std::abs(n), floor});
      best = std::min(best, a == n ? 0 : std::abs(a - n) / scale);
    }
    x[i] = at;
    worst = std::max(worst, best);
  }
  return worst;
}

/// The same for the input gradient of a layer without parameters whose inputs and outputs have the same size. f is the
/// sum of the outputs weighted by u; x and u have the same shape.
template <class LayerType>
double input_gradient_error(const LayerType& layer, const MatrixX<double>& x, const MatrixX<double>& u,
                            const Pass& pass) {
  const auto forward = [&](const double* from, MatrixX<double>& y) {
    y.resize(x.rows(), x.cols());
    layer.forward(std::span<const double>(), ColumnList<double>(ConstColumns<double>(from, x.rows(), x.cols())),
                  Columns<double>(y.data(), y.rows(), y.cols()), pass);
  };
  MatrixX<double> y, dy = u, dx = MatrixX<double>::Constant(x.rows(), x.cols(), 99);
  forward(x.data(), y);
  layer.backward(std::span<const double>(), ColumnList<double>(ConstColumns<double>(x.data(), x.rows(), x.cols())),
                 ColumnList<double>(ConstColumns<double>(y.data(), y.rows(), y.cols())),
                 Columns<double>(dy.data(), dy.rows(), dy.cols()), Columns<double>(dx.data(), dx.rows(), dx.cols()),
                 pass);
  const auto loss = [&](const VectorX<double>& at) {
    MatrixX<double> out;
    forward(at.data(), out);
    return out.cwiseProduct(u).sum();
  };
  return gradient_error(loss, x.reshaped(), dx.reshaped());
}

}  // namespace gemel::test
