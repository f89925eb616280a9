"""The cross-entropy claims earn their status; a broken comparison refutes; the mse grid does not hear of them."""

from fractions import Fraction

import pytest

from dufm.theory.ce.polygons import DNC_LOGITS
from dufm.theory.problem import Problem
from dufm.verification.claims import claim_named
from dufm.verification.claims.base.claim import Budget, Claim
from dufm.verification.claims.base.verdict import Status
from dufm.verification.claims.ce import structures
from dufm.verification.claims.ce.hessian import CE_HESSIAN
from dufm.verification.claims.ce.structures import CE, CE_CROSSINGS, asymptotic_ratio, crossing_cases

ONE = Budget("test", 1)


@pytest.mark.parametrize("claim", [*CE, *CE_HESSIAN], ids=lambda c: c.label)
def test_proved(claim: Claim) -> None:
    verdict = claim.check(ONE)
    assert verdict.status is Status.PROVED, verdict.sentence
    assert all(c.holds for c in verdict.comparisons)
    assert claim_named(claim.label) is claim


def test_crossings_are_certified_in_brackets() -> None:
    verdict = CE_CROSSINGS[0].check(ONE)
    assert verdict.status is Status.CERTIFIED
    known = ("0.0117604980793", "1.23574554e-4", "1.40601e-8", "7.02941e-4", "6.58437e-3", "5.65882703e-20")
    for (low, high), value in zip(verdict.details["brackets"].values(), known, strict=True):
        low, high, value = Fraction(low), Fraction(high), Fraction(value)
        assert 0 < high - low <= low / 10**12
        assert abs(low / value - 1) < Fraction(1, 10**5)
    assert len(crossing_cases()) == len(known)


def test_a_false_comparison_refutes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(structures, "PAIRS", DNC_LOGITS)
    verdict = next(c for c in CE if c.label == "ce-suboptimal").check(ONE)
    assert verdict.status is Status.REFUTED and "comparison fails" in verdict.sentence


def test_asymptotic_ratio_tends_to_one() -> None:
    near, far = (asymptotic_ratio(DNC_LOGITS, Problem.of(4, 3, lam, loss="ce")) - 1 for lam in ("1e-8", "1e-4"))
    assert 0 < near < far < 1e-4
    with pytest.raises(ValueError, match="collapsed to zero"):
        asymptotic_ratio(DNC_LOGITS, Problem.of(4, 3, 1, loss="ce"))


def test_no_cross_entropy_claim_settles_the_squared_loss() -> None:
    for claim in (*CE, *CE_CROSSINGS, *CE_HESSIAN):
        assert all(claim.settles(K, L) is None for K in range(2, 12) for L in range(1, 8))
        assert claim.label.startswith("ce-")
