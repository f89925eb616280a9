"""How far beyond DNC's collapse a structure beats zero weights (ours)."""

from dataclasses import dataclass
from fractions import Fraction
from functools import cache

from dufm.theory.problem import Problem
from dufm.theory.rational import identity, matrix, squared_norm
from dufm.theory.squared.phi import power_root
from dufm.theory.squared.structure import as_fraction_ball, cost_power, full_weights
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
        if squared_norm(Problem.of(k, L, 1).output(factors) - identity(k)) != 0:
            raise ArithmeticError(f"the weights of {structure.name} for {k} classes do not give the identity")
        share = power_root(Fraction(k**p) / as_fraction_ball(cost_power(weights, L))[1], p)[0]
        return Outliving(share, structure.name, k, max(w.nrows() for w in factors[:-1])) if share > 1 else None
    return None
