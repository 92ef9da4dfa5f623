#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "gemel/core/error.hpp"
#include "gemel/core/types.hpp"
#include "gemel/data/classes.hpp"
#include "gemel/io/input_file.hpp"
#include "image.hpp"
#include "pgm.hpp"

namespace faces {

/// The height and width that every image is scaled to, in pixels.
inline constexpr Index side = 64;

/// Images of faces, and who is on each.
struct Faces {
  std::vector<Image> images = {};             ///< side x side pixels
  std::vector<std::string> image_names = {};  ///< of each image: its file, below the folder of the data
  std::vector<Index> person = {};             ///< of each image, an index into `people`
  std::vector<std::string> people = {};       ///< the names of the people

  Index size() const { return gemel::length(images); }
};

namespace detail {

/// The entries of a folder for which `holds` is true, sorted by name, without hidden ones. Throws IoError if the folder
/// cannot be read.
template <class Holds>
std::vector<std::filesystem::path> entries(const std::filesystem::path& folder, const Holds& holds) {
  namespace fs = std::filesystem;
  std::vector<fs::path> found;
  try {
    for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
      if (!entry.path().filename().string().starts_with('.') && holds(entry)) found.push_back(entry.path());
    }
  } catch (const fs::filesystem_error& error) {
    throw gemel::IoError("the folder cannot be read: " + error.code().message(), {.file = folder.string()});
  }
  std::sort(found.begin(), found.end());
  return found;
}

inline bool is_pgm(const std::filesystem::directory_entry& entry) {
  std::string ending = entry.path().extension().string();
  for (char& c : ending) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return ending == ".pgm";
}

inline Faces read_folder(const std::filesystem::path& folder) {
  Faces faces;
  const auto is_folder = [](const std::filesystem::directory_entry& entry) { return entry.is_directory(); };
  for (const std::filesystem::path& of_person : entries(folder, is_folder)) {
    const auto files = entries(of_person, is_pgm);
    if (files.empty()) {
      throw gemel::FormatError(
          "it holds no .pgm image, but each folder of the data holds those of one person: convert "
          "images of other kinds, and take folders of other things away",
          {.file = of_person.string()});
    }
    faces.people.push_back(of_person.filename().string());
    for (const std::filesystem::path& file : files) {
      faces.images.push_back(scaled(read_face(file), side, side));
      faces.image_names.push_back((of_person.filename() / file.filename()).string());
      faces.person.push_back(gemel::length(faces.people) - 1);
    }
  }
  if (faces.people.empty()) {
    throw gemel::FormatError("it has no folders, but the data is a folder with one folder of .pgm images a person",
                             {.file = folder.string()});
  }
  return faces;
}

/// The AT&T faces as one file: 40 people with 10 images each, one byte a pixel, one image after another.
inline Faces read_raw(const std::filesystem::path& path) {
  constexpr Index people = 40, each = 10, pixels = side * side;
  gemel::InputFile file{path};
  if (file.size() != std::uint64_t{people * each * pixels}) {
    throw gemel::FormatError({"it has ", file.size(), " bytes, but the faces of ", people, " people, ", each, " of ",
                              side, " x ", side, " bytes of each, have ", people * each * pixels,
                              "; other data is a folder with one folder of .pgm images a person"},
                             {.file = path.string()});
  }
  Faces faces;
  std::vector<char> bytes(static_cast<std::size_t>(pixels));
  for (Index person = 0; person < people; ++person) {
    faces.people.push_back("s" + std::to_string(person + 1));
    for (Index k = 0; k < each; ++k) {
      if (file.read(bytes) != bytes.size()) {
        throw gemel::IoError("it became shorter while it was read", {.file = path.string()});
      }
      std::vector<float> values;
      for (const char byte : bytes) values.push_back(static_cast<float>(static_cast<std::uint8_t>(byte)) / 255);
      faces.images.push_back({side, side, std::move(values)});
      faces.image_names.push_back(faces.people.back() + '/' + std::to_string(k + 1) + ".pgm");
      faces.person.push_back(person);
    }
  }
  return faces;
}

}  // namespace detail

/// Reads faces: a folder that has one folder a person, which holds .pgm images of any size; or one file of raw bytes,
/// 40 people with 10 images of 64 x 64 pixels each. Folders and images are sorted by their names. Throws IoError if
/// something cannot be read, and FormatError, with the file or folder, for anything else than such data.
inline Faces read_faces(const std::filesystem::path& path) {
  std::error_code error;
  return std::filesystem::is_directory(path, error) ? detail::read_folder(path) : detail::read_raw(path);
}

}  // namespace faces
