"""Pairs of classes: what is proved for two classes bounds the loss for every number of classes."""

from fractions import Fraction
from itertools import combinations
from math import comb
from random import Random

import sympy as sp
from flint import fmpq_mat

from dufm.theory.derivations.squared.lemmas import random_matrix
from dufm.theory.problem import Problem
from dufm.theory.proof.checks import all_of, definition, every, identical, inference, seeded, signed
from dufm.theory.proof.derivation import Derivation, Step
from dufm.theory.rational import fraction
from dufm.theory.squared.bounds import frobenius_cost, pair_power

K, m, p, Lambda, diagonal, off = sp.symbols("K m p Lambda D O", positive=True)


def restricted(weights: list[fmpq_mat], classes: tuple[int, ...]) -> list[fmpq_mat]:
    """The same network on some of the classes: columns of H_1, rows of W_L; all else is shared."""
    first, last = weights[0].tolist(), weights[-1].tolist()
    return [
        fmpq_mat([[row[c] for c in classes] for row in first]),
        *weights[1:-1],
        fmpq_mat([last[c] for c in classes]),
    ]


def mean_over_subsets(rng: Random) -> bool:
    """One exact instance: the loss is the mean over m-subsets of theirs, plus the share of the off-diagonal."""
    K, L, n = rng.randint(2, 5), rng.randint(1, 4), rng.randint(1, 3)
    m = rng.randint(2, K)
    strengths = tuple(Fraction(rng.randint(1, 9), 10) for _ in range(L + 1))
    outer = tuple(s * Fraction(K, m) if i in (0, L) else s for i, s in enumerate(strengths))
    whole, part = Problem(K, L, strengths, K, n), Problem(m, L, outer, K, n)
    weights = [random_matrix(rng, *shape) for shape in whole.shapes]
    total = Fraction(0)
    for classes in combinations(range(K), m):
        total += part.objective(restricted(weights, classes))
    output = whole.output(weights)
    crossed = sum((fraction(output[i, j]) ** 2 for i in range(K) for j in range(K) if i != j), Fraction(0))
    return whole.objective(weights) == total / comb(K, m) + crossed * (K - m) / (2 * K * (K - 1))


