"""Gram matrices of the class features, layer by layer, as pictures of one pixel an entry: light is 0, dark the largest.

All entries are >= 0 behind a relu, so one scale from light to dark is enough and nothing rests on a hue.
"""

import base64
import struct
import zlib
from collections.abc import Sequence

import numpy as np

from dufm.solvers.base.arrays import Array
from dufm.solvers.objectives.layers import forward

SHADES = 48
LIGHT, DARK = (246, 248, 252), (13, 47, 110)


def hidden_features(weights: Sequence[Array]) -> list[Array]:
    """F_2, ..., F_L of weights (H_1, W_1, ..., W_L): neurons x classes."""
    return forward(weights[:-1]).features[1:]


def gram_pictures(weights: Sequence[Array], ranks: Sequence[int]) -> str:
    """A figure for each hidden layer: its Gram matrix, rank, neurons."""
    figures = []
    for layer, (features, rank) in enumerate(zip(hidden_features(weights), ranks, strict=True), 2):
        gram = features.T @ features
        near, far = np.diag(gram), gram[~np.eye(len(gram), dtype=bool)]
        words = f"diagonal {_span(near)}, off it {_span(far)}"
        name = f"F<sub>{layer}</sub>"
        picture = (
            f'<img src="data:image/png;base64,{_png(gram)}" width="{len(gram)}" height="{len(gram)}" '
            f'alt="Gram matrix of the features of layer {layer}: {words}">'
        )
        told = f"<b>{name}</b> rank {rank}, {len(features)} neuron{'s' * (len(features) > 1)}<br><small>{words}</small>"
        figures.append(f"<figure>{picture}<figcaption>{told}</figcaption></figure>")
    return f'<div class="grams">{"".join(figures)}</div>'


def _span(values: Array) -> str:
    low, high = (f"{value:.2f}" for value in (values.min(), values.max()))
    return low if low == high else f"{low} to {high}"


def _png(matrix: Array) -> str:
    """A matrix >= 0 as a PNG with a palette, in base64; not compressed, so the same bytes with every zlib."""
    levels = np.rint(matrix / matrix.max() * (SHADES - 1)).astype(np.uint8)
    palette = bytes(
        round(a + (b - a) * i / (SHADES - 1)) for i in range(SHADES) for a, b in zip(LIGHT, DARK, strict=True)
    )
    rows = b"".join(b"\0" + row.tobytes() for row in levels)
    head = struct.pack(">IIBBBBB", levels.shape[1], levels.shape[0], 8, 3, 0, 0, 0)
    parts = ((b"IHDR", head), (b"PLTE", palette), (b"IDAT", zlib.compress(rows, 0)), (b"IEND", b""))
    chunks = (struct.pack(">I", len(d)) + n + d + struct.pack(">I", zlib.crc32(n + d)) for n, d in parts)
    return base64.b64encode(b"\x89PNG\r\n\x1a\n" + b"".join(chunks)).decode()
