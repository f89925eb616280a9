"""Structures with several scales: exact families of logits whose best member beats the single-scale structure in it.

Margins of a family are linear in its parameters theta and squared singular values are quadratic forms, so a family is
known from its values at unit vectors: `theory.ce.newton` evaluates its loss and encloses its best member.
"""

from collections.abc import Sequence
from typing import Any, Protocol

from dufm.theory.ce.numbers import Numbers, Rows
from dufm.theory.ce.polygons import PAIRS_AND_SINGLE, PENTAGON_AND_PAIRS, Antiprism
from dufm.theory.ce.structure import CeStructure, Margins, Squares
from dufm.theory.stated import ProblemError, listed


class Family(Protocol):
    """The protocol of a family; `limit` is the single-scale structure it contains and is searched from."""

    @property
    def name(self) -> str: ...

    @property
    def needs(self) -> str: ...

    @property
    def parameters(self) -> tuple[str, ...]: ...

    @property
    def limit(self) -> CeStructure: ...

    def valid(self, K: int) -> bool:
        """Whether the family exists for K classes."""
        ...

    def order(self, K: int) -> int:
        """N such that its numbers lie in Q(zeta_N)."""
        ...

    def at_margin(self, K: int, numbers: Numbers) -> Sequence[Any]:
        """Parameters of `limit` at least margin 1."""
        ...

    def logits(self, K: int, theta: Sequence[Any], numbers: Numbers) -> Rows:
        """Z (K x K) from the family's definition."""
        ...

    def margins(self, K: int, theta: Sequence[Any], numbers: Numbers) -> Margins:
        """As for a structure; linear in theta."""
        ...

    def squares(self, K: int, theta: Sequence[Any], numbers: Numbers) -> Squares:
        """As for a structure; quadratic in theta."""
        ...


