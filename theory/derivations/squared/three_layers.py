"""Three classes, three layers: no network that outputs a multiple of the identity costs less than collapse."""

from random import Random
from typing import Any

import sympy as sp

from dufm.theory.derivations.squared.lemmas import am_gm, product_norm, random_matrix
from dufm.theory.derivations.squared.three_layers_nu import left
from dufm.theory.derivations.squared.three_layers_value import corner, o
from dufm.theory.derivations.squared.two_layers import crossed_step, dual_step, nuclear_step, order_step, triangular
from dufm.theory.proof.checks import all_of, definition, identical, inference, seeded, signed
from dufm.theory.proof.derivation import Derivation, Step
from dufm.theory.proof.theorems import CAUCHY_SCHWARZ, quoted
from dufm.theory.proof.words import letters, same_words
from dufm.theory.rational import fraction, relu, squared_norm

CLASSES, LAYERS = 3, 3

s, e, f, R, p, m, t = sp.symbols("s e f R p m t", positive=True)
r_1, r_2, r_3 = sp.symbols("r_1 r_2 r_3", positive=True)
# (1 - k) s and R^2, with o = s^2 - 1.
rest = s * (2 - s**2) + s**2 - 1
radicand = s**4 - 3 * s**2 + 3


def _costs_enough(rng: Random) -> bool | None:
    """3 ||P||^2 >= ||P||_*^2 in place of the nuclear norm, on one network."""
    P, W = random_matrix(rng, 4, CLASSES), random_matrix(rng, 4, 4)
    features = relu(W * relu(P))
    gram = features.transpose() * features
    if gram.det() == 0:
        return None
    inverse = gram.inv()
    readout = sum(fraction(inverse[i, i]) for i in range(CLASSES))
    return CLASSES * squared_norm(P) * squared_norm(W) * readout >= CLASSES ** (LAYERS + 1)


def _cofactor(a: Any, i: int, j: int) -> Any:
    """Entry ij of A^(-1) times det A, for a symmetric 3 x 3 matrix."""
    k, *others = [k for k in range(CLASSES) if k not in (i, j)]
    return a[k, k] * a[others[0], others[0]] - a[k, others[0]] ** 2 if others else a[k, i] * a[k, j] - a[k, k] * a[i, j]


def reach_steps() -> tuple[Step, ...]:
    """From the three norms to tr(M^T A) tr(N); needs the steps "names" and "dual"."""
    F, F_t, Y, Y_t, Q, V, V_t, W, E = letters("F F^T Y Y^T A^(-1) V V^T W_2 E")
    G, G_t, A, B, _N, N_t, none = letters("F_2 F_2^T A_2 A_2^(-1) N N^T 0")
    least = {F_t * F * Q: 1, Q * F_t * F: 1, V * F: 0, F_t * V_t: 0}
    inner = {G_t * G: A, A * B: 1, B * A: 1}
    return (
        Step(
            "Below A is invertible. If it is not, rows E = epsilon I below P are rows below F, A + epsilon^2 I is, "
            "and (W_2, 0) has the norm of W_2 and the same P_2. What follows bounds ||P||_* ||W_2|| ||W_3||, which is "
            "the limit of those of every epsilon > 0.",
            (),
            all_of(
                same_words(W * F + none * E, W * F, {none * E: 0}),
                inference("relu acts entry by entry, singular values are continuous", "names"),
            ),
            "limit",
        ),
        Step(
            "W F = Y means W = Y A^(-1) F^T + V with V F = 0: ||W||^2 >= tr Y A^(-1) Y^T. So for W_2, Y = P_2; and "
            "||W_3||^2 >= t^2 tr A_2^(-1).",
            (),
            all_of(
                same_words((Y * Q * F_t + V) * F, Y, least),
                same_words((Y * Q * F_t + V) * (F * Q * Y_t + V_t), Y * Q * Y_t + V * V_t, least),
                inference("a trace of V V^T is a sum of squares", "names", "limit"),
            ),
            "least",
        ),
        Step(
            "Say that N is below A^(-1) if q^T A^(-1) q >= relu(q)^T N N^T relu(q) for every q in R^3. Then, row by "
            "row, ||W_2||^2 >= ||F_2 N||^2.",
            (),
            inference("tr P_2 A^(-1) P_2^T is a sum over rows", "least", "names"),
            "middle",
        ),
        Step(
            "||F_2 N||^2 tr A_2^(-1) >= (tr N)^2: with X = F_2 A_2^(-1), <F_2 N, X> is the trace of N^T and ||X||^2 = "
            "tr A_2^(-1).",
            (),
            all_of(
                same_words(N_t * G_t * G * B, N_t, inner),
                same_words(B * G_t * G * B, B, inner),
                quoted(CAUCHY_SCHWARZ),
                inference("F_2 has rank 3", "names"),
            ),
            "value",
        ),
        Step(
            "So ||H_1||^2 ||W_1||^2 ||W_2||^2 ||W_3||^2 >= ||P||_*^2 ||W_2||^2 ||W_3||^2 >= t^2 (tr(M^T A) tr N)^2, "
            "for every Z-matrix M with ||F M||_op <= 1 and every N below A^(-1), both traces > 0. It is enough to find "
            "two with tr(M^T A) tr N >= 9.",
            (),
            all_of(product_norm(), inference("the bounds multiplied", "dual", "least", "middle", "value")),
            "enough",
        ),
    )


