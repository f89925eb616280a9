"""The first page: the phase diagram over classes, layers and strength, and the words to read it with."""

from collections import Counter
from html import escape

from dufm.verification.site.gather import CellView, Content
from dufm.verification.site.html import Page, listed
from dufm.verification.site.mathml import sentence
from dufm.verification.site.words import STATES, cell_path, cell_words

LOSS = "1/(2K) ||W_L relu(... W_2 relu(W_1 H_1)) - I||^2 + 1/2 (n lambda_H ||H_1||^2 + sum_l lambda_l ||W_l||^2)"


def index_page(content: Content) -> Page:
    """The page; links start at the site's folder."""
    body = (
        "<h1>When is deep neural collapse optimal, and when does low rank win?</h1>"
        '<p class="lead">Each square is a network with K classes and L layers under weight decay x = K Λ. Its letter '
        "says whose loss is least: <b>L</b> low rank, <b>D</b> collapse, <b>?</b> not known. Choose a strength, then a "
        "square.</p>"
        f"{_diagram(content.cells)}{_words(content)}"
    )
    return Page("index.html", "When is deep neural collapse optimal?", body, "index.html", ("diagram.js",))


def _diagram(cells: tuple[CellView, ...]) -> str:
    counts = Counter(view.strength for view in cells)
    most = max(counts.values())
    # Strengths of single problems are reached from the pages of their (K, L).
    strengths = [name for name in counts if 2 * counts[name] > most]
    strengths.sort(key=lambda name: ("x*" in name, float(name.removesuffix("x*"))))
    Ks, Ls = (sorted({getattr(view.cell, name) for view in cells}) for name in "KL")
    choices, panels = [], []
    for i, name in enumerate(strengths):
        words = f"x = {name.replace('x*', ' x*')}"
        choices.append(
            f'<label><input type="radio" name="x" value="{i}"{" checked" * (i == 0)}><span>{words}</span></label>'
        )
        own = {(v.cell.K, v.cell.L): v for v in cells if v.strength == name}
        head = "".join(f'<th scope="col">{K}</th>' for K in Ks)
        rows = "".join(f'<tr><th scope="row">{L}</th>{"".join(_square(own.get((K, L))) for K in Ks)}</tr>' for L in Ls)
        panels.append(
            f'<table class="phase" data-panel="{i}"><caption>{words}</caption>'
            f'<thead><tr><th><span class="axis">L \\ K</span></th>{head}</tr></thead><tbody>{rows}</tbody></table>'
        )
    legend = "".join(
        f'<li><span class="badge {mark}">{letter}</span>{escape(words)}</li>' for letter, mark, words in STATES.values()
    )
    return (
        '<section class="diagram" aria-label="Phase diagram"><fieldset class="strengths"><legend>Weight decay</legend>'
        f"{''.join(choices)}</fieldset>{''.join(panels)}"
        '<p class="told" aria-hidden="true">Numbers are the best loss known over collapse\'s.</p>'
        f'<ul class="legend">{legend}</ul></section>'
    )


def _square(view: CellView | None) -> str:
    if view is None:
        return "<td></td>"
    row = view.row
    letter, mark, words = STATES[row["verdict"]]
    best, low = row["ratio"], row["lower"]
    told = f"{cell_words(view)}: {words}."
    if best < 1:
        told += f" Best known {best:.4f} of collapse's loss, none below {low * 10**4 // 1 / 10**4:.4f}."
    elif row["verdict"] != "DNC (PROVED)":
        told += f" None below {low * 10**4 // 1 / 10**4:.4f} of collapse's loss."
    value = f"{best:.3f}".lstrip("0") if best < 1 else ""
    depth = f' style="--depth:{min(1, (1 - best) / 0.45):.2f}"' if best < 1 else ""
    return (
        f'<td><a class="square {mark}" href="{cell_path(view)}" aria-label="{escape(told)}"{depth}>'
        f"<b>{letter}</b><i>{value}</i></a></td>"
    )


def _words(content: Content) -> str:
    counts = Counter(view.row["verdict"] for view in content.cells)
    tally = ", ".join(f"{counts[name]} {letter}" for name, (letter, _, _) in STATES.items() if counts[name])
    items = (
        f"<b>The loss</b> of weights H<sub>1</sub>, W<sub>1</sub>, …, W<sub>L</sub> of any hidden widths: "
        f'<span class="formula">{sentence(LOSS)}</span> K classes, n samples a class. Everything depends on the '
        "strengths through Λ, the geometric mean with n λ<sub>H</sub> for the first, and x = K Λ.",
        "<b>Collapse</b> (deep neural collapse, DNC): in every hidden layer 2 … L the samples of a class share one "
        "feature and the class features are pairwise orthogonal. At x* it gives way to zero weights.",
        "<b>Low rank wins</b>: some weights whose hidden features have a rank below K have a smaller loss than every "
        "collapsed network.",
        "<b>A certificate</b> holds exact weights, or what bounds all weights from below. Pages re-check every kind in "
        "your browser, in integers, and name the Python program that does it without a package. The programs are "
        "written independently of each other.",
        "<b>A bound</b> (“no weights go below”) holds for every hidden width and every n.",
        f"The atlas has {len(content.cells)} cells: {tally}. No entry is proved to be the minimum unless it says "
        "so; each number is exact for the weights it comes with.",
    )
    return f'<section id="words"><h2>Words</h2>{listed(items, "words")}</section>'
