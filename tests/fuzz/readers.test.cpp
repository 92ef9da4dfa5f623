#include <zlib.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <iostream>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "catch.hpp"
#include "fuzz/targets.hpp"
#include "gemel/core/random.hpp"
#include "io/npy_bytes.hpp"
#include "scale.hpp"

using namespace gemel;

namespace {

using Bytes = std::vector<std::uint8_t>;

Bytes bytes_of(std::string_view text) { return {text.begin(), text.end()}; }

// Makes one to four random changes: flips a bit, writes a byte that is usual in the format, cuts off the end, repeats a
// part or erases one.
Bytes mutated(Bytes bytes, std::string_view alphabet, Rng& rng) {
  for (Index change = rng.below(4); change >= 0 && !bytes.empty(); --change) {
    const auto at = bytes.begin() + rng.below(length(bytes));
    const auto end = at + rng.below(bytes.end() - at + 1);
    switch (rng.below(5)) {
      case 0:
        *at = static_cast<std::uint8_t>(*at ^ 1u << rng.below(8));
        break;
      case 1:
        *at = static_cast<std::uint8_t>(alphabet[static_cast<std::size_t>(rng.below(length(alphabet)))]);
        break;
      case 2:
        bytes.erase(at, bytes.end());
        break;
      case 3: {
        const Bytes part(at, end);
        bytes.insert(at, part.begin(), part.end());
        break;
      }
      case 4:
        bytes.erase(at, end);
        break;
    }
  }
  return bytes;
}

struct Count {
  Index tried = 0;
  Index read = 0;
  double share() const { return static_cast<double>(read) / static_cast<double>(tried); }
};

// Calls `survives` with mutated seeds, `rounds` times with each seed or, if GEMEL_FUZZ_SECONDS is set, for that many
// seconds of processor time; in the latter case it prints the number of calls.
template <class Make, class Survives>
Count count_read(const std::string& name, std::size_t seeds, const Make& make, const Survives& survives,
                 int rounds = 2000) {
  const char* const given = std::getenv("GEMEL_FUZZ_SECONDS");
  const double seconds = given ? std::atof(given) : 0;
  const std::clock_t began = std::clock();
  const auto spent = [began] { return static_cast<double>(std::clock() - began) / CLOCKS_PER_SEC; };
  Rng rng{11};
  Count count;
  for (int round = 0; given ? spent() < seconds : round < scaled(rounds); ++round) {
    for (std::size_t seed = 0; seed < seeds; ++seed) {
      const Bytes bytes = make(seed, rng);
      count.read += survives(bytes);
      ++count.tried;
    }
  }
  if (given) {
    std::cout << name << ": " << count.tried << " inputs in " << spent() << " seconds of processor time, "
              << count.tried - count.read << " of them refused" << std::endl;
  }
  return count;
}

template <class Survives>
Count count_read(const std::string& name, const std::vector<Bytes>& seeds, std::string_view alphabet,
                 const Survives& survives) {
  for (const Bytes& seed : seeds) CHECK(survives(seed));
  return count_read(
      name, seeds.size(), [&](std::size_t seed, Rng& rng) { return mutated(seeds[seed], alphabet, rng); }, survives);
}

Bytes gzipped(const Bytes& bytes) {
  z_stream stream{};
  Bytes packed(bytes.size() + 100);
  fuzz::require(deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  stream.next_in = const_cast<Bytef*>(bytes.data());
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = packed.data();
  stream.avail_out = static_cast<uInt>(packed.size());
  fuzz::require(deflate(&stream, Z_FINISH) == Z_STREAM_END);
  deflateEnd(&stream);
  return {packed.data(), stream.next_out};
}

/// Model files of all built-in layers. The third one, a checkpoint, holds tensors that are no part of its model.
std::vector<TensorFile> model_seeds() {
  Rng rng{1};
  const Siamese small{make_network<float>(rng, Standardize<2>{{1, 2}, {3, 0}, {.clip = 5}}, Dense<2, 3, LeakyReLU>{},
                                          Dropout<3>{0.25}, Dense<3, 2, Tanh>{}),
                      Cosine{}};
  const Sequence<Dense<Dynamic, Dynamic, ReLU>> dense{{{2, 2}}};
  const auto network =
      make_network<double>(rng, Rescale<2>{{.offset = 1, .factor = 0.5}}, dense, L2Normalize<2>{}, dense);
  const Ensemble<AnyModel<float>> ensemble{
      small, Siamese{make_network<float>(rng, Rescale<2>{{.offset = 1, .factor = 0.5}}, Dense<2, 1>{}), Cosine{}}};
  const auto interval = Interval{.low = 0, .high = std::numeric_limits<double>::quiet_NaN(), .method = "none"};
  TensorFile checkpoint;
  detail::Json description = detail::add_model(checkpoint, Siamese{network, Manhattan{}});
  description["kind"] = "checkpoint";
  description["training"] = {{"epoch", 3}, {"steps", 40}, {"seed", 18446744073709551615u}};
  checkpoint.add("optimizer.m", VectorX<double>::Ones(12).eval());
  detail::put_metadata(checkpoint, description, {});
  const Siamese whitened{
      make_network<float>(rng, Whitening<3, 2>{VectorX<double>{{1, 2, 3}}, MatrixX<double>{{1, 0, -1}, {0.5, 2, 3}}},
                          Centering<2>{{1, 2}})};
  return {
      to_tensors(Verifier{whitened, {.threshold = 2, .interval = interval, .method = "any"}}),
      to_tensors(Verifier{small, {.threshold = 0.5, .far = 0.1, .interval = interval, .method = "any"}}, {{"a", "b"}}),
      to_tensors(network),
      checkpoint,
      to_tensors(ensemble),
      to_tensors(Verifier{ensemble, {.threshold = 2}})};
}
const std::string_view model_alphabet = "{}[]\",:\\ 0123456789.-eFUinf_Dt";

/// Changes a model file, its description, or digits of it: changes of the whole file seldom leave valid JSON.
Bytes mutated(TensorFile file, Rng& rng) {
  if (rng.below(3) == 0) return mutated(format_safetensors(file), model_alphabet, rng);
  std::string& text = file.metadata["gemel"];
  if (rng.below(2) == 0) {
    for (Index change = rng.below(3); change >= 0;) {
      char& c = text[static_cast<std::size_t>(rng.below(length(text)))];
      if (c < '0' || c > '9') continue;
      c = static_cast<char>('0' + rng.below(10));
      --change;
    }
    return format_safetensors(file);
  }
  const Bytes changed = mutated(bytes_of(text), model_alphabet, rng);
  text.assign(changed.begin(), changed.end());
  return fuzz::read_or_refuse([&] { return format_safetensors(file); }).value_or(changed);
}

/// Changes a checkpoint as a model file, or sets a number in a tensor, or omits or renames a tensor.
Bytes mutated_checkpoint(TensorFile file, Rng& rng) {
  if (rng.below(2) == 0) return mutated(std::move(file), rng);
  const auto at = static_cast<std::size_t>(rng.below(length(file.tensors)));
  Tensor& tensor = file.tensors[at];
  const double values[] = {0, -1, 1.5, 3, 1e300, std::numeric_limits<double>::infinity(), std::nan("")};
  switch (rng.below(4)) {
    case 0:
      file.tensors.erase(file.tensors.begin() + static_cast<Index>(at));
      break;
    case 1:
      tensor.name.back() = model_alphabet[static_cast<std::size_t>(rng.below(length(model_alphabet)))];
      break;
    default:
      if (tensor.type == DType::F64) {
        detail::to_little_endian(values[rng.below(7)], tensor.bytes.data() + 8 * rng.below(length(tensor.bytes) / 8));
      } else {
        detail::to_little_endian(static_cast<float>(values[rng.below(7)]),
                                 tensor.bytes.data() + 4 * rng.below(length(tensor.bytes) / 4));
      }
  }
  return fuzz::read_or_refuse([&] { return format_safetensors(file); }).value_or(Bytes{});
}

/// Files with galleries: one with all that a gallery may have, one in a verifier's file, and an empty one.
std::vector<TensorFile> gallery_seeds() {
  Rng rng{2};
  const Siamese model{make_network<float>(rng, Standardize<2>{{1, 2}, {3, 1}}, Dense<2, 3>{})};
  const Calibration calibration{.threshold = 0.5, .method = "any", .far_points = {{0, 0.25}, {0.5, 1}, {1, 2}}};
  const IdentificationCalibration identification{
      0.1,
      {{.size = 1, .threshold = 3, .fpir = 0.1, .interval = {.low = 0, .high = 0.2, .method = "any"}},
       {.size = 9, .threshold = 1, .fpir = 0.05, .interval = {.low = std::nan(""), .high = 1, .method = "any"}}},
      "any"};
  Gallery gallery{ClaimVerifier{model, MinimumScore{.power = 0.5}, calibration}, identification};
  gallery.add("Ada", normal<float>(2, 2, rng));
  gallery.add("\xC3\x89mile", gallery.verifier().enrol(normal<float>(2, 3, rng)).with_threshold(1.5));
  Gallery plain{ClaimVerifier{model, CentroidScore{}}, identification};
  for (const char* name : {"a", "bb", "ccc"}) plain.add(name, normal<float>(2, 1, rng));
  TensorFile of_verifier = to_tensors(Verifier{model, calibration}, {{"a", "b"}});
  put_gallery(of_verifier, plain);
  return {to_tensors(gallery), of_verifier, to_tensors(Gallery{ClaimVerifier{model, MeanScore{}}})};
}

/// Changes a gallery's file as a model file, or sets a number in a tensor of the gallery, or omits, renames or reshapes
/// such a tensor; and may then correct the fingerprint of the model.
Bytes mutated_gallery(TensorFile file, Rng& rng) {
  if (rng.below(3) == 0) return mutated(std::move(file), rng);
  const double values[] = {0, -1, 1.5, 3, 1e300, std::numeric_limits<double>::infinity(), std::nan("")};
  for (Index change = rng.below(3); change >= 0;) {
    const auto at = static_cast<std::size_t>(rng.below(length(file.tensors)));
    Tensor& tensor = file.tensors[at];
    if (tensor.name.starts_with("layers.") && rng.below(8) != 0) continue;
    --change;
    const auto place = [&](std::size_t bytes) {
      return tensor.bytes.data() +
             static_cast<Index>(bytes) * rng.below(length(tensor.bytes) / static_cast<Index>(bytes));
    };
    switch (tensor.bytes.empty() ? rng.below(3) : rng.below(12)) {
      case 0:
        file.tensors.erase(file.tensors.begin() + static_cast<Index>(at));
        break;
      case 1:
        tensor.name.back() = model_alphabet[static_cast<std::size_t>(rng.below(length(model_alphabet)))];
        break;
      case 2:
        if (!tensor.shape.empty()) tensor.shape.insert(tensor.shape.begin() + rng.below(2), 1);
        break;
      default:
        if (tensor.type == DType::F64) {
          detail::to_little_endian(values[rng.below(7)], place(8));
        } else if (tensor.type == DType::I64) {
          detail::to_little_endian(std::int64_t{rng.below(6) - 1}, place(8));
        } else if (tensor.type == DType::F32) {
          detail::to_little_endian(static_cast<float>(values[rng.below(7)]), place(4));
        } else {
          *place(1) = static_cast<std::uint8_t>("\0aAb\xC3\x89\xFF "[rng.below(8)]);
        }
    }
  }
  std::string& text = file.metadata["gemel"];
  if (rng.below(3) == 0) {  // a digit or another character of the description
    text[static_cast<std::size_t>(rng.below(length(text)))] =
        model_alphabet[static_cast<std::size_t>(rng.below(length(model_alphabet)))];
  }
  if (auto description = fuzz::read_or_refuse([&] { return detail::parse_description(detail::TensorIndex{file}); });
      description && description->contains("gallery") && rng.below(8) != 0) {
    (*description)["gallery"]["model"] = detail::model_fingerprint(*description, file);
    text = description->dump();
  }
  return fuzz::read_or_refuse([&] { return format_safetensors(file); }).value_or(Bytes{});
}

const std::vector<Bytes> npy_seeds{
    npy_bytes("<f4", "(2, 1)", {"\0\0\x80?\0\0\0@", 8}),
    npy_bytes("|u1", "(5,)", "abcab"),
    npy_bytes("{'descr': '>i2', 'fortran_order': True, 'shape': (1, 2, 3), }      \n", "1234567890ab", 2),
    npy_bytes("{\"shape\": (2,), \"descr\": '<f8', 'fortran_order': False}", {"\0\0\0\0\0\0\xF0?\0\0\0\0\0\0\0@", 16},
              3),
};
const std::vector<Bytes> idx_seeds{
    {0, 0, 8, 1, 0, 0, 0, 5, 1, 2, 3, 4, 5},
    {0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 1, 9, 8, 7, 255, 5, 4},
    {0, 0, 8, 2, 0, 0, 0, 1, 0, 0, 0, 1, 77},
};
const std::string_view idx_alphabet{"\0\1\2\3\10\377", 6};

}  // namespace

TEST_CASE("read_csv reads or rejects any bytes", "[fuzz][csv]") {
  const std::vector<Bytes> seeds{
      bytes_of("a,b,kind\n1,2,x\n3.5,-4e2,y\n5,6,x\n"),
      bytes_of("\xEF\xBB\xBF"
               "a,\"the \"\"b\"\"\",\"kind\"\r\n1,\"2\",\"x,\r\ny\"\r\n3,4,z\r\n\r\n"),
      bytes_of("1;2;3\n4;5;6\n7;8;9\n"),
      bytes_of("3,2,red,blue\n1,2,1\n3,4,0\n5,6,1\n"),
      bytes_of("a\tkind\n1\tx\nNA\ty\n?\tx\n2\tNone\n4\t1.0\n"),
      bytes_of("5,3,cat\n1,2,dog\n3,4,cat\n0,1,1\n"),
  };
  const Count count = count_read("read_csv", seeds, ",;\"\r\n0.-+eEnaifNA? \t", survives_csv);
  CHECK(count.share() > 1.0 / 12);
  CHECK(count.share() < 11.0 / 12);
}

TEST_CASE("read_table reads or rejects any bytes", "[fuzz][table]") {
  const std::vector<Bytes> seeds{
      bytes_of("name,age,city\nAda,36,\"Paris, north\"\nBo,-4e1,\n"),
      bytes_of("\xEF\xBB\xBF"
               "a;\"the \"\"b\"\"\"\r\n1;\"x;\r\ny\"\r\n3;z\r\n\r\n"),
      bytes_of("a\ta\n1\t2\n"),
  };
  const Count count = count_read("read_table", seeds, ",;\"\r\n0.-+eEnaif \t", survives_table);
  CHECK(count.share() > 1.0 / 12);
  CHECK(count.share() < 11.0 / 12);
}

TEST_CASE("aligned reads or rejects any bytes", "[fuzz][aligned]") {
  const std::vector<Bytes> seeds{
      bytes_of("a,b,kind\n1,2,x\n3,4,y\n\fb,a,kind\n5,6,y\n7,8,z\n"),
      bytes_of("a,b,a b,k\n1,2,3,1\n\fa b,b,a,k\n4,5,6,1\n7,8,9,2\n"),
      bytes_of("1,2,x\n3,4,x\n\f5,6,y\n7,8,y\n"),
  };
  const Count count = count_read("aligned", seeds, ",;\"\n\f01.ab kxyz", survives_aligned);
  CHECK(count.share() > 1.0 / 60);
  CHECK(count.share() < 11.0 / 12);
}

TEST_CASE("read_pgm reads or rejects any bytes", "[fuzz][pgm]") {
  const std::vector<Bytes> seeds{
      bytes_of("P5 3 2 255\nabcdef"),
      bytes_of("P2\n# plain\n2 2 # width and height\n9\n0 9\n1 2\n"),
      bytes_of("P5\n1 2\n65535\n\1\2\3\4"),
  };
  const Count count = count_read("read_pgm", seeds, "P25 \n#0193a", survives_pgm);
  CHECK(count.share() > 1.0 / 12);
  CHECK(count.share() < 11.0 / 12);
}

TEST_CASE("read_svc2004 reads or rejects any bytes", "[fuzz][svc2004]") {
  const std::vector<Bytes> seeds{
      bytes_of("3\n10 20 0 1 900 500 100\n11 21 10 1 900 500 120\n12 19 20 0 900 500 0\n"),
      bytes_of("2\r\n-4 5 7 0 0 0 1\r\n-4 6 8 0 0 0 2\r\n\r\n"),
  };
  const Count count = count_read("read_svc2004", seeds, "-0123456789 \t\r\n.x", survives_svc2004);
  CHECK(count.share() > 1.0 / 40);
  CHECK(count.share() < 11.0 / 12);
}

TEST_CASE("read_safetensors reads or rejects any bytes", "[fuzz][safetensors]") {
  TensorFile file;
  file.add("w", MatrixX<float>{{1, 2, 3}, {4, 5, 6}});
  file.add("n", VectorX<std::uint8_t>{{7, 8, 9}});
  const Bytes with_checksum = format_safetensors(file);
  file.metadata = {{"key", "a \\ \"text\""}};
  const std::string header =
      R"({"b":{"data_offsets":[1,3],"dtype":"BOOL","shape":[2,1]},"a":{"dtype":"U8","shape":[],"data_offsets":[0,1]}})";
  Bytes plain{static_cast<std::uint8_t>(header.size()), 0, 0, 0, 0, 0, 0, 0};
  plain.insert(plain.end(), header.begin(), header.end());
  plain.insert(plain.end(), {5, 1, 0});
  const Count count = count_read("read_safetensors", {with_checksum, format_safetensors(file), plain},
                                 "{}[]\",:\\ 0123456789FUIBOLwnabdtyp_", survives_safetensors);
  CHECK(count.share() > 1.0 / 100);
  CHECK(count.share() < 11.0 / 12);
}

TEST_CASE("load and describe read or reject any bytes", "[fuzz][model]") {
  const std::vector<TensorFile> seeds = model_seeds();
  for (const TensorFile& seed : seeds) CHECK(survives_model(format_safetensors(seed)));
  const auto make = [&seeds](std::size_t seed, Rng& rng) { return mutated(seeds[seed], rng); };
  // A model takes more than ten times as long to read as a CSV file.
  const Count count = count_read("load", seeds.size(), make, survives_model, 500);
  CHECK(count.share() > 1.0 / 60);
  CHECK(count.share() < 11.0 / 12);
}

TEST_CASE("galleries are read from or rejected in any bytes", "[fuzz][gallery]") {
  const std::vector<TensorFile> seeds = gallery_seeds();
  for (const TensorFile& seed : seeds) CHECK(survives_gallery(format_safetensors(seed)));
  const auto make = [&seeds](std::size_t seed, Rng& rng) { return mutated_gallery(seeds[seed], rng); };
  const Count count = count_read("load a gallery", seeds.size(), make, survives_gallery, 500);
  CHECK(count.share() > 1.0 / 60);
  CHECK(count.share() < 11.0 / 12);
}

TEST_CASE("resume goes on from or rejects any bytes", "[fuzz][checkpoint]") {
  const TensorFile seed = fuzz::SmallTraining{}.checkpoint();
  CHECK(survives_checkpoint(format_safetensors(seed)));
  const Count count = count_read(
      "resume", 1, [&](std::size_t, Rng& rng) { return mutated_checkpoint(seed, rng); }, survives_checkpoint);
  CHECK(count.share() > 1.0 / 60);
  CHECK(count.share() < 11.0 / 12);
}

TEST_CASE("read_idx reads or rejects any bytes", "[fuzz][idx]") {
  const Count count = count_read("read_idx", idx_seeds, idx_alphabet, survives_idx);
  CHECK(count.share() > 1.0 / 60);
  CHECK(count.share() < 11.0 / 12);
}

TEST_CASE("read_npy reads or rejects any bytes", "[fuzz][npy]") {
  const Count count =
      count_read("read_npy", npy_seeds, {"\0\1\2\3<>|'\"(){},: L1248-9iuf\177\200\377", 30}, survives_npy);
  CHECK(count.share() > 1.0 / 60);
  CHECK(count.share() < 11.0 / 12);
}

TEST_CASE("read_idx reads or rejects any gzipped bytes", "[fuzz][gzip]") {
  // The gzip data, the file within, both, or the number of members are changed.
  std::vector<Bytes> packed;
  for (const Bytes& seed : idx_seeds) packed.push_back(gzipped(seed));
  for (const Bytes& seed : packed) CHECK(survives_gzip(seed));
  const auto make = [&packed](std::size_t seed, Rng& rng) {
    const Bytes bytes = rng.below(2) ? gzipped(mutated(idx_seeds[seed], idx_alphabet, rng)) : packed[seed];
    if (rng.below(4) == 0) {
      const Bytes& inner = idx_seeds[seed];
      const auto middle = inner.begin() + rng.below(length(inner) + 1);
      Bytes members = gzipped(Bytes(inner.begin(), middle));
      const Bytes second = gzipped(Bytes(middle, inner.end()));
      members.insert(members.end(), second.begin(), second.end());
      return rng.below(2) ? members : mutated(members, idx_alphabet, rng);
    }
    return rng.below(2) ? bytes : mutated(bytes, idx_alphabet, rng);
  };
  const Count count = count_read("read_idx through Gzip", packed.size(), make, survives_gzip);
  CHECK(count.share() > 1.0 / 60);
  CHECK(count.share() < 11.0 / 12);
}
