#include "gemel/io/checkpoint.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <csignal>
#include <cstdint>
#include <filesystem>
#include <iostream>
#include <iterator>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "catch.hpp"
#include "error_text.hpp"
#include "gemel/gemel.hpp"
#include "gemel/io/file_description.hpp"
#include "io/temporary_folder.hpp"
#include "mentions.hpp"
#include "scale.hpp"
#include "system_calls.hpp"

namespace gemel::test::checkpoint {

namespace fs = std::filesystem;

namespace {

using Layers = Network<float, Standardize<6>, Dense<6, 8, ReLU>, Dropout<8>, Dense<8, 4>>;
using Model = Siamese<Layers>;

Standardize<6> standardize() {
  return {VectorX<double>::Constant(6, 0.1), VectorX<double>::LinSpaced(6, 0.5, 1.0 / 3)};
}
Model new_model() {
  Rng rng{5};
  return Model{Layers(rng, standardize(), {}, Dropout<8>{}, {})};
}
AnyOptimizer<float> new_optimizer() { return Adam<float>{{.learning_rate = 0.02, .amsgrad = true, .clipnorm = 1}}; }

Pairs<float> pairs_of(Index n, std::uint64_t seed = 3) {
  Rng rng{seed};
  MatrixX<float> a = uniform<float>(6, n, rng), b = uniform<float>(6, n, rng);
  return {a, b, coin_flips(n, rng)};
}
Pairs<float> dissimilar_pairs() {
  Rng rng{4};
  return {uniform<float>(6, 21, rng), uniform<float>(6, 21, rng), std::vector<int>(21, 0)};
}

FitOptions<float> options_of(Index epochs) { return {.epochs = epochs, .batch_size = 4, .threads = 1}; }

/// The state of a training, as text: everything in which two trainings could differ.
template <class M, class O>
std::string bits_of(const M& model, O& optimizer) {
  std::string bits;
  const auto add = [&bits](const auto& values) {
    bits.append(reinterpret_cast<const char*>(values.data()),
                static_cast<std::size_t>(values.size()) * sizeof values[0]);
  };
  add(model.parameters());
  for (const auto& array : optimizer.state().arrays) add(array.values);
  return bits + format({" step ", *optimizer.state().step, ", rate ", optimizer.learning_rate()});
}

std::string text_of(const History& history) {
  std::string text = format({history.stopped});
  const auto add = [&text](const std::vector<double>& values) {
    for (const double value : values) text += format({" ", value});
    text += ';';
  };
  add(history.loss);
  add(history.validation_loss);
  add(history.learning_rate);
  for (const MetricSeries& metric : history.metrics) {
    text += metric.name + format({metric.more_is_better.has_value(), metric.more_is_better.value_or(false)});
    add(metric.values);
  }
  for (const std::string& warning : history.warnings) text += warning;
  return text;
}

/// The parameters that a file holds.
VectorX<float> parameters_in(const fs::path& path) { return load<Model>(path).parameters(); }

std::vector<std::string> names_in(const fs::path& folder) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder)) names.push_back(entry.path().filename().string());
  std::ranges::sort(names);
  return names;
}

// A source whose next epoch depends on the one before.
struct TakesTurns : Pairs<float> {
  TakesTurns() : Pairs<float>(dissimilar_pairs()) {}
  Index turn = 0;
  void start_epoch(std::uint64_t seed, Index, Index batch_size, bool shuffle) {
    turn = (7 * turn + 3) % 11;
    Pairs<float>::start_epoch(seed, turn, batch_size, shuffle);
  }
  std::vector<double> save() const { return {static_cast<double>(turn)}; }
  void restore(std::span<const double> saved) {
    if (saved.size() != 1) throw FormatError("the saved state of the source is not one number");
    turn = static_cast<Index>(saved[0]);
  }
};

}  // namespace

