"""L = 1: a conic solver, its dual certificate and the closed form agree."""

import numpy as np
import pytest

from dufm.solvers.intervals.one_layer import SOLVERS, solve_linear
from dufm.solvers.search.options import FixedOptions
from dufm.solvers.search.scipy_reference import search
from dufm.theory.problem import Problem
from dufm.theory.stated import ProblemError

CASES = [(["0.02", "0.1"], 3), (["0.2", "0.5"], 1), ("0.05", 1), (["1/1000", "1/50"], 2)]


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize(("lam", "n"), CASES)
def test_primal_and_dual_enclose_the_closed_form(solver: str, lam, n: int) -> None:
    problem = Problem.of(5, 1, lam, n=n)
    found = solve_linear(problem, solver)
    rounding = 100 * np.finfo(float).eps
    strength = float(problem.Lambda)
    assert np.linalg.norm(found.D, 2) <= strength * (1 + rounding)
    assert found.dual <= found.closed_form + rounding
    assert found.closed_form <= found.primal + rounding
    # Both solvers are told to stop at 1e-8 or better, in units in which the loss is K times larger.
    assert found.gap <= 1e-8
    t = max(1 - 5 * strength, 0.0)
    assert np.abs(found.Z - t * np.eye(5)).max() <= 1e-3  # the loss has curvature 1/K: a gap of 1e-8 leaves Z 3e-4
    assert found.solver.startswith(solver)


def test_the_closed_form_is_what_gradient_search_finds() -> None:
    problem = Problem.of(5, 1, ["0.01", "0.03"], n=2)
    found = solve_linear(problem)
    assert (
        found.dual - 1e-12
        <= search(problem, FixedOptions(restarts=1, starts_per_restart=1)).loss
        <= found.closed_form + 1e-10
    )


def test_what_it_cannot_solve_is_refused_by_name() -> None:
    with pytest.raises(ProblemError, match="^L must be 1"):
        solve_linear(Problem.of(3, 2, "0.01"))
    with pytest.raises(ProblemError, match="^solver must be one of CLARABEL, SCS, got 'ECOS'"):
        solve_linear(Problem.of(3, 1, "0.01"), "ECOS")
