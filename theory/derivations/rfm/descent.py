"""Deep RFM with linear kernels is alternating minimisation: of what, and why every data set converges."""

from random import Random
from typing import Any

import sympy as sp
from flint import fmpq

from dufm.theory.derivations.rfm.collapse import loewner
from dufm.theory.derivations.squared.lemmas import random_matrix
from dufm.theory.proof.checks import all_of, identical, inference, instances, seeded
from dufm.theory.proof.derivation import Derivation, Step
from dufm.theory.proof.words import letters, same_words
from dufm.theory.rational import fraction, identity
from dufm.theory.rfm.fixed_points import g, k, level, phi
from dufm.theory.rfm.labels import CODES, Labels
from dufm.theory.rfm.recursion import Kernels, predictions
from dufm.theory.rfm.spread import squared

x, u, y, d = sp.symbols("x u y d", positive=True)
G, G_i, J, Y, Y_t, D, D_t = letters("G G^(-1) J Y Y^T D D^T")
RESOLVENT = {G * J: 1 - k * J, J * G: 1 - k * J, G_i * J: (G_i - J) / k}


def _quadratic_part_falls(seed: int) -> bool:
    """||Y - U||^2 + k tr(U^T G^(-1) U): from any U to A Y it falls by at least ||U - A Y||^2, in rational numbers."""
    rng = Random(seed)
    labels, kernels = Labels((2, 2, 1), CODES[seed % 2]), Kernels.of("3/10", "1/7")
    strength, shift = kernels.rationals()
    data, start = random_matrix(rng, 5, 3), random_matrix(rng, 5, 3)
    gram, unit = data * data.transpose() + identity(5) * shift, identity(5)

    def cost(at: Any) -> Any:
        spread = at.transpose() * gram.solve(at)
        return squared(labels.matrix() - at) + strength * sum((spread[i, i] for i in range(3)), fmpq(0))

    best = predictions(gram, labels.matrix(), unit, strength)
    return cost(start) - cost(best) >= squared(start - best)


def _relative_eigenvalues(rng: Random) -> bool:
    """det S / det G is the product of the eigenvalues x of S^(1/2) G^(-1) S^(1/2), tr(G^(-1) S) their sum; 2 x 2."""
    first, second = (random_matrix(rng, 2, 2) for _ in range(2))
    s, m = (a * a.transpose() + identity(2) for a in (first, second))
    relative = m.inv() * s
    poly = relative.charpoly()
    total, product = -fraction(poly[1]), fraction(poly[0])
    same = product == fraction(s.det() / m.det()) and total == fraction(relative[0, 0] + relative[1, 1])
    return same and product > 0 and total > 0 and total**2 >= 4 * product


