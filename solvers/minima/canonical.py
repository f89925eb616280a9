"""A canonical form of weights, and the ranks read off it. No step of it raises the loss.

- A neuron without incoming weights, or without outgoing ones, is dropped.
- Neurons whose incoming rows are a v and b v with a, b > 0 are one neuron: v sqrt(a^2 + b^2), outgoing columns
  (a u + b w) / sqrt(a^2 + b^2). The function is unchanged and by Cauchy-Schwarz the norms do not grow.
- (H_1, W_1) becomes the balanced singular value decomposition of P_2 = W_1 H_1, whose cost is the nuclear norm of P_2,
  the least any pair with that product can cost.
- Factors are balanced, neurons sorted by norm, signs of singular vectors fixed. (Equal singular values of P_2 leave a
  rotation between H_1 and W_1 free.)
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from dufm.solvers.base.arrays import Array
from dufm.solvers.objectives.squared import Objective, balance, loss
from dufm.theory.problem import Problem

ROUNDING = 64 * np.finfo(float).eps
RANK_THRESHOLD = 1e-6
# Below this, squares underflow: the weights have collapsed and have no directions to compare.
COLLAPSED = 1e-60


def canonical(
    problem: Problem, weights: Sequence[Array], tolerance: float = 1e-6, slack: float = ROUNDING
) -> list[Array]:
    """Weights of the same loss or less, in canonical form and with the hidden widths they need.

    Args:
        problem: the problem the weights belong to.
        weights: (H_1, W_1, ..., W_L), hidden widths free.
        tolerance: neurons are parallel below this distance of their directions, and dead when the norms of their
            incoming row and outgoing column are both this much below the largest.
        slack: a step that raises the loss by more than this, relatively, is undone; rounding unless asked for.

    Raises:
        ProblemError: if the shapes do not chain up.
    """
    problem.require_loss("mse", "the canonical form")
    best = [np.array(w, dtype=float) for w in weights]
    value = loss(problem, best)
    for step in [_factorise, *[_simplify(i, tolerance) for i in range(2, problem.L + 1)], _factorise, _sort]:
        for trial in step(problem, best):
            trial_value = loss(problem, trial)
            if trial_value <= value * (1 + slack):
                best, value = trial, min(value, trial_value)
                break
    return best


def _factorise(problem: Problem, weights: list[Array]) -> list[list[Array]]:
    """Replace (H_1, W_1) by the balanced factors of their product, cut to its numerical rank; balance all factors."""
    u, s, vt = np.linalg.svd(weights[1] @ weights[0], full_matrices=False)
    trials = []
    # Cutting at rounding level almost always works; where it does not, all singular values stay.
    for cut in (1e-9, 0.0):
        rank = max(1, int((s > cut * s.max(initial=0.0)).sum()))
        top, half = u[:, :rank], np.sqrt(s[:rank, None])
        # The first of the largest entries over the classes is made positive; classes are never reordered.
        size = np.abs(vt[:rank])
        lead = (size > (1 - 1e-6) * size.max(axis=1, keepdims=True)).argmax(axis=1)
        signs = np.where(vt[np.arange(rank), lead] < 0, -1.0, 1.0)
        pair = [half * signs[:, None] * vt[:rank], top * signs * half.T]
        trials.append(balance(problem, [*pair, *weights[2:]]))
    return trials


def _simplify(layer: int, tolerance: float) -> Callable[[Problem, list[Array]], list[list[Array]]]:
    """A step that drops dead neurons and merges parallel ones among the features F_layer."""

    def step(_: Problem, weights: list[Array]) -> list[list[Array]]:
        incoming, outgoing = weights[layer - 1], weights[layer]
        size = np.linalg.norm(incoming, axis=1) * np.linalg.norm(outgoing, axis=0)
        if size.max(initial=0.0) < COLLAPSED:
            return []
        alive = np.flatnonzero(size > ROUNDING**2 * size.max(initial=0.0))
        merged_rows: list[Array] = []
        merged_columns: list[Array] = []
        for row, column in zip(incoming[alive], outgoing.T[alive], strict=True):
            norm = float(np.linalg.norm(row))
            for j, other in enumerate(merged_rows):
                length = float(np.linalg.norm(other))
                if np.linalg.norm(row / norm - other / length) <= tolerance:
                    both = np.hypot(norm, length)
                    direction = row * norm + other * length
                    merged_rows[j] = direction * (both / np.linalg.norm(direction))
                    merged_columns[j] = (column * norm + merged_columns[j] * length) / both
                    break
            else:
                merged_rows.append(row)
                merged_columns.append(column)
        if not merged_rows:
            return []
        rows, columns = np.array(merged_rows), np.array(merged_columns)
        # Only now, because a small copy of a large neuron is no dead neuron.
        size = np.linalg.norm(rows, axis=1) * np.linalg.norm(columns, axis=1)
        large = size > tolerance**2 * size.max()
        return [[*weights[: layer - 1], rows[large], columns[large].T, *weights[layer + 1 :]]]

    return step


def _sort(problem: Problem, weights: list[Array]) -> list[list[Array]]:
    """Order the neurons of every hidden layer by the norm of their features, then by the features themselves."""
    arranged = list(weights)
    for layer in range(2, problem.L + 1):
        features = Objective(problem).forward(arranged[:layer]).features[-1]
        # Rounded keys, so that neurons equal up to rounding keep one order on every machine.
        keys = np.round(np.column_stack([np.linalg.norm(features, axis=1), features]), 6)
        order = np.lexsort(-keys.T[::-1])
        arranged[layer - 1] = arranged[layer - 1][order]
        arranged[layer] = arranged[layer][:, order]
    return [arranged]


@dataclass(frozen=True)
class LayerRank:
    """Singular values of one matrix and its numerical rank.

    Attributes:
        name: P_l is a pre-activation, F_l = relu(P_l), Z the output.
        singular_values: largest first.
        rank: how many exceed `threshold` times the largest.
        threshold: relative cut.
        gap: smallest kept over largest cut singular value (infinite if nothing nonzero is cut): how clear the rank is.
    """

    name: str
    singular_values: tuple[float, ...]
    rank: int
    threshold: float
    gap: float


def describe(problem: Problem, weights: Sequence[Array], threshold: float = RANK_THRESHOLD) -> tuple[LayerRank, ...]:
    """Ranks and singular values of P_2, F_2, ..., P_L, F_L, Z.

    Raises:
        ProblemError: if the shapes do not chain up.
    """
    problem.require_loss("mse", "the table of layers")
    problem.check_shapes([(w.shape[0], w.shape[1]) for w in weights])
    met = Objective(problem).forward([np.asarray(w, dtype=float) for w in weights[:-1]])
    layers = []
    for i, (before, features) in enumerate(zip(met.before, met.features[1:], strict=True), start=2):
        layers += [_layer(f"P_{i}", before, threshold), _layer(f"F_{i}", features, threshold)]
    return (*layers, _layer("Z", np.asarray(weights[-1], dtype=float) @ met.features[-1], threshold))


def _layer(name: str, m: Array, threshold: float) -> LayerRank:
    values = np.linalg.svd(m, compute_uv=False)
    kept = values > threshold * values[0]
    rank = int(kept.sum())
    cut = values[rank] if rank < len(values) else 0.0
    gap = float(values[rank - 1] / cut) if rank and cut > 0 else float("inf")
    return LayerRank(name, tuple(float(v) for v in values), rank, threshold, gap)
