#include "gemel/io/gzip.hpp"

#include <cstdint>
#include <string>
#include <vector>

#include "catch.hpp"
#include "gemel/io/idx.hpp"
#include "io/temporary_folder.hpp"

using namespace gemel;

namespace {

std::filesystem::path write_gzip(const TemporaryFolder& folder, const std::vector<std::uint8_t>& bytes) {
  const std::filesystem::path path = folder.path() / "data.gz";
  const gzFile file = gzopen(path.c_str(), "wb");
  CHECK(gzwrite(file, bytes.data(), static_cast<unsigned>(bytes.size())) == static_cast<int>(bytes.size()));
  CHECK(gzclose(file) == Z_OK);
  return path;
}

}  // namespace

TEST_CASE("read_gzip inflates, and reads other files as they are", "[gzip]") {
  std::vector<std::uint8_t> bytes{0, 0, 8, 1, 0, 0x2D, 0xC6, 0xC0};  // 3,000,000 labels: several blocks
  for (std::uint32_t i = 0; i < 3'000'000; ++i) bytes.push_back(static_cast<std::uint8_t>(i * 2654435761u >> 24));
  const TemporaryFolder folder;
  const auto path = write_gzip(folder, bytes);
  CHECK((read_gzip(path) == bytes));
  CHECK((read_gzip(folder.write("plain", bytes)) == bytes));
  CHECK(parse_idx_labels(read_gzip(path)).back() == bytes.back());
  CHECK(read_gzip(folder.write("empty", "")).empty());
}

TEST_CASE("read_gzip refuses damaged, truncated and swollen files", "[gzip]") {
  std::vector<std::uint8_t> bytes;
  for (std::uint32_t i = 0; i < 5000; ++i) bytes.push_back(static_cast<std::uint8_t>(i * 2654435761u >> 24));
  const TemporaryFolder folder;
  const auto path = write_gzip(folder, bytes);
  const std::string packed = content_of(path);
  CHECK_THROWS_AS(read_gzip(folder.write("half.gz", packed.substr(0, packed.size() / 2))), FormatError);
  CHECK_THROWS_AS(read_gzip(folder.write("short.gz", packed.substr(0, packed.size() - 1))), FormatError);
  std::string damaged = packed;
  damaged[damaged.size() / 2] = static_cast<char>(damaged[damaged.size() / 2] ^ 4);
  CHECK_THROWS_AS(read_gzip(folder.write("damaged.gz", damaged)), FormatError);
  CHECK_THROWS_AS(read_gzip(path, 4999), FormatError);
  CHECK(read_gzip(path, 5000).size() == 5000);
  CHECK_THROWS_AS(read_gzip(folder.path() / "missing"), IoError);
  CHECK_THROWS_AS(read_gzip(folder.path()), IoError);
}
