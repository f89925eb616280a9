"""Three classes, three layers: DNC is optimal up to a strength x > 0, not only in the limit of weak decay."""

from fractions import Fraction

import sympy as sp

from dufm.theory.derivations.squared.crossed_lemmas import (
    crossed_steps,
    k,
    loss,
    n_1,
    n_2,
    nu,
    o,
    share,
    th,
    unit,
    z,
)
from dufm.theory.derivations.squared.lemmas import optimal_below, product_norm
from dufm.theory.proof.checks import all_of, compared, every, identical, inference, signed
from dufm.theory.proof.derivation import Derivation, Step
from dufm.theory.proof.theorems import AM_GM, BINOMIAL, not_negative, quoted
from dufm.theory.proof.words import letters, same_words
from dufm.theory.squared.crossed_three import crossed_boxes
from dufm.theory.squared.phi import objective

CLASSES, LAYERS = 3, 3
# DNC's x = (y^2 - 1)/y^3 at this y, and its least value y + 3/y of 2/y + 2y - x y^2.
SCALE = Fraction(129, 128)
STRENGTH = (SCALE**2 - 1) / SCALE**3
SHARE = 2 * (SCALE**2 - 1) / (SCALE**2 + 3)

x, y, q, rho, s = sp.symbols("x y q rho s", positive=True)
A, d, f, g = sp.symbols("A d f g", nonnegative=True)


def value(at: sp.Expr, strength: sp.Expr) -> sp.Expr:
    """2/y + 2y - x y^2: what an eigenvalue 1/y^2 of the first features costs at least."""
    return 2 / at + 2 * at - strength * at**2


