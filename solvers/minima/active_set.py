"""The loss with its relu pattern held fixed: a polynomial with constraints, its gradient and its Hessian.

Every entry of P_2 .. P_L is active (> 0, passed on), inactive (< 0, masked) or a kink (= 0, masked and constrained to
stay zero). Second derivatives come from the forward derivative of the hand-written reverse pass, in all directions of
weight space at once.
"""

from collections.abc import Sequence

import numpy as np

from dufm.solvers.base.arrays import Array
from dufm.solvers.objectives.squared import Objective
from dufm.theory.problem import Problem

# Kinks are looked for up to LARGEST of the largest entry; what lies below LEAST is rounding and smoothing.
LEAST, LARGEST = 1e-7, 1e-3


def _widest_gap(size: Array) -> float:
    """Where to cut the moduli of a matrix, over their largest: in the widest gap on a logarithmic scale."""
    relative = np.sort(size, axis=None) / (size.max() or 1.0)
    below = np.maximum(np.append(0.0, relative[relative <= LARGEST]), LEAST)
    above = np.append(below[1:], relative[relative > LARGEST].min(initial=1.0))
    place = int((above / below).argmax())
    return float(np.sqrt(below[place] * above[place]))


class ActiveSet:
    """The loss with fixed masks and its Lagrangian; kinks are constrained to zero.

    A point is (weights, multipliers), multipliers[i] of the shape of P_{i+2} and zero off its kinks.
    """

    def __init__(self, problem: Problem, weights: Sequence[Array], tolerance: float | None) -> None:
        """Read off the pattern of `weights`.

        Args:
            problem: the problem the weights belong to.
            weights: (H_1, W_1, ..., W_L), hidden widths free.
            tolerance: kinks are entries of P_l up to this much of its largest; None puts it into the widest gap.
        """
        self.objective = Objective(problem)
        self.shapes = [w.shape for w in weights]
        self.masks: list[Array] = []
        self.kinks: list[np.ndarray] = []
        features = weights[0]
        for factor in weights[1:-1]:
            before = factor @ features
            size = np.abs(before)
            kink = size <= (_widest_gap(size) if tolerance is None else tolerance) * size.max()
            self.kinks.append(kink)
            self.masks.append(((before > 0) & ~kink).astype(float))
            features = before * self.masks[-1]
        self.size = sum(w.size for w in weights)
        self.constraints = int(sum(k.sum() for k in self.kinks))

    def unpack(self, flat: Array) -> list[Array]:
        """Factors from (..., size) numbers, keeping the leading axis."""
        ends = np.cumsum([a * b for a, b in self.shapes])[:-1]
        parts = np.split(flat, ends, axis=-1)
        return [p.reshape(*flat.shape[:-1], *shape) for p, shape in zip(parts, self.shapes, strict=True)]

    def multipliers(self, flat: Array) -> list[Array]:
        """Multiplier matrices from one number for each kink."""
        full = [np.zeros(k.shape) for k in self.kinks]
        start = 0
        for matrix, kink in zip(full, self.kinks, strict=True):
            end = start + int(kink.sum())
            matrix[kink] = flat[start:end]
            start = end
        return full

    def forward(self, weights: Sequence[Array]) -> tuple[list[Array], Array]:
        """(F_1 .. F_L, kink entries of P_2 .. P_L)."""
        features, values = [weights[0]], []
        for factor, mask, kink in zip(weights[1:-1], self.masks, self.kinks, strict=True):
            before = factor @ features[-1]
            values.append(before[kink])
            features.append(before * mask)
        return features, np.concatenate(values) if values else np.zeros(0)

    def reverse(
        self, weights: Sequence[Array], features: list[Array], multipliers: list[Array]
    ) -> tuple[list[Array], list[Array], list[Array]]:
        """Gradient of the Lagrangian, its adjoints of P_2 .. P_L, Z, and derivatives g in F_2 .. F_L."""
        objective = self.objective
        adjoints = [(weights[-1] @ features[-1] - np.eye(objective.K)) / objective.K]
        slopes: list[Array] = []
        for i in range(len(weights) - 2, 0, -1):
            slopes.insert(0, weights[i + 1].T @ adjoints[0])
            adjoints.insert(0, slopes[0] * self.masks[i - 1] + multipliers[i - 1])
        gradient = [weights[1].T @ adjoints[0] + objective.lambdas[0] * weights[0]]
        for i in range(1, len(weights)):
            gradient.append(adjoints[i - 1] @ features[i - 1].T + objective.lambdas[i] * weights[i])
        return gradient, adjoints, slopes

    def second_order(self, weights: Sequence[Array], multipliers: list[Array]) -> tuple[Array, Array]:
        """(Hessian of the Lagrangian in the weights, Jacobian of the kink entries): forward over reverse."""
        features = self.forward(weights)[0]
        adjoints = self.reverse(weights, features, multipliers)[1]
        hessian, jacobian = self.along(weights, features, adjoints, np.eye(self.size))
        return (hessian + hessian.T) / 2, jacobian.T

    def along(
        self, weights: Sequence[Array], features: list[Array], adjoints: list[Array], moves: Array
    ) -> tuple[Array, Array]:
        """What the Hessian of the Lagrangian and the Jacobian of the kink entries make of moves (count x size).

        Args:
            weights: where.
            features: as from `forward`.
            adjoints: as from `reverse`, with the multipliers.
            moves: directions in weight space, one a row.

        Returns:
            Products with the Hessian (count x size) and with the Jacobian (count x constraints).
        """
        objective, count = self.objective, len(moves)
        parts = self.unpack(moves)
        moved, values = [parts[0]], []
        for i in range(1, len(weights) - 1):
            before = parts[i] @ features[i - 1] + weights[i] @ moved[-1]
            values.append(before[:, self.kinks[i - 1]])
            moved.append(before * self.masks[i - 1])
        change = (parts[-1] @ features[-1] + weights[-1] @ moved[-1]) / objective.K
        columns: list[Array] = []
        for i in range(len(weights) - 1, 0, -1):
            second = change @ features[i - 1].T + adjoints[i - 1] @ moved[i - 1].swapaxes(1, 2)
            columns.insert(0, second + objective.lambdas[i] * parts[i])
            change = parts[i].swapaxes(1, 2) @ adjoints[i - 1] + weights[i].T @ change
            if i > 1:
                change = change * self.masks[i - 2]
        columns.insert(0, change + objective.lambdas[0] * parts[0])
        products = np.concatenate([c.reshape(count, -1) for c in columns], axis=1)
        return products, np.concatenate(values, axis=1) if values else np.zeros((count, 0))

    def pulled(self, weights: Sequence[Array], features: list[Array], multipliers: list[Array]) -> Array:
        """The transposed Jacobian of the kink entries times multipliers: one number for each weight."""
        columns = [np.zeros(self.shapes[-1])]
        adjoint: Array | None = None
        for i in range(len(weights) - 2, 0, -1):
            own = multipliers[i - 1]
            adjoint = own if adjoint is None else own + (weights[i + 1].T @ adjoint) * self.masks[i - 1]
            columns.insert(0, adjoint @ features[i - 1].T)
        columns.insert(0, np.zeros(self.shapes[0]) if adjoint is None else weights[1].T @ adjoint)
        return np.concatenate([c.ravel() for c in columns])

    def rotations(self, weights: Sequence[Array]) -> Array:
        """Directions (count x size) in which nothing changes.

        They rotate the interface between H_1 and W_1, or two neurons of a later layer with the same pattern, on which
        the relu acts as one linear map.
        """
        moves = []
        for layer in range(len(weights) - 1):
            incoming, outgoing = weights[layer], weights[layer + 1]
            for i in range(len(incoming)):
                for j in range(i):
                    if layer > 0 and not self._same_pattern(layer - 1, i, j):
                        continue
                    move = [np.zeros(shape) for shape in self.shapes]
                    move[layer][i], move[layer][j] = incoming[j], -incoming[i]
                    move[layer + 1][:, i], move[layer + 1][:, j] = outgoing[:, j], -outgoing[:, i]
                    moves.append(np.concatenate([m.ravel() for m in move]))
        return np.array(moves) if moves else np.zeros((0, self.size))

    def _same_pattern(self, i: int, row: int, other: int) -> bool:
        masks, kinks = self.masks[i], self.kinks[i]
        return bool((masks[row] == masks[other]).all() and (kinks[row] == kinks[other]).all())
