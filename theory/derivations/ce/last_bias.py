"""Cross-entropy with a bias of the last layer: it gives collapse nothing, so what beats collapse still does."""

from random import Random

import sympy as sp
from flint import arb, ctx, fmpq

from dufm.theory.derivations.squared.within_class import convex_fits
from dufm.theory.proof.checks import all_of, identical, inference, seeded, signed
from dufm.theory.proof.derivation import Derivation, Step
from dufm.theory.proof.theorems import JENSEN, quoted

z_i, z_j, b_i, b_j, mean = sp.symbols("z_i z_j b_i b_j m", real=True)
lam, size = sp.symbols("lambda_b u", nonnegative=True)
PRECISION = 100


def cross_entropy(alpha: fmpq, bias: list[fmpq]) -> arb:
    """The cross-entropy of alpha (I - J/K) with a bias, as a ball."""
    classes, total = range(len(bias)), arb(0)
    for i in classes:
        total += sum((arb(bias[j] - bias[i] - (alpha if j != i else 0)).exp() for j in classes), arb(0)).log()
    return total / len(bias)


def _helps_not(rng: Random) -> bool | None:
    bias = [fmpq(rng.randint(-20, 20), rng.randint(1, 9)) for _ in range(rng.randint(2, 6))]
    if len(set(map(str, bias))) == 1:
        return None
    alpha = fmpq(rng.randint(0, 30), 7)
    with ctx.workprec(PRECISION):
        return bool(cross_entropy(alpha, bias) > cross_entropy(alpha, [fmpq(0)] * len(bias)))


def ce_last_bias() -> Derivation:
    """Jensen over the permutations of the classes."""
    return Derivation(
        name="ce-last-bias",
        title="Cross-entropy, linear layers and a bias of the last layer: collapse is still not optimal",
        source="ours; Garrod and Keating (2410.23169) say that their Theorem 1 appears to contradict Theorem A.1 of "
        "Dang et al. (2301.00437), which has such a bias",
        states="Deep linear model, cross-entropy, a bias of the last layer with decay lambda_b >= 0. For K >= 6, L >= "
        "2 and for K in {4, 5}, L >= 3 no logits alpha (I - J/K), alpha > 0, with any bias are a global minimiser, at "
        "any strength and n.",
        steps=(
            Step(
                "CE(Z) depends on differences Z_ji - Z_ii: adding one number to a column changes nothing, and "
                "permuting the classes, rows and columns alike, permutes its terms.",
                (),
                all_of(
                    identical((z_j + b_j + mean) - (z_i + b_i + mean), z_j + b_j - (z_i + b_i)),
                    inference("a mean over classes", "derivation ce-reduction"),
                ),
                "invariant",
            ),
            Step(
                "alpha (I - J/K) is the same in every order of the classes. The mean over all orders of alpha (I - "
                "J/K) + b 1^T is alpha (I - J/K) + m 1 1^T, m the mean of b. CE is convex: CE(alpha (I - J/K) + b 1^T) "
                ">= CE(alpha (I - J/K)), and the decay of b is not negative.",
                (),
                all_of(
                    quoted(JENSEN, convex_fits(), spots=[seeded(_helps_not, what="biases, as balls")]),
                    signed(lam * size / 2, "decay of a bias"),
                    inference("Jensen over the orders of the classes", "invariant"),
                ),
                "no help",
            ),
            Step(
                "So with a bias collapse reaches no less than without. The weights that beat it without a bias are "
                "there with the bias 0.",
                (),
                inference("the same weights", "no help", "derivation ce-low-rank"),
            ),
        ),
    )
