"""The steps for a crossed column at three layers: what M and D of weak decay show when turned, and where they lie."""

import sympy as sp

from dufm.theory.proof.checks import all_of, definition, identical, inference, signed
from dufm.theory.proof.derivation import Step
from dufm.theory.proof.theorems import TRACE_DUALITY, quoted

z, o, e, p, n_1, n_2 = sp.symbols("z o e p n_1 n_2", positive=True)
alpha, delta, beta, gamma, cosine, sine = sp.symbols("alpha delta beta gamma C S", positive=True)
th, k, h, nu = sp.symbols("th k h nu", nonnegative=True)
# n = (n_1, n_2) is a unit vector.
unit = {n_2: sp.sqrt(1 - n_1**2)}


def share(first: sp.Expr, second: sp.Expr) -> sp.Expr:
    """phi_i = n_i (n_i - th n_j), i first."""
    return first * (first - th * second)


def loss(first: sp.Expr, second: sp.Expr) -> sp.Expr:
    """chi_i = n_i (n_i + th n_j)."""
    return first * (first + th * second)


def crossed_steps() -> tuple[Step, ...]:
    """Steps "form", "turned", "trace", "dual", "range"; they need the step "value"."""
    H = sp.Matrix([[p, -th * p], [-th * p, p]])
    n = sp.Matrix([n_1, n_2])
    Hn = H * n
    block = H + (alpha - 1) * Hn * n.T
    G_11, G_22, G_12 = alpha**2 + beta**2, gamma**2 + delta**2, -(alpha * gamma + beta * delta)
    gram = sp.Matrix(3, 3, lambda i, j: 0)
    gram[:2, :2] = H * H + (G_11 - 1) * Hn * Hn.T
    gram[:2, 2] = G_12 * Hn
    gram[2, :2] = G_12 * Hn.T
    gram[2, 2] = G_22
    root = sp.Matrix(3, 3, lambda i, j: 0)
    root[:2, :2], root[:2, 2], root[2, :2], root[2, 2] = block, -beta * Hn, -gamma * n.T, delta
    x_e = 1 - (1 - o) * z
    corner = 1 + o * z * (2 - (1 - o) * z)
    dual = sp.Matrix([[1 - k * n_1**2, -k * n_1 * n_2], [-k * n_1 * n_2, 1 - k * n_2**2]])
    inverse = sp.Matrix([[1, th], [th, 1]]) / (p * (1 - th**2))
    return (
        Step(
            "A column is crossed: A_1^(-1) = Delta Q Delta, w = W H n, |n| = 1, of the derivations three-layers, -nu"
            " and -value; th = m/p, o = 1 - e^2. D_0 = Q - E E^T is admissible for Q, so Delta D_0 Delta is, and "
            "with z = 1 + o/R its blocks are H^2 + (G_11 - 1) H n n^T H, G_12 H n, G_22 for the G shown.",
            (),
            all_of(
                identical((1 - o) * sp.UnevaluatedExpr(o / (1 - o)), o),
                identical(sp.UnevaluatedExpr(1 - o * x_e**2), (1 - o) * corner),
                identical(sp.UnevaluatedExpr(1 - o * x_e), (1 - o) * (1 + o * z)),
                definition("G_11 = 1 + o, G_12 = -W (1 - o x), G_22 = 1 - o x^2, x as in three-layers-value"),
                inference(
                    "a diagonal scaling keeps signs",
                    "value",
                    "derivation three-layers",
                    "derivation three-layers-value",
                ),
            ),
            "form",
        ),
        Step(
            "det G = (1 - o)/R^2, R^2 = 1 - o + o^2. So G = Y Y^T, the rows of Y being G_11^(1/2) (C, -S) and "
            "G_22^(1/2) (-S, C) with C^2 + S^2 = 1, 2 S C = |G_12|/(G_11 G_22)^(1/2) and C^2 = c = (1 + 1/V)/2, V^2 "
            "= G_11 G_22/det G.",
            (),
            all_of(
                identical(
                    sp.UnevaluatedExpr((1 + o) * corner - o * (1 + o * z) ** 2).subs(z, 1 + h),
                    1 + o * (1 - h**2),
                ),
                identical((1 - o + o**2) * sp.UnevaluatedExpr(1 + o * (1 - o**2 / (1 - o + o**2))), 1),
                identical(
                    (2 * sine * cosine) ** 2,
                    (1 - sp.UnevaluatedExpr(2 * cosine**2 - 1) ** 2)
                    .subs(cosine**2, 1 - sine**2)
                    .subs(sine**2, 1 - cosine**2)
                    - 4 * cosine**2 * (1 - cosine**2 - sine**2),
                ),
                inference("1 - G_12^2/(G_11 G_22) = 1/V^2, the square of 2 C^2 - 1", "form"),
            ),
            "turned",
        ),
        Step(
            "With alpha = ((1 + o) c)^(1/2), delta = (G_22 c)^(1/2) the diagonal of Y, D_0 = N N^T for the N shown, of "
            "diagonal c_i = p (1 + A phi_i), A = alpha - 1, phi_i = n_i (n_i - th n_j), and c_3 = delta. So tr (Delta "
            "D_0 Delta)^(1/2) = ||Delta N||_* >= sum c_i Delta_i.",
            (),
            all_of(
                identical((root * root.T).subs(unit), gram.subs(unit)),
                identical(sp.UnevaluatedExpr(block[0, 0]), p * (1 + (alpha - 1) * share(n_1, n_2))),
                identical(sp.UnevaluatedExpr(block[1, 1]), p * (1 + (alpha - 1) * share(n_2, n_1))),
                quoted(TRACE_DUALITY),
                inference("the trace is <Delta N, I>", "turned"),
            ),
            "trace",
        ),
        Step(
            "M^T Q^(-1) of the derivation three-layers-nu has the first block (1 - k n n^T) H^(-1) and the corner "
            "d_3 = 1/(e (1 + o)^(1/2)): ||P||_* >= sum d_i/Delta_i with p d_i = (1 - k chi_i)/(1 - th^2), chi_i = "
            "n_i (n_i + th n_j) and k = o - o/(1 + o)^(1/2), which is at least d_i' = (1 + th^2)(1 - k chi_i)/p.",
            (),
            all_of(
                identical(H * inverse, sp.eye(2)),
                identical(sp.UnevaluatedExpr((dual * inverse)[0, 0]), (1 - k * loss(n_1, n_2)) / (p * (1 - th**2))),
                identical(sp.UnevaluatedExpr((dual * inverse)[1, 1]), (1 - k * loss(n_2, n_1)) / (p * (1 - th**2))),
                identical(sp.UnevaluatedExpr(1 / (1 - th**2)) - (1 + th**2), th**4 / (1 - th**2)),
                inference("p > m, so th < 1; k chi_i <= 3k/2 < 1", "form", "derivation three-layers-nu"),
            ),
            "dual",
        ),
        Step(
            "The diagonal of D_0 is D_i = 1 + o p^2 (n_i - th n_j)^2 <= 1 + o phi_i, by the difference shown, and "
            "G_22. w > 0 says n_i > th n_j; w_1 w_2 > t = 2 p^2 th says (1 - e^2)(n_1 - th n_2)(n_2 - th n_1) > 2 "
            "e^2 th, and so (1 - th)^2 > e^2 (1 + th)^2: th < (1 - e)/(1 + e).",
            (),
            all_of(
                identical(sp.UnevaluatedExpr(share(n_1, n_2)) - (n_1 - th * n_2) ** 2, th * n_2 * (n_1 - th * n_2)),
                identical(
                    ((1 - th) ** 2 / 2 - sp.UnevaluatedExpr((n_1 - th * n_2) * (n_2 - th * n_1))).subs(unit),
                    ((1 + th**2) * (n_1 - n_2) ** 2 / 2).subs(unit),
                ),
                identical(
                    (1 - e**2) * (1 - th) ** 2 - 4 * e**2 * th,
                    sp.UnevaluatedExpr((1 - th) ** 2) - e**2 * (1 + th) ** 2,
                ),
                signed((1 + th**2) * nu, "(n_1 - n_2)^2/2 = nu"),
                inference("p <= 1", "form"),
            ),
            "range",
        ),
    )
