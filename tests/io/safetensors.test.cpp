#include "gemel/io/safetensors.hpp"

#include <array>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "allocations.hpp"
#include "catch.hpp"
#include "io/temporary_folder.hpp"
#include "mentions.hpp"

using namespace gemel;

namespace {

const std::filesystem::path golden_safetensors = std::filesystem::path(GEMEL_TEST_DATA) / "golden" / "safetensors";

using Bytes = std::vector<std::uint8_t>;

// A file of this header, as long as it says or as `length` says, and as many zeros as `data` says.
Bytes file_of(std::string_view header, std::size_t data = 0, std::uint64_t length = ~std::uint64_t{0}) {
  Bytes bytes(8);
  detail::to_little_endian(length == ~std::uint64_t{0} ? header.size() : length, bytes.data());
  bytes.insert(bytes.end(), header.begin(), header.end());
  bytes.resize(bytes.size() + data);
  return bytes;
}

// What make_safetensors.py expects of gemel.safetensors.
TensorFile example() {
  TensorFile file;
  MatrixX<float> weight(2, 3);
  weight << 1, 2, 3, 4, 5, 6.5f;
  file.add("layers.0.weight", weight);
  file.add("layers.0.bias", VectorX<float>{{-1, 0.25f}});
  const std::vector<double> mean{1.0 / 3, 2, 1e300};
  file.add<double>("layers.0.mean", {3}, mean);
  const std::array<bool, 3> flags{true, false, true};
  file.add<bool>("name \"é\"", {3}, flags);
  const std::vector<std::uint64_t> seed{~std::uint64_t{0}};
  file.add<std::uint64_t>("seed", {1}, seed);
  file.add("empty", MatrixX<std::int16_t>(0, 2));
  const std::vector<std::int32_t> epoch{-3};
  file.add<std::int32_t>("epoch", {}, epoch);
  file.metadata = {{"classes", "a, b"}, {"line\n\"\\", "π"}};
  return file;
}

bool is_same(const TensorFile& a, const TensorFile& b) { return a.tensors == b.tensors && a.metadata == b.metadata; }

void check_refused(const Bytes& bytes, const std::string& part) {
  CAPTURE(part, std::string(bytes.begin(), bytes.end()).substr(0, 200));
  try {
    parse_safetensors(bytes, "bad.safetensors");
    CHECK(false);
  } catch (const FormatError& error) {
    CAPTURE(error.what());
    CHECK(mentions(error.what(), "bad.safetensors: "));
    CHECK(mentions(error.what(), part));
    CHECK(error.place().file == "bad.safetensors");
  }
}

template <class E, class Action>
void check_thrown(const std::string& part, const Action& action) {
  CAPTURE(part);
  try {
    action();
    CHECK(false);
  } catch (const E& error) {
    CAPTURE(error.what());
    CHECK(mentions(error.what(), part));
  }
}

}  // namespace

TEST_CASE("a safetensors file gives back what was written", "[safetensors]") {
  const TensorFile file = example();
  const TensorFile read = parse_safetensors(format_safetensors(file));
  CHECK(read.metadata == file.metadata);
  REQUIRE(read.tensors.size() == file.tensors.size());
  for (const Tensor& tensor : file.tensors) CHECK(read.at(tensor.name) == tensor);
  CHECK(is_same(parse_safetensors(format_safetensors(read)), read));

  CHECK(read.get_matrix<float>("layers.0.weight", 2, 3) == (MatrixX<float>(2, 3) << 1, 2, 3, 4, 5, 6.5f).finished());
  std::vector<float> memory(10, 7);
  read.copy_matrix<float>("layers.0.weight", Eigen::Map<MatrixX<float>>(memory.data() + 1, 2, 3));
  CHECK(memory == std::vector<float>{7, 1, 4, 2, 5, 3, 6.5f, 7, 7, 7});
  const MatrixX<float> large =
      MatrixX<float>::NullaryExpr(37, 21, [](Index i, Index j) { return static_cast<float>(100 * i + j); });
  TensorFile one;
  one.add("large", large);
  CHECK(one.get_matrix<float>("large", 37, 21) == large);
  CHECK(one.get<float>("large", {37, 21})[22] == 101);
  CHECK(read.get<float>("layers.0.weight", {2, 3}) == VectorX<float>{{1, 2, 3, 4, 5, 6.5f}});
  CHECK(read.get<float>("layers.0.bias", {2}) == VectorX<float>{{-1, 0.25f}});
  CHECK(read.get<double>("layers.0.mean", {3}) == VectorX<double>{{1.0 / 3, 2, 1e300}});
  CHECK(read.get<bool>("name \"é\"", {3}) == VectorX<bool>{{true, false, true}});
  CHECK(read.get<unsigned long long>("seed", {1})[0] == ~0ULL);
  CHECK(read.get<int>("epoch", {})[0] == -3);
  CHECK(read.get<std::int16_t>("empty", {0, 2}).size() == 0);
  CHECK(read.get_matrix<std::int16_t>("empty", 0, 2).cols() == 2);

  // Wider values come first, so that all are aligned; else the order stays.
  std::vector<std::string> names;
  for (const Tensor& tensor : read.tensors) names.push_back(tensor.name);
  CHECK(names == std::vector<std::string>{"layers.0.mean", "seed", "layers.0.weight", "layers.0.bias", "epoch", "empty",
                                          "name \"é\""});
}

