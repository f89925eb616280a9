"""What a search found, told: its polish, a certificate where it beats DNC, ranks by layer, the losses beside it."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from dufm.solvers.base.arrays import Array
from dufm.solvers.minima.canonical import describe
from dufm.solvers.minima.polish import Polished, refine, unpolished
from dufm.solvers.minima.symmetry import graph_of, symmetry_group
from dufm.solvers.search.solution import Outcome, Solution
from dufm.solvers.search.state import SearchState
from dufm.theory.problem import Problem
from dufm.theory.squared.bounds import least_loss
from dufm.theory.squared.phi import phi_of_power, power_root
from dufm.verification.atlas.known_losses import known_losses
from dufm.verification.base.certificate import Certificate, point_certificate
from dufm.verification.claims.best_bound import Bound, below, best_bound, require_sound

# More products than this take the checker longer than it allows itself.
MOST_PRODUCTS = 30_000_000
# Seconds that writing a weight into a certificate and a product in the checker take, roughly.
PER_WEIGHT, PER_PRODUCT = 2e-5, 2e-7
# The cheapest direct sum is sought class by class: beyond so many it takes longer than the rest.
MOST_SUMMED = 2000


def losses_beside(problem: Problem) -> dict[str, tuple[str, float]]:
    """`known_losses`, without the cheapest known structure where there are too many classes to put one together."""
    if problem.K <= MOST_SUMMED:
        return known_losses(problem)
    dnc = float(phi_of_power(problem.L, problem.x_power)[0])
    return {"dnc": ("DNC", dnc), "bound": ("no weights can go below", float(least_loss(problem)[0]))}


def sound_bound(problem: Problem) -> Bound:
    """The greatest lower bound known at a problem, its certificates re-checked."""
    found = best_bound(problem.K, problem.L, power_root(problem.x_power, problem.L + 1)[0])
    require_sound(found)
    return found


def beside_bound(bound: Bound, found: float) -> dict[str, Any]:
    """The bound, and the gap between it and the loss found, relative to that."""
    lower = below(bound.value)
    told = {"loss": lower, "by": bound.by, "claims": list(bound.claims)}
    return {"lower": told, "gap": max(found - lower, 0.0) / found}


def polished_best(
    solution: Solution, state: SearchState, over: Callable[[], bool] | None = None
) -> tuple[Solution, Polished]:
    """The solution with its weights polished where that lowers the loss, and what the polish says.

    Args:
        solution: of a search, with weights.
        state: of the same search; its groups may hold the polish already.
        over: asked on the way; True ends the polish as it is.
    """
    problem = solution.problem
    polished = next((g.polished for g in state.groups if g.weights is solution.weights), None)
    if polished is None and solution.outcome is not Outcome.INTERRUPTED:
        polished = refine(problem, solution.weights, over)
    if polished is None:
        polished = unpolished(problem, solution.weights)
    if polished.loss < solution.loss:
        solution = replace(solution, weights=polished.weights, loss=polished.loss)
    return solution, polished


def too_many(weights: Sequence[Array]) -> str:
    """Why no certificate of weights is made: a sentence, empty where one is."""
    size, K = sum(w.size for w in weights), len(weights[-1])
    most = MOST_PRODUCTS // K
    return f"{size} weights for {K} classes, at most {most} are certified" if size > most else ""


def certificate_found(solution: Solution) -> Certificate | str:
    """A certificate of what a search found, for the checker to judge; a sentence where that would take it too long."""
    if why := too_many(solution.weights):
        return why
    found = {"engine": solution.engine, "seed": solution.seed, **solution.versions}
    return point_certificate(solution.problem, solution.weights, "search", found)


def certifying_seconds(problem: Problem) -> float:
    """About what exact arithmetic on weights of the problem's widths takes: their certificate, written and checked."""
    size = sum(rows * columns for rows, columns in problem.shapes)
    return 0.0 if size * problem.K > MOST_PRODUCTS else size * (PER_WEIGHT + problem.K * PER_PRODUCT)


def search_record(
    problem: Problem,
    solution: Solution,
    polished: Polished,
    known: dict[str, tuple[str, float]],
) -> dict[str, Any]:
    """A search for JSON.

    Args:
        problem: what was minimised.
        solution: the best, polished.
        polished: what the polish says.
        known: losses beside it, as `known_losses` gives them.
    """
    symmetry = symmetry_group(problem, solution.weights)
    graph = graph_of(problem, solution.weights)
    return {
        "problem": {"K": problem.K, "L": problem.L, "width": problem.width, "n": problem.n}
        | {"lambdas": [str(x) for x in problem.lambdas], "x": float(problem.x)},
        "loss": solution.loss,
        "ratio_to_dnc": solution.loss / known["dnc"][1],
        "known": {name: {"what": what, "loss": value} for name, (what, value) in known.items()},
        "restarts": len(solution.losses),
        "dropped": solution.dropped,
        "symmetry": {"name": symmetry.name, "order": symmetry.order, "orbits": [list(o) for o in symmetry.orbits]},
        "graph": None if graph is None else graph.name,
        "outcome": solution.outcome.value,
        "seed": solution.seed,
        "seconds": solution.seconds,
        "engine": solution.engine,
        "versions": solution.versions,
        "polish": {"sentence": polished.sentence, "residual": polished.residual if polished.succeeded else None}
        | {"local_minimum": bool(polished.is_local_minimum)},
        "layers": [
            {"name": s.name, "rank": s.rank, "gap": s.gap if np.isfinite(s.gap) else None}
            | {"singular_values": list(s.singular_values)}
            for s in describe(problem, solution.weights)
        ],
    }
