"""How results look: a few lines of text in a terminal, a table in a notebook, drawings as pictures."""

import functools
import html
import io
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from dufm.theory.stated import ProblemError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

P = ParamSpec("P")
R = TypeVar("R")
# Rows of a table in a terminal; the others are counted.
MOST_ROWS = 30


@dataclass(frozen=True)
class Told:
    """A result in words: a title, a table, lines below it."""

    title: str
    names: Sequence[str] = ()
    rows: Sequence[Sequence[Any]] = ()
    lines: Sequence[str] = ()


class Shown:
    """A result that tells itself, in text and in HTML."""

    def told(self) -> Told:
        """Title, table and lines."""
        raise NotImplementedError

    def __repr__(self) -> str:
        told = self.told()
        cells = [list(told.names), *([_cell(v) for v in row] for row in told.rows[:MOST_ROWS])] if told.rows else []
        widths = [max(len(row[i]) for row in cells) for i in range(len(told.names))] if cells else []
        table = ["  ".join(v.ljust(w) for v, w in zip(row, widths, strict=True)).rstrip() for row in cells]
        more = [f"... {len(told.rows) - MOST_ROWS} more"] if len(told.rows) > MOST_ROWS else []
        return "\n".join([told.title, *("  " + line for line in (*table, *more)), *told.lines])

    def _repr_html_(self) -> str | None:
        told = self.told()
        head = "".join(f"<th>{html.escape(name)}</th>" for name in told.names)
        body = "".join(f"<tr>{''.join(f'<td>{html.escape(_cell(v))}</td>' for v in row)}</tr>" for row in told.rows)
        table = f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>" if told.rows else ""
        lines = "".join(f"<p>{html.escape(line)}</p>" for line in told.lines)
        return f"<div><b>{html.escape(told.title)}</b>{table}{lines}</div>"


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    return f"{value:.10g}" if isinstance(value, float) else str(value)


@dataclass(frozen=True, repr=False)
class Drawing:
    """A picture: shown by a notebook, or saved.

    Attributes:
        figure: of matplotlib, in no window.
    """

    figure: "Figure"

    def save(self, path: str | Path) -> Path:
        """Write it in the format that the name ends in, .png or .pdf for example."""
        self.figure.savefig(path)
        return Path(path)

    def _repr_png_(self) -> bytes:
        content = io.BytesIO()
        self.figure.savefig(content, format="png")
        return content.getvalue()

    def __repr__(self) -> str:
        width, height = self.figure.get_size_inches()
        return f"Drawing of {width:g} x {height:g} inches; .save('name.png') writes it"


def empty_figure(size: tuple[float, float]) -> "Figure":
    """A figure in the style of this project's own."""
    import matplotlib
    from matplotlib.figure import Figure

    from dufm.paper_figs.style import STYLE

    with matplotlib.rc_context(STYLE):  # pyright: ignore[reportArgumentType]
        return Figure(figsize=size, layout="constrained")


def for_callers(function: Callable[P, R]) -> Callable[P, R]:
    """Make errors name the argument `x` where the command line has the option `--x`."""

    @functools.wraps(function)
    def called(*arguments: P.args, **options: P.kwargs) -> R:
        try:
            return function(*arguments, **options)
        except ProblemError as error:
            # Not between ` and `, where a command stands.
            parts = str(error).split("`")
            words = [part if i % 2 else re.sub(r"(?<!\w)--(?=[A-Za-z])", "", part) for i, part in enumerate(parts)]
            raise ProblemError("`".join(words)) from None

    return called