TEST_CASE("a safetensors file on disk is replaced at once", "[safetensors]") {
  const TemporaryFolder folder;
  const auto path = folder.path() / "model.safetensors";
  write_safetensors(path, {});
  CHECK(read_safetensors(path).tensors.empty());
  CHECK(content_of(path) == std::string("\x30\0\0\0\0\0\0\0", 8) + R"({"__metadata__":{"gemel.crc32":")" +
                                content_of(path).substr(40, 8) + "\"}}     ");
  write_safetensors(path, example());
  const TensorFile read = read_safetensors(path);
  CHECK(read.name == path.string());
  CHECK(is_same(read, parse_safetensors(format_safetensors(example()))));
  check_thrown<IoError>("missing: there is no such file", [&] { read_safetensors(folder.path() / "missing"); });
  check_thrown<IoError>("it is a folder", [&] { write_safetensors(folder.path(), example()); });
  check_thrown<ValueError>(path.string(), [&] { write_safetensors(path, {.metadata = {{"gemel.crc32", ""}}}); });
  CHECK(is_same(read_safetensors(path), read));
}

TEST_CASE("the bytes of a safetensors file are those that Python reads", "[safetensors]") {
  // tests/golden/make_safetensors.py holds Python's reader to this file.
  const Bytes bytes = format_safetensors(example());
  CHECK((content_of(golden_safetensors / "gemel.safetensors") == std::string(bytes.begin(), bytes.end())));
}

TEST_CASE("files of Python's safetensors are read", "[safetensors]") {
  const TensorFile file = read_safetensors(golden_safetensors / "numpy.safetensors");
  CHECK(file.metadata == std::map<std::string, std::string>{{"format", "np"}, {"ключ \"quoted\"", "line\nend \\ 😀"}});
  CHECK(file.tensors.size() == 15);
  const auto check_integers = [&file](const std::string& name, auto example) {
    using T = decltype(example);
    CAPTURE(name);
    const VectorX<T> values = file.get<T>(name, {3});
    CHECK(values[0] == std::numeric_limits<T>::min());
    CHECK(values[1] == 1);
    CHECK(values[2] == std::numeric_limits<T>::max());
  };
  check_integers("int8", std::int8_t{});
  check_integers("int16", std::int16_t{});
  check_integers("int32", std::int32_t{});
  check_integers("int64", std::int64_t{});
  check_integers("uint8", std::uint8_t{});
  check_integers("uint16", std::uint16_t{});
  check_integers("uint32", std::uint32_t{});
  check_integers("uint64", std::uint64_t{});
  CHECK(file.get_matrix<float>("matrix", 2, 3) == (MatrixX<float>(2, 3) << 1, 2, 3, 4, 5, -6.5f).finished());
  const VectorX<double> doubles = file.get<double>("double", {4});
  CHECK(doubles[0] == 1.0 / 3);
  CHECK(doubles[1] == -1e300);
  CHECK(doubles[2] == std::numeric_limits<double>::infinity());
  CHECK(doubles[3] == std::numeric_limits<double>::denorm_min());
  CHECK(file.get<bool>("bool", {3}) == VectorX<bool>{{true, false, true}});
  CHECK(file.get<float>("value", {})[0] == 7);
  CHECK(file.get<float>("nothing", {0, 3}).size() == 0);
  CHECK(file.get<std::int16_t>("имя/\"\\", {2, 1, 1}) == VectorX<std::int16_t>{{1, 2}});
  CHECK(file.at("half").type == DType::F16);
  CHECK(file.at("half").bytes == Bytes{0x00, 0x3C, 0x00, 0xC0, 0xFF, 0x7B});
}

