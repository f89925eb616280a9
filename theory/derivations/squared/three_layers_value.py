"""Three classes, three layers, the last two factors: what relu leaves of a quadratic form with a crossed column."""

from typing import Any

import sympy as sp

from dufm.theory.proof.checks import all_of, definition, identical, inference, signed
from dufm.theory.proof.derivation import Derivation, Step
from dufm.theory.proof.words import letters, same_words

a, b, q, o, W, R = sp.symbols("a b q o W R", positive=True)
t, rest, omega, f = sp.symbols("t e omega f", nonnegative=True)
u_1, u_2, u_3, v_1, v_2, v_3, alpha = sp.symbols("u_1 u_2 u_3 v_1 v_2 v_3 alpha", nonnegative=True)
x = sp.Symbol("x", real=True)

root = sp.sqrt(1 - o + o**2)
turned = 1 - (1 - o) * (1 + o / root)
corner = sp.sqrt(1 - o) * (o + root)
side = (1 - o) * ((1 - o) / root - 1)


def left_over(u: sp.Matrix, v: sp.Matrix) -> sp.Expr:
    """(e u)^2 - 2 u Q v + v Q v, for e = sqrt(o) (a, b, -x) and the normal form Q."""
    Q: Any = sp.Matrix([[1 + a**2, q, -a], [q, 1 + b**2, -b], [-a, -b, 1]])
    linear = a * u[0] + b * u[1] - x * u[2]
    return sp.expand(o * linear**2 - 2 * (u.T * Q * v)[0] + (v.T * Q * v)[0])


