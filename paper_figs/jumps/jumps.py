"""One-way rank jumps of SGD on the frozen 6 x 6 matrix completion example: what chains do.

Source: Wang and Jacot (arXiv 2305.16038) for the phenomenon; instance, controls and numbers ours. Chains start
exactly at the rank-3 minimum. (a) third singular value of some chains; (b) share still at rank 3; (c) exits per step
over 1/eta, with 95 % Poisson intervals; (d) moves between checkpoints with noise injected at each, so that nothing is
dead for good; (e) the limit of "one-way": share of chains that climb above rank 1 over the singular value they are
given.
"""

from typing import TYPE_CHECKING, Any

import numpy as np

from dufm.paper_figs.style import Table
from dufm.solvers.base.statistics import clopper_pearson
from dufm.solvers.jumps.experiments import basin, frozen_minimum, jumps, strength
from dufm.solvers.jumps.hessian import dead_level
from dufm.solvers.jumps.instance import instance32
from dufm.solvers.jumps.minima import find_minimum
from dufm.solvers.jumps.tally import hazard, rank_shares, transition_matrix
from dufm.theory.stated import ProblemError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SIZE = (13.0, 7.4)
ETAS = (0.15, 0.2, 0.25, 0.3)
SHARES = (0.92, 0.96, 0.98)
SHOWN = 0.96
CHECKPOINT = 500
TRACES = 24
DELTAS = {2: (1e-6, 1e-3, 0.1), 3: (0.05, 0.1, 0.15, 0.2, 0.3, 0.4), 4: (0.1, 0.15, 0.2, 0.25, 0.3, 0.4)}
CHAINS = {"quick": 128, "full": 512}
BLUES = ("#9ECAE1", "#4292C6", "#2171B5", "#08306B")
DEPTHS = {2: "#E69F00", 3: "#0072B2", 4: "#D55E00"}
# Room at the bottom of a logarithmic axis for what has died.
FLOOR = 1e-7


def data(budget: str) -> Table:
    """Rows (panel, series, x, y, low, high); low and high only where there is an interval."""
    chains = CHAINS[budget]
    rows: Table = []
    for share in SHARES:
        for i, eta in enumerate(ETAS):
            run = jumps(3, 3, share, eta, chains=chains, seed=20 + i)
            found = hazard(run.ranks, 3, CHECKPOINT)
            if found.exits:
                rows.append(_row("hazard", f"{share}", 1 / eta, found.rate, found.low, found.high))
            if share == SHOWN:
                shares = rank_shares(run.ranks, 3)[:, 3]
                rows += [_row("survival", f"{eta}", t * CHECKPOINT, y) for t, y in enumerate(shares.tolist())]
            if share == SHOWN and eta == 0.25:
                sigma = np.maximum(run.spectra[:, :TRACES, 2], FLOOR)
                for m in range(sigma.shape[1]):
                    rows += [_row("trace", f"{m}", t * CHECKPOINT, y) for t, y in enumerate(sigma[:, m].tolist())]
    noisy = jumps(3, 3, SHOWN, 0.3, chains=2 * chains, steps=40000, seed=11, inject=1e-2)
    counts = transition_matrix(noisy.ranks)
    rows += [_row("moves", f"{a}", b, int(counts[a, b])) for a in range(4) for b in range(4) if max(a, b) < len(counts)]
    return rows + _basins(chains)


def _basins(chains: int) -> Table:
    problem, rows = instance32(), []
    for L, deltas in DELTAS.items():
        lam = strength(max(L, 3), 0.95)
        start = frozen_minimum(L, 1, 0.95) if L > 2 else find_minimum(problem, lam, 2, 1)
        if start is None:
            raise ProblemError("no rank-1 critical point was found at two layers")
        if L > 2:
            rows.append(_row("dead", f"{L}", dead_level(start.weights, problem, lam, 1), 0))
        for delta in deltas:
            found = basin(problem, start, lam, delta, chains=chains)
            share = clopper_pearson(found.above, found.chains)
            rows.append(_row("basin", f"{L}", found.tail, share.share, share.low, share.high))
    return rows


def _row(panel: str, series: str, x: float, y: float, low: float | None = None, high: float | None = None) -> dict:
    return {"panel": panel, "series": series, "x": x, "y": y, "low": low, "high": high}


def draw(figure: "Figure", table: Table) -> None:
    """Five panels: two above on what happens, three below on how often, and what limits it."""
    axes: Any = figure.subplot_mosaic([["trace", "trace", "survival"], ["hazard", "moves", "basin"]])
    parts = {name: [row for row in table if row["panel"] == name] for name in (*axes, "dead")}
    _trace(axes["trace"], parts["trace"])
    _survival(axes["survival"], parts["survival"])
    _hazard(axes["hazard"], parts["hazard"])
    _moves(figure, axes["moves"], parts["moves"])
    _basin(axes["basin"], parts["basin"], parts["dead"])
    title = (
        "SGD loses rank in jumps and does not regain it ($6 \\times 6$ completion, $L = 3$, from the rank-3 minimum)"
    )
    figure.suptitle(title, fontsize=13)


