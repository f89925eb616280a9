"""Claims on networks earn their status at quick budget; figures draw what their tables hold."""

import copy
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from matplotlib.figure import Figure

from dufm.paper_figs.networks import network_ansatz, network_head, network_layers, network_rank
from dufm.paper_figs.style import render
from dufm.solvers.networks.heads import problem_of, run_head
from dufm.theory.problem import Problem
from dufm.theory.squared.phi import phi_of_power
from dufm.verification.checker import check
from dufm.verification.claims.base.claim import BUDGETS, Budget
from dufm.verification.claims.base.verdict import Comparison, Status
from dufm.verification.claims.training import networks
from dufm.verification.claims.training.networks import NETWORKS, agree

CLAIMS = {claim.label: claim for claim in NETWORKS}


@pytest.mark.parametrize(
    ("label", "status", "words"),
    [
        ("net-mlp-layers", Status.UNDECIDED, "1 run, too few"),
        ("net-ansatz-start", Status.SUPPORTED, "all of 5 runs"),
    ],
)
def test_statistics_support_and_never_more(label: str, status: Status, words: str) -> None:
    verdict = CLAIMS[label].check(BUDGETS["quick"])
    assert verdict.status is status is CLAIMS[label].expected.quick and words in verdict.sentence
    assert all(c.holds for c in verdict.comparisons) and not verdict.certificates


@pytest.mark.parametrize(
    ("low", "high", "status"),
    [
        ([4] * 5, [9] * 5, Status.SUPPORTED),
        ([4] * 4, [9] * 4, Status.UNDECIDED),
        # The mean rises, but not in every pair: five pairs bound no share above one half then.
        ([4] * 5, [9, 9, 9, 9, 4], Status.UNDECIDED),
        ([9] * 5, [4] * 5, Status.UNDECIDED),
    ],
)
def test_a_trend_needs_five_pairs_that_agree(
    low: list[int], high: list[int], status: Status, monkeypatch: pytest.MonkeyPatch
) -> None:
    groups: Any = {
        at: [SimpleNamespace(neck=n, seed=i, loss=0.0, ranks=(n,), gaps=()) for i, n in enumerate(necks)]
        for at, necks in ((1, low), (2, high))
    }
    monkeypatch.setattr(
        networks, "_means", lambda groups: ({at: sum(r.neck for r in g) for at, g in groups.items()}, "")
    )
    assert networks._trend("width", groups, "").status is status


def test_the_witness_of_training_is_checked_and_its_spoiled_twin_is_not() -> None:
    verdict = CLAIMS["net-head-low-rank"].check(Budget("test", 1))
    assert verdict.status is Status.CERTIFIED
    (certificate,) = verdict.certificates
    assert check(json.dumps(certificate)).ok
    spoiled = copy.deepcopy(certificate)
    spoiled["problem"]["lambdas"][1][0] *= 40
    assert not check(json.dumps(spoiled)).ok


def test_runs_that_disagree_leave_the_claim_undecided() -> None:
    verdict = agree("two runs.", [Comparison(2, "<", 1)], {}, 9)
    assert verdict.status is Status.UNDECIDED and "do not agree" in verdict.sentence
    assert agree("two runs.", [Comparison(float("nan"), "<", 1)], {}, 9).status is Status.UNDECIDED


def test_slow_claims_say_that_quick_is_too_little() -> None:
    for label in ("net-head-rate", "net-head-decay", "net-head-width"):
        verdict = CLAIMS[label].check(BUDGETS["quick"])
        assert (
            verdict.status is Status.UNDECIDED is CLAIMS[label].expected.quick and "--budget full" in verdict.sentence
        )


def test_lines_of_the_head_figure_are_the_exact_losses() -> None:
    lines = network_head.exact_losses(Problem.of(10, 4, "0.004"))
    assert lines["dnc"] == pytest.approx(float(phi_of_power(4, Problem.of(10, 4, "0.004").x_power)[0]), rel=1e-12)
    assert lines["known"] < lines["srg"] < lines["dnc"]


def shrunk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Figures of a few epochs: their tables are the real ones, only their runs are short."""
    monkeypatch.setattr(network_head, "EPOCHS", 4)
    monkeypatch.setattr(network_head, "LOOKS", 2)
    monkeypatch.setattr(network_rank, "FOLDS", 0.05)
    monkeypatch.setattr(network_rank, "QUICK", {"decay": (0.005,), "width": (16,), "rate": (0.4,), "gain": (0.7,)})
    whole = network_layers.perceptron
    monkeypatch.setattr(network_layers, "perceptron", lambda *a, **k: whole(*a, **k | {"epochs": 2, "width": 12}))


def test_figures_draw_their_tables(monkeypatch: pytest.MonkeyPatch) -> None:
    shrunk(monkeypatch)
    for module in (network_layers, network_ansatz, network_head, network_rank):
        table = module.data("quick")
        assert len({tuple(row) for row in table}) == 1
        figure = Figure()
        module.draw(figure, table)
        drawn: list[Any] = [line for ax in figure.axes for line in ax.get_lines()]
        assert len(drawn) >= 10
    assert len(render(network_rank, table)["png"]) < 200_000
    # Two settings that are the defaults share their runs.
    ranks = {row["setting"]: row for row in table if row["seed"] == 0}
    assert ranks["decay"]["loss"] == ranks["rate"]["loss"] != ranks["width"]["loss"]


def test_a_row_of_the_rank_figure_is_its_run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    shrunk(monkeypatch)
    row = next(r for r in network_rank.data("quick") if r["setting"] == "width" and r["seed"] == 1)
    result = run_head(network_rank.head_data(), 1, width=16, rate=0.4, epochs=row["epochs"])
    problem = problem_of(result.run.plan, 500)
    assert row["loss"] == result.loss and row["neck"] == result.neck
    assert row["ratio"] == pytest.approx(result.loss / float(phi_of_power(4, problem.x_power)[0]))
