#include "gemel/io/csv_logger.hpp"

#include <filesystem>
#include <limits>
#include <string>

#include "catch.hpp"
#include "gemel/callback/callback.hpp"
#include "gemel/io/csv.hpp"
#include "io/temporary_folder.hpp"
#include "mentions.hpp"

using namespace gemel;

namespace {

struct Model {};
struct NoOptimizer {};
using State = TrainingState<Model, NoOptimizer>;
static_assert(Callback<CSVLogger, State>);

// Logs `epochs` epochs from `first` on, with the losses 1/3, 1/4, …
void train(CSVLogger& logger, Index first, Index epochs, bool validation) {
  Model model;
  NoOptimizer optimizer;
  History history;
  State state{.model = model, .optimizer = optimizer, .history = history};
  logger.on_train_begin(state);
  for (state.epoch = first; state.epoch < first + epochs; ++state.epoch) {
    history.loss.push_back(1.0 / static_cast<double>(3 + state.epoch));
    if (validation) history.validation_loss.push_back(1e-7);
    history.learning_rate.push_back(0.001);
    history.seconds.push_back(0.25);
    logger.on_epoch_end(state);
  }
  logger.on_train_end(state);
}

}  // namespace

TEST_CASE("CSVLogger writes a line per epoch", "[csv_logger]") {
  const TemporaryFolder folder;
  CSVLogger logger{folder.path() / "log.csv"};
  train(logger, 0, 2, true);
  const std::string header = "epoch,loss,validation_loss,learning_rate,seconds\n";
  CHECK(content_of(folder.path() / "log.csv") ==
        header + "0,0.3333333333333333,1e-07,0.001,0.25\n1,0.25,1e-07,0.001,0.25\n");

  SECTION("without validation the cell is empty, and an old file is overwritten") {
    train(logger, 0, 1, false);
    CHECK(content_of(folder.path() / "log.csv") == header + "0,0.3333333333333333,,0.001,0.25\n");
  }
  SECTION("a resumed run appends") {
    CSVLogger resumed{folder.path() / "log.csv", {.append = true}};
    train(resumed, 2, 1, true);
    CHECK(content_of(folder.path() / "log.csv") ==
          header + "0,0.3333333333333333,1e-07,0.001,0.25\n1,0.25,1e-07,0.001,0.25\n2,0.2,1e-07,0.001,0.25\n");
  }
  SECTION("another separator, and appending to a file that does not exist yet") {
    CSVLogger other{folder.path() / "other.csv", {.separator = ';', .append = true}};
    train(other, 1, 1, false);
    CHECK(content_of(folder.path() / "other.csv") ==
          "epoch;loss;validation_loss;learning_rate;seconds\n1;0.25;;0.001;0.25\n");
  }
}

TEST_CASE("CSVLogger ends an unfinished last line before it appends", "[csv_logger]") {
  const TemporaryFolder folder;
  const std::string header = "epoch,loss,validation_loss,learning_rate,seconds";
  const auto path = folder.write("log.csv", header + "\n0,0.25");
  CSVLogger logger{path, {.append = true}};
  train(logger, 1, 1, false);
  CHECK(content_of(path) == header + "\n0,0.25\n1,0.25,,0.001,0.25\n");
  train(logger, 2, 1, false);
  CHECK(content_of(path) == header + "\n0,0.25\n1,0.25,,0.001,0.25\n2,0.2,,0.001,0.25\n");

  for (const char* end : {"", "\r\n"}) {  // after a crash behind the header, or saved with an editor
    folder.write("log.csv", header + end);
    train(logger, 1, 1, false);
    CHECK(content_of(path) == header + (*end ? end : "\n") + "1,0.25,,0.001,0.25\n");
  }
}

TEST_CASE("CSVLogger does not append to a file with another header or separator", "[csv_logger]") {
  const TemporaryFolder folder;
  const std::string header = "epoch,loss,validation_loss,learning_rate,seconds";
  for (const std::string& other :
       {std::string("epoch,loss"), std::string("epoch;loss;validation_loss;learning_rate;seconds"),
        header + ",hard eer", header.substr(0, header.size() - 1), " " + header, std::string("0,0.25,,0.001,0.25"),
        std::string()}) {
    CAPTURE(other);
    const std::string content = other + "\n0,0.25,,0.001,0.25";
    const auto path = folder.write("log.csv", content);
    CSVLogger logger{path, {.append = true}};
    for (int attempt = 0; attempt < 2; ++attempt) {
      try {
        train(logger, 1, 1, false);
        CHECK(false);
      } catch (const FormatError& error) {
        CHECK(mentions(error.what(), "its header is '" + other + "', but what is to be appended has '" + header + "'"));
        CHECK(error.place().file == path.string());
        CHECK(error.place().line == 1);
      }
      CHECK(content_of(path) == content);
    }
  }
}

