"""The portfolio: deterministic, resumable, honest in what it says it missed; every kind of start fits its problem."""

import numpy as np
import pytest

from dufm.solvers.objectives.squared import loss
from dufm.solvers.search import portfolio
from dufm.solvers.search.bandit import FIXED, START_RECIPES
from dufm.solvers.search.lowest import lowest_minima
from dufm.solvers.search.options import SearchOptions
from dufm.solvers.search.portfolio import global_search
from dufm.solvers.search.solution import Outcome
from dufm.solvers.search.start_kinds import KINDS, graph, structured, symmetric, varied
from dufm.solvers.search.state import HIT, Group
from dufm.solvers.weights.build import gaussian
from dufm.theory.problem import Problem
from dufm.theory.stated import ProblemError

SIX = Problem.of(6, 4, "0.002", width=10)
THREE = Problem.of(3, 4, "0.002", width=8)
CASES = [THREE, SIX, Problem.of(2, 1, "0.1"), Problem.of(4, 2, ["0.1", "0.2", "0.05"], n=3), Problem.of(7, 3, "0.002")]


@pytest.mark.parametrize("problem", CASES, ids=lambda p: f"K{p.K}L{p.L}")
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_gives_finite_weights_of_the_right_shapes(kind: str, problem: Problem) -> None:
    for seed in range(5):
        weights = KINDS[kind](problem, np.random.default_rng(seed), 0.2)
        assert [w.shape for w in weights] == list(problem.shapes)
        assert all(np.isfinite(w).all() for w in weights)
        again = KINDS[kind](problem, np.random.default_rng(seed), 0.2)
        assert all((a == b).all() for a, b in zip(weights, again, strict=True))


def test_a_neck_that_comes_out_zero_gives_noise_and_no_nan() -> None:
    """At K = 2 and 3 sparse necks of few entries do, now and then."""
    for problem in (Problem.of(2, 4, "0.01"), Problem.of(3, 4, "0.01")):
        for seed in range(400):
            weights = KINDS["low-rank"](problem, np.random.default_rng(seed), 0.3)
            assert all(np.isfinite(w).all() for w in weights)


def test_structures_too_wide_for_a_problem_are_never_written_out() -> None:
    """At 100 classes the cheapest sum has a block of 91 with 3432 neurons: the start is random instead."""
    problem = Problem.of(100, 4, "0.00015")
    started, drawn = KINDS["structured"](problem, np.random.default_rng(0), 0.1), np.random.default_rng(0)
    assert all((a == b).all() for a, b in zip(started, gaussian(problem, drawn, 0.3), strict=True))


def test_symmetric_starts_commute_with_a_permutation_of_the_classes() -> None:
    found = 0
    for seed in range(10):
        weights = symmetric(THREE, np.random.default_rng(seed), 0.5)
        output = weights[1] @ weights[0]
        for w in weights[2:]:
            output = w @ np.maximum(output, 0)
        for turn in ([1, 2, 0], [1, 0, 2], [0, 2, 1], [2, 1, 0]):
            moved = output[np.ix_(turn, turn)]
            found += bool(np.abs(output).max() > 0 and np.allclose(moved, output, rtol=1e-9, atol=0))
    assert found >= 10


def test_structured_starts_have_the_structures_loss_without_noise() -> None:
    weights = structured(Problem.of(7, 3, "0.002", width=12), np.random.default_rng(0), 0.0)
    assert loss(Problem.of(7, 3, "0.002", width=12), weights) < 0.5
    features = graph(SIX, np.random.default_rng(1), 0.0)
    assert np.linalg.matrix_rank(features[1] @ features[0]) <= 6


def test_varied_starts_stay_near_what_they_vary() -> None:
    best = structured(SIX, np.random.default_rng(0), 0.0)
    near = varied([best])(SIX, np.random.default_rng(3), 1e-3)
    assert all(np.abs(a - b).max() < 0.02 for a, b in zip(best, near, strict=True))


def test_one_seed_gives_one_result_on_any_number_of_threads() -> None:
    one, state = global_search(SIX, SearchOptions(restarts=60, seed=3, threads=1))
    two, other = global_search(SIX, SearchOptions(restarts=60, seed=3, threads=2))
    assert (one.losses == two.losses).all() and one.loss == two.loss
    assert [(r.tried, r.hits) for r in state.recipes] == [(r.tried, r.hits) for r in other.recipes]
    assert (global_search(SIX, SearchOptions(restarts=12, seed=4))[0].losses != one.losses[:12]).any()


