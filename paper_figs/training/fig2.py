"""SML24 Fig. 2 (top): gradient descent on the 4-DUFM: loss against exact levels, DNC1, singular values of every layer.

Settings of the caption: K = 10, all lambda = 0.004, learning rate 0.5, width 30, 10 runs. The caption does not say how
many samples a class has, nor how weights begin; here five, and as in `solvers.training.setting`. The broken lines are
exact: DNC, the SRG, and the best weights on record (ours).
"""

from typing import TYPE_CHECKING

import numpy as np

from dufm.paper_figs.style import COLOURS, Table
from dufm.solvers.training.batch import Batch, train
from dufm.solvers.training.reading import CUT, ends
from dufm.solvers.training.setting import DescentSetting
from dufm.theory.problem import Problem
from dufm.verification.atlas.levels import levels

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SIZE = (13.0, 4.2)
SEED = 20240514
SAMPLES = 5
RUNS = {"quick": 10, "full": 40}
STEPS = {"quick": 100_000, "full": 400_000}
SHADES = ("#0072B2", "#009E73", "#E69F00", "#D55E00")
LEVELS = (("DNC", "#222222", "--"), ("SRG", COLOURS["srg"], ":"), ("record", COLOURS["cuts"], "-."))


def data(budget: str) -> Table:
    """Rows of three panels: "trace" (loss and DNC1 over steps), "spectrum" (at the end), "level" (exact losses)."""
    setting = DescentSetting.of(Problem.of(10, 4, "0.004", 30, SAMPLES), 0.5, steps=STEPS[budget])
    return table_of(train([setting], RUNS[budget], SEED))


def table_of(batch: Batch) -> Table:
    """The table of one setting."""
    setting = batch.settings[0]
    level, L = levels(setting.problem), setting.problem.L
    rows = []
    for run, end in zip(batch.runs, ends(batch, 0), strict=True):
        own = {"run": run.number, "kind": end.kind}
        for t, step in enumerate(run.trace.steps.tolist()):
            rows.append(_row("trace", "loss", own, step, 0, float(run.trace.loss[t])))
            rows += [
                _row("trace", f"F_{layer + 1}", own, step, 0, float(run.trace.dnc1[t, layer])) for layer in range(L)
            ]
        for layer in range(L):
            name = "Z" if layer == L - 1 else f"P_{layer + 2}"
            values = run.trace.singular[-1, 2 * layer]
            rows += [_row("spectrum", name, own, run.step, i + 1, float(v)) for i, v in enumerate(values)]
    none = {"run": -1, "kind": ""}
    for name, value in (("DNC", level.dnc), ("SRG", level.srg), ("record", level.record)):
        if value is not None:
            rows.append(_row("level", name, none, 0, 0, value))
    return rows


def _row(panel: str, what: str, own: dict, step: int, index: int, value: float) -> dict:
    return {"panel": panel, "what": what, **own, "step": step, "index": index, "value": value}


def draw(figure: "Figure", table: Table) -> None:
    """Three panels."""
    left, middle, right = figure.subplots(1, 3)
    _losses(left, table)
    _within(middle, [row for row in table if row["panel"] == "trace" and row["what"] != "loss"])
    _spectra(right, [row for row in table if row["panel"] == "spectrum"])


def _losses(ax: "Axes", table: Table) -> None:
    rows = [row for row in table if row["what"] == "loss"]
    for number in sorted({row["run"] for row in rows}):
        own = [row for row in rows if row["run"] == number and row["step"] > 0]
        ax.plot(
            [r["step"] for r in own],
            [r["value"] for r in own],
            color="#8A8F98",
            linewidth=1,
            label="one run" if number == 0 else None,
        )
    known = {row["what"]: row["value"] for row in table if row["panel"] == "level"}
    for name, colour, style in LEVELS:
        if name in known:
            ax.axhline(known[name], color=colour, linestyle=style, label=f"{name}: {known[name]:.4f}")
    last = max(row["step"] for row in rows)
    ends_at = [row["value"] for row in rows if row["step"] == last]
    ax.set_xscale("log")
    ax.set_xlim(left=100)
    low, high = min(known.values()), max([*ends_at, *known.values()])
    ax.set_ylim(low - 0.15 * (high - low), high + 1.2 * (high - low))
    ax.set_xlabel("step")
    ax.set_ylabel("training loss")
    ax.set_title("loss against exact levels")
    ax.legend()


def _within(ax: "Axes", rows: Table) -> None:
    names = sorted({row["what"] for row in rows})
    for name, colour in zip(names, SHADES, strict=False):
        found: dict[int, list[float]] = {}
        for row in rows:
            if row["what"] == name and row["step"] > 0 and 0 < row["value"] < float("inf"):
                found.setdefault(row["step"], []).append(row["value"])
        steps = sorted(found)
        ax.plot(steps, [np.median(found[s]) for s in steps], color=colour, label=f"${name}$")
        low, high = ([fold(found[s]) for s in steps] for fold in (min, max))
        ax.fill_between(steps, low, high, color=colour, alpha=0.15, linewidth=0)
    ax.set_xscale("log")
    ax.set_yscale("log")
    ax.set_xlabel("step")
    ax.set_ylabel("DNC1 = tr $S_W$ / tr $S_B$")
    ax.set_title("collapse within classes (median, range)")
    ax.legend()


def _spectra(ax: "Axes", rows: Table) -> None:
    names = list(dict.fromkeys(row["what"] for row in rows))
    floor = 1e-8
    for i, (name, colour) in enumerate(zip(names, SHADES, strict=False)):
        own = [row for row in rows if row["what"] == name]
        largest = {row["run"]: row["value"] for row in own if row["index"] == 1}
        x = [row["index"] + 0.18 * (i - (len(names) - 1) / 2) for row in own]
        y = [max(row["value"] / max(largest[row["run"]], floor), floor) for row in own]
        ax.plot(x, y, "o", color=colour, markersize=3.5, markeredgewidth=0, label=f"${name}$")
    ax.axhspan(CUT / 10**0.5, CUT * 10**0.5, color="#E4E1DB", linewidth=0, zorder=0)
    ax.text(1, CUT, "rank cut, half a decade each way", va="center", fontsize=8, color="#6B665E")
    ax.set_yscale("log")
    ax.set_xlabel("index of the singular value")
    ax.set_ylabel("singular value / largest")
    ax.set_title("class means of every layer at the end")
    ax.legend(loc="lower left", ncols=2)
