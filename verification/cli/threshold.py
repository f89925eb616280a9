"""`dufm threshold`: brackets of x_c, x_e and of C/K at weak decay, cell by cell, re-checked as they are printed."""

import json

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from dufm.verification.answers.threshold import judged_cells, threshold_record
from dufm.verification.base.number_lists import read_integers
from dufm.verification.claims.brackets import Thresholds
from dufm.verification.claims.two_sided import brackets, markdown
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
        found = judged_cells(cells)
    if as_json:
        print(json.dumps([threshold_record(cell) for cell in found], indent=1))
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
        "hold, checked by this very program; the certificates behind the lower end of C / K were judged just now.",
    )
    console.print("\n".join(lines), highlight=False, soft_wrap=True)


def _by(t: Thresholds) -> str:
    ends = dict.fromkeys(
        f"{' with '.join(end.claims)} ({end.status}{f', width >= {end.width}' if end.width > t.K else ''})"
        for end in (*t.critical, *t.empty)
        if end.claim
    )
    return ", ".join(ends)
