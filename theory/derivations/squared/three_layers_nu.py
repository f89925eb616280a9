"""Three classes, three layers, the first two factors: a Z-matrix for a Gram matrix with a crossed column."""

from typing import Any

import sympy as sp

from dufm.theory.proof.checks import all_of, definition, identical, inference, signed
from dufm.theory.proof.derivation import Derivation, Step
from dufm.theory.proof.words import letters, same_words

p, m, W, s, k, y, u, g, tau = sp.symbols("p m W s k y u g tau", positive=True)
p_0, c, r, rho, kappa, theta, v = sp.symbols("p_0 c r rho kappa theta v", positive=True)
first, second, spare, less, near = sp.symbols("n_1 n_2 f delta e", nonnegative=True)

# All that follows is rational in s, 1 < s^2 < 2; W^2 = size, beta^2 = 1 - rho^2, c = gamma W/kappa.
size = (s**2 - 1) / (2 - s**2)
beta = (s**2 - 1) / s
gamma = beta**2 / s
loss = (s**2 - 1) * (s - 1) / s
left = 1 - loss
kappa_squared = 1 + beta**2 * size / s**2
rho_squared = left**2 + loss**2 / size


def unit() -> sp.Matrix:
    """Every unit vector n with two positive entries, 0 < tau < 1."""
    return sp.Matrix([1 - tau**2, 2 * tau]) / (1 + tau**2)


def factors() -> tuple[Any, Any, Any]:
    """(L, L^(-1), U) of the normal form, with w = W H n and y = k/W."""
    n: Any = unit()
    H = sp.Matrix([[p, -m], [-m, p]])
    w = W * H * n
    bottom = sp.zeros(1, 2)
    L = H.row_join(-w).col_join(bottom.row_join(sp.ones(1)))
    inverse = (sp.Matrix([[p, m], [m, p]]) / (p**2 - m**2)).row_join(W * n).col_join(bottom.row_join(sp.ones(1)))
    U = (sp.eye(2) - k * n * n.T).row_join(g * n).col_join((-k / W * n.T).row_join(sp.Matrix([[u]])))
    return L, inverse, U


