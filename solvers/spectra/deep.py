"""The best line of one leaf at four layers and more, where all layers but the last two are known in closed form.

With l_1 >= l_2 >= ... the eigenvalues of the features before the last two layers, r = l_3 + ... + l_K and p = L - 1,
derivation `deep-spectra` has the bound

    p (l_1 + 2r)^(1/p) + p (l_2 + 2r)^(1/p) + sum_i (2 sqrt(d) - x d)(l_i),     d = 2 q - q^2 l >= 0.

The roots are concave: on a box of (l_1, l_2) they are above an affine function of l_1, l_2 and r, so that the bound is
a sum over eigenvalues again. The line is q = e (1 - s l/l_1) with two numbers e and s for the box: q(l_1) is the same
for all l_1, and at l <= l_2 the least is at an end of the interval of l_1. In floats: what is found is judged by
`verification/deep_checker.py`.
"""

from collections.abc import Sequence

import numpy as np

from dufm.solvers.base.arrays import Array
from dufm.solvers.spectra.lines import FAR, ROOM, Interval, LeafLines, Place, eigenvalues

# log e and s in [0, 1] are sought around a centre, on grids that halve.
WIDE, FINE, NEAR, SIDE = np.array([2.0, 0.5]), 0.004, 0.1, 13
GRID = np.linspace(-1, 1, SIDE)


def best_chain(cell: Place, boxes: Sequence[Interval], start: Array | None = None, enough: float = np.inf) -> LeafLines:
    """The line for all spectra with l_1 and l_2 in the two `boxes` and the others below the end of the second.

    Args:
        cell: classes >= 3, layers >= 4, strength.
        boxes: two intervals, possibly points, with ends > 0 on the right.
        start: `at` of a line found nearby, tried first.
        enough: a value with which the search may end.
    """
    points, parts = eigenvalues(cell, boxes)
    first, beyond = _before(cell, boxes, points, parts), parts[1][0].start
    (low, high), most = boxes[0], boxes[1][1]
    # d <= 2e, and what counts grows with d only up to 1/x^2: the limit for small eigenvalues.
    limit = np.log(1 - 2 * ROOM) - np.log(2 * cell.x**2) if cell.x else np.inf
    centres = [] if start is None else [(start, NEAR)]
    centres.append((np.array([min(1 - np.log(most), limit), 0.5]), 1.0))
    found = LeafLines(-np.inf, ())
    for centre, share in centres:
        wide = share * WIDE
        while wide[0] > FINE * WIDE[0]:
            log, s = (v.ravel() for v in np.meshgrid(*(centre[i] + wide[i] * GRID for i in (0, 1))))
            log = np.minimum(log, limit)
            e, s = np.exp(log), np.clip(s, 0, 1 if low > 0 else 0)
            top = (e * (1 - s))[:, None]
            last = np.empty((len(e), len(points)))
            last[:, :beyond] = _last(cell, top, points[:beyond], 0 * top)
            rest, room = points[beyond:], ROOM * e[:, None]
            lines = (e[:, None] * (1 - s[:, None] * rest / end) for end in (max(low, 1e-300), high))
            last[:, beyond:] = np.minimum(*(_last(cell, q, rest, room) for q in lines))
            # q l is greatest at end/(2s), which lies in between for end <= 2s most.
            humps = [(end <= 2 * s * most) & (e * end > 4 * s * (2 - ROOM)) for end in (low, high)]
            last[(2 * e * cell.x**2 > 1 - ROOM) | humps[0] | humps[1]] = -FAR
            values = np.sum([count * (first[part] + last[:, part]).min(axis=1) for part, count in parts], axis=0)
            best = int(np.argmax(values))
            if values[best] > max(found.value, 0):
                centre = np.array([log[best], s[best]])
                found = LeafLines(float(values[best]), ((float(e[best]), float(s[best])),), centre)
            wide = wide / 2
        if found.value >= enough:
            break
    return found


def _last(cell: Place, q: Array, t: Array, room: Array) -> Array:
    """2 sqrt(d) - x d for the lines q >= room at t; far below where d is not safely positive."""
    d = 2 * q - q * q * t
    return np.where((q >= room) & (q * t < 2 - ROOM), 2 * np.sqrt(np.maximum(d, 0)) - cell.x * d, -FAR)


def _before(cell: Place, boxes: Sequence[Interval], points: Array, parts: Sequence[tuple[slice, int]]) -> Array:
    """What each eigenvalue, at its points, has of the affine function below both roots."""
    p, most, slope, out = cell.L - 1, (cell.K - 2) * boxes[1][1], 0.0, np.zeros_like(points)
    for (low, high), (part, _) in zip(boxes, parts, strict=False):
        begin, end, beyond = (t ** (1 / p) for t in (low, high, high + 2 * most))
        out[part] = p * (begin + (end - begin) / max(high - low, 1e-300) * (points[part] - low))
        slope += p * (beyond - end) / most
    out[parts[2][0]] = slope * points[parts[2][0]]
    return out
