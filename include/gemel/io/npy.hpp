#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <initializer_list>
#include <limits>
#include <new>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gemel/core/error.hpp"
#include "gemel/core/extent.hpp"
#include "gemel/core/types.hpp"
#include "gemel/data/classes.hpp"
#include "gemel/data/samples.hpp"
#include "gemel/io/byte_reader.hpp"
#include "gemel/io/input_file.hpp"
#include "gemel/io/npy_header.hpp"
#include "gemel/io/replace_file.hpp"
#include "gemel/io/signature.hpp"

namespace gemel {

namespace detail {

/// Reads NumPy's .npy format, versions 1.0 to 3.0: the signature, the version, the length of the header, the header
/// (npy_header.hpp), and the values.
template <Input Reader>
class NpyReader {
 public:
  /// Reads the header, and compares it with the size of the input before anything is allocated for values.
  explicit NpyReader(Reader& reader) : reader_(reader), header_(read_header()) {
    const std::vector<Index>& shape = header_.shape;
    if (shape.empty()) fail({"its header's 'shape' is (), one number, but the first dimension counts the samples"});
    const auto bytes = static_cast<std::uint64_t>(header_.bytes);
    for (std::size_t i = 0; i < shape.size(); ++i) {
      const auto size = static_cast<std::uint64_t>(shape[i]);
      if (size == 0) fail({"dimension ", i, " of its header's 'shape' is 0: there are no values"});
      // The product cannot overflow, since the size of the input bounds it at each step.
      if (size > reader_.most_bytes() / bytes / values_) {
        fail({"its header's 'shape' asks for more values than it has bytes: it is truncated"});
      }
      values_ *= size;
    }
    if (values_ > static_cast<std::uint64_t>(max_values)) {
      fail({"its header's 'shape' asks for ", values_, " values, more than this machine holds"});
    }
    if constexpr (requires { reader_.size(); }) {
      const std::uint64_t available = reader_.size() - begin_;
      if (available < values_ * bytes) fail_truncated(available);
      if (available > values_ * bytes) {
        fail({"its header's 'shape' asks for ", values_, " values of ", bytes, " bytes, but ", available,
              " bytes follow the header: the values are followed by other bytes"});
      }
    }
  }

  Index size() const { return header_.shape[0]; }
  Index features() const { return static_cast<Index>(values_) / size(); }

  /// Writes all values to `out`, a column-major matrix of features x size. Throws as read_npy does.
  template <Scalar S>
  void read_samples(S* out) {
    if (header_.fortran) {
      read_values([&, position = Position{header_.shape}](auto values, std::uint64_t) mutable {
        for (const auto value : values) {
          const Index to = position.next();
          out[to] = converted<S>(value, to);
        }
      });
    } else {
      read_values([&](auto values, std::uint64_t first) {
        auto to = static_cast<Index>(first);
        for (const auto value : values) {
          out[to] = converted<S>(value, to);
          ++to;
        }
      });
    }
  }

  /// Appends all values, one per sample, to `out` as class numbers. Throws as read_npy_classes does.
  void read_classes(std::vector<std::int64_t>& out) {
    read_values([&](auto values, std::uint64_t first) {
      auto sample = static_cast<Index>(first);
      for (const auto value : values) {
        check_class(value, sample++);
        out.push_back(static_cast<std::int64_t>(value));
      }
    });
  }

  [[noreturn]] void fail(std::initializer_list<Piece> why, Place place = {}) const {
    place.file = reader_.name();
    throw FormatError(why, std::move(place));
  }

 private:
  /// The index, in the matrix of features x size, of one value after another of an array in Fortran order. The features
  /// of a sample are numbered in C order, the last dimension fastest.
  class Position {
   public:
    explicit Position(const std::vector<Index>& shape) : shape_(shape), strides_(shape.size()), index_(shape.size()) {
      Index stride = 1;
      for (std::size_t i = shape.size(); i-- > 1; stride *= shape[i]) strides_[i] = stride;
      strides_[0] = stride;
    }

    Index next() {
      const Index here = at_;
      for (std::size_t i = 0; i < shape_.size(); ++i) {
        at_ += strides_[i];
        if (++index_[i] < shape_[i]) break;
        at_ -= strides_[i] * shape_[i];
        index_[i] = 0;
      }
      return here;
    }

