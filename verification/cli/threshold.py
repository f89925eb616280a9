"""`dufm threshold`: a bracket of the x where DNC stops being optimal, cell by cell, re-checked as it is printed."""

import json
import math
from typing import Any

from rich.console import Console
from rich.table import Table

from dufm.verification.base.number_lists import read_integers
from dufm.verification.claims.brackets import End, Thresholds, thresholds
from dufm.verification.cli.heartbeat import alive
from dufm.verification.cli.output import show_table

MOST_CLASSES, MOST_LAYERS = 1000, 64
DIGITS = 6


def run_threshold(K: str, L: str, as_json: bool, console: Console) -> None:
    """Print the brackets; see `dufm threshold --help`."""
    cells = [
        (k, depth)
        for depth in read_integers(L, "--L", 1, MOST_LAYERS)
        for k in read_integers(K, "--K", 2, MOST_CLASSES)
    ]
    with alive("running the claims"):
        found = [thresholds(k, depth) for k, depth in cells]
    if as_json:
        print(json.dumps([_record(t) for t in found], indent=1))
        return
    table = Table(pad_edge=False)
    for name in ("K", "L", "x*", "x_c / x*"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("x_e / x*", justify="right", no_wrap=True)
    table.add_column("by")
    for t in found:
        table.add_row(str(t.K), str(t.L), f"{float(t.collapse[0]):.{DIGITS}f}", *_shares(t), _by(t))
    show_table(console, table)
    lines = (
        "DNC is optimal for x < x_c, another network wins for x_c < x < x_e, zero weights for x > x_e; x = K Lambda.",
        "Of networks wide enough: the upper end of x_c and the lower end of x_e need the hidden width behind their "
        "claim, the other ends hold at every width >= K.",
        f"{sum(t.settled for t in found)} of {len(found)} cells are settled. The claims named were run just now and "
        "their certificates re-checked.",
    )
    console.print("\n".join(lines), highlight=False, soft_wrap=True)


def _shares(t: Thresholds) -> tuple[str, str]:
    """x_c / x* and x_e / x* as a number where the bracket is one, else as a bracket, rounded outwards."""
    low, high = t.shares()
    critical = "0" if high == 0 else "1" if t.settled else f"[{_floor(low)}, {_ceiling(high)}]"
    if t.settled and high != 0:
        return critical, "1"
    least, most = (float(end.x / t.collapse[0]) for end in t.empty)
    return critical, f"[{_floor(least)}, {_ceiling(most)}]"


def _floor(value: float) -> str:
    return f"{math.floor(value * 10**5) / 10**5:.5f}".rstrip("0").rstrip(".")


def _ceiling(value: float) -> str:
    return f"{math.ceil(value * 10**5) / 10**5:.5f}".rstrip("0").rstrip(".")


def _by(t: Thresholds) -> str:
    ends = dict.fromkeys(
        f"{end.claim} ({end.status}{f', width >= {end.width}' if end.width > t.K else ''})"
        for end in (*t.critical, *t.empty)
        if end.claim
    )
    return ", ".join(ends)


def _record(t: Thresholds) -> dict[str, Any]:
    def end(e: End) -> dict[str, Any]:
        return {
            "x": str(e.x),
            "value": float(e.x),
            "claim": e.claim or None,
            "status": e.status or None,
            "width": e.width,
        }

    record: dict[str, Any] = {"K": t.K, "L": t.L, "x_collapse": [str(x) for x in t.collapse]}
    record |= {"x_c": [end(e) for e in t.critical], "x_e": [end(e) for e in t.empty]}
    return record | {"x_c_over_collapse": t.shares(), "settled": t.settled}
