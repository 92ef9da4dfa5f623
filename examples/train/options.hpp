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
enum class Recipe { Classes, Tutorial };
enum class TrainingPairs { Classes, Balanced, Consecutive };
enum class TestPairs { All, Consecutive };
enum class ThresholdRule { Far, Eer, Accuracy };
enum class ActivationName { ReLU, LeakyReLU, Tanh, Sigmoid, Linear };
enum class DistanceName { Euclidean, SquaredEuclidean, Manhattan, Cosine };
enum class LossName { Contrastive, Hadsell, PositiveMargin, OnlineHard, Unsquared, NonZero };
enum class Whiten { None, Pca, Within };
enum class OptimizerName { RMSprop, Sgd, Adam, AdamW, AMSGrad };
enum class ScheduleName { Constant, Exponential, Cosine, WarmupCosine };

/// The training samples that are held out to set the threshold: the last `count`, or a random `fraction`.
struct Validation {
  Index count = 0;  ///< 0: `fraction` is used
  double fraction = 0.1;
};

/// The size of the images that are augmented, in pixels.
struct ImageSize {
  Index width, height;
};

/// All options of `train`, with the defaults of --recipe classes, which --help shows.
struct Options {
  Recipe recipe = Recipe::Classes;

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

  TrainingPairs pairs = TrainingPairs::Classes;
  Index batch_classes = 10;
  Index batch_samples = 20;
  Index pairs_per_sample = 4;
  std::optional<ImageSize> augment;
  Validation validation;
  TestPairs test_pairs = TestPairs::All;

  Whiten whiten = Whiten::None;
  Index whiten_dimensions = 0;  ///< 0: all
  double noise = 0;
  std::vector<Index> hidden = {256, 128, 64};
  ActivationName activation = ActivationName::ReLU;
  ActivationName last_activation = ActivationName::Linear;
  double dropout = 0;
  bool normalize = true;
  Index ensemble = 1;
  DistanceName distance = DistanceName::Euclidean;

  LossName loss = LossName::NonZero;
  double margin = 1;
  std::optional<double> positive_margin;  ///< empty: the loss's default
  OptimizerName optimizer = OptimizerName::Adam;
  double learning_rate = 1e-3;
  ScheduleName schedule = ScheduleName::Cosine;
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

/// The options with the defaults of a recipe. The other options do not depend on it.
inline Options defaults(Recipe recipe) {
  Options options;
  if (recipe == Recipe::Classes) return options;
  options.recipe = recipe;
  options.pairs = TrainingPairs::Balanced;
  options.hidden = {128, 128, 128};
  options.last_activation = ActivationName::ReLU;
  options.normalize = false;
  options.loss = LossName::Contrastive;
  options.optimizer = OptimizerName::RMSprop;
  options.schedule = ScheduleName::Constant;
  return options;
}

}  // namespace train
