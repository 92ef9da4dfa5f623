#pragma once

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "gemel/core/error.hpp"
#include "gemel/io/input_file.hpp"
#include "signature.hpp"

// The files of SVC2004, the First International Signature Verification Competition, Task 2 (Yeung et al., ICBA 2004).
// A file has one signature: the number of points, and then a line per point: x, y, time in milliseconds, whether the
// pen is down, azimuth, altitude, pressure. The file U3S21.TXT has signature 21 of signer 3. Signatures 1 to 10 and 11
// to 20 are genuine, of two sittings; 21 to 40 are skilled forgeries by several persons.

namespace signature_verification {

namespace detail {

constexpr std::size_t max_points = 100'000;
constexpr double clock_error = 0.02;  // seconds: the tablet's clock was set back by up to 9 ms in 13 of the files

/// Reads the whole numbers of a text, and knows in which line they are.
class Numbers {
 public:
  Numbers(std::string_view text, std::string file) : rest_(text), file_(std::move(file)) {}

  /// The next number of the present line.
  double next(const char* name) {
    while (!rest_.empty() && (rest_.front() == ' ' || rest_.front() == '\t')) rest_.remove_prefix(1);
    int value = 0;
    const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), value);
    const bool ends = end == rest_.data() + rest_.size() || std::string_view(" \t\r\n").find(*end) != std::string::npos;
    if (error != std::errc{} || !ends) fail(std::string("there is no whole number for ") + name);
    rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
    return value;
  }

  /// Goes on to the next line. Nothing may be left in this one.
  void end_line() {
    while (!rest_.empty() && std::string_view(" \t\r").find(rest_.front()) != std::string::npos) rest_.remove_prefix(1);
    if (!rest_.empty() && rest_.front() != '\n') fail("the line goes on after its last number");
    if (!rest_.empty()) rest_.remove_prefix(1);
    ++line_;
  }

  bool at_end() {
    while (!rest_.empty() && std::string_view(" \t\r\n").find(rest_.front()) != std::string::npos)
      rest_.remove_prefix(1);
    return rest_.empty();
  }

  [[noreturn]] void fail(const std::string& why) const {
    throw gemel::FormatError("it is no signature of SVC2004: " + why, {.file = file_, .line = line_});
  }

 private:
  std::string_view rest_;
  std::string file_;
  gemel::Index line_ = 1;
};

inline std::string content(const std::filesystem::path& path) {
  gemel::InputFile file{path};
  if (file.size() > 100 * max_points) {
    throw gemel::FormatError("it is too large to be one signature", {.file = path.string()});
  }
  std::string bytes(static_cast<std::size_t>(file.size()), '\0');
  bytes.resize(file.read(bytes));
  return bytes;
}

}  // namespace detail

namespace detail {

/// Whether the pen moves in some time.
inline bool moves(const Signature& signature) {
  for (std::size_t i = 1; i < signature.size(); ++i) {
    const Point &a = signature[i - 1], &b = signature[i];
    if (b.time > a.time && (a.x != b.x || a.y != b.y)) return true;
  }
  return false;
}

}  // namespace detail

/// The signature in a text of this format; `file` names it in errors. Throws FormatError, with the line, if it is not
/// one signature: a wrong number of points, text instead of numbers, time that runs backwards, or a pen that never
/// moves.
inline Signature parse_svc2004(std::string_view text, const std::string& file) {
  detail::Numbers numbers{text, file};
  const double count = numbers.next("the number of points");
  if (count < 2 || count > static_cast<double>(detail::max_points)) {
    numbers.fail("the number of points is not from 2 to " + std::to_string(detail::max_points));
  }
  numbers.end_line();
  Signature signature;
  for (double i = 0; i < count; ++i) {
    if (numbers.at_end()) numbers.fail("there are fewer points than its first line says");
    Point point;
    point.x = numbers.next("x");
    point.y = numbers.next("y");
    point.time = numbers.next("the time") / 1000;
    numbers.next("the button");  // is 0 also where the pen presses, so it is not used
    point.azimuth = numbers.next("the azimuth");
    point.altitude = numbers.next("the altitude");
    point.pressure = numbers.next("the pressure");
    if (point.pressure < 0) numbers.fail("the pressure is below 0");
    point.is_down = point.pressure > 0;
    if (!signature.empty()) {
      const double latest = signature.back().time;
      if (point.time < latest - detail::clock_error) numbers.fail("the time runs backwards");
      point.time = std::max(point.time, latest);
    }
    numbers.end_line();
    signature.push_back(point);
  }
  if (!numbers.at_end()) numbers.fail("there are more points than its first line says");
  if (!detail::moves(signature)) {
    throw gemel::FormatError("it is no signature of SVC2004: the pen does not move", {.file = file});
  }
  return signature;
}

