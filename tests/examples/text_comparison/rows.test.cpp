#include <limits>
#include <string>
#include <vector>

#include "../../../examples/text_comparison/comparer.hpp"
#include "../../../examples/text_comparison/data.hpp"
#include "../../../examples/text_comparison/linkage.hpp"
#include "../../../examples/text_comparison/parts.hpp"
#include "../../../examples/text_comparison/whitening.hpp"
#include "catch.hpp"
#include "gemel/verification/calibration.hpp"
#include "io/temporary_folder.hpp"
#include "mentions.hpp"

using namespace gemel;

namespace {

using TextComparer = text_comparison::Comparer;
using TextData = text_comparison::Data;
using TextFeatures = text_comparison::Features;

// Persons of two rows each, as a table.
TextData made_up_rows(int persons) {
  std::string text = "key,name,city\n";
  for (int p = 0; p < persons; ++p) {
    const std::string name = std::string(1, static_cast<char>('a' + p % 26)) + "name" + std::to_string(p * 7919 % 1000);
    text += std::to_string(p) + ',' + name + ",town" + std::to_string(p % 7) + '\n';
    text += std::to_string(p) + ',' + name + "x,town" + std::to_string(p % 7) + '\n';
  }
  return text_comparison::data_of(parse_table(text), {"name", "city"}, "key");
}

Samples<float> text_samples(const TextFeatures& features, const TextData& data) {
  return features(data.texts, [&data](Index i) { return data.place(i); });
}

}  // namespace

TEST_CASE("rows with equal keys are a group", "[text_comparison]") {
  const TextData data =
      text_comparison::data_of(parse_table("k,a,b\nx,1,2\ny,3,4\nx,5,6\n", {}, "some.csv"), {"b", "a"}, "k");
  CHECK(data.texts == text_comparison::Texts{{"2", "4", "6"}, {"1", "3", "5"}});
  CHECK(data.groups == std::vector<Index>{0, 1, 0});
  CHECK(data.names == std::vector<std::string>{"x", "y"});
  CHECK(data.place(2).line == 4);
  try {
    text_comparison::data_of(parse_table("k,a\nx,1\n,2\n", {}, "some.csv"), {"a"}, "k");
    CHECK(false);
  } catch (const FormatError& error) {
    CHECK(mentions(error.what(), "the key is empty"));
    CHECK(error.place().line == 3);
    CHECK(error.place().column == "k");
  }
}

TEST_CASE("each column of a row has places of its own", "[text_comparison]") {
  const TextFeatures features = TextFeatures::of_rows({"name", "city"});
  CHECK(features.size() == 1024);
  const auto place = [](Index i) { return Place{.file = "some.csv", .line = i + 2}; };
  const MatrixX<float> samples = features({{"Ada", "paris"}, {"Paris", "Ada"}}, place);
  CHECK(samples.col(0).head(512) == samples.col(1).tail(512));
  CHECK(samples.col(0).head(512) != samples.col(1).head(512));
  const MatrixX<float> half = features({{"ada"}, {""}}, place);  // a missing cell says nothing
  CHECK(half.col(0).head(512) == samples.col(0).head(512));
  CHECK(half.col(0).tail(512).isZero());
  try {
    features({{"ada", ""}, {"x", ""}}, place);
    CHECK(false);
  } catch (const FormatError& error) {
    CHECK(mentions(error.what(), "all texts of the row are empty"));
    CHECK(error.place().line == 3);
  }
  CHECK(TextFeatures::of_rows(std::vector<std::string>(100, "c")).size() == 6400);
}

TEST_CASE("features are known again from the metadata of a model file", "[text_comparison]") {
  for (const TextFeatures& features : {TextFeatures::of_words(), TextFeatures::of_rows({"name", "city"})}) {
    Metadata texts;
    features.add_to(texts);
    const auto again = TextFeatures::from(texts);
    REQUIRE(again);
    CHECK(again->name() == features.name());
    CHECK(again->columns() == features.columns());
    CHECK(again->are_of_words() == features.are_of_words());
    texts["text_features"] += " and more";
    CHECK_FALSE(TextFeatures::from(texts));
  }
  CHECK_FALSE(TextFeatures::from({}));
  CHECK_FALSE(
      TextFeatures::from({{"text_columns", "[]"}, {"text_features", "512 letter n-grams per column, version 1"}}));
}

TEST_CASE("the parts share no group, and validation and test have equally many", "[text_comparison]") {
  const TextData data = made_up_rows(100);
  const auto parts = text_comparison::divide(data, text_samples(TextFeatures::of_rows({"name", "city"}), data), 1, 1);
  CHECK(parts[0].samples.classes.count() == 60);
  CHECK(parts[1].samples.classes.count() == 20);
  CHECK(parts[2].samples.classes.count() == 20);
  std::vector<int> seen(100);
  for (const auto& part : parts) {
    for (Index c = 0; c < part.samples.classes.count(); ++c) {
      ++seen[static_cast<std::size_t>(part.samples.classes.value(c))];
    }
  }
  CHECK(seen == std::vector<int>(100, 1));
  const auto pairs = text_comparison::test_pairs(parts[1], 1, 3);
  CHECK(pairs.similar == 20);
  CHECK(pairs.hard.pairs.size() == pairs.hard.labels.size());
  CHECK(pairs.random.pairs.size() + 20 == pairs.hard.pairs.size());
  CHECK_THROWS_AS(text_comparison::divide(made_up_rows(3),
                                          text_samples(TextFeatures::of_rows({"name", "city"}), made_up_rows(3)), 1, 1),
                  ValueError);
}

