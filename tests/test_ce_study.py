"""Where gradient descent ends, the relu version, and the claims that rest on searches and counts."""

import json
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from dufm.solvers.ce import relu, study
from dufm.solvers.ce.landscape import critical_points
from dufm.solvers.ce.relu import collapse_loss, relu_features, relu_search
from dufm.solvers.ce.study import DescentCase, persistence, standard
from dufm.solvers.engines.cpu_cross_entropy import CeEngine, DescentStage
from dufm.solvers.objectives.cross_entropy import CeObjective
from dufm.solvers.weights.build import gaussian
from dufm.theory.ce.structures import ce_structure_named
from dufm.theory.problem import Problem
from dufm.theory.stated import ProblemError
from dufm.verification.claims.base.claim import Budget
from dufm.verification.claims.base.verdict import Status
from dufm.verification.claims.ce import searched
from dufm.verification.claims.ce.hessian import measure, negative_count
from dufm.verification.claims.ce.searched import CE_SEARCHED, beaten, last_digit
from dufm.verification.cli.ce.commands import commands

SQUARE = DescentCase(4, 3, Fraction(1, 100), 8)


def test_gradient_descent_is_gradient_descent() -> None:
    problem = Problem.of(4, 3, ["1/100", "1/50", "1/30", "1/70"], 6, loss="ce")
    weights = standard(problem, np.random.default_rng(3))
    engine, objective = CeEngine(problem), CeObjective(problem)
    ended = engine.run(engine.pack([weights]), DescentStage(gradient_steps=25, rate=0.1, steps=0))[0]
    for _ in range(25):
        weights = [w - 0.1 * g for w, g in zip(weights, objective.full(weights)[1], strict=True)]
    for ours, plain in zip(ended.weights, weights, strict=True):
        np.testing.assert_allclose(ours, plain, atol=1e-12)
    assert ended.loss == pytest.approx(objective.loss(weights), rel=1e-12)


def test_standard_weights_have_the_stated_variances() -> None:
    problem = Problem.of(4, 3, 1, 400, loss="ce")
    first, *rest = standard(problem, np.random.default_rng(0))
    assert np.std(first) == pytest.approx(1, rel=0.05)
    assert all(np.std(w) == pytest.approx(0.05, rel=0.05) for w in rest)


def test_wider_layers_end_in_collapse_more_often() -> None:
    narrow, wide = (persistence(DescentCase(4, 3, SQUARE.lam, d), 24, 5, 1) for d in (4, 24))
    assert narrow.dnc.high < wide.dnc.low
    assert set(narrow.ends) <= {"dnc", "polygon"} and narrow.starts == 24 == sum(narrow.ends.values())
    assert narrow.indices == {0: 24} and set(narrow.ranks) == {2, 3}
    assert narrow.ranks[3] == narrow.ends["dnc"] == narrow.dnc.k


def test_counts_repeat_on_any_number_of_threads() -> None:
    one, three, other = (persistence(SQUARE, 12, seed, threads) for seed, threads in ((1, 1), (1, 3), (2, 1)))
    assert one == three and one.seed != other.seed


def test_a_step_too_long_fails_and_is_counted() -> None:
    hits = persistence(DescentCase(4, 3, SQUARE.lam, 4, rate=1e6, steps=50), 4, 0, 1)
    assert hits.ends == {"failed": 4} and hits.dnc.k == 0


@pytest.mark.parametrize(
    ("case", "starts", "words"),
    [(SQUARE, 0, "starts must be"), (DescentCase(4, 3, SQUARE.lam, 4, rate=0.0), 2, "rate must be"),
     (DescentCase(4, 3, SQUARE.lam, 4, steps=-1), 2, "steps must be"),
     (DescentCase(4, 3, SQUARE.lam, 3), 2, "width must be")],
)  # fmt: skip
def test_bad_options(case: DescentCase, starts: int, words: str) -> None:
    with pytest.raises(ProblemError, match=words):
        persistence(case, starts)


