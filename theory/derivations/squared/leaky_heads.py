"""Heads keep winning under a leaky relu on intervals of its slope."""

from random import Random

import sympy as sp

from dufm.theory.derivations.squared.lemmas import random_matrix
from dufm.theory.derivations.squared.unequal_classes import homogeneous, leaky
from dufm.theory.proof.checks import all_of, identical, inference, seeded, signed
from dufm.theory.proof.derivation import Derivation, Step
from dufm.theory.proof.theorems import SUBMULTIPLICATIVE, quoted
from dufm.theory.proof.words import letters, same_words
from dufm.theory.rational import fraction, squared_norm
from dufm.theory.squared.leaky_heads import readout, squared_readout

a, v, d, e, h, q, K, L, K_0, C_0 = sp.symbols("a v d e h q K L K_0 C_0", positive=True)
rest = sp.Symbol("r", nonnegative=True)
U, R, N, E, G, B = letters("U R N E G B")


def _bounded(rng: Random) -> bool | None:
    """At a slope inside, the least norm is below the bound of the interval."""
    V = random_matrix(rng, 2, 3)
    W = random_matrix(rng, 4, 2)
    low = rng.randint(0, 8)
    ends = (sp.Rational(low, 40), sp.Rational(low + 1, 40))
    try:
        bound = squared_readout(V, W, *map(fraction, ends))
        inside = fraction(ends[0] + (ends[1] - ends[0]) * sp.Rational(rng.randint(0, 5), 5))
        found, _ = readout(V, W, inside)
    except ZeroDivisionError:
        return None
    return None if bound is None else squared_norm(found) <= bound


def leaky_heads() -> Derivation:
    """The neck passes, the readout is bounded by a Neumann series, sums and layers as for relu."""
    return Derivation(
        name="leaky-heads",
        title="Heads under a leaky relu, on intervals of its slope",
        source="ours",
        states="Let a head of K_0 classes have neck V >= 0 of q < K_0 rows, neurons W, and U act_b(W V) = I at slope "
        "b. At every slope a with d ||U N|| < 1, d = |a - b|, N = relu(-W V), weights with output I have "
        "C^(L+1) at most ||V||_*^2 q^(L-3) ||W||^2 ||U||^2 / (1 - d ||U N||)^2. Where this is below K_0^(L+1), "
        "collapse is not optimal at any strength below its own, at slope a, for every K >= K_0 and at every "
        "larger L.",
        steps=(
            Step(
                "The activation z -> relu(z) - a relu(-z) keeps what is not negative: V and the layers between. At W V "
                "it gives R - a N.",
                (),
                all_of(
                    homogeneous(),
                    identical(leaky(v, a), v),
                    identical(leaky(-v, a), -a * v),
                    inference("entry by entry", "derivation leaky-layers"),
                ),
                "passes",
            ),
            Step(
                "With U (R - b N) = I and E = U N, U (R - a N) = I - d E for a = b + d. So with G the inverse of I - d "
                "E the readout G U has output I.",
                (),
                all_of(
                    same_words(U * (R - (a + d) * N), 1 - d * E, {U * R: 1 + a * E, U * N: E}),
                    same_words(
                        G * U * (R - (a + d) * N), sp.Integer(1), {U * R: 1 + a * E, U * N: E, G * E: (G - 1) / d}
                    ),
                    inference("the readout of the slope b", "passes"),
                ),
                "readout",
            ),
            Step(
                "G = I + d G E, so its operator norm is at most 1 / (1 - d ||E||), and ||G U|| <= ||U|| / (1 - d "
                "||E||).",
                (),
                all_of(
                    quoted(SUBMULTIPLICATIVE),
                    same_words(1 + d * G * E, G, {G * E: (G - 1) / d}),
                    identical(1 / (1 - d * e), sp.UnevaluatedExpr(1 + d * e / (1 - d * e))),
                    inference("norms of both sides", "readout"),
                    spots=[seeded(_bounded, what="random heads")],
                ),
                "norm",
            ),
            Step(
                "The product of squared norms is that of a head, with this readout. A further layer multiplies it by q "
                "< K_0. Blocks beside diagonal weights: the activation acts entry by entry.",
                (),
                all_of(
                    identical(sp.UnevaluatedExpr(h * q ** (L - 3)) * q, h * q ** (L + 1 - 3)),
                    identical(K_0 ** (L + 2) - K_0 ** (L + 1) * (K_0 - rest), K_0 ** (L + 1) * rest),
                    signed(K_0 ** (L + 1) * rest, "r = K_0 - q >= 0"),
                    inference(
                        "costs below the number of classes", "norm", "derivation head", "derivation leaky-layers"
                    ),
                ),
            ),
        ),
    )
