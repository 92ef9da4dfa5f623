// Bad files. They are in a temporary folder of this test.

#include <zlib.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "bad_input/table.hpp"
#include "gemel/io/csv.hpp"
#include "gemel/io/csv/align.hpp"
#include "gemel/io/gzip.hpp"
#include "gemel/io/idx.hpp"
#include "gemel/io/npy.hpp"
#include "io/npy_bytes.hpp"
#include "io/temporary_folder.hpp"

namespace gemel::bad_input {

namespace {

const TemporaryFolder& folder() {
  static const TemporaryFolder its_own;
  return its_own;
}

using Bytes = std::vector<std::uint8_t>;

CsvData<float> csv(std::string_view text, CsvOptions options = {.label = "class"}) {
  return read_csv<float>(folder().write("bad.csv", text), options);
}
Samples<float> idx(const Bytes& bytes) { return read_idx<float>(folder().write("bad.idx", bytes)); }
std::vector<int> idx_labels(const Bytes& bytes) { return read_idx_labels(folder().write("bad.idx", bytes)); }

Samples<float> npy(const Bytes& bytes) { return read_npy<float>(folder().write("bad.npy", bytes)); }
Classes npy_classes(const Bytes& bytes) { return read_npy_classes(folder().write("bad.npy", bytes)); }
void write_at(const std::filesystem::path& path) { write_npy(path, MatrixX<float>::Ones(2, 3)); }

const std::string_view two_floats_nan{"\0\0\0\0\0\0\xC0\x7F", 8}, two_floats_inf{"\0\0\0\0\0\0\x80\x7F", 8};
const std::string_view two_halves{"\0\0\0\x3F\0\0\0\x3F", 8};
const Bytes images{0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3, 4, 5, 6};  // two of three pixels
const Bytes label_bytes{0, 0, 8, 1, 0, 0, 0, 2, 0, 7};
const std::string text = "a,b,class\n1,2,x\n3,4,y\n";

Bytes part(const Bytes& bytes, Index count) { return {bytes.begin(), bytes.begin() + count}; }
Bytes as_bytes(std::string_view content) { return {content.begin(), content.end()}; }
std::string as_text(const Bytes& bytes) { return {bytes.begin(), bytes.end()}; }

/// The content of a gzip file of 5000 bytes.
std::string gzipped() {
  const std::filesystem::path path = folder().path() / "whole.gz";
  Bytes bytes;
  for (std::uint32_t i = 0; i < 5000; ++i) bytes.push_back(static_cast<std::uint8_t>(i * 2654435761u >> 24));
  const gzFile file = gzopen(path.c_str(), "wb");
  gzwrite(file, bytes.data(), static_cast<unsigned>(bytes.size()));
  gzclose(file);
  return content_of(path);
}
std::string cut(std::string whole) { return whole.substr(0, whole.size() / 2); }
std::string damaged(std::string whole) {
  whole[whole.size() / 2] = static_cast<char>(whole[whole.size() / 2] ^ 4);
  return whole;
}
std::vector<std::uint8_t> inflated(std::string_view bytes, std::size_t most = 5000) {
  return read_gzip(folder().write("bad.gz", bytes), most);
}

/// Files that exist but cannot be read. /proc/self/mem gives a read error even to root.
template <class Read>
Cell unreadable(const Read& read) {
  const std::string directory = folder().path().filename().string();
  Cell cell{throws<IoError>("it is a directory, not a file", {.file = directory}, [=] { read(folder().path()); }),
            throws<IoError>("it is not a regular file", {.file = "null"}, [=] { read("/dev/null"); })};
  if (std::filesystem::is_regular_file("/proc/self/mem")) {
    cell = {cell, throws<IoError>("it cannot be read", {.file = "mem"}, [=] { read("/proc/self/mem"); })};
  }
  return cell;
}
template <class Read>
Cell missing(const Read& read) {
  return throws<IoError>("there is no such file", {.file = "nowhere"}, [=] { read(folder().path() / "nowhere"); });
}

}  // namespace

std::vector<Row> reading_rows() {
  const auto csv_at = [](const std::filesystem::path& path) { read_csv<float>(path); };
  const auto idx_at = [](const std::filesystem::path& path) { read_idx<float>(path); };
  const auto idx_labels_at = [](const std::filesystem::path& path) { read_idx_labels(path); };
  const auto npy_at = [](const std::filesystem::path& path) { read_npy<float>(path); };
  const auto npy_classes_at = [](const std::filesystem::path& path) { read_npy_classes(path); };
  const auto gzip_at = [](const std::filesystem::path& path) { read_gzip(path); };

  return {
      {"read_csv",
       {{WrongShape,
         {throws<FormatError>("the row has 2 cells, but the first row has 3", {.file = "bad.csv", .line = 3},
                              [] { csv("a,b,class\n1,2,x\n3,4\n"); }),
          throws<FormatError>("there is only the label column", {.file = "bad.csv"}, [] { csv("class\nx\n"); })}},
        {NaN, throws<NonFiniteError>("'nan' is NaN, infinite or out of range (column number 1, counted from 0)",
                                     {.file = "bad.csv", .line = 3, .column = "b"},
                                     [] { csv("a,b,class\n1,2,x\n3,nan,y\n"); })},
        {Infinite,
         throws<NonFiniteError>("'-inf' is NaN, infinite or out of range",
                                {.file = "bad.csv", .line = 2, .column = "a"}, [] { csv("a,b,class\n-inf,2,x\n"); })},
        {Empty,
         {throws<FormatError>("the file is empty", {.file = "bad.csv"}, [] { csv(""); }),
          throws<FormatError>("there are names, but no rows", {.file = "bad.csv"}, [] { csv("a,b,class\n"); }),
          throws<FormatError>("the line is blank, but rows follow", {.file = "bad.csv", .line = 2},
                              [] { csv("a,b,class\n\n1,2,x\n"); }),
          throws<FormatError>("the cell is empty (column number 1", {.file = "bad.csv", .line = 2, .column = "b"},
                              [] { csv("a,b,class\n1,,x\n"); })}},
        {OneClass, fine("a file may hold one class: pairs cannot be drawn from it",
                        [] { return csv("a,b,class\n1,2,x\n3,4,x\n").classes.size() == 1; })},
        {BadLabel,
         {throws<FormatError>("the label is empty", {.file = "bad.csv", .line = 3, .column = "class"},
                              [] { csv("a,b,class\n1,2,x\n3,4,\n"); }),
          throws<FormatError>("holds a zero byte", {.file = "bad.csv", .line = 2, .column = "class"},
                              [] { csv(std::string("a,b,class\n1,2,x\0y\n", 18)); }),
          throws<FormatError>("the labels '1' and '1.0' are the same number",
                              {.file = "bad.csv", .line = 3, .column = "class"},
                              [] { csv("a,b,class\n1,2,1\n1,2,1.0\n"); }),
          fine("a class is any text", [] { return csv(text).classes.back() == "y"; })}},
        {OutOfRange,
         {throws<NonFiniteError>("'1e39' is NaN, infinite or out of range",
                                 {.file = "bad.csv", .line = 2, .column = "a"}, [] { csv("a,b,class\n1e39,2,x\n"); }),
          throws<FormatError>("'two' is not a number", {.file = "bad.csv", .line = 2, .column = "b"},
                              [] { csv("a,b,class\n1,two,x\n"); }),
          throws<ValueError>("no column has the name 'size'; the first row is 'a', 'b', 'class'", {.file = "bad.csv"},
                             [] { csv(text, {.label = "size"}); }),
          throws<ValueError>("no column has the number 3, which was given for the label: there are 3 columns, 0 to 2",
                             {.file = "bad.csv"}, [] { csv(text, {.label = Index{3}}); }),
          throws<ValueError>("no column has the number 3, which was given for the ignored column", {.file = "bad.csv"},
                             [] { csv(text, {.ignore = {3}}); }),
          throws<ValueError>("cannot separate cells", [] { csv(text, {.separator = '"'}); }),
          throws<ValueError>("cannot separate cells", [] { csv(text, {.separator = '.'}); }),
          throws<FormatError>("the first row holds ',' and ';'", {.file = "bad.csv", .line = 1},
                              [] { csv("a,b;class\n1,2,x\n"); }),
          throws<FormatError>("the first row may hold names, or a sample", {.file = "bad.csv", .line = 1},
                              [] { csv("2019,2020,label\n1,2,cat\n3,4,dog\n", {.label = -1}); })}},
        {Truncated,
         {throws<FormatError>("the row has 1 cells", {.file = "bad.csv", .line = 3}, [] { csv(text.substr(0, 17)); }),
          throws<FormatError>("a quote that begins in this row is not closed", {.file = "bad.csv", .line = 2},
                              [] { csv("a,b,class\n1,2,\"x\n3,4,y\n"); })}},
        {Swapped,
         {throws<FormatError>("the first line holds zero bytes, so this is not text", {.file = "bad.csv", .line = 1},
                              [] { csv(as_text(images)); }),
          throws<FormatError>("it is gzipped, not text", {.file = "bad.csv"}, [] { csv(gzipped()); }),
          throws<FormatError>("it is UTF-16", {.file = "bad.csv"}, [] { csv("\xFF\xFE" + text); }),
          throws<FormatError>("its columns are not those of a model: it lacks 'c' and has also 'b'",
                              {.file = "bad.csv"},
                              [] {
                                aligned(csv(text), {"a", "c"}, "a model");
                              })}},
        {Missing, missing(csv_at)},
        {Unreadable, unreadable(csv_at)},
        {FullDisk, impossible("it only reads")}}},

      {"read_idx",
       {{WrongShape,
         {throws<FormatError>("it has no dimensions", {.file = "bad.idx"},
                              [] {
                                idx({0, 0, 8, 0, 1});
                              }),
          throws<FormatError>("ask for 6 values, but it has 8 bytes of them: it is followed by others",
                              {.file = "bad.idx"},
                              [] {
                                Bytes longer = images;
                                longer.resize(images.size() + 2);
                                idx(longer);
                              })}},
        {{NaN, Infinite}, impossible("the values are bytes")},
        {Empty,
         {throws<FormatError>("it is not an IDX file", {.file = "bad.idx"}, [] { idx({}); }),
          throws<FormatError>("dimension 0 is 0: there are no values", {.file = "bad.idx"},
                              [] {
                                idx({0, 0, 8, 2, 0, 0, 0, 0, 0, 0, 0, 3});
                              })}},
        {{OneClass, BadLabel}, impossible("it holds no classes")},
        {OutOfRange, throws<FormatError>("its values have the type code 13, but only 8", {.file = "bad.idx"},
                                         [] {
                                           idx({0, 0, 13, 1, 0, 0, 0, 1, 0, 0, 128, 63});
                                         })},
        {Truncated,
         {throws<FormatError>("ask for 6 values, but it has 5 bytes of them: it is truncated", {.file = "bad.idx"},
                              [] { idx(part(images, 17)); }),
          throws<FormatError>("it ends within its 2 dimensions", {.file = "bad.idx"}, [] { idx(part(images, 10)); }),
          throws<FormatError>("ask for more values than it has bytes", {.file = "bad.idx"},
                              [] {
                                idx({0, 0, 8, 2, 255, 255, 255, 255, 255, 255, 255, 255, 1});
                              })}},
        {Swapped,
         {throws<FormatError>("it is not an IDX file", {.file = "bad.idx"}, [] { idx(as_bytes(text)); }),
          throws<FormatError>("it is gzipped", {.file = "bad.idx"}, [] { idx(as_bytes(gzipped())); }),
          fine("labels are samples of one feature: their number of features is rejected later",
               [] { return idx(label_bytes).features() == 1; })}},
        {Missing, missing(idx_at)},
        {Unreadable, unreadable(idx_at)},
        {FullDisk, impossible("it only reads")}}},

      {"read_idx_labels",
       {{WrongShape, throws<FormatError>("it has 2 dimensions, but labels have one", {.file = "bad.idx"},
                                         [] { idx_labels(images); })},
        {{NaN, Infinite}, impossible("the values are bytes")},
        {Empty, throws<FormatError>("dimension 0 is 0", {.file = "bad.idx"},
                                    [] {
                                      idx_labels({0, 0, 8, 1, 0, 0, 0, 0});
                                    })},
        {OneClass, fine("a file may hold one class: pairs cannot be drawn from it",
                        [] {
                          return idx_labels({0, 0, 8, 1, 0, 0, 0, 2, 7, 7}).size() == 2;
                        })},
        {BadLabel, fine("they are classes, 0 to 255", [] { return idx_labels(label_bytes).back() == 7; })},
        {OutOfRange, throws<FormatError>("its values have the type code 9", {.file = "bad.idx"},
                                         [] {
                                           idx_labels({0, 0, 9, 1, 0, 0, 0, 1, 255});
                                         })},
        {Truncated, throws<FormatError>("ask for 2 values, but it has 1 bytes of them: it is truncated",
                                        {.file = "bad.idx"}, [] { idx_labels(part(label_bytes, 9)); })},
        {Swapped,
         {throws<FormatError>("are images and labels swapped?", {.file = "bad.idx"}, [] { idx_labels(images); }),
          throws<FormatError>("it is not an IDX file", {.file = "bad.idx"}, [] { idx_labels(as_bytes(text)); })}},
        {Missing, missing(idx_labels_at)},
        {Unreadable, unreadable(idx_labels_at)},
        {FullDisk, impossible("it only reads")}}},

      {"read_npy",
       {{WrongShape,
         {throws<FormatError>("'shape' is (), one number", {.file = "bad.npy"},
                              [] { npy(npy_bytes("|u1", "()", "a")); }),
          throws<FormatError>("the values are followed by other bytes", {.file = "bad.npy"},
                              [] { npy(npy_bytes("|u1", "(2, 3)", "1234567")); })}},
        {NaN, throws<NonFiniteError>("the value is NaN", {.file = "bad.npy", .sample = 1, .feature = 0},
                                     [] { npy(npy_bytes("<f4", "(2, 1)", two_floats_nan)); })},
        {Infinite, throws<NonFiniteError>("the value is infinite", {.file = "bad.npy", .sample = 0, .feature = 1},
                                          [] { npy(npy_bytes("<f4", "(1, 2)", two_floats_inf)); })},
        {Empty,
         {throws<FormatError>("it is not a NumPy .npy file", {.file = "bad.npy"}, [] { npy({}); }),
          throws<FormatError>("dimension 0 of its header's 'shape' is 0: there are no values", {.file = "bad.npy"},
                              [] { npy(npy_bytes("|u1", "(0, 3)", "")); })}},
        {{OneClass, BadLabel}, impossible("it holds no classes")},
        {OutOfRange,
         {throws<FormatError>("'|O' (Python objects), but only integers", {.file = "bad.npy"},
                              [] { npy(npy_bytes("|O", "(1,)", "pickled")); }),
          throws<NonFiniteError>("the value 1.34827e+308 is out of the range of a float",
                                 {.file = "bad.npy", .sample = 0, .feature = 0},
                                 [] {
                                   npy(npy_bytes("<f8", "(1,)", {"\0\0\0\0\0\0\xE8\x7F", 8}));
                                 })}},
        {Truncated,
         {throws<FormatError>("asks for 6 values of 1 bytes, but 5 bytes follow the header: it is truncated",
                              {.file = "bad.npy"}, [] { npy(npy_bytes("|u1", "(2, 3)", "12345")); }),
          throws<FormatError>("more values than it has bytes: it is truncated", {.file = "bad.npy"},
                              [] { npy(npy_bytes("|u1", "(4294967296, 4294967296)", "12345")); }),
          throws<FormatError>("bytes, more than the file has: it is truncated", {.file = "bad.npy"},
                              [] { npy(part(npy_bytes("|u1", "(2, 3)", "123456"), 40)); }),
          throws<FormatError>("its header is no Python dictionary", {.file = "bad.npy"},
                              [] { npy(npy_bytes("{'descr': '|u1', 'shape", "123456")); })}},
        {Swapped,
         {throws<FormatError>("it looks like text, such as a CSV file", {.file = "bad.npy"},
                              [] { npy(as_bytes(text)); }),
          throws<FormatError>("it looks like an IDX file", {.file = "bad.npy"}, [] { npy(images); }),
          throws<FormatError>("it looks like a gzipped file", {.file = "bad.npy"}, [] { npy(as_bytes(gzipped())); }),
          throws<FormatError>("such as NumPy's .npz", {.file = "bad.npy"}, [] { npy(as_bytes("PK\3\4archive")); }),
          fine("classes are samples of one feature",
               [] { return npy(npy_bytes("|u1", "(2,)", "12")).features() == 1; })}},
        {Missing, missing(npy_at)},
        {Unreadable, unreadable(npy_at)},
        {FullDisk, impossible("it only reads")}}},

      {"read_npy_classes",
       {{WrongShape, throws<FormatError>("it has 3 values per sample, but classes have one", {.file = "bad.npy"},
                                         [] { npy_classes(npy_bytes("|u1", "(2, 3)", "123456")); })},
        {NaN, throws<FormatError>("the class is NaN, not a whole number", {.file = "bad.npy", .sample = 1},
                                  [] { npy_classes(npy_bytes("<f4", "(2,)", two_floats_nan)); })},
        {Infinite, throws<FormatError>("the class is infinite", {.file = "bad.npy", .sample = 1},
                                       [] { npy_classes(npy_bytes("<f4", "(2,)", two_floats_inf)); })},
        {Empty, throws<FormatError>("dimension 0 of its header's 'shape' is 0", {.file = "bad.npy"},
                                    [] { npy_classes(npy_bytes("|u1", "(0,)", "")); })},
        {OneClass, fine("a file may hold one class: drawing pairs from it throws",
                        [] { return npy_classes(npy_bytes("|u1", "(2,)", "77")).count() == 1; })},
        {BadLabel,
         {throws<FormatError>("the class is 0.5, not a whole number", {.file = "bad.npy", .sample = 0},
                              [] { npy_classes(npy_bytes("<f4", "(2,)", two_halves)); }),
          fine("a class is any whole number",
               [] { return npy_classes(npy_bytes("|i1", "(1,)", "\xFF")).value(0) == -1; })}},
        {OutOfRange,
         throws<FormatError>("a class is a number below 2^63", {.file = "bad.npy", .sample = 0},
                             [] { npy_classes(npy_bytes("<u8", "(1,)", "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF")); })},
        {Truncated, throws<FormatError>("asks for 3 values of 1 bytes, but 2 bytes follow", {.file = "bad.npy"},
                                        [] { npy_classes(npy_bytes("|u1", "(3,)", "12")); })},
        {Swapped,
         {throws<FormatError>("are samples and classes swapped?", {.file = "bad.npy"},
                              [] { npy_classes(npy_bytes("|u1", "(2, 3)", "123456")); }),
          throws<FormatError>("it looks like an IDX file", {.file = "bad.npy"}, [] { npy_classes(label_bytes); })}},
        {Missing, missing(npy_classes_at)},
        {Unreadable, unreadable(npy_classes_at)},
        {FullDisk, impossible("it only reads")}}},

      {"write_npy",
       {{WrongShape, impossible("NumPy has arrays of any size")},
        {{NaN, Infinite},
         fine("they are written unchanged, for Python to see",
              [] {
                write_npy(folder().path() / "nan.npy", MatrixX<float>::Constant(1, 1, nan_f));
                return content_of(folder().path() / "nan.npy").size() == 132;
              })},
        {Empty, throws<ShapeError>("a matrix of 3 x 0 has no values to write", {.file = "empty.npy"},
                                   [] { write_npy(folder().path() / "empty.npy", MatrixX<float>(3, 0)); })},
        {{OneClass, BadLabel, OutOfRange}, impossible("no classes, no options")},
        {{Truncated, Swapped}, impossible("it only writes")},
        {Missing, throws<IoError>("No such file or directory", {.file = "x.npy"},
                                  [] { write_at(folder().path() / "nowhere" / "x.npy"); })},
        {Unreadable, throws<IoError>("it is a folder, not a file", {.file = folder().path().filename().string()},
                                     [] { write_at(folder().path()); })},
        {FullDisk, throws<IoError>("it is a device, not a file", {.file = "full"}, [] { write_at("/dev/full"); })}}},

      {"read_gzip",
       {{{WrongShape, NaN, Infinite, OneClass, BadLabel}, impossible("it gives bytes, whatever they mean")},
        {Empty, fine("an empty file gives no bytes, which read_idx rejects", [] { return inflated("").empty(); })},
        {OutOfRange, throws<FormatError>("it inflates to more than 4999 bytes", {.file = "bad.gz"},
                                         [] { inflated(gzipped(), 4999); })},
        {Truncated,
         {throws<FormatError>("its gzip data cannot be inflated", {.file = "bad.gz"}, [] { inflated(cut(gzipped())); }),
          throws<FormatError>("its gzip data cannot be inflated", {.file = "bad.gz"},
                              [] { inflated(damaged(gzipped())); }),
          throws<FormatError>("bytes that are no gzip data follow its end", {.file = "bad.gz"},
                              [] { inflated(gzipped() + "junk"); })}},
        {Swapped,
         fine("a file that is not gzipped is read unchanged", [] { return inflated(text) == as_bytes(text); })},
        {Missing, missing(gzip_at)},
        {Unreadable, unreadable(gzip_at)},
        {FullDisk, impossible("it only reads")}}},
  };
}

}  // namespace gemel::bad_input
