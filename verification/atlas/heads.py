"""Heads of the frontier as certificates, and what a folder of them proves about depth.

A float64 head becomes exact with as few binary digits as keep its h (U is the exact pseudo-inverse whatever they are).
A certificate of a head at (K, L_from) wins at every L >= L_from and, by direct sums with DNC, at every K' >= K.
"""

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from flint import fmpq_mat
from scipy.linalg import qr

from dufm.solvers.base.shipped import shipped
from dufm.solvers.heads.moves import Array, Pair
from dufm.solvers.heads.readout import rational, rational_factors
from dufm.theory.rational import identity, matrix, relu, squared_norm, to_lists
from dufm.theory.squared.head import Head
from dufm.theory.stated import ProblemError
from dufm.verification.base.certificate import Certificate, entries, head_certificate, read
from dufm.verification.checker import check

ATLAS = shipped("atlas/heads")
CLAIM = "frontier"
# Relative excess of h that rounding may cost, and the digits tried.
EXCESS = Fraction(1, 10**5)
BITS = range(5, 33)
MOST_DEPTH = 1000
ALIKE = Fraction(1, 1000)
# Characters of a certificate that is long.
LONG = 20_000
# Entries of V below this times the largest are rounding of zero: R o R reaches zero slowly.
ZERO = 1e-4


@dataclass(frozen=True)
class Shipped:
    """A head certificate that the checker accepts.

    Attributes:
        K: classes.
        q: rows of the neck.
        L_from: the least depth it wins at.
        h: ||A||^2 ||B||^2 ||W||^2 ||U||^2, exact, just above the head's h.
        V, W: the neck (q x K) and the neurons (m x q), exact.
        certificate: the certificate itself.
    """

    K: int
    q: int
    L_from: int
    h: Fraction
    V: tuple[tuple[Fraction, ...], ...]
    W: tuple[tuple[Fraction, ...], ...]
    certificate: Certificate

    @property
    def pair(self) -> Pair:
        """(V, W) as float64."""
        first, second = (np.array([[float(x) for x in row] for row in m]) for m in (self.V, self.W))
        return first, second

    def power(self, L: int) -> Fraction:
        """C^(L+1) = h q^(L-3)."""
        return self.h * self.q ** (L - 3)


def least_depth(h: Fraction, K: int, q: int) -> int | None:
    """The least L >= 3 with h q^(L-3) < K^(L+1); None if there is none up to 1000, the most the checker takes."""
    depth, low, high = 3, h, Fraction(K**4)
    while not low < high:
        depth, low, high = depth + 1, low * q, high * K
        if depth > MOST_DEPTH or q >= K:
            return None
    return depth


def certify(pair: Pair, found_by: Mapping[str, Any], claim: str = CLAIM) -> Certificate:
    """The certificate of a head with the fewest binary digits that cost h no more than a relative 1e-5.

    A file that would be long may cost h a relative 1e-4 instead.

    Args:
        pair: V (q x K, >= 0) and W (m x q), float64.
        found_by: what to remember, such as engine and seed.
        claim: label of the claim it supports.

    Raises:
        ProblemError: if U relu(W V) = I has no solution or the head beats DNC at no depth.
    """
    V, W = pair[0] / np.abs(pair[0]).max(), pair[1] / np.abs(pair[1]).max()
    V = np.where(V < ZERO, 0.0, V)
    found = _certify(V, W, EXCESS, found_by, claim)
    return found if _length(found) <= LONG else _certify(V, W, 10 * EXCESS, found_by, claim)


def _certify(V: Array, W: Array, excess: Fraction, found_by: Mapping[str, Any], claim: str) -> Certificate:
    exact = _rounded(V, W, BITS[-1])
    head, bits, limit = exact, BITS[-1], exact.h_above * (1 + excess)
    for fewer in BITS:
        try:
            rounded = _rounded(V, W, fewer)
        except ProblemError:
            # Too few digits: the rank of V or of relu(W V) is lost.
            continue
        if rounded.h_above <= limit:
            head, bits = rounded, fewer
            break
    options = []
    for chosen in (head, _shorter(head)):
        A, B = _factors(chosen, limit)
        h = _h(A, B, chosen.W, chosen.U)
        depth = least_depth(h, head.K, head.q)
        if depth is None:
            words = f"a head with h = {float(h):.6g} of rank {head.q} beats DNC for K = {head.K} at no depth"
            raise ProblemError(words)
        found = {"bits": bits, "h": f"{float(h):.12g}", "neurons": head.W.nrows(), **found_by}
        options.append(head_certificate(head.K, depth, A, B, chosen.W, chosen.U, claim, found))
    return min(options, key=_length)


def _rounded(V: Array, W: Array, bits: int) -> Head:
    # Neurons that never fire, rounded or not, only cost.
    rows = [row for row in rational(W, bits) if any(row)]
    neck = matrix(rational(V, bits))
    firing = [row for row in rows if any(x > 0 for x in (matrix([row]) * neck).entries())]
    if not firing:
        raise ProblemError("no neuron is left")
    return Head.of(neck, firing)


def _length(certificate: Certificate) -> int:
    return len(json.dumps(certificate, separators=(",", ":")))


