"""The strength at which a structure stops beating zero weights, bracketed with rigorous signs (n = 1)."""

from fractions import Fraction

from flint import arb, fmpq

from dufm.theory.ce.crossing import Candidate, Crossing, candidate_loss
from dufm.theory.ce.enclosure import DIGITS
from dufm.theory.ce.numbers import working
from dufm.theory.problem import Problem
from dufm.theory.stated import ProblemError


def zero_bound(classes: int, layers: int) -> arb:
    """Lambda above which zero weights are the only global minimiser: 2/(L+1) K^(-p) (log K)^(1-p), p = 2/(L+1).

    A bound from above (derivation ce-zero), exact at L = 1; at flint's current precision.
    """
    if classes < 2 or layers < 1:
        raise ProblemError(f"the bound needs K >= 2 and L >= 1, got K = {classes}, L = {layers}")
    base = arb(fmpq(1, classes**2)) * arb(classes).log() ** (layers - 1)
    return base.root(layers + 1) * arb(fmpq(2, layers + 1))


def beats_zero(candidate: Candidate, K: int, L: int, lam: Fraction) -> bool:
    """Whether a candidate's least loss is below log K, rigorously; False is not a proof of the contrary."""
    loss = candidate_loss(candidate, Problem.of(K, L, lam, loss="ce"))
    with working(DIGITS):
        return bool(loss < arb(K).log())


def last_strength(candidate: Candidate, K: int, L: int, width: Fraction) -> Crossing:
    """Bracket of relative width `width`: at `low` the candidate beats zero weights, at `high` it is not seen to.

    Raises:
        ProblemError: if it does not beat them at a sixteenth of the strength at which nothing does.
    """
    with working(DIGITS):
        high = Fraction(zero_bound(K, L).upper().str(12, radius=False))
    low = high / 16
    if not beats_zero(candidate, K, L, low):
        raise ProblemError(f"{candidate.name!r} does not beat zero weights at lambda = {low}, K = {K}, L = {L}")
    while high - low > width * low:
        middle = (low + high) / 2
        low, high = (middle, high) if beats_zero(candidate, K, L, middle) else (low, middle)
    return Crossing(low, high)
