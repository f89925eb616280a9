"""One step of Adam or of SGD, in compiled code: a single pass over weights, moments and gradient."""

import functools
from typing import Any

import numpy as np
from numba import njit

from dufm.solvers.base.program_cache import compile_cached

BETA1, BETA2, EPSILON = 0.9, 0.999, 1e-8


@njit(nogil=True, error_model="numpy")
def adam(w: np.ndarray, first: np.ndarray, second: np.ndarray, slope: np.ndarray, rate: float, count: int) -> None:
    """Adam in place (Kingma and Ba, arXiv 1412.6980), as PyTorch writes it; all arrays of one shape.

    Args:
        w: weights, changed.
        first, second: running means of the gradient and its square, changed.
        slope: the gradient.
        rate: learning rate.
        count: number of this step, from 1.
    """
    scale = rate / (1.0 - BETA1**count)
    correction = np.sqrt(1.0 - BETA2**count)
    a, b, c, d = w.ravel(), first.ravel(), second.ravel(), slope.ravel()
    for i in range(a.size):
        g = d[i]
        b[i] = BETA1 * b[i] + (1.0 - BETA1) * g
        c[i] = BETA2 * c[i] + (1.0 - BETA2) * g * g
        a[i] -= scale * b[i] / (np.sqrt(c[i]) / correction + EPSILON)


@njit(nogil=True, error_model="numpy")
def sgd(w: np.ndarray, first: np.ndarray, slope: np.ndarray, rate: float, momentum: float) -> None:
    """SGD with momentum in place: v <- momentum v + slope, w <- w - rate v; arrays as for `adam`."""
    a, b, d = w.ravel(), first.ravel(), slope.ravel()
    for i in range(a.size):
        b[i] = momentum * b[i] + d[i]
        a[i] -= rate * b[i]


@functools.cache
def adam_step() -> Any:
    """`adam`, compiled: (w, first, second, slope, rate, count), matrices in row order."""
    return compile_cached(
        adam, "void(float64[:,::1],float64[:,::1],float64[:,::1],float64[:,::1],float64,int64)", "numpy"
    )


@functools.cache
def sgd_step() -> Any:
    """`sgd`, compiled: (w, first, slope, rate, momentum), matrices in row order."""
    return compile_cached(sgd, "void(float64[:,::1],float64[:,::1],float64[:,::1],float64,float64)", "numpy")
