"""Deep RFM on the digits, as claims and figures measure it: one run a seed, kept for the life of the process."""

from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache

import numpy as np

from dufm.solvers.datasets import Prepared, load, prepare, split
from dufm.solvers.rfm.recursion import LayerRow, RfmLayer, layers
from dufm.solvers.rfm.settings import DeepSettings


@lru_cache(maxsize=64)
def sample(n: int, seed: int) -> Prepared:
    """n digits for training and the others for testing: the first n for seed 0, else drawn by the seed."""
    train, test = split(load("digits"), n, None if seed == 0 else seed)
    return prepare(train, test)


def digit_layers(n: int, settings: DeepSettings, shuffled: bool = False) -> Iterator[RfmLayer]:
    """Layers on n digits.

    Args:
        n: training samples.
        settings: the options; their seed also draws the samples.
        shuffled: permute the labels of the training samples, by the seed.
    """
    data = sample(n, settings.seed)
    assert data.labels is not None and data.labels_test is not None
    labels = np.random.default_rng(settings.seed).permutation(data.labels) if shuffled else data.labels
    return layers(data.X, labels, settings, (data.X_test, data.labels_test))


@lru_cache(maxsize=256)
def digit_run(n: int, settings: DeepSettings, shuffled: bool = False) -> tuple[LayerRow, ...]:
    """The numbers of all layers; arguments as for `digit_layers`."""
    return tuple(layer.row for layer in digit_layers(n, settings, shuffled))


def digit_runs(n: int, settings: DeepSettings, seeds: int, shuffled: bool = False) -> list[tuple[LayerRow, ...]]:
    """Runs with seeds 0, 1, ..., each with its own samples and maps."""
    return [digit_run(n, replace(settings, seed=seed), shuffled) for seed in range(seeds)]
