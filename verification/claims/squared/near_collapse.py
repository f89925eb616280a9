"""Two layers, and strong regularisation: low rank beats DNC where it was held to be optimal."""

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from dufm.solvers.weights.cyclic import cyclic_weights, pentagon
from dufm.solvers.weights.of_structure import at_best_scale
from dufm.theory import derivations
from dufm.theory.problem import Problem
from dufm.theory.rational import fraction
from dufm.theory.squared.halves import Halves, cost_cubed
from dufm.theory.squared.phi import collapse_ends, phi, phi_of_power
from dufm.theory.squared.srg import classes
from dufm.verification.base.certificate import Certificate, entries, point_certificate
from dufm.verification.base.exact import rational
from dufm.verification.claims.base.claim import Budget, Claim, Expected
from dufm.verification.claims.base.proofs import by_derivation
from dufm.verification.claims.base.regime import BELOW, Edges, From, Only, Part, Regime, stretch
from dufm.verification.claims.base.verdict import Comparison, Status, Verdict
from dufm.verification.claims.squared.thresholds import witness

HALVES = Regime((Part(From(15), Only((2,)), BELOW, 5),))
HALVES_AT = "0.05"
WITNESS_AT = Fraction(3, 8)
FROM = Fraction(93, 250)
PENTAGON = Regime((Part(From(5), Only((2,)), stretch(str(FROM))),))
FROM_THREE = Fraction(129, 500)
STAR = Regime((Part(From(4), Only((3,)), stretch(str(FROM_THREE)), 2),))


def threshold_above(L: int) -> Fraction:
    """A rational no smaller than x*_L, within 2^-128."""
    return collapse_ends(L)[1]


def _halves(budget: Budget) -> Verdict:
    comparisons = []
    for order in (6, 8, 10):
        K = classes(order)
        cubed = fraction(cost_cubed(order // 2))
        comparisons.append(Comparison(cubed, "<", K**3, what=f"C^3 of the halves and of DNC, K = {K}"))
    problem = Problem.of(15, 2, Fraction(HALVES_AT) / 15, width=20)
    weights = at_best_scale(problem, Halves().weights(15, 2))
    loss = problem.objective([rational(w) for w in weights])
    below, _ = phi_of_power(2, problem.x_power)
    comparisons.append(Comparison(loss, "<", below, what="loss of the halves and DNC, K = 15, L = 2, x = 0.05"))
    found = {"construction": "20 neurons, the halvings of six vertices, on the 15 edges between them"}
    certificate = point_certificate(problem, weights, "two-layers-low-rank", found)
    sentence = "C^3 = 3250 < 15^3 for the halves of six vertices, rank 5; direct sums settle every K >= 15."
    return by_derivation(sentence, comparisons, [certificate])


def _halves_vanish(budget: Budget) -> Verdict:
    return by_derivation("(C/K)^3 is a rational function of r that tends to 0 like 16/r.")


def _from_x_to_collapse(
    label: str, problem: Problem, at: Fraction, weights: Sequence[Any], low: Fraction, found: dict[str, str]
) -> tuple[list[Comparison], Certificate, Fraction]:
    """Weights made at x = `at` are below DNC at x = low and at collapse, so (derivation `chord`) between."""
    K, L = problem.K, problem.L
    fit, size = problem.split(weights)
    high = threshold_above(L)
    losses = [fit + size * x / at for x in (low, high)]
    comparisons = [
        Comparison(losses[0], "<", phi(L, low)[0], what=f"loss of the weights and DNC at x = {float(low)}, K = {K}"),
        Comparison(losses[1], "<", Fraction(1, 2), what=f"loss of the weights where DNC collapses, K = {K}"),
    ]
    return comparisons, point_certificate(problem, weights, label, found), high


def _two_layers(budget: Budget) -> Verdict:
    problem = Problem.of(5, 2, WITNESS_AT / 5, width=5)
    weights = [rational(w) for w in cyclic_weights(problem, pentagon())]
    found = {"construction": "pre-activations of a pentagon, ridge regression as read-out"}
    comparisons, certificate, high = _from_x_to_collapse("two-layers-strong", problem, WITNESS_AT, weights, FROM, found)
    sentence = (
        f"One set of weights of K = 5 is below DNC from x = {float(FROM)} up to collapse at {float(high):.4f}; "
        "direct sums do the rest."
    )
    return by_derivation(sentence, comparisons, [certificate])


def _three_layers(budget: Budget) -> Verdict:
    problem = Problem.of(4, 3, FROM_THREE / 4, width=6)
    found = {"construction": "the weights of the claim thresholds at K = 4, L = 3"}
    comparisons, certificate, high = _from_x_to_collapse(
        "three-layers-strong", problem, FROM_THREE, entries(witness(4, 3)), FROM_THREE, found
    )
    sentence = (
        f"One set of weights of K = 4 is below DNC from x = {float(FROM_THREE)} up to collapse at {float(high):.4f}; "
        "direct sums do the rest."
    )
    return by_derivation(sentence, comparisons, [certificate])


STRONG = (
    Claim(
        "two-layers-low-rank",
        "DNC is not globally optimal at two layers for any K >= 15.",
        HALVES,
        "ours; Tirer and Bruna (2202.08087) have optimality of collapse at two relu layers under the further "
        "hypothesis that relu leaves the nuclear norm of W_1 H_1 as it is, which the halves violate; SML23 is binary",
        (
            derivations.dnc,
            derivations.halves,
            derivations.cuts,
            derivations.direct_sum,
            derivations.reductions,
            derivations.head,
            derivations.srg,
        ),
        _halves,
        Expected(Status.PROVED),
        says="low rank",
        needs=HALVES.points(HALVES_AT),
    ),
    Claim(
        "two-layers-vanish",
        "C / K tends to 0 already at two layers: DNC becomes arbitrarily bad.",
        Regime((Part(Edges(6, even=True), Only((2,)), None, width=None),), "r -> infinity, hidden width >= C(r, r/2)"),
        "ours",
        (
            derivations.dnc,
            derivations.halves,
            derivations.cuts,
            derivations.head,
            derivations.reductions,
            derivations.srg,
        ),
        _halves_vanish,
        Expected(Status.PROVED),
    ),
    Claim(
        "two-layers-strong",
        "Close to collapse DNC is not globally optimal even at two layers.",
        PENTAGON,
        "ours; Tirer and Bruna (2202.08087) as for two-layers-low-rank",
        (derivations.chord, derivations.direct_sum, derivations.dnc, derivations.reductions, derivations.head),
        _two_layers,
        Expected(Status.PROVED),
        says="low rank",
        needs=PENTAGON.points(str(WITNESS_AT)),
    ),
    Claim(
        "three-layers-strong",
        "Close to collapse DNC is not globally optimal at three layers for any K >= 4.",
        STAR,
        "ours",
        (derivations.chord, derivations.direct_sum, derivations.dnc, derivations.reductions, derivations.head),
        _three_layers,
        Expected(Status.PROVED),
        says="low rank",
        needs=STAR.points(str(FROM_THREE)),
    ),
)
