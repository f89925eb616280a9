"""Neck and head: C^(L+1) = h q^(L-3), the critical depth, and the least h of the K = 3, q = 2 family."""

from typing import Any

import sympy as sp
from flint import arb

from dufm.theory.derivations.squared.lemmas import product_norm
from dufm.theory.problem import Problem
from dufm.theory.proof.checks import all_of, compared, every, identical, inference, instances, named, plain, signed
from dufm.theory.proof.derivation import Derivation, Step
from dufm.theory.proof.theorems import DESCARTES, quoted
from dufm.theory.rational import identity as identity_matrix
from dufm.theory.squared import head32
from dufm.theory.squared.head import Head
from dufm.theory.squared.structure import HeadCost, against_collapse, full_weights

K, q, h, L = sp.symbols("K q h L", positive=True)
a, s, delta, w = head32.a, head32.s, head32.delta, head32.w
S, E, b, c = sp.symbols("S E b c", positive=True)


def _family_algebra() -> tuple[sp.Expr, sp.Expr, sp.Expr]:
    """(char. polynomial of V V^T, ||W||^2, trace of (G^T G)^(-1)) of the family, by symbolic matrices."""
    alpha, beta = (s + delta) / 2, (s - delta) / 2
    neck = sp.Matrix([[1, 0, a], [0, 1, a]])
    neurons = sp.Matrix([[1, -1], [-1, 1], [alpha, beta], [beta, alpha]])
    # relu(W V): the first two rows keep one entry each, the others are non-negative.
    active = sp.Matrix([[1, 0, 0], [0, 1, 0], [alpha, beta, a * s], [beta, alpha, a * s]])
    z = sp.Symbol("z")
    return (
        (neck * neck.T).charpoly(z).as_expr(),
        (neurons * neurons.T).trace(),
        (active.T * active).inv().trace(),
    )


def _member(depth: int) -> bool:
    structure = head32.RankTwoHead()
    made = Head.of(structure.neck(), structure.neurons())
    output = Problem.of(3, depth, 1).output(full_weights(made.factors(depth), depth))
    return output == identity_matrix(3) and bool(
        abs(made.cost().h - structure.cost(3, depth).h) < sp.Rational(1, 10**12)
    )


def _best_is_inside(_: object) -> bool:
    root3, low, high = arb(3).sqrt(), arb("2.01507"), arb("2.01508")

    z = low.union(high)
    depth_c = (z**2 + 1) / (z**2 - 1)
    b_value = depth_c**2 - 1
    total = (3 / (1 + b_value)).sqrt()
    slope = (1 + total + b_value * total) / (b_value * total)
    spread = ((3 + total) / slope).sqrt() - 1
    return bool(head32.quartic(low, root3) < 0 and head32.quartic(high, root3) > 0 and spread > 0 and spread < total)


