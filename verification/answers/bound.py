"""What no weights go below at one cell: the certificate made here, the best bound known, the least loss known, DNC."""

import json
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from dufm.theory.problem import Problem
from dufm.theory.stated import ProblemError, exact_number
from dufm.verification import lower_checker
from dufm.verification.base.certificate import Certificate
from dufm.verification.base.checkers import checker_of
from dufm.verification.base.lower import dnc_value, lower_certificate, pair_value, value_of
from dufm.verification.claims.best_bound import Bound, below, best_bound, best_cost_bound, require_sound
from dufm.verification.claims.best_known import best_cost, best_loss

MOST_CLASSES, MOST_LAYERS = 10_000, 64


@dataclass(frozen=True)
class BoundAnswer:
    """A bound and what stands beside it.

    Attributes:
        record: numbers for JSON, in losses; at x = 0 in costs C.
        certificate: of kind "lower" or "deep".
        program: module name of the checker that judged it.
        accepted: whether it did.
    """

    record: dict[str, Any]
    certificate: Certificate
    program: str
    accepted: bool


def bounded_cell(K: int, L: int, x: Any) -> BoundAnswer:
    """Find a bound at x = K Lambda >= 0 and have its checker judge it.

    Raises:
        ProblemError: for a cell that makes no sense or is too large, and where what is shipped does not hold.
    """
    strength = _strength(x)
    Problem.of(K, L, 1)
    if K > MOST_CLASSES or L > MOST_LAYERS:
        raise ProblemError(f"--K must be at most {MOST_CLASSES} and --L at most {MOST_LAYERS}, got {K}, {L}")
    certificate = lower_certificate(K, L, strength, "bound")
    held = best_bound(K, L, strength) if strength else best_cost_bound(K, L)
    require_sound(held)
    text = json.dumps(certificate).encode()
    program = checker_of(text)
    result = program.check(text)
    record = _record(K, L, strength, certificate, held) | {"says": result.sentence}
    return BoundAnswer(record, certificate, program.__name__.rsplit(".", 1)[-1], result.ok)


def _strength(text: Any) -> Fraction:
    x = exact_number(text, "--x")
    if x < 0:
        raise ProblemError(f"--x must be >= 0, got {text}")
    if max(x.numerator, x.denominator) > lower_checker.MAX_PART:
        raise ProblemError(f"--x must have numerator and denominator up to {lower_checker.MAX_PART:.0e}, got {text}")
    return x


def _record(K: int, L: int, x: Fraction, certificate: dict[str, Any], held: Bound) -> dict[str, Any]:
    """Bound, best known and DNC, in losses; at x = 0 in costs C."""
    unit = x / (2 * K) if x else Fraction(1, L + 1)
    value, dnc = value_of(certificate), dnc_value(K, L, x)
    known, by = best_loss(K, L, x) if x else best_cost(K, L)
    lower = below(value * unit)
    best = max(lower, below(held.value))
    return {
        "K": K,
        "L": L,
        "x": str(x),
        "quantity": "loss" if x else "cost C",
        "lower": lower,
        "lower_exact": str(value * unit),
        "best_lower": best,
        "best_lower_by": held.by if best > lower else "the certificate made here",
        "best_lower_claims": list(held.claims) if best > lower else [],
        "best_known": known,
        "best_known_by": by,
        "dnc": float(dnc[1] * unit),
        "ratio": below(value / dnc[1]),
        "pairs_ratio": below(pair_value(K, L, x) / dnc[1]),
        "gap": max(known - best, 0.0) / known,
        "method": certificate["witness"]["method"],
    }
