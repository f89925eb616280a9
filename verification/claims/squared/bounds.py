"""Claims on how low any weights can go: two classes, linear networks, pairs of classes."""

from fractions import Fraction

import sympy as sp

from dufm.theory import derivations
from dufm.theory.derivations.squared.exponents import coefficient
from dufm.theory.problem import Problem
from dufm.theory.squared.bounds import bracket, frobenius_cost, least_cost, pair_power
from dufm.theory.squared.phi import phi, power_root
from dufm.theory.squared.structure import total_cost
from dufm.theory.squared.structures import CheapestSum
from dufm.verification.claims.base.claim import Budget, Claim, Expected
from dufm.verification.claims.base.proofs import by_derivation
from dufm.verification.claims.base.regime import EVERY, From, Only, Part, Regime
from dufm.verification.claims.base.verdict import Comparison, Status, Verdict


def _two_classes(budget: Budget) -> Verdict:
    comparisons = [
        Comparison(pair_power(2, L), "==", 2 ** (L + 1), what=f"C^{L + 1} of the bound against DNC's, L = {L}")
        for L in range(1, 9)
    ]
    sentence = "Two columns: relu can be left out at no cost, and a linear network cannot beat DNC."
    return by_derivation(sentence, comparisons)


def _linear(budget: Budget) -> Verdict:
    sentence = "Without relu the minimum is phi_L(K Lambda): low rank wins only because relu raises ranks."
    return by_derivation(sentence)


def _pair_bound(budget: Budget) -> Verdict:
    comparisons = []
    for K in (3, 6, 10, 21):
        for L in (2, 3, 5, 8):
            older = sp.Rational(frobenius_cost(K, L) ** (L + 1))
            what = f"C^{L + 1} of the bound against the older one's, K = {K}, L = {L}"
            comparisons.append(Comparison(pair_power(K, L), ">", Fraction(int(older)), what=what))
            gap = total_cost(CheapestSum(), K, L) - least_cost(K, L)
            known = Fraction(str(sp.N(gap, 30)))
            comparisons.append(Comparison(known, ">", 0, what=f"C of the best known less the bound, K = {K}, L = {L}"))
    low, high = bracket(Problem.of(10, 4, "0.0015")).ratios
    comparisons.append(Comparison(low, "<=", high, what="bracket of the least loss over DNC's, K = 10, L = 4"))
    sentence = f"C >= 2 (K/2)^(2/(L+1)); at K = 10, L = 4 the minimum is in [{float(low):.3f}, {float(high):.3f}] DNC."
    return by_derivation(sentence, comparisons)


def _three_classes_two_layers(budget: Budget) -> Verdict:
    sentence = "A triangular certificate: ||P_2||_*^2 ||W_2||^2 >= 27 t^2 whenever W_2 relu(P_2) = t I."
    return by_derivation(sentence)


def _three_classes_three_layers(budget: Budget) -> Verdict:
    sentence = "Two certificates: ||P||_* ||W_2|| ||W_3|| >= 9 t whenever W_3 relu(W_2 relu(P)) = t I."
    return by_derivation(sentence)


def _three_classes_weak_decay(budget: Budget) -> Verdict:
    """The rate of the limit at x = 1e-8: (1 - sqrt(K p x))^(2/p), p = L + 1; a number, no part of the proof."""
    comparisons = []
    for L in (1, 2, 3):
        x = Fraction(1, 10**8)
        delta = power_root(3 * (L + 1) * x, 2)[1]
        low = power_root((1 - delta) ** 2, L + 1)[0]
        comparisons.append(
            Comparison(low, ">", Fraction(999, 1000), what=f"bound of the least loss over DNC's, x = 1e-8, L = {L}")
        )
        bound = low * (L + 1) * x / 2
        comparisons.append(Comparison(phi(L, x)[0], ">=", bound, what=f"DNC's loss and the bound, x = 1e-8, L = {L}"))
    sentence = "For 3 p x < 1 the least loss is at least (1 - sqrt(3 p x))^(2/p) times DNC's for L = 1, 2, 3."
    return by_derivation(sentence, comparisons)


