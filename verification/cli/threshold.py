"""`dufm threshold`: brackets of x_c, x_e and of C/K at weak decay, cell by cell, re-checked as they are printed."""

import json
from fractions import Fraction
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from dufm.theory.problem import ProblemError
from dufm.verification.base.number_lists import read_integers
from dufm.verification.claims.best_bound import below, require_sound
from dufm.verification.claims.brackets import End, Thresholds
from dufm.verification.claims.two_sided import TwoSided, brackets, markdown, two_sided
from dufm.verification.cli.heartbeat import alive
from dufm.verification.cli.output import show_table

MOST_CLASSES, MOST_LAYERS = 1000, 64
DIGITS = 6


def run_threshold(K: str, L: str, as_markdown: bool, as_json: bool, console: Console) -> None:
    """Print the brackets; see `dufm threshold --help`."""
    cells = [
        (k, depth)
        for depth in read_integers(L, "--L", 1, MOST_LAYERS)
        for k in read_integers(K, "--K", 2, MOST_CLASSES)
    ]
    with alive("running the claims"):
        found = [two_sided(k, depth) for k, depth in cells]
        require_sound(*(cell.lower for cell in found), *(cell.thresholds.empty[1] for cell in found))
        for cell in found:
            _require_order(cell)
    if as_json:
        print(json.dumps([_record(cell) for cell in found], indent=1))
        return
    if as_markdown:
        print("\n".join(markdown(found)))
        return
    table = Table(pad_edge=False, box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for name in ("L", "K", "x_c / x*", "x_e / x*", "C / K"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("by")
    for cell in found:
        t = cell.thresholds
        table.add_row(str(t.L), str(t.K), *brackets(cell), _by(t))
    show_table(console, table)
    collapses = {cell.thresholds.L: float(cell.thresholds.collapse[0]) for cell in found}
    lines = (
        "DNC is optimal for x < x_c, another network wins for x_c < x < x_e, zero weights for x > x_e; x = K Lambda, "
        f"x* = {', '.join(f'{x:.{DIGITS}f} at L = {depth}' for depth, x in collapses.items())}.",
        "C / K: what the least loss over DNC's tends to as x -> 0; the lower end holds for every network, the upper "
        "end is the best structure's.",
        "Of networks wide enough: the upper ends of x_c and C and the lower end of x_e need the hidden width behind "
        "their claim, the other ends hold at every width >= K.",
        f"{sum(cell.thresholds.settled for cell in found)} of {len(found)} cells have x_c settled. The claims named "
        "were run just now and their certificates re-checked, also those behind the lower end of C / K.",
    )
    console.print("\n".join(lines), highlight=False, soft_wrap=True)


def _require_order(cell: TwoSided) -> None:
    low, high = cell.cost
    if low > high * (1 + Fraction(1, 10**12)):
        words = f"C / K at least {float(low):.6g} and at most {float(high):.6g}"
        raise ProblemError(f"K = {cell.thresholds.K}, L = {cell.thresholds.L} does not hold: {words}")


def _by(t: Thresholds) -> str:
    ends = dict.fromkeys(
        f"{' with '.join((end.claim, *end.also))} ({end.status}{f', width >= {end.width}' if end.width > t.K else ''})"
        for end in (*t.critical, *t.empty)
        if end.claim
    )
    return ", ".join(ends)


def _record(cell: TwoSided) -> dict[str, Any]:
    t = cell.thresholds

    def end(e: End) -> dict[str, Any]:
        return {
            "x": str(e.x),
            "value": float(e.x),
            "claim": e.claim or None,
            "also": list(e.also),
            "status": e.status or None,
            "width": e.width,
        }

    record: dict[str, Any] = {"K": t.K, "L": t.L, "x_collapse": [str(x) for x in t.collapse]}
    record |= {"x_c": [end(e) for e in t.critical], "x_e": [end(e) for e in t.empty]}
    record |= {"x_c_over_collapse": t.shares(), "settled": t.settled, "below_collapse": cell.state}
    cost = {"C_over_K": [below(cell.cost[0]), float(cell.cost[1])], "structure": cell.structure}
    return record | cost | {"bound_by": cell.lower.by, "bound_claims": list(cell.lower.claims)}
