"""Cut heads: closed form for every r and p, and DNC arbitrarily bad already at three layers."""

from fractions import Fraction
from itertools import combinations
from math import comb
from typing import Any

import sympy as sp

from dufm.theory.derivations.squared.srg import BESIDE, ON_ONES, gram_of_neck, nuclear_norm_is_below
from dufm.theory.derivations.squared.srg import r as order_symbol
from dufm.theory.proof.checks import Check, all_of, definition, every, identical, inference, instances, positive_beyond
from dufm.theory.proof.derivation import Derivation, Step
from dufm.theory.proof.words import letters, same_words
from dufm.theory.rational import matrix, relu
from dufm.theory.squared import cuts as family
from dufm.theory.squared.srg import classes, incidence, nuclear_bound, nuclear_norm
from dufm.theory.squared.srg import head as srg_head
from dufm.theory.squared.structure import as_fraction_ball

r, p = family.r, family.p
CASES = [(order, size) for order in range(4, 8) for size in range(2, order - 1)]
FROM = 3  # least p of the two bounds: r = 6 and r = 5
# Eigenvalues of edges that share a vertex, A = M^T M - 2 I: on 1, beside it, on the kernel of M.
SHARING = (ON_ONES - 2, BESIDE - 2, sp.Integer(-2))


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


def below_one(order: sp.Expr) -> tuple[sp.Expr, Check]:
    """h / K^4 with nu^2 replaced by its bound, at r = order(p), and the check that it is below 1 for p >= FROM."""
    ratio = family.head(order, p) / nuclear_norm(order) ** 2 * nuclear_bound(order) / classes(order) ** 4
    bound: Any = sp.factor(sp.simplify(ratio))
    numerator, denominator = sp.fraction(sp.together(bound))
    sign = sp.sign(denominator.subs(p, FROM))
    check = all_of(
        nuclear_norm_is_below(),
        identical(sp.UnevaluatedExpr(ratio), bound),
        positive_beyond(sign * denominator, p, FROM),
        positive_beyond(sign * (denominator - numerator), p, FROM),
        identical(sp.Limit(bound, p, sp.oo), 0),
        inference("h with nu^2 replaced by its bound", "head"),
    )
    return bound, check


