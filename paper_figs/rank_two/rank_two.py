"""Weight decay and rank two: energies in training, spectra, the cost in fit, the bound from gradients, and failures.

Source: Chen, Yi, Yang (arXiv 2410.02176) for the question; data sets, bound (B-I) and the instance of rank three ours.
All runs are seeded: quick draws 2 seeds, full 4.
"""

from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from dufm.paper_figs.style import Table
from dufm.solvers.rank_two.network import outputs
from dufm.solvers.rank_two.tasks import Task, error_of, setup_of, task_named, train_task
from dufm.solvers.rank_two.training import RankTwoRun, checkpoints

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SIZE = (13.0, 7.6)
SEEDS = {"quick": 2, "full": 4}
TIMES = {0.0: "#222222", 0.03: "#0072B2", 0.1: "#009E73", 0.2: "#D55E00"}
SWEEP = (0.0, 0.01, 0.03, 0.06, 0.1, 0.15, 0.2, 0.3)
TASKS = {"diabetes": "#D55E00", "digits-parity": "#0072B2", "skew": "#009E73", "additive": "#CC79A7"}
FAILS = {
    ("rank-three", 0.05): ("18 points, $\\lambda=0.05$", "#222222"),
    ("additive", 0.03): ("$\\sum|x_k|$, $\\lambda=0.03$", "#CC79A7"),
    ("digits", 0.03): ("10 classes, $\\lambda=0.03$", "#0072B2"),
    ("digits-parity-z", 0.1): ("parity, z-scored, $\\lambda=0.1$", "#E69F00"),
    ("digits-parity", 0.1): ("parity, $\\lambda=0.1$", "#009E73"),
}
MOST = 12
NEAREST = 1e-3


def data(budget: str) -> Table:
    """Rows (panel, task, lam, seed, k, x, y, z); what x, y and z are is said where each panel's are made."""
    count = SEEDS[budget]
    return [*_times(count), *_spectra(), *_sweep(count), *_bounds(count), *_directions(), *_fails(count)]


def _row(panel: str, task: str, lam: float, seed: int, x: float, y: float, k: int = 2, z: float | None = None) -> dict:
    return {"panel": panel, "task": task, "lam": lam, "seed": seed, "k": k, "x": float(x), "y": float(y), "z": z}


def _runs(name: str, lam: float, count: int, looks: int = 2) -> Iterator[tuple[Task, RankTwoRun]]:
    return (_run(name, lam, seed, looks) for seed in range(count))


@cache
def _run(name: str, lam: float, seed: int, looks: int) -> tuple[Task, RankTwoRun]:
    """Two budgets share their first seeds."""
    task = task_named(name, lam=lam)
    at = checkpoints(setup_of(name, lam).steps, looks)
    return task, next(train_task(task, lam, [seed], at=at, threads=1))


def _times(count: int) -> Table:
    """x = step, y = E_2."""
    return [
        _row("time", "diabetes", lam, run.seed, look.step, look.energies[1])
        for lam in TIMES
        for _, run in _runs("diabetes", lam, count, 26)
        for look in run.looks
    ]


def _spectra() -> Table:
    """x = k, y = sigma_k / sigma_1."""
    rows = []
    for lam in (0.0, 0.1):
        _, run = next(_runs("digits-parity", lam, 1))
        values = np.linalg.svd(run.W, compute_uv=False)
        rows += [_row("spectrum", "digits-parity", lam, 0, k + 1, v / values[0], k + 1) for k, v in enumerate(values)]
    return rows


def _sweep(count: int) -> Table:
    """Panel "sweep": x = lambda, y = E_2. Panel "error": x and y are the training and the test error."""
    rows = []
    for name in ("diabetes", "digits-parity"):
        for lam in SWEEP:
            for task, run in _runs(name, lam, count):
                rows.append(_row("sweep", name, lam, run.seed, lam, run.looks[-1].energies[1]))
                train = error_of(outputs(run.W, run.A, task.X), task.Y, task.kind)
                test = error_of(outputs(run.W, run.A, task.X_test), task.Y_test, task.kind)
                rows.append(_row("error", name, lam, run.seed, train, test))
    return rows


