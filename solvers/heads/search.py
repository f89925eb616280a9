"""The head frontier: for K classes and rank q, search for the head of least h = ||V||_*^2 ||W||_F^2 ||U||_F^2.

Each start (`solvers.heads.moves`) goes through the homotopy of `solvers.heads.kernel`; a pool keeps the best few
heads of every (K, q), which feed the kicks and, across cells, truncations, extensions and direct sums. A restart costs
about a millisecond, so the search is many and diverse. What it finds is an upper bound, nothing more. Ours.
"""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import numpy as np

from dufm.solvers.compiled import lbfgs
from dufm.solvers.heads.kernel import compiled_descent
from dufm.solvers.heads.moves import NEAR_ZERO, Array, Move, Pair, fresh, kick, related
from dufm.solvers.heads.readout import priced_readout
from dufm.theory.stated import ProblemError

ENGINE = "frontier-lbfgs"
MEMORY = 16
# eps, gradient tolerance, most steps, least decrease in twenty steps, slack in log h over the best known after it.
STAGES = np.array(
    [
        [1e-1, 1e-3, 150, 1e-4, 2.0],
        [3e-2, 1e-3, 150, 1e-4, 1.0],
        [1e-2, 1e-4, 200, 1e-5, 0.3],
        [1e-3, 1e-5, 300, 1e-6, 0.03],
        [1e-4, 1e-6, 500, 1e-8, 0.003],
        [1e-5, 1e-7, 500, 1e-9, 1.0],
        [1e-6, 1e-7, 800, 1e-10, 1.0],
    ]
)
# From a head of another size or a kick the first stage would forget too much.
GENTLE = STAGES[2:]
CLOSE = np.vstack([STAGES[4:], [[1e-7, 1e-8, 2000, 1e-12, 1.0]]])
# Relative differences of h below this are rounding and the smoothing left.
LEVEL = 1e-8
SINGULAR = 1e-10
ELITES = 6
SAME = 1e-3


def head_value(V: Array, W: Array) -> float:
    """h with the exact relu in float64; infinity where relu(W V) is numerically of rank below K."""
    A = np.maximum(W @ V, 0.0)
    values = np.linalg.eigvalsh(A.T @ A)
    if not values[0] > SINGULAR * values[-1]:
        return math.inf
    return float(np.linalg.svd(V, compute_uv=False).sum() ** 2 * (W * W).sum() * (1 / values).sum())


def descend_head(pair: Pair, limit: float = math.inf, stages: Array = STAGES) -> tuple[float, Pair]:
    """Minimise h locally from (V, W).

    Args:
        pair: V (q x K, >= 0) and W (m x q).
        limit: an h; descents that stay clearly above it are given up early.
        stages: rows of `solvers.heads.kernel.descend_head`.

    Returns:
        h with the exact relu, never NaN, and (V, W).
    """
    V, W = pair
    (q, K), m = V.shape, len(W)
    V = V / math.sqrt(float((V * V).sum()) / K)
    W = W / math.sqrt(float((W * W).sum()) / m)
    o = lbfgs.layout(q * K + m * q, MEMORY)
    w = np.zeros(o[lbfgs.FREE])
    x = w[o[lbfgs.X] : o[lbfgs.X] + q * K + m * q]
    x[:] = np.concatenate([np.sqrt(np.maximum(V, NEAR_ZERO**2)).ravel(), W.ravel()])
    compiled_descent()(w, o, q, K, m, np.ascontiguousarray(stages), math.log(limit) if limit < math.inf else 1e9)
    V, W = x[: q * K].reshape(q, K) ** 2, x[q * K :].reshape(m, q).copy()
    return head_value(V, W), (V, W)


def slim(pair: Pair, tolerance: float = 1e-5) -> Pair:
    """Drop neurons of no use and merge parallel ones, balanced: ||w_j|| = ||u_j||; h never rises for a merge."""
    V, W = pair
    W = W[np.linalg.norm(W, axis=1) > tolerance * np.linalg.norm(W)]
    merged: list[Array] = []
    for row in W:
        for i, other in enumerate(merged):
            size, length = np.linalg.norm(row), np.linalg.norm(other)
            if row @ other > (1 - tolerance) * size * length:
                merged[i] = other / length * np.hypot(size, length)
                break
        else:
            merged.append(row)
    return V, np.array(merged)


