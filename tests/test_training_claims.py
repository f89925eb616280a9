"""Claims on training say what their runs show: never more than supported, undecided where runs are too few."""

import json

import pytest

from dufm.verification.checker import check
from dufm.verification.claims.base.claim import BUDGETS, Budget, Claim
from dufm.verification.claims.base.verdict import Status
from dufm.verification.claims.training import cases
from dufm.verification.claims.training.descent import TRAINING

TEST = Budget("test", 1)


def test_smaller_starts_are_supported_at_quick_budget() -> None:
    claim = next(c for c in TRAINING if c.label == "dyn-gd-start")
    verdict = claim.check(BUDGETS["quick"])
    assert verdict.status is Status.SUPPORTED and all(c.holds for c in verdict.comparisons)
    small, large = verdict.details["points"]
    assert small["mean_rank"] < large["mean_rank"] and small["runs"] == large["runs"] == 6


@pytest.mark.parametrize("claim", TRAINING, ids=lambda c: c.label)
def test_few_short_runs_decide_nothing(claim: Claim, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cases, "count_at", lambda budget, quick, full: min(quick, 2))
    verdict = claim.check(TEST)
    # Two runs bound no probability above one half; the claim on rates speaks of a difference instead.
    if claim.label != "dyn-gd-rate":
        assert verdict.status is Status.UNDECIDED and not all(c.holds for c in verdict.comparisons)
    assert verdict.status in (Status.UNDECIDED, Status.SUPPORTED)
    json.dumps(verdict.details, allow_nan=False)
    for point in verdict.details["points"]:
        assert sum(point["kinds"].values()) == point["runs"] == 2
    for certificate in verdict.certificates:
        assert check(json.dumps(certificate)).ok


def test_labels_regimes_and_sources_name_the_disagreement() -> None:
    assert all(c.label.startswith("dyn-gd-") and c.settles(10, 4) is None for c in TRAINING)
    rate = next(c for c in TRAINING if c.label == "dyn-gd-rate")
    assert "SML24" in rate.source and rate.source.startswith("ours")
