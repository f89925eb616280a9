"""The page of one cell: who wins, between which numbers, the weights as pictures, the certificate, its neighbours."""

from html import escape

from dufm.solvers.base.arrays import Array
from dufm.verification.atlas.datapackage import record_row
from dufm.verification.atlas.work import floats
from dufm.verification.claims.brackets import dnc_optimal
from dufm.verification.claims.settled import PROVED_DNC, PROVED_LOW, settled
from dufm.verification.claims.two_sided import TwoSided, brackets
from dufm.verification.site.gather import CellView, Content
from dufm.verification.site.gram import gram_pictures, hidden_features
from dufm.verification.site.html import Page, facts, link, listed, number, table
from dufm.verification.site.neck import neck_drawing, neck_layer
from dufm.verification.site.recheck import SCRIPTS, recheck
from dufm.verification.site.words import LEADS, STATES, cell_path, cell_words, claim_link, gap, lower, ratio


def cell_page(view: CellView, content: Content) -> Page:
    """The page; links lead one folder up."""
    row = view.row
    letter, mark, _ = STATES[row["verdict"]]
    parts = [
        f'<nav class="near" aria-label="Neighbouring cells">{_neighbours(view, content)}</nav>',
        f"<h1>{escape(cell_words(view))}</h1>",
        f'<p class="lead"><span class="badge {mark}" aria-hidden="true">{letter}</span>{LEADS[row["verdict"]]}'
        f"{_by(view)}</p>",
        _bar(view),
        _numbers(view),
    ]
    if view.filed is not None:
        expect = {"kind": "point", "K": view.cell.K, "L": view.cell.L, "n": 1}
        strength = [view.cell.Lambda.numerator, view.cell.Lambda.denominator]
        parts.append(recheck(view.filed, "../", expect | {"lambdas": [strength] * (view.cell.L + 1)}))
        parts.append(_pictures(floats(view.filed.text), view.record["ranks"]))
    parts += [_strengths(view, content), _both_sides(content.pairs[view.cell.K, view.cell.L]), _commands(view)]
    scripts = (*SCRIPTS, "keys.js") if view.filed is not None else ("keys.js",)
    return Page(cell_path(view), cell_words(view), "\n".join(parts), "index.html", scripts)


def _by(view: CellView) -> str:
    """The claim that proves the verdict, linked."""
    K, L, verdict = view.cell.K, view.cell.L, view.row["verdict"]
    label = ""
    if verdict in (PROVED_LOW, PROVED_DNC):
        found = settled(K, L)
        label = found[1] if found is not None else dnc_optimal(K, L).claim
    return f" By {claim_link(label)}." if label else ""


def _bar(view: CellView) -> str:
    """A line from 0 to collapse's loss with what is excluded, what is open, what is reached."""
    low, best = view.row["lower"], min(view.row["ratio"], 1.0)
    a, b = 600 * low, 600 * best
    words = f"The least loss lies between {low:.4f} and {best:.4f} of collapse's."
    return (
        f'<figure class="bar"><svg viewBox="0 0 602 40" role="img" aria-label="{words}">'
        f'<rect class="not" x="0" y="13" width="{a:.1f}" height="14"/>'
        f'<rect class="between" x="{a:.1f}" y="9" width="{max(b - a, 1.5):.1f}" height="22"/>'
        f'<line class="end" x1="{b:.1f}" y1="3" x2="{b:.1f}" y2="37"/>'
        '<line class="one" x1="600" y1="3" x2="600" y2="37"/></svg><div class="ends"><span>0</span>'
        "<span>collapse's loss</span></div><figcaption>Where the least loss lies: no weights of any width reach into "
        "the filled part, the dashed block is open, the upright line is reached.</figcaption></figure>"
    )


def _numbers(view: CellView) -> str:
    row, record = view.row, view.record
    exact = record_row(view.cell, record)
    found_by = view.filed.content.get("found_by", {}) if view.filed else {}
    tools = ", ".join(f"{name} {found_by[name]}" for name in ("python", "numpy", "scipy", "numba") if name in found_by)
    names = {"effort": "", "seed": "this cell's seed "}
    effort = ", ".join(f"{words}{found_by[name]}" for name, words in names.items() if name in found_by)
    claims = ", ".join(claim_link(label) for label in row["lower_claims"])
    files = ", ".join(
        link(f"../certificates/lower-{name.removesuffix('.json')}.html", name) for name in row["lower_files"]
    )
    pairs = [
        ("best loss known / collapse's", ratio(row, 9)),
        ("no weights go below", f"{lower(row, 9)} of collapse's"),
        ("gap between the two", gap(row)),
        ("best loss known", number(exact["loss"], f"{exact['loss']:.12g}", "loss")),
        ("lower bound from", escape(row["lower_by"]) + (f": {claims}" if claims else "")),
        ("its certificates", files),
        ("Λ, every factor", number(float(view.cell.Lambda), view.cell.strength, "Lambda")),
        ("least rank of a hidden layer", str(row["neck_rank"]) if view.filed else ""),
        ("ranks, layer by layer", " ".join(map(str, record.get("ranks", ())))),
        ("widest hidden layer", str(record.get("width", ""))),
        ("symmetry of the classes", escape(str(row["symmetry"] or ""))),
        ("found by", escape(str(record.get("origin", "")))),
        ("effort", escape(effort)),
        ("programs", escape(tools)),
    ]
    return f"<section><h2>Numbers</h2>{facts(pairs)}</section>"


