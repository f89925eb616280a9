"""Three classes, two layers: no network that outputs a multiple of the identity costs less than collapse."""

from itertools import permutations
from random import Random
from typing import Any

import sympy as sp
from flint import fmpq, fmpq_mat

from dufm.theory.derivations.squared.lemmas import am_gm, duality, product_norm, random_matrix
from dufm.theory.proof.checks import all_of, definition, every, identical, inference, seeded, signed
from dufm.theory.proof.derivation import Derivation, Step
from dufm.theory.proof.theorems import CAUCHY_SCHWARZ, quoted
from dufm.theory.proof.words import letters, same_words
from dufm.theory.rational import relu

r_1, r_2, r_3, t = sp.symbols("r_1 r_2 r_3 t", positive=True)
x, y, z = sp.symbols("x y z", real=True)
CLASSES = 3


def last_column(gram: fmpq_mat) -> tuple[int, ...] | None:
    """An order of three columns in which the last one minus its projection has coefficients <= 0 on the other two."""
    for i, j, k in permutations(range(3)):
        on_i = gram[i, k] * gram[j, j] - gram[i, j] * gram[j, k]
        on_j = gram[j, k] * gram[i, i] - gram[i, j] * gram[i, k]
        if on_i >= 0 and on_j >= 0:
            return i, j, k
    return None


def _order_exists(rng: Random) -> bool | None:
    F = relu(random_matrix(rng, rng.randint(3, 6), CLASSES))
    gram = F.transpose() * F
    return None if gram.det() == 0 else last_column(gram) is not None


def _path_needs_its_order(_: None) -> bool:
    """Columns 1, 2 and 2, 3 overlap, 1, 3 do not: only column 2 may come last."""
    gram = fmpq_mat(3, 3, [fmpq(v) for v in (2, 1, 0, 1, 2, 1, 0, 1, 2)])
    order = last_column(gram)
    return order is not None and order[2] == 1


def dual_step() -> Step:
    """The Z-test; needs a step "names" for F = relu(P) and G = F - P."""
    e, m = sp.symbols("e_jk m_jk", positive=True)
    return Step(
        "Let M have off-diagonal entries -m <= 0 and ||F M||_op <= 1. Then <G, F M> is a sum of terms -e m with e >= "
        "0, so by trace duality ||P||_* >= <F - G, F M> >= tr(M^T A).",
        (),
        all_of(signed(e * m, "positive symbols"), duality(), inference("P = F - G", "names")),
        "dual",
    )


def crossed_step() -> Step:
    """Of three columns of F >= 0 at most one is crossed; needs a step "names" for F."""
    a_ii, a_jj, a_ik, a_jk = sp.symbols("a_ii a_jj a_ik a_jk", nonnegative=True)
    s, u = sp.symbols("s u", positive=True)
    both = (a_ii * a_jk + s) * (a_jj * a_ik + u)
    surplus = a_ii * a_jk * u + a_jj * a_ik * s + s * u
    return Step(
        "Say that column i is crossed if a_ii a_jk < a_ij a_ik, by s. Two columns i, j cannot both be: with a_jj a_ik "
        "< a_ij a_jk by u, multiplied, a_ij^2 a_ik a_jk = a_ii a_jj a_ik a_jk + the surplus shown, which is > 0. So "
        "a_ii a_jj < a_ij^2, against Cauchy-Schwarz.",
        (),
        all_of(
            identical(sp.UnevaluatedExpr(both) - a_ii * a_jj * a_ik * a_jk, surplus),
            signed(surplus - s * u, "entries of A >= 0, s, u > 0"),
            quoted(CAUCHY_SCHWARZ),
            inference("entries of A are inner products of columns of F >= 0", "names"),
            spots=[
                seeded(_order_exists, 40, "rational F >= 0"),
                every([None], _path_needs_its_order, "overlaps in a path: the middle column last"),
            ],
        ),
        "crossed",
    )


def triangular() -> tuple[Any, Any, Any]:
    """(R, A, R^(-1)): A = R^T R, R upper triangular with r_1, r_2, r_3 > 0 on its diagonal."""
    R = sp.Matrix([[r_1, x, y], [0, r_2, z], [0, 0, r_3]])
    return R, R.T * R, R.inv()


