"""A tree of intervals of the two largest eigenvalues, with lines for every leaf: what a certificate of a bound holds.

A node either holds lines that reach the bound wanted for all spectra of its intervals, or cuts one of them: the first,
the second, or, once the first is narrow, the second off all the others. Two eigenvalues are enough: the best lines of
the worst spectrum leave all the smaller ones at two values.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize

from dufm.solvers.base.arrays import Array
from dufm.solvers.spectra.lines import Interval, LeafLines, Place, best_lines

BITS = 28
# What the checker may take away from a leaf: rounding, and pieces that are not halved for ever.
SPARE = 2.8e-3
# The second eigenvalue is looked at where the first is known this well, relatively; where both are known as well as
# NARROW says, it is asked whether lines exist at all.
SECOND, NARROW, THIN = 0.3, 0.03, 1e-5
MOST = 20_000
REFINED = 2

Node = list[int] | list[list[int]]


@dataclass(frozen=True)
class Tree:
    """Nodes in order, a node before its parts, the first part first; integers over 2^BITS."""

    nodes: list[Node]
    leaves: int


def worst(
    cell: Place, leaf: Callable[[Place, Sequence[Interval]], LeafLines] = best_lines, reach: float = 2.0
) -> float:
    """The least value that the best lines reach over all pairs (l_1, l_2), by a few descents: no tree shows more.

    Args:
        cell: classes, layers, strength.
        leaf: finds the lines.
        reach: descents begin with l_1 up to this times K.
    """

    def value(point: Array) -> float:
        first = math.exp(min(max(point[0], -20.0), 20.0))
        second = first / (1 + math.exp(min(-point[1], 50.0)))
        return leaf(cell, [(first, first), (second, second)]).value

    points = [np.array([a, b]) for a in np.linspace(-1, math.log(reach * cell.K), 7) for b in (-1.0, 0.0, 1.0, 3.0)]
    values = [value(point) for point in points]
    found = min(values)
    for i in np.argsort(values)[:REFINED]:
        simplex = points[i] + np.array([[0.0, 0.0], [0.3, 0.0], [0.0, 0.5]])
        options = {"xatol": 0.01, "fatol": 1e-4 * found, "maxfev": 60, "initial_simplex": simplex}
        found = min(found, float(minimize(value, points[i], method="Nelder-Mead", options=options).fun))
    return found


def tree(cell: Place, wanted: float, spare: float = SPARE) -> Tree | None:
    """Nodes whose leaves all reach `wanted`; None where some place does not, or it takes more than MOST nodes.

    Args:
        cell: classes, layers, strength.
        wanted: the bound, 2K loss / x.
        spare: what every eigenvalue must show beyond it.
    """
    one, aim = 1 << BITS, wanted + spare * cell.K
    top = math.ceil((wanted / 2) ** 2 * one) + 1
    waiting: list[tuple[list[tuple[int, int]], Array | None]] = [([(0, top)], None)]
    nodes: list[Node] = []
    leaves = 0
    while waiting:
        boxes, near = waiting.pop()
        ends: list[Interval] = [(a / one, b / one) for a, b in boxes]
        found = best_lines(cell, ends, near, aim)
        if found.value >= aim:
            # Rounded so that a (fewer) and b (more) still fit.
            nodes.append([[math.floor(a * (1 - 1e-9) * one), math.ceil(b * one)] for a, b in found.lines])
            leaves += 1
            continue
        i = _cut(ends)
        if len(nodes) >= MOST or (_narrow(ends) and _fails(cell, ends, found.at, aim)):
            return None
        if i == len(boxes):
            boxes = [*boxes, (0, boxes[-1][1])]
        low, high = boxes[i]
        at = (low + high) // 2
        nodes.append([i + 1, at])
        waiting.append(([(max(a, at), b) if j <= i else (a, b) for j, (a, b) in enumerate(boxes)], found.at))
        waiting.append(([(a, min(b, at)) if j >= i else (a, b) for j, (a, b) in enumerate(boxes)], found.at))
    return Tree(nodes, leaves)


def _cut(ends: Sequence[Interval]) -> int:
    """Which eigenvalue to cut, counted from 0."""
    widths = [high - low for low, high in ends]
    if len(ends) == 1 and widths[0] <= SECOND * ends[0][1]:
        return 1
    return widths.index(max(widths))


def _narrow(ends: Sequence[Interval]) -> bool:
    return len(ends) == 2 and all(high - low <= NARROW * ends[0][1] for low, high in ends)


def _fails(cell: Place, ends: Sequence[Interval], near: Array | None, aim: float) -> bool:
    """Whether the best lines miss the aim in the middle already, or the intervals are too thin to go on."""
    middle = [((low + high) / 2, (low + high) / 2) for low, high in ends]
    thin = all(high - low <= THIN * ends[0][1] for low, high in ends)
    return thin or best_lines(cell, middle, near, aim).value < aim
