"""The compiled L-BFGS steps, driven from Python on standard smooth functions with minima from SciPy."""

import numpy as np
import pytest
from autograd import grad, hessian
from scipy.optimize import minimize

from dufm.solvers.compiled import lbfgs

UNIT = 2.0**-53


def beale(x: np.ndarray) -> float:
    return (
        (1.5 - x[0] + x[0] * x[1]) ** 2 + (2.25 - x[0] + x[0] * x[1] ** 2) ** 2 + (2.625 - x[0] + x[0] * x[1] ** 3) ** 2
    )


def rosenbrock(x: np.ndarray) -> float:
    return sum(100 * (x[i + 1] - x[i] ** 2) ** 2 + (1 - x[i]) ** 2 for i in range(len(x) - 1))


def wood(x: np.ndarray) -> float:
    a = 100 * (x[0] ** 2 - x[1]) ** 2 + (x[0] - 1) ** 2 + (x[2] - 1) ** 2 + 90 * (x[2] ** 2 - x[3]) ** 2
    return a + 10.1 * ((x[1] - 1) ** 2 + (x[3] - 1) ** 2) + 19.8 * (x[1] - 1) * (x[3] - 1)


def quadratic(x: np.ndarray) -> float:
    return 0.5 * sum(10.0 ** (6 * i / 9) * (x[i] - i) ** 2 for i in range(10))


def quartic(x: np.ndarray) -> float:
    return sum((x[i] - 1) ** 4 + x[i] ** 2 for i in range(len(x)))


def offsets(start: list[float]) -> np.ndarray:
    return lbfgs.layout(len(start), 6)


def minimise(
    function, start: list[float], cap: float = 10_000, flat: float = 0.0
) -> tuple[int, np.ndarray, np.ndarray]:
    """Drive the compiled steps from Python; (status, point, workspace)."""
    o = offsets(start)
    w = np.zeros(o[lbfgs.FREE])
    w[: len(start)] = start
    gradient = grad(function)
    for _ in range(20_000):
        x = w[: len(start)].copy()
        value = function(x)
        w[o[lbfgs.G] : o[lbfgs.G] + len(start)] = gradient(x)
        status = lbfgs.advance(w, o, float(value), 1e-8, cap, flat)
        if status != lbfgs.CONTINUE:
            return status, w[: len(start)].copy(), w
    raise AssertionError("no end")


@pytest.mark.parametrize(
    ("function", "start"),
    [(beale, [1.0, 1.0]), (rosenbrock, [-1.2, 1.0]), (rosenbrock, [-1.2, 1.0] * 6), (wood, [-3.0, -1.0, -3.0, -1.0])]
    + [(quadratic, [1.0] * 10), (quartic, [50.0, -3.0, 0.1])],
)
def test_smooth_test_functions_end_at_the_minimum_of_scipy(function, start: list[float]) -> None:
    status, found, _ = minimise(function, start)
    stated = minimize(function, start, jac=grad(function), method="BFGS", options={"gtol": 1e-9}).x
    assert status == lbfgs.CONVERGED
    slopes = [np.linalg.norm(grad(function)(x)) for x in (found, stated)]
    # Between two points of one convex valley the distance is at most the difference of slopes over the curvature, and
    # a factor two covers the change of curvature on the way.
    curvature = min(np.linalg.eigvalsh(hessian(function)(x)).min() for x in (found, stated))
    assert curvature > 0 and slopes[0] <= 1e-8 * np.sqrt(len(start))
    assert np.linalg.norm(found - stated) <= 2 * sum(slopes) / curvature


def test_a_descent_says_why_it_stopped() -> None:
    start = [-1.2, 1.0]
    at = offsets(start)[lbfgs.STATE]
    status, x, w = minimise(rosenbrock, start, cap=5)
    assert status == lbfgs.CAPPED and w[at + lbfgs.STEPS] == 5 and w[at + lbfgs.F0] == rosenbrock(x) < rosenbrock(start)
    status, x, w = minimise(rosenbrock, start, flat=1e3)
    assert status == lbfgs.FLAT and w[at + lbfgs.STEPS] == lbfgs.WINDOW and w[at + lbfgs.F0] == rosenbrock(x)
    assert minimise(lambda x: x[0] * np.nan, start)[0] == lbfgs.FAILED
    # Unbounded below: the step grows until the value overflows, and the search must still end.
    assert minimise(lambda x: -(x[0] ** 3), [1.0])[0] in (lbfgs.STALLED, lbfgs.CAPPED)


def test_the_history_holds_differences_of_points_and_gradients() -> None:
    start = [-1.2, 1.0]
    o = offsets(start)
    _, x, w = minimise(rosenbrock, start, cap=1)
    s, y = w[o[lbfgs.S] : o[lbfgs.S] + 2], w[o[lbfgs.Y] : o[lbfgs.Y] + 2]
    assert np.abs(s - (x - start)).max() <= 4 * UNIT * np.abs([x, start]).max()
    slopes = [grad(rosenbrock)(np.array(p)) for p in (x, start)]
    assert np.abs(y - (slopes[0] - slopes[1])).max() <= 4 * UNIT * np.abs(slopes).max()
    assert abs(w[o[lbfgs.RHO]] * (s @ y) - 1) <= 8 * UNIT


def test_a_quadratic_takes_no_more_steps_than_scipy_by_half() -> None:
    """Same memory, same first step; only the line searches differ."""
    start = [1.0] * 10
    _, _, w = minimise(quadratic, start)
    stated = minimize(
        quadratic,
        start,
        jac=grad(quadratic),
        method="L-BFGS-B",
        options={"maxcor": 6, "gtol": 1e-8, "ftol": 0.0, "maxiter": 5000, "maxfun": 10_000},
    )
    assert w[offsets(start)[lbfgs.STATE] + lbfgs.STEPS] <= 1.5 * stated.nit
