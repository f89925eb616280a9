"""The SRG solution: its cost, and where it beats DNC, for every r and L at once."""

from itertools import combinations

import sympy as sp

from dufm.theory.proof.checks import all_of, every, identical, positive_beyond
from dufm.theory.proof.derivation import Derivation, Step
from dufm.theory.squared import srg as graph

r, L = sp.Symbol("r", positive=True), sp.Symbol("L", positive=True)
K = r * (r - 1) / 2
nu = graph.nuclear_norm(r)


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


def srg() -> Derivation:
    """C_SRG and its comparison with K."""
    small = range(4, 8)
    C_power = nu**2 * r ** (L - 2) * K**2 / 4
    ratio = nu**2 / (4 * K) * (2 / (r - 1)) ** (L - 2)
    # At L = 4 the ratio is below 1 iff this is positive, once sqrt(2 s (s - 1)) is replaced by the larger 3 s / 2.
    s = sp.Symbol("s", positive=True)
    at_four = (s + 1) * s**2 - 2 * (2 + s * (s - 1) + 3 * s)
    m = sp.Symbol("m", positive=True)

    def logarithm(e: sp.Expr) -> sp.Expr:
        return sp.expand_log(sp.log(e), force=True)

    at_three = nu**2 * r * K**2 / 4 / K**4
    return Derivation(
        name="srg",
        title="The triangular-graph solution: cost, and where it beats deep neural collapse",
        source="SML24 for the solution; proof for all r and L ours",
        states="With K = r(r-1)/2: C_SRG^(L+1) = nu^2 r^(L-2) K^2 / 4. C_SRG < K for every r >= 4 and L >= 4, C_SRG > "
        "K at L = 3 for every "
        "r >= 4, and C_SRG / K -> 0 as r -> infinity for every L >= 4.",
        steps=(
            Step(
                "Classes are the edges of K_r, M the r x K incidence matrix. Columns of M for edges e, f have inner "
                "product |e and f| in {2, 1, 0}, "
                "so M^T M - 1 1^T is 1 on the diagonal and 0 or -1 off it: its relu is I_K. All three cases occur "
                "already at r = 4.",
                (),
                every(small, _overlaps, "r = 4, ..., 7, every pair of edges"),
            ),
            Step(
                "A vertex is in r - 1 edges and two vertices share one: M M^T = (r-2) I + 1 1^T. Its eigenvalues are "
                "2(r-1), on 1, and r-2, on the r-1 dimensions orthogonal to it, which gives the nuclear norm; they add "
                "up to the trace r (r-1).",
                (sp.Eq(sp.Symbol("nu"), nu),),
                all_of(
                    every(small, _gram, "M M^T, r = 4, ..., 7"), identical(2 * (r - 1) + (r - 1) * (r - 2), r * (r - 1))
                ),
            ),
            Step(
                "W_(L-1) = M^T - 1 1^T / 2 gives that P_L, because 1^T M = 2 1^T. All its entries are 1/2 or -1/2: "
                "squared norm K r / 4. "
                "M has full row rank, so no other W_(L-1) gives this P_L.",
                (),
                every(small, _neurons, "r = 4, ..., 7"),
            ),
            Step(
                "Squared norms: nu^2 for the first two factors, r for each of the L - 3 middle layers, K r / 4, and K "
                "for W_L = I_K.",
                (sp.Eq(sp.Symbol("C") ** (L + 1), C_power),),
                identical(nu**2 * r ** (L - 3) * (K * r / 4) * K, C_power),
            ),
            Step(
                "Divide by K^(L+1), using r / K = 2 / (r-1). For r >= 4 the ratio falls with L.",
                (sp.Eq((sp.Symbol("C") / sp.Symbol("K")) ** (L + 1), ratio),),
                all_of(
                    identical(
                        logarithm(C_power.subs(r, s + 1)) - (L + 1) * logarithm(K.subs(r, s + 1)),
                        logarithm(ratio.subs(r, s + 1)),
                    ),
                    identical(sp.simplify(ratio.subs(L, L + 1) / ratio), 2 / (r - 1)),
                    positive_beyond(r - 1 - 2, r, 4),
                ),
            ),
            Step(
                "At L = 4, with s = r - 1: the ratio is below 1 iff 2 (2 + s(s-1) + 2 sqrt(2 s (s-1))) < (s+1) s^2. "
                "Since 8 s (s-1) <= 9 s^2, "
                "the root is at most 3 s / 2, and what is left is a polynomial, positive for every s >= 3.",
                (sp.Gt(sp.expand(at_four), 0),),
                all_of(
                    identical(
                        (ratio.subs(L, 4)).subs(r, s + 1) * (s + 1) * s**2,
                        2 * (2 + s * (s - 1) + 2 * sp.sqrt(2 * s * (s - 1))),
                    ),
                    positive_beyond(9 * s**2 - 8 * s * (s - 1), s, 0, strict=False),
                    positive_beyond(at_four, s, 3),
                ),
            ),
            Step(
                "At L = 3, with m = r - 2: r (r-1) times (the ratio minus 1) is 2 (sqrt(2 m (m+1)) - m) > 0, because "
                "2 m (m+1) > m^2.",
                (sp.Gt(2 * (sp.sqrt(2 * m * (m + 1)) - m), 0),),
                all_of(
                    identical(((at_three - 1) * r * (r - 1)).subs(r, m + 2), 2 * (sp.sqrt(2 * m * (m + 1)) - m)),
                    positive_beyond(2 * m * (m + 1) - m**2, m, 1),
                ),
            ),
            Step(
                "Large r: by Cauchy-Schwarz nu^2 <= r ||M||_F^2 = 2 r K, so (C/K)^(L+1) <= (r/2) (2/(r-1))^(L-2) <= 2 "
                "r / (r-1)^2 -> 0 for L >= 4.",
                (sp.Le(nu**2, r**2 * (r - 1)), sp.Eq(sp.Limit(2 * r / (r - 1) ** 2, r, sp.oo), 0)),
                all_of(
                    identical(r * 2 * K, r**2 * (r - 1)),
                    # nu^2 = 2s + s^2(s-1) + 2 s sqrt(2 s (s-1)), s = r - 1.
                    identical((nu**2).subs(r, s + 1), 2 * s + s**2 * (s - 1) + 2 * s * sp.sqrt(2 * s * (s - 1))),
                    identical((r / 2 * (2 / (r - 1)) ** 2), 2 * r / (r - 1) ** 2),
                    every([sp.limit(2 * r / (r - 1) ** 2, r, sp.oo)], lambda value: value == 0, "limit"),
                ),
            ),
        ),
    )
