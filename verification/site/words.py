"""Letters, sentences and links that several pages share."""

from typing import Any

from dufm.verification.claims.settled import CERTIFIED_LOW, CERTIFIED_OTHER, OPEN, PROVED_DNC, PROVED_LOW
from dufm.verification.site.certificates import cell_name
from dufm.verification.site.gather import CellView
from dufm.verification.site.html import link, number

# Verdict: letter in the diagram, class of the style sheet, what it means.
STATES = {
    PROVED_LOW: ("L", "low proved", "low rank wins: proved for every strength x < x*"),
    CERTIFIED_LOW: ("l", "low certified", "low rank wins: certified at this strength by exact weights"),
    CERTIFIED_OTHER: ("n", "other", "collapse loses, to weights of full rank: certified at this strength"),
    PROVED_DNC: ("D", "dnc", "collapse is optimal: proved"),
    OPEN: ("?", "open", "open: nothing below collapse is known, and no proof that nothing is"),
}
LEADS = {
    PROVED_LOW: "Low rank wins. No collapsed network is optimal here, at any strength x < x*: proved.",
    CERTIFIED_LOW: "Low rank wins at this strength: the exact weights below have a loss under collapse's.",
    CERTIFIED_OTHER: "Collapse is not optimal at this strength, though what beats it has full rank.",
    PROVED_DNC: "Collapse is optimal here: no weights of any width go below it, proved.",
    OPEN: "Open. Nothing below collapse is known, and nothing proves that there is nothing.",
}


def ratio(row: dict[str, Any], digits: int = 6) -> str:
    """The best loss known over collapse's, rounded."""
    return number(row["ratio"], _one(row["ratio"]) or f"{row['ratio']:.{digits}f}", "ratio")


def lower(row: dict[str, Any], digits: int = 6) -> str:
    """The lower bound over collapse's loss, rounded down."""
    value = row["lower"]
    return number(value, _one(value) or f"{value * 10**digits // 1 / 10**digits:.{digits}f}", "lower")


def _one(value: float) -> str:
    """What is 1 exactly needs no digits."""
    return "1" if value == 1 else ""


def gap(row: dict[str, Any]) -> str:
    """The gap in per cent."""
    return number(row["gap"], f"{100 * row['gap']:.2f} %", "gap")


def claim_link(label: str, up: str = "../") -> str:
    """A link to the page of a claim."""
    return link(f"{up}claims/{label}.html", label)


def cell_path(view: CellView) -> str:
    """Where the page of a cell is."""
    return f"cells/{cell_name(view.cell)}.html"


def cell_words(view: CellView) -> str:
    """A cell in words."""
    return f"{view.cell.K} classes, {view.cell.L} layers, x = {view.cell.x:.4g}"
