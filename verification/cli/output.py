"""What every command prints through: streams of any encoding, and tables that keep each value whole at any width."""

import codecs
import io
import sys
import unicodedata
from collections.abc import Iterable
from typing import Annotated, TextIO

import typer
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table

# The option every command has that prints tables.
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")]
# Text for what an encoding lacks; letters of Greek go by their names and accents are dropped.
PLAIN = dict(
    zip(
        "⋅×→←∞≤≥≠−–—…√⎛⎜⎝⎞⎟⎠⎡⎢⎣⎤⎥⎦│─╱╲",
        "* x -> <- oo <= >= != - - - ... sqrt / | \\ \\ | / [ [ [ ] ] ] | - / \\".split(),
        strict=True,
    )
)
HANDLER = "dufm-plain"


def _plain(error: UnicodeError) -> tuple[str | bytes, int]:
    """Readable text for the first character that an encoding lacks; bytes of odd file names go out as they came in."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    character = error.object[error.start]
    after = error.start + 1
    if 0xDC80 <= ord(character) <= 0xDCFF:
        return bytes([ord(character) - 0xDC00]), after
    name = unicodedata.name(character, "")
    if name.startswith("GREEK"):
        return name.rpartition(" ")[2].lower(), after
    known = PLAIN.get(character) or unicodedata.normalize("NFKD", character).encode("ascii", "ignore").decode()
    return known or "?", after


def any_encoding() -> None:
    """Make stdout and stderr write something readable for what their encoding lacks, instead of failing."""
    codecs.register_error(HANDLER, _plain)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=HANDLER)


def has_unicode(stream: TextIO) -> bool:
    """Whether the stream can write every character."""
    return (stream.encoding or "").lower().startswith("utf")


def loss_table(rows: Iterable[tuple[str, float]], reference: float, beside: str, digits: int = 12) -> Table:
    """Losses by name, each over the reference, which `beside` names."""
    table = Table(title_justify="left", pad_edge=False)
    for name in ("loss", "value", f"/ {beside}"):
        table.add_column(name, justify="left" if name == "loss" else "right", no_wrap=True)
    for name, value in rows:
        table.add_row(name, f"{value:.{digits}g}", f"{value / reference:.6f}")
    return table


def show_table(console: Console, table: Table) -> None:
    """Print a table, no value cut: one `column: value` a line where the console is too narrow for whole values."""
    needs = [_needs(console, column.cells, column.header, column.no_wrap) for column in table.columns]
    # What rules and spaces between columns take.
    edges = Measurement.get(console, console.options.update(width=10**6), table).maximum - sum(n.maximum for n in needs)
    room = console.width - max(edges, 0)
    if sum(need.minimum for need in needs) <= room:
        widths = _widths(needs, room)
        for column, width in zip(table.columns, widths, strict=True):
            column.width, column.overflow = width, "fold"
        console.print(table)
        return
    if table.title:
        console.print(table.title, soft_wrap=True)
    for row in zip(*(column.cells for column in table.columns), strict=True):
        for column, cell in zip(table.columns, row, strict=True):
            if cell != "":
                name = f"{column.header}: " if column.header else ""
                console.print(f"{name}{cell}", soft_wrap=True, highlight=False)
        console.print()


def _needs(console: Console, cells: Iterable[object], header: object, whole: bool) -> Measurement:
    """Least width at which no word is broken (no line, if `whole`), and the width that needs no wrapping."""
    wide = console.options.update(width=10**6)
    sizes = [Measurement.get(console, wide, str(part)) for part in (header, *cells)]
    most = max(size.maximum for size in sizes)
    return Measurement(most if whole else max(size.minimum for size in sizes), most)


def _widths(needs: list[Measurement], room: int) -> list[int]:
    """Give each column its least width, and share what is left by what each still lacks, the modest first."""
    widths = [need.minimum for need in needs]
    lacking = sorted(range(len(needs)), key=lambda i: needs[i].span)
    left = room - sum(widths)
    for done, i in enumerate(lacking):
        more = min(needs[i].span, left // (len(needs) - done))
        widths[i] += more
        left -= more
    return widths
