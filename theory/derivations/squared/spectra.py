"""Lower bounds by the eigenvalues of the first features: two and three layers, every number of classes."""

import sympy as sp

from dufm.theory.derivations.squared.lemmas import am_gm, product_norm, relu_contracts
from dufm.theory.proof.checks import all_of, definition, identical, inference, signed
from dufm.theory.proof.derivation import Derivation, Step
from dufm.theory.proof.words import letters, same_words

a, b, e, g, x, m, w, y, r, h = sp.symbols("a b e g x m w y r h", positive=True)
level = sp.Symbol("l", positive=True)
u, v, k_0, k_1, k_2, k_3 = sp.symbols("u v k_0 k_1 k_2 k_3", real=True)
s, spare, also = sp.symbols("s d_0 d_1", nonnegative=True)


def line(value: sp.Expr) -> sp.Expr:
    """p(l) = a - b l."""
    return a - b * value


def turning() -> sp.Expr:
    """l p(l)^2, the square of a singular value of F M."""
    return level * line(level) ** 2


def bernstein() -> sp.Expr:
    """A cubic from its values and slopes at u and u + h, at the point u + s h."""

    def cubic(t: sp.Expr) -> sp.Expr:
        return k_0 + k_1 * t + k_2 * t**2 + k_3 * t**3

    def slope(t: sp.Expr) -> sp.Expr:
        return k_1 + 2 * k_2 * t + 3 * k_3 * t**2

    end = u + h
    values = cubic(u), cubic(u) + slope(u) * h / 3, cubic(end) - slope(end) * h / 3, cubic(end)
    mean = sum(sp.binomial(3, i) * s**i * (1 - s) ** (3 - i) * value for i, value in enumerate(values))
    return sp.UnevaluatedExpr(mean) - cubic(u + s * h)


