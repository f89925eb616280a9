"""One step of Adam or of SGD, in compiled code: a single pass over weights, moments and gradient."""

import numpy as np
from numba import njit

BETA1, BETA2, EPSILON = 0.9, 0.999, 1e-8


@njit(cache=True, nogil=True, error_model="numpy")
def adam_step(w: np.ndarray, first: np.ndarray, second: np.ndarray, slope: np.ndarray, rate: float, count: int) -> None:
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


@njit(cache=True, nogil=True, error_model="numpy")
def sgd_step(w: np.ndarray, first: np.ndarray, slope: np.ndarray, rate: float, momentum: float) -> None:
    """SGD with momentum in place: v <- momentum v + slope, w <- w - rate v; arrays as for `adam_step`."""
    a, b, d = w.ravel(), first.ravel(), slope.ravel()
    for i in range(a.size):
        b[i] = momentum * b[i] + d[i]
        a[i] -= rate * b[i]