TEST_CASE("a tensor is given only by its name, with its type and its shape", "[safetensors]") {
  TensorFile file = example();
  file.name = "model";
  CHECK(file.find("layers.1.weight") == nullptr);
  CHECK(file.find("seed") == &file.at("seed"));
  check_thrown<FormatError>("model: it has no tensor 'layers.1.weight'", [&] { file.at("layers.1.weight"); });
  check_thrown<FormatError>("model: it has no tensor 'layers.1.weight'",
                            [&] { file.get_matrix<float>("layers.1.weight", 2, 3); });
  check_thrown<FormatError>("model: its tensor 'layers.0.weight' holds F32 values, but F64 is needed",
                            [&] { file.get_matrix<double>("layers.0.weight", 2, 3); });
  check_thrown<FormatError>("model: its tensor 'layers.0.weight' is 2 x 3, but 3 x 2 is needed",
                            [&] { file.get_matrix<float>("layers.0.weight", 3, 2); });
  check_thrown<FormatError>("model: its tensor 'layers.0.weight' is 2 x 3, but 6 is needed",
                            [&] { file.get<float>("layers.0.weight", {6}); });
  check_thrown<FormatError>("model: its tensor 'epoch' is a single value, but 1 is needed",
                            [&] { file.get<int>("epoch", {1}); });
  check_thrown<FormatError>("holds I32 values, but U32 is needed", [&] { file.get<unsigned>("epoch", {}); });
}

TEST_CASE("what no safetensors file can hold is not written", "[safetensors]") {
  TensorFile file{.name = "model"};
  const std::vector<float> three{1, 2, 3};
  check_thrown<ShapeError>("model: tensor 'a' should be 2 x 2, but has 3 values", [&] {
    file.add<float>("a", {2, 2}, three);
  });
  check_thrown<ShapeError>("tensor 'a' should be -3", [&] { file.add<float>("a", {-3}, three); });
  check_thrown<ShapeError>("tensor 'a' should be", [&] { file.add<float>("a", {Index{1} << 62, 4, 3}, three); });
  CHECK(file.tensors.empty());
  const auto written = [](TensorFile content) { return [content] { format_safetensors(content); }; };
  const Tensor a{.name = "a", .type = DType::U8, .shape = {1}, .bytes = {7}};
  check_thrown<ValueError>("model: two tensors have the name 'a'", written({"model", {a, a}, {}}));
  Tensor reserved = a;
  reserved.name = "__metadata__";
  check_thrown<ValueError>("no tensor can have the name '__metadata__'", written({"model", {reserved}, {}}));
  check_thrown<ValueError>("the metadata's key 'gemel.crc32' is the checksum's",
                           written({"model", {a}, {{"gemel.crc32", "00000000"}}}));
  check_thrown<ValueError>("is not UTF-8", written({"model", {}, {{"key", "\xFF"}}}));
  check_thrown<ValueError>("is not UTF-8", written({"model", {}, {{"\xC3", "text"}}}));
  Tensor deep = a;
  deep.shape = std::vector<Index>(65, 1);
  check_thrown<ValueError>("tensor 'a' has more than 64 dimensions", written({"model", {deep}, {}}));
  deep.shape.pop_back();
  CHECK(parse_safetensors(format_safetensors({"model", {deep}, {}})).at("a") == deep);
  Tensor wrong = a;
  wrong.shape = {2};
  check_thrown<ShapeError>("tensor 'a' has 1 bytes, which does not match its shape 2 of U8",
                           written({"model", {wrong}, {}}));
}