def head() -> Derivation:
    """Low rank beats DNC at K = 3 for every L >= 4, with the exact least h of the family."""
    z = sp.Symbol("z")
    charpoly, norm, trace = _family_algebra()
    bracket = 1 / (1 + delta**2) + (1 + s**2 + 2 * a**2 * s**2) / (2 * a**2 * s**2)
    B = (1 + S + b * S) / (b * S)
    over_delta = (3 + S + E) * (1 / E + B)
    best_E = sp.sqrt((3 + S) / B)
    over_s = B * (3 + S)
    square = sp.Symbol("y", nonnegative=True) ** 2
    root_bQ = 1 + sp.sqrt(3 * (1 + b))
    best_S = sp.sqrt(3 / (1 + b))
    in_c = (1 + c) * (1 + (1 + sp.sqrt(3) * c) / sp.sqrt(c**2 - 1))
    in_w = head32.root_of_h(w)
    slope = sp.cancel(sp.diff(in_w, w) * (w**2 - 1) ** 2)
    found = head32.RankTwoHead().cost(3, 4)
    nu, size, out = sp.symbols("nu |W|^2 |U|^2", positive=True)
    at_depth: Any = against_collapse(HeadCost(h, q), K, L)  # pyright: ignore[reportArgumentType]
    critical = 3 + (sp.log(h) - 4 * sp.log(K)) / (sp.log(K) - sp.log(q))
    depth = sp.Symbol("L^*")
    return Derivation(
        name="head",
        title="Neck and head: the critical depth, and K = 3 at rank 2",
        source="ours",
        states="A head (V, W, U) with cost h and rank q < K beats DNC at every Lambda below collapse iff L > L* = 3 + "
        "ln(h/K^4) / ln(K/q). "
        "For K = 3, q = 2 the family of the text has a least h, an algebraic number 108.98443...; it gives L* = "
        "3.7318..., so low rank beats DNC at every L >= 4.",
        steps=(
            Step(
                "Middle layers: the projector on the column space of V (I_q in q neurons) maps V to V, which is >= 0, "
                "so relu changes nothing. "
                "Its squared norm is q; there are L - 3 of them. ||H_1||^2 ||W_1||^2 is least at ||V||_*^2.",
                (),
                all_of(
                    identical(sp.UnevaluatedExpr(nu**2 * size * out) * q ** (L - 3), nu**2 * q ** (L - 3) * size * out),
                    product_norm(),
                    inference("the projector maps V >= 0 to itself, so relu does too", "derivation reductions"),
                    spots=[instances(range(3, 8), _member, "head32 at L = 3, ..., 7: output I_3 and h, exact weights")],
                ),
                "cost",
            ),
            Step(
                "DNC has K^(L+1) = K^4 K^(L-3). Both sides agree at L = L*, and one more layer multiplies their ratio "
                "by q / K < 1.",
                (),
                all_of(
                    named(depth, critical),
                    identical(log_of(at_depth.lhs), sp.log(h) + (L - 3) * sp.log(q)),
                    identical(log_of(at_depth.rhs), (L + 1) * sp.log(K)),
                    identical(
                        sp.Subs(sp.log(h) + (L - 3) * sp.log(q), L, critical), sp.Subs((L + 1) * sp.log(K), L, critical)
                    ),
                    identical(
                        (h * q ** (L - 2) / K ** (L + 2)) / sp.UnevaluatedExpr(h * q ** (L - 3) / K ** (L + 1)), q / K
                    ),
                    inference("the cost of a head against K^(L+1)", "cost", "derivation dnc"),
                ),
                "depth",
            ),
            Step(
                "K = 3: V = [[1, 0, a], [0, 1, a]]. V V^T has eigenvalues 1 and 1 + 2 a^2, so ||V||_* = 1 + sqrt(1 + "
                "2 a^2).",
                (),
                all_of(
                    identical(charpoly, (z - 1) * (z - 1 - 2 * a**2)),
                    identical(head32.nuclear_norm(), sp.UnevaluatedExpr(sp.sqrt(1)) + sp.sqrt(1 + 2 * a**2)),
                ),
            ),
            Step(
                "W has rows (1, -1), (-1, 1), (alpha, beta), (beta, alpha), s = alpha + beta, delta = alpha - beta, "
                "alpha, beta >= 0; "
                "U is the pseudo-inverse of relu(W V), so ||U||^2 = trace (G^T G)^(-1).",
                (sp.Eq(sp.Symbol("h"), head32.head()),),
                all_of(
                    identical(norm, 4 + s**2 + delta**2),
                    identical(trace, bracket),
                    identical(head32.head(), head32.nuclear_norm() ** 2 * norm * bracket),
                ),
            ),
            Step(
                "Least over delta: with S = s^2, b = 2 a^2, E = 1 + delta^2, completing the square leaves (1 + sqrt(B "
                "(3 + S)))^2, B = (1 + S + b S)/(b S).",
                (),
                all_of(
                    identical(
                        head32.head(sp.sqrt(b / 2), sp.sqrt(S), sp.sqrt(E - 1))
                        / head32.nuclear_norm(sp.sqrt(b / 2)) ** 2,
                        over_delta,
                    ),
                    identical(
                        sp.UnevaluatedExpr(over_delta), (1 + sp.sqrt(B * (3 + S))) ** 2 + B * (E - best_E) ** 2 / E
                    ),
                    signed(B / E * square, "a square times positive symbols"),
                ),
            ),
            Step(
                "Least over s: B (3 + S) is a square plus a non-negative remainder.",
                (),
                all_of(
                    identical(b * sp.UnevaluatedExpr(over_s), root_bQ**2 + (1 + b) * (S - best_S) ** 2 / S),
                    signed((1 + b) / S * square, "a square times positive symbols"),
                ),
            ),
            Step(
                "So with c = sqrt(1 + b): sqrt(h) >= the function below, rational in w = sqrt((c+1)/(c-1)) over "
                "Q(sqrt 3).",
                (),
                all_of(
                    identical(
                        (1 + sp.UnevaluatedExpr(sp.sqrt(1 + b))) * (1 + root_bQ / sp.sqrt(b)),
                        in_c.subs(c, sp.sqrt(1 + b)),
                    ),
                    identical(_square_root_free(in_c, w), in_w),
                ),
            ),
            Step(
                "Its derivative has the sign of a quartic, whose coefficients change sign once: one positive root "
                "(Descartes). The quartic is negative at w = 1, "
                "so the root is beyond 1, where sqrt(h) falls before it and rises after it: the least value.",
                (),
                all_of(
                    identical(slope, head32.quartic(w)),
                    quoted(DESCARTES),
                    every(
                        [sp.Poly(head32.quartic(w), w)],
                        _one_positive_root_beyond_one,
                        "signs + 0 - - -, value -4 - 4 sqrt 3 at w = 1",
                    ),
                ),
            ),
            Step(
                "There delta^2 > 0 and delta < s, so the least value is reached inside the family.",
                (),
                every([None], _best_is_inside, "ball arithmetic for w in [2.01507, 2.01508]"),
            ),
            Step(
                "h 2^(L-3) < 3^(L+1) at L = 4, and then at every L >= 4: a rational member of the family has it, as "
                "the h shown is below 243/2.",
                (),
                all_of(
                    compared(against_collapse(found, 3, 4), "exact"),
                    every([head32.least_head()], lambda ball: bool(ball < 243 / arb(2)), "the ball of the least h"),
                    inference("one more layer multiplies by q / K", "depth"),
                ),
            ),
        ),
    )


def log_of(side: sp.Expr) -> sp.Expr:
    """The logarithm of a product of powers of positive symbols."""
    return sp.expand_log(sp.log(plain(side)), force=True)


def _square_root_free(in_c: sp.Expr, scale: sp.Symbol) -> sp.Basic:
    """Put c = (w^2+1)/(w^2-1) and w = 1 + v, v > 0, so that sqrt(c^2 - 1) = 2 w/(w^2-1) has the right sign."""
    v = sp.Symbol("v", positive=True)
    beyond = 1 + v
    value = in_c.subs(c, (beyond**2 + 1) / (beyond**2 - 1))
    value = value.replace(
        lambda e: e.is_Pow and e.exp == sp.Rational(-1, 2), lambda e: 1 / sp.sqrt(sp.factor(sp.together(e.base)))
    )
    return sp.simplify(value).subs(v, scale - 1)


def _one_positive_root_beyond_one(poly: sp.Poly) -> bool:
    signs = [sp.sign(x) for x in poly.all_coeffs() if x != 0]
    changes = sum(1 for left, right in zip(signs, signs[1:], strict=False) if left != right)
    return changes == 1 and sp.simplify(poly.eval(1)) == -4 - 4 * sp.sqrt(3)
