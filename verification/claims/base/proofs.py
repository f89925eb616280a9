"""Verdicts that rest on machine-checked derivations."""

from collections.abc import Sequence
from functools import cache
from typing import Any

from dufm.theory.derivations import derivation
from dufm.theory.proof.checks import Checked
from dufm.theory.proof.derivation import conclusion, proved
from dufm.verification.claims.base.verdict import Comparison, Status, Verdict


def by_derivation(
    names: Sequence[str],
    sentence: str,
    comparisons: Sequence[Comparison] = (),
    certificates: Sequence[dict[str, Any]] = (),
) -> Verdict:
    """PROVED if every step of every derivation checks and every comparison holds; REFUTED, with the reason, if not."""
    steps, broken = 0, []
    for name in names:
        checked = _checked(name)
        steps += len(checked)
        if not proved(checked):
            broken.append(f"{name}: {conclusion(checked)}")
    broken += [f"comparison fails: {c}" for c in comparisons if not c.holds]
    details = {"derivations": list(names), "steps": steps}
    if broken:
        return Verdict(Status.REFUTED, "; ".join(broken), tuple(comparisons), details=details)
    counted = Comparison(steps, "==", steps, what="derivation steps that check")
    return Verdict(Status.PROVED, sentence, (counted, *comparisons), tuple(certificates), details)


@cache
def _checked(name: str) -> tuple[Checked, ...]:
    """Each derivation is checked once a process, however many claims rest on it."""
    return derivation(name).check()
