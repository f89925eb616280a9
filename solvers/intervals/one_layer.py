"""L = 1, the linear unconstrained features model, as a convex problem with a dual certificate.

By AM-GM the pair (H_1, W_1) with product Z costs at least Lambda ||Z||_* with Lambda = (n lambda_H lambda_1)^(1/2), and
some pair costs that, so the problem is
    min over Z of 1/(2K) ||Z - I||_F^2 + Lambda ||Z||_*.
Its dual (ours, from ||Z||_* = max of <D, Z> over ||D||_2 <= 1) is
    max over ||D||_2 <= Lambda of tr(D) - K/2 ||D||_F^2,
so every such D bounds the minimum from below. At D = min(Lambda, 1/K) I and Z = max(1 - x, 0) I, x = K Lambda, both are
phi_1(x) = x - x^2 / 2 for x < 1 and 1/2 beyond: the closed form.
"""

from dataclasses import dataclass
from importlib.metadata import version

import numpy as np

from dufm.solvers.base.arrays import Array
from dufm.theory.problem import Problem
from dufm.theory.stated import ProblemError

# SCS stops at 1e-4 unless told otherwise; CLARABEL at 1e-8.
SOLVERS: dict[str, dict[str, float]] = {"CLARABEL": {}, "SCS": {"eps_abs": 1e-9, "eps_rel": 1e-9}}


@dataclass(frozen=True, eq=False)
class ConvexSolution:
    """Primal and dual points of the nuclear-norm problem.

    Attributes:
        Z: output, K x K.
        D: dual point, K x K, spectral norm <= Lambda.
        primal: loss at Z, an upper bound on the minimum up to rounding.
        dual: value at D, a lower bound on the minimum up to rounding.
        closed_form: phi_1(K Lambda).
        solver: the solver that ran, with its version of cvxpy.
    """

    Z: Array
    D: Array
    primal: float
    dual: float
    closed_form: float
    solver: str

    @property
    def gap(self) -> float:
        """primal - dual: how far either can be from the minimum."""
        return self.primal - self.dual


def solve_linear(problem: Problem, solver: str = "CLARABEL") -> ConvexSolution:
    """Solve the model with L = 1 by a conic solver, and bound its answer by a dual point built from it.

    Both values are evaluated here from the points, so the gap does not rest on the solver's word.

    Raises:
        ProblemError: if L is not 1, the solver is unknown, or it gives no solution.
    """
    problem.require_loss("mse", "the convex solver")
    if problem.L != 1:
        raise ProblemError(f"L must be 1 for the convex solver, got {problem.L}")
    if solver not in SOLVERS:
        raise ProblemError(f"solver must be one of {', '.join(SOLVERS)}, got {solver!r}")
    # It takes longer to load than everything else here together, and few commands come this way.
    import cvxpy as cp

    K, strength = problem.K, float(problem.Lambda)
    variable = cp.Variable((K, K))
    # In units of 1/K the quadratic has curvature one, which suits the solvers' absolute tolerances.
    energy = cp.sum_squares(variable - np.eye(K)) / 2 + K * strength * cp.normNuc(variable)
    try:
        cp.Problem(cp.Minimize(energy)).solve(solver=solver, **SOLVERS[solver])
    except cp.SolverError as error:
        raise ProblemError(f"solver {solver} failed: {' '.join(str(error).split())}") from None
    if variable.value is None:
        raise ProblemError(f"solver {solver} returned no solution for K = {K}, Lambda = {strength}")
    found = np.asarray(variable.value, dtype=float)
    u, s, vt = np.linalg.svd((np.eye(K) - found) / K)
    clipped = (u * np.minimum(s, strength)) @ vt
    residual = found - np.eye(K)
    primal = float(np.vdot(residual, residual)) / (2 * K) + strength * float(np.linalg.norm(found, "nuc"))
    dual = float(np.trace(clipped)) - K / 2 * float(np.vdot(clipped, clipped))
    return ConvexSolution(found, clipped, primal, dual, closed_form(problem), f"{solver} via cvxpy {version('cvxpy')}")


def closed_form(problem: Problem) -> float:
    """phi_1(K Lambda) = x - x^2/2 for x = K Lambda < 1, else 1/2: the minimum for L = 1.

    Raises:
        ProblemError: if L is not 1.
    """
    problem.require_loss("mse", "the closed form")
    if problem.L != 1:
        raise ProblemError(f"L must be 1 for the closed form, got {problem.L}")
    x = min(float(problem.x), 1.0)
    return x - x * x / 2
