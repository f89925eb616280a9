"""DNC costs exactly K, and when it collapses to zero."""

import sympy as sp

from dufm.theory.derivations.squared.lemmas import am_gm, duality, isometry, product_norm, relu_contracts
from dufm.theory.proof.checks import all_of, identical
from dufm.theory.proof.derivation import Derivation, Step
from dufm.theory.squared import phi

K, c, c_next, t, x, L, m = sp.symbols("K c c_next t x L m", positive=True)


def dnc() -> Derivation:
    """The infimum over all orthogonal-feature configurations is phi_L(K Lambda)."""
    u = phi.u
    q = sp.Symbol("p", positive=True)
    slope = sp.diff((1 - u**q) ** 2 / 2 + q / 2 * x * u**2, u)
    hump = u ** (q - 2) * (1 - u**q)
    at_stationary = (1 - t) ** 2 / 2 + (L + 1) / 2 * t * (1 - t) - sp.Rational(1, 2)
    lower = t / 2 * ((L - 1) - L * t)
    threshold = ((L - 1) / L) ** ((L - 1) / (L + 1)) / L
    one_layer = x - x**2 / 2
    return Derivation(
        name="dnc",
        title="Deep neural collapse: cost K, loss phi_L(K Lambda), threshold of collapse",
        source="ours for the infimum; the configuration is that of SML23, SML24",
        states="For every K >= 2 and L >= 1 the least loss with orthogonal features F_l^T F_l = c_l I (2 <= l <= L) "
        "is phi_L(K Lambda); "
        "it is 1/2 exactly when K Lambda >= x*_L.",
        steps=(
            Step(
                "The relu: <P, relu(P)> = ||relu(P)||^2 and ||P|| >= ||relu(P)||. So ||P_l||^2 >= ||F_l||^2 = K c_l "
                "for 3 <= l <= L.",
                (),
                relu_contracts(),
            ),
            Step(
                "F_l^T F_l = c_l I makes W_l -> W_l F_l shrink squared norms by at least 1/c_l: ||W_l||^2 >= "
                "||P_(l+1)||^2 / c_l >= K c_(l+1) / c_l.",
                (),
                isometry(),
            ),
            Step(
                "The first two factors: ||W_1|| ||H_1|| >= ||P_2||_* >= <P_2, F_2> / ||F_2||_op = K c_2 / sqrt(c_2).",
                (sp.Eq(sp.UnevaluatedExpr(K * c) / sp.sqrt(c), K * sp.sqrt(c)),),
                all_of(product_norm(), duality(), identical(K * c / sp.sqrt(c), K * sp.sqrt(c))),
            ),
            Step(
                "The squared norms multiply to at least K^p t^2, K t^2 = ||Z||^2: the first two give K^2 c_2, and "
                "every further layer "
                "multiplies by K c_next / c (the last one by K t^2 / c_L).",
                (sp.Eq(sp.UnevaluatedExpr(K**m * c) * (K * c_next / c), K ** (m + 1) * c_next),),
                all_of(am_gm(), identical(K**m * c * (K * c_next / c), K ** (m + 1) * c_next)),
            ),
            Step(
                "By AM-GM the regulariser is at least (p/2) K Lambda t^(2/p), and by the triangle inequality the fit "
                "is at least "
                "(sqrt(K) - sqrt(K) t)^2 / (2K) = (1 - t)^2 / 2. Identity factors reach both: C = K.",
                (sp.Eq((sp.sqrt(K) - sp.sqrt(K) * t) ** 2 / (2 * K), (1 - t) ** 2 / 2),),
                identical((sp.sqrt(K) - sp.sqrt(K) * t) ** 2 / (2 * K), (1 - t) ** 2 / 2),
            ),
            Step(
                "With u = t^(1/p) the loss is stationary at u = 0 or where u^(p-2) (1 - u^p) = x.",
                (sp.Eq(sp.Derivative((1 - u**q) ** 2 / 2 + q / 2 * x * u**2, u), q * u * (x - hump)),),
                identical(slope, q * u * (x - hump)),
            ),
            Step(
                "That hump rises until u^p = (p-2)/(2p-2) and falls after it, so the loss has at most one local "
                "minimum besides u = 0: "
                "the larger root.",
                (sp.Eq(u * sp.Derivative(hump, u), u ** (q - 2) * ((q - 2) - (2 * q - 2) * u**q)),),
                identical(sp.diff(hump, u) * u, u ** (q - 2) * ((q - 2) - (2 * q - 2) * u**q)),
            ),
            Step(
                "At a stationary t the loss differs from 1/2, the loss of t = 0, by (t/2) (L - 1 - L t): it is lower "
                "iff t > (L-1)/L = t*_L.",
                (sp.Eq(at_stationary, lower),),
                identical(at_stationary, lower),
            ),
            Step(
                "At t = t*_L the strength is x*_L. The larger root falls as x rises, so DNC is non-trivial iff K "
                "Lambda < x*_L.",
                (sp.Eq(sp.Symbol("x_L"), threshold),),
                identical(
                    sp.expand_power_base((t ** ((L - 1) / (L + 1)) * (1 - t)).subs(t, (L - 1) / L)),
                    threshold,
                ),
            ),
            Step(
                "For L = 1 the root is t = 1 - x: soft thresholding, phi_1(x) = x - x^2/2 for x <= 1, which is below "
                "1/2 by (1 - x)^2 / 2.",
                (sp.Eq(sp.Rational(1, 2) - one_layer, (1 - x) ** 2 / 2),),
                all_of(
                    identical((x**2 / 2 + x * t).subs(t, 1 - x), one_layer),
                    identical(sp.Rational(1, 2) - one_layer, (1 - x) ** 2 / 2),
                ),
            ),
        ),
    )