def test_the_needle_is_found_and_the_summary_adds_up() -> None:
    solution, state = global_search(SIX, SearchOptions(restarts=240, seed=0, target=0.0270030))
    assert solution.outcome is Outcome.TARGET_REACHED and solution.loss <= 0.0270030
    summary = state.summary()
    finite = np.isfinite(solution.losses).sum()
    assert sum(g.hits for g in state.groups) == finite
    assert summary["fixed_restarts"] == state.fixed and 0 < state.fixed <= len(solution.losses)
    assert summary["better_bound"] == pytest.approx(1 - 0.05 ** (1 / state.fixed))
    ordered = sorted(g.loss for g in state.groups)
    assert all(b > a * (1 + HIT / 2) for a, b in zip(ordered, ordered[1:], strict=False))


def test_the_fixed_half_never_depends_on_what_was_found() -> None:
    _, state = global_search(THREE, SearchOptions(restarts=96, seed=1))
    assert state.fixed == 48
    # Every recipe of the fixed portfolio had at least its turns, whatever the bandit preferred.
    turns = [48 // len(FIXED) + (i < 48 % len(FIXED)) for i in range(len(FIXED))]
    assert len(FIXED) < len(START_RECIPES) and min(turns) >= 3


def test_patience_stop_and_resume() -> None:
    solution, state = global_search(THREE, SearchOptions(restarts=500, seed=1, patience=30))
    assert solution.outcome is Outcome.STOPPED and 30 <= len(solution.losses) < 500
    before = len(state.losses)
    more, again = global_search(THREE, SearchOptions(restarts=24, seed=1), state=state)
    assert again is state and len(more.losses) == before + 24 and more.loss <= solution.loss
    halted, _ = global_search(SIX, SearchOptions(restarts=500, seed=1, stop=lambda: True))
    assert halted.outcome is Outcome.STOPPED and len(halted.losses) < 500


@pytest.mark.parametrize("after", [5, 14, 23])
def test_ctrl_c_keeps_what_was_found_and_counts_it(after: int) -> None:
    def interrupt(state) -> None:
        if len(state.losses) == after:
            raise KeyboardInterrupt

    solution, state = global_search(THREE, SearchOptions(restarts=100, seed=0, progress=interrupt))
    assert solution.outcome is Outcome.INTERRUPTED and len(solution.losses) == after and solution.weights
    assert sum(g.hits for g in state.groups) == np.isfinite(solution.losses).sum()
    # Rounds of 4 up to here, the first half of each from the fixed portfolio.
    assert state.fixed == state.summary()["fixed_restarts"] == 2 * (after // 4) + min(after % 4, 2)
    assert sum(r.tried for r in state.recipes) <= after


def test_ctrl_c_in_the_polish_keeps_the_search(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(portfolio, "refine", interrupted)
    solution, state = global_search(THREE, SearchOptions(restarts=6, seed=0))
    assert solution.outcome is Outcome.INTERRUPTED and len(solution.losses) == 6
    assert solution.loss == np.nanmin(solution.losses) and state.groups[0].polished is None


def test_bad_options_are_named() -> None:
    with pytest.raises(ProblemError, match="restarts must be an integer >= 1"):
        global_search(THREE, SearchOptions(restarts=0))
    with pytest.raises(ProblemError, match="patience must be an integer >= 1"):
        global_search(THREE, SearchOptions(patience=0))


def test_the_lowest_minima_are_described_and_merged() -> None:
    seven = Problem.of(7, 3, "3/1400", width=11)
    _, state = global_search(seven, SearchOptions(restarts=48, seed=0))
    lowest = min(state.groups, key=lambda g: g.loss)
    twin = Group(lowest.loss * (1 + 2 * HIT), lowest.weights, hits=5)
    minima = lowest_minima(seven, [*state.groups, twin], 2)
    assert len(minima) == 1 and minima[0].hits == lowest.hits + 5
    assert minima[0].polished.is_local_minimum
    assert minima[0].symmetry == "S_3" and minima[0].graph == "complete graph K_4 with 1 loop"
