"""What the heads of the frontier look like: symmetry, orbits of neurons, blocks, names of those with a closed form."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import sympy as sp
from scipy.sparse.csgraph import connected_components

from dufm.solvers.heads.moves import Array
from dufm.solvers.minima.symmetry import symmetry_group
from dufm.theory.problem import Problem
from dufm.theory.squared.structure import HeadCost
from dufm.theory.squared.structures import BLOCKS
from dufm.verification.atlas.heads import EXCESS, Shipped
from dufm.verification.base.certificate import entries

# Entries of Gram matrices this close, relatively, count as equal: rounding and flat minima move them so far.
NEAR = 1e-2


def describe_head(head: Shipped) -> dict[str, Any]:
    """Symmetry, orbits and name of a head, from its float64 factors.

    Returns:
        symmetry: the group of class permutations that fix V^T V, A^T A (A = relu(W V)) and U A;
        `solvers.minima.symmetry`. class_orbits: sizes of its orbits on the classes. neuron_orbits: sizes of its orbits
        on the neurons; None where it does not act by permuting them. neurons: how many there are. blocks: numbers of
        classes of the direct sum it is; one number if it is none. known: name of the closed-form structure of equal
        rank and cost, or None.
    """
    A, B, W, U = (np.array(factor, dtype=float) for factor in entries(head.certificate))
    # Balanced neuron by neuron: relu commutes with positive scales.
    size = np.sqrt(np.linalg.norm(U, axis=0) / np.linalg.norm(W, axis=1))
    problem = Problem.of(head.K, 3, 1, width=max(head.K, len(W)))
    found = symmetry_group(problem, (B, A, W * size[:, None], U / size), NEAR)
    neck = A @ B
    features = np.maximum((W * size[:, None]) @ neck, 0.0)
    return {
        "symmetry": found.name,
        "class_orbits": sorted((len(orbit) for orbit in found.orbits), reverse=True),
        "neuron_orbits": _neuron_orbits(features, found.generators),
        "neurons": len(W),
        "blocks": _blocks(neck, features),
        "known": known_name(head),
    }


def _neuron_orbits(features: Array, generators: Iterable[tuple[int, ...]]) -> list[int] | None:
    """Orbit sizes of the neurons (rows of `features`) under class permutations; None if a row has no image."""
    links = np.eye(len(features))
    near = 2 * NEAR * np.linalg.norm(features, axis=1).max()
    for image in generators:
        apart = np.linalg.norm(features[:, None] - features[:, list(image)], axis=2)
        target = apart.argmin(axis=1)
        if (apart.min(axis=1) > near).any() or len(set(target.tolist())) < len(target):
            return None
        links[np.arange(len(target)), target] = 1
    return sorted(np.bincount(connected_components(links)[1]).tolist(), reverse=True)


def _blocks(neck: Array, features: Array) -> list[int]:
    """Sizes of the parts of the graph that links classes which share a vertex of the neck or a neuron."""
    shared = sum((m / np.abs(m).max()).T @ (m / np.abs(m).max()) for m in (neck, features))
    parts = connected_components(np.asarray(shared) > NEAR**2, directed=False)[1]
    return sorted(np.bincount(parts).tolist(), reverse=True)


def known_name(head: Shipped) -> str | None:
    """The structure with a closed form whose rank is the head's and whose h agrees to the digits rounding leaves."""
    for structure in BLOCKS:
        cost = structure.cost(head.K, 3) if structure.valid(head.K, 3) else None
        if isinstance(cost, HeadCost) and cost.q == head.q:
            stated = float(sp.N(cost.h, 20))
            if abs(float(head.h) / stated - 1) < 20 * float(EXCESS):
                return structure.name
    return None
