"""Heads under a leaky relu: one exact readout bounds what the best one costs on a whole interval of slopes (ours).

The neck is not negative, so a leaky relu leaves it as it is. In the last hidden layer it gives R - a N, R = relu(W V),
N = relu(-W V). If U (R - b N) = I, then (I - (a-b) E)^(-1) U, E = U N, reads out at slope a, and its norm is at most
||U|| / (1 - |a-b| ||E||) where the denominator is positive.
"""

from fractions import Fraction
from typing import Any

from flint import fmpq, fmpq_mat

from dufm.theory.rational import matrix, relu, squared_norm

ROOT = 10**12


def root_above(value: Fraction) -> Fraction:
    """A rational that is not below the square root."""
    low = 0
    high = max(1, value.numerator * ROOT * ROOT // value.denominator + 1)
    while low < high:
        middle = (low + high) // 2
        if middle * middle * value.denominator >= value.numerator * ROOT * ROOT:
            high = middle
        else:
            low = middle + 1
    return Fraction(high, ROOT)


def readout(V: Any, W: Any, slope: Fraction) -> tuple[fmpq_mat, fmpq_mat]:
    """(U, N) at this slope: the left inverse of least norm of act(W V), and relu(-W V)."""
    z = matrix(W) * matrix(V)
    lost = relu(-1 * z)
    active = relu(z) - lost * fmpq(slope.numerator, slope.denominator)
    return (active.transpose() * active).solve(active.transpose()), lost


def squared_readout(V: Any, W: Any, low: Fraction, high: Fraction) -> Fraction | None:
    """A bound of ||U||^2 for every slope from low to high; None where the interval is too wide for it."""
    middle = (low + high) / 2
    U, lost = readout(V, W, middle)
    left = 1 - (high - low) / 2 * root_above(squared_norm(U * lost))
    return squared_norm(U) / left**2 if left > 0 else None
