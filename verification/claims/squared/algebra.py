"""Claims closed by algebra: reductions, DNC's loss, the lower bound, the SRG."""

from fractions import Fraction
from typing import Any

import sympy as sp

from dufm.solvers.intervals.one_layer import solve_linear
from dufm.theory import derivations
from dufm.theory.problem import Problem
from dufm.theory.squared.phi import collapse_threshold, phi, phi_of_power, power_root
from dufm.theory.squared.srg import TriangularGraph, classes, head
from dufm.theory.squared.structure import as_fraction_ball, cost_power
from dufm.verification.claims.base.claim import Budget, Claim, Expected
from dufm.verification.claims.base.proofs import by_derivation
from dufm.verification.claims.base.regime import BELOW, EVERY, Edges, From, Only, Part, Regime
from dufm.verification.claims.base.verdict import Comparison, Status, Verdict


def _reductions(budget: Budget) -> Verdict:
    return by_derivation("n, the strengths and the scale enter only through Lambda and C.")


def _dnc_loss(budget: Budget) -> Verdict:
    widths = [phi(L, Fraction("0.015")) for L in range(1, 9)]
    gaps = [Comparison(high - low, "<=", Fraction(1, 2**80), what="width of phi's enclosure") for low, high in widths]
    return by_derivation("C_DNC = K and the loss is phi_L(K Lambda), enclosed to 2^-80 at any x.", gaps)


def _collapse(budget: Budget) -> Verdict:
    comparisons = []
    for L in range(2, 9):
        power: Any = sp.Rational(collapse_threshold(L) ** (L + 1))
        low, high = power_root(Fraction(int(power.p), int(power.q)), L + 1)
        inside, outside = low * Fraction(10**6 - 1, 10**6), high * Fraction(10**6 + 1, 10**6)
        half = Fraction(1, 2)
        comparisons.append(Comparison(phi(L, inside)[1], "<", half, what=f"phi_{L} just below x*_{L}"))
        comparisons.append(Comparison(phi(L, outside)[0], "==", half, what=f"phi_{L} just above x*_{L}"))
    return by_derivation("DNC is non-trivial iff K Lambda < x*_L; checked on both sides, L = 2..8.", comparisons)


def _lower_bound(budget: Budget) -> Verdict:
    return by_derivation("No weights have loss below phi_L(K^(2/(L+1)) Lambda).")


def _one_layer(budget: Budget) -> Verdict:
    comparisons = []
    for K, lam in ((2, "1/10"), (5, "1/20"), (5, "1/4")):
        problem = Problem.of(K, 1, lam, n=2)
        low, high = phi_of_power(1, problem.x_power)
        solved = solve_linear(problem)
        slack = abs(solved.gap) + float(high - low)
        comparisons.append(Comparison(solved.primal, "==", low, slack, f"{solved.solver}'s primal value, K = {K}"))
    return by_derivation("At L = 1 the lower bound is DNC's own loss; a convex solver agrees.", comparisons)


def _srg_cost(budget: Budget) -> Verdict:
    comparisons = []
    for r in (4, 5, 6):
        K = classes(r)
        for L in (3, 4, 5):
            low, high = as_fraction_ball(cost_power(TriangularGraph().weights(K, L), L))
            stated = Fraction(str(sp.N(head(r) * r ** (L - 3), 50)))
            slack = high - low + high / 10**45
            comparisons.append(Comparison((low + high) / 2, "==", stated, slack, f"C^(L+1), r = {r}, L = {L}"))
    return by_derivation("The closed form equals the cost of explicit weights, r = 4, 5, 6.", comparisons)


def _srg_wins(budget: Budget) -> Verdict:
    return by_derivation("C_SRG < K for every r >= 4 and L >= 4: one polynomial inequality.")


def _srg_loses(budget: Budget) -> Verdict:
    return by_derivation("C_SRG > K at L = 3 for every r >= 4.")


def _srg_vanishes(budget: Budget) -> Verdict:
    return by_derivation("(C_SRG/K)^(L+1) <= 2 r/(r-1)^2, which tends to 0.")


SRG_COST = Claim(
    "srg-cost",
    "C_SRG^(L+1) = nu^2 r^(L-2) K^2 / 4 with nu = sqrt(2(r-1)) + (r-1) sqrt(r-2), K = r(r-1)/2.",
    Regime((Part(Edges(4), From(3), None),)),
    "structure SML24; cost in this form ours",
    (derivations.srg,),
    _srg_cost,
    Expected(Status.PROVED),
)

ALGEBRA = (
    Claim(
        "reductions",
        "n, all regularisation strengths and all scales enter a structure's loss only through Lambda and its cost C.",
        Regime((Part(From(2), From(1), EVERY, width=None),), "one strength a factor"),
        "SML23, SML24; this form ours",
        (derivations.reductions,),
        _reductions,
        Expected(Status.PROVED),
    ),
    Claim(
        "dnc-loss",
        "The least loss with orthogonal features is phi_L(K Lambda), an algebraic function of u.",
        Regime((Part(From(2), From(1), EVERY),)),
        "configuration SML23, SML24; infimum ours",
        (derivations.reductions, derivations.dnc),
        _dnc_loss,
        Expected(Status.PROVED),
    ),
    Claim(
        "collapse-threshold",
        "DNC collapses to zero exactly when K Lambda >= x*_L = (1/L) ((L-1)/L)^((L-1)/(L+1)).",
        Regime((Part(From(2), From(1), EVERY),)),
        "ours",
        (derivations.dnc,),
        _collapse,
        Expected(Status.PROVED),
    ),
    Claim(
        "lower-bound",
        "The global minimum is at least phi_L(K^(2/(L+1)) Lambda).",
        Regime((Part(From(2), From(1), EVERY, width=None),)),
        "ours",
        (derivations.reductions, derivations.lower_bound, derivations.dnc),
        _lower_bound,
        Expected(Status.PROVED),
    ),
    Claim(
        "one-layer",
        "DNC is globally optimal at L = 1.",
        Regime((Part(From(2), Only((1,)), EVERY),)),
        "classical; proof here ours",
        (derivations.lower_bound, derivations.dnc),
        _one_layer,
        Expected(Status.PROVED),
        says="dnc",
    ),
    SRG_COST,
    Claim(
        "srg-wins",
        "The SRG solution beats DNC.",
        Regime((Part(Edges(4), From(4), BELOW),)),
        "SML24; proof for all r, L ours",
        (derivations.dnc, derivations.srg, SRG_COST, derivations.reductions),
        _srg_wins,
        Expected(Status.PROVED),
        says="low rank",
    ),
    Claim(
        "srg-loses-at-3",
        "The SRG solution does not beat DNC at three layers.",
        Regime((Part(Edges(4), Only((3,)), None),)),
        "ours",
        (derivations.dnc, derivations.srg, SRG_COST, derivations.reductions),
        _srg_loses,
        Expected(Status.PROVED),
    ),
    Claim(
        "srg-vanishes",
        "C_SRG / K tends to 0: DNC becomes arbitrarily bad.",
        Regime((Part(Edges(4), From(4), None),), "r -> infinity"),
        "SML24; rate ours",
        (derivations.dnc, derivations.srg),
        _srg_vanishes,
        Expected(Status.PROVED),
    ),
)
