"""Leaky relus: two classes beat collapse already, for every slope in (0, 1) from some depth on; the SRG too."""

from random import Random
from typing import Any

import sympy as sp

from dufm.theory.derivations.squared.unequal_classes import homogeneous
from dufm.theory.derivations.squared.unequal_classes import leaky as leaky_of
from dufm.theory.model import Variant
from dufm.theory.problem import Problem
from dufm.theory.proof.checks import all_of, compared, identical, inference, seeded, signed
from dufm.theory.proof.derivation import Derivation, Step
from dufm.theory.proof.words import letters, same_words
from dufm.theory.rational import fraction, identity, matrix, squared_norm
from dufm.theory.squared.srg import nuclear_norm

a, s, t, v, K, L, m, y, d = sp.symbols("a s t v K L m y d", positive=True)
J, A = letters("J A")
# Least slopes at which the SRG of six classes is shown to lose nothing: a <= STEEP at L = 4.
STEEP = sp.Rational(6, 25)
ROOT_3 = sp.Rational(17321, 10000)


def leaky(value: sp.Expr, slope: sp.Expr = a) -> sp.Expr:
    """The activation with this module's slope."""
    return leaky_of(value, slope)


def circulant(along: Any, across: Any) -> sp.Matrix:
    """The symmetric 2 x 2 matrix with eigenvalues `along` on (1, -1) and `across` on (1, 1)."""
    same, other = (along + across) / 2, (across - along) / 2
    return sp.Matrix([[same, other], [other, same]])


def ratio(below: Any, above: Any) -> Any:
    """||W||^2 / 2 of the layer from eigenvalues 1 + a below, 1 - a below to 1 + above, 1 - above."""
    return (((1 + above) / (1 + a * below)) ** 2 + ((1 - above) / (1 - a * below)) ** 2) / 2


def excess(*tilts: Any) -> Any:
    """Coefficient of s^2 in the product of squared norms over 2^(L+1), the layers tilted by s times these."""
    pairs = zip(tilts, (*tilts[1:], sp.Integer(0)), strict=True)
    product: Any = sp.Mul(*(ratio(s * below, s * above) for below, above in pairs))
    second: Any = sp.diff(product, s, 2)
    return second.subs(s, 0) / 2


def quadratic(*tilts: Any) -> Any:
    """What `excess` comes to: sum over layers of above^2 - 4 a below above + 3 a^2 below^2."""
    pairs = zip(tilts, (*tilts[1:], sp.Integer(0)), strict=True)
    return sum((up**2 - 4 * a * low * up + 3 * a**2 * low**2 for low, up in pairs), sp.Integer(0))


def leaky_weights(tilts: tuple[Any, ...], slope: Any) -> list[sp.Matrix]:
    """Unit factors (I, P_2, W_2, ..., W_L) of the family, exact."""
    above = [*tilts[1:], sp.Integer(0)]
    layers = [
        circulant((1 + up) / (1 + slope * low), (1 - up) / (1 - slope * low))
        for low, up in zip(tilts, above, strict=True)
    ]
    return [sp.eye(2), circulant(1 + tilts[0], 1 - tilts[0]), *layers]


def _family(rng: Random) -> bool:
    """Output I, and squared norms as `ratio` has them."""
    depth, slope = rng.randint(2, 5), sp.Rational(rng.randint(1, 8), 9)
    tilts = tuple(sp.Rational(rng.randint(1, 9), 9) for _ in range(depth - 1))
    problem = Problem.of(2, depth, 1, 2, activation="leaky", variant=Variant(fraction(slope)))
    weights = [matrix(w) for w in leaky_weights(tilts, slope)]
    above = (*tilts[1:], sp.Integer(0))
    stated = [fraction(2 * ratio(low, up).subs(a, slope)) for low, up in zip(tilts, above, strict=True)]
    return problem.output(weights) == identity(2) and [squared_norm(w) for w in weights[2:]] == stated


