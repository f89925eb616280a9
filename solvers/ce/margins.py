"""Hard margins: least sum sigma_i(Z)^p, p = 2/(L+1), among logits with every margin Z_ii - Z_ji >= 1.

This is the limit Lambda -> 0 (claim ce-asymptotics), reached only logarithmically, so it is searched in its own right:
minima of the cross-entropy search at several strengths, scaled to least margin 1, are taken down by SLSQP on Z = U V^T
of their rank and then by Newton's method on the KKT system of the margins that are 1, in the chart of their rank.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from scipy.optimize import minimize

from dufm.solvers.base.arrays import Array
from dufm.solvers.base.newton import saddle_step
from dufm.solvers.ce.chart import Chart
from dufm.solvers.ce.polish import numerical_rank
from dufm.solvers.ce.search import ce_search
from dufm.solvers.objectives.cross_entropy import CeObjective, least_margin
from dufm.solvers.search.options import SearchOptions
from dufm.theory.problem import Problem

STRENGTHS = ("1e-2", "1e-4", "1e-7", "1e-10")
LOWEST = 8
# A minimum this much above the best of its strength, relatively, is not taken down.
HOPELESS = 0.3
ACTIVE = 1e-5
STEPS = 25
RESIDUAL_GOAL = 1e-11
SAME = 1e-7
# Eigenvalues of the KKT system below this share of the largest are none.
SINGULAR = 1e-10


@dataclass(frozen=True, eq=False)
class MarginPoint:
    """A point of the hard-margin problem.

    Attributes:
        logits: K x K, least margin 1 to rounding.
        cost: sum of the `rank` non-zero sigma_i^p.
        rank: of the logits.
        active: margins that are 1.
        residual: largest entry of the KKT residual; NaN if Newton's method failed and SLSQP's point is kept.
    """

    logits: Array
    cost: float
    rank: int
    active: int
    residual: float


def cost_of(logits: Array, rank: int, L: int) -> float:
    """Sum of the `rank` largest sigma_i^(2/(L+1)) at least margin 1; infinite if some margin is not positive."""
    margin = least_margin(logits)
    if not margin > 0:
        return float("inf")
    values = np.linalg.svd(logits, compute_uv=False)[:rank] / margin
    return float(np.sum(values ** (2 / (L + 1))))


def take_down(logits: Array, rank: int, L: int) -> MarginPoint | None:
    """The local minimum of the hard-margin problem near logits of positive margins; None if SLSQP loses the margins."""
    K, power = len(logits), 2 / (L + 1)
    u, s, vt = np.linalg.svd(logits / least_margin(logits))
    root = np.sqrt(s[:rank])
    start = np.concatenate([(u[:, :rank] * root).ravel(), (vt[:rank].T * root).ravel()])
    pairs = _pairs(K)
    size = K * rank

    def parts(x: Array) -> tuple[Array, Array]:
        return x[:size].reshape(K, rank), x[size:].reshape(K, rank)

    def value(x: Array) -> tuple[float, Array]:
        a, b = parts(x)
        # The singular values of A B^T are those of R_a R_b^T: a rank x rank problem.
        (qa, ra), (qb, rb) = np.linalg.qr(a), np.linalg.qr(b)
        left, sigma, right = np.linalg.svd(ra @ rb.T)
        slope = qa @ (left * (power * np.maximum(sigma, 1e-12) ** (power - 1))) @ right @ qb.T
        return float(np.sum(sigma**power)), np.concatenate([(slope @ b).ravel(), (slope.T @ a).ravel()])

    def gaps(x: Array) -> Array:
        a, b = parts(x)
        z = a @ b.T
        return np.array([z[i, i] - z[j, i] - 1 for i, j in pairs])

    def slopes(x: Array) -> Array:
        a, b = parts(x)
        rows = np.zeros((len(pairs), 2, K, rank))
        for k, (i, j) in enumerate(pairs):
            rows[k, 0, i] += b[i]
            rows[k, 0, j] -= b[i]
            rows[k, 1, i] = a[i] - a[j]
        return rows.reshape(len(pairs), -1)

    with np.errstate(all="ignore"):
        found = minimize(
            value,
            start,
            jac=True,
            method="SLSQP",
            constraints={"type": "ineq", "fun": gaps, "jac": slopes},
            options={"maxiter": 300, "ftol": 1e-13},
        )
    a, b = parts(found.x)
    z = a @ b.T
    if not (np.isfinite(z).all() and least_margin(z) > 0.5):
        return None
    return _newton(z / least_margin(z), numerical_rank(z), L)


def _pairs(K: int) -> list[tuple[int, int]]:
    return [(i, j) for i in range(K) for j in range(K) if j != i]


def _newton(z: Array, rank: int, L: int) -> MarginPoint:
    """Newton's method on the KKT system of the active margins; SLSQP's point where it does not improve."""
    gaps = np.diag(z) - z - 1
    active = [(i, j) for i, j in _pairs(len(z)) if gaps[j, i] < ACTIVE]
    plain = MarginPoint(z, cost_of(z, rank, L), rank, len(active), float("nan"))
    power = 2 / (L + 1)
    chart = Chart.at(z, rank)
    normals = np.zeros((len(active), *z.shape))
    for k, (i, j) in enumerate(active):
        normals[k, i, i], normals[k, j, i] = 1.0, -1.0
    best: tuple[float, Chart] | None = None
    for _ in range(STEPS):
        _, gradient, hessian = chart.spectral(power)
        jacobian = normals.reshape(len(active), -1) @ chart.tangents().reshape(z.size, -1)
        dual = np.linalg.lstsq(jacobian.T, gradient, rcond=1e-9)[0]
        # Margins are linear in Z but not in the chart.
        hessian = hessian - chart.bend(np.tensordot(dual, normals, axes=1))
        excess = np.array([chart.logits[i, i] - chart.logits[j, i] - 1 for i, j in active])
        force = gradient - jacobian.T @ dual
        residual = float(max(np.abs(force).max(), np.abs(excess).max()))
        if best is not None and residual >= best[0]:
            break
        best = (residual, chart)
        moved = chart.move(saddle_step(hessian, jacobian, force, excess, SINGULAR)[0])
        if not np.isfinite(moved).all() or not np.linalg.svd(moved, compute_uv=False)[rank - 1] > 0:
            break
        chart = Chart.at(moved, rank)
    if best is None or best[0] > RESIDUAL_GOAL:
        return plain
    z = best[1].logits
    polished = MarginPoint(z, cost_of(z, rank, L), rank, len(active), best[0])
    return polished if polished.cost <= plain.cost * (1 + 1e-9) else plain


def minima_from(starts: Iterable[Array], L: int) -> list[MarginPoint]:
    """Distinct local minima reached from logits, cheapest first; starts with a margin <= 0 are passed over."""
    found: list[MarginPoint] = []
    for z in starts:
        point = take_down(z, numerical_rank(z), L) if least_margin(z) > 0 else None
        if point is not None and not any(abs(point.cost - f.cost) <= SAME * f.cost for f in found):
            found.append(point)
    return sorted(found, key=lambda f: f.cost)


def margin_search(K: int, L: int, restarts: int = 600, seed: int = 0, threads: int | None = None) -> list[MarginPoint]:
    """Distinct local minima of the hard-margin problem, cheapest first.

    Args:
        K: classes, >= 3.
        L: weight layers.
        restarts: of the cross-entropy search at each of four strengths.
        seed: entropy >= 0.
        threads: as for `ce_search`.

    Raises:
        ProblemError: for K, L or options that make no sense.
    """
    begins: list[Array] = []
    for lam in STRENGTHS:
        problem = Problem.of(K, L, Fraction(lam), K, loss="ce")
        solution, state = ce_search(problem, SearchOptions(restarts, seed, threads=threads))
        solution.raise_if_interrupted()
        groups = sorted((g for g in state.groups if g.weights), key=lambda g: g.loss)[:LOWEST]
        logits = [CeObjective(problem).logits(g.weights) for g in groups if g.loss <= groups[0].loss * (1 + HOPELESS)]
        begins += [z for z in logits if numerical_rank(z) > 0]
    return minima_from(begins, L)
