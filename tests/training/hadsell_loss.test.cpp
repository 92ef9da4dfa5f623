#include "gemel/training/hadsell_loss.hpp"

#include "training/loss_check.hpp"

using namespace gemel;
using namespace gemel::test;

TEST_CASE("HadsellLoss has the paper's values, whose label 1 is dissimilar, and those of sentence-transformers") {
  check_golden(HadsellLoss{}, "hadsell_2006_margin_1", golden_batch(true));
  check_golden(HadsellLoss{.margin = 0.5}, "sentence_transformers", golden_batch());
}

TEST_CASE("HadsellLoss: slopes are derivatives") { check_slopes(HadsellLoss{.margin = 0.9}); }

TEST_CASE("HadsellLoss keeps the contract of a loss") { check_contract(HadsellLoss{}); }
