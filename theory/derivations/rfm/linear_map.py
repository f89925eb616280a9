"""Deep RFM with a linear feature map (lambda_Phi = 0): the spread is conserved, collapse stalls, and where."""

from itertools import product
from random import Random

import sympy as sp

from dufm.theory.derivations.squared.lemmas import random_matrix
from dufm.theory.proof.checks import all_of, identical, inference, instances, named
from dufm.theory.proof.derivation import Derivation, Step
from dufm.theory.proof.theorems import CAUCHY_SCHWARZ, quoted
from dufm.theory.proof.words import letters, same_words
from dufm.theory.rfm.fixed_points import k, without_map
from dufm.theory.rfm.labels import CODES, Labels
from dufm.theory.rfm.recursion import Kernels
from dufm.theory.rfm.spread import exact_run

f, tau, x, y, zeta = sp.symbols("f tau x y zeta", positive=True)
C, R, J, Z, Z_t, E, V, V_t, F = letters("C C^(-1) J Z Z^T E V V^T F")
RUNS = (((2, 2), 3), ((3, 1), 4), ((2, 2, 2), 7), ((1, 2, 3), 3))


def _conserved(case: tuple[tuple[tuple[int, ...], int], str, str]) -> bool:
    (sizes, width), code, strength = case
    labels = Labels(sizes, code)
    if code == "signs" and len(sizes) == 2:
        return True
    data = random_matrix(Random(3 * sum(sizes)), labels.N, width)
    run = exact_run(labels, data * data.transpose(), Kernels.of(strength, 0), 4)
    return all(reached.Z == run[0].Z for reached in run)


def rfm_linear_map() -> Derivation:
    """Z+ = Z and X+ = lambda_k X^2 + F, X = C^(-1): conserved spread, and a limit iff 4 lambda_k max eig F <= 1."""
    lower = (1 - sp.sqrt(1 - 4 * k * f)) / (2 * k)
    return Derivation(
        name="rfm-linear-map",
        title="Deep RFM with a linear feature map: where collapse stalls",
        source="ours",
        states="For lambda_Phi = 0 and Y^T A Y > 0 at the first layer, features that stay distinct, lambda_k > 0: Z = "
        "Q U (Y^T U)^(-1) is the same at every layer, and X = (Y^T U)^(-1) follows X+ = lambda_k X^2 + F, F = H^(-1) "
        "+ Z^T Z, H = Y^T Y. If 4 lambda_k F < 1 and 2 lambda_k X <= 1 it converges, X = (1 - (1 - 4 lambda_k "
        "F)^(1/2))/(2 lambda_k), with NC1 > 0 unless Z = 0; if 4 lambda_k max eig F > 1 the features of at least one "
        "class direction vanish. For one-hot classes of n without spread the bound is n >= 4 lambda_k.",
        steps=(
            Step(
                "As in `rfm-collapse`, with lambda_Phi = 0, s = lambda_k and any U: A = U J U^T, J = (lambda_k + U^T "
                "U)^(-1), so C+ = E = C J C, V+ = V J C = V C^(-1) E, and Z+ = V+ (C+)^(-1) = Z.",
                (),
                all_of(
                    same_words(V * J * C, V * R * C * J * C, {R * C: 1}),
                    same_words(
                        Z * E * sp.Symbol("E^(-1)", commutative=False),
                        Z,
                        {E * sp.Symbol("E^(-1)", commutative=False): 1},
                    ),
                    inference("lambda_Phi = 0", "derivation rfm-collapse"),
                    spots=[
                        instances(
                            product(RUNS, CODES, ("1/10", "2")), _conserved, "four layers in rational numbers, Z kept"
                        )
                    ],
                ),
                "Z",
            ),
            Step(
                "E^(-1) = lambda_k C^(-2) + F with F = H^(-1) + Z^T Z as there: X+ = lambda_k X^2 + F, and F never "
                "changes.",
                (),
                all_of(
                    same_words(C * J * C * (k * R * R + F) * C, C, {C * R: 1, R * C: 1, J * C * F * C: 1 - k * J}),
                    inference("F is a function of Z", "Z", "derivation rfm-collapse"),
                ),
                "X",
            ),
            Step(
                "If 2 lambda_k X <= 1 and 4 lambda_k F < 1, then X+ <= 1/(4 lambda_k) + max eig F < 1/(2 lambda_k): "
                "the set is kept, and lambda_k (X^2 - Y^2) = lambda_k (X (X - Y) + (X - Y) Y) makes the map a "
                "contraction after one layer. Its limit commutes with F and is the smaller root.",
                (),
                all_of(
                    named(sp.Symbol("x_0"), lower),
                    identical(k * sp.UnevaluatedExpr(1 / (2 * k)) ** 2 + 1 / (4 * k), 1 / (2 * k)),
                    identical(k * sp.UnevaluatedExpr(lower) ** 2 + f, lower),
                    inference("a contraction has one fixed point", "X"),
                    same_words(V * V - F * F, V * (V - F) + (V - F) * F),
                ),
            ),
            Step(
                "If 4 lambda_k f > 1 for an eigenvalue f of F, take its unit eigenvector v: x = v^T X v obeys x+ >= "
                "lambda_k x^2 + f by Cauchy-Schwarz, so it grows by at least f - 1/(4 lambda_k) a layer, without "
                "bound: the least eigenvalue of C = X^(-1) tends to 0.",
                (),
                all_of(
                    identical(k * x**2 + f - x, k * (x - 1 / (2 * k)) ** 2 + f - 1 / (4 * k)),
                    quoted(CAUCHY_SCHWARZ),
                    inference("one eigenvector of F", "X"),
                ),
            ),
            Step(
                "One-hot, n samples a class, no spread: F = 1/n, and C = 1/x gives the eigenvalue (C^2/n) of the Gram "
                "matrix shown, the limit lambda_Phi -> 0 of `rfm-rates`. A spread zeta raises the need: 4 lambda_k "
                "(1/n + zeta^2) <= 1.",
                (),
                all_of(
                    named(sp.Symbol("a_0"), without_map(tau)),
                    inference("F = 1/n + zeta^2", "X"),
                    identical(
                        sp.radsimp(sp.expand((1 / lower.subs(f, 1 / tau)) ** 2 / tau).subs(k, y * tau)).simplify(),
                        without_map(tau, y * tau),
                    ),
                    identical(4 * k * sp.UnevaluatedExpr(1 / tau + zeta**2) - 4 * k / tau, 4 * k * zeta**2),
                ),
            ),
        ),
    )