/// Reads a file. Throws IoError if it cannot be read, and what `parse_svc2004` throws.
inline Signature read_svc2004(const std::filesystem::path& path) {
  return parse_svc2004(detail::content(path), path.string());
}

/// The signatures of all signers of a folder.
struct Signatures {
  static constexpr std::size_t genuine = 20, forged = 20, sitting = 10;

  /// Of one signer: signatures 1 to 20 are genuine, the first ten of them of the first sitting; 21 to 40 are forged.
  struct Signer {
    int number = 0;                          ///< that of the file names
    std::vector<Signature> signatures = {};  ///< 40; `signatures[0]` is signature 1
  };
  std::vector<Signer> signers = {};  ///< by their numbers
};

namespace detail {

/// The numbers in a file name such as U3S21.TXT; nothing for another name.
inline std::optional<std::pair<int, int>> signer_and_number(const std::string& name) {
  const auto number = [](std::string_view text, int& value) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc{} && end == text.data() + text.size() && value > 0;
  };
  const std::size_t s = name.find_first_of("Ss", 1), dot = name.find('.');
  if (name.empty() || (name[0] != 'U' && name[0] != 'u') || s == std::string::npos || dot == std::string::npos)
    return {};
  const std::string ending = name.substr(dot);
  std::pair<int, int> numbers;
  if (s > dot || (ending != ".TXT" && ending != ".txt")) return {};
  if (!number(std::string_view(name).substr(1, s - 1), numbers.first)) return {};
  if (!number(std::string_view(name).substr(s + 1, dot - s - 1), numbers.second)) return {};
  return numbers;
}

}  // namespace detail

/// Each quarter of the signers must have two, since each tries to pass for another one.
inline constexpr std::size_t least_signers = 8;

/// Reads all signatures below a folder, which may be the extracted archive. Throws IoError if the folder cannot be
/// read, and FormatError if it has fewer than eight signers, if a signer has not exactly the signatures 1 to 40, or if
/// a file is not a signature.
inline Signatures read_svc2004_folder(const std::filesystem::path& folder) {
  namespace fs = std::filesystem;
  std::map<int, std::map<int, fs::path>> files;
  std::error_code error;
  for (fs::recursive_directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    const auto numbers = detail::signer_and_number(entry->path().filename().string());
    if (!numbers || entry->is_directory()) continue;
    const auto [place, is_new] = files[numbers->first].emplace(numbers->second, entry->path());
    if (is_new) continue;
    throw gemel::FormatError("this signature is there twice: " + place->second.string() + " is the other one",
                             {.file = entry->path().string()});
  }
  if (error) throw gemel::IoError("the folder cannot be read: " + error.message(), {.file = folder.string()});
  if (files.size() < least_signers) {
    throw gemel::FormatError({"it has signatures of ", files.size(), " signers, but at least ", least_signers,
                              " are needed: give the folder with the files U1S1.TXT and so "
                              "on of SVC2004, Task 2"},
                             {.file = folder.string()});
  }
  Signatures all;
  for (const auto& [signer, paths] : files) {
    constexpr int last = static_cast<int>(Signatures::genuine + Signatures::forged);
    all.signers.push_back({.number = signer});
    for (int number = 1; number <= last; ++number) {
      const auto found = paths.find(number);
      if (found == paths.end()) {
        throw gemel::FormatError({"signature ", number, " of signer ", signer, " is missing"},
                                 {.file = folder.string()});
      }
      all.signers.back().signatures.push_back(read_svc2004(found->second));
    }
    if (paths.size() > static_cast<std::size_t>(last)) {
      throw gemel::FormatError(
          {"signer ", signer, " has a signature ", paths.rbegin()->first, ", but the last one of SVC2004 is ", last},
          {.file = folder.string()});
    }
  }
  return all;
}

}  // namespace signature_verification
