"""Starts for the head frontier: fresh necks and neurons, and changes of heads that are good already.

A point is a pair (V, W), V q x K and >= 0, W m x q. Nothing here needs to be good: `solvers.heads.search` descends from
it. Heads seen so far suggest what to draw: classes sit on few vertices of the neck, neurons look like vectors of signs.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.linalg import block_diag

from dufm.solvers.base.arrays import Array

Pair = tuple[Array, Array]
# Entries of a start that "are" zero: V = R o R has no slope where R is exactly zero.
NEAR_ZERO = 1e-2


@dataclass(frozen=True)
class Move:
    """How a start was made: the name for records, and the start itself."""

    name: str
    start: Pair


def neurons(rng: np.random.Generator, count: int, q: int) -> Array:
    """Half the time vectors of signs with some noise, half the time Gaussian directions; count x q."""
    if rng.random() < 0.5:
        return rng.choice([-1.0, 0.0, 1.0], size=(count, q)) + 0.1 * rng.normal(size=(count, q))
    return rng.normal(size=(count, q))


def columns(rng: np.random.Generator, q: int, count: int) -> Array:
    """Classes on one to three vertices with weights near one, or dense ones; q x count."""
    if rng.random() < 0.4:
        return np.abs(rng.normal(size=(q, count))) * (rng.random((q, count)) < rng.uniform(0.3, 1.0)) + NEAR_ZERO
    sizes = 1 + rng.choice(min(3, q), size=count, p=np.array([0.35, 0.5, 0.15])[: min(3, q)] / [0.85, 1.0][q > 2])
    found = np.full((q, count), NEAR_ZERO)
    for k, size in enumerate(sizes):
        found[rng.choice(q, size=size, replace=False), k] = 1 + 0.2 * rng.normal()
    return np.abs(found)


def graph(rng: np.random.Generator, K: int, q: int) -> Array:
    """Distinct edges of a graph on q vertices, half the time a bipartite one, as many as there are, then loops; q x K.

    A bipartite neck with one weight a vertex has a rank one below its number of vertices.
    """
    side = rng.integers(1, q)
    pairs = [(i, j) for i in range(q) for j in range(i)]
    if rng.random() < 0.5:
        pairs = [(i, j) for i, j in pairs if (i < side) != (j < side)]
    chosen = [pairs[i] for i in rng.permutation(len(pairs))[:K]]
    chosen += [(int(i), int(i)) for i in rng.integers(q, size=K - len(chosen))]
    found = np.full((q, K), NEAR_ZERO)
    weights = rng.uniform(0.6, 1.2, size=q)
    for k, edge in enumerate(chosen):
        found[list(edge), k] = weights[list(edge)]
    return found


def fresh(rng: np.random.Generator, K: int, q: int) -> Move:
    """A random neck with K to 2K + 2 random neurons."""
    name, V = ("graph", graph(rng, K, q)) if rng.random() < 0.4 else ("fresh", columns(rng, q, K))
    return Move(name, (V, neurons(rng, int(rng.integers(K, 2 * K + 3)), q)))


def _noise(rng: np.random.Generator, pair: Pair) -> Pair:
    V, W = pair
    size = 10 ** rng.uniform(-2, -0.3)
    return (
        np.abs(V + size * np.abs(V).mean() * rng.normal(size=V.shape)),
        W + size * np.abs(W).mean() * rng.normal(size=W.shape),
    )


def _other_neurons(rng: np.random.Generator, pair: Pair) -> Pair:
    V, W = pair
    drop = rng.integers(0, min(4, len(W)))
    kept = rng.permutation(len(W))[drop:]
    return V, np.vstack([W[kept], np.abs(W).mean() * neurons(rng, int(drop + rng.integers(0, 3)), len(V))])


def _all_neurons(rng: np.random.Generator, pair: Pair) -> Pair:
    V, _ = pair
    K = V.shape[1]
    return V, neurons(rng, int(rng.integers(K, 2 * K + 3)), len(V))


def _other_classes(rng: np.random.Generator, pair: Pair) -> Pair:
    V, W = pair
    V = V.copy()
    picked = rng.choice(V.shape[1], size=int(rng.integers(1, min(3, V.shape[1]) + 1)), replace=False)
    V[:, picked] = np.abs(V).max() * columns(rng, len(V), len(picked))
    return V, np.vstack([W, np.abs(W).mean() * neurons(rng, len(picked), len(V))])


KICKS: tuple[tuple[str, Callable[[np.random.Generator, Pair], Pair]], ...] = (
    ("noise", _noise),
    ("other neurons", _other_neurons),
    ("all neurons", _all_neurons),
    ("other classes", _other_classes),
)


def kick(rng: np.random.Generator, pair: Pair) -> Move:
    """One or two random changes of a head of the same (K, q); at most 3K neurons are kept."""
    names = []
    for _ in range(int(rng.integers(1, 3))):
        name, change = KICKS[int(rng.integers(len(KICKS)))]
        pair = change(rng, pair)
        names.append(name)
    return Move(" + ".join(names), (pair[0], pair[1][: 3 * pair[0].shape[1]]))


def direct_sum(first: Pair, second: Pair) -> Pair:
    """Block-diagonal V and W with blocks scaled so that h is (h1^(1/4) + h2^(1/4))^4, the least (Hoelder).

    A block of h_b needs ||V||_*, ||W||_F^2 and ||U||_F^2 all in proportion to h_b^(1/4).
    """
    blocks: list[Pair] = []
    for V, W in (first, second):
        U = np.linalg.pinv(np.maximum(W @ V, 0.0))
        nuclear, weight = float(np.linalg.svd(V, compute_uv=False).sum()), float((W * W).sum())
        share = np.sqrt(nuclear * np.sqrt(weight * float((U * U).sum())))
        blocks.append((V * (share / nuclear), W * np.sqrt(share / weight)))
    (V1, W1), (V2, W2) = blocks
    return np.asarray(block_diag(V1, V2)), np.asarray(block_diag(W1, W2))


def related(rng: np.random.Generator, K: int, q: int, pool: Mapping[tuple[int, int], Sequence[Pair]]) -> Move | None:
    """A start from a head of another (K, q): a class left out or added, a row of V likewise, or a direct sum."""
    options: list[tuple[str, tuple[int, int]]] = [
        ("class out", (K + 1, q)),
        ("class in", (K - 1, q)),
        ("rank in", (K, q - 1)),
        ("rank out", (K, q + 1)),
        ("class and rank in", (K - 1, q - 1)),
    ]
    options += [("sum", (k, r)) for k in range(2, K - 1) for r in range(1, q) if (K - k, q - r) in pool]
    options = [(name, cell) for name, cell in options if pool.get(cell)]
    if not options:
        return None
    # Sums are many: all together they count as one.
    names = sorted({name for name, _ in options})
    name = names[int(rng.integers(len(names)))]
    cells = [cell for other, cell in options if other == name]
    cell = cells[int(rng.integers(len(cells)))]
    V, W = pool[cell][int(rng.integers(len(pool[cell])))]
    scale = float(np.abs(W).mean())
    if name == "sum":
        others = pool[K - cell[0], q - cell[1]]
        V, W = direct_sum((V, W), others[int(rng.integers(len(others)))])
    if name == "class out":
        V = np.delete(V, rng.integers(K + 1), axis=1)
    if name == "rank out":
        row = int(rng.integers(q + 1))
        V, W = np.delete(V, row, axis=0), np.delete(W, row, axis=1)
    if "rank in" in name:
        V = np.vstack([V, np.abs(V).max() * rng.random((1, V.shape[1])) * (rng.random((1, V.shape[1])) < 0.5)])
        W = np.hstack([W, scale * rng.normal(size=(len(W), 1))])
    if "class" in name and "in" in name:
        V = np.hstack([V, np.abs(V).max() * columns(rng, q, 1)])
    extra = scale * neurons(rng, int(rng.integers(0, 4)), q)
    V, W = _noise(rng, (V, np.vstack([W, extra])))
    return Move(name, (V, W[: 3 * K]))