class Pyramid:
    """K odd: (K-1)/2 pairs of scale b beside an apex; with u = e_K - 1/K the pairs get -y1 u and the apex y2 u."""

    name = "pyramid"
    needs = "K odd, K >= 5"
    parameters = ("b", "y1", "y2")
    limit = PAIRS_AND_SINGLE

    def valid(self, K: int) -> bool:
        return K >= 5 and K % 2 == 1

    def order(self, K: int) -> int:
        return 1

    def at_margin(self, K: int, numbers: Numbers) -> Sequence[Any]:
        return numbers.rational(1), numbers.rational(0), numbers.rational(1)

    def logits(self, K: int, theta: Sequence[Any], numbers: Numbers) -> Rows:
        b, y1, y2 = theta
        rows = [[b * 0] * K for _ in range(K)]
        for i in range(K):
            along = -y1 if i < K - 1 else y2
            for j in range(K):
                rows[j][i] = along * numbers.rational(K * int(j == K - 1) - 1, K)
            if i < K - 1:
                rows[i][i], rows[i ^ 1][i] = rows[i][i] + b, rows[i ^ 1][i] - b
        return rows

    def margins(self, K: int, theta: Sequence[Any], numbers: Numbers) -> Margins:
        b, y1, y2 = theta
        return [(K - 1, [(b, K - 3), (b + b, 1), (b + y1, 1)]), (1, [(y2, K - 1)])]

    def squares(self, K: int, theta: Sequence[Any], numbers: Numbers) -> Squares:
        b, y1, y2 = theta
        return [(4 * b * b, (K - 1) // 2), ((y2 * y2 + (K - 1) * y1 * y1) * numbers.rational(K - 1, K), 1)]


class FreeAntiprism:
    """K even, K >= 8: Z_ij = A cos(2 pi (i-j)/K) + B (-1)^(i-j) with A and B free."""

    name = "antiprism(A,B)"
    needs = "K even, K >= 8"
    parameters = ("A", "B")
    limit = Antiprism()

    def valid(self, K: int) -> bool:
        return self.limit.valid(K)

    def order(self, K: int) -> int:
        return K

    def at_margin(self, K: int, numbers: Numbers) -> Sequence[Any]:
        return Antiprism().amplitudes(K, numbers)

    def logits(self, K: int, theta: Sequence[Any], numbers: Numbers) -> Rows:
        a, b = theta
        wave = [a * numbers.cosine(k, K) + b * (-1) ** k for k in range(K)]
        return [[wave[(i - j) % K] for i in range(K)] for j in range(K)]

    def margins(self, K: int, theta: Sequence[Any], numbers: Numbers) -> Margins:
        a, b = theta
        steps = range(1, K // 2 + 1)
        row = [(a * (1 - numbers.cosine(k, K)) + b * (1 - (-1) ** k), 1 if 2 * k == K else 2) for k in steps]
        return [(K, row)]

    def squares(self, K: int, theta: Sequence[Any], numbers: Numbers) -> Squares:
        a, b = theta
        return [(a * a * numbers.rational(K * K, 4), 2), (b * b * (K * K), 1)]


class PentagonAndPairs:
    """K odd, K >= 7: a pentagon of amplitude A beside (K-5)/2 pairs of amplitude B."""

    name = "pentagon+pairs(A,B)"
    needs = "K odd, K >= 7"
    parameters = ("A", "B")
    limit = PENTAGON_AND_PAIRS

    def valid(self, K: int) -> bool:
        return self.limit.valid(K)

    def order(self, K: int) -> int:
        return 5

    def at_margin(self, K: int, numbers: Numbers) -> Sequence[Any]:
        return 1 / (1 - numbers.cosine(1, 5)), numbers.rational(1)

    def logits(self, K: int, theta: Sequence[Any], numbers: Numbers) -> Rows:
        a, b = theta
        rows = [[b * 0] * K for _ in range(K)]
        for i in range(5):
            for j in range(5):
                rows[j][i] = a * numbers.cosine(i - j, 5)
        for i in range(5, K):
            rows[i][i], rows[((i - 5) ^ 1) + 5][i] = b, -b
        return rows

    def margins(self, K: int, theta: Sequence[Any], numbers: Numbers) -> Margins:
        a, b = theta
        ring = [(a * (1 - numbers.cosine(k, 5)), 2) for k in (1, 2)]
        return [(5, [*ring, (a, K - 5)]), (K - 5, [(b + b, 1), (b, K - 2)])]

    def squares(self, K: int, theta: Sequence[Any], numbers: Numbers) -> Squares:
        a, b = theta
        return [(a * a * numbers.rational(25, 4), 2), (4 * b * b, (K - 5) // 2)]


CE_FAMILIES: tuple[Family, ...] = (Pyramid(), FreeAntiprism(), PentagonAndPairs())


class Member:
    """One member of a family as a structure at unit scale, so that `verify` can check it exactly.

    Args:
        family: the family.
        weights: the parameters theta as rationals (numerator, denominator).
    """

    def __init__(self, family: Family, weights: Sequence[tuple[int, int]]) -> None:
        self.family, self.weights = family, weights
        self.name, self.needs = f"{family.name} member", family.needs

    def valid(self, K: int) -> bool:
        return self.family.valid(K)

    def order(self, K: int) -> int:
        return self.family.order(K)

    def _theta(self, numbers: Numbers) -> list[Any]:
        return [numbers.rational(a, b) for a, b in self.weights]

    def logits(self, K: int, numbers: Numbers) -> Rows:
        return self.family.logits(K, self._theta(numbers), numbers)

    def margins(self, K: int, numbers: Numbers) -> Margins:
        return self.family.margins(K, self._theta(numbers), numbers)

    def squares(self, K: int, numbers: Numbers) -> Squares:
        return self.family.squares(K, self._theta(numbers), numbers)


def ce_family_named(name: str) -> Family:
    """The family of that name.

    Raises:
        ProblemError: for a name that is not listed, with those that are.
    """
    for family in CE_FAMILIES:
        if family.name == name:
            return family
    accepted, found = listed(name, (f.name for f in CE_FAMILIES), "dufm structures --loss ce")
    raise ProblemError(f"family must be {accepted}, got {found}")
