"""Kernel ridge regression (K + ridge I) alpha = Y by Cholesky; what had to be added to the diagonal is told."""

from dataclasses import dataclass

import numpy as np
from scipy.linalg import get_blas_funcs, get_lapack_funcs

from dufm.solvers.base.arrays import Array
from dufm.solvers.rfm.kernels import Kernel
from dufm.theory.stated import ProblemError

JITTERS = (0.0, 1e-12, 1e-10, 1e-8, 1e-6, 1e-4)


@dataclass(frozen=True)
class Regression:
    """A solved kernel regression.

    Attributes:
        alpha: n x c.
        fitted: n x c, K alpha: what the regression says at its own samples.
        jitter: added to the diagonal on top of the ridge; 0 unless Cholesky failed without.
        residual: largest entry of |(K + (ridge + jitter) I) alpha - Y|.
        condition: LAPACK's estimate of the condition number (1-norm) of the matrix solved.
    """

    alpha: Array
    fitted: Array
    jitter: float
    residual: float
    condition: float


def solve(kernel: Kernel, squared: Array, Y: Array, ridge: float = 0.0) -> Regression:
    """Regress Y on the samples with these squared distances.

    Args:
        kernel: k; k(x, x) = 1.
        squared: n x n squared distances, not changed.
        Y: n x c targets.
        ridge: >= 0, added to the diagonal.

    Returns:
        The regression; one n x n array is needed while it is worked out.

    Raises:
        ProblemError: for a negative ridge, or if no jitter in `JITTERS` makes the matrix positive definite.
    """
    if not 0.0 <= ridge < np.inf:
        raise ProblemError(f"ridge must be a finite number >= 0, got {ridge!r}")
    potrf, potrs, pocon = get_lapack_funcs(("potrf", "potrs", "pocon"), (squared,))
    n = len(squared)
    K = np.empty_like(squared)
    for jitter in JITTERS:
        kernel.values(squared, K)
        K.flat[:: n + 1] += ridge + jitter
        norm = max(float(K[i : i + 1024].sum(axis=1).max()) for i in range(0, n, 1024))
        # The transpose of C order is what LAPACK takes in place; it writes its lower triangle, our upper one.
        factor, failed = potrf(K.T, lower=1, clean=0, overwrite_a=1)
        if not failed:
            break
    else:
        raise ProblemError(f"the kernel matrix is not positive definite, even with {JITTERS[-1]:g} on its diagonal")
    alpha, _ = potrs(factor, Y, lower=1)
    reciprocal, _ = pocon(factor, norm, uplo="L")
    # The other triangle still holds the kernel; of the diagonal, overwritten too, all entries are known to be 1.
    (symm,) = get_blas_funcs(("symm",), (squared,))
    fitted = symm(1.0, factor, alpha, lower=0) + (1.0 - factor.diagonal())[:, None] * alpha
    residual = float(np.abs(fitted + (ridge + jitter) * alpha - Y).max())
    condition = 1.0 / reciprocal if reciprocal > 0.0 else float("inf")
    return Regression(alpha, fitted, jitter, residual, float(condition))
