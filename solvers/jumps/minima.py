"""Minima of every rank: descend at hidden width r, polish, pad with zeros.

A local minimum of the width-r problem, padded, is one of the full problem for L >= 3 (`dufm derive
schatten-objective`); for L = 2 it can be a saddle. Source: ours.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize

from dufm.solvers.base.arrays import Array
from dufm.solvers.jumps.factorisation import fit, loss, numerical_rank, product, singular_values, slopes
from dufm.solvers.jumps.hessian import newton
from dufm.solvers.jumps.instance import Completion
from dufm.theory.stated import ProblemError

START = 1.2
RATIO = 1.03


@dataclass(frozen=True, eq=False)
class RankMinimum:
    """A critical point of rank r, in layers of full width.

    Attributes:
        weights: (W_1, ..., W_L); hidden widths min(target.shape), all but r neurons zero.
        rank: r.
        loss: L_lambda there.
        gradient: largest |entry| of its gradient.
        sigma: singular values of A.
    """

    weights: tuple[Array, ...]
    rank: int
    loss: float
    gradient: float
    sigma: Array


def find_minimum(
    completion: Completion,
    lam: float,
    L: int,
    r: int,
    seed: int = 0,
    starts: int = 12,
    near: Sequence[Array] | None = None,
) -> RankMinimum | None:
    """The lowest rank-r minimum found, or None if every descent at width r ends at a lower rank.

    Args:
        completion: target and mask.
        lam: strength, > 0.
        L: weight layers, >= 2.
        r: rank, 0 <= r <= min(target.shape).
        seed: fixes the random starts.
        starts: random starts, Gaussian; not used where `near` is given.
        near: padded layers of a rank-r point to descend from instead.
    """
    rows, columns = completion.target.shape
    wide = min(rows, columns)
    if L < 2 or not lam > 0:
        raise ProblemError(f"a minimum needs L >= 2 and lambda > 0, got L = {L}, lambda = {lam}")
    if not 0 <= r <= wide:
        raise ProblemError(f"r must be between 0 and {wide}, got {r}")
    if r == 0:
        return in_full_width([np.zeros(s) for s in _shapes(rows, columns, L, 1)], 0, completion, lam)
    shapes = _shapes(rows, columns, L, r)
    if near is None:
        rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(L, r)))
        points = [[rng.normal(size=s) * START for s in shapes] for _ in range(starts)]
    else:
        points = [narrowed(near, r)]
    found = [m for p in points if (m := _descend(p, completion, lam, r)) is not None]
    return min(found, key=lambda m: m.loss, default=None)


def _shapes(rows: int, columns: int, L: int, width: int) -> list[tuple[int, int]]:
    return [(width, columns), *[(width, width)] * (L - 2), (rows, width)]


def _descend(layers: Sequence[Array], completion: Completion, lam: float, r: int) -> RankMinimum | None:
    shapes = [w.shape for w in layers]
    ends = np.cumsum([w.size for w in layers])[:-1]

    def split(x: Array) -> list[Array]:
        return [part.reshape(shape) for part, shape in zip(np.split(x, ends), shapes, strict=True)]

    def value(x: Array) -> tuple[float, Array]:
        parts = split(x)
        size = fit(product(parts), completion) + lam * float(x @ x)
        return size, np.concatenate([g.ravel() for g in slopes(parts, completion, lam)])

    start = np.concatenate([w.ravel() for w in layers])
    done = minimize(value, start, jac=True, method="L-BFGS-B", options={"maxiter": 4000, "gtol": 1e-9, "ftol": 1e-15})
    polished = newton(split(done.x), completion, lam)
    if numerical_rank(singular_values(product(polished))) != r:
        return None
    return in_full_width(polished, r, completion, lam)


def in_full_width(layers: Sequence[Array], r: int, completion: Completion, lam: float) -> RankMinimum:
    """A narrow point as a Minimum in layers of full width."""
    rows, columns = completion.target.shape
    wide = min(rows, columns)
    weights = []
    for w, shape in zip(layers, _shapes(rows, columns, len(layers), wide), strict=True):
        full = np.zeros(shape)
        full[: w.shape[0], : w.shape[1]] = w
        weights.append(full)
    steepest = max(float(np.abs(g).max()) for g in slopes(weights, completion, lam))
    sigma = singular_values(product(weights))
    return RankMinimum(tuple(weights), r, loss(weights, completion, lam), steepest, sigma)


def narrowed(weights: Sequence[Array], r: int) -> list[Array]:
    """Layers of hidden width r with the best rank-r approximation of the product, balanced."""
    left, sigma, right = np.linalg.svd(product(weights))
    share = sigma[:r] ** (1 / len(weights))
    middle = [np.diag(share)] * (len(weights) - 2)
    return [share[:, None] * right[:r], *middle, left[:, :r] * share]


def follow(completion: Completion, start: RankMinimum, lam: float, to: float) -> RankMinimum | None:
    """The minimum `start`, found at `lam`, continued to the strength `to` by steps of 3 %; None if it ends before."""
    here, steps = start, int(np.ceil(abs(np.log(to / lam)) / np.log(RATIO)))
    for strength in np.geomspace(lam, to, steps + 1)[1:]:
        ahead = find_minimum(completion, float(strength), len(start.weights), start.rank, near=here.weights)
        if ahead is None or not continues(here, ahead):
            return None
        here = ahead
    return here


def branch_minimum(completion: Completion, lam: float, L: int, r: int, seed: int = 0) -> RankMinimum | None:
    """The lowest rank-r minimum found at `lam`, by descent there or by following one up from a fraction of `lam`.

    Close to the largest strength a minimum survives, its basin is too small for random starts.
    """
    direct = find_minimum(completion, lam, L, r, seed)
    if direct is not None:
        return direct
    for share in (0.7, 0.5, 0.3):
        below = find_minimum(completion, share * lam, L, r, seed)
        found = None if below is None else follow(completion, below, share * lam, lam)
        if found is not None:
            return found
    return None


def critical_strength(completion: Completion, start: RankMinimum, lam: float, tolerance: float = 1e-3) -> float:
    """lambda_c(r): the largest strength to which the minimum `start` can be followed as one of rank r.

    Args:
        completion: target and mask.
        start: a rank-r minimum at strength `lam`.
        lam: where it was found.
        tolerance: relative width of the bracket at the end; the upper end is not returned.
    """
    L, here, ratio = len(start.weights), start, RATIO
    while ratio - 1 > tolerance:
        ahead = find_minimum(completion, lam * ratio, L, start.rank, near=here.weights)
        if ahead is None or not continues(here, ahead):
            ratio = 1 + (ratio - 1) / 2
        else:
            here, lam = ahead, lam * ratio
    return lam


def continues(here: RankMinimum, ahead: RankMinimum) -> bool:
    """Whether two minima belong to one branch: no singular value changed by more than a third."""
    r = here.rank
    return bool(np.all(np.abs(ahead.sigma[:r] - here.sigma[:r]) <= here.sigma[:r] / 3))
