#!/usr/bin/env python3
"""Compares the speed of Gemel, JAX, PyTorch, Keras and plain Eigen on the same work, and writes a table and a picture.

    python3 benchmarks/compare.py

A peer is one of these libraries in a process of its own. The script creates a virtual environment with the peers
(Python 3.11 to 3.13; 7 GB in build/compare-venv) and builds the C++ peers with the default Release flags (plain Eigen
with -march=native). In each round, the peers do each task in turn, and wait while it is another peer's turn, so that
other load on the machine affects all of them. The rounds run on one core first and then on two: the last ones of the
cores that the process may use (`taskset` selects others).

The network has three dense layers of 128 units with ReLU, in float, trained with contrastive loss of margin 1 and
RMSprop. Each peer uses the fastest form that was found for it (in peers/) and does all of the work; Gemel skips no
pairs. A time is the median of a round's runs (a run is an epoch of steps, all pairs, or the whole gallery), divided by
the number of steps or pairs in it. The table has the median over the rounds, and the median of their ratios to Gemel.
All peers start from the same weights and must agree, to 1e-4, on the mean loss of the first steps, the mean distance
and the mean embedding; otherwise the script ends with an error.
"""

import argparse
import contextlib
import json
import math
import os
import random
import re
import subprocess
import sys
import venv
from array import array
from pathlib import Path
from statistics import median
from typing import NamedTuple

REQUIREMENTS = ["jax==0.10.*", "torch==2.15.*", "keras==3.15.*", "tensorflow-cpu==2.21.*", "matplotlib==3.*"]

BENCHMARKS = Path(__file__).resolve().parent
BUILD = BENCHMARKS.parent / "build"
ENVIRONMENT = BUILD / "compare-venv"
CPP = BUILD / "compare"
DATA = CPP / "data"


class Task(NamedTuple):
    """A round times `repeats` runs over `batches` batches of `pairs` pairs."""

    name: str
    kind: str
    features: int
    pairs: int
    batches: int
    repeats: int


TASKS = [
    Task("seed", "train", features=100, pairs=32, batches=40, repeats=15),
    Task("mnist", "train", features=784, pairs=128, batches=20, repeats=9),
    Task("pair", "distance", features=100, pairs=1, batches=64, repeats=21),
    Task("gallery", "embed", features=100, pairs=50_000, batches=1, repeats=5),
]
ALL = ["train", "distance", "embed"]
WIDTHS = [128, 128, 128]


class Peer(NamedTuple):
    command: list
    kinds: list
    most_threads: int = 2


def python_peer(name, *variant):
    return [ENVIRONMENT / "bin" / "python", BENCHMARKS / "peers" / f"{name}_peer.py", *variant]


def cpp_peer(variant):
    return [CPP / "benchmarks" / "cpp_peer", variant]


PEERS = {
    "Gemel": Peer(cpp_peer("gemel"), ALL),
    "plain Eigen": Peer(cpp_peer("plain_eigen"), ["train"], most_threads=1),
    "JAX": Peer(python_peer("jax"), ALL),
    "PyTorch compiled": Peer(python_peer("torch", "compiled"), ALL),
    "PyTorch eager": Peer(python_peer("torch", "eager"), ALL),
    "Keras": Peer(python_peer("keras"), ["train", "distance"]),
}


def make_environment():
    stamp = ENVIRONMENT / "requirements.txt"
    wanted = "\n".join(REQUIREMENTS)
    if not stamp.exists() or stamp.read_text() != wanted:
        venv.create(ENVIRONMENT, symlinks=True, with_pip=True)
        subprocess.run([ENVIRONMENT / "bin" / "pip", "install", *REQUIREMENTS], check=True)
        stamp.write_text(wanted)


def build_cpp_peer(avx2):
    march = f"-DGEMEL_PLAIN_EIGEN_MARCH={'x86-64-v3' if avx2 else 'native'}"
    parts = ["-DGEMEL_BUILD_TESTS=OFF", "-DGEMEL_BUILD_EXAMPLES=OFF", "-DGEMEL_BUILD_BENCHMARKS=AUTO"]
    subprocess.run(["cmake", "-S", BENCHMARKS.parent, "-B", CPP, march, *parts], check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["cmake", "--build", CPP, "--target", "cpp_peer"], check=True, stdout=subprocess.DEVNULL)


def compiler():
    path = re.search(r"^CMAKE_CXX_COMPILER:.*=(.*)$", (CPP / "CMakeCache.txt").read_text(), re.MULTILINE)[1]
    return subprocess.run([path, "--version"], capture_output=True, text=True, check=True).stdout.splitlines()[0]


