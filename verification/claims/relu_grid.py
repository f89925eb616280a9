"""The second table: relu layers under cross-entropy, who wins at each (K, L), how sure that is, and by how much."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

import numpy as np

from dufm.theory.ce.relu import SMALL_HEADS, MarginLayers, edges, halves, small_head
from dufm.theory.rational import matrix, squared_norm
from dufm.verification.atlas.heads import ATLAS
from dufm.verification.base.certificate import entries, read
from dufm.verification.claims.base.verdict import Status
from dufm.verification.claims.ce.relu import LABELS, SUBOPTIMAL
from dufm.verification.claims.entry import Entry
from dufm.verification.claims.grid import TableCell

# At one layer there is no relu, and the linear claim speaks.
ONE_LAYER = "ce-one-layer"


@dataclass(frozen=True)
class Block:
    """Layers with margins >= 1 that direct sums are made of, in floats.

    Attributes:
        K: classes.
        L: layers.
        whole: product of squared norms at least margin 1, the readout as it is.
        sums: what centring takes from it, times the number of classes.
        narrow: neurons of a hidden layer behind which identities go; 0 where that costs more than it gains.
        name: what it is.
    """

    K: int
    L: int
    whole: float
    sums: float
    narrow: int
    name: str


def _of(layers: MarginLayers, name: str) -> Block:
    ones = matrix([[1] * layers.K])
    whole = float(layers.whole_power)
    share = float(squared_norm(ones * layers.factors[-1]) / squared_norm(layers.factors[-1]))
    narrow = min(layers.sides)
    return Block(layers.K, layers.L, whole, whole * share, narrow if narrow <= layers.K else 0, name)


@cache
def blocks() -> tuple[Block, ...]:
    """Edges, halves, heads in small integers, and the shipped heads of the frontier with the logits I."""
    found = [_of(edges(order), f"edges, r = {order}") for order in range(4, 8)]
    found += [_of(halves(size), f"halves, r = {2 * size}") for size in (3, 4)]
    found += [_of(small_head(K, 3), f"small head, K = {K}") for K in SMALL_HEADS]
    for path in sorted(ATLAS.glob("*.json")):
        # U is large: floats do.
        A, B, W, U = (np.array([[float(x) for x in row] for row in m]) for m in entries(read(path)))
        before = float((A**2).sum() * (B**2).sum() * (W**2).sum())
        whole, sums = before * float((U**2).sum()), before * float((U.sum(axis=0) ** 2).sum())
        found.append(Block(B.shape[1], 3, whole, sums, len(A), f"head, rank {len(A)}, K = {B.shape[1]}"))
    return tuple(found)


def least_share(K: int, L: int) -> tuple[float, str]:
    """(B / (K^L (K-1)))^(1/(L+1)) of the cheapest block beside single classes, and its name; 1, "" where none is less.

    Blocks have Z_kk >= 1 and add by Minkowski, each of their factors in proportion.
    """
    best = (1.0, "")
    root, single = 1 / (L + 1), (1 - 1 / K) ** (1 / (L + 1))
    for block in blocks():
        if block.K <= K and (block.L == L or (block.L < L and block.narrow)):
            power = (block.whole - block.sums / K) * block.narrow ** (L - block.L)
            share = (power**root + (K - block.K) * single) / (K * single)
            best = min(best, (share, block.name))
    return best


def relu_cell(K: int, L: int, found: Iterable[Entry]) -> TableCell:
    """Who wins at (K, L) at every strength, by the claims that ran; ratio is `least_share`."""
    ratio = least_share(K, L)[0] if L > 1 else 1.0
    label, winner = (ONE_LAYER, "dnc") if L == 1 else (LABELS["dnc"], "low rank")
    if L == 1 or SUBOPTIMAL.has(K, L):
        for entry in found:
            if entry.label == label and entry.status == Status.PROVED.name and entry.sound:
                return TableCell(winner, entry.status, label, ratio)
    return TableCell("", "", "", ratio)
