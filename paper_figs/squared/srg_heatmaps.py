"""The SRG solution beside deep neural collapse at L = 4, K = 10, r = 5: features M_3, pre-activations P_4, their Grams.

Source: SML24, Fig. 1. Features and pre-activations are drawn at output Z = I, Gram matrices with unit diagonal, so that
each column of panels has one colour scale. The SRG's features have rank 5 and classes that share a vertex overlap by a
half; the one relu above P_4 turns the five-dimensional P_4 into the identity.
"""

from itertools import combinations
from typing import TYPE_CHECKING

import sympy as sp

from dufm.paper_figs.style import Table, number
from dufm.theory.squared.srg import TriangularGraph
from dufm.theory.squared.structure import Structure
from dufm.theory.squared.structures import DNC

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SIZE = (12.0, 6.4)
K, L, R = 10, 4, 5
ROWS = (("srg", "SRG"), ("dnc", "DNC"))
# Per kind: title of the panel, colour map, least value; the greatest is 1.
KINDS = {
    "M_3": (r"features $M_3$", "Blues", 0),
    "gram_3": (r"Gram $M_3^\top M_3$, unit diagonal", "Blues", 0),
    "P_4": (r"pre-activations $P_4$", "PuOr_r", -1),
    "gram_4": (r"Gram $P_4^\top P_4$, unit diagonal", "PuOr_r", -1),
}


def data(budget: str) -> Table:
    """One row for every entry of every matrix; the same for both budgets, for all of it is exact."""
    rows: Table = []
    for name, structure in (("srg", TriangularGraph()), ("dnc", DNC)):
        for kind, matrix in matrices(structure).items():
            rank = matrix.rank()
            for i, j in ((i, j) for i in range(matrix.rows) for j in range(matrix.cols)):
                value = number(matrix[i, j])
                rows.append(
                    {"structure": name, "matrix": kind, "rank": rank, "row": i + 1, "column": j + 1, "value": value}
                )
    return rows


def matrices(structure: Structure) -> dict[str, sp.Matrix]:
    """M_3 and P_4 from the structure's own weights, and their Gram matrices scaled to unit diagonal."""
    first, second, third, _ = (sp.Matrix(w) for w in structure.weights(K, L))
    features = _relu(second * _relu(first))
    before = third * features
    return {"M_3": features, "gram_3": _unit_gram(features), "P_4": before, "gram_4": _unit_gram(before)}


def draw(figure: "Figure", table: Table) -> None:
    """Two rows of panels, SRG and DNC; one colour bar for each kind."""
    axes = figure.subplots(2, len(KINDS))
    for column, (kind, (title, colours, least)) in enumerate(KINDS.items()):
        for line, (name, label) in enumerate(ROWS):
            entries = [e for e in table if e["structure"] == name and e["matrix"] == kind]
            height = max(e["row"] for e in entries)
            values = [[e["value"] for e in entries if e["row"] == i + 1] for i in range(height)]
            ax = axes[line, column]
            image = ax.imshow(values, cmap=colours, vmin=least, vmax=1, interpolation="nearest")
            ax.set_title(f"{label}: {title}\nrank {entries[0]['rank']}", fontsize=10)
            _ticks(ax, name, height)
        bar = figure.colorbar(image, ax=axes[:, column], location="bottom", aspect=22, pad=0.02, shrink=0.9)
        bar.set_ticks([least, (least + 1) / 2, 1])
        bar.ax.tick_params(labelsize=9)
    figure.suptitle(
        f"Two solutions for the same targets ($L = {L}$, $K = {K}$): the SRG's classes are the edges of the complete "
        f"graph on $r = {R}$ vertices",
        fontsize=12,
    )


def _ticks(ax: "Axes", name: str, height: int) -> None:
    edges = [f"{i}{j}" for i, j in combinations(range(1, R + 1), 2)]
    classes = edges if name == "srg" else [str(k) for k in range(1, K + 1)]
    across = classes if height == K and name == "srg" else [str(i) for i in range(1, height + 1)]
    ax.set_xticks(range(K), classes, fontsize=7)
    ax.set_yticks(range(height), across, fontsize=7)
    ax.set_xlabel("class (edge)" if name == "srg" else "class", fontsize=9)
    if height < K:
        ax.set_ylabel("vertex", fontsize=9)
    ax.tick_params(length=0)
    for spine in ax.spines.values():
        spine.set_visible(True)
        spine.set_linewidth(0.6)


def _relu(m: sp.Matrix) -> sp.Matrix:
    return m.applyfunc(lambda z: sp.Max(z, 0))


def _unit_gram(m: sp.Matrix) -> sp.Matrix:
    gram = m.T * m
    return gram / gram[0, 0]
