"""Compiled SGD steps on a deep linear network, one entry a step, chain after chain.

A chain is a flat array: its layers one after the other, each column by column, columns padded to a multiple of eight
rows. What a step needs is then contiguous: column j of W_1, whole columns of the layers between, and in W_L row i
alone, whose stride costs little. Padding is zero and stays zero. Each chain draws its entries from its own SplitMix64
stream (Steele, Lea, Flood, OOPSLA 2014), so neither the number of threads nor the grouping of chains changes a bit;
drawing one of N entries from 32 bits favours some by less than N / 2^32 relatively.
"""

import functools
from typing import Any

import numpy as np
from numba import njit

from dufm.solvers.base.program_cache import compile_cached
from dufm.solvers.compiled.vectors import add_scaled, set_scaled
from dufm.solvers.jumps.chain_vectors import combine, move_column

# Places in o: layers, rows of padding of each layer's columns, columns, where it begins; then where work begins.
LAYERS, ROWS, COLUMNS, PADDED, BEGIN = 0, 1, 2, 3, 4
FIELDS = 4
# |A_ij - A*_ij| beyond this is divergence: targets are of order one.
LOST = 1e6
GOLDEN = np.uint64(0x9E3779B97F4A7C15)
MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
MIX_2 = np.uint64(0x94D049BB133111EB)


def layout(shapes: list[tuple[int, int]]) -> np.ndarray:
    """Offsets: o[0] = L, then (rows, columns, padded rows, beginning) of each layer, then the length of a chain."""
    o, at = [len(shapes)], 0
    for rows, columns in shapes:
        padded = -(-rows // 8) * 8
        o += [rows, columns, padded, at]
        at += padded * columns
    return np.array([*o, at], dtype=np.int64)


@njit(nogil=True, error_model="numpy")
def draw_one(draws, chain, count):
    """The next of `count` equally likely numbers from the stream of one chain."""
    draws[chain] += GOLDEN
    z = draws[chain]
    z = (z ^ (z >> np.uint64(30))) * MIX_1
    z = (z ^ (z >> np.uint64(27))) * MIX_2
    z = z ^ (z >> np.uint64(31))
    return np.int64(((z >> np.uint64(32)) * np.uint64(count)) >> np.uint64(32))


@njit(nogil=True, error_model="numpy")
def run(chains, draws, lost, rows, columns, targets, k, eta, steps, o, work):
    """Take every chain that is not lost `steps` steps further.

    Args:
        chains: float64 (M, length), overwritten.
        draws: uint64 (M,), the state of every stream, overwritten.
        lost: uint8 (M,); set for a chain that diverged, which is left where it was.
        rows, columns, targets: the observed entries.
        k, eta: 1 - 2 eta lambda and the step size.
        o: from `layout`.
        work: room for L features and two sensitivities, each padded.
    """
    L, count, width = o[LAYERS], len(rows), len(work) // (o[LAYERS] + 2)
    last = 1 + FIELDS * (L - 1)
    high = o[last + 3]
    up, other = L * width, (L + 1) * width
    for chain in range(len(chains)):
        if lost[chain]:
            continue
        w = chains[chain]
        for _ in range(steps):
            pick = draw_one(draws, chain, count)
            i, j = rows[pick], columns[pick]
            # Features b_l = W_l ... W_1 e_j of the hidden layers, at work[l * width].
            set_scaled(work, width, 1.0, w, o[4] + j * o[3], o[3])
            for layer in range(1, L - 1):
                p = 1 + FIELDS * layer
                padded, at, b = o[p + 2], o[p + 3], layer * width
                combine(work, b + width, w, at, padded, b, o[p + 1])
            b, padded, inner = (L - 1) * width, o[last + 2], o[last + 1]
            x = 0.0
            for c in range(inner):
                x += w[high + c * padded + i] * work[b + c]
            error = x - targets[pick]
            if not abs(error) < LOST:
                lost[chain] = 1
                break
            push = -eta * error
            for c in range(inner):
                work[up + c] = w[high + c * padded + i]
            # What is left there from a wider layer must not reach the padding.
            for c in range(inner, o[last - FIELDS + 2]):
                work[up + c] = 0.0
            set_scaled(w, high, k, w, high, padded * inner)
            for c in range(inner):
                w[high + c * padded + i] += push * work[b + c]
            u, v = up, other
            for layer in range(L - 2, 0, -1):
                p = 1 + FIELDS * layer
                padded, at, b = o[p + 2], o[p + 3], layer * width
                for c in range(o[p + 1]):
                    work[v + c] = move_column(w, at + c * padded, k, push * work[b + c], work, u, padded)
                for c in range(o[p + 1], o[p - FIELDS + 2]):
                    work[v + c] = 0.0
                u, v = v, u
            set_scaled(w, o[4], k, w, o[4], o[3] * o[2])
            add_scaled(w, o[4] + j * o[3], push, work, u, o[3])


@functools.cache
def compiled_run() -> Any:
    """`run`, ready to be called without Python's lock."""
    integers, numbers = "int64[::1]", "float64[::1]"
    table = f"float64[:,::1],uint64[::1],uint8[::1],{integers},{integers},{numbers}"
    return compile_cached(run, f"void({table},float64,float64,int64,{integers},{numbers})", "numpy")
