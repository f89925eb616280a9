"""Structures made of regular polygons: collapse, one polygon, direct sums of polygons and pairs, the antiprism.

An m-gon carries m classes on the unit circle; its logits are A cos(2 pi (i-j)/m), which have singular values m A / 2,
twice (m = 2: a pair, 2 once, at A = 1). A single class beside blocks whose columns sum to zero has the column
e_i - 1/K.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from math import lcm

from dufm.theory.ce.numbers import Numbers, Rows
from dufm.theory.ce.structure import Margins, Squares


@dataclass(frozen=True)
class Blocks:
    """Sizes >= 2 of the polygons and how many single classes stand beside them."""

    sizes: tuple[int, ...]
    singles: int = 0


class PolygonSum:
    """A direct sum of polygons, pairs and singles; `blocks(K)` says which, or None where there is no such sum."""

    def __init__(self, name: str, needs: str, blocks: Callable[[int], Blocks | None]) -> None:
        self.name, self.needs, self.blocks = name, needs, blocks

    def valid(self, K: int) -> bool:
        return K >= 3 and self.blocks(K) is not None

    def _parts(self, K: int) -> Blocks:
        return self.blocks(K) or Blocks(())

    def order(self, K: int) -> int:
        return lcm(1, *self._parts(K).sizes)

    def logits(self, K: int, numbers: Numbers) -> Rows:
        zero, parts = numbers.rational(0), self._parts(K)
        rows = [[zero] * K for _ in range(K)]
        start = 0
        alone = len(parts.sizes) == 1 and not parts.singles
        for m in parts.sizes:
            scale = _amplitude(m, alone, numbers)
            for i in range(m):
                for j in range(m):
                    rows[start + j][start + i] = scale * numbers.cosine(i - j, m)
            start += m
        for i in range(start, K):
            for j in range(K):
                rows[j][i] = numbers.rational(K * int(i == j) - 1, K)
        return rows

    def margins(self, K: int, numbers: Numbers) -> Margins:
        parts = self._parts(K)
        alone = len(parts.sizes) == 1 and not parts.singles
        kinds = []
        for m, blocks in sorted(Counter(parts.sizes).items()):
            scale = _amplitude(m, alone, numbers)
            row = [(scale * (1 - numbers.cosine(k, m)), 1 if 2 * k == m else 2) for k in range(1, m // 2 + 1)]
            kinds.append((m * blocks, [*row, *([(scale, K - m)] if K > m else [])]))
        if parts.singles:
            kinds.append((parts.singles, [(numbers.rational(1), K - 1)]))
        return kinds

    def squares(self, K: int, numbers: Numbers) -> Squares:
        parts = self._parts(K)
        alone = len(parts.sizes) == 1 and not parts.singles
        values = []
        for m, blocks in Counter(parts.sizes).items():
            scale = _amplitude(m, alone, numbers)
            values.append((scale * scale * numbers.rational(m * m, 4 if m > 2 else 1), blocks * (2 if m > 2 else 1)))
        if parts.singles > 1:
            values.append((numbers.rational(1), parts.singles - 1))
        if 0 < parts.singles < K:
            values.append((numbers.rational(K - parts.singles, K), 1))
        return merged(values)


def _amplitude(m: int, alone: bool, numbers: Numbers):
    """Least A with margins 1: inside the polygon A (1 - cos(2 pi / m)) >= 1, towards other blocks A >= 1."""
    return numbers.rational(1) if m < 5 and not (alone and m == 3) else 1 / (1 - numbers.cosine(1, m))


def merged(values: Squares) -> Squares:
    """Equal squared singular values together (a triangle's 9/4 never meets a square's 4)."""
    kept: list[tuple[object, int]] = []
    for value, count in values:
        for i, (known, many) in enumerate(kept):
            if bool(known == value):
                kept[i] = (known, many + count)
                break
        else:
            kept.append((value, count))
    return kept


class Antiprism:
    """K even, K >= 8: polygon plus an alternating coordinate, Z_ij = A cos(2 pi (i-j)/K) + B (-1)^(i-j), rank 3.

    A and B make the margins to the first and second neighbours both 1.
    """

    name = "antiprism"
    needs = "K even, K >= 8"

    def valid(self, K: int) -> bool:
        return K >= 8 and K % 2 == 0

    def order(self, K: int) -> int:
        return K

    def amplitudes(self, K: int, numbers: Numbers):
        """(A, B) of least margins 1."""
        a = 1 / (1 - numbers.cosine(2, K))
        return a, (1 - a * (1 - numbers.cosine(1, K))) / 2

    def logits(self, K: int, numbers: Numbers) -> Rows:
        a, b = self.amplitudes(K, numbers)
        wave = [a * numbers.cosine(k, K) + b * (-1) ** k for k in range(K)]
        return [[wave[(i - j) % K] for i in range(K)] for j in range(K)]

    def margins(self, K: int, numbers: Numbers) -> Margins:
        a, b = self.amplitudes(K, numbers)
        one = numbers.rational(1)
        row = [
            (a * (1 - numbers.cosine(k, K)) + b * (1 - (-1) ** k), 1 if 2 * k == K else 2) for k in range(3, K // 2 + 1)
        ]
        return [(K, [(one, 4), *row])]

    def squares(self, K: int, numbers: Numbers) -> Squares:
        a, b = self.amplitudes(K, numbers)
        return [(a * a * numbers.rational(K * K, 4), 2), (b * b * K * K, 1)]


def _pairs(K: int) -> Blocks | None:
    return Blocks((2,) * (K // 2)) if K >= 4 and K % 2 == 0 else None


def _pairs_and_single(K: int) -> Blocks | None:
    return Blocks((2,) * (K // 2), 1) if K >= 5 and K % 2 else None


def _pair_and_singles(K: int) -> Blocks | None:
    return Blocks((2,), K - 2) if K >= 4 else None


def _triangles(K: int) -> Blocks | None:
    return Blocks((3,) * (K // 3)) if K >= 6 and K % 3 == 0 else None


def _triangle_and_pairs(K: int) -> Blocks | None:
    return Blocks((3, *(2,) * ((K - 3) // 2))) if K >= 5 and K % 2 else None


def _pentagon_and_pairs(K: int) -> Blocks | None:
    return Blocks((5, *(2,) * ((K - 5) // 2))) if K >= 7 and K % 2 else None


DNC_LOGITS = PolygonSum("dnc", "K >= 3", lambda K: Blocks((), K))
POLYGON = PolygonSum("polygon", "K >= 3", lambda K: Blocks((K,)))
PAIRS = PolygonSum("pairs", "K even, K >= 4", _pairs)
PAIRS_AND_SINGLE = PolygonSum("pairs+1", "K odd, K >= 5", _pairs_and_single)
PAIR_AND_SINGLES = PolygonSum("pair+singles", "K >= 4", _pair_and_singles)
TRIANGLES = PolygonSum("triangles", "K a multiple of 3, K >= 6", _triangles)
TRIANGLE_AND_PAIRS = PolygonSum("triangle+pairs", "K odd, K >= 5", _triangle_and_pairs)
PENTAGON_AND_PAIRS = PolygonSum("pentagon+pairs", "K odd, K >= 7", _pentagon_and_pairs)
