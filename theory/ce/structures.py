"""The known structures of the cross-entropy model, in one explicit tuple, and the cheapest at least margin."""

from collections.abc import Callable
from math import comb

from flint import fmpq

from dufm.theory.ce.codes import (
    CodeStructure,
    TightCode,
    cell600,
    cube,
    e7,
    e8,
    halved_cube,
    icosahedron,
    johnson,
    rational_cosines,
    root_system,
    schlaefli,
)
from dufm.theory.ce.numbers import working
from dufm.theory.ce.polygons import (
    DNC_LOGITS,
    PAIR_AND_SINGLES,
    PAIRS,
    PAIRS_AND_SINGLE,
    PENTAGON_AND_PAIRS,
    POLYGON,
    TRIANGLE_AND_PAIRS,
    TRIANGLES,
    Antiprism,
)
from dufm.theory.ce.structure import CeStructure, cost_ball
from dufm.theory.stated import ProblemError, listed

_FIFTH, _QUARTER = fmpq(1, 5), fmpq(1, 4)


def _only(K: int, code: TightCode) -> Callable[[int], TightCode | None]:
    def find(k: int) -> TightCode | None:
        return code if k == K else None

    return find


def _cube(K: int) -> TightCode | None:
    r = K.bit_length() - 1
    if K != 2**r or r < 3:
        return None
    return TightCode(r, rational_cosines(*((r - 2 * d, r, comb(r, d)) for d in range(1, r + 1))), lambda: cube(r))


CODES: tuple[CodeStructure, ...] = (
    CodeStructure(
        "johnson(5,2)",
        "K = 10",
        _only(10, TightCode(4, rational_cosines((1, 6, 6), (-2, 3, 3)), lambda: johnson(5, 2))),
    ),
    CodeStructure(
        "johnson(6,3)",
        "K = 20",
        _only(20, TightCode(5, rational_cosines((1, 3, 9), (-1, 3, 9), (-1, 1, 1)), lambda: johnson(6, 3))),
    ),
    CodeStructure(
        "icosahedron",
        "K = 12",
        _only(
            12,
            TightCode(
                3,
                (((fmpq(0), _FIFTH), 5), ((fmpq(0), -_FIFTH), 5), ((fmpq(-1), fmpq(0)), 1)),
                icosahedron,
            ),
        ),
    ),
    CodeStructure("clebsch", "K = 16", _only(16, TightCode(5, rational_cosines((1, 5, 10), (-3, 5, 5)), halved_cube))),
    CodeStructure("schlaefli", "K = 27", _only(27, TightCode(6, rational_cosines((1, 4, 16), (-1, 2, 10)), schlaefli))),
    CodeStructure("cube", "K = 2^r, r >= 3", _cube),
    CodeStructure(
        "24-cell",
        "K = 24",
        _only(24, TightCode(4, rational_cosines((1, 2, 8), (0, 1, 6), (-1, 2, 8), (-1, 1, 1)), lambda: root_system(4))),
    ),
    CodeStructure("e7", "K = 56", _only(56, TightCode(7, rational_cosines((1, 3, 27), (-1, 3, 27), (-1, 1, 1)), e7))),
    CodeStructure(
        "600-cell",
        "K = 120",
        _only(
            120,
            TightCode(
                4,
                (
                    ((_QUARTER, _QUARTER), 12),
                    ((fmpq(1, 2), fmpq(0)), 20),
                    ((-_QUARTER, _QUARTER), 12),
                    ((fmpq(0), fmpq(0)), 30),
                    ((_QUARTER, -_QUARTER), 12),
                    ((fmpq(-1, 2), fmpq(0)), 20),
                    ((-_QUARTER, -_QUARTER), 12),
                    ((fmpq(-1), fmpq(0)), 1),
                ),
                cell600,
            ),
        ),
    ),
    CodeStructure(
        "e8",
        "K = 240",
        _only(240, TightCode(8, rational_cosines((1, 2, 56), (0, 1, 126), (-1, 2, 56), (-1, 1, 1)), e8)),
    ),
)

CE_STRUCTURES: tuple[CeStructure, ...] = (
    DNC_LOGITS,
    POLYGON,
    PAIRS,
    PAIRS_AND_SINGLE,
    PAIR_AND_SINGLES,
    TRIANGLES,
    TRIANGLE_AND_PAIRS,
    PENTAGON_AND_PAIRS,
    Antiprism(),
    *CODES,
)


def ce_structure_named(name: str) -> CeStructure:
    """The structure of that name.

    Raises:
        ProblemError: for a name that is not listed, with those that are.
    """
    for candidate in CE_STRUCTURES:
        if candidate.name == name:
            return candidate
    accepted, found = listed(name, (s.name for s in CE_STRUCTURES), "dufm structures --loss ce")
    raise ProblemError(f"structure must be {accepted} or FILE.py:NAME, got {found}")


def cheapest_at_margin(K: int, L: int) -> CeStructure:
    """The listed structure of least hard-margin cost; where balls overlap (equal structures) the first stays."""
    with working(40):
        valid = [s for s in CE_STRUCTURES if s.valid(K)]
        best = valid[0]
        for other in valid[1:]:
            if cost_ball(other, K, L) < cost_ball(best, K, L):
                best = other
        return best
