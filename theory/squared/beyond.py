"""How far beyond DNC's collapse a structure beats zero weights (ours)."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import Any

from dufm.theory.problem import Problem
from dufm.theory.rational import fraction, matrix, squared_norm
from dufm.theory.squared.phi import power_root
from dufm.theory.squared.structure import as_fraction_ball, cost_power, full_weights, output_error
from dufm.theory.squared.structures import BLOCKS, estimated_cost

# Structures for more classes than these are not looked at: their weights are multiplied out exactly.
MOST_CLASSES = 36


@dataclass(frozen=True)
class Outliving:
    """A structure that beats zero weights at every x < share x*, for K classes of which it uses k.

    Attributes:
        share: k / C, rounded down.
        structure: its name.
        classes: k; the other classes have zero outputs.
        width: of its widest hidden layer.
    """

    share: Fraction
    structure: str
    classes: int
    width: int


@cache
def outliving(K: int, L: int) -> Outliving | None:
    """The structure for at most K classes with the greatest k / C; None where none has C < k.

    A direct sum does no better than its best block. The output and the cost are found from exact weights.

    Args:
        K: classes, >= 2.
        L: weight layers, >= 1.

    Raises:
        ArithmeticError: if weights do not give the identity.
    """
    sizes = range(2, min(K, MOST_CLASSES) + 1)
    known = [(k / estimated_cost(s, k, L), -k, s) for s in BLOCKS[1:] for k in sizes if s.valid(k, L)]
    for estimate, less, structure in sorted(known, key=lambda found: found[:2], reverse=True):
        if estimate <= 1:
            return None
        k, p = -less, L + 1
        try:
            weights = [matrix(w) for w in structure.weights(k, L)]
        except TypeError:
            continue
        factors = full_weights(weights, L)
        if output_error(weights, k, L) != 0:
            raise ArithmeticError(f"the weights of {structure.name} for {k} classes do not give the identity")
        share = power_root(Fraction(k**p) / as_fraction_ball(cost_power(weights, L))[1], p)[0]
        return Outliving(share, structure.name, k, max(w.nrows() for w in factors[:-1])) if share > 1 else None
    return None


def share_of(weights: Sequence[Any]) -> Fraction:
    """k / C' of any rational weights (H_1, W_1, ..., W_L) for k classes, rounded down: they beat zero up to x* k / C'.

    With r = <Z, I>/k, q = ||Z||^2/k and the product C^p of the squared norms, C'^p = C^p q^(p-2) / r^(2p-2).

    Raises:
        ValueError: if tr Z <= 0: no scale > 0 of them beats zero weights.
    """
    factors = [matrix(w) for w in weights]
    k, p = factors[0].ncols(), len(factors)
    output = Problem.of(k, p - 1, 1).output(factors)
    r = sum((fraction(output[i, i]) for i in range(k)), Fraction(0)) / k
    if r <= 0:
        raise ValueError(f"weights that beat zero have an output of positive trace, got {k * r}")
    power = (squared_norm(output) / k) ** (p - 2) / r ** (2 * p - 2)
    for factor in factors:
        power *= squared_norm(factor)
    return power_root(Fraction(k) ** p / power, p)[0]
