// Gemel, or the plain Eigen of plain_eigen.hpp, as a peer for compare.py, which starts this program and sends it the
// tasks:
//   cpp_peer gemel|plain_eigen DIRECTORY THREADS
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <gemel/gemel.hpp>
#include <iostream>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "../gemel_step.hpp"

using namespace gemel;

namespace {

constexpr long width = 128;
constexpr long checked = 4;  // the check value is the mean loss of this many batches

struct Task {
  std::string name, kind;
  long features, pairs, batches, repeats;
};

std::istream& operator>>(std::istream& in, Task& task) {
  return in >> task.name >> task.kind >> task.features >> task.pairs >> task.batches >> task.repeats;
}

std::vector<float> take(std::istream& in, long count) {
  std::vector<float> values(static_cast<std::size_t>(count));
  in.read(reinterpret_cast<char*>(values.data()), count * static_cast<long>(sizeof(float)));
  return values;
}

StepData<float> read_data(const Task& task, const std::string& directory) {
  std::ifstream in(directory + "/" + task.name + ".f32", std::ios::binary);
  in.exceptions(std::ios::failbit | std::ios::badbit);
  const long pairs = task.pairs * task.batches;
  StepData<float> data{task.features, width, task.pairs, task.batches};
  data.parameters = take(in, width * (task.features + 1) + 2 * width * (width + 1));
  const std::vector<float> similar = take(in, pairs);
  data.similar.assign(similar.begin(), similar.end());
  data.x = take(in, 2 * pairs * task.features);
  return data;
}

/// The work that a task times; `run` does it once.
struct Work {
  explicit Work(StepData<float> from) : data(std::move(from)) {}
  virtual ~Work() = default;
  virtual void start() {}      ///< restores the initial weights
  virtual double value() = 0;  ///< a number that all peers must agree on
  virtual void run() = 0;

  StepData<float> data;
};

ConstColumns<float> samples(const StepData<float>& data) {
  return {data.x.data(), data.features, 2 * data.pairs * data.batches};
}

struct Training : Work {
  Training(StepData<float> from, bool with_gemel, long thread_count)
      : Work(std::move(from)), gemel(with_gemel), threads(thread_count) {}

  void start() override {
    if (gemel) {
      step = std::make_unique<GemelStep<float>>(data, TrainingStepOptions{.threads = threads, .skip_inactive = false});
    } else {
      step = make_plain_eigen(data);
    }
  }
  double value() override {
    double sum = 0;
    for (long k = 0; k < checked; ++k) sum += step->step(k);
    return sum / checked;
  }
  void run() override {
    for (long k = 0; k < data.batches; ++k) step->step(k);
  }

  bool gemel;
  long threads;
  std::unique_ptr<StepUnderTest> step;
};

struct Distances : Work {
  explicit Distances(StepData<float> from)
      : Work(std::move(from)), model(tutorial_model(data.features, width, data.parameters)), d(data.batches) {}

  double value() override {
    run();
    return d.cast<double>().mean();
  }
  void run() override {
    for (Index i = 0; i < d.size(); ++i) {
      model.distance(x.middleCols(2 * i, 1), x.middleCols(2 * i + 1, 1), workspace, d.segment(i, 1));
    }
  }

  TutorialModel<float> model;
  ConstColumns<float> x = samples(data);
  VectorX<float> d;
  Workspace<float> workspace;
};

struct Embedding : Work {
  Embedding(StepData<float> from, long threads_)
      : Work(std::move(from)),
        threads(threads_),
        model(tutorial_model(data.features, width, data.parameters)),
        y(width, x.cols()) {}

  double value() override {
    run();
    return y.cast<double>().mean();
  }
  void run() override { model.embed(x, Columns<float>(y.data(), y.rows(), y.cols()), threads); }

  long threads;
  TutorialModel<float> model;
  ConstColumns<float> x = samples(data);
  MatrixX<float> y;
};

std::unique_ptr<Work> make_work(const std::string& peer, StepData<float> data, const std::string& kind, long threads) {
  if (kind == "train") return std::make_unique<Training>(std::move(data), peer == "gemel", threads);
  if (kind == "distance") return std::make_unique<Distances>(std::move(data));
  return std::make_unique<Embedding>(std::move(data), threads);
}

double microseconds_of_run(Work& work) {
  const auto begin = std::chrono::steady_clock::now();
  work.run();
  return std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - begin).count();
}

}  // namespace

int main(int, char** argv) {
  const std::string peer = argv[1], directory = argv[2];
  const long threads = std::stol(argv[3]);
  if (std::getenv("COMPARE_AVX2")) force_instruction_set(InstructionSet::AVX2);
  std::map<std::string, std::unique_ptr<Work>> works;
  for (Task task; std::cin >> task;) {
    std::unique_ptr<Work>& work = works[task.name];
    if (!work) work = make_work(peer, read_data(task, directory), task.kind, threads);
    work->start();
    std::printf("{\"value\": %.9g, \"us\": [", work->value());
    for (long i = 0; i < task.repeats; ++i) {
      std::printf("%s%.9g", i ? ", " : "", microseconds_of_run(*work) / static_cast<double>(task.batches));
    }
    std::printf("]}\n");
    std::fflush(stdout);
  }
}
