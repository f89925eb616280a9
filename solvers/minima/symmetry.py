"""What a minimum looks like: the class permutations that fix it, and the graph its neck draws.

Rotating a hidden layer where the relu allows it, permuting neurons and splitting them all leave the K x K Gram matrices
F_l^T F_l (l = 2 .. L) and the output Z alone. P_2 is left out on purpose: its negative entries can be free at a minimum
(at neural collapse they cost nothing as long as the nuclear norm stays), so P_2^T P_2 is no invariant of a minimum.

The symmetry group is that of the Gram matrices, found exactly for a colouring of the pairs of classes: partition
refinement and backtracking give generators along a chain of point stabilisers, and the order is the product of the
orbit lengths (orbit-stabiliser; no element is listed). It can be larger than the group that acts by permuting neurons:
for the SRG at K = 6 the Gram matrices have the 48 symmetries of the octahedron, while K_4 has 24.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import comb, factorial, prod

import numpy as np
from numpy.typing import NDArray
from scipy.sparse.csgraph import connected_components
from sympy.combinatorics import Permutation, PermutationGroup

from dufm.solvers.base.arrays import Array
from dufm.solvers.minima.canonical import RANK_THRESHOLD, canonical
from dufm.solvers.minima.polish import CURVATURE_MARGIN, RESIDUAL_GOAL
from dufm.solvers.objectives.squared import Objective
from dufm.theory.problem import Problem

# How far weights of that KKT residual can be off when the reduced Hessian just passes as positive.
TOLERANCE = RESIDUAL_GOAL / CURVATURE_MARGIN
CLEAR_GAP = 1e3

Colours = NDArray[np.int64]
Image = tuple[int, ...]


@dataclass(frozen=True)
class Symmetry:
    """The group of class permutations s with M[s(i), s(j)] = M[i, j] for every invariant M.

    Attributes:
        order: number of permutations.
        generators: images (s(0), ..., s(K-1)) of a strong generating set; empty for the trivial group.
        orbits: classes that are carried into each other, by least class.
        name: such as "S_5", "S_3 x S_2", "dihedral D_4", "trivial", else "order n".
        gap: smallest difference taken for one over the largest taken for rounding: how clear the group is.
    """

    order: int
    generators: tuple[Image, ...]
    orbits: tuple[Image, ...]
    name: str
    gap: float


def invariants(problem: Problem, weights: Sequence[Array]) -> tuple[Array, ...]:
    """(F_2^T F_2, ..., F_L^T F_L, Z), each K x K, of weights (H_1, W_1, ..., W_L); for L = 1 just Z.

    Raises:
        ProblemError: if the shapes do not chain up.
    """
    arrays = [np.asarray(w, dtype=float) for w in weights]
    problem.check_shapes([(w.shape[0], w.shape[1]) for w in arrays])
    features = Objective(problem).forward(arrays[:-1]).features
    return (*(f.T @ f for f in features[1:]), arrays[-1] @ features[-1])


def symmetry_group(problem: Problem, weights: Sequence[Array], tolerance: float = TOLERANCE) -> Symmetry:
    """The class permutations that fix all invariants.

    Args:
        problem: the problem the weights belong to.
        weights: (H_1, W_1, ..., W_L), best polished and in canonical form.
        tolerance: entries of one invariant closer than this times its largest entry count as equal, and so do those
            joined by a chain of such entries: the result is a group whatever the errors.

    Raises:
        ProblemError: if the shapes do not chain up.
    """
    pairs, gap = _colour_pairs(invariants(problem, weights), tolerance)
    order, generators = _automorphisms(pairs)
    orbits = tuple(sorted({tuple(sorted(_orbit(i, generators))) for i in range(problem.K)}))
    return Symmetry(order, tuple(generators), orbits, _name(pairs, order, generators, orbits), gap)


@dataclass(frozen=True, eq=False)
class LoopedGraphFound:
    """The neck read as a graph: neurons are vertices, a class is a loop (one vertex) or an edge (two).

    Attributes:
        weights: neck features, vertices x K, merged, entries below the gap set to zero; their rank is
        rank: and falls short of the vertices where a part of the graph is bipartite.
        touches: the vertices of each class; none for a class without features, three or more in a hypergraph.
        gap: least entry kept over largest entry dropped, each relative to the largest entry of its class.
        name: such as "complete graph K_4 with 1 loop + 2 x loop"; a class without features is "nothing".
    """

    weights: Array
    rank: int
    touches: tuple[Image, ...]
    gap: float
    name: str


def neck_features(problem: Problem, weights: Sequence[Array], tolerance: float = TOLERANCE) -> Array:
    """F_2 (neurons x K) of the canonical form, parallel rows merged (norms add in squares), dead rows dropped.

    Rows are sorted by norm. For L = 1 there is no relu and no neck: 0 x K.

    Raises:
        ProblemError: if the shapes do not chain up.
    """
    lower = canonical(problem, weights)[: min(2, problem.L)]
    features = Objective(problem).forward(lower).features[-1] if problem.L > 1 else np.zeros((0, problem.K))
    size = np.linalg.norm(features, axis=1)
    alive = size > tolerance * size.max(initial=0.0)
    size, unit = size[alive], features[alive] / size[alive, None]
    near = np.linalg.norm(unit[:, None] - unit, axis=2) <= tolerance
    part = connected_components(near)[1] if len(near) else np.zeros(0)
    rows = [unit[part == c][0] * np.linalg.norm(size[part == c]) for c in np.unique(part)]
    return np.array(sorted(rows, key=lambda row: -float(np.linalg.norm(row)))).reshape(-1, problem.K)


def graph_of(problem: Problem, weights: Sequence[Array], tolerance: float = TOLERANCE) -> LoopedGraphFound | None:
    """The graph the neck draws, or None where it draws none.

    None: no class has one or two vertices, or an entry is neither clearly there nor clearly zero (gap below 1000).

    Args:
        problem, weights: as above.
        tolerance: entries below this times the largest of their class are no vertex of it.

    Raises:
        ProblemError: if the shapes do not chain up.
    """
    neck = neck_features(problem, weights, tolerance)
    top = neck.max(axis=0, initial=0.0)
    share = neck / np.where(top > tolerance * top.max(), top, np.inf)
    kept = share > tolerance
    touches = tuple(tuple(np.flatnonzero(column).tolist()) for column in kept.T)
    dropped = float(share[~kept].max(initial=0.0))
    gap = float(share[kept].min(initial=np.inf)) / dropped if dropped > 0 else float("inf")
    if gap < CLEAR_GAP or not any(0 < len(t) <= 2 for t in touches):
        return None
    rank = int(np.linalg.matrix_rank(neck, tol=RANK_THRESHOLD * np.linalg.norm(neck, 2)))
    return LoopedGraphFound(np.where(kept, neck, 0.0), rank, touches, gap, _graph_name(len(neck), touches))


def _graph_name(vertices: int, touches: Sequence[Image]) -> str:
    sizes = Counter(map(len, touches))
    if max(sizes) > 2:
        parts = [f"{sizes[s]} with {s}" for s in sorted(sizes)]
        return f"hypergraph on {vertices} vertices: classes by their number of vertices: " + ", ".join(parts)
    linked = np.zeros((vertices, vertices))
    for touched in filter(None, touches):
        linked[touched[0], touched[-1]] = 1
    part = connected_components(linked, directed=False)[1].tolist()
    names = Counter(_part_name(part.count(c), [t for t in touches if t and part[t[0]] == c]) for c in set(part))
    words = [name if times == 1 else f"{times} x {name}" for name, times in sorted(names.items())]
    return " + ".join(words + ([f"{sizes[0]} x nothing"] if sizes[0] else []))


def _part_name(vertices: int, touches: Sequence[Image]) -> str:
    loops = sum(len(t) == 1 for t in touches)
    edges, simple = len(touches) - loops, len(set(touches)) == len(touches)
    if not simple or edges != comb(vertices, 2):
        return f"{'graph' if simple else 'multigraph'} with {vertices} vertices, {edges} edges, {loops} loops"
    if loops == vertices:
        return f"complete looped graph on {vertices} vertices" if vertices > 1 else "loop"
    with_loops = f"complete graph K_{vertices} with {loops} loop{'s' if loops > 1 else ''}"
    return with_loops if loops else f"triangular graph of K_{vertices}"


def _colour_pairs(matrices: Sequence[Array], tolerance: float) -> tuple[Colours, float]:
    """One integer for every ordered pair of classes, equal where all matrices agree both ways, and the gap."""
    size = len(matrices[0])
    labels: list[Colours] = [np.eye(size, dtype=np.int64)]
    split, joined = float("inf"), 0.0
    for m in matrices:
        scale = float(np.abs(m).max()) or 1.0
        values = np.sort(m, axis=None) / scale
        steps = np.diff(values)
        apart = steps > tolerance
        split = min(split, float(steps[apart].min(initial=np.inf)))
        joined = max(joined, float(steps[~apart].max(initial=0.0)))
        label = np.searchsorted(values[1:][apart], m / scale, side="right")
        labels += [label, label.T]
    flat = np.stack(labels, axis=-1).reshape(size * size, -1)
    colours = np.unique(flat, axis=0, return_inverse=True)[1].reshape(size, size)
    return colours.astype(np.int64), split / joined if joined > 0 else float("inf")


def _refine(pairs: Colours, both: Colours) -> Colours | None:
    """The coarsest stable refinement of two colourings (2 x K) at once; None where they cannot correspond."""
    count = 0
    while True:
        rows = np.sort(pairs * (both.max() + 1) + both[:, None, :], axis=-1)
        rows = np.concatenate([both[..., None], rows], axis=-1).reshape(both.size, -1)
        both = np.unique(rows, axis=0, return_inverse=True)[1].reshape(both.shape)
        if (np.sort(both[0]) != np.sort(both[1])).any():
            return None
        if both.max() + 1 == count:
            return both
        count = int(both.max()) + 1


def _open_cell(colours: Colours) -> list[int]:
    """The classes of the first colour that several share; none if all differ."""
    return next((np.flatnonzero(colours == c).tolist() for c, n in enumerate(np.bincount(colours)) if n > 1), [])


def _marked(both: Colours, vertex: int, target: int) -> Colours:
    trial = both.copy()
    trial[0, vertex] = trial[1, target] = both.max() + 1
    return trial


def _extend(pairs: Colours, both: Colours) -> Image | None:
    """An automorphism that carries the first colouring into the second, if there is one."""
    refined = _refine(pairs, both)
    if refined is None:
        return None
    cell = _open_cell(refined[0])
    if not cell:
        image = np.argsort(refined[1])[refined[0]]
        return tuple(image.tolist()) if (pairs[np.ix_(image, image)] == pairs).all() else None
    # Fixed points first: generators then move few classes.
    for target in sorted(np.flatnonzero(refined[1] == refined[0][cell[0]]).tolist(), key=lambda t: t != cell[0]):
        found = _extend(pairs, _marked(refined, cell[0], target))
        if found is not None:
            return found
    return None


def _automorphisms(pairs: Colours) -> tuple[int, list[Image]]:
    """Order and strong generating set of the permutations that fix a colouring of pairs."""
    levels = []
    both = _refine(pairs, np.zeros((2, len(pairs)), dtype=np.int64))
    while both is not None and (cell := _open_cell(both[0])):
        levels.append((both, cell))
        both = _refine(pairs, _marked(both, cell[0], cell[0]))
    generators: list[Image] = []
    order = 1
    for both, cell in reversed(levels):
        excluded: set[int] = set()
        for target in cell[1:]:
            if target in excluded or target in _orbit(cell[0], generators):
                continue
            image = _extend(pairs, _marked(both, cell[0], target))
            if image is None:
                excluded |= _orbit(target, generators)
            else:
                generators.append(image)
        order *= len(_orbit(cell[0], generators))
    return order, generators


def _orbit(point: int, generators: Sequence[Image]) -> set[int]:
    orbit, fresh = {point}, {point}
    while fresh:
        fresh = {g[i] for g in generators for i in fresh} - orbit
        orbit |= fresh
    return orbit


def _name(pairs: Colours, order: int, generators: Sequence[Image], orbits: Sequence[Image]) -> str:
    """A readable name, proved by order: on one orbit the group is faithful, in a known group just as large."""
    moving = [orbit for orbit in orbits if len(orbit) > 1]
    if order == prod(factorial(len(orbit)) for orbit in moving):
        factors = " x ".join(f"S_{len(orbit)}" for orbit in moving) or "trivial"
        return factors + (" (all permutations)" if len(orbits) == 1 else "")
    for orbit in moving:
        images = [[orbit.index(g[i]) for i in orbit] for g in generators]
        if PermutationGroup([Permutation(image) for image in images]).order() != order:
            continue
        m, one = len(orbit), np.eye(len(orbit), dtype=np.int64)
        if order == factorial(m):
            return f"S_{m}"
        own = pairs[np.ix_(orbit, orbit)]
        for colour in np.unique(own[0, 1:]):
            graph = ((own == colour) | (own == colour).T).astype(np.int64)
            valency = int(graph[0].sum())
            if valency == 2 and order == 2 * m and connected_components(graph)[0] == 1:
                return f"dihedral D_{m}"
            r = valency // 2 + 2
            # These parameters force the triangular graph, whose group is S_r (at r = 8 three others, of smaller group).
            srg = 2 * (r - 2) * one + (r - 2) * graph + 4 * (1 - one - graph)
            if r >= 5 and m == comb(r, 2) and order == factorial(r) and (graph @ graph == srg).all():
                return f"S_{r}"
    return f"order {order}"
