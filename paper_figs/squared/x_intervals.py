"""For which strengths collapse is known to be optimal, or not to be: brackets of x_c and x_e, class by class.

Source: ours; one threshold a cell (derivation `threshold`), its ends from the claims that hold (`dufm threshold`).
White is open.
"""

from typing import TYPE_CHECKING

from dufm.paper_figs.style import Table
from dufm.verification.claims.brackets import thresholds

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SIZE = (11.5, 4.8)
CLASSES = range(2, 17)
LAYERS = (2, 3, 4)
COLOURS = {"dnc": "#B7BFCF", "proved": "#0072B2", "certified": "#56B4E9"}
WORDS = {
    "dnc": "collapse is optimal (proved)",
    "proved": "low rank is better (proved)",
    "certified": "low rank is better (certified witnesses)",
}


def data(budget: str) -> Table:
    """One row an interval; the same for both budgets. Ends are shares of the strength where collapse ends."""
    table: Table = []
    for K, L in ((K, L) for L in LAYERS for K in CLASSES):
        t = thresholds(K, L)
        (low, high), beyond = t.critical, t.empty[0]
        rows = [("dnc", 0.0, t.shares()[0], low), ("proved", t.shares()[1], 1.0, high)]
        rows.append((beyond.status.lower(), 1.0, float(beyond.x / t.collapse[0]), beyond))
        for state, first, last, end in rows:
            if end.claim and last > first:
                table.append({"K": K, "L": L, "state": state, "from": first, "to": last, "claim": end.claim})
    return table


def draw(figure: "Figure", table: Table) -> None:
    """One panel a depth, one bar a number of classes."""
    farthest = max(row["to"] for row in table)
    for ax, L in zip(figure.subplots(1, len(LAYERS), sharey=True), LAYERS, strict=True):
        for row in (r for r in table if r["L"] == L):
            ax.barh(row["K"], row["to"] - row["from"], 0.72, left=row["from"], color=COLOURS[row["state"]])
        ax.axvline(1, color="#555555", linewidth=1, linestyle="--")
        ax.set_xlim(0, 1.02 * farthest)
        ax.set_xlabel("$x / x^*_L$, $x = K\\Lambda$")
        ax.set_title(f"$L = {L}$")
        ax.set_yticks(CLASSES)
        ax.invert_yaxis()
    figure.axes[0].set_ylabel("classes $K$")
    handles = [figure.axes[0].barh([0], [0], color=c, label=WORDS[state]) for state, c in COLOURS.items()]
    figure.axes[0].set_ylim(CLASSES[-1] + 0.6, CLASSES[0] - 0.6)
    figure.legend(handles=handles, loc="outside lower center", ncols=3)
    figure.suptitle(
        "Strengths at which the question is settled (white: open); dashed: where collapse ends", fontsize=12.5
    )