def _bounds(count: int) -> Table:
    """x = distance from rank two, y = its bound, both over |W|; z = step."""
    rows = []
    for name in TASKS:
        for lam in (0.03, 0.1, 0.2):
            for _, run in _runs(name, lam, count, 6):
                for look in run.looks:
                    if look.bound is not None and look.bound.norm > 0:
                        b = look.bound
                        rows.append(
                            _row("bound", name, lam, run.seed, b.distance / b.norm, b.bound / b.norm, z=look.step)
                        )
    return rows


def _directions() -> Table:
    """x, y: the neurons in the plane of the two largest singular directions; z: sign of a_k."""
    rows = []
    for lam in (0.0, 0.1):
        _, run = next(_runs("diabetes", lam, 1))
        plane = run.W @ np.linalg.svd(run.W)[2][:2].T
        kept = np.linalg.norm(run.W, axis=1) > 1e-3 * np.linalg.norm(run.W, axis=1).max()
        for (x, y), a, w in zip(plane[kept], run.A[0, kept], run.W[kept], strict=True):
            size = np.linalg.norm(w)
            rows.append(_row("direction", "diabetes", lam, 0, x / size, y / size, z=float(np.sign(a))))
    return rows


def _fails(count: int) -> Table:
    """x = k, y = E_k."""
    rows = []
    for name, lam in FAILS:
        for _, run in _runs(name, lam, count):
            energies = run.looks[-1].energies[:MOST]
            rows += [_row("fails", name, lam, run.seed, k + 1, e, k + 1) for k, e in enumerate(energies)]
    return rows


def draw(figure: "Figure", table: Table) -> None:
    """Six panels."""
    axes: Any = figure.subplots(2, 3)
    panels = {name: [row for row in table if row["panel"] == name] for name in {row["panel"] for row in table}}
    _draw_times(axes[0, 0], panels["time"])
    _draw_spectra(axes[0, 1], panels["spectrum"])
    _draw_sweep(axes[0, 2], panels["sweep"], panels["error"])
    _draw_bounds(axes[1, 0], panels["bound"])
    _draw_directions(axes[1, 1], panels["direction"])
    _draw_fails(axes[1, 2], panels["fails"])
    figure.suptitle("Weight decay and rank two: one hidden relu layer, 64 neurons", fontsize=13)


def _series(rows: Table, *keys: str) -> dict[tuple, Table]:
    found: dict[tuple, Table] = {}
    for row in rows:
        found.setdefault(tuple(row[key] for key in keys), []).append(row)
    return found


def _means(rows: Table, task: str, key: str) -> tuple[list[float], list[float]]:
    """Strengths, and the mean over seeds of a column at each."""
    parts = _series([row for row in rows if row["task"] == task], "lam")
    return [lam for (lam,) in parts], [float(np.mean([row[key] for row in own])) for own in parts.values()]


def _draw_times(ax: "Axes", rows: Table) -> None:
    for (lam, seed), own in _series(rows, "lam", "seed").items():
        steps = [max(row["x"], 25) for row in own]
        label = f"$\\lambda = {lam:g}$" if seed == 0 else None
        ax.plot(steps, [row["y"] for row in own], color=TIMES[lam], linewidth=1.3, label=label)
    ax.set_xscale("log")
    ax.set_xlabel("step (start drawn at 25)")
    ax.set_ylabel("$E_2$")
    ax.set_ylim(0, 1.03)
    ax.set_title("diabetes: share of rank two in training")
    ax.legend(loc="upper left")
    ax.grid()


