"""The measured claims on Deep RFM hold at the quick scale; each falls when it is shown the runs of another machine."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

import dufm.verification.claims.rfm.measured as measured
from dufm.solvers.rfm.experiments import digit_runs
from dufm.solvers.rfm.recursion import LayerRow
from dufm.solvers.rfm.settings import DeepSettings
from dufm.verification.claims.base.claim import BUDGETS, Claim
from dufm.verification.claims.base.verdict import Status

QUICK = BUDGETS["quick"]


@pytest.mark.parametrize("claim", measured.RFM_MEASURED, ids=lambda c: c.label)
def test_quick_runs_support_it(claim: Claim) -> None:
    verdict = claim.check(QUICK)
    assert verdict.status is Status.SUPPORTED, verdict.sentence
    assert "all of 5 runs, so more than 55% of such runs at 95% confidence" in verdict.sentence
    assert len(verdict.details["nc1"]) == 6 and len(verdict.details["nc1"][0]) == 8
    assert len(verdict.comparisons) >= 2


# What each claim is shown in place of its own runs.
SPOILED = {
    "rfm-collapse": {"matrix": "identity"},
    "rfm-halves": {"map": "identity"},
    "rfm-cosine": {"map": "relu"},
    "rfm-needs-agop": {"matrix": "agop"},
    "rfm-needs-map": {"map": "relu"},
    "rfm-shuffled-labels": {"shuffled": False},
}


@pytest.mark.parametrize("claim", measured.RFM_MEASURED, ids=lambda c: c.label)
def test_other_runs_break_it(claim: Claim, monkeypatch: pytest.MonkeyPatch) -> None:
    spoiled = dict(SPOILED[claim.label])

    def other(n: int, settings: DeepSettings, seeds: int, shuffled: bool = False) -> Sequence[Sequence[LayerRow]]:
        options = {key: value for key, value in spoiled.items() if key != "shuffled"}
        return digit_runs(n, replace(settings, **options), seeds, shuffled and spoiled.get("shuffled", True))

    monkeypatch.setattr(measured, "digit_runs", other)
    verdict = claim.check(QUICK)
    assert verdict.status is Status.REFUTED
    assert verdict.sentence.startswith("runs disagree: ")
