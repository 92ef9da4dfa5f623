#include "gemel/io/npy.hpp"

#include <bit>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "catch.hpp"
#include "error_text.hpp"
#include "fuzz/targets.hpp"
#include "io/npy_bytes.hpp"
#include "io/temporary_folder.hpp"
#include "little_endian.hpp"
#include "mentions.hpp"

using namespace gemel;

namespace {

using Bytes = std::vector<std::uint8_t>;

// Written by NumPy with tests/golden/npy.py.
std::filesystem::path golden_npy(const std::string& name) {
  return std::filesystem::path(GEMEL_TEST_DATA) / "golden" / "npy" / (name + ".npy");
}
Bytes golden_npy_bytes(const std::string& name) {
  const std::string content = content_of(golden_npy(name));
  REQUIRE_FALSE(content.empty());
  return {content.begin(), content.end()};
}

template <class Parse>
std::string npy_refusal_of(const Bytes& bytes, const Parse& parse) {
  try {
    parse(bytes, "some.npy");
  } catch (const Error& error) {
    CHECK(error.place().file == "some.npy");
    return error.what();
  }
  return "read";
}
std::string npy_refusal(const Bytes& bytes) {
  return npy_refusal_of(bytes, [](const Bytes& b, const std::string& name) { parse_npy<float>(b, name); });
}
std::string npy_classes_refusal(const Bytes& bytes) {
  return npy_refusal_of(bytes, [](const Bytes& b, const std::string& name) { parse_npy_classes(b, name); });
}

std::vector<std::int64_t> values_of(const Classes& classes) {
  std::vector<std::int64_t> all;
  for (Index i = 0; i < classes.size(); ++i) all.push_back(classes.value(classes.of(i)));
  return all;
}

// These values as a little-endian file has them, on any machine.
template <class T>
std::string little_endian_bytes(const std::vector<T>& numbers) {
  std::string bytes;
  for (const T number : numbers) {
    for (const unsigned char byte : test::to_little_endian(number)) bytes += static_cast<char>(byte);
  }
  return bytes;
}

constexpr double infinite = std::numeric_limits<double>::infinity();
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

}  // namespace

TEMPLATE_TEST_CASE("read_npy reads files of NumPy of any type and order", "[npy]", float, double) {
  for (const std::string order : {"C", "F"}) {
    for (const std::string type : {"u1", "i2", "i8", "f4", "f8"}) {
      const std::string name = order + "_" + type;
      CAPTURE(name);
      const Samples<TestType> samples = read_npy<TestType>(golden_npy(name));
      REQUIRE(samples.size() == 2);
      REQUIRE(samples.features() == 12);
      for (Index i = 0; i < 2; ++i) {
        for (Index f = 0; f < 12; ++f) {
          CHECK(samples[i][f] == static_cast<TestType>(100 * i + 10 * (f / 4) + f % 4));
        }
      }
      CHECK(parse_npy<TestType>(golden_npy_bytes(name)).matrix() == samples.matrix());
    }
    const MatrixX<TestType> matrix = read_npy<TestType>(golden_npy(order + "_2d_version_3")).matrix();
    CHECK(matrix == MatrixX<TestType>{{0, 100, 200}, {10, 110, 210}});
  }
}

TEST_CASE("read_npy reads any number of dimensions", "[npy]") {
  CHECK(parse_npy<float>(npy_bytes("|u1", "(3,)", "abc")).features() == 1);
  CHECK(parse_npy<float>(npy_bytes("|u1", "(3,)", "abc")).size() == 3);
  CHECK(parse_npy<float>(npy_bytes("|u1", "(1, 2, 1, 3)", "abcdef")).features() == 6);
  std::string shape = "(1";
  for (int i = 0; i < 200; ++i) shape += ", 1";
  CHECK(parse_npy<float>(npy_bytes("|u1", shape + ")", "a")).size() == 1);
}

TEST_CASE("read_npy reads files of several blocks, in C and in Fortran order", "[npy]") {
  std::vector<std::int32_t> numbers;
  for (std::int32_t i = 0; i < 70 * 1000; ++i) numbers.push_back(i);
  const std::string bytes = little_endian_bytes(numbers);
  for (const bool fortran : {false, true}) {
    const std::string header =
        std::string("{'descr': '<i4', 'shape': (70, 1000), 'fortran_order': ") + (fortran ? "True}" : "False}");
    const TemporaryFolder folder;
    const Samples<float> samples = read_npy<float>(folder.write("x.npy", npy_bytes(header, bytes)));
    for (const Index i : {0, 1, 41, 69}) {
      for (const Index f : {0, 1, 58, 999}) {
        CHECK(samples[i][f] == static_cast<float>(fortran ? 70 * f + i : 1000 * i + f));
      }
    }
  }
}

