"""What a candidate minimiser of the cross-entropy model must tell: its logits, margins and singular values, exactly.

Every structure is normalised so that its least margin min (Z_ii - Z_ji) is 1; alpha Z then has least margin alpha,
cross-entropy CE(alpha) and regulariser (L+1)/2 Lambda c alpha^p, where p = 2/(L+1) and c = sum sigma_i^p is its
hard-margin cost (deep linear model: Garrod and Keating, arXiv 2410.23169; this form ours).
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any, Protocol, runtime_checkable

import sympy as sp
from flint import arb

from dufm.theory.ce.numbers import Balls, Element, Field, FieldMatrix, Numbers, Rows, Symbols
from dufm.theory.stated import ProblemError

Margins = Sequence[tuple[int, Sequence[tuple[Any, int]]]]
Squares = Sequence[tuple[Any, int]]


@runtime_checkable
class CeStructure(Protocol):
    """The protocol; a structure inherits nothing. `needs` says in words what `valid` tests."""

    @property
    def name(self) -> str: ...

    @property
    def needs(self) -> str: ...

    def valid(self, K: int) -> bool:
        """Whether the structure exists for K classes."""
        ...

    def order(self, K: int) -> int:
        """N such that all its numbers lie in Q(zeta_N)."""
        ...

    def logits(self, K: int, numbers: Numbers) -> Rows:
        """Z (K x K, column i = logits of class i) at least margin 1, from the structure's definition."""
        ...

    def margins(self, K: int, numbers: Numbers) -> Margins:
        """Kinds of classes as (how many, ((Z_ii - Z_ji, count of such j != i), ...)), in closed form."""
        ...

    def squares(self, K: int, numbers: Numbers) -> Squares:
        """Non-zero squared singular values of Z with their multiplicities, in closed form."""
        ...


def require_ce(structure: CeStructure, K: int) -> None:
    """Raise one clear line unless the structure exists for K classes."""
    if not structure.valid(K):
        raise ProblemError(f"structure {structure.name!r} needs {structure.needs}; got K = {K}")


def rank(structure: CeStructure, K: int) -> int:
    """Rank of the logits."""
    require_ce(structure, K)
    return sum(count for _, count in structure.squares(K, Symbols()))


def singular_values(structure: CeStructure, K: int) -> tuple[tuple[sp.Expr, int], ...]:
    """Non-zero singular values at least margin 1 with their multiplicities, exact."""
    require_ce(structure, K)
    return tuple((sp.sqrt(value), count) for value, count in structure.squares(K, Symbols()))


def hard_margin_cost(structure: CeStructure, K: int, L: int) -> sp.Expr:
    """c = sum sigma_i^p at least margin 1, p = 2/(L+1), exact."""
    require_ce(structure, K)
    return sp.Add(*(count * value ** sp.Rational(1, L + 1) for value, count in structure.squares(K, Symbols())))


def cost_ball(structure: CeStructure, K: int, L: int) -> arb:
    """The same as a rigorous ball at flint's current precision."""
    require_ce(structure, K)
    return sum((count * value.root(L + 1) for value, count in structure.squares(K, Balls())), arb(0))


def cross_entropy(structure: CeStructure, K: int, alpha: Any) -> sp.Expr:
    """CE at scale alpha: the mean over classes of log(1 + sum_j exp(-alpha margin_j)), exact in a symbol alpha."""
    require_ce(structure, K)
    kinds = [
        many * sp.log(1 + sp.Add(*(count * sp.exp(-alpha * margin) for margin, count in row)))
        for many, row in structure.margins(K, Symbols())
    ]
    return sp.Add(*kinds) / K


def verify(structure: CeStructure, K: int) -> bool:
    """Whether the closed forms are those of the logits and the least margin is 1, in exact arithmetic."""
    return agrees(structure, K) and least_margin_is_one(structure, K)


def agrees(structure: CeStructure, K: int) -> bool:
    """Whether the closed forms are those of the logits, in exact arithmetic over a cyclotomic field.

    Margins are compared as multisets, column by column. Singular values: Gram = Z^T Z is annihilated
    by X prod (X - sigma^2) and its first power traces are the stated ones, which fixes every multiplicity
    (Vandermonde). Columns of Z sum to zero.
    """
    require_ce(structure, K)
    field = Field(structure.order(K))
    rows = structure.logits(K, field)
    columns = range(K)
    found = Counter(_margins(rows, i) for i in columns)
    stated: Counter[frozenset[tuple[Element, int]]] = Counter()
    for many, row in structure.margins(K, field):
        merged: Counter[Element] = Counter()
        for margin, count in row:
            merged[margin] += count
        stated[frozenset(merged.items())] += many
    centred = all(sum((rows[j][i] for j in columns), field.rational(0)) == 0 for i in columns)
    return found == stated and centred and _spectrum(structure, K, rows, field)


def least_margin_is_one(structure: CeStructure, K: int) -> bool:
    """Whether 1 occurs among the margins, exactly, and every other one is above 1, by balls."""
    exact = structure.margins(K, Field(structure.order(K)))
    balls = structure.margins(K, Balls())
    ones = [[margin == 1 for margin, _ in row] for _, row in exact]
    above = [[bool(margin > 1) for margin, _ in row] for _, row in balls]
    fine = all(a or b for x, y in zip(ones, above, strict=True) for a, b in zip(x, y, strict=True))
    return fine and any(any(row) for row in ones)


def _margins(rows: Rows, i: int) -> frozenset[tuple[Element, int]]:
    counted = Counter(rows[i][i] - rows[j][i] for j in range(len(rows)) if j != i)
    return frozenset(counted.items())


def _spectrum(structure: CeStructure, K: int, rows: Rows, field: Field) -> bool:
    z = FieldMatrix.of(rows, field.N)
    gram = z.transpose() * z
    squares = structure.squares(K, field)
    left = gram
    for value, _ in squares:
        left = left * gram.minus(value)
    if not left.is_zero() or len({value for value, _ in squares}) != len(squares):
        return False
    power = gram
    for exponent in range(1, len(squares) + 1):
        if power.trace() != sum((value**exponent * count for value, count in squares), field.rational(0)):
            return False
        power = power * gram
    return True
