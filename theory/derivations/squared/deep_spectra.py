"""Lower bounds by eigenvalues, four layers and more: what the layers before the last two cost, in closed form."""

from random import Random

import sympy as sp
from flint import fmpq_mat

from dufm.theory.derivations.squared.lemmas import am_gm, random_matrix, relu_contracts
from dufm.theory.proof.checks import all_of, compared, definition, identical, inference, random_rational, seeded, signed
from dufm.theory.proof.derivation import Derivation, Step
from dufm.theory.proof.theorems import JENSEN, TRACE_OF_PRODUCT, quoted
from dufm.theory.rational import fraction

# The weight of the other eigenvalues after one layer; after two and more it is 2.
WEIGHT = sp.Rational(6, 5)

v, n, s, c, y, z, M, j, h, w = sp.symbols("v n s c y z M j h w", positive=True)
l_1, l_2, t, root = sp.symbols("l_1 l_2 t a", positive=True)
spare, also, more, less = sp.symbols("e f k u", nonnegative=True)
level, q, x = sp.symbols("l q x", positive=True)


def chord(value: sp.Expr) -> sp.Expr:
    """The chord of l^(-1/2) through v^2 and 1."""
    return 1 + (1 - value) / (v * (v + 1))


def line(value: sp.Expr) -> sp.Expr:
    """q, the chord of 1/l through l_1 and l_2."""
    return 1 / l_1 + 1 / l_2 - value / (l_1 * l_2)


def price(value: sp.Expr) -> sp.Expr:
    """d = 2 q - q^2 l, what an eigenvalue l of the features asks of the layer that reads them."""
    return 2 * line(value) - line(value) ** 2 * value


def shifted() -> sp.Expr:
    """What the exchange leaves for n other eigenvalues at s, in the unit l_2 = 1 and with l_1 = v."""
    ends = 1 / v + 1 - (2 * n + 1) * (1 / (v + y) + 1 / (1 + y))
    return ends + n * price(s).subs({l_1: v, l_2: 1})


def cleared() -> sp.Expr:
    """The same times v^2 (v + y) (1 + y) > 0."""
    read = (1 + v - s) * (2 * v - (1 + v - s) * s)
    return (1 + v) * (v + y) * (1 + y) * v - (2 * n + 1) * v**2 * (1 + v + 2 * y) + n * read * (v + y) * (1 + y)


def growth(end: int) -> sp.Expr:
    """chord - (3/5)(1 + 1/v) + (rho/10)(1 + 1/v^3) at rho = 0 or 1, times v^3 (v + 1)."""
    there = chord(sp.Integer(end)) - sp.Rational(3, 5) * (1 + 1 / v) + sp.Rational(end, 10) * (1 + 1 / v**3)
    return sp.expand(sp.cancel(there * v**3 * (v + 1)))


def _trace_of_product(rng: Random) -> bool:
    """Symmetric 2 x 2 matrices with rational eigenvalues."""
    r = random_rational(rng)
    turn = fmpq_mat(2, 2, [r.numerator, r.denominator, -r.denominator, r.numerator])
    scale = fraction((turn * turn.transpose())[0, 0])
    falling = sorted((rng.randint(-9, 9) for _ in range(2)), reverse=True)
    A = turn * fmpq_mat(2, 2, [falling[0], 0, 0, falling[1]]) * turn.transpose()
    B = random_matrix(rng, 2, 2)
    B = fmpq_mat(2, 2, [B[0, 0], 0, 0, B[1, 1]])
    low, high = sorted(fraction(B[i, i]) for i in range(2))
    product = A * B
    trace = (fraction(product[0, 0]) + fraction(product[1, 1])) / scale
    return trace >= falling[0] * low + falling[1] * high


