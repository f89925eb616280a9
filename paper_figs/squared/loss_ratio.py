"""Loss of the SRG, the best cut head and the looped graph relative to DNC, over r, for L = 3, 4, 5.

Source: SML24, Fig. 3 left (the SRG); the other two curves are ours. Lines show C / K, the ratio of losses in the limit
Lambda -> 0. Markers show the ratio of the losses themselves, phi_L(x C / K) / phi_L(x), at x = K Lambda = 0.04, the
strength of SML24's Fig. 2 (K = 10, lambda = 0.004); it is within 0.003 of C / K. Every structure has r (r - 1) / 2
classes, so all compete at one K. The looped graph is known for r <= 7; cut heads need width C(r, p).
"""

from fractions import Fraction
from math import comb
from typing import TYPE_CHECKING

import sympy as sp

from dufm.paper_figs.style import COLOURS, LABELS, MARKERS, Table, number
from dufm.theory.squared.cuts import Cuts
from dufm.theory.squared.looped import CompleteLoopedGraph
from dufm.theory.squared.phi import phi
from dufm.theory.squared.srg import TriangularGraph
from dufm.theory.squared.structure import HeadCost, Structure, total_cost

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SIZE = (11.0, 4.3)
DEPTHS = (3, 4, 5)
ORDERS = range(4, 21)
STRENGTH = Fraction(1, 25)
STRUCTURES: tuple[Structure, ...] = (TriangularGraph(), Cuts(), CompleteLoopedGraph())


def data(budget: str) -> Table:
    """One row for every structure, depth and r; the same for both budgets, for all of it is in closed form."""
    rows: Table = []
    for L in DEPTHS:
        collapsed = phi(L, STRENGTH)[1]
        for structure in STRUCTURES:
            for order in ORDERS:
                K = comb(order, 2)
                if not structure.valid(K, L):
                    continue
                cost = structure.cost(K, L)
                ratio = total_cost(structure, K, L) / K
                # 30 digits of a number near 1, read as an exact rational: far finer than a float shows.
                strength = STRENGTH * Fraction(str(sp.N(ratio, 30)))
                rows.append(
                    {
                        "L": L,
                        "structure": structure.name,
                        "r": order,
                        "K": K,
                        "rank": cost.q if isinstance(cost, HeadCost) else K,
                        "cost_ratio": number(ratio),
                        "x": float(STRENGTH),
                        "loss_ratio": float(phi(L, strength)[1] / collapsed),
                    }
                )
    return rows


def draw(figure: "Figure", table: Table) -> None:
    """One panel for each depth, with a common scale."""
    panels = figure.subplots(1, len(DEPTHS), sharey=True)
    for ax, L in zip(panels, DEPTHS, strict=True):
        _panel(ax, [row for row in table if row["L"] == L])
        ax.set_title(f"$L = {L}$")
        ax.set_xlabel("$r$   (number of classes $K = r(r-1)/2$)")
    panels[0].set_ylabel("loss relative to DNC")
    panels[2].text(20, 1.01, "as good as DNC", ha="right", va="bottom", fontsize=9, color="#555555")
    lines, labels = panels[0].get_legend_handles_labels()
    figure.legend(lines, labels, loc="outside lower center", ncols=len(labels))
    x = table[0]["x"]
    figure.suptitle(
        f"Lines: $C / K$, the limit $\\Lambda \\to 0$.   Markers: ratio of losses at $K \\Lambda = {x:g}$.", fontsize=11
    )


def _panel(ax: "Axes", rows: Table) -> None:
    ax.axhline(1, color="#555555", linewidth=1.2, linestyle="--", zorder=1)
    ax.set_yticks([0.2, 0.4, 0.6, 0.8, 1.0])
    ax.grid(axis="y")
    for structure in STRUCTURES:
        name = structure.name
        own = [row for row in rows if row["structure"] == name]
        orders, colour, mark = [row["r"] for row in own], COLOURS[name], MARKERS[name]
        ax.plot(orders, [row["cost_ratio"] for row in own], color=colour, linewidth=1.8)
        losses = [row["loss_ratio"] for row in own]
        ax.plot(orders, losses, mark, color=colour, markerfacecolor="white", markersize=5, label=LABELS[name])
    ax.set_xticks(range(4, 21, 4))
    ax.set_ylim(0.2, 1.12)