TEST_CASE("read_npy rounds as a conversion does", "[npy]") {
  const auto read = [](const std::string& type, const std::string& bytes) {
    return parse_npy<float>(npy_bytes(type, "(1,)", bytes)).matrix()(0, 0);
  };
  CHECK(read("<u8", little_endian_bytes<std::uint64_t>({~std::uint64_t{0}})) == 0x1p64f);
  CHECK(read("<i8", little_endian_bytes<std::int64_t>({-(std::int64_t{1} << 62) - 1})) == -0x1p62f);
  CHECK(read("<f8", little_endian_bytes<double>({0.1})) == 0.1f);
  CHECK(read("|i1", "\xFE") == -2);
  CHECK(read("|u1", "\xFE") == 254);
}

TEST_CASE("read_npy_classes accepts whole numbers of any type", "[npy]") {
  CHECK(values_of(read_npy_classes(golden_npy("classes_i8"))) ==
        std::vector<std::int64_t>{7, -1, std::int64_t{1} << 62, 7});
  CHECK(values_of(read_npy_classes(golden_npy("classes_f4_column"))) == std::vector<std::int64_t>{3, 0, 3});
  CHECK(values_of(parse_npy_classes(npy_bytes("|u1", "(3,)", "\1\377\1"))) == std::vector<std::int64_t>{1, 255, 1});
  CHECK(values_of(parse_npy_classes(npy_bytes("<f8", "(2,)", little_endian_bytes<double>({-0.0, 0x1p53})))) ==
        std::vector<std::int64_t>{0, std::int64_t{1} << 53});
  CHECK(values_of(parse_npy_classes(
            npy_bytes("<u8", "(1,)", little_endian_bytes<std::uint64_t>({~std::uint64_t{0} >> 1})))) ==
        std::vector<std::int64_t>{std::numeric_limits<std::int64_t>::max()});
}

TEST_CASE("read_npy_classes rejects values that are not classes, and names the sample", "[npy]") {
  const auto of_doubles = [](double value) {
    return npy_classes_refusal(npy_bytes("<f8", "(2,)", little_endian_bytes<double>({1, value})));
  };
  CHECK(of_doubles(2) == "read");
  CHECK(mentions(of_doubles(2.5), "some.npy, sample 1: the class is 2.5, not a whole number"));
  CHECK(mentions(of_doubles(not_a_number), "the class is NaN, not a whole number"));
  CHECK(mentions(of_doubles(-infinite), "the class is infinite"));
  CHECK(mentions(of_doubles(0x1.0000000000001p53), "is out of range"));
  CHECK(mentions(npy_classes_refusal(npy_bytes("<f4", "(1,)", little_endian_bytes<float>({0x1.000002p24f}))),
                 "out of range"));
  CHECK(mentions(
      npy_classes_refusal(npy_bytes("<u8", "(1,)", little_endian_bytes<std::uint64_t>({std::uint64_t{1} << 63}))),
      "sample 0: the class is 9223372036854775808, but a class is a number below 2^63"));
  CHECK(mentions(npy_classes_refusal(npy_bytes("|u1", "(1, 2)", "ab")), "are samples and classes swapped?"));
}

TEST_CASE("read_npy rejects values that are not finite, and names sample and feature", "[npy]") {
  const auto of = [](double value) {
    return npy_refusal(npy_bytes("<f8", "(2, 3)", little_endian_bytes<double>({0, 0, 0, 0, value, 0})));
  };
  CHECK(of(3.4e38) == "read");
  CHECK(mentions(of(not_a_number), "some.npy, sample 1, feature 1: the value is NaN"));
  CHECK(mentions(of(-infinite), "the value is infinite"));
  CHECK(mentions(of(-1e39), "the value -1e+39 is out of the range of a float"));
  const Bytes large = npy_bytes("<f8", "(1,)", little_endian_bytes<double>({1e39}));
  CHECK(parse_npy<double>(large).matrix()(0, 0) == 1e39);
  CHECK_THROWS_AS(
      parse_npy<double>(npy_bytes("<f4", "(1,)", little_endian_bytes<float>({static_cast<float>(infinite)}))),
      NonFiniteError);
  const std::string header = "{'descr': '<f8', 'shape': (2, 3), 'fortran_order': True}";
  CHECK(mentions(npy_refusal(npy_bytes(header, little_endian_bytes<double>({0, 0, 0, not_a_number, 0, 0}))),
                 "sample 1, feature 1:"));
}

