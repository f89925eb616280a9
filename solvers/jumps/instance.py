"""Matrix completion problems: a target and which of its entries are observed."""

import json
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dufm.solvers.base.arrays import Array
from dufm.solvers.base.checks import require_integers
from dufm.solvers.base.shipped import shipped
from dufm.theory.stated import ProblemError


@dataclass(frozen=True, eq=False)
class Completion:
    """A matrix of which some entries are observed.

    Attributes:
        target: shape (rows, columns); what is not observed may be NaN and is never read (stored as 0).
        mask: bool, same shape; True where observed.
    """

    target: Array
    mask: NDArray[np.bool_]

    def __post_init__(self) -> None:
        target, mask = np.array(self.target, dtype=float), np.asarray(self.mask)
        if target.ndim != 2 or mask.shape != target.shape:
            raise ProblemError(f"mask must have the shape of the target, {target.shape}, got {mask.shape}")
        if mask.dtype != np.bool_:
            raise ProblemError(f"mask must be boolean, got {mask.dtype}")
        if not mask.any():
            raise ProblemError("mask must observe at least one entry, got none")
        if not np.isfinite(target[mask]).all():
            raise ProblemError("target must be finite where it is observed, got NaN or infinity")
        if not (mask.any(axis=0).all() and mask.any(axis=1).all()):
            warnings.warn("a row or a column is not observed at all: its completion is 0", stacklevel=3)
        object.__setattr__(self, "target", np.where(mask, target, 0.0))
        object.__setattr__(self, "mask", mask)

    @property
    def observed(self) -> int:
        """N, the number of entries observed."""
        return int(self.mask.sum())

    @property
    def largest(self) -> float:
        """a, the largest |target| over the observed entries."""
        return float(np.abs(self.target[self.mask]).max())

    def entries(self) -> tuple[NDArray[np.int64], NDArray[np.int64], Array]:
        """(rows, columns, targets) of the observed entries, each of shape (N,), row by row."""
        rows, columns = np.nonzero(self.mask)
        return rows.astype(np.int64), columns.astype(np.int64), self.target[rows, columns]


def instance32() -> Completion:
    """The frozen 6 x 6 example: rank 2, 22 of 36 entries observed, with minima of rank 1, 2 and 3."""
    return _from_json(json.loads(shipped("solvers/jumps/instance32.json").read_text()))


def full_target32() -> Array:
    """The frozen example with its unobserved entries, shape (6, 6)."""
    return np.array(json.loads(shipped("solvers/jumps/instance32.json").read_text())["A"])


def read_instance(path: str | Path) -> Completion:
    """Read {"A": rows, "mask": rows of 0 and 1} from a JSON file; null stands for an unknown entry.

    Raises:
        ProblemError: naming the file, for one that is missing or holds something else.
    """
    try:
        return _from_json(json.loads(Path(path).read_text()))
    except OSError as error:
        raise ProblemError(f"--instance {path} cannot be read: {error.strerror}") from None
    except (ValueError, KeyError, TypeError) as error:
        raise ProblemError(f"--instance {path} must hold JSON with A and mask, rows of numbers: {error}") from None


def _from_json(record: dict[str, Any]) -> Completion:
    target = np.array([[np.nan if v is None else v for v in row] for row in record["A"]], dtype=float)
    mask = np.array(record["mask"])
    if not np.isin(mask, (0, 1)).all():
        raise ProblemError("mask must hold 0 and 1 alone")
    return Completion(target, mask.astype(bool))


def diagonal(n: int) -> Completion:
    """A* = I_n with the diagonal observed alone: the case that can be solved (theory.jumps.scalar)."""
    require_integers(1, n=n)
    return Completion(np.eye(n), np.eye(n, dtype=bool))
