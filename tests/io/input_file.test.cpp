#include "gemel/io/input_file.hpp"

#include <array>
#include <filesystem>
#include <string>

#include "catch.hpp"
#include "io/temporary_folder.hpp"
#include "mentions.hpp"

using namespace gemel;

namespace {

static_assert(Input<InputFile>);

std::string refusal(const std::filesystem::path& path) {
  try {
    InputFile file{path};
  } catch (const IoError& error) {
    CHECK(error.place().file == path.c_str());
    return error.what();
  }
  return "opened";
}

}  // namespace

TEST_CASE("InputFile reads a file up to its end", "[input_file]") {
  const TemporaryFolder folder;
  InputFile file{folder.write("a", "12345")};
  std::array<char, 3> bytes;
  CHECK(file.size() == 5);
  CHECK(file.most_bytes() == 5);
  CHECK(file.read(bytes) == 3);
  CHECK(std::string(bytes.data(), 3) == "123");
  CHECK(file.read(bytes) == 2);
  CHECK(file.read(bytes) == 0);
}

TEST_CASE("InputFile says why it cannot open a file", "[input_file]") {
  const TemporaryFolder folder;
  CHECK(mentions(refusal(folder.path() / std::string(300, 'x')), "it cannot be read: File name too long"));
  std::filesystem::create_symlink("b", folder.path() / "a");
  std::filesystem::create_symlink("a", folder.path() / "b");
  CHECK(mentions(refusal(folder.path() / "a"), "it cannot be read: Too many levels of symbolic links"));
  CHECK(mentions(refusal(folder.write("file", "") / "x"), "there is no such file"));
  CHECK(mentions(refusal(folder.path().string() + std::string("/file\0x", 7)), "a zero byte follows in its name"));
}
