"""Symmetry groups and graphs of known structures, of disguised copies, and of weights that have none."""

from math import factorial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sympy.combinatorics import Permutation, PermutationGroup

from dufm.solvers.minima.symmetry import (
    TOLERANCE,
    LoopedGraphFound,
    _automorphisms,
    _colour_pairs,
    graph_of,
    invariants,
    neck_features,
    symmetry_group,
)
from dufm.solvers.weights.of_structure import at_best_scale
from dufm.theory.problem import Problem
from dufm.theory.squared.structures import structure_named
from dufm.theory.stated import ProblemError


def structure(name: str, K: int, L: int = 4) -> tuple[Problem, list[np.ndarray]]:
    problem = Problem.of(K, L, "0.0003")
    return problem, at_best_scale(problem, structure_named(name).weights(K, L))


def classes_on(graph: LoopedGraphFound, vertices: int) -> tuple[int, ...]:
    """The classes at that many vertices: 1 for the loops, 2 for the edges."""
    return tuple(k for k, touched in enumerate(graph.touches) if len(touched) == vertices)


def random_weights(problem: Problem, seed: int) -> list[np.ndarray]:
    generator = np.random.default_rng(np.random.SeedSequence(seed))
    return [generator.standard_normal(shape) for shape in problem.shapes]


def permuted(weights: list[np.ndarray], order: np.ndarray) -> list[np.ndarray]:
    """Class order[k] takes the place of class k."""
    return [weights[0][:, order], *weights[1:-1], weights[-1][order]]


def regauged(weights: list[np.ndarray], seed: int) -> list[np.ndarray]:
    """The same function: the first interface rotated, all neurons permuted."""
    generator = np.random.default_rng(np.random.SeedSequence(seed))
    moved = list(weights)
    for i in range(len(moved) - 1):
        size = len(moved[i])
        turn = np.linalg.qr(generator.standard_normal((size, size)))[0] if i == 0 else np.eye(size)
        turn = turn[generator.permutation(size)]
        moved[i], moved[i + 1] = turn @ moved[i], moved[i + 1] @ turn.T
    return moved


def coloured(values: list[list[int]]) -> tuple[int, list[tuple[int, ...]]]:
    return _automorphisms(_colour_pairs([np.array(values, dtype=float)], TOLERANCE)[0])


def cycle(size: int) -> np.ndarray:
    return np.roll(np.eye(size, dtype=int), 1, axis=1)


@pytest.mark.parametrize("K", [2, 3, 6, 10, 21])
def test_collapse_has_all_permutations(K: int) -> None:
    found = symmetry_group(*structure("dnc", K))
    assert found.order == factorial(K) and found.orbits == (tuple(range(K)),)
    assert found.name == f"S_{K} (all permutations)"
    graph = graph_of(*structure("dnc", K))
    assert graph is not None and graph.name == f"{K} x loop" and graph.rank == K


@pytest.mark.parametrize(("K", "r"), [(10, 5), (15, 6), (21, 7)])
def test_the_srg_has_the_group_of_the_triangular_graph(K: int, r: int) -> None:
    found = symmetry_group(*structure("srg", K))
    assert found.order == factorial(r) and len(found.orbits) == 1 and found.name == f"S_{r}"
    graph = graph_of(*structure("srg", K))
    assert graph is not None and graph.name == f"triangular graph of K_{r}" and graph.rank == r
    assert classes_on(graph, 2) == tuple(range(K)) and not classes_on(graph, 1)


def test_gram_matrices_can_have_more_symmetry_than_the_graph() -> None:
    """T(4) is the octahedron, whose 48 symmetries are twice those of K_4: stated in the module."""
    found = symmetry_group(*structure("srg", 6))
    assert found.order == 48 and found.name == "order 48"


def test_the_looped_hub() -> None:
    found = symmetry_group(*structure("looped-hub", 7, 3))
    assert found.order == 6 and found.name == "S_3"
    assert found.orbits == ((0,), (1, 2, 3), (4, 5, 6))
    graph = graph_of(*structure("looped-hub", 7, 3))
    assert graph is not None and graph.name == "complete graph K_4 with 1 loop"
    assert classes_on(graph, 1) == (0,) and classes_on(graph, 2) == (1, 2, 3, 4, 5, 6)
    assert graph.weights.shape == (4, 7) and graph.rank == 4


