"""`dufm.threshold` and `dufm.bound`: up to which strength DNC is optimal, and what no weights go below."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from dufm.library.shown import Shown, Told, for_callers
from dufm.theory.problem import Problem
from dufm.verification.answers.bound import bounded_cell
from dufm.verification.answers.threshold import judged_cells
from dufm.verification.claims.two_sided import TwoSided, brackets


@dataclass(frozen=True, repr=False)
class Threshold(Shown):
    """Both sides of one cell; exact ends.

    Attributes:
        K, L: the cell.
        x_collapse: rationals around x*, where DNC and zero weights tie.
        x_c: DNC is optimal below it: least and greatest value it may have.
        x_e: zero weights are optimal above it, likewise.
        C_over_K: what the least loss over DNC's tends to at weak decay, likewise.
        below_collapse: who wins below x*: "DNC", "low rank" or "open".
        claims: labels of the claims that the ends of x_c and x_e rest on.
        shares: x_c / x*, x_e / x* and C / K in words, rounded outwards.
    """

    K: int
    L: int
    x_collapse: tuple[Fraction, Fraction]
    x_c: tuple[Fraction, Fraction]
    x_e: tuple[Fraction, Fraction]
    C_over_K: tuple[Fraction, Fraction]
    below_collapse: str
    claims: tuple[str, ...]
    shares: tuple[str, str, str]

    @property
    def settled(self) -> bool:
        """Whether x_c is known."""
        return self.below_collapse != "open"

    def told(self) -> Told:
        x = float(self.x_collapse[0])
        title = f"K = {self.K}, L = {self.L}: DNC is optimal for x < x_c, zero weights for x > x_e; x* = {x:.6f}"
        return Told(title, ("x_c / x*", "x_e / x*", "C / K"), [self.shares], (f"By {', '.join(self.claims)}.",))

    def _repr_html_(self) -> None:
        # Mathematics: a notebook takes the formulas below.
        return None

    def _repr_latex_(self) -> str:
        words = [f"\\in {s}" if s.startswith("[") else f"= {s}" for s in self.shares]
        names = ("x_c / x^*", "x_e / x^*", "C / K")
        formulas = ",\\quad ".join(f"{name} {word}" for name, word in zip(names, words, strict=True))
        return f"$$K = {self.K},\\ L = {self.L}:\\quad {formulas}$$"


@for_callers
def threshold(K: int, L: int) -> Threshold:
    """Brackets of x_c, x_e and C/K of a cell, from claims run now (some seconds the first time).

    Args:
        K: classes, >= 2.
        L: weight layers, >= 1.

    Raises:
        ProblemError: for a cell that makes no sense, and where something shipped does not hold.

    Examples:
        >>> import dufm
        >>> dufm.threshold(K=2, L=1).below_collapse
        'DNC'
    """
    Problem.of(K, L, 1)
    cell: TwoSided = judged_cells([(K, L)])[0]
    t = cell.thresholds
    behind = dict.fromkeys(label for end in (*t.critical, *t.empty) for label in end.claims)
    critical, empty = ((a.x, b.x) for a, b in (t.critical, t.empty))
    return Threshold(K, L, t.collapse, critical, empty, cell.cost, cell.state, tuple(behind), brackets(cell))


@dataclass(frozen=True, repr=False)
class LowerBound(Shown):
    """What no weights go below at one cell, for every n and width.

    Attributes:
        K, L, x: the cell; at x = 0 all numbers are costs C of outputs I, else losses.
        lower: the greatest bound known, rounded down, and
        lower_by: where it comes from.
        certified: the bound that `certificate` proves, exact.
        dnc: DNC's.
        best_known: the least known, and
        best_known_by: whose.
        certificate: judged by its checker just now.
        says: what that said.
    """

    K: int
    L: int
    x: Fraction
    lower: float
    lower_by: str
    certified: Fraction
    dnc: float
    best_known: float
    best_known_by: str
    certificate: dict[str, Any]
    says: str

    @property
    def gap(self) -> float:
        """Between the best known and the bound, relative to the best known."""
        return max(self.best_known - self.lower, 0.0) / self.best_known

    def told(self) -> Told:
        rows = [(f"no weights go below: {self.lower_by}", self.lower, self.lower / self.dnc)]
        rows += [(f"best known: {self.best_known_by}", self.best_known, self.best_known / self.dnc)]
        what = "loss" if self.x else "cost C"
        rows += [("DNC", self.dnc, 1.0)]
        return Told(f"K = {self.K}, L = {self.L}, x = {self.x}", ("", what, "/ DNC"), rows, (self.says,))


@for_callers
def bound(K: int, L: int, x: Any) -> LowerBound:
    """A lower bound of the loss of all weights of any width at x = K Lambda, with the certificate that proves it.

    Args:
        K: classes, >= 2.
        L: weight layers, >= 1.
        x: >= 0, a number or text such as "1/5"; 0 is the limit of weak decay, where costs C are bounded.

    Raises:
        ProblemError: for a cell that makes no sense or is too large.

    Examples:
        >>> import dufm
        >>> found = dufm.bound(K=2, L=3, x="1/5")
        >>> found.lower <= found.best_known <= found.dnc
        True
    """
    found = bounded_cell(K, L, x)
    r = found.record
    numbers = (r["best_lower"], r["best_lower_by"], Fraction(r["lower_exact"]), r["dnc"], r["best_known"])
    return LowerBound(K, L, Fraction(r["x"]), *numbers, r["best_known_by"], found.certificate, r["says"])