TEST_CASE("a training resumed from any epoch's checkpoint has the bits of the unbroken one", "[checkpoint]") {
  const TemporaryFolder folder;
  const fs::path path = folder.path() / "training.gemel";
  const auto validation = pairs_of(9, 8);
  const auto run = [&](const auto& first, auto model, auto optimizer, const auto& source, Index keep_epochs) {
    const auto train = [&](auto& now, auto& own, Index threads, std::optional<fs::path> from) {
      FitOptions<float> options = options_of(6);
      options.threads = threads;
      options.validation = &validation;
      EarlyStopping stopping{.monitor = "own auc", .patience = keep_epochs};
      stopping.monitor.better = Monitor::Max;
      const auto call = [&](auto&&... callbacks) {
        if (from) return resume(*from, now, source, ContrastiveLoss{}, own, options, callbacks...);
        Rng rng{1};
        return fit(now, source, ContrastiveLoss{}, own, options, rng, callbacks...);
      };
      return call(LearningRate{CosineDecay{.initial_learning_rate = 0.02, .decay_steps = whole_training}},
                  Checkpoint{path, {.metadata = {{"π", "a \"text\""}}}},
                  Watch{"own auc", validation, auc, {.every = 2}},
                  ReduceLROnPlateau{.monitor = Monitor::Loss, .factor = 0.5, .patience = 1}, stopping,
                  OnCheckpoint{[&](auto&, const TrainingSnapshot& snapshot) {
                    if (!from) fs::copy_file(path, folder.path() / std::to_string(snapshot.epoch));
                  }});
    };
    const auto unused = first;
    const auto fresh_optimizer = optimizer;
    const History whole = train(model, optimizer, 1, {});
    const std::string bits = bits_of(model, optimizer), text = text_of(whole);
    for (Index epoch = 1; epoch <= whole.epochs(); ++epoch) {
      const Index threads = 1 + epoch % 3;
      CAPTURE(epoch, threads);
      auto resumed = unused;
      auto own = fresh_optimizer;
      const fs::path from = folder.path() / std::to_string(epoch);
      CHECK(text_of(train(resumed, own, threads, from)) == text);
      CHECK((bits_of(resumed, own) == bits));
      Metadata metadata;
      load<std::remove_cvref_t<decltype(model)>>(from, metadata);
      CHECK(metadata == Metadata{{"π", "a \"text\""}});
      fs::remove(from);
    }
    return whole;
  };
  // The model that is given has other parameters and other fitted numbers.
  Rng rng{77};
  const Model other{
      Layers(rng, Standardize<6>{VectorX<double>::Zero(6), VectorX<double>::Ones(6)}, {}, Dropout<8>{}, {})};
  const History whole = run(other, new_model(), new_optimizer(), TakesTurns{}, 9);
  CHECK(whole.epochs() == 6);
  CHECK(whole.warnings.size() == 1);
  CHECK(whole.metrics.size() == 1);
  const History stopped =
      run(AnyModel<float>(other), AnyModel<float>(new_model()),
          AnyOptimizer<float>{SGD<float>{{.learning_rate = 0.01, .momentum = 0.5}}}, pairs_of(21), 1);
  CHECK(stopped.stopped);
  CHECK(stopped.epochs() < 6);
}

TEST_CASE("a checkpoint keeps the table of neighbours that the next epoch uses", "[checkpoint]") {
  const TemporaryFolder folder;
  const fs::path path = folder.path() / "training.gemel";
  Rng rng{3};
  const Samples<float> x = uniform<float>(6, 30, rng);
  std::vector<int> classes;
  for (int i = 0; i < 30; ++i) classes.push_back(i % 6);
  Neighbours neighbours{Neighbours::Table::Zero(1, 30)};
  const auto train = [&](Model& model, AnyOptimizer<float>& optimizer, Index epochs, auto&& call) {
    neighbours = Neighbours{Neighbours::Table::Zero(1, 30)};
    const ClassBatches<float> source{x, classes, {.classes = 2, .samples = 3, .neighbours = neighbours}};
    return call(model, source, ContrastiveLoss{}, optimizer, options_of(epochs), Checkpoint{path},
                OnEpochEnd{[&](auto& state) {
                  neighbours.refresh(nearest_of_other_classes(state.model.embed(x.columns()), classes, 2));
                }});
  };
  const auto begin = [](auto& model, auto& source, auto loss, auto& optimizer, auto options, auto&&... callbacks) {
    Rng same{1};
    fit(model, source, loss, optimizer, options, same, callbacks...);
  };
  Model whole = new_model(), half = new_model();
  AnyOptimizer<float> optimizer = new_optimizer(), half_optimizer = new_optimizer();
  train(whole, optimizer, 4, begin);
  const auto table = neighbours.table();
  train(half, half_optimizer, 2, begin);
  train(half, half_optimizer, 4, [&](auto&&... arguments) { resume(path, arguments...); });
  CHECK((bits_of(half, half_optimizer) == bits_of(whole, optimizer)));
  CHECK(*neighbours.table() == *table);
}

TEST_CASE("double parameters and optimizers of one's own are kept in checkpoints", "[checkpoint]") {
  struct Own : RMSprop<double> {
    using RMSprop<double>::RMSprop;
  };
  const TemporaryFolder folder;
  const fs::path path = folder.path() / "training.gemel";
  using Net = Network<double, Dense<3, 4, Tanh>, Dense<4, 2>>;
  Rng rng{3};
  const Pairs<double> pairs{uniform<double>(3, 10, rng), uniform<double>(3, 10, rng), coin_flips(10, rng)};
  Siamese<Net, Cosine> model{rng}, half = model, first = model;
  Own optimizer, half_optimizer, first_optimizer;
  Rng same = rng;
  fit(model, pairs, ContrastiveLoss{}, optimizer, {.epochs = 6, .batch_size = 3}, rng, Checkpoint{path});
  fit(half, pairs, ContrastiveLoss{}, half_optimizer, {.epochs = 3, .batch_size = 3}, same, Checkpoint{path});
  CHECK(mentions(error_text<FormatError>([&] {
                   resume(path, first, pairs, ContrastiveLoss{}, RMSprop<double>{}, {.epochs = 6, .batch_size = 3},
                          Checkpoint{path});
                 }),
                 "its optimizer is one without a name, but the one that is given is RMSprop"));
  resume(path, first, pairs, ContrastiveLoss{}, first_optimizer, {.epochs = 6, .batch_size = 3}, Checkpoint{path});
  CHECK((bits_of(first, first_optimizer) == bits_of(model, optimizer)));
}