def pairs() -> Derivation:
    """OPT >= phi_L(2 (K/2)^(2/p) Lambda) for every K and L."""
    # Shares of the m-subsets that hold one class, and two.
    one, two = m / K, m * (m - 1) / (K * (K - 1))
    held = [sp.binomial(K - i, m - i) / sp.binomial(K, m) for i in (1, 2)]
    mean = (one * diagonal + two * off) / (2 * m)
    rest = (K - m) / (2 * K * (K - 1)) * off
    d, e, f = sp.symbols("d e f", nonnegative=True)
    stronger = sp.UnevaluatedExpr(Lambda**p * (K / m) ** 2) ** (1 / p)
    cost = 2 * (K / 2) ** (2 / p)
    return Derivation(
        name="pairs",
        title="Pairs of classes: a lower bound on the global minimum for every K",
        source="ours",
        states="For every K >= 2, L >= 1, n, width and all positive strengths no weights have loss below phi_L(2 "
        "(K/2)^(2/(L+1)) Lambda). If DNC is optimal for m classes at every strength, none have loss below phi_L(m "
        "(K/m)^(2/(L+1)) Lambda) for K >= m; and the least loss of K classes is in any case at least that of m "
        "classes at (K/m)^(2/(L+1)) Lambda.",
        steps=(
            Step(
                "Restrict the network to m of its K classes: their columns of H_1, their rows of W_L, all else shared. "
                "Its output is the block of Z of these classes, for relu acts entry by entry, so on each column alone.",
                (),
                all_of(definition("the restricted network"), spots=[seeded(_block_of_output, 30, "networks")]),
                "restricted",
            ),
            Step(
                "C(K-1, m-1) of the C(K, m) m-subsets hold a class, C(K-2, m-2) hold two: a diagonal entry of Z lies "
                "in m/K of them, one off it in m (m-1) / (K (K-1)). With squared errors D on the diagonal and O off "
                "it the fit exceeds the mean of the restricted ones as shown.",
                (),
                all_of(
                    identical(held[0], one),
                    identical(held[1], two),
                    identical((diagonal + off) / (2 * K) - sp.UnevaluatedExpr(mean), rest),
                    signed(
                        rest.subs({K: 2 + e + d, m: 2 + e, off: f}, simultaneous=True), "K = m + d, m = 2 + e, O = f"
                    ),
                    inference("double counting", "restricted"),
                ),
                "fit",
            ),
            Step(
                "A column of H_1, like a row of W_L, lies in m/K of the subsets: multiply the strengths of H_1 and W_L "
                "by K/m in the restricted losses, and the regularisers average to the whole one. So the loss is at "
                "least the mean of the restricted losses.",
                (),
                all_of(
                    identical(one * sp.UnevaluatedExpr(K / m), 1),
                    inference("double counting", "restricted", "fit"),
                    spots=[seeded(mean_over_subsets, 30, "networks")],
                ),
                "mean",
            ),
            Step(
                "That multiplies Lambda^p by (K/m)^2: the least loss of K classes at Lambda is at least that of m "
                "classes at (K/m)^(2/p) Lambda.",
                (),
                all_of(
                    identical(stronger, (K / m) ** (2 / p) * Lambda),
                    inference("a mean is at least the least", "mean", "derivation reductions"),
                ),
                "pairs",
            ),
            Step(
                "For m = 2 DNC is optimal at every depth (derivation two-classes): the least loss is at least "
                "phi_L(C Lambda) with the C below. At p = 2 that is K: tight.",
                (),
                all_of(
                    identical(2 * sp.Subs((K / m) ** (2 / p) * Lambda, m, 2), cost * Lambda),
                    identical(sp.Subs(cost, p, 2), K),
                    identical(sp.Subs(cost, K, 2), 2),
                    identical(sp.UnevaluatedExpr(cost) ** p, 2 ** (p - 2) * K**2),
                    inference("the bound of the pairs, each at least DNC's", "pairs", "derivation two-classes"),
                    spots=[
                        every(
                            [(k, depth) for k in range(2, 9) for depth in range(1, 7)],
                            lambda c: cost.subs({K: c[0], p: c[1] + 1}) ** (c[1] + 1) == pair_power(*c),
                            "C^p is the 2^(p-2) K^2 of theory.squared.bounds, K = 2, ..., 8 and L = 1, ..., 6",
                        )
                    ],
                ),
            ),
            Step(
                "That is 2^(1 - 2/p) times the C = K^(2/p) of the derivation lower-bound: more for every L >= 2.",
                (),
                all_of(
                    identical(sp.UnevaluatedExpr(cost) / K ** (2 / p), 2 ** (1 - 2 / p)),
                    signed((1 - 2 / p).subs(p, 3 + d), "p = 3 + d: the exponent is positive"),
                    spots=[
                        every(
                            [(k, depth) for k in (3, 10) for depth in (2, 5)],
                            lambda c: sp.Integer(pair_power(*c)) > frobenius_cost(*c) ** (c[1] + 1),
                            "C^p against K^2 at four cases",
                        )
                    ],
                ),
            ),
        ),
    )


def _block_of_output(rng: Random) -> bool:
    K, L = rng.randint(3, 5), rng.randint(1, 4)
    problem = Problem.of(K, L, 1, width=K)
    weights = [random_matrix(rng, *shape) for shape in problem.shapes]
    chosen = tuple(sorted(rng.sample(range(K), 2)))
    block = Problem.of(2, L, 1).output(restricted(weights, chosen))
    whole = problem.output(weights)
    return all(block[i, j] == whole[chosen[i], chosen[j]] for i in range(2) for j in range(2))
