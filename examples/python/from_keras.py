"""Writes the layers of a Keras 3 model, a chain from one input to one output, as a Gemel file.

    python3 from_keras.py model.keras model.gemel --distance euclidean --threshold 0.7

In Python: from_keras.save(model, "model.gemel", distance="Euclidean", threshold=0.7)
"""

import math

import keras
import numpy as np
from keras import activations
from keras import layers as kl

import gemel_file
from gemel_file import Refused


def save(model, path, **options):
    """Writes a Keras model; the options are those of gemel_file.write."""
    layers = []
    convert_model(model, layers)
    gemel_file.write(path, layers, **options)


def convert_model(model, layers):
    """Appends the model's layers, and returns the shape of its output."""
    if not model.built:
        raise Refused(f"the model '{model.name}' is not built: call it once, or give it an input layer")
    if type(model).__name__ == "Functional":
        check_chain(model)
    elif type(model) is not keras.Sequential:
        raise Refused(f"the model '{model.name}' is a {type(model).__name__}, but only Sequential and functional "
                      "models tell what they compute")
    shape = tuple(model.input_shape)
    for layer in model.layers:
        shape = convert_layer(layer, f"the layer '{layer.name}' ({type(layer).__name__})", shape, layers)
    return shape


def check_chain(model):
    """Refuses a functional model unless each of its operations takes the result of the one before it."""
    for operation in model.operations:
        if not isinstance(operation, kl.Layer):  # a function of keras.ops, which model.layers leaves out
            raise Refused(f"the operation '{operation.name}' ({type(operation).__name__}) of the model '{model.name}' "
                          "is no layer, and only layers are converted")
    config = model.get_config()
    previous = None
    for layer in config["layers"]:
        nodes = layer["inbound_nodes"]
        if previous is None:
            fits = layer["class_name"] == "InputLayer" and len(model.inputs) == 1
        else:
            fits = len(nodes) == 1 and len(nodes[0]["args"]) == 1 and isinstance(nodes[0]["args"][0], dict)
            fits = fits and nodes[0]["args"][0].get("config", {}).get("keras_history") == [previous, 0, 0]
            fits = fits and all(value is None for value in nodes[0]["kwargs"].values())
        if not fits:
            raise Refused(f"the model '{model.name}' is not a chain at its layer '{layer['name']}' "
                          f"({layer['class_name']}): convert the network that embeds one sample, with one input and "
                          "one output, whose layers are called without arguments")
        previous = layer["name"]
    if config["output_layers"] not in ([previous, 0, 0], [[previous, 0, 0]]):
        raise Refused(f"the output of the model '{model.name}' is not that of its last layer '{previous}'")


