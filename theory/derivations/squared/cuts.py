"""Cut heads: closed form for every r and p, and DNC arbitrarily bad already at three layers."""

from fractions import Fraction
from itertools import combinations
from math import comb

import sympy as sp

from dufm.theory.proof.checks import Check, all_of, every, identical, positive_beyond
from dufm.theory.proof.derivation import Derivation, Step
from dufm.theory.rational import matrix, relu
from dufm.theory.squared import cuts as family
from dufm.theory.squared.srg import head as srg_head
from dufm.theory.squared.srg import incidence, nuclear_norm
from dufm.theory.squared.structure import as_fraction_ball

r, p = family.r, family.p
CASES = [(order, size) for order in range(4, 8) for size in range(2, order - 1)]


def _active(case: tuple[int, int]) -> bool:
    order, size = case
    edges = list(combinations(range(order), 2))
    values = relu(family.neurons(order, size) * matrix(incidence(order)))
    subsets = combinations(range(order), size)
    return all(
        values[i, j] == (2 if set(e) <= set(chosen) else 0)
        for i, chosen in enumerate(subsets)
        for j, e in enumerate(edges)
    )


def _gram(case: tuple[int, int]) -> bool:
    order, size = case
    active = relu(family.neurons(order, size) * matrix(incidence(order)))
    gram = active.transpose() * active
    edges = list(combinations(range(order), 2))
    counts = {2: comb(order - 2, size - 2), 3: comb(order - 3, size - 3) if size > 2 else 0}
    counts[4] = comb(order - 4, size - 4) if size > 3 else 0
    return all(gram[i, j] == 4 * counts[len(set(e) | set(f))] for i, e in enumerate(edges) for j, f in enumerate(edges))


def _below_one(order: sp.Expr) -> tuple[sp.Expr, Check]:
    """h / K^4 with nu^2 replaced by its bound 2 r K, at r = order(p), and the check that it is below 1 for p >= 3."""
    classes = order * (order - 1) / 2
    bound = family.head(order, p) / nuclear_norm(order) ** 2 * 2 * order * classes / classes**4
    bound = sp.factor(sp.simplify(bound))
    numerator, denominator = sp.fraction(sp.together(bound))
    sign = sp.sign(denominator.subs(p, 3))
    check = all_of(
        positive_beyond(sign * denominator, p, 3),
        positive_beyond(sign * (denominator - numerator), p, 3),
        every([sp.limit(bound, p, sp.oo)], lambda value: value == 0, "limit 0 as p -> infinity"),
    )
    return bound, check


