"""The compiled engine against the reference objective, exact arithmetic, SciPy, and itself on other threads."""

import importlib
import pkgutil
from fractions import Fraction

import numpy as np
import pytest
from autograd import grad
from hypothesis import given, settings
from hypothesis import strategies as st
from test_objective import dyadic_weights, exact, rounding_bound, traced_loss

from dufm import solvers
from dufm.solvers.compiled import lbfgs
from dufm.solvers.engines.cpu import CpuEngine, descend_from
from dufm.solvers.engines.schedule import better_half, keep_all, schedule
from dufm.solvers.objectives.layers import forward
from dufm.solvers.objectives.squared import Objective, best_last_layer, loss
from dufm.solvers.search.fixed_portfolio import ENGINE, compiled_search
from dufm.solvers.search.options import FixedOptions
from dufm.solvers.search.restarts import finish
from dufm.solvers.search.scipy_reference import search
from dufm.solvers.search.solution import Outcome
from dufm.solvers.weights.build import gaussian
from dufm.theory.problem import Problem
from dufm.theory.stated import ProblemError

SMALL = Problem.of(3, 4, "0.002", width=8)
STRENGTHS = ["0.01", "1/300", "0.02", "1/77", "0.005", "0.03"]
UNIT = 2.0**-53


def starts_of(problem: Problem, count: int, scale: float, seed: int = 0) -> list[list[np.ndarray]]:
    children = np.random.SeedSequence(seed).spawn(count)
    return [gaussian(problem, np.random.default_rng(child), scale) for child in children]


def conditioning(problem: Problem, top: np.ndarray) -> float:
    return 1 + np.linalg.norm(top, 2) ** 2 / (problem.K * float(problem.effective_lambdas[-1]))


@pytest.mark.parametrize("L", [1, 2, 3, 4])
def test_value_and_gradient_at_dyadic_points_are_exact_ones(L: int) -> None:
    """At the best last layer the reduced loss is the loss, whose exact value and autograd gradient are independent."""
    problem = Problem.of(4, L, STRENGTHS[: L + 1], width=6, n=3)
    generator = np.random.default_rng(L)
    lower = [generator.integers(-1024, 1024, shape).astype(float) / 1024 for shape in problem.shapes[:-1]]
    weights = [*lower, best_last_layer(problem, lower)]
    engine = CpuEngine(problem)
    values, gradients = engine.evaluate(engine.pack([lower]))
    found, gradient = float(values[0]), engine.unpack(gradients[0])
    slack = 2000 * UNIT * conditioning(problem, forward(lower).features[-1])
    assert abs(Fraction(found) - problem.objective(exact(weights))) <= rounding_bound(problem, weights) + slack * found
    stated = grad(lambda w: traced_loss(problem, w, 0.0))(weights)
    for mine, other in zip(gradient, stated, strict=False):
        assert np.abs(mine - other).max() <= slack * max(np.abs(g).max() for g in stated)


def test_dyadic_widths_of_one_problem_are_checked() -> None:
    problem = Problem.of(4, 2, "0.01", width=6)
    with pytest.raises(ProblemError, match="^start must have factors of shapes"):
        descend_from(problem, [dyadic_weights(problem, 0)])


@settings(max_examples=25, deadline=None, derandomize=True)
@given(
    K=st.integers(2, 9),
    L=st.integers(1, 5),
    extra=st.integers(0, 7),
    seed=st.integers(0, 10**6),
    scale=st.floats(0.1, 3.0),
    powers=st.lists(st.integers(-14, -3), min_size=6, max_size=6),
)
def test_stages_never_raise_the_loss_and_report_what_they_reached(K, L, extra, seed, scale, powers) -> None:
    strengths = [Fraction(3, 2) * Fraction(2) ** power for power in powers[: L + 1]]
    problem = Problem.of(K, L, strengths, width=K + extra, n=2)
    start = starts_of(problem, 1, scale, seed)[0]
    engine, objective = CpuEngine(problem), Objective(problem)
    lower = start[:-1]
    for row in schedule(problem, 0.01, keep_all, 1):
        before = objective.reduced(lower, row[0])[0]
        row[2] = 40
        field = engine.run(engine.pack([lower]), row[None])
        (lower,) = field.lower
        value = objective.reduced(lower, row[0])[0]
        slack = 100 * K * UNIT * conditioning(problem, forward(lower, row[0]).features[-1]) * value
        assert np.isfinite(value) and abs(field.values[0] - value) <= slack
        # A line search may accept a rise of its noise level; forty steps add up.
        assert value <= before * (1 + 40 * lbfgs.NOISE) + slack
    assert field.evaluations > 0 and field.dropped == 0 and field.left == [0]
    end = finish(problem, field)
    reached, weights = end.loss, end.weights
    # Balancing only lowers the regulariser, and relu_eps at 1e-7 is within 1e-7 / 2 of the relu.
    unbalanced = loss(problem, [*lower, best_last_layer(problem, lower)])
    assert loss(problem, weights) == reached <= unbalanced * (1 + 1e-13)


