"""What features and weights have in common: the neural feature ansatz, the Gram picture, matrix square roots."""

import numpy as np
import numpy.typing as npt

from dufm.solvers.metrics.classes import Array, finite_rows
from dufm.theory.stated import ProblemError


def psd_sqrt(M: npt.ArrayLike) -> Array:
    """The symmetric square root of a d x d positive semidefinite matrix; eigenvalues below 0 count as 0.

    Raises:
        ProblemError: if M is not square and finite.
    """
    matrix = finite_rows(M, "M")
    if matrix.shape[0] != matrix.shape[1]:
        raise ProblemError(f"M must be square, got shape {matrix.shape}")
    values, vectors = np.linalg.eigh(matrix)
    return (vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T


def nfa(W: npt.ArrayLike, agop: npt.ArrayLike, root: bool = True) -> float:
    """Neural feature ansatz (arXiv 2212.13881): Pearson correlation of the entries of W^T W and AGOP^(1/2).

    Already large at initialisation (both have a heavy diagonal), so never read it without its value there.

    Args:
        W: a layer's weights, out x in.
        agop: average gradient outer product with respect to that layer's input, in x in, any scale.
        root: False correlates with AGOP itself.

    Raises:
        ProblemError: for shapes that do not fit, or where one of the two has all entries equal.
    """
    weights, gradients = finite_rows(W, "W"), finite_rows(agop, "agop")
    if gradients.shape != (weights.shape[1],) * 2:
        raise ProblemError(f"agop must be {weights.shape[1]} x {weights.shape[1]}, got shape {gradients.shape}")
    left, right = weights.T @ weights, psd_sqrt(gradients) if root else gradients
    left, right = left - left.mean(), right - right.mean()
    scale = np.linalg.norm(left) * np.linalg.norm(right)
    if scale == 0.0:
        raise ProblemError("a correlation needs entries that differ, got a constant matrix")
    return float((left * right).sum() / scale)


def gram_picture(X: npt.ArrayLike, kept: npt.ArrayLike | None = None) -> Array:
    """Cosines between samples: column means taken off, rows scaled to length 1 (a zero row stays zero), X X^T.

    Sort the rows by class first, and collapse shows as blocks (the picture of arXiv 2402.13728).

    Args:
        X: n x d.
        kept: indices of the rows to compare, m of them, after all have been centred; None for all.

    Returns:
        m x m.

    Raises:
        ProblemError: for an X that makes no sense.
    """
    rows = finite_rows(X)
    rows = (rows - rows.mean(axis=0))[slice(None) if kept is None else np.asarray(kept)]
    norms = np.sqrt((rows**2).sum(axis=1, keepdims=True))
    unit = rows / np.where(norms > 0.0, norms, 1.0)
    return unit @ unit.T