def test_relu_gradient_is_that_of_differences() -> None:
    problem = Problem.of(4, 3, ["1/100", "1/50", "1/30", "1/70"], 5, loss="ce", activation="relu")
    weights = gaussian(problem, np.random.default_rng(1), 1.5)
    engine = CeEngine(problem)

    def at(step: float) -> float:
        moved = [w + step * d for w, d in zip(weights, direction, strict=True)]
        return engine.run(engine.pack([moved]), DescentStage(steps=0, eps=0.1))[0].loss

    direction = gaussian(problem, np.random.default_rng(2), 1.0)
    moved = engine.run(engine.pack([weights]), DescentStage(gradient_steps=1, rate=1.0, steps=0, eps=0.1))[0]
    gradient = [w - m for w, m in zip(weights, moved.weights, strict=True)]
    slope = sum(float(np.vdot(g, d)) for g, d in zip(gradient, direction, strict=True))
    assert (at(1e-5) - at(-1e-5)) / 2e-5 == pytest.approx(slope, abs=1e-8)
    sharp = engine.run(engine.pack([weights]), DescentStage(steps=0, eps=0.0))[0]
    assert sharp.loss == pytest.approx(CeObjective(problem).loss(weights), rel=1e-13)


def test_collapse_with_relu_is_attained_by_weights() -> None:
    problem = Problem.of(5, 3, "1/200", 5, loss="ce", activation="relu")
    eye, centred = np.eye(5), np.eye(5) - 0.2
    loss = CeObjective(problem).loss
    best = min(loss([a * eye, a * eye, a * eye, (5 / 4) ** 0.5 * a * centred]) for a in np.linspace(1, 3, 4001))
    assert best == pytest.approx(collapse_loss(problem), abs=1e-7)
    assert collapse_loss(Problem.of(4, 3, 1, 4, loss="ce", activation="relu")) == np.log(4)


def test_relu_search_finds_collapse_at_two_layers_and_low_rank_at_four() -> None:
    two = relu_search(Problem.of(4, 2, "1/100", 4, loss="ce", activation="relu"), 32, 0, 1)
    assert two.loss == pytest.approx(two.collapse, rel=1e-12) and two.ranks == (4, 3)
    problem = Problem.of(6, 4, "1/100", 6, loss="ce", activation="relu")
    four = relu_search(problem, 64, 0, 1)
    assert four.loss < 0.95 * four.collapse and min(four.ranks) < 5
    assert CeObjective(problem).loss(four.weights) == four.loss
    assert [np.linalg.matrix_rank(f, 1e-3 * np.linalg.norm(f, 2)) for f in relu_features(four.weights)] == list(
        four.ranks
    )


@pytest.mark.parametrize("claim", CE_SEARCHED, ids=lambda c: c.label)
def test_claims_are_supported(claim) -> None:
    verdict = claim.check(Budget("quick", 60))
    assert verdict.status is Status.SUPPORTED, verdict.sentence
    assert verdict.comparisons and all(c.holds for c in verdict.comparisons)
    assert claim.label.startswith("ce-search-") and claim.settles(6, 3) is None


def test_a_beaten_table_is_refuted_and_overlapping_intervals_decide_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    row = next(r for r in searched.records.best_known() if r.place == (4, 3, Fraction(1, 100)))
    assert last_digit(row.stated) == Fraction(1, 10**15) and last_digit("2") == Fraction(1, 10**14)
    assert beaten(row, 40).holds
    worse = replace(row, structure="dnc", stated="0.152877278124427")
    assert not beaten(worse, 40).holds
    monkeypatch.setattr(searched.records, "best_known", lambda: (worse,))
    assert CE_SEARCHED[0].check(Budget("quick", 40)).status is Status.REFUTED
    monkeypatch.setattr(searched.records, "best_known", lambda: (replace(row, stated="0.1"),))
    assert "above the loss stated" in CE_SEARCHED[0].check(Budget("quick", 40)).sentence
    monkeypatch.setattr(searched, "WIDTHS", (16, 16))
    assert CE_SEARCHED[2].check(Budget("quick", 1)).status is Status.UNDECIDED
    assert relu.HIT > 0 and study.DNC == "dnc"


