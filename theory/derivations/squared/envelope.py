"""Weights are lines in Lambda and DNC is concave in it: two ends prove an interval, also above DNC's collapse."""

from fractions import Fraction
from math import prod
from random import Random

import sympy as sp
from flint import fmpq_mat

from dufm.theory.derivations.squared.lemmas import am_gm, homogeneity, random_matrix
from dufm.theory.problem import Problem
from dufm.theory.proof.checks import all_of, identical, inference, seeded, signed
from dufm.theory.proof.derivation import Derivation, Step
from dufm.theory.proof.theorems import CAUCHY_SCHWARZ, quoted
from dufm.theory.proof.words import letters, same_words
from dufm.theory.rational import squared_norm
from dufm.theory.squared.phi import objective

K, p, s, t, phi, T, A, S = sp.symbols("K p s t phi T A S", positive=True)
Lambda, Lambda_0, Lambda_1, c, theta = sp.symbols("Lambda Lambda_0 Lambda_1 c theta", positive=True)
a, b, D, D_0, D_1 = sp.symbols("a b D D_0 D_1", real=True)


def envelope() -> Derivation:
    """Low rank below DNC at both ends of an interval of Lambda is below it throughout."""
    kappa = T**2 / A
    fit = (A * t**2 - 2 * T * t + 1) / 2
    on_ray = (1 - kappa) / 2 + kappa * (1 - s) ** 2 / 2
    cost = S * (T / A) ** (2 / p) / kappa
    size = objective(t, S * Lambda, p) - objective(t, 0, p)
    on_ray_size = objective(s, cost * Lambda, p) - objective(s, 0, p)
    dnc = objective(t, K * Lambda, p)
    Z, Z_t = letters("Z Z^T")
    g_0, g_1, r = sp.symbols("g_0 g_1 r", positive=True)
    between = (1 - theta) * Lambda_0 + theta * Lambda_1
    mean = (1 - theta) * dnc.subs(Lambda, Lambda_0) + theta * dnc.subs(Lambda, Lambda_1)
    gain = (c * D - a - b * Lambda).subs({D: (1 - theta) * D_0 + theta * D_1, Lambda: between})
    ends = (1 - theta) * (c * D_0 - a - b * Lambda_0) + theta * (c * D_1 - a - b * Lambda_1)
    below_half = sp.Rational(1, 2) - (1 - kappa) / 2 - kappa * phi
    return Derivation(
        name="envelope",
        title="Lines in Lambda: low rank against DNC on whole intervals, and above collapse",
        source="ours",
        states="Weights with output Z, rescaled, have loss at most a + b Lambda for every n and all strengths with "
        "that Lambda. If a + b Lambda < c D(Lambda) at both ends of an interval, D being DNC's infimum, it is on the "
        "whole interval. Output multiples of Z reach (1 - kappa)/2 + kappa phi_L(C Lambda), below 1/2 for every "
        "Lambda < x*_L / C, which for C < K goes beyond DNC's collapse at x*_L / K.",
        steps=(
            Step(
                "Rescaling the p = L + 1 factors by x_i > 0 of product 1 keeps the output Z. By AM-GM the regulariser "
                "is least when all lambda_i x_i^2 ||theta_i||^2 are equal, to Lambda S for S^p = prod ||theta_i||^2. "
                "The loss is then a + b Lambda, a = ||Z - I||^2 / (2K), b = p S / 2, for every n and all strengths "
                "with that Lambda; b is at most half the sum of the ||theta_i||^2, AM-GM again.",
                (),
                all_of(
                    homogeneity(),
                    am_gm(),
                    identical(p / 2 * sp.UnevaluatedExpr(Lambda**p * S**p) ** (1 / p), size.subs(t, 1)),
                    spots=[seeded(_on_the_line), seeded(_not_below_the_line)],
                ),
                "line",
            ),
            Step(
                "Scale the output by t and write T = tr Z / K, A = ||Z||^2 / K, kappa = T^2 / A, which is at most 1 by "
                "Cauchy-Schwarz. With t = s T / A, ||t Z - I||^2 / (2K) = (A t^2 - 2 T t + 1) / 2 is as shown.",
                (),
                all_of(
                    same_words((t * Z - 1) * (t * Z_t - 1), t**2 * Z * Z_t - t * Z - t * Z_t + 1),
                    identical(sp.UnevaluatedExpr(fit.subs(t, s * T / A)), on_ray),
                    quoted(CAUCHY_SCHWARZ, spots=[seeded(_angle)]),
                ),
                "ray",
            ),
            Step(
                "The size term b t^(2/p) Lambda becomes kappa (p/2) C Lambda s^(2/p) with the cost C below, which no "
                "rescaling of the weights changes. So the least loss on the ray is (1 - kappa)/2 + kappa phi_L(C "
                "Lambda), and for Z = I it is phi_L(C Lambda).",
                (),
                all_of(
                    identical(sp.UnevaluatedExpr(size.subs(t, s * T / A)), kappa * on_ray_size),
                    identical(cost.subs(S, S * t ** (2 / p)).subs({T: T * t, A: A * t**2}, simultaneous=True), cost),
                ),
            ),
            Step(
                "It is below 1/2, the loss of zero weights, by kappa (1/2 - phi_L(C Lambda)): for T > 0 exactly where "
                "C Lambda < x*_L. DNC's infimum is 1/2 from K Lambda = x*_L on, so a ray with C < K is below it on "
                "x*_L / K <= Lambda < x*_L / C.",
                (),
                all_of(
                    identical(sp.UnevaluatedExpr(below_half), kappa * (sp.Rational(1, 2) - phi)),
                    inference("phi_L is below 1/2 exactly below x*_L", "ray", "derivation dnc"),
                ),
            ),
            Step(
                "DNC's infimum D(Lambda) is the least over t of a function affine in Lambda, t = 0 giving 1/2. At a "
                "mean of Lambda_0 and Lambda_1 each of these is the mean of its own values, so at least the mean of "
                "D(Lambda_0) and D(Lambda_1): D is concave.",
                (),
                all_of(
                    identical(sp.UnevaluatedExpr(dnc.subs(Lambda, between)), mean),
                    inference("a minimum of lines is concave", "derivation dnc"),
                ),
                "concave",
            ),
            Step(
                "Let a + b Lambda < c D at Lambda_0 and Lambda_1, where D is D_0 and D_1, and at least their "
                "mean in between. Then c D - a - b Lambda is at least the mean of two positive numbers there: the line "
                "stays below c D. With c = 1 low rank wins on the whole interval; and its loss over DNC's is nowhere "
                "above the larger of the two ratios at the ends.",
                (),
                all_of(
                    identical(sp.UnevaluatedExpr(gain), ends),
                    signed((r * g_0 + g_1) / (1 + r), "gaps > 0 at both ends, theta = 1 / (1 + r)"),
                    identical(((1 - theta) * g_0 + theta * g_1).subs(theta, 1 / (1 + r)), (r * g_0 + g_1) / (1 + r)),
                    inference("a mean of positive numbers is positive", "line", "concave"),
                ),
            ),
        ),
    )


