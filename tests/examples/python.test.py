"""Compares the scripts of examples/python, and the models of Keras, PyTorch and onnxruntime, with the C++ program
python_peer, and checks what the scripts must refuse. Run by python.test.sh:

    python3 tests/examples/python.test.py PATH_OF_PYTHON_PEER

With PyTorch, Keras multiplies matrices of float64 in float32, so it agrees only to 1e-5. To test Keras in double, too:

    KERAS_BACKEND=jax JAX_ENABLE_X64=1 python3 tests/examples/python.test.py PATH_OF_PYTHON_PEER
"""

import contextlib
import io
import json
import os
import re
import subprocess
import sys
import tempfile
import unittest
import unittest.mock
from pathlib import Path

os.environ.setdefault("KERAS_BACKEND", "torch")

import keras  # noqa: E402
import numpy as np  # noqa: E402
import onnxruntime  # noqa: E402
import safetensors.numpy  # noqa: E402
import safetensors.torch  # noqa: E402
import torch  # noqa: E402
from keras import layers as kl  # noqa: E402
from torch import nn  # noqa: E402

SCRIPTS = Path(__file__).parents[2] / "examples" / "python"
GOLDEN = Path(__file__).parents[1] / "golden" / "models"
sys.path.insert(0, str(SCRIPTS))

import from_keras  # noqa: E402
import from_torch  # noqa: E402
import gemel_file  # noqa: E402
import to_onnx  # noqa: E402
import to_torch  # noqa: E402

PEER = None
TOLERANCE = {np.dtype(np.float32): 1e-5, np.dtype(np.float64): 1e-12}


def distances(name, embeddings):
    """Of samples 0 and 1, 1 and 2 …, in double, as Gemel defines them."""
    embeddings = embeddings.astype(np.float64)
    a, b = embeddings[:-1], embeddings[1:]
    squared = ((a - b) ** 2).sum(1)
    lengths = np.sqrt((a**2).sum(1) * (b**2).sum(1))
    return {"Euclidean": np.sqrt(squared), "SquaredEuclidean": squared, "Manhattan": np.abs(a - b).sum(1),
            "Cosine": 1 - np.divide((a * b).sum(1), lengths, out=np.zeros_like(lengths), where=lengths != 0)}[name]


def keras_network(dtype, activations):
    """A network with a layer of each kind; its weights are random."""
    network = keras.Sequential([
        keras.Input((2, 3), dtype=dtype),
        kl.Rescaling(1 / 64, offset=-2, dtype=dtype),
        kl.Flatten(dtype=dtype),
        kl.Normalization(mean=[-1, 0.5, 0, 1, 2, 0], variance=[1, 0.5, 2, 1.5, 0.25, 4], dtype=dtype),
        kl.Dropout(0.2, dtype=dtype),
        *(kl.Dense(9 - i, activation=activation, dtype=dtype) for i, activation in enumerate(activations)),
        kl.Dense(5, use_bias=False, dtype=dtype), kl.LeakyReLU(dtype=dtype),
        kl.Dense(4, dtype=dtype), kl.ReLU(negative_slope=0.05, dtype=dtype),
        keras.Sequential([kl.Dense(3, dtype=dtype), kl.Activation("linear", dtype=dtype)]),
        kl.UnitNormalization(dtype=dtype)])
    network.build((None, 2, 3))
    random = np.random.default_rng(3)
    network.set_weights([random.normal(size=weight.shape) for weight in network.get_weights()])
    return network


def torch_network(dtype):
    torch.manual_seed(4)
    relu = nn.ReLU()
    network = nn.Sequential(
        nn.Flatten(), to_torch.Standardize([1, 2, 3, 4, 5e6, 6], [1, 2, 0.5, 0.1, 3, 0], clip=1.5),
        nn.Linear(6, 9), relu, nn.Linear(9, 8), relu, nn.Dropout(), nn.Linear(8, 7), nn.LeakyReLU(),
        nn.Linear(7, 6, bias=False), nn.Tanh(), to_torch.Centering([0.25, -1, 0, 1 / 3, 2, 0]), nn.Identity(),
        to_torch.Whitening([1, 0, -0.5, 0, 0.1, 0.2], [[0.1 * (i - j) + (i == j) for j in range(6)] for i in range(6)]),
        nn.Sequential(nn.Linear(6, 5), nn.Sigmoid()),
        nn.Linear(5, 4)).to(dtype).eval()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.copy_(torch.randn(parameter.shape))
    return network


