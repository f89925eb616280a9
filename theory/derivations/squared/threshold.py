"""One threshold: below it DNC is optimal, above it low rank wins, and above a second one zero weights are optimal."""

import sympy as sp

from dufm.theory.derivations.squared.lemmas import homogeneity
from dufm.theory.proof.checks import all_of, identical, inference, signed
from dufm.theory.proof.derivation import Derivation, Step
from dufm.theory.proof.theorems import CAUCHY_SCHWARZ, quoted
from dufm.theory.squared.phi import objective

p, T, T_1, T_2, x, x_1, K, lam = sp.symbols("p T T_1 T_2 x x_1 K lambda", positive=True)
r, q, S, k = sp.symbols("r q S k", real=True)
N, Z, Y = sp.symbols("N Z Y", positive=True)
# L = p - 1 >= 1, and d >= 0 for what is known not to be negative.
L_less_1, spare, d = sp.symbols("l d_0 d", nonnegative=True)
fit, size = sp.symbols("z s", nonnegative=True)


def strength_at(scale: sp.Expr) -> sp.Expr:
    """The x = K Lambda at which DNC is stationary with output T I: x T^(2/p) = T (1 - T)."""
    return scale ** (1 - 2 / p) * (1 - scale)


def gap(scale: sp.Expr) -> sp.Expr:
    """(loss of the network - loss of DNC) / T at x(T), the network scaled with T: affine in T."""
    return scale * (q - 1) / 2 - (r - 1) + p / 2 * (1 - scale) * (S - 1)


def network(scale: sp.Expr) -> sp.Expr:
    """Loss at x(T) of a network whose fit and squared norms are q, r, S times those of DNC with output T I."""
    return (scale**2 * q - 2 * scale * r + 1) / 2 + p / 2 * strength_at(scale) * scale ** (2 / p) * S


