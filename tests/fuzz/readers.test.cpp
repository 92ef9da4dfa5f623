#include <algorithm>
#include <cstdint>
#include <string_view>
#include <vector>

#include "catch.hpp"
#include "fuzz/targets.hpp"
#include "gemel/core/random.hpp"
#include "scale.hpp"

using namespace gemel;

namespace {

using Bytes = std::vector<std::uint8_t>;

Bytes bytes_of(std::string_view text) { return {text.begin(), text.end()}; }

// One to four changes: a bit flipped, a byte from the format's own alphabet, a cut, a repeated part, bytes left out.
Bytes mutated(Bytes bytes, std::string_view alphabet, Rng& rng) {
  for (Index change = rng.below(4); change >= 0 && !bytes.empty(); --change) {
    const auto at = bytes.begin() + rng.below(length(bytes));
    const auto end = at + rng.below(bytes.end() - at + 1);
    switch (rng.below(5)) {
      case 0:
        *at = static_cast<std::uint8_t>(*at ^ 1u << rng.below(8));
        break;
      case 1:
        *at = static_cast<std::uint8_t>(alphabet[static_cast<std::size_t>(rng.below(length(alphabet)))]);
        break;
      case 2:
        bytes.erase(at, bytes.end());
        break;
      case 3: {
        const Bytes part(at, end);
        bytes.insert(at, part.begin(), part.end());
        break;
      }
      case 4:
        bytes.erase(at, end);
        break;
    }
  }
  return bytes;
}

template <class Survives>
Index count_read(const std::vector<Bytes>& seeds, std::string_view alphabet, const Survives& survives) {
  Rng rng{11};
  Index read = 0;
  for (const Bytes& seed : seeds) {
    for (int i = 0; i < scaled(2000); ++i) {
      const Bytes bytes = mutated(seed, alphabet, rng);
      read += survives(bytes);
    }
  }
  return read;
}

}  // namespace

TEST_CASE("read_csv reads or refuses whatever it is given", "[fuzz]") {
  const std::vector<Bytes> seeds{
      bytes_of("a,b,kind\n1,2,x\n3.5,-4e2,y\n5,6,x\n"),
      bytes_of("\xEF\xBB\xBF"
               "a,\"the \"\"b\"\"\",\"kind\"\r\n1,\"2\",\"x,\r\ny\"\r\n3,4,z\r\n\r\n"),
      bytes_of("1;2;3\n4;5;6\n7;8;9\n"),
  };
  for (const Bytes& seed : seeds) CHECK(survives_csv(seed));
  const Index read = count_read(seeds, ",;\"\r\n0.-+eEnaif \t", survives_csv);
  CHECK(read > 500);
  CHECK(read < 5500);
}

TEST_CASE("read_idx reads or refuses whatever it is given", "[fuzz]") {
  const std::vector<Bytes> seeds{
      {0, 0, 8, 1, 0, 0, 0, 5, 1, 2, 3, 4, 5},
      {0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 1, 9, 8, 7, 255, 5, 4},
      {0, 0, 8, 2, 0, 0, 0, 1, 0, 0, 0, 1, 77},
  };
  for (const Bytes& seed : seeds) CHECK(survives_idx(seed));
  const Index read = count_read(seeds, {"\0\1\2\3\10\377", 6}, survives_idx);
  CHECK(read > 100);
  CHECK(read < 5500);
}