TEST_CASE("every n-th epoch, the best ones and the last k are kept", "[checkpoint]") {
  const TemporaryFolder folder;
  const fs::path path = folder.path() / "c";
  const auto validation = pairs_of(9, 8);
  std::vector<VectorX<float>> after;  // the parameters after each epoch
  std::vector<Index> written;         // the epochs of the files that were there after each epoch
  const auto train = [&](CheckpointOptions options, Index epochs, const auto& metric_of) {
    Model model = new_model();
    auto optimizer = new_optimizer();
    Rng rng{1};
    after.clear();
    written.clear();
    struct Metric {
      const decltype(metric_of)& value;
      MetricSeries metric() const { return {.name = "m"}; }
      double on_measure(TrainingState<Model, AnyOptimizer<float>>& state) const { return value(state.epoch); }
    };
    const History history =
        fit(model, pairs_of(21), ContrastiveLoss{}, optimizer, options_of(epochs), rng, Checkpoint{path, options},
            Metric{metric_of}, OnCheckpoint{[&](auto& state, const TrainingSnapshot&) {
              after.push_back(state.model.parameters());
              written.push_back(fs::exists(path) ? describe(path).training->epochs : 0);
            }});
    return history;
  };
  const auto none = [](Index) { return 0.0; };
  const auto epoch_of = [&](const fs::path& file) {
    const Index epoch = describe(file).training->epochs;
    CHECK(parameters_in(file) == after[static_cast<std::size_t>(epoch - 1)]);
    return epoch;
  };

  train({.every = 3}, 8, none);
  CHECK(written == std::vector<Index>{0, 0, 3, 3, 3, 6, 6, 6});
  CHECK(epoch_of(path) == 6);
  CHECK(names_in(folder.path()) == std::vector<std::string>{"c"});

  fs::remove(path);
  const auto valley = [](Index epoch) {
    const std::vector<double> values{5, 3, 4, std::numeric_limits<double>::infinity(), 2, std::nan(""), 2, 2.5};
    return values[static_cast<std::size_t>(epoch)];
  };
  train({.best = Monitor{"m", Monitor::Min}}, 8, valley);
  CHECK(written == std::vector<Index>{1, 2, 2, 2, 5, 5, 5, 5});
  fs::remove(path);
  train({.best = Monitor{"m", Monitor::Max}}, 8, valley);
  CHECK(written == std::vector<Index>{1, 1, 1, 1, 1, 1, 1, 1});
  fs::remove(path);
  train({.every = 2, .best = Monitor{"m", Monitor::Min}}, 8, valley);  // the epochs 2, 4, 6 and 8 alone are compared
  CHECK(written == std::vector<Index>{0, 2, 2, 2, 2, 2, 2, 8});
  fs::remove(path);
  const History history = train({.best = Monitor::Loss}, 8, none);
  CHECK(epoch_of(path) == 1 + std::ranges::min_element(history.loss) - history.loss.begin());

  fs::remove(path);
  train({.keep = 3}, 2, none);
  CHECK(names_in(folder.path()) == std::vector<std::string>{"c", "c.1"});
  train({.keep = 3}, 5, none);
  CHECK(names_in(folder.path()) == std::vector<std::string>{"c", "c.1", "c.2"});
  CHECK((epoch_of(path) == 5 && epoch_of(path.string() + ".1") == 4 && epoch_of(path.string() + ".2") == 3));
  train({.keep = 2}, 4, none);
  CHECK(names_in(folder.path()) == std::vector<std::string>{"c", "c.1"});
  CHECK((epoch_of(path) == 4 && epoch_of(path.string() + ".1") == 3));
  // What a killed process leaves: a gap in the numbers, or two names of one file.
  train({.keep = 4}, 4, none);
  fs::remove(path.string() + ".2");
  Model model = new_model();
  auto optimizer = new_optimizer();
  const auto go_on = [&](Index epochs) {
    resume(path, model, pairs_of(21), ContrastiveLoss{}, optimizer, options_of(epochs), Checkpoint{path, {.keep = 4}},
           OnEpochEnd{[](auto&) {}}, OnEpochEnd{[](auto&) {}});
  };
  const auto epochs_in = [&](Index last) {
    std::vector<Index> epochs{describe(path).training->epochs};
    for (Index k = 1; k <= last; ++k)
      epochs.push_back(describe(path.string() + '.' + std::to_string(k)).training->epochs);
    return epochs;
  };
  CHECK(mentions(error_text<ValueError>([&] { go_on(5); }), "had the metrics 'm', but the callbacks have none"));
  {
    Model now = new_model();
    Rng rng{1};
    fit(now, pairs_of(21), ContrastiveLoss{}, optimizer, options_of(4), rng, Checkpoint{path, {.keep = 4}},
        OnEpochEnd{[](auto&) {}}, OnEpochEnd{[](auto&) {}});
  }
  CHECK(epochs_in(3) == std::vector<Index>{4, 3, 2, 1});
  fs::remove(path.string() + ".2");
  go_on(5);
  CHECK(epochs_in(3) == std::vector<Index>{5, 4, 3, 1});
  fs::rename(path.string() + ".2", path.string() + ".3");
  fs::rename(path.string() + ".1", path.string() + ".2");
  fs::create_hard_link(path, path.string() + ".1");
  go_on(6);
  CHECK(epochs_in(3) == std::vector<Index>{6, 5, 4, 3});
  CHECK(names_in(folder.path()) == std::vector<std::string>{"c", "c.1", "c.2", "c.3"});

  // Through a symbolic link, the files before are beside the link.
  fs::create_directory(folder.path() / "disk");
  fs::rename(path, folder.path() / "disk" / "real");
  fs::create_symlink("disk/real", path);
  go_on(7);
  CHECK(fs::is_symlink(path));
  CHECK(epochs_in(3) == std::vector<Index>{7, 6, 5, 4});
  CHECK(names_in(folder.path() / "disk") == std::vector<std::string>{"real"});
}

