"""Comparisons are decided exactly, NaN fails, and no verdict outruns its comparisons."""

from fractions import Fraction

import pytest

from dufm.verification.claims.base.verdict import Comparison, Status, Verdict


@pytest.mark.parametrize(
    ("found", "relation", "stated", "slack", "holds"),
    [
        (1, "<", 2, 0, True),
        (2, "<", 2, 0, False),
        (2, "<=", 2, 0, True),
        (2, ">", 2, 0, False),
        (2, ">=", 2, 0, True),
        (1.0, "==", 1.25, 0.25, True),
        (1.0, "==", 1.25, 0.125, False),
        (0.1 + 0.2, "==", 0.3, 0, False),
        (Fraction(1, 3), "<", Fraction(1, 3) + Fraction(1, 10**60), 0, True),
        (float("nan"), "<", 2, 0, False),
        (float("nan"), "==", float("nan"), 1, False),
        (1, "<", float("inf"), 0, False),
        (1, "==", 1, float("nan"), False),
    ],
)
def test_comparisons(found, relation, stated, slack, holds) -> None:
    assert Comparison(found, relation, stated, slack).holds is holds


def test_slack_is_never_negative() -> None:
    with pytest.raises(ValueError, match="slack must be >= 0"):
        _ = Comparison(1, "<", 2, -1).holds


@pytest.mark.parametrize("status", [Status.PROVED, Status.CERTIFIED, Status.SUPPORTED])
def test_no_verdict_outruns_its_comparisons(status: Status) -> None:
    good, bad = Comparison(1, "<", 2, what="good"), Comparison(float("nan"), "<", 2, what="bad")
    assert Verdict(status, "fine", (good,)).comparisons == (good,)
    with pytest.raises(ValueError, match="comparisons that hold; broken: bad"):
        Verdict(status, "not fine", (good, bad))
    assert Verdict(Status.UNDECIDED, "may hold anything", (bad,)).status is Status.UNDECIDED
