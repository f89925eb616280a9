"""Direct sums of codes: blocks of classes that ignore each other, and the cheapest one of known blocks (ours).

Inside a block the margins are the block's own; towards another block the margin of class i is Z_ii, which must be at
least 1. Columns sum to zero, so Z_ii is the mean of the margins of class i over its block, itself (0) included.
"""

from collections import Counter
from collections.abc import Sequence
from functools import cache
from math import lcm
from typing import Any

from flint import arb

from dufm.theory.ce.numbers import Balls, Numbers, Rows, working
from dufm.theory.ce.polygons import POLYGON, Antiprism, Blocks, PolygonSum, merged
from dufm.theory.ce.structure import CeStructure, Margins, Squares
from dufm.theory.ce.structures import CODES
from dufm.theory.stated import ProblemError

Parts = tuple[tuple[CeStructure, int], ...]
DIGITS = 40
MOST = 64  # classes of the largest code that is cut down
# Two classes are a block, though no structure: alone their least margin is 2.
PAIR = PolygonSum("pair", "a block of 2 classes", lambda K: Blocks((2,)) if K == 2 else None)
BLOCKS: tuple[CeStructure, ...] = (PAIR, POLYGON, Antiprism(), *CODES)


def fits(block: CeStructure, size: int) -> bool:
    """Whether a structure may stand beside others at its own scale: it exists, and every Z_ii >= 1 by balls."""
    if block is PAIR:
        return size == 2
    if not block.valid(size):
        return False
    with working(DIGITS):
        return all(bool(_diagonal(row, size) >= 1) for _, row in block.margins(size, Balls()))


def _diagonal(row: Sequence[tuple[Any, int]], size: int) -> Any:
    """Z_ii from the margins of class i, for columns that sum to zero."""
    return sum((margin * count for margin, count in row[1:]), row[0][0] * row[0][1]) / size


class CodeSum:
    """A direct sum of blocks (structure, classes), each at its own least margin.

    Raises:
        ProblemError: for a block that does not exist or does not fit beside others.
    """

    def __init__(self, parts: Parts) -> None:
        for block, size in parts:
            if not fits(block, size):
                raise ProblemError(f"block {block.name!r} of {size} classes does not exist or has some Z_ii < 1")
        self.parts = parts
        self.K = sum(size for _, size in parts)
        many = Counter(f"{block.name}({size})" for block, size in parts)
        self.name = "+".join(word if count == 1 else f"{count} {word}" for word, count in many.items())
        self.needs = f"K = {self.K}"

    def valid(self, K: int) -> bool:
        return K == self.K

    def order(self, K: int) -> int:
        return lcm(*(block.order(size) for block, size in self.parts))

    def logits(self, K: int, numbers: Numbers) -> Rows:
        rows = [[numbers.rational(0)] * K for _ in range(K)]
        start = 0
        for block, size in self.parts:
            for j, row in enumerate(block.logits(size, numbers)):
                rows[start + j][start : start + size] = row
            start += size
        return rows

    def margins(self, K: int, numbers: Numbers) -> Margins:
        kinds = []
        for block, size in self.parts:
            for many, row in block.margins(size, numbers):
                outside = [(_diagonal(row, size), K - size)] if K > size else []
                kinds.append((many, [*row, *outside]))
        return kinds

    def squares(self, K: int, numbers: Numbers) -> Squares:
        return merged([value for block, size in self.parts for value in block.squares(size, numbers)])


@cache
def _block_cost(block: CeStructure, size: int, L: int) -> arb | None:
    if not fits(block, size):
        return None
    with working(DIGITS):
        return sum((count * value.root(L + 1) for value, count in block.squares(size, Balls())), arb(0))


@cache
def cheapest_parts(K: int, L: int) -> tuple[arb, Parts] | None:
    """Blocks of least hard-margin cost for exactly K classes, by dynamic programming; None where no blocks add up."""
    if K == 0:
        return arb(0), ()
    best: tuple[arb, Parts] | None = None
    for size in range(2, K + 1):
        rest = cheapest_parts(K - size, L)
        for block in BLOCKS if rest is not None else ():
            cost = _block_cost(block, size, L)
            if cost is not None and rest is not None:
                with working(DIGITS):
                    total = rest[0] + cost
                    if best is None or total < best[0]:
                        best = total, (*rest[1], (block, size))
    return best


@cache
def cheapest_cut(K: int, L: int) -> CodeSum:
    """The sum of least cost for at least K classes (at most 64): with its last classes left out it serves K.

    Leaving classes out never costs more (derivation ce-sums), so its cost bounds c*(K) from above, and its least loss
    bounds that of K classes at the same Lambda.

    Raises:
        ProblemError: for K outside 2..64.
    """
    if not 2 <= K <= MOST:
        raise ProblemError(f"K must be in 2..{MOST}, got {K}")
    best: tuple[arb, Parts] | None = None
    for size in range(K, MOST + 1):
        found = cheapest_parts(size, L)
        if found is not None and (best is None or found[0] < best[0]):
            best = found
    if best is None:
        raise ProblemError(f"no blocks add up to {K}..{MOST} classes")
    return CodeSum(best[1])
