"""A free bias of the last layer: what collapse costs then, and the structures that beat it."""

from itertools import product

import sympy as sp

from dufm.theory.derivations.squared.unequal_classes import bessel, contracts
from dufm.theory.proof.checks import all_of, compared, every, identical, inference, instances, signed
from dufm.theory.proof.derivation import Derivation, Step
from dufm.theory.proof.theorems import AM_GM, CAUCHY_SCHWARZ, SCHATTEN_HOELDER, TRACE_DUALITY, not_negative, quoted
from dufm.theory.proof.words import letters, same_words
from dufm.theory.squared.dropped_class import dropped, dropped_cost, leaning
from dufm.theory.squared.phi import objective

k, L, x, Lambda, c, c_next, P, t = sp.symbols("k L x Lambda c c_next P t", positive=True)
K = k + 1  # shown as k + 1: powers of K - 1 > 0 are taken
alpha, g, trace = sp.symbols("alpha g u", real=True)
a_term = sp.Symbol("a_l", nonnegative=True)
J, R, Z, Z_t = letters("J R Z Z^T")
p = L + 1
# (K, L) from which on one class at zero beats collapse: 2 (K-1)^L < K^L.
DROPPED = ((3, 2), (4, 3), (5, 4))
# (K, L), and c with c^(L+1) > K: the others leaning towards each other, (c + K-2)^(L+1) < K^L (K-1).
LEANING = (
    (3, 2, sp.Rational(13, 9)),
    (4, 2, sp.Rational(8, 5)),
    (5, 3, sp.Rational(3, 2)),
    (6, 3, sp.Rational(11, 7)),
    (7, 3, sp.Rational(5, 3)),
    (8, 3, sp.Rational(17, 10)),
)


def _unit(classes: int) -> bool:
    features, readout = dropped(classes)
    shift = sp.Matrix(classes, classes, lambda i, j: int(i == classes - 1))
    return readout * features + shift == sp.eye(classes) and all(
        dropped_cost(classes, depth) == 2 * (classes - 1) ** (depth + 1) for depth in range(2, 6)
    )


def _leans(classes: int) -> bool:
    """Output, signs of the features and squared norms of `leaning`."""
    stretch, shift = sp.Rational(3, 2), sp.Matrix(classes, classes, lambda i, j: int(i == classes - 1))
    for depth in (2, 3, 4):
        first, *middle, last = leaning(classes, depth, stretch)
        squares = [(weight.T * weight).trace() for weight in (first, *middle, last)]
        features = first
        for weight in middle:
            features = weight * features
            if min(features) < 0:
                return False
        if last * features + shift != sp.eye(classes):
            return False
        if squares != [stretch**2 + classes - 2] * depth + [classes / stretch ** (2 * depth) + classes - 2]:
            return False
    return True


