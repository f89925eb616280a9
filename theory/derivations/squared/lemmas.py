"""What several derivations use: facts on relu, proved in cases; inequalities of others, quoted and tried."""

from fractions import Fraction
from math import prod
from random import Random

import sympy as sp
from flint import fmpq, fmpq_mat

from dufm.theory.problem import Problem
from dufm.theory.proof.checks import Check, all_of, compared, identical, inference, random_rational, seeded
from dufm.theory.proof.derivation import Step
from dufm.theory.proof.theorems import (
    AM_GM,
    CAUCHY_SCHWARZ,
    MIRSKY,
    SCHATTEN_HOELDER,
    TRACE_DUALITY,
    not_negative,
    quoted,
)
from dufm.theory.rational import fraction, squared_norm
from dufm.theory.squared.phi import collapse_threshold

c, v, strength = sp.symbols("c v lambda_i", positive=True)
norm = sp.Symbol("theta_i", real=True)


def active(z: sp.Expr) -> sp.Expr:
    """relu(z), carried out only when it is checked."""
    return sp.Max(0, z, evaluate=False)


def optimal_below(strength: Fraction, share: str, layers: int, *premises: str) -> Step:
    """The last step of a proof that DNC is optimal at one x: so it is below, up to this share of its collapse.

    Args:
        strength: that x.
        share: of x*, a decimal that is not above it.
        layers: L.
        premises: labels of the steps that exclude every network below DNC at that x.
    """
    power, number = layers + 1, sp.Rational(strength.numerator, strength.denominator)
    return Step(
        "So no network is below DNC at this x, nor at a smaller one. In the power L + 1 its share of x* is as shown.",
        (),
        all_of(
            compared(
                sp.Ge(
                    number**power,
                    sp.Rational(share) ** power * sp.UnevaluatedExpr(collapse_threshold(layers) ** power),
                    evaluate=False,
                ),
                f"x >= {share} x*",
            ),
            inference("optimal at one x, so below it", *premises, "derivation threshold"),
        ),
    )


def random_matrix(rng: Random, rows: int, columns: int) -> fmpq_mat:
    """Small signed rationals."""
    entries = [fmpq(rng.randint(-9, 9), rng.randint(1, 6)) for _ in range(rows * columns)]
    return fmpq_mat(rows, columns, entries)


def nuclear_squared_2x2(m: fmpq_mat) -> Fraction:
    """||Z||_*^2 = ||Z||_F^2 + 2 |det Z| for a 2 x 2 matrix, exact."""
    return squared_norm(m) + 2 * abs(fraction(m.det()))


def am_gm(*terms: sp.Expr) -> Check:
    """(sum a_i / p)^p >= prod a_i for the terms; without any, for lambda_i ||theta_i||^2, those of the regulariser."""

    def holds(rng: Random) -> bool:
        values = [random_rational(rng) for _ in range(rng.randint(2, 7))]
        return (sum(values) / len(values)) ** len(values) >= prod(values)

    return quoted(AM_GM, not_negative(*(terms or (strength * norm**2,))), spots=[seeded(holds)])


def homogeneity() -> Check:
    """relu(c z) = c relu(z), c > 0, in both cases of z: scaling factors by x_i > 0 scales the output by prod x_i."""

    def holds(rng: Random) -> bool:
        K, L = rng.randint(2, 3), rng.randint(1, 4)
        problem = Problem.of(K, L, 1)
        weights = [random_matrix(rng, *shape) for shape in problem.shapes]
        scales = [random_rational(rng) for _ in weights]
        scaled = [w * fmpq(x.numerator, x.denominator) for w, x in zip(weights, scales, strict=True)]
        total = prod(scales)
        return problem.output(scaled) == problem.output(weights) * fmpq(total.numerator, total.denominator)

    cases = (identical(active(c * z), c * active(z)) for z in (v, -v))
    return all_of(*cases, spots=[seeded(holds, what="networks scaled")])


def product_norm() -> Check:
    """||A B||_* <= ||A||_F ||B||_F, hence also ||A B||_F."""

    def holds(rng: Random) -> bool:
        inner = rng.randint(1, 4)
        left, right = random_matrix(rng, 2, inner), random_matrix(rng, inner, 2)
        return nuclear_squared_2x2(left * right) <= squared_norm(left) * squared_norm(right)

    return quoted(SCHATTEN_HOELDER, spots=[seeded(holds)])


def duality() -> Check:
    """<P, G> <= ||P||_* ||G||_op."""

    def holds(rng: Random) -> bool | None:
        p, g = random_matrix(rng, 2, 2), random_matrix(rng, 2, 2)
        inner = fraction((p.transpose() * g)[0, 0] + (p.transpose() * g)[1, 1])
        # ||G||_op^2 is the larger root of s^2 - ||G||_F^2 s + det^2; compare squares without taking the root.
        bound, total, det = nuclear_squared_2x2(p), squared_norm(g), fraction(g.det()) ** 2
        if inner <= 0 or bound == 0:
            return None
        s = inner**2 / bound
        return s**2 - total * s + det <= 0 or 2 * s <= total

    return quoted(TRACE_DUALITY, spots=[seeded(holds)])


def relu_contracts() -> Check:
    """Entry by entry p relu(p) = relu(p)^2 and p^2 = relu(p)^2 + relu(-p)^2, so ||relu(P)||_F <= ||P||_F."""
    cases = []
    for p in (v, -v):
        cases += [identical(p * active(p), active(p) ** 2), identical(p**2, active(p) ** 2 + active(-p) ** 2)]
    return all_of(*cases)


def distance_to_identity() -> Check:
    """||Z - I||_F^2 >= sum_i (sigma_i - 1)^2 >= (||Z||_* - K)^2 / K; tried at K = 2, where ||Z||_* is a square root."""

    def holds(rng: Random) -> bool:
        z = random_matrix(rng, 2, 2)
        far = squared_norm(z - fmpq_mat(2, 2, [1, 0, 0, 1]))
        # 2 far >= (m - 2)^2 with m^2 = bound  <=>  4 m >= bound + 4 - 2 far, decided by squaring.
        bound = nuclear_squared_2x2(z)
        right = bound + 4 - 2 * far
        return right <= 0 or 16 * bound >= right**2

    return all_of(quoted(MIRSKY, spots=[seeded(holds)]), quoted(CAUCHY_SCHWARZ))


def balanced_neurons() -> Step:
    """The first step wherever weight decay meets one hidden layer: |a| |w| is what a neuron costs."""
    a, w = sp.symbols("a w", positive=True)
    half = (a**2 + w**2) / 2
    return Step(
        "AM-GM neuron by neuron: the regulariser is at least lambda sum_k |a_k| |w_k|, and equal only where "
        "|a_k| = |w_k|.",
        (sp.Eq(sp.UnevaluatedExpr(half), a * w + (a - w) ** 2 / 2, evaluate=False),),
        identical(half, a * w + (a - w) ** 2 / 2),
        "neurons",
    )
