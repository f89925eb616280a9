"""A tree of intervals of the two largest eigenvalues at four layers and more, with a line for every leaf.

As `solvers.spectra.tree`, but the best bound changes slowly over many powers of two of l_1 and l_2: intervals are cut
at geometric means, and of the two cuts the one is taken whose parts show more.
"""

import math

from dufm.solvers.base.arrays import Array
from dufm.solvers.spectra.deep import best_chain
from dufm.solvers.spectra.lines import LeafLines, Place
from dufm.solvers.spectra.tree import MOST, NARROW, SPARE, THIN, Node, Tree

BITS = 40
# Descents to the worst pair begin with l_1 up to this times K.
REACH = 8.0
# An interval from 0 is cut at this part of its end.
LOW = 4

Boxes = list[tuple[int, int]]


def chain_tree(cell: Place, wanted: float, spare: float = SPARE) -> Tree | None:
    """Nodes whose leaves all reach `wanted`; None where some place does not, or it takes more than MOST nodes.

    Args:
        cell: classes >= 3, layers >= 4, strength.
        wanted: the bound, 2K loss / x.
        spare: what every eigenvalue must show beyond it.
    """
    one, aim, p = 1 << BITS, wanted + spare * cell.K, cell.L - 1

    def shown(boxes: Boxes, near: Array | None) -> LeafLines:
        return best_chain(cell, [(a / one, b / one) for a, b in boxes], near, aim)

    root = [(0, math.ceil((wanted / p) ** p * one) + 1)] * 2
    waiting = [(root, shown(root, None))]
    nodes: list[Node] = []
    leaves = 0
    while waiting:
        boxes, found = waiting.pop()
        if found.value >= aim:
            ((e, s),) = found.lines
            nodes.append([[round(e * one), round(e * (1 - s) * one)]])
            leaves += 1
            continue
        wide = max((high - low) / high for low, high in boxes)
        middle: Boxes = [((low + high) // 2, (low + high) // 2) for low, high in boxes]
        if len(nodes) >= MOST or wide <= THIN or (wide <= NARROW and shown(middle, found.at).value < aim):
            return None
        tried = []
        for i in (0, 1):
            at, parts = _halves(boxes, i)
            both = [(part, shown(part, found.at)) for part in parts]
            tried.append((sum(min(part.value, aim) for _, part in both), [i + 1, at], both))
        _, node, both = max(tried, key=lambda cut: cut[0])
        nodes.append(node)
        waiting += both
    return Tree(nodes, leaves)


def _halves(boxes: Boxes, i: int) -> tuple[int, tuple[Boxes, Boxes]]:
    """Where l_(i+1) is cut, and the part above and the one below."""
    low, high = boxes[i]
    at = min(max(math.isqrt(low * high) if low else high // LOW, low + 1), high - 1)
    above = [(max(a, at), b) if j <= i else (a, b) for j, (a, b) in enumerate(boxes)]
    below = [(a, min(b, at)) if j >= i else (a, b) for j, (a, b) in enumerate(boxes)]
    return at, (above, below)
