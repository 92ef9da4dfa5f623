#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <iostream>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "gemel/core/error.hpp"
#include "gemel/io/replace_file.hpp"
#include "interrupt.hpp"

namespace program {

/// A file, and the option that names it.
struct NamedFile {
  std::string option;
  std::filesystem::path path;
};

/// The path to which a path leads through all its links, whether or not that file exists.
inline std::filesystem::path resolved(std::filesystem::path path) {
  namespace fs = std::filesystem;
  std::error_code error;
  for (int links = 0; links < 40 && fs::is_symlink(fs::symlink_status(path, error)); ++links) {
    path = path.parent_path() / fs::read_symlink(path, error);
  }
  const fs::path absolute = fs::absolute(path, error);
  const fs::path folder = fs::weakly_canonical(absolute.parent_path(), error);
  return error ? path : folder / absolute.filename();
}

inline bool is_same_file(const std::filesystem::path& a, const std::filesystem::path& b) {
  std::error_code error;
  return std::filesystem::equivalent(a, b, error) || resolved(a) == resolved(b);
}

inline bool is_writable(const std::filesystem::path& path, int mode) { return access(path.c_str(), mode) == 0; }

/// Throws IoError if no regular file can be written to this path, as far as that can be known without trying.
/// `new_folder`: whether its folder does not exist yet.
inline void check_output(const std::filesystem::path& path, bool new_folder = false) {
  namespace fs = std::filesystem;
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (fs::exists(status) && !fs::is_regular_file(status)) {
    throw gemel::IoError({"it cannot be written: it is ", gemel::detail::kind_of(status.type()), ", not a file"},
                         {.file = path.string()});
  }
  if (status.type() == fs::file_type::none) {
    throw gemel::IoError("it cannot be written: " + error.message(), {.file = path.string()});
  }
  if (new_folder) return;
  const fs::path folder = resolved(path).parent_path();
  if (path.filename().empty() || !fs::is_directory(folder, error) || !is_writable(folder, W_OK | X_OK) ||
      (fs::exists(status) && !is_writable(path, W_OK))) {
    throw gemel::IoError("it cannot be written: does its folder exist, and are both writable?",
                         {.file = path.string()});
  }
}

/// Throws ValueError if an output would replace an input, another output, or a file to which the standard output or the
/// standard error goes.
inline void check_distinct(const std::vector<NamedFile>& inputs, const std::vector<NamedFile>& outputs) {
  std::vector<NamedFile> streams;
  const auto add_stream = [&streams](const char* name, const char* path) {
    std::error_code error;
    if (std::filesystem::is_regular_file(path, error)) streams.push_back({name, path});
  };
  add_stream("the standard output", "/dev/stdout");
  add_stream("the standard error", "/dev/stderr");
  const auto compare = [](const NamedFile& output, const NamedFile& other) {
    if (!is_same_file(output.path, other.path)) return;
    throw gemel::ValueError("the file " + output.path.string() + " of " + output.option + " is the one of " +
                            other.option + " too: give another name, or another folder");
  };
  for (const NamedFile& input : inputs) {
    for (const NamedFile& stream : streams) compare(stream, input);
    for (const NamedFile& output : outputs) compare(output, input);
  }
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    for (const NamedFile& stream : streams) compare(outputs[i], stream);
    for (std::size_t j = 0; j < i; ++j) compare(outputs[i], outputs[j]);
  }
}

/// Opens /dev/null in place of closed standard streams, so that no file that is opened later gets their number. Must be
/// called first.
inline void claim_standard_streams() {
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (fcntl(stream, F_GETFD) == -1) {
      // Read-only, so that writing to a closed standard output still fails.
      const int opened = open("/dev/null", stream == STDOUT_FILENO ? O_RDONLY : O_RDWR);
      if (opened != stream && opened != -1) close(opened);
    }
  }
}

/// Flushes the standard output. Throws IoError if any output was lost.
inline void flush_standard_output() {
  std::cout.flush();
  if (!std::cout)
    throw gemel::IoError("nothing can be written to it: is it closed, or the disk full?", {.file = "stdout"});
}

/// The path for gemel's functions that write a file: they refuse a link to a file that does not exist, whereas these
/// programs make that file.
inline std::filesystem::path to_write(const std::filesystem::path& path) {
  std::error_code error;
  return std::filesystem::exists(path, error) ? path : resolved(path);
}

/// Replaces a file atomically, as gemel::replace_file does, and delays signals meanwhile. Throws IoError if that fails.
inline void write_file(const std::filesystem::path& path, std::string_view text) {
  const Interrupt::Pause pause;
  gemel::replace_file(to_write(path), std::span{reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
}

}  // namespace program
