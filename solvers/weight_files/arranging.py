"""Which matrix of a file is which factor, for how many classes, and what would fit where they do not chain up."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from dufm.solvers.base.arrays import Array
from dufm.theory.stated import ProblemError

# Names by which features go; the last part of "model.features" counts.
FEATURES = re.compile(r"h|h_?1|x|features?|feats?|embeddings?", re.IGNORECASE)
TRANSPOSES = ("none", "W", "H", "all")
SHOWN = 12


@dataclass(frozen=True, eq=False)
class Arranged:
    """Weights in order.

    Attributes:
        weights: (H_1, W_1, ..., W_L), float64; H_1 has K n columns, the n of a class beside one another.
        names: what each is called in the file.
        n: samples a class.
        notes: what was left out, in words.
    """

    weights: tuple[Array, ...]
    names: tuple[str, ...]
    n: int
    notes: tuple[str, ...]

    @property
    def K(self) -> int:
        """Classes."""
        return len(self.weights[-1])

    @property
    def L(self) -> int:
        """Weight layers."""
        return len(self.weights) - 1


def arrange(arrays: Mapping[str, np.ndarray], names: Sequence[str] | None = None, transpose: str = "none") -> Arranged:
    """Find (H_1, W_1, ..., W_L) among the arrays of a file.

    Args:
        arrays: by name.
        names: those to take, H_1 first; else every matrix, features first and the others sorted by name (numbers in
            names as numbers). Biases must be zero, for the model has none.
        transpose: "W" for weights that are in x out, "H" for features with a row a sample, "all" for both.

    Raises:
        ProblemError: one line, with the shapes and what would fit.
    """
    if transpose not in TRANSPOSES:
        raise ProblemError(f"--transpose must be one of {', '.join(TRANSPOSES)}, got {transpose!r}")
    chosen, notes = _chosen(arrays, names)
    if len(chosen) < 2:
        shapes = ", ".join(f"{name} {_size(array)}" for name, array in list(arrays.items())[:SHOWN])
        raise ProblemError(f"weights need H_1 and at least one W, two matrices or more; got {shapes or 'none'}")
    matrices = [np.asarray(arrays[name], dtype=np.float64) for name in chosen]
    for name, matrix in zip(chosen, matrices, strict=True):
        if not np.isfinite(matrix).all():
            raise ProblemError(f"weights must be finite, {name} is not")
    turned = _turned(matrices, transpose)
    fault = _fault(turned, chosen)
    if fault:
        raise ProblemError(f"{fault}; {_advice(matrices, chosen, transpose)}")
    n = turned[0].shape[1] // len(turned[-1])
    return Arranged(tuple(np.ascontiguousarray(m) for m in turned), tuple(chosen), n, tuple(notes))


def _chosen(arrays: Mapping[str, np.ndarray], names: Sequence[str] | None) -> tuple[list[str], list[str]]:
    """Names of the matrices in order, and notes on what is left out."""
    if names is not None:
        for name in names:
            if name not in arrays or arrays[name].ndim != 2 or arrays[name].dtype.kind not in "biuf":
                held = ", ".join(list(arrays)[:SHOWN])
                raise ProblemError(f"--names must name matrices of the file ({held}), got {name!r}")
        return list(names), []
    matrices = [name for name, array in arrays.items() if array.ndim == 2 and array.dtype.kind in "biuf"]
    notes = []
    for name, array in arrays.items():
        if name in matrices:
            continue
        if array.dtype.kind in "biuf" and array.ndim == 1 and "bias" in name and np.any(array):
            raise ProblemError(f"the model has no biases, and {name} is not zero: train with bias=False")
        notes.append(f"left out {name} {_size(array)}")
    features = [name for name in matrices if FEATURES.fullmatch(name.rpartition(".")[2])]
    first = features if len(features) == 1 else []
    return first + sorted((name for name in matrices if name not in first), key=_natural), notes


def _natural(name: str) -> list[tuple[int, int, str]]:
    parts = re.split(r"(\d{1,9})", name)
    return [(0, int(part), "") if i % 2 else (1, 0, part) for i, part in enumerate(parts)]


def _size(array: np.ndarray) -> str:
    return " x ".join(map(str, array.shape)) or "number"


def _turned(matrices: Sequence[Array], transpose: str) -> list[Array]:
    first, *others = matrices
    return [
        first.T if transpose in ("H", "all") else first,
        *(w.T if transpose in ("W", "all") else w for w in others),
    ]


def _fault(matrices: Sequence[Array], names: Sequence[str]) -> str:
    """Where (H_1, W_1, ..., W_L) do not chain up from K n columns to K rows, in words; "" where they do."""
    below = len(matrices[0])
    for i, (matrix, name) in enumerate(zip(matrices[1:], names[1:], strict=True), start=1):
        if matrix.shape[1] != below:
            under = "H_1" if i == 1 else f"W_{i - 1}"
            needed = f"{below} columns, the rows of {under} ({names[i - 1]})"
            return f"W_{i} ({name}) is {_size(matrix)} and must have {needed}"
        below = len(matrix)
    columns = matrices[0].shape[1]
    if below < 2 or columns == 0 or columns % below:
        words = f"H_1 ({names[0]}) is {_size(matrices[0])} and must have K n columns"
        return f"{words}, K = {below} being the rows of W_{len(matrices) - 1} ({names[-1]}), at least 2"
    return ""


def _advice(matrices: Sequence[Array], names: Sequence[str], asked: str) -> str:
    """What would fit."""
    for transpose in TRANSPOSES:
        if transpose != asked and not _fault(_turned(matrices, transpose), names):
            return f"they fit with --transpose {transpose}"
    backwards, back = list(reversed(matrices)), list(reversed(names))
    for transpose in TRANSPOSES:
        if not _fault(_turned(backwards, transpose), back):
            more = "" if transpose == "none" else f" --transpose {transpose}"
            return f"they fit with --names {','.join(back)}{more}"
    shapes = ", ".join(f"{name} {_size(m)}" for name, m in list(zip(names, matrices, strict=True))[:SHOWN])
    return f"H_1 is d x K n, W_1 ... W_L are out x in, W_L has K rows; got in this order {shapes} (--names picks)"
