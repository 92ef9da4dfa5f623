#include "gemel/core/buffer.hpp"

#include <cstdint>
#include <numeric>
#include <utility>

#include "catch.hpp"

using namespace gemel;

namespace {

template <class T>
bool aligned(const Buffer<T>& buffer) {
  return reinterpret_cast<std::uintptr_t>(buffer.data()) % 64 == 0;
}

}  // namespace

TEMPLATE_TEST_CASE("a buffer is aligned to a cache line and starts with zeros", "", float, double, std::uint8_t) {
  for (const Index n : {1, 7, 64, 1000}) {
    const Buffer<TestType> buffer(n);
    CHECK(aligned(buffer));
    CHECK(buffer.size() == n);
    CHECK(!buffer.empty());
    CHECK(std::accumulate(buffer.begin(), buffer.end(), 0.0) == 0);
  }
}

TEST_CASE("resize clears the values and keeps memory that is large enough") {
  Buffer<float> buffer(10);
  const float* before = buffer.data();
  buffer[3] = 5;
  buffer.resize(4);
  CHECK(buffer.data() == before);
  CHECK(buffer.size() == 4);
  CHECK(buffer[3] == 0);
  buffer.resize(10);
  CHECK(buffer.data() == before);
  buffer.resize(11);
  CHECK(aligned(buffer));
  CHECK(buffer.size() == 11);
  CHECK(buffer[10] == 0);
}

TEST_CASE("reserve allocates memory but adds no values") {
  Buffer<int> buffer;
  CHECK(buffer.empty());
  buffer.reserve(20);
  CHECK(buffer.empty());
  const int* before = buffer.data();
  buffer.resize(20);
  CHECK(buffer.data() == before);
}

TEST_CASE("a copy has its own memory, and a move takes the memory") {
  Buffer<int> a(3);
  std::iota(a.begin(), a.end(), 1);
  Buffer<int> copy = a;
  a[0] = 9;
  CHECK(copy[0] == 1);
  CHECK(copy[2] == 3);
  CHECK(copy.data() != a.data());

  const int* memory = a.data();
  Buffer<int> moved = std::move(a);
  CHECK(moved.data() == memory);
  CHECK(moved[0] == 9);

  copy = moved;
  CHECK(copy[0] == 9);
  CHECK(copy.data() != moved.data());
  copy = *&copy;
  CHECK(copy[1] == 2);

  const Buffer<int> empty;
  const Buffer<int> copy_of_empty = empty;
  CHECK(copy_of_empty.empty());
}

TEST_CASE("spans refer to the values") {
  Buffer<int> buffer(5);
  std::iota(buffer.begin(), buffer.end(), 0);
  CHECK(buffer.span().size() == 5);
  CHECK(buffer.span(2, 3).size() == 3);
  CHECK(buffer.span(2, 3)[0] == 2);
  buffer.span(1, 1)[0] = 8;
  CHECK(std::as_const(buffer)[1] == 8);
  CHECK(std::as_const(buffer).span()[4] == 4);
}
