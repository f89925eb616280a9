"""Three classes, three layers: DNC is optimal up to a strength x > 0, not only in the limit of weak decay."""

from fractions import Fraction

import sympy as sp

from dufm.theory.derivations.squared.crossed_lemmas import (
    crossed_steps,
    loss,
    n_1,
    n_2,
    o,
    p,
    share,
    th,
    unit,
)
from dufm.theory.derivations.squared.lemmas import optimal_below, product_norm
from dufm.theory.proof.checks import all_of, compared, every, identical, inference, signed
from dufm.theory.proof.derivation import Derivation, Step
from dufm.theory.proof.theorems import BINOMIAL, CONTRACTION, quoted
from dufm.theory.proof.words import letters, same_words
from dufm.theory.squared.crossed_three import crossed_boxes
from dufm.theory.squared.phi import objective

CLASSES, LAYERS = 3, 3
# DNC's x = (y^2 - 1)/y^3 at this y, and its least value y + 3/y of 2/y + 2y - x y^2.
SCALE = Fraction(31, 30)
STRENGTH = (SCALE**2 - 1) / SCALE**3

x, y, w, q, rho, s = sp.symbols("x y w q rho s", positive=True)
A, d, f, g, b = sp.symbols("A d f g b", nonnegative=True)


def value(at: sp.Expr, strength: sp.Expr) -> sp.Expr:
    """2/y + 2y - x y^2: what an eigenvalue 1/y^2 of the first features costs at least."""
    return 2 / at + 2 * at - strength * at**2


