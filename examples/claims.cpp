// Enrols persons with five samples each, sets a threshold for claims, and finds out whom a sample is of, or that it is
// of no one. Here the persons are handwritten digits; 8 and 9 are not enrolled. The gallery is kept in the file
// claims.safetensors, in the current folder.
//
//   claims                      uses the digits in examples/data
//   claims digits.csv digit     uses your file; the label column is given by its name or index

#include <gemel/gemel.hpp>
#include <gemel/io/csv.hpp>
#include <gemel/io/model_file.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <string>
#include <vector>

using namespace gemel;

/// The samples of a part of the data, and their classes.
struct Part {
  Samples<float> samples;
  Classes classes;
};

int main(int argc, char** argv) try {
  const std::filesystem::path digits = std::filesystem::path(__FILE__).parent_path() / "data" / "digits.csv";
  const CsvData<float> data = read_csv<float>(argc > 1 ? argv[1] : digits, {.label = argc > 2 ? argv[2] : "-1"});
  const Classes classes{data.labels};
  Rng rng{1};
  const auto [train, trial, use] = split_samples(classes, {0.5, 0.25, 0.25}, rng);
  const auto part = [&](const std::vector<Index>& indices) {
    return Part{data.samples.select(indices), classes.select(indices)};
  };

  // A network learns which samples are of the same person.
  const Part learnt = part(train);
  const Index features = data.samples.features();
  Siamese model{make_network<float>(rng, Rescale<>::to_unit_range(learnt.samples),
                                    Dense<Dynamic, 128, ReLU>{features, 128}, Dense<128, 128, ReLU>{}, Dense<128, 64>{},
                                    L2Normalize<64>{})};
  fit(model, ClassBatches<float>{learnt.samples, learnt.classes, {.classes = 5, .samples = 8}}, ContrastiveLoss{},
      Adam<float>{}, {.epochs = 30}, rng);

  // The first five samples of each person of the second part make a template; the others are the probes, which try to
  // pass for every person. The threshold on their scores lets one of a hundred impostors pass.
  std::vector<Index> enrolled, probes;
  const Classes trial_classes = classes.select(trial);
  for (std::size_t i = 0; i < trial.size(); ++i) {
    const auto members = trial_classes.members(trial_classes.of(static_cast<Index>(i)));
    const bool first = std::find(members.begin(), members.begin() + 5, static_cast<Index>(i)) != members.begin() + 5;
    (first ? enrolled : probes).push_back(trial[i]);
  }
  ClaimVerifier verifier{model, MeanScore{}};
  const Part known = part(enrolled), tried = part(probes);
  const auto persons = enrol_all(verifier, known.samples, known.classes);
  const Trials trials = claims(verifier, persons, tried.samples, all_claims(known.classes, tried.classes));
  const Calibration calibration = calibrate(trials, {.far = 0.01});
  std::printf("Claims: threshold %.3f, FAR %.2f %%, FRR %.2f %% of %td trials.\n", calibration.threshold,
              100 * calibration.far, 100 * calibration.frr, trials.size());

  // Eight of the ten are in the gallery. A stranger is compared with all of them, so identification needs a stricter
  // threshold than a claim: this one lets one of a hundred strangers pass for anyone.
  Gallery gallery{verifier.with(calibration), calibrate_identification(trials, {.fpir = 0.01})};
  for (std::size_t c = 0; c < 8; ++c) gallery.add("digit " + data.classes[c], persons[c]);
  save("claims.safetensors", gallery);

  const auto loaded = load<Gallery<AnyModel<float>>>("claims.safetensors");  // in another program, on another day
  const Part unseen = part(use);
  const std::vector<Identified> found = loaded.identify_all(unseen.samples.copy().matrix());
  Index right = 0, strangers = 0, mistaken = 0;
  for (std::size_t i = 0; i < found.size(); ++i) {
    const auto digit = static_cast<Index>(unseen.classes.value(unseen.classes.of(static_cast<Index>(i))));
    const bool stranger = digit >= 8;
    strangers += stranger;
    mistaken += stranger && found[i].person != Identified::unknown;
    right += !stranger && found[i].person == digit;
  }
  std::printf("Identification among %td: %td of %td samples of theirs are right; %td of %td strangers pass for one.\n",
              loaded.size(), right, length(found) - strangers, mistaken, strangers);
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
