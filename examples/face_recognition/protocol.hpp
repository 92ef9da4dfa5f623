#pragma once

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <string>
#include <vector>

#include "faces.hpp"
#include "gemel/core/error.hpp"
#include "gemel/core/random.hpp"
#include "gemel/core/types.hpp"
#include "gemel/data/classes.hpp"
#include "gemel/data/split.hpp"

namespace faces {

/// Whom the test is about.
enum class Protocol {
  Known,   ///< other images of the people of the training
  Unknown  ///< people who are not in the training
};

/// Images for training, and others that are held out.
struct Division {
  std::vector<Index> training, held_out;
};

/// One fold of the data. Its validation divides the images for training again, so that thresholds and the choice of a
/// row never depend on an image of the test.
struct FoldOfImages {
  Division test;
  std::vector<Division> validation;
};

namespace detail {

inline constexpr Index validations = 3;  ///< of each fold

/// Divides the images by whole people: part k of `parts` is held out. Their order is that of `people`.
inline Division hold_out_people(const gemel::Classes& classes, const std::vector<Index>& people, Index k, Index parts) {
  Division division;
  for (std::size_t i = 0; i < people.size(); ++i) {
    const auto images = classes.members(people[i]);
    auto& part = static_cast<Index>(i) % parts == k ? division.held_out : division.training;
    part.insert(part.end(), images.begin(), images.end());
  }
  return division;
}

/// Divides the images of a list: a share of those of each person is held out.
inline Division hold_out_images(const gemel::Classes& classes, const std::vector<Index>& images, double share,
                                gemel::Rng& rng) {
  const gemel::Split split = split_samples(classes.select(images), share, rng);
  Division division;
  for (const Index i : split.train) division.training.push_back(images[static_cast<std::size_t>(i)]);
  for (const Index i : split.test) division.held_out.push_back(images[static_cast<std::size_t>(i)]);
  return division;
}

inline std::vector<Index> numbers_below(Index n) {
  std::vector<Index> numbers(static_cast<std::size_t>(n));
  std::iota(numbers.begin(), numbers.end(), Index{0});
  return numbers;
}

/// Three times, 30 % of the images of each person are for the test, and 2/7 of the others for the validation.
inline std::vector<FoldOfImages> folds_of_known(const gemel::Classes& classes, gemel::Rng& rng) {
  std::vector<FoldOfImages> folds(3);
  for (FoldOfImages& fold : folds) {
    fold.test = hold_out_images(classes, numbers_below(classes.size()), 0.3, rng);
    for (Index k = 0; k < validations; ++k) {
      fold.validation.push_back(hold_out_images(classes, fold.test.training, 2.0 / 7, rng));
    }
  }
  return folds;
}

/// Each quarter of the people is the test once, and each third of the others a validation.
inline std::vector<FoldOfImages> folds_of_unknown(const gemel::Classes& classes, gemel::Rng& rng) {
  constexpr Index quarters = 4;
  std::vector<FoldOfImages> folds(quarters);
  std::vector<Index> people = numbers_below(classes.count());
  gemel::shuffle(people, rng);
  for (Index k = 0; k < quarters; ++k) {
    FoldOfImages& fold = folds[static_cast<std::size_t>(k)];
    fold.test = hold_out_people(classes, people, k, quarters);
    std::vector<Index> trained;
    for (std::size_t i = 0; i < people.size(); ++i) {
      if (static_cast<Index>(i) % quarters != k) trained.push_back(people[i]);
    }
    for (Index v = 0; v < validations; ++v) {
      fold.validation.push_back(hold_out_people(classes, trained, v, validations));
    }
  }
  return folds;
}

}  // namespace detail

/// The folds of a protocol, drawn by the random numbers. Throws ValueError if there are fewer people, or fewer images
/// of one, than the protocol needs.
inline std::vector<FoldOfImages> folds_of(Protocol protocol, const Faces& faces, gemel::Rng& rng) {
  const bool known = protocol == Protocol::Known;
  const Index least_people = known ? 3 : 12, least_images = known ? 6 : 2;
  const std::string name = known ? "--protocol known" : "--protocol unknown";
  const gemel::Classes classes{faces.person};
  if (classes.count() < least_people) {
    throw gemel::ValueError({name, " needs at least ", least_people, " people, but the data has ", classes.count()});
  }
  for (Index person = 0; person < classes.count(); ++person) {
    const auto images = gemel::length(classes.members(person));
    if (images >= least_images) continue;
    throw gemel::ValueError({name, " needs at least ", least_images, " images of each person, but there ",
                             images == 1 ? "is 1 of '" : "are " + std::to_string(images) + " of '",
                             faces.people[static_cast<std::size_t>(person)], "': add some, or take the person out"});
  }
  return known ? detail::folds_of_known(classes, rng) : detail::folds_of_unknown(classes, rng);
}

}  // namespace faces