TEST_CASE("the best value lasts beyond an interruption", "[checkpoint]") {
  const TemporaryFolder folder;
  const fs::path path = folder.path() / "c", best = folder.path() / "best";
  struct Metric {
    MetricSeries metric() const { return {.name = "epochs to 2", .more_is_better = false}; }
    double on_measure(TrainingState<Model, AnyOptimizer<float>>& state) const {
      return std::abs(1 - static_cast<double>(state.epoch));
    }
  };
  const auto train = [&](auto& start, Index epochs) {
    Model model = new_model();
    auto optimizer = new_optimizer();
    const auto call = [&](auto&&... callbacks) {
      if constexpr (std::is_same_v<std::remove_cvref_t<decltype(start)>, Rng>) {
        fit(model, pairs_of(21), ContrastiveLoss{}, optimizer, options_of(epochs), start, callbacks...);
      } else {
        resume(start, model, pairs_of(21), ContrastiveLoss{}, optimizer, options_of(epochs), callbacks...);
      }
    };
    call(Checkpoint{path}, Checkpoint{best, {.best = "epochs to 2"}}, Metric{});
  };
  Rng rng{1};
  train(rng, 3);
  CHECK(describe(best).training->epochs == 2);
  fs::remove(best);
  train(path, 4);
  CHECK_FALSE(fs::exists(best));
}

namespace {

// What a training leaves in memory and in a file, for errors that must change neither.
struct Refused {
  const TemporaryFolder folder = {};
  fs::path path = folder.path() / "training.gemel";
  Refused() {
    Model model = new_model();
    auto optimizer = new_optimizer();
    Rng rng{1};
    fit(model, pairs_of(21), ContrastiveLoss{}, optimizer, options_of(3), rng, LearningRate{ConstantRate{0.02}},
        EarlyStopping{.monitor = Monitor::Loss, .patience = 5}, Checkpoint{path});
  }

  /// The error of resuming with these; checks that none of them has changed.
  template <class M, class O, class... Callbacks>
  std::string error(M model, O optimizer, const FitOptions<float>& options, Callbacks... callbacks) const {
    const std::string before = bits_of(model, optimizer);
    const std::string content = content_of(path);
    const auto states = [&] { return std::vector{saved_of(callbacks)...}; };
    const auto saved = states();
    const std::string text = error_text<Error>(
        [&] { resume(path, model, pairs_of(21), ContrastiveLoss{}, optimizer, options, callbacks...); });
    if (text == "no error") return text;
    CHECK((bits_of(model, optimizer) == before));
    CHECK(states() == saved);
    CHECK((content_of(path) == content));
    return text;
  }
  std::string error(const FitOptions<float>& options = options_of(5)) const {
    return error(new_model(), new_optimizer(), options, LearningRate{ConstantRate{0.02}},
                 EarlyStopping{.monitor = Monitor::Loss, .patience = 5}, Checkpoint{path});
  }

  template <class C>
  static std::vector<double> saved_of(const C& callback) {
    if constexpr (requires { callback.save(); }) return callback.save();
    return {};
  }

  /// Writes the file again with changes to its JSON and its tensors.
  template <class Change>
  void change(const Change& change) const {
    TensorFile file = read_safetensors(path);
    detail::Json json = detail::Json::parse(file.metadata["gemel"]);
    change(json, file);
    file.metadata["gemel"] = json.dump();
    write_safetensors(path, file);
  }
};

}  // namespace

