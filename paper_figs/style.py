"""What all figures share: fonts, a colour-blind-safe palette, and files that are the same bytes on every run."""

import csv
import io
from typing import TYPE_CHECKING, Any, Protocol

import sympy as sp

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Table = list[dict[str, Any]]

# Okabe and Ito's palette; one colour for a structure in every figure.
COLOURS = {
    "srg": "#0072B2",
    "cuts": "#D55E00",
    "looped": "#009E73",
    "looped-hub": "#CC79A7",
    "head32": "#E69F00",
    "truncated": "#56B4E9",
    "halves": "#8C6D31",
    "sum": "#222222",
}
LABELS = {
    "srg": "SRG (SML24)",
    "cuts": "cut head",
    "looped": "complete looped graph",
    "looped-hub": "hub graph ($K_4$ and a loop)",
    "head32": "rank-2 head of three classes",
    "truncated": "truncated head",
    "halves": "halves (two layers)",
    "sum": "cheapest direct sum",
}
MARKERS = {"srg": "o", "cuts": "s", "looped": "^", "looped-hub": "P", "head32": "D", "truncated": "v"}

DPI = 150
MOST_BYTES = 200_000  # of a PNG: small enough for a README
STYLE: dict[str, Any] = {
    "font.family": "DejaVu Sans",
    "mathtext.fontset": "dejavusans",
    "font.size": 10,
    "axes.titlesize": 11,
    "axes.labelsize": 11,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "grid.color": "#d9d9d9",
    "grid.linewidth": 0.7,
    "legend.frameon": False,
    "legend.fontsize": 9,
    "lines.linewidth": 1.6,
    "lines.markersize": 6,
    "pdf.fonttype": 42,
    "savefig.dpi": DPI,
}


class FigureModule(Protocol):
    """What a module of this package offers."""

    SIZE: tuple[float, float]

    def data(self, budget: str) -> Table:
        """Rows with the same keys, of numbers, strings and None."""
        ...

    def draw(self, figure: "Figure", table: Table) -> None:
        """Draw the table, and nothing that is not in it, into an empty figure."""
        ...


def number(value: Any, digits: int = 20) -> float:
    """A SymPy expression as the nearest float."""
    return float(sp.N(value, digits))


def as_csv(table: Table) -> bytes:
    """The table with a header; floats to their last digit, None as an empty cell."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, fieldnames=list(table[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(table)
    return text.getvalue().encode()


def render(module: FigureModule, table: Table) -> dict[str, bytes]:
    """PDF and PNG of a figure. Neither the user's matplotlib settings nor the clock change them, nor they those."""
    import matplotlib
    from matplotlib.figure import Figure

    files = {}
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(STYLE)  # pyright: ignore[reportCallIssue, reportArgumentType]
        # A bare Figure has no window and no place in pyplot's list: nothing to close, no backend to choose.
        for kind, metadata in (("pdf", {"CreationDate": None}), ("png", {"Software": None})):
            figure = Figure(figsize=module.SIZE, layout="constrained")
            module.draw(figure, table)
            buffer = io.BytesIO()
            figure.savefig(buffer, format=kind, metadata=metadata)
            files[kind] = buffer.getvalue()
    return files | {"png": files["png"] if len(files["png"]) <= MOST_BYTES else _fewer_colours(files["png"])}


def _fewer_colours(png: bytes) -> bytes:
    """The picture with a palette of 256 colours: a third of the bytes; smooth colour bars get faint steps."""
    from PIL import Image

    buffer = io.BytesIO()
    image = Image.open(io.BytesIO(png)).convert("RGB")
    image.quantize(256, dither=Image.Dither.NONE).save(buffer, format="png", optimize=True, dpi=(DPI, DPI))
    return buffer.getvalue()
