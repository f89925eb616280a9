"""The peers: SciPy one start at a time, batched NumPy, and optax under vmap. Same loss, stages, memory and culling.

A stage of a peer takes starts (descents x variables) and returns smoothed losses and the points reached.
"""

from collections.abc import Callable
from typing import Any

import autograd
import autograd.numpy
import numpy as np
from scipy.optimize import minimize

from benchmarks.cases import MEMORY, stages_of
from dufm.solvers.base.arrays import Array
from dufm.solvers.objectives.squared import Objective
from dufm.theory.problem import Problem

# Autograd wraps NumPy as it is imported, so type checkers see none of its functions.
anp: Any = autograd.numpy
value_and_grad: Any = autograd.value_and_grad

Stage = Callable[[Array, float, float, int], tuple[Array, Array]]


def homotopy(problem: Problem, starts: list[list[Array]], stage: Stage) -> Array:
    """All stages with culling; the last smoothed losses of the descents left."""
    field = np.array([np.concatenate([w.ravel() for w in start[: problem.L]]) for start in starts])
    values = np.zeros(len(field))
    for eps, tolerance, steps, _, left in stages_of(problem, len(field)):
        values, field = stage(field, eps, tolerance, int(steps))
        best = np.argsort(values)[: int(left)]
        values, field = values[best], field[best]
    return values


def _splitter(problem: Problem) -> Callable[[Array], list[Array]]:
    shapes = problem.shapes[:-1]
    ends = np.cumsum([a * b for a, b in shapes])
    bounds = list(zip([0, *ends[:-1]], ends, shapes, strict=True))
    return lambda x: [x[..., a:b].reshape(*x.shape[:-1], *shape) for a, b, shape in bounds]


def _scipy(evaluate: Callable[[Array, float], tuple[float, Array]]) -> Stage:
    def stage(field: Array, eps: float, tolerance: float, steps: int) -> tuple[Array, Array]:
        options = {"maxcor": MEMORY, "maxiter": steps, "maxfun": 2 * steps, "gtol": tolerance, "ftol": 0.0}
        found = [minimize(evaluate, x, (eps,), "L-BFGS-B", jac=True, options=options) for x in field]
        return np.array([f.fun for f in found]), np.array([f.x for f in found])

    return stage


def scipy_own_gradient(problem: Problem) -> Stage:
    """SciPy L-BFGS-B on the hand-written gradient of solvers.objectives.squared."""
    objective, split = Objective(problem), _splitter(problem)

    def evaluate(x: Array, eps: float) -> tuple[float, Array]:
        value, gradient = objective.reduced(split(x), eps)
        return value, np.concatenate([g.ravel() for g in gradient])

    return _scipy(evaluate)


def scipy_autograd(problem: Problem) -> Stage:
    """SciPy L-BFGS-B on HIPS autograd's gradient."""
    split, lambdas, identity = _splitter(problem), Objective(problem).lambdas, np.eye(problem.K)

    def value(x: Array, eps: float):
        factors = split(x)
        top = factors[0]
        for w in factors[1:]:
            z = anp.dot(w, top)
            top = 0.5 * (z + anp.sqrt(z * z + eps * eps))
        inverse = anp.linalg.inv(anp.dot(top.T, top) + problem.K * lambdas[-1] * identity)
        squares = sum(s * anp.sum(w * w) for s, w in zip(lambdas, factors, strict=False))
        return 0.5 * (lambdas[-1] * anp.trace(inverse) + squares)

    return _scipy(value_and_grad(value))


def scipy_plain(problem: Problem) -> Callable[[list[Array]], float]:
    """What a user writes first: all L + 1 factors free, autograd, SciPy, eps 0.1 to 1e-7; start -> smoothed loss."""
    lambdas, shapes, identity = Objective(problem).lambdas, problem.shapes, np.eye(problem.K)
    ends = np.cumsum([a * b for a, b in shapes])
    strengths = np.repeat(lambdas, [a * b for a, b in shapes])

    def value(x: Array, eps: float):
        factors = [x[e - a * b : e].reshape(a, b) for e, (a, b) in zip(ends, shapes, strict=True)]
        z = anp.dot(factors[1], factors[0])
        for w in factors[2:]:
            z = anp.dot(w, 0.5 * (z + anp.sqrt(z * z + eps * eps)))
        return anp.sum((z - identity) ** 2) / (2 * problem.K) + 0.5 * anp.sum(strengths * x * x)

    stage = _scipy(value_and_grad(value))

    def run(start: list[Array]) -> float:
        x, values = np.concatenate([w.ravel() for w in start])[None], np.zeros(1)
        for eps, tolerance, steps, *_ in stages_of(problem, 1):
            values, x = stage(x, eps, tolerance, int(steps))
        return float(values[0])

    return run