   private:
    std::vector<Index> shape_;
    std::vector<Index> strides_;
    std::vector<Index> index_;
    Index at_ = 0;
  };

  NpyHeader read_header() {
    // NumPy itself rejects longer headers, and the header of a plain array has about a hundred bytes.
    constexpr std::uint32_t max_length = 10'000;
    std::array<char, 8> magic;
    const std::string_view begin{magic.data(), read_bytes(magic)};
    if (!begin.starts_with(npy_signature)) {
      fail({"it is not a NumPy .npy file: that begins with the byte 93 (hexadecimal) and NUMPY", looks_like(begin)});
    }
    if (begin.size() < magic.size()) fail({"it ends within its version"});
    const int major = static_cast<unsigned char>(magic[6]), minor = static_cast<unsigned char>(magic[7]);
    if (major < 1 || major > 3 || minor != 0) {
      fail({"its format has the version ", major, ".", minor, ", but only 1.0, 2.0 and 3.0 can be read"});
    }
    std::array<char, 4> length_bytes;
    const std::span<char> length_part = std::span{length_bytes}.first(major == 1 ? 2 : 4);
    if (read_bytes(length_part) < length_part.size()) fail({"it ends within the length of its header"});
    std::uint32_t length = 0;
    for (std::size_t i = length_part.size(); i-- > 0;) {
      length = length << 8 | static_cast<unsigned char>(length_part[i]);
    }
    begin_ = magic.size() + length_part.size() + length;
    if (begin_ > reader_.most_bytes()) {
      fail({"its header should have ", length, " bytes, more than the file has: it is truncated"});
    }
    if (length > max_length) fail({"its header has ", length, " bytes, but only ", max_length, " can be read"});
    std::string text(length, '\0');
    if (read_bytes(text) < length) fail({"it ends within its header of ", length, " bytes"});
    return NpyHeaderParser{text, reader_.name()}.parse();
  }

  /// Passes the values to `take` in the order of the file, in parts: take(values, index of the part's first value).
  template <class Take>
  void read_values(Take take) {
    const auto read = [&]<class T>(T) {
      std::array<T, (1 << 14) / sizeof(T)> block;
      for (std::uint64_t done = 0; done < values_;) {
        const auto part =
            std::span{block}.first(static_cast<std::size_t>(std::min<std::uint64_t>(block.size(), values_ - done)));
        const std::size_t count = read_bytes({reinterpret_cast<char*>(part.data()), part.size_bytes()});
        if (count < part.size_bytes()) fail_truncated(done * sizeof(T) + count);
        if (header_.big_endian != (std::endian::native == std::endian::big)) {
          for (T& value : part) {
            auto* const bytes = reinterpret_cast<unsigned char*>(&value);
            std::reverse(bytes, bytes + sizeof(T));
          }
        }
        take(std::span<const T>{part}, done);
        done += part.size();
      }
    };
    const bool one_byte = header_.bytes == 1, two_bytes = header_.bytes == 2, four_bytes = header_.bytes == 4;
    if (header_.kind == 'f') {
      four_bytes ? read(float{}) : read(double{});
    } else if (header_.kind == 'i') {
      one_byte     ? read(std::int8_t{})
      : two_bytes  ? read(std::int16_t{})
      : four_bytes ? read(std::int32_t{})
                   : read(std::int64_t{});
    } else {
      one_byte     ? read(std::uint8_t{})
      : two_bytes  ? read(std::uint16_t{})
      : four_bytes ? read(std::uint32_t{})
                   : read(std::uint64_t{});
    }
    char more = 0;
    if (read_bytes({&more, 1}) > 0) {
      fail({"its header's 'shape' asks for ", values_, " values, but they are followed by other bytes"});
    }
  }

