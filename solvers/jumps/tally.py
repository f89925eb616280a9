"""Counting jumps: transitions between ranks, hazards with exact Poisson intervals, bounds on what was never seen.

Chains are independent; transitions of one chain are not. So a bound on the chance to go up counts chains, and a hazard
is exits over steps at risk. Runs that share a seed share their draws and must not be pooled into one bound.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dufm.solvers.base.statistics import Proportion, clopper_pearson, poisson_interval
from dufm.theory.stated import ProblemError

Ranks = NDArray[np.int64]


@dataclass(frozen=True)
class Hazard:
    """Exits per step of a chain at risk, with a 95 % interval for a Poisson count.

    Attributes:
        exits: chains that left rank r downwards.
        steps: steps spent at rank r before, all chains together.
        low, high: interval for the rate.
    """

    exits: int
    steps: int
    low: float
    high: float

    @property
    def rate(self) -> float:
        """exits / steps."""
        return self.exits / self.steps


def transition_matrix(ranks: Ranks) -> NDArray[np.int64]:
    """Count [a, b] of moves from rank a to rank b between neighbouring checkpoints; diverged chains are left out.

    Args:
        ranks: shape (checkpoints + 1, M), -1 where a chain has diverged.
    """
    ranks = _checked(ranks)
    before, after = ranks[:-1].ravel(), ranks[1:].ravel()
    fine = (before >= 0) & (after >= 0)
    size = int(max(ranks.max(), 0)) + 1
    counts = np.zeros((size, size), dtype=np.int64)
    np.add.at(counts, (before[fine], after[fine]), 1)
    return counts


def upward(ranks: Ranks) -> int:
    """Moves to a higher rank between neighbouring checkpoints."""
    return int(np.triu(transition_matrix(ranks), 1).sum())


def exits(ranks: Ranks, r: int) -> int:
    """Chains that start at rank r and are below it at some later checkpoint."""
    ranks = _checked(ranks)
    return int(((ranks[0] == r) & ((ranks < r) & (ranks >= 0)).any(axis=0)).sum())


def hazard(ranks: Ranks, r: int, checkpoint: int) -> Hazard:
    """Rate of first exits below rank r, for chains that start at r.

    Args:
        ranks: shape (checkpoints + 1, M).
        r: rank.
        checkpoint: steps between checkpoints; an exit is counted at the first checkpoint that shows it.

    Raises:
        ProblemError: if no chain starts at rank r or none was watched.
    """
    ranks = _checked(ranks)[:, _checked(ranks)[0] == r]
    if ranks.shape[1] == 0 or len(ranks) < 2:
        raise ProblemError(f"a hazard needs chains that start at rank {r} and are watched, got {ranks.shape}")
    # At risk until the first checkpoint at another rank, or lost.
    here = np.cumprod(ranks == r, axis=0)[:-1].astype(bool)
    left = int((here & (ranks[1:] < r) & (ranks[1:] >= 0)).sum())
    steps = int(here.sum()) * checkpoint
    low, high = poisson_interval(left)
    return Hazard(left, steps, low / steps, high / steps)


def upward_bound(ranks: Ranks, confidence: float = 0.95) -> Proportion:
    """Clopper-Pearson bound from above on the chance that a chain which jumped down ever comes up again.

    Trials are the chains that went down at some checkpoint, successes those that later rose above the least rank they
    had reached by then.

    Raises:
        ProblemError: if no chain went down.
    """
    ranks = _checked(ranks)[:, (_checked(ranks) >= 0).all(axis=0)]
    least = np.minimum.accumulate(ranks, axis=0)
    down = (ranks < ranks[0]).any(axis=0)
    came_up = (down & ((ranks > least) & (least < ranks[0])).any(axis=0)).sum()
    return clopper_pearson(int(came_up), int(down.sum()), confidence, "upper")


def rank_shares(ranks: Ranks, most: int) -> NDArray[np.float64]:
    """Share of chains at each rank 0..most, shape (checkpoints + 1, most + 1); lost ones are left out."""
    ranks = _checked(ranks)
    alive = np.maximum((ranks >= 0).sum(axis=1), 1)
    return np.stack([(ranks == r).sum(axis=1) / alive for r in range(most + 1)], axis=1)


def _checked(ranks: Ranks) -> Ranks:
    if ranks.ndim != 2 or ranks.shape[1] == 0:
        raise ProblemError(f"ranks must have shape (checkpoints + 1, chains), got {ranks.shape}")
    return ranks
