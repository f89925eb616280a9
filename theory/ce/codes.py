"""Tight spherical codes: K unit vectors in R^r that form a tight frame, built from their definitions.

Their Gram matrix G has G^2 = (K/r) G, so Z = G / (1 - s), s the largest cosine between two of them, has the singular
value K / (r (1 - s)), r times: c = r^(1-p) (K / (1-s))^p. All the codes here have cosines in Q(sqrt 5).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import combinations, permutations, product
from typing import Any

from flint import fmpq, fmpq_mat

from dufm.theory.ce.numbers import Numbers, Rows
from dufm.theory.ce.structure import Margins, Squares

Cosine = tuple[fmpq, fmpq]  # a + b sqrt 5
Vectors = list[tuple[Cosine, ...]]


@dataclass(frozen=True)
class TightCode:
    """One code.

    Attributes:
        rank: r.
        cosines: cosines to the other vectors with their counts, seen from any vector; the largest is first.
        vectors: builds K vectors (of one common length, in a space of any dimension).
    """

    rank: int
    cosines: tuple[tuple[Cosine, int], ...]
    vectors: Callable[[], Vectors]


def rational_cosines(*pairs: tuple[int, int, int]) -> tuple[tuple[Cosine, int], ...]:
    """(a, b, count) for cosine a / b."""
    return tuple(((fmpq(a, b), fmpq(0)), count) for a, b, count in pairs)


class CodeStructure:
    """A family of tight codes; `member(K)` is the one with K vectors, or None."""

    def __init__(self, name: str, needs: str, member: Callable[[int], TightCode | None]) -> None:
        self.name, self.needs, self._member = name, needs, member

    def code(self, K: int) -> TightCode | None:
        """The code with K vectors, None where there is none."""
        return self._member(K)

    def valid(self, K: int) -> bool:
        return K >= 3 and self._member(K) is not None

    def _of(self, K: int) -> TightCode:
        code = self._member(K)
        if code is None:
            raise ValueError(f"no code {self.name} with K = {K}")
        return code

    def order(self, K: int) -> int:
        return 5 if any(b != 0 for (_, b), _ in self._of(K).cosines) else 1

    def logits(self, K: int, numbers: Numbers) -> Rows:
        vectors = self._of(K).vectors()
        plain = fmpq_mat([[a for a, _ in v] for v in vectors])
        other = fmpq_mat([[b for _, b in v] for v in vectors])
        # (a + b t)(c + d t) = ac + 5 bd + (ad + bc) t for t^2 = 5.
        low = plain * plain.transpose() + other * other.transpose() * 5
        high = plain * other.transpose() + other * plain.transpose()
        scale = _value((low[0, 0], high[0, 0]), numbers) * (1 - self._largest(K, numbers))
        table: dict[tuple[str, str], Any] = {}

        def entry(i: int, j: int) -> Any:
            key = (str(low[i, j]), str(high[i, j]))
            if key not in table:
                table[key] = _value((low[i, j], high[i, j]), numbers) / scale
            return table[key]

        return [[entry(j, i) for i in range(K)] for j in range(K)]

    def _largest(self, K: int, numbers: Numbers) -> Any:
        return _value(self._of(K).cosines[0][0], numbers)

    def margins(self, K: int, numbers: Numbers) -> Margins:
        gap = 1 - self._largest(K, numbers)
        (_, nearest), *others = self._of(K).cosines
        row = [(numbers.rational(1), nearest)]
        return [(K, row + [((1 - _value(c, numbers)) / gap, count) for c, count in others])]

    def squares(self, K: int, numbers: Numbers) -> Squares:
        code = self._of(K)
        sigma = numbers.rational(K, code.rank) / (1 - self._largest(K, numbers))
        return [(sigma * sigma, code.rank)]


def _value(number: Cosine, numbers: Numbers) -> Any:
    """a + b sqrt 5, with sqrt 5 = 1 + 4 cos(2 pi / 5)."""
    a, b = number
    value = numbers.rational(int(a.p), int(a.q))
    return value if b == 0 else value + numbers.rational(int(b.p), int(b.q)) * (numbers.cosine(1, 5) * 4 + 1)


def _rational(vectors: Sequence[Sequence[int | fmpq]]) -> Vectors:
    return [tuple((fmpq(x), fmpq(0)) for x in v) for v in vectors]


def johnson(v: int, k: int) -> Vectors:
    """Indicators of the k-subsets of v points, less their mean."""
    return _rational([[fmpq(int(x in chosen)) - fmpq(k, v) for x in range(v)] for chosen in combinations(range(v), k)])


def cube(r: int) -> Vectors:
    """The 2^r sign vectors."""
    return _rational(list(product((1, -1), repeat=r)))


def halved_cube() -> Vectors:
    """The 16 sign vectors of R^5 with an even number of minus signs (Clebsch graph)."""
    return _rational([v for v in product((1, -1), repeat=5) if v.count(-1) % 2 == 0])


def root_system(r: int) -> Vectors:
    """D_r: +-e_i +- e_j (r = 4 is the 24-cell)."""
    return _rational(_roots_d(r))


def _roots_d(r: int) -> list[list[int]]:
    roots = []
    for i, j in combinations(range(r), 2):
        for a, b in product((1, -1), repeat=2):
            roots.append([a if x == i else b if x == j else 0 for x in range(r)])
    return roots


@cache
def _e8() -> tuple[tuple[int, ...], ...]:
    """The 240 roots of E8, doubled."""
    halves = [v for v in product((1, -1), repeat=8) if v.count(-1) % 2 == 0]
    return tuple(tuple(2 * x for x in v) for v in _roots_d(8)) + tuple(halves)


def e8() -> Vectors:
    """The 240 roots of E8."""
    return _rational(_e8())


def _dot(v: Sequence[Any], w: Sequence[Any]) -> Any:
    return sum(x * y for x, y in zip(v, w, strict=True))


def e7() -> Vectors:
    """The 56 roots of E8 with <v, a> = 1 for one root a, less their part along a."""
    a = _e8()[0]
    return _rational([[2 * x - y for x, y in zip(v, a, strict=True)] for v in _e8() if _dot(v, a) == 4])


def schlaefli() -> Vectors:
    """The 27 roots of E8 with <v, a> = 1, <v, b> = 0 for roots with <a, b> = -1, less their part in that plane."""
    a = _e8()[0]
    b = next(w for w in _e8() if _dot(a, w) == -4)
    chosen = [v for v in _e8() if _dot(v, a) == 4 and _dot(v, b) == 0]
    # The projection on the plane is (2 a + b) / 3: it has products 1 with a and 0 with b.
    return _rational([[3 * x - 2 * y - z for x, y, z in zip(v, a, b, strict=True)] for v in chosen])


PHI: Cosine = (fmpq(1, 2), fmpq(1, 2))
SHORT: Cosine = (fmpq(-1, 2), fmpq(1, 2))  # 1 / phi
ONE: Cosine = (fmpq(1), fmpq(0))
ZERO: Cosine = (fmpq(0), fmpq(0))


def _signed(value: Cosine, sign: int) -> Cosine:
    return value[0] * sign, value[1] * sign


def icosahedron() -> Vectors:
    """Cyclic shifts of (0, +-1, +-phi)."""
    vectors: Vectors = []
    for shift in range(3):
        for a, b in product((1, -1), repeat=2):
            v = (ZERO, _signed(ONE, a), _signed(PHI, b))
            vectors.append(v[shift:] + v[:shift])
    return vectors


def cell600() -> Vectors:
    """The 120 unit icosians, doubled: +-2 e_i, (+-1)^4, and even permutations of (+-phi, +-1, +-1/phi, 0)."""
    two = (fmpq(2), fmpq(0))
    vectors: Vectors = [tuple(_signed(two, a) if x == i else ZERO for x in range(4)) for i in range(4) for a in (1, -1)]
    vectors += [tuple(_signed(ONE, a) for a in v) for v in product((1, -1), repeat=4)]
    for order in permutations(range(4)):
        inversions = sum(order[i] > order[j] for i, j in combinations(range(4), 2))
        if inversions % 2 == 0:
            for a, b, c in product((1, -1), repeat=3):
                v = (_signed(PHI, a), _signed(ONE, b), _signed(SHORT, c), ZERO)
                vectors.append(tuple(v[x] for x in order))
    return vectors
