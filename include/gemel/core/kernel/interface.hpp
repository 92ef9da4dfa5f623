#pragma once

// The arguments of the kernels, and the functions that return the kernels of the current instruction set. Programs
// include core/kernel.hpp, which says what the kernels are.

#include <cstddef>
#include <cstdint>

#include "gemel/core/dispatch.hpp"
#include "gemel/core/kernel/update.hpp"
#include "gemel/core/types.hpp"

namespace gemel::kernel {

/// y(:, j) = f(bias + A b_j) for all columns j.
template <Scalar S>
struct Product {
  Index rows, depth, cols;
  const S* a;  ///< A: rows x depth, or depth x rows if `transposed`; column-major, its columns are lda values apart
  Index lda;
  const S* const* b;  ///< one pointer per column, to depth values
  const S* bias;      ///< rows values per column (see ldbias); null: the bias is 0
  S* y;               ///< rows x cols; its columns are ldy values apart
  Index ldy;
  bool relu;         ///< f(z) = z < 0 ? 0 : z if true, else f(z) = z
  Index ldbias = 0;  ///< the biases of successive columns are so many values apart; 0: all columns have the same bias
  bool transposed = false;  ///< whether the array `a` holds the transpose of A
  /// If not null, one pointer per column, to rows values: y(i, j) becomes 0 unless keep_j(i) > 0.
  const S* const* keep = nullptr;
  /// @{
  /// If not null, set to the largest |y(i, j)|, or |b_j(k)|, where NaN counts as larger than infinity.
  S* max_abs_y = nullptr;
  S* max_abs_b = nullptr;
  /// @}
};

/// g(:, q) += sum over k of d_k * x_k[first + q], k = 0, 1, … in order.
template <Scalar S>
struct Gradient {
  Index rows, cols, depth;
  const S* const* d;  ///< one pointer per k, to rows values
  const S* const* x;  ///< one pointer per k; x_k[first], …, x_k[first + cols - 1] are read
  Index first;
  S* g;  ///< rows x cols, contiguous
};

/// da += sum over j of c_j (a - b_j) and db_j -= c_j (a - b_j), for `count` columns b_j, j = 0, 1, … in order.
template <Scalar S>
struct Differences {
  Index rows, count;
  const S* a;         ///< rows values
  const S* const* b;  ///< one pointer per j, to rows values
  const S* c;         ///< count values
  S* da;              ///< rows values
  S* const* db;       ///< one pointer per j, to rows values
};

/// da_j = c_j (a_j - b_j) and db_j = -c_j (a_j - b_j) for `count` pairs of columns, each from a product that is added
/// to 0 as in Differences. If `masked` is set, da_j(i) becomes 0 unless a_j(i) > 0, and db_j(i) unless b_j(i) > 0.
template <Scalar S>
struct PairDifferences {
  Index rows, count;
  const S* const* a;  ///< one pointer per j, to rows values; so are b, da and db
  const S* const* b;
  const S* c;  ///< count values
  S* const* da;
  S* const* db;
  bool masked;
};

/// y_j(i) = (x_j(i) - offset(i)) * factor(i), clamped to [-clip, clip], for `cols` columns x_j. It is computed in
/// double and rounded to S at the end. NaN stays NaN.
template <Scalar S>
struct Scaling {
  Index rows, cols;
  const S* const* x;     ///< one pointer per column, to rows values
  const double* offset;  ///< rows values
  const double* factor;  ///< rows values
  double clip;           ///< infinity if nothing is to be clamped
  S* y;                  ///< rows x cols, contiguous
};

/// out(r, c) = image(y(r, c), x(r, c)) for every pixel, interpolated linearly in both directions; outside the image, it
/// is 0. The coordinates count from a border of one pixel, so x = 1 and y = 1 is the first pixel. With the functions
/// f_s of the rows and g_t of the columns,
///   x(r, c) = sum over s and t of matrix(s, t) f_s(r) g_t(c),  y(r, c): the same with matrix(s, functions + t).
template <Scalar S>
struct Warp {
  Index height, width;
  Index functions;      ///< number of functions f_s, and of g_t
  const S* image;       ///< height x width pixels, row after row
  const S* of_row;      ///< f_s(r), row after row: `functions` values each
  const S* of_column;   ///< g_t(c), function after function; the lists are column_stride values apart
  Index column_stride;  ///< width, rounded up to a multiple of packet_values<S>; the values in excess are finite
  const S* matrix;      ///< functions x 2 functions, row after row; the rows are matrix_stride values apart
  Index matrix_stride;  ///< 2 functions, rounded up as above
  S* out;               ///< height x width pixels
  Index rows_at_once;   ///< number of rows whose positions are computed before the pixels are

