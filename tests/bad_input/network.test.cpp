// Bad networks, and bad input of networks.

#include <cmath>
#include <span>
#include <variant>
#include <vector>

#include "bad_input/table.hpp"
#include "bad_input/training.hpp"
#include "gemel/network/any_network.hpp"

namespace gemel::bad_input {

namespace {

using Hidden = Dense<Dynamic, Dynamic, ReLU>;

template <class... Layers>
void network(Layers... layers) {
  Rng rng{1};
  make_network<float>(rng, layers...);
}
void sequence(std::vector<AnyLayer> layers) { Sequence<AnyLayer>{std::move(layers)}; }

/// Sets parameters in the middle of a training.
auto set(const MatrixX<float>& values) {
  return in_training([values](Training& training) { training.model().set_parameters(values); });
}
VectorX<float> parameters(Index i, float value) {
  VectorX<float> values = VectorX<float>::Ones(26);
  values[i] = value;
  return values;
}

MatrixX<float> samples(Index features, Index n, float first = 1) {
  MatrixX<float> values = MatrixX<float>::Ones(features, n);
  if (values.size() > 0) values(0, 0) = first;
  return values;
}

/// Samples of three features that vary in as many directions as their number allows.
MatrixX<float> spread(Index n, float first = 1) {
  MatrixX<float> values(3, n);
  for (Index i = 0; i < values.size(); ++i) values(i) = static_cast<float>(i * i % 7);
  values(0, 0) = first;
  return values;
}
std::vector<int> two_classes() { return {0, 1, 0, 1, 0, 1}; }

void identity(double gain, Index in, Index out) {
  Rng rng{1};
  std::vector<float> weights(4);
  Identity{gain}(std::span(weights), in, out, rng);
}

}  // namespace

std::vector<Row> network_rows() {
  const Entry no_labels = {{OneClass, BadLabel}, impossible("it gets no labels")};

  return {
      {"Network, make_network",
       {{WrongShape,
         {throws<ShapeError>("it takes 5 inputs, but the layer before it gives 4; make the two sizes equal",
                             {.layer = 1},
                             [] {
                               network(Hidden{3, 4}, Hidden{5, 2});
                             }),
          throws<ShapeError>("it takes 6 inputs, but the layer before it gives 2", {.layer = 2},
                             [] {
                               network(Dense<3, 4>{}, Dense<4, Dynamic>{4, 2}, L2Normalize<>{6});
                             }),
          throws<ShapeError>("the size is 3 by its type, but 4 was given",
                             [] {
                               Dense<3, Dynamic>{4, 2};
                             })}},
        {{NaN, Infinite}, impossible("sizes are whole numbers, and weights are drawn")},
        {Empty, impossible("a Network without a layer does not compile")},
        no_labels,
        {OutOfRange,
         {throws<ShapeError>("a size must be positive, but 0 was given",
                             [] {
                               Hidden{0, 4};
                             }),
          throws<ShapeError>("a size must be positive, but -4 was given",
                             [] {
                               Hidden{3, -4};
                             }),
          throws<ShapeError>("has more parameters than any machine holds",
                             [] {
                               Hidden{Index{1} << 40, Index{1} << 40};
                             })}},
        no_file()}},

      {"Sequence, AnyNetwork",
       {{WrongShape,
         {throws<ShapeError>("it takes 5 inputs, but the layer before it gives 4", {.layer = 1},
                             [] {
                               sequence({Hidden{3, 4}, Hidden{5, 2}});
                             }),
          throws<ShapeError>("it takes 3 inputs, but the layer before it gives 6", {.layer = 1},
                             [] {
                               network(Hidden{5, 6}, Sequence<Hidden>{{Hidden{3, 2}}});
                             })}},
        {{NaN, Infinite}, impossible("sizes are whole numbers, and weights are drawn")},
        {Empty, throws<ValueError>("a Sequence needs at least one layer", [] { sequence({}); })},
        no_labels,
        {OutOfRange, throws<ShapeError>("a size must be positive", [] { sequence({L2Normalize<>{0}}); })},
        no_file()}},

      {"Dropout's rate",
       {{WrongShape, see("Network, make_network")},
        {NaN, throws<ValueError>("the rate of Dropout must be at least 0 and less than 1, but nan",
                                 [] { Dropout<4>{nan}; })},
        {Infinite, throws<ValueError>("but inf was given", [] { Dropout<4>{inf}; })},
        {Empty, impossible("the rate is one number")},
        no_labels,
        {OutOfRange,
         {throws<ValueError>("but 1 was",
                             [] {
                               Dropout<>{4, 1};
                             }),
          throws<ValueError>("but -0.1",
                             [] {
                               Dropout<>{4, -0.1};
                             })}},
        no_file()}},

      {"GaussianNoise's stddev",
       {{WrongShape, see("Network, make_network")},
        {NaN, throws<ValueError>("the stddev of GaussianNoise must be at least 0 and finite, but nan",
                                 [] { GaussianNoise<4>{nan}; })},
        {Infinite, throws<ValueError>("but inf was given", [] { GaussianNoise<4>{inf}; })},
        {Empty, impossible("stddev is one number")},
        no_labels,
        {OutOfRange, throws<ValueError>("but -0.1",
                                        [] {
                                          GaussianNoise<>{4, -0.1};
                                        })},
        no_file()}},

      {"Whitening: samples, classes and options",
       {{WrongShape,
         {throws<ShapeError>("there are 6 samples, but the classes of 5",
                             [] {
                               Whitening<>::within_class(spread(6), std::vector<int>{0, 1, 0, 1, 0});
                             }),
          throws<ShapeError>("Whitening<4> takes 4 features, but the samples have 3",
                             [] { Whitening<4>::pca(spread(6)); })}},
        {NaN,
         {throws<NonFiniteError>("a layer cannot be fitted to NaN or infinity", {.sample = 0, .feature = 0},
                                 [] { Whitening<>::pca(spread(6, nan_f)); }),
          throws<ValueError>("shrinkage must be a number from 0 to 1, but nan",
                             [] { Whitening<>::pca(spread(6), {.shrinkage = nan}); })}},
        {Infinite, throws<NonFiniteError>("a layer cannot be fitted to NaN or infinity", {.sample = 0, .feature = 0},
                                          [] { Whitening<>::within_class(spread(6, inf_f), two_classes()); })},
        {Empty,
         {throws<ShapeError>("features x n with at least one of each, but these are 3 x 0",
                             [] { Whitening<>::pca(samples(3, 0)); }),
          throws<ValueError>("every feature is the same in all 6 samples", [] { Whitening<>::pca(samples(3, 6)); })}},
        {OneClass,
         {throws<ValueError>("needs samples of at least two classes",
                             [] { Whitening<>::within_class(spread(6), std::vector<int>(6)); }),
          throws<ValueError>("each of the 6 classes has a single sample",
                             [] {
                               Whitening<>::within_class(spread(6), std::vector<int>{0, 1, 2, 3, 4, 5});
                             })}},
        {BadLabel, impossible("a class is any integer")},
        {OutOfRange,
         {throws<ValueError>("the samples vary in 3 directions, but dimensions is 4",
                             [] { Whitening<>::pca(spread(6), {.dimensions = 4}); }),
          throws<ValueError>("the 2 classes lie apart in 1 directions",
                             [] { Whitening<>::within_class(spread(6), two_classes(), {.dimensions = 2}); }),
          throws<ValueError>("more samples per class, or a shrinkage, for example 0.1",
                             [] {
                               Whitening<>::within_class(spread(4), std::vector<int>{0, 0, 1, 1});
                             })}},
        no_file()}},

      {"Whitening, Centering: mean and matrix",
       {{WrongShape,
         {throws<ShapeError>("they have 2 values and 2 x 3",
                             [] {
                               Whitening<>{VectorX<double>::Ones(2), MatrixX<double>::Ones(2, 3)};
                             }),
          throws<ShapeError>("Centering<3> takes 3 features, but 2 means were given",
                             [] {
                               Centering<3>{{1, 2}};
                             })}},
        {NaN,
         {throws<ValueError>("the matrix of Whitening must be finite",
                             [] {
                               Whitening<>{VectorX<double>::Ones(1), MatrixX<double>::Constant(1, 1, nan)};
                             }),
          throws<ValueError>("the mean of feature 1 must be finite, but is nan",
                             [] {
                               Centering<>{{1, nan}};
                             })}},
        {Infinite, throws<ValueError>("the mean of Whitening must be finite",
                                      [] {
                                        Whitening<>{VectorX<double>::Constant(1, inf), MatrixX<double>::Ones(1, 1)};
                                      })},
        {Empty,
         {throws<ShapeError>("they have 0 values and 0 x 0",
                             [] {
                               Whitening<>{VectorX<double>(0), MatrixX<double>(0, 0)};
                             }),
          throws<ShapeError>("the mean of each feature, but none was given",
                             [] { Centering<>{std::vector<double>{}}; })}},
        no_labels,
        {OutOfRange, throws<ValueError>("the largest element of the matrix of Whitening is 1e+39",
                                        [] {
                                          Whitening<>{VectorX<double>::Ones(1), MatrixX<double>::Constant(1, 1, 1e39)};
                                        })},
        no_file()}},

      {"Identity's gain",
       {{WrongShape,
         throws<ShapeError>("Identity fills a matrix of 2 x 3, but there are 4 weights", [] { identity(1, 3, 2); })},
        {NaN,
         throws<ValueError>("the gain of Identity must be finite and not 0, but is nan", [] { identity(nan, 2, 2); })},
        {Infinite, throws<ValueError>("but is inf", [] { identity(inf, 2, 2); })},
        {Empty, impossible("the gain is one number")},
        no_labels,
        {OutOfRange, throws<ValueError>("but is 0", [] { identity(0, 2, 2); })},
        no_file()}},

      {"LeakyReLU's slope",
       {{WrongShape, impossible("the slope is one number")},
        {NaN, throws<ValueError>("LeakyReLU's negative_slope must be finite and at least 0, but nan",
                                 [] { return LeakyReLU{nan}; })},
        {Infinite, throws<ValueError>("but inf", [] { return LeakyReLU{inf}; })},
        {Empty, impossible("the slope is one number")},
        no_labels,
        {OutOfRange, throws<ValueError>("but -0.3", [] { return LeakyReLU{-0.3}; })},
        no_file()}},

      {"set_parameters",
       {{WrongShape,
         {throws<ShapeError>("the network has 26 parameters in one column, but 25 x 1 values were given",
                             set(samples(25, 1))),
          throws<ShapeError>("but 1 x 26 values", set(samples(1, 26))),
          throws<ShapeError>("but 13 x 2 values", set(samples(13, 2)))}},
        {NaN,
         {throws<NonFiniteError>("parameters must be finite, but value 3 is NaN or infinite", {.layer = 0},
                                 set(parameters(3, nan_f))),
          throws<NonFiniteError>("value 25 is NaN", {.layer = 1}, set(parameters(25, nan_f)))}},
        {Infinite, throws<NonFiniteError>("value 16 is NaN or infinite", {.layer = 1}, set(parameters(16, -inf_f)))},
        {Empty, throws<ShapeError>("but 0 x 1 values", set(samples(0, 1)))},
        no_labels,
        {OutOfRange, impossible("a parameter is any finite number")},
        no_file()}},

      {"Siamese: embed",
       {{WrongShape,
         {throws<ShapeError>("the network takes 3 features, but the samples have 4 (rows are features",
                             [] { a_model().embed(samples(4, 3)); }),
          throws<ShapeError>("the embeddings are 2 x 5, but there is room for 2 x 4",
                             [] {
                               MatrixX<float> x = samples(3, 5), y = samples(2, 4);
                               Workspace<float> workspace;
                               a_model().embed(Columns<float>(x.data(), 3, 5), Columns<float>(y.data(), 2, 4),
                                               workspace);
                             })}},
        {NaN, fine("NaN propagates to the sample's embedding, and to no other column",
                   [] {
                     const MatrixX<float> y = a_model().embed(samples(3, 2, nan_f));
                     return std::isnan(y(0, 0)) && std::isnan(y(1, 0)) && y.col(1).allFinite();
                   })},
        {Infinite, see("Verifier: samples")},
        {Empty,
         {fine("no samples have no embeddings", [] { return a_model().embed(samples(3, 0)).size() == 0; }),
          throws<ShapeError>("but the samples have 0", [] { a_model().embed(samples(0, 5)); })}},
        no_labels,
        {OutOfRange, impossible("it takes no number")},
        no_file()}},

      {"Siamese: distance",
       {{WrongShape,
         {throws<ShapeError>("but the samples have 4", [] { a_model().distance(samples(4, 2), samples(3, 2)); }),
          throws<ShapeError>("but the samples have 2", [] { a_model().distance(samples(3, 2), samples(2, 3)); }),
          throws<ShapeError>("there are 2 and 3 columns", [] { a_model().distance(samples(3, 2), samples(3, 3)); }),
          throws<ShapeError>("2 and 2 columns, and room for 1",
                             [] {
                               Workspace<float> workspace;
                               VectorX<float> d(1);
                               a_model().distance(samples(3, 2), samples(3, 2), workspace, d);
                             })}},
        {NaN, fine("a NaN gives the distance NaN, which no threshold accepts",
                   [] { return std::isnan(a_model().distance(samples(3, 1, nan_f), samples(3, 1))[0]); })},
        {Infinite, see("Verifier: samples")},
        {Empty, fine("no pairs have no distances",
                     [] { return a_model().distance(samples(3, 0), samples(3, 0)).size() == 0; })},
        no_labels,
        {OutOfRange, impossible("it takes no number")},
        no_file()}},
  };
}

}  // namespace gemel::bad_input
