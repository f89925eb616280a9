"""The known structures, and the cheapest direct sum of them for any number of classes."""

from collections.abc import Sequence
from fractions import Fraction
from functools import cache
from typing import Any

import sympy as sp

from dufm.theory.squared.cuts import Cuts
from dufm.theory.squared.direct_sum import DirectSum
from dufm.theory.squared.dnc import DeepNeuralCollapse
from dufm.theory.squared.halves import Halves
from dufm.theory.squared.head32 import RankTwoHead
from dufm.theory.squared.looped import CompleteLoopedGraph, HubGraph
from dufm.theory.squared.srg import TriangularGraph
from dufm.theory.squared.structure import Structure, total_cost
from dufm.theory.squared.truncated import Truncated
from dufm.theory.stated import ProblemError, listed

Blocks = tuple[tuple[Structure, int], ...]

DNC: Structure = DeepNeuralCollapse()
BLOCKS: tuple[Structure, ...] = (
    DNC,
    TriangularGraph(),
    Cuts(),
    RankTwoHead(),
    CompleteLoopedGraph(),
    HubGraph(),
    Halves(),
    Truncated(),
)
# Costs nearer than this are taken as equal; sums of 30-digit estimates are far more exact.
TIE = Fraction(1, 10**12)
UNITS = 10**30


@cache
def estimated_cost(structure: Structure, K: int, L: int) -> Fraction:
    """A structure's total cost to 30 digits: it chooses between sums, whose exact cost is computed afterwards."""
    return Fraction(str(sp.N(total_cost(structure, K, L), 30)))


@cache
def cheapest_sum(K: int, L: int) -> Blocks:
    """Blocks (structure, classes) of least total cost for K classes at depth L, by dynamic programming over K."""
    # Whole numbers, in units of 10^-30: the same choices as fractions make, and a tenth of their time.
    known = [(int(estimated_cost(s, n, L) * UNITS), s, n) for n in range(2, K + 1) for s in BLOCKS[1:] if s.valid(n, L)]
    totals, last = [0], list[tuple[Structure, int]]([(DNC, 0)])
    tie = int(TIE * UNITS)
    for k in range(1, K + 1):
        # Ties within the estimates keep the first, which has the most DNC blocks.
        total, structure, size = totals[k - 1] + UNITS, DNC, 1
        for cost, other, n in known:
            if n <= k and totals[k - n] + cost < total - tie:
                total, structure, size = totals[k - n] + cost, other, n
        totals.append(total)
        last.append((structure, size))
    blocks: list[tuple[Structure, int]] = []
    while K:
        blocks.insert(0, last[K])
        K -= last[K][1]
    return tuple(blocks)


class CheapestSum:
    """The cheapest direct sum of the structures above; where none of them helps it is DNC itself."""

    name = "sum"
    needs = "K >= 2 and L >= 2"

    def valid(self, K: int, L: int) -> bool:
        return K >= 2 and L >= 2

    def blocks(self, K: int, L: int) -> str:
        """Its blocks in words, for example "head32(3) + dnc(1)"."""
        parts = cheapest_sum(K, L)
        singles = sum(1 for _, k in parts if k == 1)
        words = [f"{s.name}({k})" for s, k in parts if k > 1]
        return " + ".join(words + ([f"dnc({singles})"] if singles else []))

    def weights(self, K: int, L: int) -> Sequence[Any]:
        return DirectSum(cheapest_sum(K, L)).weights(K, L)

    def cost(self, K: int, L: int) -> sp.Expr:
        return DirectSum(cheapest_sum(K, L)).cost(K, L)


STRUCTURES: tuple[Structure, ...] = (*BLOCKS, CheapestSum())


def widest(structure: Structure, K: int, L: int) -> int:
    """Neurons of the widest hidden layer of those structures that need many more than K, known without their weights.

    0 for all others.
    """
    if isinstance(structure, CheapestSum):
        return sum(widest(block, k, L) for block, k in cheapest_sum(K, L) if k > 1)
    return structure.neurons(K) if isinstance(structure, (Cuts, Halves)) else 0


def structure_named(name: str) -> Structure:
    """The structure of that name.

    Raises:
        ProblemError: for a name that is not listed, with those that are.
    """
    for candidate in STRUCTURES:
        if candidate.name == name:
            return candidate
    accepted, found = listed(name, (s.name for s in STRUCTURES), "dufm structures")
    raise ProblemError(f"structure must be {accepted} or FILE.py:NAME, got {found}")
