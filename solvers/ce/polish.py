"""Polish logits to rounding accuracy on the manifold of their rank, and say what kind of point they are.

G(Z) = CE(Z) + (M/2) Lambda sum sigma_i^(2/M) is smooth where the rank does not change; Newton's method in the chart of
`chart.py` converges quadratically. A vanished singular value stays: for L >= 2 its penalty grows with infinite slope,
and at L = 1 it stays where the gradient's part outside the rank is below Lambda in operator norm. So the number of
negative eigenvalues of the reduced Hessian is the index of the full model at the balanced factors (claim ce-psd).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dufm.solvers.base.arrays import Array
from dufm.solvers.base.newton import flat_free
from dufm.solvers.base.parallel import Stop
from dufm.solvers.ce.chart import Chart, cross_entropy_form
from dufm.solvers.objectives.cross_entropy import CeObjective, balanced_factors, cross_entropy, reduced_loss, strength
from dufm.theory.problem import Problem

RANK_THRESHOLD = 1e-4
RESIDUAL_GOAL = 1e-10
STEPS = 40
# A larger chart's Hessian takes minutes and gigabytes: its point is described as it is.
MOST_COORDINATES = 2000
# One with fewer is polished in a fraction of a second, whatever time is left.
QUICK = 400
CURVATURE_MARGIN = 1e-10


@dataclass(frozen=True, eq=False)
class CePolished:
    """Logits after polishing and what was found out about them.

    Attributes:
        logits: K x K, of exact numerical rank `rank`; zeros for the collapsed solution.
        loss: least loss of factors with these logits.
        rank: of the logits.
        singular_values: the non-zero ones, largest first.
        succeeded: whether the residual fell below the goal without the loss rising above the one given.
        residual: largest entry of the reduced gradient over Lambda.
        index: eigenvalues of the reduced Hessian that are negative beyond rounding; -1 where it was not made.
        flat: those that are zero to rounding; -1 likewise.
        weights: balanced factors (H_1, W_1, ..., W_L).
    """

    logits: Array
    loss: float
    rank: int
    singular_values: tuple[float, ...]
    succeeded: bool
    residual: float
    index: int
    flat: int
    weights: tuple[Array, ...]

    @property
    def is_local_minimum(self) -> bool:
        """Whether second-order sufficient conditions hold among logits of this rank."""
        return self.succeeded and self.index == 0 and self.flat == 0


def numerical_rank(logits: Array, threshold: float = RANK_THRESHOLD) -> int:
    """Singular values above `threshold` times the largest; 0 for logits that are zero up to the threshold."""
    values = np.linalg.svd(logits, compute_uv=False)
    return 0 if values[0] <= threshold else int(np.sum(values > threshold * values[0]))


def ce_polish(problem: Problem, weights: Sequence[Array], rank: int | None = None, stop: Stop = None) -> CePolished:
    """Polish weights (H_1, W_1, ..., W_L) of any hidden widths.

    Raises:
        ProblemError: for another loss, or shapes that do not chain up.
    """
    objective = CeObjective(problem)
    return polish_logits(problem, objective.logits(weights), rank, stop)


def polish_logits(problem: Problem, logits: Array, rank: int | None = None, stop: Stop = None) -> CePolished:
    """The same from logits alone.

    Args:
        problem: of cross-entropy.
        logits: K x K.
        rank: None reads it off the singular values.
        stop: with more than `QUICK` coordinates asked before every step; True ends the polish, and the point given is
            described as it is.
    """
    problem.require_loss("ce", "this polish")
    K = problem.K
    q = numerical_rank(logits) if rank is None else rank
    if q == 0:
        zero = np.zeros((K, K))
        return CePolished(zero, float(np.log(K)), 0, (), problem.L > 1, 0.0, 0, 0, _factors(problem, zero, 0))
    given = reduced_loss(problem, logits, q)
    coordinates = q * (2 * K - q)
    asked = stop if coordinates > QUICK else None
    if coordinates > MOST_COORDINATES or (asked is not None and asked()):
        values = tuple(float(s) for s in np.linalg.svd(logits, compute_uv=False)[:q])
        return CePolished(logits, given, q, values, False, float("nan"), -1, -1, _factors(problem, logits, q))
    pull = strength(problem)
    chart = Chart.at(logits, q)
    best: tuple[float, Chart] = (np.inf, chart)
    for _ in range(STEPS):
        if asked is not None and asked():
            return polish_logits(problem, logits, q, asked)
        gradient, hessian = model(problem, chart)
        residual = float(np.abs(gradient).max()) / pull
        if residual < best[0]:
            best = (residual, chart)
        elif residual <= RESIDUAL_GOAL:
            break
        chart = _step(problem, chart, gradient, hessian)
    residual, chart = best
    z = chart.logits
    value = reduced_loss(problem, z, q)
    _, hessian = model(problem, chart)
    curves = np.linalg.eigvalsh(hessian)
    margin = CURVATURE_MARGIN * float(np.abs(curves).max())
    fine = residual <= RESIDUAL_GOAL and value <= given * (1 + 1e-13)
    return CePolished(
        z,
        value,
        q,
        tuple(float(s) for s in chart.values),
        fine,
        residual,
        int(np.sum(curves < -margin)),
        int(np.sum(np.abs(curves) <= margin)),
        _factors(problem, z, q),
    )


def model(problem: Problem, chart: Chart) -> tuple[Array, Array]:
    """Gradient and Hessian of G in a chart's coordinates."""
    factors = problem.L + 1
    z, tangents = chart.logits, chart.tangents()
    _, slope = cross_entropy(z)
    _, first, second = chart.spectral(2 / factors)
    price = factors / 2 * strength(problem)
    gradient = np.tensordot(slope, tangents, axes=([0, 1], [0, 1])) + price * first
    hessian = cross_entropy_form(z, tangents) + chart.bend(slope) + price * second
    return gradient, hessian


def _step(problem: Problem, chart: Chart, gradient: Array, hessian: Array) -> Chart:
    """A Newton step where it lowers the gradient or the loss; a damped one along -|H|^-1 g else."""
    values, vectors = np.linalg.eigh(hessian)
    floor = 1e-9 * np.abs(values).max()
    along = vectors.T @ gradient
    trial = _moved(chart, -flat_free(values, vectors, gradient, floor))
    if trial is not None and np.abs(model(problem, trial)[0]).max() < 0.5 * np.abs(gradient).max():
        return trial
    downhill = -vectors @ (along / np.maximum(np.abs(values), floor))
    value, scale = reduced_loss(problem, chart.logits, chart.rank), 1.0
    while scale > 1e-6:
        trial = _moved(chart, scale * downhill)
        if trial is not None and reduced_loss(problem, trial.logits, chart.rank) < value:
            return trial
        scale /= 2
    return chart


def _moved(chart: Chart, step: Array) -> Chart | None:
    if not np.isfinite(step).all():
        return None
    moved = chart.move(step)
    values = np.linalg.svd(moved, compute_uv=False)
    return Chart.at(moved, chart.rank) if values[chart.rank - 1] > 1e-12 * values[0] else None


def _factors(problem: Problem, logits: Array, rank: int) -> tuple[Array, ...]:
    return tuple(balanced_factors(logits, problem, rank))
