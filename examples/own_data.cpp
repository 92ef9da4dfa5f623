// From a CSV file to a decision. Each row is one sample: its features, and one column with its class. The first part
// trains and saves a verifier, own_data.safetensors, in the current folder. The second part loads it and decides; it
// could be another program, on another day.
//
//   own_data                      uses the handwritten digits in examples/data
//   own_data people.csv name      uses your file; the label column is given by its name or index (default: the last
//   one)

#include <gemel/gemel.hpp>
#include <gemel/io/csv.hpp>
#include <gemel/io/model_file.hpp>

#include <cstddef>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

using namespace gemel;

/// Some samples that were not used for training, and their classes.
struct Unseen {
  Samples<float> samples;
  Classes classes;
};

/// The first part: trains, calibrates, saves the verifier, and returns the samples that it was tested on.
Unseen train_and_save(const CsvData<float>& data, const std::filesystem::path& file) {
  const Samples<float>& x = data.samples;  // features x samples, one sample per column
  const Classes classes{data.labels};

  // Three parts of the data: one to train on, one to set the threshold on, and one to measure the errors on, to which
  // nothing is fitted.
  Rng rng{1};
  const auto [train, validation, test] = split_samples(classes, {0.6, 0.2, 0.2}, rng);
  const PairSampler<float> training_pairs{x.select(train), classes.select(train)};
  const Pairs<float> validation_pairs = all_pairs(x.select(validation), classes.select(validation));
  const Unseen unseen{x.select(test), classes.select(test)};

  // The first layer standardizes each feature with its mean and standard deviation in the training samples, so the
  // model takes samples as they are in the file. The last layer scales every embedding to length 1, so that a margin of
  // 1 suits any data.
  Siamese model{make_network<float>(rng, Standardize<>{x.select(train)}, Dense<Dynamic, 128, ReLU>{x.features(), 128},
                                    Dense<128, 128, ReLU>{}, Dense<128, 32>{}, L2Normalize<32>{})};
  const ContrastiveLoss loss{.margin = 1.0};
  const History history = fit(model, training_pairs, loss, RMSprop<float>{{.learning_rate = 1e-3}}, {.epochs = 50}, rng,
                              Watch{"eer", validation_pairs, eer}, EarlyStopping{.monitor = "eer", .patience = 5});
  for (const std::string& warning : history.warnings) std::printf("Note: %s\n", warning.c_str());
  std::printf("Trained on %zu samples of %td classes for %td epochs.\n", train.size(), classes.count(),
              history.epochs());

  // Two samples count as the same if their distance is at most the threshold, here set for 1 % false accepts.
  const auto verifier = calibrate(model, validation_pairs, {.far = 0.01});
  const Calibration& calibration = verifier.calibration();
  std::printf("Threshold %.3f: it accepts %.1f %% of different pairs (with 95 %% confidence %.1f to %.1f %%).\n",
              calibration.threshold, 100 * calibration.far, 100 * calibration.interval.low,
              100 * calibration.interval.high);
  const Roc roc = evaluate(model, all_pairs(unseen.samples, unseen.classes), loss).roc;
  std::printf("On %td unseen samples %.1f %% of different pairs are accepted, %.1f %% of equal pairs rejected.\n",
              unseen.samples.size(), 100 * roc.far(calibration.threshold), 100 * roc.frr(calibration.threshold));

  // The file has the layers with their fitted state, the parameters, the distance and the threshold, and texts of your
  // own. With the names of the features, the program verify can match the columns of other CSV files.
  Metadata texts{{"label", data.label}};
  if (data.header) texts["features"] = nlohmann::json(data.features).dump();
  save(file, verifier, texts);
  return unseen;
}

/// The second part: loads the verifier, whatever its layers are, and decides about two pairs of rows.
void load_and_decide(const std::filesystem::path& file, const Unseen& unseen, const CsvData<float>& data) {
  const auto verifier = load<Verifier<AnyModel<float>>>(file);  // const, so threads may share it
  const Samples<float>& x = unseen.samples;
  const Classes& classes = unseen.classes;
  const auto name = [&](Index i) {
    return data.classes[static_cast<std::size_t>(classes.value(classes.of(i)))].c_str();
  };
  const Index a = classes.members(0).front();
  for (const Index b : {classes.members(0).back(), classes.non_member(0, 0)}) {
    std::printf("A row of '%s' and one of '%s': distance %.3f, %s.\n", name(a), name(b), verifier.distance(x[a], x[b]),
                verifier.same(x[a], x[b]) ? "the same" : "different");
  }
}

int main(int argc, char** argv) try {
  const std::filesystem::path digits = std::filesystem::path(__FILE__).parent_path() / "data" / "digits.csv";
  const CsvData<float> data = read_csv<float>(argc > 1 ? argv[1] : digits, {.label = argc > 2 ? argv[2] : "-1"});
  const Unseen unseen = train_and_save(data, "own_data.safetensors");
  load_and_decide("own_data.safetensors", unseen, data);
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
