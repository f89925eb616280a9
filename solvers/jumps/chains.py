"""Many independent SGD chains on one matrix completion problem, watched at checkpoints.

A chain depends on the seed and its own number alone: its entries come from its own stream and the noise that may be
injected at a checkpoint from (seed, checkpoint, chain). So a run that was stopped goes on as if nothing had happened,
and a chain keeps its path whatever else runs beside it. Source: ours, after Wang and Jacot, arXiv 2305.16038.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from dufm.solvers.base.arrays import Array
from dufm.solvers.base.checks import require_integers
from dufm.solvers.jumps import chain_kernel
from dufm.solvers.jumps.factorisation import numerical_rank, product, singular_values, validated
from dufm.solvers.jumps.instance import Completion
from dufm.theory.stated import ProblemError


@dataclass(frozen=True, eq=False)
class ChainSetting:
    """What a run does between two checkpoints.

    Attributes:
        completion: target and mask.
        lam: strength, >= 0; eta: step size, > 0; 2 eta lam < 1.
        checkpoint: steps between checkpoints, >= 1.
        seed: fixes every draw.
        inject: standard deviation of the Gaussian noise added to every weight at each checkpoint, after looking.
    """

    completion: Completion
    lam: float
    eta: float
    checkpoint: int = 500
    seed: int = 0
    inject: float = 0.0

    def __post_init__(self) -> None:
        for name, ok, wanted in (
            ("lambda", self.lam >= 0, "a number >= 0"),
            ("eta", 0 < self.eta < np.inf, "a number > 0"),
            ("lambda", 2 * self.eta * self.lam < 1, "less than 1 / (2 eta)"),
            ("inject", 0 <= self.inject < np.inf, "a number >= 0"),
            ("checkpoint", isinstance(self.checkpoint, int) and self.checkpoint >= 1, "an integer >= 1"),
            ("seed", isinstance(self.seed, int) and self.seed >= 0, "an integer >= 0"),
        ):
            if not ok:
                value = getattr(self, "lam" if name == "lambda" else name)
                raise ProblemError(f"{name} must be {wanted}, got {value!r}")


@dataclass(frozen=True, eq=False)
class Chains:
    """Where M chains are, and what was seen on the way.

    Attributes:
        weights: (W_1, ..., W_L), each of shape (M, rows, columns).
        draws: state of each chain's stream, shape (M,).
        diverged: bool (M,); such a chain is frozen and its spectra from then on are NaN.
        sigma: singular values of A at the start and at every checkpoint, each of shape (M, min(n_L, n_0)), before the
            noise of that checkpoint.
    """

    weights: tuple[Array, ...]
    draws: NDArray[np.uint64]
    diverged: NDArray[np.bool_]
    sigma: tuple[Array, ...] = field(repr=False)

    @property
    def spectra(self) -> Array:
        """All of `sigma`, shape (checkpoints + 1, M, n)."""
        return np.stack(self.sigma)

    @property
    def ranks(self) -> NDArray[np.int64]:
        """Numerical ranks, shape (checkpoints + 1, M); -1 for chains that have diverged."""
        return numerical_rank(self.spectra)


def begin(setting: ChainSetting, weights: Sequence[Array], chains: int | None = None) -> Chains:
    """Chains at their start.

    Args:
        setting: the run.
        weights: layers of shape (rows, columns), shared by all chains, or (M, rows, columns).
        chains: M, >= 1; needed where the layers are shared.
    """
    if np.ndim(weights[0]) == 2:
        if chains is None:
            raise ProblemError("chains must be given where the layers are shared, got None")
        require_integers(1, chains=chains)
        weights = [np.repeat(np.asarray(w, float)[None], chains, axis=0) for w in weights]
    layers = tuple(np.array(w, dtype=float) for w in weights)
    validated([w[0] for w in layers], setting.completion)
    if len(layers) < 2:
        raise ProblemError(f"L must be >= 2, got {len(layers)} layers")
    streams = [np.random.SeedSequence(setting.seed, spawn_key=(0, m)) for m in range(len(layers[0]))]
    draws = np.array([s.generate_state(1, np.uint64)[0] for s in streams], dtype=np.uint64)
    lost = ~np.all([np.isfinite(w).all(axis=(1, 2)) for w in layers], axis=0)
    return Chains(layers, draws, lost, (singular_values(product(layers)),))


def advance(setting: ChainSetting, state: Chains, threads: int = 1) -> Chains:
    """The same chains one checkpoint further."""
    shapes = [w.shape[1:] for w in state.weights]
    o = chain_kernel.layout(shapes)
    packed = pack(state.weights, o)
    draws, lost = state.draws.copy(), state.diverged.astype(np.uint8)
    rows, columns, targets = setting.completion.entries()
    k, kernel = 1 - 2 * setting.eta * setting.lam, chain_kernel.compiled_run()
    width = max(8, int(max(o[3 : -1 : chain_kernel.FIELDS])), -(-max(s[1] for s in shapes) // 8) * 8)

    def part(block: slice) -> None:
        work = np.zeros(width * (len(shapes) + 2))
        arguments = (rows, columns, targets, k, setting.eta, setting.checkpoint, o, work)
        kernel(packed[block], draws[block], lost[block], *arguments)

    if threads == 1:
        part(slice(None))
    else:
        ends = np.linspace(0, len(packed), threads + 1).astype(int)
        with ThreadPoolExecutor(threads, "dufm") as pool:
            list(pool.map(part, [slice(a, b) for a, b in zip(ends, ends[1:], strict=False) if b > a]))
    weights = unpack(packed, o)
    diverged = lost.astype(bool)
    A = product(weights)
    A[diverged] = np.nan
    if setting.inject:
        # One row of numbers a chain, in order: a chain gets the same whatever the number of chains.
        rng = np.random.default_rng(np.random.SeedSequence(setting.seed, spawn_key=(1, len(state.sigma))))
        noise = setting.inject * rng.normal(size=(len(diverged), sum(w[0].size for w in weights)))
        noise[diverged] = 0.0
        ends = np.cumsum([w[0].size for w in weights])[:-1]
        weights = [w + part.reshape(w.shape) for w, part in zip(weights, np.split(noise, ends, axis=1), strict=True)]
    return Chains(tuple(weights), draws, diverged, (*state.sigma, singular_values(A)))


def sgd_chains(
    setting: ChainSetting,
    weights: Sequence[Array],
    steps: int,
    chains: int | None = None,
    threads: int = 1,
    progress: Callable[[Chains], None] | None = None,
    state: Chains | None = None,
) -> Chains:
    """Run chains for so many steps, rounded up to whole checkpoints.

    Args:
        setting: problem, strength, step size, seed, checkpoints, noise.
        weights, chains: as for `begin`; not read where `state` is given.
        steps: of every chain, >= 0, counted from the start of the run.
        threads: does not change the result.
        progress: told of the state after every checkpoint; an exception it raises leaves the run there.
        state: where an earlier run stopped.
    """
    require_integers(0, steps=steps)
    state = begin(setting, weights, chains) if state is None else state
    while (len(state.sigma) - 1) * setting.checkpoint < steps:
        state = advance(setting, state, threads)
        if progress is not None:
            progress(state)
    return state


def pack(weights: Sequence[Array], o: NDArray[np.int64]) -> Array:
    """Layers of shape (M, rows, columns) as the kernel's flat chains, shape (M, length)."""
    packed = np.zeros((len(weights[0]), int(o[-1])))
    for w, (rows, columns, padded, at) in zip(weights, _fields(o), strict=True):
        block = packed[:, at : at + padded * columns].reshape(-1, columns, padded)
        block[:, :, :rows] = np.swapaxes(w, 1, 2)
    return packed


def unpack(packed: Array, o: NDArray[np.int64]) -> list[Array]:
    """The inverse of `pack`."""
    blocks = [
        packed[:, at : at + padded * columns].reshape(-1, columns, padded)[:, :, :rows]
        for rows, columns, padded, at in _fields(o)
    ]
    return [np.ascontiguousarray(np.swapaxes(b, 1, 2)) for b in blocks]


def _fields(o: NDArray[np.int64]) -> list[list[int]]:
    return o[1:-1].reshape(-1, chain_kernel.FIELDS).tolist()