def leaky_layers() -> Derivation:
    """Two classes, hence all numbers of them, below collapse; and the SRG."""
    first = 2 * a / (1 + 3 * a**2)
    wide = (1 + 3 * a**2) ** 2 - 4 * a**2
    lower = 2 * a * (1 + 3 * a**2) / wide
    higher = 4 * a**2 / wide
    plateau = 3 * a**2 - (m - 1) * (4 * a - 1 - 3 * a**2)
    beyond = sp.Rational(1, 3) + y
    nu = nuclear_norm(4)
    readout = 3 / (1 - a) ** 2 + 3 / (1 + a) ** 2
    square = STEEP**2
    return Derivation(
        name="leaky-layers",
        title="Leaky relus: collapse is beaten for two classes already",
        source="ours",
        states="Squared loss, activation with slope 0 < a < 1 below zero. The least loss of collapse is phi_L(K "
        "Lambda), as with relu. For every K >= 2 it is not the global minimum at any strength below its collapse: at "
        "every L >= 3 for a < 1/3, at every L >= 4 for a^2 < 1/3, and for 1/3 < a < 1 at every L >= 3 + 3 a^2 / ((3a - "
        f"1)(1 - a)). With a = 1 it is. For K >= 6, L >= 4 and a <= {STEEP} the SRG of six classes, of rank 4, beats "
        "it too.",
        steps=(
            Step(
                "Collapse: unequal-classes with all sizes equal, any slope. The identity has no negative entry, so "
                "DNC's weights have the same output as with relu. At a = 1 the network is linear.",
                (),
                all_of(
                    identical(leaky(v), v),
                    identical(leaky(-v, sp.Integer(1)), -v),
                    inference("w_k = 1", "derivation unequal-classes", "derivation linear-network"),
                ),
                "collapse",
            ),
            Step(
                "Two classes: pre-activations with eigenvalues 1 + s on (1, -1) and 1 - s on (1, 1), 0 < s <= 1, are 1 "
                "on the diagonal and -s off it. The activation makes that -a s: eigenvalues 1 + a s and 1 - a s.",
                (),
                all_of(
                    identical(circulant(1 + s, 1 - s), sp.Matrix([[1, -s], [-s, 1]])),
                    identical(leaky(-s), -a * s),
                    identical(sp.Matrix([[1, -a * s], [-a * s, 1]]), circulant(1 + a * s, 1 - a * s)),
                ),
                "tilt",
            ),
            Step(
                "Layer after layer: from features tilted by s_l to pre-activations tilted by s_(l+1) W_l has the "
                "eigenvalues (1 + s_(l+1)) / (1 + a s_l) and (1 - s_(l+1)) / (1 - a s_l); the last one ends at the "
                "identity, s_(L+1) = 0. The pair (H_1, W_1) pays the nuclear norm, 2 whatever s_2.",
                (),
                all_of(
                    identical(sp.UnevaluatedExpr(1 + s) + (1 - s), 2),
                    inference("circulant matrices multiply by eigenvalues", "tilt", "derivation reductions"),
                    spots=[seeded(_family, 12, "families, output and norms")],
                ),
                "family",
            ),
            Step(
                "With all tilts s times fixed numbers the product of squared norms over 2^(L+1) is 1 + s^2 times a "
                "quadratic form and higher powers: t^2 - 4 a b t + 3 a^2 b^2 for each layer from tilt b to t. The "
                "first derivative at s = 0 is 0.",
                (),
                all_of(
                    identical(sp.diff(ratio(s * y, s * t), s).subs(s, 0), 0),
                    identical(ratio(s * y, s * t).subs(s, 0), 1),
                    identical(
                        sp.UnevaluatedExpr(sp.diff(ratio(s * y, s * t), s, 2).subs(s, 0)) / 2,
                        t**2 - 4 * a * y * t + 3 * a**2 * y**2,
                    ),
                    inference("a product of factors 1 + s^2 f, to second order", "family"),
                ),
                "form",
            ),
            Step(
                "Three layers: tilts 1 and 2a/(1 + 3a^2) give -a^2 (1 - 9 a^2) / (1 + 3 a^2), negative for a < 1/3.",
                (),
                all_of(
                    identical(sp.UnevaluatedExpr(excess(1, first)), -(a**2) * (1 - 9 * a**2) / (1 + 3 * a**2)),
                    identical(1 - 9 * sp.UnevaluatedExpr(1 / (3 * (1 + y))) ** 2, (y**2 + 2 * y) / (1 + y) ** 2),
                    signed((y**2 + 2 * y) / (1 + y) ** 2, "a = 1 / (3 (1 + y)), y > 0"),
                    inference("small s > 0", "form"),
                ),
                "three",
            ),
            Step(
                "Four layers: tilts 1, 2a(1 + 3a^2)/g and 4 a^2/g, g = (1 + 3a^2)^2 - 4a^2, give -a^2 (1 + 6 a^2 - 27 "
                "a^4) / g. g is positive, a product of 1 + 3a^2 - 2a = 2a^2 + (1-a)^2 and 1 + 3a^2 + 2a, and 1 + 6y - "
                "27 y^2 = (1 - 3y)(1 + 9y) for y = a^2 < 1/3.",
                (),
                all_of(
                    identical(
                        sp.UnevaluatedExpr(excess(1, lower, higher)), -(a**2) * (1 + 6 * a**2 - 27 * a**4) / wide
                    ),
                    identical(wide, (2 * a**2 + (1 - a) ** 2) * (1 + 3 * a**2 + 2 * a)),
                    identical(1 + 6 * y - 27 * y**2, (1 - 3 * y) * (1 + 9 * y)),
                    inference("small s > 0", "form"),
                ),
                "four",
            ),
            Step(
                "More layers: all m = L - 1 tilts equal give 3 a^2 - (m - 1)(4a - 1 - 3a^2), where 4a - 1 - 3a^2 = (3a "
                "- 1)(1 - a) > 0 for 1/3 < a < 1: negative for m - 1 > 3 a^2 / ((3a - 1)(1 - a)), and L = m + 1.",
                (),
                all_of(
                    identical((3 * a - 1) * (1 - a), 4 * a - 1 - 3 * a**2),
                    identical(sp.UnevaluatedExpr(quadratic(1, 1, 1)), plateau.subs(m, 3)),
                    identical(
                        sp.UnevaluatedExpr(quadratic(1, 1, 1, 1) - quadratic(1, 1, 1)),
                        plateau.subs(m, 4) - plateau.subs(m, 3),
                    ),
                    identical((3 * beyond - 1) * sp.UnevaluatedExpr(d), 3 * y * d),
                    signed(3 * y * d, "a = 1/3 + y, d = 1 - a > 0"),
                    inference("each further layer adds 1 - 4a + 3a^2", "form"),
                ),
                "many",
            ),
            Step(
                "So C < 2 for two classes. A further layer on top is the identity, of squared norm 2 = K: it keeps C < "
                "K. For K > 2 put such a block beside diagonal factors: the activation acts block by block, act(0) = "
                "0, it is homogeneous, and phi_L rises with x below collapse, as for relu.",
                (),
                all_of(
                    homogeneous(),
                    identical(leaky(sp.Integer(0)), 0),
                    inference("a block of cost below its classes", "three", "four", "many", "derivation direct-sum"),
                ),
                "all K",
            ),
            Step(
                "The SRG of r = 4: P_L = M^T M - J has -1 at disjoint edges, three pairs of them; the activation makes "
                "it I - a A, A^2 = 1 with eigenvalues 1 and -1 three times each. The readout (I - a A)^(-1) has "
                "squared norm 3/(1-a)^2 + 3/(1+a)^2.",
                (),
                all_of(
                    same_words((1 - a * A) * (1 + a * A), 1 - a**2, {A * A: 1}),
                    identical(sp.UnevaluatedExpr(readout), 6 * (1 + a**2) / (1 - a**2) ** 2),
                    identical(leaky(-sp.Integer(1)), -a),
                    inference("the incidence matrix of K_4", "derivation srg"),
                ),
                "edges",
            ),
            Step(
                "At L = 4 its product of squared norms is nu^2 4 6 times the readout's, nu^2 = 24 + 12 sqrt 3: below "
                f"6^5 iff (24 + 12 sqrt 3)(1 + a^2) < 54 (1 - a^2)^2. At a = {STEEP} this holds, and for smaller a the "
                "left side is smaller, the right side larger. Each further layer multiplies the ratio by 4/6.",
                (),
                all_of(
                    identical(sp.UnevaluatedExpr(nu) ** 2, 24 + 12 * sp.sqrt(3)),
                    compared(sp.Lt(sp.UnevaluatedExpr(sp.Integer(3)), ROOT_3**2, evaluate=False), "squares"),
                    compared(
                        sp.Lt(
                            sp.UnevaluatedExpr((24 + 12 * ROOT_3) * (1 + square)),
                            54 * (1 - square) ** 2,
                            evaluate=False,
                        ),
                        "exact rationals",
                    ),
                    identical(
                        sp.Integer(6) ** 5 / (24 * sp.UnevaluatedExpr(6 * (1 + y) / (1 - y) ** 2)),
                        54 * (1 - y) ** 2 / (1 + y),
                    ),
                    identical(sp.diff(54 * (1 - y) ** 2 - d * (1 + y), y), -(108 * (1 - y) + d)),
                    inference("C < 6 and direct sums", "edges", "all K"),
                ),
            ),
        ),
    )
