"""Cross-entropy with a bias of the last layer: it does not help collapse, and the rational instance has its margin."""

from fractions import Fraction

import numpy as np
import pytest
from scipy.optimize import minimize

from dufm.theory.derivations.ce.last_bias import ce_last_bias
from dufm.theory.proof.derivation import proved
from dufm.theory.rational import matrix
from dufm.verification.claims.base.claim import BUDGETS
from dufm.verification.claims.base.verdict import Status
from dufm.verification.claims.ce.last_bias import CE_LAST_BIAS, INSTANCES, cross_weights, margin


def cross_entropy(logits: np.ndarray) -> float:
    """The mean over classes of log sum exp of a column less its own entry."""
    return float(np.mean(np.log(np.exp(logits - np.diag(logits)).sum(axis=0))))


@pytest.mark.parametrize(("strength", "outer", "inner"), INSTANCES)
def test_the_instance_is_below_collapse_with_any_scale_and_bias(
    strength: Fraction, outer: Fraction, inner: Fraction
) -> None:
    weights = [np.array(w, dtype=float) for w in cross_weights(outer, inner)]
    logits = weights[3] @ weights[2] @ weights[1] @ weights[0]
    reached = cross_entropy(logits) + float(strength) / 2 * sum(float(np.vdot(w, w)) for w in weights)
    high, low = margin(strength, outer, inner)
    assert abs(float(high) - reached) <= 1e-12 and matrix(cross_weights(outer, inner)[0]).rank() == 2

    def collapse(z: np.ndarray) -> float:
        # alpha = t^4 from four factors of squared norm 3 t^2 each, and a bias of the last layer.
        logits = z[0] ** 4 * (np.eye(4) - 0.25) + z[1:, None]
        return cross_entropy(logits) + float(strength) / 2 * 4 * 3 * z[0] ** 2

    starts = [np.array([1.4, 0.3, -0.2, 0.1, 0.0]), np.array([1.7, -1.0, 0.0, 0.5, 2.0])]
    found = min(minimize(collapse, start, method="BFGS", options={"gtol": 1e-9}).fun for start in starts)
    assert abs(found - float(low)) <= 1e-9 and reached < found * 0.95


def test_the_claim_is_proved_with_its_comparisons() -> None:
    (claim,) = CE_LAST_BIAS
    verdict = claim.work(BUDGETS["quick"])
    assert verdict.status is Status.PROVED and len(verdict.comparisons) == len(INSTANCES)
    assert proved(ce_last_bias().check()) and claim.beyond(["ce-last-bias"]) == ""
