"""What the cheapest known structure costs relative to DNC, and which one it is, over classes K and depth L.

Source: ours; theory.squared.structures.cheapest_sum, the cheapest direct sum of known structures. C / K < 1 means that
DNC is not optimal at (K, L), at any strength below collapse; smaller is cheaper. Where nothing known beats DNC the
cells say why: L = 1 and K = 2 are proved; the others are open at weak regularisation, and most are beaten close to
collapse.
"""

import re
from typing import TYPE_CHECKING, Any

from dufm.paper_figs.style import Table, number
from dufm.theory.squared.structure import total_cost
from dufm.theory.squared.structures import DNC, CheapestSum, cheapest_sum
from dufm.verification.claims import CLAIMS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SIZE = (11.5, 6.2)
CLASSES = range(2, 22)
DEPTHS = range(1, 9)
# In the small print; a structure without a letter is spelled out.
LETTERS = {
    "srg": ("S", "SRG"),
    "cuts": ("C", "cut head"),
    "looped": ("G", "complete looped graph"),
    "looped-hub": ("H", "hub graph"),
    "head32": ("R", "rank-2 head"),
    "truncated": ("T", "truncated head"),
    "halves": ("P", "halves"),
}
# Colour of a cell where DNC stands, and the words that span those cells.
STATES = {
    "proved optimal": ("#B9C2CE", "$L = 1$:  DNC proved optimal"),
    "near collapse": ("#E9E3D3", "low rank wins close to collapse"),
    "open": ("#F0EEEA", "open"),
}
TWO_CLASSES = "$K = 2$:  DNC proved optimal"


def data(budget: str) -> Table:
    """One row for every (K, L); the same for both budgets, for all of it is in closed form."""
    return [_cell(K, L) for L in DEPTHS for K in CLASSES]


def _cell(K: int, L: int) -> dict[str, object]:
    """C / K of the cheapest known structure, its blocks and what is known of the cell."""
    row: dict[str, object] = {"K": K, "L": L, "ratio": 1.0, "blocks": f"dnc({K})", "short": "", "state": ""}
    blocks = cheapest_sum(K, L)
    if any(structure is not DNC for structure, _ in blocks):
        cheapest = CheapestSum()
        row["ratio"] = number(total_cost(cheapest, K, L) / K)
        row["blocks"], row["state"] = cheapest.blocks(K, L), "beaten"
        singles = sum(1 for _, k in blocks if k == 1)
        parts = [f"{LETTERS.get(s.name, (s.name,))[0]}{k}" for s, k in blocks if k > 1]
        row["short"] = "+".join(parts + ([str(singles)] if singles else []))
    else:
        spoken = {claim.settles(K, L) for claim in CLAIMS}
        row["state"] = (
            "proved optimal" if L == 1 or K == 2 else "near collapse" if "low rank at some x" in spoken else "open"
        )
    return row


def draw(figure: "Figure", table: Table) -> None:
    """Cells coloured and labelled by C / K; plain cells, with the reason in words, where DNC stands."""
    ax = figure.subplots()
    edges = [[span[0] - 0.5 + i for i in range(len(span) + 1)] for span in (CLASSES, DEPTHS)]
    ratios = {(row["K"], row["L"]): row["ratio"] for row in table if row["state"] == "beaten"}
    shown = [[ratios.get((K, L), float("nan")) for K in CLASSES] for L in DEPTHS]
    mesh = ax.pcolormesh(*edges, shown, cmap="YlGnBu_r", vmin=0.45, vmax=1, edgecolors="white", linewidth=1.2)
    for state, (colour, words) in STATES.items():
        own = [(row["K"], row["L"]) for row in table if row["state"] == state]
        for K, L in own:
            ax.fill(
                [K - 0.5, K + 0.5, K + 0.5, K - 0.5], [L - 0.5, L - 0.5, L + 0.5, L + 0.5], color=colour, linewidth=0
            )
        lowest = [(K, L) for K, L in own if L == own[0][1]]
        if lowest:
            middle = sum(K for K, _ in lowest) / len(lowest)
            size = 10.5 if state != "open" else 8.5
            ax.text(middle, lowest[0][1], words, ha="center", va="center", fontsize=size, color="#2B3440")
    ax.text(2, 5.5, TWO_CLASSES, ha="center", va="center", rotation=90, fontsize=10.5, color="#2B3440")
    for row in table:
        if row["state"] == "beaten":
            _label(ax, row)
    bar = figure.colorbar(mesh, ax=ax, pad=0.012, aspect=30)
    bar.set_label("$C / K$: cost of the cheapest known structure relative to collapse", fontsize=10.5)
    bar.outline.set_visible(False)  # pyright: ignore[reportCallIssue]
    ax.set_xticks(CLASSES)
    ax.set_yticks(DEPTHS)
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    ax.set_xlabel("number of classes $K$")
    ax.set_ylabel("depth $L$ (weight layers)")
    ax.set_title("Where low rank beats deep neural collapse, and by how much", fontsize=14, pad=10)
    figure.supxlabel(_key(table), fontsize=9, color="#444444")


def _key(table: Table) -> str:
    """What the small print in the cells says, for the letters that occur."""
    in_cells = {word for row in table for word in re.findall(r"([^\d+]\S*?)\d+(?=\+|$)", row["short"])}
    words = ",  ".join(f"{letter} {name}" for letter, name in LETTERS.values() if letter in in_cells)
    return (
        "Coloured: DNC is not optimal, at any regularisation below collapse.   In small print the blocks of the\n"
        f"cheapest direct sum, each with its number of classes:  {words},  +$m$ DNC on $m$ classes."
    )


def _label(ax: "Axes", row: dict[str, Any]) -> None:
    colour = "white" if row["ratio"] < 0.7 else "#10202F"
    size = 6.4 if len(row["short"]) < 8 else 5.7
    ax.text(row["K"], row["L"] + 0.13, f"{row['ratio']:.3f}".lstrip("0"), ha="center", va="center", color=colour)
    ax.text(row["K"], row["L"] - 0.27, row["short"], ha="center", va="center", color=colour, fontsize=size)
