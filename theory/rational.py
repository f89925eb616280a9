"""Exact rational matrices: flint's `fmpq_mat` with the few operations a DUFM needs.

A matrix is anything `matrix` accepts (nested sequences of int or Fraction, a SymPy matrix of rationals);
floats are refused, because where a float comes from decides what it should mean.
"""

from collections.abc import Iterable, Sequence
from fractions import Fraction
from numbers import Rational
from typing import Any

import sympy as sp
from flint import fmpq, fmpq_mat

Exact = int | Fraction


def fraction(value: Any) -> Fraction:
    """Read an int, Fraction, flint or SymPy rational as a Fraction.

    Raises:
        TypeError: for floats and anything else that is not exactly rational.
    """
    if type(value) is Fraction:
        return value
    if isinstance(value, fmpq):
        return Fraction(int(value.p), int(value.q))
    if isinstance(value, (Rational, sp.Rational)) and not isinstance(value, bool):
        return Fraction(int(value.numerator), int(value.denominator))
    if isinstance(value, sp.Basic) and value.is_Rational:
        return Fraction(str(value))
    raise TypeError(f"an exact rational is needed, got {value!r} ({type(value).__name__})")


def matrix(rows: Any) -> fmpq_mat:
    """An exact matrix from nested sequences, a SymPy matrix or another `fmpq_mat`.

    Raises:
        ValueError: if the rows have different lengths or there are none.
        TypeError: if an entry is not exactly rational.
    """
    if isinstance(rows, fmpq_mat):
        return rows
    table: Sequence[Iterable[Any]] = rows.tolist() if isinstance(rows, sp.MatrixBase) else list(rows)
    lists = [[_entry(x) for x in row] for row in table]
    if not lists or not lists[0]:
        raise ValueError("a matrix needs at least one row and one column")
    width = len(lists[0])
    if any(len(row) != width for row in lists):
        raise ValueError(f"rows of different lengths: {sorted({len(row) for row in lists})}")
    return fmpq_mat(len(lists), width, [x for row in lists for x in row])


def _entry(value: Any) -> fmpq:
    # Abstract classes of numbers are slow to ask; most entries are of these two kinds.
    if type(value) is fmpq:
        return value
    exact = value if type(value) is Fraction else fraction(value)
    return fmpq(exact.numerator, exact.denominator)


def identity(size: int) -> fmpq_mat:
    """The identity matrix of the given size."""
    return fmpq_mat(size, size, [fmpq(int(i == j)) for i in range(size) for j in range(size)])


def relu(m: fmpq_mat) -> fmpq_mat:
    """max(., 0), entry by entry."""
    zero = fmpq(0)
    return fmpq_mat(m.nrows(), m.ncols(), [max(x, zero) for x in m.entries()])


def squared_norm(m: fmpq_mat) -> Fraction:
    """Squared Frobenius norm."""
    return fraction(sum((x * x for x in m.entries()), fmpq(0)))


def block_diagonal(blocks: Sequence[fmpq_mat]) -> fmpq_mat:
    """The direct sum of matrices, zeros elsewhere."""
    columns = sum(b.ncols() for b in blocks)
    entries: list[fmpq] = []
    left = 0
    for b in blocks:
        for i in range(b.nrows()):
            row = [b[i, j] for j in range(b.ncols())]
            entries += [fmpq(0)] * left + row + [fmpq(0)] * (columns - left - b.ncols())
        left += b.ncols()
    return fmpq_mat(sum(b.nrows() for b in blocks), columns, entries)


def to_lists(m: fmpq_mat) -> list[list[Fraction]]:
    """Rows of Fractions."""
    return [[fraction(m[i, j]) for j in range(m.ncols())] for i in range(m.nrows())]


def to_sympy(m: fmpq_mat) -> sp.Matrix:
    """The same matrix for SymPy."""
    return sp.Matrix(m.nrows(), m.ncols(), [sp.Rational(int(fmpq(x).p), int(fmpq(x).q)) for x in m.entries()])
