"""Rank of the narrowest features below the head in the best weights known, over classes and depth.

Source: ours; the shipped atlas. The rank is the least of F_2, ..., F_{L-1} (of F_2 where L = 2); DNC has rank K, shown
as a dash where nothing below DNC is known. Weak regularisation at the left, close to collapse at the right.
"""

from typing import TYPE_CHECKING

from dufm.paper_figs.squared import phase_diagram
from dufm.paper_figs.squared.phase_diagram import CLASSES, COLLAPSED, DEPTHS
from dufm.paper_figs.style import Table

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SIZE = (12.0, 4.0)
SHOWN = ("0.01", COLLAPSED)


def data(budget: str) -> Table:
    """One row for every (K, L) and panel; the same for both budgets."""
    kept = ("panel", "K", "L", "x", "ratio", "neck_rank")
    return [{key: row[key] for key in kept} for row in phase_diagram.data(budget) if row["panel"] in SHOWN]


def draw(figure: "Figure", table: Table) -> None:
    """Two panels; the number in a cell is the rank, its colour the rank over K."""
    axes = figure.subplots(1, len(SHOWN), sharey=True)
    edges = [[span[0] - 0.5 + i for i in range(len(span) + 1)] for span in (CLASSES, DEPTHS)]
    mesh = None
    for ax, panel in zip(axes, SHOWN, strict=True):
        own = {(row["K"], row["L"]): row for row in table if row["panel"] == panel}
        shares = {place: row["neck_rank"] / row["K"] for place, row in own.items() if row["ratio"] < 1}
        shown = [[shares.get((K, L), float("nan")) for K in CLASSES] for L in DEPTHS]
        ax.set_facecolor("#E4E1DB")
        mesh = ax.pcolormesh(*edges, shown, cmap="viridis", vmin=0.15, vmax=1, edgecolors="white", linewidth=0.8)
        for (K, L), row in own.items():
            low = row["ratio"] < 1
            dark = low and shares[K, L] < 0.6
            words, colour = (str(row["neck_rank"]), "white" if dark else "#10202F") if low else ("–", "#77726A")
            ax.text(K, L, words, ha="center", va="center", color=colour, fontsize=10)
        ax.set_title(f"$K\\Lambda$ = {panel}")
        ax.set_xticks(CLASSES)
        ax.set_yticks(DEPTHS)
        ax.tick_params(length=0)
        ax.spines[:].set_visible(False)
        ax.set_xlabel("number of classes $K$")
    axes[0].set_ylabel("depth $L$ (weight layers)")
    if mesh is not None:
        bar = figure.colorbar(mesh, ax=axes, pad=0.012, aspect=25)
        bar.set_label("rank / $K$")
        bar.outline.set_visible(False)  # pyright: ignore[reportCallIssue]
    figure.suptitle("Least rank of the hidden features of the best weights known", fontsize=13)