def spectra() -> Derivation:
    """2K loss / x >= sum of c(l_i) over the eigenvalues of the first features, c from one or two falling lines."""
    W, W_t, F, F_t, B, P, P_t, R, R_t, M, A, S = letters("W W^T F F^T B P P^T R R^T M A S")
    root, root_inverse, E, D, inverse, rest, rest_t = letters("T T^(-1) E D A^(-1) V V^T")
    solved = (W - B * F_t) * (F * F_t + x) * (W_t - F * B)
    readout = {B * F_t * F: 1 - x * B, F_t * F * B: 1 - x * B}
    products = {W * F: P, F_t * W_t: P_t, F_t * F: A}
    exact = {F_t * F * inverse: 1, inverse * F_t * F: 1, rest * F: 0, F_t * rest_t: 0}
    i, j = sp.symbols("e_jk m_jk", positive=True)
    q = e - g * level
    return Derivation(
        name="spectra",
        title="Lower bounds by eigenvalues of features, two and three layers",
        source="ours",
        states="For every K >= 2 and L = 2, 3, every n, width and all strengths: let l_1 >= ... >= l_K >= 0 be the "
        "eigenvalues of A = F^T F, F the first features, p = a - b l, b >= 0, a line with l p(l)^2 <= 1 at all of "
        "them. Then 2K loss / x >= sum_i c(l_i), x = K Lambda, with c = 2 l p + 1/(l + x) at L = 2; at L = 3 with c = "
        "2 l p + 2 sqrt(d) - x d for every line q = e - g l, g >= 0, that has d = 2q - q^2 l >= 0 at all of them. "
        "At x = 0 the sum bounds (L + 1) C for outputs I. Bounds that all spectra obey are thus bounds of every "
        "network, and boxes of (l_1, l_2) with fixed lines find them.",
        steps=(
            Step(
                "F_l are the hidden features of n = 1 samples a class, A_l = F_l^T F_l, P = W_1 H_1, F = F_1 = "
                "relu(P), A = A_1. The entries of all F_l and A_l are >= 0. A matrix without positive off-diagonal "
                "entries is a Z-matrix: so is a I - b A, b >= 0.",
                (),
                all_of(definition("F_l, A_l, P"), signed(b * i, "b, entries of A >= 0: those of b A off the diagonal")),
                "names",
            ),
            Step(
                "One sample a class and equal strengths x/K are enough. 2K loss = ||W F - I||^2 + x (||W||^2 + the "
                "other squared norms), W = W_L, F here the last features. With B = (F^T F + x)^(-1) the first two "
                "terms are x B plus a square: at least x tr (A_(L-1) + x)^(-1).",
                (),
                all_of(
                    same_words((W * F - 1) * (F_t * W_t - 1) + x * W * W_t, x * B + solved, readout),
                    inference("one sample, one strength", "derivation reductions"),
                ),
                "readout",
            ),
            Step(
                "||W_1||^2 + ||H_1||^2 >= 2 ||W_1|| ||H_1|| >= 2 ||P||_*. So 2K loss / x >= f = tr (A_(L-1) + x)^(-1) "
                "+ 2 ||P||_* + sum of ||W_l||^2 over 1 < l < L.",
                (),
                all_of(
                    identical((w - y) ** 2, w**2 + y**2 - 2 * w * y),
                    product_norm(),
                    inference("the sum of the bounds", "readout", "names"),
                ),
                "split",
            ),
            Step(
                "Output I, W F = I, takes W = A^(-1) F^T + V with V F = 0, A = A_(L-1): ||W||^2 >= tr A^(-1). So f at "
                "x = 0 is at most the sum of the p = L + 1 squared norms. Balanced ones of product C^p are equal to C.",
                (),
                all_of(
                    same_words((inverse * F_t + rest) * (F * inverse + rest_t), inverse + rest * rest_t, exact),
                    am_gm(),
                    inference("scaling by numbers of product 1 keeps the output", "split", "derivation reductions"),
                ),
                "exact",
            ),
            Step(
                "M = p(A) has ||F M||^2 the largest l p(l)^2 and tr(M A) the sum of l p(l): by the Z-test ||P||_* >= "
                "sum_i l_i p(l_i). On an interval l p(l)^2 is greatest at an end or at a/(3b).",
                (),
                all_of(
                    identical(sp.Derivative(turning(), level), line(level) * (a - 3 * b * level)),
                    identical(sp.Subs(turning(), level, a / (3 * b)), 4 * a**3 / (27 * b)),
                    identical(sp.Subs(turning(), level, a / b), 0),
                    inference("M is a Z-matrix, ||F M|| <= 1", "names", "derivation z-test"),
                ),
                "first",
            ),
            Step(
                "Now a layer W between F and R = relu(W F), P = W F, S = R^T R. For M = q(A) and G = R M F^T, ||W - "
                "G||^2 >= 0 is the trace of the words shown: ||W||^2 >= 2 <P, R M> - tr M A M S.",
                (),
                same_words(
                    (W - R * M * F_t) * (W_t - F * M * R_t),
                    W * W_t - P * M * R_t - R * M * P_t + R * M * A * M * R_t,
                    products,
                ),
                "square",
            ),
            Step(
                "R and R - P >= 0 have no common support, so <R - P, R M> is a sum of terms -e m, e >= 0 an "
                "off-diagonal entry of (R - P)^T R and -m one of M: <P, R M> >= tr M S, and ||W||^2 >= tr D S, D = 2M "
                "- M A M, whose eigenvalues are d(l) = q(l) (2 - q(l) l).",
                (),
                all_of(
                    signed(i * j, "positive symbols"),
                    identical(sp.UnevaluatedExpr(2 * q - q**2 * level), q * (2 - q * level)),
                    inference("M is a Z-matrix", "names", "square"),
                ),
                "second",
            ),
            Step(
                "For D >= 0, D = E^2, and T = (S + x)^(1/2), the square shown has trace tr (S + x)^(-1) - 2 tr D^(1/2) "
                "+ tr D (S + x) >= 0: tr (S + x)^(-1) + tr D S >= 2 tr D^(1/2) - x tr D.",
                (),
                all_of(
                    same_words(
                        (root_inverse - E * root) * (root_inverse - root * E),
                        root_inverse * root_inverse - 2 * E + E * root * root * E,
                        {root * root_inverse: 1, root_inverse * root: 1},
                    ),
                    same_words(D * (S + x), D * S + x * D),
                    inference("the trace of a square is >= 0", "names"),
                ),
                "inverse",
            ),
            Step(
                "So f >= sum_i c(l_i) in both cases.",
                (),
                inference(
                    "traces of functions of A are sums over its eigenvalues", "split", "first", "second", "inverse"
                ),
                "sum",
            ),
            Step(
                "To find its least value: f >= 2 ||P||_* >= 2 ||F|| >= 2 sqrt(l_1), because relu does not raise a "
                "norm, so l_1 <= (c/2)^2 is left where f >= c is to be shown.",
                (),
                all_of(relu_contracts(), inference("a norm is at least the largest singular value", "split")),
                "top",
            ),
            Step(
                "On a piece of an interval 1/y, y = l + x, is at least its tangent at m, by the difference shown, and "
                "2 l p(l) is concave: so is the sum, least at an end.",
                (),
                all_of(
                    identical(sp.UnevaluatedExpr(1 / y - (2 / m - y / m**2)), (y - m) ** 2 / (y * m**2)),
                    signed((y - m) ** 2 / (y * m**2), "y > 0"),
                    identical(-sp.Derivative(2 * level * line(level), (level, 2)), 4 * b),
                    signed(4 * b, "b >= 0"),
                ),
                "two",
            ),
            Step(
                "If w <= y = sqrt(d) <= r on a piece, 2 y is at least the multiple of d shown plus a constant, by w = "
                "y - d_0 and r = y + d_1; what is left is a cubic in l.",
                (),
                all_of(
                    identical(
                        sp.UnevaluatedExpr(2 * y - 2 * (y**2 + r * w) / (r + w)), 2 * (y - w) * (r - y) / (r + w)
                    ),
                    signed(2 * spare * also / (r + w), "y - w = d_0, r - y = d_1"),
                ),
                "three",
            ),
            Step(
                "On [u, u + h] a cubic is a mean of the four numbers in the words shown, with weights >= 0 of sum 1: "
                "at least the least of them, at most the greatest.",
                (),
                all_of(
                    identical(bernstein(), 0),
                    signed(sp.binomial(3, 1) * s * spare**2 + 3 * s**2 * spare + s**3 + spare**3, "1 - s = d_0 >= 0"),
                    identical(sp.expand((s + (1 - s)) ** 3), 1),
                ),
                "cubic",
            ),
            Step(
                "f falls in x. So with lines fixed on a box of the largest eigenvalues, [0, end] for the others, the "
                "least c on each, times how many there are, add up to a bound there; boxes that cover l_1 <= (c/2)^2 "
                "bound the loss.",
                (),
                all_of(
                    signed(-sp.diff(1 / (level + x), x), "positive symbols"),
                    inference("a cover", "exact", "sum", "top", "two", "three", "cubic"),
                ),
            ),
        ),
    )
