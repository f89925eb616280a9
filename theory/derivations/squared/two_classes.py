"""Two classes: relu cannot raise a rank at no cost, so collapse is optimal at every depth (ours; SML23 states it)."""

from random import Random

import sympy as sp
from flint import fmpq, fmpq_mat

from dufm.theory.derivations.squared.lemmas import duality, homogeneity, product_norm, random_matrix
from dufm.theory.proof.checks import all_of, definition, identical, inference, seeded, signed
from dufm.theory.proof.derivation import Derivation, Step
from dufm.theory.rational import fraction, relu, squared_norm

a, low, delta, m, size, on = sp.symbols("a c d m N p", positive=True)
eps, Lambda, nu, v = sp.symbols("epsilon Lambda nu w", positive=True)
b, e_12, e_21 = sp.symbols("b e_12 e_21", nonnegative=True)


def without_relu(W: fmpq_mat, F: fmpq_mat) -> fmpq_mat:
    """W' with W' F = relu(W F) and no row longer than W's, for F >= 0 with two columns."""
    rows = []
    for i in range(W.nrows()):
        w = fmpq_mat(1, W.ncols(), [W[i, j] for j in range(W.ncols())])
        p = w * F
        if p[0, 0] <= 0 and p[0, 1] <= 0:
            w = w * 0
        elif min(p[0, 0], p[0, 1]) < 0:
            active, off = (0, 1) if p[0, 0] > 0 else (1, 0)
            columns = [fmpq_mat(1, F.nrows(), [F[k, j] for k in range(F.nrows())]) for j in range(2)]
            w = w - columns[off] * (p[0, off] / (columns[off] * columns[off].transpose())[0, 0])
            w = w * (p[0, active] / (w * columns[active].transpose())[0, 0])
        rows += w.entries()
    return fmpq_mat(W.nrows(), W.ncols(), rows)


def relu_layers_are_linear(rng: Random) -> bool:
    """One exact instance: same output, no row longer."""
    inner = rng.randint(1, 4)
    W, F = random_matrix(rng, rng.randint(1, 5), inner), relu(random_matrix(rng, inner, 2))
    linear = without_relu(W, F)
    longer = any(
        sum(linear[i, j] ** 2 - W[i, j] ** 2 for j in range(inner)) > 0  # exact
        for i in range(W.nrows())
    )
    return linear * F == relu(W * F) and not longer


def nuclear_norm_at_most(F: fmpq_mat, P: fmpq_mat) -> bool:
    """||F||_* <= ||P||_* for two columns, decided exactly: ||P||_*^2 = ||P||_F^2 + 2 sqrt(det P^T P)."""
    gain = squared_norm(P) - squared_norm(F)
    before, after = (fraction((x.transpose() * x).det()) for x in (P, F))
    # gain + 2 sqrt(before) >= 2 sqrt(after), squared: 4 gain sqrt(before) >= excess; what is left is one square root.
    excess = 4 * after - 4 * before - gain**2
    if gain < 0:
        return 4 * before >= gain**2 and excess <= 0 and excess**2 >= 16 * gain**2 * before
    return excess <= 0 or excess**2 <= 16 * gain**2 * before


def _nuclear_norm_falls_here(rng: Random) -> bool:
    P = random_matrix(rng, rng.randint(1, 5), 2)
    if rng.randint(1, 3) == 1:
        P = P * random_matrix(rng, 2, 1) * fmpq_mat(1, 2, [fmpq(1), fmpq(rng.randint(0, 2))])
    return nuclear_norm_at_most(relu(P), P)


