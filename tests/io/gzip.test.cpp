#include "gemel/io/gzip.hpp"

#include <cstdint>
#include <string>
#include <vector>

#include "catch.hpp"
#include "gemel/io/idx.hpp"
#include "io/temporary_folder.hpp"
#include "mentions.hpp"

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

TEST_CASE("read_gzip inflates gzipped files, and reads other files unchanged", "[gzip]") {
  std::vector<std::uint8_t> bytes{0, 0, 8, 1, 0, 0x2D, 0xC6, 0xC0};  // 3,000,000 labels: several blocks
  for (std::uint32_t i = 0; i < 3'000'000; ++i) bytes.push_back(static_cast<std::uint8_t>(i * 2654435761u >> 24));
  const TemporaryFolder folder;
  const auto path = write_gzip(folder, bytes);
  CHECK((read_gzip(path) == bytes));
  CHECK((read_gzip(folder.write("plain", bytes)) == bytes));
  CHECK(parse_idx_labels(read_gzip(path)).back() == bytes.back());
  CHECK(read_gzip(folder.write("empty", "")).empty());
}

TEST_CASE("an IDX file is inflated no further than its dimensions ask for", "[gzip]") {
  // 400 MB of zeros after a header that announces four. Inflating all of them would show in `used`.
  const TemporaryFolder folder;
  const std::filesystem::path path = folder.path() / "swollen.gz";
  const gzFile file = gzopen(path.c_str(), "wb1");
  const std::vector<std::uint8_t> header{0, 0, 8, 1, 0, 0, 0, 4}, zeros(1 << 20);
  gzwrite(file, header.data(), 8);
  for (int i = 0; i < 400; ++i) gzwrite(file, zeros.data(), 1 << 20);
  gzclose(file);
  std::uint64_t used = 0;
  struct Counted {
    InputFile file;
    std::uint64_t* used;
    const std::string& name() const { return file.name(); }
    std::uint64_t most_bytes() const { return file.most_bytes(); }
    std::size_t read(std::span<char> out) {
      *used += out.size();
      return file.read(out);
    }
  };
  try {
    read_idx<float>(Gzip{Counted{InputFile{path}, &used}});
    CHECK(false);
  } catch (const FormatError& error) {
    CHECK(mentions(error.what(), "swollen.gz: its dimensions ask for 4 values, but they are followed by other bytes"));
  }
  CHECK(used <= 1 << 16);
}

TEST_CASE("an IDX file is read through gzip like an uncompressed one", "[gzip]") {
  std::vector<std::uint8_t> bytes{0, 0, 8, 2, 0, 0, 2, 0xBC, 0, 0, 0, 100};
  for (std::uint32_t i = 0; i < 70000; ++i) bytes.push_back(static_cast<std::uint8_t>(i * 2654435761u >> 24));
  const TemporaryFolder folder;
  const Samples<float> wanted = parse_idx<float>(bytes);
  const auto packed = write_gzip(folder, bytes);
  CHECK(read_idx<float>(Gzip{InputFile{packed}}).matrix() == wanted.matrix());
  CHECK(read_idx<float>(Gzip{InputFile{folder.write("plain", bytes)}}).matrix() == wanted.matrix());
  const std::vector<std::uint8_t> labels{0, 0, 8, 1, 0, 0, 0, 2, 7, 9};
  CHECK(read_idx_labels(Gzip{InputFile{write_gzip(folder, labels)}}) == std::vector<int>{7, 9});

  bytes.pop_back();
  CHECK_THROWS_AS(read_idx<float>(Gzip{InputFile{write_gzip(folder, bytes)}}), FormatError);
  CHECK_THROWS_AS(read_idx<float>(Gzip{InputFile{folder.write("plain", bytes)}}), FormatError);
  // A length that a file of this size cannot hold is rejected before memory is allocated.
  CHECK_THROWS_AS(read_idx<float>(Gzip{InputFile{write_gzip(folder, {0, 0, 8, 1, 255, 255, 255, 255, 1})}}),
                  FormatError);
}

TEST_CASE("gzip files may have several members, but no other bytes behind them", "[gzip]") {
  const TemporaryFolder folder;
  const std::string one = content_of(write_gzip(folder, {1, 2, 3}));
  const std::string other = content_of(write_gzip(folder, {4, 5}));
  CHECK(read_gzip(folder.write("both.gz", one + other)) == std::vector<std::uint8_t>{1, 2, 3, 4, 5});
  for (const std::string junk : {"junk", "j", "\x1f", "\x1f\x8b"}) {
    CAPTURE(junk);
    CHECK_THROWS_AS(read_gzip(folder.write("junk.gz", one + junk)), FormatError);
  }
  CHECK_THROWS_AS(read_gzip(folder.write("zeros.gz", one + std::string(512, '\0'))), FormatError);
  CHECK_THROWS_AS(read_gzip(folder.write("begun.gz", one + other.substr(0, 12))), FormatError);
}

TEST_CASE("read_gzip rejects damaged, truncated and too large files", "[gzip]") {
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