def deep_spectra() -> Derivation:
    """f >= p ((l_1 + 2r)^(1/p) + (l_2 + 2r)^(1/p)) + sum of 2 sqrt(d) - x d, p = L - 1, L >= 4."""
    covered = sp.expand(z**5 * cleared().subs(y, WEIGHT * n * s).subs(s, 1 / z))
    gap = 1 - level * chord(level**2)
    return Derivation(
        name="deep-spectra",
        title="Lower bounds by eigenvalues of features, four layers and more",
        source="ours",
        states="For every K >= 2 and L >= 4, every n, width and all strengths: let l_1 >= l_2 >= ... >= l_K >= 0 be "
        "the eigenvalues of A = F^T F, F the features of hidden layer L - 2, r = l_3 + ... + l_K, p = L - 1, x = K "
        "Lambda. Then 2K loss / x >= p (l_1 + 2r)^(1/p) + p (l_2 + 2r)^(1/p) + sum_i (2 sqrt(d) - x d)(l_i) for every "
        "line q = e - g l, g >= 0, that has d = 2q - q^2 l >= 0 at all l_i. At x = 0 this bounds (L + 1) C for outputs "
        "I.",
        steps=(
            Step(
                "F_j are the hidden features of one sample a class, A_j = F_j^T F_j, S_j = ||H_1||^2 + ||W_1||^2 + ... "
                "+ ||W_j||^2. l_1 >= l_2 >= t_1 >= t_2 >= ... are the eigenvalues of A_j, rho the sum of all t_i; m_1 "
                ">= m_2 >= u_1 >= ... those of A_(j+1), R the sum of the u_i. To be shown: S_j >= (j + 1) ((l_1 + w "
                "rho)^(1/(j+1)) + (l_2 + w rho)^(1/(j+1))), w = 6/5 for j = 1 and w = 2 for j >= 2.",
                (),
                definition("F_j, A_j, S_j"),
                "names",
            ),
            Step(
                "j = 1: S_1 >= 2 ||P||_*, and ||P||_* >= sum l p(l) for a line p that falls and has l p(l)^2 <= 1. Let "
                "l_2 > 0, and l_2 = 1, l_1 = v^2 in its unit. The chord p of l^(-1/2) through both is such a line: at "
                "l = y^2 <= 1 the difference 1 - y p is a product, with y = 1 - f and v = 1 + e.",
                (),
                all_of(
                    identical(chord(v**2), 1 / v),
                    identical(chord(sp.Integer(1)), 1),
                    identical(sp.UnevaluatedExpr(gap), (1 - level) * (v - level) * (v + level + 1) / (v * (v + 1))),
                    signed((also * (spare + also) * (v + y + 1) / (v * (v + 1))), "y > 0, 1 - y = f, v - y = e + f"),
                    inference("the Z-test", "names", "derivation spectra"),
                ),
                "chord",
            ),
            Step(
                "For 0 <= c <= 1: sqrt(1 + 6c/5) <= 1 + 3c/5 - c^2/10, by the squares. So sqrt(v^2 + 6 rho/5) <= v + 3 "
                "rho/(5v) - rho^2/(10 v^3) for rho <= 1 <= v.",
                (),
                all_of(
                    identical(
                        sp.UnevaluatedExpr((1 + sp.Rational(3, 5) * c - c**2 / 10) ** 2) - 1 - WEIGHT * c,
                        c**2 * (16 - 12 * c + c**2) / 100,
                    ),
                    identical(16 - 12 * c, 4 + 12 * sp.UnevaluatedExpr(1 - c)),
                    signed(4 + 12 * spare + c**2, "1 - c = e >= 0"),
                    identical(
                        v * (sp.UnevaluatedExpr(1 + sp.Rational(3, 5) * c - c**2 / 10)).subs(c, s / v**2),
                        v + 3 * s / (5 * v) - s**2 / (10 * v**3),
                    ),
                    inference("c = rho/v^2 <= 1; both sides of the first are positive", "names"),
                ),
                "root",
            ),
            Step(
                "rho <= 1: all t_i <= rho, so sum t_i p(t_i) >= rho p(rho). p(rho) less (3/5)(1 + 1/v) - (rho/10)(1 + "
                "1/v^3) is affine in rho, and >= 0 at rho = 0 and 1. So sqrt(l_1 + w rho) + sqrt(l_2 + w rho) <= v + 1 "
                "+ rho p(rho).",
                (),
                all_of(
                    signed(sp.expand(growth(0).subs(v, 1 + spare)), "rho = 0, times v^3 (v + 1), v = 1 + e"),
                    signed(sp.expand(growth(1).subs(v, 1 + spare)), "rho = 1"),
                    identical(sp.Derivative(chord(s), (s, 2)), 0),
                    signed(1 / (v * (v + 1)), "p falls"),
                    inference("an affine function is least at an end", "chord", "root"),
                ),
                "few",
            ),
            Step(
                "rho >= 1: p(t_i) >= p(1) = 1, so sum t_i p(t_i) >= rho. With b = sqrt(a^2 + w): sqrt(a^2 + w rho) <= "
                "a + rho (b - a), by the squares, for a = v and 1; at rho = 1 the sum of both b - a is <= p(1) = 1.",
                (),
                all_of(
                    identical(
                        sp.UnevaluatedExpr((root + s * c) ** 2) - root**2 - s * ((root + c) ** 2 - root**2),
                        s * (s - 1) * c**2,
                    ),
                    signed((1 + spare) * spare * c**2, "rho = 1 + e, c = b - a"),
                    identical(chord(sp.Integer(1)), 1),
                    inference("p falls", "few", "chord"),
                ),
                "many",
            ),
            Step(
                "l_2 = 0: then rho = 0, and ||P||_* >= ||F|| = sqrt(l_1). So S_1 is as stated.",
                (),
                all_of(
                    relu_contracts(),
                    inference("a nuclear norm is at least the norm", "few", "many", "names", "derivation spectra"),
                ),
                "first",
            ),
            Step(
                "j -> j + 1: W = W_(j+1) has ||W||^2 >= tr D A_(j+1), D = d(A_j), d = 2q - q^2 l, for every line q = e "
                "- g l, g >= 0. Let l_2 > 0 and q be the chord of 1/l through l_1 and l_2. d is 1/l_1 and 1/l_2 there, "
                "and falls on [0, l_2].",
                (),
                all_of(
                    identical(sp.UnevaluatedExpr(price(l_1)), 1 / l_1),
                    identical(sp.UnevaluatedExpr(price(l_2)), 1 / l_2),
                    identical(
                        -sp.Derivative(price(level), level),
                        line(level) ** 2 + 2 * sp.UnevaluatedExpr(1 - line(level) * level) / (l_1 * l_2),
                    ),
                    identical(sp.UnevaluatedExpr(1 - line(level) * level), (1 - level / l_1) * (1 - level / l_2)),
                    signed(spare * also, "l <= l_2 <= l_1: both factors are >= 0"),
                    inference("a I - g A_j is a Z-matrix, A_j >= 0 entry by entry", "names", "derivation spectra"),
                ),
                "middle",
            ),
            Step(
                "The eigenvalues of D rise as those of A_j fall: ||W||^2 >= m_1/l_1 + m_2/l_2 + sum d(t_i) u_i.",
                (),
                all_of(
                    quoted(TRACE_OF_PRODUCT, spots=[seeded(_trace_of_product, what="pairs of matrices")]),
                    inference("m_1, m_2, u_1, ... fall", "middle"),
                ),
                "sorted",
            ),
            Step(
                "l_2 = 0 < l_1: q = 1/l_1 + h (1 - l/l_1) with any h > 0 has d(l_1) = 1/l_1 and d(0) = 2/l_1 + 2h, so "
                "||W||^2 >= m_1/l_1 + 2h (m_2 + R), and m_2 = R = 0. If l_1 = 0 all features are 0 from there on.",
                (),
                all_of(
                    identical(2 / l_1 + 2 * h * (1 - l_1 / l_1) - (1 / l_1) ** 2 * l_1, 1 / l_1),
                    signed(2 / l_1, "what d(0) has beyond 2h"),
                    inference("h is arbitrary, ||W||^2 is one number", "sorted", "middle"),
                ),
                "thin",
            ),
            Step(
                "On [0, l_2] d is convex: d'' = 2g (2e - 3g l), and 2 (l_1 + l_2) >= 3 l_2.",
                (),
                all_of(
                    identical(
                        sp.Derivative(price(level), (level, 2)),
                        2 * (2 * (l_1 + l_2) - 3 * level) / (l_1 * l_2) ** 2,
                    ),
                    signed(
                        (2 * (l_1 + l_2) - 3 * level).subs(l_1, l_2 + spare).subs(l_2, level + also),
                        "l_2 = l + f, l_1 = l_2 + e",
                    ),
                ),
                "convex",
            ),
            Step(
                "l_2 > 0, y = w rho. To be shown: m_1/l_1 + m_2/l_2 + sum d(t_i) u_i is at least (m_1 + 2R)/(l_1 + y) "
                "+ (m_2 + 2R)/(l_2 + y). The difference is linear in all m and u; m_a has the factor y/(l_a (l_a + y)) "
                ">= 0 and u_i is at most m_2 <= m_1: least where m_1 = m_2 = 1, times m_2, and u_i = 1 for those n "
                "whose factor is negative, 0 for the others. It grows with y: let rho be the sum of those n alone.",
                (),
                all_of(
                    identical(sp.UnevaluatedExpr(1 / root - 1 / (root + y)), y / (root * (root + y))),
                    signed(y / (root * (root + y)), "positive symbols"),
                    identical(-sp.Derivative(1 / (root + y), y), 1 / (root + y) ** 2),
                    inference("a linear function on a box", "sorted", "names"),
                ),
                "corner",
            ),
            Step(
                "By convexity their d(t_i) add up to n d(s) at least, s = rho/n. In the unit l_2 = 1, l_1 = v the "
                "difference is at least the one shown, first times positive factors, then at y = 6 n s/5, s = 1/z: a "
                "polynomial whose coefficients in e, k, u, v = 1 + e, n = 1 + k, z = 1 + u, are all >= 0. For w = 6/5, "
                "so also for w = 2.",
                (),
                all_of(
                    quoted(JENSEN, inference("d'' >= 0", "convex")),
                    identical(sp.UnevaluatedExpr(shifted()), cleared() / (v**2 * (v + y) * (1 + y))),
                    identical(z**5 * sp.UnevaluatedExpr(cleared().subs(y, WEIGHT * n * s).subs(s, 1 / z)), covered),
                    signed(sp.expand(covered.subs({v: 1 + spare, n: 1 + more, z: 1 + less})), "e, k, u >= 0"),
                    compared(sp.Le(WEIGHT, 2, evaluate=False), "the difference grows with y = w rho"),
                    inference("n = 0 is trivial, s <= 1", "corner"),
                ),
                "exchange",
            ),
            Step(
                "AM-GM of j + 1 numbers z^(1/(j+1)) and M/z: (j + 1) z^(1/(j+1)) + M/z >= (j + 2) M^(1/(j+2)).",
                (),
                all_of(
                    am_gm(z ** (1 / (j + 1)), M / z),
                    identical((z ** (1 / (j + 1))) ** (j + 1) * sp.UnevaluatedExpr(M / z), M),
                ),
                "means",
            ),
            Step(
                "So S_(j+1) = S_j + ||W||^2 >= (j + 2) ((m_1 + 2R)^(1/(j+2)) + (m_2 + 2R)^(1/(j+2))), by z = l_a + w "
                "rho and M = m_a + 2R; for l_2 = 0 by z = l_1, M = m_1. With `first`, S_j is as stated for all j >= 1.",
                (),
                inference("induction", "exchange", "means", "thin", "first", "names"),
                "chain",
            ),
            Step(
                "At j = L - 2, p = j + 1 >= 3: w = 2. The last two layers ask for tr D A_(L-1) + tr (A_(L-1) + x)^(-1) "
                ">= 2 tr D^(1/2) - x tr D, D = d(A_j) >= 0 for any falling line q: the sum over eigenvalues stated.",
                (),
                inference("the sum of the bounds", "chain", "middle", "derivation spectra"),
                "sum",
            ),
            Step(
                "To find its least value: with q = 0 it is at least p l_1^(1/p), so l_1 <= (c/p)^p is left where c is "
                "to be shown. z^(1/p) is concave. So on a <= l <= b, 0 <= r <= o, (l + 2r)^(1/p) less an affine "
                "function is least at a corner; and it grows less in r from l = b than from l = a.",
                (),
                all_of(
                    identical(-sp.Derivative(z ** (1 / (1 + w)), (z, 2)), w / (1 + w) ** 2 * z ** (1 / (1 + w) - 2)),
                    signed(w / (1 + w) ** 2 * z ** (1 / (1 + w) - 2), "p = 1 + w > 1"),
                    inference("a concave function on a box", "sum"),
                ),
            ),
            Step(
                "Where only a <= l_1 <= b is known, a line q = e - (e - k) l/l_1, 0 <= k <= e, lies between those of a "
                "and of b. At each l, d = 2 q - q^2 l is concave in q, and at most 2 e; where that is at most 1/x^2, "
                "c = 2 d^(1/2) - x d grows with d. So c is at least the lesser of its values for the two lines.",
                (),
                all_of(
                    identical(sp.Derivative(2 * q - q**2 * level, (q, 2)), -2 * level),
                    signed(2 * level, "a positive symbol"),
                    identical(2 * (q + spare) - sp.UnevaluatedExpr(2 * q - q**2 * level), 2 * spare + q**2 * level),
                    signed(2 * spare + q**2 * level, "e = q + spare"),
                    identical(sp.Derivative(2 * sp.sqrt(M) - x * M, M), 1 / sp.sqrt(M) - x),
                    identical(sp.UnevaluatedExpr((1 / sp.sqrt(M) - x).subs(M, 1 / (x * (1 + spare)) ** 2)), x * spare),
                    signed(x * spare, "d <= 1/x^2"),
                    inference("a concave function on an interval is at least the lesser of its ends", "sum"),
                ),
            ),
        ),
    )
