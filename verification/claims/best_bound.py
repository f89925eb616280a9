"""The greatest lower bound known of every network at one strength: theorems, pairs of classes, shipped certificates.

A bound at one x is used at another only as the derivation `carried` allows, and each only where the claim it rests on
holds. Of a claim of many shipped certificates the derivations are run; `recheck` judges the files that are used.
"""

import json
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cache

from dufm.theory.derivations import derivation
from dufm.theory.problem import Problem
from dufm.theory.proof.derivation import proved
from dufm.theory.squared.bounds import pair_power
from dufm.theory.squared.carrying import below_collapse, between, bound_of, excess
from dufm.theory.squared.phi import collapse_power, phi, phi_of_power, power_root
from dufm.theory.stated import ProblemError
from dufm.verification.base.lower import pair_value
from dufm.verification.base.remembered import remembered
from dufm.verification.base.shipped_bounds import certificate, need, rows
from dufm.verification.claims import claim_named
from dufm.verification.claims.base.claim import support_name
from dufm.verification.claims.base.filed import judge
from dufm.verification.claims.base.verdict import Status
from dufm.verification.claims.brackets import ABOVE, STANDING, BracketEnd, dnc_optimal, judged
from dufm.verification.claims.squared.carried import LABEL as CARRIED

# Bounds are rounded down to so many bits; those that are equal then count as equal, the first one being told.
FINE = 70
# Below this x DNC's output is not told from 1, and no bound is carried there.
LEAST = Fraction(1, 10**20)
WEAK = "three-classes-weak-decay"
Asked = Callable[[str], Status]


@cache
def holding(label: str) -> Status:
    """What a claim comes to: of one of many shipped certificates by its derivations alone, of another by running it."""
    if label not in {row.claim for row in rows().values()}:
        return judged(label)
    claim = claim_named(label)
    held = all(_proves(support_name(support)) for support in claim.rests_on)
    return claim.expected.quick if held else Status.UNDECIDED


@cache
def _proves(name: str) -> bool:
    """Whether every step of a derivation holds."""
    words = {True: "holds", False: "does not hold"}
    found = remembered(f"derivation {name}", words.values(), lambda: words[proved(derivation(name).check())])
    return found == words[True]


@dataclass(frozen=True)
class Bound:
    """A number that no weights, of any width, go below.

    Attributes:
        value: the loss, or at weak decay the cost C of outputs I; rounded down.
        by: where it comes from, in words: a theorem, or certificates with the x they are at.
        claims: labels of the claims it rests on.
        files: names of the certificates it rests on.
    """

    value: Fraction
    by: str
    claims: tuple[str, ...]
    files: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Point:
    """A bound at one x <= x*, as an excess (`theory.squared.carrying`)."""

    x: Fraction
    excess: Fraction
    bound: Bound


def best_bound(K: int, L: int, x: Fraction, status: Asked = holding) -> Bound:
    """The greatest lower bound known of the loss at x = K Lambda, for every n and width.

    Args:
        K, L: classes >= 2, weight layers >= 1.
        x: > 0, exact; of an irrational one, a rational that is not above it.
        status: finds the status of a claim from its label.

    Raises:
        ProblemError: for a cell that makes no sense.
    """
    Problem.of(K, L, 1)
    return _best([*_theorems(K, L, x, status), *_pairs(K, L, x, status), *_from_others(K, L, x, status)])


def best_cost_bound(K: int, L: int, status: Asked = holding) -> Bound:
    """The greatest lower bound known of the cost C of outputs I, the limit of weak decay; arguments as above."""
    Problem.of(K, L, 1)
    found = []
    optimal = dnc_optimal(K, L, status=status)
    if optimal.claim:
        found.append(Bound(Fraction(K), "DNC is optimal", (optimal.claim,)))
    if K == 3 and L <= 3 and status(WEAK) in STANDING:
        found.append(Bound(Fraction(K), "DNC is optimal in this limit", (WEAK,)))
    if status(ABOVE) in STANDING:
        found.append(Bound(pair_value(K, L, Fraction(0)) / (L + 1), "pairs of classes", (ABOVE,)))
    row = rows().get((K, L, Fraction(0)))
    if row is not None and status(row.claim) in STANDING:
        found.append(Bound(row.lower / (L + 1), "certificate", (row.claim,), (row.file,)))
    if L > 1 and status(CARRIED) in STANDING:
        for p in _points(K, L, status):
            found.append(_told(K * (1 - 2 * p.excess / (L + 1)), f"{p.bound.by}, carried", p))
        for m in _fewer(K, L) if row is None else ():
            own = best_cost_bound(m, L, status)
            scale = power_root(Fraction(K, m) ** 2, L + 1)[0]
            found.append(_of_classes(m, own, own.value * scale))
    return _best(found)


def over_dnc(bound: Bound, L: int, x: Fraction) -> float:
    """A bound of the loss over that of DNC (beyond collapse, of zero weights), rounded down; 1 where they are equal."""
    value = bound.value / phi(L, x)[1]
    return 1.0 if value * (1 + Fraction(1, 2 ** (FINE - 4))) >= 1 else below(value)


def below(value: Fraction) -> float:
    """The nearest double that is not above."""
    near = float(value)
    return near if Fraction(near) <= value else math.nextafter(near, -math.inf)


