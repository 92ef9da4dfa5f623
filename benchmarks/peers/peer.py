"""What the Python peers of compare.py share: a reader of the data, and the protocol on stdin and stdout."""

import json
import sys
import time
from pathlib import Path

import numpy as np

WIDTHS = [128, 128, 128]
RATE, RHO, EPSILON, MARGIN = 1e-3, 0.9, 1e-7, 1.0
CHECKED = 4  # the check value is the mean loss of so few batches because rounding errors grow over an epoch


class Work:
    """The work that a task times; `run()` does it once."""

    def start(self):
        """Restores the initial weights."""

    def value(self):
        """A number that all peers must agree on."""
        return np.asarray(self.run()).mean(dtype=float)


def read_data(file, features, pairs, batches):
    """Returns layers [(w, b)] with w in x out, x (batches x pairs x 2 x features) and similar (batches x pairs)."""
    values = np.fromfile(file, np.float32)

    def take(*shape):
        nonlocal values
        part, values = np.split(values, [np.prod(shape)])
        return part.reshape(shape)

    layers = [(take(rows, width), take(width)) for rows, width in zip([features, *WIDTHS], WIDTHS)]
    similar = take(batches, pairs)
    return layers, take(batches, pairs, 2, features), similar


def by_sides(x):
    """batches x 2 pairs x features: for each batch one matrix, the pairs' first samples above their second ones."""
    batches, pairs, _, features = x.shape
    return np.ascontiguousarray(x.swapaxes(1, 2)).reshape(batches, 2 * pairs, features)


def serve(kinds):
    """Answers each task with its times and its check value. `kinds` maps a task's kind to a Work, which is built from
    what read_data returns. The program's last arguments are the directory of the data and the number of threads."""
    directory, works = Path(sys.argv[-2]), {}
    for line in sys.stdin:
        name, kind, *numbers = line.split()
        features, pairs, batches, repeats = map(int, numbers)
        if name not in works:
            works[name] = kinds[kind](*read_data(directory / f"{name}.f32", features, pairs, batches))
        work = works[name]
        work.start()
        value = float(work.value())
        times = []
        for _ in range(repeats):
            begin = time.perf_counter()
            work.run()
            times.append((time.perf_counter() - begin) * 1e6 / batches)
        print(json.dumps({"us": times, "value": value}), flush=True)