TEST_CASE("a broken header is refused by what is wrong with it", "[safetensors]") {
  const std::string a = R"("a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]})";
  CHECK(parse_safetensors(file_of("{" + a + "}   ", 4)).at("a").shape == std::vector<Index>{1});
  CHECK(parse_safetensors(file_of("{}")).tensors.empty());
  CHECK(parse_safetensors(file_of(R"({"a":{"data_offsets":[0,4],"shape":[2],"dtype":"BF16"}})", 4)).at("a").type ==
        DType::BF16);

  check_refused({}, "it has 0 bytes, but a safetensors file begins with the eight bytes");
  check_refused(Bytes(7, '1'), "it has 7 bytes");
  check_refused(file_of("{}", 0, 3), "its header would have 3 bytes, but there are 2");
  check_refused(file_of("{}", 0, ~std::uint64_t{0} - 1), "its header would have 18446744073709551614 bytes");
  check_refused(file_of(std::string(100'000'001, ' ')), "a header has 100000000 at most");
  check_refused(file_of("", 5), "does not begin with '{'");
  check_refused(file_of(" {}"), "does not begin with '{'");
  check_refused(file_of("[]"), "does not begin with '{'");
  check_refused(file_of("{} {}"), "its header is not valid JSON from byte");
  check_refused(file_of("{}", 1), "its tensors have 0 bytes, but 1 bytes follow its header");
  check_refused(file_of(std::string_view("{}\0", 3)), "its header has a zero byte");
  check_refused(file_of(std::string_view("{}\0 more", 8)), "its header has a zero byte");
  check_refused(file_of("{" + a, 4), "not valid JSON");
  check_refused(file_of("{" + a + ",}", 4), "not valid JSON");
  check_refused(file_of("{\"\xFF\":1}"), "not valid JSON");
  check_refused(file_of(R"({"a":1e999})"), "not valid JSON");

  const auto header = [](const std::string& fields) { return file_of(R"({"a":{)" + fields + "}}", 4); };
  check_refused(file_of(R"({"a":null})"), "'a' in its header is null, not an object");
  check_refused(file_of(R"({"a":[[[)"), "'a' in its header is an array, not an object");
  check_refused(file_of(R"({"a":"text"})"), "'a' in its header is a string, not an object");
  check_refused(file_of(R"({"__metadata__":[]})"), "'__metadata__' in its header is an array, not an object");
  check_refused(file_of(R"({"__metadata__":{"k":1}})"), "'k' in its metadata is a number, not a string");
  check_refused(file_of(R"({"__metadata__":{"k":{}}})"), "'k' in its metadata is an object, not a string");
  check_refused(file_of(R"({"__metadata__":{"k":"","k":""}})"), "its metadata has two keys 'k'");
  check_refused(file_of(R"({"__metadata__":{},"__metadata__":{}})"), "its header has two keys '__metadata__'");
  check_refused(header(""), "tensor 'a': it has no field 'dtype'");
  check_refused(header(R"("dtype":"F32","shape":[1])"), "tensor 'a': it has no field 'data_offsets'");
  check_refused(header(R"("dtype":"F32","dtype":"F32")"), "tensor 'a': it has two fields 'dtype'");
  check_refused(header(R"("type":"F32")"), "tensor 'a': it has an unknown field 'type'");
  check_refused(header(R"("dtype":"F8_E4M3")"), "tensor 'a': its dtype 'F8_E4M3' is not supported");
  check_refused(header(R"("dtype":32)"), "tensor 'a': its dtype is a number");
  check_refused(header(R"("dtype":["F32"])"), "tensor 'a': its dtype is an array");
  check_refused(header(R"("dtype":{)"), "tensor 'a': its dtype is an object");
  check_refused(header(R"("shape":4)"), "tensor 'a': its shape is a number");
  check_refused(header(R"("shape":"4")"), "tensor 'a': its shape is a string");
  check_refused(header(R"("shape":[-1])"), "tensor 'a': its shape holds a negative number");
  check_refused(header(R"("shape":[1.0])"), "tensor 'a': its shape holds a number that is not whole, or too large");
  check_refused(header(R"("shape":[18446744073709551616])"),
                "its shape holds a number that is not whole, or too large");
  check_refused(header(R"("shape":[9223372036854775808])"), "its dimension 0 is 9223372036854775808, more than");
  check_refused(header(R"("shape":[true])"), "tensor 'a': its shape holds true or false");
  check_refused(header(R"("shape":[[1]])"), "tensor 'a': its shape holds an array");
  check_refused(header(R"("shape":[{"b":1}])"), "tensor 'a': its shape holds an object");
  std::string dimensions = "1";
  for (int i = 0; i < 64; ++i) dimensions += ",1";
  check_refused(header("\"shape\":[" + dimensions + "]"), "tensor 'a': it has more than 64 dimensions");
  check_refused(header(R"("data_offsets":[0])"), "tensor 'a': it has fewer than two data_offsets");
  check_refused(header(R"("data_offsets":[0,1,2])"), "tensor 'a': it has more than two data_offsets");
  check_refused(header(R"("data_offsets":[0,"4"])"), "tensor 'a': its data_offsets holds a string");
  // Neither a long name nor a control character gets into the message.
  check_refused(file_of("{\"" + std::string(1000, 'n') + "\":1}"), "'" + std::string(40, 'n') + "…' in its header");
  check_refused(file_of(R"({"\u0007":1})"), "'?' in its header");
  check_refused(file_of("{\"a\":" + std::string(1 << 20, '[')), "is an array, not an object");
}