  /// The value as an S, for index `to` of the matrix. Throws NonFiniteError if it is NaN, infinite or out of range.
  template <Scalar S, class T>
  S converted(T value, Index to) const {
    if constexpr (std::floating_point<T>) {
      const auto real = static_cast<double>(value);
      if (!(std::abs(real) <= static_cast<double>(std::numeric_limits<S>::max()))) refuse_value(real, to);
    }
    return static_cast<S>(value);
  }
  [[noreturn]] void refuse_value(double value, Index to) const {
    const Place place{.file = reader_.name(), .sample = to / features(), .feature = to % features()};
    if (std::isnan(value)) throw NonFiniteError("the value is NaN", place);
    if (std::isinf(value)) throw NonFiniteError("the value is infinite", place);
    throw NonFiniteError({"the value ", value, " is out of the range of a float"}, place);
  }

  template <class T>
  void check_class(T value, Index sample) const {
    if constexpr (std::floating_point<T>) {
      // Beyond it, T lacks some whole numbers: two classes may have become one when they were saved.
      constexpr T limit = static_cast<T>(std::int64_t{1} << std::numeric_limits<T>::digits);
      if (std::isinf(value)) fail({"the class is infinite"}, {.sample = sample});
      if (std::trunc(value) != value) {
        fail({"the class is ", std::isnan(value) ? Piece("NaN") : Piece(value), ", not a whole number"},
             {.sample = sample});
      }
      if (std::abs(value) > limit) {
        fail({"the class ", value, " is out of range: save classes as integers"}, {.sample = sample});
      }
    } else if constexpr (std::same_as<T, std::uint64_t>) {
      if (value > std::numeric_limits<std::int64_t>::max()) {
        fail({"the class is ", value, ", but a class is a number below 2^63"}, {.sample = sample});
      }
    }
  }

  [[noreturn]] void fail_truncated(std::uint64_t bytes) const {
    fail({"its header's 'shape' asks for ", values_, " values of ", header_.bytes, " bytes, but ", bytes,
          " bytes follow the header: it is truncated"});
  }

  std::size_t read_bytes(std::span<char> bytes) { return reader_.read(bytes); }

