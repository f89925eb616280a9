"""Searches of models beyond squared loss with relu layers: cross-entropy, other activations, biases, skips, targets."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce
from pathlib import Path
from typing import Any

import numpy as np

from dufm.library.shown import Shown, Told
from dufm.solvers.base.arrays import Array
from dufm.solvers.ce.polish import numerical_rank
from dufm.solvers.ce.relu import relu_search
from dufm.solvers.ce.search import ce_search
from dufm.solvers.search.devices import device_search
from dufm.solvers.search.options import SearchOptions
from dufm.solvers.search.solution import Solution, save
from dufm.solvers.weights.collapse import collapse_beside
from dufm.theory.ce.enclosure import least_loss
from dufm.theory.ce.polygons import DNC_LOGITS
from dufm.theory.problem import Problem
from dufm.theory.stated import ProblemError, exact_number
from dufm.verification.answers.models import (
    RANK,
    differing,
    relu_record,
    relu_solution,
    upper_bound,
    variant_of,
    variant_record,
)


@dataclass(frozen=True, repr=False, eq=False)
class FoundWeights(Shown):
    """Weights that a search found.

    Attributes:
        solution: weights, losses of the restarts, engine, seed; `solution.weights` are (H_1, W_1, ..., W_L).
    """

    solution: Solution

    @property
    def problem(self) -> Problem:
        """What was minimised."""
        return self.solution.problem

    @property
    def weights(self) -> tuple[Array, ...]:
        """(H_1, W_1, ..., W_L); where the model has a bias, it is the best one for them."""
        return self.solution.weights

    @property
    def loss(self) -> float:
        """Of the weights."""
        return self.solution.loss

    def save(self, path: str | Path) -> Path:
        """Write the solution as .npz; one of the papers' model is what `dufm submit` and `dufm.read_weights` take."""
        return save(self.solution, path)


@dataclass(frozen=True, repr=False, eq=False)
class ModelResult(FoundWeights):
    """The best weights of a search of another model. Searched: no proof, no certificate.

    Attributes:
        collapse: the least loss of collapse, None where it is not known.
        record: all that `dufm search --json` says.
    """

    collapse: float | None
    record: dict[str, Any]

    @property
    def ratio(self) -> float | None:
        """The loss over that of collapse."""
        return None if self.collapse is None else self.loss / self.collapse

    def told(self) -> Told:
        p = self.problem
        rows = [("found", self.loss)] + ([] if self.collapse is None else [("collapse", self.collapse)])
        model = ", ".join([p.loss, p.activation, *differing(p)])
        ranks = ", ".join(map(str, self.record["ranks"]))
        lines = [f"Ranks of hidden features and output: {ranks}."] if ranks else []
        return Told(f"K = {p.K}, L = {p.L}: {model}", ("loss", "value"), rows, [*lines, "Searched, not proved."])


@dataclass(frozen=True)
class Model:
    """What `dufm.search` was asked to minimise beside K, L and the strengths; its arguments of these names."""

    loss: str
    activation: str | None
    bias: str
    skip: str
    classes: Sequence[int]
    target_matrix: Any

    @property
    def is_plain(self) -> bool:
        """Whether only the loss and the activation may differ from the papers' model."""
        return (self.bias, self.skip, tuple(self.classes)) == ("none", "none", ()) and self.target_matrix is None


def problem_of(K: int, L: int, lam: Any, width: int | None, n: int, model: Model) -> Problem:
    """The problem these arguments describe.

    Raises:
        ProblemError: naming the argument.
    """
    if not isinstance(model.classes, Sequence | np.ndarray):
        raise ProblemError(f"classes must be K sizes such as (5, 5, 1), got {model.classes!r}")
    if model.loss == "ce" and not model.is_plain:
        raise ProblemError("loss 'ce' takes no bias, skip, classes or target_matrix")
    if model.loss == "ce":
        return Problem.of(K, L, lam, width, n, loss="ce", activation=model.activation or "linear")
    matrix = model.target_matrix
    try:
        rows = () if matrix is None else tuple(tuple(_exact(v) for v in row) for row in matrix)
    except TypeError:
        raise ProblemError(f"target_matrix must be K rows of numbers, got {matrix!r}") from None
    sizes = tuple(int(size) for size in model.classes)
    name, variant = variant_of(model.activation, model.bias, model.skip, sizes, rows)
    return Problem.of(K, L, lam, width, n, loss=model.loss, activation=name or "relu", variant=variant)


def _exact(value: Any) -> Fraction:
    return exact_number(value, "target_matrix")


def search_model(problem: Problem, options: SearchOptions) -> ModelResult:
    """Search a problem that is not plain.

    Raises:
        KeyboardInterrupt: for Ctrl-C before a restart has ended.
    """
    if problem.loss == "ce" and problem.activation == "relu":
        found = relu_search(problem, options.restarts, options.seed, stop=options.stop)
        found.raise_if_interrupted()
        return ModelResult(relu_solution(problem, found, options), found.collapse, relu_record(problem, found))
    if problem.loss == "ce":
        solution, _ = ce_search(problem, options)
        _require_weights(solution)
        collapse = float(least_loss(DNC_LOGITS, problem).mid())
        logits = reduce(lambda before, weight: weight @ before, solution.weights)
        told = {"loss": solution.loss, "upper_bound": upper_bound(problem, solution.weights), "dnc": collapse}
        return ModelResult(
            solution,
            collapse,
            told | {"ranks": [numerical_rank(logits, RANK)]},
        )
    solution, _ = device_search(problem, "cpu", options)
    _require_weights(solution)
    beside = collapse_beside(problem)
    record = variant_record(problem, solution, beside)
    return ModelResult(solution, None if beside is None else record["collapse"]["loss"], record)


def _require_weights(solution: Solution) -> None:
    if not solution.weights:
        solution.raise_if_interrupted()
        raise ProblemError(f"no restart finished: {solution.outcome.value}")
