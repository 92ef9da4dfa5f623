"""Reads and writes Gemel's model files: safetensors files with a description of the model and a checksum.

A network is a list of layers. A layer is a dictionary with its type, its options and its arrays:

    {"type": "Dense", "weight": w, "bias": b, "activation": {"type": "ReLU"}}    y = f(w x + b); w is out x in
    {"type": "Standardize", "mean": m, "scale": s, "clip": 5.0}    y = (x - m) / s, and 0 where s is 0; clip is optional
    {"type": "Rescale", "offset": o, "factor": f}                  y = (x - o) * f
    {"type": "Centering", "mean": m}                               y = x - m
    {"type": "Whitening", "mean": m, "matrix": w}                  y = w (x - m); w is out x in
    {"type": "Dropout", "rate": 0.5}
    {"type": "GaussianNoise", "stddev": 0.1}                       y = x, except in training
    {"type": "L2Normalize"}                                        y = x / |x|, and 0 if x is 0

Activations are Linear, ReLU, Tanh, Sigmoid and {"type": "LeakyReLU", "negative_slope": 0.3}. `in` and `out`, the sizes
of each layer, are added where they are missing. All weights and biases are float32, or all are float64.
"""

import argparse
import json
import math
import os
import struct
import sys
import tempfile
import zlib
from collections import namedtuple

import numpy as np
import safetensors.numpy

Model = namedtuple("Model", "kind scalar layers distance calibration metadata")

LAYERS = ["Dense", "Dropout", "L2Normalize", "Standardize", "Rescale", "GaussianNoise", "Centering", "Whitening"]
ACTIVATIONS = ["Linear", "ReLU", "LeakyReLU", "Tanh", "Sigmoid"]
DISTANCES = ["Euclidean", "SquaredEuclidean", "Manhattan", "Cosine"]
KINDS = ["network", "model", "verifier", "claims", "checkpoint"]
# The beginnings of the names of tensors that belong to thresholds, templates and distances, not to layers.
OTHER_TENSORS = ("calibration.", "claims.", "scorer.", "gallery.", "distance.")
SCALARS = {np.dtype(np.float32): "F32", np.dtype(np.float64): "F64"}
NO_CHECKSUM = "00000000"


class Refused(Exception):
    """A model or a file that cannot be converted; its text is a sentence that says why."""


def write(path, layers, distance=None, threshold=None, metadata=None):
    """Writes a network; with the name of a distance, a siamese model; with a threshold too, a verifier. `metadata` is
    the user's own text by key. A file that is there is replaced as a whole."""
    layers = with_sizes(layers)
    scalar = check(layers)
    for i, layer in enumerate(layers):
        if layer["type"] not in LAYERS or layer.get("activation", {"type": "Linear"})["type"] not in ACTIVATIONS:
            raise Refused(f"layer {i} is a {layer['type']} with {layer.get('activation', 'no activation')}, but layers "
                          f"are {', '.join(LAYERS)}, and activations {', '.join(ACTIVATIONS)}")
    if scalar is None:
        raise Refused("the model has no layer with weights: there is nothing to save")
    if distance is not None and distance not in DISTANCES:
        raise Refused(f"the distance '{distance}' is not known: choose one of {', '.join(DISTANCES)}")
    if threshold is not None and distance is None:
        raise Refused("a threshold needs a distance to be compared with: give the distance, too")
    if threshold is not None and not threshold < math.inf:
        raise Refused(f"the threshold is {threshold}, but it must be a number, or -inf to reject every pair")
    for key in metadata or {}:
        if key == "gemel" or key.startswith("gemel."):
            raise Refused(f"the key '{key}' of the metadata is taken: choose one that does not begin with 'gemel'")

    description = {"format": 1, "version": "from Python", "kind": "network", "scalar": SCALARS[scalar],
                   "layers": [{key: text(value) for key, value in layer.items() if not isinstance(value, np.ndarray)}
                              for layer in layers]}
    if distance is not None:
        description |= {"kind": "model", "distance": {"type": distance}}
    if threshold is not None:
        unknown = "unknown: the threshold was set in Python"
        description |= {"kind": "verifier", "calibration": {
            "threshold": text(float(threshold)), "far": "nan", "frr": "nan", "method": unknown,
            "interval": {"low": 0, "high": 1, "method": unknown}}}
    tensors = {f"layers.{i}.{key}": value for i, layer in enumerate(layers) for key, value in layer.items()
               if isinstance(value, np.ndarray)}
    save_file(tensors, path, {"gemel": json.dumps(description, allow_nan=False)} | (metadata or {}))


