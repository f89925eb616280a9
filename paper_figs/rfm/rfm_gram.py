"""Cosines between training samples ordered by class, at layers 1, 3, 7, 13 and 19 of a Deep RFM on the digits.

Source: the setting and layers of Beaglehole, Sukenik, Mondelli, Belkin (arXiv 2402.13728), on scikit-learn's digits.
The rows are X M^(1/2), centred and scaled to length 1; 60 of the samples are shown. Blocks of ones on a ground of
-1/(K-1) are collapse: each class one point, the points a simplex.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from dufm.paper_figs.style import Table
from dufm.solvers.metrics import gram_picture
from dufm.solvers.rfm.experiments import digit_layers
from dufm.solvers.rfm.recursion import RfmLayer
from dufm.solvers.rfm.settings import DeepSettings

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SIZE = (12.0, 5.6)
LAYERS = (1, 3, 7, 13, 19)
SHOWN = 60
RUNS = {"quick": (300, 256, 0.03), "full": (1000, 512, 0.02)}


def data(budget: str) -> Table:
    """One row for every map, layer and sample shown: its class and its cosines with all samples shown."""
    n, width, sigma = RUNS[budget]
    table: Table = []
    for name in ("relu", "cosine"):
        settings = DeepSettings(map=name, width=width, sigma=sigma, depth=LAYERS[-1])
        table += rows(name, digit_layers(n, settings))
    return table


def rows(name: str, layers: Iterable[RfmLayer], wanted: tuple[int, ...] = LAYERS) -> Table:
    """Pictures of the layers wanted; `name` is the map's. Samples are taken in order, so give them sorted by class."""
    table: Table = []
    for layer in layers:
        if layer.row.layer in wanted:
            features = layer.stages[1]
            kept = np.linspace(0, len(features) - 1, min(SHOWN, len(features))).round().astype(int)
            for i, line in enumerate(gram_picture(features, kept)):
                found = {"map": name, "layer": layer.row.layer, "nc1": layer.row.nc1[1], "sample": int(kept[i])}
                # Four digits are more than the picture shows.
                table.append(found | {f"c{j}": round(float(value), 4) for j, value in enumerate(line)})
    return table


def draw(figure: "Figure", table: Table) -> None:
    """A line of pictures for each map, one colour bar."""
    maps, layers = (list(dict.fromkeys(row[key] for row in table)) for key in ("map", "layer"))
    figure.set_size_inches(max(6.0, 1.2 + 2.15 * len(layers)), 0.8 + 2.4 * len(maps))
    axes = figure.subplots(len(maps), len(layers), squeeze=False)
    image = None
    for line, name in zip(axes, maps, strict=True):
        for ax, layer in zip(line, layers, strict=True):
            own = [row for row in table if row["map"] == name and row["layer"] == layer]
            values = [[row[key] for key in row if key[0] == "c"] for row in own]
            image = ax.imshow(values, cmap="RdBu_r", vmin=-1, vmax=1, interpolation="nearest")
            ax.set_title(f"{name}, layer {layer}\nNC1 = {own[0]['nc1']:.2g}", fontsize=10)
            ax.set_xticks([])
            ax.set_yticks([])
        line[0].set_ylabel("samples by class", fontsize=9)
    if image is not None:
        bar = figure.colorbar(image, ax=axes, location="right", aspect=24, pad=0.015, shrink=0.9)
        bar.set_ticks([-1, 0, 1])
    figure.suptitle(r"Cosines between samples, after $M^{1/2}$", fontsize=12)