@pytest.fixture(scope="module")
def small():
    return compiled_search(SMALL, FixedOptions(restarts=7, seed=0, starts_per_restart=4), threads=1)


def test_three_classes_and_four_layers_beat_neural_collapse(small) -> None:
    assert small.outcome is Outcome.FINISHED and small.dropped == 0 and small.engine == ENGINE
    assert small.loss == min(small.losses) == loss(SMALL, small.weights)
    # The record and neural collapse; both are known to more digits than the homotopy's end leaves.
    assert 0.014652172916912 <= small.loss <= 0.0146522 < 0.014981934755431891
    assert {"numba", "llvmlite", "numpy", "python"} <= set(small.versions)


def test_threads_and_number_of_restarts_change_no_bit(small) -> None:
    twice = compiled_search(SMALL, FixedOptions(restarts=7, seed=0, starts_per_restart=4), threads=2)
    assert twice.losses.tobytes() == small.losses.tobytes()
    assert all(a.tobytes() == b.tobytes() for a, b in zip(twice.weights, small.weights, strict=True))
    fewer = compiled_search(SMALL, FixedOptions(restarts=3, seed=0, starts_per_restart=4), threads=3)
    assert fewer.losses.tobytes() == small.losses[:3].tobytes()
    rest = compiled_search(SMALL, FixedOptions(restarts=4, seed=0, starts_per_restart=4, first=3), threads=2)
    assert rest.losses.tobytes() == small.losses[3:].tobytes()
    assert compiled_search(SMALL, FixedOptions(restarts=1, seed=1, starts_per_restart=4)).losses[0] != small.losses[0]
    # The portfolio repeats after six restarts, the starts do not.
    assert small.losses[6] != small.losses[0]


def test_starts_are_those_of_the_reference_engine() -> None:
    def drawn(engine) -> list[bytes]:
        seen = []

        def start(problem, generator, scale):
            weights = gaussian(problem, generator, scale)
            seen.append(b"".join(w.tobytes() for w in weights))
            return weights

        options = FixedOptions(restarts=3, seed=5, starts_per_restart=2, scale=1.0, start=start, first=4)
        engine(Problem.of(2, 2, "0.01"), options)
        return seen

    ours = drawn(compiled_search)
    assert ours == drawn(search) and len(set(ours)) == 6


def test_the_reference_engine_finds_the_same_minimum(small) -> None:
    reference = search(SMALL, FixedOptions(restarts=2, seed=0, starts_per_restart=4))
    assert abs(reference.loss - small.loss) <= 1e-7 * small.loss


def test_strong_regularisation_and_many_layers_do_not_fall_to_zero() -> None:
    """K = 2: DNC is optimal (SML23), with loss min over u of (1 - u^p)^2 / 2 + p/2 x u^2 for p = L + 1."""
    p, x = 8, 0.05
    stationary = np.roots([1, *[0] * (p - 1), -1, *[0] * (p - 3), x][: 2 * p - 1])
    u = max(r.real for r in stationary if abs(r.imag) < 1e-9)
    stated = (1 - u**p) ** 2 / 2 + p / 2 * x * u**2
    found = compiled_search(Problem.of(2, 7, "0.025", width=6), FixedOptions(restarts=6, seed=0))
    assert stated * (1 - 1e-12) <= found.loss <= stated * (1 + 1e-6) < 0.5


