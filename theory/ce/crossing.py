"""The strength at which two structures change places, bracketed by rationals with rigorous signs at both ends."""

from dataclasses import dataclass
from fractions import Fraction

from flint import arb

from dufm.theory.ce.enclosure import DIGITS, least_loss
from dufm.theory.ce.families import Family
from dufm.theory.ce.newton import best_member
from dufm.theory.ce.numbers import working
from dufm.theory.ce.structure import CeStructure
from dufm.theory.problem import Problem
from dufm.theory.stated import ProblemError

Candidate = CeStructure | Family


@dataclass(frozen=True)
class Crossing:
    """`below` is strictly better at strength `low`, `above` at `high` (n = 1, one strength for all factors)."""

    low: Fraction
    high: Fraction


def candidate_loss(candidate: Candidate, problem: Problem, digits: int = DIGITS) -> arb:
    """The least loss of a structure, or of a family's enclosed best member; log K where zero weights cost less."""
    if not hasattr(candidate, "parameters"):
        return least_loss(candidate, problem, digits)  # pyright: ignore[reportArgumentType]
    best = best_member(candidate, problem, digits)  # pyright: ignore[reportArgumentType]
    with working(digits):
        nothing = arb(problem.K).log()
        return nothing if best is None else best.loss.min(nothing)


def loss_gap(below: Candidate, above: Candidate, K: int, L: int, lam: Fraction, digits: int = DIGITS) -> arb:
    """Loss of `below` less that of `above`."""
    problem = Problem.of(K, L, lam, loss="ce")
    with working(digits):
        return candidate_loss(below, problem, digits) - candidate_loss(above, problem, digits)


def crossing(
    below: Candidate, above: Candidate, K: int, L: int, ends: tuple[Fraction, Fraction], width: Fraction
) -> Crossing:
    """Shrink `ends` to relative width `width` by bisection; every sign is rigorous.

    Raises:
        ProblemError: if the signs at the ends are not as stated, or a sign cannot be told.
    """
    low, high = ends
    for lam, wanted in ((low, -1), (high, 1)):
        if not loss_gap(below, above, K, L, lam) * wanted > 0:
            raise ProblemError(f"no crossing between {digits_of(low)} and {digits_of(high)} at K = {K}, L = {L}")
    while high - low > width * low:
        middle = (low + high) / 2
        gap = loss_gap(below, above, K, L, middle)
        if gap < 0:
            low = middle
        elif gap > 0:
            high = middle
        else:
            raise ProblemError(f"the sign at lambda = {digits_of(middle)} needs more digits than {DIGITS}")
    return Crossing(low, high)


def digits_of(value: Fraction) -> str:
    """Ten digits of a rational."""
    return (arb(value.numerator) / value.denominator).str(10, radius=False)
