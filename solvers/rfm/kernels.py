"""Radial kernels k(x, z) = kappa(||x - z||) with what their gradients need.

    laplace    k = exp(-d / b)              w = k / (b d), 0 where d = 0
    gaussian   k = exp(-d^2 / (2 b^2))      w = k / b^2
with d = ||x - z||, bandwidth b and the slope w, so that grad_x k(x, z) = w (z - x). The Laplace kernel has no gradient
at d = 0; 0 is the mean over directions there. Distances below `COINCIDENT` count as 0, as in arXiv 2402.13728's code.
"""

from dataclasses import dataclass
from numbers import Real

import numpy as np

from dufm.solvers.base.arrays import Array
from dufm.theory.stated import ProblemError

KERNELS = ("laplace", "gaussian")
COINCIDENT = 1e-10


def is_number(value: object) -> bool:
    """Whether an option is a real number, NumPy's kinds too; truth values are none."""
    return isinstance(value, Real) and not isinstance(value, bool)


@dataclass(frozen=True)
class Kernel:
    """One of `KERNELS` with its bandwidth b > 0.

    Raises:
        ProblemError: for another name or bandwidth.
    """

    name: str = "laplace"
    bandwidth: float = 2.0

    def __post_init__(self) -> None:
        if self.name not in KERNELS:
            raise ProblemError(f"kernel must be one of {', '.join(KERNELS)}, got {self.name!r}")
        if not is_number(self.bandwidth) or not 0.0 < self.bandwidth < np.inf:
            raise ProblemError(f"bandwidth must be a finite number > 0, got {self.bandwidth!r}")

    def values(self, squared: Array, out: Array | None = None) -> Array:
        """k of squared distances of any shape, into `out` (may be `squared` itself) if given."""
        if self.name == "laplace":
            result = np.sqrt(squared, out=out)
            result *= -1.0 / self.bandwidth
        else:
            result = np.multiply(squared, -0.5 / self.bandwidth**2, out=out)
        return np.exp(result, out=result)

    def slopes(self, squared: Array, out: Array | None = None) -> Array:
        """w of squared distances of any shape, into `out` (may be `squared` itself) if given."""
        if self.name == "gaussian":
            result = self.values(squared, out)
            result *= 1.0 / self.bandwidth**2
            return result
        result = np.empty_like(squared) if out is None else out
        # Slices of the first axis: the distances are still needed when their kernel values are known.
        for start in range(0, len(result), 256):
            rows = slice(start, start + 256)
            distance = np.sqrt(squared[rows])
            apart = distance > COINCIDENT
            value = np.exp(distance * (-1.0 / self.bandwidth))
            result[rows] = np.divide(value, self.bandwidth * distance, out=np.zeros_like(distance), where=apart)
        return result


def squared_distances(X: Array, Z: Array | None = None) -> Array:
    """||x_i - z_j||^2, n x m for rows of X (n x d) and Z (m x d); n x n for Z = None.

    Rounding is about 1e-16 (||x||^2 + ||z||^2): what is not clearly above it is set to 0 (as is the diagonal for
    Z = None), so rows of length 1 count as equal from a distance of about 6e-8 down. Exactly symmetric for Z = None.
    """
    other = X if Z is None else Z
    lengths, other_lengths = (X**2).sum(axis=1), (other**2).sum(axis=1)
    result = X @ other.T
    result *= -2.0
    least = 8.0 * np.finfo(float).eps * (lengths.max() + other_lengths.max())
    for start in range(0, len(X), 256):
        rows = result[start : start + 256]
        # The two lengths first: a sum of three would round differently on either side of the diagonal.
        rows += lengths[start : start + 256, None] + other_lengths
        rows[rows < least] = 0.0
    if Z is None:
        np.fill_diagonal(result, 0.0)
    return result


def predictions(kernel: Kernel, X: Array, alpha: Array, at: Array, block: int = 1024) -> Array:
    """f(z) = sum_j alpha_j k(x_j, z), m x c, for the rows z of `at` (m x d), `block` of them at a time.

    X is n x d, alpha n x c.
    """
    parts = []
    for start in range(0, len(at), block):
        squared = squared_distances(at[start : start + block], X)
        parts.append(kernel.values(squared, squared) @ alpha)
    return np.concatenate(parts)


def gradients(kernel: Kernel, X: Array, alpha: Array, at: Array) -> Array:
    """grad f_o(z) for the rows z of `at` (m x d) and every output o: m x c x d, all in memory.

    `solvers.rfm.agop.agop` never builds this; it is here to look at single gradients.
    """
    slopes = kernel.slopes(squared_distances(at, X))
    return np.einsum("ij,jo,jd->iod", slopes, alpha, X, optimize=True) - (slopes @ alpha)[:, :, None] * at[:, None, :]