def three_layers_optimal() -> Derivation:
    """DNC is optimal for K = 3, L = 3 at every x <= (y^2 - 1)/y^3, y = 31/30."""
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
    at = sp.Symbol("v", positive=True)
    higher = (w**2 - 1) / w**3
    N, N_t, De, T_d, C = letters("N N^T Delta T C")
    return Derivation(
        name="three-layers-optimal",
        title="Three classes, three layers: collapse is optimal for small strengths, whatever the output",
        source="ours",
        states=f"For K = {CLASSES}, L = {LAYERS} DNC is globally optimal for every x = K Lambda <= (y^2 - 1)/y^3, y = "
        f"{SCALE}, which is {sp.N(number, 6)} = 0.2257 x*, every n, every width >= 3 and all strengths.",
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
                "Put v_i = c_i Delta_i, rho_i = D_i/c_i^2, pi_i = c_i d_i' (c_3 d_3 for i = 3). For a diagonal T, 0 < "
                "T <= 1, T^2 + C^2 = 1, some smaller D has the eigenvalues of (T Delta N)(N^T Delta T), so T Delta may "
                "stand for Delta in it. It lowers each v_i > 1/(x rho_i) to that: f is at least the sum of 2 pi_i/v_i "
                "+ 2 v_i - x rho_i v_i^2 over the i with v_i <= 1/(x rho_i) and of 1/(x rho_i) over the others.",
                (),
                all_of(
                    same_words(N_t * De * (1 - T_d * T_d) * De * N, N_t * De * C * C * De * N, {T_d * T_d: 1 - C * C}),
                    quoted(CONTRACTION),
                    identical(sp.UnevaluatedExpr(2 * at - x * rho * at**2).subs(at, 1 / (x * rho)), 1 / (x * rho)),
                    inference("the eigenvectors of Delta D_0 Delta kept", "value", "trace", "dual", "range"),
                ),
                "apart",
            ),
            Step(
                "With q = pi^(1/2), v = q z, X = x rho q a term is q times 2/z + 2z - X z^2, z <= 1/X, or q/X. Let X = "
                "(w^2 - 1)/w^3, y <= w, w^2 <= 3/2. Then both are at least q (w + 3/w), by step least at w, and by the "
                "first difference shown. It is at least q g - q w^2 (X - x), by the second. X rises with w.",
                (),
                all_of(
                    identical(sp.Derivative(higher, w), (3 - w**2) / w**4),
                    identical(
                        sp.UnevaluatedExpr(2 * q**2 / (q * at) + 2 * q * at - x * rho * (q * at) ** 2),
                        q * value(at, x * rho * q),
                    ),
                    identical(1 / sp.UnevaluatedExpr(higher) - w - 3 / w, (3 - 2 * w**2) / (w * (w**2 - 1))),
                    identical(
                        w + 3 / w + w**2 * (sp.UnevaluatedExpr(higher) - strength) - least,
                        (w - y) ** 2 * (2 / (w * y**2) - strength),
                    ),
                    compared(
                        sp.Le(sp.Rational(3, 2) * number * scale**2 / 2, 1, evaluate=False), "w <= 3/2 <= 2/(x y^2)"
                    ),
                    inference("1/X <= 2/(X w^2)", "apart", "least"),
                ),
                "slope",
            ),
            Step(
                "For X <= x a term is at least q g: 2/z + 2z - X z^2 >= g for z <= 2/(x y^2), else it is at least z, "
                "and 1/X >= 1/x. Both are more than g. So a term is at least q g - x w^2 (rho q^2 - q)_+ whenever X <= "
                "(w^2 - 1)/w^3, y <= w, w^2 <= 3/2.",
                (),
                all_of(
                    identical(value(at, x) - at, 2 / at + at * (1 - x * at)),
                    compared(
                        sp.Ge(2 / (sp.UnevaluatedExpr(number) * scale**2), scale + 3 / scale, evaluate=False),
                        "2/(x y^2) >= g",
                    ),
                    compared(sp.Ge(1 / sp.UnevaluatedExpr(number), scale + 3 / scale, evaluate=False), "1/x >= g"),
                    identical(q * w**2 * (sp.UnevaluatedExpr(x * rho * q) - x), x * w**2 * (rho * q**2 - q)),
                    inference("x is (y^2 - 1)/y^3", "slope", "least"),
                ),
                "tangent",
            ),
            Step(
                "f >= 3g if g (q_1 + q_2 + q_3 - 3) >= x sum w_i^2 (rho_i q_i^2 - q_i)_+. q_3^4 = G_22 c/((1 - o)(1 + "
                "o)), rho_3 = 1/c. For i = 1, 2, A <= o, s = (1 + th^2)^2 - 1 a bracket is at most (1 - k chi_i)(s + "
                "(1 + s)(o - A) phi_i), as q_i >= 1 - k chi_i, and rho_i q_i <= (1 + o phi_i)(1 + th^2)^(3/2).",
                (),
                all_of(
                    identical(
                        sp.UnevaluatedExpr((1 + A * f) * (1 + (o - A) * f)) - (1 + o * f),
                        A * (o - A) * f**2,
                    ),
                    identical(
                        sp.UnevaluatedExpr((1 + s) * (1 + b) * (1 - d) - (1 - d)),
                        (1 - d) * (s + (1 + s) * b),
                    ),
                    identical(
                        sp.UnevaluatedExpr((1 + th**2) * (1 + A * f) * (1 - d)) - (1 - d),
                        (1 - d) * (th**2 + A * f + th**2 * A * f),
                    ),
                    signed(th**2 + A * f + th**2 * A * f, "th, A, phi >= 0"),
                    identical(
                        sp.UnevaluatedExpr(sp.sqrt((1 + th**2) / p) / p ** sp.Rational(3, 2)).subs(
                            p, 1 / sp.sqrt(1 + th**2)
                        ),
                        (1 + th**2) ** sp.Rational(3, 2),
                    ),
                    inference("0 < 1 - k chi_i <= 1, A >= 0, c_i >= p", "tangent", "trace", "dual", "range"),
                ),
                "enough",
            ),
            Step(
                "In nu = n_1 n_2, tau = 2 th nu: phi_1 + phi_2 = 1 - tau, so each is at most that, chi_1 + chi_2 = 1 + "
                "tau, phi_1 chi_1 + phi_2 chi_2, phi_1 phi_2 and chi_1 chi_2 are as shown; th/(1 + th^2) <= nu <= 1/2, "
                "as phi_1 phi_2 >= 0. So both brackets and q_1 + q_2 = (pi_1 + pi_2 + 2 (pi_1 pi_2)^(1/2))^(1/2) "
                "depend on o, th and nu alone, pi_i = (1 + th^2)(1 + A phi_i)(1 - k chi_i).",
                (),
                all_of(
                    identical((sp.UnevaluatedExpr(share(n_1, n_2)) + share(n_2, n_1)).subs(unit), (1 - tau).subs(unit)),
                    identical((sp.UnevaluatedExpr(loss(n_1, n_2)) + loss(n_2, n_1)).subs(unit), (1 + tau).subs(unit)),
                    identical(
                        (sp.UnevaluatedExpr(share(n_1, n_2) * loss(n_1, n_2)) + share(n_2, n_1) * loss(n_2, n_1)).subs(
                            unit
                        ),
                        (1 - 2 * (1 + th**2) * (n_1 * n_2) ** 2).subs(unit),
                    ),
                    identical(
                        sp.UnevaluatedExpr(share(n_1, n_2) * share(n_2, n_1)).subs(unit),
                        (n_1 * n_2 * ((1 + th**2) * n_1 * n_2 - th)).subs(unit),
                    ),
                    identical(
                        sp.UnevaluatedExpr(loss(n_1, n_2) * loss(n_2, n_1)).subs(unit),
                        (n_1 * n_2 * ((1 + th**2) * n_1 * n_2 + th)).subs(unit),
                    ),
                    identical((1 - 2 * n_1 * n_2).subs(unit), ((n_1 - n_2) ** 2).subs(unit)),
                    identical((q + s) ** 2, q**2 + s**2 + 2 * sp.sqrt(q**2 * s**2)),
                    inference("c_i d_i' = pi_i", "enough", "range"),
                ),
                "three",
            ),
            Step(
                "What is left is an inequality in o, th and nu on 0 < o < 1, 0 <= th <= (1 - e)/(1 + e), th/(1 + th^2) "
                "<= nu <= 1/2: divided by o, it holds, with o >= A >= 0, q_3 >= c and numbers w, on boxes that cover "
                "[0, 1]^3, in ball arithmetic.",
                (),
                all_of(
                    every([SCALE], lambda scale: crossed_boxes(scale) is not None, "every box closes"),
                    inference("both sides at every point of a box", "three"),
                ),
                "boxes",
            ),
            optimal_below(STRENGTH, "0.2257", LAYERS, "uncrossed", "apart", "boxes"),
        ),
    )
