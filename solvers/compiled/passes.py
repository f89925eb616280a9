"""Forward and backward pass through the hidden layers, compiled; every compiled loss of this package is made of them.

The factors stand one after the other from w[x]: H_1 (d x n, row by row), then W_1, W_2, ... (d x d). Features and
adjoints are d x n with rows padded to `row` columns, a multiple of eight; what stands in the padding is never read into
a result. Here n counts columns of H_1: K of them where a class needs one only.
"""

from numba import njit

from dufm.solvers.compiled.products import product
from dufm.solvers.compiled.vectors import add_scaled, leak, multiply, rectify, set_scaled, transpose_block


@njit(nogil=True)
def turn(w, at, stride, rows, columns, to, to_row):
    """Write the transpose of the rows x columns matrix at w[at] to w[to]."""
    for i in range(0, rows, 8):
        for j in range(0, columns, 8):
            transpose_block(w, at + i * stride + j, stride, to + j * to_row + i, to_row)


@njit(nogil=True)
def forward(w, x, features, slopes, hidden, d, n, row, size, eps, below, around):
    """Features F_2, F_3, ... of `hidden` layers from H_1, one every `size` numbers, and slopes likewise.

    Args:
        eps: smoothing of the relu, 0 for the relu itself; linear layers, which have no slopes, for eps < 0.
        below: slope of the activation below zero, 0 for the relu.
        around: how many layers a skip goes around (not with linear layers): 1 adds a layer's input to it, 2 the input
            of two layers to the second of them, which has no activation and no slopes; 0 for none.

    Returns:
        Place and row stride of the last features; of H_1 itself where `hidden` is 0.
    """
    top, stride = x, n
    handed, handed_stride = x, n
    for layer in range(hidden):
        z = features + layer * size
        product(w, z, row, x + d * n + layer * d * d, d, 1, top, stride, d, row, d)
        ends = around == 2 and layer % 2 == 1
        if eps >= 0.0 and not ends:
            if below != 0.0:
                leak(w, z, slopes + layer * size, eps, below, d * row)
            else:
                rectify(w, z, slopes + layer * size, eps, d * row)
        if around == 1 or ends:
            for i in range(d):
                add_scaled(w, z + i * row, 1.0, w, handed + i * handed_stride, row)
        top, stride = z, row
        if around != 2 or ends:
            handed, handed_stride = z, row
    return top, stride


@njit(nogil=True)
def backward(w, x, g, features, slopes, turned, padded, adjoint, other, hidden, d, n, row, size, eps, around):
    """Gradient in H_1, W_1, ..., W_hidden, written from w[g], of a loss whose derivative in the top features is given.

    Args:
        w, x, features, slopes, hidden, d, n, row, size, eps, around: as for `forward`.
        g: where the gradient goes.
        turned: room for row x `padded` numbers, `padded` = d padded to a multiple of eight.
        adjoint: the derivative in the last features, overwritten; nothing happens where `hidden` is 0.
        other: room as large as `adjoint`.
    """
    past = adjoint
    for layer in range(hidden - 1, -1, -1):
        bent = adjoint
        if around == 1:
            # The adjoint goes on past the layer: what goes through it takes the place of the slopes.
            past, bent = adjoint, slopes + layer * size
            multiply(w, bent, w, adjoint, d * row)
        elif around == 2 and layer % 2 == 1:
            # It goes on past both layers: kept where the second, which is linear, has no slopes.
            past = slopes + layer * size
            set_scaled(w, past, 1.0, w, adjoint, d * row)
        elif eps >= 0.0:
            multiply(w, adjoint, w, slopes + layer * size, d * row)
        below, stride = (features + (layer - 1) * size, row) if layer > 0 else (x, n)
        weight = d * n + layer * d * d
        turn(w, below, stride, d, n, turned, padded)
        product(w, g + weight, d, bent, row, 1, turned, padded, d, d, n)
        if layer > 0:
            product(w, other, row, x + weight, 1, d, bent, row, d, row, d)
            if around == 1 or (around == 2 and layer % 2 == 0):
                add_scaled(w, other, 1.0, w, past, d * row)
            adjoint, other = other, adjoint
        else:
            product(w, g, n, x + weight, 1, d, bent, row, d, n, d)
            if around != 0:
                for i in range(d):
                    for j in range(n):
                        w[g + i * n + j] += w[past + i * row + j]