def write_data(task):
    """Writes floats: the layers' weights (in x out) and biases, a label per pair (1 = similar), the samples by pair."""
    rng = random.Random(1)
    values = array("f")
    inputs = task.features
    for outputs in WIDTHS:
        limit = math.sqrt(6 / (inputs + outputs))
        values.extend(rng.uniform(-limit, limit) for _ in range(inputs * outputs))
        values.extend(0 for _ in range(outputs))
        inputs = outputs
    pairs = task.pairs * task.batches
    values.extend(rng.randrange(2) for _ in range(pairs))
    values.extend(rng.random() for _ in range(2 * pairs * task.features))
    DATA.mkdir(exist_ok=True)
    with open(DATA / f"{task.name}.f32", "wb") as file:
        values.tofile(file)


def environment_variables(threads, avx2):
    """Limits the libraries to `threads` threads and, if `avx2` is set, to AVX2; XLA also respects the cores that the
    process may use. XLA is a few percent faster with vectors of 512 bits, where they are allowed."""
    xla = f"--xla_force_host_platform_device_count={threads} "
    xla += "--xla_cpu_max_isa=AVX2" if avx2 else "--xla_cpu_prefer_vector_width=512"
    limits = {
        "COMPARE_AVX2": "1",  # for the peers, see cpp_peer.cpp and torch_peer.py
        "ATEN_CPU_CAPABILITY": "avx2",
        "MKL_ENABLE_INSTRUCTIONS": "AVX2",
        "ONEDNN_MAX_CPU_ISA": "AVX2",
    }
    return os.environ | (limits if avx2 else {}) | {
        "OMP_NUM_THREADS": str(threads),
        "MKL_NUM_THREADS": str(threads),
        "TF_NUM_INTRAOP_THREADS": str(threads),
        "TF_NUM_INTEROP_THREADS": "1",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "KERAS_BACKEND": "tensorflow",
        "JAX_PLATFORMS": "cpu",
        "XLA_FLAGS": xla,
        "CUDA_VISIBLE_DEVICES": "",
        "PYTHONDONTWRITEBYTECODE": "1",
    }


class Worker:
    """A peer's process: it reads one task per line, and answers with its times and check value as a line of JSON."""

    def __init__(self, name, threads, avx2):
        self.name, self.kinds = name, PEERS[name].kinds
        self.log = CPP / f"{name}.log"
        with open(self.log, "w") as log:
            self.process = subprocess.Popen(
                [*PEERS[name].command, DATA, str(threads)], env=environment_variables(threads, avx2), text=True,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log,
            )  # fmt: skip

    def run(self, task):
        print(*task, file=self.process.stdin, flush=True)
        answer = self.process.stdout.readline()
        if not answer:
            sys.exit(f"{self.name} ended at task {task.name}; see {self.log}")
        return json.loads(answer)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait()


def check_same_value(task, answers):
    expected = answers["Gemel"]["value"]
    for name, answer in answers.items():
        if not math.isclose(answer["value"], expected, rel_tol=1e-4):
            sys.exit(f"task {task.name}: {name} computes {answer['value']}, but Gemel {expected}")


def measure(names, rounds, threads, cores, avx2):
    """Returns {task: {peer: [us of each round]}}; round 0 is a warm-up and is not recorded."""
    os.sched_setaffinity(0, cores[-threads:])
    times = {task.name: {} for task in TASKS}
    with contextlib.ExitStack() as stack:
        workers = [stack.enter_context(Worker(n, threads, avx2)) for n in names if threads <= PEERS[n].most_threads]
        for number in range(rounds + 1):
            print(f"{threads} core(s), round {number} of {rounds}", file=sys.stderr)
            for task in TASKS:
                answers = {worker.name: worker.run(task) for worker in workers if task.kind in worker.kinds}
                check_same_value(task, answers)
                for name, answer in answers.items():
                    if number > 0:
                        times[task.name].setdefault(name, []).append(median(answer["us"]))
    return times


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    others = [name for name in PEERS if name != "Gemel"]
    parser.add_argument("--rounds", type=int, default=15, help="default: 15")
    parser.add_argument("--threads", type=int, nargs="+", choices=[1, 2], default=[1, 2], help="default: 1 2")
    parser.add_argument("--only", nargs="+", choices=others, default=others, help="the peers; default: all")
    parser.add_argument("--avx2", action="store_true", help="use no AVX-512 on a machine that has it")
    parser.add_argument("--out", type=Path, default=CPP / "compare.md", help="the table; PNG and JSON go next to it")
    options = parser.parse_args()

    cores = sorted(os.sched_getaffinity(0))
    if max(options.threads) > len(cores):
        sys.exit(f"only {len(cores)} core(s) may be used, fewer than --threads asks for")
    options.out.parent.mkdir(parents=True, exist_ok=True)
    make_environment()
    build_cpp_peer(options.avx2)
    for task in TASKS:
        write_data(task)

    names = ["Gemel", *options.only]
    measured = {n: measure(names, options.rounds, n, cores, options.avx2) for n in options.threads}
    raw = options.out.with_suffix(".json")
    raw.write_text(json.dumps({"compiler": compiler(), "us": measured}, indent=1))
    subprocess.run([ENVIRONMENT / "bin" / "python", BENCHMARKS / "peers" / "report.py", raw], check=True)


if __name__ == "__main__":
    main()
