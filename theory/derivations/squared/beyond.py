"""Beyond collapse: a structure that costs less than DNC beats zero weights at strengths where DNC no longer does."""

import sympy as sp

from dufm.theory.proof.checks import all_of, identical, inference, signed
from dufm.theory.proof.derivation import Derivation, Step

K, k, C, C_1, k_1, collapse, Lambda = sp.symbols("K k C C_1 k_1 x^* Lambda", positive=True)
r, q, t, p = sp.symbols("r q t p", positive=True)
lost, spare, dearer = sp.symbols("d g e", nonnegative=True)


def beyond() -> Derivation:
    """x_e(K, L) >= x* k / C for every structure for k <= K classes of cost C."""
    own = sp.Rational(1, 2) - lost
    mixed = k / K * own + (1 - k / K) / 2
    kappa = r**2 / q
    edge = k * collapse / C - spare
    best = (k_1 / C_1 + dearer) * C
    summed = sp.UnevaluatedExpr(best / C) - (best + k_1) / (C + C_1)
    return Derivation(
        name="beyond",
        title="Low rank outlives DNC: how far beyond collapse it beats zero weights",
        source="ours",
        states="For every K >= 2, L >= 1: a structure for k <= K classes with output t I and cost C gives weights for "
        "K classes below the loss 1/2 of zero weights at every x = K Lambda < x* k / C. So x_e(K, L) >= x* k / C, and "
        "x_e(K + 1, L) >= x_e(K, L). Any weights with product C^p of squared norms do so with C'^p = C^p "
        "q^(p-2)/r^(2p-2) in place of C^p, r = <Z, I>/k > 0, q = ||Z||^2/k. A direct sum gives no more than the best "
        "of its blocks.",
        steps=(
            Step(
                "A structure for k classes with output t I has loss phi_L(C Lambda), and phi_L(y) < 1/2 exactly for y "
                "< x*, where DNC and zero weights tie.",
                (),
                inference(
                    "the loss of an output t I; phi_L reaches 1/2 at x*", "derivation reductions", "derivation dnc"
                ),
                "loss",
            ),
            Step(
                "At x = k Lambda below x* k / C, by g > 0 say, C Lambda is below x*, by the amount shown: the loss for "
                "k classes is 1/2 - d with d > 0.",
                (),
                all_of(
                    identical(collapse - sp.UnevaluatedExpr(C * edge / k), C * spare / k),
                    signed(C * spare / k, "g > 0"),
                    inference("C Lambda = C x / k", "loss"),
                ),
                "edge",
            ),
            Step(
                "Any weights for k classes with output Z, r = <Z, I>/k, q = ||Z||^2/k and product C^p of their squared "
                "norms have, scaled to the output t r/q Z, the fit shown, kappa = r^2/q, and a regulariser of (p/2) C' "
                "Lambda t^(2/p) kappa with C'^p = C^p q^(p-2)/r^(2p-2): at the best t their loss is (1 - kappa)/2 + "
                "kappa phi_L(C' Lambda), below 1/2 wherever C' Lambda < x*. So they count as a structure of cost C'.",
                (),
                all_of(
                    identical(
                        sp.UnevaluatedExpr((q * (t * r / q) ** 2 - 2 * r * (t * r / q) + 1) / 2),
                        kappa * (1 - t) ** 2 / 2 + (1 - kappa) / 2,
                    ),
                    identical(
                        sp.UnevaluatedExpr(C**p * (t * r / q) ** 2),
                        (C**p * q ** (p - 2) / r ** (2 * p - 2)) * kappa**p * t**2,
                    ),
                    identical(sp.Rational(1, 2) - sp.UnevaluatedExpr((1 - kappa) / 2 + kappa * own), kappa * lost),
                    inference("the least value over t is phi_L", "loss"),
                ),
                "weights",
            ),
            Step(
                "Zero weights on the other K - k classes cost nothing and fit with 1/2 each. At the same x the loss "
                "for K classes is the mean shown: below 1/2 by k d / K.",
                (),
                all_of(
                    identical(sp.Rational(1, 2) - sp.UnevaluatedExpr(mixed), k * lost / K),
                    signed(k * lost / K, "k, K > 0, d >= 0"),
                    inference(
                        "blocks weighted by their shares, at the same x", "edge", "weights", "derivation direct-sum"
                    ),
                ),
                "mean",
            ),
            Step(
                "Any weights below 1/2 for K classes are, with one class of zero weights, below 1/2 for K + 1 at the "
                "same x. So x_e, up to which something beats zero weights, is at least x* k / C and does not fall with "
                "K.",
                (),
                inference("the last step with k = K, K = K + 1", "mean", "derivation threshold"),
                "ends",
            ),
            Step(
                "A sum of a block with k / C = k_1 / C_1 + e, e >= 0, and one with k_1 / C_1 has a smaller ratio than "
                "the first, by the amount shown.",
                (),
                all_of(
                    identical(summed, C_1 * dearer / (C + C_1)),
                    signed(C_1 * dearer / (C + C_1), "e >= 0"),
                    inference("block after block", "ends"),
                ),
            ),
        ),
    )
