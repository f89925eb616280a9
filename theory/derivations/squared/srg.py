"""The SRG solution: its cost, and where it beats DNC, for every r and L at once."""

from itertools import combinations

import sympy as sp

from dufm.theory.proof.checks import Check, all_of, definition, every, identical, inference, instances, positive_beyond
from dufm.theory.proof.derivation import Derivation, Step
from dufm.theory.proof.words import letters, same_words
from dufm.theory.squared import srg as graph

r, L = sp.Symbol("r", positive=True), sp.Symbol("L", positive=True)
s, m = sp.symbols("s m", positive=True)
K = graph.classes(r)
nu = graph.nuclear_norm(r)
ROOT = 2 * s * (s - 1)  # nu^2 = 2 s + s^2 (s-1) + 2 s sqrt(ROOT) with s = r - 1
FROM = 4  # least r that is claimed
# M M^T = (r-2) I + J: its eigenvalue on 1, and on the r - 1 dimensions orthogonal to it.
ON_ONES, BESIDE = 2 * (r - 1), r - 2


def _overlaps(order: int) -> bool:
    m = graph.incidence(order)
    edges = list(combinations(range(order), 2))
    product = m.T * m - sp.ones(len(edges), len(edges))
    return all(product[i, j] == len(set(e) & set(f)) - 1 for i, e in enumerate(edges) for j, f in enumerate(edges))


def _gram(order: int) -> bool:
    m = graph.incidence(order)
    return m * m.T == (order - 2) * sp.eye(order) + sp.ones(order, order)


def _neurons(order: int) -> bool:
    m = graph.incidence(order)
    w = m.T - sp.ones(m.cols, order) / 2
    return w * m == m.T * m - sp.ones(m.cols, m.cols) and all(abs(x) == sp.Rational(1, 2) for x in w)


def gram_of_neck() -> Check:
    """The two eigenvalues of M M^T = (r-2) I + J, by J^2 = r J and J x = 0."""
    J, x = letters("J x")
    gram = r - 2 + J
    return all_of(
        identical(sp.UnevaluatedExpr(r - 1) - 1, r - 2),
        same_words(gram * J, ON_ONES * J, {J * J: r * J}),
        same_words(gram * x, BESIDE * x, {J * x: 0}),
    )


def nuclear_norm_is_below() -> Check:
    """nu^2 <= r^2 (r-1): with s = r - 1 their difference is s (3 s - 1 - 2 sqrt(ROOT)), and (3s-1)^2 >= 4 ROOT."""
    gap = graph.nuclear_bound(s + 1) - graph.nuclear_norm(s + 1) ** 2
    return all_of(
        identical(sp.UnevaluatedExpr(gap), s * (3 * s - 1 - 2 * sp.sqrt(ROOT))),
        positive_beyond((3 * s - 1) ** 2, s, FROM - 1, than=4 * ROOT),
        positive_beyond(3 * s - 1, s, FROM - 1),
    )


