#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "gemel/core/types.hpp"
#include "gemel/io/csv.hpp"

namespace train {

using gemel::Index;

enum class Split { Samples, Classes };
enum class Scale { Auto, Unit, Standardise, None };
enum class TrainingPairs { Balanced, Consecutive };
enum class TestPairs { All, Consecutive };
enum class ThresholdRule { Far, Eer, Accuracy };
enum class ActivationName { ReLU, LeakyReLU, Tanh, Sigmoid, Linear };
enum class DistanceName { Euclidean, SquaredEuclidean, Manhattan, Cosine };
enum class LossName { Contrastive, Hadsell, PositiveMargin, OnlineHard, Unsquared };
enum class OptimizerName { RMSprop, Sgd, Adam, AdamW, AMSGrad };
enum class ScheduleName { Constant, Exponential, Cosine, WarmupCosine };

/// The training samples that are held out to set the threshold: the last `count`, or a random `fraction`.
struct Validation {
  Index count = 0;  ///< 0: `fraction` is used
  double fraction = 0.1;
};

/// All options of `train`, with the defaults that --help shows.
struct Options {
  std::string data;
  std::string label;
  std::string group;
  std::optional<char> separator;
  gemel::CsvHeader header = gemel::CsvHeader::Auto;
  gemel::CsvMissing missing = gemel::CsvMissing::Refuse;
  std::string images, labels;
  std::string test_data;
  std::string test_images, test_labels;
  double test_fraction = 0.25;
  Split split = Split::Samples;
  Scale scale = Scale::Auto;

  TrainingPairs pairs = TrainingPairs::Balanced;
  Index pairs_per_sample = 4;
  Validation validation;
  TestPairs test_pairs = TestPairs::All;

  std::vector<Index> hidden = {128, 128, 128};
  ActivationName activation = ActivationName::ReLU;
  double dropout = 0;
  bool normalize = false;
  DistanceName distance = DistanceName::Euclidean;

  LossName loss = LossName::Contrastive;
  double margin = 1;
  std::optional<double> positive_margin;  ///< empty: the loss's default
  OptimizerName optimizer = OptimizerName::RMSprop;
  double learning_rate = 1e-3;
  ScheduleName schedule = ScheduleName::Constant;
  Index epochs = 20;
  Index batch = 32;
  Index threads = 0;
  std::uint64_t seed = 1;

  std::string checkpoint;  ///< with --resume, that file
  Index checkpoint_every = 1;
  std::string resume;

  ThresholdRule threshold = ThresholdRule::Far;
  std::optional<double> far;  ///< empty: 1 %, or the smallest rate that the validation can show
  std::string save;
  std::string json;
  std::string report;
  bool quiet = false;
};

}  // namespace train
