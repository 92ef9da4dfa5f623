#pragma once

#include <filesystem>
#include <ostream>
#include <span>
#include <string>
#include <system_error>
#include <vector>

#include "gemel/core/error.hpp"
#include "interrupt.hpp"
#include "outputs.hpp"
#include "picture.hpp"
#include "text.hpp"

// The folder of --report.

namespace program {

/// Returns whether the folder exists. Throws IoError if it does not exist and cannot be made.
inline bool check_report_folder(const std::filesystem::path& folder) {
  namespace fs = std::filesystem;
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

/// Checks the files and the folder that a program will write, before it begins its work. Throws IoError if one cannot
/// be written, and ValueError if one would replace an input or another output. Changes no file and never blocks.
/// `report` may be empty; `pictures` are the names of its pictures, without extension.
inline void check_outputs(const std::vector<NamedFile>& inputs, std::vector<NamedFile> outputs,
                          const std::filesystem::path& report, std::span<const char* const> pictures) {
  std::erase_if(outputs, [](const NamedFile& output) { return output.path.empty(); });
  for (const NamedFile& output : outputs) check_output(output.path);
  if (!report.empty()) {
    const bool is_there = check_report_folder(report);
    for (const NamedFile& output : outputs) {
      if (!is_same_file(output.path, report)) continue;
      throw gemel::ValueError(output.path.string() + " cannot be the file of " + output.option +
                              " and the folder of --report: give another name");
    }
    for (const std::string name : pictures) {
      for (const char* ending : {".gp", ".png"}) {
        outputs.push_back({"--report", report / (name + ending)});
        check_output(outputs.back().path, !is_there);
      }
    }
  }
  check_distinct(inputs, outputs);
}

/// Draws the pictures into `folder`, which is created if necessary, and prints their names. Without gnuplot, it writes
/// only the scripts. Throws IoError if a file cannot be written or gnuplot fails.
inline void draw_report(const std::filesystem::path& folder, const std::vector<Picture>& pictures,
                        const Interrupt::Patience& patience, std::ostream& out) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) throw gemel::IoError("the folder cannot be made: " + error.message(), {.file = folder.string()});
  for (const Picture& picture : pictures) picture.write(folder);

  const std::string place = printable(folder.string());
  const Drawn drawn = draw(folder, pictures, patience);
  if (drawn == Drawn::GnuplotIsMissing) {
    out << "No pictures were drawn, because gnuplot was not found: install it, then run `gnuplot *.gp` in " << place
        << ".\n";
  } else if (patience.at_end()) {
    out << "Ended by " << Interrupt::name() << " while the pictures were drawn: run `gnuplot *.gp` in " << place
        << " for the rest.\n";
  } else if (drawn == Drawn::No) {
    throw gemel::IoError("not all pictures were drawn, because gnuplot failed: run `gnuplot *.gp` there to see why",
                         {.file = folder.string()});
  } else {
    out << "pictures:";
    for (const Picture& picture : pictures) out << ' ' << printable((folder / picture.name()).string()) << ".png";
    out << '\n';
  }
}

}  // namespace program
