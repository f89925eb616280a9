"""Looped graphs: classes are edges and loops of a graph on q vertices, the neck V its weighted incidences (ours).

A loop has one vertex, an edge two, so the complete graph with all its loops carries K = q (q + 1) / 2 classes at rank
q, where the SRG needs q + 1. The neurons that serve best are vectors of signs: they put many entries of w^T V exactly
on the kink. By symmetry only the numbers of plus and minus signs matter, so a head is one edge weight and one scale
for each such type. The scales below are rounded solutions of the convex problem in `solvers.heads.readout`; U is
recomputed exactly, so h is exact whatever they are. For K_4 with one loop seven neurons do, and h has a closed form.
"""

from collections.abc import Sequence
from fractions import Fraction
from functools import cache
from itertools import combinations, product
from math import isqrt
from typing import Any

import sympy as sp
from flint import fmpq, fmpq_mat

from dufm.theory.squared.head import Head
from dufm.theory.squared.structure import HeadCost

Scales = dict[tuple[int, int], Fraction]

# q -> (edge weight, scale of the neurons with (plus, minus) signs), in units of 1/10000.
_COMPLETE: dict[int, tuple[int, dict[tuple[int, int], int]]] = {
    2: (9311, {(1, 1): 8515, (1, 0): 5243, (2, 0): 4922}),
    3: (8024, {(1, 2): 6404, (1, 1): 4727, (2, 1): 4557, (3, 0): 5221}),
    4: (7317, {(1, 3): 4934, (1, 2): 2368, (2, 2): 3576, (2, 1): 4182, (4, 0): 4213}),
    5: (6725, {(1, 4): 2789, (2, 2): 4052, (4, 1): 2448, (5, 0): 4848}),
    6: (6574, {(2, 3): 2844, (3, 2): 1271, (5, 1): 3312, (6, 0): 2062}),
}


def complete_edges(q: int) -> list[tuple[int, ...]]:
    """Loops first, then edges, of the complete graph on q vertices with all its loops."""
    return [(i,) for i in range(q)] + list(combinations(range(q), 2))


def incidence(q: int, edges: Sequence[tuple[int, ...]], weights: Sequence[Sequence[Fraction]]) -> fmpq_mat:
    """V (q x K): column k has `weights[k]` at the vertices of `edges[k]`."""
    rows = [[fmpq(0)] * len(edges) for _ in range(q)]
    for k, (edge, weight) in enumerate(zip(edges, weights, strict=True)):
        for vertex, value in zip(edge, weight, strict=True):
            rows[vertex][k] = fmpq(value.numerator, value.denominator)
    return fmpq_mat(q, len(edges), [x for row in rows for x in row])


def sign_neurons(q: int, scales: Scales) -> fmpq_mat:
    """All vectors with i plus and j minus signs, times scales[i, j], for every type (i, j) listed."""
    rows = []
    for signs in product((-1, 0, 1), repeat=q):
        scale = scales.get((signs.count(1), signs.count(-1)))
        if scale is not None:
            rows.append([fmpq(s * scale.numerator, scale.denominator) for s in signs])
    return fmpq_mat(len(rows), q, [x for row in rows for x in row])


@cache
def complete_head(q: int) -> Head:
    """The head of the complete looped graph on q vertices, for the q in the table above."""
    tenths, table = _COMPLETE[q]
    weight, scales = Fraction(tenths, 10**4), {kind: Fraction(value, 10**4) for kind, value in table.items()}
    edges = complete_edges(q)
    weights = [[Fraction(1)] if len(edge) == 1 else [weight, weight] for edge in edges]
    return Head.of(incidence(q, edges, weights), sign_neurons(q, scales))


