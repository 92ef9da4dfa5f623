#include <string>
#include <vector>

#include "../../../examples/text_comparison/hard_pairs.hpp"
#include "../../../examples/text_comparison/homophones.hpp"
#include "../../../examples/text_comparison/ngrams.hpp"
#include "catch.hpp"
#include "mentions.hpp"

using namespace gemel;

namespace {

using text_comparison::letter_ngrams;
using text_comparison::parse_homophones;
using text_comparison::phonetic_ngrams;

// The line of the error that parsing throws. The error's text must contain `part`.
Index homophones_refusal(const std::string& text, const std::string& part) {
  CAPTURE(text);
  try {
    parse_homophones(text, "some.txt");
  } catch (const FormatError& error) {
    CAPTURE(error.what());
    CHECK(mentions(error.what(), part));
    CHECK(error.place().file == "some.txt");
    return error.place().line.value_or(0);
  }
  CHECK(false);
  return -1;
}

}  // namespace

TEST_CASE("each line of homophones is a group", "[text_comparison]") {
  const auto all = parse_homophones(
      "\xEF\xBB\xBF"
      "Right write\trite\r\n\n  knight night  \nna\xC3\xAFve naive\no'er oar",
      "some.txt");
  CHECK(all.words ==
        std::vector<std::string>{"right", "write", "rite", "knight", "night", "na\xC3\xAFve", "naive", "o'er", "oar"});
  CHECK(all.groups == std::vector<Index>{0, 0, 0, 1, 1, 2, 2, 3, 3});
  CHECK(all.left_out == 0);
}

TEST_CASE("a word with two sounds is in no group", "[text_comparison]") {
  const auto all = parse_homophones("read red\nread reed reid\nsea see\n", "some.txt");
  CHECK(all.words == std::vector<std::string>{"reed", "reid", "sea", "see"});
  CHECK(all.groups == std::vector<Index>{0, 0, 1, 1});
  CHECK(all.left_out == 2);
}

TEST_CASE("what is no list of homophones is refused", "[text_comparison]") {
  CHECK(homophones_refusal("a b\nalone\n", "only the word 'alone'") == 2);
  CHECK(homophones_refusal("a b\nc d c\n", "the word 'c' is twice") == 2);
  CHECK(homophones_refusal("name,city\nAda,Paris\n", "--text and --key") == 1);
  CHECK(homophones_refusal(std::string("a b\nc \0 d\n", 10), "the byte 0") == 2);
  CHECK(homophones_refusal("\n \n", "no group of two words") == 0);
  CHECK(homophones_refusal("read red\nread reed\n", "no group of two words") == 0);
}

TEST_CASE("a sound key is alike for spellings of one sound", "[text_comparison]") {
  using text_comparison::sound_key;
  CHECK(sound_key("knight") == "nIt");
  CHECK(sound_key("night") == "nIt");
  CHECK(sound_key("phish") == sound_key("fish"));
  CHECK(sound_key("wright") == sound_key("right"));
  CHECK(sound_key("abbott") == sound_key("abbot"));
  CHECK(sound_key("queue") != sound_key("cat"));
  CHECK(sound_key("").empty());
  CHECK(sound_key("gh") == "g");
  CHECK(text_comparison::consonant_sounds(sound_key("station")) == "stSn");
}

TEST_CASE("skeletons keep the places or the order of consonants", "[text_comparison]") {
  CHECK(text_comparison::detail::vowels_collapsed("bookkeeper") == "b*k*p*r");
  CHECK(text_comparison::detail::consonants("bookkeeper") == "bkpr");
}

TEST_CASE("hashed n-grams have length 1 and depend on the text only", "[text_comparison]") {
  for (const std::string word : {"a", "of", "through", "na\xC3\xAFve"}) {
    CHECK(std::abs(letter_ngrams(word, 512).norm() - 1) < 1e-6F);
    CHECK(std::abs(phonetic_ngrams(word, 2048).norm() - 1) < 1e-6F);
    CHECK(phonetic_ngrams(word, 2048) == phonetic_ngrams(word, 2048));
  }
  const auto cosine = [](const std::string& a, const std::string& b) {
    return phonetic_ngrams(a, 2048).dot(phonetic_ngrams(b, 2048));
  };
  CHECK(cosine("knight", "night") > cosine("knight", "knit"));
  CHECK(cosine("cat", "dog") < 0.2F);
  // The features are part of saved models, so they may not change without another version in Features::name().
  const VectorX<float> sample = phonetic_ngrams("thought", 2048);
  double places = 0;
  for (Index k = 0; k < sample.size(); ++k) places += static_cast<double>(k) * (sample[k] > 0);
  CHECK(places == 102832);
  CHECK((sample.array() > 0).count() == 96);
}

TEST_CASE("hard pairs are those of the nearest texts of other classes", "[text_comparison]") {
  const std::vector<std::string> words{"bath", "bathe", "cat", "cats", "path"};
  const Classes classes{0, 0, 1, 2, 3};
  const auto neighbours = text_comparison::nearest_others(words, classes, 1, 1);
  CHECK(neighbours(0, 0) == 4);  // not bathe, which is of the same class
  CHECK(neighbours(0, 2) == 3);
  CHECK(neighbours(0, 3) == 2);
  const auto pairs = text_comparison::hard_pairs(neighbours);
  const auto has = [&pairs](Index a, Index b) {
    return std::ranges::count_if(pairs, [a, b](const PairIndex& pair) { return pair.first == a && pair.second == b; });
  };
  CHECK(has(0, 4) == 1);
  CHECK(has(2, 3) == 1);  // once, though each is the other's nearest
  CHECK(text_comparison::similar_pairs(classes).size() == 1);
  Rng rng{1};
  for (const auto& [a, b] : text_comparison::random_pairs(classes, 50, rng)) CHECK_FALSE(classes.same(a, b));
}
