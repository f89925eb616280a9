"""Between which x DNC gives way: brackets of x_c and x_e of a cell, from the claims that hold (derivation `threshold`).

DNC is optimal for x < x_c, low rank or another network wins for x_c < x < x_e, zero weights for x > x_e, x = K Lambda.
Both belong to networks that are wide enough: the upper end of x_c and the lower end of x_e hold from the width stated
on, the other ends at every width >= K.
"""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction
from functools import cache

from dufm.theory.problem import Problem
from dufm.theory.squared.bounds import pair_power
from dufm.theory.squared.phi import collapse_ends, collapse_power, power_root
from dufm.theory.squared.zero_weights import for_more_classes, zero_from
from dufm.verification.base.remembered import remembered
from dufm.verification.base.shipped_bounds import rows
from dufm.verification.claims import CLAIMS, claim_named
from dufm.verification.claims.base.claim import BUDGETS, Claim
from dufm.verification.claims.base.filed import judge, missing
from dufm.verification.claims.base.regime import Part, Regime
from dufm.verification.claims.base.verdict import Status
from dufm.verification.claims.squared.beyond import lasting

Interval = tuple[Fraction, Fraction]
THEOREM, ABOVE, BEYOND, EMPTY = "one-threshold", "pair-bound", "beyond-collapse", "zero-optimal"
# An end that is found by computing is rounded down to so many decimals.
DECIMALS = 10**12
STANDING = (Status.PROVED, Status.CERTIFIED)


@dataclass(frozen=True)
class BracketEnd:
    """One side of a bracket.

    Attributes:
        x: the value; of an irrational one, rounded away from the bracket's inside.
        claim: label of the claim it rests on; "" where nothing better than the trivial value is known.
        status: what that claim came to.
        width: it holds where every hidden layer is at least this wide; K where nothing wider is needed.
        also: labels of further claims it rests on.
        files: names of the shipped bounds it rests on.
    """

    x: Fraction
    claim: str = ""
    status: str = ""
    width: int = 0
    also: tuple[str, ...] = ()
    files: tuple[str, ...] = ()

    @property
    def claims(self) -> tuple[str, ...]:
        """Labels of all claims it rests on."""
        return (self.claim, *self.also) if self.claim else ()


@dataclass(frozen=True)
class Thresholds:
    """What is known of one cell.

    Attributes:
        K, L: the cell.
        collapse: rationals around x*, where DNC and zero weights tie.
        critical: least and greatest value x_c may have.
        empty: the same for x_e; both ends of it are at least x*.
    """

    K: int
    L: int
    collapse: Interval
    critical: tuple[BracketEnd, BracketEnd]
    empty: tuple[BracketEnd, BracketEnd]

    @property
    def settled(self) -> bool:
        """Whether x_c is known exactly: 0 or x*."""
        low, high = (end.x for end in self.critical)
        return high == 0 or low >= self.collapse[0]

    def shares(self) -> tuple[float, float]:
        """Least and greatest x_c over x*."""
        return tuple(min(1.0, float(end.x / self.collapse[0])) for end in self.critical)  # pyright: ignore


@cache
def judged(label: str) -> Status:
    """What a claim comes to, its certificates re-checked; run once a process, if not by this very program before."""
    return Status[remembered(f"claim {label}", Status.__members__, lambda: _judged(label).name)]


def _judged(label: str) -> Status:
    claim = claim_named(label)
    verdict = claim.check(BUDGETS["quick"])
    judgements = [judge(json.dumps(c).encode(), claim.needs) for c in verdict.certificates]
    held = all(result.ok for result, _ in judgements) and not missing(claim.needs, [need for _, need in judgements])
    return verdict.status if held else Status.UNDECIDED


def may_stand(claim: Claim) -> bool:
    """Whether its check can end so that something may rest on it: what searches alone support is not even run."""
    return claim.expected.quick in STANDING


def dnc_optimal(
    K: int, L: int, claims: Iterable[Claim] = CLAIMS, status: Callable[[str], Status] = judged
) -> BracketEnd:
    """The greatest x <= x* up to which a claim that holds has DNC optimal; x = 0 and no claim where there is none."""
    collapse = collapse_ends(L)
    speaking = [(c, p) for c in claims if may_stand(c) and c.says == "dnc" for p in _parts(c, K, L) if p.x is not None]
    for claim, part in sorted(speaking, key=lambda pair: _greatest(pair[1], collapse[0]), reverse=True):
        if status(THEOREM) in STANDING and (found := status(claim.label)) in STANDING:
            return BracketEnd(_greatest(part, collapse[0]), claim.label, found.name, K)
    return BracketEnd(Fraction(0), width=K)


