"""The page of what is open: brackets of every (K, L), and cells of the atlas nobody has settled."""

from html import escape

from dufm.verification.claims.settled import OPEN
from dufm.verification.claims.two_sided import TwoSided, brackets
from dufm.verification.site.gather import CellView, Content
from dufm.verification.site.html import Page, link, table
from dufm.verification.site.words import cell_path, claim_link, gap, lower

LETTERS = {"low rank": ("L", "low proved"), "DNC": ("D", "dnc"), "open": ("?", "open")}


def open_page(content: Content) -> Page:
    """The page; links start at the site's folder."""
    unsettled = [pair for pair in content.pairs.values() if not pair.thresholds.settled]
    cells = sorted((v for v in content.cells if v.row["verdict"] == OPEN), key=lambda v: (-v.row["gap"], v.cell))
    body = (
        '<h1>What is open</h1><p class="lead">'
        f"For {len(unsettled)} of {len(content.pairs)} pairs (K, L) nobody knows up to which strength collapse is "
        "optimal: x<sub>c</sub> lies somewhere in the bracket. Better weights of yours are judged and filed by "
        "<code>dufm submit</code>.</p>"
        f"{_brackets(unsettled, content)}{_cells(cells)}"
        f"<section><h2>All pairs</h2><details><summary>The {len(content.pairs)} brackets, settled ones too</summary>"
        f"{_table(list(content.pairs.values()), content, 'Brackets of every (K, L) of the atlas')}</details></section>"
    )
    return Page("open.html", "Open cells", body, "open.html")


def _brackets(unsettled: list[TwoSided], content: Content) -> str:
    caption = (
        "Collapse is optimal for x below x<sub>c</sub>, another network wins from there to x<sub>e</sub>, zero weights "
        "above; x* is where collapse and zero weights tie. C/K: what the least loss over collapse's tends to as x → 0."
    )
    drawn = "".join(_line(pair) for pair in unsettled)
    return (
        f'<section><h2>Brackets of x<sub>c</sub></h2><div class="lines">{drawn}'
        '<div class="line"><span></span><span class="ends"><span>0</span><span>x*</span></span></div></div>'
        '<ul class="legend"><li><span class="badge dnc">D</span>filled: collapse is proved optimal</li>'
        '<li><span class="badge open">?</span>dashed: x<sub>c</sub> is somewhere here</li>'
        '<li><span class="badge low">L</span>striped: another network is below collapse, proved or certified</li></ul>'
        f"{_table(unsettled, content, caption)}</section>"
    )


def _line(pair: TwoSided) -> str:
    """One bracket on a line from 0 to x*: dense where collapse is proved optimal, hollow where it is open."""
    t = pair.thresholds
    low, high = (min(1.0, float(end.x / t.collapse[0])) for end in t.critical)
    words = f"K = {t.K}, L = {t.L}: x_c between {low:.4f} and {high:.4f} of x*"
    widths = {"dnc": low, "between": high - low, "low": 1 - high}
    parts = "".join(f'<i class="{name}" style="width:{100 * w:.2f}%"></i>' for name, w in widths.items() if w)
    return (
        f'<div class="line"><span>K = {t.K}, L = {t.L}</span>'
        f'<span class="bracket" role="img" aria-label="{words}">{parts}</span></div>'
    )


def _table(pairs: list[TwoSided], content: Content, caption: str) -> str:
    rows = []
    for pair in pairs:
        t = pair.thresholds
        first = next(v for v in content.cells if (v.cell.K, v.cell.L) == (t.K, t.L))
        critical, empty, cost = brackets(pair)
        letter, mark = LETTERS[pair.state]
        behind = dict.fromkeys(label for end in t.critical for label in end.claims)
        rows.append(
            (
                link(cell_path(first), f"{t.K}"),
                str(t.L),
                f'<span class="badge {mark}">{letter}</span>',
                f'<span class="critical">{critical}</span>',
                f'<span class="empty">{empty}</span>',
                f'<span class="cost">{cost}</span>',
                ", ".join(claim_link(label, "") for label in behind),
            )
        )
    head = ("K", "L", "", "x<sub>c</sub> / x*", "x<sub>e</sub> / x*", "C / K", "x<sub>c</sub> by")
    return table(head, rows, caption, (0, 1))


def _cells(cells: list[CellView]) -> str:
    rows = [
        (
            link(cell_path(v), f"{v.cell.K}"),
            str(v.cell.L),
            f"{v.cell.x:.4g}",
            lower(v.row),
            gap(v.row),
            escape(v.row["lower_by"]),
        )
        for v in cells
    ]
    caption = (
        "Nothing below collapse is known here, and nothing proves that there is nothing; widest gap first. The lower "
        "bound is over collapse's loss."
    )
    head = ("K", "L", "x", "lower bound", "gap", "bound from")
    return f"<section><h2>{len(cells)} cells of the atlas</h2>{table(head, rows, caption, (0, 1, 2, 3, 4))}</section>"
