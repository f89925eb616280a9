"""One class at zero, which a free bias of the last layer makes up for: features, exact weights, what they cost."""

from math import prod

import sympy as sp


def dropped(classes: int) -> tuple[sp.Matrix, sp.Matrix]:
    """Features of classes of which the last is at zero (K-1 x K), and the last layer that makes them I - e_K 1^T."""
    features = sp.Matrix(classes - 1, classes, lambda i, j: int(i == j))
    readout = sp.Matrix(classes, classes - 1, lambda i, j: int(i == j) - int(i == classes - 1))
    return features, readout


def dropped_cost(classes: int, depth: int) -> int:
    """The product of squared norms, of exact weights: nuclear norm of the features squared, middle layers, readout."""
    features, readout = dropped(classes)
    middle = [features.rows] * (depth - 2)
    return prod([features.rows**2, *middle, int((readout.T * readout).trace())])


def leaning(classes: int, depth: int, stretch: sp.Expr) -> list[sp.Matrix]:
    """H_1, W_1, ..., W_L for the output I - e_K 1^T, the last class at zero: `stretch` along the ones, 1 beside it.

    H_1 is that times the features of `dropped`, the last layer undoes all of it.
    """
    features, readout = dropped(classes)
    m = classes - 1
    layer = sp.eye(m) + sp.ones(m, m) * (stretch - 1) / m
    undone = sp.eye(m) + sp.ones(m, m) * (stretch**-depth - 1) / m
    return [layer * features, *[layer] * (depth - 1), readout * undone]
