"""For which problems a claim is made. The record gives its words, its cells in the table and what certificates show.

Sets of K and L are finite lists, stretches, rays (every number from some on) or the K = r(r-1)/2 of a ray of r, so
membership beyond the largest number written in them repeats what holds just beyond it.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import count, islice
from typing import Any, Literal

from dufm.theory.problem import Problem
from dufm.theory.squared.phi import collapse_ends, collapse_power

Expect = dict[str, Any]


@dataclass(frozen=True)
class Only:
    """Some numbers, listed."""

    numbers: tuple[int, ...]

    def __contains__(self, number: int) -> bool:
        return number in self.numbers

    def __iter__(self) -> Iterator[int]:
        return iter(self.numbers)

    def text(self, name: str) -> str:
        return f"{name} = {', '.join(map(str, self.numbers))}"


@dataclass(frozen=True)
class From:
    """Every number from `least` on."""

    least: int

    def __contains__(self, number: int) -> bool:
        return number >= self.least

    def __iter__(self) -> Iterator[int]:
        return count(self.least)

    def text(self, name: str) -> str:
        return f"every {name} >= {self.least}"


@dataclass(frozen=True)
class Between:
    """Every number from `least` to `most`."""

    least: int
    most: int

    def __contains__(self, number: int) -> bool:
        return self.least <= number <= self.most

    def __iter__(self) -> Iterator[int]:
        return iter(range(self.least, self.most + 1))

    def text(self, name: str) -> str:
        return f"{name} = {self.least} to {self.most}"


@dataclass(frozen=True)
class Edges:
    """K = r(r-1)/2, the edges of the complete graph on r vertices, for every (even) r from `least` on."""

    least: int
    even: bool = False

    def __contains__(self, number: int) -> bool:
        return any(number == K for K in islice(self, number))

    def __iter__(self) -> Iterator[int]:
        return (r * (r - 1) // 2 for r in count(self.least, 2 if self.even else 1))

    def text(self, name: str) -> str:
        return f"{name} = r(r-1)/2 for every {'even ' if self.even else ''}r >= {self.least}"


Numbers = Only | From | Between | Edges


def rounded_down(value: Fraction, digits: int = 6) -> str:
    """A decimal that is not above the value."""
    return f"{value.numerator * 10**digits // value.denominator / 10**digits:g}"


@dataclass(frozen=True)
class Strengths:
    """Values of x = K Lambda.

    Attributes:
        low: least x, None for no bound.
        high: greatest x; "collapse" for x < x*_L, where DNC collapses; None for no bound.
        points: the values themselves, where they are listed.
    """

    low: Fraction | None = None
    high: Fraction | Literal["collapse"] | None = None
    points: tuple[Fraction, ...] = ()

    @property
    def whole(self) -> bool:
        """Whether this is every strength at which DNC is not zero."""
        return self.low is None and not self.points and not isinstance(self.high, Fraction)

    def holds(self, power: Fraction, L: int) -> bool:
        """Whether x is one of these at depth L, from x^(L+1), which is rational where x may not be."""
        if self.points:
            return any(power == x ** (L + 1) for x in self.points)
        if self.low is not None and power < self.low ** (L + 1):
            return False
        if self.high == "collapse":
            return power < collapse_power(L)
        return self.high is None or power <= self.high ** (L + 1)

    def ends(self, L: int) -> list[Fraction]:
        """Rationals [low, high] around a stretch; the collapse is rounded up by 2^-128 at most."""
        if self.low is None or self.high is None:
            raise ValueError("a certificate needs a stretch with two ends")
        at_collapse = collapse_ends(L)[1]
        return [self.low, at_collapse if self.high == "collapse" else self.high]

    def __str__(self) -> str:
        if self.points:
            return f"x = K Lambda = {', '.join(f'{float(x):g}' for x in self.points)} only"
        if self.low is None and self.high is None:
            return "all positive strengths"
        if self.low is None:
            up_to = f"every x = K Lambda up to {rounded_down(self.high)}" if isinstance(self.high, Fraction) else ""
            return up_to or "every Lambda below collapse"
        high = (
            "DNC's collapse" if self.high == "collapse" else "any x" if self.high is None else f"{float(self.high):g}"
        )
        return f"x = K Lambda from {float(self.low):g} to {high}"


EVERY, BELOW = Strengths(), Strengths(high="collapse")


def stretch(low: str, high: str = "collapse") -> Strengths:
    """x from low to high, both as a person types them."""
    return Strengths(Fraction(low), "collapse" if high == "collapse" else Fraction(high))


def at(*points: str) -> Strengths:
    """The x listed."""
    return Strengths(points=tuple(map(Fraction, points)))


@dataclass(frozen=True)
class Wide:
    """A least hidden width of its own: in words, and its value for K classes."""

    words: str
    at: Callable[[int], int]


@dataclass(frozen=True)
class Part:
    """One box of a regime.

    Attributes:
        K, L: classes and depths.
        x: strengths; None where the statement is not about any.
        width: hidden widths are >= K plus this, or as wide as said; None for no bound.
        n: samples a class; None for every number.
    """

    K: Numbers
    L: Numbers
    x: Strengths | None = BELOW
    width: int | Wide | None = 0
    n: int | None = None

    def room(self, K: int) -> int | None:
        """The least hidden width of which the part speaks at K."""
        return self.width.at(K) if isinstance(self.width, Wide) else None if self.width is None else K + self.width

    def __str__(self) -> str:
        words = [self.K.text("K"), self.L.text("L"), "every n" if self.n is None else f"n = {self.n}"]
        if self.width is not None:
            bound = self.width.words if isinstance(self.width, Wide) else f"K + {self.width}" if self.width else "K"
            words.append(f"hidden width >= {bound}")
        return ", ".join(words + ([] if self.x is None else [str(self.x)]))


@dataclass(frozen=True)
class Regime:
    """Boxes of (K, L, width, n, x), and what else the claim supposes, in words."""

    parts: tuple[Part, ...]
    also: str = ""

    def __str__(self) -> str:
        return "; or ".join(map(str, self.parts)) + (f"; {self.also}" if self.also else "")

    @property
    def cells(self) -> str:
        """The boxes of (K, L) alone, in words."""
        return "; or ".join(f"{part.K.text('K')}, {part.L.text('L')}" for part in self.parts)

    def has(self, K: int, L: int) -> bool:
        """Whether the claim says anything at (K, L)."""
        return any(K in part.K and L in part.L for part in self.parts)

    def whole(self, K: int, L: int) -> bool:
        """Whether the claim speaks of every strength at which DNC is not zero."""
        return any(part.x is not None and part.x.whole for part in self.parts if K in part.K and L in part.L)

    def contains(self, problem: Problem) -> bool:
        """Whether the claim speaks of this very problem."""
        for part in self.parts:
            room = part.room(problem.K)
            inside = problem.K in part.K and problem.L in part.L and part.n in (None, problem.n)
            wide = room is None or problem.width >= room
            if inside and wide and part.x is not None and part.x.holds(problem.x_power, problem.L):
                return True
        return False

    def heads(self, number: int = 1) -> tuple[Expect, ...]:
        """Head certificates that must be shown: at the least depth of each part, for its first few K."""
        return tuple(
            self._expect("head", part, K, L_from=next(iter(part.L)))
            for part in self.parts
            for K in islice(part.K, number)
        )

    def intervals(self) -> tuple[Expect, ...]:
        """Interval certificates that must be shown: one a cell, covering its stretch."""
        return tuple(
            self._expect("interval", part, K, L=L, x=part.x.ends(L))
            for part in self.parts
            if part.x is not None
            for K in part.K
            for L in part.L
        )

    def points(self, *x: str) -> tuple[Expect, ...]:
        """Point certificates that must be shown, at equal strengths and n = 1: at every x listed, or at these."""
        found = []
        for part in self.parts:
            for K, L in [
                (K, L)
                for K in islice(part.K, 8 if isinstance(part.K, Only | Between) else 1)
                for L in islice(part.L, 1)
            ]:
                for value in map(Fraction, x) if x or part.x is None else part.x.points:
                    if part.x is None or not part.x.holds(value ** (L + 1), L):
                        raise ValueError(f"x = {value} is not in the regime {part}")
                    lam = value / K
                    lambdas = [[lam.numerator, lam.denominator]] * (L + 1)
                    found.append(self._expect("point", part, K, L=L, n=1, lambdas=lambdas))
        return tuple(found)

    @staticmethod
    def _expect(kind: str, part: Part, K: int, **more: Any) -> Expect:
        room = part.room(K)
        return {"kind": kind, "K": K} | more | ({} if room is None else {"width": room})
