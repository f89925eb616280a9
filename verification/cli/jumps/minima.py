"""`dufm jumps landscape`: a minimum of every rank."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from dufm.solvers.jumps.factorisation import product, unseen_error
from dufm.solvers.jumps.hessian import curvature, dead_level, stability_limit, zero_modes
from dufm.solvers.jumps.instance import Completion, full_target32, instance32, read_instance
from dufm.solvers.jumps.minima import RankMinimum, branch_minimum, critical_strength, find_minimum
from dufm.verification.base.number_lists import read_integers
from dufm.verification.cli import options as checked
from dufm.verification.cli.output import show_table


def chosen_instance(path: Path | None) -> Completion:
    """The completion in a file, or the frozen one."""
    return instance32() if path is None else read_instance(path)


def run_landscape(
    L: int, lam: float, ranks: str, instance: Path | None, seed: int, reach: bool, as_json: bool, console: Console
) -> None:
    """The minima table."""
    problem = chosen_instance(instance)
    checked.integers(1, L=L)
    checked.integers(0, seed=seed)
    checked.numbers(above=0, lam=lam)
    wanted = read_integers(ranks, "--ranks", 0, min(problem.target.shape))
    rows = []
    with Console(stderr=True).status("descending"):
        for r in wanted:
            m = branch_minimum(problem, lam, L, r, seed)
            rows.append({"rank": r} if m is None else _described(m, problem, lam, instance is None, reach, seed))
    if as_json:
        print(json.dumps({"L": L, "lambda": lam, "seed": seed, "minima": rows}, indent=1))
        return
    names = ["rank", "loss", "singular values", "flat", "dead below"]
    names += ["unseen"] * (instance is None) + ["reaches"] * reach
    table = Table(pad_edge=False)
    for name in names:
        table.add_column(name, no_wrap=True)
    for row in rows:
        if "loss" not in row:
            table.add_row(str(row["rank"]), "none found", *[""] * (len(names) - 2))
            continue
        cells = [str(row["rank"]), f"{row['loss']:.6f}", " ".join(f"{s:.3f}" for s in row["sigma"]) or "-"]
        cells += [f"{row['flat']} of {row['rotations']}", _short(row["dead_level"])]
        cells += [_short(row[name]) for name in ("unseen_rms", "reach") if name in row]
        table.add_row(*cells)
    show_table(console, table)
    known = [row for row in rows if "loss" in row]
    lines = [_footnotes(instance is None, reach)]
    lines += [f"Rank {row['rank']} is a saddle: least curvature {row['least']:.3g}." for row in known if row["saddle"]]
    if known:
        best = min(known, key=lambda row: row["loss"])
        lines.append(f"Lowest found: rank {best['rank']}. Descents from random starts: other minima may exist.")
    console.print("\n".join(lines), highlight=False, soft_wrap=True)


def _footnotes(frozen: bool, reach: bool) -> str:
    words = "flat: directions without curvature, of those that rotations of hidden layers make; dead below: a new "
    words += "singular value under this dies on average"
    words += "; unseen: root mean square error where nothing was observed" if frozen else ""
    return words + ("; reaches: largest lambda the minimum survives." if reach else ".")


def _described(m: RankMinimum, problem: Completion, lam: float, frozen: bool, reach: bool, seed: int) -> dict[str, Any]:
    L, n = len(m.weights), min(problem.target.shape)
    shape = curvature(m.weights, problem, lam)
    row: dict[str, Any] = {"rank": m.rank, "loss": m.loss, "gradient": m.gradient}
    row |= {"sigma": m.sigma[: m.rank].tolist(), "least": shape.least, "flat": shape.flat, "next": finite(shape.next)}
    row["saddle"] = shape.least < -shape.rounding
    row["rotations"] = zero_modes(L, n, m.rank)
    row["dead_level"] = finite(dead_level(m.weights, problem, lam, m.rank)) if L > 2 else None
    row["stability"] = finite(stability_limit(m.weights, problem))
    if frozen:
        row["unseen_rms"] = unseen_error(product(m.weights), full_target32(), problem)
    if reach and m.rank > 0:
        low = find_minimum(problem, lam / 2, L, m.rank, seed) or m
        row["reach"] = critical_strength(problem, low, lam if low is m else lam / 2)
    return row


def _short(value: float | None) -> str:
    return "-" if value is None or np.isnan(value) else f"{value:.4g}"


def finite(value: float) -> float | None:
    """The number, or None for what JSON cannot hold."""
    return value if math.isfinite(value) else None
