"""The finite part of the proof for three classes and two layers: boxes of singular values, in integer arithmetic.

With x = u - u^4 and DNC's g = 1/u + 2 u^2 (derivation `optimal-three`) what is to be shown for s_1 >= s_2 >= s_3 >= 0
with s_1 s_3 < x and s_1 <= 3g/2 is that one of these is at least 3g, phi(s) = 1/(s^2 + x) + 2 s:

    phi(s_2) + 1/(s_1^2 + x) + 1/(s_3^2 + x) + 4 sqrt(s_1 s_3)
    phi(s_1) + phi(s_2) + 1/(s_3^2 + x) + 2 s_3^2 (1/s_2 + (s_2^2 - s_3^2)/(s_1 s_2 (s_1 + s_2)))

On a box every term is bounded below by its value at one end; phi, whose only other turn is a maximum, by its value at
an end or by g, its least value, where u^2 lies between.
"""

from collections.abc import Iterator
from fractions import Fraction
from functools import cache
from math import isqrt

ONE = 1 << 40
# A box as thin as this is taken for a place where both bounds fail.
THIN = 4
MOST = 1_000_000

Box = tuple[tuple[int, int], tuple[int, int], tuple[int, int]]


@cache
def boxes_closed(u: Fraction) -> int | None:
    """How many boxes that close cover everything at x = u - u^4; None if some box cannot be closed.

    Args:
        u: with 1/2 <= u^3 < 1, that is 0 < x <= x*_2.

    Raises:
        ValueError: for another u.
    """
    if not Fraction(1, 2) <= u**3 < 1:
        raise ValueError(f"u must have 1/2 <= u^3 < 1, got {u}")
    bounds = Bounds(u)
    top = _up(3 * bounds.g / 2)
    waiting: list[Box] = [((0, top), (0, top), (0, top))]
    closed = tried = 0
    while waiting:
        box = _ordered(waiting.pop())
        if box is None or bounds.far(box):
            continue
        tried += 1
        if bounds.closes(box):
            closed += 1
        else:
            if tried > MOST or max(high - low for low, high in box) < THIN:
                return None
            waiting += _halves(box)
    return closed


class Bounds:
    """The two bounds at x = u - u^4 on boxes whose ends are multiples of 1/ONE."""

    def __init__(self, u: Fraction) -> None:
        x, self.g = u - u**4, 1 / u + 2 * u**2
        self._x, self._least, self._wanted = _up(x), _down(self.g), _up(3 * self.g)
        self._at = _down(u**2), _up(u**2)

    def far(self, box: Box) -> bool:
        """Whether s_1 s_3 >= x in the whole box."""
        return box[0][0] * box[2][0] >= self._x * ONE

    def closes(self, box: Box) -> bool:
        """Whether one of the two bounds holds in the whole box."""
        (a_1, b_1), (a_2, b_2), (a_3, b_3) = box
        second, third = self._phi(a_2, b_2), self._inverse(b_3)
        if second + self._inverse(b_1) + third + 4 * isqrt(a_1 * a_3) >= self._wanted:
            return True
        chord = a_3 * a_3 // b_2 if a_3 else 0
        if a_3 and a_2 > b_3:
            chord += a_3 * a_3 * (a_2 * a_2 - b_3 * b_3) // (b_1 * b_2 * (b_1 + b_2))
        return self._phi(a_1, b_1) + second + third + 2 * chord >= self._wanted

    def _inverse(self, s: int) -> int:
        """1 / (s^2 + x), rounded down."""
        return ONE * ONE // (self._x - (-s * s // ONE))

    def _phi(self, low: int, high: int) -> int:
        """The least value of phi between two ends."""
        apart = self._inverse(high) + 2 * low
        if low <= self._at[1] and high >= self._at[0]:
            return max(self._least, apart)
        return max(apart, min(self._inverse(end) + 2 * end for end in (low, high)))


def _ordered(box: Box) -> Box | None:
    """The part of a box with s_1 >= s_2 >= s_3, in a box; None if there is none."""
    (a_1, b_1), (a_2, b_2), (a_3, b_3) = box
    b_2 = min(b_1, b_2)
    b_3, a_2 = min(b_2, b_3), max(a_2, a_3)
    a_1 = max(a_1, a_2)
    return ((a_1, b_1), (a_2, b_2), (a_3, b_3)) if a_1 <= b_1 and a_2 <= b_2 and a_3 <= b_3 else None


def _halves(box: Box) -> Iterator[Box]:
    widths = [high - low for low, high in box]
    longest = widths.index(max(widths))
    low, high = box[longest]
    for part in ((low, (low + high) // 2), ((low + high) // 2, high)):
        yield (*box[:longest], part, *box[longest + 1 :])  # pyright: ignore[reportReturnType]


def _down(value: Fraction) -> int:
    return value.numerator * ONE // value.denominator


def _up(value: Fraction) -> int:
    return -(-value.numerator * ONE // value.denominator)