class Folder(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.file = self.folder / "model.gemel"

    def peer(self, samples, file=None):
        """What C++ computes with a file, by default self.file; or the sentence with which it refuses the file."""
        np.save(self.folder / "samples.npy", samples.reshape(len(samples), -1))
        result = subprocess.run([PEER, file or self.file, self.folder / "samples.npy", self.folder],
                                capture_output=True, text=True)
        if result.returncode != 0:
            return result.stderr
        results = {name: np.load(self.folder / f"{name}.npy") for name in ("parameters", "embeddings", "distances")}
        return results | {name: results[name].ravel() for name in ("parameters", "distances")}

    def check_close(self, what, value, expected, tolerance):
        self.assertEqual(value.shape, expected.shape, what)
        worst = np.abs(value.astype(np.float64) - expected).max()
        self.assertLess(worst, tolerance, what)
        print(f"{what}: {worst:.1e}", file=sys.stderr)

    def check_refused(self, words, function, *arguments, **options):
        with self.assertRaises(gemel_file.Refused) as context:
            function(*arguments, **options)
        self.assertIn(words, str(context.exception))


class Agreement(Folder):
    def check_all(self, name, samples, embeddings, tolerance, distance):
        """The distances of a peer's embeddings are those of C++, PyTorch and onnxruntime, and the weights are equal."""
        model = gemel_file.read(self.file)
        cpp = self.peer(samples)
        self.assertIsInstance(cpp, dict, cpp)
        expected = distances(distance, embeddings)
        self.assertGreater(expected.max(), 0.02)
        self.check_close(f"{name}, {samples.dtype}, C++", cpp["distances"], expected, tolerance)
        self.check_close(f"{name}, {samples.dtype}, C++'s embeddings", cpp["embeddings"], embeddings, tolerance)
        same_weights = TOLERANCE[samples.dtype]
        flat = samples.reshape(len(samples), -1)
        by_torch = to_torch.load(self.file)(torch.tensor(flat)).detach().numpy()
        self.check_close(f"{name}, {samples.dtype}, C++ and PyTorch", cpp["embeddings"], by_torch, same_weights)
        session = onnxruntime.InferenceSession(to_onnx.convert(model, "model").SerializeToString())
        by_onnx, = session.run(["embeddings"], {"samples": flat})
        self.check_close(f"{name}, {samples.dtype}, C++ and onnxruntime", cpp["embeddings"], by_onnx, same_weights)

        # safetensors' own function reads matrices equal to those in parameters(), whose order is column-major.
        tensors = safetensors.numpy.load_file(self.file)
        at = 0
        for i, layer in enumerate(model.layers):
            if layer["type"] == "Dense":
                rows, columns = layer["out"], layer["in"]
                block = cpp["parameters"][at:at + rows * (columns + 1)]
                matrix = block.reshape((rows, columns + 1), order="F")
                np.testing.assert_array_equal(tensors[f"layers.{i}.weight"], matrix[:, :columns])
                np.testing.assert_array_equal(tensors[f"layers.{i}.bias"], matrix[:, columns])
                at += block.size
        self.assertEqual(at, cpp["parameters"].size)

        # The file that C++ saves has the same content.
        saved = gemel_file.read(self.folder / "saved.gemel")
        for layer, expected in zip(saved.layers, model.layers, strict=True):
            np.testing.assert_equal(layer, expected)
        np.testing.assert_equal(saved._replace(layers=[]), model._replace(layers=[]))

    def test_keras(self):
        random = np.random.default_rng(5)
        for dtype in ("float32", "float64"):
            self.addCleanup(keras.config.set_floatx, keras.config.floatx())
            keras.config.set_floatx(dtype)  # the type to which `predict` converts samples
            matrix = random.normal(size=(4, 4))
            exact = np.abs(keras.ops.convert_to_numpy(keras.ops.matmul(matrix, matrix)) - matrix @ matrix).max() < 1e-14
            # Keras with JAX computes tanh of float64 in float32.
            activations = ["relu", "leaky_relu", kl.LeakyReLU(0.1, dtype=dtype), "sigmoid"] + ["tanh"] * (
                dtype == "float32")
            network = keras_network(dtype, activations)
            from_keras.save(network, self.file, distance="Euclidean", threshold=0.5, metadata={"features": '["ä"]'})
            pixels = random.uniform(0, 256, size=(20, 2, 3)).astype(dtype)
            embeddings = network.predict(pixels, verbose=0)
            tolerance = TOLERANCE[np.dtype(dtype)] if exact or dtype == "float32" else 1e-5
            self.check_all(f"Keras on {keras.backend.backend()}", pixels, embeddings, tolerance, "Euclidean")

    def test_functional_keras(self):
        inputs = keras.Input((4,))
        hidden = kl.Dense(6, activation="tanh")(inputs)
        hidden = kl.Normalization(axis=None, mean=0.5, variance=4.0)(hidden)
        hidden = keras.Sequential([keras.Input((6,)), kl.Dense(5), kl.ReLU()])(hidden)
        network = keras.Model(inputs, kl.Dense(3)(hidden))
        from_keras.save(network, self.file, distance="Manhattan", threshold=float("-inf"))
        samples = np.random.default_rng(6).normal(size=(9, 4)).astype(np.float32)
        self.check_all("functional Keras", samples, network.predict(samples, verbose=0), 1e-5, "Manhattan")

    def test_torch(self):
        random = np.random.default_rng(7)
        for dtype in (torch.float32, torch.float64):
            for distance in gemel_file.DISTANCES:
                network = torch_network(dtype)
                from_torch.save(network, self.file, distance=distance, threshold=0.25)
                samples = (random.normal(size=(20, 6)) + [1, 2, 3, 4, 5e6, 6])
                samples = torch.tensor(samples, dtype=dtype)
                with torch.no_grad():
                    self.check_all(f"PyTorch, {distance}", samples.numpy(), network(samples).numpy(),
                                   TOLERANCE[samples.numpy().dtype], distance)

    def test_normalization_of_zero_and_tiny_vectors(self):
        for dtype in (np.float32, np.float64):
            tiny = {np.float32: 1e-30, np.float64: 1e-250}[dtype]
            gemel_file.write(self.file, [
                {"type": "Dense", "weight": np.eye(2, dtype=dtype), "bias": np.zeros(2, dtype),
                 "activation": {"type": "ReLU"}},
                {"type": "L2Normalize"}], distance="Euclidean", threshold=1)
            samples = np.array([[-1, -2], [3, 4], [3 * tiny, 4 * tiny], [0.3 / tiny, 0.4 / tiny], [0, 0]], dtype)
            unit = np.array([[0, 0], [0.6, 0.8], [0.6, 0.8], [0.6, 0.8], [0, 0]], dtype)
            by_torch = to_torch.load(self.file)(torch.tensor(samples)).detach().numpy()
            model = to_onnx.convert(gemel_file.read(self.file), "model")
            by_onnx, = onnxruntime.InferenceSession(model.SerializeToString()).run(None, {"samples": samples})
            for embeddings in (self.peer(samples)["embeddings"], by_torch, by_onnx):
                np.testing.assert_allclose(embeddings, unit, atol=1e-6)

    def test_gradients_of_normalization(self):
        x = torch.tensor([[3.0, 4.0], [0.0, 0.0]], dtype=torch.float64, requires_grad=True)
        to_torch.L2Normalize()(x)[:, 0].sum().backward()
        np.testing.assert_allclose(x.grad.numpy(), [[0.128, -0.096], [0, 0]], atol=1e-15)

    def test_there_and_back(self):
        for network in (torch_network(torch.float32), torch_network(torch.float64)):
            from_torch.save(network, self.file, distance="Cosine")
            back = self.folder / "back.gemel"
            from_torch.save(to_torch.load(self.file), back, distance="Cosine")
            self.assertEqual(self.file.read_bytes(), back.read_bytes())

    def test_loaded_modules_train(self):
        from_torch.save(torch_network(torch.float32), self.file)
        network = to_torch.load(self.file)
        self.assertFalse(network.training)
        network.train()(torch.randn(4, 6)).sum().backward()
        self.assertTrue(all(parameter.grad is not None for parameter in network.parameters()))


class Files(Folder):
    def setUp(self):
        super().setUp()
        self.samples = np.random.default_rng(8).normal(size=(4, 6)).astype(np.float32)
        from_torch.save(torch_network(torch.float32), self.file, distance="Euclidean", threshold=1.5,
                        metadata={"note": "a \"gemel.crc32\":\"00000000\" in a text"})

    def test_a_file_that_python_rewrites_needs_a_new_checksum(self):
        tensors, metadata = gemel_file.load_file(self.file)
        tensors["layers.1.bias"] += 1
        with safetensors.safe_open(self.file, "numpy") as file:
            old = file.metadata()
        other = self.folder / "other.gemel"
        safetensors.numpy.save_file(tensors, other, old)
        self.check_refused("checksum", gemel_file.read, other)
        self.assertIn("checksum", self.peer(self.samples, other))
        safetensors.numpy.save_file(tensors, other, metadata)
        self.check_refused("no checksum", gemel_file.read, other)
        self.assertIn("checksum", self.peer(self.samples, other))
        gemel_file.save_file(tensors, other, metadata)
        np.testing.assert_array_equal(gemel_file.read(other).layers[1]["bias"], tensors["layers.1.bias"])
        before, after = self.peer(self.samples), self.peer(self.samples, other)
        self.assertGreater(np.abs(before["parameters"] - after["parameters"]).max(), 0.9)

    def test_arrays_of_any_shape_and_order_are_kept(self):
        matrix = np.arange(6.0).reshape(2, 3)
        arrays = {"transposed": matrix.T, "columns": matrix[:, ::2], "scalar": np.array(1.5), "empty": np.zeros((0, 3))}
        gemel_file.save_file(arrays, self.file, {"a": "b"})
        tensors, metadata = gemel_file.load_file(self.file)
        np.testing.assert_equal(tensors, arrays)
        self.assertEqual({name: array.shape for name, array in tensors.items()},
                         {name: array.shape for name, array in arrays.items()})
        self.assertEqual(metadata, {"a": "b"})

    def test_each_flipped_bit_is_refused(self):
        content = bytearray(self.file.read_bytes())
        other = self.folder / "other.gemel"
        for i in range(len(content)):
            content[i] ^= 1 << i % 8
            other.write_bytes(content)
            with self.assertRaises(gemel_file.Refused, msg=f"byte {i}"):
                gemel_file.read(other)
            content[i] ^= 1 << i % 8

    def test_a_file_is_replaced_or_left(self):
        link = self.folder / "none" / "model.gemel"
        self.check_refused("cannot be written", gemel_file.write, link, gemel_file.read(self.file).layers)
        before = self.file.read_bytes()
        self.check_refused("scale that is negative", gemel_file.write, self.file, [
            {"type": "Standardize", "mean": np.zeros(2), "scale": np.array([1.0, -1.0])}])
        self.check_refused("cannot be written", gemel_file.save_file, {}, self.file, {"text": "\ud800"})
        self.assertEqual(self.file.read_bytes(), before)
        self.assertEqual([path.name for path in self.folder.iterdir()], ["model.gemel"])
        os.umask(0o027)
        gemel_file.save_file({}, self.file, {})
        self.assertEqual(self.file.stat().st_mode & 0o777, 0o640)

    def test_what_a_file_must_not_say(self):
        tensors, metadata = gemel_file.load_file(self.file)
        for old, new, words in [('"format": 1', '"format": 2', "newer Gemel"),
                                ('"kind": "verifier"', '"kind": "rocket"', "unknown kind 'rocket'"),
                                ('"scalar": "F32"', '"scalar": "F64"', "says that its weights are F64"),
                                ('"in": 9', '"in": 10', "but"), ('"in": 9, ', "", "incomplete or wrong"),
                                ('"rate": 0.5', '"rate": 1.0', "has the rate 1.0"),
                                ('"rate": 0.5', '"rate": "nan"', "has the rate nan"),
                                ('"clip": 1.5', '"clip": 0', "has the clip 0"),
                                ('{"format', '[' * 100000 + '{"format', "incomplete or wrong"),
                                ('"type": "Dropout"', '"type": "Standardize"', "needs ['mean', 'scale']")]:
            text = metadata["gemel"].replace(old, new, 1)
            self.assertNotEqual(text, metadata["gemel"])
            gemel_file.save_file(tensors, self.file, {"gemel": text})
            self.check_refused(words, gemel_file.read, self.file)
            self.assertIsInstance(self.peer(self.samples), str)
        for change, words in [({"layers.1.bias": np.zeros(8, np.float32)}, "shape (8,)"),
                              ({"layers.1.bias": np.full(9, np.nan, np.float32)}, "NaN"),
                              ({"layers.1.bias": np.zeros(9, np.float64)}, "values of float32 before it"),
                              ({"layers.1.other": np.zeros(9, np.float32)}, "has the arrays"),
                              ({"layers.77.bias": np.zeros(9, np.float32)}, "belongs to no layer")]:
            gemel_file.save_file(tensors | change, self.file, metadata)
            self.check_refused(words, gemel_file.read, self.file)
            self.assertIsInstance(self.peer(self.samples), str)

    def test_a_file_with_a_gallery_is_read_as_its_model(self):
        model = gemel_file.read(GOLDEN / "gallery.safetensors")
        same = gemel_file.read(GOLDEN / "verifier.safetensors")
        self.assertEqual((model.kind, model.distance, model.calibration), (same.kind, same.distance, same.calibration))
        for layer, other in zip(model.layers, same.layers, strict=True):
            np.testing.assert_equal(layer, other)

    def test_a_checkpoint_is_read_as_its_model(self):
        tensors, metadata = gemel_file.load_file(self.file)
        tensors["optimizer.m"] = np.zeros(3, np.float32)
        gemel_file.save_file(tensors, self.file, metadata)
        self.check_refused("'optimizer.m' that belongs to no layer", gemel_file.read, self.file)
        description = metadata["gemel"].replace("verifier", "checkpoint")
        gemel_file.save_file(tensors, self.file, {"gemel": description})
        self.assertEqual(len(gemel_file.read(self.file).layers), 10)

    def test_layers_of_the_users_own(self):
        layers = [{"type": "Mine", "in": 2, "out": 3, "parameters": np.zeros(4, np.float32)}]
        self.check_refused("is a Mine", gemel_file.write, self.file, layers)
        description = {"format": 1, "kind": "network", "scalar": "F32", "layers": [{"type": "Mine", "in": 2, "out": 3}]}
        gemel_file.save_file({"layers.0.parameters": layers[0]["parameters"]}, self.file,
                             {"gemel": json.dumps(description)})
        model = gemel_file.read(self.file)
        np.testing.assert_equal(model.layers, layers)
        self.check_refused("is a Mine", to_torch.load, self.file)
        self.check_refused("is a Mine", to_onnx.convert, model, "model")

    def test_the_programs_in_the_readme(self):
        readme = (SCRIPTS / "README.md").read_text(encoding="utf-8")
        read, change = re.findall(r"```python\n(.*?)```", readme, re.DOTALL)
        network = nn.Sequential(nn.Linear(6, 4), nn.ReLU(), nn.Linear(4, 3))
        from_torch.save(network, self.file, distance="Euclidean", threshold=1)
        np.save(self.folder / "samples.npy", self.samples)
        variables = {}
        with contextlib.chdir(self.folder):
            exec(read, variables)
            np.testing.assert_allclose(variables["x"], network(torch.tensor(self.samples)).detach().numpy(), atol=1e-5)
            exec(change)
        np.testing.assert_array_equal(gemel_file.read(self.file).layers[0]["bias"],
                                      network[0].bias.detach().numpy() + np.float32(1))


class Refusals(Folder):
    def test_keras(self):
        twice = kl.Dense(4)
        x = keras.Input((4,))
        subclass = type("Odd", (kl.Dense,), {})
        float16 = kl.Dense(2, dtype="mixed_float16")

        def model(*layers, shape=(4,)):
            return keras.Sequential([keras.Input(shape), *layers])

        for words, network in [
                ("'bn' (BatchNormalization) has no counterpart", model(kl.Dense(3), kl.BatchNormalization(name="bn"))),
                ("'conv' (Conv2D) has no", model(kl.Conv2D(2, 2, name="conv"), kl.Flatten(), shape=(4, 4, 1))),
                ("the activation 'gelu'", model(kl.Dense(3, activation="gelu"))),
                ("the activation 'softmax'", model(kl.Dense(3), kl.Activation("softmax"))),
                ("the activation '<lambda>'", model(kl.Dense(3, activation=lambda x: x))),
                ("the activation 'PReLU'", model(kl.Dense(3, activation=kl.PReLU()))),
                ("(Odd) has no counterpart", model(subclass(3))),
                ("does not follow a dense layer", model(kl.Dense(3, activation="relu"), kl.ReLU())),
                ("does not follow a dense layer", model(kl.ReLU(), kl.Dense(3))),
                ("with a max_value", model(kl.Dense(3), kl.ReLU(max_value=6))),
                ("inverts", model(kl.Normalization(mean=0.0, variance=1.0, invert=True), kl.Dense(3))),
                ("along the axes (0,)", keras.Sequential([
                    keras.Input(batch_shape=(4, 4)), kl.Normalization(axis=0, mean=0.0, variance=1.0), kl.Dense(3)])),
                ("along the axis 0", model(kl.Dense(3), kl.UnitNormalization(axis=0))),
                ("add a Flatten", model(kl.Dense(3), kl.Flatten(), shape=(4, 4))),
                ("add a Flatten", model(kl.Normalization(mean=0.0, variance=1.0), kl.Flatten(), shape=(4, 4))),
                ("keep the order", model(kl.Flatten(data_format="channels_first"), kl.Dense(3), shape=(4, 4))),
                ("noise_shape", model(kl.Dropout(0.1, noise_shape=(1, 4)), kl.Dense(3))),
                ("the rate 1.0", model(kl.Dropout(1.0), kl.Dense(3))),
                ("the scale 0", model(kl.Rescaling(0.0), kl.Dense(3))),
                ("for each feature", model(kl.Rescaling([1.0, 2, 3, 4]), kl.Dense(3))),
                ("computes in float16", model(float16)),
                ("no layer has weights", model(kl.UnitNormalization())),
                ("is not built", keras.Sequential([kl.Dense(3)])),
                ("is not a chain at its layer 'add' (Add)", keras.Model(x, kl.Add(name="add")([kl.Dense(4)(x), x]))),
                ("(Multiply) of the model", keras.Model(x, kl.Dense(4)(x) * 2)),
                ("(Relu) of the model", keras.Model(x, kl.Dense(3)(keras.ops.relu(kl.Dense(4)(x))))),
                ("(Tanh) of the model 'inner' is no layer", model(keras.Model(x, keras.ops.tanh(kl.Dense(4)(x)),
                                                                              name="inner"), kl.Dense(3))),
                ("is not a chain", keras.Model(x, twice(twice(x)))),
                ("called without arguments", keras.Model(x, kl.Dense(3)(kl.Dropout(0.5)(x, training=True)))),
                ("is not a chain", keras.Model([x, keras.Input((4,))], kl.Dense(3)(x))),
                ("is not that of its last layer", chain_with_early_output(x)),
                ("is a Own, but only Sequential", own_model())]:
            self.check_refused(words, from_keras.save, network, self.file)
        self.assertFalse(self.file.exists())

    def test_torch(self):
        hooked, shared = nn.Linear(4, 3), nn.ReLU()
        hooked.register_forward_hook(lambda module, inputs, output: output * 2)
        patched = nn.Linear(4, 3)
        patched.forward = lambda x: 2 * nn.functional.linear(x, patched.weight)
        for words, network in [
                ("the module 1 of the network (Sequential) (BatchNorm1d) has no counterpart",
                 nn.Sequential(nn.Linear(4, 3), nn.BatchNorm1d(3))),
                ("(Conv1d) has no counterpart", nn.Sequential(nn.Conv1d(1, 1, 1), nn.Linear(4, 3))),
                ("(GELU) has no counterpart", nn.Sequential(nn.Linear(4, 3), nn.GELU())),
                ("negative_slope -0.1", nn.Sequential(nn.Linear(4, 3), nn.LeakyReLU(-0.1))),
                ("does not follow a dense layer", nn.Sequential(nn.Linear(4, 3), shared, shared)),
                ("does not follow a dense layer", nn.Sequential(nn.Linear(4, 3), nn.Dropout(), nn.ReLU())),
                ("(Bilinear) has", nn.Bilinear(2, 2, 2)),
                ("flattens other dimensions", nn.Sequential(nn.Flatten(0), nn.Linear(4, 3))),
                ("has hooks", nn.Sequential(hooked)),
                ("has a forward of its own", nn.Sequential(patched)),
                ("(ParametrizedLinear) has", nn.Sequential(nn.utils.parametrizations.weight_norm(nn.Linear(4, 3)))),
                ("values of torch.float16", nn.Sequential(nn.Linear(4, 3)).half()),
                ("values of float32 before it", nn.Sequential(nn.Linear(4, 3), nn.Linear(3, 3).double())),
                ("takes 4 values, but", nn.Sequential(nn.Linear(4, 3), nn.Linear(4, 3))),
                ("the rate 1.0", nn.Sequential(nn.Dropout(1.0), nn.Linear(4, 3))),
                ("no layers", nn.Sequential())]:
            self.check_refused(words, from_torch.save, network, self.file)
        diverged = nn.Sequential(nn.Linear(4, 3))
        with torch.no_grad():
            diverged[0].bias[1] = float("nan")
        self.check_refused("has a NaN", from_torch.save, diverged, self.file)
        fine = nn.Sequential(nn.Linear(4, 3))
        for words, options in [("distance 'Hamming' is not known", {"distance": "Hamming"}),
                               ("needs a distance", {"threshold": 1.0}),
                               ("is nan", {"distance": "Cosine", "threshold": float("nan")}),
                               ("is inf", {"distance": "Cosine", "threshold": float("inf")}),
                               ("'gemel.x' of the metadata is taken", {"metadata": {"gemel.x": ""}}),
                               ("cannot be written", {"metadata": {"x": 1}})]:
            self.check_refused(words, from_torch.save, fine, self.file, **options)
        self.assertFalse(self.file.exists())


def chain_with_early_output(x):
    hidden = kl.Dense(3)(x)
    model = keras.Model(x, [kl.Dense(2)(hidden)])
    return keras.Model(x, [hidden, model.output])


def own_model():
    class Own(keras.Model):
        def __init__(self):
            super().__init__()
            self.dense = kl.Dense(3)

        def call(self, x):
            return self.dense(x) * 2

    own = Own()
    own(np.zeros((1, 4), np.float32))
    return own


class CommandLines(Folder):
    def succeeds(self, script, *arguments):
        result = subprocess.run([sys.executable, SCRIPTS / script, *arguments], cwd=self.folder, capture_output=True,
                                text=True)
        self.assertEqual(result.returncode, 0, result.stderr)
        return result.stdout

    def refuses(self, words, script, *arguments):
        """As a new process would, but the packages, whose import takes seconds, are there already."""
        main = {"from_keras.py": from_keras, "from_torch.py": from_torch, "to_onnx.py": to_onnx,
                "to_torch.py": to_torch}[script].main
        errors = io.StringIO()
        with (contextlib.chdir(self.folder), contextlib.redirect_stderr(errors),
              unittest.mock.patch("sys.argv", [str(SCRIPTS / script), *arguments]),
              self.assertRaises(SystemExit) as context):
            gemel_file.run(main)
        self.assertEqual((context.exception.code, errors.getvalue().count("\n")), (2, 1), errors.getvalue())
        self.assertTrue(errors.getvalue().startswith(script + ": "), errors.getvalue())
        self.assertIn(words, errors.getvalue())

    def test_keras_and_onnx(self):
        network = keras_network("float32", ["relu"])
        network.save(self.folder / "model.keras")
        printed = self.succeeds("from_keras.py", "model.keras", "model.gemel", "--distance", "euclidean", "--threshold",
                                "0.7", "--metadata", "version=3=x")
        self.assertEqual(printed, "model.gemel: verifier of float32: Rescale, Standardize, Dropout, Dense 6 x 9 ReLU, "
                         "Dense 9 x 5 LeakyReLU, Dense 5 x 4 LeakyReLU, Dense 4 x 3 Linear, L2Normalize; Euclidean, "
                         "threshold 0.7\n")
        model = gemel_file.read(self.file)
        self.assertEqual((model.kind, model.distance, model.calibration["threshold"], model.metadata),
                         ("verifier", "Euclidean", 0.7, {"version": "3=x"}))
        pixels = np.random.default_rng(9).uniform(0, 256, size=(5, 2, 3)).astype(np.float32)
        expected = distances("Euclidean", network.predict(pixels, verbose=0))
        self.check_close("from_keras.py", self.peer(pixels)["distances"], expected, 1e-5)
        self.succeeds("to_onnx.py", "model.gemel", "model.onnx")
        session = onnxruntime.InferenceSession(self.folder / "model.onnx")
        by_onnx, = session.run(None, {"samples": pixels.reshape(5, 6)})
        self.check_close("to_onnx.py", distances("Euclidean", by_onnx), expected, 1e-5)
        self.assertEqual(session.get_modelmeta().custom_metadata_map,
                         {"distance": "Euclidean", "threshold": "0.7", "version": "3=x"})

        self.refuses("cannot load none.keras: File not found", "from_keras.py", "none.keras", "x.gemel")
        self.refuses("is not a .keras file", "from_keras.py", "model.h5", "x.gemel")
        self.refuses("required: output", "from_keras.py", "model.keras")
        self.refuses("invalid float value: 'far'", "from_keras.py", "model.keras", "x.gemel", "--threshold", "far")
        self.refuses("'hamming' is not known", "from_keras.py", "model.keras", "x.gemel", "--distance", "hamming")
        self.refuses("given as KEY=TEXT", "from_keras.py", "model.keras", "x.gemel", "--metadata", "version")
        self.refuses("x/y.gemel cannot be written: No such file", "from_keras.py", "model.keras", "x/y.gemel")
        self.refuses("none.gemel cannot be read: No such file", "to_onnx.py", "none.gemel", "x.onnx")
        self.refuses("x/y.onnx cannot be written: No such file", "to_onnx.py", "model.gemel", "x/y.onnx")

    def test_a_keras_file_executes_nothing(self):
        network = keras.Sequential([keras.Input((4,)), kl.Lambda(lambda x: x + 1, output_shape=(4,)), kl.Dense(2)])
        network.save(self.folder / "lambda.keras")
        self.refuses("Lambda", "from_keras.py", "lambda.keras", "x.gemel")

    def test_torch(self):
        torch.manual_seed(5)
        network = nn.Sequential(*(nn.Linear(7, 7) if i % 2 == 0 else nn.ReLU() for i in range(12)), nn.Linear(7, 2),
                                nn.LeakyReLU(0.02)).eval()
        safetensors.torch.save_file(network.state_dict(), self.folder / "state.safetensors")
        relus = ["relu"] * 6
        self.succeeds("from_torch.py", "state.safetensors", "model.gemel", "--distance", "manhattan", "--threshold=2",
                      "--activations", *relus, "LeakyReLU=0.02")
        samples = np.random.default_rng(9).normal(size=(5, 7)).astype(np.float32)
        with torch.no_grad():
            expected = distances("Manhattan", network(torch.tensor(samples)).numpy())
        self.check_close("from_torch.py", self.peer(samples)["distances"], expected, 1e-5)
        printed = self.succeeds("to_torch.py", "model.gemel", "back.safetensors")
        self.assertIn("(12): Linear(in_features=7, out_features=2, bias=True)\n  (13): LeakyReLU(negative_slope=0.02)",
                      printed)
        network.load_state_dict(safetensors.torch.load_file(self.folder / "back.safetensors"))  # all keys fit

        class TwoLayers(nn.Module):
            def __init__(self):
                super().__init__()
                self.last, self.first = nn.Linear(3, 2, bias=False), nn.Linear(4, 3)

            def forward(self, x):
                return self.last(torch.tanh(self.first(x)))

        network = TwoLayers().double()
        safetensors.torch.save_file(network.state_dict(), self.folder / "two.safetensors")
        two = ["two.safetensors", "model.gemel", "--distance", "cosine", "--threshold", "1", "--activations"]
        self.succeeds("from_torch.py", *two, "tanh", "linear", "--modules", "first", "last")
        samples = np.random.default_rng(9).normal(size=(5, 4))
        with torch.no_grad():
            expected = distances("Cosine", network(torch.tensor(samples)).numpy())
        self.check_close("from_torch.py --modules", self.peer(samples)["distances"], expected, 1e-12)

        self.refuses("names in order, of first, last", "from_torch.py", *two, "tanh", "linear")
        self.refuses("no weight of two dimensions", "from_torch.py", *two, "tanh", "linear", "--modules", "first", "l")
        self.refuses("'first.bias' belongs to none", "from_torch.py", *two, "linear", "--modules", "last")
        self.refuses("there are 2 modules, first, last, but 1 activations", "from_torch.py", *two, "tanh", "--modules",
                     "first", "last")
        self.refuses("'gelu' is not known", "from_torch.py", *two, "gelu", "linear")
        self.refuses("'leakyrelu' is not known", "from_torch.py", *two, "leakyrelu", "linear")
        self.refuses("'relu=1' is not known", "from_torch.py", *two, "relu=1", "linear")
        self.refuses("negative_slope -1.0", "from_torch.py", "state.safetensors", "x.gemel", "--activations", *relus,
                     "leakyrelu=-1")
        torch.save(network.state_dict(), self.folder / "pickle.pt")
        self.refuses("is not a safetensors file", "from_torch.py", "pickle.pt", "x.gemel", "--activations", "relu")
        self.refuses("not a model of Gemel's", "to_torch.py", "two.safetensors", "x.safetensors")
        self.refuses("x/y.safetensors cannot be written", "to_torch.py", "model.gemel", "x/y.safetensors")


if __name__ == "__main__":
    PEER = sys.argv.pop(1)
    unittest.main()
