"""The textbook inequalities the derivations quote, each with an exact instance drawn from a seeded generator."""

from fractions import Fraction
from math import prod
from random import Random

import sympy as sp
from flint import fmpq, fmpq_mat

from dufm.theory.problem import Problem
from dufm.theory.proof.checks import Check, identical, random_rational, standard
from dufm.theory.proof.derivation import Step
from dufm.theory.rational import fraction, relu, squared_norm


def random_matrix(rng: Random, rows: int, columns: int) -> fmpq_mat:
    """Small signed rationals."""
    entries = [fmpq(rng.randint(-9, 9), rng.randint(1, 6)) for _ in range(rows * columns)]
    return fmpq_mat(rows, columns, entries)


def nuclear_squared_2x2(m: fmpq_mat) -> Fraction:
    """||Z||_*^2 = ||Z||_F^2 + 2 |det Z| for a 2 x 2 matrix, exact."""
    return squared_norm(m) + 2 * abs(fraction(m.det()))


def am_gm() -> Check:
    """(sum a_i / p)^p >= prod a_i for positive a_i."""

    def holds(rng: Random) -> bool:
        values = [random_rational(rng) for _ in range(rng.randint(2, 7))]
        return (sum(values) / len(values)) ** len(values) >= prod(values)

    return standard("AM-GM inequality", holds)


def homogeneity() -> Check:
    """Scaling factor i by x_i > 0 scales the output by prod x_i."""

    def holds(rng: Random) -> bool:
        K, L = rng.randint(2, 3), rng.randint(1, 4)
        problem = Problem.of(K, L, 1)
        weights = [random_matrix(rng, *shape) for shape in problem.shapes]
        scales = [random_rational(rng) for _ in weights]
        scaled = [w * fmpq(x.numerator, x.denominator) for w, x in zip(weights, scales, strict=True)]
        total = prod(scales)
        return problem.output(scaled) == problem.output(weights) * fmpq(total.numerator, total.denominator)

    return standard("relu is positively homogeneous", holds)


def product_norm() -> Check:
    """||A B||_* <= ||A||_F ||B||_F, hence also ||A B||_F."""

    def holds(rng: Random) -> bool:
        inner = rng.randint(1, 4)
        left, right = random_matrix(rng, 2, inner), random_matrix(rng, inner, 2)
        return nuclear_squared_2x2(left * right) <= squared_norm(left) * squared_norm(right)

    return standard("||A B||_* <= ||A||_F ||B||_F", holds)


def duality() -> Check:
    """<P, G> <= ||P||_* ||G||_op."""

    def holds(rng: Random) -> bool:
        p, g = random_matrix(rng, 2, 2), random_matrix(rng, 2, 2)
        inner = fraction((p.transpose() * g)[0, 0] + (p.transpose() * g)[1, 1])
        # ||G||_op^2 is the larger root of s^2 - ||G||_F^2 s + det^2; compare squares without taking the root.
        bound, total, det = nuclear_squared_2x2(p), squared_norm(g), fraction(g.det()) ** 2
        if inner <= 0 or bound == 0:
            return True
        s = inner**2 / bound
        return s**2 - total * s + det <= 0 or 2 * s <= total

    return standard("trace duality of nuclear and operator norm", holds)


def isometry() -> Check:
    """||W F||_F^2 <= c ||W||_F^2 when F^T F = c I."""

    def holds(rng: Random) -> bool:
        x, y = rng.randint(1, 9), rng.randint(1, 9)
        frame = fmpq_mat(3, 2, [x, -y, y, x, 0, 0])
        w = random_matrix(rng, 2, 3)
        return squared_norm(w * frame) <= (x * x + y * y) * squared_norm(w)

    return standard("Bessel's inequality", holds)


def relu_contracts() -> Check:
    """||relu(P)||_F <= ||P||_F and <P, relu(P)> = ||relu(P)||_F^2."""

    def holds(rng: Random) -> bool:
        p = random_matrix(rng, 3, 3)
        active = relu(p)
        inner = sum((a * b for a, b in zip(p.entries(), active.entries(), strict=True)), fmpq(0))
        return squared_norm(active) <= squared_norm(p) and fraction(inner) == squared_norm(active)

    return standard("relu keeps the positive entries and drops the rest", holds)


def distance_to_identity() -> Check:
    """||Z - I||_F^2 >= (||Z||_* - K)^2 / K: Mirsky, then Cauchy-Schwarz; here K = 2, where ||Z||_* is a square root."""

    def holds(rng: Random) -> bool:
        z = random_matrix(rng, 2, 2)
        far = squared_norm(z - fmpq_mat(2, 2, [1, 0, 0, 1]))
        # 2 far >= (m - 2)^2 with m^2 = bound  <=>  4 m >= bound + 4 - 2 far, decided by squaring.
        bound = nuclear_squared_2x2(z)
        right = bound + 4 - 2 * far
        return right <= 0 or 16 * bound >= right**2

    return standard("Mirsky's inequality and Cauchy-Schwarz", holds)


def balanced_neurons() -> Step:
    """The first step wherever weight decay meets one hidden layer: |a| |w| is what a neuron costs."""
    a, w = sp.symbols("a w", positive=True)
    half = (a**2 + w**2) / 2
    return Step(
        "AM-GM neuron by neuron: the regulariser is at least lambda sum_k |a_k| |w_k|, and equal only where "
        "|a_k| = |w_k|.",
        (sp.Eq(sp.UnevaluatedExpr(half), a * w + (a - w) ** 2 / 2, evaluate=False),),
        identical(half, a * w + (a - w) ** 2 / 2),
    )