TEST_CASE("tensors that do not lie one behind the other are refused", "[safetensors]") {
  const auto tensor = [](const std::string& name, const std::string& shape, const std::string& offsets) {
    return "\"" + name + R"(":{"dtype":"U8","shape":)" + shape + R"(,"data_offsets":)" + offsets + "}";
  };
  const auto file = [](const std::string& first, const std::string& second, std::size_t data) {
    return file_of("{" + first + "," + second + "}", data);
  };
  // The order in the header does not matter, and tensors without values lie anywhere between others.
  const TensorFile read = parse_safetensors(file(tensor("b", "[2]", "[1,3]"), tensor("a", "[1]", "[0,1]"), 3));
  CHECK(read.tensors.front().name == "a");
  CHECK(parse_safetensors(file(tensor("a", "[1]", "[0,1]"), tensor("b", "[0]", "[0,0]"), 1)).tensors[0].name == "b");

  check_refused(file(tensor("a", "[2]", "[0,2]"), tensor("b", "[2]", "[1,3]"), 3),
                "tensor 'b': it begins at byte 1 of the data, but another tensor ends at byte 2");
  check_refused(file(tensor("a", "[2]", "[0,2]"), tensor("b", "[2]", "[0,2]"), 2),
                "it begins at byte 0 of the data, but another tensor ends at byte 2");
  check_refused(file(tensor("a", "[1]", "[0,1]"), tensor("b", "[1]", "[2,3]"), 3),
                "tensor 'b': it begins at byte 2 of the data, but no tensor has the bytes from 1 on");
  check_refused(file_of("{" + tensor("a", "[1]", "[1,2]") + "}", 2),
                "it begins at byte 1 of the data, but no tensor has the bytes from 0 on");
  check_refused(file_of("{" + tensor("a", "[1]", "[2,1]") + "}", 2),
                "it ends at byte 1 of the data, before its start at byte 2");
  check_refused(file_of("{" + tensor("a", "[3]", "[0,3]") + "}", 2),
                "tensor 'a': it ends at byte 3 of the data, but there are only 2: the file is truncated");
  check_refused(file_of("{" + tensor("a", "[2]", "[0,2]") + "}", 3),
                "its tensors have 2 bytes, but 3 bytes follow its header");
  check_refused(file_of("{" + tensor("a", "[2]", "[0,3]") + "}", 3),
                "tensor 'a': it has 3 bytes, which does not match its shape 2 of U8");
  check_refused(file_of("{" + tensor("a", "[4294967296,4294967296]", "[0,0]") + "}"), "does not match its shape");
  check_refused(file_of("{" + tensor("a", "[4294967296,4294967297,3]", "[0,3]") + "}", 3), "does not match its shape");
  check_refused(file(tensor("a", "[1]", "[0,1]"), tensor("a", "[1]", "[1,2]"), 2), "it has two tensors 'a'");
}

