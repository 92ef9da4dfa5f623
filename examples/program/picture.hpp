#pragma once

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "interrupt.hpp"
#include "outputs.hpp"
#include "text.hpp"

namespace program {

/// Any text as a gnuplot string, cut off after `max_characters`. gnuplot expands nothing in single quotes, and the
/// terminal of the pictures is set to ignore markup.
inline std::string quoted(const std::string& text, std::size_t max_characters) {
  std::string literal = "'";
  for (const char c : printable(text, max_characters)) {
    literal += c;
    if (c == '\'') literal += c;
  }
  return literal + '\'';
}

/// One picture: a gnuplot script that contains its data, so that it can later be changed or drawn again.
class Picture {
 public:
  /// `name` is the file's name without its extension.
  Picture(std::string name, const std::string& title) : name_(std::move(name)) {
    *this << "reset session\n"
             "set encoding utf8\n"
             "set terminal pngcairo noenhanced size 1000,750 font 'Sans,17' linewidth 1.5 background '#ffffff'\n"
             "set output '"
          << name_
          << ".png'\n"
             "set title "
          << quoted(title, 80)
          << " textcolor '#222222'\n"
             "set border 3 linecolor '#444444' linewidth 0.8\n"
             "set tics nomirror out scale 0.6 textcolor '#222222'\n"
             "set grid linecolor '#e4e4e4' linetype 1 linewidth 0.6\n"
             "set key above left reverse Left samplen 1.5 width 2\n";
  }

  /// Adds gnuplot commands or values.
  template <class T>
  Picture& operator<<(const T& value) {
    std::ostringstream text;
    text << value;
    text_ += text.str();
    return *this;
  }

  /// Adds a block of numbers, one row per line, to which later commands refer as `$name`.
  void data(const std::string& name, const std::vector<std::vector<double>>& rows) {
    std::ostringstream text;
    text << '$' << name << " << EOD\n";
    for (const std::vector<double>& row : rows) {
      for (const double value : row) text << value << ' ';
      text << '\n';
    }
    text_ += text.str() + "EOD\n";
  }

  /// Writes name.gp into the folder. Throws IoError if that fails.
  void write(const std::filesystem::path& folder) const { write_file(folder / (name_ + ".gp"), text_); }

  const std::string& name() const { return name_; }

 private:
  std::string name_;
  std::string text_;
};

enum class Drawn { Yes, No, GnuplotIsMissing };

namespace detail {

/// Runs gnuplot in a folder, without a shell and without the user's gnuplot settings. Stops it if a signal comes (see
/// Interrupt::Patience).
inline Drawn run_gnuplot(const std::filesystem::path& folder, const std::string& script,
                         const Interrupt::Patience& patience) {
  constexpr int missing = 127;
  const pid_t child = fork();
  if (child == 0) {
    signal(SIGPIPE, SIG_DFL);
    signal(SIGXFSZ, SIG_DFL);
    const int nowhere = open("/dev/null", O_RDWR);
    for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) dup2(nowhere, stream);
    if (chdir(folder.c_str()) == 0) execlp("gnuplot", "gnuplot", "-d", script.c_str(), nullptr);
    _exit(missing);
  }
  if (child == -1) return Drawn::No;
  int status = 0;
  while (waitpid(child, &status, WNOHANG) == 0) {
    if (patience.at_end()) kill(child, SIGKILL);
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) == missing) return Drawn::GnuplotIsMissing;
  return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? Drawn::Yes : Drawn::No;
}

/// Whether a file is a complete PNG.
inline bool is_whole_png(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(file), {}};
  return bytes.size() > 8 && bytes.ends_with("IEND\xae\x42\x60\x82");
}

}  // namespace detail

/// Runs gnuplot on the pictures' scripts, which are in `folder`. An older picture stays until the new one is complete.
inline Drawn draw(const std::filesystem::path& folder, const std::vector<Picture>& pictures,
                  const Interrupt::Patience& patience) {
  namespace fs = std::filesystem;
  std::string scratch = (folder / ".pictures-XXXXXX").string();
  if (!mkdtemp(scratch.data())) return Drawn::No;
  Drawn drawn = Drawn::Yes;
  std::error_code error;
  for (const Picture& picture : pictures) {
    if (drawn == Drawn::Yes) drawn = detail::run_gnuplot(scratch, "../" + picture.name() + ".gp", patience);
    const std::string png = picture.name() + ".png";
    if (drawn != Drawn::Yes) break;
    if (!detail::is_whole_png(fs::path(scratch) / png)) drawn = Drawn::No;
    if (drawn == Drawn::Yes) fs::rename(fs::path(scratch) / png, resolved(folder / png), error);
    if (error) drawn = Drawn::No;
  }
  fs::remove_all(scratch, error);
  return drawn;
}

}  // namespace program
