"""Cross-entropy: collapse in closed form, and for three classes the best logits at least margin 1."""

import sympy as sp

from dufm.theory.ce.polygons import DNC_LOGITS
from dufm.theory.ce.structure import singular_values, verify
from dufm.theory.derivations.squared.lemmas import am_gm
from dufm.theory.proof.checks import all_of, identical, inference, instances, positive_beyond
from dufm.theory.proof.derivation import Derivation, Step
from dufm.theory.proof.words import letters, same_words

K, L, alpha, lam = sp.symbols("K L alpha Lambda", positive=True)
a, b, c, d, e, f = sp.symbols("a b c d e f", positive=True)
A, B, C, D = sp.symbols("A B C D", nonnegative=True)
MARGINS = (a, b, c, d, e, f)


def _gradient(size: int) -> bool:
    """Column i of K grad CE is softmax - e_i; at alpha (I - J/K) the gradient is -b (I - J/K)."""
    soft = 1 / (sp.exp(alpha) + size - 1)
    logits = alpha * (sp.eye(size) - sp.ones(size, size) / size)
    for i in range(size):
        total = sum(sp.exp(logits[j, i]) for j in range(size))
        for j in range(size):
            found = (sp.exp(logits[j, i]) / total - int(i == j)) / size
            if sp.simplify(found + soft * (int(i == j) - sp.Rational(1, size))) != 0:
                return False
    return True


def _collapse(size: int) -> bool:
    return verify(DNC_LOGITS, size) and singular_values(DNC_LOGITS, size) == ((sp.Integer(1), size - 1),)


def centred_logits() -> sp.Matrix:
    """The centred 3 x 3 logits with margins a = Z11-Z21, b = Z11-Z31, c = Z22-Z12, d = Z22-Z32, e = Z33-Z13, f."""
    top = [(a + b) / 3, (c + d) / 3, (e + f) / 3]
    return sp.Matrix(
        [
            [top[0], top[1] - c, top[2] - e],
            [top[0] - a, top[1], top[2] - f],
            [top[0] - b, top[1] - d, top[2]],
        ]
    )


def minors() -> tuple[sp.Expr, sp.Expr, sp.Expr]:
    """(m12, m13, m23): three times the common 2 x 2 minor of two centred columns, up to sign."""
    return a * d + b * c - a * c, b * f + a * e - b * e, d * e + c * f - d * f


def _renamed(expression: sp.Expr, order: tuple[sp.Symbol, ...]) -> sp.Expr:
    return expression.subs(dict(zip(MARGINS, order, strict=True)), simultaneous=True)


