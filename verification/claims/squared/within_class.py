"""The claim that global minimisers are collapsed within classes, also beyond the papers' model."""

from fractions import Fraction

from dufm.theory import derivations
from dufm.theory.problem import Problem, Variant
from dufm.verification.claims.base.claim import Budget, Claim, Expected
from dufm.verification.claims.base.conclusions import Repeats
from dufm.verification.claims.base.proofs import by_derivation
from dufm.verification.claims.base.regime import EVERY, From, Part, Regime
from dufm.verification.claims.base.verdict import Comparison, Status, Verdict

# Exact weights of two classes with two samples each: what one sample turned round, or moved alone, costs.
STRENGTH, SCALE, APART = Fraction(1, 50), Fraction(9, 10), Fraction(1, 100)
TWICE = ((Fraction(1), Fraction(1), Fraction(0), Fraction(0)), (Fraction(0), Fraction(0), Fraction(1), Fraction(1)))


def two_samples(L: int, first: Fraction) -> Fraction:
    """The loss of SCALE times the identity in every factor, the first of two samples a class scaled by `first`."""
    problem = Problem.of(2, L, str(STRENGTH), 2, variant=Variant(target=TWICE))
    columns = [[SCALE * value for value in row] for row in TWICE]
    columns[0][0] *= first
    square = [[SCALE, 0], [0, SCALE]]
    return problem.objective([columns, *[square] * L])


def _within(budget: Budget) -> Verdict:
    comparisons = []
    for L in (1, 2, 3):
        turned, kept = two_samples(L, Fraction(-1)), two_samples(L, Fraction(1))
        comparisons.append(Comparison(turned, ">", kept, what=f"one sample turned round and collapse, L = {L}"))
        ends = (two_samples(L, 1 - APART) + two_samples(L, 1 + APART)) / 2
        comparisons.append(Comparison(ends, ">", kept, what=f"one sample moved to and fro, in the mean, L = {L}"))
    words = (
        "Samples with one target share features in the last hidden layer, output and, but for a sign, their column of "
        "H_1."
    )
    return by_derivation(words, comparisons)


WITHIN_CLASS = (
    Claim(
        "var-within-class",
        "At every global minimiser the samples of a class have the same features in the last hidden layer and the same "
        "output; without skips also the same column of H_1, but for a sign, and no sign for L <= 2 or linear layers.",
        Regime(
            (Part(From(2), From(1), EVERY, None),),
            "any targets and class sizes, squared loss or cross-entropy, relu, leaky or linear layers, a bias of the "
            "last layer or none",
        ),
        "ours; said of SML24 in Wu and Mondelli (2501.19104)",
        (derivations.reductions, derivations.within_class),
        _within,
        Expected(Status.PROVED),
        repeats=Repeats("within-class", ((From(2), From(1)),), "For every K >= 2, L >= 1"),
    ),
)