def _nothing(found: Any) -> Any:
    """A search that ends in zero weights."""

    def search(*args: Any, **options: Any) -> Any:
        solution, state = found(*args, **options)
        return replace(solution, weights=tuple(0 * w for w in solution.weights)), state

    return search


def test_a_search_that_ends_a_little_above_the_table_supports_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    ended = searched.ce_search

    def near(*args: Any, **options: Any) -> Any:
        solution, state = ended(*args, **options)
        return replace(solution, weights=tuple(1.02 * w for w in solution.weights)), state

    monkeypatch.setattr(searched, "ce_search", near)
    verdict = CE_SEARCHED[0].check(Budget("quick", 2))
    assert verdict.status is Status.UNDECIDED and "known values, too few" in verdict.sentence


def test_a_search_that_returns_zeros_or_too_much_supports_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    table, margins, *_, relu_claim = CE_SEARCHED
    with monkeypatch.context() as patch:
        patch.setattr(searched, "ce_search", _nothing(searched.ce_search))
        verdict = table.check(Budget("quick", 2))
        assert verdict.status is Status.UNDECIDED and "reached 0 of 14 known values" in verdict.sentence
        patch.setattr(searched, "cost_of", lambda logits, rank, L: 1e3)
        verdict = margins.check(Budget("quick", 2))
        assert verdict.status is Status.UNDECIDED and "reached 0 of 4 known values" in verdict.sentence
        seen = searched.relu_search
        patch.setattr(searched, "relu_search", lambda *a, **o: replace(f := seen(*a, **o), loss=f.collapse * 1.01))
        assert relu_claim.check(Budget("quick", 2)).status is Status.UNDECIDED
    assert searched.reaching(9, 10, "w", [], {}).status is Status.SUPPORTED
    assert searched.reaching(8, 9, "w", [], {}).status is Status.UNDECIDED


def test_index_and_null_space_are_those_of_the_full_hessian() -> None:
    """Autodiff in all factors against the count on the manifold of the rank plus the orbit, at two widths."""
    for K, L, width, names in ((4, 3, 4, ("polygon", "dnc")), (4, 2, 6, ("pairs", "dnc")), (6, 2, 6, ("triangles",))):
        problem = Problem.of(K, L, "1/100", width, loss="ce")
        points = {p.name: p for p in critical_points(problem)}
        for name in names:
            if name in points:
                found = measure(ce_structure_named(name), problem)
                zeros = int(np.sum(np.abs(found.values) <= found.slack))
                assert (points[name].index, points[name].null) == (negative_count(found), zeros)
        assert any(name in points for name in names)


def test_null_spaces_of_the_landscape_as_a_command() -> None:
    asked = ["ce-landscape", "--K", "4", "--L", "3", "--lam", "0.01", "--widths", "4,8,16"]
    rows = {r["structure"]: r for r in json.loads(CliRunner().invoke(commands, [*asked, "--json"]).stdout)["rows"]}
    assert rows["dnc"]["null"] == [18, 54, 126] and rows["polygon"]["null"] == [15, 39, 87]
    assert rows["dnc"]["index"] == 0 < rows["undecided"]["index"]
    assert "d = 16" in CliRunner().invoke(commands, asked).stdout


def test_half_a_search_supports_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = relu_search(Problem.of(4, 2, "1/100", 4, loss="ce", activation="relu"), 8, 0, 1)
    monkeypatch.setattr(searched, "relu_search", lambda *_, **__: replace(whole, interrupted=True))
    with pytest.raises(KeyboardInterrupt):
        CE_SEARCHED[-1].check(Budget("quick", 2))
