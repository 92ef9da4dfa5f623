#pragma once

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

namespace program {

/// While it exists, other processes that make a Lock of the same file wait. Without it, the changes of one of two calls
/// of `enrol` at the same time would be lost. The kernel releases it when the process ends. A file system
/// without locks, or a file that does not exist, is not locked.
class Lock {
 public:
  explicit Lock(const std::filesystem::path& path) {
    // Each change puts a new file in place of the old one. So a process that has waited locks a file that is gone.
    while (!is_locked(path)) close(file_);
  }
  ~Lock() {
    if (file_ != -1) close(file_);
  }
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;

 private:
  /// Opens and locks the file. Returns false if another file has replaced it meanwhile.
  bool is_locked(const std::filesystem::path& path) {
    file_ = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file_ == -1) return true;
    while (flock(file_, LOCK_EX) == -1) {
      if (errno != EINTR) return true;
    }
    struct stat locked {
    }, there{};
    if (fstat(file_, &locked) == -1 || stat(path.c_str(), &there) == -1) return true;
    return locked.st_dev == there.st_dev && locked.st_ino == there.st_ino;
  }

  int file_ = -1;
};

}  // namespace program
