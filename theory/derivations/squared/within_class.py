"""Within a class global minimisers are collapsed: one column but for its sign, one feature in the last hidden layer."""

import sympy as sp

from dufm.theory.derivations.squared.unequal_classes import homogeneous, leaky
from dufm.theory.proof.checks import Check, all_of, identical, inference, signed
from dufm.theory.proof.derivation import Derivation, Step
from dufm.theory.proof.theorems import LAGRANGE, MONOTONE, quoted
from dufm.theory.proof.words import letters, same_words

t, c, lam_0, lam_1, lam_2, N, s, size, p_1, p_2, x = sp.symbols(
    "t c lambda_0 lambda_1 lambda_2 N s u p_1 p_2 x", positive=True
)
a = sp.Symbol("a", nonnegative=True)  # slope below zero
v, b = sp.symbols("v b", positive=True)
inner, z_1, z_2, g, f, common, other = sp.symbols("r z_1 z_2 g f k m", real=True)
G, S, X, R = letters("G S X R")


def convex_fits() -> Check:
    """Second derivatives: 1 of the squared fit; of log sum exp, sum p x^2 - (sum p x)^2 >= 0, sum p = 1."""
    return all_of(
        identical(sp.Derivative((z_1 - z_2) ** 2 / 2, z_1, z_1), sp.Integer(1)),
        quoted(LAGRANGE),
        identical(
            (p_1 + p_2) * (p_1 * z_1**2 + p_2 * z_2**2) - (p_1 * z_1 + p_2 * z_2) ** 2, p_1 * p_2 * (z_1 - z_2) ** 2
        ),
        signed(p_1 * p_2 * (z_1 - z_2) ** 2, "probabilities are positive"),
    )