def read(path):
    """Reads the model of any file, but not of an ensemble, as a Model, of which `layers` is a list as above. Scorers,
    galleries and Calibration::far_points are left out."""
    tensors, metadata = load_file(path)
    if "gemel" not in metadata:
        raise Refused(f"{path} is not a model of Gemel's: its metadata has no key 'gemel'")
    try:
        description = json.loads(metadata.pop("gemel"))
        if description["format"] > 1:
            raise Refused(f"{path} was written by a newer Gemel (format {description['format']}; this script reads "
                          "format 1): update this script")
        if "members" in description:
            raise Refused(f"{path} holds an ensemble of {len(description['members'])} networks, but this script reads "
                          "files of one network: save the members one by one, each in a file of its own")
        if description["kind"] not in KINDS:
            raise Refused(f"{path} is of the unknown kind '{description['kind']}'")
        layers = []
        for i, options in enumerate(description["layers"]):
            start = f"layers.{i}."
            arrays = {name.removeprefix(start): tensors.pop(name) for name in sorted(tensors) if name.startswith(start)}
            layers.append({key: number(value) for key, value in options.items()} | arrays)
        left = [name for name in tensors if name.startswith("layers.") or
                (description["kind"] != "checkpoint" and not name.startswith(OTHER_TENSORS))]
        if left:
            raise Refused(f"{path} has a tensor '{left[0]}' that belongs to no layer")
        scalar = {name: dtype for dtype, name in SCALARS.items()}[description["scalar"]]
        if check(layers) not in (None, scalar):
            raise Refused(f"{path} says that its weights are {description['scalar']}, but they are not")
        distance = description["distance"]["type"] if "distance" in description else None
        calibration = {key: number(value) for key, value in description.get("calibration", {}).items()} or None
        return Model(description["kind"], scalar, layers, distance, calibration, metadata)
    except (KeyError, TypeError, AttributeError, ValueError, RecursionError) as error:
        raise Refused(f"the description of the model in {path} is incomplete or wrong: {error!r}") from error


def describe(model):
    """What a Model is, in one line."""
    parts = [f"{layer['type']} {layer['in']} x {layer['out']} {layer['activation']['type']}"
             if layer["type"] == "Dense" else layer["type"] for layer in model.layers]
    text = f"{model.kind} of {model.scalar}: {', '.join(parts)}"
    if model.distance:
        text += f"; {model.distance}"
    if model.calibration:
        text += f", threshold {model.calibration['threshold']}"
    return text


def save_file(tensors, path, metadata):
    """As safetensors.numpy.save_file, but with the checksum that Gemel demands of its own files, and the file is
    replaced atomically."""
    # safetensors copies the memory of an array in its order there, so it would scramble a transposed matrix.
    tensors = {name: np.asarray(array, order="C") for name, array in tensors.items()}
    try:
        content = bytearray(safetensors.numpy.save(tensors, metadata | {"gemel.crc32": NO_CHECKSUM}))
    except (safetensors.SafetensorError, TypeError, UnicodeError) as error:
        raise Refused(f"{path} cannot be written: {error}") from error
    # safetensors writes the metadata in random order. Sorted, equal models give equal files.
    length = 8 + len(header_of(content))
    header = json.loads(content[8:length])
    header["__metadata__"] = dict(sorted(header["__metadata__"].items()))
    header = json.dumps(header, separators=(",", ":")).encode()
    header += b" " * (-len(header) % 8)  # aligns the tensors
    content[:length] = struct.pack("<Q", len(header)) + header
    at = checksum_position(content, NO_CHECKSUM)
    content[at:at + len(NO_CHECKSUM)] = b"%08x" % zlib.crc32(content)

    try:
        with tempfile.NamedTemporaryFile(dir=os.path.dirname(path) or ".", prefix=".gemel-", delete=False) as file:
            try:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
                umask = os.umask(0)
                os.umask(umask)
                os.chmod(file.name, 0o666 & ~umask)
                os.replace(file.name, path)
            except BaseException:
                os.unlink(file.name)
                raise
    except OSError as error:
        raise Refused(f"{path} cannot be written: {error.strerror}") from error


