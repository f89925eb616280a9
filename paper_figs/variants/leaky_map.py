"""Leaky relus: who costs least over slope and classes, at three, four and five layers.

Heads of the atlas (their neurons as for the relu, the readout the best one at each slope), with single classes beside
smaller ones; pairs of classes tilted away from each other, as `dufm derive leaky-layers` has them, the tilts the best
found; collapse. Source: ours. Upper bounds: no search at each slope.
"""

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.optimize import minimize

from dufm.paper_figs.style import Table
from dufm.verification.atlas.heads import ATLAS, Shipped, load_folder

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SIZE = (11.5, 4.4)
LAYERS, CLASSES, SLOPES = (3, 4, 5), range(3, 17), [i / 50 for i in range(50)]
MAP = "viridis"
PAIRS = "#D55E00"


def pair_share(L: int, slope: float) -> float:
    """C/2 of two classes, the least over tilts in [0, 1] found from three starts."""

    def power(tilts: Any) -> float:
        above = np.append(tilts[1:], 0.0)
        up, down = (1 + above) / (1 + slope * tilts), (1 - above) / (1 - slope * tilts)
        return float(np.prod((up**2 + down**2) / 2))

    bounds = [(0.0, 1.0)] * (L - 1)
    found = [minimize(power, np.full(L - 1, start), bounds=bounds, method="L-BFGS-B").fun for start in (0.1, 0.4, 0.8)]
    return min(1.0, *map(float, found)) ** (1 / (L + 1))


def head_cost(head: Shipped, L: int, slope: float) -> float:
    """C of a head at a slope."""
    V, W = head.pair
    z = W @ V
    active = np.maximum(z, 0) - slope * np.maximum(-z, 0)
    readout = float(np.trace(np.linalg.inv(active.T @ active)))
    neck = float(np.linalg.svd(V, compute_uv=False).sum()) ** 2
    return (neck * float(np.vdot(W, W)) * readout * head.q ** (L - 3)) ** (1 / (L + 1))


@cache
def _heads() -> tuple[Shipped, ...]:
    return tuple(load_folder(ATLAS))


def data(budget: str) -> Table:
    """One row for each depth, number of classes and slope; the same for both budgets."""
    table: Table = []
    for L in LAYERS:
        for slope in SLOPES:
            pairs = pair_share(L, slope)
            saved, least = 0.0, {}
            for K in CLASSES:
                saved = max(saved, *(K - head_cost(h, L, slope) for h in _heads() if h.K == K))
                least[K] = 1 - saved / K
            # With K odd one class stays alone beside the pairs.
            table += [
                {"L": L, "K": K, "slope": slope, "heads": least[K], "pairs": 1 - (1 - pairs) * (K // 2 * 2) / K}
                for K in CLASSES
            ]
    return table


def draw(figure: "Figure", table: Table) -> None:
    """One panel a depth: the least share of collapse's cost, and where pairs take over from heads."""
    edges = [*(s - 0.01 for s in SLOPES), SLOPES[-1] + 0.01]
    rows = [*(K - 0.5 for K in CLASSES), CLASSES[-1] + 0.5]
    least = min(min(r["heads"], r["pairs"]) for r in table)
    axes = figure.subplots(1, len(LAYERS), sharey=True)
    meshes = []
    for ax, L in zip(axes, LAYERS, strict=True):
        own = {(r["K"], r["slope"]): r for r in table if r["L"] == L}
        grid = [[min(own[K, s]["heads"], own[K, s]["pairs"]) for s in SLOPES] for K in CLASSES]
        meshes.append(ax.pcolormesh(edges, rows, grid, cmap=MAP, vmin=least, vmax=1, rasterized=True))
        for K in CLASSES:
            won = [s for s in SLOPES if own[K, s]["pairs"] < min(own[K, s]["heads"], 1)]
            ax.plot(won, [K] * len(won), ".", color=PAIRS, markersize=2.6)
            none = [s for s in SLOPES if grid[K - CLASSES[0]][SLOPES.index(s)] >= 1 - 1e-9]
            ax.plot(none, [K] * len(none), "_", color="#222222", markersize=3)
        ax.set(title=f"$L = {L}$", xlabel="slope $a$ below zero", xlim=(0, 0.99), yticks=list(CLASSES)[1::2])
    axes[0].set_ylabel("classes $K$")
    handles = [
        axes[0].plot([], [], ".", color=PAIRS, label="pairs of two classes cost least")[0],
        axes[0].plot([], [], "_", color="#222222", label="nothing known below collapse")[0],
        axes[0].plot([], [], " ", label="no mark: heads of low rank cost least")[0],
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=3)
    figure.colorbar(meshes[0], ax=axes, label="least known $C / K$")
    figure.suptitle("Leaky relus: low rank at small slopes, pairs of classes at large ones", fontsize=12.5)
