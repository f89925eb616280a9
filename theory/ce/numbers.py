"""One formula, three exact arithmetics: SymPy expressions, balls, elements of a cyclotomic field.

A structure writes its logits once, in terms of `rational(a, b)` and `cosine(k, N)` = cos(2 pi k / N). Over SymPy that
shows the closed form, over balls it gives digits, over the field it can be compared and multiplied exactly.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol

import sympy as sp
from flint import arb, ctx, fmpq, fmpq_mat, fmpq_poly, fmpz_poly

Rows = Sequence[Sequence[Any]]


class Numbers(Protocol):
    """What a structure needs of an arithmetic; values it returns add, subtract, multiply and divide."""

    def rational(self, a: int, b: int = 1) -> Any: ...

    def cosine(self, k: int, N: int) -> Any: ...


class Symbols:
    """SymPy."""

    def rational(self, a: int, b: int = 1) -> sp.Expr:
        return sp.Rational(a, b)

    def cosine(self, k: int, N: int) -> sp.Expr:
        return sp.cos(sp.Rational(2 * k, N) * sp.pi)


class Balls:
    """Ball arithmetic at flint's current precision."""

    def rational(self, a: int, b: int = 1) -> arb:
        return arb(fmpq(a, b))

    def cosine(self, k: int, N: int) -> arb:
        return arb.cos_pi_fmpq(fmpq(2 * k, N))


class Element:
    """An element of Q(zeta_N), a polynomial in zeta of degree below phi(N); equality is exact."""

    __slots__ = ("modulus", "value")

    def __init__(self, value: fmpq_poly, modulus: fmpq_poly) -> None:
        self.modulus = modulus
        self.value = value % modulus

    def _of(self, other: Any) -> fmpq_poly:
        return other.value if isinstance(other, Element) else fmpq_poly([other])

    def __add__(self, other: Any) -> "Element":
        return Element(self.value + self._of(other), self.modulus)

    def __sub__(self, other: Any) -> "Element":
        return Element(self.value - self._of(other), self.modulus)

    def __neg__(self) -> "Element":
        return Element(-self.value, self.modulus)

    def __mul__(self, other: Any) -> "Element":
        return Element(self.value * self._of(other), self.modulus)

    def __rsub__(self, other: Any) -> "Element":
        return -(self - other)

    __radd__, __rmul__ = __add__, __mul__

    def __truediv__(self, other: Any) -> "Element":
        common, inverse, _ = self._of(other).xgcd(self.modulus)
        if common != fmpq_poly([1]):
            raise ZeroDivisionError("division by zero in a cyclotomic field")
        return self * Element(inverse, self.modulus)

    def __rtruediv__(self, other: Any) -> "Element":
        return Element(self._of(other), self.modulus) / self

    def __pow__(self, exponent: int) -> "Element":
        result = Element(fmpq_poly([1]), self.modulus)
        for _ in range(exponent):
            result = result * self
        return result

    def __eq__(self, other: object) -> bool:
        return (self - other).value == fmpq_poly([0])

    def __hash__(self) -> int:
        return hash(str(self.value))


@dataclass(frozen=True)
class Field:
    """Q(zeta_N); it holds cos(2 pi k / M) for every M that divides N."""

    N: int

    def rational(self, a: int, b: int = 1) -> Element:
        return Element(fmpq_poly([fmpq(a, b)]), _cyclotomic(self.N))

    def cosine(self, k: int, N: int) -> Element:
        if self.N % N:
            raise ValueError(f"cos(2 pi k / {N}) is not taken in Q(zeta_{self.N})")
        power, modulus = (k * (self.N // N)) % self.N, _cyclotomic(self.N)
        wave = fmpq_poly([0] * power + [1]) + fmpq_poly([0] * ((-power) % self.N) + [1])
        return Element(wave * fmpq(1, 2), modulus)


@cache
def _cyclotomic(N: int) -> fmpq_poly:
    return fmpq_poly(fmpz_poly.cyclotomic(N))


class FieldMatrix:
    """A matrix over Q(zeta_N) as phi(N) rational matrices, so that products are flint's."""

    def __init__(self, parts: Sequence[fmpq_mat], N: int) -> None:
        self.parts, self.N = list(parts), N

    @classmethod
    def of(cls, rows: Rows, N: int) -> "FieldMatrix":
        """Read rows of elements of Q(zeta_N)."""
        degree, height, width = _cyclotomic(N).degree(), len(rows), len(rows[0])
        flat = [x.value for row in rows for x in row]
        return cls([fmpq_mat(height, width, [x[d] for x in flat]) for d in range(degree)], N)

    def transpose(self) -> "FieldMatrix":
        return FieldMatrix([part.transpose() for part in self.parts], self.N)

    def __mul__(self, other: "FieldMatrix") -> "FieldMatrix":
        degree = len(self.parts)
        wide = [fmpq_mat(self.parts[0].nrows(), other.parts[0].ncols()) for _ in range(2 * degree - 1)]
        for i, left in enumerate(self.parts):
            for j, right in enumerate(other.parts):
                wide[i + j] += left * right
        modulus = _cyclotomic(self.N)
        for top in range(2 * degree - 2, degree - 1, -1):
            for d in range(degree):
                wide[top - degree + d] -= wide[top] * modulus[d]
        return FieldMatrix(wide[:degree], self.N)

    def minus(self, scale: Element) -> "FieldMatrix":
        """This matrix less `scale` times the identity."""
        size = self.parts[0].nrows()
        unit = fmpq_mat(size, size, [fmpq(int(i == j)) for i in range(size) for j in range(size)])
        return FieldMatrix([part - unit * scale.value[d] for d, part in enumerate(self.parts)], self.N)

    def trace(self) -> Element:
        size = self.parts[0].nrows()
        sums = [sum((part[i, i] for i in range(size)), fmpq(0)) for part in self.parts]
        return Element(fmpq_poly(sums), _cyclotomic(self.N))

    def is_zero(self) -> bool:
        return all(x == 0 for part in self.parts for x in part.entries())


def digits_to_bits(digits: int) -> int:
    """Working precision in bits for results good to `digits` decimal digits, with room for cancellation."""
    return 64 + 4 * digits


def working(digits: int) -> Any:
    """Context in which balls carry enough bits for `digits` digits."""
    return ctx.workprec(digits_to_bits(digits))
