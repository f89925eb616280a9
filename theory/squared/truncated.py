"""Truncated heads: a good head for more classes, with the classes that are too many left out (ours).

Leaving a class out of V and solving for U again can only lower ||V||_* and ||U||_F, so C(K) never exceeds C(K + 1). The
heads cut down are the cut heads and the complete looped graphs with the next larger number of classes.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any

from flint import fmpq_mat

from dufm.theory.squared.cuts import best_size, cut_head
from dufm.theory.squared.head import Head
from dufm.theory.squared.looped import complete_head
from dufm.theory.squared.structure import HeadCost
from dufm.theory.stated import ProblemError

MOST = 20


def without(head: Head, dropped: Sequence[int]) -> Head:
    """The head on the other classes: the same neurons, the best U for them."""
    kept = [j for j in range(head.K) if j not in set(dropped)]
    neck = fmpq_mat(head.q, len(kept), [head.V[i, j] for i in range(head.q) for j in kept])
    return Head.of(neck, head.W)


@cache
def candidates(K: int) -> tuple[Head, ...]:
    """Heads for K classes: the next larger cut head and looped graph without their first, or last, classes."""
    order = next(r for r in range(4, 8) if r * (r - 1) // 2 > K)
    rank = next(q for q in range(2, 7) if q * (q + 1) // 2 > K)
    heads = []
    for full in (cut_head(order, best_size(order)), complete_head(rank)):
        extra = full.K - K
        for dropped in (range(extra), range(K, full.K)):
            try:
                heads.append(without(full, dropped))
            except ProblemError:
                # Too many classes gone for this neck to keep its rank; the other candidates remain.
                continue
    return tuple(heads)


class Truncated:
    """The cheapest truncated head at each depth; h is rounded up to a rational."""

    name = "truncated"
    needs = f"3 <= K <= {MOST} and L >= 3"

    def valid(self, K: int, L: int) -> bool:
        return 3 <= K <= MOST and L >= 3

    def best(self, K: int, L: int) -> Head:
        """The candidate with the least h q^(L-3)."""
        return min(candidates(K), key=lambda head: head.h_above * head.q ** (L - 3))

    def weights(self, K: int, L: int) -> Sequence[Any]:
        return self.best(K, L).factors(L)

    def cost(self, K: int, L: int) -> HeadCost:
        return self.best(K, L).cost()
