"""One set of weights that is below DNC at two strengths is below it at every strength between them."""

import sympy as sp

from dufm.theory.derivations.squared.lemmas import am_gm, homogeneity
from dufm.theory.proof.checks import all_of, identical, inference, signed
from dufm.theory.proof.derivation import Derivation, Step
from dufm.theory.squared.phi import objective

z, size, p, t, s = sp.symbols("z s_0 p t s", positive=True)
x_0, x_1, x_2, Lambda, Lambda_0 = sp.symbols("x_0 x_1 x_2 Lambda Lambda_0", positive=True)


def chord() -> Derivation:
    """loss(x) of fixed weights is a line, phi_L is concave: two ends settle an interval."""
    between = (1 - s) * x_1 + s * x_2

    def line(x: sp.Expr) -> sp.Expr:
        return z + size * x / x_0

    def member(x: sp.Expr) -> sp.Expr:
        return objective(t, x, p)

    # Terms lambda_i c_i^2 ||theta_i||^2 where the lambda_i multiply to Lambda^p; all lambda_i = Lambda_0 give s_0.
    strengths = sp.UnevaluatedExpr(size**p * (Lambda / Lambda_0) ** p) ** (1 / p)
    gaps = sp.symbols("g_1 g_2", positive=True)
    ratio = sp.Symbol("r", positive=True)
    gap = ((1 - s) * gaps[0] + s * gaps[1]).subs(s, 1 / (1 + ratio))
    return Derivation(
        name="chord",
        title="Two strengths settle all between them",
        source="ours",
        states="If one set of weights has loss below phi_L(K Lambda) at x_1 and at x_2, x = K Lambda, then at every x "
        "between them DNC is not optimal, for any n and any strengths with that Lambda.",
        steps=(
            Step(
                "Weights with fit z and regulariser s_0 at equal strengths x_0 / K have the loss below at x / K: a "
                "line in x.",
                (),
                identical(sp.UnevaluatedExpr(line(between)), (1 - s) * line(x_1) + s * line(x_2)),
                "line",
            ),
            Step(
                "For every t the function minimised in phi_L is a line in x too, so at x = (1 - s) x_1 + s x_2 its "
                "least value is at least (1 - s) phi_L(x_1) + s phi_L(x_2): phi_L is concave.",
                (),
                all_of(
                    identical(sp.UnevaluatedExpr(member(between)), (1 - s) * member(x_1) + s * member(x_2)),
                    inference("a minimum of lines is concave", "derivation reductions"),
                ),
                "concave",
            ),
            Step(
                "With gaps g_1, g_2 > 0 at the ends, the gap at s = 1 / (1 + r), r > 0, is at least the one shown, > "
                "0: a line below a concave function at both ends is below it between them.",
                (),
                all_of(
                    identical(sp.UnevaluatedExpr(gap), (ratio * gaps[0] + gaps[1]) / (1 + ratio)),
                    signed((ratio * gaps[0] + gaps[1]) / (1 + ratio), "positive symbols"),
                    inference("concave less affine is concave", "line", "concave"),
                ),
            ),
            Step(
                "Other strengths with the same Lambda: factors can be scaled, at the same output, until all p terms of "
                "the regulariser are equal; their sum is then p/2 times the geometric mean, which depends on Lambda "
                "alone and by AM-GM is at most the regulariser at equal strengths Lambda.",
                (),
                all_of(homogeneity(), am_gm(), identical(strengths, line(x_0 * Lambda / Lambda_0) - z)),
            ),
        ),
    )
