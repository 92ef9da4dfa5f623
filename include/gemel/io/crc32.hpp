#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "gemel/core/compiler.hpp"
#include "gemel/io/little_endian.hpp"

namespace gemel::detail {

/// Entry [k][b] is the CRC of the byte b followed by `zeros` - k zero bytes. So the CRC of a 64-bit word that is
/// followed by `zeros` - 7 zero bytes is the XOR of eight independent look-ups, one per byte, the lowest byte first.
using Crc32Table = std::array<std::array<std::uint32_t, 256>, 8>;

constexpr Crc32Table make_crc32_table(std::size_t zeros) {
  constexpr std::uint32_t reversed_polynomial = 0xEDB88320;
  std::array<std::uint32_t, 256> one_byte{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (crc & 1 ? reversed_polynomial : 0);
    one_byte[byte] = crc;
  }
  Crc32Table table{};
  std::array<std::uint32_t, 256> row = one_byte;
  for (std::size_t k = 0; k <= zeros; ++k) {
    if (zeros - k < table.size()) table[zeros - k] = row;
    for (std::uint32_t& crc : row) crc = crc >> 8 ^ one_byte[crc & 0xFF];
  }
  return table;
}

inline constexpr std::size_t crc32_braids = 5;
inline constexpr Crc32Table crc32_of_word = make_crc32_table(7);
inline constexpr Crc32Table crc32_of_braid = make_crc32_table(8 * crc32_braids - 1);

inline std::uint32_t look_up_crc32(const Crc32Table& table, std::uint64_t word) {
  return table[0][word & 0xFF] ^ table[1][word >> 8 & 0xFF] ^ table[2][word >> 16 & 0xFF] ^
         table[3][word >> 24 & 0xFF] ^ table[4][word >> 32 & 0xFF] ^ table[5][word >> 40 & 0xFF] ^
         table[6][word >> 48 & 0xFF] ^ table[7][word >> 56];
}

/// The CRC-32 of gzip, PNG and zlib. `before` is the CRC of the bytes that precede these, so that data may be checked
/// in parts. Every fifth word belongs to the same braid, and the five braids do not wait for one another: A. Kadatch
/// and B. Jenkins, "Everything we know about CRC but afraid to forget", 2010, as in zlib.
inline std::uint32_t crc32(std::span<const std::uint8_t> bytes, std::uint32_t before = 0) {
  constexpr std::size_t block = 8 * crc32_braids;
  const std::uint8_t* next = bytes.data();
  std::size_t left = bytes.size();
  std::uint32_t crc = ~before;
  if (left >= block) {
    std::array<std::uint32_t, crc32_braids> braids{crc};
    const auto word = [&](std::size_t k) { return from_little_endian<std::uint64_t>(next + 8 * k) ^ braids[k]; };
    for (; left >= 2 * block; left -= block, next += block) {
      for (std::size_t k = 0; k < crc32_braids; ++k) braids[k] = look_up_crc32(crc32_of_braid, word(k));
    }
    crc = 0;
    for (std::size_t k = 0; k < crc32_braids; ++k) crc = look_up_crc32(crc32_of_word, word(k) ^ crc);
    left -= block;
    next += block;
  }
  for (; left > 0; --left, ++next) crc = crc >> 8 ^ crc32_of_word[7][(crc ^ *next) & 0xFF];
  return ~crc;
}

}  // namespace gemel::detail
