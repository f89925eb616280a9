"""The claim that decides between two published theorems: cross-entropy, linear layers, a bias of the last layer."""

from fractions import Fraction

from dufm.theory import derivations
from dufm.theory.ce.enclosure import least_loss, objective_ball
from dufm.theory.ce.polygons import DNC_LOGITS
from dufm.theory.problem import Problem
from dufm.theory.squared.structure import as_fraction_ball
from dufm.verification.claims.base.claim import Budget, Claim, Expected
from dufm.verification.claims.base.conclusions import Repeats
from dufm.verification.claims.base.proofs import by_derivation
from dufm.verification.claims.base.regime import From, Only
from dufm.verification.claims.base.verdict import Comparison, Status, Verdict
from dufm.verification.claims.ce.structures import SUBOPTIMAL

DIGITS = 30
# Four classes at the ends of a cross, three layers, no bias: strength, scale of H_1 and W_3, scale of W_1 and W_2.
INSTANCES = ((Fraction(1, 50), Fraction(6, 5), Fraction(12, 7)), (Fraction(1, 1000), Fraction(7, 5), Fraction(2)))
CROSS = ((1, 0, -1, 0), (0, 1, 0, -1))


def cross_weights(outer: Fraction, inner: Fraction) -> list[list[list[Fraction]]]:
    """(H_1, W_1, W_2, W_3) of width 4 and rank 2: logits outer^2 inner^2 <v_i, v_j> for the columns v of CROSS."""
    zero = [Fraction(0)] * 4
    square = [[inner * int(i == j < 2) for j in range(4)] for i in range(4)]
    first = [[outer * value for value in row] for row in CROSS] + [zero, zero]
    return [first, square, square, [list(row) for row in zip(*first, strict=True)]]


def margin(strength: Fraction, outer: Fraction, inner: Fraction) -> tuple[Fraction, Fraction]:
    """(the weights' loss from above, collapse's from below), exact."""
    problem = Problem.of(4, 3, str(strength), 4, loss="ce")
    found = objective_ball(problem, cross_weights(outer, inner), DIGITS)
    return as_fraction_ball(found)[1], as_fraction_ball(least_loss(DNC_LOGITS, problem, DIGITS))[0]


def _with_bias(budget: Budget) -> Verdict:
    comparisons, told = [], []
    for strength, outer, inner in INSTANCES:
        high, low = margin(strength, outer, inner)
        comparisons.append(
            Comparison(high, "<", low, what=f"four classes on a cross and collapse, lambda = {strength}")
        )
        told.append(f"{float(high):.6f} < {float(low):.6f} at lambda = {strength}")
    words = f"A bias gives collapse nothing. K = 4, L = 3, rational weights of rank two, bias 0: {'; '.join(told)}."
    return by_derivation(words, comparisons)


CE_LAST_BIAS = (
    Claim(
        "ce-last-bias",
        "Under cross-entropy with linear layers and a bias of the last layer, decayed or not, no DNC logits with alpha "
        "> 0 are a global minimiser.",
        SUBOPTIMAL,
        "ours; as Garrod and Keating (2410.23169), Theorem 1, and against Dang et al. (2301.00437), Theorem A.1, as "
        "the former report it",
        (derivations.ce_reduction, derivations.ce_dnc, derivations.ce_low_rank, derivations.ce_last_bias),
        _with_bias,
        Expected(Status.PROVED),
        repeats=Repeats(
            "ce-last-bias",
            ((From(6), From(2)), (Only((4, 5)), From(3))),
            "For K >= 6, L >= 2 and for K in {4, 5}, L >= 3 no logits alpha (I - J/K), alpha > 0, with any bias are a "
            "global minimiser",
        ),
    ),
)
