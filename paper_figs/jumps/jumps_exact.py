"""One-way rank jumps, the exact half: certified step sizes, and a chain of SGD that can be solved.

Source: ours (`dufm derive absorbing-set`, `dufm derive scalar-chain`). (a) the largest step for which a set that SGD
cannot leave is certified in rational arithmetic, targets in [-1, 1]; (b) levels of the scalar chain for n = 2, L = 3:
minimum and barrier of the mean field and the sharp absorbing level; (c) mean exit times from the transfer operator
(lines) and of simulated chains (markers, 95 % intervals) at 0.9 and 0.7 of the critical strength.
"""

from fractions import Fraction
from typing import TYPE_CHECKING

from dufm.paper_figs.style import Table, number
from dufm.solvers.jumps.absorbing import eta_max
from dufm.solvers.jumps.scalar_chain import ScalarChain, exit_time, simulate
from dufm.theory.jumps.scalar import critical_strength, levels

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SIZE = (13.0, 4.2)
STRENGTHS = tuple(Fraction(i, 200) for i in (4, 6, 8, 10, 12, 14, 16, 18, 20, 24, 28, 32, 36, 40, 50, 60))
SHARES = tuple(Fraction(i, 40) for i in range(1, 40)) + (Fraction(99, 100), Fraction(999, 1000))
LEVELS = {"minimum": "#0072B2", "barrier": "#D55E00", "x_minus": "#222222"}
# (L, n, lambda / lambda_c).
CASES = ((3, 2, Fraction(9, 10)), (3, 6, Fraction(9, 10)), (4, 6, Fraction(9, 10)), (3, 6, Fraction(7, 10)))
COLOURS = ("#E69F00", "#0072B2", "#009E73", "#CC79A7")
ETAS = (0.1, 0.13, 0.16, 0.2, 0.25, 0.3, 0.4)
CHAINS = {"quick": 400, "full": 4000}
LONGEST = 20000.0


def data(budget: str) -> Table:
    """Rows (panel, series, x, y, low, high); low and high only for simulated times."""
    rows: Table = []
    for L in (3, 4):
        for lam in STRENGTHS:
            limit = eta_max(L, lam, 1, steps=24)
            if limit is not None:
                rows.append(_row("certified", f"{L}", float(lam), float(limit)))
    top = critical_strength(3, 2)
    for share in SHARES:
        found = levels(3, 2, Fraction(number(top)) * share)
        for name in LEVELS:
            rows.append(_row("levels", name, float(share), float(sum(getattr(found, name)) / 2)))
    for i, (L, n, share) in enumerate(CASES):
        for eta in ETAS:
            chain = ScalarChain.of(L, n, share, eta)
            exact, name = exit_time(chain, 2000), f"{L},{n},{float(share):g}"
            rows.append(_row("exact", name, 1 / eta, exact))
            if exact < LONGEST:
                run = simulate(chain, CHAINS[budget], 5 + i, 10**6)
                spread = 1.96 * run.error
                rows.append(_row("simulated", name, 1 / eta, run.mean, run.mean - spread, run.mean + spread))
    return rows


def _row(panel: str, series: str, x: float, y: float, low: float | None = None, high: float | None = None) -> dict:
    return {"panel": panel, "series": series, "x": x, "y": y, "low": low, "high": high}


def draw(figure: "Figure", table: Table) -> None:
    """Three panels."""
    certified, level, times = figure.subplots(1, 3)
    _certified(certified, [row for row in table if row["panel"] == "certified"])
    _levels(level, [row for row in table if row["panel"] == "levels"])
    _times(times, [row for row in table if row["panel"] in ("exact", "simulated")])


def _certified(ax: "Axes", rows: Table) -> None:
    for L, colour in (("3", "#0072B2"), ("4", "#D55E00")):
        own = [row for row in rows if row["series"] == L]
        ax.plot([r["x"] for r in own], [r["y"] for r in own], "o-", markersize=3.5, color=colour, label=f"$L = {L}$")
    ax.set_yscale("log")
    ax.set_xscale("log")
    ax.set_xticks([0.02, 0.05, 0.1, 0.2, 0.3], ["0.02", "0.05", "0.1", "0.2", "0.3"])
    ax.minorticks_off()
    ax.grid()
    ax.set_xlabel("weight decay $\\lambda$ (targets in $[-1, 1]$)")
    ax.set_ylabel("largest certified step $\\eta$")
    ax.legend()
    ax.set_title("(a) every $B_r$ is absorbing below the lines")


def _levels(ax: "Axes", rows: Table) -> None:
    words = {"minimum": "minimum", "barrier": "barrier (mean field)", "x_minus": "sharp absorbing level $x_-$"}
    for name, colour in LEVELS.items():
        own = [row for row in rows if row["series"] == name]
        ax.plot([r["x"] for r in own], [r["y"] for r in own], color=colour, linewidth=2, label=words[name])
    below = [row for row in rows if row["series"] == "x_minus"]
    ax.fill_between([r["x"] for r in below], 0, [r["y"] for r in below], color="#E8E4DA", linewidth=0)
    ax.text(0.97, 0.05, "absorbing", ha="right", fontsize=10, color="#444444")
    ax.set(xlim=(0, 1), ylim=(0, 1.02))
    ax.grid(axis="y")
    ax.set_xlabel("$\\lambda / \\lambda_c$   ($L = 3$, $n = 2$)")
    ax.set_ylabel("$x = \\sigma^{1/L}$")
    ax.legend(loc="center left", bbox_to_anchor=(0.0, 0.62))
    ax.set_title("(b) the chain that can be solved")


def _times(ax: "Axes", rows: Table) -> None:
    for colour, name in zip(COLOURS, dict.fromkeys(row["series"] for row in rows), strict=True):
        own = [row for row in rows if row["series"] == name]
        L, n, share = name.split(",")
        exact, seen = ([r for r in own if r["panel"] == panel] for panel in ("exact", "simulated"))
        label = f"$L = {L}$, $n = {n}$, ${share}\\,\\lambda_c$"
        ax.plot([r["x"] for r in exact], [r["y"] for r in exact], color=colour, label=label)
        spread = [[r["y"] - r["low"] for r in seen], [r["high"] - r["y"] for r in seen]]
        ax.errorbar(
            [r["x"] for r in seen], [r["y"] for r in seen], spread, fmt="o", color=colour, markersize=4, capsize=2
        )
    ax.set_yscale("log")
    ax.grid(axis="y")
    ax.set_xlabel("$1/\\eta$")
    ax.set_ylabel("mean steps until a direction is lost")
    ax.legend(loc="upper left")
    ax.set_title("(c) transfer operator against simulation")
