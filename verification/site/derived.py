"""A derivation as HTML: every step, what its check decides as formulas, and how the machine checked it."""

from dataclasses import dataclass
from html import escape

from dufm.theory.derivations import derivation
from dufm.theory.proof.checks import Checked
from dufm.theory.proof.derivation import OTHER, conclusion, proved
from dufm.verification.site.html import link
from dufm.verification.site.mathml import formula, sentence


@dataclass(frozen=True)
class DerivedPage:
    """A derivation, its steps checked and typeset.

    Attributes:
        name: what `dufm derive` calls it.
        title, source, states: plain text.
        steps: HTML of the list of steps.
        count: how many there are.
        held: what the checks amount to, plain text.
        proved: whether every step holds by a method that proves.
        uses: names of derivations whose statements are premises.
    """

    name: str
    title: str
    source: str
    states: str
    steps: str
    count: int
    held: str
    proved: bool
    uses: tuple[str, ...]


def derived_page(name: str) -> DerivedPage:
    """Build, check and typeset one derivation; a function of its name, so that another process can do it."""
    found = derivation(name)
    checked = found.check()
    items = []
    for step, outcome in zip(found.steps, checked, strict=True):
        formulas = "".join(f'<div class="formula">{formula(relation)}</div>' for relation in step.shown)
        items.append(f'<li><div class="said">{sentence(step.words)}</div>{formulas}{_mark(outcome)}</li>')
    steps = f'<ol class="steps">{"".join(items)}</ol>'
    held = conclusion(checked)
    return DerivedPage(
        name, found.title, found.source, found.states, steps, len(items), held, proved(checked), found.uses
    )


def _mark(checked: Checked) -> str:
    state = "checked" if checked.ok else "FAILS"
    note = f" ({sentence(checked.note)})" if checked.note else ""
    return f'<p class="mark said {"ok" if checked.ok else "bad"}">{state}: {escape(checked.method.value)}{note}</p>'


def derivation_link(name: str, up: str = "../") -> str:
    """A link to the page of a derivation; premises may carry a prefix."""
    own = name.removeprefix(OTHER)
    return link(f"{up}derivations/{own}.html", own)
