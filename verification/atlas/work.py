"""What is done in one cell: known structures, a search, a polish, few bits, a certificate. Pure: a value in, one out.

Nothing here is believed later: whoever stores a result judges its weights again (`judge`).
"""

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from dufm.solvers.base.arrays import Array
from dufm.solvers.base.parallel import versions
from dufm.solvers.engines.cpu import descend_from
from dufm.solvers.minima.canonical import canonical, describe
from dufm.solvers.minima.polish import refine, unpolished
from dufm.solvers.minima.symmetry import symmetry_group
from dufm.solvers.objectives.squared import loss
from dufm.solvers.search.options import SearchOptions
from dufm.solvers.search.portfolio import global_search
from dufm.solvers.search.restarts import finish
from dufm.solvers.search.state import Group, SearchState
from dufm.solvers.weights.build import pad
from dufm.solvers.weights.of_structure import at_best_scale
from dufm.theory.problem import Problem
from dufm.theory.squared.phi import phi
from dufm.theory.squared.structures import CheapestSum
from dufm.theory.stated import ProblemError
from dufm.verification.atlas.cells import Cell
from dufm.verification.base.certificate import Certificate, entries, point_certificate
from dufm.verification.checker import check

CLAIM = "atlas"
# A polish costs the cube of the number of weights.
MOST_WEIGHTS = 2500
BITS = (24, 30, 36, 42)
# What few neurons and few bits may cost, relatively.
KEPT = 1e-9
TOLERANCES = (1e-2, 1e-3, 1e-4, 1e-6)
EPS = 1e-3
RANK_THRESHOLD = 1e-4
# Cells of two classes or two layers, where little is below DNC, get one part in so many of the effort.
SMALL_SHARE = 5


@dataclass(frozen=True, eq=False)
class Tried:
    """Weights tried for a cell.

    Attributes:
        loss: theirs.
        origin: where they come from, in words.
        weights: (H_1, W_1, ..., W_L) of any hidden widths; none for zero output.
    """

    loss: float
    origin: str
    weights: Sequence[Array]


@dataclass(frozen=True)
class Effort:
    """How much work a cell gets.

    Attributes:
        seed: entropy all cells' seeds are drawn from.
        restarts: most restarts.
        seconds: most time for the restarts; where K = 2 or L = 2, a fifth of both, for there the papers have DNC
            optimal.
        warm: whether cells also start from the best weights of their neighbours.
    """

    seed: int = 0
    restarts: int = 240
    seconds: float = 20.0
    warm: bool = False

    def __str__(self) -> str:
        return f"seed {self.seed}, {self.restarts} restarts, {self.seconds:g} s{', warm' if self.warm else ''}"


@dataclass(frozen=True)
class CellResult:
    """The best weights found in a cell, as the JSON text of a certificate, and how they were found.

    Attributes:
        cell: whose.
        certificate: exact weights in the form of a certificate, whether or not they beat DNC; None for zero.
        facts: summary: neck_rank, ranks, symmetry, order, residual, width, origin, restarts, seed, versions.
        seconds: wall time.
    """

    cell: Cell
    certificate: str | None
    facts: dict[str, Any]
    seconds: float


@dataclass(frozen=True)
class Judged:
    """What exact arithmetic says of weights.

    Attributes:
        loss: exact.
        ratio: loss over DNC's.
        certified: whether the checker accepted them as below DNC.
    """

    loss: Fraction
    ratio: float
    certified: bool


