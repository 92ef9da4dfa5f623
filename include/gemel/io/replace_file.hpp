#pragma once

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <system_error>
#include <utility>

#if defined(_WIN32)
#include <process.h>

#include <fstream>
#else
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#endif

#include "gemel/core/error.hpp"

namespace gemel {

namespace detail {

/// What the user can do about an error of the system while a file is written.
inline const char* remedy(std::error_code error) {
  using std::errc;
  if (error == errc::no_space_on_device || error == errc::file_too_large) {
    return "free some space, or give a path on another disk";
  }
  if (error == errc::permission_denied || error == errc::operation_not_permitted) {
    return "change the permissions, or give a path in another folder";
  }
  if (error == errc::filename_too_long) return "give a shorter path";
  if (error == errc::no_such_file_or_directory || error == errc::not_a_directory) return "does its folder exist?";
  if (error == errc::too_many_symbolic_link_levels) return "its symbolic links form a ring: remove one of them";
  return "give a path on another disk";
}

[[noreturn]] inline void fail_to_write(const std::string& name, std::initializer_list<Piece> why) {
  throw IoError({"it cannot be written: ", format(why)}, Place{.file = name});
}
[[noreturn]] inline void fail_to_write(const std::string& name, const char* what, std::error_code error) {
  fail_to_write(name, {what, ": ", error.message(), "; ", remedy(error)});
}

inline const char* kind_of(std::filesystem::file_type type) {
  switch (type) {
    case std::filesystem::file_type::directory:
      return "a folder";
    case std::filesystem::file_type::fifo:
      return "a pipe";
    case std::filesystem::file_type::socket:
      return "a socket";
    default:
      return "a device";
  }
}

struct FileToReplace {
  std::string name;                                        ///< the path as it was given, for errors
  std::filesystem::path path;                              ///< where all symbolic links lead to
  std::optional<std::filesystem::perms> permissions = {};  ///< of a file that is there already
};

/// Follows symbolic links. Throws IoError if the path cannot be that of a regular file. It opens nothing, since opening
/// a pipe might wait forever.
inline FileToReplace file_to_replace(const std::filesystem::path& path) {
  namespace fs = std::filesystem;
  FileToReplace file{.name = path.string(), .path = path};
  if (const std::size_t zero = file.name.find('\0'); zero != file.name.npos) {
    file.name.resize(zero);  // the system, and whoever prints the error, would stop there
    fail_to_write(file.name, {"a zero byte follows in its name; give another path"});
  }
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (status.type() == fs::file_type::none) fail_to_write(file.name, "it cannot be looked up", error);
  if (fs::exists(status)) {
    if (!fs::is_regular_file(status)) {
      fail_to_write(file.name, {"it is ", kind_of(status.type()), ", not a file; give another path"});
    }
    file.permissions = status.permissions() & fs::perms::all;
  }
  const fs::file_status link = fs::symlink_status(path, error);
  if (link.type() == fs::file_type::none) fail_to_write(file.name, "it cannot be looked up", error);
  if (fs::is_symlink(link)) {
    if (!fs::exists(status)) {
      const fs::path target = fs::read_symlink(path, error);
      fail_to_write(file.name,
                    {"it is a symbolic link to ", target.string(), ", which does not exist; remove the link"});
    }
    file.path = fs::canonical(path, error);
    if (error) fail_to_write(file.name, "its symbolic link cannot be followed", error);
  } else if (!path.has_filename()) {
    fail_to_write(file.name, {"it names no file; add a file's name to the path"});
  }
  return file;
}

#if defined(_WIN32)

/// As below, with the standard library alone, which cannot flush a file to the disk.
class Replacement {
 public:
  explicit Replacement(FileToReplace target)
      : target_(std::move(target)),
        beside_(target_.path.parent_path() / format({".gemel-", _getpid()})),
        file_(beside_, std::ios::binary) {}
  Replacement(const Replacement&) = delete;
  Replacement& operator=(const Replacement&) = delete;
  ~Replacement() {
    std::error_code ignored;
    file_.close();
    std::filesystem::remove(beside_, ignored);
  }

  void write(std::span<const std::uint8_t> bytes) {
    file_.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    file_.close();
    if (!file_) fail_to_write(target_.name, "writing failed", std::make_error_code(std::errc::io_error));
  }

  void take_its_place() {
    std::error_code error;
    std::filesystem::rename(beside_, target_.path, error);
    if (error) fail_to_write(target_.name, "the new file cannot take its place", error);
  }

 private:
  FileToReplace target_;
  std::filesystem::path beside_;
  std::ofstream file_;
};

#else

inline std::error_code last_error() { return {errno, std::generic_category()}; }

/// Repeats a system call for as long as signals interrupt it.
template <class Call>
auto uninterrupted(const Call& call) {
  for (;;) {
    const auto result = call();
    if (result >= 0 || errno != EINTR) return result;
  }
}

/// An open file or folder, closed at the end of its scope.
class Descriptor {
 public:
  explicit Descriptor(int number = -1) : number_(number) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  ~Descriptor() { close(); }