def three_layers() -> Derivation:
    """C >= 3 for K = 3, L = 3 among networks with output t I."""
    a: Any = sp.Matrix(3, 3, lambda i, j: sp.Symbol(f"a_{min(i, j) + 1}{max(i, j) + 1}", positive=True))
    adjugate: Any = sp.Matrix(3, 3, lambda i, j: _cofactor(a, i, j))
    schur: Any = adjugate[:2, :2] - adjugate[:2, 2] * adjugate[2, :2] / adjugate[2, 2]
    _, gram, inverse = triangular()
    M, M_t, D, A, Q, N, N_t = letters("M M^T Delta A Q N N^T")
    u, u_t, v, v_t, Di = letters("u u^T v v^T Delta^(-1)")
    rules = {D * Di: 1, Di * D: 1}
    H: Any = sp.Matrix([[p, -m], [-m, p]])
    c_i, d_i, scale = sp.symbols("c_i d_i Delta_i", positive=True)
    lower, upper = d_i / scale, c_i * scale
    parted = s * f + (s - 1) * (s + 1)  # B, with f = 2 - s^2
    gap = rest**2 * radicand - (s**2 - rest * (s**2 - 1)) ** 2
    return Derivation(
        name="three-layers",
        title="Three classes, three layers: collapse is cheapest among outputs t I",
        source="ours",
        states=f"For K = {CLASSES}, L = {LAYERS} every network with output t I, t > 0, has cost C >= {CLASSES} and so "
        f"loss at least phi_3({CLASSES} Lambda), the loss of DNC. Outputs of another form are not covered.",
        steps=(
            Step(
                "P = W_1 H_1, F = relu(P), G = F - P >= 0, A = F^T F >= 0; P_2 = W_2 F, F_2 = relu(P_2), A_2 = F_2^T "
                "F_2, and W_3 F_2 = t I makes A_2 invertible. G and F have no common support, so G^T F >= 0 has a zero "
                "diagonal.",
                (),
                definition("P, F, G, A, P_2, F_2, A_2"),
                "names",
            ),
            dual_step(),
            *reach_steps(),
            crossed_step(),
            order_step(),
            nuclear_step(),
            Step(
                "Entry jk of A^(-1), j and k different, times det A is a_ij a_ik - a_ii a_jk: it is > 0 if and only if "
                "the third column i is crossed.",
                (),
                all_of(
                    identical(a * adjugate, a.det() * sp.eye(3)),
                    inference("det A > 0", "crossed", "limit"),
                ),
                "entries",
            ),
            Step(
                "No column is crossed: u^T A^(-1) v <= 0 for u = relu(q), v = relu(-q), so q^T A^(-1) q >= u^T A^(-1) "
                "u, and N = R^(-1) is below A^(-1). tr N = sum_i 1/r_i, and the product with r_1 + r_2 + r_3 is at "
                "least 9.",
                (),
                all_of(
                    same_words(
                        (u_t - v_t) * Q * (u - v),
                        u_t * Q * u - 2 * u_t * Q * v + v_t * Q * v,
                        {v_t * Q * u: u_t * Q * v},
                    ),
                    identical(gram * inverse * inverse.T, sp.eye(CLASSES)),
                    identical(inverse.trace(), 1 / r_1 + 1 / r_2 + 1 / r_3),
                    identical(
                        sp.UnevaluatedExpr(r_1 + r_2 + r_3) * (1 / r_1 + 1 / r_2 + 1 / r_3) - 9,
                        (r_1 - r_2) ** 2 / (r_1 * r_2)
                        + (r_1 - r_3) ** 2 / (r_1 * r_3)
                        + (r_2 - r_3) ** 2 / (r_2 * r_3),
                    ),
                    inference("u_i v_i = 0, and A^(-1) is positive definite", "entries", "nuclear", "enough"),
                ),
                "uncrossed",
            ),
            Step(
                "Column 3 is crossed. The block of A^(-1) of columns 1 and 2, less its part by column 3, is the "
                "inverse of that of A, whose off-diagonal entry is <= 0. So with Delta = diag(Delta_1, Delta_2, "
                "Delta_3) > 0, A^(-1) = Delta Q Delta and Q has the blocks S + w w^T, -w, 1, where S has 1 and -t, 0 "
                "<= t < 1, w = (a, b) >= 0 and a b - t > 0, so a, b > 0.",
                (),
                all_of(
                    identical(schur * a[:2, :2] / a.det(), sp.eye(2)),
                    identical(sp.simplify(schur[0, 1]) * (a[0, 0] * a[1, 1] - a[0, 1] ** 2), -a[0, 1] * a.det()),
                    inference("no other column is crossed", "crossed", "entries"),
                ),
                "form",
            ),
            Step(
                "S = H^2, H with p on and -m off its diagonal, p^2 + m^2 = 1, 2 p m = t < 1, p > m >= 0.",
                (),
                all_of(
                    identical(H * H, sp.Matrix([[p**2 + m**2, -2 * p * m], [-2 * p * m, p**2 + m**2]])),
                    identical((p - m) ** 2, p**2 + m**2 - 2 * p * m),
                    inference("square roots of 1 + t and 1 - t: p + m and p - m", "form"),
                ),
                "root",
            ),
            Step(
                "M and N of the derivations for Q^(-1) and Q, with diagonals d of M^T Q^(-1) and c of N. Delta M is a "
                "Z-matrix with (Delta M)^T A (Delta M) = M^T Q^(-1) M and (Delta M)^T A = M^T Q^(-1) Delta^(-1); "
                "Delta N is below A^(-1), because relu(Delta q) = Delta relu(q). The two traces are sum_i d_i/Delta_i "
                "and sum_i c_i Delta_i.",
                (),
                all_of(
                    same_words(M_t * D * (Di * A * Di) * D * M, M_t * A * M, rules),
                    same_words(M_t * D * (Di * A * Di), M_t * A * Di, rules),
                    same_words(u_t * D * N * N_t * D * u, u_t * (D * N) * (N_t * D) * u),
                    inference(
                        "a positive diagonal matrix keeps signs",
                        "form",
                        "root",
                        "derivation three-layers-nu",
                        "derivation three-layers-value",
                    ),
                ),
                "scaled",
            ),
            Step(
                "By AM-GM, twice, their product is at least 9 (c_1 c_2 c_3 d_1 d_2 d_3)^(1/3): Delta drops out.",
                (),
                all_of(
                    am_gm(lower),
                    am_gm(upper),
                    identical(sp.UnevaluatedExpr(lower) * upper, c_i * d_i),
                    inference("positive diagonals", "scaled"),
                ),
                "drops",
            ),
            Step(
                "In both derivations W^2 = w^T S^(-1) w, so o = s^2 - 1. c_1 c_2 d_1 d_2 d_3 = p^2 d_1 d_2 d_3, 1 - k "
                "= B/s with B = s (2 - s^2) + s^2 - 1 > 0, and c_3 = sqrt(2 - s^2) (s^2 - 1 + R): the product is at "
                "least B (s^2 - 1 + R)/s^2, R^2 = s^4 - 3 s^2 + 3.",
                (),
                all_of(
                    identical(s * sp.UnevaluatedExpr(left), rest),
                    identical(corner.subs(o, s**2 - 1), sp.sqrt(2 - s**2) * (s**2 - 1 + sp.sqrt(radicand))),
                    identical(
                        (rest / s) / (s * sp.sqrt(2 - s**2)) * sp.UnevaluatedExpr(sp.sqrt(2 - s**2) * (s**2 - 1 + R)),
                        rest * (s**2 - 1 + R) / s**2,
                    ),
                    identical(sp.UnevaluatedExpr(rest), parted.subs(f, 2 - s**2)),
                    signed(sp.expand(parted.subs(s, 1 + e)), "s = 1 + e, 2 - s^2 = f"),
                    inference("the two bounds multiplied", "scaled", "drops"),
                ),
                "bound",
            ),
            Step(
                "That is > 1 if and only if B R > s^2 - B (s^2 - 1), and so it is, as the difference of the squares "
                "is a product of positive factors.",
                (),
                all_of(
                    identical(sp.UnevaluatedExpr(gap), (s - 1) ** 3 * (s + 1) * (2 - s**2) * (s**2 + 2 * s - 1)),
                    identical((s**2 + 2 * s - 1).subs(s, 1 + e), e**2 + 4 * e + 2),
                    signed(e**3 * (2 + e) * f * (e**2 + 4 * e + 2), "s = 1 + e, 2 - s^2 = f, both > 0"),
                    inference("the squares of B R > 0 and of a number", "bound"),
                ),
                "above",
            ),
            Step(
                "So in both cases tr(M^T A) tr N >= 9 and C^4 >= 81 = 3^4.",
                (),
                all_of(
                    identical(sp.UnevaluatedExpr(sp.Integer(9)) ** 2, sp.Integer(CLASSES) ** (LAYERS + 1)),
                    inference(
                        "C^4 t^2 is the product of the squared norms",
                        "enough",
                        "uncrossed",
                        "drops",
                        "above",
                        "derivation reductions",
                    ),
                    spots=[seeded(_costs_enough, 30, "networks")],
                ),
            ),
        ),
    )
