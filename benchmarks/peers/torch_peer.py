"""PyTorch in eager mode or compiled; the first argument says which. A compiled step is one graph, including its update.

The update is written out, because torch.optim.RMSprop adds epsilon to the root, not under it, and is slower. In eager
mode it uses torch._foreach, as torch.optim does; the compiled step updates tensor by tensor, and the compiler fuses this."""

import os
import sys

import torch
import torch._inductor.config
from torch.nn.functional import relu

from peer import CHECKED, EPSILON, MARGIN, RATE, RHO, WIDTHS, Work, by_sides, serve

COMPILED = sys.argv[1] == "compiled"
if os.environ.get("COMPARE_AVX2"):
    torch._inductor.config.cpp.simdlen = 256
BLOCK = 1000


def embed(parameters, x):
    for w, b in zip(parameters[::2], parameters[1::2]):
        x = relu(torch.addmm(b, x, w))
    return x


def embed_into(outputs, parameters, x):
    """The fastest eager form without gradients; `outputs` holds a tensor for each layer's output."""
    for w, b, y in zip(parameters[::2], parameters[1::2], outputs):
        x = torch.addmm(b, x, w, out=y).relu_()
    return x


def distances(parameters, x):
    first, second = embed(parameters, x).chunk(2)
    return torch.linalg.vector_norm(first - second, dim=1)


def contrastive_loss(parameters, x, similar):
    d = distances(parameters, x)
    return (similar * d**2 + (1 - similar) * (MARGIN - d).clamp(min=0) ** 2).mean()


def eager_step(parameters, mean_squares, x, similar):
    loss = contrastive_loss(parameters, x, similar)
    gradient = torch.autograd.grad(loss, parameters)
    with torch.no_grad():
        torch._foreach_mul_(mean_squares, RHO)
        torch._foreach_addcmul_(mean_squares, gradient, gradient, 1 - RHO)
        roots = torch._foreach_add(mean_squares, EPSILON)
        torch._foreach_sqrt_(roots)
        torch._foreach_addcdiv_(parameters, gradient, roots, -RATE)
    return loss.detach()


@torch.compile(fullgraph=True)
def compiled_step(parameters, mean_squares, x, similar):
    gradient, loss = torch.func.grad_and_value(contrastive_loss)(parameters, x, similar)
    for w, v, g in zip(parameters, mean_squares, gradient):
        v.mul_(RHO).addcmul_(g, g, value=1 - RHO)
        w.addcdiv_(g, (v + EPSILON).sqrt(), value=-RATE)
    return loss


compiled_distances = torch.compile(distances, fullgraph=True)
compiled_embed = torch.compile(embed, fullgraph=True)


def tensors(layers):
    """w1, b1, w2, …"""
    return [torch.tensor(values) for layer in layers for values in layer]


def room(samples):
    return [torch.empty(samples, width) for width in WIDTHS]


class Training(Work):
    def __init__(self, layers, x, similar):
        self.initial = tensors(layers)
        self.parameters = [values.clone().requires_grad_(not COMPILED) for values in self.initial]
        self.mean_squares = [torch.zeros_like(values) for values in self.initial]
        self.batches = list(zip(torch.tensor(by_sides(x)), torch.tensor(similar)))
        self.step = compiled_step if COMPILED else eager_step
        self.is_compiled = False

    @torch.no_grad()
    def start(self):
        for values, initial, squares in zip(self.parameters, self.initial, self.mean_squares):
            values.copy_(initial)
            squares.zero_()

    def value(self):
        return torch.stack(self.run()[:CHECKED]).mean()

    def run(self):
        """After the step was compiled, only the guards that select its graph are checked."""
        with torch.compiler.set_stance(skip_guard_eval_unsafe=self.is_compiled):
            losses = [self.step(self.parameters, self.mean_squares, *batch) for batch in self.batches]
        self.is_compiled = COMPILED
        return losses


class Distances(Work):
    def __init__(self, layers, x, similar):
        self.parameters = tensors(layers)
        self.pairs = list(torch.tensor(by_sides(x)))
        self.outputs = room(2)

    @torch.inference_mode()
    def run(self):
        if COMPILED:
            return [compiled_distances(self.parameters, pair) for pair in self.pairs]
        return [torch.dist(*embed_into(self.outputs, self.parameters, pair)) for pair in self.pairs]


class Embedding(Work):
    def __init__(self, layers, x, similar):
        self.parameters = tensors(layers)
        self.blocks = torch.tensor(x).reshape(-1, BLOCK, x.shape[-1])
        self.embeddings = torch.empty(*self.blocks.shape[:2], WIDTHS[-1])
        self.hidden = room(BLOCK)[:-1]

    @torch.inference_mode()
    def run(self):
        for block, embeddings in zip(self.blocks, self.embeddings):
            if COMPILED:
                embeddings.copy_(compiled_embed(self.parameters, block))
            else:
                embed_into([*self.hidden, embeddings], self.parameters, block)
        return self.embeddings


torch.set_flush_denormal(True)
serve({"train": Training, "distance": Distances, "embed": Embedding})
