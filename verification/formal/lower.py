"""Certificates of kind "lower" as Rocq terms: bounds of every network of two and three layers from below.

One thing is added to a certificate: for each leaf what every eigenvalue shows there at least, as `lower_checker.py`
finds it. It needs no trust: the kernel halves the intervals itself until it sees so much, and adds up.
"""

import math
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from dufm.verification import lower_checker
from dufm.verification.formal.term import Term, fraction, integer

Interval = tuple[int, int]


def lower_term(problem: Any, bound: Any, witness: Any) -> Term:
    """A bound by eigenvalues; ValueError for one that `lower_checker.py` does not find well formed either.

    Args:
        problem, bound, witness: as `lower_checker.check_lower` takes them.
    """
    K, L, strength = lower_checker.members(problem, "problem", "K L x")
    method, bits, nodes = lower_checker.members(witness, "witness", "method bits nodes")
    lower_checker.need(method == "spectrum", "only bounds by eigenvalues have a checker in Rocq")
    lower_checker.integer(K, "K", 2, 10**6)
    lower_checker.integer(L, "L", 2, 3)
    lower_checker.integer(bits, "bits", 24, 64)
    x, lower = map(_rational, (strength, bound))
    waiting = iter(nodes)
    try:
        tree = _Tree(K, L, x, lower, 1 << bits).written(waiting, [(0, _up((lower / 2) ** 2, 1 << bits))])
    except StopIteration:
        raise ValueError("parts that are not covered") from None
    lower_checker.need(next(waiting, None) is None, "more nodes than parts")
    return Term(
        "lower",
        lambda data: f"Definition {data} : lower := Lower {K} {L} {fraction(x)} {fraction(lower)} {bits}\n({tree})%I.",
        lambda data: _loss(K, L, x, lower) if x > 0 else _cost(K, L, lower),
        (lambda ok: f"(fun R n d lam th n1 lp => check_lower_sound {ok} th n1 lp isT)")
        if x > 0
        else (lambda ok: f"(fun R n d th n1 => check_lower_cost {ok} n1 erefl)"),
    )


def _loss(K: int, L: int, x: Fraction, lower: Fraction) -> str:
    return (
        f"forall (R : rcfType) n d (lam : nat -> R) (th : weights R {K} {L} n d), (1 <= n)%N ->\n"
        f"  (forall l, (l <= {L})%N -> (0 < lam l)%R) ->\n"
        f"  (fR R {fraction(x)} ^+ {L + 1} <= x_power {K} {L} n lam)%R ->\n"
        f"  (fR R {fraction(lower)} * fR R {fraction(x)} / (2 * {K}%:R) <= loss lam th)%R"
    )


def _cost(K: int, L: int, lower: Fraction) -> str:
    return (
        f"forall (R : rcfType) n d (th : weights R {K} {L} n d), (1 <= n)%N -> output th = Y R {K} n ->\n"
        f"  (n%:R * (fR R {fraction(lower)} / {L + 1}%:R) ^+ {L + 1} <=\n"
        f"   sqnorm (H1 th) * \\prod_(l < {L - 1}) sqnorm (hidden th l) * sqnorm (WL th))%R"
    )


def _rational(pair: Any) -> Fraction:
    parts = lower_checker.listed(pair, "x", 2)
    return Fraction(*(lower_checker.integer(part, "a part of x, lower", 0, lower_checker.MAX_PART) for part in parts))


def _up(value: Fraction, N: int) -> int:
    return -(-value * N // 1)


class _Tree:
    """The boxes of one certificate, written as a term."""

    def __init__(self, K: int, L: int, x: Fraction, lower: Fraction, N: int) -> None:
        self.K, self.L, self.N = K, L, N
        self.x, self.wanted = _up(x, N), _up(lower, N)

    def written(self, nodes: Iterator[Any], known: list[Interval]) -> str:
        """The next node with its parts, l_1, ..., l_k in the known intervals; StopIteration where one is missing."""
        node = next(nodes)
        lower_checker.need(type(node) is list and node != [], "a node must be a list")
        if type(node[0]) is not int:
            return self._leaf(node, known)
        i = lower_checker.integer(node[0], "i of a cut", 1, min(self.K, lower_checker.MAX_CUT, len(known) + 1)) - 1
        known = [*known, (0, known[-1][1])] if i == len(known) else known
        _, cut = lower_checker.listed(node, "a cut", 2)
        lower_checker.integer(cut, "a cut", known[i][0] + 1, known[i][1] - 1)
        low = self.written(nodes, [(a, min(b, cut)) if j >= i else (a, b) for j, (a, b) in enumerate(known)])
        high = self.written(nodes, [(max(a, cut), b) if j <= i else (a, b) for j, (a, b) in enumerate(known)])
        return f"Cut {i} {integer(cut)} ({low}) ({high})"

    def _leaf(self, node: Any, known: list[Interval]) -> str:
        lines = [lower_checker.listed(line, "a line", 2) for line in lower_checker.listed(node, "a leaf", self.L - 1)]
        for line in lines:
            for value in line:
                lower_checker.integer(value, "a or b of a line", 0, self.N << 40)
        parts = [(1, u, v) for u, v in known]
        parts += [(self.K - len(known), 0, known[-1][1])] * (len(known) < self.K)
        *_, shown = lower_checker.shown(lines, self.N, self.x, parts, self.wanted, 0)
        # Where nothing is shown at all the kernel must refuse whatever stands here.
        least = [integer(0 if value == -math.inf else int(value)) for value in shown]
        written = "; ".join(f"({integer(a)}, {integer(b)})" for a, b in lines)
        return f"Leaf [:: {written}] [:: {'; '.join(least)}]"
