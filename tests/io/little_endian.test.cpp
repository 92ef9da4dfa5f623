#include "gemel/io/little_endian.hpp"

#include <array>
#include <cstdint>

#include "catch.hpp"

using namespace gemel::detail;

TEST_CASE("numbers are read and written with their lowest byte first", "[little_endian]") {
  const std::array<std::uint8_t, 8> bytes{1, 2, 3, 4, 5, 6, 0xF0, 0xBF};
  CHECK(from_little_endian<std::uint8_t>(bytes.data()) == 1);
  CHECK(from_little_endian<std::uint16_t>(bytes.data()) == 0x0201);
  CHECK(from_little_endian<std::uint32_t>(bytes.data() + 1) == 0x05040302);
  CHECK(from_little_endian<std::uint64_t>(bytes.data()) == 0xBFF0060504030201);
  const std::array<std::uint8_t, 8> minus_one{0, 0, 0, 0, 0, 0, 0xF0, 0xBF};
  CHECK(from_little_endian<double>(minus_one.data()) == -1);

  std::array<std::uint8_t, 8> written;
  to_little_endian(std::uint64_t{0xBFF0060504030201}, written.data());
  CHECK(written == bytes);
  to_little_endian(-1.0, written.data());
  CHECK(written == minus_one);
  to_little_endian(1.0f, written.data());
  CHECK(from_little_endian<std::uint32_t>(written.data()) == 0x3F800000);
}
