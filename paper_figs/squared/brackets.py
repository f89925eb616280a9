"""Between what lies the cost of the best network, relative to DNC's: proved lower bounds, best known structure, DNC.

Source: ours; theory.squared.bounds. C / K over the number of classes at two to five layers, at every strength below
collapse: no weights have loss below phi_L(C Lambda) with C of the pair bound, and the best known structure has loss
phi_L(C Lambda) with its own C. The table also gives the bracket of the loss itself at x = K Lambda = 1/20.
"""

from fractions import Fraction
from typing import TYPE_CHECKING

from dufm.paper_figs.style import COLOURS, Table, number
from dufm.theory.problem import Problem
from dufm.theory.squared.bounds import bracket, frobenius_cost, least_cost
from dufm.theory.squared.structure import total_cost
from dufm.theory.squared.structures import CheapestSum

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SIZE = (9.5, 6.4)
CLASSES = range(2, 22)
DEPTHS = (2, 3, 4, 5)
STRENGTH = Fraction(1, 20)
OPEN = "#E7EDF4"


def data(budget: str) -> Table:
    """One row for every (K, L); the same for both budgets, for all of it is in closed form."""
    return [_row(K, L) for L in DEPTHS for K in CLASSES]


def _row(K: int, L: int) -> dict[str, object]:
    found = bracket(Problem.of(K, L, STRENGTH / K))
    low, high = found.ratios
    return {
        "K": K,
        "L": L,
        "older_bound": number(frobenius_cost(K, L) / K),
        "pair_bound": number(least_cost(K, L) / K),
        "best_known": number(total_cost(CheapestSum(), K, L) / K),
        "structure": found.structure,
        "loss_at_least": float(low),
        "loss_at_most": float(high),
    }


def draw(figure: "Figure", table: Table) -> None:
    """A panel for each depth: the bracket shaded, its lower ends proved, its upper end a structure."""
    axes = figure.subplots(2, 2, sharex=True, sharey=True).ravel()
    for ax, L in zip(axes, DEPTHS, strict=True):
        rows = [row for row in table if row["L"] == L]
        K = [row["K"] for row in rows]
        pair, known = ([row[name] for row in rows] for name in ("pair_bound", "best_known"))
        ax.grid(axis="y", zorder=0.5)
        ax.fill_between(K, pair, known, color=OPEN, zorder=0)
        ax.axhline(1, color=COLOURS["sum"], linewidth=1, linestyle="--", label="DNC")
        ax.plot(K, known, "o-", color=COLOURS["cuts"], markersize=4, label="best known structure")
        ax.plot(K, pair, "s-", color=COLOURS["srg"], markersize=4, label="pair bound: proved")
        older = [row["older_bound"] for row in rows]
        ax.plot(K, older, ":", color="#777777", label="bound by Frobenius norms alone")
        ax.set_title(f"$L = {L}$")
        ax.set(xlim=(1.5, CLASSES[-1] + 0.5), ylim=(0, 1.06))
        ax.set_xticks([2, 3, 6, 10, 15, 21])
    for ax in axes[2:]:
        ax.set_xlabel("number of classes $K$")
    for ax in axes[::2]:
        ax.set_ylabel("$C / K$")
    axes[-1].text(15, 0.48, "the best network\nis in here", ha="center", va="center", color="#44566B")
    figure.suptitle(
        "How far from collapse the best network can be: cost relative to DNC, every strength below collapse"
    )
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=4)