def order_step() -> Step:
    """Gram-Schmidt gives a Z-matrix; needs the step "crossed"."""
    _, A, inverse = triangular()
    return Step(
        "Put the crossed column last, if there is one. A = R^T R with R upper triangular, r_i > 0 on the "
        "diagonal; columns 1 and 2 are not crossed: the three products shown are >= 0. They are the "
        "off-diagonal entries of M = R^(-1) up to sign: M has off-diagonal entries <= 0.",
        (),
        all_of(
            identical(A[0, 1], -inverse[0, 1] * r_1**2 * r_2),
            identical(A[0, 0] * A[1, 2] - A[0, 1] * A[0, 2], -inverse[1, 2] * r_1**2 * r_2**2 * r_3),
            identical(A[1, 1] * A[0, 2] - A[0, 1] * A[1, 2], -inverse[0, 2] * r_1**2 * r_2**2 * r_3),
            inference("A >= 0 and no crossed column but the last", "crossed"),
        ),
        "order",
    )


def nuclear_step() -> Step:
    """||P||_* >= r_1 + r_2 + r_3; needs the steps "dual" and "order"."""
    R, A, inverse = triangular()
    return Step(
        "(F M)^T F M = I and M^T A = R: ||P||_* >= r_1 + r_2 + r_3.",
        (),
        all_of(
            identical(inverse.T * A * inverse, sp.eye(CLASSES)),
            identical(inverse.T * A, R),
            identical(R.trace(), r_1 + r_2 + r_3),
            inference("the dual bound with this M", "dual", "order"),
        ),
        "nuclear",
    )


def two_layers() -> Derivation:
    """C >= 3 for K = 3, L = 2 among networks with output t I."""
    _, A, inverse = triangular()
    F, F_t, gram_inverse, rest, rest_t = letters("F F^T A^(-1) V V^T")
    solved = t * gram_inverse * F_t + rest, t * F * gram_inverse + rest_t
    rules = {F_t * F * gram_inverse: 1, gram_inverse * F_t * F: 1, rest * F: 0, F_t * rest_t: 0}
    g = (r_1 * r_2 * r_3) ** sp.Rational(1, 3)
    return Derivation(
        name="two-layers",
        title="Three classes, two layers: collapse is cheapest among outputs t I",
        source="ours",
        states=f"For K = {CLASSES}, L = 2 every network with output t I, t > 0, has cost C >= {CLASSES} and so loss at "
        f"least phi_2({CLASSES} Lambda), the loss of DNC. Outputs of another form are not covered.",
        steps=(
            Step(
                "P = W_1 H_1, F = relu(P), G = F - P >= 0, A = F^T F >= 0, and W_2 F = t I makes A invertible. G and F "
                "have no common support, so G^T F >= 0 has a zero diagonal.",
                (),
                definition("P, F, G and A"),
                "names",
            ),
            dual_step(),
            crossed_step(),
            order_step(),
            nuclear_step(),
            Step(
                "W_2 F = t I means W_2 = t A^(-1) F^T + V with V F = 0: ||W_2||^2 >= t^2 tr A^(-1) = t^2 ||R^(-1)||^2, "
                "which is at least the diagonal's share t^2 sum_i 1/r_i^2.",
                (),
                all_of(
                    same_words(solved[0] * solved[1], t**2 * gram_inverse + rest * rest_t, rules),
                    identical(A * inverse * inverse.T, sp.eye(CLASSES)),
                    *(identical(inverse[i, i], 1 / r) for i, r in enumerate((r_1, r_2, r_3))),
                    inference("the trace of inverse inverse^T is a sum of squares", "names", "order"),
                ),
                "readout",
            ),
            Step(
                "By AM-GM, twice, with g^3 = r_1 r_2 r_3: r_1 + r_2 + r_3 >= 3 g and sum_i 1/r_i^2 >= 3 / g^2. So "
                "||W_1||^2 ||H_1||^2 ||W_2||^2 >= ||P||_*^2 ||W_2||^2 >= 27 t^2, that is C^3 >= K^3.",
                (),
                all_of(
                    am_gm(r_1, r_2, r_3),
                    am_gm(1 / r_1**2, 1 / r_2**2, 1 / r_3**2),
                    product_norm(),
                    identical((CLASSES * sp.UnevaluatedExpr(g)) ** 2 * CLASSES / g**2, sp.Integer(CLASSES) ** 3),
                    inference("the two bounds multiplied", "nuclear", "readout", "derivation reductions"),
                ),
            ),
        ),
    )