def last_bias() -> Derivation:
    """Collapse has cost K^L (K-1) under a bias; one class at zero, and diagonal readouts, win."""
    C = 1 - J / K
    share = 1 - 1 / K
    K_0, P_0, y, d_0, d_1, share_0 = sp.symbols("K_0 P_0 y d_0 d_1 r", positive=True)
    height, ones = sp.symbols("h c", positive=True)
    gain = K_0**p * (1 - y) - P_0 * (1 - trace * y)
    size = p / 2 * Lambda * (K**L * (K - 1) * t**2) ** (1 / p)
    fit = (K - 1) * (1 - t) ** 2 / (2 * K)
    x_b = K * Lambda * (K / (K - 1)) ** (L / p)
    unit = fit + p / 2 * Lambda * P ** (1 / p) * t ** (2 / p)
    return Derivation(
        name="last-bias",
        title="A bias of the last layer: collapse, and what beats it",
        source="ours; for relu layers and cross-entropy compare Garrod and Keating (2410.23169)",
        states="Squared loss, a last-layer bias that is not regularised, every slope 0 <= a <= 1. For every K >= 3 and "
        "L >= 2: with class features orthogonal and of equal norms in every hidden layer 2 .. L the least loss is (1 - "
        "1/K) phi_L(x_b), x_b = x (K/(K-1))^(L/(L+1)), reached with outputs t (I - J/K). Weights with output I + v 1^T "
        "and squared norms of product P beat it at every strength below its collapse iff P < K^L (K-1). One class at "
        "zero has P = 2 (K-1)^(L+1): it wins for K = 3 from L = 2, K = 4 from L = 3 and K = 5 from L = 4 on; with "
        "the others leaning towards each other P = (K^(1/(L+1)) + K - 2)^(L+1): it wins for K = 3, 4 from L = 2 and K "
        "= 5, ..., 8 from L = 3 on. Structures whose last layer is diagonal win with a bias iff they win without; "
        "others win for every K >= K_0 if P_0 (1 - u/K) < K_0^(L+1) (1 - 1/K) at 1/K = 1/K_0 and 0, u = ||1^T W_L||^2 "
        "/ ||W_L||^2.",
        steps=(
            Step(
                "The best bias of residuals R = Z - I is minus their mean: R + b 1^T with b = -R 1 / K is R C, C = I - "
                "J/K, its own square. The fit is ||(Z - I) C||^2 / (2K) = ||Z C - C||^2 / (2K).",
                (),
                all_of(
                    same_words(R - R * J / K, R * C),
                    same_words(C * C, C, {J * J: K * J}),
                    same_words((Z - 1) * C, Z * C - C),
                ),
                "bias",
            ),
            Step(
                "Put alpha = <Z C, C> / (K-1). ||C||^2 = K - 1, so by Cauchy-Schwarz ||Z C||^2 >= (K-1) alpha^2 and "
                "||Z C - C||^2 >= (K-1) (1 - alpha)^2: the square of <Z C - C, C> over K - 1.",
                (),
                all_of(
                    quoted(CAUCHY_SCHWARZ),
                    identical(K * (1 - sp.UnevaluatedExpr(1 / K)), K - 1),
                    identical(((K - 1) * alpha - (K - 1)) ** 2 / (K - 1), (K - 1) * (1 - alpha) ** 2),
                    identical(((K - 1) * alpha) ** 2 / (K - 1), (K - 1) * alpha**2),
                    inference("C is symmetric and its own square", "bias"),
                ),
                "alpha",
            ),
            Step(
                "Features F_l with F_l^T F_l = c_l I: F_2 / sqrt(c_2) has operator norm 1, so ||H_1|| ||W_1|| >= "
                "||P_2||_* >= <P_2, F_2> / sqrt(c_2) >= K sqrt(c_2). ||W_l||^2 >= K c_(l+1) / c_l for 2 <= l < L, and "
                "||W_L||^2 >= ||Z||^2 / c_L >= ||Z C||^2 / c_L.",
                (),
                all_of(
                    contracts(),
                    bessel(),
                    quoted(SCHATTEN_HOELDER),
                    quoted(TRACE_DUALITY),
                    identical(sp.UnevaluatedExpr(K * c) / sp.sqrt(c), K * sp.sqrt(c)),
                    same_words(Z * Z_t - Z * C * Z_t, Z * (J / K) * Z_t),
                    same_words((J / K) * (J / K), J / K, {J * J: K * J}),
                ),
                "layers",
            ),
            Step(
                "Their product is at least K^L (K-1) alpha^2: K^2 c_2 for the first two, each middle layer replaces "
                "c_l by K c_(l+1), the last by (K-1) alpha^2.",
                (),
                all_of(
                    identical(sp.UnevaluatedExpr(P * c) * (K * c_next / c), P * K * c_next),
                    identical(
                        sp.UnevaluatedExpr(K**2 * c) * K ** (L - 2) * ((K - 1) * t**2 / c), K**L * (K - 1) * t**2
                    ),
                    inference("the product of the squared norms", "alpha", "layers"),
                ),
                "product",
            ),
            Step(
                "By AM-GM the regulariser is at least (p/2) Lambda (K^L (K-1) alpha^2)^(1/p). So the loss is at least "
                "(1 - 1/K) times the function of phi_L at x_b and t = |alpha|; alpha < 0 only raises the fit.",
                (),
                all_of(
                    quoted(AM_GM, not_negative(a_term)),
                    identical(sp.UnevaluatedExpr(fit + size), share * objective(t, x_b, p)),
                    identical((1 + t) ** 2 - (1 - t) ** 2, 4 * t),
                    inference("AM-GM over the p factors", "alpha", "product"),
                ),
                "collapse",
            ),
            Step(
                "Identity features and the readout t C reach it: squared norms K^2 for the first two, K for each "
                "middle layer, (K-1) t^2 for the last, balanced.",
                (),
                all_of(
                    identical(sp.UnevaluatedExpr(K**2 * K ** (L - 2)) * ((K - 1) * t**2), K**L * (K - 1) * t**2),
                    inference("outputs t C, balanced", "collapse", "derivation reductions"),
                ),
                "reached",
            ),
            Step(
                "Weights with output I + v 1^T and product P of squared norms, scaled by t and balanced, have loss (1 "
                "- 1/K) times the function of phi_L at Lambda P^(1/p) K / (K-1), against x_b: the same with K^L (K-1) "
                "in the place of P. So they win at every strength below collapse iff P < K^L (K-1).",
                (),
                all_of(
                    identical(sp.UnevaluatedExpr(unit), share * objective(t, Lambda * P ** (1 / p) * K / (K - 1), p)),
                    identical(
                        sp.UnevaluatedExpr(K * Lambda) ** p * (K / (K - 1)) ** L,
                        (Lambda * K / (K - 1)) ** p * K**L * (K - 1),
                    ),
                    inference("phi_L rises with x below collapse", "collapse", "reached", "derivation dnc"),
                ),
                "units",
            ),
            Step(
                "One class at zero: features e_1, ..., e_(K-1), 0 and the last layer e_k -> e_k - e_K. The output is I "
                "- e_K 1^T: entry (i, j) plus [i = K] is [i = j], in each of the four cases.",
                (),
                all_of(
                    every(
                        product((False, True), repeat=3),
                        lambda case: _entry(*case),
                        "entries by i = j, i = K, j = K",
                    ),
                    spots=[instances(range(3, 8), _unit, "K = 3, ..., 7, exact weights")],
                ),
                "dropped",
            ),
            Step(
                "P = (K-1)^2 (K-1)^(L-2) 2 (K-1) = 2 (K-1)^(L+1), below K^L (K-1) iff 2 (K-1)^L < K^L: so at the "
                "depths named, and at every larger one, for a layer multiplies the ratio by (K-1)/K < 1.",
                (),
                all_of(
                    identical(
                        sp.UnevaluatedExpr((K - 1) ** 2 * (K - 1) ** (L - 2)) * (2 * (K - 1)), 2 * (K - 1) ** (L + 1)
                    ),
                    *(
                        compared(
                            sp.Lt(sp.UnevaluatedExpr(sp.Integer(2 * (m - 1) ** d)), m**d, evaluate=False), "integers"
                        )
                        for m, d in DROPPED
                    ),
                    identical(1 - sp.UnevaluatedExpr((K - 1) / K), 1 / K),
                    signed(1 / K, "K > 0"),
                    inference("the product of squared norms", "units", "dropped"),
                ),
            ),
            Step(
                "Leaning: for the K-1 others every factor but the last is 1 + h 1 1^T, h >= 0. Their products have no "
                "negative entry, so no relu changes them; the last layer is the one above times the inverse of the "
                "product. Beside the vector of ones every singular value is 1, in K-2 directions; along it their "
                "squares are c and, of the last layer, K/c^L: at c^p = K each factor has the squared norm c + K-2. P = "
                "(c + K-2)^p is below K^L (K-1) at the K and L shown, with the c shown above the root, and at every "
                "larger L: one more layer 1 has K-1 < K.",
                (),
                all_of(
                    signed(height, "h >= 0"),
                    identical((sp.UnevaluatedExpr(K - 1) + (K - 1) ** 2) / (K - 1), K),
                    identical(ones**p / sp.UnevaluatedExpr(sp.sqrt(ones) ** L) ** 2, ones),
                    identical(sp.UnevaluatedExpr((ones + K - 2) ** L) * (ones + K - 2), (ones + K - 2) ** p),
                    *(
                        compared(sp.Gt(sp.UnevaluatedExpr(root) ** (d + 1), m, evaluate=False), "c^p >= K")
                        for m, d, root in LEANING
                    ),
                    *(
                        compared(
                            sp.Lt((sp.UnevaluatedExpr(root) + m - 2) ** (d + 1), m**d * (m - 1), evaluate=False),
                            "exact rationals",
                        )
                        for m, d, root in LEANING
                    ),
                    inference("singular values along and beside the ones", "units", "dropped"),
                    spots=[instances(range(3, 8), _leans, "K = 3, ..., 7, L = 2, 3, 4, exact weights")],
                ),
                "leaning",
            ),
            Step(
                "Diagonal readouts. ||C W||^2 = ||W||^2 - ||1^T W||^2 / K, and for a diagonal W the two norms on the "
                "right are equal: the factor 1 - 1/K. So P (1 - 1/K) < K^L (K-1) iff P < K^(L+1): the SRG and its "
                "direct sums with DNC have diagonal last layers.",
                (),
                all_of(
                    same_words(Z_t * C * Z, Z_t * Z - Z_t * J * Z / K),
                    identical(g**2 - sp.UnevaluatedExpr(g**2) / K, g**2 * (1 - 1 / K)),
                    identical(K**L * (K - 1) / (1 - sp.UnevaluatedExpr(1 / K)), K**p),
                    inference("C W in the place of W", "units", "derivation srg", "derivation direct-sum"),
                ),
                "diagonal",
            ),
            Step(
                "Direct sums. ||C W||^2 adds over the blocks of a last layer, W_b giving ||W_b||^2 - ||1^T W_b||^2 / "
                "K. With K_0 classes of product P_0, u = ||1^T W_b||^2 / ||W_b||^2 and DNC on the others, each block "
                "balanced, the p-th roots add: a win iff P_0 (1 - u/K) < K_0^p (1 - 1/K). Both sides are linear in "
                "1/K: it holds for every K >= K_0 if it does at 1/K = 1/K_0 and at 0. More layers: q < K_0 on the "
                "left.",
                (),
                all_of(
                    same_words(Z_t * C * Z, Z_t * Z - Z_t * J * Z / K),
                    # Both sides of the inequality at y = 1/K, u = ||1^T W_b||^2 / ||W_b||^2.
                    identical(sp.UnevaluatedExpr(gain.subs(y, 1 / K)) * K, K_0**p * (K - 1) - P_0 * (K - trace)),
                    identical(
                        gain.subs(y, share_0 / K_0), (1 - share_0) * gain.subs(y, 0) + share_0 * gain.subs(y, 1 / K_0)
                    ),
                    signed((d_0 + t * d_1) / (1 + t), "both ends positive, 1/K between them"),
                    inference("sums of p-th roots", "units", "derivation direct-sum", "derivation head"),
                ),
            ),
        ),
    )


def _entry(equal: bool, last_row: bool, last_column: bool) -> bool:
    """Whether the output plus e_K 1^T is the identity at an entry; cases that contradict themselves count."""
    if equal and last_row != last_column or (not equal and last_row and last_column):
        return True
    value = 0 if last_column else int(equal) - int(last_row)
    return value + int(last_row) == int(equal)
