"""Three classes, two layers: no network that outputs a multiple of the identity costs less than collapse."""

from itertools import permutations
from random import Random

import sympy as sp
from flint import fmpq, fmpq_mat

from dufm.theory.derivations.squared.lemmas import am_gm, duality, product_norm, random_matrix
from dufm.theory.proof.checks import all_of, every, identical, standard
from dufm.theory.proof.derivation import Derivation, Step
from dufm.theory.rational import fraction, relu

r_1, r_2, r_3 = sp.symbols("r_1 r_2 r_3", positive=True)
x, y, z = sp.symbols("x y z", real=True)


def last_column(gram: fmpq_mat) -> tuple[int, ...] | None:
    """An order of three columns in which the last one minus its projection has coefficients <= 0 on the other two."""
    for i, j, k in permutations(range(3)):
        on_i = gram[i, k] * gram[j, j] - gram[i, j] * gram[j, k]
        on_j = gram[j, k] * gram[i, i] - gram[i, j] * gram[i, k]
        if on_i >= 0 and on_j >= 0:
            return i, j, k
    return None


def _order_exists(seed: int) -> bool:
    rng = Random(seed)
    F = relu(random_matrix(rng, rng.randint(3, 6), 3))
    gram = F.transpose() * F
    return gram.det() == 0 or last_column(gram) is not None


def _path_needs_its_order(_: None) -> bool:
    """Columns 1, 2 and 2, 3 overlap, 1, 3 do not: only column 2 may come last."""
    gram = fmpq_mat(3, 3, [fmpq(v) for v in (2, 1, 0, 1, 2, 1, 0, 1, 2)])
    order = last_column(gram)
    return order is not None and order[2] == 1


def _dual_norm(rng: Random) -> bool:
    """tr A^(-1) >= sum_i 1/r_i^2, with r_i^2 the ratios of leading minors of A."""
    F = random_matrix(rng, 4, 3)
    gram = F.transpose() * F
    if gram.det() == 0:
        return True
    inverse = gram.inv()
    minors = [fmpq(1), gram[0, 0], gram[0, 0] * gram[1, 1] - gram[0, 1] ** 2, gram.det()]
    squares = [minors[i + 1] / minors[i] for i in range(3)]
    return fraction(inverse[0, 0] + inverse[1, 1] + inverse[2, 2] - sum((1 / s for s in squares), fmpq(0))) >= 0


def two_layers() -> Derivation:
    """C >= 3 for K = 3, L = 2 among networks with output t I."""
    R = sp.Matrix([[r_1, x, y], [0, r_2, z], [0, 0, r_3]])
    inverse = R.inv()
    return Derivation(
        name="two-layers",
        title="Three classes, two layers: collapse is cheapest among outputs t I",
        source="ours",
        states="For K = 3, L = 2 every network with output t I, t > 0, has cost C >= 3 and so loss at least "
        "phi_2(3 Lambda), the loss of DNC. Outputs of another form are not covered.",
        steps=(
            Step(
                "P = W_1 H_1, F = relu(P), G = F - P >= 0, A = F^T F >= 0, and W_2 F = t I makes A invertible. Let M "
                "have off-diagonal entries <= 0 and ||F M||_op = 1. As G^T F >= 0 has a zero diagonal, <G, F M> <= 0, "
                "so by trace duality ||P||_* >= <F - G, F M> >= tr(M^T A).",
                (),
                duality(),
            ),
            Step(
                "Say that column i is crossed if a_ii a_jk < a_ij a_ik. Two columns i, j cannot both be: multiplied, "
                "a_ii a_jj < a_ij^2, against Cauchy-Schwarz. Put the crossed column last, if there is one. Then in "
                "Gram-Schmidt every column loses non-negative multiples of the ones before it.",
                (),
                all_of(
                    every(list(range(40)), _order_exists, "such an order for 40 rational F >= 0, seeds 0, ..., 39"),
                    every([None], _path_needs_its_order, "overlaps in a path: the middle column last"),
                ),
            ),
            Step(
                "So A = R^T R with R upper triangular, diagonal r_i, and M = R^(-1) has off-diagonal entries <= 0. "
                "(F M)^T F M = I and M^T A = R: ||P||_* >= r_1 + r_2 + r_3.",
                (sp.Eq(sp.Function("tr")(sp.MatrixSymbol("R", 3, 3)), r_1 + r_2 + r_3, evaluate=False),),
                all_of(
                    *(identical((inverse.T * R.T * R)[i, j], R[i, j]) for i in range(3) for j in range(3)),
                    identical(R.trace(), r_1 + r_2 + r_3),
                ),
            ),
            Step(
                "||W_2||^2 >= t^2 tr A^(-1) = t^2 ||R^(-1)||^2, which is at least the diagonal's share t^2 sum_i "
                "1/r_i^2.",
                (),
                all_of(
                    *(identical(inverse[i, i], 1 / r) for i, r in enumerate((r_1, r_2, r_3))),
                    standard("tr A^(-1) = ||R^(-1)||^2 for A = R^T R", _dual_norm),
                ),
            ),
            Step(
                "By AM-GM, twice, (r_1 + r_2 + r_3)^2 >= 9 (r_1 r_2 r_3)^(2/3) and sum_i 1/r_i^2 >= 3 (r_1 r_2 "
                "r_3)^(-2/3). So ||W_1||^2 ||H_1||^2 ||W_2||^2 >= ||P||_*^2 ||W_2||^2 >= 27 t^2, that is C >= 3.",
                (sp.Ge(sp.Symbol("C") ** 3, 27, evaluate=False),),
                all_of(
                    am_gm(),
                    product_norm(),
                    identical(
                        9 * (r_1 * r_2 * r_3) ** sp.Rational(2, 3) * 3 * (r_1 * r_2 * r_3) ** sp.Rational(-2, 3), 27
                    ),
                ),
            ),
        ),
    )
