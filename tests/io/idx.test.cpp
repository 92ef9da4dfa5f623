#include "gemel/io/idx.hpp"

#include <cstdint>
#include <string>
#include <vector>

#include "catch.hpp"
#include "io/temporary_folder.hpp"
#include "mentions.hpp"

using namespace gemel;

namespace {

using Bytes = std::vector<std::uint8_t>;

Bytes idx(const std::vector<std::uint32_t>& dimensions, std::size_t values, std::uint8_t type = 8) {
  Bytes bytes{0, 0, type, static_cast<std::uint8_t>(dimensions.size())};
  for (const std::uint32_t size : dimensions) {
    for (const int shift : {24, 16, 8, 0}) bytes.push_back(static_cast<std::uint8_t>(size >> shift));
  }
  for (std::size_t i = 0; i < values; ++i) bytes.push_back(static_cast<std::uint8_t>(251 * i));
  return bytes;
}

std::string refusal(const Bytes& bytes) {
  try {
    parse_idx<float>(bytes, "some.idx");
  } catch (const FormatError& error) {
    CHECK(error.place().file == "some.idx");
    return error.what();
  }
  return "read";
}

}  // namespace

TEMPLATE_TEST_CASE("read_idx makes a sample of each element of the first dimension", "[idx]", float, double) {
  const Bytes bytes = idx({3, 2, 4}, 24);
  const TemporaryFolder folder;
  const Samples<TestType> from_file = read_idx<TestType>(folder.write("images", bytes));
  const Samples<TestType> from_bytes = parse_idx<TestType>(bytes);
  for (const auto& samples : {from_file, from_bytes}) {
    REQUIRE(samples.features() == 8);
    REQUIRE(samples.size() == 3);
    for (Index i = 0; i < 24; ++i) CHECK(samples.matrix()(i % 8, i / 8) == static_cast<TestType>(251 * i % 256));
  }
}

TEST_CASE("read_idx reads any number of dimensions", "[idx]") {
  CHECK(parse_idx<float>(idx({5}, 5)).features() == 1);
  CHECK(parse_idx<float>(idx({2, 1, 3, 1, 2}, 12)).features() == 6);
  CHECK(parse_idx<float>(idx(std::vector<std::uint32_t>(255, 1), 1)).size() == 1);
}

TEST_CASE("read_idx reads files of several blocks", "[idx]") {
  const Bytes bytes = idx({700, 100}, 70000);
  const TemporaryFolder folder;
  const Samples<float> samples = read_idx<float>(folder.write("images", bytes));
  CHECK(samples.matrix()(99, 699) == static_cast<float>(bytes.back()));
  CHECK(samples.matrix()(84, 163) == static_cast<float>(bytes[12 + 16384]));
}

TEST_CASE("read_idx_labels reads one dimension", "[idx]") {
  const Bytes bytes = idx({4}, 4);
  const TemporaryFolder folder;
  CHECK(read_idx_labels(folder.write("labels", bytes)) == std::vector<int>{0, 251, 246, 241});
  CHECK(parse_idx_labels(bytes) == std::vector<int>{0, 251, 246, 241});
  try {
    parse_idx_labels(idx({4, 2}, 8), "images");
    CHECK(false);
  } catch (const FormatError& error) {
    CHECK(mentions(error.what(), "swapped"));
    CHECK(error.place().file == "images");
  }
}

TEST_CASE("read_idx rejects files that are not IDX files of bytes", "[idx]") {
  const Bytes good = idx({3, 2, 2}, 12);
  CHECK(refusal(good) == "read");
  for (std::size_t size = 0; size < good.size(); ++size) {
    CAPTURE(size);
    CHECK(refusal(Bytes(good.begin(), good.begin() + static_cast<Index>(size))) != "read");
  }
  CHECK(mentions(refusal(Bytes(good.begin(), good.end() - 1)), "truncated"));
  CHECK(mentions(refusal(idx({3, 2, 2}, 13)), "followed"));
  CHECK(mentions(refusal(idx({3, 2, 2}, 12, 0x0D)), "type code 13"));
  CHECK(mentions(refusal(idx({}, 0)), "no dimensions"));
  CHECK(mentions(refusal(idx({3, 0, 2}, 0)), "dimension 1 is 0"));
  CHECK(mentions(refusal(idx({0}, 0)), "dimension 0 is 0"));
  CHECK(mentions(refusal({0x1f, 0x8b, 8, 0}), "two zero bytes"));
  CHECK(mentions(refusal({0x1f, 0x8b, 8, 0}), "it is gzipped"));

  // Products beyond 64 bits are rejected before anything is allocated, even if they wrap around to the number of bytes.
  CHECK(mentions(refusal(idx({0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF}, 9)), "more values than it has bytes"));
  CHECK(mentions(refusal(idx({0x80000000, 0x80000000, 4, 3}, 12)), "more values than it has bytes"));
  CHECK(mentions(refusal(idx({0xFFFFFFFF}, 100)), "more values than it has bytes"));
}

TEST_CASE("read_idx names a file that it cannot read", "[idx]") {
  const TemporaryFolder folder;
  CHECK_THROWS_AS(read_idx<float>(folder.path() / "missing"), IoError);
  CHECK_THROWS_AS(read_idx<float>(folder.path()), IoError);
  CHECK_THROWS_AS(read_idx_labels("/dev/zero"), IoError);
  CHECK_THROWS_AS(read_idx<float>(folder.write("empty", "")), FormatError);
  folder.write("images", idx({1}, 1));
  CHECK_THROWS_AS(read_idx<float>((folder.path() / "images").string() + std::string("\0x", 2)), IoError);
  try {
    read_idx<float>(folder.path() / "missing");
  } catch (const IoError& error) {
    CHECK(mentions(error.what(), "missing: there is no such file"));
    CHECK(error.place().file == (folder.path() / "missing").string());
  }
}
