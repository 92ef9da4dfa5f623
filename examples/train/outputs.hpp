#pragma once

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <iostream>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "gemel/core/error.hpp"
#include "interrupt.hpp"
#include "options.hpp"

namespace train {

/// The file names of --report's pictures, without extension.
inline constexpr std::array<const char*, 5> picture_names = {"loss", "distances", "roc", "det", "embedding"};

namespace detail {

namespace fs = std::filesystem;

/// The path to which a path leads through all its links, whether or not that file exists.
inline fs::path resolved(fs::path path) {
  std::error_code error;
  for (int links = 0; links < 40 && fs::is_symlink(fs::symlink_status(path, error)); ++links) {
    path = path.parent_path() / fs::read_symlink(path, error);
  }
  const fs::path absolute = fs::absolute(path, error);
  const fs::path folder = fs::weakly_canonical(absolute.parent_path(), error);
  return error ? path : folder / absolute.filename();
}

inline bool is_same_file(const fs::path& a, const fs::path& b) {
  std::error_code error;
  return fs::equivalent(a, b, error) || resolved(a) == resolved(b);
}

inline const char* kind(fs::file_type type) {
  switch (type) {
    case fs::file_type::directory:
      return "a folder";
    case fs::file_type::fifo:
      return "a pipe";
    case fs::file_type::socket:
      return "a socket";
    default:
      return "a device";
  }
}

inline bool is_writable(const fs::path& path, int mode) { return access(path.c_str(), mode) == 0; }

/// Throws IoError if no regular file can be written to this path, as far as that can be known without trying.
/// `new_folder`: whether its folder does not exist yet.
inline void check_output(const fs::path& path, bool new_folder) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (fs::exists(status) && !fs::is_regular_file(status)) {
    throw gemel::IoError(std::string("it cannot be written: it is ") + kind(status.type()) + ", not a file",
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

/// Returns whether the folder exists. Throws IoError if it does not exist and cannot be made.
inline bool check_folder(const fs::path& folder) {
  std::error_code error;
  fs::path there = fs::absolute(folder, error);
  if (fs::is_directory(there, error)) return true;
  fs::file_type type = fs::symlink_status(there, error).type();
  while (there.has_relative_path() && type == fs::file_type::not_found) {
    there = there.parent_path();
    type = fs::symlink_status(there, error).type();
  }
  if (type == fs::file_type::none) {
    throw gemel::IoError("the folder cannot be made: " + error.message(), {.file = folder.string()});
  }
  if (!fs::is_directory(there, error) || !is_writable(there, W_OK | X_OK)) {
    throw gemel::IoError("the folder cannot be made: " + there.string() + " is not a folder that can be written to",
                         {.file = folder.string()});
  }
  return false;
}

}  // namespace detail

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

/// Checks the outputs before the training. Throws IoError if one cannot be written, and ValueError if one would replace
/// an input or another output. Changes no file and never blocks.
inline void check_outputs(const Options& options) {
  namespace fs = std::filesystem;
  struct File {
    std::string name;
    fs::path path;
  };
  std::vector<File> inputs, outputs;
  const auto add = [](std::vector<File>& files, const char* name, const fs::path& path) {
    if (!path.empty()) files.push_back({name, path});
  };
  add(inputs, "--data", options.data);
  add(inputs, "--test-data", options.test_data);
  add(inputs, "--images", options.images);
  add(inputs, "--labels", options.labels);
  add(inputs, "--test-images", options.test_images);
  add(inputs, "--test-labels", options.test_labels);
  std::error_code error;
  const auto add_stream = [&](const char* name, const char* path) {
    if (fs::is_regular_file(path, error)) add(outputs, name, path);
  };
  add_stream("the standard output", "/dev/stdout");
  add_stream("the standard error", "/dev/stderr");
  const std::size_t streams = outputs.size();

  add(outputs, "--json", options.json);
  if (!options.json.empty()) detail::check_output(options.json, false);
  if (!options.report.empty()) {
    const bool is_there = detail::check_folder(options.report);
    if (!options.json.empty() && detail::is_same_file(options.json, options.report)) {
      throw gemel::ValueError(options.json +
                              " cannot be the file of --json and the folder of --report: give another name");
    }
    for (const std::string name : picture_names) {
      for (const char* ending : {".gp", ".png"}) {
        add(outputs, "--report", fs::path(options.report) / (name + ending));
        detail::check_output(outputs.back().path, !is_there);
      }
    }
  }
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    const auto refuse = [&](const File& other) {
      throw gemel::ValueError("the file " + outputs[i].path.string() + " of " + outputs[i].name + " is the one of " +
                              other.name + " too: give another name, or another folder");
    };
    for (const File& input : inputs) {
      if (detail::is_same_file(outputs[i].path, input.path)) refuse(input);
    }
    // Standard output and standard error may go to the same file.
    for (std::size_t j = 0; j < i && i >= streams; ++j) {
      if (detail::is_same_file(outputs[i].path, outputs[j].path)) refuse(outputs[j]);
    }
  }
}

/// Writes a file completely or not at all: the old content stays until the new one is written. Throws IoError if that
/// fails.
inline void write_file(const std::filesystem::path& path, std::string_view text) {
  const std::filesystem::path target = detail::resolved(path);
  std::string beside = (target.parent_path() / ".train-XXXXXX").string();
  const Interrupt::Pause pause;
  const int file = mkstemp(beside.data());
  bool written = file != -1;
  if (written) {
    struct stat before {};
    const mode_t mask = umask(0);
    umask(mask);
    fchmod(file, stat(target.c_str(), &before) == 0 ? before.st_mode & 07777 : 0666 & ~mask);
    while (written && !text.empty()) {
      const ssize_t bytes = ::write(file, text.data(), text.size());
      if (bytes > 0) text.remove_prefix(static_cast<std::size_t>(bytes));
      written = bytes > 0;
    }
    written = written && fsync(file) == 0;
    written = close(file) == 0 && written;
    written = written && std::rename(beside.c_str(), target.c_str()) == 0;
  }
  if (written) return;
  const std::string reason = std::strerror(errno);
  if (file != -1) unlink(beside.c_str());
  throw gemel::IoError("it cannot be written: " + reason, {.file = path.string()});
}

}  // namespace train