def _series(rows: Table) -> dict[str, Table]:
    return {name: [r for r in rows if r["series"] == name] for name in dict.fromkeys(r["series"] for r in rows)}


def _trace(ax: "Axes", rows: Table) -> None:
    for i, own in enumerate(_series(rows).values()):
        colour = BLUES[i % len(BLUES)]
        ax.plot([r["x"] / 1000 for r in own], [r["y"] for r in own], color=colour, linewidth=1.1, alpha=0.9)
    ax.set_yscale("log")
    ax.set_ylim(FLOOR * 1.5, 3)
    ax.axhspan(1e-6, 1e-1, color="#F2EFE8", zorder=0)
    ax.set_xlim(0, rows[-1]["x"] / 1000)
    ax.set_xlabel("SGD steps / 1000")
    ax.set_ylabel("third singular value $\\sigma_3(A)$")
    ax.set_title(f"(a) {len(_series(rows))} chains, $\\eta = 0.25$; singular values pass the shaded band, none stays")


def _survival(ax: "Axes", rows: Table) -> None:
    for colour, (name, own) in zip(BLUES, _series(rows).items(), strict=False):
        ax.plot([r["x"] / 1000 for r in own], [r["y"] for r in own], color=colour, linewidth=2)
        ax.text(
            own[-1]["x"] / 1000 * 1.015,
            max(own[-1]["y"], 0.03),
            f"$\\eta = {name}$",
            color=colour,
            fontsize=9,
            va="center",
        )
    ax.set(ylim=(0, 1.02), xlim=(0, rows[-1]["x"] / 1000 * 1.22))
    ax.grid(axis="y")
    ax.set_xlabel("SGD steps / 1000")
    ax.set_ylabel("share of chains at rank 3")
    ax.set_title("(b) noise decides how long it lasts")


def _hazard(ax: "Axes", rows: Table) -> None:
    for colour, (name, own) in zip(("#E69F00", "#0072B2", "#D55E00"), _series(rows).items(), strict=False):
        x, y = [r["x"] for r in own], [r["y"] for r in own]
        spread = [[r["y"] - r["low"] for r in own], [r["high"] - r["y"] for r in own]]
        label = f"$\\lambda / \\lambda_{{ref}} = {name}$"
        ax.errorbar(x, y, spread, fmt="o-", color=colour, capsize=3, markersize=4.5, linewidth=1.4, label=label)
    ax.set_yscale("log")
    ax.grid(axis="y")
    ax.set_xlabel("$1/\\eta$")
    ax.set_ylabel("exits per step")
    ax.legend(loc="upper right")
    ax.set_title("(c) like crossing a barrier")


def _moves(figure: "Figure", ax: "Axes", rows: Table) -> None:
    size = max(int(r["x"]) for r in rows) + 1
    counts = np.zeros((size, size), dtype=int)
    for r in rows:
        counts[int(r["series"]), int(r["x"])] = r["y"]
    shown = np.where(counts > 0, np.log10(np.maximum(counts, 1)) + 0.6, 0.0)
    ax.imshow(shown, cmap="Blues", vmin=0, vmax=shown.max() * 1.35)
    for a in range(size):
        for b in range(size):
            ax.text(b, a, f"{counts[a, b]}", ha="center", va="center", color="#B33A00" if b > a else "#111111")
    ax.set_xticks(range(size))
    ax.set_yticks(range(size))
    ax.spines[:].set_visible(False)
    ax.tick_params(length=0)
    ax.set_xlabel("rank at the next checkpoint")
    ax.set_ylabel("rank")
    ax.set_title("(d) moves, noise 0.01 injected: none up (red)")


def _basin(ax: "Axes", rows: Table, dead: Table) -> None:
    for name, own in _series(rows).items():
        colour = DEPTHS[int(name)]
        x, y = [r["x"] for r in own], [r["y"] for r in own]
        spread = [[r["y"] - r["low"] for r in own], [r["high"] - r["y"] for r in own]]
        ax.errorbar(
            x, y, spread, fmt="o-", color=colour, capsize=3, markersize=4.5, linewidth=1.4, label=f"$L = {name}$"
        )
    for r in dead:
        ax.axvline(r["x"], color=DEPTHS[int(r["series"])], linestyle=":", linewidth=1.4)
    ax.set_xscale("log")
    ax.set_ylim(-0.03, 1.05)
    ax.grid(axis="y")
    ax.set_xlabel("$\\sigma_2$ given at the start (median); dotted: $\\sigma_{dead}$")
    ax.set_ylabel("share that climbs above rank 1")
    ax.legend(loc="center left")
    ax.set_title("(e) from rank 1: large pushes do raise it")