  // Scratch memory.
  S* corners;            ///< warp_corners<S>(height, width) values
  S* factors;            ///< rows_at_once x matrix_stride values
  S* right;              ///< rows_at_once x width values, and packet_values<S> more
  S* down;               ///< as many
  std::int32_t* corner;  ///< as many
};

/// The number of values in the largest packet of any instruction set.
template <Scalar S>
inline constexpr Index packet_values = 64 / sizeof(S);

/// The distance between the rows of an image with its border, and the size of the scratch memory for two copies of it
/// that are interleaved. The last packet may reach beyond its end.
template <Scalar S>
constexpr Index warp_pitch(Index width) {
  constexpr Index unit = packet_values<S> / 2;
  return (width + 2 + unit - 1) / unit * unit;
}
template <Scalar S>
constexpr Index warp_corners(Index height, Index width) {
  return 2 * (height + 2) * warp_pitch<S>(width) + 2 * packet_values<S>;
}

/// y(i) = x(i) + scale * z(i) for n standard normal numbers z, the same for every instruction set. z(i) depends only on
/// seed, stream and i (core/kernel/normal.inl). The product is rounded before it is added.
template <Scalar S>
struct NormalNoise {
  std::uint64_t seed, stream;
  S scale;
  const S* x;  ///< n values; null: x is 0
  S* y;        ///< n values; may be x
  Index n;
};

/// d_j = |a - b_j|^2 for `count` columns b_j; each is bit-identical to Kernels::squared_distance.
template <Scalar S>
struct DistancesTo {
  Index rows, count;
  const S* a;  ///< rows values
  const S* b;  ///< rows x count; the columns are ldb values apart
  Index ldb;
  S* d;  ///< count values
};

/// Screens 64 columns a_j for those that may be near some queries. With v_j = a_j - center, divided by its norm if
/// `normalize` is set, sets bit j of hits[q] unless
///   of_square * |a_j - center|^2 + b_q . v_j > limits[q],
/// where the left side is computed up to rounding. The bit is also set for all queries unless
/// above < |a_j - center|^2 < below, for example because it is NaN.
template <Scalar S>
struct Screening {
  static constexpr Index columns = 64;
  Index rows = 0, queries = 0;
  const S* a = nullptr;       ///< rows x 64
  Index lda = 0;              ///< the columns of a are lda values apart
  const S* center = nullptr;  ///< rows values
  bool normalize = false;
  S of_square = 0, above = 0, below = 0;
  const S* b = nullptr;           ///< rows x queries, contiguous; no sum may overflow
  const S* limits = nullptr;      ///< one per query, not NaN
  std::uint64_t* hits = nullptr;  ///< one per query

  S* panel = nullptr;  ///< scratch memory: rows x 64 values
};

/// Pointers to the kernels of one instruction set.
template <Scalar S>
struct Kernels {
  void (*product)(const Product<S>&);
  void (*add_gradient)(const Gradient<S>&);
  /// g(i) += sum over k of d_k(i), for i < rows and k < depth.
  void (*add_sum)(const S* const* d, Index rows, Index depth, S* g);
  /// dy(i) = y(i) > 0 ? dy(i) : 0
  void (*relu_backward)(const S* y, S* dy, Index n);
  /// x(i) = sqrt(x(i))
  void (*square_roots)(S* x, Index n);
  S (*dot)(const S* a, const S* b, Index n);
  S (*squared_distance)(const S* a, const S* b, Index n);
  S (*absolute_distance)(const S* a, const S* b, Index n);
  /// d_j = |a_j - b_j|^2 for `count` pairs of columns of n values; each is bit-identical to squared_distance.
  void (*squared_distances)(const S* const* a, const S* const* b, Index n, Index count, S* d);
  void (*add_differences)(const Differences<S>&);
  /// Returns the largest |da_j(i)| or |db_j(i)|, as max_abs does.
  S (*set_differences)(const PairDifferences<S>&);
  /// The largest |x_j(i)| of `cols` columns of n values, where NaN counts as larger than infinity.
  S (*max_abs)(const S* const* x, Index n, Index cols);
};

/// Pointers to the kernels of one instruction set that search for the nearest columns.
template <Scalar S>
struct NearestKernels {
  void (*squared_distances_to)(const DistancesTo<S>&);
  bool (*screen)(const Screening<S>&);  ///< returns whether there is any hit
};

/// Pointers to the kernels of one instruction set for one update rule.
template <class Rule, Scalar S>
struct UpdateKernels {
  void (*update)(const Update<Rule, S>&);
  /// Computes a gradient as add_gradient does, starting from zero, and updates the parameters with it. If `bias` is not
  /// null, also updates the `rows` values of the bias, whose gradient is the sum of the columns d (see add_sum). The
  /// member g of the arguments is not used. The rule must interleave (see `interleaves` in update.hpp).
  void (*fused_update)(const Gradient<S>&, const Update<Rule, S>&, const Update<Rule, S>* bias);
};

// The functions below return the kernels of the current instruction set. Those that only some programs need have
// functions of their own, so that other programs do not compile them.

template <Scalar S>
const Kernels<S>& kernels();

/// The kernels for an update rule.
template <class Rule, Scalar S>
const UpdateKernels<Rule, S>& update_kernels();

/// The kernels that search for the nearest columns.
template <Scalar S>
const NearestKernels<S>& nearest_kernels();

/// The kernel that samples a displaced image.
template <Scalar S>
auto warp_kernel() -> void (*)(const Warp<S>&);

/// The kernel that scales features.
template <Scalar S>
auto scale_kernel() -> void (*)(const Scaling<S>&);

/// The kernel that adds normal numbers.
template <Scalar S>
auto normal_kernel() -> void (*)(const NormalNoise<S>&);

/// Updates the parameters with the current instruction set.
template <class Rule, Scalar S>
void update(const Update<Rule, S>& u) {
  update_kernels<Rule, S>().update(u);
}

}  // namespace gemel::kernel
