"""Four classes, two layers: one network in closed form, a path with a loop, below DNC near its collapse."""

from fractions import Fraction
from typing import Any

import sympy as sp

from dufm.theory.proof.checks import all_of, compared, definition, every, identical, inference, signed
from dufm.theory.proof.derivation import Derivation, Step
from dufm.theory.proof.theorems import CAUCHY_SCHWARZ, quoted
from dufm.theory.proof.words import letters, same_words
from dufm.theory.squared.phi import objective

CLASSES, LAYERS = 4, 2
# DNC has x = u - u^4 and output u^3 I; the network below is cheaper from this x on.
SCALE = Fraction(497, 625)
STRENGTH = SCALE - SCALE**4
# (t, m, p, s) of the network, in units of 1/18.
WEIGHTS = (11, 10, 10, 5)

t, m, p, s, n, x, u, z = sp.symbols("t m p s n x u z", positive=True)


def neck() -> tuple[Any, Any]:
    """(P, F), F = relu(P): P = b b^T/m - a a^T/t of rank two, F the path 1-4-3-2 with a loop at 2; m = t n^2/s^2."""
    a, b = sp.Matrix([p, 0, s, -t]), sp.Matrix([0, m, n, 0])
    P = (b * b.T / m - a * a.T / t).subs(m, t * n**2 / s**2)
    F = sp.Matrix([[0, 0, 0, p], [0, m, n, 0], [0, n, 0, s], [p, 0, s, 0]]).subs(m, t * n**2 / s**2)
    return P.applyfunc(sp.expand), F


def determinant(shift: sp.Expr = x) -> sp.Expr:
    """q(x) = det(F^T F + x)."""
    return (shift**2 + (p**2 + s**2 + n**2) * shift + p**2 * n**2) ** 2 + m**2 * shift * (shift + p**2 + s**2) ** 2


def nuclear_squared() -> sp.Expr:
    """||P||_*^2."""
    return (t + m + (p**2 + 2 * s**2) / t) ** 2 - 4 * s**4 / t**2


def share() -> sp.Expr:
    """2 K loss / x of the network at its best readout and balance."""
    return sp.diff(determinant(), x) / determinant() + 2 * sp.sqrt(nuclear_squared())


def _instance() -> dict[Any, Any]:
    """The network of the last step at its strength."""
    found: dict[Any, Any] = dict(zip((t, m, p, s), (sp.Rational(v, 18) for v in WEIGHTS), strict=True))
    found[n] = found[s] * sp.sqrt(found[m] / found[t])
    return found | {x: sp.Rational(STRENGTH.numerator, STRENGTH.denominator)}


