"""A file of weights, whoever wrote it, as a problem and its weights."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from dufm.solvers.base.arrays import Array
from dufm.solvers.search.solution import load
from dufm.solvers.weight_files.arranging import Arranged, arrange
from dufm.solvers.weight_files.reading import read_arrays
from dufm.theory.problem import Problem
from dufm.theory.stated import ProblemError
from dufm.verification.answers.weights import problem_of
from dufm.verification.atlas.records import own_weights
from dufm.verification.base.certificate import entries

# The arrays that only an archive of this program has.
OWN = {"record", "digests"}


@dataclass(frozen=True, eq=False)
class WeightFile:
    """What was read.

    Attributes:
        problem: of the weights.
        weights: (H_1, W_1, ..., W_L).
        names: what each is called in the file.
        notes: what was left out, in words.
    """

    problem: Problem
    weights: tuple[Array, ...]
    names: tuple[str, ...]
    notes: tuple[str, ...]


def read_weight_file(
    path: Path, lam: Any = None, names: Sequence[str] | None = None, transpose: str = "none"
) -> WeightFile:
    """Read weights; nothing in the file is run.

    Args:
        path: .pt, .safetensors, .npz or .npy of any program, a solution .npz or a certificate of this one.
        lam: strength of all factors, or L + 1 of them; what this program wrote knows its own.
        names: which arrays are (H_1, W_1, ..., W_L).
        transpose: "none", "W", "H" or "all".

    Raises:
        ProblemError: one line, for what cannot be read, does not fit, or lacks its strengths.
    """
    problem, found = read_matrices(path, names, transpose)
    if problem is None or lam is not None:
        problem = problem_of(found.weights, lam, found.n)
    return WeightFile(problem, found.weights, found.names, found.notes)


def read_matrices(
    path: Path, names: Sequence[str] | None = None, transpose: str = "none"
) -> tuple[Problem | None, Arranged]:
    """The weights of a file, and their problem where the file states it; arguments and errors as above."""
    if path.suffix == ".json":
        problem, certificate = own_weights(path)
        weights = tuple(np.array(m, dtype=float) for m in entries(certificate))
        return problem, Arranged(weights, _factors(len(weights)), problem.n, ())
    arrays = read_arrays(path)
    if set(arrays) >= OWN:
        solution = load(path)
        if not solution.weights:
            raise ProblemError(f"{path} holds no weights")
        return solution.problem, Arranged(solution.weights, _factors(len(solution.weights)), solution.problem.n, ())
    return None, arrange(arrays, names, transpose)


def _factors(count: int) -> tuple[str, ...]:
    return ("H_1", *(f"W_{i}" for i in range(1, count)))