def _draw_spectra(ax: "Axes", rows: Table) -> None:
    for lam, colour in ((0.0, "#222222"), (0.1, "#009E73")):
        own = [row for row in rows if row["lam"] == lam]
        words = "no weight decay" if lam == 0 else f"$\\lambda = {lam:g}$"
        ax.plot([r["x"] for r in own], [max(r["y"], 1e-8) for r in own], "o-", color=colour, markersize=3, label=words)
    ax.set_yscale("log")
    ax.set_xlabel("k")
    ax.set_ylabel("$\\sigma_k / \\sigma_1$")
    ax.set_title("parity of digits: singular values of $W$")
    ax.legend()
    ax.grid()


def _draw_sweep(ax: "Axes", rows: Table, errors: Table) -> None:
    for name in ("diabetes", "digits-parity"):
        colour = TASKS[name]
        energies = [
            np.mean([r["y"] for r in own]) for own in _series([r for r in rows if r["task"] == name], "lam").values()
        ]
        parts = _series([r for r in errors if r["task"] == name], "lam").values()
        ax.plot(SWEEP, energies, "o-", color=colour, markersize=4, label=f"{name}: $E_2$")
        for key, style, words in (("x", ":", "training"), ("y", "--", "test")):
            ax.plot(
                SWEEP, [np.mean([r[key] for r in own]) for own in parts], style, color=colour, label=f"{words} error"
            )
    ax.set_xlabel("weight decay $\\lambda$")
    ax.set_ylabel("$E_2$; mean squared error")
    ax.set_title("rank two costs fit")
    ax.legend(fontsize=7.5, ncols=2, loc="lower right")
    ax.grid()


def _draw_bounds(ax: "Axes", rows: Table) -> None:
    for name, colour in TASKS.items():
        own = [row for row in rows if row["task"] == name]
        ax.plot(
            [max(r["x"], NEAREST) for r in own], [r["y"] for r in own], ".", color=colour, markersize=4.5, label=name
        )
    ends = [NEAREST, 1]
    ax.plot(ends, ends, color="#555555", linewidth=1)
    ax.axhline(1, color="#555555", linewidth=1, linestyle=":")
    ax.set_xscale("log")
    ax.set_yscale("log")
    ax.set_ylim(1e-2, 10)
    ax.set_xlabel("distance from rank two / $|W|$ (at least $10^{-3}$)")
    ax.set_ylabel("bound from gradients / $|W|$")
    ax.set_title("B-I at every state; below 1 it says something")
    ax.legend(fontsize=8)
    ax.grid()


def _draw_directions(ax: "Axes", rows: Table) -> None:
    for (lam, sign), own in _series(rows, "lam", "z").items():
        shift = -1.25 if lam == 0 else 1.25
        colour = "#D55E00" if sign > 0 else "#0072B2"
        for row in own:
            ax.plot([shift, shift + row["x"]], [0, row["y"]], color=colour, linewidth=0.8, alpha=0.75)
    turn = np.linspace(0, 2 * np.pi, 200)
    for shift, words in ((-1.25, "no weight decay"), (1.25, "$\\lambda = 0.1$")):
        ax.plot(shift + np.cos(turn), np.sin(turn), color="#bbbbbb", linewidth=0.8)
        ax.text(shift, -1.28, words, ha="center")
    ax.set_aspect("equal")
    ax.set_ylim(-1.5, 1.2)
    ax.set_axis_off()
    ax.set_title(
        "diabetes: neurons in the plane of two singular vectors\n$w_k / |w_k|$, red for $a_k > 0$, blue for $a_k < 0$"
    )


def _draw_fails(ax: "Axes", rows: Table) -> None:
    for case, (words, colour) in FAILS.items():
        own = _series([r for r in rows if (r["task"], r["lam"]) == case], "k")
        ax.plot(
            [k for (k,) in own],
            [np.mean([r["y"] for r in part]) for part in own.values()],
            "o-",
            color=colour,
            markersize=4,
            label=words,
        )
    ax.axvline(2, color="#555555", linewidth=1, linestyle=":")
    ax.set_xlabel("k")
    ax.set_ylabel("$E_k$")
    ax.set_ylim(0, 1.03)
    ax.set_title("where rank two fails, and (green) where not")
    ax.legend(fontsize=8, loc="lower right")
    ax.grid()