def three_layers_nu() -> Derivation:
    """p^2 d_1 d_2 d_3 >= (1 - k)/(s sqrt(2 - s^2)) for the diagonal d of M^T A, M a Z-matrix with M^T A M <= I."""
    L, inverse, U = factors()
    n: Any = unit()
    w = L[:2, :2] * n * W
    M = L[:2, :2].row_join(-(u - g / W) * w).col_join((-k / W * n.T).row_join(sp.Matrix([[u]])))
    diagonal = (U.T * inverse).diagonal()
    on_first, on_second = (1 - k * entry**2 - k * theta * n[0] * n[1] for entry in n)
    both = 1 - k - k * (2 - k) * theta * v + k**2 * (1 + theta**2) * v**2
    lead, middle, last = k**2 * (1 + theta**2), -k * (2 - k) * theta, (1 - k) * theta**2 * (2 - theta**2)
    room = k**2 * theta**2 * (4 * (1 - k) * theta**2 * (1 - theta**2) + 4 - 4 * k - k**2)
    gain = rho**2 / s
    halved = k * less + sp.Rational(7, 4) + sp.Rational(9, 2) * less  # 4 - 4 k - k^2 for k = 1/2 - delta
    low, low_t, back, back_t, x, x_t = letters("L L^T L^(-1) L^(-T) U U^T")
    rules = {back * low: 1, low_t * back_t: 1}
    return Derivation(
        name="three-layers-nu",
        title="Three classes, three layers: the nuclear norm when a column is crossed",
        source="ours",
        states="Let A^(-1) have the blocks H^2 + w w^T, -w and 1, where w > 0 and H has p on and -m off its diagonal, "
        "p > m >= 0. Put W = |H^(-1) w|, s^2 = (1 + 2 W^2)/(1 + W^2), k = (s^2 - 1)(s - 1)/s. There is a Z-matrix M "
        "with M^T A M <= I such that the diagonal d of M^T A is positive and p^2 d_1 d_2 d_3 >= (1 - k)/(s sqrt(2 - "
        "s^2)).",
        steps=(
            Step(
                "w = W H n with |n| = 1; n > 0, because H^(-1) has no negative entry. 1 < s^2 < 2, W^2 = (s^2 - 1)/(2 "
                "- s^2). Further p_0 = 1 - k, y = k/W, beta = (s^2 - 1)/s, kappa^2 = 1 + beta^2 W^2/s^2, c = beta^2 "
                "W/(s kappa), r = 1/kappa, rho^2 = p_0^2 + y^2, g = (c p_0 + r y)/rho, u = (r p_0 - c y)/rho.",
                (),
                all_of(
                    identical((1 + 2 * sp.UnevaluatedExpr(size)) / (1 + sp.UnevaluatedExpr(size)), s**2),
                    identical(n.dot(n), 1),
                    definition("n, s, p_0, y, beta, kappa, c, r, rho, g, u"),
                ),
                "names",
            ),
            Step(
                "L has the blocks H, -w, 0, 1: L L^T = A^(-1). Its inverse has the blocks H^(-1), W n, 0, 1.",
                (),
                all_of(
                    identical(
                        L * L.T,
                        (L[:2, :2] ** 2 + w * w.T).row_join(-w).col_join((-w.T).row_join(sp.ones(1))),
                    ),
                    identical(L * inverse, sp.eye(3)),
                    inference("the normal form of A", "names"),
                ),
                "factor",
            ),
            Step(
                "U has the blocks I - k n n^T, g n, -y n^T, u and M = L U. The terms k H n n^T cancel: M has the "
                "blocks H, -(u - g/W) w, -y n^T, u.",
                (),
                all_of(identical(L * U, M), inference("blocks multiplied", "factor")),
                "product",
            ),
            Step(
                "In the plane of n and e_3 the columns of U are (p_0, -y), of length rho, and (g, u), of length "
                "sqrt(c^2 + r^2); their inner product is c rho. 1 - rho^2 = beta^2 and c^2 = beta^2 (1 - r^2), so 1 - "
                "c^2 - r^2 = rho^2 (1 - r^2) = (c rho/beta)^2: I - U^T U = z z^T with z = (beta n, -c rho/beta).",
                (),
                all_of(
                    identical(((c * p_0 + r * y) ** 2 + (r * p_0 - c * y) ** 2) / (p_0**2 + y**2), c**2 + r**2),
                    identical(p_0 * (c * p_0 + r * y) - y * (r * p_0 - c * y), c * (p_0**2 + y**2)),
                    identical(1 - sp.UnevaluatedExpr(rho_squared), beta**2),
                    identical(gamma**2 * size, beta**2 * (sp.UnevaluatedExpr(kappa_squared) - 1)),
                    identical(1 - (1 - rho**2) * (1 - r**2) - r**2, rho**2 * (1 - r**2)),
                    identical(
                        (U.T * U)[:2, :2].subs(k, 1 - p_0),
                        sp.eye(2) - n * n.T + (p_0**2 + ((1 - p_0) / W) ** 2) * n * n.T,
                    ),
                    identical((U.T * U)[:2, 2].subs(k, W * y), (g * (1 - W * y) - y * u) * n),
                    identical((U.T * U)[2, 2], g**2 + u**2),
                    inference("a square z z^T is >= 0", "names", "product"),
                ),
                "contraction",
            ),
            Step(
                "So M^T A M = U^T U <= I.",
                (),
                all_of(
                    same_words(x_t * low_t * back_t * back * low * x, x_t * x, rules),
                    inference("M = L U", "factor", "product"),
                ),
            ),
            Step(
                "M is a Z-matrix: its entries off the diagonal are -m, -y n_i and -(u - g/W) w_i, and kappa rho (u - "
                "g/W) = rho^2/s > 0, with c y = beta^2 k/(s kappa) and y/W = k/W^2.",
                (),
                all_of(
                    identical(
                        sp.UnevaluatedExpr(left - gamma * loss) - gamma * left - loss / size,
                        gain.subs(rho, sp.sqrt(rho_squared)),
                    ),
                    signed(gain, "positive symbols"),
                    inference("w, n, y, m >= 0", "product", "names"),
                ),
                "z-matrix",
            ),
            Step(
                "d_3 is the last entry of U^T L^(-1), W g + u. kappa rho (W g + u) = kappa^2, and s^2 (2 - s^2) "
                "kappa^2 = rho^2: d_3 = kappa/rho = 1/(s sqrt(2 - s^2)).",
                (),
                all_of(
                    identical(diagonal[2], W * g + u),
                    identical(
                        sp.UnevaluatedExpr(gamma * size * left + loss) + left - gamma * loss,
                        kappa_squared,
                    ),
                    identical(s**2 * (2 - s**2) * sp.UnevaluatedExpr(kappa_squared), rho_squared),
                    inference("M^T A = U^T L^(-1)", "factor", "contraction"),
                ),
                "third",
            ),
            Step(
                "With theta = m/p < 1: p (1 - theta^2) d_i = 1 - k n_i^2 - k theta v, v = n_1 n_2, for i = 1, 2. Their "
                "product is as shown.",
                (),
                all_of(
                    identical(diagonal[0] * p * (1 - (m / p) ** 2), on_first.subs(theta, m / p)),
                    identical(diagonal[1] * p * (1 - (m / p) ** 2), on_second.subs(theta, m / p)),
                    identical(sp.UnevaluatedExpr(on_first) * on_second, both.subs(v, n[0] * n[1])),
                    inference("M^T A = U^T L^(-1)", "factor", "names"),
                ),
                "two",
            ),
            Step(
                "k <= 1/2: the difference is shown, f = 2 - s^2 > 0.",
                (),
                all_of(
                    inference("1 < s^2 < 2", "names"),
                    identical(
                        sp.Rational(1, 2) - sp.UnevaluatedExpr(loss),
                        ((s - 1) / s * spare + (2 + spare) / (2 * s * (2 + s))).subs(spare, 2 - s**2),
                    ),
                    signed(near / s * spare + (2 + spare) / (2 * s * (2 + s)), "s - 1 = e >= 0"),
                ),
                "half",
            ),
            Step(
                "That product is at least (1 - k)(1 - theta^2)^2: the difference, times four times its leading "
                "coefficient in v, is a square plus the term shown, which is >= 0 for k = 1/2 - delta.",
                (),
                all_of(
                    identical(
                        sp.UnevaluatedExpr(both) - (1 - k) * (1 - theta**2) ** 2, lead * v**2 + middle * v + last
                    ),
                    identical(
                        4 * lead * sp.UnevaluatedExpr(lead * v**2 + middle * v + last),
                        (2 * lead * v + middle) ** 2 + room,
                    ),
                    identical(
                        sp.UnevaluatedExpr(room),
                        (k**2 * theta**2 * (4 * first * theta**2 * second + halved)).subs(
                            {first: 1 - k, second: 1 - theta**2, less: sp.Rational(1, 2) - k}
                        ),
                    ),
                    signed(4 * first * theta**2 * second + halved, "n_1 = 1 - k, n_2 = 1 - theta^2"),
                    inference("a square is not negative", "two", "half"),
                ),
                "square",
            ),
            Step(
                "So p^2 d_1 d_2 >= 1 - k > 0. d_1 and d_2 are positive, for their product is and their sum, times p (1 "
                "- theta^2), is: 2 - k - 2 k theta v as shown, with 1 - 2 v = (n_1 - n_2)^2.",
                (),
                all_of(
                    identical(
                        2 - k - 2 * k * theta * v,
                        2 * (1 - k) + k * (1 - theta) + k * theta * sp.UnevaluatedExpr(1 - 2 * v),
                    ),
                    identical(1 - 2 * n[0] * n[1], (n[0] - n[1]) ** 2),
                    signed(2 * first + k * second + k * theta * less**2, "1 - k, 1 - theta >= 0"),
                    inference("both divided by (1 - theta^2)^2", "square", "two", "half"),
                ),
                "pair",
            ),
            Step(
                "Multiplied by d_3 that is the bound.",
                (),
                inference("both factors are positive", "pair", "third", "z-matrix", "contraction"),
            ),
        ),
    )
