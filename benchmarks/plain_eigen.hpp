#pragma once

#include <Eigen/Core>
#include <cmath>
#include <random>
#include <vector>

/// The training step of the tutorial (three dense layers of the same width with ReLU, contrastive loss with margin 1,
/// RMSprop) as an expert writes it with Eigen alone; Gemel is compared with it. All matrices are allocated once. Both
/// sides of the n pairs are columns of one matrix, so that each layer is one product with 2n columns. Products use
/// noalias(), and the optimizer is one array expression per variable.
template <class S>
class PlainEigen {
  using Matrix = Eigen::Matrix<S, Eigen::Dynamic, Eigen::Dynamic>;
  using Vector = Eigen::Matrix<S, Eigen::Dynamic, 1>;

 public:
  PlainEigen(Eigen::Index features, Eigen::Index width, Eigen::Index pairs) : pairs_(pairs), x_(features, 2 * pairs) {
    std::mt19937 random(1);
    Eigen::Index in = features;
    for (Layer& layer : layers_) {
      const S limit = std::sqrt(S(6) / static_cast<S>(in + width));
      std::uniform_real_distribution<S> uniform(-limit, limit);
      layer.w = Matrix::NullaryExpr(width, in, [&] { return uniform(random); });
      layer.b = Vector::Zero(width);
      layer.gw = layer.vw = Matrix::Zero(width, in);
      layer.gb = layer.vb = Vector::Zero(width);
      layer.y = layer.delta = Matrix::Zero(width, 2 * pairs);
      in = width;
    }
  }

  /// Sets the weights and biases from W, b, W, b, …; each W is column-major.
  void set_parameters(const S* values) {
    for (Layer& layer : layers_) {
      layer.w = Eigen::Map<const Matrix>(values, layer.w.rows(), layer.w.cols());
      values += layer.w.size();
      layer.b = Eigen::Map<const Vector>(values, layer.b.size());
      values += layer.b.size();
    }
  }

  /// Makes one step on the pairs (first[i], second[i]) with labels similar[i], 1 or 0. Returns the mean loss before it.
  S step(const std::vector<const S*>& first, const std::vector<const S*>& second, const std::vector<S>& similar) {
    using Features = Eigen::Map<const Vector>;
    for (Eigen::Index i = 0; i < pairs_; ++i) {
      x_.col(i) = Features(first[static_cast<std::size_t>(i)], x_.rows());
      x_.col(pairs_ + i) = Features(second[static_cast<std::size_t>(i)], x_.rows());
    }
    const Matrix* input = &x_;
    for (Layer& layer : layers_) {
      layer.y.noalias() = layer.w * *input;
      layer.y.colwise() += layer.b;
      layer.y = layer.y.cwiseMax(S(0));
      input = &layer.y;
    }

    Layer& last = layers_[depth - 1];
    S loss = 0;
    for (Eigen::Index i = 0; i < pairs_; ++i) {
      const auto difference = last.y.col(i) - last.y.col(pairs_ + i);
      const S d = difference.norm(), y = similar[static_cast<std::size_t>(i)];
      const S short_of_margin = std::max(S(0), 1 - d);
      loss += y * d * d + (1 - y) * short_of_margin * short_of_margin;
      const S slope = 2 * (y * d - (1 - y) * short_of_margin) / static_cast<S>(pairs_);
      last.delta.col(i) = (d > 0 ? slope / d : S(0)) * difference;
      last.delta.col(pairs_ + i) = -last.delta.col(i);
    }

    for (int k = depth - 1; k >= 0; --k) {
      Layer& layer = layers_[k];
      layer.delta.array() *= (layer.y.array() > S(0)).template cast<S>();
      layer.gw.noalias() = layer.delta * (k > 0 ? layers_[k - 1].y : x_).transpose();
      layer.gb.noalias() = layer.delta.rowwise().sum();
      if (k > 0) layers_[k - 1].delta.noalias() = layer.w.transpose() * layer.delta;
      update(layer.w, layer.gw, layer.vw);
      update(layer.b, layer.gb, layer.vb);
    }
    return loss / static_cast<S>(pairs_);
  }

  /// The distances between the columns of a and b.
  Vector distance(const Matrix& a, const Matrix& b) const { return (embed(a) - embed(b)).colwise().norm(); }

 private:
  static constexpr int depth = 3;

  struct Layer {
    Matrix w, gw, vw, y, delta;
    Vector b, gb, vb;
  };

  Matrix embed(Matrix x) const {
    for (const Layer& layer : layers_) x = ((layer.w * x).colwise() + layer.b).cwiseMax(S(0));
    return x;
  }

  template <class Parameters>
  static void update(Parameters& w, const Parameters& g, Parameters& v) {
    constexpr S rho = S(0.9), rate = S(1e-3), epsilon = S(1e-7);
    v.array() = rho * v.array() + (1 - rho) * g.array().square();
    w.array() -= rate * g.array() / (v.array() + epsilon).sqrt();
  }

  Eigen::Index pairs_;
  Matrix x_;
  Layer layers_[depth];
};