def srg() -> Derivation:
    """C_SRG and its comparison with K."""
    small = range(4, 8)
    M, M_t, up, left, ones = letters("M M^T 1 1^T 1_K^T")
    C_power = graph.head(r) * r ** (L - 3)
    ratio = nu**2 / (4 * K) * (2 / (r - 1)) ** (L - 2)
    # At L = 4 the ratio is below 1 iff this is positive, once sqrt(ROOT) is replaced by what is larger.
    larger = 3 * s / 2
    at_four = (s + 1) * s**2 - 2 * (2 + s * (s - 1) + 2 * larger)
    at_three = 2 * (sp.sqrt(2 * m * (m + 1)) - m)

    def logarithm(e: sp.Expr) -> sp.Expr:
        return sp.expand_log(sp.log(e.subs(r, s + 1)), force=True)

    return Derivation(
        name="srg",
        title="The triangular-graph solution: cost, and where it beats deep neural collapse",
        source="SML24 for the solution; proof for all r and L ours",
        states=f"With K = r(r-1)/2: C_SRG^(L+1) = nu^2 r^(L-2) K^2 / 4. C_SRG < K for every r >= {FROM} and L >= 4, "
        f"C_SRG > K at L = 3 for every r >= {FROM}, and C_SRG / K -> 0 as r -> infinity for every L >= 4.",
        steps=(
            Step(
                "Classes are the edges of K_r, M the r x K incidence matrix: an edge is in the rows of its two "
                "vertices.",
                (),
                definition("M"),
                "incidence",
            ),
            Step(
                "Columns of M for edges e, f have inner product |e and f| in {2, 1, 0}, "
                "so M^T M - 1 1^T is 1 on the diagonal and 0 or -1 off it: its relu is I_K.",
                (),
                all_of(
                    every(
                        (2, 1, 0), lambda common: max(0, common - 1) == int(common == 2), "vertices in common: 2, 1, 0"
                    ),
                    inference("vertices in common, counted", "incidence"),
                    spots=[instances(small, _overlaps, "r = 4, ..., 7, every pair of edges")],
                ),
                "output",
            ),
            Step(
                "A vertex is in r - 1 edges and two vertices share one: M M^T = (r-2) I + J, J = 1 1^T. Its "
                "eigenvalues are 2(r-1), on 1, and r-2, on the r-1 dimensions orthogonal to it, which gives the "
                "nuclear norm nu = ||M||_*; they add up to the trace r (r-1).",
                (),
                all_of(
                    inference("edges at a vertex, and at two, counted", "incidence"),
                    gram_of_neck(),
                    identical(nu, sp.UnevaluatedExpr(sp.sqrt(ON_ONES)) + (r - 1) * sp.sqrt(BESIDE)),
                    identical(ON_ONES + (r - 1) * BESIDE, r * (r - 1)),
                    spots=[instances(small, _gram, "M M^T, r = 4, ..., 7")],
                ),
                "neck",
            ),
            Step(
                "W_(L-1) = M^T - 1 1^T / 2 gives that P_L, because 1^T M = 2 1^T. All its entries are 1/2 or -1/2: "
                "squared norm K r / 4. M has full row rank, as r > 2, so no other W_(L-1) gives this P_L.",
                (),
                all_of(
                    same_words((M_t - up * left / 2) * M, M_t * M - up * ones, {left * M: 2 * ones}),
                    every((0, 1), lambda entry: (2 * entry - 1) ** 2 == 1, "entries 0 and 1 of M, less 1/2, twice"),
                    inference("vertices of an edge, counted", "incidence", "neck"),
                    spots=[instances(small, _neurons, "r = 4, ..., 7")],
                ),
                "neurons",
            ),
            Step(
                "Squared norms: nu^2 for the first two factors, r for each of the L - 3 middle layers, K r / 4, and K "
                "for W_L = I_K.",
                (sp.Eq(sp.Symbol("C") ** (L + 1), C_power),),
                all_of(
                    identical(nu**2 * r ** (L - 3) * sp.UnevaluatedExpr(K * r / 4) * K, C_power),
                    identical(nu**2 * r ** (L - 2) * K**2 / 4, C_power),
                    inference("the norms of the factors", "output", "neck", "neurons"),
                ),
                "cost",
            ),
            Step(
                "Divide by K^(L+1), using r / K = 2 / (r-1); logarithms at r = s + 1. For r >= 4 the ratio falls with "
                "L.",
                (),
                all_of(
                    inference("division by K^(L+1)", "cost"),
                    identical(logarithm(C_power) - (L + 1) * logarithm(K), logarithm(ratio)),
                    identical(sp.simplify(ratio.subs(L, L + 1) / ratio), 2 / (r - 1)),
                    positive_beyond(r - 1 - 2, r, FROM),
                ),
                "ratio",
            ),
            Step(
                "At L = 4, with s = r - 1: the ratio is below 1 iff 2 (2 + s(s-1) + 2 sqrt(2 s (s-1))) < (s+1) s^2. "
                "Since 8 s (s-1) <= 9 s^2, "
                "the root is at most 3 s / 2, and what is left is a polynomial, positive for every s >= 3.",
                (),
                all_of(
                    identical(
                        sp.UnevaluatedExpr(ratio.subs(L, 4).subs(r, s + 1)) * (s + 1) * s**2,
                        2 * (2 + s * (s - 1) + 2 * sp.sqrt(ROOT)),
                    ),
                    positive_beyond(larger**2, s, 0, strict=False, than=ROOT),
                    identical((s + 1) * s**2 - 2 * (2 + s * (s - 1)) - 4 * larger, at_four),
                    positive_beyond(at_four, s, FROM - 1),
                    inference("at more layers the ratio is smaller", "ratio"),
                ),
            ),
            Step(
                "At L = 3, with m = r - 2: r (r-1) times (the ratio minus 1) is 2 (sqrt(2 m (m+1)) - m) > 0, because "
                "2 m (m+1) > m^2.",
                (),
                all_of(
                    identical(
                        sp.UnevaluatedExpr(((C_power.subs(L, 3) / K**4 - 1) * r * (r - 1)).subs(r, m + 2)), at_three
                    ),
                    identical((at_three / 2 + m) ** 2, 2 * m * (m + 1)),
                    positive_beyond(2 * m * (m + 1), m, FROM - 2, than=m**2),
                    inference("division by K^(L+1)", "cost"),
                ),
            ),
            Step(
                "Large r: nu^2 <= r^2 (r-1), so (C/K)^(L+1) <= (r/2) (2/(r-1))^(L-2) <= 2 r / (r-1)^2 -> 0 for L >= 4. "
                "The difference of the squares is s (3 s - 1 - 2 sqrt(2 s (s-1))) with s = r - 1, and (3 s - 1)^2 >= 8 "
                "s (s-1).",
                (),
                all_of(
                    nuclear_norm_is_below(),
                    identical(
                        ratio.subs(L, 4) / nu**2 * sp.UnevaluatedExpr(graph.nuclear_bound(r)), 2 * r / (r - 1) ** 2
                    ),
                    identical(sp.Limit(2 * r / (r - 1) ** 2, r, sp.oo), 0),
                    inference("at more layers the ratio is smaller", "ratio"),
                ),
            ),
        ),
    )
