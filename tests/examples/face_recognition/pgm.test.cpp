#include "../../../examples/face_recognition/pgm.hpp"

#include <string>
#include <utility>
#include <vector>

#include "../../io/temporary_folder.hpp"
#include "catch.hpp"
#include "error_text.hpp"
#include "mentions.hpp"

namespace {

std::vector<float> pgm_values(const std::string& content) {
  const gemel::TemporaryFolder folder;
  return faces::read_pgm(folder.write("face.pgm", content)).values();
}

}  // namespace

TEST_CASE("PGM images are read in both formats, with 8 and 16 bits and comments") {
  const std::string raw{"P5\n# a comment\n3 2 # another\n4\n\x00\x01\x02\x03\x04\x00", 37};
  const gemel::TemporaryFolder folder;
  const faces::Image image = faces::read_pgm(folder.write("face.pgm", raw));
  CHECK(image.cols() == 3);
  CHECK(image.rows() == 2);
  CHECK(image.values() == std::vector<float>{0, 0.25F, 0.5F, 0.75F, 1, 0});
  CHECK(image(1, 1) == 1);
  CHECK(image(-1, 5) == 0.5F);

  CHECK(pgm_values("P2 3 1 # width and height\n#\n8 0 4 8") == std::vector<float>{0, 0.5F, 1});
  CHECK(pgm_values("P2\r\n1 1\r\n1\r\n1\r\n# end\r\n") == std::vector<float>{1});
  CHECK(pgm_values("P2 1 1 65535 65535") == std::vector<float>{1});
  CHECK(pgm_values({"P5 2 1 512 \x01\x00\x02\x00", 15}) == std::vector<float>{0.5F, 1});
  CHECK(pgm_values({"P5 1 1 255\n#", 12}) == std::vector<float>{35.F / 255});  // the pixel, not a comment
}

TEST_CASE("A file that is no whole PGM image is refused by name") {
  const std::vector<std::pair<std::string, std::string>> bad = {
      {"", "it is no PGM image"},
      {"P6 1 1 255 abc", "it is no PGM image"},
      {"\x89PNG\r\n", "it is no PGM image"},
      {"P5", "it ends before the width"},
      {"P5 3", "it ends before the height"},
      {"P5 3 2 ", "it ends before the largest gray value"},
      {"P53 2 255 abcdef", "the width, is expected in place of '3 2"},
      {"P5 -3 2 255 abcdef", "the width, is expected in place of '-3"},
      {"P5 3.5 2 255 abcdef", "the width, is expected in place of '3.5"},
      {"P5\n3\nx 255 abcdef", "line 3: a number, the height"},
      {"P5 0 2 255 ", "the image has 0 x 2 pixels"},
      {"P5 2 0 255 ", "the image has 2 x 0 pixels"},
      {"P5 1 1 0 a", "its largest gray value is 0"},
      {"P5 1 1 65536 ab", "the largest gray value is 65536, but at most 65535"},
      {"P5 99999999999999999999999 1 255 a", "the width is 99999999999999999999…, but at most"},
      {"P5 1000000000 1000000000 255 a", "it is cut off: 1000000000 x 1000000000 pixels need more than the 1 bytes"},
      {"P2 1000000000 1000000000 255 1", "it is cut off"},
      {"P5 2 2 255 abc", "it is cut off: 2 x 2 pixels need more than the 3 bytes"},
      {"P5 2 2 256 abcdefg", "it is cut off"},
      {"P5 1 1 255", "it is cut off"},
      {"P5 2 1 255 abc", "1 byte follows its last pixel"},
      {"P5 1 1 255#comment\na", "white space must follow its largest gray value"},
      {"P5 2 1 98 ab", ""},
      {"P5 2 1 97 ab", "pixel 1 has the gray value 98, but the header says that 97 is the largest"},
      {"P2 2 1 9 1 10", "pixel 1 has the gray value 10"},
      {"P2 2 1 9 1 x", "the gray value of pixel 1, is expected in place of 'x'"},
      {"P2 2 1 9 1 -1", "is expected in place of '-1'"},
      {"P2 3 1 9 1  2  ", "it ends before the gray value of pixel 2"},
      {"P2 2 1 9\n1 2\n3", "line 3: more follows after the last of its 2 pixels"},
  };
  const gemel::TemporaryFolder folder;
  for (const auto& one : bad) {
    const std::string &content = one.first, &words = one.second;
    const std::string text =
        error_text<gemel::FormatError>([&] { faces::read_pgm(folder.write("bad face.pgm", content)); });
    INFO(content << ": " << text);
    if (words.empty()) {
      CHECK(text == "no error");
    } else {
      CHECK(mentions(text, "bad face.pgm"));
      CHECK(mentions(text, words));
    }
  }
  const auto missing = error_text<gemel::IoError>([&] { faces::read_pgm(folder.path() / "none.pgm"); });
  CHECK(mentions(missing, "there is no such file"));
}
