"""Cross-entropy: how many dimensions of weights give the same logits, for collapse and for low rank, over the width.

Source: ours; theory.ce.hessian.orbit_dimension, the number of zero eigenvalues of the Hessian there. Low rank costs
less, yet more weights collapse: their ratio tends to (K-1)/r as the width grows. Right: how often gradient descent from
random weights ends in collapse, with 95 % Clopper-Pearson intervals (solvers.ce.study.persistence).
"""

from fractions import Fraction
from typing import TYPE_CHECKING, Any

from dufm.paper_figs.ce.ce_winner_map import KINDS
from dufm.paper_figs.style import Table
from dufm.solvers.ce.study import DescentCase, persistence
from dufm.theory.ce.hessian import orbit_dimension

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SIZE = (11.5, 4.6)
ORBITS = ((4, 3, (3, 2)), (10, 3, (9, 5, 4, 2)))  # K, L, ranks
WORDS = {3: "collapse", 9: "collapse", 5: "pairs", 4: "J(5,2) code", 2: "polygon"}
COLOURS = {
    "collapse": "#444444",
    "pairs": KINDS["pairs"][0],
    "J(5,2) code": KINDS["code"][0],
    "polygon": KINDS["polygon"][0],
}
WIDTHS = (4, 6, 8, 10, 12, 16, 24, 32, 48, 64)
# K, L, lambda, colour of the line.
STUDIES = (
    (4, 3, Fraction(1, 100), "#D55E00"),
    (6, 3, Fraction(1, 200), "#0072B2"),
    (10, 3, Fraction(1, 2000), "#009E73"),
)
STARTS = {"quick": 30, "full": 60}
STUDIED = {"quick": (4, 6, 8, 16, 32), "full": (4, 6, 8, 10, 12, 16, 24, 32)}  # widths
SEED = 0


def data(budget: str) -> Table:
    """Rows (kind, K, L, width, rank, dimension, lambda, starts, hits, low, high); kinds "orbit" and "hits"."""
    rows = [
        _row("orbit", K, L, width, rank=rank, dimension=orbit_dimension(width, L, rank))
        for K, L, ranks in ORBITS
        for rank in ranks
        for width in WIDTHS
        if width >= K
    ]
    for K, L, lam, _ in STUDIES:
        for width in (w for w in STUDIED[budget] if w >= K):
            found = persistence(DescentCase(K, L, lam, width), starts=STARTS[budget], seed=SEED).dnc
            numbers = {"lambda": str(lam), "starts": found.n, "hits": found.k, "low": found.low, "high": found.high}
            rows.append(_row("hits", K, L, width, **numbers))
    return rows


def _row(kind: str, K: int, L: int, width: int, **values: Any) -> dict[str, Any]:
    blank = dict.fromkeys(("rank", "dimension", "lambda", "starts", "hits", "low", "high"))
    return {"kind": kind, "K": K, "L": L, "width": width, **blank, **values}


def draw(figure: "Figure", table: Table) -> None:
    """Dimensions for two K, then the share of descents that collapse."""
    panels = figure.subplots(1, 3)
    for ax, (K, L, _) in zip(panels, ORBITS, strict=False):
        _orbits(ax, [row for row in table if row["kind"] == "orbit" and row["K"] == K])
        ax.set_title(f"$K = {K}$, $L = {L}$")
    panels[0].set_ylabel("dimension of the weights with those logits")
    _hits(panels[2], [row for row in table if row["kind"] == "hits"])
    figure.suptitle(
        "Cross-entropy: collapse has more room than low rank; how often gradient descent ends there", fontsize=13
    )


def _orbits(ax: "Axes", rows: Table) -> None:
    for rank in dict.fromkeys(row["rank"] for row in rows):
        own = [(row["width"], row["dimension"]) for row in rows if row["rank"] == rank]
        words = WORDS[rank]
        ax.plot(*zip(*own, strict=True), "o-", color=COLOURS[words], markersize=4, label=f"{words}, rank {rank}")
    _width_axis(ax, rows)
    ax.set_yscale("log")
    ax.grid(True)
    ax.legend()


def _hits(ax: "Axes", rows: Table) -> None:
    for k, (K, L, lam, colour) in enumerate(STUDIES):
        own = [row for row in rows if (row["K"], row["L"], row["lambda"]) == (K, L, str(lam))]
        widths = [row["width"] * 1.03 ** (k - 1) for row in own]
        shares = [row["hits"] / row["starts"] for row in own]
        below = [share - row["low"] for share, row in zip(shares, own, strict=True)]
        above = [row["high"] - share for share, row in zip(shares, own, strict=True)]
        label = f"$K = {K}$, $\\lambda = {float(lam):g}$"
        ax.errorbar(widths, shares, yerr=[below, above], fmt="o-", color=colour, capsize=3, markersize=4, label=label)
    _width_axis(ax, rows)
    ax.set_ylim(-0.03, 1.03)
    ax.set_title("share of descents that collapse, $L = 3$")
    ax.grid(True)
    ax.legend()


def _width_axis(ax: "Axes", rows: Table) -> None:
    ticks = [2**k for k in range(2, 8) if 2**k <= max(row["width"] for row in rows)]
    ax.set_xscale("log", base=2)
    ax.set_xticks(ticks, [str(t) for t in ticks])
    ax.set_xlabel("width $d$")
