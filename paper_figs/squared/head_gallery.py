"""A gallery of record heads: the Gram matrix V^T V of the classes, and the graph their neck draws.

A vertex is a row of V, a class with one vertex is a loop (a ring around it), with two an edge, with more a coloured
area. Source: ours; the heads of atlas/heads with least h / K^4 for each K shown.
"""

import math
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np

from dufm.paper_figs.style import Table
from dufm.theory.stated import ProblemError
from dufm.verification.atlas.heads import ATLAS, load_folder, ratio

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SIZE = (12.0, 5.4)
CLASSES = (3, 4, 6, 7, 9, 10, 15, 16)
# Entries of a class below this share of its largest are drawn as none.
THERE = 0.1
EDGE, VERTEX, LOOP, AREA = "#0072B2", "#222222", "#D55E00", "#009E73"


def data(budget: str) -> Table:
    """One row for every entry of V of the heads shown, classes sorted by their vertices; the same for both budgets."""
    heads = load_folder(ATLAS)
    rows: Table = []
    for K in CLASSES:
        own = [head for head in heads if head.K == K]
        if not own:
            raise ProblemError(f"{ATLAS} holds no head for K = {K}")
        head = min(own, key=lambda found: found.h)
        V = head.pair[0]
        kept = [tuple(np.flatnonzero(column > THERE * column.max()).tolist()) for column in V.T]
        order = sorted(range(K), key=lambda k: (len(kept[k]), kept[k]))
        rows += [
            {"K": K, "q": head.q, "ratio": ratio(head), "L_from": head.L_from, "row": i, "class": place}
            | {"entry": float(V[i, k])}
            for place, k in enumerate(order)
            for i in range(head.q)
        ]
    return rows


def draw(figure: "Figure", table: Table) -> None:
    """Two rows of panels for every row of heads: Gram matrix left, graph right."""
    across = (len(CLASSES) + 1) // 2
    axes = figure.subplots(2, 2 * across)
    for place, K in enumerate(dict.fromkeys(row["K"] for row in table)):
        own = [row for row in table if row["K"] == K]
        V = np.zeros((own[0]["q"], K))
        for row in own:
            V[row["row"], row["class"]] = row["entry"]
        line, column = place // across, 2 * (place % across)
        gram, graph = axes[line, column], axes[line, column + 1]
        matrix = V.T @ V
        gram.imshow(matrix / matrix.max(), cmap="Blues", vmin=0, vmax=1)
        gram.set(xticks=[], yticks=[])
        gram.spines[["top", "right"]].set_visible(True)
        gram.set_title(f"$K = {K}$, $q = {own[0]['q']}$", fontsize=11)
        gram.set_xlabel(f"$h / K^4 = {own[0]['ratio']:.4f}$", fontsize=9)
        _graph(graph, V)
        graph.set_title(f"wins from $L = {own[0]['L_from']}$", fontsize=9)
    figure.suptitle("Record heads: Gram matrices $V^T V$ of the classes, and their necks as graphs (rows are vertices)")


def _graph(ax: Any, V: Any) -> None:
    q = len(V)
    places = [(math.sin(2 * math.pi * i / q), math.cos(2 * math.pi * i / q)) for i in _round(V)]
    for column in V.T:
        touched = np.flatnonzero(column > THERE * column.max()).tolist()
        points = [places[i] for i in touched]
        xs, ys = [p[0] for p in points], [p[1] for p in points]
        if len(touched) == 1:
            ax.plot([1.22 * xs[0]], [1.22 * ys[0]], "o", markersize=11, markerfacecolor="none", color=LOOP, zorder=1)
        elif len(touched) == 2:
            ax.plot(xs, ys, color=EDGE, linewidth=1.6, zorder=2)
        else:
            centre = (sum(xs) / len(xs), sum(ys) / len(ys))
            angle = sorted(range(len(xs)), key=lambda i: math.atan2(ys[i] - centre[1], xs[i] - centre[0]))
            ax.fill([xs[i] for i in angle], [ys[i] for i in angle], color=AREA, alpha=0.15, zorder=0, linewidth=0)
            ax.plot([*(xs[i] for i in angle), xs[angle[0]]], [*(ys[i] for i in angle), ys[angle[0]]], ":", color=AREA)
    ax.plot(*zip(*places, strict=True), "o", color=VERTEX, markersize=5, zorder=3)
    ax.set(xlim=(-1.6, 1.6), ylim=(-1.6, 1.6), aspect="equal")
    ax.axis("off")


def _round(V: Any) -> list[int]:
    """A place on the circle for every vertex: a two-colourable graph alternates its sides as far as they last."""
    q = len(V)
    links = np.zeros((q, q), dtype=bool)
    for column in V.T:
        for i, j in combinations(np.flatnonzero(column > THERE * column.max()).tolist(), 2):
            links[i, j] = links[j, i] = True
    side = {0: 0}
    queue = [0]
    for i in queue:
        for j in np.flatnonzero(links[i]).tolist():
            if j not in side:
                side[j] = 1 - side[i]
                queue.append(j)
            elif side[j] == side[i]:
                return list(range(q))
    shorter, longer = sorted(([i for i in range(q) if side.get(i, 0) == s] for s in (0, 1)), key=len)
    order = [i for pair in zip(longer, shorter, strict=False) for i in pair] + longer[len(shorter) :]
    return [order.index(i) for i in range(q)]
