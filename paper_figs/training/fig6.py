"""SML24 Fig. 6: fifteen classes, seven layers: singular values of M_2 and of layer 6 before and after relu, M_2, M_6.

The run of least loss among several is shown in colour, the others grey. lambda = 0.002, learning rate 0.5, width 30,
starts of size 1, one sample a class: ours, the caption gives K = 15 and L = 7 alone.
"""

from typing import TYPE_CHECKING, Any

import numpy as np

from dufm.paper_figs.style import COLOURS, Table
from dufm.paper_figs.training.fig5 import heat
from dufm.solvers.objectives.layers import forward
from dufm.solvers.training.batch import Batch, train
from dufm.solvers.training.reading import CUT, ends
from dufm.solvers.training.run import DescentRun, class_mean_weights
from dufm.solvers.training.setting import DescentSetting
from dufm.theory.problem import Problem
from dufm.verification.atlas.levels import levels

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SIZE = (13.0, 7.0)
SEED = 20240514
RUNS = {"quick": 6, "full": 50}
STEPS = {"quick": 100_000, "full": 1_000_000}
# Place among the singular values of a checkpoint: P_2, F_2, P_3, ..., P_L, F_L, Z.
SHOWN = {"$M_2 = F_2$": 1, "$P_6$, before relu": 8, "$M_6 = F_6$, after relu": 9}
LEVELS = (("DNC", "#222222", "--"), ("SRG", COLOURS["srg"], ":"), ("record", COLOURS["cuts"], "-."))
FLOOR = 1e-8


def data(budget: str) -> Table:
    """Rows "trace" (losses), "level", "spectrum" (all runs at the end), "matrix" (the best run)."""
    setting = DescentSetting.of(Problem.of(15, 7, "0.002", 30), 0.5, 1.0, STEPS[budget])
    return table_of(train([setting], RUNS[budget], SEED))


def table_of(batch: Batch) -> Table:
    """The table of one setting with seven layers."""
    setting = batch.settings[0]
    level, found = levels(setting.problem), ends(batch, 0)
    best = min(batch.runs, key=lambda run: run.loss if np.isfinite(run.loss) else np.inf)
    rows: Table = []
    for run, end in zip(batch.runs, found, strict=True):
        own = {"run": run.number, "best": int(run is best), "kind": end.kind}
        losses = zip(run.trace.steps.tolist(), run.trace.loss.tolist(), strict=True)
        rows += [_row("trace", "loss", own, step, 0, loss) for step, loss in losses]
        for name, place in SHOWN.items():
            values = run.trace.singular[-1, place].tolist()
            rows += [_row("spectrum", name, own, i + 1, 0, value) for i, value in enumerate(values)]
    none = {"run": -1, "best": 0, "kind": ""}
    for name, value in (("DNC", level.dnc), ("SRG", level.srg), ("record", level.record)):
        rows += [] if value is None else [_row("level", name, none, 0, 0, value)]
    for name, matrix in _matrices(setting, best).items():
        cells = np.ndenumerate(matrix)
        rows += [_row("matrix", name, none, i, j, float(value)) for (i, j), value in cells]
    return rows


def _matrices(setting: DescentSetting, run: DescentRun) -> dict[str, Any]:
    """M_2 and M_6 without dead neurons, and the Gram matrix of M_6."""
    weights = class_mean_weights(setting, run)
    layers = forward(weights[:-1]).features[1:]
    found = {}
    for name, m in (("$M_2$", layers[0]), ("$M_6$", layers[4])):
        live = m[m.max(axis=1) > 0.02 * m.max()]
        found[name] = live[np.lexsort((-live.max(axis=1), live.argmax(axis=1)))]
    gram = found["$M_6$"].T @ found["$M_6$"]
    return found | {"Gram of $M_6$": gram / gram.max()}


def _row(panel: str, what: str, own: dict[str, Any], row: int, column: int, value: float) -> dict[str, Any]:
    return {"panel": panel, "what": what, **own, "row": row, "column": column, "value": value}


def draw(figure: "Figure", table: Table) -> None:
    """Loss and spectra above, matrices below."""
    halves: Any = figure.subfigures(2, 1)
    upper, lower = halves
    first, *others = upper.subplots(1, 4)
    _losses(first, table)
    for ax, name in zip(others, SHOWN, strict=True):
        _spectrum(ax, [row for row in table if row["what"] == name], name)
    names = dict.fromkeys(row["what"] for row in table if row["panel"] == "matrix")
    for ax, name in zip(lower.subplots(1, len(names)), names, strict=True):
        heat(ax, [row for row in table if row["panel"] == "matrix" and row["what"] == name], name)


def _losses(ax: "Axes", table: Table) -> None:
    rows = [row for row in table if row["panel"] == "trace"]
    for number in sorted({row["run"] for row in rows}):
        own = [row for row in rows if row["run"] == number and row["row"] > 0]
        ax.plot(
            [row["row"] for row in own],
            [row["value"] for row in own],
            color="#009E73" if own[0]["best"] else "#8A8F98",
            linewidth=1.6 if own[0]["best"] else 1,
        )
    known = {row["what"]: row["value"] for row in table if row["panel"] == "level"}
    for name, colour, style in LEVELS:
        ax.axhline(known[name], color=colour, linestyle=style, label=f"{name}: {known[name]:.4f}")
    ax.set_xscale("log")
    ax.set_xlim(left=300)
    low, high = min(known.values()), max(known.values())
    ax.set_ylim(low - 0.2 * (high - low), high + 0.8 * (high - low))
    ax.set_xlabel("step")
    ax.set_title("training loss", fontsize=10)
    ax.legend(fontsize=8)


def _spectrum(ax: "Axes", rows: Table, title: str) -> None:
    for best in (0, 1):
        own = [row for row in rows if row["best"] == best]
        tops = {row["run"]: max(row["value"], FLOOR) for row in own if row["row"] == 1}
        values = [max(row["value"] / tops[row["run"]], FLOOR) for row in own]
        colour = "#009E73" if best else "#8A8F98"
        ax.plot([row["row"] for row in own], values, "o", color=colour, markersize=5 if best else 3.5)
    ax.axhspan(CUT / 10**0.5, CUT * 10**0.5, color="#E4E1DB", linewidth=0, zorder=0)
    ax.set_yscale("log")
    ax.set_ylim(FLOOR / 2, 2)
    ax.set_xlabel("index")
    ax.set_title(f"singular values of {title}", fontsize=9)
