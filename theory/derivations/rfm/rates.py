"""Deep RFM with linear kernels: every fixed point, the derivative there, folds and the threshold."""

from fractions import Fraction
from itertools import product

import sympy as sp

from dufm.theory.proof.checks import all_of, identical, inference, instances, named, signed
from dufm.theory.proof.derivation import Derivation, Step
from dufm.theory.proof.words import letters, same_words
from dufm.theory.rfm.fixed_points import collapse_rate, folds, g, k, level, phi, rate, without_map

a, b, t, y, tau = sp.symbols("a b t y tau", positive=True)
eps = sp.Symbol("epsilon")
A, R, T, D, J, G, V, V_t, Q, Y, Y_t = letters("A A^(-1) T D J G V V^T Q Y Y^T")
VALUES = ((Fraction(1, 2), Fraction(1, 3)), (Fraction(2), Fraction(1, 5)), (Fraction(1), Fraction(1, 20)))


def _derivative(case: tuple[tuple[Fraction, Fraction], int, int]) -> bool:
    """d/d eps of F(G + eps D) at a fixed point with three rational eigenvalues, the last without labels."""
    (strength, shift), i, j = case
    k_, phi_ = sp.Rational(str(strength)), sp.Rational(str(shift))
    values = [phi_ + 2, phi_ + sp.Rational(1, 3), phi_]
    target = sp.diag(*(level(v, k_, phi_) for v in values))
    move = sp.zeros(3, 3)
    move[i, j] = move[j, i] = 1
    gram = sp.diag(*values) + eps * move
    reached = gram * (gram + k_ * sp.eye(3)).inv()
    image = reached * target * reached + phi_ * sp.eye(3)
    slope = image.applyfunc(lambda e: sp.diff(e, eps).subs(eps, 0))
    wanted = rate(values[i], values[j], k_, phi_) * move
    start = image.subs(eps, 0)
    return (slope - wanted).applyfunc(sp.nsimplify) == sp.zeros(3, 3) and start == sp.diag(*values)


def _fold_counts(root: sp.Rational) -> bool:
    """Solutions of f(g) = tau at lambda_k = 1, sqrt(1 - 8 lambda_Phi) = root: three exactly between the fold levels."""
    share = (1 - root**2) / 8
    low, high = sorted(level(v, 1, share) for v in folds(sp.Integer(1), share))
    counts = []
    for value in (low / 2, (low + high) / 2, high * 2):
        cubic = sp.Poly((g - share) * (g + 1) ** 2 - value * g**2, g, domain="QQ")
        counts.append(int(cubic.count_roots(0, sp.oo)))
    return counts == [1, 3, 1]


def _gain(value: sp.Expr) -> sp.Expr:
    return value / (value + k)


