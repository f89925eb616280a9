"""Search under cross-entropy: the compiled engine, the polish, and the global search reach what theory encloses."""

from fractions import Fraction
from importlib import import_module
from typing import Any

import numpy as np
import pytest
from flint import arb

from dufm.solvers.ce.chart import Chart
from dufm.solvers.ce.match import FREE, candidates, identify
from dufm.solvers.ce.polish import ce_polish, model, polish_logits
from dufm.solvers.ce.search import ce_search, lowest
from dufm.solvers.ce.starts import PORTFOLIO
from dufm.solvers.engines.cpu_cross_entropy import CeEngine
from dufm.solvers.objectives.cross_entropy import (
    CeObjective,
    balanced_factors,
    cross_entropy,
    least_margin,
    reduced_loss,
)
from dufm.solvers.search.options import SearchOptions
from dufm.solvers.search.solution import Outcome, load, save
from dufm.theory.ce.enclosure import least_loss
from dufm.theory.ce.families import ce_family_named
from dufm.theory.ce.newton import best_member
from dufm.theory.ce.polygons import DNC_LOGITS, PAIRS, POLYGON
from dufm.theory.problem import Problem
from dufm.theory.stated import ProblemError

autograd: Any = import_module("autograd")
anp: Any = import_module("autograd.numpy")


def ce(K: int, L: int, lam: Any, width: int | None = None, n: int = 1) -> Problem:
    return Problem.of(K, L, lam, width, n, "ce")


def test_large_logits_keep_their_digits() -> None:
    value, slope = cross_entropy(40 * (np.eye(4) - 0.25))
    assert value == pytest.approx(3 * np.exp(-40.0), rel=1e-13)
    assert slope[0, 0] == pytest.approx(-3 * np.exp(-40.0) / 4, rel=1e-13)
    assert np.isfinite(cross_entropy(1e4 * np.random.default_rng(0).standard_normal((3, 3)))[0])


@pytest.mark.parametrize("problem", [ce(5, 3, "1/100"), ce(4, 1, "1/50")], ids=lambda p: f"L{p.L}")
def test_the_chart_has_the_derivatives_of_differences(problem: Problem) -> None:
    generator = np.random.default_rng(1)
    chart = Chart.at(generator.standard_normal((problem.K, 3)) @ generator.standard_normal((3, problem.K)), 3)
    gradient, hessian = model(problem, chart)
    step = 1e-4 * np.eye(chart.size)

    def at(x: np.ndarray) -> float:
        return reduced_loss(problem, chart.move(x), 3)

    slopes = [(at(s) - at(-s)) / 2e-4 for s in step]
    np.testing.assert_allclose(gradient, slopes, atol=1e-7)
    for i in (0, 4, 8, chart.size - 1):
        row = [(at(step[i] + s) - at(step[i] - s) - at(s - step[i]) + at(-step[i] - s)) / 4e-8 for s in step]
        np.testing.assert_allclose(hessian[i], row, atol=1e-5)


def test_balanced_factors_attain_the_reduced_loss_at_unequal_strengths() -> None:
    problem = ce(4, 3, ["1/100", "1/50", "1/30", "1/70"], 6, 3)
    generator = np.random.default_rng(2)
    logits = generator.standard_normal((4, 2)) @ generator.standard_normal((2, 4))
    weights = balanced_factors(logits, problem, 2)
    np.testing.assert_allclose(CeObjective(problem).logits(weights), logits, atol=1e-13)
    assert CeObjective(problem).loss(weights) == pytest.approx(reduced_loss(problem, logits, 2), rel=1e-13)
    with pytest.raises(ProblemError, match="width must be at least the rank 5"):
        balanced_factors(np.eye(5), ce(4, 1, 1, 4), 5)


CASES = (
    (4, 2, DNC_LOGITS, 3),
    (4, 3, POLYGON, 2),
    (6, 2, PAIRS, 3),
    (5, 4, POLYGON, 2),
)


@pytest.mark.parametrize(("K", "L", "structure", "rank"), CASES, ids=lambda x: str(getattr(x, "name", x)))
def test_the_search_reaches_the_best_closed_form_to_rounding(K: int, L: int, structure: Any, rank: int) -> None:
    problem = ce(K, L, "1/100", K)
    solution, state = ce_search(problem, SearchOptions(60, seed=1))
    best = least_loss(structure, problem)
    assert abs(arb(solution.loss) / best - 1) < 1e-14
    polished, hits = lowest(problem, state, 1)[0]
    assert (polished.rank, polished.index, polished.flat) == (rank, 0, 0) and polished.is_local_minimum
    assert polished.residual < 1e-11 and 0 < hits <= 60
    assert identify(polished.logits, candidates(problem)) == structure.name
    assert state.summary()["fixed_restarts"] == 60


def test_a_family_with_several_scales_is_found() -> None:
    problem = ce(5, 2, "1/100", 5)
    solution, _ = ce_search(problem, SearchOptions(60, seed=2))
    member = best_member(ce_family_named("pyramid"), problem)
    assert member is not None and abs(arb(solution.loss) / member.loss - 1) < 1e-14


