"""A derivation: a named chain of steps, each checked by the machine, readable as text, Markdown or LaTeX."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import sympy as sp

from dufm.theory.proof.checks import PROVING, Checked, Method
from dufm.theory.proof.shown import unchecked
from dufm.theory.proof.typeset import typeset

Format = Literal["text", "markdown", "latex"]
PREAMBLE = r"""\documentclass[11pt]{article}
\usepackage[T1]{fontenc}
\usepackage{lmodern,amsmath,graphicx,microtype}
\usepackage[a4paper,margin=25mm]{geometry}
\sloppy\emergencystretch=10em
\newsavebox\formula
\newcommand\fitted[1]{\[\sbox\formula{$\displaystyle #1$}%
  \ifdim\wd\formula>\linewidth\resizebox{\linewidth}{!}{\usebox\formula}\else\usebox\formula\fi\]}
"""
FORMATS: tuple[Format, ...] = ("text", "markdown", "latex")
# A premise that is the statement of another derivation is named by this and its name.
OTHER = "derivation "


@dataclass(frozen=True)
class Step:
    """One step: what it says in words, and the check of what it states.

    Attributes:
        words: the step for a reader.
        relations: how to show what the check decides, where a reader wants another form than the check's own; each
            must be a relation the check decides, or give a name to one side of such a relation.
        check: decides its own relations, which are shown too.
        label: what later steps call it by; needed only where one names it as a premise.
    """

    words: str
    relations: tuple[Any, ...]
    check: Callable[[], Checked]
    label: str = ""

    @property
    def decided(self) -> tuple[Any, ...]:
        """The relations of the check."""
        return tuple(getattr(self.check, "relations", ()))

    @property
    def shown(self) -> tuple[Any, ...]:
        """What is written under the words: the forms given, then what is decided besides."""
        return (*self.relations, *(r for r in self.decided if unchecked((r,), self.relations)))

    def run(self, known: frozenset[str] = frozenset()) -> Checked:
        """The outcome of the check; a failure where something shown was not checked, or a premise is not known.

        Args:
            known: labels of the steps before this one.
        """
        checked = self.check()
        loose = unchecked(self.relations, self.decided)
        if loose:
            return Checked(False, Method.PROSE, f"shown but not checked: {'; '.join(map(str, loose))}")
        missing = [p for p in checked.premises if p not in known and not p.startswith(OTHER)]
        if missing:
            return Checked(False, Method.PROSE, f"no step before this one is called {', '.join(missing)}")
        return checked


@dataclass(frozen=True)
class Derivation:
    """A chain of steps towards `states`.

    Attributes:
        name: what `dufm derive` calls it.
        title: one line.
        source: paper and statement, or "ours".
        states: the statement in one sentence, with its whole regime.
        steps: the chain.
    """

    name: str
    title: str
    source: str
    states: str
    steps: tuple[Step, ...]

    def check(self) -> tuple[Checked, ...]:
        """Check every step, in order."""
        labels = [step.label for step in self.steps]
        return tuple(step.run(frozenset(filter(None, labels[:i]))) for i, step in enumerate(self.steps))

    @property
    def uses(self) -> tuple[str, ...]:
        """Names of the derivations whose statements are premises here."""
        premises = (p for step in self.steps for p in getattr(step.check, "premises", ()))
        return tuple(dict.fromkeys(p.removeprefix(OTHER) for p in premises if p.startswith(OTHER)))

    def render(self, form: Format = "text", ascii_only: bool = False) -> str:
        """The derivation for a reader, with how each step was checked.

        Args:
            form: one of FORMATS.
            ascii_only: draw the formulas of "text" with ASCII characters.

        Raises:
            ValueError: for a format that is not one of FORMATS.
        """
        if form not in FORMATS:
            raise ValueError(f"format must be one of {', '.join(FORMATS)}, got {form!r}")
        if form == "text":
            return _text(self, self.check(), ascii_only)
        return {"markdown": _markdown, "latex": _latex}[form](self, self.check())


def proved(checked: tuple[Checked, ...]) -> bool:
    """Whether there are steps and every one holds by a method that proves."""
    return bool(checked) and all(c.ok and c.method in PROVING for c in checked)


def quotations(checked: tuple[Checked, ...]) -> tuple[str, ...]:
    """The theorems of others that the steps rest on, each once."""
    return tuple(dict.fromkeys(q for c in checked for q in c.quotes))


def conclusion(checked: tuple[Checked, ...]) -> str:
    """The last line of a derivation: what the checks amount to."""
    broken = [str(i) for i, c in enumerate(checked, 1) if not c.ok]
    if broken:
        return f"NOT proved: step {', '.join(broken)} fails"
    if not proved(checked):
        open_ = [f"{i} ({c.method.name})" for i, c in enumerate(checked, 1) if c.method not in PROVING]
        return f"every step holds where it was tried, but not a proof: step {', '.join(open_)}"
    return f"all {len(checked)} steps check"


def _mark(c: Checked) -> str:
    return ("checked: " if c.ok else "FAILS: ") + c.method.value + (f" ({c.note})" if c.note else "")


def _text(d: Derivation, checked: tuple[Checked, ...], ascii_only: bool) -> str:
    lines = [d.title, "=" * len(d.title), f"Source: {d.source}", f"States: {d.states}", ""]
    for i, (step, c) in enumerate(zip(d.steps, checked, strict=True), 1):
        lines.append(f"{i}. {step.words}")
        for relation in step.shown:
            shown = sp.pretty(relation, use_unicode=not ascii_only, wrap_line=False)
            lines += ["", *("      " + row for row in shown.splitlines())]
        lines += ["", f"   [{_mark(c)}]", ""]
    return "\n".join([*lines, conclusion(checked)])


def _markdown(d: Derivation, checked: tuple[Checked, ...]) -> str:
    lines = [f"## {d.title}", "", f"*Source:* {d.source}  ", f"*States:* {d.states}", ""]
    for i, (step, c) in enumerate(zip(d.steps, checked, strict=True), 1):
        lines += [f"{i}. {step.words.replace('*', chr(92) + '*')}", ""]
        for relation in step.shown:
            lines += [f"   $${sp.latex(relation)}$$", ""]
        lines += [f"   `{_mark(c)}`", ""]
    return "\n".join([*lines, f"**{conclusion(checked)}**"])


def _latex(d: Derivation, checked: tuple[Checked, ...]) -> str:
    lines = [
        f"\\section*{{{typeset(d.title)}}}",
        f"\\emph{{Source:}} {typeset(d.source)}.\\\\",
        f"\\emph{{States:}} {typeset(d.states)}",
        "\\begin{enumerate}",
    ]
    for step, c in zip(d.steps, checked, strict=True):
        lines.append(f"\\item {typeset(step.words)}")
        lines += [f"\\[ {sp.latex(relation)} \\]" for relation in step.shown]
        lines.append(f"\\par{{\\footnotesize [{typeset(_mark(c))}]\\par}}")
    return "\n".join([*lines, "\\end{enumerate}", f"\\textbf{{{typeset(conclusion(checked))}}}"])


def document(fragment: str) -> str:
    """A whole LaTeX file around what `render("latex")` gives; formulas wider than the page are scaled down to it."""
    displayed = re.sub(r"(?m)^\\\[ (.*) \\\]$", r"\\fitted{\1}", fragment)
    return f"{PREAMBLE}\\begin{{document}}\n{displayed}\n\\end{{document}}"


Builder = Callable[[], Derivation]


def name_of(builder: Builder) -> str:
    """What `dufm derive` calls the derivation that a builder makes."""
    return str(getattr(builder, "__name__", "")).replace("_", "-")