def recheck(*bounds: Bound | BracketEnd) -> list[str]:
    """Judge each certificate that bounds and ends of brackets rest on: a sentence for each that does not hold."""
    faults, files = [], {name for bound in bounds for name in bound.files}
    for cell, row in rows().items():
        if row.file in files:
            result, _ = judge(json.dumps(certificate(row.file)).encode(), (need(*cell),))
            faults += [] if result.ok else [f"{row.file}: {result.sentence}"]
    return faults


def require_sound(*bounds: Bound | BracketEnd) -> None:
    """Raise ProblemError unless the certificates that these rest on hold."""
    if faults := recheck(*bounds):
        raise ProblemError(f"a shipped certificate does not hold: {'; '.join(faults)}")


def _best(found: list[Bound]) -> Bound:
    rounded = [Bound(_rounded(b.value), b.by, b.claims, b.files) for b in found]
    return max(rounded, key=lambda bound: bound.value, default=Bound(Fraction(0), "nothing is known", ()))


def _rounded(value: Fraction) -> Fraction:
    """Down to FINE bits."""
    shift = value.denominator.bit_length() - abs(value.numerator).bit_length() + FINE
    return Fraction(value * Fraction(2) ** shift // 1) / Fraction(2) ** shift


def _theorems(K: int, L: int, x: Fraction, status: Asked) -> list[Bound]:
    """DNC's own loss where DNC is proved optimal."""
    optimal = dnc_optimal(K, L, status=status)
    return [Bound(phi(L, x)[0], "DNC is optimal", (optimal.claim,))] if optimal.claim and x <= optimal.x else []


def _pairs(K: int, L: int, x: Fraction, status: Asked) -> list[Bound]:
    if status(ABOVE) not in STANDING:
        return []
    return [Bound(phi_of_power(L, pair_power(K, L) * (x / K) ** (L + 1))[0], "pairs of classes", (ABOVE,))]


def _from_others(K: int, L: int, x: Fraction, status: Asked) -> Iterator[Bound]:
    """What bounds at other strengths, and for fewer classes, say."""
    if L < 2 or K < 3 or status(CARRIED) not in STANDING:
        return
    points = _points(K, L, status)
    inside = x >= LEAST and below_collapse(L, x)
    for i, high in enumerate(points):
        if inside and high.x >= x:
            words = high.bound.by if high.x == x else f"{high.bound.by}, carried"
            yield _told(bound_of(L, x, high.excess), words, high)
        for low in points[:i] if inside else ():
            if low.x <= x <= high.x:
                value = bound_of(L, x, between(L, x, (low.x, low.excess), (high.x, high.excess)))
                yield _told(value, f"{low.bound.by}, {high.bound.by}, carried", low, high)
    for low in points:
        # The least loss rises with x and is concave; at `empty` pairs of classes have 1/2 below everything.
        empty = _empty(K, L)
        if low.x < x < empty and status(ABOVE) in STANDING:
            share = max(Fraction(0), (x - low.x) / (empty - low.x))
            value = low.bound.value + (Fraction(1, 2) - low.bound.value) * share
            told = _told(value, f"{low.bound.by}, carried", low)
            yield Bound(told.value, told.by, (*told.claims, ABOVE), told.files)
    if not points:
        for m in _fewer(K, L):
            smaller = power_root(x ** (L + 1) * Fraction(m, K) ** (L - 1), L + 1)[0]
            own = best_bound(m, L, smaller, status)
            yield _of_classes(m, own, own.value)


def _told(value: Fraction, by: str, *points: _Point) -> Bound:
    claims = dict.fromkeys(label for p in points for label in (*p.bound.claims, CARRIED))
    return Bound(value, by, tuple(claims), tuple(name for p in points for name in p.bound.files))


def _of_classes(m: int, own: Bound, value: Fraction) -> Bound:
    claims = tuple(dict.fromkeys((*own.claims, CARRIED)))
    return Bound(value, f"{m} of the classes: {own.by}", claims, own.files)


@cache
def _empty(K: int, L: int) -> Fraction:
    """From here on zero weights are optimal by the bound of pairs; rounded up."""
    power = collapse_power(L) * Fraction(K ** (L + 1), pair_power(K, L))
    return power_root(power, L + 1)[1]


@cache
def _fewer(K: int, L: int) -> tuple[int, ...]:
    """Numbers of classes below K with a shipped bound."""
    return tuple(sorted({m for m, depth, _ in rows() if depth == L and m < K}))


@cache
def _points(K: int, L: int, status: Asked) -> tuple[_Point, ...]:
    """Bounds known at single x <= x*, x rising."""
    found = []
    for (classes, depth, x), row in rows().items():
        usable = (classes, depth) == (K, L) and x > 0 and below_collapse(L, x)
        if usable and status(row.claim) in STANDING:
            bound = Bound(row.lower * x / (2 * K), f"certificate at {float(x):g}", (row.claim,), (row.file,))
            found.append(_Point(x, excess(L, x, bound.value), bound))
    optimal = dnc_optimal(K, L, status=status)
    if optimal.claim and below_collapse(L, optimal.x):
        words = f"DNC optimal up to {float(optimal.x):.6g}"
        found.append(_Point(optimal.x, Fraction(0), Bound(phi(L, optimal.x)[0], words, (optimal.claim,))))
    return tuple(sorted(found, key=lambda point: point.x))
