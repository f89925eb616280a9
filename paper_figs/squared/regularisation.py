"""Ten classes: the best loss known relative to DNC, and the rank of its narrowest features, against regularisation.

Source: ours; the shipped atlas, every strength it holds for K = 10, up to near the one where DNC collapses. Lines of
equal rank are a little apart so that each shows.
"""

from typing import TYPE_CHECKING

from dufm.paper_figs.style import Table
from dufm.verification.atlas.records import FOLDER
from dufm.verification.claims.settled import table

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SIZE = (10.5, 4.2)
K = 10
COLOURS = {3: "#0072B2", 4: "#009E73", 5: "#E69F00", 6: "#D55E00", 7: "#CC79A7"}


def data(budget: str) -> Table:
    """One row for every depth and strength; the same for both budgets."""
    kept = ("K", "L", "Lambda", "x", "ratio", "neck_rank", "symmetry", "verdict")
    return [{key: row[key] for key in kept} for row in table(FOLDER, lambda cell: cell.K == K and cell.L in COLOURS)]


def draw(figure: "Figure", table: Table) -> None:
    """Ratio at the left, rank at the right, one line a depth."""
    left, right = figure.subplots(1, 2)
    # Steps of equal rank would hide each other; a small shift for each depth keeps them apart.
    for i, (L, colour) in enumerate(COLOURS.items()):
        own = sorted((row for row in table if row["L"] == L), key=lambda row: row["x"])
        xs = [row["x"] for row in own]
        left.plot(xs, [row["ratio"] for row in own], "o-", color=colour, markersize=4.5, label=f"$L = {L}$")
        shift = 0.06 * (i - (len(COLOURS) - 1) / 2)
        right.plot(xs, [row["neck_rank"] + shift for row in own], "o-", color=colour, markersize=4.5)
    left.axhline(1, color="#555555", linewidth=1.2, linestyle="--", zorder=1)
    left.set_ylabel("best loss known / DNC's loss")
    right.set_ylabel("least rank of the hidden features")
    for ax in (left, right):
        ax.set_xscale("log")
        ax.set_xlabel("$x = K\\Lambda$")
        ax.grid()
    ranks = [row["neck_rank"] for row in table]
    right.set_yticks(range(min(ranks), max(ranks) + 1))
    right.set_ylim(min(ranks) - 0.8, max(ranks) + 0.8)
    figure.legend(*left.get_legend_handles_labels(), loc="outside lower center", ncols=len(COLOURS))
    figure.suptitle("Ten classes: loss and rank against regularisation", fontsize=12.5)