TEST_CASE("a checkpoint of another model, optimizer or callback is refused, and nothing changes", "[checkpoint]") {
  const Refused refused;
  auto stopping = EarlyStopping{.monitor = Monitor::Loss, .patience = 5};
  LearningRate rate{ConstantRate{0.02}};
  Checkpoint checkpoint{refused.path};
  Rng rng{1};
  const auto with_model = [&](auto model) {
    return refused.error(model, new_optimizer(), options_of(5), rate, stopping, checkpoint);
  };
  CHECK(mentions(with_model(Siamese<Network<float, Dense<6, 8, ReLU>>>{rng}), "it has 4 layers, but the type has 1"));
  CHECK(mentions(with_model(Siamese<Layers, Cosine>{Layers(rng, standardize(), {}, Dropout<8>{}, {})}), "distance"));
  CHECK(mentions(with_model(Model{Layers(rng, standardize(), {}, Dropout<8>{0.25}, {})}),
                 "training.gemel, layer 2: it is {\"in\":8,\"out\":8,\"rate\":0.5,"));
  const auto any = [&](auto... layers) { return AnyModel<float>{Siamese{make_network<float>(rng, layers...)}}; };
  CHECK(mentions(with_model(any(Dense<6, 8, ReLU>{}, Dense<8, 4>{})),
                 "its model has 4 layers, but the one that is given has 2"));
  CHECK(mentions(with_model(any(standardize(), Dense<6, 8, ReLU>{}, Dropout<8>{}, Dense<8, 5>{})), "layer 3: it is"));
  CHECK(mentions(with_model(AnyModel<float>{Siamese{Layers(rng, standardize(), {}, Dropout<8>{}, {}), Cosine{}}}),
                 "its distance is {\"type\":\"Euclidean\"}, but that of the model that is given is"));

  const auto with_optimizer = [&](auto optimizer) {
    return refused.error(new_model(), optimizer, options_of(5), rate, stopping, checkpoint);
  };
  CHECK(mentions(with_optimizer(RMSprop<float>{}), "its optimizer is Adam, but the one that is given is RMSprop"));
  CHECK(mentions(with_optimizer(AnyOptimizer<float>{}), "its optimizer is Adam, but the one that is given is RMSprop"));
  CHECK(mentions(with_optimizer(Adam<float>{}), "has the state 'v_max', but the one that is given has none"));

  const auto with = [&](auto... callbacks) {
    return refused.error(new_model(), new_optimizer(), options_of(5), callbacks...);
  };
  CHECK(mentions(with(rate, checkpoint), "had 3 callbacks, but now there are 2"));
  CHECK(mentions(with(stopping, rate, checkpoint), "training.gemel: the saved state of the callback EarlyStopping is"));
  CHECK(mentions(with(rate, OnEpochEnd{[](auto&) {}}, checkpoint), "numbers for the callback 1, but it takes none"));
  CHECK(mentions(with(rate, stopping, Checkpoint{refused.path, {.best = Monitor::Loss}}), "has 0 numbers"));
  // An error of a later callback, when the training begins, changes neither model nor optimizer.
  CHECK(mentions(with(rate, stopping, OnTrainBegin{[](auto& state) {
                        state.model.set_parameters(VectorX<float>::Zero(state.model.parameters().size()));
                        throw ValueError("not today");
                      }}),
                 "not today"));

  CHECK(mentions(refused.error({.epochs = 5, .batch_size = 3}), "had batch_size = 4, but now it is 3"));
  CHECK(mentions(refused.error(options_of(2)), "has had 3 epochs, but epochs is 2"));
  CHECK(mentions(refused.error({.epochs = 5, .batch_size = 4, .threads = -1}), "threads must be"));
  const auto validation = pairs_of(9);
  CHECK(mentions(refused.error({.epochs = 5, .batch_size = 4, .validation = &validation}), "had no validation"));
  CHECK(refused.error(options_of(3)) == "no error");  // no epoch is left

  // Parameters that have overflowed in a training are no obstacle.
  Model broken = new_model();
  CHECK(mentions(error_text<NonFiniteError>([&] {
                   fit(broken, pairs_of(2), ContrastiveLoss{}, SGD<float>{{.learning_rate = 3e38}}, options_of(1), rng);
                 }),
                 "the update of the parameters overflowed"));
  CHECK_FALSE(broken.parameters().allFinite());
  auto optimizer = new_optimizer();
  resume(refused.path, broken, pairs_of(21), ContrastiveLoss{}, optimizer, options_of(3), rate, stopping, checkpoint);
  CHECK(broken.parameters().allFinite());

  const TemporaryFolder folder;
  save(folder.path() / "model", new_model());
  CHECK(mentions(error_text<FormatError>([&] {
                   resume(folder.path() / "model", broken, pairs_of(21), ContrastiveLoss{}, optimizer, options_of(3));
                 }),
                 "it holds a model, not a checkpoint"));
  CHECK(mentions(error_text<IoError>([&] {
                   resume(folder.path() / "none", broken, pairs_of(21), ContrastiveLoss{}, optimizer, options_of(3));
                 }),
                 "there is no such file"));
}

