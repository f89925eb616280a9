"""Cross-entropy, three classes, weak regularisation: collapse is globally optimal at every depth (explicit bound)."""

from collections.abc import Sequence
from fractions import Fraction
from random import Random

import sympy as sp
from flint import arb, fmpq

from dufm.theory.ce.numbers import working
from dufm.theory.derivations.ce.dnc import MARGINS, minors
from dufm.theory.derivations.squared.lemmas import am_gm
from dufm.theory.proof.checks import (
    Check,
    all_of,
    every,
    identical,
    inference,
    named,
    positive_beyond,
    random_rational,
    seeded,
    signed,
)
from dufm.theory.proof.derivation import Derivation, Step
from dufm.theory.proof.theorems import JENSEN, quoted

alpha, theta, w, kappa, rho, mu, t = sp.symbols("alpha theta w kappa rho mu t", positive=True)
a, b, c, d, e, f = MARGINS
A, B, C, D, E, F = sp.symbols("A B C D E F", nonnegative=True)
EXCESS = (A, B, C, D, E, F)
# Scale from which the bound holds, exponent, where large margins begin, strength mu: what the steps below need.
SCALE, POWER, LARGE = 17, Fraction(99, 100), Fraction(9, 10)
STRENGTH = Fraction(1, 10**9)
THETA = SCALE * POWER


def _sum_of_minors() -> tuple[sp.Expr, sp.Expr]:
    """m12 + m13 + m23 - 3 at margins 1 + z, split into its linear and its quadratic part."""
    z = sp.symbols("z1:7", real=True)
    names = {m: 1 + x for m, x in zip(MARGINS, z, strict=True)}
    linear = sp.Add(*z)
    return linear, sp.expand(sp.Add(*minors()).subs(names, simultaneous=True) - 3 - linear)


def _form_above(least: int) -> bool:
    """Whether the quadratic part is >= -least |z|^2, and homogeneous: all eigenvalues of its matrix, exactly."""
    _, form = _sum_of_minors()
    z = sp.symbols("z1:7", real=True)
    matrix = sp.hessian(form, z) / 2
    exact = sp.expand((sp.Matrix(z).T * matrix * sp.Matrix(z))[0] - form) == 0
    return exact and all(value >= -least for value in matrix.eigenvals())


def _moves(order: Sequence[sp.Symbol]) -> bool:
    """Whether a renaming of the classes permutes the three minors."""
    names = dict(zip(MARGINS, order, strict=True))
    moved = {sp.expand(m.subs(names, simultaneous=True)) for m in minors()}
    return moved == {sp.expand(m) for m in minors()}


def _reaches_all() -> bool:
    """The two exchanges of classes carry the margin a to all six places."""
    swaps = [dict(zip(MARGINS, order, strict=True)) for order in ((b, a, e, f, c, d), (f, e, d, c, b, a))]
    reached = {a}
    for _ in range(6):
        reached |= {swap[x] for swap in swaps for x in reached}
    return reached == set(MARGINS)


def _concave_power() -> Check:
    """((u + v)/2)^k >= (u^k + v^k)/2 for 0 < k <= 1; here k = 1/2, squared."""

    def holds(rng: Random) -> bool:
        u, v = random_rational(rng), random_rational(rng)
        return (u**2 + v**2) / 2 >= ((u + v) / 2) ** 2

    # The second derivative of -t^k is k (1 - k) t^(k-2), at k = 1 / (1 + m) >= 0.
    m = sp.Symbol("m", nonnegative=True)
    convex = signed((t ** (1 / (1 + m) - 2) * m / (1 + m) ** 2), "k = 1 / (1 + m)")
    return all_of(
        identical(sp.Derivative(-(t**rho), t, 2), rho * (1 - rho) * t ** (rho - 2)),
        quoted(JENSEN, convex, spots=[seeded(holds)]),
    )


def _ball(value: Fraction | int) -> arb:
    exact = Fraction(value)
    return arb(fmpq(exact.numerator, exact.denominator))


def loss_of_fit(scale: Fraction | int) -> arb:
    """log(1 + 2 e^(-scale)) at flint's current precision."""
    return (1 + 2 * (-_ball(scale)).exp()).log()


