#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>

#include "gemel/core/columns.hpp"
#include "gemel/core/types.hpp"
#include "gemel/network/layer.hpp"

namespace gemel::test {

/// The larger one of the two step sizes that gradient_error tries.
inline constexpr double largest_step = 2e-5;

/// Compares a gradient g of f at x with central differences n. Returns the largest error |g(i) - n(i)| / max(|g(i)|,
/// |n(i)|, 1e-3 * max|g|) over all elements i, where each n(i) is the better one of two step sizes. Kinks of f must be
/// more than 10 * largest_step away from x.
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

/// As above, but for the input gradient at x of a layer that has no parameters and as many outputs as inputs. f is the
/// sum of the outputs weighted with u; x and u have the same shape.
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
