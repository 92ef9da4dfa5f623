"""Turns a Gemel file into a torch.nn.Sequential.

    python3 to_torch.py model.gemel state.safetensors    writes its state dict, and prints the modules

In Python: network = to_torch.load("model.gemel")
"""

import torch
from safetensors.torch import save_file
from torch import nn

import gemel_file
from gemel_file import Refused


class Standardize(nn.Module):
    """y = (x - mean) / scale, and 0 where the scale is 0; clipped to [-clip, clip] if there is a clip. It is computed
    in float64 and rounded once."""

    def __init__(self, mean, scale, clip=None):
        super().__init__()
        self.clip = clip
        self.register_buffer("mean", torch.as_tensor(mean, dtype=torch.float64))
        self.register_buffer("scale", torch.as_tensor(scale, dtype=torch.float64))

    def forward(self, x):
        y = (x.double() - self.mean) * torch.where(self.scale == 0, 0, 1 / self.scale)
        return (y if self.clip is None else y.clamp(-self.clip, self.clip)).to(x.dtype)

    def extra_repr(self):
        return f"{len(self.mean)}, clip={self.clip}"


class Rescale(nn.Module):
    """y = (x - offset) * factor, computed in float64 and rounded once."""

    def __init__(self, offset, factor):
        super().__init__()
        self.offset, self.factor = offset, factor

    def forward(self, x):
        return ((x.double() - self.offset) * self.factor).to(x.dtype)

    def extra_repr(self):
        return f"offset={self.offset}, factor={self.factor}"


class Centering(nn.Module):
    """y = x - mean, computed in float64 and rounded once."""

    def __init__(self, mean):
        super().__init__()
        self.register_buffer("mean", torch.as_tensor(mean, dtype=torch.float64))

    def forward(self, x):
        return (x.double() - self.mean).to(x.dtype)

    def extra_repr(self):
        return f"{len(self.mean)}"


class Whitening(Centering):
    """y = matrix (x - mean). The difference is computed in float64 and rounded, and the product in the type of x."""

    def __init__(self, mean, matrix):
        super().__init__(mean)
        self.register_buffer("matrix", torch.as_tensor(matrix, dtype=torch.float64))

    def forward(self, x):
        return super().forward(x) @ self.matrix.to(x.dtype).T

    def extra_repr(self):
        return f"{self.matrix.shape[1]}, {self.matrix.shape[0]}"


class L2Normalize(nn.Module):
    """y = x / |x|, and 0 if x is 0. (F.normalize differs for vectors shorter than its eps.)"""

    def forward(self, x):
        largest = x.detach().abs().amax(dim=1, keepdim=True)
        x = x / torch.where(largest == 0, 1, largest)  # so that no square becomes 0 or infinite
        norm = x.norm(dim=1, keepdim=True)
        return x / torch.where(norm == 0, torch.inf, norm)


def load(path):
    """The network of a Gemel file, in evaluation mode."""
    modules = []
    for i, layer in enumerate(gemel_file.read(path).layers):
        modules += modules_of(layer, f"layer {i} of {path}")
    return nn.Sequential(*modules).eval()


def modules_of(layer, place):
    kind = layer["type"]
    if kind == "Dense":
        weight, bias = torch.tensor(layer["weight"]), torch.tensor(layer["bias"])
        linear = nn.utils.skip_init(nn.Linear, layer["in"], layer["out"], dtype=weight.dtype)
        linear.load_state_dict({"weight": weight, "bias": bias})
        activation = layer["activation"]
        if activation["type"] == "Linear":
            return [linear]
        if activation["type"] == "LeakyReLU":
            return [linear, nn.LeakyReLU(activation["negative_slope"])]
        if activation["type"] in ("ReLU", "Tanh", "Sigmoid"):
            return [linear, getattr(nn, activation["type"])()]
        raise Refused(f"{place} has the activation '{activation['type']}', which is not one of Gemel's own")
    if kind == "Standardize":
        return [Standardize(layer["mean"], layer["scale"], layer.get("clip"))]
    if kind == "Rescale":
        return [Rescale(layer["offset"], layer["factor"])]
    if kind == "Centering":
        return [Centering(layer["mean"])]
    if kind == "Whitening":
        return [Whitening(layer["mean"], layer["matrix"])]
    if kind == "Dropout":
        return [nn.Dropout(layer["rate"])]
    if kind == "L2Normalize":
        return [L2Normalize()]
    raise Refused(f"{place} is a {kind}, which is not one of Gemel's own layers")


def main():
    options = gemel_file.parser("Writes the state dict of a Gemel file's network and prints its modules.")
    options.add_argument("model", help="a Gemel file")
    options.add_argument("output", help="the safetensors file to write")
    given = options.parse_args()
    network = load(given.model)
    try:
        save_file(network.state_dict(), given.output)
    except Exception as error:  # safetensors raises its own error for a file that it cannot write
        raise Refused(f"{given.output} cannot be written: {error}") from error
    print(network)


if __name__ == "__main__":
    gemel_file.run(main)