  int number() const { return number_; }

  /// Returns whether there was no error. The descriptor is closed in any case, even by an interrupted call.
  bool close() { return number_ < 0 || ::close(std::exchange(number_, -1)) == 0 || errno == EINTR; }

 private:
  int number_;
};

/// A new file in the same folder as the file that it will replace. The destructor removes it, unless it has taken that
/// file's place.
class Replacement {
 public:
  explicit Replacement(FileToReplace target) : target_(std::move(target)) {
    const std::filesystem::path parent = target_.path.parent_path();
    folder_ = Descriptor{uninterrupted(
        [&] { return ::open(parent.empty() ? "." : parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); })};
    if (folder_.number() < 0) fail("its folder cannot be opened");
    // A rename would replace even a file that is protected against writing.
    if (target_.permissions && ::faccessat(folder_.number(), filename().c_str(), W_OK, AT_EACCESS) != 0) {
      fail("the file that is there may not be changed");
    }
    // Never more permissions than the old file has, not even for a moment.
    const mode_t mode = target_.permissions ? static_cast<mode_t>(*target_.permissions) : 0666;
    int number = -1;
    for (int k = 0; number < 0; ++k) {  // up to a name that is free
      beside_ = format({".gemel-", ::getpid(), "-", k});
      number = uninterrupted(
          [&] { return ::openat(folder_.number(), beside_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode); });
      if (number < 0 && errno != EEXIST) fail("no file can be created in its folder");
    }
    file_ = Descriptor{number};
  }
  Replacement(const Replacement&) = delete;
  Replacement& operator=(const Replacement&) = delete;
  ~Replacement() {
    if (!beside_.empty()) ::unlinkat(folder_.number(), beside_.c_str(), 0);
  }

  /// Writes the whole content and the permissions, and flushes them to the disk.
  void write(std::span<const std::uint8_t> bytes) {
    copy_permissions();
    constexpr std::size_t max_count = std::size_t{1} << 30;  // systems refuse or shorten what is much longer
    while (!bytes.empty()) {
      const ssize_t count =
          uninterrupted([&] { return ::write(file_.number(), bytes.data(), std::min(bytes.size(), max_count)); });
      if (count == 0) errno = ENOSPC;
      if (count <= 0) fail("writing failed");
      bytes = bytes.subspan(static_cast<std::size_t>(count));
    }
    if (uninterrupted([&] { return ::fsync(file_.number()); }) != 0) fail("it cannot be flushed to the disk");
    if (!file_.close()) fail("it cannot be closed");
  }

  void take_its_place() {
    if (::renameat(folder_.number(), beside_.c_str(), folder_.number(), filename().c_str()) != 0) {
      fail("the new file cannot take its place");
    }
    beside_.clear();
    // Some file systems cannot flush a folder, and return EINVAL.
    if (uninterrupted([&] { return ::fsync(folder_.number()); }) != 0 && errno != EINVAL) {
      throw IoError({"it is written, but its folder cannot be flushed to the disk: ", last_error().message(),
                     "; after a power failure the old file may be there again"},
                    Place{.file = target_.name});
    }
  }

 private:
  [[noreturn]] void fail(const char* what) const { fail_to_write(target_.name, what, last_error()); }

  std::filesystem::path filename() const { return target_.path.filename(); }

  /// Restores the permissions that the umask has removed.
  void copy_permissions() {
    if (!target_.permissions) return;
    struct stat created {};
    if (::fstat(file_.number(), &created) != 0) fail("its permissions cannot be read");
    const auto wanted = static_cast<mode_t>(*target_.permissions);
    if ((created.st_mode & 0777) != wanted && ::fchmod(file_.number(), wanted) != 0) {
      fail("the old file's permissions cannot be given to the new one");
    }
  }

  FileToReplace target_;
  Descriptor folder_;
  Descriptor file_;
  std::string beside_ = {};
};

#endif

}  // namespace detail

/// Replaces the content of a file by `bytes` atomically: at any time, even if the process is killed or the power fails,
/// the old file or the new one is there, whole. The new file is written to the same folder, flushed to the disk and
/// renamed; then the folder is flushed too. The new file gets the permissions of the old one. (On Windows nothing is
/// flushed and no permissions are copied.) If the path is a symbolic link, the file that it points to is replaced. A
/// killed process may leave a file
/// `.gemel-*` in the folder, which can be removed. Throws IoError, with the file's name, if the file cannot be written:
/// the disk is full, a permission or the folder is missing, the path is that of a folder, pipe or device, or a symbolic
/// link points nowhere. The old file is then unchanged, unless the last flush, that of the folder, fails; the
/// message then says so.
inline void replace_file(const std::filesystem::path& path, std::span<const std::uint8_t> bytes) {
  detail::Replacement replacement{detail::file_to_replace(path)};
  replacement.write(bytes);
  replacement.take_its_place();
}

}  // namespace gemel