@dataclass
class Pool:
    """The best heads found, a few for every (K, q), by h.

    Attributes:
        heads: (K, q) -> list of (h, (V, W)), best first, h apart by more than a relative 1e-3: others are other minima.
    """

    heads: dict[tuple[int, int], list[tuple[float, Pair]]] = field(default_factory=dict)

    def best(self, K: int, q: int) -> float:
        """Least h so far, infinity for none."""
        found = self.heads.get((K, q))
        return found[0][0] if found else math.inf

    def pairs(self) -> dict[tuple[int, int], list[Pair]]:
        """(K, q) -> the points alone."""
        return {cell: [pair for _, pair in found] for cell, found in self.heads.items()}

    def add(self, h: float, pair: Pair) -> bool:
        """Keep a head if it is among the best few; True if it is a record."""
        if not math.isfinite(h):
            return False
        q, K = pair[0].shape
        found, before = self.heads.setdefault((K, q), []), self.best(K, q)
        found.append((h, pair))
        found.sort(key=lambda item: item[0])
        apart: list[tuple[float, Pair]] = []
        for item in found:
            if not apart or item[0] > apart[-1][0] * (1 + SAME):
                apart.append(item)
        self.heads[K, q] = apart[:ELITES]
        return h < before


@dataclass(frozen=True)
class HeadRecord:
    """One improvement: where, to what h, by which move, at which restart."""

    K: int
    q: int
    h: float
    move: str
    restart: int


def _next(rng: np.random.Generator, K: int, q: int, pool: Pool) -> tuple[Move, Array]:
    dice, own = rng.random(), pool.heads.get((K, q))
    if dice < 0.25 and (move := related(rng, K, q, pool.pairs())) is not None:
        return move, GENTLE
    if dice < 0.7 and own:
        # Better elites more often.
        pick = min(int(rng.exponential(1.5)), len(own) - 1)
        return kick(rng, own[pick][1]), STAGES if rng.random() < 0.3 else GENTLE
    return fresh(rng, K, q), STAGES


def search_heads(
    cells: Iterable[tuple[int, int]],
    pool: Pool,
    seed: int,
    stop: Callable[[int, int, int], bool],
    report: Callable[[HeadRecord], None] | None = None,
    first: int = 0,
) -> None:
    """Improve the pool in place, cell by cell.

    Args:
        cells: pairs (K, q) to work on, in order.
        pool: heads known; improvements go in.
        seed: with the cell and the number of the restart it fixes the random start.
        stop: asked before every restart with (K, q, restarts done in this cell); True goes on to the next cell.
        report: told of every record.
        first: number of the first restart, to continue an earlier search.
    """
    for K, q in cells:
        count = 0
        while not stop(K, q, count):
            rng = np.random.default_rng([seed, K, q, first + count])
            move, stages = _next(rng, K, q, pool)
            h, pair = descend_head(move.start, pool.best(K, q), stages)
            if h < pool.best(K, q) * 1.02:
                pair = slim(pair)
                h = head_value(*pair)
            if pool.add(h, pair) and report is not None:
                report(HeadRecord(K, q, h, move.name, first + count))
            count += 1


def polish_head(pair: Pair, seed: int, rounds: int = 3) -> tuple[float, Pair]:
    """The convex read-out with pricing in turn with descents close to the kinks, while h falls; then fewer neurons.

    Args:
        pair: V (q x K, >= 0) and W (m x q).
        seed: of the pricing.
        rounds: at most this many turns.

    Returns:
        h and (V, W): the start itself where nothing helps.
    """
    best = slim(pair)
    value = head_value(*best)
    for i in range(rounds):
        V = np.where(best[0] < 1e-5 * best[0].max(), 0.0, best[0])
        try:
            readout = priced_readout(V, best[1], seed + i)
        except ProblemError:
            break
        found = [(head_value(V, readout.W), (V, readout.W)), descend_head((V, readout.W), stages=CLOSE)]
        h, other = min(found, key=lambda item: item[0])
        if not h < value * (1 - LEVEL):
            break
        value, best = h, slim(other)
    return thin(best)


def thin(pair: Pair) -> tuple[float, Pair]:
    """Leave out neurons one by one, the lightest first, where the others make up for it to a relative 1e-8 of h."""
    best, value = pair, head_value(*pair)
    i = 0
    while i < len(best[1]) and len(best[1]) > best[0].shape[1]:
        order = np.argsort(np.linalg.norm(best[1], axis=1))
        h, other = descend_head((best[0], np.delete(best[1], order[i], axis=0)), stages=CLOSE)
        if h <= value * (1 + LEVEL):
            best, value, i = slim(other), min(h, value), 0
        else:
            i += 1
    return head_value(*best), best
