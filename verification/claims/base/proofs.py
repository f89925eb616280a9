"""Verdicts of claims that derivations prove; `Claim.check` runs the derivations themselves."""

from collections.abc import Sequence
from typing import Any

from dufm.verification.claims.base.verdict import Comparison, Status, Verdict


def by_derivation(
    sentence: str,
    comparisons: Sequence[Comparison] = (),
    certificates: Sequence[dict[str, Any]] = (),
    details: dict[str, Any] | None = None,
) -> Verdict:
    """PROVED, if what the claim rests on holds, where every comparison holds; REFUTED, with the reason, if not."""
    broken = [f"comparison fails: {c}" for c in comparisons if not c.holds]
    if broken:
        return Verdict(Status.REFUTED, "; ".join(broken), tuple(comparisons))
    return Verdict(Status.PROVED, sentence, tuple(comparisons), tuple(certificates), details or {})
