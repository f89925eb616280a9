"""SGD chain-steps a second, compiled against the same chains in vectorised NumPy.

The peer is what one would write in NumPy: chains last and contiguous, every operation a vector over chains, one entry a
chain and step, matrix-vector products and rank-1 updates only, indices drawn in blocks. Both take the same steps; times
are CPU seconds of one core, in turns, the better of two rounds.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from benchmarks.tables import interleaved
from dufm.solvers.base.arrays import Array
from dufm.solvers.jumps.chains import ChainSetting, sgd_chains
from dufm.solvers.jumps.experiments import frozen_minimum, strength
from dufm.solvers.jumps.instance import instance32

ETA = 0.2
STEPS = 2000
BLOCK = 500


def numpy_chains(weights: Sequence[Array], lam: float, eta: float, steps: int, chains: int, seed: int) -> list[Array]:
    """The peer; layers of shape (rows, columns, chains)."""
    rows, columns, targets = instance32().entries()
    layers = [np.repeat(w[:, :, None], chains, axis=2) for w in weights]
    rng, every, k = np.random.default_rng(seed), np.arange(chains), 1 - 2 * eta * lam
    for start in range(0, steps, BLOCK):
        for pick in rng.integers(0, len(rows), (min(BLOCK, steps - start), chains)):
            _step(layers, rows[pick], columns[pick], targets[pick], every, k, eta)
    return layers


def _step(
    layers: list[Array],
    i: NDArray[np.int64],
    j: NDArray[np.int64],
    y: Array,
    every: NDArray[np.int64],
    k: float,
    eta: float,
) -> None:
    below = [layers[0][:, j, every]]
    for w in layers[1:-1]:
        below.append(np.einsum("rcm,cm->rm", w, below[-1]))
    above = layers[-1][i, :, every].T.copy()
    push = -eta * (np.einsum("cm,cm->m", above, below[-1]) - y)
    layers[-1] *= k
    layers[-1][i, :, every] += (push * below[-1]).T
    for layer in range(len(layers) - 2, 0, -1):
        lower = np.einsum("rcm,rm->cm", layers[layer], above)
        layers[layer] *= k
        layers[layer] += above[:, None, :] * (push * below[layer - 1])[None]
        above = lower
    layers[0] *= k
    layers[0][:, j, every] += push * above


def chain_steps(quick: bool) -> None:
    """(j) Chain-steps a second of both, over depth and number of chains."""
    print("\n(j) SGD chain-steps per CPU second, millions; 6 x 6, one entry a step, no spectra")
    for L in (3, 4):
        lam, weights = strength(L, 0.95), frozen_minimum(L, 3, 0.95).weights
        setting = ChainSetting(instance32(), lam, ETA, STEPS, 1)
        # Compiled before it is timed.
        sgd_chains(setting, weights, STEPS, chains=1)
        for chains in (64, 256) if quick else (1, 64, 256, 2048):
            ours, theirs = interleaved(
                lambda s=setting, w=weights, m=chains: sgd_chains(s, w, STEPS, chains=m),
                lambda w=weights, lam=lam, m=chains: numpy_chains(w, lam, ETA, STEPS, m, 1),
            )
            rate = chains * STEPS / 1e6
            print(
                f"L {L}, {chains:4} chains: compiled {rate / ours:6.2f}, NumPy {rate / theirs:6.3f}, "
                f"ratio {theirs / ours:5.1f}x",
                flush=True,
            )
