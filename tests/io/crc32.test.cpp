#include "gemel/io/crc32.hpp"

#include <zlib.h>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "catch.hpp"
#include "gemel/core/random.hpp"
#include "scale.hpp"

using namespace gemel;

namespace {

std::uint32_t crc_of(std::string_view text) {
  return detail::crc32({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
}

}  // namespace

TEST_CASE("crc32 has the published values", "[crc32]") {
  CHECK(crc_of("") == 0);
  CHECK(crc_of("123456789") == 0xCBF43926);  // the check value of CRC-32/ISO-HDLC in the RevEng catalogue
  CHECK(crc_of("The quick brown fox jumps over the lazy dog") == 0x414FA339);
  CHECK(crc_of(std::string(32, '\0')) == 0x190A55AD);
  CHECK(crc_of(std::string(32, '\xFF')) == 0xFF6CAB0B);
}

TEST_CASE("crc32 is zlib's, for every length, in one piece and in parts", "[crc32]") {
  Rng rng{5};
  std::vector<std::uint8_t> bytes(1000);
  for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(rng.below(256));
  const std::span<const std::uint8_t> all{bytes};
  for (std::size_t size = 0; size <= 300; ++size) {
    for (std::size_t begin = 0; begin < 8; ++begin) {
      const auto part = all.subspan(begin, size);
      CAPTURE(size, begin);
      REQUIRE(detail::crc32(part) == ::crc32(0, part.data(), static_cast<uInt>(size)));
    }
  }
  for (int round = 0; round < scaled(200); ++round) {
    const auto middle = static_cast<std::size_t>(rng.below(1001));
    CHECK(detail::crc32(all.subspan(middle), detail::crc32(all.first(middle))) == detail::crc32(all));
  }
}