def within_class() -> Derivation:
    """h' = +-h by balance with H_1, the same last features by balance with W_L; what excludes the sign."""
    D = lam_1 * G - lam_0 * S
    moved = same_words(1 - t * X + t**2 * X * X * R, R, {X * R: (1 - R) / t})
    along = (1 - 1 / sp.UnevaluatedExpr(c)) * (1 - c) * (-s)
    negative = (1 + 1 / sp.UnevaluatedExpr(c)) * (1 + c) * (-s)
    scaled = lam_0 * ((1 + t) * size) ** 2 / 2
    return Derivation(
        name="within-class",
        title="Collapse within classes at every global minimiser",
        source="ours; that some global minimiser is collapsed within classes is standard, that all are is said in "
        "2501.19104 of SML24",
        states="For every K >= 2, L >= 1, width, n and strengths, any targets and class sizes, squared loss or "
        "cross-entropy, every slope 0 <= a <= 1 of the activation (relu, leaky, linear), with or without a bias of the "
        "last layer, no other bias, with or without identity skips: at every global minimiser two samples with one "
        "target have the same features in the last hidden layer, the same output, and columns h, h' of H_1 of one "
        "norm. Without skips h' = h or h' = -h, and h' = h for L <= 2, for linear layers, for relu layers where W_1 h "
        "has no entries of both signs, and wherever the features act(W_1 h) are no combination of act(-W_1 h) and the "
        "features of other targets in that layer. Whether h' = -h occurs for L >= 3 else is open.",
        steps=(
            Step(
                "For fixed weights each sample adds fit(Z(h), y) / N + lambda_H ||h||^2 / 2: a function of its own "
                "column. At a global minimum every column is one at which its function is least; two samples with one "
                "target have one function, so moving h' to h, or h to h', gives another global minimiser with the same "
                "weights.",
                (),
                inference("a sum of functions of one column each", "derivation reductions"),
                "columns",
            ),
            Step(
                "Let f, f' be the features in the last hidden layer (h, h' at L = 1), g and g' the derivatives of the "
                "fit in the output. The fit is differentiable in W_L: sum_j g_j f_j^T / N + lambda_L W_L = 0 before "
                "and after the move, which changes one term of the sum: g f^T = g' f'^T.",
                (),
                all_of(
                    identical(sp.Derivative(lam_2 * (z_1 + t * z_2) ** 2 / 2, t).doit().subs(t, 0), lam_2 * z_1 * z_2),
                    identical((common + g * f) - (common + other), g * f - other),
                    inference("one term of a sum that stays zero", "columns"),
                ),
                "last",
            ),
            Step(
                "Scaling a column by 1 + t scales all its features and W_L f, the bias stays: <g, W_L f> = -s with s = "
                "N lambda_H ||h||^2, and so for h'. <g, W_L f> = tr W_L^T g f^T is the same for both: ||h'|| = ||h||. "
                "If s = 0, both columns are 0. Else g f^T is not 0, so f' = c f and g = c g' with c = <f, f'> / "
                "||f||^2, not 0.",
                (),
                all_of(
                    homogeneous(),
                    identical(sp.Derivative(scaled, t).doit().subs(t, 0), lam_0 * size**2),
                    identical(sp.UnevaluatedExpr(c * g) * f, g * (c * f)),
                    inference("rank one: apply both sides to f", "last"),
                ),
                "parallel",
            ),
            Step(
                "With z = W_L f the outputs differ by (1 - c) z, the derivatives by (1 - 1/c) g: their inner product "
                "(1 - 1/c)(1 - c)(-s) = s (1 - c)^2 / c is not negative, for the fit is convex. For -c in the place of "
                "c > 0 it is -s (1 + c)^2 / c < 0: so c > 0.",
                (),
                all_of(
                    quoted(MONOTONE, convex_fits()),
                    identical(along, s * (1 - c) ** 2 / c),
                    identical(negative, -s * (1 + c) ** 2 / c),
                    signed(s * (1 + c) ** 2 / c, "s, c > 0"),
                    inference("monotone along z", "parallel"),
                ),
                "positive",
            ),
            Step(
                "Along tau z, plus the bias, the fit is convex with slope -s at tau = 1 and <g', z> = -s / c at tau = "
                "c: both negative, so it falls strictly between the two. But it is equal at the two, for both columns "
                "are best and of one norm. So c = 1: f' = f, and the outputs agree.",
                (),
                all_of(
                    quoted(MONOTONE, convex_fits()),
                    identical(sp.UnevaluatedExpr(g / c) * f, g * f / c),
                    signed(s / c, "s, c > 0"),
                    inference("a convex function's slope does not fall", "columns", "parallel", "positive"),
                ),
                "features",
            ),
            Step(
                "No skips: W_1 (1 + t X) and (1 + t X)^(-1) H_1 have the same product, X symmetric. With R = (1 + t "
                "X)^(-1), G = W_1^T W_1, S = H_1 H_1^T and D = lambda_1 G - lambda_H S, the derivative of the "
                "regulariser at t = 0 is tr (X D + D X) / 2. With X = D it is tr D^2, so D = 0 at every minimum.",
                (),
                all_of(
                    moved,
                    same_words((1 + t * X) * G * (1 + t * X), G + t * (X * G + G * X) + t**2 * X * G * X),
                    same_words((1 - t * X) * S * (1 - t * X), S - t * (X * S + S * X) + t**2 * X * S * X),
                    same_words(lam_1 * (X * G + G * X) - lam_0 * (X * S + S * X), X * D + D * X),
                ),
                "balance",
            ),
            Step(
                "Before and after the move W_1 is the same, so H_1 H_1^T is: h h^T = h' h'^T. The traces are ||h||^2 = "
                "||h'||^2 = u, and r = <h, h'> has r^2 = h^T h' h'^T h = h^T h h^T h = u^2: r = u or r = -u, and ||h' "
                "- h||^2 = 0 or ||h' + h||^2 = 0.",
                (),
                all_of(
                    identical(size**2 - inner**2, (size - inner) * (size + inner)),
                    identical((2 * size - 2 * sp.UnevaluatedExpr(inner)).subs(inner, size), 0),
                    identical((2 * size + 2 * sp.UnevaluatedExpr(inner)).subs(inner, -size), 0),
                    inference("the difference of the two balances", "columns", "balance"),
                ),
                "sign",
            ),
            Step(
                "L = 1: f = h, so h' = h. Linear layers: a column's function is strictly convex, the norm's part by "
                "the square shown, so it is least at one column. L = 2 and h' = -h: act(q) = act(-q) for q = W_1 h "
                "gives (1 + a) q = 0 entry by entry, so the output is W_2 0 and s = 0: both columns are 0.",
                (),
                all_of(
                    identical((z_1**2 + z_2**2) / 2 - ((z_1 + z_2) / 2) ** 2, ((z_1 - z_2) / 2) ** 2),
                    identical(leaky(v, a) - leaky(-v, a), (1 + a) * v),
                    identical(leaky(-v, a) - leaky(v, a), -(1 + a) * v),
                    signed((1 + a) * v, "a >= 0"),
                    inference("equal features", "sign", "features"),
                ),
                "two layers",
            ),
            Step(
                "relu layers, h' = -h, and q = W_1 h with no entry below zero: relu(-q) = 0, so the output of -h is "
                "that of the column 0, which costs lambda_H ||h||^2 / 2 less: h = 0. Likewise with no entry above "
                "zero.",
                (),
                all_of(
                    identical(leaky(-v, sp.Integer(0)), 0),
                    identical(leaky(sp.Integer(0), sp.Integer(0)), 0),
                    signed(lam_0 * size, "a squared norm"),
                    inference("the column 0 would be better", "columns", "sign"),
                ),
                "one sign",
            ),
            Step(
                "Let e = act(q), e' = act(-q) for h' = -h, and let a vector w have <w, e> = 1 and <w, e'> = 0 = <w, "
                "e_j> for the features e_j of all other targets in that layer. Put all samples of the target at h: W_2 "
                "(1 + t e w^T) scales their outputs by 1 + t and changes no other, so -s m / N + lambda_2 <W_2, W_2 e "
                "w^T> = 0 for m samples. Put all at -h: nothing changes but the norm, and lambda_2 <W_2, W_2 e w^T> = "
                "0. So s = 0 and h = 0.",
                (),
                all_of(
                    homogeneous(),
                    identical(b + t * sp.UnevaluatedExpr(b) * 1, (1 + t) * b),
                    identical(b + t * x * sp.UnevaluatedExpr(sp.Integer(0)), b),
                    inference("the difference of the two", "columns", "sign", "parallel"),
                ),
            ),
        ),
    )