def _pictures(weights: list[Array], ranks: list[int]) -> str:
    features = hidden_features(weights)
    layer = neck_layer(features, ranks)
    neck = "" if layer is None else neck_drawing(features[layer], layer + 2)
    return (
        "<section><h2>The weights</h2><p>Inner products of the class features in each hidden layer, K × K, zero light, "
        "the largest dark. Collapse would be one dark diagonal in every layer.</p>"
        f"{gram_pictures(weights, ranks)}{neck}</section>"
    )


def _strengths(view: CellView, content: Content) -> str:
    own = [v for v in content.cells if (v.cell.K, v.cell.L) == (view.cell.K, view.cell.L)]
    rows = []
    for v in own:
        here = ' aria-current="page"' if v is view else ""
        name = link(cell_path(v).removeprefix("cells/"), f"{v.cell.x:.4g}", here.strip())
        letter, mark, words = STATES[v.row["verdict"]]
        rows.append(
            (name, f'<span class="badge {mark}">{letter}</span>', ratio(v.row), lower(v.row), gap(v.row), words)
        )
    head = ("x = K Λ", "", "best / collapse", "lower bound", "gap", "")
    caption = f"{view.cell.K} classes, {view.cell.L} layers at every strength of the atlas"
    return f"<section><h2>Other strengths</h2>{table(head, rows, caption, (2, 3, 4))}</section>"


def _both_sides(cell: TwoSided) -> str:
    t = cell.thresholds
    critical, empty, cost = brackets(cell)
    behind = dict.fromkeys(label for end in (*t.critical, *t.empty) for label in end.claims)
    pairs = [
        ("x* where collapse gives way to zero", f"{float(t.collapse[0]):.6f}"),
        ("x<sub>c</sub> / x*", f'<span class="critical">{critical}</span> collapse is optimal below x<sub>c</sub>'),
        ("x<sub>e</sub> / x*", f'<span class="empty">{empty}</span> zero weights are optimal above x<sub>e</sub>'),
        ("C / K", f'<span class="cost">{cost}</span> least loss over collapse\'s as x → 0'),
        ("below x*", escape(cell.state)),
        ("by", ", ".join(map(claim_link, behind))),
    ]
    return f"<section><h2>{t.K} classes, {t.L} layers at every strength</h2>{facts(pairs)}</section>"


def _commands(view: CellView) -> str:
    cell = f"--K {view.cell.K} --L {view.cell.L}"
    x = view.strength.replace("x*", "*coll")
    lines = [f"dufm records {cell} --x {x}", f"dufm threshold {cell}", f"dufm bound {cell} --x {view.cell.x:.6g}"]
    items = listed((f'<code class="command">{escape(line)}</code>' for line in lines), "commands")
    return f"<section><h2>The same numbers from the command line</h2>{items}</section>"


def _neighbours(view: CellView, content: Content) -> str:
    """Links to the cells beside this one; keys.js gives them to the arrow keys."""
    name = view.strength
    places = {(v.cell.K, v.cell.L, v.strength): v for v in content.cells}
    own = sorted(
        (v for v in content.cells if (v.cell.K, v.cell.L) == (view.cell.K, view.cell.L)), key=lambda v: v.cell.x
    )
    at = own.index(view)
    K, L = view.cell.K, view.cell.L
    found = {
        "ArrowLeft": ("K − 1", places.get((K - 1, L, name))),
        "ArrowRight": ("K + 1", places.get((K + 1, L, name))),
        "ArrowUp": ("L − 1", places.get((K, L - 1, name))),
        "ArrowDown": ("L + 1", places.get((K, L + 1, name))),
        "-": ("smaller x", own[at - 1] if at else None),
        "+": ("larger x", own[at + 1] if at + 1 < len(own) else None),
    }
    links = []
    for key, (words, other) in found.items():
        if other is None:
            links.append(f'<span class="none">{words}</span>')
        else:
            links.append(link(cell_path(other).removeprefix("cells/"), words, f'data-key="{key}"'))
    return "".join(links)