class CompleteLoopedGraph:
    """Every loop and edge on q vertices is a class; h is an exact rational number just above that of the weights."""

    name = "looped"
    needs = "K = q (q + 1) / 2 with 2 <= q <= 6 (K = 3, 6, 10, 15, 21) and L >= 3"

    def valid(self, K: int, L: int) -> bool:
        return L >= 3 and self.rank(K) in _COMPLETE and K == self.rank(K) * (self.rank(K) + 1) // 2

    def rank(self, K: int) -> int:
        """The q with q (q + 1) / 2 <= K."""
        return (isqrt(8 * K + 1) - 1) // 2

    def weights(self, K: int, L: int) -> Sequence[Any]:
        return complete_head(self.rank(K)).factors(L)

    def cost(self, K: int, L: int) -> HeadCost:
        return complete_head(self.rank(K)).cost()


b, c, d = sp.symbols("b c d", positive=True)


def hub_nuclear_norm_squared(hub: Any = b, rim: Any = c, edge: Any = d) -> tuple[sp.Expr, sp.Expr, sp.Expr]:
    """(e, tr, det) of V V^T for K_4 and a loop, e double: ||V||_* = 2 sqrt(e) + sqrt(tr + 2 sqrt(det))."""
    hub, rim, edge = map(sp.sympify, (hub, rim, edge))
    trace = 1 + 3 * hub**2 + rim**2 + 4 * edge**2
    return rim**2 + edge**2, trace, rim**2 + 4 * edge**2 + 12 * hub**2 * edge**2


def hub_head(hub: Any = b, rim: Any = c, edge: Any = d) -> sp.Expr:
    """h of K_4 with one loop: loop weight 1, spokes (hub, rim), rim edges (edge, edge), seven neurons scaled best."""
    hub, rim, edge = map(sp.sympify, (hub, rim, edge))
    double, trace, det = hub_nuclear_norm_squared(hub, rim, edge)
    nuclear = 2 * sp.sqrt(double) + sp.sqrt(trace + 2 * sp.sqrt(det))
    spread = 1 + 3 * (hub / rim) ** 2
    anti = sp.Rational(1, 9) + 1 / (12 * hub**2) + rim**2 / (12 * hub**2 * edge**2)
    edges = (hub / rim) ** 2 / 9 + 1 / (12 * rim**2) + 1 / (6 * edge**2)
    spokes = sp.Rational(1, 9) + 1 / (6 * hub**2) + rim**2 / (24 * hub**2 * edge**2)
    gamma = sp.sqrt(spread * anti) + 3 * sp.sqrt(3 * edges) + 3 * sp.sqrt(spread * spokes)
    return nuclear**2 * gamma**2


class HubGraph:
    """K_4 and a loop at one vertex: 7 classes at rank 4. Its C is below 7 at every L >= 3."""

    name = "looped-hub"
    needs = "K = 7 and L >= 3"

    hub, rim, edge = Fraction(29, 49), Fraction(39, 44), Fraction(77, 102)
    scales = (Fraction(11, 15), Fraction(23, 37), Fraction(61, 81))

    def valid(self, K: int, L: int) -> bool:
        return K == 7 and L >= 3

    def neck(self) -> fmpq_mat:
        """V, 4 x 7: the loop, three spokes, three rim edges."""
        edges = [(0,), (0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)]
        weights = [[Fraction(1)], *[[self.hub, self.rim]] * 3, *[[self.edge, self.edge]] * 3]
        return incidence(4, edges, weights)

    def neurons(self) -> fmpq_mat:
        """W, 7 x 4: one neuron for the whole rim, one for each rim edge, one for each spoke."""
        slope = self.hub / self.rim
        whole, edge, spoke = self.scales
        rows = [[-whole, *[whole * slope] * 3]]
        rows += [[Fraction(0), *(edge * (1 if i != j else -1) for i in range(3))] for j in range(3)]
        rows += [[spoke, *(spoke * slope * (1 if i == j else -1) for i in range(3))] for j in range(3)]
        return fmpq_mat(7, 4, [fmpq(x.numerator, x.denominator) for row in rows for x in row])

    def weights(self, K: int, L: int) -> Sequence[Any]:
        return hub_graph_head().factors(L)

    def cost(self, K: int, L: int) -> HeadCost:
        return hub_graph_head().cost()


@cache
def hub_graph_head() -> Head:
    """The head of `HubGraph`, in exact rationals."""
    return Head.of(HubGraph().neck(), HubGraph().neurons())
