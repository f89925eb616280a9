"""Searches on disk: everything a global search goes on from, what its start recipes have learned included.

The weights of a minimum beyond the `KEPT` lowest are not kept, only its loss and hits: nothing asks for them later.
"""

from dataclasses import astuple
from pathlib import Path

import numpy as np

from dufm.solvers.base.arrays import Array
from dufm.solvers.base.files import read_archive, reading, require_finite, write_archive
from dufm.solvers.search.bandit import START_RECIPES, RecipeRecord, StartRecipe
from dufm.solvers.search.found import Found
from dufm.solvers.search.solution import problem_from, require_loss, stated
from dufm.solvers.search.state import Group, SearchState
from dufm.theory.problem import Problem
from dufm.theory.stated import ProblemError

FORMAT = "dufm-search-state-1"
KEPT = 100


def save_state(problem: Problem, seed: int, state: SearchState, path: str | Path) -> Path:
    """Write the state of a search in one step.

    Raises:
        OSError: naming the path.
    """
    groups = sorted(state.groups, key=lambda g: g.loss)
    kept = [g.weights if i < KEPT else () for i, g in enumerate(groups)]
    record = {
        "problem": stated(problem),
        "seed": str(seed),
        "fixed": state.fixed,
        "since": state.since,
        "best": [state.best.loss.hex(), _shapes(state.best.weights)],
        "groups": [[g.loss.hex(), g.hits, g.fixed, _shapes(w)] for g, w in zip(groups, kept, strict=True)],
        "arms": [[*astuple(r.recipe), r.tried, r.hits, r.lowest.hex()] for r in state.recipes],
    }
    weights = [w.ravel() for factors in (state.best.weights, *kept) for w in factors]
    arrays = {"losses": np.array(state.losses, dtype=float), "weights": np.concatenate([np.zeros(0), *weights])}
    return write_archive(path, FORMAT, record, arrays)


def load_state(problem: Problem, seed: int, path: str | Path) -> SearchState:
    """Read what `save_state` wrote.

    Raises:
        ProblemError: if the file is missing, damaged, of another problem or seed, or a loss is not its weights'.
    """
    with reading(path, "--resume: the search"):
        record, arrays = read_archive(path, FORMAT)
        known, numbers, used = problem_from(record["problem"]), arrays["weights"], 0
        require_finite("weights", numbers)

        def factors(shapes: list[list[int]]) -> tuple[Array, ...]:
            nonlocal used
            found: list[Array] = []
            for a, b in shapes:
                found.append(numbers[used : used + a * b].reshape(a, b).copy())
                used += a * b
            return tuple(found)

        best = Found(float.fromhex(record["best"][0]), factors(record["best"][1]))
        groups = [Group(float.fromhex(v), factors(shapes), hits, fixed) for v, hits, fixed, shapes in record["groups"]]
        for name, point in [("best", best), *((f"groups[{i}]", g) for i, g in enumerate(groups))]:
            if point.weights:
                require_loss(name, point.loss, known, point.weights)
        if any(not g.weights and g.loss < best.loss for g in groups) or (not best.weights and np.isfinite(best.loss)):
            raise ValueError("field best is not the lowest loss, or has no weights")
        # Of start recipes that this version of the program has not, nothing is known; a search without any stays one.
        learned = {StartRecipe(*entry[:3]): entry[3:] for entry in record["arms"]}
        recipes = [_record(r, *learned.get(r, (0, 0, "inf"))) for r in (START_RECIPES if learned else ())]
        losses = [float(x) for x in arrays["losses"]]
        own = int(record["seed"])
        state = SearchState(losses, best, groups, int(record["fixed"]), recipes, int(record["since"]))
    if known != problem or own != seed:
        raise ProblemError(f"--resume: {path} belongs to another problem or seed; choose another --out")
    return state


def _record(recipe: StartRecipe, tried: int, hits: int, lowest: str) -> RecipeRecord:
    return RecipeRecord(recipe, int(tried), int(hits), float.fromhex(lowest))


def _shapes(weights: tuple[Array, ...]) -> list[list[int]]:
    return [list(w.shape) for w in weights]