def two_classes() -> Derivation:
    """For K = 2 no weights have loss below phi_L(2 Lambda), so DNC is globally optimal at every depth."""
    gram = sp.Matrix([[a, b], [b, (delta**2 + b**2) / a]])
    whole = gram.trace() + 2 * delta
    adjugate = sp.Matrix([[gram[1, 1] + delta, -b], [-b, a + delta]])
    crossed = sp.Matrix([[0, e_12], [e_21, 0]])  # G^T F
    square = adjugate * gram * adjugate
    shrink = m * b / (low * on + m * b)
    paid = (crossed * adjugate).trace()
    return Derivation(
        name="two-classes",
        title="Two classes: deep neural collapse is globally optimal at every depth",
        source="statement SML23; proof ours",
        states="For K = 2, every L >= 1, n, hidden width >= 2 and all positive strengths no weights have loss below "
        "phi_L(2 Lambda), which DNC reaches.",
        steps=(
            Step(
                "From layer 2 on. Features F >= 0 with columns f_1, f_2; a row w with p_j = <w, f_j>. If both p_j >= 0 "
                "keep w, if both <= 0 take 0. If p_1 = p > 0 > p_2 = -m, take w'' = w + (m / c) f_2, c = ||f_2||^2: "
                "the projection onto f_2's complement: <w'', f_2> = 0 and its squared length N' is no more than "
                "||w||^2 = N.",
                (sp.Eq(sp.Symbol("N'"), size - m**2 / low),),
                all_of(
                    identical(-m + m / low * sp.UnevaluatedExpr(low), 0),
                    identical(size + 2 * (m / low) * sp.UnevaluatedExpr(-m) + (m / low) ** 2 * low, size - m**2 / low),
                    signed(m**2 / low, "positive symbols"),
                ),
                "projection",
            ),
            Step(
                "With b = <f_1, f_2> >= 0 the other product <w'', f_1> = p + m b / c is at least p > 0; shrinking w'' "
                "by the ratio shown, at most 1, gives w' with <w', f_j> = relu(p_j).",
                (),
                all_of(
                    identical(1 - sp.UnevaluatedExpr(on / (on + m * b / low)), shrink),
                    signed(shrink, "1 minus the ratio is a quotient of such symbols"),
                    inference("a shorter row", "projection"),
                ),
                "shrink",
            ),
            Step(
                "So every relu after layer 1 can be left out: W' F = relu(W F) with no row of W' longer than W's, and "
                "the features stay non-negative for the next layer.",
                (),
                all_of(
                    inference("row by row", "projection", "shrink"),
                    spots=[seeded(relu_layers_are_linear, 40, "rational layers")],
                ),
                "later layers",
            ),
            Step(
                "The first layer. P = W_1 H_1, F = relu(P), G = F - P >= 0, and F, G have no common support: G^T F "
                "has a zero diagonal, and e_12, e_21 >= 0 off it. Let F^T F have the entries a, b, b, c with "
                "determinant d^2, d > 0, c = (d^2 + b^2) / a. M = B / (d s), B with rows (c + d, -b), (-b, a + d), "
                "has off-diagonal <= 0 and M (F^T F) M = I, that is ||F M||_op = 1, and <F, F M> = tr(M F^T F) = s, "
                "s^2 = a + c + 2 d = ||F||_*^2.",
                (),
                all_of(
                    definition("G, F and M"),
                    identical(gram.det(), delta**2),
                    identical(square, whole * delta**2 * sp.eye(2)),
                    identical((adjugate * gram).trace(), whole * delta),
                    identical(adjugate[0, 1], -b),
                ),
                "dual",
            ),
            Step(
                "By trace duality ||P||_* >= <F - G, F M> = ||F||_* - T, and T = tr(G^T F M) is not positive: "
                "||P||_* >= ||F||_*.",
                (sp.Eq(-sp.Symbol("s") * delta * sp.Symbol("T"), b * (e_12 + e_21)),),
                all_of(
                    duality(),
                    identical(-sp.UnevaluatedExpr(paid), b * (e_12 + e_21)),
                    signed(b * (e_12 + e_21), "a polynomial with positive coefficients"),
                    inference("the dual bound with this M", "dual"),
                    spots=[seeded(_nuclear_norm_falls_here, 60, "rational P")],
                ),
                "nuclear",
            ),
            Step(
                "If the columns of F are dependent (d = 0), append the rows epsilon I to P: F gets the same rows, the "
                "determinant becomes positive, and as epsilon -> 0 both nuclear norms tend to those without the rows.",
                (),
                all_of(
                    identical(
                        (a + eps**2) * sp.UnevaluatedExpr(b**2 / a + eps**2) - b**2, eps**2 * (a + b**2 / a + eps**2)
                    ),
                    signed(eps**2 * (a + b**2 / a + eps**2), "positive symbols"),
                    inference("the nuclear norm is continuous", "nuclear"),
                ),
                "dependent",
            ),
            Step(
                "F = (U S^(1/2)) (S^(1/2) V^T) with both squared norms nu = ||F||_*. Scaled so that the first has "
                "W_1's norm w, the second has norm nu / w <= ||P||_* / w <= ||H_1||. "
                "So W_1, H_1 can be replaced without "
                "relu too.",
                (),
                all_of(
                    product_norm(),
                    homogeneity(),
                    identical(sp.sqrt(nu) / sp.UnevaluatedExpr(v / sp.sqrt(nu)), nu / v),
                    inference("||F||_* <= ||P||_*", "nuclear", "dependent"),
                ),
                "first layer",
            ),
            Step(
                "What is left is a linear network with the same output and no factor of larger norm (its inner width "
                "is 2 or what it was). By the derivation linear-network its loss is at least phi_L(2 Lambda), the loss "
                "of DNC; samples of one class may share their best feature by the derivation reductions.",
                (),
                inference(
                    "a linear network with no larger factors",
                    "later layers",
                    "first layer",
                    "derivation linear-network",
                    "derivation reductions",
                ),
            ),
        ),
    )
