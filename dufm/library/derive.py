"""`dufm.derive`: a derivation, every step checked as it is asked for."""

from collections.abc import Iterator
from dataclasses import dataclass

import sympy as sp

from dufm.library.shown import Shown, Told, for_callers
from dufm.theory.derivations import DERIVATIONS, derivation, names
from dufm.theory.proof.checks import Checked
from dufm.theory.proof.derivation import Derivation, conclusion, document, proved


@dataclass(frozen=True)
class DerivedStep:
    """One step: its words, the relations its check decides, and what the check says.

    Attributes:
        words: for a reader.
        relations: SymPy relations, shown below the words.
        checked: ok, method and note.
    """

    words: str
    relations: tuple[object, ...]
    checked: Checked

    def _repr_latex_(self) -> str:
        return "\n".join(f"$$ {sp.latex(relation)} $$" for relation in self.relations)


@dataclass(frozen=True, repr=False)
class Derived:
    """A derivation with its steps checked: text in a terminal, typeset in a notebook.

    Attributes:
        derivation: name, title, source, statement, steps.
        checked: what each check said.
    """

    derivation: Derivation
    checked: tuple[Checked, ...]

    @property
    def proved(self) -> bool:
        """Whether every step holds by a method that proves."""
        return proved(self.checked)

    @property
    def states(self) -> str:
        """The statement."""
        return self.derivation.states

    @property
    def steps(self) -> tuple[DerivedStep, ...]:
        """The chain."""
        pairs = zip(self.derivation.steps, self.checked, strict=True)
        return tuple(DerivedStep(step.words, step.shown, checked) for step, checked in pairs)

    def text(self, ascii_only: bool = False) -> str:
        """For a terminal; `ascii_only` draws formulas with ASCII characters."""
        return self.derivation.render("text", ascii_only)

    def latex(self, standalone: bool = False) -> str:
        """A fragment for a document with amsmath, or a whole file."""
        fragment = self.derivation.render("latex")
        return document(fragment) if standalone else fragment

    def __str__(self) -> str:
        return self.text()

    def __repr__(self) -> str:
        return f"{self.derivation.title}\n  {self.states}\n{conclusion(self.checked)}; print() shows them"

    def _repr_markdown_(self) -> str:
        return self.derivation.render("markdown")


@dataclass(frozen=True, repr=False)
class Derivations(Shown):
    """Names of all derivations with what each shows.

    Attributes:
        titles: by name.
    """

    titles: dict[str, str]

    def __iter__(self) -> Iterator[str]:
        return iter(self.titles)

    def __len__(self) -> int:
        return len(self.titles)

    def told(self) -> Told:
        return Told(f"{len(self)} derivations", ("name", "shows"), list(self.titles.items()))


@for_callers
def derive(name: str) -> Derived:
    """A derivation by name, its steps checked by the machine now.

    Args:
        name: one that `derivations` lists.

    Raises:
        ProblemError: for a name that is not there, with the nearest.

    Examples:
        >>> import dufm
        >>> dufm.derive("cuts").proved
        True
    """
    found = derivation(name)
    return Derived(found, found.check())


@for_callers
def derivations() -> Derivations:
    """Every derivation by name, with what it shows.

    Examples:
        >>> import dufm
        >>> "srg" in dufm.derivations()
        True
    """
    shows = ((builder.__doc__ or "").splitlines()[0] for builder in DERIVATIONS)
    return Derivations(dict(zip(names(), shows, strict=True)))
