"""Polish weights to rounding accuracy on their active set, and say what kind of point they are.

Every entry of the pre-activations P_2 .. P_L is read as active (> 0), inactive (< 0) or a kink (= 0). With the masks of
the active entries fixed, the loss is a polynomial; it is made stationary subject to kink entries = 0 by Newton's method
on its KKT system. Rotations leave everything unchanged, so the system is singular and every step is the
least-squares one.

Where kinks depend on each other the multipliers are not unique, and the ones with the largest margin are taken by a
linear program.

At a kink let g be the derivative of the loss in the feature and m the multiplier. The loss does not fall on either
side of the kink iff 0 <= m <= g: then m / g is a subgradient of the relu in [0, 1] that makes the point stationary. If
moreover those inequalities are strict and the Hessian of the Lagrangian is positive on the tangent space of the
constraints modulo rotations, the point is a local minimum, strict modulo rotations, among weights of its shapes. The
rotations meant are those between H_1 and W_1 and those of neurons with one relu pattern, on which it acts linearly.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from dufm.solvers.base.arrays import Array
from dufm.solvers.base.newton import saddle_step
from dufm.solvers.base.parallel import Stop
from dufm.solvers.minima.active_set import ActiveSet
from dufm.solvers.minima.canonical import ROUNDING, canonical
from dufm.solvers.minima.matrix_free import OutOfTime, System, accuracy_at
from dufm.solvers.minima.point_kind import CURVATURE_MARGIN, curvature, margin_of, same_masks, widest_multipliers
from dufm.solvers.minima.rest import SMOOTHINGS, AtRest, descend_to_rest
from dufm.solvers.objectives.squared import balance, loss
from dufm.theory.problem import Problem

# None: the widest gap.
KINK_TOLERANCES = (None, 1e-5, 1e-4, 1e-6, 1e-3)
RESIDUAL_GOAL = 1e-12
RESIDUAL_STOP = 1e-14
SIGN_MARGIN = 1e-7
STEPS = 30
PATIENCE = 4
# The same without a matrix: its steps that lead nowhere cost most.
FREE_STEPS, FREE_PATIENCE = 10, 2
SINGULAR = 1e-7
MERGE_TOLERANCES = (1e-2, 1e-4, 1e-6)
FALL = 1e-4
# Newton's method costs the cube of the number of weights; above this many only the first threshold is tried, and above
MANY = 450
# this many (a step takes a second) no matrix is made.
DENSE = 900
# Multipliers that are not unique are chosen among with so many kinks at most.
MOST_KINKS = 1000
# More weights than this a search leaves to whoever saves its result first.
MOST_WEIGHTS = 2500


@dataclass(frozen=True, eq=False)
class Polished:
    """Weights after polishing and what was found out about them.

    Attributes:
        weights: polished weights, or the ones given where polishing failed; of no larger loss, up to 1e-15 of it.
        loss: their loss.
        succeeded: whether Newton converged to a point of no larger loss.
        sentence: what happened.
        residual: largest entry of the KKT residual over the scale of the terms it is made of; NaN if it failed.
        active, inactive, kinks: how many entries of P_2 .. P_L are of each kind.
        signs_ok: whether 0 <= m <= g at every kink, so that the point is stationary.
        strict_signs: whether 0 < m < g at every kink.
        curvature: least eigenvalue of the reduced Hessian modulo rotations, over its largest in modulus; NaN if failed,
            and where there were too many weights to make it.
        flat: eigenvalues of the reduced Hessian that are zero to rounding, rotations not counted; 0 where it was not
            made.
    """

    weights: tuple[Array, ...]
    loss: float
    succeeded: bool
    sentence: str
    residual: float
    active: int
    inactive: int
    kinks: int
    signs_ok: bool
    strict_signs: bool
    curvature: float
    flat: int

    @property
    def is_stationary(self) -> bool:
        """Whether the point is stationary for the true relu and no small step along a kink lowers the loss."""
        return self.succeeded and self.signs_ok

    @property
    def is_local_minimum(self) -> bool:
        """Whether second-order sufficient conditions hold, modulo rotations, among weights of these shapes."""
        return self.succeeded and self.strict_signs and self.curvature > CURVATURE_MARGIN


def polish(problem: Problem, weights: Sequence[Array], stop: Stop = None) -> Polished:
    """Polish weights near a minimum; best applied after `canonical`, which removes dead and doubled neurons.

    Several thresholds for what counts as a kink are tried, first the widest gap; the first that converges to a
    stationary point wins, else the first that converges at all.

    Args:
        problem: the problem the weights belong to.
        weights: (H_1, W_1, ..., W_L), hidden widths free.
        stop: asked before every step of Newton's method; True ends the polish where it is.

    Raises:
        ProblemError: if the shapes do not chain up.
    """
    loss(problem, weights)
    given = balance(problem, weights)
    attempts: list[Polished] = []
    many = sum(w.size for w in given) > MANY
    for tolerance in KINK_TOLERANCES[:1] if many else KINK_TOLERANCES:
        attempts.append(_newton(problem, given, tolerance, stop))
        if attempts[-1].is_stationary or (stop is not None and stop()):
            break
    return max(attempts, key=lambda a: (a.succeeded, a.signs_ok))


def refine(problem: Problem, weights: Sequence[Array], stop: Stop = None) -> Polished | None:
    """Bring the weights to rest, drop dead neurons, merge parallel ones, and polish the few that are left.

    Where the descent to rest falls to a minimum clearly lower, or to none that can be polished, it is tried again from
    a smaller smoothing, nearer to the weights; where that fails too the weights are polished as given.

    Returns:
        None where `stop` held before anything was polished.

    Raises:
        ProblemError: if the shapes do not chain up.
    """
    problem.require_loss("mse", "the polish")
    given = loss(problem, weights)
    found, rested = _from_rest(problem, weights, given, SMOOTHINGS[0], stop)
    if found is None or found.loss < given * (1 - FALL):
        near, _ = _from_rest(problem, weights, given, SMOOTHINGS[1], stop)
        found = near if near is not None and (found is None or near.is_stationary) else found
    if found is None and not (stop is not None and stop()):
        found = polish(problem, canonical(problem, weights), stop)
    many = sum(w.size for w in weights) > MOST_WEIGHTS
    if many and rested is not None and rested.loss < given and not (found is not None and found.succeeded):
        # Not polished, but what the descent has gained is kept.
        found = replace(found or unpolished(problem, weights), weights=rested.weights, loss=rested.loss)
    return found


def unpolished(problem: Problem, weights: Sequence[Array]) -> Polished:
    """What `polish` gives for weights that were left as they are, for want of time."""
    nan = float("nan")
    return Polished(tuple(weights), loss(problem, weights), False, "not polished: no time was left", nan, 0, 0, 0,
                    signs_ok=False, strict_signs=False, curvature=nan, flat=0)  # fmt: skip


def _from_rest(
    problem: Problem, weights: Sequence[Array], given: float, first: float, stop: Stop
) -> tuple[Polished | None, AtRest | None]:
    """The first canonical form of the weights at rest that polishes to a stationary point, else to any KKT point.

    Neurons are merged as boldly as the loss allows: what comes out must not lie above the loss to which the smoothing
    tends, up to the error of that estimate, nor above `given`.
    """
    rested = descend_to_rest(problem, weights, first, stop)
    if rested is None:
        return None, None
    bound = min(rested.limit + rested.error, given) * (1 + ROUNDING)
    found, shapes = None, []
    for tolerance in MERGE_TOLERANCES:
        simpler = canonical(problem, rested.weights, tolerance, slack=1.0)
        if [w.shape for w in simpler] in shapes:
            continue
        shapes.append([w.shape for w in simpler])
        if stop is not None and stop():
            break
        trial = polish(problem, simpler, stop)
        if trial.succeeded and trial.loss <= bound:
            found = found or trial
            if trial.is_stationary:
                return trial, rested
    return found, rested


def _newton(problem: Problem, given: list[Array], tolerance: float | None, stop: Stop) -> Polished:
    active_set = ActiveSet(problem, given, tolerance)
    start_loss = loss(problem, given)
    flat = np.concatenate([w.ravel() for w in given])
    dual: Array | None = None
    dense = active_set.size <= DENSE
    most, steps, enough = (PATIENCE, STEPS, RESIDUAL_STOP) if dense else (FREE_PATIENCE, FREE_STEPS, RESIDUAL_GOAL / 10)
    patience = most
    best: tuple[float, Array, Array] = (float("inf"), flat, np.zeros(active_set.constraints))
    with np.errstate(all="ignore"):
        for _ in range(steps):
            if stop is not None and stop():
                break
            weights = active_set.unpack(flat)
            try:
                dual = _first_multipliers(active_set, weights, stop) if dual is None else dual
            except OutOfTime:
                break
            residual, vector = _residual(active_set, weights, dual)
            # Far out the residual may rise for a few steps before Newton's method turns quadratic.
            patience = most if residual < best[0] else patience - 1
            if residual < best[0]:
                best = (residual, flat, dual)
            if residual <= enough or patience == 0:
                break
            try:
                force, excess = vector[: active_set.size], vector[active_set.size :]
                if dense:
                    hessian, jacobian = active_set.second_order(weights, active_set.multipliers(dual))
                    moved, lifted = saddle_step(hessian, jacobian, force, excess, SINGULAR)
                else:
                    system = System.at(active_set, weights, dual, stop)
                    moved, lifted = system.step(force, excess, accuracy_at(residual))
            except (np.linalg.LinAlgError, OutOfTime):
                # The system has overflowed, and this active set leads nowhere from here; or there is no time left.
                break
            flat, dual = flat + moved, dual + lifted
            if not (np.isfinite(flat).all() and np.isfinite(dual).all()):
                break
    return _judge(problem, active_set, given, start_loss, *best)


def _first_multipliers(active_set: ActiveSet, weights: list[Array], stop: Stop) -> Array:
    none = active_set.multipliers(np.zeros(active_set.constraints))
    gradient = active_set.reverse(weights, active_set.forward(weights)[0], none)[0]
    flat = np.concatenate([g.ravel() for g in gradient])
    if active_set.size > DENSE:
        return System.at(active_set, weights, np.zeros(active_set.constraints), stop).multipliers(flat)
    _, jacobian = active_set.second_order(weights, none)
    return np.linalg.lstsq(jacobian.T, -flat, rcond=1e-9)[0].astype(float)


def _residual(active_set: ActiveSet, weights: list[Array], dual: Array) -> tuple[float, Array]:
    """Relative size of the KKT residual, and the residual itself."""
    features, values = active_set.forward(weights)
    gradient = active_set.reverse(weights, features, active_set.multipliers(dual))[0]
    flat = np.concatenate([g.ravel() for g in gradient])
    force = max(s * float(np.abs(w).max()) for s, w in zip(active_set.objective.lambdas, weights, strict=True)) or 1.0
    height = max(float(np.abs(f).max()) for f in features) or 1.0
    size = max(float(np.abs(flat).max()) / force, float(np.abs(values).max(initial=0.0)) / height)
    return size, np.concatenate([flat, values])


def _judge(
    problem: Problem,
    active_set: ActiveSet,
    given: list[Array],
    start_loss: float,
    residual: float,
    flat: Array,
    dual: Array,
) -> Polished:
    active = int(sum(m.sum() for m in active_set.masks))
    inactive = sum(m.size for m in active_set.masks) - active - active_set.constraints
    counts = {"active": active, "inactive": inactive, "kinks": active_set.constraints}
    weights = active_set.unpack(flat)
    value = loss(problem, weights)
    kept_masks = same_masks(active_set, weights)
    if not (residual <= RESIDUAL_GOAL and value <= start_loss * (1 + 1e-15) and kept_masks):
        if not residual <= RESIDUAL_GOAL:
            why = f"Newton stopped at a relative KKT residual of {residual:.1e}"
        else:
            why = "the point found has a larger loss" if kept_masks else "an active or inactive entry changed its sign"
        nan = float("nan")
        return Polished(tuple(given), start_loss, False, f"not polished: {why}", nan, **counts,
                        signs_ok=False, strict_signs=False, curvature=nan, flat=0)  # fmt: skip
    if active_set.size > DENSE:
        least, bend, flat_directions = margin_of(active_set, weights, dual), float("nan"), 0
        if least < -SIGN_MARGIN and active_set.constraints <= MOST_KINKS:
            features = active_set.forward(weights)[0]
            rows = [active_set.pulled(weights, features, active_set.multipliers(e)) for e in np.eye(len(dual))]
            dual, least = widest_multipliers(active_set, weights, dual, np.array(rows), full=False)
    else:
        none = active_set.multipliers(0 * dual)
        dual, least = widest_multipliers(active_set, weights, dual, active_set.second_order(weights, none)[1])
        bend, flat_directions = curvature(active_set, weights, active_set.multipliers(dual))
    return Polished(tuple(weights), value, True, "polished to a KKT point of its active set", residual, **counts,
                    signs_ok=least >= -SIGN_MARGIN, strict_signs=least > SIGN_MARGIN,
                    curvature=bend, flat=flat_directions)  # fmt: skip