def threshold() -> Derivation:
    """Who wins at (K, L) is decided by two numbers x_c <= x* <= x_e."""
    squares = (Z * k**2 - 2 * Y * k + N) / (2 * N)
    slope = sp.diff(gap(T), T)
    less = sp.symbols("e", real=True)  # r = 1 + e
    dearer = sp.symbols("w", real=True)  # (p/2) (S - 1)
    named = {q: (1 + less) ** 2 + d, r: 1 + less, S: 1 + 2 * dearer / p}
    above = sp.symbols("g", positive=True)  # e - w > 0
    lower, step = sp.symbols("G_1 m", positive=True)
    factors = L_less_1 + 2
    late = 1 - 1 / (factors - 1) + spare
    return Derivation(
        name="threshold",
        title="One threshold decides a cell, a second one where everything collapses",
        source="ours",
        states="For every K >= 2, L >= 1, n and widths >= K there are x_c <= x* <= x_e, x = K Lambda, such that DNC is "
        "globally optimal for x < x_c, some network has a loss below those of DNC and of zero weights for x_c < x < "
        "x_e, and zero weights are optimal for x > x_e; x_c = x* if and only if x_e = x*. So a network below DNC at "
        "one x is a win at every x from there to x*, and DNC that is optimal at one x is optimal at every smaller one. "
        "x_c(K + 1, L), with every hidden width one larger, is at most x_c(K, L).",
        steps=(
            Step(
                "Let N = ||Y||_F^2 = nK for the labels Y, and take any weights with output Z. Scaled to output k Z "
                "their fit is as shown, a quadratic in k with coefficients q = ||Z||^2 / N and r = <Z, Y> / N.",
                (),
                all_of(homogeneity(), identical(squares, (q * k**2 - 2 * r * k + 1).subs({q: Z / N, r: Y / N}) / 2)),
                "fit",
            ),
            Step(
                "r^2 <= q.",
                (),
                quoted(CAUCHY_SCHWARZ),
                "cauchy",
            ),
            Step(
                "The regulariser of weights at output scale k is S times (p/2) x k^(2/p), that of DNC with output k "
                "I: S is what their squared norms are beside DNC's, at the best balance.",
                (),
                inference("balance", "derivation reductions"),
                "size",
            ),
            Step(
                "DNC's least loss is phi_L(x). It is stationary with output T I, 0 < T < 1, exactly at x(T) = "
                "T^(1 - 2/p) (1 - T).",
                (),
                all_of(
                    identical(sp.Derivative(objective(T, x, p), T), T ** (2 / p - 1) * (x - strength_at(T))),
                    inference("the least loss of DNC", "derivation dnc"),
                ),
                "stationary",
            ),
            Step(
                "There its loss less that of zero weights, 1/2, is as shown: DNC is no worse than zero exactly where "
                "T >= 1 - 1/(p - 1).",
                (),
                identical(
                    sp.UnevaluatedExpr(objective(T, strength_at(T), p)) - sp.Rational(1, 2),
                    T / 2 * ((p - 1) * (1 - T) - 1),
                ),
                "zero",
            ),
            Step(
                "On those T, written 1 - 1/(p - 1) + d_0 with p = 2 + l, x(T) falls as T grows.",
                (),
                all_of(
                    identical(
                        sp.Derivative(strength_at(T), T) * T ** (2 / p),
                        -((2 - 2 / p) * T - (1 - 2 / p)),
                    ),
                    signed(
                        sp.together(((2 - 2 / p) * T - (1 - 2 / p)).subs(T, late).subs(p, factors)).simplify(),
                        "l >= 0, d_0 >= 0",
                    ),
                ),
                "branch",
            ),
            Step(
                "Give a network the numbers r T, q T^2, S T^(2/p) at each T (one network, scaled with T). Its loss at "
                "x(T) less DNC's is T times G(T), the difference shown, which is affine in T.",
                (),
                all_of(
                    identical(
                        sp.UnevaluatedExpr(network(T)) - objective(T, strength_at(T), p),
                        T * sp.UnevaluatedExpr(gap(T)),
                    ),
                    inference("the same network at every T", "fit", "size", "stationary"),
                ),
                "gap",
            ),
            Step(
                "Write r = 1 + e, q = r^2 + d with d >= 0, (p/2)(S - 1) = w. Then G and its slope are as shown. Where "
                "G < 0, w < e, for 0 < T < 1; and then the slope is positive.",
                (),
                all_of(
                    identical(
                        sp.UnevaluatedExpr(gap(T)).subs(named), (1 - T) * (dearer - less) + T * (less**2 + d) / 2
                    ),
                    identical(sp.UnevaluatedExpr(slope).subs(named), (less**2 + d) / 2 + (less - dearer)),
                    signed(T * (less**2 + d) / 2, "T > 0, d >= 0"),
                    signed((less**2 + d) / 2 + above, "e - w = g > 0"),
                    inference("a sum with a term >= 0 is < 0 only if the other is", "cauchy", "gap"),
                ),
                "slope",
            ),
            Step(
                "So a network that is below DNC at x(T_1) is, scaled, further below it at every T_2 < T_1: with G(T_1) "
                "= -G_1 and slope m, G(T_2) = -G_1 - m (T_1 - T_2) < 0. As x(T) falls, these are all x from x(T_1) to "
                "x*.",
                (),
                all_of(
                    identical(sp.UnevaluatedExpr(gap(T_2)), gap(T_1) - slope * (T_1 - T_2)),
                    signed(lower + step * spare, "T_1 - T_2 = d_0 >= 0"),
                    inference("an affine function that rises", "gap", "slope", "branch"),
                ),
                "up",
            ),
            Step(
                "Fixed weights with fit z and size s have loss z + s x. Below 1/2 at x_1 + d_0, they are below 1/2 at "
                "x_1: what beats zero weights at one x beats them at every smaller one.",
                (),
                all_of(
                    identical(
                        sp.UnevaluatedExpr(fit + size * (x_1 + spare)) - sp.UnevaluatedExpr(fit + size * x_1),
                        size * spare,
                    ),
                    signed(size * spare, "s, d_0 >= 0"),
                ),
                "down",
            ),
            Step(
                "Let x_c be the least upper bound of the x <= x* at which DNC is optimal, or 0, and x_e that of the x "
                "at which something beats zero weights; at x* DNC and zero weights tie. Weights below 1/2 beyond x* "
                "are below DNC at x*, and a loss is continuous in x, so just before x* too; weights below DNC at some "
                "x < x* are below 1/2 at x*, where T > 0 for L >= 2, and just beyond. For L = 1 DNC's bound holds of "
                "all weights, so none are below it and x_c = x* = x_e.",
                (),
                inference("least upper bounds of intervals", "zero", "up", "down", "derivation dnc"),
                "ends",
            ),
            Step(
                "A direct sum with one class of DNC is below DNC for K + 1 classes at the same x: K + 1 times its loss "
                "is the sum shown of K losses and one.",
                (),
                all_of(
                    identical(
                        (K + 1) * ((fit + q) / (2 * (K + 1)) + x / (K + 1) / 2 * (size + S)),
                        K * (fit / (2 * K) + x / K * size / 2) + (q / 2 + x * S / 2),
                    ),
                    inference("a win at K classes is one at K + 1", "derivation direct-sum", "ends"),
                ),
            ),
        ),
    )