def three_layers_value() -> Derivation:
    """D = N N^T with p^T Q p >= relu(p)^T D relu(p) for every p, and the diagonal of N."""
    U, U_t, V, V_t, Q, E, E_t = letters("u u^T v v^T Q e e^T")
    H, w, w_t, n, n_t = letters("H w w^T n n^T")
    rules = {H * n: w, n_t * H: w_t, n_t * n: o / (1 - o)}
    nothing = sp.Integer(0)
    within = left_over(sp.Matrix([u_1, u_2, nothing]), sp.Matrix([nothing, nothing, v_3]))
    above = left_over(sp.Matrix([nothing, nothing, u_3]), sp.Matrix([v_1, v_2, nothing]))
    single = left_over(sp.Matrix([u_1, nothing, u_3]), sp.Matrix([nothing, v_2, nothing]))
    double = left_over(sp.Matrix([u_1, nothing, nothing]), sp.Matrix([nothing, v_2, v_3]))
    share = b**2 / (1 + b**2) + omega
    slope = a * alpha + f * u_3
    crossed, paired = t * (2 * q + t), a + t * b  # a^2 b^2 - q^2, and a (1 + b^2) - q b
    surplus = sp.expand(((q + t) * alpha + b * f * u_3) ** 2 - (q * alpha) ** 2)
    return Derivation(
        name="three-layers-value",
        title="Three classes, three layers: what relu leaves of the second and third factor",
        source="ours",
        states="Let Q have the blocks S + w w^T, -w and 1, w = (a, b) > 0, where S has 1 on and -t off its diagonal, "
        "0 <= t < 1, and q = a b - t > 0; S = H^2, H with p on and -m off its diagonal. Put W^2 = w^T S^(-1) w, o = "
        "W^2/(1 + W^2), R = sqrt(1 - o + o^2). There is N with diagonal (p, p, sqrt(1 - o) (o + R)) such that p^T Q p "
        ">= f^T N N^T f for every p in R^3 and f = relu(p).",
        steps=(
            Step(
                "e = sqrt(o) (w, -x), x = 1 - (1 - o)(1 + o/R), D = Q - e e^T. n = H^(-1) w, n^T n = W^2 = o/(1 - o).",
                (),
                all_of(
                    identical(sp.UnevaluatedExpr(o / (1 - o)) / (1 + o / (1 - o)), o),
                    definition("e, x, D and n"),
                ),
                "names",
            ),
            Step(
                "N has the blocks H, -sqrt(1 - o) w, k n^T and sqrt(1 - o) (o + R), with k = (1 - o)((1 - o)/R - 1). "
                "Block by block N N^T = D: S + (1 - o) w w^T, -(1 - o x) w, and 1 - o x^2.",
                (),
                all_of(
                    same_words(H * H + (1 - o) * w * w_t, H * H + w * w_t - o * w * w_t),
                    same_words(H * n * side - sp.sqrt(1 - o) * corner * w, -w + o * turned * w, rules),
                    same_words(side**2 * n_t * n + corner**2, 1 - o * turned**2, rules),
                    inference("blocks multiplied", "names"),
                ),
                "root",
            ),
            Step(
                "p = u - v with u = relu(p) and v = relu(-p). p^T Q p - u^T D u is (e^T u)^2 - 2 u^T Q v + v^T Q v. It "
                "is to be >= 0; T is the set of the i with v_i > 0.",
                (),
                all_of(
                    same_words(
                        (U_t - V_t) * Q * (U - V) - U_t * (Q - E * E_t) * U,
                        U_t * E * E_t * U - 2 * U_t * Q * V + V_t * Q * V,
                        {V_t * Q * U: U_t * Q * V},
                    ),
                    inference("Q is symmetric", "names"),
                ),
                "split",
            ),
            Step(
                "o >= b^2/(1 + b^2) = o - omega, because W^2 = b^2 + e with e >= 0; and x < 1.",
                (),
                all_of(
                    identical((a**2 + b**2 + 2 * t * a * b) / (1 - t**2), a**2 + b**2 + rest_of_w()),
                    signed(rest_of_w().subs(1 - t**2, sp.Symbol("y", positive=True)), "0 <= t < 1"),
                    identical(
                        sp.UnevaluatedExpr((b**2 + rest) / (1 + b**2 + rest)) - b**2 / (1 + b**2),
                        rest / ((1 + b**2) * (1 + b**2 + rest)),
                    ),
                    identical(1 - sp.UnevaluatedExpr(turned), (1 - o) * (1 + o / root)),
                    inference("W^2 = w^T S^(-1) w", "names"),
                ),
                "share",
            ),
            Step(
                "T empty, or T = {1, 2, 3}, so u = 0: a square, or v^T Q v, which is >= 0 as Q = D + e e^T.",
                (),
                inference("D = N N^T and e e^T are not negative", "root", "split"),
                "ends",
            ),
            Step(
                "T = {3} and T = {1, 2}: -2 u^T Q v is >= 0, term by term.",
                (),
                all_of(
                    signed(within.subs(o, 0), "T = {3}, less the square (e^T u)^2"),
                    signed((above - left_over(sp.zeros(3, 1), sp.Matrix([v_1, v_2, 0]))).subs(o, 0), "T = {1, 2}"),
                    inference("the two other terms are not negative", "split", "ends"),
                ),
                "mild",
            ),
            Step(
                "T = {2}: if q u_1 <= b u_3 every term is >= 0. Else q u_1 = b u_3 + q alpha, alpha > 0, and a u_1 - x "
                "u_3 = a alpha + f u_3, where q f = t + q (1 - x) >= 0. Times 1 + b^2, it is a square plus a part with "
                "omega, which is >= 0, plus (b (a alpha + f u_3))^2 - (q alpha)^2, in which a b = q + t.",
                (),
                all_of(
                    identical(single.coeff(v_2, 1), -2 * (q * u_1 - b * u_3)),
                    identical(
                        q * (a * (b * u_3 / q + alpha) - x * u_3).subs(a, (q + t) / b),
                        q * ((q + t) / b * alpha) + (t + q * (1 - x)) * u_3,
                    ),
                    identical(
                        (1 + b**2) * (share * slope**2 - 2 * v_2 * q * alpha + (1 + b**2) * v_2**2),
                        (q * alpha - (1 + b**2) * v_2) ** 2
                        + omega * (1 + b**2) * slope**2
                        + (b * slope) ** 2
                        - (q * alpha) ** 2,
                    ),
                    identical(single.coeff(v_2, 0), o * (a * u_1 - x * u_3) ** 2),
                    identical(single.coeff(v_2, 2), 1 + b**2),
                    identical(((b * slope) ** 2 - (q * alpha) ** 2).subs(a, (q + t) / b), surplus),
                    signed(surplus, "symbols >= 0"),
                    inference("a square is not negative", "split", "share"),
                ),
                "single",
            ),
            Step(
                "T = {2, 3}: times 1 + b^2, it is a square plus terms >= 0, for a (1 + b^2) - q b = a + t b and a^2 "
                "b^2 - q^2 = t (2 q + t).",
                (),
                all_of(
                    identical(
                        (1 + b**2) * double.subs(o, share),
                        ((1 + b**2) * v_2 - (q * u_1 + b * v_3)) ** 2
                        + (omega * a**2 * (1 + b**2) + sp.UnevaluatedExpr(a**2 * b**2 - q**2)) * u_1**2
                        + 2 * sp.UnevaluatedExpr(a * (1 + b**2) - q * b) * u_1 * v_3
                        + v_3**2,
                    ),
                    identical((a**2 * b**2 - q**2).subs(a, (q + t) / b), crossed),
                    identical(sp.UnevaluatedExpr(a * (1 + b**2) - q * b).subs(q, a * b - t), paired),
                    signed(
                        (omega * a**2 * (1 + b**2) + crossed) * u_1**2 + 2 * paired * u_1 * v_3 + v_3**2,
                        "symbols >= 0",
                    ),
                    inference("a square is not negative", "split", "share"),
                ),
                "double",
            ),
            Step(
                "T = {1} and T = {1, 3} are these with classes 1 and 2, a and b exchanged: Q, o and x are as before.",
                (),
                all_of(
                    identical(sp.UnevaluatedExpr(rest_of_w()).subs({a: b, b: a}, simultaneous=True), rest_of_w()),
                    identical(
                        left_over(sp.Matrix([u_1, u_2, u_3]), sp.Matrix([v_1, v_2, v_3])),
                        left_over(sp.Matrix([u_2, u_1, u_3]), sp.Matrix([v_2, v_1, v_3])).subs(
                            {a: b, b: a}, simultaneous=True
                        ),
                    ),
                    inference("symmetry", "single", "double"),
                ),
                "exchanged",
            ),
            Step(
                "These are all eight sets T.",
                (),
                inference("every subset of three", "ends", "mild", "single", "double", "exchanged", "root"),
            ),
        ),
    )


def rest_of_w() -> sp.Expr:
    """W^2 - a^2 - b^2, W^2 = w^T S^(-1) w."""
    return (t**2 * (a**2 + b**2) + 2 * t * a * b) / (1 - t**2)
