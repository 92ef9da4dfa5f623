"""Writes the network of a Gemel file as an ONNX model that embeds a batch of samples: samples (n x in) -> embeddings
(n x out). Distance and threshold, if there are any, are in the model's metadata.

    python3 to_onnx.py model.gemel model.onnx

NaN, infinite and overflowing values are not rejected, as Gemel's Verifier does: check the samples before.
"""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

import gemel_file
from gemel_file import Refused


class Graph:
    """Nodes and constants of a graph that has one value so far, `value`."""

    def __init__(self):
        self.value, self.nodes, self.constants = "samples", [], []

    def add(self, operator, *others, of=None, **attributes):
        """Adds a node whose first input is `of`, or the value so far, and returns its output's name."""
        inputs = [of or self.value] + [other if isinstance(other, str) else self.constant(other) for other in others]
        self.value = f"value_{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, inputs, [self.value], **attributes))
        return self.value

    def constant(self, array, name=None):
        name = name or f"constant_{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(array, name))
        return name


def convert(model, path):
    """The ONNX model of what gemel_file.read returned."""
    kind = helper.np_dtype_to_tensor_dtype(model.scalar)
    graph = Graph()
    for i, layer in enumerate(model.layers):
        add_layer(graph, layer, i, f"layer {i} of {path}", model.scalar, kind)
    graph.add("Identity")
    graph.nodes[-1].output[0] = "embeddings"
    samples = helper.make_tensor_value_info("samples", kind, ["n", model.layers[0]["in"]])
    embeddings = helper.make_tensor_value_info("embeddings", kind, ["n", model.layers[-1]["out"]])
    result = helper.make_model(helper.make_graph(graph.nodes, "gemel", [samples], [embeddings], graph.constants),
                               producer_name="gemel", opset_imports=[helper.make_opsetid("", 18)], ir_version=8)
    facts = {"distance": model.distance} if model.distance else {}
    if model.calibration:
        facts["threshold"] = repr(model.calibration["threshold"])
    helper.set_model_props(result, model.metadata | facts)
    onnx.checker.check_model(result, full_check=True)
    return result


def add_layer(graph, layer, i, place, scalar, kind):
    name = layer["type"]
    if name == "Dense":
        graph.add("Gemm", graph.constant(layer["weight"], f"layers.{i}.weight"),
                  graph.constant(layer["bias"], f"layers.{i}.bias"), transB=1)
        activation = layer["activation"]["type"]
        if activation == "LeakyReLU":
            # LeakyRelu's slope is a float even where the values are doubles; PRelu's is of their type.
            graph.add("PRelu", np.array([layer["activation"]["negative_slope"]], scalar))
        elif activation in ("ReLU", "Tanh", "Sigmoid"):
            graph.add("Relu" if activation == "ReLU" else activation)
        elif activation != "Linear":
            raise Refused(f"{place} has the activation '{activation}', which is not one of Gemel's own")
    elif name in ("Centering", "Whitening"):
        # The difference is computed in double and rounded, as in Gemel, and the product in the type of the network.
        graph.add("Cast", to=TensorProto.DOUBLE)
        graph.add("Sub", layer["mean"])
        graph.add("Cast", to=kind)
        if name == "Whitening":
            graph.add("MatMul", layer["matrix"].T.astype(scalar))
    elif name in ("Standardize", "Rescale"):
        # In double, as in Gemel, because float would lose the digits of a feature whose mean is far from 0.
        graph.add("Cast", to=TensorProto.DOUBLE)
        if name == "Standardize":
            with np.errstate(divide="ignore"):
                graph.add("Sub", layer["mean"])
                graph.add("Mul", np.where(layer["scale"] == 0, 0, 1 / layer["scale"]))
        else:
            graph.add("Sub", np.array(layer["offset"], np.float64))
            graph.add("Mul", np.array(layer["factor"], np.float64))
        if "clip" in layer:
            graph.add("Clip", np.array(-layer["clip"]), np.array(layer["clip"]))
        graph.add("Cast", to=kind)
    elif name == "L2Normalize":
        # LpNormalization is not used, because some programs return NaN for a zero vector, and in others the squares of
        # small values become 0.
        one, zero = graph.constant(np.ones(1, scalar)), graph.constant(np.zeros(1, scalar))
        axis = np.array([1], np.int64)
        x = graph.value
        largest = graph.add("ReduceMax", axis, of=graph.add("Abs"), keepdims=1)
        x = graph.add("Div", graph.add("Where", one, largest, of=graph.add("Equal", zero, of=largest)), of=x)
        norm = graph.add("ReduceL2", axis, of=x, keepdims=1)
        graph.add("Div", graph.add("Where", one, norm, of=graph.add("Equal", zero, of=norm)), of=x)
    elif name not in ("Dropout", "GaussianNoise"):  # which do nothing at inference
        raise Refused(f"{place} is a {name}, which is not one of Gemel's own layers")


def main():
    options = gemel_file.parser("Writes the network of a Gemel file as an ONNX model.")
    options.add_argument("model", help="a Gemel file")
    options.add_argument("output", help="the .onnx file to write")
    given = options.parse_args()
    model = gemel_file.read(given.model)
    try:
        onnx.save(convert(model, given.model), given.output)
    except OSError as error:
        raise Refused(f"{given.output} cannot be written: {error.strerror}") from error
    print(f"{given.output}: {gemel_file.describe(model)}")


if __name__ == "__main__":
    gemel_file.run(main)
