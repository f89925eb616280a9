"""A bound of every network at one strength is one at others: what a proof at a few x says of all of them."""

import sympy as sp

from dufm.theory.derivations.squared.threshold import K, S, T, d, fit, gap, p, q, r, size, spare, strength_at, x
from dufm.theory.proof.checks import all_of, definition, identical, inference, signed
from dufm.theory.proof.derivation import Derivation, Step
from dufm.theory.squared.phi import objective

m, C, room = sp.symbols("m C g", positive=True)
s_a, s_b, share, more = sp.symbols("s_a s_b a b", nonnegative=True)
less, dearer, start = sp.symbols("e w c_0", real=True)


def mixture(first: sp.Expr, second: sp.Expr) -> sp.Expr:
    """b times the first value and a times the second, over a + b: what two ends of a stretch say of a point in it."""
    return (more * first + share * second) / (share + more)


def carried() -> Derivation:
    """A lower bound at some x gives lower bounds at all others; what is lost is little below."""
    named = {q: (1 + less) ** 2 + d, r: 1 + less, S: 1 + 2 * dearer / p}
    odds = T / (1 - T)
    slope = (less**2 + d) / 2
    line = start + slope * s_a
    top = start + slope * s_b
    mean = mixture(s_a, s_b)
    affine = fit + size * x
    left = p / 2 * C / K * T ** (-2 / p) - (1 - T) / (2 * T) - p / 2
    return Derivation(
        name="carried",
        title="A bound at one strength is one at others",
        source="ours",
        states="Let v(x) be the infimum of the losses of all networks at x = K Lambda, and D = (v - phi_L(x)) / (T (1 "
        "- T)) for x <= x*, T I the output of DNC at x. Then v rises with x and is concave; D <= 0 does not rise with "
        "x, and it is a concave function of s = T/(1 - T), which falls as x grows. So for x <= x_1 <= x*, v(x) >= "
        "phi_L(x) - (phi_L(x_1) - v(x_1)) T (1 - T) / (T_1 (1 - T_1)); between two strengths D is at least the chord "
        "in s, and v at least the chord in x. C >= K (1 + 2 D/(L + 1)) for the least cost C of outputs I and D at any "
        "x. For every K >= m >= 2 the v of K classes at x is at least that of m classes at x (m/K)^((L-1)/(L+1)).",
        steps=(
            Step(
                "v(x) is the infimum over all weights, at n = 1 and equal strengths x/K, to which other strengths "
                "reduce; DNC is among them: v <= phi_L.",
                (),
                all_of(definition("v"), inference("one sample, one x", "derivation reductions", "derivation dnc")),
                "names",
            ),
            Step(
                "The loss of fixed weights, fit z and size s, is affine in x and does not fall: an infimum of such "
                "functions is concave and does not fall. At x a parts from one strength and b from the next v is at "
                "least the mean, weighted with b and a.",
                (),
                all_of(
                    identical(
                        sp.UnevaluatedExpr(affine.subs(x, mixture(s_a, s_b))),
                        mixture(affine.subs(x, s_a), affine.subs(x, s_b)),
                    ),
                    identical(sp.Derivative(affine, x), size),
                    signed(size, "a sum of squares"),
                    inference("an infimum is at least the mean of infima", "names"),
                ),
                "concave",
            ),
            Step(
                "A network scaled with T, as in the derivation threshold, has loss phi_L + T G(T). Divided by T (1 - "
                "T) the difference is affine in s = T/(1 - T), with the slope shown, which is not negative.",
                (),
                all_of(
                    identical(sp.UnevaluatedExpr(gap(T)).subs(named) / (1 - T), (dearer - less) + slope * odds),
                    signed(slope, "d >= 0 by Cauchy-Schwarz"),
                    inference("the loss less DNC's is T G(T)", "derivation threshold"),
                ),
                "affine",
            ),
            Step(
                "s rises with T, and T falls as x grows up to x*.",
                (),
                all_of(
                    identical(sp.Derivative(odds, T), 1 / (1 - T) ** 2),
                    signed((1 / (1 - T) ** 2).subs(T, 1 - room), "1 - T = g > 0"),
                    inference("x(T) falls", "derivation threshold"),
                ),
                "odds",
            ),
            Step(
                "Every network is, at some scale, its own member of that family at each T: the networks at T_2 are "
                "those at T_1, scaled. So D is the infimum over one set of affine functions of s that do not fall.",
                (),
                inference("scaling is one to one", "names", "affine"),
                "infimum",
            ),
            Step(
                "An affine function that does not fall is, at s + d_0, above its value at s by the amount shown. So D "
                "at the smaller x is at least D at the larger one.",
                (),
                all_of(
                    identical(sp.UnevaluatedExpr(line.subs(s_a, s_a + spare)) - line, slope * spare),
                    signed(slope * spare, "d_0 >= 0"),
                    inference("an infimum of them", "infimum", "odds"),
                ),
                "down",
            ),
            Step(
                "Between s_a and s_b an affine function is the mean of its ends, and D at least the mean of what "
                "bounds it there.",
                (),
                all_of(
                    identical(sp.UnevaluatedExpr(line.subs(s_a, mean)), mixture(line, top)),
                    inference("an infimum is at least the mean of infima", "infimum"),
                ),
                "between",
            ),
            Step(
                "A network with output I and cost C has loss at most (p/2) C Lambda at its best scale, so v(x) <= "
                "(p/2) (C/K) x. At x(T) that leaves for D at most what is shown, which tends to (p/2) (C/K - 1) as x "
                "-> 0 and T -> 1. So no D exceeds that: C >= K (1 + 2 D/p).",
                (),
                all_of(
                    identical(
                        (sp.UnevaluatedExpr(p / 2 * C / K * strength_at(T)) - objective(T, strength_at(T), p))
                        / (T * (1 - T)),
                        left,
                    ),
                    identical(sp.Limit(left, T, 1), p / 2 * (C / K - 1)),
                    identical(1 + 2 / p * sp.UnevaluatedExpr(p / 2 * (C / K - 1)), C / K),
                    inference("a bound of what does not fall as x does", "down", "derivation reductions"),
                ),
                "limit",
            ),
            Step(
                "K classes at Lambda have at least the least loss of m classes at (K/m)^(2/p) Lambda, so at x (m/K)^(1 "
                "- 2/p), and 1 - 2/p = (L - 1)/(L + 1).",
                (),
                all_of(
                    identical(m * (K / m) ** (2 / p) * (x / K), sp.UnevaluatedExpr(x) * (m / K) ** (1 - 2 / p)),
                    identical((1 - 2 / p).subs(p, sp.Symbol("L") + 1), (sp.Symbol("L") - 1) / (sp.Symbol("L") + 1)),
                    inference("the mean over all m-subsets of the classes", "names", "derivation pairs"),
                ),
            ),
        ),
    )
