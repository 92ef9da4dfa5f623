#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <optional>
#include <span>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "../../examples/face_recognition/pgm.hpp"
#include "../../examples/signature_verification/svc2004.hpp"
#include "gemel/callback/early_stopping.hpp"
#include "gemel/callback/lambda_callback.hpp"
#include "gemel/callback/learning_rate.hpp"
#include "gemel/callback/reduce_lr_on_plateau.hpp"
#include "gemel/data/pairs.hpp"
#include "gemel/io/checkpoint.hpp"
#include "gemel/io/csv.hpp"
#include "gemel/io/csv/align.hpp"
#include "gemel/io/file_description.hpp"
#include "gemel/io/gzip.hpp"
#include "gemel/io/idx.hpp"
#include "gemel/io/model_file.hpp"
#include "gemel/io/npy.hpp"
#include "gemel/io/safetensors.hpp"
#include "gemel/io/table.hpp"
#include "gemel/loss/contrastive_loss.hpp"
#include "gemel/network/any_model.hpp"
#include "gemel/network/ensemble.hpp"
#include "gemel/optimizer/adam.hpp"
#include "gemel/optimizer/schedule.hpp"
#include "gemel/verification/claim_verifier.hpp"
#include "gemel/verification/gallery.hpp"
#include "gemel/verification/scorer.hpp"

// Each target reads arbitrary bytes and checks that the reader gives consistent samples or throws an Error. It returns
// whether the bytes could be read.