def four_classes() -> Derivation:
    """f_x of the family in closed form, and one member below DNC."""
    P, F = neck()
    removed: Any = F - P
    gram: Any = F.T * F
    same = {m: t * n**2 / s**2}
    W, W_t, G, G_t, B = letters("W W^T F F^T B")
    solved = (W - B * G_t) * (G * G_t + x) * (W_t - G * B)
    rules = {B * G_t * G: 1 - x * B, G_t * G * B: 1 - x * B}
    up, down = sp.symbols("l_+ l_-", real=True)
    square: Any = sp.expand((P * P).trace())
    least = 1 / u + 2 * u**2
    scale = sp.Rational(SCALE.numerator, SCALE.denominator)
    return Derivation(
        name="four-classes",
        title="Four classes, two layers: a path with a loop beats collapse near its end",
        source="ours",
        states=f"For K = {CLASSES}, L = {LAYERS} and t, m, p, s > 0 there is a network with 2 K loss / x = q'(x)/q(x) "
        "+ 2 sqrt((t + m + (p^2 + 2 s^2)/t)^2 - 4 s^4/t^2), where q(x) = (x^2 + (p^2 + s^2 + n^2) x + p^2 n^2)^2 + m^2 "
        f"x (x + p^2 + s^2)^2 and n = s sqrt(m/t). With (t, m, p, s) = {WEIGHTS}/18 it is below DNC at x = u - u^4, "
        f"u = {SCALE}, which is {sp.N(STRENGTH, 6)}, and so some network is for every x from there to x*. Hidden "
        "width >= 4.",
        steps=(
            Step(
                "P = b b^T/m - a a^T/t, a = (p, 0, s, -t), b = (0, m, n, 0), m s^2 = t n^2. P = F - N, F and N >= 0 "
                "without common support: F = relu(P), the weighted path 1-4-3-2 with a loop at 2.",
                (),
                all_of(
                    identical(P, F - removed),
                    identical(removed[2, 2], 0),
                    every(
                        [(i, j) for i in range(4) for j in range(4)],
                        lambda ij: sp.expand(F[ij] * removed[ij]) == 0,
                        "every entry",
                    ),
                    *(signed(v, "an entry of N") for v in dict.fromkeys(map(sp.cancel, removed)) if v != 0),
                    definition("P, F and N"),
                ),
                "names",
            ),
            Step(
                "P has rank two, and its two eigenvalues have the product shown, <= 0 by Cauchy-Schwarz: ||P||_* is "
                "their difference, whose square is 2 tr P^2 - (tr P)^2.",
                (),
                all_of(
                    identical(
                        sp.UnevaluatedExpr((z * sp.eye(4) - P).det(method="berkowitz")),
                        z**4 - P.trace() * z**3 + (P.trace() ** 2 - square) / 2 * z**2,
                    ),
                    identical(
                        (P.trace() ** 2 - square) / 2,
                        ((n * s) ** 2 - (p**2 + s**2 + t**2) * (m**2 + n**2)).subs(same) / (t**2 * n**2 / s**2),
                    ),
                    identical((up - down) ** 2, 2 * (up**2 + down**2) - (up + down) ** 2),
                    identical(2 * square - P.trace() ** 2, nuclear_squared().subs(same)),
                    quoted(CAUCHY_SCHWARZ),
                    inference("<a, b> = n s, ||a||^2, ||b||^2", "names"),
                ),
                "nuclear",
            ),
            Step(
                "det(F^T F + x) = q(x), and the trace of the adjugate is q'(x): tr (F^T F + x)^(-1) = q'(x)/q(x).",
                (),
                all_of(
                    identical(
                        sp.UnevaluatedExpr((gram + x * sp.eye(4)).det(method="berkowitz")), determinant().subs(same)
                    ),
                    identical((gram + x * sp.eye(4)).adjugate().trace(), sp.diff(determinant(), x).subs(same)),
                    inference("inverse and adjugate", "names"),
                ),
                "determinant",
            ),
            Step(
                "One sample a class, equal strengths: 2 K loss = ||W_2 F - I||^2 + x (||W_2||^2 + ||W_1||^2 + "
                "||H_1||^2). With B = (F^T F + x)^(-1) the first two terms are x B plus a square that is 0 for W_2 = B "
                "F^T; and ||W_1||^2 + ||H_1||^2 = 2 ||P||_* for the two halves of a singular value decomposition.",
                (),
                all_of(
                    same_words((W * G - 1) * (G_t * W_t - 1) + x * W * W_t, x * B + solved, rules),
                    inference("traces", "nuclear", "determinant", "derivation reductions"),
                ),
                "loss",
            ),
            Step(
                "DNC has x = u (1 - u^3), output u^3 I, and 2 K loss / x = K (1/u + 2 u^2). The network is below it.",
                (),
                all_of(
                    identical(2 * sp.UnevaluatedExpr(objective(u**3, u * (1 - u**3), 3)), u * (1 - u**3) * least),
                    compared(sp.Ge(2 * scale**3, 1, evaluate=False), "u^3 >= 1/2: DNC is not above zero weights"),
                    compared(
                        sp.Lt(
                            sp.UnevaluatedExpr(share().subs(_instance())),
                            CLASSES * least.subs(u, scale),
                            evaluate=False,
                        ),
                        "a rational number and a square root",
                    ),
                    inference("the least loss of DNC", "loss", "derivation dnc"),
                ),
                "below",
            ),
            Step(
                "So some network is below DNC at every x from there to x*.",
                (),
                inference("a win at one x", "below", "derivation threshold"),
            ),
        ),
    )
