"""Writes a torch.nn.Sequential as a Gemel file.

    python3 from_torch.py state.safetensors model.gemel --activations relu relu linear --distance euclidean

A state dict does not tell the activations; give one for each nn.Linear. Nor does it tell of other modules without
weights, such as L2Normalize: convert a network with these in Python. It is written in Python by
safetensors.torch.save_file(network.state_dict(), "state.safetensors"). A file that pickle wrote (.pt) may execute code
and is not read.

In Python: from_torch.save(network, "model.gemel", distance="Euclidean", threshold=0.7)
"""

import re

import numpy as np
from torch import nn

import gemel_file
import to_torch
from gemel_file import Refused


def save(network, path, **options):
    """Writes a torch.nn.Sequential; the options are those of gemel_file.write."""
    layers = []
    convert(network, "the network", layers)
    gemel_file.write(path, layers, **options)


def save_state_dict(arrays, activations, path, modules=None, **options):
    """Writes the Linear modules of a state dict, NumPy arrays by name, in the order of `modules`; without these, the
    names must be those of a Sequential: 0.weight, 0.bias, 2.weight …"""
    arrays = dict(arrays)
    if modules is None:
        names = [re.fullmatch(r"((?:.*\.)?)(\d+)\.(?:weight|bias)", name) for name in arrays]
        if not all(names) or len({name[1] for name in names}) != 1:
            raise Refused("the modules are not numbered as those of one Sequential are: give their names in order, of "
                          f"{', '.join(sorted({name.rpartition('.')[0] for name in arrays}))}")
        modules = [names[0][1] + number for number in sorted({name[2] for name in names}, key=int)]
    if len(modules) != len(activations):
        raise Refused(f"there are {len(modules)} modules, {', '.join(modules)}, but {len(activations)} activations: "
                      "give one for each")
    layers = []
    for module, activation in zip(modules, activations):
        weight, bias = (arrays.pop(f"{module}.{end}", None) for end in ("weight", "bias"))
        if weight is None or weight.ndim != 2:
            raise Refused(f"the module '{module}' has no weight of two dimensions: it is no nn.Linear")
        layers.append({"type": "Dense", "weight": weight, "bias": np.zeros_like(weight[:, 0]) if bias is None else bias,
                       "activation": activation})
    if arrays:
        raise Refused(f"the tensor '{sorted(arrays)[0]}' belongs to none of the modules {', '.join(modules)}")
    gemel_file.write(path, layers, **options)


def convert(module, place, layers):
    kind = type(module)
    place = f"{place} ({kind.__name__})"
    if module._forward_hooks or module._forward_pre_hooks:
        raise Refused(f"{place} has hooks, which may change what it computes")
    if "forward" in vars(module):
        raise Refused(f"{place} has a forward of its own, which may compute something else than its type does")
    if kind is nn.Sequential:
        for i, part in enumerate(module):  # named_children would leave out the second place of a module that has two
            convert(part, f"the module {i} of {place}", layers)
    elif kind is nn.Linear:
        weight = array_of(module.weight, place)
        bias = np.zeros_like(weight[:, 0]) if module.bias is None else array_of(module.bias, place)
        layers.append({"type": "Dense", "weight": weight, "bias": bias, "activation": {"type": "Linear"}})
    elif kind in (nn.ReLU, nn.Tanh, nn.Sigmoid):
        gemel_file.activate(layers, place, {"type": kind.__name__})
    elif kind is nn.LeakyReLU:
        gemel_file.activate(layers, place, {"type": "LeakyReLU", "negative_slope": float(module.negative_slope)})
    elif kind is nn.Dropout:
        layers.append({"type": "Dropout", "rate": float(module.p)})
    elif kind is nn.Flatten:
        if (module.start_dim, module.end_dim) != (1, -1):
            raise Refused(f"{place} flattens other dimensions than all of a sample's")
    elif kind is to_torch.Standardize:
        mean, scale = (array_of(x, place).astype(np.float64) for x in (module.mean, module.scale))
        layers.append({"type": "Standardize", "mean": mean, "scale": scale}
                      | ({} if module.clip is None else {"clip": float(module.clip)}))
    elif kind is to_torch.Centering:
        layers.append({"type": "Centering", "mean": array_of(module.mean, place).astype(np.float64)})
    elif kind is to_torch.Whitening:
        mean, matrix = (array_of(x, place).astype(np.float64) for x in (module.mean, module.matrix))
        layers.append({"type": "Whitening", "mean": mean, "matrix": matrix})
    elif kind is to_torch.Rescale:
        layers.append({"type": "Rescale", "offset": float(module.offset), "factor": float(module.factor)})
    elif kind is to_torch.L2Normalize:
        layers.append({"type": "L2Normalize"})
    elif kind is not nn.Identity:
        raise Refused(f"{place} has no counterpart in Gemel")


def array_of(tensor, place):
    if str(tensor.dtype) not in ("torch.float32", "torch.float64"):
        raise Refused(f"{place} has values of {tensor.dtype}, but Gemel has only float32 and float64")
    return tensor.detach().cpu().numpy()


def activation_named(text):
    """An activation by its name, in which LeakyReLU's slope is given as in leakyrelu=0.01."""
    name, _, slope = text.partition("=")
    name = {activation.lower(): activation for activation in gemel_file.ACTIVATIONS}.get(name.lower())
    try:
        if name == "LeakyReLU":
            return {"type": name, "negative_slope": float(slope)}
        if name is None or slope:
            raise ValueError
    except ValueError as error:
        raise Refused(f"the activation '{text}' is not known: choose linear, relu, tanh, sigmoid or leakyrelu=SLOPE "
                      "(PyTorch's default is leakyrelu=0.01)") from error
    return {"type": name}


def main():
    options = gemel_file.parser("Writes the state dict of a torch.nn.Sequential as a Gemel file.")
    options.add_argument("state_dict", help="a safetensors file")
    options.add_argument("output", help="the file to write")
    options.add_argument("--activations", nargs="+", required=True, metavar="NAME",
                         help="one for each Linear: linear, relu, tanh, sigmoid or leakyrelu=0.01")
    options.add_argument("--modules", nargs="+", metavar="NAME", help="the Linear modules in order, as in: fc1 fc2")
    gemel_file.add_model_options(options)
    given = options.parse_args()
    arrays, _ = gemel_file.load_file(given.state_dict)
    save_state_dict(arrays, [activation_named(name) for name in given.activations], given.output, given.modules,
                    **gemel_file.model_options(given))
    print(f"{given.output}: {gemel_file.describe(gemel_file.read(given.output))}")


if __name__ == "__main__":
    gemel_file.run(main)