namespace gemel {

namespace fuzz {

inline void require(bool holds) {
  if (!holds) std::abort();
}

inline std::string in_quotes(std::string_view text) {
  std::string cell = "\"";
  for (const char c : text) cell += c == '"' ? std::string("\"\"") : std::string(1, c);
  return cell + '"';
}

/// Writes the data as a CSV file again: the names, if the file had any, and the label in the last column.
inline std::string written(const CsvData<float>& data) {
  const bool labelled = !data.labels.empty();
  std::string text;
  if (data.header) {
    for (const std::string& name : data.features)
      text += in_quotes(name + ' ') + ';';  // a line with a single empty cell would be blank
    if (labelled) text += in_quotes(data.label) + ';';
    text.back() = '\n';
  }
  for (Index i = 0; i < data.samples.size(); ++i) {
    for (Index k = 0; k < data.samples.features(); ++k) {
      std::array<char, 32> number;
      const auto end = std::to_chars(number.data(), number.data() + number.size(), data.samples.matrix()(k, i)).ptr;
      text += std::string(number.data(), end) + ';';
    }
    if (labelled)
      text += in_quotes(data.classes[static_cast<std::size_t>(data.labels[static_cast<std::size_t>(i)])]) + ';';
    text.back() = '\n';
  }
  return text;
}

/// The number of records in the text, including the header.
inline Index count_rows(std::string_view text, std::optional<char> separator) {
  detail::CsvRecords records{text, separator.value_or(','), "text"};
  const std::string found = separator ? std::string(1, *separator) : records.separators(",;\t");
  require(found.size() <= 1);
  if (!found.empty()) records.separate_by(found[0]);
  Index rows = 0;
  while (records.next()) rows += !records.blank();
  return rows;
}

inline std::string_view as_text(std::span<const std::uint8_t> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// The result of reading; empty if an Error was thrown.
template <class Read>
auto read_or_refuse(const Read& read) -> std::optional<decltype(read())> {
  try {
    return read();
  } catch (const Error&) {
    return std::nullopt;
  }
}

}  // namespace fuzz

inline bool survives_csv(std::span<const std::uint8_t> bytes) {
  using fuzz::require;
  const std::string_view text = fuzz::as_text(bytes);
  bool read = false;
  for (const CsvOptions& options :
       {CsvOptions{}, CsvOptions{.label = -1}, CsvOptions{.label = "kind"},
        CsvOptions{.label = 0, .header = CsvHeader::No, .separator = ';'}, CsvOptions{.label = -1, .ignore = {0}},
        CsvOptions{.label = -1, .missing = CsvMissing::LeaveOut},
        CsvOptions{.label = "kind", .header = CsvHeader::Yes, .missing = CsvMissing::LeaveOut}}) {
    const auto data = fuzz::read_or_refuse([&] { return parse_csv<float>(text, options); });
    if (!data) continue;
    read = true;
    const bool labelled = !data->labels.empty();
    require(data->samples.features() == length(data->features));
    require(!labelled || length(data->labels) == data->samples.size());
    for (const int label : data->labels) require(label >= 0 && label < length(data->classes));
    require(data->samples.matrix().allFinite());

    // No row is lost or added.
    require(options.missing == CsvMissing::LeaveOut || data->left_out == 0);
    require(data->samples.size() + data->left_out + data->header + data->counts ==
            fuzz::count_rows(text, options.separator));

    // The data are the same after they are written and read again.
    CsvOptions again{.header = data->header ? CsvHeader::Yes : CsvHeader::No, .separator = ';'};
    if (labelled) again.label = Index{-1};
    const CsvData<float> same = parse_csv<float>(fuzz::written(*data), again);
    require(same.samples.matrix() == data->samples.matrix());
    require(same.labels == data->labels && same.classes == data->classes);
    require(!data->header || (same.features == data->features && same.label == data->label));
  }
  return read;
}

inline bool survives_table(std::span<const std::uint8_t> bytes) {
  using fuzz::require;
  const std::string_view text = fuzz::as_text(bytes);
  bool read = false;
  for (const TableOptions& options : {TableOptions{}, TableOptions{.header = false, .separator = ';'}}) {
    const auto table = fuzz::read_or_refuse([&] { return parse_table(text, options); });
    if (!table) continue;
    read = true;
    require(table->rows() + options.header == fuzz::count_rows(text, options.separator));
    for (const std::string& name : table->names()) {
      if (std::ranges::count(table->names(), name) > 1) continue;
      require(length(table->text(name)) == table->rows());
      const auto numbers = fuzz::read_or_refuse([&] { return table->numbers<float>(name); });
      require(!numbers || numbers->allFinite());
    }
  }
  return read;
}

/// The bytes are two files, separated by a form feed.
inline bool survives_aligned(std::span<const std::uint8_t> bytes) {
  using fuzz::require;
  const std::string_view text = fuzz::as_text(bytes);
  const std::size_t between = std::min(text.find('\f'), text.size());
  const auto read = [](std::string_view part) {
    return fuzz::read_or_refuse([&] { return parse_csv<float>(part, {.label = -1}); });
  };
  const auto training = read(text.substr(0, between));
  const auto other = read(text.substr(std::min(between + 1, text.size())));
  if (!training || !other) return false;
  const auto data = fuzz::read_or_refuse([&] { return aligned(*other, *training); });
  if (!data) return false;
  require(data->features == training->features && data->label == training->label);
  require(std::equal(training->classes.begin(), training->classes.end(), data->classes.begin()));
  for (std::size_t i = 0; i < data->labels.size(); ++i) {
    require(data->classes[static_cast<std::size_t>(data->labels[i])] ==
            other->classes[static_cast<std::size_t>(other->labels[i])]);
  }
  for (Index k = 0; k < data->samples.features(); ++k) {
    const auto there = std::ranges::find(other->features, data->features[static_cast<std::size_t>(k)]);
    require(there != other->features.end());
    require(data->samples.matrix().row(k) == other->samples.matrix().row(there - other->features.begin()));
  }
  return true;
}

/// The images of the program face_recognition.
inline bool survives_pgm(std::span<const std::uint8_t> bytes) {
  const auto image = fuzz::read_or_refuse([&] { return faces::parse_pgm(std::string(fuzz::as_text(bytes)), "a.pgm"); });
  if (!image) return false;
  fuzz::require(length(image->values()) == image->rows() * image->cols());
  for (const float value : image->values()) fuzz::require(value >= 0 && value <= 1);
  return true;
}

/// The files of the program signature_verification.
inline bool survives_svc2004(std::span<const std::uint8_t> bytes) {
  const auto signature =
      fuzz::read_or_refuse([&] { return signature_verification::parse_svc2004(fuzz::as_text(bytes), "U1S1.TXT"); });
  if (!signature) return false;
  fuzz::require(signature->size() >= 2);
  for (std::size_t i = 0; i < signature->size(); ++i) {
    const auto& point = (*signature)[i];
    fuzz::require(std::isfinite(point.x) && std::isfinite(point.y) && point.pressure >= 0);
    fuzz::require(i == 0 || point.time >= (*signature)[i - 1].time);
  }
  return true;
}

inline bool survives_idx(std::span<const std::uint8_t> bytes) {
  using fuzz::require;
  const auto samples = fuzz::read_or_refuse([&] { return parse_idx<float>(bytes); });
  if (samples) {
    require(samples->features() * samples->size() <= length(bytes));
    require(samples->matrix().minCoeff() >= 0 && samples->matrix().maxCoeff() <= 255);
  }
  const auto labels = fuzz::read_or_refuse([&] { return parse_idx_labels(bytes); });
  require(!labels || (labels->size() + 8 == bytes.size() && samples));
  return samples.has_value();
}

namespace fuzz {

/// A file of these values, as write_npy writes it.
template <class S>
std::vector<std::uint8_t> npy_of(const Samples<S>& samples) {
  const std::string preamble = detail::npy_preamble<S>(samples.size(), samples.features());
  std::vector<std::uint8_t> bytes(preamble.begin(), preamble.end());
  const auto* const values = reinterpret_cast<const std::uint8_t*>(samples.matrix().data());
  bytes.insert(bytes.end(), values, values + samples.matrix().size() * static_cast<Index>(sizeof(S)));
  return bytes;
}

}  // namespace fuzz

inline bool survives_npy(std::span<const std::uint8_t> bytes) {
  using fuzz::require;
  const auto samples = fuzz::read_or_refuse([&] { return parse_npy<float>(bytes); });
  const auto precise = fuzz::read_or_refuse([&] { return parse_npy<double>(bytes); });
  const auto classes = fuzz::read_or_refuse([&] { return parse_npy_classes(bytes); });
  require(!samples || precise);
  if (precise) {
    require(precise->features() * precise->size() <= length(bytes));
    require(precise->matrix().allFinite());
    require(parse_npy<double>(fuzz::npy_of(*precise)).matrix() == precise->matrix());
    // Values out of the range of a float are an error as floats.
    require(samples.has_value() == (precise->matrix().cwiseAbs().maxCoeff() <= std::numeric_limits<float>::max()));
  }
  if (samples) {
    // The conversion of a 64-bit integer to float may round differently if it goes through double.
    const MatrixX<float> rounded = precise->matrix().cast<float>();
    require(samples->matrix().allFinite() && samples->matrix().isApprox(rounded, 1e-6f));
    require(parse_npy<float>(fuzz::npy_of(*samples)).matrix() == samples->matrix());
  }
  if (classes) {
    require(precise && precise->features() == 1 && precise->size() == classes->size());
    for (Index i = 0; i < classes->size(); ++i) {
      require(static_cast<double>(classes->value(classes->of(i))) == precise->matrix()(0, i));
    }
  }
  return samples || precise || classes;
}

/// Compares what is read through a Gzip with what is read from the inflated bytes in memory.
inline bool survives_gzip(std::span<const std::uint8_t> bytes) {
  using fuzz::require;
  using Source = Gzip<detail::ByteReader>;
  const auto all = fuzz::read_or_refuse([&] {
    Source source{{bytes, "bytes"}};
    std::vector<std::uint8_t> inflated;
    std::array<char, 1 << 12> block;
    for (;;) {
      const std::size_t count = source.read(block);
      inflated.insert(inflated.end(), block.begin(), block.begin() + static_cast<Index>(count));
      require(inflated.size() <= source.most_bytes());
      if (count < block.size()) return inflated;
    }
  });
  const auto samples = fuzz::read_or_refuse([&] { return read_idx<float>(Source{{bytes, "bytes"}}); });
  const auto labels = fuzz::read_or_refuse([&] { return read_idx_labels(Source{{bytes, "bytes"}}); });
  if (!all) {
    require(!samples && !labels);
    return false;
  }
  const auto plain = fuzz::read_or_refuse([&] { return parse_idx<float>(*all); });
  require(samples.has_value() == plain.has_value());
  require(!samples || samples->matrix() == plain->matrix());
  require(labels == fuzz::read_or_refuse([&] { return parse_idx_labels(*all); }));
  return samples.has_value();
}

namespace fuzz {

/// With the right digits where the bytes have a checksum as Gemel writes it: random changes seldom hit them.
inline std::vector<std::uint8_t> with_checksum(std::span<const std::uint8_t> bytes) {
  std::vector<std::uint8_t> all(bytes.begin(), bytes.end());
  const std::string_view key = "\"gemel.crc32\":\"";
  const auto found = std::search(all.begin(), all.end(), key.begin(), key.end());
  if (all.end() - found < length(key) + 8) return all;
  const auto first = found + length(key), last = first + 8;
  std::fill(first, last, std::uint8_t{'0'});
  std::uint32_t crc = detail::crc32(all);
  for (auto digit = last; digit != first; crc >>= 4) *--digit = static_cast<std::uint8_t>("0123456789abcdef"[crc & 15]);
  return all;
}

inline bool survives_safetensors_as_it_is(std::span<const std::uint8_t> bytes) {
  const auto file = read_or_refuse([&] { return parse_safetensors(bytes); });
  if (!file) return false;
  std::size_t size = 8;
  for (const Tensor& tensor : file->tensors) {
    require(detail::count_bytes(tensor.type, tensor.shape) == tensor.bytes.size());
    require(&file->at(tensor.name) == &tensor);
    size += tensor.bytes.size();
  }
  require(size < bytes.size());

  // Written and read again it is the same, but for the order, and that stays.
  const auto written = format_safetensors(*file);
  const TensorFile same = parse_safetensors(written);
  require(same.metadata == file->metadata && same.tensors.size() == file->tensors.size());
  for (const Tensor& tensor : file->tensors) require(same.at(tensor.name) == tensor);
  require(format_safetensors(same) == written);
  return true;
}

}  // namespace fuzz

inline bool survives_safetensors(std::span<const std::uint8_t> bytes) {
  const bool read = fuzz::survives_safetensors_as_it_is(bytes);
  return fuzz::survives_safetensors_as_it_is(fuzz::with_checksum(bytes)) || read;
}

namespace fuzz {

/// Whether a model that was loaded is the same after it is saved and loaded again.
template <class T>
bool stays_the_same(const T& loaded, const Metadata& metadata) {
  const TensorFile written = to_tensors(loaded, metadata);
  const TensorFile again = to_tensors(from_tensors<T>(parse_safetensors(format_safetensors(written))), metadata);
  return again.metadata == written.metadata && again.tensors == written.tensors;
}

inline bool survives_model_as_it_is(std::span<const std::uint8_t> bytes) {
  const auto file = read_or_refuse([&] { return parse_safetensors(bytes); });
  if (!file) return false;
  const auto described = read_or_refuse([&] { return describe(*file); });
  if (described) {
    std::ostringstream text;
    text << *described;
    require(std::ranges::none_of(text.str(), [](unsigned char c) { return (c < ' ' && c != '\n') || c == 0x7F; }));
  }
  const auto verifier = read_or_refuse([&] { return from_tensors<Verifier<AnyModel<float>>>(*file); });
  const auto model = read_or_refuse([&] { return from_tensors<AnyModel<double>>(*file, {.convert = true}); });
  const auto network = read_or_refuse([&] { return from_tensors<AnyNetwork<double>>(*file); });
  const auto ensemble =
      read_or_refuse([&] { return from_tensors<Ensemble<AnyModel<double>>>(*file, {.convert = true}); });
  const auto deciding = read_or_refuse([&] { return from_tensors<Verifier<Ensemble<AnyModel<float>>>>(*file); });
  require(described || !(verifier || model || network || ensemble));
  require((model || !verifier) && (deciding || !verifier) && (ensemble || !(model || deciding)));
  if (verifier) {
    require(described->kind == "verifier" && !std::isnan(verifier->calibration().threshold));
    require(stays_the_same(*verifier, described->metadata));
  }
  if (model) {
    require(described->parameters == model->parameters().size() && model->parameters().allFinite());
    require(length(described->layers) == model->network().depth());
    require(stays_the_same(*model, described->metadata));
    if (model->network().in() < 1000 && model->network().out() < 1000) {
      require(model->embed(MatrixX<double>::Ones(model->network().in(), 2)).cols() == 2);
    }
  }
  if (network) require(network->parameters().allFinite());
  if (ensemble) {
    require(length(described->members) == (model ? 0 : length(ensemble->members())));
    require(described->features() == ensemble->in());
    Index parameters = 0;
    for (const auto& member : ensemble->members()) {
      require(member.parameters().allFinite());
      parameters += member.parameters().size();
    }
    require(described->parameters == parameters);
    if (!model) require(stays_the_same(*ensemble, described->metadata));
    if (ensemble->in() < 1000 && ensemble->embedding_size() < 1000) {
      require(ensemble->embed(MatrixX<double>::Ones(ensemble->in(), 2)).cols() == 2);
    }
  }
  if (deciding && !model) require(stays_the_same(*deciding, described->metadata));
  return verifier || model || network || ensemble;
}

}  // namespace fuzz

inline bool survives_model(std::span<const std::uint8_t> bytes) {
  const bool read = fuzz::survives_model_as_it_is(bytes);
  return fuzz::survives_model_as_it_is(fuzz::with_checksum(bytes)) || read;
}

namespace fuzz {

inline bool survives_gallery_as_it_is(std::span<const std::uint8_t> bytes) {
  using Verifying = ClaimVerifier<AnyModel<float>, AnyScorer>;
  const auto file = read_or_refuse([&] { return parse_safetensors(bytes); });
  if (!file) return false;
  const auto gallery = read_or_refuse([&] { return from_tensors<Gallery<AnyModel<float>, AnyScorer>>(*file); });
  if (!gallery) return false;
  const FileDescription described = describe(*file);
  require(described.persons == gallery->size() && described.templates == gallery->samples());
  require(described.scorer.empty() == (described.kind == "verifier" && !described.claims));
  require(!std::isnan(from_tensors<Verifying>(*file).calibration().threshold));
  require(gallery->samples() >= gallery->size());
  for (Index p = 0; p < gallery->size(); ++p) {
    require(gallery->find(gallery->name(p)) == p);
    require(gallery->person(p).embeddings().allFinite());
  }
  require(stays_the_same(*gallery, described.metadata));

  // Put into its file again, it is the same, and so is all else.
  TensorFile again = *file;
  put_gallery(again, *gallery);
  const auto same = from_tensors<Gallery<AnyModel<float>, AnyScorer>>(again);
  require(to_tensors(same).tensors == to_tensors(*gallery).tensors);
  require(describe(again).kind == described.kind && describe(again).metadata == described.metadata);

  const Index features = gallery->verifier().model().network().in();
  if (features < 1000 && described.features() == features && gallery->identification()) {
    const auto found = read_or_refuse([&] { return gallery->identify_all(MatrixX<float>::Ones(features, 2)); });
    if (found) {
      const Identified& one = found->front();
      require(one.person == Identified::unknown || one.person == one.nearest);
      require(one.nearest >= Identified::unknown && one.nearest < gallery->size());
      require((one.nearest == Identified::unknown) == (gallery->size() == 0));
    }
  }
  return true;
}

}  // namespace fuzz

inline bool survives_gallery(std::span<const std::uint8_t> bytes) {
  const bool read = fuzz::survives_gallery_as_it_is(bytes);
  return fuzz::survives_gallery_as_it_is(fuzz::with_checksum(bytes)) || read;
}

namespace fuzz {

/// A training whose checkpoints are read.
struct SmallTraining {
  using Model = Siamese<Network<float, Dense<2, 2, ReLU>, Dropout<2>>>;

