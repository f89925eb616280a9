"""`dufm frontier`: search for cheap heads, keep what improves as exact certificates, print the frontier."""

import itertools
import json
import math
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from dufm.solvers.heads.kernel import compiled_descent
from dufm.solvers.heads.search import ENGINE, HeadRecord, Pool, polish_head, search_heads
from dufm.theory.stated import ProblemError
from dufm.verification.atlas.head_words import describe_head
from dufm.verification.atlas.heads import (
    Shipped,
    certify,
    critical_depth,
    file_name,
    least_depths,
    load_folder,
    ratio,
    shipped_head,
)
from dufm.verification.base.certificate import write
from dufm.verification.base.number_lists import read_integers
from dufm.verification.cli import options as checked
from dufm.verification.cli.duration import seconds
from dufm.verification.cli.live import live_line
from dufm.verification.cli.output import show_table

MOST_CLASSES, MOST_RANK = 24, 12
# Every cell is visited this many times: later visits start from what other cells found meanwhile.
VISITS = 3
GAIN = 1e-9


def run_frontier(
    K: str, q: str | None, budget: str, seed: int, out: Path, resume: bool, as_json: bool, console: Console
) -> None:
    """Search, keep improvements in `out`, print the frontier; see `dufm frontier --help`.

    Raises:
        ProblemError: naming an option that makes no sense, or a file in `out` that the checker rejects.
    """
    classes = read_integers(K, "--K", 3, MOST_CLASSES)
    ranks = read_integers(q, "--q", 2, MOST_RANK) if q is not None else list(range(2, MOST_RANK + 1))
    cells = [(k, r) for k in classes for r in ranks if r < k and (q is not None or _plausible(k, r))]
    if not cells:
        raise ProblemError(f"--q must hold a rank below the number of classes, got {q!r}")
    limit = seconds(budget) or 60.0
    if seed < 0:
        raise ProblemError(f"--seed must be >= 0, got {seed}")
    checked.folder(out)
    earlier = load_folder(out)
    if earlier and not resume:
        raise ProblemError(f"--out {out} holds heads already: add --resume to improve them, or name another folder")
    pool = seeded_pool(earlier)
    interrupted = improve(cells, pool, seed, limit)
    records = keep(cells, pool, earlier, seed, out)
    _show([head for head in load_folder(out) if head.K in classes], records, out, as_json, console)
    if interrupted:
        raise KeyboardInterrupt


def _plausible(K: int, q: int) -> bool:
    """Ranks worth trying if none are named: from one or two vertices a class, nearly, up to half of K."""
    return q <= max(4, (K + 1) // 2) and K <= q * (q + 1) // 2 + 6


def seeded_pool(heads: Iterable[Shipped]) -> Pool:
    """A pool with these heads and the two smallest blocks of a direct sum, DNC of one and of two classes."""
    pool = Pool()
    for size in (1, 2):
        pool.add(float(size**4), (np.eye(size), np.eye(size)))
    for head in heads:
        pool.add(float(head.h), head.pair)
    return pool


def improve(cells: list[tuple[int, int]], pool: Pool, seed: int, limit: float) -> bool:
    """Visit the cells in turn, time in proportion to K; True if interrupted."""
    # Compiling takes seconds and is no searching.
    compiled_descent()
    began = time.monotonic()
    # Fractions of the budget at which each visit ends.
    shares = [k for k, _ in cells] * VISITS
    ends = [limit * done / sum(shares) for done in itertools.accumulate(shares)]
    with live_line("searching", limit, share=True) as line:
        last = [""]

        def report(record: HeadRecord) -> None:
            last[0] = f", K = {record.K}, q = {record.q}: h / K^4 = {record.h / record.K**4:.6f}"

        try:
            for i, end in enumerate(ends):
                k, r = cells[i % len(cells)]

                def stop(K: int, q: int, count: int, end: float = end) -> bool:
                    spent = time.monotonic() - began
                    line.update(f"K = {K}, q = {q}{last[0]}", completed=spent)
                    return count > 0 and spent > end

                search_heads([(k, r)], pool, seed, stop, report, first=(i // len(cells)) * 10**6)
        except KeyboardInterrupt:
            return True
    return False


def keep(
    cells: Iterable[tuple[int, int]], pool: Pool, earlier: Iterable[Shipped], seed: int, out: Path
) -> list[tuple[int, int]]:
    """Polish, make exact and write every head that is cheaper than what its file holds; the cells improved."""
    known = {(head.K, head.q): head.h for head in earlier}
    improved = []
    for K, q in cells:
        if not pool.heads.get((K, q)) or pool.best(K, q) > known.get((K, q), math.inf) * (1 - GAIN):
            continue
        h, pair = polish_head(pool.heads[K, q][0][1], seed)
        pool.add(h, pair)
        try:
            certificate = certify(pair, {"engine": ENGINE, "seed": seed, "h_found": f"{h:.12g}"})
        except ProblemError:
            # The neck has fallen to a lower rank, whose own cell has it, or the head wins at no depth.
            continue
        head = shipped_head(certificate)
        if head.h < known.get((K, q), math.inf):
            write(certificate, out / file_name(K, q))
            improved.append((K, q))
    return improved


def _show(heads: list[Shipped], improved: list[tuple[int, int]], out: Path, as_json: bool, console: Console) -> None:
    depths = least_depths(heads)
    rows = [_row(head, (head.K, head.q) in improved) for head in heads]
    if as_json:
        print(json.dumps({"folder": str(out), "heads": rows, "never_optimal_from": depths}, indent=1))
        return
    table = Table(title="head frontier: a head beats DNC at depth L iff L > L*", title_justify="left", pad_edge=False)
    for name in ("K", "q", "h", "h / K^4", "L*", "from L", "neurons", "classes fixed by", "orbits: classes | neurons"):
        table.add_column(name, justify="left" if name[0] in "co" else "right", overflow="fold")
    for row in rows:
        known = f" = {row['known']}" if row["known"] else ""
        if len(row["blocks"]) > 1:
            known += f", sum of {'+'.join(map(str, row['blocks']))}"
        table.add_row(
            str(row["K"]),
            str(row["q"]),
            f"{row['h']:.6f}" + ("*" if row["improved"] else ""),
            f"{row['ratio']:.6f}",
            f"{row['critical_depth']:.4f}",
            str(row["L_from"]),
            str(row["neurons"]),
            row["symmetry"] + known,
            f"{_sizes(row['class_orbits'])} | {_sizes(row['neuron_orbits'])}",
        )
    show_table(console, table)
    words = [
        f"DNC is never optimal for K = {K} classes from L = {L} on, at every strength below collapse."
        for K, L in depths.items()
    ]
    words += ["* better than before, or new" if improved else "no improvement", f"Certificates in {out}"]
    console.print("\n".join(words), highlight=False, soft_wrap=True)


def _row(head: Shipped, improved: bool) -> dict[str, Any]:
    return {
        "K": head.K,
        "q": head.q,
        "h": float(head.h),
        "ratio": ratio(head),
        "critical_depth": critical_depth(head),
        "L_from": head.L_from,
        "improved": improved,
        "file": file_name(head.K, head.q),
        **describe_head(head),
    }


def _sizes(orbits: list[int] | None) -> str:
    return "not permuted" if orbits is None else "+".join(map(str, orbits))
