#include "gemel/io/signature.hpp"

#include <string>
#include <string_view>

#include "catch.hpp"
#include "gemel/core/error.hpp"
#include "gemel/io/csv.hpp"
#include "gemel/io/idx.hpp"
#include "gemel/io/npy.hpp"
#include "io/temporary_folder.hpp"
#include "mentions.hpp"

using namespace gemel;

namespace {

/// The error of a reader for a file with this content.
template <class Read>
std::string refusal_by(std::string_view content, const Read& read) {
  const TemporaryFolder folder;
  try {
    read(folder.write("file", content));
  } catch (const FormatError& error) {
    CHECK(error.place().file == (folder.path() / "file").string());
    return error.what();
  }
  return "read";
}

}  // namespace

TEST_CASE("The first bytes of a file tell its format", "[signature]") {
  CHECK(mentions(detail::looks_like("\x93NUMPY\1"), "NumPy .npy"));
  CHECK(mentions(detail::looks_like("PK\3\4...."), ".npz: save each array in a file of its own"));
  CHECK(mentions(detail::looks_like("\x1F\x8B\x08...."), "unpack it first"));
  CHECK(mentions(detail::looks_like({"\0\0\x08\3", 4}), "IDX"));
  CHECK(mentions(detail::looks_like("\x89HDF\r\n\x1A\n"), "HDF5"));
  CHECK(mentions(detail::looks_like("a,b\r\n1,"), "CSV"));
  for (const std::string_view other : {std::string_view{},
                                       {"\0\0\0\0", 4},
                                       {"\x7F"
                                        "ELF"},
                                       {"\xFF\xFE"
                                        "a\0",
                                        4}}) {
    CHECK(std::string_view{detail::looks_like(other)}.empty());
  }
}

TEST_CASE("A reader's error names the format of a file given by mistake", "[signature]") {
  const std::string_view csv = "a,b\n1,2\n", npz = "PK\3\4zip", npy = "\x93NUMPY\1", idx{"\0\0\x08\1\0\0\0\1\7", 9};
  const auto as_csv = [](const auto& path) { read_csv<float>(path); };
  const auto as_idx = [](const auto& path) { read_idx<float>(path); };
  const auto as_npy = [](const auto& path) { read_npy<float>(path); };
  CHECK(mentions(refusal_by(npy, as_idx),
                 "it is not an IDX file: that begins with two zero bytes; it looks like a NumPy"));
  CHECK(mentions(refusal_by(npz, as_idx), "; it looks like a ZIP archive, such as NumPy's .npz"));
  CHECK(mentions(refusal_by(csv, as_idx), "; it looks like text"));
  CHECK(mentions(refusal_by(idx, as_npy), "it is not a NumPy .npy file"));
  CHECK(mentions(refusal_by(idx, as_npy), "; it looks like an IDX file"));
  CHECK(mentions(refusal_by(npz, as_npy), "; it looks like a ZIP archive, such as NumPy's .npz"));
  CHECK(mentions(refusal_by(csv, as_npy), "; it looks like text, such as a CSV file"));
  CHECK(mentions(refusal_by("\x1F\x8B", as_npy), "; it looks like a gzipped file: unpack it first"));
  CHECK(mentions(refusal_by(npy, as_csv), "it is a NumPy .npy file, not text"));
  CHECK(mentions(refusal_by(npz, as_csv), "it is a ZIP archive, as spreadsheets and NumPy's .npz are, not text"));
}
