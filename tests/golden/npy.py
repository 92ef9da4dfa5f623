"""Makes the files of tests/golden/npy, with NumPy alone (made with 2.4): python3 tests/golden/npy.py

Every array but classes and embeddings holds 100 i + 10 j + k (of two dimensions: 100 i + 10 j) at its index i, j, k.
"""

import pathlib

import numpy as np

folder = pathlib.Path(__file__).parent / "npy"


def numbers(*shape):
    return sum(100 // 10**axis * index for axis, index in enumerate(np.indices(shape)))


def write(name, array, version=(1, 0)):
    with open(folder / (name + ".npy"), "wb") as file:
        np.lib.format.write_array(file, array, version=version)


for order in "CF":
    for type_ in ["u1", ">i2", "<i8", "<f4", ">f8"]:
        name = f"{order}_{type_.strip('<>')}"
        write(name, np.array(numbers(2, 3, 4), dtype=type_, order=order), (2, 0) if type_ == "<i8" else (1, 0))
write("C_2d_version_3", np.array(numbers(3, 2), dtype="<u2"), (3, 0))
write("F_2d_version_3", np.array(numbers(3, 2), dtype="<u2", order="F"), (3, 0))
write("classes_i8", np.array([7, -1, 2**62, 7]))
write("classes_f4_column", np.array([[3], [0], [3]], dtype="<f4"))
write("embeddings_f4", np.array([[0.5, -1.25], [3e38, 1e-40], [0, -0.0]], dtype="<f4"))
write("embeddings_f8", np.array([[0.1, 1e300, 3]], dtype="<f8"))
write("refused_objects", np.array([1, "two"], dtype=object))
write("refused_structure", np.zeros(2, dtype=[("x", "<f4"), ("y", "<i4")]))
