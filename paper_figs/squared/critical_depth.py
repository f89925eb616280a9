"""Critical depth L* of every known structure over the number of classes: it beats DNC at depth L iff L > L*.

Source: ours; theory.squared.structure.HeadCost. The black steps are the least depth at which the cheapest direct sum of
known structures costs less than DNC, at every strength below collapse. Truncated heads change with L and have no one
L*.
"""

from typing import TYPE_CHECKING

from dufm.paper_figs.style import COLOURS, LABELS, MARKERS, Table, number
from dufm.theory.squared.structure import HeadCost
from dufm.theory.squared.structures import BLOCKS, DNC, CheapestSum, cheapest_sum
from dufm.theory.stated import ProblemError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SIZE = (9.0, 5.2)
MOST_CLASSES = 30
MOST_DEPTH = 12
BEATEN = "#E4F0E4"
# Of markers; large ones are hollow.
SIZES = {"srg": 10, "head32": 10, "cuts": 6, "looped": 6, "looped-hub": 8}


def data(budget: str) -> Table:
    """One row for every head and K with its L*, then the steps; the same for both budgets: all closed forms."""
    rows: Table = []
    for structure in (b for b in BLOCKS if b.name != "truncated"):
        for K in range(3, MOST_CLASSES + 1):
            cost = structure.cost(K, 3) if structure.valid(K, 3) else None
            if isinstance(cost, HeadCost) and cost.q < K:
                depth = number(cost.critical_depth(K))
                least = max(3, int(depth // 1) + 1)
                rows.append(_row(structure.name, K, cost.q, depth, least, f"{structure.name}({K})"))
    for K in range(3, MOST_CLASSES + 1):
        least = first_win(K)
        rows.append(_row("sum", K, None, None, least, CheapestSum().blocks(K, least)))
    return rows


def first_win(K: int) -> int:
    """The least L at which the cheapest direct sum is not DNC itself."""
    for L in range(2, MOST_DEPTH + 1):
        if any(structure is not DNC for structure, _ in cheapest_sum(K, L)):
            return L
    raise ProblemError(f"no known structure beats DNC for K = {K} up to L = {MOST_DEPTH}")


def draw(figure: "Figure", table: Table) -> None:
    """Markers for the heads, steps for the cheapest sum, shading where DNC is beaten."""
    ax = figure.subplots()
    bottom, top = 1.9, 4.75
    steps = [row for row in table if row["structure"] == "sum"]
    edges = [row["K"] - 0.5 for row in steps] + [steps[-1]["K"] + 0.5]
    levels = [row["least_L"] for row in steps]
    ax.stairs([top] * len(levels), edges, baseline=levels, fill=True, color=BEATEN, zorder=0)
    ax.grid(axis="y", zorder=0.5)
    ax.stairs(levels, edges, baseline=None, color=COLOURS["sum"], linewidth=2.2, label=LABELS["sum"] + ": least depth")
    # The same point can belong to two structures: large markers first, small ones on top.
    others = dict.fromkeys(row["structure"] for row in table if row["structure"] not in {*SIZES, "sum"})
    for name, size in (SIZES | dict.fromkeys(others, 7)).items():
        own = [row for row in table if row["structure"] == name]
        ax.plot(
            [row["K"] for row in own],
            [row["L_star"] for row in own],
            MARKERS.get(name, "X") + (":" if len(own) > 1 else ""),
            color=COLOURS.get(name, "#777777"),
            markersize=size,
            markerfacecolor="white" if size == 10 else COLOURS.get(name, "#777777"),
            linewidth=1,
            label=LABELS.get(name, name),
        )
    ax.text(8, 4.5, "DNC beaten on and above the black steps", fontsize=12, color="#2E6B34", ha="left", va="center")
    ax.text(8, 4.28, "at every regularisation below collapse", fontsize=10, color="#2E6B34", ha="left", va="center")
    ax.text(
        3, 2.12, "$L^* < 3$: wins wherever a head\nexists, that is at every $L \\geq 3$", fontsize=9, color="#555555"
    )
    ax.set(xlim=(2.5, steps[-1]["K"] + 0.5), ylim=(bottom, top))
    ax.set_yticks([2, 3, 4])
    ax.set_xticks([3, 6, 7, 10, 15, 21, 28])
    ax.set_xlabel("number of classes $K$")
    ax.set_ylabel("depth $L$,  critical depth $L^*$")
    ax.set_title("A structure beats deep neural collapse at depth $L$ if and only if $L > L^*$")
    ax.legend(
        loc="upper right", bbox_to_anchor=(1, 0.86), frameon=True, facecolor=BEATEN, edgecolor="none", framealpha=1
    )


def _row(structure: str, K: int, rank: int | None, depth: float | None, least: int, blocks: str) -> dict[str, object]:
    return {"structure": structure, "K": K, "rank": rank, "L_star": depth, "least_L": least, "blocks": blocks}
