"""What a global search has found so far: every restart's loss, the minima they make, and when to stop."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from dufm.solvers.base.arrays import Array
from dufm.solvers.minima.basins import missed
from dufm.solvers.search.bandit import START_RECIPES, RecipeRecord
from dufm.solvers.search.found import NOTHING, Found, Provenance, solution_of
from dufm.solvers.search.solution import Outcome, Solution
from dufm.theory.problem import Problem

HIT = 1e-6
CONFIDENCE = 0.95


@dataclass
class Group:
    """Restarts whose losses agree within `HIT`: one minimum, or several of equal loss.

    Attributes:
        loss: the lowest of them, polished if `polished`.
        weights: of that loss.
        hits: restarts in all.
        fixed: those of the fixed half.
        polished: what polishing `weights` gave, whether or not it succeeded; None if they come from a restart.
    """

    loss: float
    weights: tuple[Array, ...]
    hits: int = 0
    fixed: int = 0
    polished: Any = None


@dataclass
class SearchState:
    """Where a global search stands.

    Attributes:
        losses: of every restart, in order; NaN for one that was dropped.
        best: the lowest restart, NOTHING before one has ended.
        groups: minima found so far.
        fixed: restarts of the fixed half.
        recipes: one record for each start recipe; none for a search without them.
        since: restarts since the best loss last fell.
    """

    losses: list[float] = field(default_factory=list)
    best: Found = NOTHING
    groups: list[Group] = field(default_factory=list)
    fixed: int = 0
    recipes: list[RecipeRecord] = field(default_factory=lambda: [RecipeRecord(recipe) for recipe in START_RECIPES])
    since: int = 0

    def add(self, found: Found, fixed: bool) -> None:
        """Take in one restart, of the fixed half or not, and count it to its minimum."""
        value, weights = found.loss, found.weights
        self.losses.append(value)
        self.since += 1
        self.fixed += int(fixed)
        if value < self.best.loss:
            self.since = 0 if value < self.best.loss * (1 - HIT) else self.since
            self.best = found
        if not np.isfinite(value):
            return
        group = next((g for g in self.groups if abs(value - g.loss) <= HIT * g.loss), None)
        if group is None:
            group = Group(value, weights)
            self.groups.append(group)
        elif value < group.loss:
            group.loss, group.weights, group.polished = value, weights, None
        group.hits += 1
        group.fixed += int(fixed)

    def keep(self, found: Found) -> None:
        """Take in what a restart that was cut short had reached: it counts for the best, and for nothing else."""
        if found.loss < self.best.loss:
            self.best = found

    def solution(self, problem: Problem, outcome: Outcome, seed: int, provenance: Provenance, began: float) -> Solution:
        """What the search hands over; arguments as for `found.solution_of`."""
        return solution_of(problem, self.best, self.losses, outcome, seed, provenance, began)

    def summary(self) -> dict[str, Any]:
        """Minima by loss, and what the fixed half says of those not seen: Good-Turing, and the rule of three."""
        singles = sum(1 for g in self.groups if g.fixed == 1)
        unseen = missed(singles, self.fixed, CONFIDENCE)
        return {
            "minima": len(self.groups),
            "best_hits": min(self.groups, key=lambda g: g.loss).hits if self.groups else 0,
            "fixed_restarts": self.fixed,
            "unseen": unseen.estimate,
            "unseen_bound": unseen.bound,
            "better_bound": 1.0 if self.fixed == 0 else 1 - (1 - CONFIDENCE) ** (1 / self.fixed),
            "confidence": CONFIDENCE,
            "lowest": [{"loss": g.loss, "hits": g.hits} for g in sorted(self.groups, key=lambda g: g.loss)[:10]],
        }