def rfm_rates() -> Derivation:
    """f(G) = T at every fixed point; rate(a, b) = 1 - (a/(a+k)) (b/(b+k)) (f(a) - f(b))/(a - b)."""
    slope = sp.diff(level(g), g)
    upper = folds()[1]
    root = without_map(tau)
    shared = sp.solve(level(a) - level(b), phi)[0]
    chord = (level(a) - level(b)) / (a - b)
    return Derivation(
        name="rfm-rates",
        title="Deep RFM with linear kernels: fixed points, rates, threshold",
        source="ours",
        states="For lambda_k, lambda_Phi > 0 and any T >= 0 the fixed points of F(G) = A T A + lambda_Phi are the G "
        "with f(G) = T, f(g) = (g - lambda_Phi)(g + lambda_k)^2/g^2. There F' scales the block between eigenvalues a, "
        "b of G by 1 - a b (f(a)-f(b)) / ((a + lambda_k)(b + lambda_k)(a-b)) >= 0; with deviations within classes the "
        "factor is r = (1 - lambda_Phi/a) lambda_k/(lambda_k + lambda_Phi). There is one fixed point for every T iff "
        "lambda_Phi >= lambda_k/8.",
        steps=(
            Step(
                "F(G) >= lambda_Phi, so a fixed G is > 0, and A = G (G + lambda_k)^(-1) is invertible and commutes "
                "with G. With f(G) = A^(-1) (G - lambda_Phi) A^(-1), F(G) - G = A (T - f(G)) A. So G is fixed iff "
                "f(G) = T; T is then a function of G, the two commute, and on eigenvectors f takes the eigenvalues of "
                "G to those of T.",
                (),
                all_of(
                    same_words(A * T * A + phi - G, A * (T - R * (G - phi) * R) * A, {A * R: 1, R * A: 1}),
                    identical(level(g), (g - phi) / sp.UnevaluatedExpr(_gain(g)) ** 2),
                    inference("a layer of the recursion", "derivation rfm-recursion"),
                ),
                "fixed",
            ),
            Step(
                "Where T is 0, f(g) = 0 gives g = lambda_Phi: no spread within classes beyond the feature map's own. "
                "Where T is tau > 0, f(g) = tau > 0 needs g > lambda_Phi, and a solution exists as f runs from 0 to "
                "infinity.",
                (),
                all_of(
                    identical(sp.Subs(level(g), g, phi), 0),
                    identical(level(phi + y), y * (phi + y + k) ** 2 / (phi + y) ** 2),
                    identical(level(phi + y) - y, y * k * (2 * (phi + y) + k) / (phi + y) ** 2),
                    signed(y * k * (2 * (phi + y) + k) / (phi + y) ** 2, "f(lambda_Phi + y) is at least y"),
                    inference("a continuous function takes every value between", "fixed"),
                ),
            ),
            Step(
                "One layer on from G + eps D, J = (G + lambda_k)^(-1): J changes by -J D J, so A = 1 - lambda_k J by "
                "lambda_k J D J, and F by lambda_k (J D J T A + A T J D J).",
                (),
                all_of(
                    same_words(
                        (J - eps * J * D * J) * (G + k + eps * D),
                        1 - eps**2 * J * D * J * D,
                        {J * G: 1 - k * J},
                    ),
                    same_words(
                        (A + eps * k * J * D * J) * T * (A + eps * k * J * D * J) - A * T * A,
                        eps * k * (J * D * J * T * A + A * T * J * D * J) + eps**2 * k**2 * J * D * J * T * J * D * J,
                    ),
                    inference("terms of first order in eps", "fixed"),
                ),
                "slope",
            ),
            Step(
                "Between eigenvectors with eigenvalues a, b of G, and f(a), f(b) of T, that is a factor, shown first; "
                "it is >= 0 as a, b >= lambda_Phi. The second form is the chord of f.",
                (),
                all_of(
                    identical(
                        k * sp.UnevaluatedExpr(level(a) * _gain(a) + level(b) * _gain(b)) / ((a + k) * (b + k)),
                        rate(a, b),
                    ),
                    identical(sp.UnevaluatedExpr(rate(a, b)), 1 - _gain(a) * _gain(b) * chord),
                    identical(sp.UnevaluatedExpr(rate(a, a)), 1 - _gain(a) ** 2 * slope.subs(g, a)),
                    inference("entry by entry in the eigenvectors of G", "slope"),
                    spots=[
                        instances(
                            product(VALUES, range(3), range(3)),
                            _derivative,
                            "F of 3 x 3 matrices differentiated, 27 blocks",
                        )
                    ],
                ),
                "rate",
            ),
            Step(
                "So a fixed point is linearly stable iff on its spectrum f rises, also between points: G is a rising "
                "function of T. Two different solutions for one tau have rate 1: T does not see rotations of an "
                "eigenspace, which carry such a G into a whole family of fixed points.",
                (),
                # f(a) = f(b) is linear in lambda_Phi.
                all_of(
                    identical(sp.UnevaluatedExpr(rate(a, b)).subs(phi, shared), 1),
                    inference("a factor below 1 iff the chord rises", "rate"),
                ),
            ),
            Step(
                "The block between class vectors at a and deviations within classes (b = lambda_Phi, T = 0) shrinks "
                "by r; a direction of class space itself by 2 lambda_k (1 - lambda_Phi/a)/(a + lambda_k), for one "
                "level tau the same as 2 tau a lambda_k/(a + lambda_k)^3.",
                (),
                all_of(
                    identical(sp.UnevaluatedExpr(rate(a, phi)), collapse_rate(a)),
                    identical(sp.UnevaluatedExpr(rate(a, a)), 2 * k * (1 - phi / a) / (a + k)),
                    identical(sp.UnevaluatedExpr(rate(a, a)), 2 * level(a) * a * k / (a + k) ** 3),
                    inference("b = lambda_Phi, and b = a", "rate"),
                ),
            ),
            Step(
                "The limit is near T + lambda_Phi but not on it: at a level tau = f(a) the eigenvalue a falls short "
                "of tau + lambda_Phi by what is shown, which tends to 2 lambda_k for large tau.",
                (),
                all_of(
                    identical(sp.UnevaluatedExpr(level(a)) + phi - a, k * (a - phi) * (2 * a + k) / a**2),
                    identical(sp.Limit(k * (a - phi) * (2 * a + k) / a**2, a, sp.oo), 2 * k),
                    inference("tau = f(a)", "fixed"),
                ),
            ),
            Step(
                "Deviations within classes, Q Y = 0: Q G+ Q = lambda_Phi Q + (Q A Y)(Q A Y)^T. The Gram matrix within "
                "classes of M^(1/2) X is a square, second order in the block between: it falls like r^2, and G keeps "
                "the spread lambda_Phi that the feature map adds. NC1 vanishes after M^(1/2), not after the feature "
                "map.",
                (),
                same_words(
                    Q * (A * Y * Y_t * A + phi) * Q,
                    phi * Q + V * V_t,
                    {Q * A * Y: V, Y_t * A * Q: V_t, Q * Q: Q},
                ),
            ),
            Step(
                "f'(g) has the sign of g^2 - lambda_k g + 2 lambda_k lambda_Phi, with discriminant lambda_k (lambda_k "
                "- 8 lambda_Phi): f rises everywhere iff lambda_Phi >= lambda_k/8. Otherwise it falls between g_- and "
                "g_+, and for f(g_+) < tau < f(g_-) there are three solutions, the middle one unstable.",
                (),
                all_of(
                    identical(sp.Derivative(level(g), g), (g + k) * (g**2 - k * g + 2 * k * phi) / g**3),
                    identical(sp.discriminant(g**2 - k * g + 2 * k * phi, g), k * (k - 8 * phi)),
                    *(identical(sp.UnevaluatedExpr(v) ** 2 - k * v + 2 * k * phi, 0) for v in folds()),
                    inference("rising, falling, rising: three solutions between the folds", "fixed", "rate"),
                    spots=[
                        instances(
                            [sp.Rational(m, 10) for m in (1, 4, 7, 9)],
                            _fold_counts,
                            "counted for four lambda_Phi < lambda_k/8",
                        )
                    ],
                ),
            ),
            Step(
                "Threshold: as lambda_Phi -> 0 the fold f(g_+) tends to 4 lambda_k, and for tau >= 4 lambda_k the "
                "largest fixed point to the value shown; below, every fixed point is of the order of lambda_Phi.",
                (),
                all_of(
                    named(sp.Symbol("a_0"), root),
                    identical(sp.Subs(level(upper), phi, 0), 4 * k),
                    identical(sp.UnevaluatedExpr(root + k) ** 2, tau * root),
                    identical(sp.UnevaluatedExpr(without_map(4 * k)), k),
                    identical(sp.Limit(level(t * phi, k, phi) * phi, phi, 0), (t - 1) * k**2 / t**2),
                    inference("the fixed points at lambda_Phi -> 0", "fixed"),
                ),
            ),
        ),
    )