def cuts() -> Derivation:
    """h of the cut heads, and C < K at every L >= 3 and r >= 5."""
    _, even_check = below_one(2 * p)
    _, odd_check = below_one(2 * p - 1)
    M, M_t, J, x, z = letters("M M^T J x z")
    gram = {M * M_t: order_symbol - 2 + J, J * J: order_symbol * J, J * x: 0, M * z: 0}
    A = M_t * M - 2
    count = order_symbol * (order_symbol - 1) / 2
    ratio = sp.binomial(r, p) / sp.binomial(r - 2, p - 2)
    shares = [sp.binomial(r - i, p - i) / sp.binomial(r - 2, p - 2) for i in (3, 4)]
    share, apart = (p - 2) / (r - 2), (p - 2) * (p - 3) / ((r - 2) * (r - 3))
    on_gram = [1 + share * t + apart * (whole - 1 - t) for t, whole in zip(_at(r), (classes(r), 0, 0), strict=True)]
    values = family.eigenvalues()
    neurons = r * sp.UnevaluatedExpr(r * (r - 1) / (p * (p - 1)))
    h = sp.Symbol("nu") ** 2 * sp.factor(family.head() / nuclear_norm(r) ** 2)
    return Derivation(
        name="cuts",
        title="Cut heads on the SRG's neck: collapse is arbitrarily bad already at three layers",
        source="ours; the neck is that of SML24",
        states="On the neck M of r vertices, the cuts of size p (2 <= p <= r-2) read out the identity at the h "
        f"below. With p = ceil(r/2), C < K at every r >= {2 * FROM - 1} and L >= 3, and C / K -> 0 as r -> infinity "
        "for every L >= 3. Hidden width C(r, p).",
        steps=(
            Step(
                "M is the neck of the derivation srg. Neuron S is +1 on the p-subset S of the vertices and -1 off it; "
                "N is the inclusion matrix of edges in p-subsets.",
                (),
                definition("W and N"),
                "neurons",
            ),
            Step(
                "On the edge e the input of neuron S is j - (2 - j), that is 2, 0 or -2 as e has j = 2, 1 or 0 "
                "vertices in S: relu(W M) = 2 N. Entries of W are 1 or -1: ||W||^2 = r C(r, p).",
                (),
                all_of(
                    every((0, 1, 2), lambda j: max(0, j - (2 - j)) == 2 * int(j == 2), "j = 0, 1, 2"),
                    inference("vertices of an edge in S, counted", "neurons"),
                    spots=[instances(CASES, _active, "every r = 4, ..., 7 and 2 <= p <= r-2")],
                ),
                "active",
            ),
            Step(
                "N^T N counts the p-subsets that hold both edges: C(r-2, p-2), C(r-3, p-3), C(r-4, p-4) as their "
                "union has 2, 3, 4 vertices. "
                "In units of the first: 1, (p-2)/(r-2), (p-2)(p-3)/((r-2)(r-3)).",
                (),
                all_of(
                    inference("p-subsets that hold a given set, counted", "neurons"),
                    identical(shares[0], share),
                    identical(shares[1], apart),
                    spots=[instances(CASES, _gram, "every r = 4, ..., 7 and 2 <= p <= r-2")],
                ),
                "gram",
            ),
            Step(
                "Edges that share a vertex: A = M^T M - 2 I. From M M^T = (r-2) I + J its eigenvalues are 2(r-2) on 1 "
                "= M^T 1 / 2, r-4 on M^T x with J x = 0 and -2 where M z = 0, with multiplicities 1, r-1, K - r = "
                "r(r-3)/2.",
                (),
                all_of(
                    gram_of_neck(),
                    same_words(A * M_t * J, SHARING[0] * M_t * J, gram),
                    same_words(A * M_t * x, SHARING[1] * M_t * x, gram),
                    same_words(A * z, SHARING[2] * z, gram),
                    identical(count - order_symbol, order_symbol * (order_symbol - 3) / 2),
                    inference("the neck's Gram matrix", "derivation srg"),
                ),
                "graph",
            ),
            Step(
                "Disjoint edges: 1 1^T - I - A. So N^T N, in the units above, has the three eigenvalues shown, all "
                "positive for 2 <= p <= r - 2: N has full column rank.",
                (),
                all_of(
                    *(identical(sp.UnevaluatedExpr(a), b) for a, b in zip(on_gram, values, strict=True)),
                    identical(values[0], p * (p - 1) / 2),
                    identical(values[1], (p - 1) * (r - p) / (r - 2)),
                    identical(values[2], (r - p) * (r - p - 1) / ((r - 2) * (r - 3))),
                    inference("eigenvalues of a polynomial in A and 1 1^T", "gram", "graph"),
                ),
                "values",
            ),
            Step(
                "U = N^+ / 2 has ||U||^2 = trace (N^T N)^(-1) / 4, and C(r, p) / C(r-2, p-2) = r (r-1) / (p (p-1)). "
                "With nu = ||M||_*, h = nu^2 ||W||^2 ||U||^2:",
                (),
                all_of(
                    identical(ratio, r * (r - 1) / (p * (p - 1))),
                    identical(
                        (1 / values[0] + (r - 1) / values[1] + r * (r - 3) / 2 / values[2]) / 4, family.output_norm()
                    ),
                    identical(nuclear_norm(r) ** 2 * neurons * family.output_norm(), family.head()),
                    identical(family.head() / nuclear_norm(r) ** 2 * sp.Symbol("nu") ** 2, h),
                    inference("norms of W and of the pseudo-inverse", "active", "values"),
                    spots=[
                        instances(
                            [(5, 3), (6, 3), (7, 4)],
                            _matches_weights,
                            "explicit weights at (r, p) = (5, 3), (6, 3), (7, 4)",
                        )
                    ],
                ),
                "head",
            ),
            Step(
                "p = 2 is the SRG.",
                (),
                identical(sp.UnevaluatedExpr(family.head(r, 2)), srg_head(r)),
            ),
            Step(
                "By (3s-1)^2 >= 8 s (s-1), s = r - 1, nu^2 <= r ||M||_F^2 = 2 r K. At r = 2 p that bounds h / K^4 as "
                f"shown: below 1 for every p >= {FROM}, and it tends to 0.",
                (),
                even_check,
            ),
            Step(
                f"At r = 2 p - 1 likewise, for every p >= {FROM}. So C < K at L = 3 for every r >= 5, and one more "
                "layer multiplies (C/K)^(L+1) by r / K < 1.",
                (),
                all_of(
                    odd_check,
                    identical(r / sp.UnevaluatedExpr(classes(r)), 2 / (r - 1)),
                    positive_beyond(r - 3, r, 2 * FROM - 1),
                    inference("cost of a head", "derivation head"),
                ),
            ),
        ),
    )


def _at(order: sp.Expr) -> list[sp.Expr]:
    """SHARING with another name for r."""
    return [value.subs(order_symbol, order) for value in SHARING]


def _matches_weights(case: tuple[int, int]) -> bool:
    low, high = as_fraction_ball(family.cut_head(*case).h)
    stated = Fraction(str(sp.N(family.head(*case), 40)))
    return low - stated / 10**38 <= stated <= high + stated / 10**38