@pytest.mark.parametrize(("K", "q"), [(3, 2), (6, 3), (10, 4)])
def test_complete_looped_graphs(K: int, q: int) -> None:
    graph = graph_of(*structure("looped", K))
    assert graph is not None and graph.name == f"complete looped graph on {q} vertices"
    assert len(classes_on(graph, 1)) == q and len(classes_on(graph, 2)) == K - q
    # A loop misses q - 1 vertices, an edge q - 2.
    neck = neck_features(*structure("looped", K))
    pattern = neck <= 1e-6 * neck.max()
    assert pattern.shape == (q, K) and pattern.sum() == q * (q - 1) + (K - q) * (q - 2)
    found = symmetry_group(*structure("looped", K))
    assert found.order == factorial(q) and sorted(map(len, found.orbits)) == sorted((q, K - q))


def test_direct_sums_name_their_parts() -> None:
    """(3,2) head with one class apart: the head's swap is the only symmetry."""
    problem, weights = structure("sum", 4)
    graph = graph_of(problem, weights)
    assert graph is not None and graph.name == "complete looped graph on 2 vertices + loop"
    assert symmetry_group(problem, weights).order == 2


@pytest.mark.parametrize("seed", range(4))
def test_random_weights_have_no_symmetry(seed: int) -> None:
    problem = Problem.of(6, 3, "0.01")
    found = symmetry_group(problem, random_weights(problem, seed))
    assert (found.order, found.generators, found.name) == (1, (), "trivial")
    assert found.orbits == tuple((i,) for i in range(6))


def test_shallow_and_zero_weights_are_handled() -> None:
    linear = Problem.of(3, 1, "0.01")
    weights = [np.eye(3), np.eye(3)]
    assert symmetry_group(linear, weights).order == 6
    assert graph_of(linear, weights) is None and neck_features(linear, weights).shape == (0, 3)
    deep = Problem.of(3, 4, "0.01")
    zeros = [np.zeros(shape) for shape in deep.shapes]
    assert symmetry_group(deep, zeros).order == 6 and graph_of(deep, zeros) is None
    with pytest.raises(ProblemError, match="factors"):
        symmetry_group(deep, weights)


@pytest.mark.parametrize(
    ("matrix", "order"),
    [
        (cycle(7) + cycle(7).T, 14),
        (cycle(7), 7),
        (np.kron(np.eye(3), np.ones((2, 2))), 48),
        (np.kron(np.eye(2), cycle(4) + cycle(4).T), 128),
        (np.diag([1, 1, 2, 2, 2]), 12),
        (np.arange(9).reshape(3, 3), 1),
    ],
)
def test_orders_of_known_groups(matrix: np.ndarray, order: int) -> None:
    """Heptagon, directed heptagon, perfect matching, two squares, a product, nothing."""
    found, generators = coloured(matrix.tolist())
    assert found == order
    assert (
        PermutationGroup([Permutation(list(g)) for g in generators] or [Permutation(len(matrix) - 1)]).order() == order
    )
    for g in generators:
        assert (matrix[np.ix_(g, g)] == matrix).all()


def test_names_of_dihedral_groups_and_products() -> None:
    problem = Problem.of(5, 1, "0.01")
    pentagon = np.eye(5) * 3 + cycle(5) + cycle(5).T
    assert symmetry_group(problem, [pentagon, np.eye(5)]).name == "dihedral D_5"
    assert symmetry_group(problem, [np.diag([1.0, 1, 2, 2, 2]), np.eye(5)]).name == "S_2 x S_3"


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.integers(2, 6).flatmap(lambda K: st.lists(st.integers(0, 1), min_size=K * K, max_size=K * K)))
def test_group_order_is_that_of_an_exhaustive_search(entries: list[int]) -> None:
    K = round(len(entries) ** 0.5)
    matrix = np.array(entries).reshape(K, K)
    everyone = PermutationGroup([Permutation(list(range(1, K)) + [0]), Permutation(0, 1, size=K)]).generate()
    images = [list(g.array_form) for g in everyone]
    assert len(images) == factorial(K)
    assert coloured(matrix.tolist())[0] == sum((matrix[np.ix_(g, g)] == matrix).all() for g in images)


