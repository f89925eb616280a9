"""The Z-test: a lower bound of ||P||_* from the features F = relu(P) alone, and what it gives for three columns."""

from typing import Any

import sympy as sp

from dufm.theory.derivations.squared.two_layers import crossed_step, dual_step
from dufm.theory.proof.checks import all_of, definition, identical, inference, signed
from dufm.theory.proof.derivation import Derivation, Step
from dufm.theory.proof.theorems import CAUCHY_INTERLACING, quoted
from dufm.theory.proof.words import letters, same_words

s_1, s_2, s_3, r, p, q, u, w = sp.symbols("s_1 s_2 s_3 r p q u w", positive=True)
b, spare, also = sp.symbols("b d e", nonnegative=True)
a, c_1, c_2, n = sp.symbols("a c_1 c_2 n", nonnegative=True)


def slope_line(square: sp.Expr) -> sp.Expr:
    """p(l), affine with p(s_1^2) = 1/s_1 and p(s_2^2) = 1/s_2, from l = s^2."""
    return 1 / s_2 + (s_2**2 - square) / (s_1 * s_2 * (s_1 + s_2))


def z_test() -> Derivation:
    """||P||_* >= tr(M^T A), A = F^T F, for every Z-matrix M with ||F M|| <= 1; two of them for three columns."""
    F, F_t, square, rows, rows_t = letters("F F^T Q E E^T")
    root_of, inverse = letters("S S^(-1)")
    rules = {root_of * inverse: 1, inverse * root_of: 1}
    S: Any = sp.Matrix([[p, b], [b, q]])
    A: Any = sp.Matrix([[p**2 + b**2, b * (p + q), c_1], [b * (p + q), q**2 + b**2, c_2], [c_1, c_2, a]])
    schur: Any = a - (sp.Matrix([[c_1, c_2]]) * (S * S).inv() * sp.Matrix([c_1, c_2]))[0]
    root, x_1, x_2, y = sp.symbols("delta x_1 x_2 y", positive=True)
    given: Any = sp.Matrix([[x_1, y], [y, x_2]])
    squared = (given + root * sp.eye(2)) ** 2
    rest = (1 / s_3 - slope_line(s_3**2)).subs({s_2: s_3 + spare, s_1: s_3 + spare + also})
    return Derivation(
        name="z-test",
        title="The Z-test: nuclear norms from Gram matrices of features",
        source="ours",
        states="For every P, F = relu(P), A = F^T F and every M with off-diagonal entries <= 0 and ||F M|| <= 1, "
        "||P||_* >= tr(M^T A). So for three columns, with s_1 >= s_2 >= s_3 >= 0 the singular values of F: ||P||_* >= "
        "s_2 + 2 sqrt(s_1 s_3), and ||P||_* >= s_1 + s_2 + s_3^2 (1/s_2 + (s_2^2 - s_3^2)/(s_1 s_2 (s_1 + s_2))), "
        "whose last term is 0 where s_3 is.",
        steps=(
            Step(
                "F = relu(P), G = F - P >= 0, A = F^T F. F and G have no common support, so F^T G >= 0 has a zero "
                "diagonal. A matrix M without positive off-diagonal entries is a Z-matrix.",
                (),
                definition("P, F, G, A, Z-matrix"),
                "names",
            ),
            dual_step(),
            Step(
                "Below A is invertible. If it is not, rows E = epsilon I below P are rows below F, and A + E^T E is: "
                "what holds for every epsilon > 0 and is continuous holds for A.",
                (),
                all_of(
                    same_words(F_t * F + rows_t * rows, F_t * F + square, {rows_t * rows: square}),
                    inference("relu acts entry by entry, singular values are continuous", "names"),
                ),
                "limit",
            ),
            crossed_step(),
            Step(
                "Put the crossed column last, if there is one, and write A in blocks of columns 1, 2 and column 3. The "
                "regression of column 3 on the others has the coefficients shown over det: the two products that are "
                ">= 0 because columns 1 and 2 are not crossed. So v >= 0 in what follows.",
                (),
                all_of(
                    identical(
                        given * sp.Matrix([x_2 * c_1 - y * c_2, x_1 * c_2 - y * c_1]),
                        given.det() * sp.Matrix([c_1, c_2]),
                    ),
                    inference("no crossed column but the last", "crossed"),
                ),
                "regression",
            ),
            Step(
                "The 2 x 2 block B = ((x_1, y), (y, x_2)) has the root S = (B + delta I)/tau, delta = sqrt(det B), "
                "tau^2 = tr B + 2 delta: S = ((p, b), (b, q)) with b >= 0, for B >= 0.",
                (),
                identical(
                    squared.subs(root, sp.sqrt(x_1 * x_2 - y**2)),
                    (given * (x_1 + x_2 + 2 * root)).subs(root, sp.sqrt(x_1 * x_2 - y**2)),
                ),
                "root",
            ),
            Step(
                "M = ((S^(-1), -v/r), (0, 1/r)), r^2 = a_33 - n, n = v^T B v, has M^T A M = I, block by block (c = B "
                "v: the mixed block is 0), and tr(M^T A) = tr S + r = p + q + r. Its off-diagonal entries are -b/det "
                "S, -v_i/r and 0: ||P||_* >= p + q + r.",
                (),
                all_of(
                    same_words(inverse * root_of * root_of * inverse, 1, rules),
                    same_words(inverse * root_of * root_of, root_of, rules),
                    identical(sp.UnevaluatedExpr((n - 2 * n + (r**2 + n)) / r**2), 1),
                    identical(sp.UnevaluatedExpr((-n + (r**2 + n)) / r), r),
                    identical(S.inv()[0, 1] * S.det(), -b),
                    inference("a Z-matrix with ||F M|| = 1", "dual", "limit", "regression", "root"),
                ),
                "block",
            ),
            Step(
                "With u >= w the eigenvalues of S, p + q = u + w and u w r = s_1 s_2 s_3, as det A = (det S)^2 r^2 "
                "with r^2 = a - c^T B^(-1) c; and u >= s_2 >= w by interlacing.",
                (),
                all_of(
                    identical(A.det(), S.det() ** 2 * schur),
                    quoted(CAUCHY_INTERLACING),
                    inference("trace and determinant are sum and product of eigenvalues", "block"),
                ),
                "between",
            ),
            Step(
                "So u + w = s_2 + u w/s_2 + (u - s_2)(s_2 - w)/s_2, and r = s_1 s_2 s_3/(u w): by the square shown u "
                "+ w + r >= s_2 + 2 sqrt(s_1 s_3). The first bound.",
                (),
                all_of(
                    identical(sp.UnevaluatedExpr(s_2 + u * w / s_2 + (u - s_2) * (s_2 - w) / s_2), u + w),
                    signed((spare * also / s_2), "u - s_2 = d, s_2 - w = e"),
                    identical(
                        (sp.sqrt(u * w / s_2) - sp.sqrt(s_1 * s_2 * s_3 / (u * w))) ** 2,
                        u * w / s_2 + s_1 * s_2 * s_3 / (u * w) - 2 * sp.sqrt(s_1 * s_3),
                    ),
                    inference("a square and a product of two differences >= 0 are dropped", "between"),
                ),
                "first",
            ),
            Step(
                "M = p(A), p affine with p(s_1^2) = 1/s_1 and p(s_2^2) = 1/s_2, falls, so it is a Z-matrix: A >= 0. "
                "Its singular values times those of F are 1, 1 and s_3 p(s_3^2), which is at most 1 by the difference "
                "shown (s_2 = s_3 + d, s_1 = s_2 + e). Its trace with A is the second bound.",
                (),
                all_of(
                    identical(sp.UnevaluatedExpr(slope_line(s_1**2)), 1 / s_1),
                    identical(sp.UnevaluatedExpr(slope_line(s_2**2)), 1 / s_2),
                    signed(sp.factor(rest), "d, e >= 0"),
                    identical(
                        sum(s**2 * sp.UnevaluatedExpr(slope_line(s**2)) for s in (s_1, s_2, s_3)),
                        s_1 + s_2 + s_3**2 * (1 / s_2 + (s_2**2 - s_3**2) / (s_1 * s_2 * (s_1 + s_2))),
                    ),
                    inference("a polynomial in A, with ||F M||^2 the largest l p(l)^2", "dual", "limit"),
                ),
                "second",
            ),
        ),
    )
