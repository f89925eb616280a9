"""Theorems of others that steps quote: author, statement, hypotheses; a quotation checks each hypothesis.

What is quoted is not proved here. The spots of a quotation are exact instances: they would notice a statement that was
written down wrongly, and no more.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import sympy as sp

from dufm.theory.proof.checks import Check, Checked, Method


@dataclass(frozen=True)
class QuotedTheorem:
    """A statement with its author.

    Attributes:
        name: what it is called.
        author: author and year.
        statement: in one line.
        hypotheses: what must hold of what it is applied to; none where it holds of all that fits.
    """

    name: str
    author: str
    statement: str
    hypotheses: tuple[str, ...] = ()


def quoted(theorem: QuotedTheorem, *hypotheses: Check, spots: Iterable[Check] = ()) -> Check:
    """Apply a theorem.

    Args:
        theorem: what is quoted.
        hypotheses: one check for each hypothesis, in order; fails if there are more or fewer.
        spots: instances that must hold too.
    """
    tried = tuple(spots)

    def decide(_: tuple[Any, ...]) -> Checked:
        met, also = [c() for c in hypotheses], [c() for c in tried]
        ok = len(met) == len(theorem.hypotheses) and all(c.ok for c in (*met, *also))
        words = f"{theorem.name}: {theorem.statement}"
        if theorem.hypotheses:
            words += f"; {len(met)} of {len(theorem.hypotheses)} hypotheses checked ({'; '.join(theorem.hypotheses)})"
        words += "".join(f"; also tried: {c.note}" for c in also)
        quotes = (f"{theorem.name} ({theorem.author})", *(q for c in met for q in c.quotes))
        return Checked(ok, Method.QUOTED, words, quotes=quotes)

    return Check(decide)


def not_negative(*terms: Any) -> Check:
    """Every term, in symbols of known sign, is >= 0."""

    def decide(_: tuple[Any, ...]) -> Checked:
        ok = bool(terms) and all(sp.sympify(t).is_nonnegative is True for t in terms)
        return Checked(ok, Method.SIGN, ", ".join(map(str, terms)))

    return Check(decide)


AM_GM = QuotedTheorem(
    "AM-GM",
    "Cauchy 1821",
    "(a_1 + ... + a_m)/m >= (a_1 ... a_m)^(1/m), equal iff all a_i agree",
    ("every a_i >= 0",),
)
SCHATTEN_HOELDER = QuotedTheorem("Hoelder for Schatten norms", "Horn 1950", "||A B||_* <= ||A||_F ||B||_F")
TRACE_DUALITY = QuotedTheorem("trace inequality", "von Neumann 1937", "<P, G> <= ||P||_* ||G||_op")
TRACE_OF_PRODUCT = QuotedTheorem(
    "trace of a product",
    "von Neumann 1937",
    "tr A B >= sum a_i b_i for symmetric A and B, a_i their eigenvalues rising and b_i falling",
)
MIRSKY = QuotedTheorem("Mirsky", "Mirsky 1960", "||Z - X||_F^2 >= sum_i (sigma_i(Z) - sigma_i(X))^2")
HORN = QuotedTheorem(
    "Horn",
    "Horn 1950",
    "sum_j sigma_j(A_p ... A_1)^s <= sum_j prod_l sigma_j(A_l)^s, s > 0",
    ("s > 0",),
)
HOELDER = QuotedTheorem(
    "Hoelder",
    "Hoelder 1889",
    "sum_j prod_l a_jl <= prod_l (sum_j a_jl^p)^(1/p), p factors",
    ("every a_jl >= 0",),
)
CAUCHY_SCHWARZ = QuotedTheorem("Cauchy-Schwarz", "Cauchy 1821, Schwarz 1888", "<x, y>^2 <= ||x||^2 ||y||^2")
TRIANGLE = QuotedTheorem("triangle inequality", "Minkowski 1896", "||x + y|| <= ||x|| + ||y||, so norms are convex")
ECKART_YOUNG = QuotedTheorem(
    "Eckart-Young", "Eckart and Young 1936, Mirsky 1960", "|W - M| >= sigma_{r+1}(W) for rank(M) <= r, operator norm"
)
ECKART_YOUNG_FROBENIUS = QuotedTheorem(
    "Eckart-Young", "Eckart and Young 1936", "||W - M||_F^2 >= sum_(i > r) sigma_i(W)^2 for rank(M) <= r"
)
WEYL = QuotedTheorem("Weyl", "Weyl 1912", "|sigma_i(A) - sigma_i(B)| <= |A - B|, and so for eigenvalues")
SUBMULTIPLICATIVE = QuotedTheorem(
    "operator norm", "standard", "|A B| <= |A| |B|, ||A B||_F <= |A| ||B||_F, |A| <= ||A||_F"
)
CONTRACTION = QuotedTheorem("Horn and Johnson 3.3.16", "Weyl 1949", "sigma_i(A B) <= |A| sigma_i(B)")
INTERLACING = QuotedTheorem(
    "interlacing", "Thompson 1972", "singular values of a submatrix are at most the matrix's, in order"
)
CAUCHY_INTERLACING = QuotedTheorem(
    "interlacing", "Cauchy 1829", "l_(i+1)(A) <= l_i(B) <= l_i(A) for B = A without a row and its column, A symmetric"
)
LOEWNER = QuotedTheorem(
    "Loewner order", "Loewner 1934", "0 < A <= B gives B^(-1) <= A^(-1), and R A R^T <= R B R^T for every R"
)
RANK_OF_PRODUCT = QuotedTheorem(
    "rank", "Frobenius 1911", "rank(A B) <= min(rank A, rank B), rank(A + B) <= rank A + rank B"
)
CHAIN_RULE = QuotedTheorem(
    "chain rule", "Leibniz 1676", "the derivative of a composition; relu has slope 1 above 0 and 0 below"
)
BERNOULLI = QuotedTheorem("Bernoulli", "Bernoulli 1689", "x^n >= 1 + n (x - 1)", ("x >= 0",))
BESSEL = QuotedTheorem(
    "Bessel", "Bessel 1828", "sum_i <w, x_i>^2 / |x_i|^2 <= |w|^2, equal iff w is in the span", ("x_i orthogonal",)
)
CONVEX_INVERSE = QuotedTheorem(
    "convexity of the inverse", "Kraus 1936", "A -> tr(Y^T A^(-1) Y) is convex on A > 0, strictly in A Y", ("A > 0",)
)
LAGRANGE = QuotedTheorem(
    "Lagrange's identity",
    "Lagrange 1773",
    "sum q_i sum q_i x_i^2 - (sum q_i x_i)^2 = sum_(i<j) q_i q_j (x_i - x_j)^2",
)
JENSEN = QuotedTheorem("Jensen", "Jensen 1906", "f(mean) <= mean of f", ("f is convex: its second derivative is >= 0",))
MONOTONE = QuotedTheorem(
    "monotone gradient", "Kachurovskii 1960", "<f'(x) - f'(y), x - y> >= 0", ("f is convex and differentiable",)
)
BINOMIAL = QuotedTheorem(
    "binomial series",
    "Newton 1676",
    "(1 - N)^(1/2) = 1 - sum b_n N^n, n >= 1, with every b_n > 0, if all |eigenvalues| < 1",
)
DESCARTES = QuotedTheorem(
    "rule of signs", "Descartes 1637", "no more positive roots than changes of sign, of the same parity"
)
