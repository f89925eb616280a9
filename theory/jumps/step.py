"""One step of SGD on a deep linear network with weight decay, in exact arithmetic.

    L_lambda(W) = 1/(2N) sum over observed (i, j) of (A_ij - A*_ij)^2 + lambda sum_l ||W_l||_F^2,   A = W_L ... W_1

(Wang and Jacot, arXiv 2305.16038; lambda, not lambda/2). A step sees one entry (i, j): with x = A_ij, y = A*_ij,
k = 1 - 2 eta lambda, W_l <- k W_l - eta g_l, all layers at once, where g_l = (x - y) u_l v_l^T, u_l^T is row i of
W_L ... W_{l+1} and v_l column j of W_{l-1} ... W_1. Layers are listed from the input, (W_1, ..., W_L).
"""

from collections.abc import Sequence
from fractions import Fraction

from flint import fmpq, fmpq_mat

from dufm.theory.rational import fraction, identity
from dufm.theory.stated import ProblemError


def ball(value: Fraction) -> fmpq:
    """The same number for flint."""
    return fmpq(value.numerator, value.denominator)


def product(weights: Sequence[fmpq_mat]) -> fmpq_mat:
    """A = W_L ... W_1.

    Raises:
        ProblemError: if there are no layers.
    """
    if not weights:
        raise ProblemError("weights must be a sequence of at least one layer, got none")
    total = weights[0]
    for w in weights[1:]:
        total = w * total
    return total


def sides(weights: Sequence[fmpq_mat], layer: int, i: int, j: int) -> tuple[fmpq_mat, fmpq_mat]:
    """(u, v) of one layer (counted from 0), as columns: u^T is row i of what stands above, v column j of the rest."""
    above = identity(weights[-1].nrows())
    for w in reversed(weights[layer + 1 :]):
        above = above * w
    below = identity(weights[0].ncols())
    for w in weights[:layer]:
        below = w * below
    u = fmpq_mat(above.ncols(), 1, [above[i, c] for c in range(above.ncols())])
    v = fmpq_mat(below.nrows(), 1, [below[r, j] for r in range(below.nrows())])
    return u, v


def gradients(weights: Sequence[fmpq_mat], i: int, j: int, y: Fraction) -> list[fmpq_mat]:
    """g_1, ..., g_L: the gradient of (A_ij - y)^2 / 2 in every layer."""
    error = product(weights)[i, j] - ball(y)
    pairs = (sides(weights, layer, i, j) for layer in range(len(weights)))
    return [u * v.transpose() * error for u, v in pairs]


def step(
    weights: Sequence[fmpq_mat], entries: Sequence[tuple[int, int, Fraction]], lam: Fraction, eta: Fraction
) -> list[fmpq_mat]:
    """The layers after one step on a batch of entries (i, j, A*_ij), whose gradients are averaged.

    Raises:
        ProblemError: for an empty batch.
    """
    if not entries:
        raise ProblemError("entries must name at least one (i, j, target), got none")
    k, share = ball(1 - 2 * eta * lam), ball(eta / len(entries))
    batch = [gradients(weights, i, j, y) for i, j, y in entries]
    moved = []
    for layer, w in enumerate(weights):
        total = batch[0][layer]
        for g in batch[1:]:
            total = total + g[layer]
        moved.append(w * k - total * share)
    return moved


def imbalance(weights: Sequence[fmpq_mat]) -> list[fmpq_mat]:
    """D_l = W_{l+1}^T W_{l+1} - W_l W_l^T for l = 1, ..., L - 1."""
    return [b.transpose() * b - a * a.transpose() for a, b in zip(weights, weights[1:], strict=False)]


def inner(a: fmpq_mat, b: fmpq_mat) -> Fraction:
    """<a, b>, the sum of products of entries."""
    return fraction(sum((x * y for x, y in zip(a.entries(), b.entries(), strict=True)), fmpq(0)))
