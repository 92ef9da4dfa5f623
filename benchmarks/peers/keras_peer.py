"""Keras on TensorFlow: the training function of `fit`, compiled by XLA, with a whole epoch in one execution."""

import keras
import tensorflow as tf
from keras import ops

from peer import CHECKED, EPSILON, MARGIN, RATE, RHO, Work, serve


class PairDistance(keras.layers.Layer):
    """The distances of embeddings that are stored pair by pair."""

    def call(self, embeddings):
        pairs = ops.reshape(embeddings, (-1, 2, embeddings.shape[-1]))
        return ops.sqrt(ops.sum(ops.square(pairs[:, 0] - pairs[:, 1]), axis=-1))


def contrastive_loss(similar, d):
    return ops.mean(similar * ops.square(d) + (1 - similar) * ops.square(ops.maximum(MARGIN - d, 0)))


def siamese(layers):
    features = len(layers[0][0])
    x = pairs = keras.Input((2, features))
    x = ops.reshape(x, (-1, features))
    for _, b in layers:
        x = keras.layers.Dense(len(b), activation="relu")(x)
    model = keras.Model(pairs, PairDistance()(x))
    model.set_weights([values for layer in layers for values in layer])
    return model


class Training(Work):
    def __init__(self, layers, x, similar):
        self.model = siamese(layers)
        optimizer = keras.optimizers.RMSprop(RATE, rho=RHO, epsilon=EPSILON)
        self.model.compile(optimizer, contrastive_loss, jit_compile=True, steps_per_execution=len(x))
        optimizer.build(self.model.trainable_variables)
        self.variables = self.model.weights + optimizer.variables
        self.initial = [ops.copy(variable) for variable in self.variables]
        self.model.make_train_function()
        self.data = tf.data.Dataset.from_tensor_slices((x, similar))
        self.epochs = iter(self.data.repeat())

    def start(self):
        for variable, initial in zip(self.variables, self.initial):
            variable.assign(initial)

    def value(self):
        return self.train(iter(self.data.take(CHECKED)))

    def run(self):
        return self.train(self.epochs)

    def train(self, batches):
        """The loss of the next execution of `fit`'s training function, without the overhead of `fit` itself."""
        self.model.reset_metrics()
        return self.model.train_function(batches)["loss"]


class Distances(Work):
    def __init__(self, layers, x, similar):
        function = tf.function(siamese(layers), jit_compile=True)
        self.distance = function.get_concrete_function(tf.TensorSpec(x.shape[1:]))
        self.pairs = [tf.constant(pair) for pair in x]

    def run(self):
        return [self.distance(pair).numpy() for pair in self.pairs]


serve({"train": Training, "distance": Distances})