def test_starts_that_break_down_are_dropped_and_counted() -> None:
    starts = starts_of(SMALL, 4, 0.3)
    starts[1][0][0, 0] = np.nan
    starts[2][1][:] = 1e200
    field = descend_from(SMALL, starts)
    assert field.dropped == 2 and np.isnan(field.values[1:3]).all() and sorted(field.left) == [0, 3]
    alone = descend_from(SMALL, [starts[0], starts[3]])
    assert alone.values.tobytes() == field.values[[0, 3]].tobytes()

    def broken_once(problem, generator, scale):
        broken_once.calls += 1
        return [w * (np.nan if broken_once.calls == 1 else 1.0) for w in gaussian(problem, generator, scale)]

    broken_once.calls = 0
    found = compiled_search(SMALL, FixedOptions(restarts=3, starts_per_restart=1, start=broken_once), threads=2)
    assert found.outcome is Outcome.FINISHED and found.dropped == 1 and np.isnan(found.losses[0])
    assert found.loss == np.nanmin(found.losses) and found.settings["start"] == "broken_once"


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e200])
def test_a_search_in_which_everything_fails_says_so(value: float) -> None:
    found = compiled_search(
        SMALL,
        FixedOptions(restarts=2, starts_per_restart=2, start=lambda p, g, s: [np.full(x, value) for x in p.shapes]),
    )
    assert found.outcome is Outcome.ALL_FAILED
    assert found.weights == () and np.isnan(found.loss) and found.dropped == 2


def test_culling_keeps_the_best_lanes() -> None:
    starts = starts_of(SMALL, 8, 0.3)
    stages = schedule(SMALL, 0.01, better_half, 8)
    assert stages[:4, 4].tolist() == [4, 2, 1, 1]
    engine = CpuEngine(SMALL)
    field = engine.run(engine.pack(starts), stages)
    first = engine.run(engine.pack(starts), stages[:1])
    assert len(first.left) == 4 and len(field.left) == 1
    assert first.values[first.left].tolist() == sorted(first.values)[:4]
    assert field.left[0] in first.left


def test_stop_target_and_interrupt_keep_what_was_found() -> None:
    def interrupt(done: int, total: int, best: float) -> None:
        if done == 2:
            raise KeyboardInterrupt

    found = compiled_search(SMALL, FixedOptions(restarts=10**6, starts_per_restart=1, progress=interrupt))
    assert found.outcome is Outcome.INTERRUPTED and len(found.losses) == 2
    assert found.loss == np.min(found.losses) == loss(SMALL, found.weights)
    assert (
        compiled_search(SMALL, FixedOptions(restarts=10**6, starts_per_restart=1, target=0.6)).outcome
        is Outcome.TARGET_REACHED
    )
    stopped = compiled_search(SMALL, FixedOptions(restarts=10**6, starts_per_restart=1, stop=lambda: True))
    assert stopped.outcome is Outcome.STOPPED and len(stopped.losses) <= 1


def test_stop_ends_a_restart_that_would_run_for_minutes() -> None:
    asked = []
    large = Problem.of(60, 8, "0.0001", width=200)
    stop = {"stop": lambda: len(asked) >= 1 or bool(asked.append(1))}
    found = compiled_search(large, FixedOptions(restarts=2, starts_per_restart=4, scale=1.5, **stop), threads=2)
    assert found.outcome is Outcome.STOPPED and len(found.losses) == 0 and found.weights == ()


@pytest.mark.parametrize("option", [{"restarts": 0}, {"seed": -1}, {"starts_per_restart": 0}, {"eps0": 2}])
def test_options_that_make_no_sense_are_named(option: dict) -> None:
    with pytest.raises(ProblemError, match=f"^{next(iter(option))} must be [^\n]+$"):
        compiled_search(SMALL, FixedOptions(**option))
    with pytest.raises(ProblemError, match="^threads must be [^\n]+$"):
        compiled_search(SMALL, threads=0)


def test_no_two_compiled_functions_share_a_name() -> None:
    """Cached programs are linked by name, so functions of one name in one process would stand in for each other."""
    named: dict[tuple[str, str], set[int]] = {}
    for module in pkgutil.walk_packages(solvers.__path__, "dufm.solvers."):
        if "torch" not in module.name and "jax" not in module.name:
            for value in vars(importlib.import_module(module.name)).values():
                function = getattr(value, "py_func", None)
                if function is not None:
                    named.setdefault((function.__module__, function.__qualname__), set()).add(id(function))
    assert len(named) > 20
    assert [name for name, functions in named.items() if len(functions) > 1] == []
