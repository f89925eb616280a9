"""SML24 Fig. 5: the 4-DUFM with three, four and five classes: fit and regulariser, features, Gram matrix.

Of many runs of gradient descent at each K the one of least loss is shown: the steps of its loss beside DNC's exact
levels, M_3 = F_3 and M_4 = P_4 at the end, and the Gram matrix of M_3 scaled to a largest entry of 1. lambda = 0.004,
learning rate 0.5 as in Fig. 2; width 10 and starts of size 1/2 are ours, for the caption names neither.
"""

from typing import TYPE_CHECKING, Any

import numpy as np

from dufm.paper_figs.style import COLOURS, Table
from dufm.solvers.objectives.layers import forward
from dufm.solvers.training.batch import Batch, train
from dufm.solvers.training.reading import ends
from dufm.solvers.training.run import class_mean_weights
from dufm.solvers.training.setting import DescentSetting
from dufm.theory.problem import Problem
from dufm.verification.atlas.levels import levels

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SIZE = (12.5, 8.4)
SEED = 20240514
CLASSES = (3, 4, 5)
WIDTH = 10
RUNS = {"quick": 16, "full": 200}
STEPS = {"quick": 50_000, "full": 400_000}
MATRICES = ("M_3", "M_4", "gram")
TITLES = {"M_3": "$M_3 = F_3$", "M_4": "$M_4 = P_4$", "gram": "Gram of $M_3$"}


def data(budget: str) -> Table:
    """Rows "trace" (loss, fit, regulariser over steps), "level", "end" (how many runs end how), and three matrices."""
    settings = [DescentSetting.of(Problem.of(K, 4, "0.004", WIDTH), 0.5, 0.5, STEPS[budget]) for K in CLASSES]
    return table_of(train(settings, RUNS[budget], SEED))


def table_of(batch: Batch) -> Table:
    """The table of one setting for each K."""
    rows: Table = []
    for place, setting in enumerate(batch.settings):
        K, found, runs = setting.problem.K, ends(batch, place), batch.of(place)
        best = min(runs, key=lambda run: run.loss if np.isfinite(run.loss) else np.inf)
        trace, level = best.trace, levels(setting.problem)
        for step, loss, fit in zip(trace.steps.tolist(), trace.loss.tolist(), trace.fit.tolist(), strict=True):
            parts = {"loss": loss, "fit": fit, "regulariser": loss - fit}
            rows += [_row(K, "trace", name, step, 0, value) for name, value in parts.items()]
        rows += [_row(K, "level", "DNC", 0, 0, level.dnc), _row(K, "level", "record", 0, 0, level.record)]
        for kind in sorted({end.kind for end in found}):
            rows.append(_row(K, "end", kind, 0, 0, sum(end.kind == kind for end in found)))
        for name, matrix in matrices(setting, class_mean_weights(setting, best)).items():
            cells = np.ndenumerate(matrix)
            rows += [_row(K, "matrix", name, i, j, float(value)) for (i, j), value in cells]
    return rows


def matrices(setting: DescentSetting, weights: list[Any]) -> dict[str, Any]:
    """M_3 without dead neurons, M_4 with its live ones in the order of the class they serve, and the Gram matrix."""
    met = forward(weights[:-1])
    third, last = met.features[2], met.before[2]
    third, last = (m[np.abs(m).max(axis=1) > 0.02 * np.abs(m).max()] for m in (third, last))
    order = np.lexsort((-last.max(axis=1), last.argmax(axis=1)))
    third = third[np.lexsort((-third.max(axis=1), third.argmax(axis=1)))]
    gram = third.T @ third
    return {"M_3": third, "M_4": last[order], "gram": gram / gram.max()}


def _row(K: int, panel: str, what: str, row: int, column: int, value: float) -> dict[str, Any]:
    return {"K": K, "panel": panel, "what": what, "row": row, "column": column, "value": value}


def draw(figure: "Figure", table: Table) -> None:
    """A line of four panels for each K."""
    axes = figure.subplots(len(CLASSES), 4, width_ratios=[1.6, 1, 1, 1])
    for line, K in enumerate(CLASSES):
        rows = [row for row in table if row["K"] == K]
        _losses(axes[line, 0], rows)
        axes[line, 0].set_ylabel(f"$K = {K}$")
        for ax, name in zip(axes[line, 1:], MATRICES, strict=True):
            heat(ax, [row for row in rows if row["panel"] == "matrix" and row["what"] == name], TITLES[name])
    axes[0, 0].legend(fontsize=8, loc="lower left")
    axes[-1, 0].set_xlabel("step")


def _losses(ax: "Axes", rows: Table) -> None:
    for name, colour in (("loss", "#222222"), ("fit", COLOURS["srg"]), ("regulariser", COLOURS["cuts"])):
        own = [row for row in rows if row["panel"] == "trace" and row["what"] == name and row["row"] > 0]
        ax.plot([row["row"] for row in own], [row["value"] for row in own], color=colour, label=name)
    known = {row["what"]: row["value"] for row in rows if row["panel"] == "level"}
    ax.axhline(known["DNC"], color="#8A8F98", linestyle="--", linewidth=1, label="DNC (exact)")
    counts = {row["what"]: int(row["value"]) for row in rows if row["panel"] == "end"}
    last = max((row for row in rows if row["what"] == "loss"), key=lambda row: row["row"])["value"]
    words = ", ".join(f"{count} {kind}" for kind, count in counts.items())
    ax.set_title(f"{words}\nbest: {last / known['DNC']:.4f} of DNC's loss", fontsize=9)
    ax.set_xscale("log")
    ax.set_yscale("log")
    ax.set_ylim(bottom=1e-5)


def heat(ax: "Axes", rows: Table, title: str) -> None:
    """One matrix as a heat map with its own colour bar; zero is white where signs differ."""
    height, across = (1 + max(row[name] for row in rows) for name in ("row", "column"))
    values = np.zeros((height, across))
    for row in rows:
        values[row["row"], row["column"]] = row["value"]
    top = float(np.abs(values).max())
    signed = values.min() < -0.02 * top
    colours, least = ("RdBu_r", -top) if signed else ("viridis", 0.0)
    image = ax.imshow(values, cmap=colours, vmin=least, vmax=top, interpolation="nearest", aspect="auto")
    ax.set_title(title, fontsize=10)
    ax.set_xticks(range(across), [str(i + 1) for i in range(across)], fontsize=7)
    ax.set_yticks([])
    ax.set_xlabel("class", fontsize=8)
    bar = ax.figure.colorbar(image, ax=ax, aspect=14, pad=0.03)
    bar.ax.tick_params(labelsize=7)
