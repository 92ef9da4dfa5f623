#include "../../examples/train/seen.hpp"

#include <string>

#include "catch.hpp"
#include "mentions.hpp"

namespace {

// Samples of two features, i and i * i, for i from `first` to `last`.
gemel::Samples<float> squares(int first, int last) {
  gemel::MatrixX<float> samples(2, last - first + 1);
  for (int i = first; i <= last; ++i) samples.col(i - first) << static_cast<float>(i), static_cast<float>(i * i);
  return samples;
}

}  // namespace

TEST_CASE("test samples that equal training or validation samples are counted") {
  const train::Seen seen = train::count_seen(squares(0, 9), squares(10, 14), squares(8, 19));
  CHECK(seen.test == 12);
  CHECK(seen.in_training == 2);
  CHECK(seen.in_validation == 5);
  CHECK(seen.anywhere == 7);
  CHECK(mentions(seen.describe(), "7 of the 12 test samples are among the training or validation samples too"));
  CHECK(mentions(seen.describe(), "partly"));
}

TEST_CASE("the note says in which part the test samples were seen") {
  CHECK(train::count_seen(squares(0, 9), squares(10, 14), squares(15, 19)).anywhere == 0);
  const std::string training = train::count_seen(squares(0, 9), squares(10, 14), squares(9, 9)).describe();
  CHECK(mentions(training, "1 of the 1 test samples is among the training samples too"));
  CHECK(!mentions(training, "partly"));
  CHECK(mentions(train::count_seen(squares(0, 9), squares(10, 14), squares(14, 15)).describe(),
                 "among the validation samples"));
}

TEST_CASE("the note says how many groups of the test were seen") {
  const gemel::Classes known{0, 0, 1, 1, 2};
  CHECK(train::describe_seen(known, gemel::Classes{3, 4, 3}).empty());
  CHECK(mentions(train::describe_seen(known, gemel::Classes{2, 4, 2}), "1 of the 2 groups of the test file is in"));
  CHECK(mentions(train::describe_seen(known, gemel::Classes{2, 4, 2}), "are partly of groups"));
  CHECK(mentions(train::describe_seen(known, gemel::Classes{2, 1}), "2 of the 2 groups of the test file are in"));
  CHECK(mentions(train::describe_seen(known, gemel::Classes{2, 1}), "are of groups"));
}