def convert_layer(layer, place, shape, layers):
    """Appends what a layer does to a batch of that shape, and returns the shape of its output."""
    kind = type(layer)
    if isinstance(layer, keras.Model):
        return convert_model(layer, layers)
    if kind is kl.InputLayer:
        return shape
    if kind is kl.Flatten:
        if None in shape[1:] or (len(shape) > 2 and layer.data_format != "channels_last"):
            raise Refused(f"{place} does not keep the order of its input, of shape {shape}")
        return (None, math.prod(shape[1:]))
    if kind is kl.Rescaling:
        if np.ndim(layer.scale) or np.ndim(layer.offset):
            raise Refused(f"{place} has one scale or offset for each feature: use a Normalization layer")
        if layer.scale == 0:
            raise Refused(f"{place} has the scale 0, which makes all samples equal")
        # Keras adds its offset after the product; Gemel subtracts its offset before it.
        layers.append({"type": "Rescale", "offset": (0 - float(layer.offset)) / float(layer.scale),
                       "factor": float(layer.scale)})
        return shape
    if kind is kl.Dropout:
        if layer.noise_shape is not None:
            raise Refused(f"{place} has a noise_shape, which Gemel's Dropout has not")
        layers.append({"type": "Dropout", "rate": float(layer.rate)})
        return shape
    if kind in (kl.Activation, kl.ReLU, kl.LeakyReLU):
        gemel_file.activate(layers, place, activation_of(layer, place))
        return shape

    if kind not in (kl.Dense, kl.Normalization, kl.UnitNormalization):
        raise Refused(f"{place} has no counterpart in Gemel")
    if len(shape) != 2 or shape[1] is None:
        raise Refused(f"{place} has an input of shape {shape}, but Gemel's samples are flat: add a Flatten before it")
    if kind is kl.Dense:
        kernel, bias = keras.ops.convert_to_numpy(layer.kernel), layer.bias
        if layer.quantization_mode or layer.compute_dtype != str(kernel.dtype):
            raise Refused(f"{place} computes in {layer.quantization_mode or layer.compute_dtype} with a kernel of "
                          f"{kernel.dtype}, but Gemel computes in the type of the weights")
        layers.append({"type": "Dense", "weight": kernel.T, "activation": {"type": "Linear"},
                       "bias": np.zeros_like(kernel[0]) if bias is None else keras.ops.convert_to_numpy(bias)})
        gemel_file.activate(layers, place, activation_of(layer, place))
        return (None, kernel.shape[1])
    if kind is kl.Normalization:
        if layer.invert:
            raise Refused(f"{place} inverts a normalization, which Gemel has no layer for")
        if tuple(layer.mean.shape) not in ((1, 1), (1, shape[1])):
            raise Refused(f"{place} normalizes along the axes {layer.axis}, but only one mean for each feature, or one "
                          "for all, is possible")
        mean, variance = (keras.ops.convert_to_numpy(x).astype(np.float64) for x in (layer.mean, layer.variance))
        scale = np.maximum(np.sqrt(variance), keras.config.epsilon())  # as Keras does in each call
        layers.append({"type": "Standardize", "mean": np.resize(mean, shape[1]), "scale": np.resize(scale, shape[1])})
        return shape
    if layer.axis not in (-1, 1, [-1], [1]):
        raise Refused(f"{place} normalizes along the axis {layer.axis}, not along the features")
    layers.append({"type": "L2Normalize"})
    return shape


def activation_of(owner, place):
    """The activation of a Dense or Activation layer, or of a layer that is an activation itself."""
    if type(owner) is kl.LeakyReLU:
        return {"type": "LeakyReLU", "negative_slope": float(owner.negative_slope)}
    if type(owner) is kl.ReLU:
        if owner.max_value is not None or owner.threshold != 0:
            raise Refused(f"{place} is a ReLU with a max_value or a threshold, which Gemel's has not")
        return ({"type": "LeakyReLU", "negative_slope": float(owner.negative_slope)} if owner.negative_slope
                else {"type": "ReLU"})
    if type(owner) in (kl.Dense, kl.Activation):
        if isinstance(owner.activation, keras.layers.Layer):
            return activation_of(owner.activation, place)
        for function, activation in [(activations.linear, {"type": "Linear"}), (activations.relu, {"type": "ReLU"}),
                                     (activations.tanh, {"type": "Tanh"}), (activations.sigmoid, {"type": "Sigmoid"}),
                                     # The function's default, which is not that of the layer LeakyReLU.
                                     (activations.leaky_relu, {"type": "LeakyReLU", "negative_slope": 0.2})]:
            if owner.activation is function:
                return activation
    name = getattr(owner, "activation", owner)
    raise Refused(f"{place} has the activation '{getattr(name, '__name__', type(name).__name__)}', but Gemel has only "
                  f"{', '.join(gemel_file.ACTIVATIONS)}")


def main():
    options = gemel_file.parser("Writes a Keras 3 model as a Gemel file.")
    options.add_argument("model", help="a .keras file")
    options.add_argument("output", help="the file to write")
    gemel_file.add_model_options(options)
    given = options.parse_args()
    if not given.model.endswith(".keras"):
        raise Refused(f"{given.model} is not a .keras file: write one with model.save('model.keras')")
    try:
        # In safe mode Keras refuses files that hold code.
        model = keras.saving.load_model(given.model, compile=False, safe_mode=True)
    except Exception as error:  # Keras documents no types
        raise Refused(f"Keras cannot load {given.model}: {' '.join(str(error).split())}") from error
    save(model, given.output, **gemel_file.model_options(given))
    print(f"{given.output}: {gemel_file.describe(gemel_file.read(given.output))}")


if __name__ == "__main__":
    gemel_file.run(main)
