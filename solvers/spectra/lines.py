"""The best lines of one leaf: what a bound by eigenvalues gives for all spectra with the largest ones in intervals.

Two layers have one falling line p(l) = a - b l, three a second one q, and every eigenvalue l contributes

    2 l p(l) + 1/(l + x)    or    2 l p(l) + 2 sqrt(d) - x d,    d = 2 q - q^2 l >= 0;

l p(l)^2 <= 1 must hold on all the intervals (derivation `spectra`). The sum is concave in the lines and grows with a,
so a is the largest one that b allows and b is found on a grid that closes in; with a second line, three numbers are
found by steps that shorten. In floats: `verification/lower_checker.py` judges what is found.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dufm.solvers.base.arrays import Array

Interval = tuple[float, float]
Lines = tuple[tuple[float, float], ...]
# (log b, log z, log s), and how far from it to look.
Near = tuple[Array, float]

# Points at which the least contribution is looked for: among the remaining eigenvalues, and in an interval.
REST = np.concatenate([[0.0], np.geomspace(3e-4, 1, 56)])
INSIDE = np.linspace(0, 1, 12)
SLOPES, ROUNDS = 24, 3
# The second line is sought on a grid of log z and log s, the first one of log b, around a centre; grids halve until
# they are this fine.
FAR = 1e9
WIDE, FINE = np.array([2.5, 1.2, 1.5]), 0.004
GRID = tuple(np.linspace(-1, 1, count) for count in (13, 9, 9))
# What d = q (2 - q l) keeps from 0: q > 0 by this share of its greatest value, and q l < 2 by as much.
ROOM = 1e-3


@dataclass(frozen=True)
class Place:
    """K classes, L >= 2 weight layers, x = K Lambda >= 0."""

    K: int
    L: int
    x: float


@dataclass(frozen=True)
class LeafLines:
    """Lines of a leaf.

    Attributes:
        value: what they give, near enough to the least; -inf where none fit.
        lines: (a, b) of each line.
        at: where the search for them ended, to start another one from.
    """

    value: float
    lines: Lines
    at: Array | None = None


def best_lines(cell: Place, boxes: Sequence[Interval], start: Array | None = None, enough: float = np.inf) -> LeafLines:
    """Lines for all spectra with l_1, ..., l_k in `boxes`, falling, and the others below the end of the last.

    Args:
        cell: classes, layers, strength.
        boxes: intervals, possibly points, all with ends > 0 on the right.
        start: `at` of lines found nearby, tried first; only at three layers.
        enough: a value with which the search may end.
    """
    points, parts = eigenvalues(cell, boxes)
    if cell.L == 2:
        return _one_line(cell, boxes, points, parts)
    # For small eigenvalues q need not be above 1/(2 x^2).
    usual = np.log([(0.6 * boxes[0][1]) ** -1.5 / 2, max(0.6 * boxes[0][1], 3 * cell.x**2), 0.7])
    found = LeafLines(-np.inf, ()) if start is None else _two_lines(cell, boxes, points, parts, (start, 0.15))
    return found if found.value >= enough else _two_lines(cell, boxes, points, parts, (usual, 1.0))


def eigenvalues(cell: Place, boxes: Sequence[Interval]) -> tuple[Array, list[tuple[slice, int]]]:
    """Where contributions are computed, and which of them stand for how many eigenvalues."""
    pieces = [(low + (high - low) * (REST if high > 2 * low else INSIDE), 1) for low, high in boxes]
    if len(boxes) < cell.K:
        pieces.append((boxes[-1][1] * REST, cell.K - len(boxes)))
    parts, begin = [], 0
    for piece, count in pieces:
        parts.append((slice(begin, begin + len(piece)), count))
        begin += len(piece)
    return np.concatenate([piece for piece, _ in pieces]), parts


def _largest(b: Array, boxes: Sequence[Interval], rest: bool) -> Array:
    """The largest a for each b with l (a - b l)^2 <= 1 on all intervals; -inf where there is none."""
    turn = (2 * b) ** (-2 / 3)
    a = np.full_like(b, np.inf)
    for low, high in [*boxes, (0.0, boxes[-1][1])] if rest else boxes:
        at = np.clip(turn, low, high)
        a = np.minimum(a, at**-0.5 + b * at)
    top = boxes[0][1]
    return np.where(b * top - a <= top**-0.5, a, -np.inf)


def positive(e: Array, g: Array, boxes: Sequence[Interval], rest: bool) -> NDArray[np.bool_]:
    """Whether d > 0 on all intervals, for q = e - g l; q l is greatest at e/(2g)."""
    fits = e - g * boxes[0][1] > ROOM * e
    for low, high in [*boxes, (0.0, boxes[-1][1])] if rest else boxes:
        at = np.clip(e / (2 * g), low, high)
        fits &= at * (e - g * at) < 2 - ROOM
    return fits


def _sums(c: Array, parts: list[tuple[slice, int]]) -> Array:
    """Rows of contributions -> the least of each part, added up."""
    return sum((count * _least(c[:, part]) for part, count in parts), np.zeros(len(c)))


def _least(c: Array) -> Array:
    """The least of each row, by the parabola through it and its neighbours where it has two."""
    if c.shape[1] < 3:
        return c.min(axis=1)
    rows, at = np.arange(len(c)), np.clip(np.argmin(c, axis=1), 1, c.shape[1] - 2)
    before, here, after = (c[rows, at + i] for i in (-1, 0, 1))
    bend = before - 2 * here + after
    inside = (here <= np.minimum(before, after)) & (bend > 0) & np.isfinite(bend)
    lower = here - (after - before) ** 2 / (8 * np.where(inside, bend, 1))
    return np.where(inside, lower, np.minimum(np.minimum(before, after), here))


def _one_line(cell: Place, boxes: Sequence[Interval], t: Array, parts: list[tuple[slice, int]]) -> LeafLines:
    with np.errstate(divide="ignore", invalid="ignore"):
        readout = 1 / (t + cell.x)
    b = np.geomspace(2e-3 * boxes[0][1] ** -1.5, 5 * boxes[-1][1] ** -1.5, SLOPES)
    for again in range(ROUNDS + 1):
        a = _largest(b, boxes, len(boxes) < cell.K)
        fits = np.isfinite(a)
        tilted = np.where(fits, a, 0)[:, None] - b[:, None] * t
        values = np.where(fits, _sums(readout + 2 * t * tilted, parts), -np.inf)
        best = int(np.argmax(values))
        if again < ROUNDS:
            b = np.linspace(b[max(best - 1, 0)], b[min(best + 1, len(b) - 1)], SLOPES // 2)
    return LeafLines(float(values[best]), ((float(a[best]), float(b[best])),))


def _two_lines(
    cell: Place, boxes: Sequence[Interval], t: Array, parts: list[tuple[slice, int]], near: Near
) -> LeafLines:
    """Lines from (log b, log z, log s), the second one being 1/z at z with slope -s/z^2."""
    centre, best, wide, rest = near[0], LeafLines(-np.inf, ()), near[1] * WIDE, len(boxes) < cell.K
    while wide[0] > FINE * WIDE[0]:
        b = np.exp(centre[0] + wide[0] * GRID[0])
        z, s = (v.ravel() for v in np.meshgrid(*(np.exp(centre[i] + wide[i] * GRID[i]) for i in (1, 2))))
        a, e, g = _largest(b, boxes, rest), (1 + s) / z, s / z**2
        q = e[:, None] - g[:, None] * t
        d = np.maximum(2 * q - q * q * t, 0)
        second = np.where(positive(e, g, boxes, rest)[:, None], 2 * np.sqrt(d) - cell.x * d, -FAR)
        first = 2 * t * (np.where(np.isfinite(a), a, -FAR)[:, None] - b[:, None] * t)
        values = sum(
            (count * (first[:, None, part] + second[:, part]).min(axis=2) for part, count in parts),
            np.zeros((len(b), len(z))),
        )
        i, j = np.unravel_index(int(np.argmax(values)), values.shape)
        if values[i, j] > max(best.value, 0):
            lines = ((float(a[i]), float(b[i])), (float(e[j]), float(g[j])))
            best = LeafLines(float(values[i, j]), lines, np.log([b[i], z[j], s[j]]))
            centre = np.log([b[i], z[j], s[j]])
        wide = wide / 2
    return best