TEST_CASE("read_npy rejects files that are not .npy files of numbers", "[npy]") {
  CHECK(mentions(npy_refusal(golden_npy_bytes("refused_objects")), "(Python objects)"));
  CHECK(mentions(npy_refusal(golden_npy_bytes("refused_structure")), "a structured type"));

  const std::string header = "{'descr': '|u1', 'fortran_order': False, 'shape': (3, 2), }";
  for (const int version : {1, 2, 3}) CHECK(npy_refusal(npy_bytes(header, "abcdef", version)) == "read");
  for (const int version : {0, 4, 255}) {
    CHECK(mentions(npy_refusal(npy_bytes(header, "abcdef", version)),
                   "its format has the version " + std::to_string(version) + ".0, but only 1.0, 2.0 and 3.0"));
  }
  Bytes minor = npy_bytes(header, "abcdef");
  minor[7] = 9;
  CHECK(mentions(npy_refusal(minor), "the version 1.9"));
  CHECK(mentions(npy_refusal({}), "it is not a NumPy .npy file"));
  CHECK(mentions(npy_refusal({0x93, 'N', 'U', 'M', 'P', 'Y'}), "it ends within its version"));
  CHECK(
      mentions(npy_refusal({0x93, 'N', 'U', 'M', 'P', 'Y', 2, 0, 1, 0, 0}), "it ends within the length of its header"));
  CHECK(mentions(npy_refusal({0x93, 'N', 'U', 'M', 'P', 'Y', 2, 0, 255, 255, 255, 255}),
                 "its header should have 4294967295 bytes, more than the file has"));
  CHECK(mentions(npy_refusal(npy_bytes(header + std::string(9'000, ' '), "abcdef")), "read"));
  CHECK(mentions(npy_refusal(npy_bytes(header + std::string(10'000, ' '), "abcdef")), "but only 10000 can be read"));

  CHECK(mentions(npy_refusal(npy_bytes("|u1", "(3, 2)", "abcde")),
                 "asks for 6 values of 1 bytes, but 5 bytes follow the "
                 "header: it is truncated"));
  CHECK(mentions(npy_refusal(npy_bytes("<f4", "(3, 2)", "abcde")), "asks for 6 values of 4 bytes, but 5 bytes"));
  CHECK(mentions(npy_refusal(npy_bytes("|u1", "(3, 2)", "abcdefg")), "the values are followed by other bytes"));
  CHECK(mentions(npy_refusal(npy_bytes("|u1", "()", "a")), "'shape' is (), one number"));
  CHECK(mentions(npy_refusal(npy_bytes("|u1", "(0,)", "")), "dimension 0 of its header's 'shape' is 0"));
  CHECK(mentions(npy_refusal(npy_bytes("|u1", "(3, 0)", "")), "dimension 1 of its header's 'shape' is 0"));

  // Products beyond 64 bits are rejected before anything is allocated, even if they wrap around to the number of bytes.
  for (const std::string shape : {"(2147483647, 2147483647, 2147483647)", "(2147483648, 2147483648, 4, 3)",
                                  "(2147483647,)", "(2305843009213693952, 1)", "(4611686018427387905, 4)"}) {
    if (sizeof(Index) == 8) {
      CHECK(mentions(npy_refusal(npy_bytes("<f8", shape, "abcdefgh")), "more values than it has bytes"));
    }
  }
}

TEST_CASE("read_npy rejects any truncated file, and reads or rejects a file with any byte changed", "[npy]") {
  const auto try_parts = [](const Bytes& good) {
    CHECK(survives_npy(good));
    for (std::size_t size = 0; size < good.size(); ++size) {
      CAPTURE(size);
      CHECK_FALSE(survives_npy(Bytes(good.begin(), good.begin() + static_cast<Index>(size))));
    }
    Bytes longer = good;
    longer.push_back(0);
    CHECK_FALSE(survives_npy(longer));
  };
  // The number of files with one changed byte that can be read. `step` is the distance between the changes.
  const auto count_read = [](const Bytes& good, const auto& step) {
    Index read = 0;
    for (std::size_t at = 0; at < good.size(); ++at) {
      Bytes changed = good;
      for (int change = 1; change < 256; change = step(change)) {
        changed[at] = static_cast<std::uint8_t>(good[at] ^ change);
        read += survives_npy(changed);
      }
      if (at < 6) CHECK(read == 0);  // the signature
    }
    return read;
  };
  const auto every_byte = [](int change) { return change + 1; };
  const auto every_bit = [](int change) { return change * 2; };
  const Bytes small = npy_bytes("{'descr':'>i2','fortran_order':False,'shape':(3,1)}", "abcdef");
  try_parts(small);
  CHECK(count_read(small, every_byte) >
        6 * 255);  // any byte may be a value, and some may be a space, a quote or an 'i'
  for (const std::string name : {"C_2d_version_3", "F_f4", "classes_i8", "classes_f4_column", "embeddings_f8"}) {
    CAPTURE(name);
    const Bytes good = golden_npy_bytes(name);
    try_parts(good);
    CHECK(count_read(good, every_bit) > 0);
  }
}

TEST_CASE("write_npy writes the same bytes as NumPy", "[npy]") {
  const TemporaryFolder folder;
  const std::filesystem::path path = folder.path() / "embeddings.npy";
  const auto check = [&path](const auto& embeddings, const std::string& name) {
    write_npy(path, embeddings);
    if constexpr (std::endian::native == std::endian::little) CHECK(content_of(path) == content_of(golden_npy(name)));
  };
  const MatrixX<float> small{{0.5f, 3e38f, 0}, {-1.25f, 1e-40f, -0.0f}};
  check(small, "embeddings_f4");
  CHECK(read_npy<float>(path).matrix() == small);
  check(Samples<float>{small}, "embeddings_f4");
  check(MatrixX<double>{{0.1}, {1e300}, {3}}, "embeddings_f8");

  // The columns of blocks, selections and expressions are not contiguous.
  MatrixX<float> larger = MatrixX<float>::Constant(4, 5, 7);
  larger.block(1, 1, 2, 3) = small;
  check(larger.block(1, 1, 2, 3), "embeddings_f4");
  check(-(-small), "embeddings_f4");
  check(Eigen::Matrix<float, 2, 3>{small}, "embeddings_f4");
  const MatrixX<float> reversed = small.rowwise().reverse();
  check(Samples<float>{reversed}.select(std::vector<Index>{2, 1, 0}), "embeddings_f4");

  write_npy(path, Eigen::RowVectorXd{{1, 2, 3}});
  CHECK(read_npy<double>(path).size() == 3);
  write_npy(path, MatrixX<float>::Random(70, 130));
  CHECK(std::filesystem::file_size(path) == 128 + 4 * 70 * 130);
}

TEST_CASE("write_npy pads a header of any length to 64 bytes", "[npy]") {
  for (Index rows = 1; rows < 1'000'000'000'000'000; rows *= 10) {
    for (Index columns = 1; columns < 1'000'000'000'000'000; columns *= 10) {
      const std::string preamble = detail::npy_preamble<float>(rows, columns);
      CHECK(preamble.size() % 64 == 0);
      CHECK(preamble.back() == '\n');
      const std::string name = "x";
      const std::string_view text = std::string_view(preamble).substr(10);
      CHECK(text.size() == static_cast<unsigned char>(preamble[8]));
      CHECK(detail::NpyHeaderParser{text, name}.parse().shape == std::vector<Index>{rows, columns});
    }
  }
}

TEST_CASE("write_npy names a file that it cannot write", "[npy]") {
  const TemporaryFolder folder;
  const MatrixX<float> embeddings = MatrixX<float>::Random(3, 2000);
  const auto refusal_at = [&embeddings](const std::filesystem::path& path) -> std::string {
    try {
      write_npy(path, embeddings);
    } catch (const IoError& error) {
      CHECK(error.place().file == path.string());
      return error.what();
    }
    return "written";
  };
  CHECK(mentions(refusal_at(folder.path()), "it cannot be written: it is a folder, not a file"));
  CHECK(mentions(refusal_at(folder.path() / "missing" / "x.npy"), "No such file or directory"));
  // The operating system reads such a name only up to its zero byte, and so does code that prints the error.
  CHECK(error_text<IoError>([&] { write_npy(folder.path() / std::string("x\0y", 3), embeddings); }) ==
        (folder.path() / "x").string() + ": it cannot be written: a zero byte follows in its name; give another path");
  if (std::filesystem::exists("/dev/full")) CHECK(mentions(refusal_at("/dev/full"), "it is a device, not a file"));
  CHECK_THROWS_AS(write_npy(folder.path() / "empty.npy", MatrixX<float>(3, 0)), ShapeError);
  CHECK_FALSE(std::filesystem::exists(folder.path() / "empty.npy"));
}

TEST_CASE("read_npy names a file that it cannot read", "[npy]") {
  const TemporaryFolder folder;
  CHECK_THROWS_AS(read_npy<float>(folder.path() / "missing"), IoError);
  CHECK_THROWS_AS(read_npy<float>(folder.path()), IoError);
  CHECK_THROWS_AS(read_npy_classes("/dev/zero"), IoError);
  CHECK_THROWS_AS(read_npy<float>(folder.write("empty", "")), FormatError);
}
