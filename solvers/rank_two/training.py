"""Training many seeds at once, one compiled run for each, looked at between stretches of steps.

A seed alone fixes a run: where it starts and which samples each step draws. Any number of threads gives the same bits.
"""

import functools
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np

from dufm.solvers.base.parallel import Stop, cores, in_order
from dufm.solvers.base.program_cache import compile_cached
from dufm.solvers.engines.cpu import aligned
from dufm.solvers.rank_two import kernel
from dufm.solvers.rank_two.network import LOSSES, Array, Setup, check_data, initial, misfit, outputs
from dufm.solvers.rank_two.spectrum import RankBound, energies, imbalance, rank_k_certificate, rank_two_certificate
from dufm.theory.stated import ProblemError


@dataclass(frozen=True, eq=False)
class Look:
    """What a checkpoint tells.

    Attributes:
        step: gradient steps taken.
        misfit: mean loss over the samples without weight decay.
        energies: E_1, E_2, ... of W; NaN for W = 0.
        bound: the bound from gradients (B-I for one output under squared loss, else rank K); None for lambda = 0.
        imbalance: see spectrum.imbalance.
    """

    step: int
    misfit: float
    energies: Array
    bound: RankBound | None
    imbalance: float

    @property
    def stable_rank(self) -> float:
        """|W|_F^2 / sigma_1^2."""
        return float(1 / self.energies[0])


@dataclass(frozen=True, eq=False)
class RankTwoRun:
    """One seed.

    Attributes:
        seed: fixes the run.
        W, A: weights at the last look, m x p and K x m.
        looks: one for each checkpoint reached.
        diverged: whether outputs stopped being finite; the weights are those before that.
    """

    seed: int
    W: Array
    A: Array
    looks: tuple[Look, ...]
    diverged: bool


@functools.cache
def compiled_descend() -> Any:
    """The compiled `kernel.descend`, from the cache on disk where there is one."""
    numbers, integers, table = "float64[::1]", "int64[::1]", "float64[:,::1]"
    return compile_cached(
        kernel.descend,
        f"int64({numbers},{integers},{table},{table},{integers},{numbers},float64,int64,{integers})",
        "numpy",
    )


def checkpoints(steps: int, count: int = 2) -> list[int]:
    """About `count` steps from 0 to `steps`, spread geometrically after the first."""
    if count <= 2 or steps < 2:
        return sorted({0, steps})
    return sorted({0, *np.unique(np.round(np.geomspace(max(1, steps // 400), steps, count - 1)).astype(int)).tolist()})


def train(
    X: Array,
    Y: Array,
    setup: Setup,
    seeds: Sequence[int],
    kind: str = "mse",
    at: Sequence[int] | None = None,
    threads: int | None = None,
    stop: Stop = None,
) -> Iterator[RankTwoRun]:
    """Train from every seed; runs come in the order of the seeds, each as soon as it is done.

    Args:
        X: N x p inputs, a bias as last column of ones where one is wanted.
        Y: N x K targets; one-hot for "ce".
        setup: see Setup.
        seeds: one run each.
        kind: "mse" or "ce".
        at: rising steps to look at, 0 <= step <= setup.steps; first and last by default.
        threads: runs at a time; None takes the cores this process may use.
        stop: asked every 0.1 s; True ends the iteration without the runs under way.

    Raises:
        ProblemError: for data or options that make no sense, at once.
    """
    X, Y = (np.ascontiguousarray(m, dtype=np.float64) for m in (X, Y))
    check_data(X, Y, kind)
    looks = checkpoints(setup.steps) if at is None else list(at)
    if not looks or looks != sorted(set(looks)) or looks[0] < 0 or looks[-1] > setup.steps:
        raise ProblemError(f"checkpoints must rise from 0 to at most {setup.steps}, got {looks[:6]}")
    if not seeds or any(isinstance(s, bool) or not isinstance(s, int) or s < 0 for s in seeds):
        raise ProblemError(f"seeds must be at least one integer >= 0, got {list(seeds)}")
    return _train(X, Y, setup, list(seeds), kind, looks, threads or cores(), stop)


def initial_weights(seed: int, p: int, K: int, width: int) -> tuple[Array, Array]:
    """W (width x p) and A (K x width) that a run of this seed starts from."""
    return initial(p, K, width, np.random.SeedSequence(seed).spawn(2)[0])


def _train(
    X: Array, Y: Array, setup: Setup, seeds: list[int], kind: str, looks: list[int], threads: int, stop: Any
) -> Iterator[RankTwoRun]:
    compiled_descend()
    flag = np.zeros(1, dtype=np.int64)
    jobs = (functools.partial(_one, X, Y, setup, seed, kind, looks, flag) for seed in seeds)
    with ThreadPoolExecutor(threads, "dufm") as pool:
        try:
            yield from in_order(pool, jobs, threads + 1, stop)
        finally:
            flag[0] = 1
            pool.shutdown(wait=True, cancel_futures=True)


def _one(X: Array, Y: Array, setup: Setup, seed: int, kind: str, looks: list[int], flag: Any) -> RankTwoRun:
    (N, p), K, m = X.shape, Y.shape[1], setup.width
    whole = setup.batch >= N
    batch = N if whole else setup.batch
    o = kernel.layout(K, p, m, batch)
    w = aligned(int(o[kernel.TOTAL]))
    V, read = (
        w[o[i] : o[i] + rows * o[kernel.MP]].reshape(rows, -1)[:, :m] for i, rows in ((kernel.V, p), (kernel.A, K))
    )
    V.T[:], read[:] = initial_weights(seed, p, K, m)
    rng, rates, taken = np.random.default_rng(np.random.SeedSequence(seed).spawn(2)[1]), setup.rates(), 0
    seen: list[Look] = []
    kept = (V.T.copy(), read.copy())
    # NumPy keeps error states by thread, and this runs on the pool.
    with np.errstate(over="ignore", invalid="ignore"):
        for step in looks:
            count = step - taken
            rows = np.tile(np.arange(N), count) if whole else rng.integers(0, N, count * batch)
            done = compiled_descend()(w, o, X, Y, rows, rates[taken:step], setup.lam, LOSSES.index(kind), flag)
            taken += done
            W, A = V.T.copy(), read.copy()
            if done < count or not np.isfinite(outputs(W, A, X)).all():
                return RankTwoRun(seed, *kept, tuple(seen), True)
            kept = (W, A)
            seen.append(look(step, W, A, X, Y, setup.lam, kind))
    return RankTwoRun(seed, *kept, tuple(seen), False)


def look(step: int, W: Array, A: Array, X: Array, Y: Array, lam: float, kind: str) -> Look:
    """Measure one state; shapes as in `train`."""
    bound = None
    if lam > 0:
        sign = kind == "mse" and Y.shape[1] == 1
        bound = rank_two_certificate(W, A, X, Y, lam) if sign else rank_k_certificate(W, A, X, Y, lam, kind)
    return Look(step, misfit(outputs(W, A, X), Y, kind), energies(W), bound, imbalance(W, A))
