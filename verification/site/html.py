"""HTML by hand: one frame for all pages, tables in a box of their own, numbers that carry their full value."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import PurePosixPath

# What a page is called in the bar on top, and where it is.
PAGES = (("Phase diagram", "index.html"), ("Open cells", "open.html"), ("Claims", "claims.html"))
MARK = "dufm"


@dataclass(frozen=True)
class Page:
    """One page of the site.

    Attributes:
        path: below the site's folder, with slashes.
        title: of the window, plain text.
        body: HTML.
        section: which of PAGES it belongs to, by path.
        scripts: names of files in assets/, in order.
    """

    path: str
    title: str
    body: str
    section: str = ""
    scripts: tuple[str, ...] = ()

    def whole(self) -> bytes:
        """The file."""
        up = "../" * (len(PurePosixPath(self.path).parts) - 1)
        links = "".join(f'<a href="{up}{path}"{_current(path, self)}>{escape(name)}</a>' for name, path in PAGES)
        scripts = "".join(f'<script src="{up}assets/{name}" defer></script>\n' for name in self.scripts)
        return (
            f'<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{escape(self.title)}</title>\n'
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
            '<meta name="color-scheme" content="light dark">\n'
            f'<link rel="stylesheet" href="{up}assets/style.css">\n<link rel="icon" href="data:,">\n{scripts}</head>\n'
            '<body>\n<a class="skip" href="#main">Skip to the content</a>\n'
            f'<header><a class="mark" href="{up}index.html">{MARK}</a><nav aria-label="Site">{links}</nav></header>\n'
            f'<main id="main">\n{self.body}\n</main>\n'
            "<footer>Every number here is read from the program's records, claims and certificates. Loss, symbols and "
            f'how to check all of it: <a href="{up}index.html#words">words</a>.</footer>\n</body>\n</html>\n'
        ).encode()


def _current(path: str, page: Page) -> str:
    if path == page.path:
        return ' aria-current="page"'
    return ' aria-current="true"' if path == page.section else ""


def number(value: float, text: str, name: str) -> str:
    """A number as it is read, with its full value for programs under a name."""
    return f'<data class="{name}" value="{value!r}">{escape(text)}</data>'


def link(href: str, text: str, more: str = "") -> str:
    """A link; `more` holds further attributes."""
    return f'<a href="{escape(href)}"{" " + more if more else ""}>{escape(text)}</a>'


def listed(items: Iterable[str], name: str = "") -> str:
    """A list of HTML items."""
    inner = "".join(f"<li>{item}</li>" for item in items)
    return f'<ul class="{name}">{inner}</ul>' if name else f"<ul>{inner}</ul>"


def facts(pairs: Iterable[tuple[str, str]]) -> str:
    """A list of names with their values, both HTML; empty values are left out."""
    inner = "".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in pairs if value)
    return f"<dl>{inner}</dl>"


def table(head: Sequence[str], rows: Iterable[Sequence[str]], caption: str, numeric: Iterable[int] = ()) -> str:
    """A table of HTML cells in a box that scrolls by itself.

    Args:
        head: names of the columns.
        rows: as long as `head`; the first cell names the row.
        caption: what it shows, HTML.
        numeric: columns set flush right.
    """
    right = set(numeric)
    kinds = ['class="n"' if i in right else "" for i in range(len(head))]
    names = "".join(f'<th scope="col" {kind}>{name}</th>' for name, kind in zip(head, kinds, strict=True))
    lines = []
    for row in rows:
        cells = [f"<td {kind}>{cell}</td>" for cell, kind in zip(row, kinds, strict=True)]
        cells[0] = cells[0].replace("<td", '<th scope="row"', 1).replace("</td>", "</th>")
        lines.append(f"<tr>{''.join(cells)}</tr>")
    text = f"<caption>{caption}</caption><thead><tr>{names}</tr></thead><tbody>{chr(10).join(lines)}</tbody>"
    # Focusable, so that a keyboard can scroll it.
    return f'<div class="wide" tabindex="0" role="region" aria-label="table"><table>{text}</table></div>'
