// Bad models and model files. The files are in a temporary folder of this test.

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "bad_input/table.hpp"
#include "gemel/io/file_description.hpp"
#include "gemel/io/model_file.hpp"
#include "gemel/io/state_dict.hpp"
#include "gemel/network/any_model.hpp"
#include "gemel/verification/claim_verifier.hpp"
#include "gemel/verification/gallery.hpp"
#include "io/temporary_folder.hpp"

namespace gemel::bad_input {

namespace {

const TemporaryFolder& models() {
  static const TemporaryFolder its_own;
  return its_own;
}
std::filesystem::path bad_model() { return models().path() / "bad.model"; }

using SavedModel = Siamese<Network<float, Dense<3, 2>>>;
SavedModel saved_model() {
  Rng rng{1};
  return SavedModel{rng};
}

/// A model file, changed by `change`, which gets its tensors.
template <class Change>
void load_changed(const Change& change) {
  TensorFile file = to_tensors(saved_model());
  change(file);
  write_safetensors(bad_model(), file);
  load<AnyModel<float>>(bad_model());
}
/// The same of a gallery of one person, whose name is Ada and who has two samples.
using SavedGallery = Gallery<SavedModel>;
SavedGallery saved_gallery() {
  SavedGallery gallery{ClaimVerifier{saved_model()}};
  gallery.add("Ada", MatrixX<float>{{1, 2}, {3, 4}, {5, 6}});
  return gallery;
}
template <class Change>
auto with_changed_gallery(const Change& change) {
  return [change] {
    TensorFile file = to_tensors(saved_gallery());
    change(file);
    write_safetensors(bad_model(), file);
    load<SavedGallery>(bad_model());
  };
}
template <class Value>
auto gallery_with(const std::string& tensor, Value value) {
  return with_changed_gallery([tensor, value](TensorFile& file) {
    const auto found = std::ranges::find(file.tensors, tensor, &Tensor::name);
    detail::to_little_endian(value, found->bytes.data());
  });
}

/// The same of a PyTorch state dict. The model must not change.
template <class Change>
void load_changed_dict(const Change& change) {
  TensorFile file;
  file.add("fc.weight", MatrixX<float>::Ones(2, 3).eval());
  file.add("fc.bias", VectorX<float>::Ones(2).eval());
  change(file);
  write_safetensors(bad_model(), file);
  SavedModel model = saved_model();
  load_state_dict(bad_model(), model, {"fc"});
}
/// A file with these bytes.
template <class Read>
Cell refused_bytes(const std::string& words, const std::string& bytes, const Read& read) {
  return throws<FormatError>(words, {.file = "bad.model"}, [=] { read(models().write("bad.model", bytes)); });
}
std::string model_bytes() {
  save(bad_model(), saved_model());
  return content_of(bad_model());
}
std::string flipped(std::string bytes) {
  bytes.back() = static_cast<char>(bytes.back() ^ 1);
  return bytes;
}
template <class Read>
Cell no_model_file(const Read& read) {
  return throws<IoError>("there is no such file", {.file = "nowhere"}, [=] { read(models().path() / "nowhere"); });
}
template <class Read>
Cell no_readable_file(const Read& read) {
  const std::string directory = models().path().filename().string();
  return {throws<IoError>("it is a directory, not a file", {.file = directory}, [=] { read(models().path()); }),
          throws<IoError>("it is not a regular file", {.file = "null"}, [=] { read("/dev/null"); })};
}
template <class Read>
Cell no_model_bytes(const Read& read) {
  return {refused_bytes("its checksum is wrong: it is damaged", flipped(model_bytes()), read),
          refused_bytes("it is truncated", model_bytes().substr(0, 40), read)};
}

void put_value(Tensor& tensor, float value) { detail::to_little_endian(value, tensor.bytes.data()); }

}  // namespace

std::vector<Row> model_rows() {
  const auto load_at = [](const std::filesystem::path& path) { load<AnyModel<float>>(path); };
  const auto load_gallery_at = [](const std::filesystem::path& path) { load<SavedGallery>(path); };
  const auto describe_at = [](const std::filesystem::path& path) { describe(path); };
  const auto dict_at = [](const std::filesystem::path& path) {
    SavedModel model = saved_model();
    load_state_dict(path, model, {"fc"});
  };
  const auto save_at = [](const std::filesystem::path& path) { save(path, saved_model()); };
  const auto with_parameter = [](float value) {
    SavedModel model = saved_model();
    model.network().mutable_parameters()[1] = value;
    save(bad_model(), model);
  };

  return {
      {"load",
       {{WrongShape,
         {throws<FormatError>("its tensor 'layers.0.weight' is 3 x 2, but 2 x 3 is needed", {.file = "bad.model"},
                              [] { load_changed([](TensorFile& file) {
                                     file.tensors[0].shape = {3, 2};
                                   }); }),
          throws<FormatError>("it is Dense 3 x 2 with Linear, but the type that is loaded has Dense 4 x 2 with Linear",
                              {.file = "bad.model", .layer = 0},
                              [save_at] {
                                save_at(bad_model());
                                load<Network<float, Dense<4, 2>>>(bad_model());
                              })}},
        {NaN, throws<FormatError>("its tensor 'layers.0.bias' holds NaN", {.file = "bad.model", .layer = 0},
                                  [] { load_changed([](TensorFile& file) { put_value(file.tensors[1], nan_f); }); })},
        {Infinite, throws<FormatError>(
                       "its tensor 'layers.0.weight' holds NaN, an infinite value", {.file = "bad.model", .layer = 0},
                       [] { load_changed([](TensorFile& file) { put_value(file.tensors[0], inf_f); }); })},
        {Empty,
         {refused_bytes("it has 0 bytes", "", load_at),
          throws<FormatError>("it has no tensor 'layers.0.weight'", {.file = "bad.model", .layer = 0},
                              [] { load_changed([](TensorFile& file) { file.tensors.clear(); }); })}},
        {{OneClass, BadLabel}, impossible("it holds no samples")},
        {OutOfRange, throws<FormatError>("its parameters are floats, but the type's are doubles", {.file = "bad.model"},
                                         [save_at] {
                                           save_at(bad_model());
                                           load<AnyModel<double>>(bad_model());
                                         })},
        {Truncated, no_model_bytes(load_at)},
        {Swapped,
         {refused_bytes("not a safetensors file", "a,b,class\n1,2,x\n", load_at),
          throws<FormatError>("it holds tensors, but no model", {.file = "bad.model"},
                              [] { load_changed([](TensorFile& file) { file.metadata.clear(); }); }),
          throws<FormatError>("it holds a model without a threshold", {.file = "bad.model"},
                              [save_at] {
                                save_at(bad_model());
                                load<Verifier<AnyModel<float>>>(bad_model());
                              })}},
        {Missing, no_model_file(load_at)},
        {Unreadable, no_readable_file(load_at)},
        {FullDisk, impossible("it only reads")}}},

      {"load: a gallery",
       {{WrongShape,
         throws<FormatError>("its gallery: person 0 has 3 samples and a name of 3 bytes, but 2 and 3 are left",
                             {.file = "bad.model"}, gallery_with("gallery.counts", std::int64_t{3}))},
        {NaN, throws<FormatError>("a sample's embedding is not finite", {.file = "bad.model"},
                                  gallery_with("gallery.embeddings", nan_f))},
        {Infinite, throws<FormatError>("a sample's embedding is not finite", {.file = "bad.model"},
                                       gallery_with("gallery.embeddings", inf_f))},
        {Empty,
         {refused_bytes("it has 0 bytes", "", load_gallery_at),
          throws<FormatError>("it has no tensor 'gallery.names'", {.file = "bad.model"},
                              with_changed_gallery([](TensorFile& file) {
                                std::erase_if(file.tensors, [](const Tensor& t) { return t.name == "gallery.names"; });
                              }))}},
        {{OneClass, BadLabel}, impossible("no labels are in play")},
        {OutOfRange,
         {throws<FormatError>("person 0 has -1 samples", {.file = "bad.model"},
                              gallery_with("gallery.counts", std::int64_t{-1})),
          throws<FormatError>("the name of person 0 is not UTF-8", {.file = "bad.model"},
                              gallery_with("gallery.names", std::uint8_t{0xFF})),
          throws<FormatError>("a spread of -1 is impossible", {.file = "bad.model"},
                              gallery_with("gallery.spreads", -1.0))}},
        {Truncated, no_model_bytes(load_gallery_at)},
        {Swapped,
         {throws<FormatError>("its gallery was made by another model than the one in the file", {.file = "bad.model"},
                              with_changed_gallery([](TensorFile& file) { put_value(file.tensors[0], 0.5f); })),
          throws<FormatError>("without a scorer of claims", {.file = "bad.model"},
                              [=] {
                                save_at(bad_model());
                                load_gallery_at(bad_model());
                              }),
          throws<ValueError>("the file holds another model than the gallery's", {.file = "model"},
                             [] {
                               SavedModel other = saved_model();
                               other.network().mutable_parameters()[0] = 0.5f;
                               TensorFile file = to_tensors(other);
                               put_gallery(file, saved_gallery());
                             })}},
        {Missing, no_model_file(load_gallery_at)},
        {Unreadable, no_readable_file(load_gallery_at)},
        {FullDisk, impossible("it only reads")}}},

      {"describe",
       {{{WrongShape, NaN, Infinite, OneClass, BadLabel}, impossible("it does not look at the tensors' values")},
        {Empty, refused_bytes("it has 0 bytes", "", describe_at)},
        {OutOfRange, throws<FormatError>("it was written by a newer version of Gemel (format 2", {.file = "bad.model"},
                                         [describe_at] {
                                           TensorFile file = to_tensors(saved_model());
                                           std::string& text = file.metadata["gemel"];
                                           text.replace(text.find("\"format\":1"), 10, "\"format\":2");
                                           write_safetensors(bad_model(), file);
                                           describe_at(bad_model());
                                         })},
        {Truncated, no_model_bytes(describe_at)},
        {Swapped, refused_bytes("not a safetensors file", "a,b,class\n1,2,x\n", describe_at)},
        {Missing, no_model_file(describe_at)},
        {Unreadable, no_readable_file(describe_at)},
        {FullDisk, impossible("it only reads")}}},

      {"load_state_dict",
       {{WrongShape, throws<FormatError>("its tensor 'fc.weight' is 3 x 2, but 2 x 3 is needed", {.file = "bad.model"},
                                         [] {
                                           load_changed_dict([](TensorFile& file) { file.tensors[0].shape = {3, 2}; });
                                         })},
        {NaN,
         throws<FormatError>("its tensor 'fc.bias' holds NaN", {.file = "bad.model", .layer = 0},
                             [] { load_changed_dict([](TensorFile& file) { put_value(file.tensors[1], nan_f); }); })},
        {Infinite,
         throws<FormatError>("its tensor 'fc.bias' holds NaN, an infinite value", {.file = "bad.model", .layer = 0},
                             [] { load_changed_dict([](TensorFile& file) { put_value(file.tensors[1], inf_f); }); })},
        {Empty, throws<FormatError>("it has no tensor 'fc.weight'", {.file = "bad.model", .layer = 0},
                                    [] { load_changed_dict([](TensorFile& file) { file.tensors.clear(); }); })},
        {{OneClass, BadLabel}, impossible("it holds no samples")},
        {OutOfRange, throws<ValueError>("1 layers with parameters, but there are 2 modules", {.file = "bad.model"},
                                        [] {
                                          load_changed_dict([](TensorFile&) {});
                                          SavedModel model = saved_model();
                                          load_state_dict(bad_model(), model, {"fc", "fc2"});
                                        })},
        {Truncated, no_model_bytes(dict_at)},
        {Swapped, throws<FormatError>("it has no tensor 'fc.weight'", {.file = "bad.model", .layer = 0},
                                      [save_at, dict_at] {
                                        save_at(bad_model());
                                        dict_at(bad_model());
                                      })},
        {Missing, no_model_file(dict_at)},
        {Unreadable, no_readable_file(dict_at)},
        {FullDisk, impossible("it only reads")}}},

      {"save",
       {{WrongShape, impossible("a model's sizes were checked when it was made")},
        {NaN, throws<NonFiniteError>("its parameters are not all finite", {.file = "bad.model", .layer = 0},
                                     [=] { with_parameter(nan_f); })},
        {Infinite, throws<NonFiniteError>("its parameters are not all finite", {.file = "bad.model", .layer = 0},
                                          [=] { with_parameter(inf_f); })},
        {Empty, throws<ValueError>("moved from", {.file = "bad.model"},
                                   [] {
                                     SavedModel model = saved_model();
                                     const SavedModel taken = std::move(model);
                                     save(bad_model(), model);
                                   })},
        {{OneClass, BadLabel}, impossible("it holds no samples")},
        {OutOfRange, throws<ValueError>("the metadata's key 'gemel.crc32' is reserved", {.file = "bad.model"},
                                        [] {
                                          save(bad_model(), saved_model(), {{"gemel.crc32", "0"}});
                                        })},
        {{Truncated, Swapped}, impossible("it only writes")},
        {Missing, throws<IoError>("No such file or directory", {.file = "x"},
                                  [=] { save_at(models().path() / "nowhere" / "x"); })},
        {Unreadable, throws<IoError>("it is a folder, not a file", {.file = models().path().filename().string()},
                                     [=] { save_at(models().path()); })},
        {FullDisk, throws<IoError>("it is a device, not a file", {.file = "full"}, [=] { save_at("/dev/full"); })}}},
  };
}

}  // namespace gemel::bad_input
