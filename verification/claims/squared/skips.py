"""Claims on identity skips: low rank wins in enough blocks; and no rate of approach to collapse can be read."""

from fractions import Fraction

import numpy as np

from dufm.solvers.objectives.squared import Objective
from dufm.solvers.search.options import SearchOptions
from dufm.solvers.search.portfolio import global_search
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

# Depths at which the distance to collapse is measured, for three classes at lambda = 1/25, and what counts as none.
DEPTHS, NONE, SEED = (2, 3, 5, 9), 1e-5, 20261129


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


def distance_to_collapse(problem: Problem, restarts: int) -> float:
    """||F^T F - c I|| / ||F^T F|| of the features F in the last hidden layer, c the best, of the best weights found."""
    solution, _ = global_search(problem, SearchOptions(restarts, SEED, threads=1))
    solution.raise_if_interrupted()
    last = Objective(problem).forward(solution.weights[:-1]).features[-1]
    gram = last.T @ last
    off = gram - np.trace(gram) / problem.K * np.eye(problem.K)
    return float(np.linalg.norm(off) / np.linalg.norm(gram))


def _rate(budget: Budget) -> Verdict:
    restarts = 6 if budget.name != "full" else 100
    found = {
        L: distance_to_collapse(Problem.of(3, L, "1/25", 3, variant=Variant(skip="block1")), restarts) for L in DEPTHS
    }
    details = {"seed": SEED, "restarts": restarts, "distance": {f"L={L}": value for L, value in found.items()}}
    if max(found.values()) <= NONE:
        words = f"at L = {', '.join(map(str, DEPTHS))} the best weights found are collapsed: no rate can be read"
        return Verdict(Status.UNDECIDED, words, details=details)
    slope = np.polyfit(np.log(list(found)), np.log(np.maximum(list(found.values()), 1e-300)), 1)[0]
    return Verdict(Status.UNDECIDED, f"four depths, exponent {slope:.2f}: too few to compare", details=details)


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
        (derivations.reductions, derivations.unequal_classes, derivations.skips),
        _low_rank,
        Expected(Status.PROVED),
    ),
    Claim(
        "var-skip-rate",
        "With skips the distance of global minimisers to collapse falls with depth like L^(-1/2), as the bound of "
        "2505.15239 for networks with layer norm.",
        f"F + relu(W F), K = 3, lambda = 1/25, width K, L = {', '.join(map(str, DEPTHS))}; squared loss, no layer norm",
        "Sukenik, Lampert and Mondelli (2505.15239), as quoted by others",
        (),
        _rate,
        Expected(Status.UNDECIDED),
    ),
)