TEST_CASE("a wrong checksum is refused, and none is needed", "[safetensors]") {
  const auto with = [](const std::string& metadata) { return file_of("{\"__metadata__\":{" + metadata + "}}"); };
  CHECK(parse_safetensors(with(R"("format":"pt")")).metadata.at("format") == "pt");
  check_refused(with(R"("gemel.crc32":"00000000")"),
                "its checksum is wrong: it is damaged, or was changed by a program");
  for (const std::string digits :
       {"", "0", "0000000", "000000000", "0000000g", "0000000A", "-0000000", "0x000000", " 0000000"}) {
    check_refused(with("\"gemel.crc32\":\"" + digits + "\""),
                  "its checksum gemel.crc32 is '" + digits + "', not eight");
  }
  check_refused(with(R"("gemel.crc32":"\u0030000000")"),
                "its checksum gemel.crc32 is '0000000', not eight plain digits");
  check_refused(with(R"("gemel.crc3\u0032":"00000000")"), "its checksum gemel.crc32 is '00000000', not eight plain");
  for (const char* key : {"gemel.brc32", "femel.crc32", "gemel.crc33", "gemelncrc32", "gemel.format", "gemel"}) {
    check_refused(with("\"" + std::string(key) + R"(":"00000000")"),
                  "its metadata has the key '" + std::string(key) + "', but no checksum under 'gemel.crc32'");
  }

  // The key in another text is not the checksum's; the one that is may have blanks around it, as Python's json has
  // them.
  TensorFile tricky;
  tricky.metadata = {{"a", "\"gemel.crc32\":\"00000000\""}, {"\"gemel.crc32", ":\""}, {"z", "gemel.crc32"}};
  tricky.add("gemel.crc32", VectorX<float>{{1}});
  CHECK(is_same(parse_safetensors(format_safetensors(tricky)), tricky));
  Bytes spaced = with("\"gemel.crc32\" :\n \"00000000\"");
  const std::uint32_t crc = detail::crc32(spaced);
  std::array<char, 9> digits;
  std::snprintf(digits.data(), digits.size(), "%08x", crc);
  std::copy_n(digits.begin(), 8, spaced.end() - 11);
  CHECK(parse_safetensors(spaced).metadata.empty());
}

TEST_CASE("no safetensors file asks for more memory than its size justifies", "[safetensors]") {
  const auto check = [](const Bytes& bytes) {
    largest_allocation = 0;
    try {
      parse_safetensors(bytes);
    } catch (const FormatError&) {
    }
    const std::size_t largest = largest_allocation;
    CHECK(largest > 0);
    CHECK(largest <= 4 * bytes.size() + (1 << 20));
  };
  const std::string begin = R"({"a":{"dtype":"F64","shape":[)";
  check(file_of(begin + R"(9223372036854775807],"data_offsets":[0,18446744073709551615]}})"));
  check(file_of(begin + R"(1152921504606846976],"data_offsets":[0,9223372036854775808]}})", 8));
  check(file_of("{}", 0, 100'000'000));

  constexpr std::size_t n = 70'000;  // a little more than a power of two, up to which a vector grows
  const auto repeated = [](const std::string& first, const std::string& part, const std::string& last, bool numbered) {
    std::string text = first;
    for (std::size_t i = 0; i < n; ++i) text += numbered ? "\"" + std::to_string(i) + part : part;
    return text + last;
  };
  check(file_of(repeated(begin, "1,", "1]", false)));
  check(file_of(repeated("{", "[", "", false)));
  check(file_of(repeated("{\"", "n", "\":1}", false)));
  check(file_of(repeated(R"({"__metadata__":{")", "\\n", "\":\"\"}}", false)));
  check(file_of(repeated(R"({"__metadata__":{)", "\":\"\",", R"("a":""}})", true)));
  check(file_of(repeated("{", R"(":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},)", R"("__metadata__":{}})", true)));
}

TEST_CASE("each flipped bit of a safetensors file with a checksum is noticed", "[safetensors]") {
  for (const TensorFile& file : {TensorFile{}, example()}) {
    Bytes bytes = format_safetensors(file);
    const TensorFile whole = parse_safetensors(bytes);
    std::size_t refused = 0;
    for (std::size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
      bytes[bit / 8] = static_cast<std::uint8_t>(bytes[bit / 8] ^ 1 << bit % 8);
      CAPTURE(bit);
      try {
        const bool same = is_same(parse_safetensors(bytes), whole);
        REQUIRE(same);
      } catch (const FormatError&) {
        ++refused;
      }
      bytes[bit / 8] = static_cast<std::uint8_t>(bytes[bit / 8] ^ 1 << bit % 8);
    }
    CHECK(refused == 8 * bytes.size());
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      REQUIRE_THROWS_AS(parse_safetensors(std::span(bytes).first(size)), FormatError);
    }
    bytes.push_back(0);
    CHECK_THROWS_AS(parse_safetensors(bytes), FormatError);
  }
}