def _shorter(head: Head) -> Head:
    """The same head with a U of shorter fractions, only slightly longer than the pseudo-inverse.

    The pseudo-inverse has denominator det(A^T A), A = relu(W V). Round it, and let K well-chosen neurons alone make
    the identity exact: their determinant has half as many digits.
    """
    A = relu(head.W * head.V)
    table = np.array([[float(x) for x in row] for row in to_lists(A)])
    *_, order = qr(table.T, mode="r", pivoting=True)
    chosen = order[: head.K].tolist()
    U = np.array([[float(x) for x in row] for row in to_lists(head.U)])
    bits = 16 + max(0, -int(np.floor(np.log2(np.abs(U).max()))))
    rounded = matrix(rational(U, bits))
    block = fmpq_mat(head.K, head.K, [A[i, j] for i in chosen for j in range(head.K)])
    repair = to_lists((identity(head.K) - rounded * A) * block.inv())
    rows = to_lists(rounded)
    for row, extra in zip(rows, repair, strict=True):
        for place, value in zip(chosen, extra, strict=True):
            row[place] += value
    return Head(head.V, head.W, matrix(rows))


def _factors(head: Head, limit: Fraction) -> tuple[Any, Any]:
    outer = squared_norm(head.W) * squared_norm(head.U)
    for bits in range(4, 32, 2):
        try:
            A, B = rational_factors(head, bits)
        except ZeroDivisionError:
            # The rounded A is singular.
            continue
        if squared_norm(matrix(A)) * squared_norm(matrix(B)) * outer <= limit * (1 + EXCESS):
            return A, B
    return rational_factors(head)


def _h(*factors: Any) -> Fraction:
    h = Fraction(1)
    for factor in factors:
        h *= squared_norm(matrix(factor))
    return h


def shipped_head(certificate: Certificate) -> Shipped:
    """Read a head certificate and have the checker judge it.

    Raises:
        ProblemError: with the checker's reason if it is rejected or no head, or if L_from is not the least depth.
    """
    result = check(json.dumps(certificate))
    if not result.ok or result.kind != "head":
        raise ProblemError(f"not an accepted head certificate: {result.sentence}")
    A, B, W, U = map(matrix, entries(certificate))
    K, stated = certificate["problem"]["K"], certificate["problem"]["L_from"]
    h = _h(A, B, W, U)
    if least_depth(h, K, A.nrows()) != stated:
        raise ProblemError(f"L_from = {stated} is not the least depth of this head for K = {K}")
    V, rows = (tuple(tuple(row) for row in to_lists(m)) for m in (A * B, W))
    return Shipped(K, A.nrows(), stated, h, V, rows, certificate)


def load_folder(folder: Path) -> list[Shipped]:
    """All heads of a folder, sorted by (K, q).

    Raises:
        ProblemError: naming the file the checker rejects.
        CertificateError: for a file that cannot be read.
    """
    heads = []
    for path in sorted(folder.glob("*.json")):
        try:
            heads.append(shipped_head(read(path)))
        except ProblemError as error:
            raise ProblemError(f"{path}: {error}") from None
    return sorted(heads, key=lambda head: (head.K, head.q))


def least_depths(heads: Iterable[Shipped]) -> dict[int, int]:
    """K -> least L from which on DNC is never optimal, for every K from the least to the largest that has a head.

    A head for K_0 serves every K >= K_0: its direct sum with DNC on the other classes.
    """
    depths: dict[int, int] = {}
    for head in heads:
        depths[head.K] = min(depths.get(head.K, head.L_from), head.L_from)
    found: dict[int, int] = {}
    for K in range(min(depths, default=0), max(depths, default=-1) + 1):
        found[K] = min(depth for k, depth in depths.items() if k <= K)
    return found


def envelope(heads: Iterable[Shipped], deepest: int = 6) -> list[Shipped]:
    """The heads of least h for their K, and those cheapest at some depth they win at, 3 <= L <= deepest.

    Where none wins at three layers, also the one of least critical depth.

    Of heads whose C^(L+1) agrees to a relative 1e-3 the one of least rank counts as cheapest: it is better deeper down.
    """
    kept: dict[tuple[int, int], Shipped] = {}
    every = sorted(heads, key=lambda head: (head.K, head.q))
    for K in {head.K for head in every}:
        for L in range(3, deepest + 1):
            winners = [head for head in every if head.K == K and (L == 3 or head.L_from <= L)]
            if winners:
                least = min(head.power(L) for head in winners)
                best = next(head for head in winners if head.power(L) <= least * (1 + ALIKE))
                kept[best.K, best.q] = best
        own = [head for head in every if head.K == K]
        if all(head.L_from > 3 for head in own):
            best = min(own, key=critical_depth)
            kept[best.K, best.q] = best
    return [kept[cell] for cell in sorted(kept)]


def file_name(K: int, q: int) -> str:
    """Where the head of a cell is kept in its folder."""
    return f"k{K:02d}_q{q}.json"


def ratio(head: Shipped) -> float:
    """h / K^4: below one, the head wins at three layers already."""
    return float(head.h / head.K**4)


def critical_depth(head: Shipped) -> float:
    """L* = 3 + ln(h / K^4) / ln(K / q)."""
    return 3 + math.log(head.h / head.K**4) / math.log(head.K / head.q)
