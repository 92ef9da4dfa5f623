// error: gemel: this type does not model the Layer concept
#include "gemel/gemel.hpp"

/// A layer whose gradient_bound takes no number of columns, so that it would not be called. When repaired, it takes
/// one.
struct Half : gemel::Parameterless {
#if defined(REPAIRED)
  static double gradient_bound(double, double, gemel::Index) { return 0; }
#else
  static double gradient_bound(double, double) { return 0; }
#endif
  static gemel::Index in() { return 5; }
  static gemel::Index out() { return 5; }
  template <gemel::Scalar S>
  void forward(std::span<const S>, gemel::ColumnList<S> x, gemel::Columns<S> y, const gemel::Pass&) const {
    for (gemel::Index j = 0; j < y.cols(); ++j) y.col(j) = x.column(j) / 2;
  }
  template <gemel::Scalar S>
  void backward(std::span<const S>, gemel::ColumnList<S>, gemel::ColumnList<S>, gemel::Columns<S> dy,
                gemel::Columns<S> dx, const gemel::Pass&) const {
    if (dx.size() > 0) dx = dy / 2;
  }
};

gemel::Rng rng{1};
gemel::Network<float, Half> network{rng};
