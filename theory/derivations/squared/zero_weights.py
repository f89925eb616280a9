"""Where zero weights are optimal: a bound a little below 1/2 at one strength settles every one from a larger one on."""

import sympy as sp

from dufm.theory.proof.checks import all_of, identical, inference, signed
from dufm.theory.proof.derivation import Derivation, Step
from dufm.theory.proof.words import letters, same_words
from dufm.theory.squared.phi import objective

K, m, x, x_1, x_2, collapse, C, p = sp.symbols("K m x x_1 x_2 x^* C p", positive=True)
r, q, t, y, f, level = sp.symbols("r q t y f l", positive=True)
spare, kept = sp.symbols("d h", positive=True)
z, total, squares, lost, over = sp.symbols("z s w g e", nonnegative=True)


def zero_weights() -> Derivation:
    """x_e <= x_2 wherever v(x_1) >= 1/2 - (1/2 - phi_L(x* x_1/x_2))/K."""
    W, W_t, F, F_t, B = letters("W W^T F F^T B")
    solved = (W - B * F_t) * (F * F_t + x) * (W_t - F * B)
    readout = {B * F_t * F: 1 - x * B, F_t * F * B: 1 - x * B}
    kappa = r**2 / q
    half = sp.Rational(1, 2)
    one_class = half - sp.Symbol("phi", real=True)
    return Derivation(
        name="zero-weights",
        title="Where zero weights are optimal",
        source="ours",
        states="For every K >= 2 and L >= 2, every n, width and all strengths: let v(x) be the infimum of the losses "
        "of all networks at x = K Lambda. If v(x_1) >= 1/2 - (1/2 - phi_L(x* x_1/x_2))/K for some x_1 <= x_2, zero "
        "weights are optimal at x_2 and at every larger x: x_e <= x_2. With 2K v(x_1) >= f x_1 it is enough that 1/2 "
        "- phi_L(x* x_1/x_2) >= (K - f x_1)/2. If zero weights are optimal for m <= K classes at x, they are for K "
        "classes at x (K/m)^((L-1)/(L+1)).",
        steps=(
            Step(
                "One sample a class and equal strengths x/K are enough. Suppose some network is below 1/2 at x_2, and "
                "let F be its last features, W its last weights, B = (F^T F + x)^(-1), that is B F^T F = 1 - x B. 2K "
                "loss is x B plus the square shown, in the trace, plus the other squared norms: W = B F^T does no "
                "worse, and the output is then Z = W F = 1 - x B.",
                (),
                all_of(
                    same_words((W * F - 1) * (F_t * W_t - 1) + x * W * W_t, x * B + solved, readout),
                    same_words(B * F_t * F, 1 - x * B, readout),
                    inference("one sample, one strength", "derivation reductions"),
                ),
                "readout",
            ),
            Step(
                "So Z is symmetric with eigenvalues z = l/(l + x) >= 0, l those of F^T F: with s the sum of some of "
                "them and w that of their squares, one more adds to s^2 - w what is shown. So (tr Z)^2 >= ||Z||^2: for "
                "r = tr Z/K and q = ||Z||^2/K, kappa = r^2/q is at least 1/K.",
                (),
                all_of(
                    identical(1 - x / sp.UnevaluatedExpr(level + x), level / (level + x)),
                    signed(level / (level + x), "l, x > 0"),
                    identical(
                        sp.UnevaluatedExpr((total + z) ** 2 - (squares + z**2)), total**2 - squares + 2 * total * z
                    ),
                    signed(2 * total * z, "s, z >= 0"),
                    identical(sp.UnevaluatedExpr((K * r) ** 2 / (K * q)), K * kappa),
                    inference("one eigenvalue after the other", "readout"),
                ),
                "trace",
            ),
            Step(
                "Below 1/2 r > 0: half the squared error, (q - 2r + 1)/2, is then below 1/2. Scaled to the output t "
                "(r/q) Z, the best t at each x, the network has the loss (1 - kappa)/2 + kappa phi_L(c x), c = C'/K "
                "with the C' of the derivation beyond, which is 1/2 less the product shown.",
                (),
                all_of(
                    identical(half - sp.UnevaluatedExpr((q - 2 * r + 1) / 2), r - q / 2),
                    identical(
                        sp.UnevaluatedExpr((q * (t * r / q) ** 2 - 2 * r * (t * r / q) + 1) / 2),
                        kappa * (1 - t) ** 2 / 2 + (1 - kappa) / 2,
                    ),
                    identical(
                        sp.UnevaluatedExpr(C**p * (t * r / q) ** 2),
                        (C**p * q ** (p - 2) / r ** (2 * p - 2)) * kappa**p * t**2,
                    ),
                    identical(
                        half - sp.UnevaluatedExpr((1 - kappa) / 2 + kappa * (half - one_class)), kappa * one_class
                    ),
                    inference("the least value over t is phi_L", "readout", "derivation beyond"),
                ),
                "scaled",
            ),
            Step(
                "phi_L rises, and strictly up to x*: at y <= x* it is attained at some t > 0, and that t costs at y - "
                "d less by the amount shown. It is 1/2 from x* on.",
                (),
                all_of(
                    identical(
                        sp.UnevaluatedExpr(objective(t, y, p)) - objective(t, y - spare, p),
                        p / 2 * spare * t ** (2 / p),
                    ),
                    signed(p / 2 * spare * t ** (2 / p), "p, t, d > 0"),
                    inference("phi_L is the least value of it", "derivation dnc"),
                ),
                "rising",
            ),
            Step(
                "So c x_2 < x*, by h say, and c x_1 < x* x_1/x_2, by the amount shown: at x_1 the network has, scaled, "
                "a loss below 1/2 - kappa (1/2 - phi_L(x* x_1/x_2)).",
                (),
                all_of(
                    identical(
                        collapse * x_1 / x_2 - sp.UnevaluatedExpr((collapse - kept) / x_2 * x_1), kept * x_1 / x_2
                    ),
                    signed(kept * x_1 / x_2, "h > 0"),
                    inference(
                        "a product with kappa > 0 is positive if and only if the other factor is", "scaled", "rising"
                    ),
                ),
                "before",
            ),
            Step(
                "With kappa = 1/K + e, e >= 0, and 1/2 - phi_L = g >= 0 that is at most 1/2 - g/K. So v(x_1) is below "
                "1/2 - (1/2 - phi_L(x* x_1/x_2))/K if anything is below 1/2 at x_2.",
                (),
                all_of(
                    identical(half - lost / K - sp.UnevaluatedExpr(half - (1 / K + over) * lost), over * lost),
                    signed(over * lost, "e, g >= 0"),
                    inference("zero weights have 1/2: phi_L is not above it", "trace", "before"),
                ),
                "bound",
            ),
            Step(
                "If v(x_1) is not below it, nothing is below 1/2 at x_2, nor at any larger x. With 2K v(x_1) >= f x_1 "
                "the condition is the one shown, times K.",
                (),
                all_of(
                    identical(K * (half - sp.UnevaluatedExpr(f * x_1 / (2 * K))), (K - f * x_1) / 2),
                    inference(
                        "what beats zero weights at one x beats them at every smaller one",
                        "bound",
                        "derivation threshold",
                    ),
                ),
                "ends",
            ),
            Step(
                "K classes at Lambda have at least the least loss of m classes at (K/m)^(2/p) Lambda. At x (K/m)^(1 - "
                "2/p) that is m classes at x: 1/2, and 1 - 2/p = (L - 1)/(L + 1).",
                (),
                all_of(
                    identical(m * (K / m) ** (2 / p) * sp.UnevaluatedExpr(x * (K / m) ** (1 - 2 / p)) / K, x),
                    identical((1 - 2 / p).subs(p, sp.Symbol("L") + 1), (sp.Symbol("L") - 1) / (sp.Symbol("L") + 1)),
                    inference("the mean over all m-subsets of the classes", "ends", "derivation pairs"),
                ),
            ),
        ),
    )