def test_strengths_and_samples_enter_through_lambda_alone() -> None:
    plain, other = ce(4, 3, "1/50", 4), ce(4, 3, ["1/100", "2/25", "1/50", "1/400"], 5, 4)
    assert plain.Lambda_power == other.Lambda_power
    losses = [ce_search(p, SearchOptions(30, seed=3))[0] for p in (plain, other)]
    assert losses[0].loss == pytest.approx(losses[1].loss, rel=1e-13)
    assert CeObjective(other).loss(losses[1].weights) == pytest.approx(losses[1].loss, rel=1e-14)


def test_saddles_get_their_index() -> None:
    """Two triangles (K = 6) and the cube (K = 8) are saddles with 4 and 2 falling directions; see test_ce_hessian."""
    for K, name, index in ((6, "triangles", 4), (8, "cube", 2), (6, "polygon", 0)):
        found = next(c for c in candidates(ce(K, 3, "1/100")) if c.name == name)
        polished = polish_logits(ce(K, 3, "1/100"), found.logits)
        assert (polished.index, polished.flat) == (index, 0)
        assert abs(polished.loss - float(found.loss.mid())) < 1e-14


def test_a_seed_gives_one_result_on_any_number_of_threads_and_in_parts() -> None:
    problem = ce(5, 3, "1/1000", 6)
    whole, _ = ce_search(problem, SearchOptions(128, seed=7, threads=1))
    spread, _ = ce_search(problem, SearchOptions(128, seed=7, threads=3))
    first, state = ce_search(problem, SearchOptions(64, seed=7))
    second, _ = ce_search(problem, SearchOptions(64, seed=7), state=state)
    assert np.array_equal(whole.losses, spread.losses) and np.array_equal(whole.losses, second.losses)
    assert whole.loss == spread.loss and len(first.losses) == 64
    assert not np.array_equal(whole.losses, ce_search(problem, SearchOptions(128, seed=8))[0].losses)


def test_stops(tmp_path) -> None:
    problem = ce(4, 2, "1/10", 4)
    reached, _ = ce_search(problem, SearchOptions(640, target=2.0, threads=1))
    assert reached.outcome is Outcome.TARGET_REACHED and len(reached.losses) < 640
    patient, _ = ce_search(problem, SearchOptions(640, patience=10, threads=1))
    assert patient.outcome is Outcome.STOPPED
    stopped, _ = ce_search(problem, SearchOptions(640, stop=lambda: True, threads=1))
    assert stopped.outcome is Outcome.STOPPED and len(stopped.losses) == 32
    assert load(save(reached, tmp_path / "s.npz")).problem == problem


def test_collapse_is_zero() -> None:
    solution, _ = ce_search(ce(4, 3, 1, 4), SearchOptions(20))
    polished = ce_polish(ce(4, 3, 1, 4), solution.weights)
    assert polished.rank == 0 and polished.loss == pytest.approx(np.log(4), rel=1e-15)
    assert identify(polished.logits, candidates(ce(4, 3, 1))) == "zero"


def test_a_minimum_that_is_no_closed_form_is_free() -> None:
    """K = 7, L = 3 at 1e-4: a non-symmetric rank-3 code lies below every listed structure and family."""
    problem = ce(7, 3, Fraction(1, 10**4), 7)
    solution, state = ce_search(problem, SearchOptions(300, seed=0))
    known = candidates(problem)
    polished, _ = lowest(problem, state, 1)[0]
    assert solution.loss < float(known[0].loss.mid()) * (1 - 1e-4)
    assert identify(polished.logits, known) == FREE and polished.rank == 3 and polished.is_local_minimum
    assert least_margin(polished.logits) > 0
    assert np.abs(polished.logits - polished.logits.T).max() > 0.5


def test_every_kind_of_start_has_the_problems_shapes() -> None:
    problem = ce(5, 3, ["1/100", "1/50", "1/30", "1/70"], 6)
    for kind, scale in PORTFOLIO:
        start = kind(problem, np.random.default_rng(0), scale)
        assert tuple(w.shape for w in start) == problem.shapes
    with pytest.raises(ProblemError, match="start must have factors of shapes"):
        CeEngine(problem).pack([start[:-1]])


@pytest.mark.parametrize(
    ("options", "words"),
    [({"restarts": 0}, "restarts must be"), ({"seed": -1}, "seed must be"), ({"patience": 0}, "patience must be")],
)
def test_bad_options(options: dict[str, int], words: str) -> None:
    with pytest.raises(ProblemError, match=words):
        ce_search(ce(4, 2, "1/10"), SearchOptions(**options))


def test_what_a_restart_that_was_cut_short_had_reached_is_kept() -> None:
    problem = ce(80, 3, "1/10000")
    solution, state = ce_search(problem, SearchOptions(restarts=1, stop=lambda: True, threads=1))
    assert solution.outcome is Outcome.STOPPED and len(solution.losses) == 0 and not state.groups
    assert solution.loss == pytest.approx(CeObjective(problem).loss(solution.weights)) and np.isfinite(solution.loss)


def test_logits_whose_hessian_is_too_large_are_described_as_they_are() -> None:
    problem = ce(50, 2, "1/10000")
    weights = balanced_factors(5 * np.eye(50), problem, 50)
    found = ce_polish(problem, weights)
    assert (found.succeeded, found.index, found.rank) == (False, -1, 50)
    assert found.loss == pytest.approx(CeObjective(problem).loss(weights))