def _exponents(budget: Budget) -> Verdict:
    """The upper bound at K = 100^8, which is far, beside DNC's cost and the bound of pairs; numbers, no part of it."""
    comparisons, (size, sides) = [], (8, 100)
    K, share = sides**size, Fraction(0)
    for L in (2, 3, 5):
        power = Fraction(size**L) / coefficient(size) ** 2 * K**2 * sides ** (L - 1)
        comparisons.append(Comparison(power, "<", K ** (L + 1), what=f"C^{L + 1} and DNC's, K = 100^8, L = {L}"))
        comparisons.append(
            Comparison(power, ">", pair_power(K, L), what=f"C^{L + 1} and the bound of pairs', K = 100^8, L = {L}")
        )
        share = max(share, power_root(power / K ** (L + 1), L + 1)[1])
    sentence = (
        f"C(K, L) = K^(2/(L+1) + o(1)): pairs have the exponent; at K = 10^16 C/K < {float(share):.3f}, L = 2, 3, 5."
    )
    return by_derivation(sentence, comparisons)


THREE_LAYERS = (
    derivations.dnc,
    derivations.reductions,
    derivations.three_layers_nu,
    derivations.three_layers_value,
    derivations.three_layers,
)

BOUNDS = (
    Claim(
        "two-classes",
        "DNC is globally optimal for two classes.",
        Regime((Part(Only((2,)), From(1), EVERY),)),
        "SML23; proof ours",
        (derivations.dnc, derivations.two_classes, derivations.linear_network, derivations.reductions),
        _two_classes,
        Expected(Status.PROVED),
        says="dnc",
    ),
    Claim(
        "linear-networks",
        "Without relu DNC is globally optimal for the squared loss.",
        Regime((Part(From(2), From(1), EVERY),), "no relu"),
        "classical for balanced data; proof here ours",
        (derivations.dnc, derivations.linear_network, derivations.reductions),
        _linear,
        Expected(Status.PROVED),
    ),
    Claim(
        "pair-bound",
        "The global minimum is at least phi_L(2 (K/2)^(2/(L+1)) Lambda).",
        Regime((Part(From(2), From(1), EVERY, width=None),)),
        "ours",
        (derivations.pairs, derivations.two_classes, derivations.linear_network, derivations.reductions),
        _pair_bound,
        Expected(Status.PROVED),
    ),
    Claim(
        "three-classes-two-layers",
        "At two layers no network with output t I beats DNC for three classes.",
        Regime((Part(Only((3,)), Only((2,)), EVERY, width=None),), "output t I"),
        "ours",
        (derivations.dnc, derivations.two_layers, derivations.reductions),
        _three_classes_two_layers,
        Expected(Status.PROVED),
    ),
    Claim(
        "three-classes-three-layers",
        "At three layers no network with output t I beats DNC for three classes.",
        Regime((Part(Only((3,)), Only((3,)), EVERY, width=None),), "output t I"),
        "ours",
        THREE_LAYERS,
        _three_classes_three_layers,
        Expected(Status.PROVED),
    ),
    Claim(
        "three-classes-weak-decay",
        "In the limit of weak decay DNC is optimal for three classes exactly up to three layers: as x -> 0 the least "
        "loss over DNC's, whatever the output, tends to 1 for L = 1, 2, 3 and, at width >= 4, to less than 1 for every "
        "L >= 4.",
        Regime((Part(Only((3,)), Only((1, 2, 3)), None), Part(Only((3,)), From(4), None, width=1)), "x -> 0"),
        "ours",
        (*THREE_LAYERS, derivations.weak_decay, derivations.lower_bound, derivations.two_layers, derivations.head),
        _three_classes_weak_decay,
        Expected(Status.PROVED),
    ),
    Claim(
        "exponents",
        "The least cost C(K, L) of outputs I grows like K^(2/(L+1) + o(1)) at every depth: the bound of pairs has the "
        "right exponent, and at weak decay the least loss over DNC's is K^(-(L-1)/(L+1) + o(1)).",
        Regime((Part(From(2), From(1), None, width=None),), "output I, K -> infinity"),
        "ours",
        (
            derivations.dnc,
            derivations.reductions,
            derivations.linear_network,
            derivations.two_classes,
            derivations.pairs,
            derivations.exponents,
        ),
        _exponents,
        Expected(Status.PROVED),
    ),
)
