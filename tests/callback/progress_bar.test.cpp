#include "gemel/callback/progress_bar.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <limits>
#include <memory>
#include <string>
#include <thread>

#include "callback/stub_training.hpp"
#include "catch.hpp"

using namespace gemel;

namespace {

/// A file, which is not a terminal, and the text written to it.
class Page {
 public:
  std::FILE* file() { return file_.get(); }
  std::string text() {
    std::string all;
    std::rewind(file());
    for (int c = std::fgetc(file()); c != EOF; c = std::fgetc(file())) all += static_cast<char>(c);
    return all;
  }

 private:
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  std::unique_ptr<std::FILE, Close> file_{std::tmpfile()};
};

/// Two epochs of three batches; the second batch is slow, so that a bar is drawn after it.
std::string output(ProgressBar::Mode mode, bool validation = true) {
  Page page;
  ProgressBar bar{.mode = mode, .file = page.file()};
  test::StubTraining training;
  auto& state = training.state;
  state.epochs = 2;
  state.batches = 3;
  training.begin(bar);
  for (state.epoch = 0; state.epoch < 2;) {
    bar.on_epoch_begin(state);
    state.pairs = 0;
    for (state.batch = 0; state.batch < 3; ++state.batch) {
      if (state.batch == 1) std::this_thread::sleep_for(std::chrono::milliseconds(110));
      state.pairs += 32;
      state.loss = 0.5;
      bar.on_batch_end(state);
    }
    if (validation) {
      training.epoch(bar, 0.25, 0.125);
    } else {
      training.history.loss.push_back(0.25);
      bar.on_epoch_end(state);
      ++state.epoch;
    }
  }
  bar.on_train_end(state);
  return page.text();
}

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("a file gets one plain line per epoch", "[progress_bar]") {
  const std::string text = output(GENERATE(ProgressBar::Mode::Auto, ProgressBar::Mode::Lines));
  CAPTURE(text);
  CHECK(std::count(text.begin(), text.end(), '\n') == 2);
  CHECK(text.find("Epoch 1/2: loss 0.25, validation loss 0.125, ") == 0);
  CHECK(contains(text, "\nEpoch 2/2: loss 0.25, "));
  CHECK(contains(text, " pairs/s, "));
  CHECK(text.substr(text.size() - 3) == " s\n");
  CHECK_FALSE(contains(text, "\r"));
  CHECK_FALSE(contains(text, "\x1b"));
}

TEST_CASE("without validation the line has no validation loss", "[progress_bar]") {
  CHECK_FALSE(contains(output(ProgressBar::Mode::Lines, false), "validation"));
}

TEST_CASE("metrics are in the line, except those that were not measured", "[progress_bar]") {
  Page page;
  ProgressBar bar{.mode = ProgressBar::Mode::Lines, .file = page.file()};
  test::StubTraining training;
  training.history.metrics = {{"hard eer", {0.0625}}, {"auc", {std::nan("")}}, {"mine", {0.5, 3}}};
  training.state.epochs = 1;
  training.begin(bar);
  bar.on_epoch_begin(training.state);
  training.epoch(bar, 0.25, 0.125);
  CHECK(contains(page.text(), "Epoch 1/1: loss 0.25, validation loss 0.125, hard eer 0.0625, mine 3, "));
}

TEST_CASE("a bar shows batches, speed and the time left, and is replaced by the line", "[progress_bar]") {
  const std::string text = output(ProgressBar::Mode::Bar);
  CAPTURE(text);
  CHECK(contains(text, "\r\x1b[KEpoch 1/2 [=============>      ] 2/3, loss 0.5, "));
  CHECK(contains(text, " pairs/s, 0:01 left\r\x1b[KEpoch 1/2: loss 0.25, "));
  CHECK(std::count(text.begin(), text.end(), '\n') == 2);
}

TEST_CASE("nothing is shown in Silent mode", "[progress_bar]") { CHECK(output(ProgressBar::Mode::Silent).empty()); }

TEST_CASE("a stop within an epoch leaves the bar on a line of its own", "[progress_bar]") {
  Page page;
  ProgressBar bar{.mode = ProgressBar::Mode::Bar, .file = page.file()};
  test::StubTraining training;
  training.state.epochs = training.state.batches = 5;
  training.begin(bar);
  bar.on_epoch_begin(training.state);
  std::this_thread::sleep_for(std::chrono::milliseconds(110));
  bar.on_batch_end(training.state);
  bar.on_train_end(training.state);
  bar.on_train_end(training.state);
  const std::string text = page.text();
  CAPTURE(text);
  CHECK(contains(text, "1/5, "));
  CHECK(contains(text, " left\n"));
  CHECK(std::count(text.begin(), text.end(), '\n') == 1);
}

TEST_CASE("a progress bar needs a file", "[progress_bar]") {
  ProgressBar bar{.file = nullptr};
  test::StubTraining training;
  CHECK_THROWS_AS(training.begin(bar), ValueError);
}

TEST_CASE("a huge number of epochs has a bar and a time left, too", "[progress_bar]") {
  constexpr Index endless = std::numeric_limits<Index>::max();
  Page page;
  ProgressBar bar{.mode = ProgressBar::Mode::Bar, .file = page.file()};
  test::StubTraining training;
  training.state.epochs = endless;
  training.state.batches = 5;
  training.begin(bar);
  bar.on_epoch_begin(training.state);
  std::this_thread::sleep_for(std::chrono::milliseconds(110));
  bar.on_batch_end(training.state);
  training.state.batches = endless;
  training.state.batch = endless - 1;
  std::this_thread::sleep_for(std::chrono::milliseconds(110));
  bar.on_batch_end(training.state);
  const std::string text = page.text();
  CAPTURE(text);
  CHECK(contains(text, "Epoch 1/9223372036854775807 [====>               ] 1/5, "));
  CHECK(contains(text, "Epoch 1/9223372036854775807 [====================] "));
  CHECK(contains(text, " years left"));
}

TEST_CASE("a bar is full when all is done, and never beyond", "[progress_bar]") {
  constexpr Index most = std::numeric_limits<Index>::max();
  CHECK(detail::bar(most, most) == "[====================]");
  CHECK(detail::bar(most / 2, most) == "[==========>         ]");
  for (Index total = 1; total <= 200; ++total) {
    for (Index done = 0; done <= total; ++done) {
      const std::string text = detail::bar(done, total);
      if (std::count(text.begin(), text.end(), '=') != 20 * done / total) FAIL(done << " of " << total << ": " << text);
    }
  }
}

TEST_CASE("times of years are shown in years", "[progress_bar]") {
  CHECK(detail::clock_time(360000) == "100:00:00");
  CHECK(detail::clock_time(360001) == "5 days");
  CHECK(detail::clock_time(86400.0 * 365.25 * 3) == "3 years");
  CHECK(detail::clock_time(3.15576e25) == "1e+18 years");
  CHECK(detail::clock_time(std::numeric_limits<double>::infinity()) == "inf years");
}

TEST_CASE("speeds and times are short", "[progress_bar]") {
  CHECK(detail::pair_rate(845, 1) == "845 pairs/s");
  CHECK(detail::pair_rate(81'340, 1) == "81.3k pairs/s");
  CHECK(detail::pair_rate(999'600, 1) == "1M pairs/s");
  CHECK(detail::pair_rate(2'480'000, 2) == "1.24M pairs/s");
  CHECK(detail::clock_time(0) == "0:00");
  CHECK(detail::clock_time(41.2) == "0:42");
  CHECK(detail::clock_time(125) == "2:05");
  CHECK(detail::clock_time(3723) == "1:02:03");
  CHECK(detail::bar(0, 7) == "[>                   ]");
  CHECK(detail::bar(7, 7) == "[====================]");
}
