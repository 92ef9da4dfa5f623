#include "../../../examples/face_recognition/faces.hpp"

#include <filesystem>
#include <string>
#include <vector>

#include "../../io/temporary_folder.hpp"
#include "catch.hpp"
#include "error_text.hpp"
#include "mentions.hpp"
#include "near.hpp"

TEST_CASE("A folder of people is read by name, and every image gets one size") {
  const gemel::TemporaryFolder folder;
  for (const char* person : {"Zoe", "Ada", ".hidden"}) std::filesystem::create_directory(folder.path() / person);
  folder.write("Zoe/2.pgm", "P2 2 1 4 2 3");
  folder.write("Zoe/10.PGM", "P2 2 3 4 2 1 1 1 1 1");
  folder.write("Zoe/notes.txt", "not an image");
  folder.write("Ada/x.pgm", "P2 2 1 4 4 3");
  folder.write("README", "not a person");
  const faces::Faces read = faces::read_faces(folder.path());
  CHECK(read.people == std::vector<std::string>{"Ada", "Zoe"});
  CHECK(read.image_names == std::vector<std::string>{"Ada/x.pgm", "Zoe/10.PGM", "Zoe/2.pgm"});
  CHECK(read.person == std::vector<gemel::Index>{0, 1, 1});
  REQUIRE(read.size() == 3);
  for (const faces::Image& image : read.images) {
    CHECK(image.rows() == faces::side);
    CHECK(image.cols() == faces::side);
  }
  CHECK(read.images[2](0, 0) == 0.5F);
  CHECK(gemel::test::near(read.images[1](63, 63), 0.25F));
}

TEST_CASE("Faces that are not as the program needs them are refused by name") {
  const gemel::TemporaryFolder folder;
  const auto refused = [&] { return error_text([&] { faces::read_faces(folder.path()); }); };
  CHECK(mentions(refused(), "it has no folders"));
  std::filesystem::create_directory(folder.path() / "Ada");
  folder.write("Ada/face.jpg", "");
  CHECK(mentions(refused(), "Ada: it holds no .pgm image"));
  folder.write("Ada/face.pgm", "P2 2 1 9 1");
  CHECK(mentions(refused(), "face.pgm: it "));
  CHECK(mentions(error_text<gemel::IoError>([&] { faces::read_faces(folder.path() / "none"); }), "no such file"));
  const auto raw = folder.write("raw.bin", std::string(1000, 'x'));
  CHECK(mentions(error_text<gemel::FormatError>([&] { faces::read_faces(raw); }), "it has 1000 bytes"));
}

TEST_CASE("The raw file has 40 people with ten images each") {
  const gemel::TemporaryFolder folder;
  std::string bytes(40 * 10 * 64 * 64, '\0');
  bytes[(10 * 3 + 2) * 64 * 64 + 64 + 5] = '\xff';
  const faces::Faces read = faces::read_faces(folder.write("raw.bin", bytes));
  CHECK(read.size() == 400);
  CHECK(read.people.size() == 40);
  CHECK(read.person[32] == 3);
  CHECK(read.image_names[32] == "s4/3.pgm");
  CHECK(read.images[32](1, 5) == 1);
  CHECK(read.images[32](1, 6) == 0);
}
