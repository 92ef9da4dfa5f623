// Bad samples, labels, classes and pairs in memory.

#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "bad_input/table.hpp"
#include "gemel/core/columns.hpp"
#include "gemel/core/labels.hpp"
#include "gemel/core/random.hpp"
#include "gemel/data/all_pairs.hpp"
#include "gemel/data/augmented.hpp"
#include "gemel/data/class_batches.hpp"
#include "gemel/data/classes.hpp"
#include "gemel/data/composed_batches.hpp"
#include "gemel/data/consecutive_pairs.hpp"
#include "gemel/data/group_split.hpp"
#include "gemel/data/image_warp.hpp"
#include "gemel/data/neighbours.hpp"
#include "gemel/data/pair_sampler.hpp"
#include "gemel/data/pairs.hpp"
#include "gemel/data/samples.hpp"
#include "gemel/data/split.hpp"

namespace gemel::bad_input {

namespace {

MatrixX<float> ones(Index features, Index n) { return MatrixX<float>::Ones(features, n); }

const Classes nobody{std::vector<int>{}};
const Classes three_pairs{4, 4, 5, 5, 6, 6};
const Classes all_four{4, 4, 4, 4, 4, 4};
const Classes one_alone{4, 4, 4, 5, 5, 6};
const std::vector<PairIndex> two_pairs{{0, 1}, {1, 2}};

PairSampler<float> sampler(PairSamplerOptions options = {}) { return {ones(3, 6), three_pairs, options}; }
Pairs<float> weighted(const std::vector<float>& weights) { return {ones(3, 2), ones(3, 2), {1, 0}, weights}; }
Pairs<float> consecutive(const Classes& classes) {
  Rng rng{1};
  return consecutive_pairs(Samples<float>{ones(3, 6)}, classes, rng);
}

ClassBatches<float> class_batches(ClassBatchesOptions options = {.classes = 2}, const Classes& classes = three_pairs) {
  return {ones(3, 6), classes, std::move(options)};
}
Neighbours six_neighbours() { return Neighbours{Neighbours::Table{{2, 2, 0, 0, 0, 0}}}; }
/// Restores class batches with neighbours from their own state after a change.
void restored(const std::function<void(std::vector<double>&)>& change) {
  ClassBatches<float> source = class_batches({.classes = 2, .neighbours = six_neighbours()});
  std::vector<double> saved = source.save();
  change(saved);
  source.restore(saved);
}
/// Starts an epoch of a single batch.
void composed(const Batch<float>& batch) {
  ComposedBatches source{ones(3, 6), [batch](Rng&, Index, Batch<float>& out) { out = batch; }, {.batches = 1}};
  source.start_epoch(1, 0, 32, true);
}
void nearest(const MatrixX<float>& embeddings, const Classes& classes, Index k) {
  nearest_of_other_classes(embeddings, classes, k);
}

Split split_n(Index n, double fraction) {
  Rng rng{1};
  return split_samples(n, fraction, rng);
}
Split stratified(const Classes& classes, double fraction) {
  Rng rng{1};
  return split_samples(classes, fraction, rng);
}
Split by_class(const Classes& classes, double fraction) {
  Rng rng{1};
  return split_classes(classes, fraction, rng);
}
SplitParts parts_of_n(Index n, const std::vector<double>& fractions) {
  Rng rng{1};
  return split_samples(n, fractions, rng);
}
SplitParts stratified_parts(const Classes& classes, const std::vector<double>& fractions) {
  Rng rng{1};
  return split_samples(classes, fractions, rng);
}
Split by_group(const Classes& groups, const Classes& classes, double fraction) {
  Rng rng{1};
  return split_groups({.groups = groups, .classes = classes}, fraction, rng);
}

}  // namespace

std::vector<Row> data_rows() {
  const Entry any_integer = {{NaN, Infinite}, impossible("a Classes takes whole numbers only; others do not compile")};
  const Entry any_class = {BadLabel, impossible("a class is any whole number below 2^63")};
  const std::string fraction = "but it must be in (0, 1)";

  return {
      {"Labels",
       {{WrongShape, see("Pairs of two matrices")},
        {NaN, throws<ValueError>("the label is nan, but a label must be 0 or 1", {.pair = 1},
                                 [] {
                                   Labels{std::vector<double>{1, nan}};
                                 })},
        {Infinite, throws<ValueError>("the label is inf", {.pair = 0},
                                      [] {
                                        Labels{std::vector<double>{inf, 0}};
                                      })},
        {Empty,
         fine("there may be none: Pairs asks for one a pair", [] { return Labels{std::vector<int>{}}.size() == 0; })},
        {OneClass, fine("it is Roc that needs both",
                        [] {
                          return Labels{1, 1}.size() == 2;
                        })},
        {BadLabel,
         {throws<ValueError>("the label is 2, but a label must be 0 or 1", {.pair = 2},
                             [] {
                               Labels{0, 1, 2};
                             }),
          throws<ValueError>("the label is -1", {.pair = 0},
                             [] {
                               Labels{VectorX<int>{{-1, 1}}};
                             }),
          throws<ValueError>("the label is 0.5", {.pair = 1},
                             [] {
                               Labels{0.0, 0.5};
                             }),
          throws<ValueError>("the label is 7", {.pair = 1},
                             [] {
                               Labels{std::vector<std::uint8_t>{0, 7}, OneIsDissimilar};
                             })}},
        {OutOfRange, impossible("beyond 0 and 1 there is no range")},
        no_file()}},

      {"Samples",
       {{WrongShape,
         {throws<ShapeError>("does not lie side by side: use columns()",
                             [] {
                               Samples<float>{ones(3, 5)}.select(std::vector<Index>{4, 1}).matrix();
                             }),
          throws<ShapeError>("but these are -3 x 5",
                             [] {
                               const float value = 1;
                               Samples<float>::from_row_major(&value, 5, -3);
                             })}},
        {NaN, see("fit: pairs")},
        {Infinite, see("fit: pairs")},
        {Empty,
         {throws<ShapeError>("at least one of each, but these are 3 x 0", [] { Samples<float>{ones(3, 0)}; }),
          throws<ShapeError>("but these are 0 x 5", [] { Samples<float>{ones(0, 5)}; }),
          throws<ShapeError>("but these are 3 x 0", [] { Samples<float>::view(nullptr, 3, 0); }),
          throws<ValueError>("the samples' address is null", [] { Samples<float>::view(nullptr, 3, 4); }),
          throws<ShapeError>("but these are 3 x 0", [] { Samples<float>{ones(3, 5)}.select(std::vector<Index>{}); })}},
        {{OneClass, BadLabel}, impossible("they have no classes")},
        {OutOfRange,
         {throws<ValueError>("sample 5 was selected, but there are 5",
                             [] {
                               Samples<float>{ones(3, 5)}.select(std::vector<Index>{0, 5});
                             }),
          throws<ValueError>("sample -1 was selected",
                             [] { Samples<float>{ones(3, 5)}.select(std::vector<Index>{-1}); })}},
        no_file()}},

      {"Classes",
       {{WrongShape, see("PairSampler")},
        any_integer,
        {Empty, see("PairSampler")},
        {OneClass, see("PairSampler")},
        any_class,
        {OutOfRange,
         {throws<ValueError>("sample 6 was selected, but there are 6",
                             [] { three_pairs.select(std::vector<Index>{6}); }),
          throws<ValueError>("sample 1 is of class 18446744073709551615, but a class is a number below 2^63",
                             [] {
                               Classes{std::uint64_t{0}, std::numeric_limits<std::uint64_t>::max()};
                             })}},
        no_file()}},

      {"Pairs of two matrices",
       {{WrongShape,
         {throws<ShapeError>("same number of features, but A has 3 and B has 4",
                             [] {
                               Pairs<float>{ones(3, 2), ones(4, 2), {1, 0}};
                             }),
          throws<ShapeError>("same number of samples, but A has 2 and B has 3",
                             [] {
                               Pairs<float>{ones(3, 2), ones(3, 3), {1, 0}};
                             }),
          throws<ShapeError>("there are 2 pairs, but 3 labels",
                             [] {
                               Pairs<float>{ones(3, 2), ones(3, 2), {1, 0, 1}};
                             })}},
        {NaN, see("fit: pairs")},
        {Infinite, see("fit: pairs")},
        {Empty,
         {throws<ShapeError>("but these are 3 x 0",
                             [] {
                               Pairs<float>{ones(3, 0), ones(3, 0), Labels{}};
                             }),
          throws<ShapeError>("there are 2 pairs, but 0 labels",
                             [] {
                               Pairs<float>{ones(3, 2), ones(3, 2), Labels{}};
                             })}},
        {OneClass, see("evaluate")},
        {BadLabel, throws<ValueError>("the label is 3", {.pair = 1},
                                      [] {
                                        Pairs<float>{ones(3, 2), ones(3, 2), {0, 3}};
                                      })},
        {OutOfRange,
         {throws<ValueError>("a slice of 2 pairs from pair 1 on was asked for, but there are 2",
                             [] { weighted({}).slice(1, 2); }),
          throws<ValueError>("a slice is at least one", [] { weighted({}).slice(0, 0); }),
          throws<ValueError>("a slice of", [] { weighted({}).slice(1, std::numeric_limits<Index>::max()); }),
          throws<ValueError>("batch_size is 0", [] { weighted({}).start_epoch(1, 0, 0, true); }),
          throws<ValueError>("batch 1 was asked for, but the epoch has 1",
                             [] {
                               Batch<float> batch;
                               weighted({}).batch(1, batch);
                             }),
          fine("a batch may have room for any number",
               [] {
                 Pairs<float> pairs = weighted({});
                 pairs.start_epoch(1, 0, std::numeric_limits<Index>::max(), false);
                 return pairs.batches() == 1;
               })}},
        no_file()}},

      {"Pairs by index",
       {{WrongShape, throws<ShapeError>("there are 2 pairs, but 1 labels",
                                        [] {
                                          Pairs<float>{ones(3, 5), two_pairs, {1}};
                                        })},
        {NaN, see("fit: pairs")},
        {Infinite, see("fit: pairs")},
        {Empty, throws<ShapeError>("there are no pairs: at least one is needed",
                                   [] {
                                     Pairs<float>{ones(3, 5), std::vector<PairIndex>{}, Labels{}};
                                   })},
        {OneClass, see("evaluate")},
        {BadLabel, throws<ValueError>("the label is 2", {.pair = 0},
                                      [] {
                                        Pairs<float>{ones(3, 5), two_pairs, {2, 0}};
                                      })},
        {OutOfRange,
         {throws<ValueError>("it refers to sample 2, but the samples are 0 to 1", {.pair = 1},
                             [] {
                               Pairs<float>{ones(3, 2), two_pairs, {1, 0}};
                             }),
          throws<ValueError>("it refers to sample -1", {.pair = 0},
                             [] {
                               Pairs<float>{ones(3, 2), std::vector<PairIndex>{{0, -1}}, {1}};
                             })}},
        no_file()}},

      {"Pairs: weights",
       {{WrongShape, throws<ShapeError>("there are 2 pairs, but 3 weights",
                                        [] {
                                          weighted({1, 1, 1});
                                        })},
        {NaN, throws<ValueError>("the weight is nan, but a weight must be finite and >= 0", {.pair = 1},
                                 [] {
                                   weighted({1, nan_f});
                                 })},
        {Infinite, throws<ValueError>("the weight is inf", {.pair = 0},
                                      [] {
                                        weighted({inf_f, 1});
                                      })},
        {Empty, fine("without weights all pairs weigh 1", [] { return weighted({}).size() == 2; })},
        {{OneClass, BadLabel}, impossible("a weight is no label")},
        {OutOfRange, throws<ValueError>("the weight is -1", {.pair = 1},
                                        [] {
                                          weighted({1, -1});
                                        })},
        no_file()}},

      {"PairSampler",
       {{WrongShape, throws<ShapeError>("there are 5 samples, but 6 class labels",
                                        [] {
                                          PairSampler<float>{ones(3, 5), three_pairs};
                                        })},
        {NaN,
         throws<ValueError>("similar_share is nan, but it must be in [0, 1]", [] { sampler({.similar_share = nan}); })},
        {Infinite, throws<ValueError>("similar_share is inf", [] { sampler({.similar_share = inf}); })},
        {Empty,
         {throws<ShapeError>("there are 6 samples, but 0 class labels",
                             [] {
                               PairSampler<float>{ones(3, 6), nobody};
                             }),
          throws<ValueError>("no pairs are drawn yet: call start_epoch",
                             [] {
                               Batch<float> batch;
                               sampler().batch(0, batch);
                             })}},
        {OneClass, throws<ValueError>("all samples are of class 4: dissimilar pairs need at least two classes",
                                      [] {
                                        PairSampler<float>{ones(3, 6), all_four};
                                      })},
        any_class,
        {OutOfRange,
         {throws<ValueError>("similar_share is -0.1", [] { sampler({.similar_share = -0.1}); }),
          throws<ValueError>("similar_share is 1.5", [] { sampler({.similar_share = 1.5}); }),
          throws<ValueError>("pairs_per_sample is 0, but it must be at least 1",
                             [] { sampler({.pairs_per_sample = 0}); }),
          throws<ValueError>("but 6 samples can have 357913941 at most",
                             [] { sampler({.pairs_per_sample = std::numeric_limits<Index>::max()}); }),
          throws<ValueError>("no class has two samples, so there are no similar pairs: give more samples",
                             [] {
                               PairSampler<float>{ones(3, 3), Classes{1, 2, 3}};
                             })}},
        no_file()}},

      {"ImageWarp",
       {{WrongShape,
         {throws<ShapeError>("the samples have 3 features, but the augmentation is for 6",
                             [] {
                               Augmented{sampler(), ImageWarp{{.width = 3, .height = 2}}};
                             }),
          throws<ShapeError>("was given a sample of 3",
                             [] {
                               const auto sample = ones(3, 1);
                               VectorX<float> out(6);
                               Rng rng{1};
                               ImageWarp{{.width = 3, .height = 2}}(rng, ConstColumn<float>(sample.data(), 3),
                                                                    Column<float>(out.data(), 6));
                             })}},
        {NaN, throws<ValueError>("the rotation of an ImageWarp must be 0 to 3.1416, but is nan",
                                 [] { ImageWarp{{.width = 3, .height = 2, .rotation = nan}}; })},
        {Infinite, throws<ValueError>("the shift of an ImageWarp must be 0 to 2048, but is inf",
                                      [] { ImageWarp{{.width = 3, .height = 2, .shift = inf}}; })},
        {Empty, throws<ValueError>("the width of an ImageWarp must be 1 to 2048, but is 0", [] { ImageWarp{{}}; })},
        {{OneClass, BadLabel}, impossible("it sees one sample, without its class")},
        {OutOfRange,
         {throws<ValueError>("the scale of an ImageWarp must be 0 to 0.99, but is 12",
                             [] { ImageWarp{{.width = 3, .height = 2, .scale = 12}}; }),
          throws<ValueError>("the elastic_grid of an ImageWarp must be 2 to 16, but is 1",
                             [] { ImageWarp{{.width = 3, .height = 2, .elastic_grid = 1}}; })}},
        no_file()}},

      {"ClassBatches",
       {{WrongShape,
         {throws<ShapeError>("there are 5 samples, but 6 class labels",
                             [] {
                               ClassBatches<float>{ones(3, 5), three_pairs, {.classes = 2}};
                             }),
          throws<ShapeError>(
              "there are 6 samples, but a table of neighbours of 4",
              [] { class_batches({.classes = 2, .neighbours = Neighbours{Neighbours::Table::Zero(1, 4)}}); })}},
        any_integer,
        {Empty,
         {throws<ShapeError>("there are 6 samples, but 0 class labels", [] { class_batches({}, nobody); }),
          throws<ValueError>("no epoch has begun: call start_epoch first",
                             [] {
                               Batch<float> batch;
                               class_batches().batch(0, batch);
                             }),
          throws<ValueError>("no pair of its 4 samples counts", {.batch = 0},
                             [] {
                               ClassBatches<float> source = class_batches(
                                   {.classes = 2, .relation = [](Index, Index) { return Relation::Skip; }});
                               source.start_epoch(1, 0, 32, true);
                               Batch<float> batch;
                               source.batch(0, batch);
                             })}},
        {OneClass,
         {throws<ValueError>("all samples are of class 4: dissimilar pairs need at least two classes",
                             [] { class_batches({.classes = 1}, all_four); }),
          throws<ValueError>("classes is 1, but dissimilar pairs need", [] { class_batches({.classes = 1}); })}},
        any_class,
        {OutOfRange,
         {throws<ValueError>("classes is 10, but there are 3", [] { class_batches({}); }),
          throws<ValueError>("classes is 0, but it must be at least 1", [] { class_batches({.classes = 0}); }),
          throws<ValueError>("samples is -3, but it must be at least 1",
                             [] { class_batches({.classes = 2, .samples = -3}); }),
          throws<ValueError>("samples is 1, but similar pairs need",
                             [] { class_batches({.classes = 2, .samples = 1}); }),
          throws<ValueError>("batches is -1, but it must be at least 0",
                             [] { class_batches({.classes = 2, .batches = -1}); }),
          throws<ValueError>("an epoch has less than 2^31 samples",
                             [] { class_batches({.classes = 2, .batches = std::numeric_limits<Index>::max()}); }),
          throws<ValueError>("no class has two samples",
                             [] {
                               class_batches({.classes = 2}, {1, 2, 3, 4, 5, 6});
                             })}},
        no_file()}},

      {"ClassBatches: saved state",
       {{WrongShape, throws<FormatError>("is not a table of neighbours of 6 samples",
                                         [] { restored([](auto& saved) { saved.push_back(1); }); })},
        {NaN, throws<FormatError>("is not a table of neighbours", [] { restored([](auto& s) { s[4] = nan; }); })},
        {Infinite, throws<FormatError>("is not a table of neighbours", [] { restored([](auto& s) { s[1] = inf; }); })},
        {Empty, throws<ValueError>("had no table of neighbours, but now there is one",
                                   [] { restored([](auto& saved) { saved.clear(); }); })},
        {{OneClass, BadLabel}, impossible("it has no classes")},
        {OutOfRange,
         {throws<FormatError>("is not a table of neighbours", [] { restored([](auto& s) { s[4] = 6; }); }),
          throws<FormatError>("is not a table of neighbours", [] { restored([](auto& s) { s[4] = -1; }); }),
          throws<FormatError>("is not a table of neighbours", [] { restored([](auto& s) { s[4] = 0.5; }); }),
          throws<ValueError>("an epoch had 9 batches, but with this pair source it has 1",
                             [] { restored([](auto& s) { s[0] = 9; }); }),
          throws<ValueError>("had a table of neighbours, but now there is none",
                             [] {
                               class_batches().restore(std::vector<double>{1, 1, 0, 0, 0, 0, 0, 0});
                             })}},
        {Truncated,
         throws<FormatError>("is not a table of neighbours", [] { restored([](auto& saved) { saved.pop_back(); }); })},
        {Swapped,
         throws<FormatError>("is not a table of neighbours", [] { restored([](auto& saved) {
                                                                    saved = {3, 4};
                                                                  }); })},
        {{Missing, Unreadable, FullDisk}, see("Checkpoint")}}},

      {"Neighbours",
       {{WrongShape, throws<ShapeError>("the table has neighbours of 4 samples, but there are 6",
                                        [] { six_neighbours().refresh(Neighbours::Table::Zero(1, 4)); })},
        {{NaN, Infinite}, impossible("a table has whole numbers")},
        {Empty,
         {throws<ShapeError>("but this is 0 x 6", [] { Neighbours{Neighbours::Table(0, 6)}; }),
          throws<ValueError>("these Neighbours have no table to refresh",
                             [] { Neighbours{}.refresh(Neighbours::Table::Zero(1, 6)); })}},
        {{OneClass, BadLabel}, impossible("they have no classes")},
        {OutOfRange,
         {throws<ValueError>("its neighbour is sample 6, but the samples are 0 to 5", {.sample = 0},
                             [] { six_neighbours().refresh(Neighbours::Table::Constant(1, 6, 6)); }),
          throws<ValueError>("its neighbour is sample -1", {.sample = 1},
                             [] {
                               Neighbours{Neighbours::Table{{0, -1}}};
                             })}},
        no_file()}},

      {"nearest_of_other_classes",
       {{WrongShape, throws<ShapeError>("there are 5 embeddings (out x n: one per column), but 6 class labels",
                                        [] { nearest(ones(3, 5), three_pairs, 1); })},
        {NaN, throws<NonFiniteError>("fewer than 1 samples are at a finite distance", {.sample = 0},
                                     [] { nearest(nan_f * ones(3, 6), three_pairs, 1); })},
        {Infinite, throws<NonFiniteError>("the embeddings hold NaN, infinity, or values whose squares overflow",
                                          {.sample = 0}, [] { nearest(inf_f * ones(3, 6), three_pairs, 1); })},
        {Empty, throws<ShapeError>("there are 0 embeddings", [] { nearest(ones(3, 0), three_pairs, 1); })},
        {OneClass,
         throws<ValueError>("k is 1, but only 0 samples are not of class 4", [] { nearest(ones(3, 6), all_four, 1); })},
        any_class,
        {OutOfRange,
         {throws<ValueError>("k is 0, but each sample needs", [] { nearest(ones(3, 6), three_pairs, 0); }),
          throws<ValueError>("k is 5, but only 4 samples are not of class 4",
                             [] { nearest(ones(3, 6), three_pairs, 5); })}},
        no_file()}},

      {"ComposedBatches",
       {{WrongShape, throws<ShapeError>("the source gave 1 pairs, but 0 labels", {.epoch = 0, .batch = 0},
                                        [] {
                                          composed({.samples = {0, 1}, .pairs = {{0, 1}}});
                                        })},
        {NaN, throws<ValueError>("a weight of nan", {.epoch = 0, .batch = 0, .pair = 0},
                                 [] {
                                   composed({.samples = {0, 1}, .pairs = {{0, 1}}, .similar = {1}, .weight = {nan_f}});
                                 })},
        {Infinite,
         throws<ValueError>("a weight of inf", {.epoch = 0, .batch = 0, .pair = 0},
                            [] {
                              composed({.samples = {0, 1}, .pairs = {{0, 1}}, .similar = {1}, .weight = {inf_f}});
                            })},
        {Empty,
         {throws<ValueError>("the source gave a batch without a pair", {.epoch = 0, .batch = 0}, [] { composed({}); }),
          throws<ValueError>("batches is 0, but an epoch must have at least 1",
                             [] {
                               ComposedBatches{ones(3, 6), [](Rng&, Index, Batch<float>&) {}, {}};
                             })}},
        {OneClass, fine("the plan decides",
                        [] {
                          composed({.samples = {0, 1}, .pairs = {{0, 1}}, .similar = {1}});
                          return true;
                        })},
        {BadLabel, throws<ValueError>("labelled 2", {.epoch = 0, .batch = 0, .pair = 0},
                                      [] {
                                        composed({.samples = {0, 1}, .pairs = {{0, 1}}, .similar = {2}});
                                      })},
        {OutOfRange, throws<ValueError>("the plan gave sample 6, but the samples are 0 to 5", {.epoch = 0, .batch = 0},
                                        [] {
                                          composed({.samples = {0, 6}, .pairs = {{0, 1}}, .similar = {1}});
                                        })},
        no_file()}},

      {"consecutive_pairs",
       {{WrongShape, throws<ShapeError>("there are 6 samples, but 2 class labels",
                                        [] {
                                          consecutive(Classes{1, 2});
                                        })},
        any_integer,
        {Empty, throws<ShapeError>("there are 6 samples, but 0 class labels", [] { consecutive(nobody); })},
        {OneClass, throws<ValueError>("all samples are of class 4", [] { consecutive(all_four); })},
        any_class,
        {OutOfRange, throws<ValueError>("class 6 has one sample, but consecutive pairs need two of every class",
                                        [] { consecutive(one_alone); })},
        no_file()}},

      {"all_pairs",
       {{WrongShape, throws<ShapeError>("there are 5 samples, but 6 class labels",
                                        [] { all_pairs(Samples<float>{ones(3, 5)}, three_pairs); })},
        any_integer,
        {Empty,
         {throws<ShapeError>("there are no pairs: at least one is needed",
                             [] { all_pairs(Samples<float>{ones(3, 1)}, Classes{1}); }),
          throws<ShapeError>("but 0 class labels", [] { all_pairs(Samples<float>{ones(3, 5)}, nobody); })}},
        {OneClass, see("evaluate")},
        any_class,
        {OutOfRange, throws<ValueError>("all pairs of 70000 samples are too many: draw some of them",
                                        [] { all_pairs(Samples<float>{ones(1, 70000)}, std::vector<int>(70000)); })},
        no_file()}},

      {"split_samples",
       {{WrongShape, impossible("it sees one list")},
        {NaN,
         {throws<ValueError>("the fraction held out is nan, " + fraction, [] { split_n(6, nan); }),
          throws<ValueError>("the fraction held out is nan, " + fraction, [] { stratified(three_pairs, nan); })}},
        {Infinite, throws<ValueError>("the fraction held out is inf", [] { split_n(6, inf); })},
        {Empty,
         {throws<ValueError>("at least two samples, but there are 0", [] { split_n(0, 0.5); }),
          throws<ValueError>("at least two samples, but there are 0", [] { stratified(nobody, 0.5); })}},
        {OneClass, fine("one class is split too", [] { return stratified(all_four, 0.5).test.size() == 3; })},
        any_class,
        {OutOfRange,
         {throws<ValueError>("the fraction held out is 0, but", [] { split_n(6, 0); }),
          throws<ValueError>("the fraction held out is 1, but", [] { split_n(6, 1); }),
          throws<ValueError>("the fraction held out is -0.5", [] { stratified(three_pairs, -0.5); }),
          throws<ValueError>("but there are 1", [] { split_n(1, 0.5); }),
          throws<ValueError>("but there are -6", [] { split_n(-6, 0.5); })}},
        no_file()}},

      {"splits into parts",
       {{WrongShape, throws<ValueError>("two fractions or more, but there are 1", [] { parts_of_n(6, {0.5}); })},
        {NaN, throws<ValueError>("the fraction of part 1 is nan, " + fraction,
                                 [] {
                                   parts_of_n(6, {0.5, nan});
                                 })},
        {Infinite, throws<ValueError>("the fraction of part 0 is inf",
                                      [] {
                                        parts_of_n(6, {inf, 0.5});
                                      })},
        {Empty,
         {throws<ValueError>("two fractions or more, but there are 0", [] { parts_of_n(6, {}); }),
          throws<ValueError>("at least as many samples, but there are 0",
                             [] {
                               parts_of_n(0, {0.5, 0.5});
                             })}},
        {OneClass, throws<ValueError>("part 2, of fraction 0.2, would be without a sample",
                                      [] {
                                        stratified_parts({7, 7, 7, 7}, {0.6, 0.2, 0.2});
                                      })},
        any_class,
        {OutOfRange,
         {throws<ValueError>("they add up to 0.9",
                             [] {
                               parts_of_n(6, {0.5, 0.4});
                             }),
          throws<ValueError>("the fraction of part 1 is -0.5",
                             [] {
                               parts_of_n(6, {0.9, -0.5, 0.6});
                             }),
          throws<ValueError>("but there are -6",
                             [] {
                               parts_of_n(-6, {0.5, 0.5});
                             })}},
        no_file()}},

      {"split_groups",
       {{WrongShape, throws<ShapeError>("the groups are of 6 samples, and the classes of 5",
                                        [] {
                                          by_group(three_pairs, {1, 1, 2, 2, 2}, 0.5);
                                        })},
        {NaN, throws<ValueError>("the fraction held out is nan", [] { by_group(three_pairs, all_four, nan); })},
        {Infinite, throws<ValueError>("the fraction held out is inf", [] { by_group(three_pairs, all_four, inf); })},
        {Empty, throws<ValueError>("at least two groups, but there are 0", [] { by_group(nobody, nobody, 0.5); })},
        {OneClass,
         {fine("one class is split too", [] { return by_group(three_pairs, all_four, 0.3).test.size() == 2; }),
          throws<ValueError>("at least two groups, but there are 1", [] { by_group(all_four, three_pairs, 0.5); })}},
        any_class,
        {OutOfRange, throws<ValueError>("the fraction held out is 2, but", [] { by_group(three_pairs, all_four, 2); })},
        no_file()}},

      {"split_classes",
       {{WrongShape, impossible("it sees one list")},
        {NaN, throws<ValueError>("the fraction held out is nan", [] { by_class(three_pairs, nan); })},
        {Infinite, throws<ValueError>("the fraction held out is inf", [] { by_class(three_pairs, inf); })},
        {Empty, throws<ValueError>("at least two classes, but there are 0", [] { by_class(nobody, 0.5); })},
        {OneClass, throws<ValueError>("at least two classes, but there are 1", [] { by_class(all_four, 0.5); })},
        any_class,
        {OutOfRange, throws<ValueError>("the fraction held out is 2, but", [] { by_class(three_pairs, 2); })},
        no_file()}},
  };
}

}  // namespace gemel::bad_input
