"""Collapse of a Deep RFM on the digits, layer by layer: NC1 and NC2 before M^(1/2), after it and after the random map.

Source: the setting of Beaglehole, Sukenik, Mondelli, Belkin (arXiv 2402.13728), on scikit-learn's digits; each seed
draws its own samples and maps. Lines are means over the seeds, bands one standard deviation. With relu maps every layer
divides NC1 by two to three: M^(1/2) lowers it, relu gives a part back. Cosine maps of finite width end at a floor.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from dufm.paper_figs.style import Table
from dufm.solvers.rfm.experiments import digit_runs
from dufm.solvers.rfm.recursion import STAGES, LayerRow
from dufm.solvers.rfm.settings import DeepSettings

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SIZE = (12.0, 6.6)
SEEDS = 3
# Samples, width, layers; and sigma of the cosine map, which has to shrink as the width grows.
RUNS = {"quick": (300, 256, 10, 0.03), "full": (1000, 512, 20, 0.02)}
COLOURS = {"X": "#0072B2", "root": "#D55E00", "map": "#009E73"}
WORDS = {"X": "$X$, rows of length 1", "root": r"$X M^{1/2}$", "map": r"$\Phi(X M^{1/2})$"}
PANELS = (("nc1", "NC1", "log"), ("nc1", "NC1", "linear"), ("nc2", "NC2", "log"))


def data(budget: str) -> Table:
    """One row for every map, layer and stage."""
    n, width, depth, sigma = RUNS[budget]
    table: Table = []
    for name in ("relu", "cosine"):
        settings = DeepSettings(map=name, width=width, depth=depth, sigma=sigma)
        table += rows(name, n, digit_runs(n, settings, SEEDS))
    return table


def rows(name: str, n: int, runs: Sequence[Sequence[LayerRow]]) -> Table:
    """Means and standard deviations over runs of equal depth; `name` is the map's."""
    table: Table = []
    for number, layer in enumerate(zip(*runs, strict=True), start=1):
        for k, stage in enumerate(STAGES):
            found = {"map": name, "n": n, "seeds": len(runs), "layer": number, "stage": stage}
            for metric in ("nc1", "nc2"):
                values = np.array([getattr(row, metric)[k] for row in layer])
                found |= {metric: float(values.mean()), f"{metric}_sd": float(values.std())}
            table.append(found)
    return table


def draw(figure: "Figure", table: Table) -> None:
    """One line of panels for each map."""
    maps = list(dict.fromkeys(row["map"] for row in table))
    figure.set_size_inches(SIZE[0], 0.8 + (SIZE[1] - 0.8) * len(maps) / 2)
    axes = figure.subplots(len(maps), len(PANELS), squeeze=False)
    for line, name in zip(axes, maps, strict=True):
        own = [row for row in table if row["map"] == name]
        for ax, (metric, word, scale) in zip(line, PANELS, strict=True):
            _panel(ax, own, metric, scale)
            ax.set_title(f"{name} map: {word}" + (", linear" if scale == "linear" else ""))
            ax.set_xlabel("layer")
    figure.legend(*axes[0][0].get_legend_handles_labels(), loc="outside lower center", ncols=len(STAGES))
    seeds = f", mean and s.d. of {table[0]['seeds']} seeds" if table[0]["seeds"] > 1 else ""
    figure.suptitle(
        f"Collapse by the average gradient outer product: $n = {table[0]['n']}$ samples{seeds}", fontsize=12
    )


def _panel(ax: "Axes", table: Table, metric: str, scale: str) -> None:
    from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter

    for stage in STAGES:
        own = [row for row in table if row["stage"] == stage]
        layers = [row["layer"] for row in own]
        mean, spread = (np.array([row[key] for row in own]) for key in (metric, f"{metric}_sd"))
        ax.plot(layers, mean, "o-", markersize=3.5, color=COLOURS[stage], label=WORDS[stage])
        # Where the mean is below its own spread the band would leave a logarithmic axis.
        low = mean - spread if scale == "linear" else np.maximum(mean - spread, mean / 10)
        ax.fill_between(layers, low, mean + spread, color=COLOURS[stage], alpha=0.2, linewidth=0)
    ax.set_yscale(scale)
    if scale == "linear":
        ax.set_ylim(bottom=0)
    elif metric == "nc2":
        # Less than two decades: 1, 2 and 5 of each.
        ax.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        ax.yaxis.set_major_formatter("{x:g}")
        ax.yaxis.set_minor_formatter(NullFormatter())
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.grid()