def thresholds(
    K: int, L: int, claims: Iterable[Claim] = CLAIMS, status: Callable[[str], Status] = judged
) -> Thresholds:
    """Brackets at (K, L) from claims, each run before anything rests on it; stronger ones are asked first.

    Args:
        K, L: classes >= 2 and weight layers >= 1.
        claims: those that may say something.
        status: finds a claim's status from its label.

    Raises:
        ProblemError: for a cell that makes no sense.
    """
    Problem.of(K, L, 1)

    def standing(label: str) -> str:
        found = status(label)
        return found.name if found in STANDING else ""

    collapse = collapse_ends(L)
    low, high = dnc_optimal(K, L, claims, status), BracketEnd(collapse[1], width=K)
    empty_low, empty_high = BracketEnd(collapse[0], width=K), BracketEnd(Fraction(K), width=K)
    if standing(THEOREM):
        speaking = [
            (claim, part)
            for claim in claims
            if claim.says and may_stand(claim)
            for part in _parts(claim, K, L)
            if part.x is not None
        ]
        for claim, part in sorted(speaking, key=lambda pair: _least(pair[1])):
            assert part.x is not None
            if claim.says == "low rank" and _least(part) < high.x and standing(claim.label):
                high = BracketEnd(_least(part), claim.label, standing(claim.label), part.room(K) or K)
        # What beats zero weights for some classes does so for more of them, at the same x (derivation `beyond`).
        classes = range(2 if standing(BEYOND) else K, K + 1)
        reaching = [
            (c, part, k) for c in claims if c.says and may_stand(c) for k in classes for part in _parts(c, k, L)
        ]
        for claim, part, fewer in reaching:
            top = part.x.high if part.x is not None else None
            beyond = claim.says == "low rank" and isinstance(top, Fraction) and top > empty_low.x
            if beyond and isinstance(top, Fraction) and standing(claim.label):
                also = (BEYOND,) if fewer < K else ()
                empty_low = BracketEnd(top, claim.label, standing(claim.label), max(K, part.room(fewer) or fewer), also)
    alive = lasting(K, L)
    reach = Fraction(int(alive.share * collapse[0] * DECIMALS), DECIMALS) if alive else empty_low.x
    if alive and reach > empty_low.x and standing(BEYOND):
        empty_low = BracketEnd(reach, BEYOND, standing(BEYOND), max(K, alive.width))
    if low.x == collapse[0]:
        empty_high = BracketEnd(collapse[1], low.claim, low.status, K)
    elif standing(ABOVE):
        power = collapse_power(L) * Fraction(K ** (L + 1), pair_power(K, L))
        empty_high = BracketEnd(power_root(power, L + 1)[1], ABOVE, standing(ABOVE), K)
    if low.x < collapse[0]:
        empty_high = min([empty_high, *_zero_ends(K, L, standing)], key=lambda end: end.x)
    return Thresholds(K, L, collapse, (low, high), (empty_low, empty_high))


def _zero_ends(K: int, L: int, standing: Callable[[str], str]) -> list[BracketEnd]:
    """Where zero weights are optimal by a shipped bound: the least end that holds, if any."""
    found = [
        (for_more_classes(L, x, m, K), row)
        for (m, depth, at), row in rows().items()
        if depth == L and m <= K and at > 0 and (x := zero_from(L, at, (m - row.lower * at) / 2)) is not None
    ]
    for x, row in sorted(found, key=lambda pair: pair[0]) if found and standing(EMPTY) else ():
        if standing(row.claim):
            also = () if row.claim == EMPTY else (row.claim,)
            return [BracketEnd(x, EMPTY, standing(EMPTY), K, also, (row.file,))]
    return []


def _parts(claim: Claim, K: int, L: int) -> list[Part]:
    return [] if not isinstance(claim.regime, Regime) else [p for p in claim.regime.parts if K in p.K and L in p.L]


def _greatest(part: Part, collapse: Fraction) -> Fraction:
    """The greatest x of a part, at most x*."""
    if part.x is None or part.x.whole:
        return collapse
    if part.x.points:
        return max(part.x.points)
    return min(part.x.high, collapse) if isinstance(part.x.high, Fraction) else collapse


def _least(part: Part) -> Fraction:
    """The least x of a part; 0 for every strength below collapse."""
    if part.x is None or part.x.whole:
        return Fraction(0)
    return min(part.x.points) if part.x.points else part.x.low or Fraction(0)
