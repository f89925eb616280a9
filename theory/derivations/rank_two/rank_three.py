"""An instance where every global minimum with weight decay has rank three: optimality alone does not give rank two."""

from fractions import Fraction
from itertools import combinations
from math import gcd
from operator import mul
from random import Random

import sympy as sp
from flint import fmpq, fmpq_mat

from dufm.theory.derivations.squared.lemmas import balanced_neurons, random_matrix
from dufm.theory.proof.checks import Check, all_of, every, identical, inference, instances, seeded
from dufm.theory.proof.derivation import Derivation, Step
from dufm.theory.rank_two.rank_three import (
    PLANES,
    POINTS,
    Vector,
    dual,
    gram,
    labels,
    margin,
    minimiser,
    multiplier,
    pairs,
    rays,
    symmetries,
)
from dufm.theory.rank_two.two_layer import Network

f, f_star, y, N = sp.symbols("f f* y N", real=True)
TOP = (1, 0, 0, 0)
# sum_i -eta_i sum_j |x_j| over the points: the regulariser at the minimum is this times c lambda.
DUAL_VALUE = -6


def value(root: Fraction, lam: Fraction) -> Fraction:
    """Least loss at scale c = root^2: N lambda^2 sum eta^2 / 2 + 6 c lambda (half of it from W, half from A)."""
    squares = sum((multiplier(x) ** 2 for x in POINTS), Fraction(0))
    return len(POINTS) * lam**2 * squares / 2 + 6 * root**2 * lam


def instance(root: Fraction, lam: Fraction, bias: bool) -> Network:
    """The minimiser with its data."""
    W, A = minimiser(root, bias)
    X = [[*map(Fraction, x), Fraction(1)] if bias else list(map(Fraction, x)) for x in POINTS]
    return Network.of(W, A, X, [[v] for v in labels(root**2, lam)], lam)


def _reached(case: tuple[str, str, bool]) -> bool:
    """The minimiser's loss is `value` and W^T W = 2 c diag(1, 1, 1[, 0])."""
    root, strength = Fraction(case[0]), Fraction(case[1])
    net = instance(root, strength, case[2])
    W, _ = minimiser(root, case[2])
    size = len(W[0])
    wanted = [[2 * root**2 * (i == j and i < 3) for j in range(size)] for i in range(size)]
    return net.loss() == value(root, strength) and gram(W) == wanted


def reached() -> Check:
    """Rows root (+-e_j), read-out root: f = root^2 sum_j (relu(x_j) + relu(-x_j)) = c sum_j |x_j|, any root > 0."""
    rows, read = minimiser(Fraction(1))
    directions = [row[:3] for row in rows]
    cases = [(root, s, bias) for root in ("1", "1/2", "7/3") for s in ("1/10", "3", "1/997") for bias in (True, False)]
    return all_of(
        every(
            POINTS,
            lambda x: (
                sum(max(sum(map(mul, row, x)), 0) for row in directions) == sum(map(abs, x)) and set(read[0]) == {1}
            ),
            "the output at the 18 points, root = 1; relu is homogeneous",
        ),
        every(
            [None],
            lambda _: gram(directions) == [[2 * (i == j) for j in range(3)] for i in range(3)],
            "W^T W, root = 1",
        ),
        every(
            [POINTS],
            lambda points: sum(-multiplier(x) * sum(map(abs, x)) for x in points) == DUAL_VALUE,
            "sum of -eta_i sum_j |x_j|",
        ),
        spots=[instances(cases, _reached, "c = 1, 1/4, 49/9; lambda = 1/10, 3, 1/997; with and without bias")],
    )


def is_form(pair: tuple[Vector, Vector]) -> bool:
    """Whether the margins are the form |w|^2 - D(w)^2 at the sum of two rays of one cell, where D is linear."""
    r, s = pair
    w = tuple(a + b for a, b in zip(r, s, strict=True))
    return sum(v * v for v in w) - dual(w) ** 2 == margin(r, r) + 2 * margin(r, s) + margin(s, s)