  Reader& reader_;
  std::uint64_t begin_ = 0;  // where the values begin; read_header sets it, so it stands before header_
  NpyHeader header_;
  std::uint64_t values_ = 1;
};

template <Scalar S, Input Reader>
Samples<S> read_npy_samples(Reader reader) {
  NpyReader<Reader> npy{reader};
  MatrixX<S> values;
  try {
    values.resize(npy.features(), npy.size());
  } catch (const std::bad_alloc&) {
    npy.fail({"its header's 'shape' asks for ", npy.size(), " samples of ", npy.features(),
              " values, more than this machine's memory holds"});
  }
  npy.read_samples(values.data());
  return Samples<S>{std::move(values)};
}

template <Input Reader>
Classes read_npy_vector(Reader reader) {
  NpyReader<Reader> npy{reader};
  if (npy.features() != 1) {
    npy.fail({"it has ", npy.features(), " values per sample, but classes have one: are samples and classes swapped?"});
  }
  std::vector<std::int64_t> values;
  values.reserve(static_cast<std::size_t>(npy.size()));
  npy.read_classes(values);
  return values;
}

/// The signature, the version and the header of a .npy file of `rows` x `columns` values in C order, as NumPy writes
/// them: with room for 21 digits of the first dimension, and padded with spaces to a multiple of 64 bytes.
template <Scalar S>
std::string npy_preamble(Index rows, Index columns) {
  const std::string first = std::to_string(rows);
  std::string header = format({"{'descr': '", std::endian::native == std::endian::big ? ">" : "<", "f", sizeof(S),
                               "', 'fortran_order': False, 'shape': (", first, ", ", columns, "), }"});
  header.append(first.size() < 21 ? 21 - first.size() : 0, ' ');
  constexpr std::size_t before = npy_signature.size() + 4;
  header.append(64 - (before + header.size() + 1) % 64, ' ');
  header += '\n';
  const std::string prefix{'\1', '\0', static_cast<char>(header.size() % 256), static_cast<char>(header.size() / 256)};
  return std::string(npy_signature) + prefix + header;
}

/// Writes n columns of `features` values each. column(i) is the address of column i.
template <Scalar S, class Column>
void write_npy_columns(const std::filesystem::path& path, Index features, Index n, const Column& column) {
  const std::string preamble = npy_preamble<S>(n, features);
  const std::size_t column_bytes = sizeof(S) * static_cast<std::size_t>(features);
  std::vector<std::uint8_t> bytes;
  bytes.reserve(preamble.size() + column_bytes * static_cast<std::size_t>(n));
  bytes.assign(preamble.begin(), preamble.end());
  for (Index i = 0; i < n; ++i) {
    const auto* const values = reinterpret_cast<const std::uint8_t*>(column(i));
    bytes.insert(bytes.end(), values, values + column_bytes);
  }
  replace_file(path, bytes);
}

}  // namespace detail

/// Reads samples (features x samples) from an array that `numpy.save` has written. The first dimension of the array is
/// the number of samples, and the others are the features of a sample in C order (n x features, or n x height x width
/// for images). The values may be integers of 8 to 64 bits, float32 or float64, little- or big-endian, in C or Fortran
/// order, in the versions 1.0 to 3.0 of the format. They are rounded to S, not scaled. The size of the file bounds the
/// memory that is allocated.
///
/// Throws IoError if the file cannot be read; FormatError if it is not .npy or of another type (booleans, objects,
/// strings, complex numbers, structures), is truncated, has more bytes than its header asks for, or has no values, or
/// more than the memory holds; and NonFiniteError, with the sample and the feature, for a value that is NaN, infinite
/// or out of the range of S.
template <Scalar S>
Samples<S> read_npy(const std::filesystem::path& path) {
  return detail::read_npy_samples<S>(InputFile{path});
}

/// As above, but from any other Input, such as `Gzip{InputFile{path}}` (gzip.hpp). Throws also whatever the input's
/// `read` throws.
template <Scalar S, Input Reader>
Samples<S> read_npy(Reader input) {
  return detail::read_npy_samples<S>(std::move(input));
}

/// As above, but from bytes in memory, which error messages call `name`.
template <Scalar S>
Samples<S> parse_npy(std::span<const std::uint8_t> bytes, const std::string& name = ".npy data") {
  return detail::read_npy_samples<S>(detail::ByteReader{bytes, name});
}

/// Reads the class of each sample from a .npy file of n or n x 1 numbers. Throws IoError and FormatError as `read_npy`
/// does, and FormatError for more than one value per sample, NaN, infinity, a number that is not whole, or one out of
/// range: an integer of 2^63 or more, or a number beyond 2^24 in a float32 or 2^53 in a float64 array, where these
/// types lack some whole numbers.
inline Classes read_npy_classes(const std::filesystem::path& path) { return detail::read_npy_vector(InputFile{path}); }

/// As above, but from any other Input. Throws also whatever the input's `read` throws.
template <Input Reader>
Classes read_npy_classes(Reader input) {
  return detail::read_npy_vector(std::move(input));
}

/// As above, but from bytes in memory, which error messages call `name`.
inline Classes parse_npy_classes(std::span<const std::uint8_t> bytes, const std::string& name = ".npy data") {
  return detail::read_npy_vector(detail::ByteReader{bytes, name});
}

/// Writes samples or embeddings as `numpy.save` does, for `numpy.load`. The samples (features x n) become an array of n
/// x features in C order, of float32 or float64 like S. Values are written unchanged, also NaN. A file that is
/// there is replaced atomically. Throws what `replace_file` throws (replace_file.hpp).
template <Scalar S>
void write_npy(const std::filesystem::path& path, const Samples<S>& samples) {
  detail::write_npy_columns<S>(path, samples.features(), samples.size(), [&](Index i) { return samples.column(i); });
}

/// As above, but from an Eigen matrix or expression, one sample per column. Throws ShapeError if it has no values.
template <class Derived>
requires Scalar<typename Derived::Scalar>
void write_npy(const std::filesystem::path& path, const Eigen::MatrixBase<Derived>& matrix) {
  using S = typename Derived::Scalar;
  const Eigen::Ref<const MatrixX<S>> values = matrix;
  if (values.size() == 0) {
    throw ShapeError({"a matrix of ", values.rows(), " x ", values.cols(), " has no values to write"},
                     Place{.file = path.string()});
  }
  detail::write_npy_columns<S>(path, values.rows(), values.cols(), [&](Index i) { return values.col(i).data(); });
}

}  // namespace gemel
