"""Floating-point weights as the exact rationals they are."""

from fractions import Fraction

import numpy as np
from numpy.typing import NDArray


def rational(weights: NDArray[np.float64]) -> list[list[Fraction]]:
    """The exact values of float64 entries."""
    return [[Fraction(x) for x in row] for row in weights.tolist()]