def _numbers() -> Check:
    """The numerical conditions, each by balls."""

    def holds(case: str) -> bool:
        with working(30):
            lowest = 1 - arb(6).log() / _ball(THETA)
            conditions = {
                "q <= 1 - kappa": 3 * loss_of_fit(SCALE) < _ball(1 - POWER),
                "small margins": (_ball(THETA * LARGE) - 1) / _ball(THETA * LARGE**2) > 1,
                "large margins": lowest**4 * _ball(3 + 2 * LARGE) > 3,
                "strength": loss_of_fit(SCALE + 2) + 2 * _ball(STRENGTH) * (SCALE + 2) < loss_of_fit(SCALE),
            }
            return bool(conditions[case])

    return every(["q <= 1 - kappa", "small margins", "large margins", "strength"], holds, "four inequalities by balls")


def _largest() -> Check:
    """With A the largest excess: the squares of the minors sum to at least 3 + 2 A, case by case."""
    first = 3 + 2 * A + 2 * C + (A - C) ** 2 + A**2 * C**2
    second = 3 + 2 * A + A**2 + D**2 - 2 * F * D + 2 * D + F**2 * D**2
    return all_of(
        identical((1 + A) ** 2 + 2 - (3 + 2 * A), A**2),
        identical((1 + A) ** 2 + (1 + C) ** 2 + (1 - A * C) ** 2, first),
        identical((1 + A) ** 2 + (1 + D) ** 2 + (1 - F * D) ** 2, second),
        # F <= A: A^2 + D^2 - 2 F D >= (A - D)^2; and past A C = 1 or F D = 1, A^2 + C^2 >= 2 A C > 2.
        identical(A**2 + D**2 - 2 * A * D, (A - D) ** 2),
        identical((1 + A) ** 2 + (1 + C) ** 2 - (2 + 2 * A + 2 * C + 2 * A * C), (A - C) ** 2),
    )


