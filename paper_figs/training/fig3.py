"""SML24 Fig. 3 (middle, right) and two more: rank and probability of DNC over weight decay, width, rate and start.

Gradient descent on the 4-DUFM with K = 10 about one point: lambda = 0.004, width 30, learning rate 0.5, starts of size
1, one sample a class (n enters through n lambda_H and the start of H_1 alone). Every run gets the same time in units
of 1 / (learning rate x lambda), the time in which weight decay alone shrinks a weight by e. Fig. 3 left is the figure
`loss-ratio`. Bars are standard errors of the mean rank, and 95 % Clopper-Pearson intervals.
"""

import math
from typing import TYPE_CHECKING

from dufm.paper_figs.style import COLOURS, Table
from dufm.solvers.training.batch import train
from dufm.solvers.training.reading import ends, summarise
from dufm.solvers.training.setting import DescentSetting
from dufm.theory.problem import Problem

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SIZE = (13.0, 5.6)
SEED = 20240514
K, L = 10, 4
BASE = {"lambda": "0.004", "width": "30", "rate": "0.5", "scale": "1"}
AXES = {
    "lambda": ("0.001", "0.002", "0.004", "0.008", "0.016"),
    "width": ("10", "15", "20", "30", "40", "50", "64"),
    "rate": ("0.125", "0.25", "0.5", "1", "2"),
    "scale": ("0.5", "0.7", "1", "1.4", "2"),
}
TITLES = {
    "lambda": "weight decay $\\lambda$",
    "width": "hidden width",
    "rate": "learning rate",
    "scale": "size of the start",
}
RUNS = {"quick": 10, "full": 100}
DECAYS = {"quick": 100, "full": 400}
STEM = {"color": COLOURS["srg"], "capsize": 3, "marker": "o", "markersize": 5}


def data(budget: str) -> Table:
    """One row for every point of the four axes; the base point stands on each."""
    points = {(axis, value): BASE | {axis: value} for axis, values in AXES.items() for value in values}
    distinct = list({tuple(point.values()): point for point in points.values()}.values())
    batch = train([_setting(point, DECAYS[budget]) for point in distinct], RUNS[budget], SEED)
    told = [summarise(ends(batch, place)) for place in range(len(distinct))]
    rows = []
    for (axis, value), point in points.items():
        s = told[distinct.index(point)]
        row = {
            "axis": axis,
            "value": float(value),
            **{name: float(text) for name, text in point.items()},
            "runs": s.runs,
        }
        row |= {"mean_rank": _known(s.mean_rank), "rank_error": _known(s.rank_error), "p_dnc": s.dnc.share}
        row |= {"p_low": s.dnc.low, "p_high": s.dnc.high, "best_over_dnc": _known(s.best), "unclear": s.unclear}
        rows.append(row | {"still_falling": s.moving} | {kind.replace(" ", "_"): n for kind, n in s.kinds.items()})
    return rows


def _known(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _setting(point: dict[str, str], decays: int) -> DescentSetting:
    problem = Problem.of(K, L, point["lambda"], int(point["width"]))
    rate, scale = float(point["rate"]), float(point["scale"])
    return DescentSetting.of(problem, rate, scale, round(decays * DescentSetting(problem, rate, scale).decay))


def draw(figure: "Figure", table: Table) -> None:
    """Mean rank above, probability of DNC below, one column an axis."""
    axes = figure.subplots(2, len(AXES), sharey="row", sharex="col")
    for column, axis in enumerate(AXES):
        rows = [row for row in table if row["axis"] == axis]
        _column(axes[0, column], axes[1, column], rows)
        axes[1, column].set_xlabel(TITLES[axis])
    axes[0, 0].set_ylabel("least hidden rank, mean")
    axes[1, 0].set_ylabel("share of runs")
    lowest = min(row["mean_rank"] for row in table if row["mean_rank"] is not None)
    axes[0, 0].set_ylim(lowest - 1, K + 0.5)
    axes[1, 0].set_ylim(-0.04, 1.04)
    axes[1, 2].legend(loc="upper center")
    base = f"$\\lambda$ = {BASE['lambda']}, width {BASE['width']}, rate {BASE['rate']}, start {BASE['scale']}"
    figure.suptitle(f"What gradient descent ends in ($L = {L}$, $K = {K}$; elsewhere {base})", fontsize=12)


def _column(above: "Axes", below: "Axes", rows: Table) -> None:
    x = [row["value"] for row in rows]
    above.axhline(K, color="#222222", linestyle="--", linewidth=1)
    ranked = [row for row in rows if row["mean_rank"] is not None]
    errors = [row["rank_error"] or 0.0 for row in ranked]
    above.errorbar([row["value"] for row in ranked], [row["mean_rank"] for row in ranked], errors, **STEM)
    ends_of = [[row["p_dnc"] - row["p_low"] for row in rows], [row["p_high"] - row["p_dnc"] for row in rows]]
    below.errorbar(x, [row["p_dnc"] for row in rows], ends_of, label="DNC", **STEM)
    lost = [(row["classes_lost"] + row["zero"] + row["diverged"]) / row["runs"] for row in rows]
    below.plot(x, lost, "x--", color="#D55E00", linewidth=1, label="classes lost, or diverged")
    for ax in (above, below):
        ax.set_xscale("log", base=2)
        ax.set_xticks(x, [f"{value:g}" for value in x], fontsize=8)
        ax.minorticks_off()
        ax.grid(axis="y")
