"""The claim that low rank wins with identity skips too, in enough blocks."""

from fractions import Fraction

from dufm.theory import derivations
from dufm.theory.problem import Problem, Variant
from dufm.theory.squared.line import (
    AROUND_ONE,
    AROUND_TWO,
    AT_EVERY_STRENGTH,
    LEAST_X,
    Line,
    collapse_around_one,
)
from dufm.verification.claims.base.claim import Budget, Claim, Expected
from dufm.verification.claims.base.conclusions import Stated
from dufm.verification.claims.base.proofs import by_derivation
from dufm.verification.claims.base.verdict import Comparison, Status, Verdict


def line_problem(line: Line, x: Fraction) -> Problem:
    """The problem of a line, at equal strengths."""
    lambdas = (x / line.classes,) * (line.L + 1)
    variant = Variant(skip=f"block{line.around}")
    return Problem(line.classes, line.L, lambdas, line.classes + 2, variant=variant)


def collapse_around(line: Line, x: Fraction) -> Fraction:
    """A lower bound of what collapse reaches at the line's depth, 0 < x <= 1."""
    return x - x * x / 2 if line.around == 2 else x * collapse_around_one(line.blocks, x)


def _low_rank(budget: Budget) -> Verdict:
    comparisons = []
    for line, x in [(n, LEAST_X) for n in (*AROUND_TWO, *AROUND_ONE)] + [(n, Fraction(1)) for n in AT_EVERY_STRENGTH]:
        what = f"a line and collapse, around {line.around}, K = {line.classes}, L = {line.L}, x = {x}"
        reached = x * line.cost() / line.classes
        comparisons.append(Comparison(reached, "<", collapse_around(line, x), what=what))
    # Two of them whole, in exact arithmetic: the loss of the weights themselves.
    for line in (AROUND_TWO[2], AROUND_ONE[1]):
        exact = line_problem(line, LEAST_X).objective(line.weights())
        what = f"exact weights and collapse, around {line.around}, K = {line.classes}, L = {line.L}"
        comparisons.append(Comparison(exact, "<", collapse_around(line, LEAST_X), what=what))
    words = "With skips features of rank two win in enough blocks: from 24 classes on around two layers, 17 around one."
    return by_derivation(words, comparisons)


SKIPS = (
    Claim(
        "var-skip-low-rank",
        "Identity skips do not save collapse: with classes enough and blocks enough features of rank two are below "
        "every network that is collapsed in H_1 and after every block.",
        Stated(
            (
                ("skips", "Squared loss, relu, equal strengths n lambda_H = lambda_1 = ... = lambda_L"),
                ("skips", "class features orthogonal and of equal norms in H_1 and after every block"),
                ("skips", "For hidden width >= K + 2 features of rank two in front of the last block go below"),
                (
                    "skips",
                    "around two layers for every K >= 88, 43, 29, 24 at every odd L >= 11, 17, 33, 65 and x <= 1/20",
                ),
                ("skips", "for every K >= 136, 78, 62 at every odd L >= 17, 33, 65 and x <= 1"),
                ("skips", "around one layer for every K >= 50, 31, 25, 17 at L = 17, 25, 33, 65 and x <= 1/20"),
            )
        ),
        "ours; constant strength fails for blocks of two layers: Sukenik, Lampert and Mondelli (2505.15239)",
        (derivations.reductions, derivations.dnc, derivations.unequal_classes, derivations.skips),
        _low_rank,
        Expected(Status.PROVED),
    ),
)
