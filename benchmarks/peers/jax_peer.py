"""JAX in its fastest form: an epoch is one jitted `lax.scan` over batches that are already on the device, buffers
are donated, and trained weights are constants of the compiled distance function."""

from functools import partial

import jax
import jax.numpy as jnp
from jax.sharding import NamedSharding, PartitionSpec

from peer import CHECKED, EPSILON, MARGIN, RATE, RHO, WIDTHS, Work, by_sides, serve

BLOCK = 500


def embed(layers, x):
    for w, b in layers:
        x = jax.nn.relu(x @ w + b)
    return x


def distances(layers, x):
    first, second = jnp.split(embed(layers, x), 2)
    return jnp.sqrt(jnp.sum((first - second) ** 2, axis=1))


def contrastive_loss(layers, x, similar):
    d = distances(layers, x)
    return jnp.mean(similar * d**2 + (1 - similar) * jnp.maximum(MARGIN - d, 0) ** 2)


def rmsprop_step(state, batch):
    layers, mean_squares = state
    loss, gradient = jax.value_and_grad(contrastive_loss)(layers, *batch)
    mean_squares = jax.tree.map(lambda v, g: RHO * v + (1 - RHO) * g * g, mean_squares, gradient)
    layers = jax.tree.map(lambda w, g, v: w - RATE * g / jnp.sqrt(v + EPSILON), layers, gradient, mean_squares)
    return (layers, mean_squares), loss


@partial(jax.jit, donate_argnums=0)
def train_epoch(state, batches):
    return jax.lax.scan(rmsprop_step, state, batches)


def embed_blocks(layers, blocks, embeddings):
    return jax.lax.fori_loop(0, len(blocks), lambda k, y: y.at[k].set(embed(layers, blocks[k])), embeddings)


class Training(Work):
    def __init__(self, layers, x, similar):
        self.layers = layers
        self.batches = jax.device_put((by_sides(x), similar))

    def start(self):
        layers = jax.tree.map(jnp.array, self.layers)
        self.state = layers, jax.tree.map(jnp.zeros_like, layers)

    def value(self):
        return jnp.mean(self.run()[:CHECKED])

    def run(self):
        self.state, losses = jax.block_until_ready(train_epoch(self.state, self.batches))
        return losses


class Distances(Work):
    def __init__(self, layers, x, similar):
        self.pairs = list(jax.device_put(by_sides(x)))
        self.distances = jax.jit(partial(distances, layers))

    def run(self):
        return [self.distances(pair).block_until_ready() for pair in self.pairs]


class Embedding(Work):
    """Each of XLA's devices, one per core, embeds its share of the samples."""

    def __init__(self, layers, x, similar):
        mesh = jax.make_mesh((jax.device_count(),), ("core",))
        shares, whole = PartitionSpec("core"), PartitionSpec()
        embed_shares = jax.shard_map(
            embed_blocks, mesh=mesh, in_specs=(whole, shares, shares), out_specs=shares, check_vma=False
        )
        self.embed = jax.jit(embed_shares, donate_argnums=2)
        self.layers = jax.device_put(layers, NamedSharding(mesh, whole))
        blocks = x.reshape(-1, BLOCK, x.shape[-1])
        self.blocks = jax.device_put(blocks, NamedSharding(mesh, shares))
        self.embeddings = jax.device_put(jnp.zeros((*blocks.shape[:2], WIDTHS[-1])), NamedSharding(mesh, shares))

    def run(self):
        self.embeddings = self.embed(self.layers, self.blocks, self.embeddings).block_until_ready()
        return self.embeddings


serve({"train": Training, "distance": Distances, "embed": Embedding})
