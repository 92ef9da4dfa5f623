#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "gemel/core/error.hpp"

namespace train {

/// One picture as a gnuplot script that carries its own data, so that it can be drawn again, or differently, later.
class Picture {
 public:
  /// `name` is the file's name without its ending.
  explicit Picture(std::string name) : name_(std::move(name)) {
    text_ << "reset session\n"
             "set terminal pngcairo size 1000,750 font 'Sans,17' linewidth 1.5 background '#ffffff'\n"
             "set output '"
          << name_
          << ".png'\n"
             "set border 3 linecolor '#444444' linewidth 0.8\n"
             "set tics nomirror out scale 0.6 textcolor '#222222'\n"
             "set grid linecolor '#e4e4e4' linetype 1 linewidth 0.6\n"
             "set key above left reverse Left samplen 1.5 width 2\n";
  }

  /// Adds gnuplot commands or values.
  template <class T>
  Picture& operator<<(const T& value) {
    text_ << value;
    return *this;
  }

  /// Adds a block of numbers, a row a line, which commands after it call `$name`.
  void data(const std::string& name, const std::vector<std::vector<double>>& rows) {
    text_ << '$' << name << " << EOD\n";
    for (const std::vector<double>& row : rows) {
      for (const double value : row) text_ << value << ' ';
      text_ << '\n';
    }
    text_ << "EOD\n";
  }

  /// Writes name.gp into the folder. Throws IoError where that fails.
  void write(const std::filesystem::path& folder) const {
    const std::filesystem::path path = folder / (name_ + ".gp");
    std::ofstream file(path);
    file << text_.str();
    file.close();
    if (!file)
      throw gemel::IoError("cannot be written: is the folder writable, the disk full?", {.file = path.string()});
  }

  const std::string& name() const { return name_; }

 private:
  std::string name_;
  std::ostringstream text_;
};

/// Any text as a gnuplot string, to be shown as it is.
inline std::string quoted(const std::string& text) {
  std::string literal = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') literal += '\\';
    literal += static_cast<unsigned char>(c) < ' ' ? '?' : c;
  }
  return literal + "\" noenhanced";
}

inline bool have_gnuplot() { return std::system("gnuplot --version >/dev/null 2>&1") == 0; }

/// Draws the scripts that lie in `folder`; false where gnuplot refuses one.
inline bool draw(const std::filesystem::path& folder, const std::vector<Picture>& pictures) {
  std::string command = "gnuplot";
  for (const Picture& picture : pictures) command += ' ' + picture.name() + ".gp";
  // From within the folder, so that its path needs no quoting for the shell.
  const std::filesystem::path here = std::filesystem::current_path();
  std::filesystem::current_path(folder);
  const bool drawn = std::system((command + " >/dev/null 2>&1").c_str()) == 0;
  std::filesystem::current_path(here);
  return drawn;
}

}  // namespace train
