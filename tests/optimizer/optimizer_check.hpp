#pragma once

#include <array>
#include <cmath>
#include <cstring>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "catch.hpp"
#include "gemel/core/error.hpp"
#include "gemel/optimizer/clipping.hpp"
#include "gemel/optimizer/dialect.hpp"
#include "gemel/optimizer/optimizer.hpp"
#include "instruction_sets.hpp"

namespace gemel::test {

/// Makes one step for all parameters, which are one variable, and clips the gradient as a training step does.
template <class O, class S>
void step(O& optimizer, std::vector<S> gradient, std::vector<S>& w) {
  clip(optimizer.clipping(), std::span<S>(gradient), std::array{length(gradient)});
  optimizer.advance();
  optimizer.update(0, std::span<const S>(gradient), std::span<S>(w));
}

/// Replays the runs of one optimizer in a golden file. `make` constructs the optimizer from a run's options.
template <class Make>
void check_golden(const std::string& file, const std::string& optimizer_name, int runs, const Make& make) {
  const auto json = nlohmann::json::parse(std::ifstream(GEMEL_TEST_DATA "/golden/" + file));
  int found = 0;
  for (const auto& run : json["runs"]) {
    if (run["optimizer"] != optimizer_name) continue;
    ++found;
    CAPTURE(file, run["options"].dump());
    for_each_instruction_set([&] {
      auto optimizer = make(run["options"]);
      std::vector<double> w = json["initial"];
      optimizer.reserve(length(w));
      double worst = 0;
      for (std::size_t t = 0; t < json["gradients"].size(); ++t) {
        step(optimizer, json["gradients"][t].get<std::vector<double>>(), w);
        for (std::size_t i = 0; i < w.size(); ++i) {
          const double expected = run["parameters"][t][i];
          worst = std::max(worst, std::abs(w[i] - expected) / std::abs(expected));
        }
      }
      CHECK(worst <= 1e-12);
    });
  }
  CHECK(found == runs);
}

/// A run's option, or the default value that it has in the source.
template <class T>
T option(const nlohmann::json& options, const char* name, T otherwise) {
  return options.value(name, otherwise);
}
inline std::optional<double> limit(const nlohmann::json& options, const char* name) {
  return options.contains(name) ? std::optional<double>(options[name]) : std::nullopt;
}

/// Gradients and parameters of many magnitudes, including zeros and a tiny one. n is not a multiple of a packet's size.
template <class S>
struct Course {
  static constexpr std::size_t n = 61;
  std::vector<S> w;
  std::vector<std::vector<S>> gradients;

  Course() {
    for (std::size_t i = 0; i < n; ++i) w.push_back(static_cast<S>(std::sin(1.7 * static_cast<double>(i))));
    for (int t = 0; t < 5; ++t) {
      gradients.emplace_back();
      for (std::size_t i = 0; i < n; ++i) {
        const double size = std::pow(10.0, static_cast<double>(i % 9) - 6);
        const double turn = 0.3 + 7 * t + static_cast<double>(i);
        gradients.back().push_back(static_cast<S>(i % 13 == 5 ? 0 : size * std::cos(turn)));
      }
    }
    gradients[1][3] = std::numeric_limits<S>::min() * S(8);
  }
};

/// The parameters and the optimizer's state after all steps of the course, in one vector. The blocks of each step end
/// at `cuts`.
template <class S, class O>
std::vector<S> after_course(O optimizer, const std::vector<std::size_t>& cuts) {
  Course<S> course;
  optimizer.reserve(length(course.w));
  for (const auto& gradient : course.gradients) {
    optimizer.advance();
    std::size_t first = 0;
    for (const std::size_t end : cuts) {
      optimizer.update(static_cast<Index>(first), std::span<const S>(gradient).subspan(first, end - first),
                       std::span<S>(course.w).subspan(first, end - first));
      first = end;
    }
  }
  std::vector<S> all = course.w;
  for (const auto& array : optimizer.state().arrays) all.insert(all.end(), array.values.begin(), array.values.end());
  return all;
}

template <class S>
bool same_bits(const std::vector<S>& a, const std::vector<S>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(S)) == 0;
}

/// Checks that the results depend neither on the blocks nor on the instruction set.
template <class S, class O>
void check_bits(const O& optimizer) {
  std::vector<std::vector<S>> of_set;
  for_each_instruction_set([&] {
    const auto whole = after_course<S>(optimizer, {Course<S>::n});
    CHECK(same_bits(whole, after_course<S>(optimizer, {1, 4, 20, 37, 60, 61})));
    for (const S x : whole) CHECK((x == 0 || std::abs(x) >= std::numeric_limits<S>::min()));
    of_set.push_back(whole);
  });
  if (of_set.size() == 3) CHECK(same_bits(of_set[1], of_set[2]));
}

/// Checks what every optimizer must do with its learning rate, its state, and blocks that do not fit.
template <class S, class O>
void check_contract(O optimizer) {
  static_assert(Optimizer<O, S>);
  const double rate = optimizer.learning_rate();
  optimizer.learning_rate(rate / 2);
  CHECK(optimizer.learning_rate() == rate / 2);
  CHECK_THROWS_AS(optimizer.learning_rate(-rate), ValueError);
  CHECK_THROWS_AS(optimizer.learning_rate(std::nan("")), ValueError);
  CHECK(optimizer.learning_rate() == rate / 2);

  Course<S> course;
  std::vector<S> w = course.w;
  const auto gradient = std::span<const S>(course.gradients[0]);
  CHECK_THROWS_AS(optimizer.update(0, gradient, std::span<S>(w)), ShapeError);
  optimizer.reserve(length(w));
  CHECK_THROWS_AS(optimizer.update(1, gradient, std::span<S>(w)), ShapeError);
  CHECK_THROWS_AS(optimizer.update(0, gradient.first(2), std::span<S>(w)), ShapeError);
  CHECK(w == course.w);

  // With a rate of 0 only the state changes.
  optimizer.learning_rate(0);
  step(optimizer, course.gradients[0], w);
  CHECK(w == course.w);
  optimizer.learning_rate(rate);

  // A second optimizer with the first one's state makes the same steps.
  O second = optimizer;
  second.reserve(3);
  CHECK(*second.state().step == 0);
  second.reserve(length(w));
  auto from = optimizer.state();
  auto to = second.state();
  REQUIRE(from.arrays.size() == to.arrays.size());
  for (std::size_t k = 0; k < from.arrays.size(); ++k) {
    CHECK(from.arrays[k].name == to.arrays[k].name);
    REQUIRE(from.arrays[k].values.size() == to.arrays[k].values.size());
    std::copy(from.arrays[k].values.begin(), from.arrays[k].values.end(), to.arrays[k].values.begin());
  }
  CHECK(*from.step == 1);
  *to.step = *from.step;
  std::vector<S> resumed = w;
  optimizer.reserve(length(w));  // keeps the state
  step(optimizer, course.gradients[1], w);
  step(second, course.gradients[1], resumed);
  CHECK(same_bits(w, resumed));
  CHECK_FALSE(same_bits(w, course.w));
}

/// Whether f throws a ValueError whose text names `option`.
template <class F>
bool refuses(const std::string& option, const F& f) {
  try {
    f();
  } catch (const ValueError& error) {
    return std::string(error.what()).find(option) != std::string::npos;
  }
  return false;
}

}  // namespace gemel::test
