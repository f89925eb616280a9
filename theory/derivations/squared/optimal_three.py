"""Three classes, two layers: DNC is optimal up to more than nine tenths of its collapse, whatever the output."""

from fractions import Fraction

import sympy as sp

from dufm.theory.derivations.squared.lemmas import optimal_below, product_norm, relu_contracts
from dufm.theory.proof.checks import all_of, compared, every, identical, inference, signed
from dufm.theory.proof.derivation import Derivation, Step
from dufm.theory.proof.words import letters, same_words
from dufm.theory.squared.boxes import boxes_closed
from dufm.theory.squared.phi import objective

CLASSES, LAYERS = 3, 2
# x = u - u^4; DNC is optimal up to this x.
SCALE = Fraction(33, 40)
STRENGTH = SCALE - SCALE**4

x, s, m, u, K, a, b = sp.symbols("x s m u K a b", positive=True)
s_1, s_2, s_3 = sp.symbols("s_1 s_2 s_3", positive=True)
spare = sp.Symbol("d", nonnegative=True)


def share(value: sp.Expr) -> sp.Expr:
    """phi(s) = 1/(s^2 + x) + 2 s: what one singular value s of F costs."""
    return 1 / (value**2 + x) + 2 * value


def optimal_three() -> Derivation:
    """K = 3, L = 2: no network is below DNC for x <= u - u^4, u = 33/40."""
    W, W_t, F, F_t, B = letters("W W^T F F^T B")
    solved = (W - B * F_t) * (F * F_t + x) * (W_t - F * B)
    rules = {B * F_t * F: 1 - x * B, F_t * F * B: 1 - x * B}
    strength, least = u * (1 - u**3), 1 / u + 2 * u**2
    over = (share(s) - least).subs(x, strength)
    split = (s - u**2) ** 2 * (2 * u * s + 2 * u**3 - 1) / (u * (s**2 + strength))
    far = (x + spare) / s_3
    pair = 1 / (s_1**2 + x) + 1 / (s_3**2 + x) - 2 / (s_1 * s_3 + x)
    scale, number = (sp.Rational(v.numerator, v.denominator) for v in (SCALE, STRENGTH))
    turn = sp.diff((s**2 + x) ** 2 - s, s, 2)
    return Derivation(
        name="optimal-three",
        title="Three classes, two layers: DNC is optimal up to 0.9115 of its collapse",
        source="ours",
        states=f"For K = {CLASSES}, L = {LAYERS} DNC is globally optimal for every x = K Lambda <= u - u^4, "
        f"u = {SCALE}, which is {sp.N(number, 6)} = 0.9115 x*, every n, every width >= 3 and all strengths.",
        steps=(
            Step(
                "One sample a class and equal strengths are enough, and 2 K loss = ||W_2 F - I||^2 + x (||W_2||^2 + "
                "||W_1||^2 + ||H_1||^2). With B = (F^T F + x)^(-1), that is B F^T F = 1 - x B, the first two terms are "
                "x B plus a square: at least x tr B.",
                (),
                all_of(
                    same_words((W * F - 1) * (F_t * W_t - 1) + x * W * W_t, x * B + solved, rules),
                    inference("one sample, one strength", "derivation reductions"),
                ),
                "readout",
            ),
            Step(
                "||W_1||^2 + ||H_1||^2 >= 2 ||W_1|| ||H_1|| >= 2 ||P||_*. So 2 K loss / x >= f = sum_i 1/(s_i^2 + x) "
                "+ 2 ||P||_*, s_1 >= s_2 >= s_3 >= 0 the singular values of F.",
                (),
                all_of(
                    identical((a - b) ** 2, a**2 + b**2 - 2 * a * b),
                    product_norm(),
                    inference("the trace of B is a sum over eigenvalues", "readout"),
                ),
                "split",
            ),
            Step(
                "DNC has x = u (1 - u^3), output u^3 I, and K times g = 1/u + 2 u^2 for f. phi(s) = 1/(s^2 + x) + 2 s "
                "is at least g for every s > 0: the difference is as shown, and 2 u^3 >= 1 as long as DNC is not "
                "above zero weights.",
                (),
                all_of(
                    identical(2 * sp.UnevaluatedExpr(objective(u**3, strength, 3)), strength * least),
                    identical(sp.UnevaluatedExpr(over), split),
                    signed((s - u**2) ** 2 * (2 * u * s + spare) / (u * (s**2 + x)), "2 u^3 - 1 = d >= 0"),
                    inference("the least loss of DNC", "derivation dnc"),
                ),
                "least",
            ),
            Step(
                "Where s_1 s_3 >= x: by the first bound of the Z-test f >= phi(s_2) + 1/(s_1^2 + x) + 1/(s_3^2 + x) + "
                "4 m, m^2 = s_1 s_3, and the two fractions are at least 2/(m^2 + x), by the difference shown. So f >= "
                "phi(s_2) + 2 phi(m) >= 3 g, for every x.",
                (),
                all_of(
                    identical(
                        sp.UnevaluatedExpr(pair),
                        (s_1 * s_3 - x) * (s_1 - s_3) ** 2 / ((s_1**2 + x) * (s_3**2 + x) * (s_1 * s_3 + x)),
                    ),
                    signed(
                        sp.factor(((s_1 * s_3 - x) / ((s_1**2 + x) * (s_3**2 + x) * (s_1 * s_3 + x))).subs(s_1, far)),
                        "s_1 s_3 = x + d",
                    ),
                    inference("the first bound, and phi >= g three times", "split", "least", "derivation z-test"),
                ),
                "far",
            ),
            Step(
                "Where s_1 >= 3g/2: f >= 2 ||P||_* >= 2 ||F|| >= 2 s_1 >= 3 g, because relu does not raise a norm and "
                "||P||_* >= ||P||.",
                (),
                all_of(relu_contracts(), inference("a sum is at least its largest term", "split")),
                "large",
            ),
            Step(
                "phi turns where (s^2 + x)^2 = s, a convex function of s, shown, so at most twice for s > 0: at a "
                "maximum and at s = u^2. On an interval that does not hold u^2 its least value stands at an end.",
                (),
                all_of(
                    signed(sp.expand(turn), "positive symbols"),
                    identical(sp.Derivative(share(s), s) * (s**2 + x) ** 2 / 2, (s**2 + x) ** 2 - s),
                    identical((sp.UnevaluatedExpr(u**2) ** 2 + strength) ** 2, u**2),
                    inference("a convex function has at most two zeros", "least"),
                ),
                "turn",
            ),
            Step(
                f"What is left at u = {SCALE}, s_1 s_3 < x and s_1 <= 3g/2, is covered by boxes on each of which one "
                "of the two bounds of the Z-test gives f >= 3 g, in integers rounded outwards.",
                (),
                all_of(
                    compared(sp.Ge(2 * scale**3, 1, evaluate=False), "u^3 >= 1/2: DNC is not above zero weights"),
                    every([SCALE], lambda value: boxes_closed(value) is not None, "every box closes"),
                    inference("both bounds", "split", "turn", "derivation z-test"),
                ),
                "boxes",
            ),
            optimal_below(STRENGTH, "0.9115", LAYERS, "far", "large", "boxes"),
        ),
    )