def load_file(path):
    """As safetensors.numpy.load_file, but returns the tensors and the metadata, and verifies the checksum, which a file
    without a description may lack."""
    try:
        with open(path, "rb") as file:
            content = bytearray(file.read())
        tensors = safetensors.numpy.load(bytes(content))
        header = json.loads(header_of(content))
    except OSError as error:
        raise Refused(f"{path} cannot be read: {error.strerror}") from error
    except (safetensors.SafetensorError, ValueError, KeyError, AttributeError) as error:
        raise Refused(f"{path} is not a safetensors file of numbers that NumPy knows: {error}") from error
    metadata = header.get("__metadata__", {})
    digits = metadata.pop("gemel.crc32", None)
    if digits is None and "gemel" in metadata:
        raise Refused(f"{path} has no checksum: write it with gemel_file.save_file")
    if digits is not None:
        at = checksum_position(content, digits) if len(digits) == len(NO_CHECKSUM) else None
        if at is not None:
            content[at:at + len(digits)] = NO_CHECKSUM.encode()
        if at is None or digits != "%08x" % zlib.crc32(content):
            raise Refused(f"the checksum of {path} is wrong: it is damaged, or was changed by a program that kept the "
                          "old checksum")
    return tensors, metadata


def header_of(content):
    length, = struct.unpack_from("<Q", content)
    return content[8:8 + length]


def checksum_position(content, digits):
    """Where the checksum's digits begin. Within a JSON string the quotes would be escaped, so this is the key."""
    entry = b'"gemel.crc32":"'
    at = header_of(content).find(entry + digits.encode() + b'"')
    return None if at < 0 else 8 + at + len(entry)


def with_sizes(layers):
    """The layers with `in` and `out`, which come from a layer's own arrays or from its neighbors."""
    layers = [dict(layer) for layer in layers]
    for layer in layers:
        if layer["type"] == "Dense":
            layer["out"], layer["in"] = layer["weight"].shape
        elif layer["type"] == "Whitening":
            layer["out"], layer["in"] = layer["matrix"].shape
        elif layer["type"] in ("Standardize", "Centering"):
            layer["in"] = layer["out"] = len(layer["mean"])
    for one, other, end in [*zip(layers, layers[1:], ["out"] * len(layers)),
                            *zip(layers[::-1], layers[-2::-1], ["in"] * len(layers))]:
        if end in one and "in" not in other:
            other["in"] = other["out"] = one[end]
    for i, layer in enumerate(layers):
        if "in" not in layer:
            raise Refused(f"the size of layer {i}, {layer['type']}, is not known: no layer has weights")
        # The order in which Gemel writes them.
        layers[i] = {"type": layer["type"], "in": layer["in"], "out": layer["out"]} | layer
    return layers


def check(layers):
    """Refuses layers that are not what their types demand, or that do not fit together. Returns the type of the
    weights; None if there are none."""
    if not layers:
        raise Refused("the model has no layers")
    scalar = None
    for i, layer in enumerate(layers):
        place = f"layer {i}, {layer['type']},"
        rows, columns = layer["out"], layer["in"]
        if not (type(rows) is int and type(columns) is int and rows > 0 and columns > 0):
            raise Refused(f"{place} has the sizes {columns} and {rows}, but sizes are positive integers")
        if i > 0 and columns != layers[i - 1]["out"]:
            raise Refused(f"{place} takes {columns} values, but the layer before it gives {layers[i - 1]['out']}")
        shapes = {"Dense": {"weight": (rows, columns), "bias": (rows,)},
                  "Standardize": {"mean": (rows,), "scale": (rows,)},
                  "Centering": {"mean": (rows,)}, "Whitening": {"mean": (columns,), "matrix": (rows, columns)},
                  "Rescale": {}, "Dropout": {}, "L2Normalize": {}, "GaussianNoise": {}}.get(layer["type"])
        if shapes is None:
            continue  # a type of the user's own
        if layer["type"] not in ("Dense", "Whitening") and rows != columns:
            raise Refused(f"{place} changes the number of values from {columns} to {rows}, which it cannot")
        arrays = {key: value for key, value in layer.items() if isinstance(value, np.ndarray)}
        if arrays.keys() != shapes.keys():
            raise Refused(f"{place} has the arrays {sorted(arrays)}, but needs {sorted(shapes)}")
        for key, shape in shapes.items():
            array = arrays[key]
            if array.shape != shape:
                raise Refused(f"{place} has a {key} of shape {array.shape}, but {shape} is needed")
            if not np.isfinite(array).all():
                raise Refused(f"{place} has a NaN or an infinite value in its {key}")
            if layer["type"] != "Dense" and array.dtype != np.float64:
                raise Refused(f"{place} has a {key} of {array.dtype}, but float64 is needed")
            if layer["type"] == "Dense" and array.dtype not in SCALARS:
                raise Refused(f"{place} has a {key} of {array.dtype}, but Gemel has only float32 and float64")
            if layer["type"] == "Dense" and array.dtype != (scalar or array.dtype):
                raise Refused(f"{place} has a {key} of {array.dtype}, but there are values of {scalar} before it")
            if layer["type"] == "Dense":
                scalar = array.dtype
        problem = problem_of_options(layer)
        if problem:
            raise Refused(f"{place} {problem}")
    return scalar