def cuts() -> Derivation:
    """h of the cut heads, and C < K at every L >= 3 and r >= 5."""
    first, second, third = family.eigenvalues()
    even, even_check = _below_one(2 * p)
    odd, odd_check = _below_one(2 * p - 1)
    ratio = sp.binomial(r, p) / sp.binomial(r - 2, p - 2)
    return Derivation(
        name="cuts",
        title="Cut heads on the SRG's neck: collapse is arbitrarily bad already at three layers",
        source="ours; the neck is that of SML24",
        states="On the neck M of r vertices, the cuts of size p (2 <= p <= r-2) read out the identity at the h below. "
        "With p = ceil(r/2), C < K at every "
        "r >= 5 and L >= 3, and C / K -> 0 as r -> infinity for every L >= 3. Hidden width C(r, p).",
        steps=(
            Step(
                "Neuron S is +1 on the p-subset S of the vertices and -1 off it. On the edge e its input is 2, 0 or "
                "-2 as e has 2, 1 or 0 vertices in S: "
                "relu(W M) = 2 N, N the inclusion matrix of edges in p-subsets. ||W||^2 = r C(r, p).",
                (),
                every(CASES, _active, "every r = 4, ..., 7 and 2 <= p <= r-2"),
            ),
            Step(
                "N^T N counts the p-subsets that hold both edges: C(r-2, p-2), C(r-3, p-3), C(r-4, p-4) as their "
                "union has 2, 3, 4 vertices. "
                "In units of the first: 1, (p-2)/(r-2), (p-2)(p-3)/((r-2)(r-3)).",
                (),
                all_of(
                    every(CASES, _gram, "every r = 4, ..., 7 and 2 <= p <= r-2"),
                    identical(
                        sp.gammasimp((sp.binomial(r - 3, p - 3) / sp.binomial(r - 2, p - 2)).rewrite(sp.gamma)),
                        (p - 2) / (r - 2),
                    ),
                    identical(
                        sp.gammasimp((sp.binomial(r - 4, p - 4) / sp.binomial(r - 2, p - 2)).rewrite(sp.gamma)),
                        (p - 2) * (p - 3) / ((r - 2) * (r - 3)),
                    ),
                ),
            ),
            Step(
                "Edges that share a vertex: A = M^T M - 2 I, so by the spectrum of M M^T its eigenvalues are 2(r-2), "
                "r-4, -2, with multiplicities 1, r-1, r(r-3)/2. "
                "Disjoint edges: 1 1^T - I - A. So N^T N has the three eigenvalues shown, all positive: N has full "
                "column rank.",
                (
                    sp.Eq(sp.Symbol("l_0"), sp.factor(first)),
                    sp.Eq(sp.Symbol("l_1"), sp.factor(second)),
                    sp.Eq(sp.Symbol("l_2"), sp.factor(third)),
                ),
                all_of(
                    identical(2 * (r - 1) - 2, 2 * (r - 2)),
                    identical((r - 2) - 2, r - 4),
                    identical(r * (r - 1) / 2 - 1 - 2 * (r - 2), (r - 2) * (r - 3) / 2),
                    identical(-1 - (r - 4), 3 - r),
                    identical(first, p * (p - 1) / 2),
                    identical(second, (p - 1) * (r - p) / (r - 2)),
                    identical(third, (r - p) * (r - p - 1) / ((r - 2) * (r - 3))),
                ),
            ),
            Step(
                "U = N^+ / 2 has ||U||^2 = trace (N^T N)^(-1) / 4, and C(r, p) / C(r-2, p-2) = r (r-1) / (p (p-1)). "
                "With nu = ||M||_*:",
                (sp.Eq(sp.Symbol("h"), sp.Symbol("nu") ** 2 * sp.factor(family.head() / nuclear_norm(r) ** 2)),),
                all_of(
                    identical(sp.gammasimp(ratio.rewrite(sp.gamma)), r * (r - 1) / (p * (p - 1))),
                    every(
                        [(5, 3), (6, 3), (7, 4)],
                        _matches_weights,
                        "explicit weights at (r, p) = (5, 3), (6, 3), (7, 4)",
                    ),
                ),
            ),
            Step(
                "p = 2 is the SRG.",
                (sp.Eq(sp.Function("h")(r, 2), sp.Symbol("h_SRG")),),
                identical(family.head(r, 2), srg_head(r)),
            ),
            Step(
                "By Cauchy-Schwarz nu^2 <= r ||M||_F^2 = 2 r K. At r = 2 p that bounds h / K^4 as shown: below 1 for "
                "every p >= 3, and it tends to 0.",
                (sp.Le(sp.Symbol("h") / sp.Symbol("K") ** 4, even),),
                even_check,
            ),
            Step(
                "At r = 2 p - 1 likewise, for every p >= 3. So C < K at L = 3 for every r >= 5, and one more layer "
                "multiplies (C/K)^(L+1) by r / K < 1.",
                (sp.Le(sp.Symbol("h") / sp.Symbol("K") ** 4, odd),),
                odd_check,
            ),
        ),
    )


def _matches_weights(case: tuple[int, int]) -> bool:
    low, high = as_fraction_ball(family.cut_head(*case).h)
    stated = Fraction(str(sp.N(family.head(*case), 40)))
    return low - stated / 10**38 <= stated <= high + stated / 10**38