def ce_dnc() -> Derivation:
    """Stationary scales of collapse; K = 3: sigma_1 sigma_2 >= 1 at least margin 1."""
    power = (L - 1) / (L + 1)
    slope = sp.diff(sp.log(1 + (K - 1) * sp.exp(-alpha)), alpha)
    soft = 1 / (sp.exp(alpha) + K - 1)
    reached = alpha * sp.exp(alpha) * soft
    logits = centred_logits()
    gram = logits.T * logits
    second = (gram.trace() ** 2 - (gram * gram).trace()) / 2
    m12, m13, m23 = minors()
    shifted = m12.subs({a: 1 + A, b: 1 + B, c: 1 + C, d: 1 + D})
    J = letters("J")[0]
    squares = (1 + A) ** 2 + (1 + C) ** 2 + (1 - A * C) ** 2
    return Derivation(
        name="ce-dnc",
        title="Cross-entropy: collapse in closed form; three classes",
        source="closed form as in Garrod and Keating (arXiv 2410.23169); K = 3 ours",
        states="DNC at scale alpha > 0 is critical iff Lambda (e^alpha + K - 1) = alpha^((L-1)/(L+1)), which has at "
        "most two solutions, the larger a minimum over scales. For K = 3 and every L it is the unique centred "
        "minimiser of sum sigma_i^p among logits of least margin 1, so nothing has a smaller limit as Lambda -> 0.",
        steps=(
            Step(
                "Z = alpha (I - J/K) has all margins alpha and the singular value alpha, K - 1 times.",
                (),
                all_of(
                    same_words((1 - J / K) * (1 - J / K), 1 - J / K, {J * J: K * J}),
                    identical(sp.UnevaluatedExpr(1 - 1 / K) - (-1 / K), 1),
                    identical(K - sp.UnevaluatedExpr(K / K), K - 1),
                    spots=[instances(range(3, 9), _collapse, "exact matrices, K = 3, ..., 8")],
                ),
                "collapse",
            ),
            Step(
                "With b = 1/(e^alpha + K - 1) the softmax is b off the class, and grad CE = -b (I - J/K): parallel to "
                "the gradient of the penalty, so DNC is critical for the full problem iff it is in alpha.",
                (),
                all_of(
                    identical(-sp.UnevaluatedExpr(slope), (K - 1) * soft),
                    identical(sp.exp(-alpha / K) / (sp.exp(alpha - alpha / K) + (K - 1) * sp.exp(-alpha / K)), soft),
                    identical(sp.UnevaluatedExpr(1 - (K - 1) * soft) - 1, -K * soft * (1 - 1 / K)),
                    spots=[instances(range(2, 6), _gradient, "symbolic in alpha, K = 2, ..., 5")],
                ),
                "gradient",
            ),
            Step(
                "Stationarity: (K-1) b = Lambda (K-1) alpha^(p-1), p = 2/(L+1).",
                (),
                all_of(
                    identical(
                        (lam * (L + 1) / 2 * (K - 1) * sp.Derivative(alpha ** (2 / (L + 1)), alpha)) / ((K - 1) * soft),
                        lam * (sp.exp(alpha) + K - 1) / alpha**power,
                    ),
                    inference("slopes of penalty and fit", "collapse", "gradient"),
                ),
            ),
            Step(
                "log of alpha^((L-1)/(L+1)) b has derivative ((L-1)/(L+1) - alpha a)/alpha, a = e^alpha b. alpha a "
                "increases from 0 without bound, so that hump has one top: at most two stationary scales, and F' "
                "turns from < 0 to > 0 at the larger.",
                (
                    sp.Eq(
                        alpha * sp.Derivative(power * sp.log(alpha) + sp.log(soft), alpha),
                        power - reached,
                    ),
                    sp.Eq(
                        sp.Derivative(reached, alpha),
                        sp.exp(alpha) * soft**2 * (sp.exp(alpha) + (K - 1) * (1 + alpha)),
                    ),
                ),
                all_of(
                    identical(alpha * sp.diff(power * sp.log(alpha) + sp.log(soft), alpha), power - reached),
                    identical(
                        sp.diff(reached, alpha),
                        sp.exp(alpha) * soft**2 * (sp.exp(alpha) + (K - 1) * (1 + alpha)),
                    ),
                ),
            ),
            Step(
                "Three classes. Centred logits (centring lowers the penalty and keeps the margins) have rank <= 2, "
                "and sigma_1^p + sigma_2^p >= 2 (sigma_1 sigma_2)^(p/2) by AM-GM. With margins a, ..., f, (sigma_1 "
                "sigma_2)^2 is the second symmetric function of Z^T Z.",
                (sp.Eq(sp.Symbol("sigma_1^2 sigma_2^2"), (m12**2 + m13**2 + m23**2) / 3),),
                all_of(am_gm(), identical(sp.expand(second), sp.expand((m12**2 + m13**2 + m23**2) / 3))),
            ),
            Step(
                "Exchanging classes exchanges the m: 2 <-> 3 maps m12 to m13, 1 <-> 3 maps m12 to m23. If all three "
                "are > 1, the sum of squares is > 3. Otherwise let m12 <= 1.",
                (),
                all_of(
                    identical(_renamed(m12, (b, a, e, f, c, d)), m13),
                    identical(_renamed(m12, (f, e, d, c, b, a)), m23),
                ),
            ),
            Step(
                "Write a = 1 + A, and so on, all >= 0. m12 <= 1 says D (1+A) + B (1+C) <= A C, so D <= A C/(1+A) <= C "
                "and B <= A C/(1+C) <= A; and m12 >= 1 - A C.",
                (sp.Eq(sp.Symbol("m_12") - 1, D * (1 + A) + B * (1 + C) - A * C),),
                all_of(
                    identical(shifted - 1, D * (1 + A) + B * (1 + C) - A * C),
                    identical(C - A * C / (1 + A), C / (1 + A)),
                    identical(A - A * C / (1 + C), A / (1 + C)),
                ),
            ),
            Step(
                "Then m13 = b f + e (a - b) >= b + (A - B) = 1 + A and m23 = d e + f (c - d) >= 1 + C, as e, f >= 1.",
                (sp.Eq(sp.Symbol("m_13"), b * f + e * (a - b)), sp.Eq(sp.Symbol("m_23"), d * e + f * (c - d))),
                all_of(
                    identical(m13, b * f + e * (a - b)),
                    identical(m23, d * e + f * (c - d)),
                    identical((b + (a - b)).subs(a, 1 + A), 1 + A),
                ),
            ),
            Step(
                "If A C <= 1 the sum of squares is at least the left side, >= 3. If A C > 1 then A + C > 2 and the "
                "first two squares alone exceed 3. Equality: A = C = 0, so B = D = 0, and then m13 = f, m23 = e are "
                "1: DNC alone.",
                (sp.Eq(squares - 3, 2 * A + 2 * C + (A - C) ** 2 + A**2 * C**2),),
                all_of(
                    identical(squares - 3, 2 * A + 2 * C + (A - C) ** 2 + A**2 * C**2),
                    # (1+A)^2 + (1+C)^2 >= 2 + 2 (A + C), and A + C >= 2 sqrt(A C) > 2.
                    identical((1 + A) ** 2 + (1 + C) ** 2 - 2 - 2 * (A + C), A**2 + C**2),
                    positive_beyond(2 + 2 * A - 3, A, 2),
                    identical(m13.subs({a: 1, b: 1}), f),
                    identical(m23.subs({c: 1, d: 1}), e),
                ),
            ),
        ),
    )