def problem_of_options(layer):
    """What is wrong with a layer's options, by the rules of the layers' constructors in Gemel; or None."""
    if layer["type"] == "Dense":
        activation = layer["activation"]
        slope = activation.get("negative_slope", 0)
        if activation["type"] == "LeakyReLU" and not (
                slope == 0 or np.finfo(np.float32).tiny <= slope <= np.finfo(np.float32).max):
            return f"has the negative_slope {slope}, but Gemel's LeakyReLU takes 0 or positive numbers of float's range"
    elif layer["type"] == "Dropout" and not 0 <= layer["rate"] < 1:
        return f"has the rate {layer['rate']}, but it must be at least 0 and less than 1"
    elif layer["type"] == "GaussianNoise" and not 0 <= layer["stddev"] < math.inf:
        return f"has the stddev {layer['stddev']}, but it must be at least 0 and finite"
    elif layer["type"] == "Rescale" and not (layer["factor"] != 0 and math.isfinite(layer["factor"])
                                             and math.isfinite(layer["offset"])):
        return (f"has the offset {layer['offset']} and the factor {layer['factor']}, but both must be finite, and the "
                "factor not 0")
    elif layer["type"] == "Whitening" and not (
            np.finfo(np.float32).tiny <= np.abs(layer["matrix"]).max() <= np.finfo(np.float32).max):
        return f"has a matrix whose largest element is {np.abs(layer['matrix']).max()}, which a float cannot hold"
    elif layer["type"] == "Standardize":
        scale, clip = layer["scale"], layer.get("clip", 1)
        with np.errstate(divide="ignore", over="ignore"):
            if (scale < 0).any() or not np.isfinite(1 / scale[scale != 0]).all() or not scale.any():
                return "has a scale that is negative or too small to divide by, or has no scale but 0"
        if not (clip > 0 and math.isfinite(clip)):
            return f"has the clip {clip}, but it must be positive and finite"
    return None


def text(value):
    """Numbers that JSON lacks are written as strings."""
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


def number(value):
    return float(value) if value in ("inf", "-inf", "nan") else value


def activate(layers, place, activation):
    """Gives the last layer, which must be a Dense without one, an activation."""
    if activation["type"] == "Linear":
        return
    if not layers or layers[-1]["type"] != "Dense" or layers[-1]["activation"]["type"] != "Linear":
        raise Refused(f"{place} is an activation that does not follow a dense layer without one: in Gemel, an "
                      "activation is a part of a Dense layer")
    layers[-1]["activation"] = activation


def parser(description):
    """A command line whose errors are one sentence."""
    class Parser(argparse.ArgumentParser):
        def error(self, message):
            self.exit(2, f"{self.prog}: {message} (--help lists the options)\n")

    return Parser(description=description, allow_abbrev=False)


def add_model_options(options):
    options.add_argument("--distance", type=lambda name: {d.lower(): d for d in DISTANCES}.get(name.lower(), name),
                         help=f"{', '.join(DISTANCES)}; without one, the file holds only a network")
    options.add_argument("--threshold", type=float, help="pairs of at most this distance are the same: a verifier")
    options.add_argument("--metadata", metavar="KEY=TEXT", action="append", default=[],
                         help="text to keep in the file, for example features='[\"age\", \"height\"]'")


def model_options(given):
    """The values of add_model_options as arguments of `write`."""
    for entry in given.metadata:
        if "=" not in entry:
            raise Refused(f"--metadata is given as KEY=TEXT, not as '{entry}'")
    return {"distance": given.distance, "threshold": given.threshold,
            "metadata": dict(entry.split("=", 1) for entry in given.metadata)}


def run(main):
    """Calls main; if it refuses its input, prints why and exits with code 2."""
    try:
        main()
    except Refused as error:
        print(f"{os.path.basename(sys.argv[0])}: {error}", file=sys.stderr)
        sys.exit(2)
