#pragma once

#include <algorithm>
#include <cstddef>
#include <limits>
#include <new>
#include <span>
#include <type_traits>
#include <utility>

#include "gemel/core/types.hpp"

namespace gemel {

/// A buffer of n values on the heap, aligned to a cache line. Its layout depends on no macro, so translation units that
/// are compiled with different options may share it. New values are T{}.
template <class T>
class Buffer {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  static constexpr std::size_t alignment = 64;  ///< In bytes: a cache line.

  /// An empty buffer, which allocates nothing.
  Buffer() = default;

  /// A buffer of n values T{}.
  explicit Buffer(Index n) { resize(n); }

  /// @{
  /// A copy has its own memory; a moved-from buffer is empty.
  Buffer(const Buffer& other) : Buffer(other.size()) { std::copy_n(other.data(), other.size(), data_); }
  Buffer(Buffer&& other) noexcept { swap(other); }
  Buffer& operator=(Buffer other) noexcept {
    swap(other);
    return *this;
  }
  /// @}
  ~Buffer() { release(); }

  /// Sets the size to n and all values to T{}. Allocates only if the capacity is too small.
  void resize(Index n) {
    reserve(n);
    size_ = n;
    std::fill_n(data_, n, T{});
  }

  /// Makes the capacity at least n. If that allocates, the contents are lost and the size becomes 0. Throws
  /// std::bad_array_new_length if n is negative or too large.
  void reserve(Index n) {
    if (n > capacity_) {
      if (n < 0 || n > std::numeric_limits<Index>::max() / static_cast<Index>(sizeof(T)))
        throw std::bad_array_new_length{};
      T* fresh = static_cast<T*>(::operator new (static_cast<std::size_t>(n) * sizeof(T), std::align_val_t{alignment}));
      release();
      data_ = fresh;
      capacity_ = n;
      size_ = 0;
    }
  }

  /// @{
  /// As in std::vector.
  T* data() { return data_; }
  const T* data() const { return data_; }
  Index size() const { return size_; }
  bool empty() const { return size_ == 0; }
  T& operator[](Index i) { return data_[i]; }
  const T& operator[](Index i) const { return data_[i]; }
  T* begin() { return data_; }
  T* end() { return data_ + size_; }
  const T* begin() const { return data_; }
  const T* end() const { return data_ + size_; }
  /// @}

  /// @{
  /// All values, or `count` values from `first` on.
  std::span<T> span() { return {data_, static_cast<std::size_t>(size_)}; }
  std::span<const T> span() const { return {data_, static_cast<std::size_t>(size_)}; }
  std::span<T> span(Index first, Index count) { return {data_ + first, static_cast<std::size_t>(count)}; }
  std::span<const T> span(Index first, Index count) const { return {data_ + first, static_cast<std::size_t>(count)}; }
  /// @}

 private:
  void swap(Buffer& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(capacity_, other.capacity_);
  }
  void release() noexcept {
    if (data_) ::operator delete (data_, std::align_val_t{alignment});
    data_ = nullptr;
  }

  T* data_ = nullptr;
  Index size_ = 0;
  Index capacity_ = 0;
};

namespace detail {

/// An Index that becomes 0 when it is moved from, as the size of a Buffer does. A class that stores a size beside its
/// buffers uses this type for it, so that defaulted moves keep the two consistent.
class ZeroOnMove {
 public:
  ZeroOnMove() = default;
  ZeroOnMove(Index n) : n_(n) {}
  ZeroOnMove(const ZeroOnMove&) = default;
  ZeroOnMove(ZeroOnMove&& other) noexcept : n_(std::exchange(other.n_, 0)) {}
  ZeroOnMove& operator=(ZeroOnMove other) noexcept {
    n_ = other.n_;
    return *this;
  }
  ~ZeroOnMove() = default;
  operator Index() const { return n_; }

 private:
  Index n_ = 0;
};

}  // namespace detail
}  // namespace gemel
