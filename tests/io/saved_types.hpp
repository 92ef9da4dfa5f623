#pragma once

#include <array>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "gemel/core/columns.hpp"
#include "gemel/core/random.hpp"
#include "gemel/core/type_name.hpp"
#include "gemel/network/layer.hpp"

// A layer, an activation and a distance of a user's own, which can be saved.

namespace gemel::test {

/// y = gain * z, with an option.
struct Gain {
  double gain = 1;
  template <Scalar S>
  S value(S z) const {
    return static_cast<S>(gain) * z;
  }
  template <Scalar S>
  S slope(S) const {
    return static_cast<S>(gain);
  }
  template <class To>
  void save(To& to) const {
    to.number("gain", gain);
  }
  template <class From>
  static Gain load(const From& from) {
    return {from.number("gain")};
  }
};

/// y(i) = f(p(i) * x(i) + offset(i)): one parameter and a fitted offset for each feature, and an activation.
class Elementwise {
 public:
  Elementwise(std::vector<double> offset, Gain gain) : offset_(std::move(offset)), gain_(gain) {}

  Index in() const { return length(offset_); }
  Index out() const { return in(); }
  Index parameter_count() const { return in(); }
  Index grain() const { return 1; }
  std::array<Index, 1> variables() const { return {in()}; }
  template <Scalar S>
  void initialize(std::span<S> p, Rng& rng) const {
    for (S& value : p) value = rng.uniform<S>();
  }
  template <Scalar S>
  void forward(std::span<const S> p, ColumnList<S> x, Columns<S> y, const Pass&) const {
    for (Index j = 0; j < y.cols(); ++j) {
      for (Index i = 0; i < in(); ++i) {
        const auto at = static_cast<std::size_t>(i);
        y(i, j) = gain_.value(p[at] * x[j][i] + static_cast<S>(offset_[at]));
      }
    }
  }
  template <Scalar S>
  void backward(std::span<const S> p, ColumnList<S>, ColumnList<S>, Columns<S> dy, Columns<S> dx, const Pass&) const {
    dy *= static_cast<S>(gain_.gain);
    for (Index j = 0; j < dx.cols(); ++j) {
      for (Index i = 0; i < in(); ++i) dx(i, j) = dy(i, j) * p[static_cast<std::size_t>(i)];
    }
  }
  template <Scalar S>
  void add_gradient(ColumnList<S> x, ColumnList<S> dz, Index first, std::span<S> g) const {
    for (Index j = 0; j < x.cols(); ++j) {
      for (Index i = 0; i < length(g); ++i) g[static_cast<std::size_t>(i)] += x[j][first + i] * dz[j][first + i];
    }
  }

  template <class To>
  void save(To& to) const {
    to.vector("offset", offset_);
    to.part("activation", gain_);
    to.optional_number("absent", std::nullopt);
  }
  template <class From>
  static Elementwise load(const From& from) {
    return {from.vector("offset"), from.template part<Gain>("activation")};
  }

 private:
  std::vector<double> offset_;
  Gain gain_;
};

/// d = factor * |a - b|^2, where the factor is saved as fitted state.
struct Weighted {
  double factor = 1;
  template <Scalar S>
  S value(ConstColumn<S> a, ConstColumn<S> b) const {
    return static_cast<S>(factor) * (a - b).squaredNorm();
  }
  template <Scalar S>
  void add_gradient(ConstColumn<S> a, ConstColumn<S> b, S, S slope, Column<S> da, Column<S> db) const {
    da += 2 * slope * static_cast<S>(factor) * (a - b);
    db -= 2 * slope * static_cast<S>(factor) * (a - b);
  }
  template <class To>
  void save(To& to) const {
    to.vector("factor", {&factor, 1});
  }
  template <class From>
  static Weighted load(const From& from) {
    return {from.vector("factor").at(0)};
  }
};

}  // namespace gemel::test

template <>
inline constexpr std::string_view gemel::type_name<gemel::test::Gain> = "test::Gain";
template <>
inline constexpr std::string_view gemel::type_name<gemel::test::Elementwise> = "test::Elementwise";
template <>
inline constexpr std::string_view gemel::type_name<gemel::test::Weighted> = "test::Weighted";
