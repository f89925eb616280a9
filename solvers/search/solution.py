"""What a search hands back, and how it is kept on disk."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum
from fractions import Fraction
from pathlib import Path
from typing import Any, cast

import numpy as np

from dufm.solvers.base.arrays import Array
from dufm.solvers.base.files import read_archive, reading, require_finite, require_same, write_archive
from dufm.solvers.objectives.any_loss import loss_of
from dufm.theory.problem import ACTIVATIONS, Problem, Variant

FORMAT = "dufm-solution"


class Outcome(Enum):
    """How a search ended."""

    FINISHED = "every restart that was asked for has run"
    TARGET_REACHED = "a restart reached the target loss, so the rest were not run"
    STOPPED = "the caller's stop condition held, so the rest were not run"
    INTERRUPTED = "interrupted from the keyboard; the restarts finished by then are kept"
    ALL_FAILED = "no restart ended with finite weights"


@dataclass(frozen=True, eq=False)
class Solution:
    """The best weights a search found, and what is needed to find them again.

    Attributes:
        problem: what was minimised.
        weights: (H_1, W_1, ..., W_L), balanced; empty when no restart finished.
        loss: loss of `weights` with the true relu; NaN when there are none.
        losses: one loss for each restart that ran, in order of restart; NaN for one that was dropped.
        engine: which solver ran.
        versions: version of every program that decides the bits of the result.
        seed: entropy from which every start is drawn.
        settings: all other options, JSON-serialisable.
        outcome: how the search ended.
        seconds: wall time.
    """

    problem: Problem
    weights: tuple[Array, ...]
    loss: float
    losses: Array
    engine: str
    versions: dict[str, str]
    seed: int
    settings: dict[str, Any]
    outcome: Outcome
    seconds: float = field(default=0.0)

    def raise_if_interrupted(self) -> None:
        """For callers who have no use for half a search.

        Raises:
            KeyboardInterrupt: if Ctrl-C ended it.
        """
        if self.outcome is Outcome.INTERRUPTED:
            raise KeyboardInterrupt

    @property
    def dropped(self) -> int:
        """Restarts that ended without finite weights."""
        return int(np.isnan(self.losses).sum())


def stated(problem: Problem) -> dict[str, Any]:
    """The problem as JSON can hold it, exactly."""
    lambdas = [[value.numerator, value.denominator] for value in problem.lambdas]
    sizes = {"K": problem.K, "L": problem.L, "width": problem.width, "n": problem.n}
    # What the loss alone says is not said again.
    own: dict[str, Any] = (
        {} if problem.activation == ACTIVATIONS[problem.loss][0] else {"activation": problem.activation}
    )
    variant = problem.variant.named
    if variant:
        own["variant"] = {name: _plain_words(value) for name, value in variant.items()}
    return sizes | {"lambdas": lambdas, "loss": problem.loss} | own


def _plain_words(value: Any) -> Any:
    """Fractions as text, tuples as lists."""
    if isinstance(value, tuple):
        return [_plain_words(part) for part in cast("tuple[Any, ...]", value)]
    return str(value) if isinstance(value, Fraction) else value


def _variant_from(words: dict[str, Any]) -> Variant:
    target = tuple(tuple(Fraction(x) for x in row) for row in words.get("target", ()))
    kept = {"bias": words.get("bias", "none"), "skip": words.get("skip", "none")}
    return Variant(Fraction(words.get("slope", 0)), target=target, sizes=tuple(words.get("sizes", ())), **kept)


def problem_from(words: dict[str, Any]) -> Problem:
    """The problem that `stated` put into words."""
    lambdas = tuple(Fraction(*pair) for pair in words["lambdas"])
    kind = words.get("loss", "mse"), words.get("activation", ""), _variant_from(words.get("variant", {}))
    return Problem(words["K"], words["L"], lambdas, words["width"], words["n"], *kind)


def require_loss(field: str, stated: float, problem: Problem, weights: Sequence[Array]) -> None:
    """Raise ValueError unless weights read from a file are finite, fit the problem and have the loss stated."""
    for i, weight in enumerate(weights):
        require_finite(f"{field}: factor {i} of its weights", weight)
    # Before anything is made as large as the problem says it is.
    problem.check_shapes([weight.shape for weight in weights])  # pyright: ignore[reportArgumentType]
    require_same(field, stated, loss_of(problem, weights))


def save(solution: Solution, path: str | Path) -> Path:
    """Write a solution as .npz in one step: readers see the old file or the whole new one, never a part.

    Raises:
        OSError: if the folder cannot be written.
    """
    record = {
        "version": 1,
        "problem": stated(solution.problem),
        "loss": solution.loss.hex(),
        "engine": solution.engine,
        "versions": solution.versions,
        "seed": str(solution.seed),
        "settings": solution.settings,
        "outcome": solution.outcome.name,
        "seconds": solution.seconds,
        "factors": len(solution.weights),
    }
    factors = {f"factor_{i}": weight for i, weight in enumerate(solution.weights)}
    return write_archive(path, FORMAT, record, {"losses": solution.losses} | factors)


def load(path: str | Path) -> Solution:
    """Read what `save` wrote.

    Raises:
        ProblemError: if the file is missing, damaged, or no solution whose weights fit its problem and have its loss.
    """
    with reading(path, "solution"):
        record, arrays = read_archive(path, FORMAT)
        if record["version"] != 1:
            raise ValueError(f"version {record['version']!r}")
        weights = tuple(arrays[f"factor_{i}"] for i in range(record["factors"]))
        problem = problem_from(record["problem"])
        if weights:
            require_loss("loss", float.fromhex(record["loss"]), problem, weights)
        return Solution(
            problem,
            weights,
            float.fromhex(record["loss"]),
            np.asarray(arrays["losses"], dtype=float),
            record["engine"],
            record["versions"],
            int(record["seed"]),
            record["settings"],
            Outcome[record["outcome"]],
            float(record["seconds"]),
        )