TEST_CASE("rows are linked if they are each other's nearest", "[text_comparison]") {
  const MatrixX<float> a{{0, 1, 10}}, b{{0.25F, 11, 30}};
  const auto found = text_comparison::links(a, b, 5, 1);
  REQUIRE(found.size() == 2);  // 1 is nearest to 0.25 too, but that is nearer to 0
  CHECK((found[0].a == 0 && found[0].b == 0 && found[0].distance == 0.25));
  CHECK((found[1].a == 2 && found[1].b == 1 && found[1].distance == 1));
  CHECK(text_comparison::links(a, b, 0.25, 1).size() == 1);
  CHECK(text_comparison::links(a, b, -std::numeric_limits<double>::infinity(), 1).empty());
}

TEST_CASE("the threshold of links has the largest F1", "[text_comparison]") {
  using text_comparison::KnownLinks;
  const KnownLinks known{.found = {{0.1, true}, {0.2, true}, {0.4, true}, {0.6, false}, {0.9, true}}, .possible = 5};
  CHECK(known.best_threshold() == 0.9);
  CHECK(known.quality(0.5).right == 3);
  CHECK(known.quality(0.5).precision() == 1);
  CHECK(known.quality(0.5).recall() == 0.6);
  CHECK(known.quality(0.5).f1() == 0.75);
  CHECK(known.quality(0).f1() == 0);
  const KnownLinks clear{.found = {{0.1, true}, {0.5, false}}, .possible = 1};
  CHECK(clear.best_threshold() == 0.3);
  const KnownLinks tied{.found = {{0.1, true}, {0.1, false}, {0.2, false}}, .possible = 1};
  CHECK(tied.best_threshold() > 0.1);
  CHECK(std::isinf(KnownLinks{.found = {{0.1, false}}, .possible = 1}.best_threshold()));
  CHECK(KnownLinks{}.quality(1).f1() == 0);
}

TEST_CASE("two lists have the first and the second row of each key", "[text_comparison]") {
  const auto lists = text_comparison::two_lists(Classes{0, 1, 0, 2, 0, 3});
  CHECK(lists.a == std::vector<Index>{0, 3});
  CHECK(lists.b == std::vector<Index>{2, 1, 5});
  CHECK(lists.pairs == 1);
}

TEST_CASE("a folded whitening is that of the folded samples", "[text_comparison]") {
  Rng rng{1};
  const MatrixX<float> x = uniform<float>(1000, 60, rng);
  std::vector<int> classes;
  for (int i = 0; i < 60; ++i) classes.push_back(i / 3);
  const auto chosen = text_comparison::fit_whitening({x, classes});
  REQUIRE(chosen.layer);
  CHECK(chosen.layer->in() == 1000);
  MatrixX<float> folded = x.topRows(512);
  folded.topRows(488) += x.bottomRows(488);
  const auto direct = Whitening<>::within_class(folded, classes, {.dimensions = 19, .shrinkage = 0.1});
  CHECK(chosen.layer->transform(x).isApprox(direct.transform(folded), 1e-3F));
  const auto none = text_comparison::fit_whitening({x, std::vector<int>(60, 1)});
  CHECK_FALSE(none.layer);
  CHECK(mentions(none.description, "none, since"));
}

TEST_CASE("a saved comparer decides as before", "[text_comparison]") {
  const TemporaryFolder folder;
  const TextFeatures features = TextFeatures::of_rows({"name", "city"});
  const TextData data = made_up_rows(20);
  const auto model = text_comparison::plain_model(features.size(), {});
  const Calibration calibration = calibrate(std::vector<double>{0.1, 0.9}, Labels{1, 0}, {.at_eer = true});
  const TextComparer comparer{features, Verifier{model, calibration}};
  text_comparison::save(folder.path() / "m", comparer, {{"row", "raw"}});
  const TextComparer loaded = text_comparison::load(folder.path() / "m");
  const auto place = [&data](Index i) { return data.place(i); };
  CHECK(loaded.threshold() == comparer.threshold());
  CHECK(loaded.features.columns() == features.columns());
  CHECK(loaded.embed(data.texts, place, 1) == comparer.embed(data.texts, place, 1));

  save(folder.path() / "other", Verifier{model, calibration});
  CHECK_THROWS_AS(text_comparison::load(folder.path() / "other"), FormatError);
  Metadata texts;
  TextFeatures::of_rows({"a", "b", "c", "d", "e"}).add_to(texts);
  save(folder.path() / "damaged", Verifier{model, calibration}, texts);
  CHECK_THROWS_AS(text_comparison::load(folder.path() / "damaged"), FormatError);
  Calibration all = calibration;
  all.threshold = std::numeric_limits<double>::infinity();
  text_comparison::save(folder.path() / "all", {features, Verifier{model, all}}, {});
  CHECK_THROWS_AS(text_comparison::load(folder.path() / "all"), FormatError);
}

TEST_CASE("a network learns, and its seed decides every bit", "[text_comparison]") {
  const TextData data = made_up_rows(60);
  const auto parts = text_comparison::divide(data, text_samples(TextFeatures::of_rows({"name", "city"}), data), 1, 1);
  text_comparison::Recipe recipe = text_comparison::rows_recipe();
  recipe.layers = {8};
  recipe.epochs = 2;
  recipe.batches = 5;
  const auto learn = [&](std::uint64_t seed, Index threads) {
    return text_comparison::learn(parts[0].samples, parts[0].neighbours, recipe,
                                  {.seed = seed, .threads = threads, .quiet = true});
  };
  const auto one = learn(1, 1);
  CHECK(one.history.loss.size() == 2);
  const auto embed = [&](const auto& learnt) { return learnt.model.embed(parts[1].samples.samples.columns()); };
  CHECK(embed(one) == embed(learn(1, 2)));
  CHECK(embed(one) != embed(learn(2, 1)));
}
