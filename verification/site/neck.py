"""The neck as a drawing: its neurons are vertices, a class with two of them an edge, with one a loop, else an area."""

import math
from collections.abc import Sequence

import numpy as np

from dufm.solvers.base.arrays import Array

# Entries of a class below this share of its largest are drawn as none.
THERE = 0.1
MOST_NEURONS = 16
SIZE, RADIUS = 260, 92


def touched(features: Array) -> list[tuple[int, ...]]:
    """For each class the neurons it has a share in."""
    return [tuple(np.flatnonzero(column > THERE * column.max()).tolist()) for column in features.T]


def neck_layer(features: Sequence[Array], ranks: Sequence[int]) -> int | None:
    """Which of F_2, ..., F_L is drawn: of least rank, then with fewest neurons; None if even that has too many."""
    least = min(range(len(features)), key=lambda i: (ranks[i], len(features[i])))
    return least if len(features[least]) <= MOST_NEURONS else None


def neck_drawing(features: Array, layer: int) -> str:
    """An SVG of the neurons (circles with letters) and the classes (numbers)."""
    q = len(features)
    middle = SIZE / 2
    places = [
        (middle + RADIUS * math.sin(2 * math.pi * i / q), middle - RADIUS * math.cos(2 * math.pi * i / q))
        for i in range(q)
    ]
    below, above, told = [], [], []
    seen: dict[tuple[int, ...], list[int]] = {}
    for k, own in enumerate(touched(features), 1):
        seen.setdefault(own, []).append(k)
    for own, classes in seen.items():
        points = [places[i] for i in own]
        x, y = (sum(p[axis] for p in points) / len(points) for axis in (0, 1))
        if len(own) == 1:
            # Outside the circle, where no edge passes.
            x, y = middle + (x - middle) * 1.26, middle + (y - middle) * 1.26
            below.append(
                f'<circle class="loop" cx="{_r((x + points[0][0]) / 2)}" cy="{_r((y + points[0][1]) / 2)}" r="15"/>'
            )
        elif len(own) == 2:
            below.append(f'<line class="edge" {_ends(points)}/>')
            # A third of the way: edges cross in the middle.
            x, y = (points[0][axis] + 0.36 * (points[1][axis] - points[0][axis]) for axis in (0, 1))
        else:
            corners = " ".join(f"{_r(a)},{_r(b)}" for a, b in points)
            below.insert(0, f'<polygon class="area" points="{corners}"/>')
        label = ",".join(map(str, classes))
        above.append(f'<text class="class" x="{_r(x)}" y="{_r(y)}">{label}</text>')
        told.append(f"{label}: {''.join(map(_letter, own))}")
    for i, (x, y) in enumerate(places):
        above.append(f'<circle class="neuron" cx="{_r(x)}" cy="{_r(y)}" r="9"/>')
        above.append(f'<text class="letter" x="{_r(x)}" y="{_r(y)}">{_letter(i)}</text>')
    words = f"Classes with the neurons of layer {layer} they share: {'; '.join(told)}"
    return (
        f'<figure class="neck"><svg viewBox="0 0 {SIZE} {SIZE}" role="img" aria-label="{words}">'
        f"{''.join(below)}{''.join(above)}</svg><figcaption>The neck, layer {layer}: letters are neurons, numbers are "
        "classes. A class with two neurons is an edge, with one a loop, with more an area (entries below a tenth of a "
        f"class's largest are left out).<br><small>{'; '.join(told)}</small></figcaption></figure>"
    )


def _letter(i: int) -> str:
    return chr(ord("A") + i)


def _r(value: float) -> str:
    return f"{value:.1f}"


def _ends(points: Sequence[tuple[float, float]]) -> str:
    (x, y), (u, v) = points
    return f'x1="{_r(x)}" y1="{_r(y)}" x2="{_r(u)}" y2="{_r(v)}"'