def batched_numpy(problem: Problem) -> Stage:
    """All descents in lock-step in NumPy; a descent that has converged leaves the batch."""
    split, lambdas = _splitter(problem), Objective(problem).lambdas
    ridge = problem.K * lambdas[-1] * np.eye(problem.K)
    strengths = np.repeat(lambdas[:-1], [a * b for a, b in problem.shapes[:-1]])

    def evaluate(x: Array, eps: float) -> tuple[Array, Array]:
        factors = split(x)
        features, slopes = [factors[0]], []
        for w in factors[1:]:
            z = w @ features[-1]
            root = np.sqrt(z * z + eps * eps)
            features.append(0.5 * (z + root))
            slopes.append(0.5 + 0.5 * z / root)
        top = features[-1]
        inverse = np.linalg.inv(top.swapaxes(1, 2) @ top + ridge)
        pull = strengths * x
        value = 0.5 * (lambdas[-1] * np.trace(inverse, axis1=1, axis2=2) + (pull * x).sum(1))
        adjoint, gradients = -lambdas[-1] * (top @ (inverse @ inverse)), []
        for i in range(len(factors) - 1, 0, -1):
            adjoint = adjoint * slopes[i - 1]
            gradients.append(adjoint @ features[i - 1].swapaxes(1, 2))
            adjoint = factors[i].swapaxes(1, 2) @ adjoint
        gradients.append(adjoint)
        return value, pull + np.concatenate([g.reshape(len(x), -1) for g in gradients[::-1]], 1)

    def stage(field: Array, eps: float, tolerance: float, steps: int) -> tuple[Array, Array]:
        with np.errstate(all="ignore"):
            return lock_step(lambda x: evaluate(x, eps), field, tolerance, steps)

    return stage


def lock_step(
    evaluate: Callable[[Array], tuple[Array, Array]], field: Array, tolerance: float, steps: int
) -> tuple[Array, Array]:
    """Batched L-BFGS, weak Wolfe conditions by bracketing and bisection in every descent."""
    out_f, out_x = np.full(len(field), np.nan), field.copy()
    descents, x = np.arange(len(field)), field.copy()
    f, g = evaluate(x)
    s, y, rho = [], [], []
    for step in range(steps):
        going = np.isfinite(f) & (np.abs(g).max(1) > tolerance)
        if not going.all():
            out_f[descents[~going]], out_x[descents[~going]] = f[~going], x[~going]
            descents, x, f, g = descents[going], x[going], f[going], g[going]
            s, y, rho = [a[going] for a in s], [a[going] for a in y], [a[going] for a in rho]
        if not len(descents):
            break
        d, coefficients = -g, []
        for a, b, r in zip(s[::-1], y[::-1], rho[::-1], strict=True):
            coefficients.append(r * np.einsum("ij,ij->i", a, d))
            d = d - coefficients[-1][:, None] * b
        if s:
            square = np.einsum("ij,ij->i", y[-1], y[-1])
            d = d * np.where(rho[-1] > 0, 1 / np.maximum(rho[-1] * square, 1e-300), 1.0)[:, None]
        for a, b, r, c in zip(s, y, rho, coefficients[::-1], strict=True):
            d = d + (c - r * np.einsum("ij,ij->i", b, d))[:, None] * a
        slope = np.einsum("ij,ij->i", d, g)
        length = np.ones(len(x)) if step else 1 / np.linalg.norm(g, axis=1)
        low, high = np.zeros(len(x)), np.full(len(x), np.inf)
        new_x, new_f, new_g, todo = x.copy(), f.copy(), g.copy(), np.arange(len(x))
        for _ in range(25):
            point = x[todo] + length[todo, None] * d[todo]
            trial_f, trial_g = evaluate(point)
            less = trial_f <= f[todo] + 1e-4 * length[todo] * slope[todo] + 1e-14 * np.abs(f[todo])
            flat = np.einsum("ij,ij->i", trial_g, d[todo]) >= 0.9 * slope[todo]
            kept = todo[less]
            new_x[kept], new_f[kept], new_g[kept] = point[less], trial_f[less], trial_g[less]
            high[todo[~less]], low[kept] = length[todo[~less]], length[kept]
            todo = todo[~(less & flat)]
            if not len(todo):
                break
            bounded = np.isfinite(high[todo])
            length[todo] = np.where(bounded, 0.5 * (low[todo] + np.where(bounded, high[todo], 0)), 2 * length[todo])
        moved = new_x - x
        turned = new_g - g
        curvature = np.einsum("ij,ij->i", moved, turned)
        s, y = [*s, moved][-MEMORY:], [*y, turned][-MEMORY:]
        # A pair without positive curvature counts as none: its weight is zero.
        rho = [*rho, np.where(curvature > 0, 1 / np.where(curvature > 0, curvature, 1.0), 0.0)][-MEMORY:]
        stuck = (new_x == x).all(1)
        x, f, g = new_x, new_f, np.where(stuck[:, None], 0.0, new_g)
    out_f[descents], out_x[descents] = f, x
    return out_f, out_x
