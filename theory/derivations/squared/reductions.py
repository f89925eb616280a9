"""Reductions 1-3: one sample a class, one regularisation strength, one number C a structure."""

import sympy as sp

from dufm.theory.derivations.squared.lemmas import am_gm, homogeneity
from dufm.theory.proof.checks import all_of, every, identical, inference, signed
from dufm.theory.proof.derivation import Derivation, Step
from dufm.theory.squared.phi import objective, stationarity, u

K, n, p, C, t = sp.symbols("K n p C t", positive=True)
Lambda, lam, lam_H, x, y = sp.symbols("Lambda lambda lambda_H x y", positive=True)
fit, size = sp.symbols("z h", nonnegative=True)
less = sp.Symbol("d", nonnegative=True)


def reductions() -> Derivation:
    """The loss depends on (K, L, Lambda) alone, and structures with output t I are ordered by C."""
    one_sample = fit / (2 * K * n) + lam_H * size / 2
    collapsed = (fit / (2 * K) + n * lam_H * size / 2) / n
    scaled = sp.UnevaluatedExpr(Lambda**p * C**p * t**2) ** (1 / p)
    loss = objective(t, x, p)
    fall = sp.diff(loss, x)
    return Derivation(
        name="reductions",
        title="Reductions of the deep unconstrained features model",
        source="ours; reduction 1 and balance are standard in SML23, SML24",
        states="n, the L + 1 strengths and the scale drop out: a structure with output t I has loss phi_L(C Lambda), "
        "increasing in C.",
        steps=(
            Step(
                "Collapse within a class. For fixed weights the sample i of class c adds the left side, with z = "
                "||z_ci - e_c||^2 and "
                "h = ||h_ci||^2. So the loss is the mean over i of n problems with one sample a class and strength n "
                "lambda_H, "
                "and is least when every sample is the best one.",
                (sp.Eq(one_sample, collapsed),),
                identical(one_sample, collapsed),
            ),
            Step(
                "Scaling factor i by x_i > 0 scales the output Z by the product of the x_i, because relu(c z) = c "
                "relu(z) for c > 0.",
                (),
                homogeneity(),
            ),
            Step(
                "Balance. With s_i = ||theta_i||^2 at unit scale and output scale t, the p = L + 1 terms lambda_i "
                "x_i^2 s_i have product "
                "(Lambda C)^p t^2, where Lambda^p = n lambda_H prod lambda_l and C^p = prod s_i. By AM-GM their half "
                "sum is at least "
                "the right side, with equality when all terms are equal, which scaling can reach.",
                (),
                all_of(am_gm(), identical(p / 2 * scaled, objective(t, C * Lambda, p) - objective(t, 0, p))),
                "balance",
            ),
            Step(
                "If the output is t I, the fit is K (1 - t)^2 / (2K).",
                (),
                identical(sp.UnevaluatedExpr(K * (t - 1) ** 2) / (2 * K), objective(t, 0, p)),
                "fit",
            ),
            Step(
                "So the loss is phi_L(x), x = C Lambda, the minimum over t of the sum of the two. Lowering x to y = x "
                "- d at the minimiser t of x lowers it by the amount shown, which is positive while t > 0: phi_L is "
                "non-decreasing, and increasing below collapse.",
                (),
                all_of(
                    identical(loss - loss.subs(x, y), (x - y) * fall),
                    signed(less * fall, "d >= 0"),
                    inference("a minimum of smaller functions is smaller", "balance", "fit"),
                ),
                "increasing",
            ),
            Step(
                "With u = t^(1/p) it is a polynomial in u, stationary at u = 0 and where u^(p-2) (1 - u^p) = x: how "
                "phi_L is computed.",
                (),
                all_of(
                    identical(
                        sp.Derivative(objective(u**p, x, p), u),
                        p * u * (x - sp.UnevaluatedExpr(u ** (p - 2) * (1 - u**p))),
                    ),
                    spots=[
                        every(
                            range(1, 9),
                            lambda L: (
                                sp.expand(
                                    sp.diff(objective(u ** (L + 1), x, L + 1), u) + (L + 1) * u * stationarity(L, x)
                                )
                                == 0
                            ),
                            "theory's polynomial, L = 1, ..., 8",
                        )
                    ],
                ),
            ),
        ),
    )