TEST_CASE("CSVLogger has a column for each metric, with its name", "[csv_logger]") {
  const TemporaryFolder folder;
  const auto path = folder.path() / "log.csv";
  const double nan = std::numeric_limits<double>::quiet_NaN();
  Model model;
  NoOptimizer optimizer;
  History history{.loss = {0.5}, .validation_loss = {2}, .learning_rate = {0.1}, .seconds = {1}};
  history.metrics = {{"hard eer", {}}, {"a, \"b\"", {}}, {" c", {}}};
  State state{.model = model, .optimizer = optimizer, .history = history};
  const std::string header = "epoch,loss,validation_loss,learning_rate,seconds,hard eer,\"a, \"\"b\"\"\",\" c\"\n";
  CSVLogger logger{path};
  logger.on_train_begin(state);
  CHECK(content_of(path) == header);
  for (MetricSeries& metric : history.metrics) metric.values = {0.25};
  logger.on_epoch_end(state);
  history.metrics.insert(history.metrics.begin(), {"late", {7}});  // the columns do not change
  history.metrics[1].values.push_back(1.0 / 3);
  history.metrics[3].values.push_back(-nan);
  state.epoch = 1;
  logger.on_epoch_end(state);
  logger.on_train_end(state);
  CHECK(content_of(path) == header + "0,0.5,2,0.1,1,0.25,0.25,0.25\n1,0.5,2,0.1,1,0.3333333333333333,0.25,nan\n");

  const CsvData<double> read = read_csv<double>(path, {.header = CsvHeader::Yes, .missing = CsvMissing::LeaveOut});
  CHECK(read.features[6] == "a, \"b\"");
  CHECK(read.left_out == 1);

  history.metrics.erase(history.metrics.begin());
  CSVLogger resumed{path, {.append = true}};
  resumed.on_train_begin(state);
  resumed.on_epoch_end(state);
  CHECK(content_of(path).substr(0, header.size()) == header);
  history.metrics[1].name = "b";
  CHECK_THROWS_AS(resumed.on_train_begin(state), FormatError);
}

TEST_CASE("CSVLogger rejects a separator that may be part of a number", "[csv_logger]") {
  for (const char separator : std::string(". +-09eEnaifNxZ\"\n\r\0\xC3", 19)) {
    CAPTURE(separator);
    CHECK_THROWS_AS((CSVLogger{"log.csv", {.separator = separator}}), ValueError);
  }
}

TEST_CASE("CSVLogger's file is complete after each epoch", "[csv_logger]") {
  const TemporaryFolder folder;
  Model model;
  NoOptimizer optimizer;
  History history{.loss = {0.5}, .learning_rate = {0.1}, .seconds = {1}};
  State state{.model = model, .optimizer = optimizer, .history = history};
  CSVLogger logger{folder.path() / "log.csv"};
  CHECK_FALSE(std::filesystem::exists(folder.path() / "log.csv"));  // no file is touched before the training
  logger.on_train_begin(state);
  CSVLogger copy = logger;
  copy.on_epoch_end(state);
  CHECK(content_of(folder.path() / "log.csv") == "epoch,loss,validation_loss,learning_rate,seconds\n0,0.5,,0.1,1\n");
}

TEST_CASE("CSVLogger names a file that it cannot write", "[csv_logger]") {
  const TemporaryFolder folder;
  CSVLogger no_folder{folder.path() / "missing" / "log.csv"};
  CHECK_THROWS_AS(train(no_folder, 0, 1, false), IoError);
  CSVLogger a_folder{folder.path()};
  CHECK_THROWS_AS(train(a_folder, 0, 1, false), IoError);
  if (std::filesystem::exists("/dev/full")) {
    CSVLogger full{"/dev/full"};
    try {
      train(full, 0, 1, false);
      CHECK(false);
    } catch (const IoError& error) {
      CHECK(error.place().file == "/dev/full");
      CHECK(std::string(error.what()).find("it cannot be written: No space left") != std::string::npos);
    }
  }
}

TEST_CASE("CSVLogger writes the epochs before a checkpoint again when the training is resumed", "[csv_logger]") {
  const TemporaryFolder folder;
  const auto path = folder.write("log.csv", "epoch 0 to 5 of a killed training\n");
  Model model;
  NoOptimizer optimizer;
  History history{
      .loss = {3, 2}, .learning_rate = {1, 1}, .seconds = {4, 4}, .metrics = {{.name = "m", .values = {7, 8}}}};
  State state{.model = model, .optimizer = optimizer, .history = history, .epoch = 2};
  CSVLogger logger{path};
  logger.on_train_begin(state);
  const std::string before = "epoch,loss,validation_loss,learning_rate,seconds,m\n0,3,,1,4,7\n1,2,,1,4,8\n";
  CHECK(content_of(path) == before);
  history.loss.push_back(1);
  for (auto* values : {&history.learning_rate, &history.seconds, &history.metrics[0].values}) values->push_back(9);
  logger.on_epoch_end(state);
  CHECK(content_of(path) == before + "2,1,,9,9,9\n");
  logger.on_train_end(state);

  CSVLogger appends{path, {.append = true}};
  appends.on_train_begin(state);
  CHECK(content_of(path) == before + "2,1,,9,9,9\n");
}
