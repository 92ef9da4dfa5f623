#pragma once

#include <cerrno>
#include <concepts>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <system_error>

#include "gemel/core/error.hpp"

namespace gemel {

/// A sequence of bytes that can be read once, from the first to the last, such as an InputFile or a Gzip:
///
///   name()        what error messages call it
///   read(out)     reads up to out.size() bytes, fewer only at the end, and returns how many. Throws IoError if that
///                 fails
///   most_bytes()  an upper limit of the number of bytes. Before a reader allocates memory, it compares the lengths
///                 that the data claims with this limit
///   size()        optional: the exact number of bytes
template <class T>
concept Input = requires(T& input, const T& constant, std::span<char> out) {
  { constant.name() } -> std::convertible_to<std::string>;
  { constant.most_bytes() } -> std::same_as<std::uint64_t>;
  { input.read(out) } -> std::same_as<std::size_t>;
};

/// A regular file that is open for reading. Its size is known before anything is read.
class InputFile {
 public:
  /// Opens the file. Throws IoError, with the file's name, if it is missing, a directory, a device or a pipe, or cannot
  /// be opened.
  explicit InputFile(const std::filesystem::path& path) : name_(path.string()) {
    if (const std::size_t zero = name_.find('\0'); zero != name_.npos) {
      name_.resize(zero);  // the operating system reads the name only up to there
      fail({"there is no such file: a zero byte follows in its name"});
    }
    std::error_code error;
    const auto status = std::filesystem::status(path, error);
    if (status.type() == std::filesystem::file_type::not_found) fail({"there is no such file"});
    if (error) fail({"it cannot be read: ", error.message()});
    if (std::filesystem::is_directory(status)) fail({"it is a directory, not a file"});
    if (!std::filesystem::is_regular_file(status)) fail({"it is not a regular file: copy its content into one first"});
    size_ = std::filesystem::file_size(path, error);
    if (!error) file_.reset(std::fopen(name_.c_str(), "rb"));
    if (!file_) fail({"it cannot be opened: ", error ? error.message() : std::strerror(errno)});
  }

  /// @{
  /// Required by the Input concept.
  const std::string& name() const { return name_; }
  std::uint64_t size() const { return size_; }
  std::uint64_t most_bytes() const { return size_; }
  /// @}

  /// Reads up to `bytes.size()` bytes, fewer only at the end of the file, and returns how many. Throws IoError if the
  /// file cannot be read.
  std::size_t read(std::span<char> bytes) {
    const std::size_t count = std::fread(bytes.data(), 1, bytes.size(), file_.get());
    if (count < bytes.size() && std::ferror(file_.get())) fail({"it cannot be read: ", std::strerror(errno)});
    return count;
  }

 private:
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };

  [[noreturn]] void fail(std::initializer_list<Piece> why) const { throw IoError(why, Place{.file = name_}); }

  std::string name_;
  std::uint64_t size_ = 0;
  std::unique_ptr<std::FILE, Close> file_;
};

}  // namespace gemel