def _weights(rng: Random) -> tuple[Problem, list[fmpq_mat]]:
    problem = Problem.of(rng.randint(2, 3), rng.randint(1, 4), 1)
    return problem, [random_matrix(rng, *shape) for shape in problem.shapes]


def _on_the_line(rng: Random) -> bool:
    """Strengths c / ||theta_i||^2: the regulariser is p c / 2, and Lambda^p S^p = c^p, so it is b Lambda."""
    model, weights = _weights(rng)
    norms, each = [squared_norm(w) for w in weights], Fraction(rng.randint(1, 9), rng.randint(1, 99))
    problem = Problem(model.K, model.L, tuple(each / norm for norm in norms), model.width)
    power = problem.Lambda_power * prod(norms)
    return power == each ** len(norms) and problem.split(weights)[1] == len(norms) * each / 2


def _not_below_the_line(rng: Random) -> bool:
    """(2/p regulariser)^p >= Lambda^p S^p, and half the sum of norms is at least b: no rescaling enters either."""
    model, weights = _weights(rng)
    strengths = tuple(Fraction(rng.randint(1, 9), rng.randint(1, 99)) for _ in weights)
    problem = Problem(model.K, model.L, strengths, model.width, n=rng.randint(1, 4))
    norms, count = [squared_norm(w) for w in weights], len(weights)
    size = problem.split(weights)[1]
    return (2 * size / count) ** count >= problem.Lambda_power * prod(norms) and (sum(norms) / count) ** count >= prod(
        norms
    )


def _angle(rng: Random) -> bool:
    k, scale = rng.randint(2, 4), Fraction(rng.randint(1, 9), rng.randint(1, 9))
    z = sp.Matrix(k, k, [sp.Rational(rng.randint(-9, 9), rng.randint(1, 6)) for _ in range(k * k)])
    trace, square, t_ = z.trace() / k, (z * z.T).trace() / k, sp.Rational(scale.numerator, scale.denominator)
    miss = t_ * z - sp.eye(k)
    return bool(trace**2 <= square) and (miss * miss.T).trace() / (2 * k) == (square * t_**2 - 2 * trace * t_ + 1) / 2
