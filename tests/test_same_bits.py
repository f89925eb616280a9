"""A seed gives the same bits whatever the cores, the threads asked for, and whoever loaded NumPy first."""

import os
import subprocess
import sys

import pytest

PROGRAM = """
import hashlib, os, sys
{cores}
{first}
import dufm
import numpy as np
from dufm.solvers.search.options import SearchOptions
from dufm.solvers.search.portfolio import global_search
from dufm.solvers.rfm.recursion import layers
from dufm.solvers.rfm.settings import DeepSettings
from dufm.solvers.minima.polish import refine
from dufm.solvers.datasets import load, prepare, split
from dufm.theory.problem import Problem

problem = Problem.of(5, 4, "0.004")
found = global_search(problem, SearchOptions(3))
seen = hashlib.sha256(np.array(found[0].losses).tobytes())
for w in (*found[0].weights, *refine(problem, found[0].weights).weights):
    seen.update(np.ascontiguousarray(w).tobytes())
train, test = split(load("digits"), 300)
data = prepare(train, test)
for layer in layers(data.X, data.labels, DeepSettings(depth=1, width=128, seed=0), None, None):
    seen.update(repr(layer.row).encode())
big = np.random.default_rng(0).normal(size=(700, 700))
seen.update((big @ big).tobytes() + np.linalg.solve(big, big[0]).tobytes())
print(seen.hexdigest())
"""


def bits(first: str = "", cores: str = "", **environment: str) -> str:
    inherited = {name: value for name, value in os.environ.items() if not name.endswith("_NUM_THREADS")}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(first=first, cores=cores)],
        capture_output=True,
        text=True,
        env=inherited | environment,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.fixture(scope="module")
def expected() -> str:
    return bits()


def test_cores_do_not_change_bits(expected: str) -> None:
    assert bits(cores="os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})") == expected


def test_threads_asked_for_do_not_change_bits(expected: str) -> None:
    assert bits(OPENBLAS_NUM_THREADS="2", OMP_NUM_THREADS="8") == expected


def test_numpy_loaded_first_does_not_change_bits(expected: str) -> None:
    loaded = "import numpy, scipy.linalg; numpy.ones((300, 300)) @ numpy.ones((300, 300))"
    assert bits(loaded, OPENBLAS_NUM_THREADS="4") == expected


def test_a_number_of_threads_that_makes_no_sense_is_said() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "import dufm"],
        capture_output=True,
        text=True,
        env=os.environ | {"DUFM_BLAS_THREADS": "many"},
    )
    assert done.returncode == 2 and "DUFM_BLAS_THREADS must be an integer >= 1, got 'many'" in done.stderr
