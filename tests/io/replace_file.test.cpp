#include "gemel/io/replace_file.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <filesystem>
#include <iostream>
#include <iterator>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "catch.hpp"
#include "io/temporary_folder.hpp"
#include "mentions.hpp"
#include "system_calls.hpp"

using namespace gemel;

namespace {

namespace fs = std::filesystem;

std::span<const std::uint8_t> as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

std::size_t files_in(const fs::path& folder) {
  return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

unsigned mode_of(const fs::path& path) { return static_cast<unsigned>(fs::status(path).permissions()); }

// Throws the IoError whose message has the part, and leaves as many files in the folder as there were.
void check_refused(const TemporaryFolder& folder, const fs::path& path, const std::string& part) {
  CAPTURE(path.string(), part);
  const std::size_t before = files_in(folder.path());
  try {
    replace_file(path, as_bytes("new"));
    CHECK(false);
  } catch (const IoError& error) {
    CAPTURE(error.what());
    CHECK(mentions(error.what(), part));
    CHECK(error.place().file == path.string());
  }
  CHECK(files_in(folder.path()) == before);
}

// The umask within its scope.
class Umask {
 public:
  explicit Umask(mode_t mask) : before_(umask(mask)) {}
  Umask(const Umask&) = delete;
  Umask& operator=(const Umask&) = delete;
  ~Umask() { umask(before_); }

 private:
  mode_t before_;
};

// Becomes a user without special rights within its scope, where it has some. It is false if that is not possible or
// such a user cannot reach the folder, as below a root directory that only root may search.
class PlainUser {
 public:
  explicit PlainUser(const fs::path& folder)
      : is_plain_((geteuid() != 0 || seteuid(65534) == 0) &&
                  faccessat(AT_FDCWD, folder.c_str(), R_OK | X_OK, AT_EACCESS) == 0) {
    if (!is_plain_) WARN("skipped: a user without special rights cannot reach " << folder);
  }
  PlainUser(const PlainUser&) = delete;
  PlainUser& operator=(const PlainUser&) = delete;
  ~PlainUser() { static_cast<void>(seteuid(getuid())); }

  explicit operator bool() const { return is_plain_; }

 private:
  bool is_plain_;
};

}  // namespace

TEST_CASE("replace_file writes a new file and replaces an old one", "[replace_file]") {
  const TemporaryFolder folder;
  const fs::path path = folder.path() / "model";
  for (const std::string& content :
       {std::string("first"), std::string(), std::string(300'000, 'x'), std::string("last")}) {
    replace_file(path, as_bytes(content));
    CHECK((content_of(path) == content));
    CHECK(files_in(folder.path()) == 1);
  }
  const std::string longest(255, 'n');
  replace_file(folder.path() / longest, as_bytes("long name"));
  CHECK(content_of(folder.path() / longest) == "long name");

  const fs::path before = fs::current_path();
  fs::current_path(folder.path());
  replace_file("relative", as_bytes("here"));
  fs::current_path(before);
  CHECK(content_of(folder.path() / "relative") == "here");
}

TEST_CASE("replace_file keeps permissions, and gives a new file those of the umask", "[replace_file]") {
  const TemporaryFolder folder;
  const fs::path path = folder.path() / "model";
  {
    const Umask mask{027};
    replace_file(path, as_bytes("first"));
    CHECK(mode_of(path) == 0640);
    for (const unsigned mode : {0600u, 0666u, 0755u, 0644u}) {
      fs::permissions(path, static_cast<fs::perms>(mode));
      replace_file(path, as_bytes("next"));
      CHECK(mode_of(path) == mode);
    }
  }
  const Umask mask{0};
  fs::permissions(path, static_cast<fs::perms>(0600));
  replace_file(path, as_bytes("private"));
  CHECK(mode_of(path) == 0600);
}

TEST_CASE("replace_file replaces what a symbolic link leads to", "[replace_file]") {
  const TemporaryFolder folder;
  fs::create_directory(folder.path() / "versions");
  folder.write("versions/3", "old");
  fs::create_symlink("versions/3", folder.path() / "latest");
  fs::create_symlink("latest", folder.path() / "model");
  replace_file(folder.path() / "model", as_bytes("new"));
  CHECK(content_of(folder.path() / "versions" / "3") == "new");
  CHECK(fs::is_symlink(folder.path() / "model"));
  CHECK(fs::is_symlink(folder.path() / "latest"));
  CHECK(files_in(folder.path() / "versions") == 1);
  CHECK(files_in(folder.path()) == 3);
}

TEST_CASE("replace_file refuses what is no file, says why, and leaves nothing behind", "[replace_file]") {
  const TemporaryFolder folder;
  const fs::path& path = folder.path();
  const fs::path file = folder.write("file", "old");
  CHECK(mkfifo((path / "pipe").c_str(), 0600) == 0);
  fs::create_directory(path / "folder");
  fs::create_symlink("nowhere", path / "dangling");
  fs::create_symlink("ring", path / "ring");
  fs::create_symlink("pipe", path / "link to a pipe");
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string name = (path / "socket").string();
  if (name.size() < sizeof address.sun_path) {
    name.copy(address.sun_path, name.size());
    const int socket_number = socket(AF_UNIX, SOCK_STREAM, 0);
    if (bind(socket_number, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) {
      check_refused(folder, name, "it is a socket, not a file");
    }
    close(socket_number);
  }
  check_refused(folder, path / "pipe", "it is a pipe, not a file; give another path");
  check_refused(folder, path / "link to a pipe", "it is a pipe, not a file");
  check_refused(folder, path / "folder", "it is a folder, not a file");
  check_refused(folder, path / "dangling", "it is a symbolic link to nowhere, which does not exist; remove the link");
  check_refused(folder, path / "ring", "Too many levels of symbolic links");
  check_refused(folder, path / "missing" / "file", "its folder cannot be opened: No such file or directory");
  check_refused(folder, file / "below", "its folder cannot be opened: Not a directory");
  check_refused(folder, path / "new/", "it names no file");
  check_refused(folder, "", "it names no file");
  check_refused(folder, path / std::string(256, 'n'), "File name too long; give a shorter path");
  check_refused(folder, "/dev/full", "it is a device, not a file");
  try {
    replace_file(path / std::string("zero\0byte", 9), as_bytes("new"));
    CHECK(false);
  } catch (const IoError& error) {
    CHECK(mentions(error.what(), "zero: it cannot be written: a zero byte follows in its name"));
  }
  CHECK(content_of(file) == "old");
}

TEST_CASE("replace_file names a missing permission and a full disk", "[replace_file]") {
  const TemporaryFolder folder;
  const fs::path file = folder.write("file", "old");
  fs::permissions(file, static_cast<fs::perms>(0444));
  fs::permissions(folder.path(), static_cast<fs::perms>(0777));
  if (const PlainUser user{folder.path()}; user) {
    check_refused(folder, file, "the file that is there may not be changed: Permission denied; change the permissions");
  }
  fs::permissions(file, static_cast<fs::perms>(0666));
  fs::permissions(folder.path(), static_cast<fs::perms>(0555));
  if (const PlainUser user{folder.path()}; user) {
    check_refused(folder, file, "no file can be created in its folder: Permission denied");
    check_refused(folder, folder.path() / "new", "no file can be created in its folder: Permission denied");
  }
  fs::permissions(folder.path(), static_cast<fs::perms>(0755));

  // A file may not grow beyond a limit: the first write is short, the next one fails.
  rlimit before{};
  getrlimit(RLIMIT_FSIZE, &before);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit limit{2, before.rlim_max};
  setrlimit(RLIMIT_FSIZE, &limit);
  std::string message;
  try {
    replace_file(file, as_bytes("new"));
  } catch (const IoError& error) {
    message = error.what();
  }
  setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  CHECK(mentions(message, "writing failed: File too large; free some space, or give a path on another disk"));
  CHECK(content_of(file) == "old");
  CHECK(files_in(folder.path()) == 1);
}

TEST_CASE("replace_file is not disturbed by files that killed processes have left", "[replace_file]") {
  const TemporaryFolder folder;
  for (const char* k : {"0", "1"}) folder.write(".gemel-" + std::to_string(getpid()) + "-" + k, "left");
  replace_file(folder.path() / "model", as_bytes("new"));
  CHECK(content_of(folder.path() / "model") == "new");
  CHECK(files_in(folder.path()) == 3);
}

#if GEMEL_TEST_TRACES_SYSTEM_CALLS
namespace {

// A save, as the test of every interruption sees it: where it writes and what is there before.
struct Save {
  std::string name;
  bool old_file;
  bool link;
  mode_t mode;
};

}  // namespace

TEST_CASE("at every system call of replace_file the old file or the new one is there", "[replace_file]") {
  using namespace gemel::test;
  if (!traces_system_calls()) {
    WARN("system calls cannot be traced under this emulator");
    return;
  }
  using Kind = Fault::Kind;
  const std::string old_content = "the old file", new_content(5000, 'n');
  const Umask mask{022};
  for (const Save& save :
       {Save{"a new file", false, false, 0}, Save{"an old file", true, false, 0644},
        Save{"an old file of other permissions", true, false, 0666}, Save{"a symbolic link", true, true, 0644}}) {
    CAPTURE(save.name);
    std::vector<long> calls;
    std::size_t points = 0;
    for (const Fault fault : {Fault{Kind::Error, ENOSPC}, Fault{Kind::Error, EIO}, Fault{Kind::Error, EINTR},
                              Fault{Kind::Short}, Fault{Kind::Kill}}) {
      CAPTURE(static_cast<int>(fault.kind), fault.error);
      for (std::size_t at = 0;; ++at) {
        CAPTURE(at);
        const TemporaryFolder folder;
        const fs::path path = folder.path() / "model", real = save.link ? folder.path() / "target" : path;
        if (save.old_file) {
          folder.write(real.filename().string(), old_content);
          fs::permissions(real, static_cast<fs::perms>(save.mode));
        }
        if (save.link) fs::create_symlink("target", path);
        const std::size_t entries = 1 + save.link;

        const TracedRun run = run_traced(
            [&] {
              try {
                replace_file(path, as_bytes(new_content));
                return 0;
              } catch (const IoError& error) {
                return error.place().file == path.string() ? 1 : 2;
              } catch (...) {
                return 3;
              }
            },
            at, fault);

        const bool exists = fs::exists(real);
        const std::string content = exists ? content_of(real) : "";
        const bool is_old = save.old_file ? content == old_content : !exists, is_new = content == new_content;
        CHECK((is_old || is_new));
        if (save.link) CHECK(fs::is_symlink(path));
        if (save.old_file) CHECK(mode_of(real) == save.mode);
        if (run.calls.size() <= at) {  // all calls have had their fault
          CHECK(run.returned == 0);
          CHECK(is_new);
          calls = run.calls;
          break;
        }
        ++points;
        const std::string call = call_name(run.calls[at]);
        CAPTURE(call);
        if (fault.kind == Kind::Kill) {
          CHECK_FALSE(run.returned.has_value());
          CHECK(files_in(folder.path()) <= entries + 1);
          continue;
        }
        REQUIRE(run.returned.has_value());
        CHECK(*run.returned <= 1);
        if (*run.returned == 0) CHECK(is_new);
        CHECK(files_in(folder.path()) == (exists ? entries : 0));
        if (fault.kind == Kind::Short) CHECK(*run.returned == 0);
        if (fault.error == EINTR && (call == "open" || call == "write" || call == "fsync" || call == "close")) {
          CHECK(*run.returned == 0);
        }
      }
    }
    std::string names;
    std::size_t met = 0;
    const std::vector<std::string> wanted{"open", "write", "fsync", "rename", "fsync"};
    for (const long call : calls) {
      const std::string name = call_name(call);
      if (met < wanted.size() && name == wanted[met]) ++met;
      names += ' ' + name;
    }
    std::cout << "replace_file, " << save.name << ": " << calls.size() << " system calls (" << names.substr(1) << "), "
              << points << " faults" << std::endl;
    CHECK(met == wanted.size());
  }
}
#endif