def solve_cell(cell: Cell, effort: Effort, starts: Sequence[tuple[str, list[Array]]] = ()) -> CellResult:
    """The best weights that structures, given starts and a search within the effort find.

    Args:
        cell: the problem.
        effort: how much work.
        starts: (where from, weights (H_1, W_1, ..., W_L) of any hidden widths) to descend from as well.
    """
    began = time.monotonic()
    problem, seed = cell.problem, cell.seed(effort.seed)
    share = SMALL_SHARE if 2 in (cell.K, cell.L) else 1
    found = _started(problem, starts)
    state = SearchState(groups=[Group(t.loss, tuple(t.weights)) for t in found if _fits(problem, t.weights)])
    limit = effort.seconds / share
    options = SearchOptions(
        max(1, effort.restarts // share), seed, threads=1, stop=lambda: time.monotonic() - began > limit
    )
    solution, state = global_search(problem, options, state)
    solution.raise_if_interrupted()
    if solution.weights:
        found.append(Tried(solution.loss, "search", solution.weights))
    facts: dict[str, Any] = {"seed": seed, "restarts": len(solution.losses), "versions": versions()}
    best = min(found, key=lambda t: t.loss, default=Tried(0.5, "zero", []))
    if best.loss >= (1 - KEPT) / 2:
        return CellResult(cell, None, facts | {"origin": "zero"}, time.monotonic() - began)
    weights, polish = _polished(problem, best.weights)
    certificate = _rounded(problem, weights, {"engine": best.origin, "effort": str(effort), "seed": seed} | versions())
    facts |= {"origin": best.origin, **polish} | summary(problem, certificate)
    return CellResult(cell, certificate, facts, time.monotonic() - began)


def _started(problem: Problem, starts: Sequence[tuple[str, list[Array]]]) -> list[Tried]:
    """The cheapest structure at its best scale and the starts given, as they are and after a descent."""
    known = list(starts)
    structure = CheapestSum()
    if structure.valid(problem.K, problem.L):
        try:
            known.append(("structure", at_best_scale(problem, structure.weights(problem.K, problem.L))))
        except ProblemError:
            pass
    found = []
    for origin, weights in known:
        wide = Problem.of(problem.K, problem.L, problem.lambdas[0], max(problem.width, *_widths(weights)))
        found.append(Tried(loss(problem, weights), origin, weights))
        end = finish(wide, descend_from(wide, [pad(wide, weights)], eps0=EPS))
        if end.weights:
            found.append(Tried(end.loss, f"descent from {origin}", canonical(wide, end.weights)))
    return found


def _widths(weights: Sequence[Array]) -> list[int]:
    return [w.shape[0] for w in weights[:-1]]


def _fits(problem: Problem, weights: Sequence[Array]) -> bool:
    return max(_widths(weights)) <= problem.width


def _polished(problem: Problem, weights: Sequence[Array]) -> tuple[list[Array], dict[str, Any]]:
    """Fewest neurons at the same loss, polished where that is not too long; what the polish says in words."""
    simple, value = canonical(problem, weights), loss(problem, weights)
    for tolerance in TOLERANCES:
        trial = canonical(problem, weights, tolerance, slack=KEPT / 10)
        if loss(problem, trial) <= value * (1 + KEPT):
            simple = trial
            break
    facts: dict[str, Any] = {"residual": None, "local_minimum": False}
    if sum(w.size for w in simple) > MOST_WEIGHTS:
        return simple, facts | {"polish": "not polished: too many weights"}
    try:
        polished = refine(problem, simple) or unpolished(problem, simple)
    except (np.linalg.LinAlgError, FloatingPointError) as error:
        return simple, facts | {"polish": f"not polished: {error}"}
    if not polished.succeeded or polished.loss > value * (1 + KEPT):
        return simple, facts | {"polish": polished.sentence}
    facts = {"residual": float(polished.residual), "local_minimum": bool(polished.is_local_minimum)}
    return list(polished.weights), facts | {"polish": polished.sentence}


def _rounded(problem: Problem, weights: list[Array], found_by: dict[str, Any]) -> str:
    """A certificate of the fewest bits that keep the loss."""
    goal = loss(problem, weights) * (1 + KEPT)
    short = (b for b in BITS if loss(problem, [np.round(w * 2.0**b) / 2.0**b for w in weights]) <= goal)
    return as_text(point_certificate(problem, weights, CLAIM, found_by, next(short, BITS[-1])))


def as_text(certificate: Certificate) -> str:
    """Compact JSON, equal for equal certificates."""
    return json.dumps(certificate, sort_keys=True, separators=(",", ":"), allow_nan=False)


def floats(certificate: str) -> list[Array]:
    """The weights of a certificate's text as float64."""
    return [np.array(w, dtype=float) for w in entries(json.loads(certificate))]


def summary(problem: Problem, certificate: str) -> dict[str, Any]:
    """Ranks of the features by layer, the least rank below the head, symmetry of the classes, widest layer.

    At L = 2 what stands below the head are the pre-activations W_1 H_1.
    """
    weights = floats(certificate)
    layers = {s.name: s.rank for s in describe(problem, weights, RANK_THRESHOLD)}
    ranks = [layers[f"F_{i}"] for i in range(2, problem.L + 1)] or [layers["Z"]]
    symmetry = symmetry_group(problem, weights)
    return {
        "neck_rank": min(ranks[:-1] or [layers.get("P_2", ranks[0])]),
        "ranks": ranks,
        "symmetry": symmetry.name,
        "order": symmetry.order,
        "width": max(_widths(weights)),
    }


def judge(cell: Cell, certificate: str | None) -> Judged:
    """Exact loss and ratio of a cell's weights, by the checker where they beat DNC, else by exact evaluation.

    Raises:
        ProblemError: if the weights belong to another problem or are malformed.
    """
    problem = cell.problem
    if certificate is None:
        return Judged(Fraction(1, 2), float(Fraction(1, 2) / phi(cell.L, cell.K * cell.Lambda)[0]), False)
    result = check(certificate)
    if result.margin is None:
        raise ProblemError(f"weights for {cell} are malformed: {result.sentence}")
    content = json.loads(certificate)
    strength = [[cell.Lambda.numerator, cell.Lambda.denominator]] * (cell.L + 1)
    stated = {"K": cell.K, "L": cell.L, "n": 1, "lambdas": strength}
    if content["kind"] != "point" or content["problem"] != stated:
        raise ProblemError(f"weights for {cell} belong to another problem")
    # The loss by this program's own arithmetic; the margin is DNC's bound less the loss by the checker's.
    exact = problem.objective(entries(content))
    return Judged(exact, float(exact / (exact + result.margin)), result.ok)