TEST_CASE("a damaged checkpoint is refused, and nothing changes", "[checkpoint]") {
  const std::string good = content_of(Refused{}.path);
  {
    const Refused refused;
    for (std::size_t at = 0; at < good.size(); at += 1 + good.size() / 400) {
      std::string bad = good;
      bad[at] = static_cast<char>(bad[at] ^ 4);
      refused.folder.write("training.gemel", bad);
      CHECK(refused.error() != "no error");
      refused.folder.write("training.gemel", std::string_view(good).substr(0, at));
      CHECK(refused.error() != "no error");
    }
  }
  const auto changed = [&](const auto& change) {
    const Refused refused;
    refused.change(change);
    return refused.error();
  };
  const auto in_training = [&](const char* key, const detail::Json& value) {
    return changed([&](detail::Json& json, TensorFile&) { json["training"][key] = value; });
  };
  const auto tensor = [&](const char* name, const std::vector<double>& values) {
    return changed([&](detail::Json&, TensorFile& file) {
      std::erase_if(file.tensors, [&](const Tensor& t) { return t.name == name; });
      if (!values.empty())
        file.add(name, VectorX<double>(Eigen::Map<const VectorX<double>>(values.data(), length(values))));
    });
  };
  for (const char* key : {"seed", "epoch", "steps", "batch_size", "shuffle", "batches", "stopped", "learning_rate",
                          "rate_scale", "callbacks", "optimizer", "metrics", "warnings", "threads"}) {
    CAPTURE(key);
    CHECK(mentions(changed([&](detail::Json& json, TensorFile&) { json["training"].erase(key); }), "has no '"));
    CHECK(in_training(key, "text") != "no error");
    CHECK(in_training(key, {{"a", 1}}) != "no error");
  }
  CHECK(mentions(in_training("epoch", 0), "has 'epoch' 0, not at least 1"));
  CHECK(mentions(in_training("epoch", 4), "its tensor 'history.loss' is 3, but 4 is needed"));
  CHECK(mentions(in_training("epoch", std::uint64_t{1} << 63), "at most"));
  CHECK(mentions(in_training("seed", -1), "has 'seed' -1, not a whole number"));
  CHECK(mentions(in_training("callbacks", 2), "'callbacks.2'") +
            mentions(in_training("callbacks", 1), "'callbacks.1'") >=
        1);
  CHECK(mentions(in_training("callbacks", 1'000'000'000), "but at most 1000 is possible"));
  CHECK(mentions(in_training("learning_rate", -0.5), "learning rate of -0.5"));
  CHECK(mentions(in_training("rate_scale", "inf"), "a scale of inf"));
  CHECK(mentions(in_training("batches", 7), "had 7 batches"));
  CHECK(mentions(in_training("warnings", {1}), "has a warning that is not a text"));
  CHECK(mentions(in_training("metrics", {{{"name", "m"}, {"more_is_better", nullptr}}}), "'history.metrics.0'"));
  CHECK(mentions(in_training("optimizer", {{"type", "Adam"}, {"step", 3}, {"learning_rate", -1}}),
                 "learning rate of -1"));
  CHECK(
      mentions(in_training("optimizer", {{"type", nullptr}, {"step", 3}, {"learning_rate", 1}}), "one without a name"));
  CHECK(mentions(in_training("optimizer", {{"type", "Adam"}, {"step", -3}, {"learning_rate", 1}}), "has 'step' -3"));
  CHECK(mentions(tensor("history.seconds", {}), "it has no tensor 'history.seconds'"));
  CHECK(mentions(tensor("history.loss", {1, 2}), "its tensor 'history.loss' is 2, but 3 is needed"));
  CHECK(mentions(tensor("history.validation_loss", {1, 2, 3}), "had a validation, but now there is none"));
  CHECK(mentions(tensor("history.more", {1, 2, 3}), "'history.more'"));
  CHECK(mentions(tensor("source", {1}), "a saved state of 1 numbers for the pair source"));
  CHECK(mentions(tensor("sources", {1}), "'sources'"));
  CHECK(mentions(tensor("callbacks.2", {1}), "Checkpoint has 1 numbers"));
  CHECK(mentions(tensor("callbacks.7", {1}), "'callbacks.7'"));
  CHECK(mentions(tensor("callbacks.0", {}), "the callback LearningRate is not one step count"));
  CHECK(mentions(tensor("callbacks.1", {1, 0, 0, 5}), "EarlyStopping holds 1 parameters, but the model has"));
  CHECK(mentions(tensor("optimizer.v", {}), "its optimizer has no state 'v', but the one that is given has"));
  CHECK(mentions(tensor("optimizer.m", {1}), "its tensor 'optimizer.m' holds F64 values, but F32 is needed"));
  CHECK(mentions(tensor("optimizer.x", {1}), "has the state 'x', but the one that is given has none"));
  CHECK(mentions(changed([](detail::Json&, TensorFile& file) {
                   for (Tensor& t : file.tensors) {
                     if (t.name == "optimizer.v") std::ranges::fill(t.bytes, std::uint8_t{0xFF});
                   }
                 }),
                 "its tensor 'optimizer.v' holds NaN"));
}

TEST_CASE("a checkpoint that cannot be written is reported, before the training where that is known", "[checkpoint]") {
  const TemporaryFolder folder;
  const fs::path path = folder.path() / "c";
  Index epochs = 0;
  VectorX<float> after;
  const auto train_with = [&](const fs::path& to, const CheckpointOptions& options, auto callback) {
    Model model = new_model();
    auto optimizer = new_optimizer();
    Rng rng{1};
    epochs = 0;
    std::string text = error_text<Error>([&] {
      fit(model, pairs_of(21), ContrastiveLoss{}, optimizer, options_of(4), rng, OnEpochEnd{[&](auto&) { ++epochs; }},
          callback, Checkpoint{to, options});
    });
    after = model.parameters();
    return text;
  };
  const auto train = [&](const fs::path& to, const CheckpointOptions& options = {}) {
    return train_with(to, options, OnTrainEnd{[](auto&) {}});
  };
  const auto before_training = [&](const std::string& text, const char* part) {
    CAPTURE(text);
    CHECK(mentions(text, part));
    CHECK(epochs == 0);
    CHECK(after == new_model().parameters());
  };
  CHECK(mkfifo((folder.path() / "pipe").c_str(), 0600) == 0);
  fs::create_symlink("nowhere", folder.path() / "dangling");
  before_training(train(folder.path()), "it is a folder");
  before_training(train(folder.path() / "pipe"), "it is a pipe");
  before_training(train(folder.path() / "dangling"), "which does not exist");
  before_training(train(folder.path() / "missing" / "c"), "its folder cannot be opened");
  before_training(train("/dev/full"), "it is a device");
  before_training(train(path, {.every = 0}), "Checkpoint's every must be at least 1, but it is 0");
  before_training(train(path, {.keep = 0}), "Checkpoint's keep must be at least 1, but it is 0");
  before_training(train(path, {.best = Monitor::ValidationLoss}), "Checkpoint monitors the validation loss, but there");
  before_training(train(path, {.best = Monitor{"eer"}}), "Checkpoint monitors 'eer', but there are only");
  before_training(train(path, {.metadata = {{"gemel.x", ""}}}), "the metadata's key 'gemel.x' is reserved");
  before_training(train(path, {.metadata = {{"x", "\xFF"}}}), "UTF-8");
  CHECK(names_in(folder.path()) == std::vector<std::string>{"dangling", "pipe"});

  // In the middle of the training: the old checkpoint and the parameters of the last epoch stay.
  const rlimit limit{100, RLIM_INFINITY};
  rlimit old_limit{};
  getrlimit(RLIMIT_FSIZE, &old_limit);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  std::vector<VectorX<float>> good;
  const std::string full = train_with(path, {.keep = 2}, OnEpochEnd{[&](auto& state) {
                                        good.push_back(state.model.parameters());
                                        if (state.epoch == 2) setrlimit(RLIMIT_FSIZE, &limit);
                                      }});
  setrlimit(RLIMIT_FSIZE, &old_limit);
  std::signal(SIGXFSZ, handler);
  CHECK(mentions(full, "c: it cannot be written: writing failed: File too large; free some space"));
  CHECK(epochs == 3);
  CHECK(after == good[2]);
  CHECK(parameters_in(path) == good[1]);
  CHECK(parameters_in(path.string() + ".1") == good[0]);
  CHECK(names_in(folder.path()) == std::vector<std::string>{"c", "c.1", "dangling", "pipe"});

  // An earlier checkpoint that cannot be renamed, since there is a folder.
  fs::remove(path.string() + ".1");
  fs::create_directory(path.string() + ".2");
  CHECK(mentions(train(path, {.keep = 2}), "c.2: it cannot be written: an earlier checkpoint cannot be renamed"));
  CHECK(epochs == 2);
  CHECK(describe(path).training->epochs == 1);
}

namespace {

/// Trains up to the end with checkpoints at `path`, or goes on from the one at `from`. Returns the bits of the end.
std::string train_with_checkpoints(const fs::path& path, const fs::path& from, Index threads) {
  Model model = new_model();
  AnyOptimizer<float> optimizer = new_optimizer();
  FitOptions<float> options = options_of(12);
  options.threads = threads;
  const auto call = [&](auto&&... callbacks) {
    if (fs::exists(from)) {
      return resume(from, model, TakesTurns{}, ContrastiveLoss{}, optimizer, options, callbacks...);
    }
    Rng rng{1};
    return fit(model, TakesTurns{}, ContrastiveLoss{}, optimizer, options, rng, callbacks...);
  };
  const History history = call(Checkpoint{path, {.keep = 2}},
                               LearningRate{CosineDecay{.initial_learning_rate = 0.02, .decay_steps = whole_training}},
                               ReduceLROnPlateau{.monitor = Monitor::Loss, .patience = 2},
                               EarlyStopping{.monitor = Monitor::Loss, .patience = 9});
  return bits_of(model, optimizer) + text_of(history);
}

}  // namespace

TEST_CASE("a training that is killed at any time is resumed to the bits of the unbroken one", "[checkpoint]") {
  const TemporaryFolder folder;
  const fs::path path = folder.path() / "c", other = folder.path() / "other";
  const std::string whole = train_with_checkpoints(other, "", 1);
  Rng rng{static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count())};
  using Clock = std::chrono::steady_clock;
  const auto began = Clock::now();
  train_with_checkpoints(path, "", 1);
  const double duration = std::chrono::duration<double>(Clock::now() - began).count();  // of a training
  const auto start_again = [&] {
    for (const std::string& name : names_in(folder.path())) fs::remove(folder.path() / name);
  };
  start_again();

  const int kills = scaled(10);
  int killed = 0, completed = 0, without_file = 0, earlier = 0;
  Index epochs = 0;
  while (killed < kills && completed < 20 * kills) {
    const pid_t child = fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      try {
        train_with_checkpoints(path, path, 1 + killed % 3);
        _exit(0);
      } catch (...) {
        _exit(1);
      }
    }
    std::this_thread::sleep_for(std::chrono::duration<double>(rng.uniform<double>() * 0.8 * duration));
    kill(child, SIGKILL);
    int status = 0;
    REQUIRE(waitpid(child, &status, 0) == child);
    if (WIFEXITED(status)) {  // it was faster than the signal
      REQUIRE(WEXITSTATUS(status) == 0);
      ++completed;
      start_again();
      continue;
    }
    ++killed;
    const bool is_there = fs::exists(path);
    without_file += !is_there;
    if (is_there) epochs += describe(path).training->epochs;
    const fs::path before = path.string() + ".1";
    if (fs::exists(before)) {
      earlier += describe(before).training->epochs <= describe(path).training->epochs;
    }
    const bool same = train_with_checkpoints(other, path, 1 + killed % 2) == whole;
    CHECK(same);
  }
  CHECK(killed == kills);
  std::cout << killed << " kills of a training of " << duration * 1e3 << " ms, " << without_file
            << " of them before the first checkpoint; on average after " << static_cast<double>(epochs) / killed
            << " of 12 epochs; " << completed << " trainings ended before the kill; " << earlier
            << " earlier checkpoints were there" << std::endl;
}

#if GEMEL_TEST_TRACES_SYSTEM_CALLS
TEST_CASE("at every system call of a checkpoint the old file or the new one is there", "[checkpoint]") {
  if (!traces_system_calls()) {
    WARN("system calls cannot be traced under this emulator");
    return;
  }
  using Kind = Fault::Kind;
  Model model = new_model();
  AnyOptimizer<float> optimizer = new_optimizer();
  History history{.loss = {1}, .learning_rate = {1}, .seconds = {1}};
  TrainingState<Model, AnyOptimizer<float>> state{.model = model, .optimizer = optimizer, .history = history};
  const auto snapshot = [&](Index epoch) {
    return TrainingSnapshot{.epoch = epoch, .batch_size = 1, .batches = 1, .callbacks = {{}}, .history = history};
  };
  for (const Index keep : {1, 2, 3}) {
    CAPTURE(keep);
    std::size_t points = 0;
    std::vector<long> calls;
    for (const Fault fault : {Fault{Kind::Error, ENOSPC}, Fault{Kind::Error, EIO}, Fault{Kind::Kill}}) {
      CAPTURE(static_cast<int>(fault.kind), fault.error);
      for (std::size_t at = 0;; ++at) {
        CAPTURE(at);
        const TemporaryFolder folder;
        const fs::path path = folder.path() / "c";
        Checkpoint checkpoint{path, {.keep = keep}};
        const auto write = [&](Index epoch) {
          checkpoint.on_epoch_end(state);
          checkpoint.on_checkpoint(state, snapshot(epoch));
        };
        for (Index epoch = 1; epoch <= 3; ++epoch) write(epoch);
        const std::string old_content = content_of(path);
        const TracedRun run = run_traced(
            [&] {
              try {
                write(4);
                return 0;
              } catch (const IoError&) {
                return 1;
              } catch (...) {
                return 2;
              }
            },
            at, fault);
        const Index epoch = describe(path).training->epochs;  // the checksum shows that it is whole
        CHECK((epoch == 4 || content_of(path) == old_content));
        Index last = epoch;
        for (Index k = 1; k < keep; ++k) {  // the files before are whole, and none is newer
          const fs::path before = path.string() + '.' + std::to_string(k);
          if (!fs::exists(before)) continue;
          const Index its = describe(before).training->epochs;
          CHECK((its <= last && its >= 1));
          last = its;
        }
        if (run.calls.size() <= at) {  // all calls have had their fault
          CHECK((run.returned == 0 && epoch == 4 && last == 5 - keep));
          calls = run.calls;
          break;
        }
        ++points;
        const std::string call = call_name(run.calls[at]);
        CAPTURE(call);
        const bool was_killed = fault.kind == Kind::Kill;
        CHECK(run.returned.has_value() != was_killed);
        if (!was_killed) CHECK((*run.returned <= 1 && (*run.returned == 1 || epoch == 4)));
        const auto left = std::ranges::count_if(names_in(folder.path()), [](auto& n) { return n.starts_with('.'); });
        CHECK(left <= was_killed);
        // The next checkpoint is written, and repairs the numbers.
        write(5);
        CHECK(describe(path).training->epochs == 5);
        for (Index k = 1; k < keep; ++k) CHECK(fs::exists(path.string() + '.' + std::to_string(k)));
        CHECK_FALSE(fs::exists(path.string() + '.' + std::to_string(keep)));
      }
    }
    std::string names;
    std::vector<std::string> order{"open", "write", "fsync", "rename", "fsync"};
    for (const long call : calls) {
      names += ' ' + call_name(call);
      if (!order.empty() && call_name(call) == order.front()) order.erase(order.begin());
    }
    CHECK(order.empty());
    std::cout << "a checkpoint, keep " << keep << ": " << calls.size() << " system calls (" << names.substr(1) << "), "
              << points << " faults" << std::endl;
  }
}
#endif

}  // namespace gemel::test::checkpoint
