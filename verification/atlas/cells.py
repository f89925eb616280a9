"""Cells of a sweep: which problems a grid names, and what can be said of each without searching.

A cell is (K, L, Lambda): K classes, L layers, all L + 1 strengths equal to Lambda, n = 1. Lambda = x / K is cut to six
significant digits, so that a cell is an exact problem and never lies above the threshold that its grid names.
"""

import re
from dataclasses import dataclass
from decimal import ROUND_DOWN, Context, Decimal
from fractions import Fraction

import numpy as np
import sympy as sp

from dufm.theory.problem import Problem
from dufm.theory.squared.phi import collapse_threshold
from dufm.theory.stated import ProblemError, exact_number
from dufm.verification.base.number_lists import read_integers

DIGITS = 6
MOST_CELLS = 100_000


@dataclass(frozen=True, order=True)
class Cell:
    """One problem of a grid.

    Attributes:
        K: classes.
        L: weight layers.
        Lambda: strength of every factor, exact.
    """

    K: int
    L: int
    Lambda: Fraction

    @property
    def problem(self) -> Problem:
        """The problem at the default width."""
        return Problem.of(self.K, self.L, self.Lambda)

    @property
    def strength(self) -> str:
        """Lambda as text: a decimal where it has one, else a fraction."""
        found = Context(prec=40).divide(Decimal(self.Lambda.numerator), Decimal(self.Lambda.denominator))
        return format(found.normalize(), "f") if Fraction(found) == self.Lambda else str(self.Lambda)

    @property
    def x(self) -> float:
        """K Lambda."""
        return float(self.K * self.Lambda)

    def seed(self, entropy: int) -> int:
        """The cell's own seed: it depends on the cell and the entropy, never on the grid or the order of work."""
        words = [entropy, self.K, self.L, self.Lambda.numerator, self.Lambda.denominator]
        return int(np.random.SeedSequence(words).generate_state(1)[0])

    def __str__(self) -> str:
        return f"K = {self.K}, L = {self.L}, x = {self.x:.4g}"


def read_strengths(text: str, L: int, option: str = "--x") -> list[Fraction]:
    """Read x = K Lambda: "1e-4:coll:log9", or a list such as "0.01,0.1,0.9*coll"; coll is DNC's threshold x*_L.

    Raises:
        ProblemError: naming the option, for anything else.
    """
    span = re.fullmatch(r"([^:,]+):([^:,]+):log(\d{1,3})", text.strip())
    if span is None:
        return [_strength(part, L, option) for part in text.split(",")]
    low, high, count = _strength(span[1], L, option), _strength(span[2], L, option), int(span[3])
    if count < 2 or low >= high:
        raise ProblemError(f"{option} must be LOW:HIGH:logN with LOW < HIGH and N >= 2, got {text!r} at L = {L}")
    inner = [Fraction(float(low) * float(high / low) ** (i / (count - 1))) for i in range(1, count - 1)]
    return [low, *inner, high]


def _strength(text: str, L: int, option: str) -> Fraction:
    try:
        factor, coll = re.fullmatch(r"\s*(?:([^*]+)\*)?\s*(coll)\s*|(.*)", text).groups()[:2]  # pyright: ignore
        value = exact_number(factor or 1, option) if coll else exact_number(text, option)
        value *= Fraction(str(sp.N(collapse_threshold(L), 30))) if coll else 1
    except ProblemError:
        value = Fraction(0)
    if value <= 0:
        raise ProblemError(
            f"{option} must be LOW:HIGH:logN or a list of numbers > 0, coll and 0.9*coll, got {text.strip()!r}"
        )
    return value


def read_grid(classes: str, layers: str, strengths: str) -> list[Cell]:
    """Every cell of K x L x x, sorted.

    Raises:
        ProblemError: naming the option that makes no sense, or for more than 100 000 cells.
    """
    cells = set()
    many = read_integers(classes, "--K", 2)
    for L in read_integers(layers, "--L", 1):
        for x in read_strengths(strengths, L):
            for K in many:
                short = Context(prec=DIGITS, rounding=ROUND_DOWN)
                cells.add(Cell(K, L, Fraction(short.divide(Decimal((x / K).numerator), Decimal((x / K).denominator)))))
        if len(cells) > MOST_CELLS:
            raise ProblemError(f"the grid of --K, --L and --x must have at most {MOST_CELLS} cells, got more")
    return sorted(cells)
