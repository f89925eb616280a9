"""The head frontier: what the best heads of the atlas cost at three layers, and their critical depth, over K.

q counts the rows of the neck. A neck of lower rank, such as a bipartite graph, would win a little earlier than shown.
Source: ours; atlas/heads, exact certificates. Upper bounds: the least h found by search, not shown to be least.
"""

from typing import TYPE_CHECKING, Any

from dufm.paper_figs.style import COLOURS, LABELS, Table, number
from dufm.theory.squared.structure import HeadCost
from dufm.theory.squared.structures import BLOCKS
from dufm.verification.atlas.heads import ATLAS, critical_depth, load_folder, ratio

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SIZE = (9.0, 6.4)
OURS = "#222222"
BEATEN = "#E4F0E4"
# Okabe and Ito's colours by number of rows of the neck.
RANKS = {2: "#E69F00", 3: "#56B4E9", 4: "#009E73", 5: "#0072B2", 6: "#D55E00", 7: "#CC79A7", 8: "#999999"}
NAMES = ("srg", "cuts", "looped", "looped-hub")


def data(budget: str) -> Table:
    """One row for every head of the atlas, then the heads with a closed form; the same for both budgets."""
    heads = load_folder(ATLAS)
    rows: Table = [_row("atlas", head.K, head.q, ratio(head), critical_depth(head), head.L_from) for head in heads]
    most = max((head.K for head in heads), default=0)
    for structure in (b for b in BLOCKS if b.name in NAMES):
        for K in range(3, most + 1):
            cost = structure.cost(K, 3) if structure.valid(K, 3) else None
            if isinstance(cost, HeadCost) and cost.q < K:
                depth = number(cost.critical_depth(K))
                rows.append(_row(structure.name, K, cost.q, number(cost.h / K**4), depth, max(3, int(depth // 1) + 1)))
    return rows


def draw(figure: "Figure", table: Table) -> None:
    """Above h / K^4 with the least joined up, below the critical depth."""
    from matplotlib.ticker import FixedLocator, NullFormatter

    top, bottom = figure.subplots(2, 1, sharex=True)
    atlas = [row for row in table if row["structure"] == "atlas"]
    classes = sorted({row["K"] for row in atlas})
    for ax, key in ((top, "ratio"), (bottom, "L_star")):
        least = [min(row[key] for row in atlas if row["K"] == K) for K in classes]
        ax.plot(classes, least, color=OURS, linewidth=1.2, zorder=2)
        for rank, colour in RANKS.items():
            own = [row for row in atlas if row["q"] == rank]
            label = f"$q = {rank}$" if own else None
            if own:
                ax.plot([r["K"] for r in own], [r[key] for r in own], "o", color=colour, label=label, zorder=3)
        _known(ax, table, key)
        ax.grid(axis="y", zorder=0)
    top.axhline(1, color=OURS, linewidth=0.8, linestyle="--")
    top.axhspan(0.1, 1, color=BEATEN, zorder=0)
    top.set_yscale("log")
    top.set(ylim=(0.45, 3.4), ylabel="$h / K^4$")
    top.yaxis.set_major_locator(FixedLocator([0.5, 0.7, 1, 1.5, 2, 3]))
    top.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
    top.yaxis.set_minor_formatter(NullFormatter())
    top.text(3, 0.5, "below 1: DNC beaten at three layers", color="#2E6B34", fontsize=10)
    top.set_title("Cheapest heads found: a head beats deep neural collapse at depth $L$ iff $L > L^*$")
    bottom.axhspan(0, 3, color=BEATEN, zorder=0)
    bottom.set(ylim=(2, 5), yticks=[2, 3, 4, 5], ylabel="critical depth $L^*$", xlabel="number of classes $K$")
    bottom.set(xticks=classes, xlim=(2.6, classes[-1] + 0.4))
    handles, labels = bottom.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside right center", title="rows of the neck")


def _known(ax: Any, table: Table, key: str) -> None:
    for name, marker in zip(NAMES, ("o", "s", "^", "P"), strict=True):
        own = [row for row in table if row["structure"] == name]
        ax.plot(
            [row["K"] for row in own],
            [row[key] for row in own],
            marker,
            color=COLOURS[name],
            markerfacecolor="none",
            markersize=10,
            linestyle="none",
            label=LABELS[name],
            zorder=4,
        )


def _row(structure: str, K: int, q: int, value: float, depth: float, least: int) -> dict[str, object]:
    return {"structure": structure, "K": K, "q": q, "ratio": value, "L_star": depth, "least_L": least}