def ce_three() -> Derivation:
    """K = 3: CE(Z) = log(1 + 2 e^(-alpha)), alpha >= 17, makes sigma_1 sigma_2 >= alpha^2; so DNC is optimal."""
    fit = sp.log(1 + 2 * sp.exp(-t))
    share = 2 * sp.exp(-t) / (1 + 2 * sp.exp(-t))
    outer = sp.log(1 + 2 * w**rho)
    ratio = 2 * w**rho / (1 + 2 * w**rho)
    m12, m13, m23 = (
        sp.expand(m.subs({x: 1 + y for x, y in zip(MARGINS, EXCESS, strict=True)}, simultaneous=True)) for m in minors()
    )
    return Derivation(
        name="ce-three",
        title="Cross-entropy: three classes at weak regularisation",
        source="ours",
        states=f"For K = 3 and every L >= 1, DNC is a global minimiser whenever its least loss is at most "
        f"log(1 + 2 e^(-{SCALE})), in particular for mu = (L+1)/2 Lambda <= {power_of_ten(STRENGTH)}. (Close to its "
        "own collapse it is not: ce-undecided.)",
        steps=(
            Step(
                f"Let f(t) = log(1 + 2 e^(-t)) and F* <= f({SCALE}) be DNC's least loss. Logits with CE(Z) > "
                f"f({SCALE}) cost more than F*. Others have CE(Z) = f(alpha), alpha >= {SCALE}; they may be taken "
                "centred (ce-reduction), so of rank <= 2, and sum sigma^p >= 2 (sigma_1 sigma_2)^(p/2). So it is "
                "enough that sigma_1 sigma_2 >= alpha^2: then Z costs at least DNC's loss at scale alpha, >= F*.",
                (),
                all_of(
                    named(sp.Symbol("f"), fit),
                    am_gm(sp.Symbol("sigma_1", nonnegative=True), sp.Symbol("sigma_2", nonnegative=True)),
                    inference("reduction and DNC's loss", "derivation ce-reduction", "derivation ce-dnc"),
                ),
                "enough",
            ),
            Step(
                "With margins a, ..., f as in ce-dnc, (sigma_1 sigma_2)^2 = (m12^2 + m13^2 + m23^2)/3: the sum of "
                "squares must be at least 3 alpha^4. The renamings of classes permute the minors, and carry any margin "
                "to any other.",
                (),
                all_of(
                    every([(b, a, e, f, c, d), (f, e, d, c, b, a)], _moves, "two exchanges of classes, symbolically"),
                    every([None], lambda _: _reaches_all(), "their orbit of a margin"),
                    inference("second symmetric function of Z^T Z", "enough", "derivation ce-dnc"),
                ),
                "minors",
            ),
            Step(
                "Write the loss of class i as f(s_i). f' = -q, f'' = q (1-q), q = 1 - e^(-f) <= f(s_i) <= 3 f(alpha) "
                "<= 1 - kappa, kappa = 99/100. So f is convex and increasing as a function of w = e^(-kappa s) there "
                "(rho = 1/kappa below), and by Jensen mean e^(-kappa s_i) <= e^(-kappa alpha).",
                (),
                all_of(
                    identical(sp.Derivative(fit, t), -share),
                    identical(sp.Derivative(fit, (t, 2)), share * (1 - share)),
                    identical(sp.Derivative(outer, (w, 2)) * w**2, rho * ratio * (rho * (1 - ratio) - 1)),
                    _numbers(),
                    inference("Jensen for the convex function of w", "enough"),
                ),
                "jensen",
            ),
            Step(
                "e^(-s_i) is the mean of e^(-margin) over the two margins of class i, so e^(-kappa s_i) is at least "
                "the mean of e^(-kappa margin). In units of alpha, margins 1 + z and theta = kappa alpha >= 16.83: "
                "sum e^(-theta z) <= 6 over the six margins. In particular every z >= -log(6)/theta.",
                (),
                all_of(_concave_power(), inference("two margins a class, three classes", "jensen")),
                "margins",
            ),
            Step(
                "If all z <= 9/10: (e^(-w) - 1 + w)/w^2, the integral of (1-t) e^(-w t) over [0, 1], falls with w, so "
                "sum z >= (theta Z - 1)/(theta Z^2) sum z^2 >= sum z^2, Z = 9/10. And m12 + m13 + m23 = 3 + sum z + a "
                "quadratic form with least eigenvalue -1, so it is >= 3: the sum of squares is >= 3.",
                (),
                all_of(
                    identical(sp.Integral((1 - t) * sp.exp(-w * t), (t, 0, 1)), (sp.exp(-w) - 1 + w) / w**2),
                    every([1], _form_above, "eigenvalues of the quadratic form, exactly"),
                    identical(sp.Derivative((theta * t - 1) / (theta * t**2), theta), 1 / (theta**2 * t**2)),
                    _numbers(),
                    inference("a mean of squares is at least the square of the mean", "minors", "margins"),
                ),
                "small",
            ),
            Step(
                "Otherwise let a be the largest margin, > 19/10. In units of the least possible one, l = 1 - "
                "log(6)/theta, margins are 1 + A, ..., 1 + F, all excesses >= 0 and A >= 9/10 the largest. m13 = b f + "
                "e (a - b) >= 1 + A.",
                (sp.Eq(sp.Symbol("m_13"), b * f + e * (a - b)),),
                all_of(
                    identical(minors()[1], b * f + e * (a - b)),
                    identical(m13 - (1 + A), F + B * F + E * (A - B)),
                    inference("a is the largest margin", "minors", "margins"),
                ),
                "large",
            ),
            Step(
                "If m12 < 1, then m12 >= 1 - A C and m23 >= 1 + C (ce-dnc); if m23 < 1, then, exchanging classes 1 "
                "and 3, m23 >= 1 - F D and m12 >= 1 + D. In each case, and if both are >= 1, the squares sum to >= 3 "
                "+ 2 A.",
                (),
                all_of(
                    inference("case by case", "large", "derivation ce-dnc"),
                    identical(m12 - (1 - A * C), B + D + A * D + B * C),
                    identical(m23 - (1 - F * D), E + C + D * E + C * F),
                    # m12 < 1 makes D <= A C/(1+A) <= C, so m23 >= d e + f (c - d) >= 1 + C; likewise for m23 < 1.
                    identical(m23 - (1 + C), E * (1 + D) + F * (C - D)),
                    identical(m12 - (1 + D), B * (1 + C) + A * (D - C)),
                    identical(C - A * C / (1 + A), C / (1 + A)),
                    identical(D - F * D / (1 + F), D / (1 + F)),
                    _largest(),
                ),
                "squares",
            ),
            Step(
                "So the sum of squares is at least l^4 (3 + 2 9/10) > 3 in units of alpha^4, as theta >= 16.83.",
                (),
                all_of(
                    _numbers(),
                    identical(sp.Derivative(1 - sp.log(6) / theta, theta), sp.log(6) / theta**2),
                    inference("in units of the least possible margin", "squares"),
                ),
            ),
            Step(
                "F* <= f(19) + 2 mu 19^p <= f(19) + 38 mu, which is below f(17) for mu <= 10^(-9): p <= 1.",
                (),
                all_of(_numbers(), positive_beyond(t - 1, t, 2), inference("DNC at scale 19", "derivation ce-dnc")),
            ),
        ),
    )


def power_of_ten(value: Fraction) -> str:
    """A power of ten in words."""
    return f"10^(-{len(str(value.denominator)) - 1})"
