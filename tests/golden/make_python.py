"""Makes the files of tests/golden/python from real models of Keras and PyTorch, with the scripts of examples/python:

    pip install numpy==2.4.6 safetensors==0.8.0 torch==2.15.0 keras==3.15.1
    KERAS_BACKEND=torch python3 tests/golden/make_python.py

NAME.gemel is the file that a script wrote. NAME.recorded.safetensors holds samples (n x features) and what Keras or
PyTorch computed for them: their embeddings, and the distances of samples 0 and 1, 1 and 2, and so on.
torch.state.safetensors is the state dict of the same network as torch.gemel.
"""

import sys
from pathlib import Path

import keras
import numpy as np
import torch
from keras import layers as kl
from safetensors.numpy import save_file
from safetensors.torch import save_file as save_state_dict
from torch import nn

FOLDER = Path(__file__).parent / "python"
sys.path.insert(0, str(FOLDER.parents[2] / "examples" / "python"))

import from_keras  # noqa: E402
import from_torch  # noqa: E402

random = np.random.default_rng(7)


def record(name, samples, embeddings, distances):
    save_file({"samples": samples, "embeddings": embeddings, "distances": distances.astype(samples.dtype)},
              FOLDER / f"{name}.recorded.safetensors")


def difference(embeddings):
    return np.diff(embeddings.astype(np.float64), axis=0)


FOLDER.mkdir(exist_ok=True)

# Images of 2 x 3 pixels. The last feature is constant, so Keras divides it by its epsilon.
pixels = random.integers(0, 256, size=(6, 2, 3)).astype(np.float32)
pixels[:, 1, 2] = 128
network = keras.Sequential([
    keras.Input((2, 3)), kl.Rescaling(1 / 64, offset=-2), kl.Flatten(),
    kl.Normalization(mean=[-1, 0.5, 0, 1, 2, 0], variance=[1, 0.5, 2, 1.5, 0.25, 0]),
    kl.Dense(5, activation="leaky_relu"), kl.Dropout(0.25), kl.Dense(4, use_bias=False), kl.LeakyReLU(),
    kl.Dense(4, activation="tanh"), kl.UnitNormalization()])
network.set_weights([random.normal(size=weight.shape) for weight in network.get_weights()])
from_keras.save(network, FOLDER / "keras.gemel", distance="Euclidean", threshold=0.75,
                metadata={"made_by": "tests/golden/make_python.py"})
embeddings = network.predict(pixels, verbose=0)
record("keras", pixels.reshape(6, 6), embeddings, np.sqrt((difference(embeddings) ** 2).sum(1)))

samples = random.normal(size=(5, 3))
network = nn.Sequential(nn.Linear(3, 5), nn.LeakyReLU(), nn.Dropout(0.5), nn.Linear(5, 4), nn.Sigmoid(),
                        nn.Linear(4, 4, bias=True), nn.ReLU(), nn.Linear(4, 2)).double().eval()
with torch.no_grad():
    for parameter in network.parameters():
        parameter.copy_(torch.tensor(random.normal(size=parameter.shape)))
    embeddings = network(torch.tensor(samples)).numpy()
from_torch.save(network, FOLDER / "torch.gemel", distance="Manhattan")
save_state_dict(network.state_dict(), FOLDER / "torch.state.safetensors")
record("torch", samples, embeddings, np.abs(difference(embeddings)).sum(1))
