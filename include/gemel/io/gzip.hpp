#pragma once

#include <zlib.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <new>
#include <span>
#include <utility>
#include <vector>

#include "gemel/core/error.hpp"
#include "gemel/io/input_file.hpp"

namespace gemel {

/// An Input that inflates a gzipped source while it is read, and passes the bytes of any other source on unchanged:
/// `read_idx<float>(Gzip{InputFile{path}})` reads an IDX file whether or not it is gzipped. Only this header needs
/// zlib.
template <Input Source>
class Gzip {
 public:
  /// Takes over the source and reads its first bytes. Throws whatever the source's `read` throws.
  explicit Gzip(Source source) : source_(std::move(source)), block_(block_size) {
    fill();
    if (!begins_member()) return;
    stream_.reset(new z_stream{});
    if (inflateInit2(stream_.get(), gzip_only) != Z_OK) throw std::bad_alloc();
  }

  /// The source's name.
  decltype(auto) name() const { return source_.name(); }

  /// An upper limit of the number of inflated bytes. A byte of deflated data inflates to at most 1032 bytes, since the
  /// densest code copies 258 bytes with two bits.
  std::uint64_t most_bytes() const { return (stream_ ? 1032 : 1) * source_.most_bytes(); }

  /// Reads up to `out.size()` inflated bytes, fewer only at the end, and returns how many. Throws whatever the source's
  /// `read` throws, and FormatError if the gzip data is damaged, truncated, or followed by other bytes.
  std::size_t read(std::span<char> out) {
    std::size_t count = 0;
    while (count < out.size()) {
      if (rest_.empty()) fill();
      if (rest_.empty() && (!stream_ || between_members_)) break;
      const std::span<char> part = out.subspan(count);
      count += stream_ ? inflate_some(part) : copy_some(part);
    }
    return count;
  }

 private:
  static constexpr std::size_t block_size = std::size_t{1} << 16;
  static constexpr int gzip_only = 15 + 16;  // zlib's code for the largest window and gzip's header and checksum

  struct End {
    void operator()(z_stream* stream) const {
      inflateEnd(stream);
      delete stream;
    }
  };

  [[noreturn]] void fail(const char* why) const {
    throw FormatError({"its gzip data cannot be inflated: ", why}, Place{.file = source_.name()});
  }

  /// Moves the unread rest of the block to its front, and fills it with the source's next bytes.
  void fill() {
    std::ranges::copy(rest_, block_.begin());
    const std::size_t count = source_.read(std::span{block_}.subspan(rest_.size()));
    rest_ = std::span{block_}.first(rest_.size() + count);
  }

  bool begins_member() const { return rest_.size() >= 2 && rest_[0] == '\x1f' && rest_[1] == '\x8b'; }

  std::size_t copy_some(std::span<char> out) {
    const auto part = rest_.first(std::min(rest_.size(), out.size()));
    std::ranges::copy(part, out.begin());
    rest_ = rest_.subspan(part.size());
    return part.size();
  }

  std::size_t inflate_some(std::span<char> out) {
    if (between_members_) {
      if (rest_.size() < 2) fill();
      if (!begins_member()) fail("bytes that are no gzip data follow its end");
      inflateReset(stream_.get());
      between_members_ = false;
    }
    // zlib counts with 32 bits. The size of a block fits; that of `out` may not.
    const std::size_t max_count = std::min(out.size(), std::size_t{1} << 30);
    stream_->next_in = reinterpret_cast<Bytef*>(rest_.data());
    stream_->avail_in = static_cast<uInt>(rest_.size());
    stream_->next_out = reinterpret_cast<Bytef*>(out.data());
    stream_->avail_out = static_cast<uInt>(max_count);
    const bool ended = rest_.empty();
    const int result = inflate(stream_.get(), Z_NO_FLUSH);
    rest_ = rest_.last(stream_->avail_in);
    const std::size_t count = max_count - stream_->avail_out;
    if (result == Z_STREAM_END) {
      between_members_ = true;
    } else if (result == Z_MEM_ERROR) {
      throw std::bad_alloc();
    } else if (result != Z_OK && result != Z_BUF_ERROR) {
      fail(stream_->msg ? stream_->msg : "it is damaged");
    } else if (ended && count == 0) {
      fail("it is truncated");
    }
    return count;
  }

  Source source_;
  std::vector<char> block_;
  std::span<char> rest_;                   // the unread part of the block
  std::unique_ptr<z_stream, End> stream_;  // null: not gzipped. zlib keeps its address, so it must not move
  bool between_members_ = false;
};

/// Returns the inflated content of a gzipped file, or the content of any other file. Throws IoError if the file cannot
/// be read, and FormatError if its gzip data is damaged, truncated or followed by other bytes, or if the content has
/// more than `max_bytes` bytes. A format that contains its own length needs no such limit: read it through a Gzip.
inline std::vector<std::uint8_t> read_gzip(const std::filesystem::path& path,
                                           std::uint64_t max_bytes = std::uint64_t{1} << 32) {
  constexpr std::size_t block = std::size_t{1} << 20;
  Gzip file{InputFile{path}};
  std::vector<std::uint8_t> bytes;
  for (;;) {
    const std::size_t size = bytes.size();
    bytes.resize(size + block);
    const std::size_t count = file.read({reinterpret_cast<char*>(bytes.data()) + size, block});
    bytes.resize(size + count);
    if (bytes.size() > max_bytes) {
      throw FormatError({"it inflates to more than ", max_bytes, " bytes"}, Place{.file = file.name()});
    }
    if (count < block) return bytes;
  }
}

}  // namespace gemel