@settings(max_examples=25, deadline=None, derandomize=True)
@given(st.permutations(range(7)), st.integers(0, 10**6))
def test_permuting_classes_and_regauging_conjugates_the_group(order: list[int], seed: int) -> None:
    problem, weights = structure("looped-hub", 7, 3)
    moved = regauged(permuted(weights, np.array(order)), seed)
    plain, found = symmetry_group(problem, weights), symmetry_group(problem, moved)
    assert (found.order, found.name) == (plain.order, plain.name)
    assert {frozenset(order[i] for i in orbit) for orbit in found.orbits} == set(map(frozenset, plain.orbits))
    for generator in found.generators:
        for before, after in zip(
            invariants(problem, moved), invariants(problem, permuted(moved, np.array(generator))), strict=True
        ):
            assert np.abs(before - after).max() <= TOLERANCE * np.abs(before).max()
    graph = graph_of(problem, moved)
    assert graph is not None and graph.name == "complete graph K_4 with 1 loop"


def neck_problem(neck: np.ndarray) -> tuple[Problem, list[np.ndarray]]:
    """A two-layer problem with that non-negative neck, output its pseudo-inverse."""
    return Problem.of(neck.shape[1], 2, "0.001"), [neck, np.eye(len(neck)), np.linalg.pinv(neck)]


@pytest.mark.parametrize(
    ("neck", "name"),
    [
        ([[1, 1, 0], [0, 1, 1], [1, 0, 2]], "triangular graph of K_3"),
        ([[1, 1, 0, 0], [0, 1, 1, 0], [0, 0, 1, 1]], "graph with 3 vertices, 2 edges, 2 loops"),
        ([[1, 1, 0, 0], [0, 1, 1, 1], [0, 0, 1, 2]], "multigraph with 3 vertices, 3 edges, 1 loops"),
        ([[1, 0, 0], [0, 2, 0]], "2 x loop + 1 x nothing"),
        (
            [[1, 1, 1], [1, 2, 0], [1, 0, 0]],
            "hypergraph on 3 vertices: classes by their number of vertices: 1 with 1, 1 with 2, 1 with 3",
        ),
    ],
)
def test_names_of_graphs(neck: list[list[int]], name: str) -> None:
    graph = graph_of(*neck_problem(np.array(neck, dtype=float)))
    assert graph is not None and graph.name == name
    assert len(graph.touches) == len(neck[0])


def test_a_neck_that_is_no_graph_or_not_clearly_one() -> None:
    dense = np.random.default_rng(3).uniform(1, 2, (4, 4))
    assert graph_of(*neck_problem(dense)) is None
    clear = graph_of(*neck_problem(np.eye(3) + 1e-7 * (1 - np.eye(3))))
    assert clear is not None and clear.gap == pytest.approx(1e7, rel=1e-3) and clear.name == "3 x loop"
    blurred = np.eye(3)
    blurred[0, 1:] = 5 * TOLERANCE, TOLERANCE / 2
    assert graph_of(*neck_problem(blurred)) is None


def test_split_and_dead_neurons_do_not_change_the_neck() -> None:
    problem, (h, first, second, *rest) = structure("looped", 6)
    split = np.vstack([0.8 * first[:1], first[1:], 0.6 * first[:1], np.zeros((1, first.shape[1]))])
    above = np.hstack([0.8 * second[:, :1], second[:, 1:], 0.6 * second[:, :1], np.ones((len(second), 1))])
    plain = neck_features(problem, [h, first, second, *rest])
    again = neck_features(problem, [h, split, above, *rest])
    assert again.shape == plain.shape
    assert np.abs(again.T @ again - plain.T @ plain).max() <= 1e3 * np.finfo(float).eps * np.abs(plain).max() ** 2