def rfm_descent() -> Derivation:
    """L(U, G) = ||Y-U||^2 + lambda_k (tr G^(-1)(U U^T + lambda_Phi) + log det G): a layer minimises in U, then in G."""
    slope = sp.diff((y - u) ** 2 + k * sp.log(u**2 + phi), u)
    gain = g / (g + k)
    return Derivation(
        name="rfm-descent",
        title="Deep RFM with linear kernels is alternating minimisation; convergence from any data",
        source="ours; kin: linear RFM as reweighted least squares (arXiv 2401.04553)",
        states="For every lambda_k, lambda_Phi > 0, distinct data and labels, from layer 2 on, a layer of Deep RFM "
        "with linear kernels minimises L(U, G) = ||Y - U||^2 + lambda_k (tr(G^(-1) (U U^T + lambda_Phi)) + log det G) "
        "first over U, then over G. L falls by at least the squared change of U, so every limit point is a fixed "
        "point; where the fixed point is unique, for every Y if lambda_Phi >= lambda_k/8, the layers converge to it "
        "from every data set and every labels.",
        steps=(
            Step(
                "Over U: L is quadratic with gradient -2 (Y - U) + 2 lambda_k G^(-1) U, zero at U = A Y = G J Y, J = "
                "(G + lambda_k)^(-1): the features after M^(1/2).",
                (),
                all_of(
                    same_words((1 + k * G_i) * G * J, 1, RESOLVENT),
                    inference("features after M^(1/2)", "derivation rfm-recursion"),
                ),
                "U",
            ),
            Step(
                "From U = A Y + D the quadratic falls to its least value by tr(D^T (1 + lambda_k G^(-1)) D) >= "
                "||D||^2.",
                (),
                all_of(
                    same_words(
                        -D_t * (1 - G * J) * Y + k * D_t * G_i * G * J * Y,
                        0,
                        RESOLVENT,
                    ),
                    loewner(),
                    inference("a quadratic at its least value", "U"),
                    spots=[instances(range(8), _quadratic_part_falls, "eight rational instances")],
                ),
                "falls",
            ),
            Step(
                "Over G > 0, S = U U^T + lambda_Phi: with x the eigenvalues of S^(1/2) G^(-1) S^(1/2), tr(G^(-1) S) + "
                "log det G = log det S + sum (x - log x), least at x = 1, that is G = S: the next Gram matrix.",
                (),
                all_of(
                    identical(sp.Derivative(x - sp.log(x), x), (x - 1) / x),
                    inference("similar matrices share trace and determinant", "derivation rfm-recursion"),
                    spots=[seeded(_relative_eigenvalues)],
                ),
                "G",
            ),
            Step(
                "So L never rises and L_l - L_(l+1) >= ||U_(l+1) - U_l||^2. It is bounded below, log det S >= N log "
                "lambda_Phi and tr(G^(-1) S) = N after a layer; and ||U|| <= ||Y||. The changes of U tend to 0, U "
                "stays bounded, and U -> A Y is continuous: every limit point is a fixed point.",
                (),
                all_of(
                    identical(phi * (1 + x) / sp.UnevaluatedExpr(phi), 1 + x),
                    identical(sp.UnevaluatedExpr(gain) - 1, -k / (g + k)),
                    inference("a sum of falls is bounded", "falls", "G"),
                ),
                "limits",
            ),
            Step(
                "By `rfm-rates` the fixed points are the G with f(G) = Y Y^T. If f is one to one, lambda_Phi >= "
                "lambda_k/8, there is one, and a bounded sequence with one limit point converges.",
                (),
                all_of(
                    identical(level(g), (g - phi) / sp.UnevaluatedExpr(gain) ** 2),
                    inference("one limit point", "limits", "derivation rfm-rates"),
                ),
            ),
            Step(
                "Eliminating G: the layers minimise ||Y - U||^2 + lambda_k log det(U U^T + lambda_Phi), a penalty "
                "that favours low rank. For a singular value y of Y it is stationary at u = y g/(g + lambda_k), g = "
                "u^2 + lambda_Phi.",
                (),
                all_of(
                    identical(
                        sp.Derivative((y - u) ** 2 + k * sp.log(u**2 + phi), u), 2 * (u - y) + 2 * k * u / (u**2 + phi)
                    ),
                    identical(sp.Subs(slope, y, u * (1 + k / (u**2 + phi))), 0),
                    identical(sp.UnevaluatedExpr(u * (1 + k / (u**2 + phi))) ** 2, level(u**2 + phi)),
                    inference("G at its best", "G"),
                ),
            ),
            Step(
                "Eliminating U: they minimise lambda_k (tr(Y^T (G + lambda_k)^(-1) Y) + log det G + lambda_Phi tr "
                "G^(-1)) over kernel matrices G: the cost of `rfm-kernel` at ridge lambda_k, with a penalty in the "
                "place of diagonals <= 1.",
                (),
                all_of(
                    inference("U at its best", "U"),
                    identical((1 - d / (d + k)) ** 2 + k * d / (d + k) ** 2, k / (d + k)),
                    same_words(k * Y_t * J * J * k * Y + k * Y_t * J * G * J * Y, k * Y_t * J * Y, RESOLVENT),
                ),
            ),
        ),
    )
