#include "gemel/loss/hadsell_loss.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "catch.hpp"
#include "gemel/loss/contrastive_loss.hpp"
#include "loss/loss_check.hpp"

using namespace gemel;
using namespace gemel::test;

TEST_CASE("HadsellLoss has the values of the paper, in which label 1 means dissimilar, and of sentence-transformers") {
  check_golden(HadsellLoss{}, "hadsell_2006_margin_1", golden_batch(true));
  check_golden(HadsellLoss{.margin = 0.5}, "sentence_transformers", golden_batch());
}

TEST_CASE("HadsellLoss is half of the contrastive loss") {
  const std::vector<double> d{0.2, 0.7, 1.3, 0.4};
  const std::vector<std::uint8_t> similar{1, 0, 1, 0};
  std::vector<double> slope(4), half(4);
  const std::span<const double> distances(d), no_weights;
  const double whole =
      ContrastiveLoss{}(distances, std::span<const std::uint8_t>(similar), no_weights, std::span(slope));
  CHECK(HadsellLoss{}(distances, std::span<const std::uint8_t>(similar), no_weights, std::span(half)) == whole / 2);
  for (std::size_t i = 0; i < 4; ++i) CHECK(half[i] == slope[i] / 2);
}

TEST_CASE("HadsellLoss: the slopes match finite differences") { check_slopes(HadsellLoss{.margin = 0.9}); }

TEST_CASE("HadsellLoss meets the Loss concept") { check_contract(HadsellLoss{}); }