  struct Norm {
    MetricSeries metric() const { return {.name = "norm"}; }
    template <class State>
    double on_measure(State& state) const {
      return static_cast<double>(state.model.parameters().norm());
    }
  };

  Rng rng{1};
  Model model{rng};
  Adam<float> optimizer{{.amsgrad = true}};
  Pairs<float> pairs{uniform<float>(2, 6, rng), uniform<float>(2, 6, rng), {1, 0, 1, 0, 1, 1}};
  LearningRate<ConstantRate> rate{ConstantRate{}};
  ReduceLROnPlateau plateau{.monitor = Monitor::Loss};
  EarlyStopping stopping{.monitor = Monitor::Loss};

  /// A checkpoint after two epochs.
  TensorFile checkpoint() {
    TensorFile file;
    fit(model, pairs, ContrastiveLoss{}, optimizer, {.epochs = 2, .batch_size = 2}, rng, rate, plateau, stopping,
        Norm{}, OnCheckpoint{[&file](auto& state, const TrainingSnapshot& snapshot) {
          file = detail::checkpoint_file("checkpoint", state.model, state.optimizer, snapshot, {{"a", "b"}});
        }});
    return file;
  }

  /// Everything that an error must leave as it is.
  std::vector<double> state() {
    std::vector<double> all(model.parameters().begin(), model.parameters().end());
    const OptimizerState<float> its = optimizer.state();
    for (const auto& array : its.arrays) all.insert(all.end(), array.values.begin(), array.values.end());
    all.insert(all.end(), {static_cast<double>(*its.step), optimizer.learning_rate()});
    for (const auto& saved : {rate.save(), plateau.save(), stopping.save()}) {
      all.insert(all.end(), saved.begin(), saved.end());
    }
    return all;
  }
};

inline bool survives_checkpoint_as_it_is(std::span<const std::uint8_t> bytes) {
  const auto file = read_or_refuse([&] { return parse_safetensors(bytes); });
  if (!file) return false;
  SmallTraining training;
  training.optimizer.reserve(training.model.parameters().size());
  const std::vector<double> before = training.state();
  StopFlag stop{true};  // everything is read and checked, but nothing trained
  SmallTraining::Norm norm;
  OnCheckpoint unused{[](auto&, const TrainingSnapshot&) {}};
  const auto history = read_or_refuse([&] {
    return detail::resume_from(*file, training.model, training.pairs, ContrastiveLoss{}, training.optimizer,
                               {.epochs = 9, .batch_size = 2, .threads = 1, .stop = &stop}, training.rate,
                               training.plateau, training.stopping, norm, unused);
  });
  if (!history) {
    require(training.state() == before);
    return false;
  }
  require(history->epochs() >= 1 && history->epochs() <= 9 && history->stopped);
  require(length(history->metric("norm")) == history->epochs());
  require(training.model.parameters().allFinite());
  return true;
}

}  // namespace fuzz

inline bool survives_checkpoint(std::span<const std::uint8_t> bytes) {
  const bool read = fuzz::survives_checkpoint_as_it_is(bytes);
  return fuzz::survives_checkpoint_as_it_is(fuzz::with_checksum(bytes)) || read;
}

}  // namespace gemel
