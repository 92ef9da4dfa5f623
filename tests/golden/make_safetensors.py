"""How tests/golden/safetensors/numpy.safetensors was made, and the check that Python reads gemel.safetensors, which
tests/io/safetensors.test.cpp holds Gemel's writer to.
    pip install safetensors==0.8.0 numpy==2.4.6
    python3 tests/golden/make_safetensors.py [--make]
"""

import json
import struct
import sys
import zlib
from pathlib import Path

import numpy as np
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

FOLDER = Path(__file__).parent / "safetensors"
METADATA = {"format": "np", "ключ \"quoted\"": "line\nend \\ 😀"}


def made_by_python():
    integers = {np.dtype(t).name: np.array([np.iinfo(t).min, 1, np.iinfo(t).max], t)
                for t in (np.int8, np.int16, np.int32, np.int64, np.uint8, np.uint16, np.uint32, np.uint64)}
    return integers | {
        "matrix": np.array([[1, 2, 3], [4, 5, -6.5]], np.float32),
        "double": np.array([1 / 3, -1e300, np.inf, 5e-324]),
        "half": np.array([1, -2, 65504], np.float16),
        "bool": np.array([True, False, True]),
        "value": np.array(7, np.float32),
        "nothing": np.zeros((0, 3), np.float32),
        "имя/\"\\": np.array([[[1]], [[2]]], np.int16),
    }


def check():
    """Python's view of what tests/io/safetensors.test.cpp writes."""
    path = FOLDER / "gemel.safetensors"
    tensors = load_file(path)
    expected = {
        "layers.0.weight": np.array([[1, 2, 3], [4, 5, 6.5]], np.float32),
        "layers.0.bias": np.array([-1, 0.25], np.float32),
        "layers.0.mean": np.array([1 / 3, 2, 1e300]),
        "name \"é\"": np.array([True, False, True]),
        "seed": np.array([2**64 - 1], np.uint64),
        "empty": np.zeros((0, 2), np.int16),
        "epoch": np.array(-3, np.int32),
    }
    assert tensors.keys() == expected.keys(), tensors.keys()
    for name, array in expected.items():
        assert tensors[name].dtype == array.dtype and tensors[name].shape == array.shape, name
        assert tensors[name].tobytes() == array.tobytes(), name
    with safe_open(path, "numpy") as file:
        metadata = file.metadata()
    content = path.read_bytes()
    crc = metadata.pop("gemel.crc32")
    assert metadata == {"classes": "a, b", "line\n\"\\": "π"}, metadata
    at = content.index(crc.encode())
    assert crc == f"{zlib.crc32(content[:at] + b'0' * 8 + content[at + 8:]):08x}", crc
    length, = struct.unpack("<Q", content[:8])
    assert length % 8 == 0
    header = json.loads(content[8:8 + length])
    for name, tensor in header.items():
        if name != "__metadata__":
            assert tensor["data_offsets"][0] % tensors[name].itemsize == 0, name
    print(f"Python reads {len(tensors)} tensors of {path.name} as they were written")


if "--make" in sys.argv:
    save_file(made_by_python(), FOLDER / "numpy.safetensors", METADATA)
check()