def listed(planes: tuple[Vector, ...], known: frozenset[Vector]) -> bool:
    """Whether the line that three planes meet in, if it is one, is a listed ray where it runs in the chamber."""
    line = [(-1) ** i * int(fmpq_mat([[p[j] for j in range(4) if j != i] for p in planes]).det()) for i in range(4)]
    divisor = gcd(*line)
    if divisor == 0:
        return True
    ends = [tuple(sign * v // divisor for v in line) for sign in (1, -1)]
    inside = [e for e in ends if e[0] >= e[1] >= e[2] >= 0 and e[3] >= 0]
    return all(e in known for e in inside)


def not_beaten() -> Check:
    """No network tried is below: an independent check of the conclusion, on weights near the minimiser and far."""

    def holds(rng: Random) -> bool:
        root, strength = Fraction(rng.randint(1, 9), 4), Fraction(rng.randint(1, 9), 40)
        net = instance(root, strength, rng.randint(0, 1) == 1)
        away = fmpq(1, rng.choice([1, 10, 100]))
        W, A = (m + random_matrix(rng, m.nrows(), m.ncols()) * away for m in (net.W, net.A))
        return Network(W, A, net.X, net.Y, strength).loss() > value(root, strength)

    return seeded(holds, 40, "weights near and far")


def rank_three() -> Derivation:
    """Eighteen points, any lambda: every global minimiser has rank three."""
    square = (f - y) ** 2 / (2 * N)
    tangent = (f_star - y) ** 2 / (2 * N) + (f_star - y) * (f - f_star) / N
    shared, known = list(pairs()), frozenset(rays())
    c = sp.Symbol("c", positive=True)
    return Derivation(
        name="rank-three",
        title="A global minimum of rank three under weight decay",
        source="ours",
        states="For every lambda > 0 and c > 0 the 18 points +-e_j, +-e_i +- e_j in R^3 with labels c sum_j |x_j| + "
        "18 lambda eta (eta = -1 and 1/2) have, for one output, every width >= 6, without bias or with a hidden bias "
        "that is penalised like every weight, global minimisers with W^T W = 2 c diag(1, 1, 1[, 0]) and no others: "
        "rank three, E_2 = 2/3.",
        steps=(
            balanced_neurons(),
            Step(
                "With f* = c sum_j |x_j| the residual at f* is -N lambda eta, so the data term is at least its value "
                "at f* minus lambda sum_i eta_i (f_i - f*_i), and equal only for f = f* on the data.",
                (),
                identical(sp.UnevaluatedExpr(square), tangent + (f - f_star) ** 2 / (2 * N)),
                "tangent",
            ),
            Step(
                "sum_i eta_i f_i = sum_k a_k D(w_k) with D(w) = sum_i eta_i relu(w x_i). D has the symmetries of the "
                "points and is even in the bias, because eta and eta x sum to zero; so w_1 >= w_2 >= w_3 >= 0, b >= 0 "
                "stand for all.",
                (),
                every(symmetries(), bool, "48 signed permutations of the points; the sums of eta x_j and eta"),
                "chamber",
            ),
            Step(
                "There D is linear on each cell between the planes w x_i = 0, so for w = sum_i t_i r_i over the rays "
                "of a cell |w|^2 - D(w)^2 is a sum of t_i t_j times margins <r_i, r_j> - D(r_i) D(r_j). None of them "
                "is negative: |D(w)| <= |w|.",
                (),
                all_of(
                    every(
                        shared,
                        lambda p: margin(*p) >= 0,
                        f"{len(shared)} pairs of the {len(rays())} rays that share a cell",
                    ),
                    every(shared, is_form, "|r + s|^2 - D(r + s)^2 from the margins, for every pair"),
                    every(
                        combinations(PLANES, 3),
                        lambda p: listed(p, known),
                        "every three planes: the ray they meet in is listed",
                    ),
                    inference("a cell is the cone over its rays, where D is linear", "chamber"),
                ),
                "dual",
            ),
            Step(
                "Every ray but e_1 has a positive margin with itself, so |D(w)| = |w| only on the ray of e_1, where D "
                "= |w|: the neurons of a minimiser have a_k > 0 and directions +-e_j without bias.",
                (),
                all_of(
                    every(
                        rays(),
                        lambda r: margin(r, r) > 0 or (r == TOP and dual(r) == 1),
                        "the margin of every ray with itself",
                    ),
                    every([TOP], lambda top: top in rays() and dual(top) == 1, "D(e_1) = 1"),
                    inference("a sum of terms >= 0 is zero only where each is", "dual"),
                ),
                "directions",
            ),
            Step(
                "Together: the loss is at least its value at f* with regulariser lambda sum_i eta_i f*_i = 6 c lambda, "
                "which six neurons reach.",
                (),
                all_of(
                    reached(),
                    inference("the tangent, then |D(w)| <= |w|", "tangent", "dual", "neurons"),
                    spots=[not_beaten()],
                ),
                "least",
            ),
            Step(
                "f = f* at +-e_j fixes sum_k |a_k| |w_k| = c over the neurons of each of the six directions, and "
                "|a_k| = |w_k|: the squares of rows along each axis sum to 2 c, whatever the number of neurons.",
                (),
                all_of(
                    identical(sp.UnevaluatedExpr(2 * c + 2 * c) / (3 * 2 * c), sp.Rational(2, 3)),
                    inference("equality in every step", "tangent", "directions", "least"),
                    spots=[reached()],
                ),
            ),
        ),
    )
