"""What `dufm records` and `dufm map` print of their cells: best value, lower bound, the gap between them, the state."""

from collections.abc import Iterable
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.table import Table

from dufm.verification.answers.records import rounded_down, strength_name
from dufm.verification.claims.settled import CERTIFIED_LOW, CERTIFIED_OTHER, OPEN, PROVED_DNC, PROVED_LOW

SHORT = {PROVED_LOW: "P", CERTIFIED_LOW: "C", CERTIFIED_OTHER: "c", PROVED_DNC: "P", OPEN: "?"}
# Up to so many cells get a line each.
LISTED = 60
# Characters of a bracket with its letter, and the space beside it.
COLUMN = 19
LEGEND = (
    "[low, high]: the least loss over DNC's lies between the two. low: no weights of any width go below it (rounded\n"
    "down; `dufm bound` says why). high: the best loss known, P proved for every Lambda below collapse, C certified\n"
    "by exact weights at this Lambda (c: of full rank), ?: nothing below DNC is known. DNC P: proved that nothing is\n"
    "below DNC."
)
LIST_LEGEND = (
    "The least loss over DNC's lies between low (no weights of any width go below it; rounded down) and best (the\n"
    "best known); gap = (best - low) / best. P: proved who wins, for every Lambda below collapse if it is low rank;\n"
    "C: certified by exact weights at this Lambda. x = K Lambda; a certificate of low stands at the x named and is\n"
    "carried to this one (dufm derive carried). `dufm bound` re-checks it; --json names the claims."
)


def cells_table(rows: Iterable[dict[str, Any]], width: int) -> tuple[Table, str]:
    """The table of rows that `bounded` has seen, and its legend: a line a cell if they are few, else a grid."""
    rows = sorted(rows, key=lambda row: (row["K"], row["L"], row["x"]))
    return (_list_table(rows), LIST_LEGEND) if len(rows) <= LISTED else (_grid_table(rows, width), LEGEND)


def _list_table(rows: list[dict[str, Any]]) -> Table:
    shown = Table(box=SIMPLE_HEAD, pad_edge=False)
    for name in ("K", "L", "x", "low", "best", "gap"):
        shown.add_column(name, justify="right", no_wrap=True)
    shown.add_column("who wins", justify="left")
    shown.add_column("low by", justify="left")
    for row in rows:
        gap = f"{100 * row['gap']:.2f} %"
        numbers = (str(row["K"]), str(row["L"]), strength_name(row), rounded_down(row["lower"]), _best(row), gap)
        wins = row["verdict"].partition(" (")[0]
        shown.add_row(*numbers, wins if row["verdict"] == OPEN else f"{wins} {SHORT[row['verdict']]}", row["lower_by"])
    return shown


def _grid_table(rows: list[dict[str, Any]], width: int) -> Table:
    """A row for each (K, L), a column for each strength; the strengths in one column where `width` has no room."""
    many: dict[tuple[int, int], list[dict[str, Any]]] = {}
    for row in rows:
        many.setdefault((row["K"], row["L"]), []).append(row)
    names = list(dict.fromkeys(strength_name(row) for own in many.values() for row in own))
    # Shares of the threshold differ in x between depths; they stand behind the strengths all depths have.
    names.sort(key=lambda name: ("x*" in name, float(name.removesuffix("x*") or 1)))
    wide = (len(names) + 1) * COLUMN > width
    shown = Table(box=SIMPLE_HEAD, pad_edge=False, title="x = K Lambda, x* where DNC collapses", title_justify="left")
    for name in ("K", "L", *([""] if wide else names)):
        shown.add_column(name, justify="left" if wide and not name else "right", no_wrap=not wide)
    for (K, L), own in many.items():
        words = {strength_name(row): _words(row) for row in own}
        parts = ["   ".join(f"{k}: {w}" for k, w in words.items())] if wide else [words.get(k, "") for k in names]
        shown.add_row(str(K), str(L), *parts)
    return shown


def _words(row: dict[str, Any]) -> str:
    if row["verdict"] == PROVED_DNC:
        return f"DNC {SHORT[PROVED_DNC]}"
    return f"[{rounded_down(row['lower'])}, {_best(row)}] {SHORT[row['verdict']]}"


def _best(row: dict[str, Any]) -> str:
    return "1" if row["state"] == "dnc" else f"{row['ratio']:.4f}"
