"""For which strengths collapse is known not to be optimal, or to be: whole intervals of x = K Lambda, class by class.

Source: ours; proofs for every strength below collapse (`dufm verify`), shipped interval certificates (claims `strips`,
`intervals`) and the pentagon of the claim `two-layers-strong`. What is left white is open.
"""

import json
from fractions import Fraction
from typing import TYPE_CHECKING

from dufm.paper_figs.style import Table
from dufm.theory.squared.phi import collapse_threshold
from dufm.verification.claims.settled import settled
from dufm.verification.claims.squared.near_collapse import FROM
from dufm.verification.claims.squared.strips import CASES
from dufm.verification.claims.squared.witnesses import FOLDER

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
    for L in LAYERS:
        end = float(collapse_threshold(L))
        for K in CLASSES:
            winner = settled(K, L)
            if winner is not None:
                table.append(_row(K, L, "dnc" if winner[0] == "dnc" else "proved", 0.0, 1.0, winner[1]))
                continue
            if (K, L) in CASES:
                content = json.loads((FOLDER / f"strip_l{L}_k{K:02d}.json").read_text())
                cuts = [float(K * Fraction(a, b)) / end for a, b in content["problem"]["cuts"]]
                table.append(_row(K, L, "certified", cuts[0], cuts[-1], "strips"))
            if L == 2 and K >= 5:
                table.append(_row(K, L, "proved", float(FROM) / end, 1.0, "two-layers-strong"))
    return table


def _row(K: int, L: int, state: str, first: float, last: float, claim: str) -> dict:
    return {"K": K, "L": L, "state": state, "from": first, "to": last, "claim": claim}


def draw(figure: "Figure", table: Table) -> None:
    """One panel a depth, one bar a number of classes."""
    for ax, L in zip(figure.subplots(1, len(LAYERS), sharey=True), LAYERS, strict=True):
        for row in (r for r in table if r["L"] == L):
            height = 0.72 if row["state"] != "proved" or row["from"] == 0 else 0.4
            ax.barh(row["K"], row["to"] - row["from"], height, left=row["from"], color=COLOURS[row["state"]])
        ax.axvline(1, color="#555555", linewidth=1, linestyle="--")
        ax.set_xlim(0, 1.1)
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