def three_layers_optimal() -> Derivation:
    """DNC is optimal for K = 3, L = 3 at every x <= (y^2 - 1)/y^3, y = 129/128."""
    scale, number = (
        sp.Rational(SCALE.numerator, SCALE.denominator),
        sp.Rational(STRENGTH.numerator, STRENGTH.denominator),
    )
    strength = (y**2 - 1) / y**3
    least = y + 3 / y
    F, F_t, W_3, W_t, B, _, E, T, T_i, D, S_2 = letters("F F^T W_3 W_3^T B P E T T^(-1) D S")
    solved = (W_3 - B * F_t) * (F * F_t + x) * (W_t - F * B)
    readout = {B * F_t * F: 1 - x * B, F_t * F * B: 1 - x * B}
    tau = 2 * th * n_1 * n_2
    bound_k = 1 - k - k * tau * (1 - k / 2)
    at = sp.Symbol("v", positive=True)
    return Derivation(
        name="three-layers-optimal",
        title="Three classes, three layers: collapse is optimal for small strengths, whatever the output",
        source="ours",
        states=f"For K = {CLASSES}, L = {LAYERS} DNC is globally optimal for every x = K Lambda <= (y^2 - 1)/y^3, y = "
        f"{SCALE}, which is {sp.N(number, 6)} = 0.0563 x*, every n, every width >= 3 and all strengths.",
        steps=(
            Step(
                "One sample a class, equal strengths. F = F_2 the last features, A_1, A_2 the Gram matrices of both "
                "layers, P = W_1 H_1. 2K loss / x is at least f = tr (A_2 + x)^(-1) + 2 ||P||_* + ||W_2||^2: W_3 "
                "enters by x B and the square shown, B = (F^T F + x)^(-1).",
                (),
                all_of(
                    same_words((W_3 * F - 1) * (F_t * W_t - 1) + x * W_3 * W_t, x * B + solved, readout),
                    product_norm(),
                    inference("one sample, one strength", "derivation reductions"),
                ),
                "split",
            ),
            Step(
                "Call D >= 0 admissible if q^T A_1^(-1) q >= relu(q)^T D relu(q) for all q. Then ||W_2||^2 >= tr D "
                "A_2, row by row, and by the square shown, E^2 = D, T^2 = A_2 + x: f >= 2 ||P||_* + 2 tr D^(1/2) - x"
                " tr D. A smaller D is admissible, too. (A singular A_1 is a limit, as in the derivation "
                "three-layers.)",
                (),
                all_of(
                    same_words(
                        (T_i - E * T) * (T_i - T * E), T_i * T_i - 2 * E + E * T * T * E, {T * T_i: 1, T_i * T: 1}
                    ),
                    same_words(D * (S_2 + x), D * S_2 + x * D),
                    inference("the trace of a square is >= 0", "split", "derivation three-layers"),
                ),
                "value",
            ),
            Step(
                "DNC: 2/v + 2v - x v^2 at v = y, x = (y^2 - 1)/y^3, is g = y + 3/y, and 2K loss / x of DNC is 3 g. The "
                "difference at v is as shown, so g is least for v <= 2/(x y^2).",
                (),
                all_of(
                    identical(sp.UnevaluatedExpr(value(y, strength)), least),
                    identical(
                        2 * sp.UnevaluatedExpr(objective(y**-2, strength, 4)) / strength,
                        least,
                    ),
                    identical(
                        sp.UnevaluatedExpr(value(at, strength)) - least,
                        (at - y) ** 2 * (2 / (at * y**2) - strength),
                    ),
                    inference("the least loss of DNC", "derivation dnc"),
                ),
                "least",
            ),
            Step(
                "No column is crossed: A_1^(-1) = t (1 - N) with N >= 0 of norm < 1, so A_1^(-1/2) has no positive "
                "entry off its diagonal and is the M of the Z-test: ||P||_* >= tr A_1^(1/2). D = A_1^(-1) is "
                "admissible, and its part up to 1/x^2. Each eigenvalue 1/v^2 of A_1 gives 2/v + 2v - x v^2 >= g for "
                "v <= 1/x, and 2/v + 1/x >= g beyond.",
                (),
                all_of(
                    quoted(BINOMIAL),
                    identical(value(1 / x, x) - 2 * x, 1 / x),
                    compared(sp.Ge(1 / sp.UnevaluatedExpr(number), scale + 3 / scale, evaluate=False), "1/x >= g"),
                    compared(sp.Le(sp.UnevaluatedExpr(scale) ** 2, 2, evaluate=False), "1/x <= 2/(x y^2)"),
                    inference(
                        "uncrossed: A_1^(-1) is a Z-matrix",
                        "value",
                        "least",
                        "derivation three-layers",
                        "derivation z-test",
                    ),
                ),
                "uncrossed",
            ),
            *crossed_steps(),
            Step(
                "Put v_i = c_i Delta_i, rho_i = D_i/c_i^2 <= 4, pi_i = c_i d_i' (c_3 d_3 for i = 3). Where some v_i "
                "> 8, scale D by the number that makes the largest 8: 2 v - x rho v^2 >= 0 for all, and 12 >= 3g for"
                " that one. Else f >= sum 2 pi_i/v_i + 2 v_i - x rho_i v_i^2, all v_i <= 8.",
                (),
                all_of(
                    compared(
                        sp.Ge(8 * (2 - 8 * 4 * sp.UnevaluatedExpr(number)), 12, evaluate=False),
                        "at rho <= 4, x at its end",
                    ),
                    identical(4 - sp.UnevaluatedExpr(least), (y - 1) * (3 - y) / y),
                    compared(sp.Le(1, sp.UnevaluatedExpr(scale), evaluate=False), "1 <= y"),
                    identical(sp.UnevaluatedExpr((1 + o * f) * (1 + th**2)).subs({o: 1, f: 1, th: 1}), 4),
                    inference("rho_3 = 1/c <= 2; c_i >= p, o, phi_i, th <= 1", "value", "trace", "dual", "range"),
                ),
                "apart",
            ),
            Step(
                "With q = pi^(1/2), v = q z and d = rho q - 1 a term less q g is as shown. d <= 0: it is >= 0. d >= "
                "0: z^2 is 2 y^2 + 2 (z - y)^2 less a square, so it is at least -2 x y^2 q d if 2/(z y^2) >= x + 2 x"
                " d; z <= 8/q and 32 x y^2 <= 1 are enough.",
                (),
                all_of(
                    identical(
                        (
                            sp.UnevaluatedExpr(2 * q**2 / (q * z) + 2 * q * z - strength * rho * (q * z) ** 2)
                            - q * least
                        ),
                        q * (z - y) ** 2 * (2 / (z * y**2) - strength) - q * strength * (rho * q - 1) * z**2,
                    ),
                    identical(2 * y**2 + 2 * (z - y) ** 2 - z**2, (z - 2 * y) ** 2),
                    compared(
                        sp.Le(32 * sp.UnevaluatedExpr(number) * scale**2, 1, evaluate=False),
                        "2 x rho q <= q/(4 y^2), and x <= q/(4 y^2) for q >= 1/2",
                    ),
                    inference("rho <= 4, q >= 1/2", "apart", "least"),
                ),
                "tangent",
            ),
            Step(
                "So f >= 3g if q_1 + q_2 + q_3 - 3 >= mu sum (rho_i q_i^2 - q_i)_+, mu = 2 x y^2/g as shown. q_3^4 ="
                " (c_3 d_3)^2 = G_22 c/((1 - o)(1 + o)), rho_3 = 1/c. For i = 1, 2, rho_i q_i^2 <= (1 + th^2)^2 (1 +"
                " o phi_i)(1 - k chi_i) and q_i >= 1 - k chi_i: the two add up to at most 2 (1 + th^2)^2 - 2 + o (1 "
                "+ th^2)^2, as phi_1 + phi_2 <= 1.",
                (),
                all_of(
                    identical(2 * sp.UnevaluatedExpr(strength) * y**2 / least, 2 * (y**2 - 1) / (y**2 + 3)),
                    identical((sp.UnevaluatedExpr(share(n_1, n_2)) + share(n_2, n_1)).subs(unit), (1 - tau).subs(unit)),
                    identical(
                        sp.UnevaluatedExpr((1 + s) * (1 + o * f) * (1 - d) - (1 - d)),
                        (1 - d) * ((1 + s) * (1 + o * f) - 1),
                    ),
                    identical(
                        sp.UnevaluatedExpr((1 + th**2) * (1 + A * f) * (1 - d)) - (1 - d),
                        (1 - d) * (th**2 + A * f + th**2 * A * f),
                    ),
                    signed(th**2 + A * f + th**2 * A * f, "th, A, phi >= 0"),
                    inference("0 < 1 - k chi_i <= 1, A >= 0", "tangent", "trace", "dual", "range"),
                ),
                "enough",
            ),
            Step(
                "q_1 + q_2 >= 2 X^(1/4), X >= q_1^2 q_2^2 = (1 + th^2)^2 (1 + A phi_1)(1 + A phi_2)(1 - k chi_1)(1 -"
                " k chi_2), by AM-GM. The products are at least 1 + A (1 - tau) and 1 - k - k tau (1 - k/2), tau = 2"
                " th n_1 n_2 <= th, by the differences shown.",
                (),
                all_of(
                    quoted(AM_GM, not_negative(q)),
                    identical(
                        (
                            sp.UnevaluatedExpr((1 + A * share(n_1, n_2)) * (1 + A * share(n_2, n_1)))
                            - (1 + A * (1 - tau))
                        ).subs(unit),
                        (A**2 * share(n_1, n_2) * share(n_2, n_1)).subs(unit),
                    ),
                    identical(
                        (sp.UnevaluatedExpr((1 - k * loss(n_1, n_2)) * (1 - k * loss(n_2, n_1))) - bound_k).subs(unit),
                        (k**2 * (n_1 * n_2) ** 2 * (1 + th**2)).subs(unit),
                    ),
                    signed(k**2 * nu**2 * (1 + th**2) + A**2 * f * g, "phi_1, phi_2 = f, g >= 0"),
                    identical((1 - 2 * n_1 * n_2).subs(unit), ((n_1 - n_2) ** 2).subs(unit)),
                    inference("both fall in tau", "enough", "range"),
                ),
                "product",
            ),
            Step(
                "What is left is an inequality in o and th on 0 < o < 1, 0 <= th <= (1 - e)/(1 + e): divided by o, "
                "it holds, with A >= 0 and q_3 >= c, on boxes that cover [0, 1]^2, in ball arithmetic. q_3 >= c >= "
                "1/2.",
                (),
                all_of(
                    every([SHARE], lambda mu: crossed_boxes(mu) is not None, "every box closes"),
                    compared(
                        sp.Eq(
                            2 * sp.UnevaluatedExpr(number) * scale**2 / (scale + 3 / scale),
                            sp.Rational(*SHARE.as_integer_ratio()),
                            evaluate=False,
                        ),
                        "mu at this x",
                    ),
                    inference("both sides at every point of a box", "product"),
                ),
                "boxes",
            ),
            optimal_below(STRENGTH, "0.0563", LAYERS, "uncrossed", "apart", "boxes"),
        ),
    )
