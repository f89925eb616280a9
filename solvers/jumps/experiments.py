"""The experiments on the frozen instance: jumps, the same with noise injected, basins, and the control at two layers.

A direction that has died underflows to 0 and cannot come back whatever the dynamics, so "never up" alone would be close
to a tautology; noise injected at every checkpoint takes that excuse away. Source: ours.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np

from dufm.solvers.jumps.chains import Chains, ChainSetting, sgd_chains
from dufm.solvers.jumps.factorisation import numerical_rank, product, singular_values
from dufm.solvers.jumps.instance import Completion, instance32
from dufm.solvers.jumps.minima import RankMinimum, branch_minimum
from dufm.theory.stated import ProblemError

# Strengths are given as shares of these; the rank-3 minimum of the frozen instance survives to 0.01461 and 0.01095.
REFERENCE = {3: 0.014492, 4: 0.010783}


def strength(L: int, share: float) -> float:
    """lambda = share times the reference strength of the frozen instance at depth L.

    Raises:
        ProblemError: for a depth without one or a share that is not > 0.
    """
    if L not in REFERENCE:
        raise ProblemError(f"L must be one of {', '.join(map(str, REFERENCE))} here, got {L}")
    if not share > 0:
        raise ProblemError(f"share must be > 0, got {share}")
    return share * REFERENCE[L]


@cache
def frozen_minimum(L: int, r: int, share: float) -> RankMinimum:
    """The rank-r minimum of the frozen instance at `strength(L, share)`.

    Raises:
        ProblemError: if none is found there.
    """
    found = branch_minimum(instance32(), strength(L, share), L, r)
    if found is None:
        raise ProblemError(f"no minimum of rank {r} was found at L = {L}, {share} of the reference strength")
    return found


def jumps(
    L: int,
    r: int,
    share: float,
    eta: float,
    chains: int = 256,
    steps: int = 20000,
    seed: int = 1,
    inject: float = 0.0,
    checkpoint: int = 500,
    threads: int = 1,
    progress: Callable[[Chains], None] | None = None,
) -> Chains:
    """Chains that start exactly at the rank-r minimum of the frozen instance."""
    setting = ChainSetting(instance32(), strength(L, share), eta, checkpoint, seed, inject)
    return sgd_chains(setting, frozen_minimum(L, r, share).weights, steps, chains, threads, progress)


@dataclass(frozen=True)
class BasinEnds:
    """Where chains end that start near a rank-r point.

    Attributes:
        above: chains that end above rank r.
        chains: chains that did not diverge.
        diverged: chains that did.
        tail: median of sigma_{r+1}(A) at the start.
    """

    above: int
    chains: int
    diverged: int
    tail: float


def basin(
    completion: Completion,
    start: RankMinimum,
    lam: float,
    delta: float,
    eta: float = 0.1,
    steps: int = 6000,
    chains: int = 256,
    seed: int = 3,
    threads: int = 1,
) -> BasinEnds:
    """Add N(0, delta^2) to every weight once, run SGD, and count the chains that end at a higher rank.

    Args:
        completion: target and mask.
        start: a critical point of rank r at strength `lam`.
        delta: > 0.
        eta, steps, chains, seed, threads: of the run.
    """
    if not delta > 0:
        raise ProblemError(f"delta must be > 0, got {delta}")
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(2,)))
    weights = [w + delta * rng.normal(size=(chains, *w.shape)) for w in start.weights]
    end = sgd_chains(ChainSetting(completion, lam, eta, steps, seed), weights, steps, threads=threads)
    ranks = numerical_rank(end.sigma[-1])
    tail = float(np.median(singular_values(product(weights))[:, start.rank]))
    return BasinEnds(int((ranks > start.rank).sum()), int((ranks >= 0).sum()), int((ranks < 0).sum()), tail)
