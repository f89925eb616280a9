"""Kinds of starts: random, low-rank, graphs, known structures, symmetric ones, and variations of the best found so far.

Each is a `Start`: called with a problem, a generator and a scale it returns weights (H_1, W_1, ..., W_L) of the
problem's shapes. What the scale means is the kind's own: size of entries for random starts, size of the noise for the
others. Minima found look like graphs (dufm.md, section 4; ours), hence the kinds.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import combinations

import numpy as np

from dufm.solvers.base.arrays import Array
from dufm.solvers.weights.build import gaussian, pad, perturb
from dufm.solvers.weights.of_structure import at_best_scale
from dufm.theory.problem import Problem
from dufm.theory.squared.structures import STRUCTURES, widest
from dufm.theory.stated import ProblemError

Kind = Callable[[Problem, np.random.Generator, float], list[Array]]

__all__ = ["KINDS", "Kind", "gaussian", "graph", "low_rank", "structured", "symmetric", "varied"]


def low_rank(problem: Problem, generator: np.random.Generator, scale: float) -> list[Array]:
    """A random non-negative neck of random rank q < K, carried unchanged to a random head."""
    q = int(generator.integers(2, max(3, problem.K)))
    sparse = generator.random((q, problem.columns)) < generator.choice([0.5, 0.8, 1.0])
    return _on_neck(problem, generator, generator.random((q, problem.columns)) * sparse, scale)


def graph(problem: Problem, generator: np.random.Generator, scale: float) -> list[Array]:
    """A neck of edges and loops of a random graph, each class one of them, and neurons that are vectors of signs."""
    m = problem.columns
    least = int(np.ceil((np.sqrt(8 * m + 1) - 1) / 2))
    q = int(generator.integers(least, max(least + 1, m)))
    places = [(i, i) for i in range(q)] + list(combinations(range(q), 2))
    neck = np.zeros((q, m))
    for k, place in enumerate(generator.permutation(len(places))[:m]):
        neck[list(places[place]), k] = generator.uniform(0.6, 1.1)
    return _on_neck(problem, generator, neck, scale, signs=True)


def structured(problem: Problem, generator: np.random.Generator, scale: float) -> list[Array]:
    """A known structure, or the cheapest direct sum of them, at its best scale, with noise; gaussian if none fits."""
    known = _known_weights(problem) if problem.activation == "relu" and not problem.variant.named else ()
    if not known:
        return gaussian(problem, generator, 0.3)
    return perturb([w.copy() for w in known[int(generator.integers(len(known)))]], generator, scale)


def symmetric(problem: Problem, generator: np.random.Generator, scale: float) -> list[Array]:
    """Weights that commute with a random cyclic permutation of the classes, and with one of the neurons.

    A descent keeps the symmetry, so it searches among far fewer weights. With a target of its own, or classes of
    unequal sizes, there is none to keep: gaussian starts.
    """
    if problem.variant.target or problem.variant.sizes:
        return gaussian(problem, generator, scale)
    turn = _random_cycles(problem.K, generator)
    order = int(np.lcm.reduce([len(c) for c in turn]))
    classes = np.arange(problem.K)
    for cycle in turn:
        classes[list(cycle)] = np.roll(cycle, -1)
    neurons = _neuron_cycles(problem.width, order, generator)
    outer = [classes, *[neurons] * problem.L, classes]
    weights = gaussian(problem, generator, scale)
    for i, weight in enumerate(weights):
        total, rows, columns = np.zeros_like(weight), np.arange(weight.shape[0]), np.arange(weight.shape[1])
        for _ in range(order):
            total += weight[np.ix_(rows, columns)]
            rows, columns = outer[i + 1][rows], outer[i][columns]
        weights[i] = total / np.sqrt(order)
    return weights


def varied(best: Sequence[Sequence[Array]]) -> Kind:
    """Variations of the best weights found so far: noise on one of them, or neurons of two of them mixed.

    The lower ones come first in `best` and are drawn more often.
    """

    def one(generator: np.random.Generator) -> Sequence[Array]:
        return best[int(len(best) * generator.random() ** 2)]

    def variation(problem: Problem, generator: np.random.Generator, scale: float) -> list[Array]:
        own, other = pad(problem, one(generator)), pad(problem, one(generator))
        if generator.random() < 0.3:
            for i in range(1, problem.L):
                taken = generator.random(problem.width) < 0.3
                own[i] = np.where(taken[:, None], other[i], own[i])
        return perturb(own, generator, scale)

    return variation


KINDS: dict[str, Kind] = {
    "gaussian": gaussian,
    "low-rank": low_rank,
    "graph": graph,
    "structured": structured,
    "symmetric": symmetric,
}


@lru_cache(maxsize=8)
def _known_weights(problem: Problem) -> tuple[list[Array], ...]:
    """Known structures at their best scale; those too wide for the problem, or collapsed at its strength, are not."""
    found = []
    for structure in STRUCTURES:
        fits = structure.valid(problem.K, problem.L) and widest(structure, problem.K, problem.L) <= problem.width
        if structure.name != "dnc" and fits:
            try:
                weights = at_best_scale(problem, structure.weights(problem.K, problem.L))
                found.append(pad(problem, weights))
            except ProblemError:
                continue
    return tuple(found)


def _on_neck(
    problem: Problem, generator: np.random.Generator, neck: Array, scale: float, signs: bool = False
) -> list[Array]:
    """Weights whose features are the neck up to the last hidden layer; noise of the given scale on everything."""
    if problem.L < 3 or neck.shape[0] > problem.width:
        return gaussian(problem, generator, max(scale, 0.3))
    q, d = neck.shape[0], problem.width
    left, singular, right = np.linalg.svd(neck, full_matrices=False)
    root = np.sqrt(singular)
    middle = [np.eye(q)] * (problem.L - 3)
    if signs:
        head = generator.integers(-1, 2, size=(d, q)).astype(float)
    else:
        head = generator.standard_normal((d, q)) / np.sqrt(q)
    readout = 0.1 * generator.standard_normal((problem.K, d)) / np.sqrt(d)
    factors = [root[:, None] * right, left * root, *middle, head, readout]
    # All factors alike in size, at the size balance asks for near a good minimum.
    # A sparse neck, or a few signs, may have come out zero: it stays so, and the noise is all there is.
    scaled = [np.sqrt(problem.K) * f / (np.linalg.norm(f) or 1.0) for f in factors]
    return perturb(pad(problem, scaled), generator, scale)


def _random_cycles(K: int, generator: np.random.Generator) -> list[tuple[int, ...]]:
    """Cycles of one random length (and fixed points) that cover the classes."""
    length = int(generator.integers(2, min(K, 7) + 1))
    order = generator.permutation(K)
    whole = int(generator.integers(1, K // length + 1))
    cycles = [tuple(order[i * length : (i + 1) * length]) for i in range(whole)]
    return cycles + [(int(v),) for v in order[whole * length :]]


def _neuron_cycles(width: int, order: int, generator: np.random.Generator) -> np.ndarray:
    """A permutation of the neurons made of as many cycles of length `order` as fit a random part of the width."""
    turn = np.arange(width)
    for i in range(int(generator.integers(0, width // order + 1)) if order <= width else 0):
        block = np.arange(i * order, (i + 1) * order)
        turn[block] = np.roll(block, -1)
    return turn
